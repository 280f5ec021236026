"""A gateway to be killed: python -m tests.store.victim JOURNAL DSN SECONDS. Goes on where the last one was killed.

SECONDS -1: for ever.
"""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from collector.journal import Journal
from collector.logs import setup
from collector.model import Entry
from collector.timescale import READER, Timescale
from tests.journal.entries import piece, seconds
from tests.victim import live


def heard(first: int, last: int) -> list[Entry]:
    """What the gateway hears from one second to another: always the same."""
    waves = [piece(second, range(second, second + 250)) for second in range(first, last)]
    return [*seconds(first, last), *waves]


async def run(path: Path, dsn: str, last: int) -> None:
    journal = Journal.open(path, [READER])
    sink = Timescale(dsn, journal)
    sys.stdout.write("alive\n")
    sys.stdout.flush()
    await live(journal, sink, heard, last)


def main(arguments: Sequence[str]) -> None:
    path, dsn, last = arguments
    setup()
    asyncio.run(run(Path(path), dsn, int(last)))


if __name__ == "__main__":
    main(sys.argv[1:])
