"""A gateway to be killed: python -m tests.store.victim JOURNAL DSN SECONDS. Goes on where the last one was killed.

SECONDS -1: for ever.
"""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from collector.journal import Journal, Writer
from collector.logs import setup
from collector.model import Entry
from collector.timescale import READER, Timescale
from tests.journal.entries import piece, seconds

SECONDS_A_COMMIT = 5


def entries_to(last: int, first: int = 0) -> list[Entry]:
    """What the gateway hears from one second to another: always the same."""
    waves = [piece(second, range(second, second + 250)) for second in range(first, last)]
    return [*seconds(first, last), *waves]


async def live(path: Path, dsn: str, last: int) -> None:
    journal = Journal.open(path, [READER])
    sink = Timescale(dsn, journal)
    writer = Writer(journal, sink.wake)
    sys.stdout.write("alive\n")
    sys.stdout.flush()
    second = journal.inputs().get("clock", 0)
    while last < 0 or second < last:
        after = second + SECONDS_A_COMMIT if last < 0 else min(last, second + SECONDS_A_COMMIT)
        await writer.append(entries_to(after, second), {"clock": after})
        second = after
    await sink.drain()
    await sink.close()
    await writer.close()
    journal.close()


def main(arguments: Sequence[str]) -> None:
    path, dsn, last = arguments
    setup()
    asyncio.run(live(Path(path), dsn, int(last)))


if __name__ == "__main__":
    main(sys.argv[1:])
