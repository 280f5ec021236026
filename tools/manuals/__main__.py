"""`python -m tools.manuals DIR` checks the manuals and builds them there.

`python -m tools.manuals parts` writes into their sources what comes from the code; it runs the tests' TimescaleDB.
"""

import sys
from pathlib import Path

from tools.manuals.build import build
from tools.manuals.links import faults


def main(arguments: list[str]) -> int:
    match arguments:
        case ["parts"]:
            return write_parts()
        case [folder] if not folder.startswith("-"):
            found = faults()
            for fault in found:
                sys.stderr.write(f"docs/manual/{fault}\n")
            if found:
                return 1
            build(Path(folder))
            return 0
    sys.stderr.write(f"{__doc__}\n")
    return 2


def write_parts() -> int:
    from collector.migrate import migrate  # noqa: PLC0415  building needs no database
    from tests.timescale import database, shared  # noqa: PLC0415  the same
    from tools.manuals.parts import fresh  # noqa: PLC0415  the same

    with shared() as server, database(server.dsn) as dsn:
        migrate(dsn)
        made = fresh(dsn)
    for key in made.lacking:
        sys.stderr.write(f"tools/manuals/words.csv lacks {key}\n")
    for key in made.idle:
        sys.stderr.write(f"tools/manuals/words.csv: nothing asks for {key}\n")
    for file, text in made.stale.items():
        file.write_text(text, encoding="utf-8")
    return 1 if made.lacking or made.idle else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
