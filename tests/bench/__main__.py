"""Prints one row after the other, each with its budget."""

import platform
import sys
from os import cpu_count

from tests.bench import decoding, latency

PARTS = {"decode": decoding.rows, "latency": latency.rows}


def main() -> None:
    asked = sys.argv[1:] or list(PARTS)
    unknown = [name for name in asked if name not in PARTS]
    if unknown:
        sys.exit(f"no part {', '.join(unknown)}: there are {', '.join(PARTS)}")
    print(f"Python {platform.python_version()}, {cpu_count()} processors")  # noqa: T201
    for name in asked:
        for row in PARTS[name]():
            print(row.text(), flush=True)  # noqa: T201


main()
