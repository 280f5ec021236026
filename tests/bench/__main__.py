"""Prints one row after the other, each with its budget and its reference."""

import argparse
import os
import platform
import sys
from collections.abc import Callable, Iterator

from tests.bench import backlog, beds, decoding, delivery, hypothermia, journal, latency, packing, page, quality
from tests.bench.report import Row, summary

PARTS: dict[str, Callable[[], Iterator[Row]]] = {
    "decode": decoding.rows,
    "packing": packing.rows,
    "delivery": delivery.rows,
    "journal": journal.rows,
    "backlog": backlog.rows,
    "page": page.rows,
    "beds": beds.rows,
    "latency": latency.rows,
    "hypothermia": hypothermia.rows,
    "quality": quality.rows,
}


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="make bench", description=__doc__, epilog="Without a part: all of them, some 15 minutes."
    )
    parser.add_argument("part", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    asked = parser.parse_args().part or list(PARTS)
    unknown = [name for name in asked if name not in PARTS]
    if unknown:
        parser.error(f"no part {', '.join(unknown)}: there are {', '.join(PARTS)}")
    _say(f"Python {platform.python_version()}, {os.cpu_count()} processors, load {_load()}")
    rows: list[Row] = []
    for name in asked:
        for row in PARTS[name]():
            rows.append(row)
            _say(row.text())
    _say(f"load {_load()}; {summary(rows)}")


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}"


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


main()
