"""A gateway to be killed: says what the script says, into a journal and a store, as fast as it goes.

python -m collector.verify.gateway JOURNAL BED START_US FIRST [LAST], with the DSN in the environment, for it may hold a
password: begins at a second of the script; writes "ready", and after each append that returned the second up to which
everything is acknowledged. At LAST it ends, when the store has everything.
"""

import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from collector.journal import Journal, Writer
from collector.logs import setup
from collector.timescale import READER, Timescale
from collector.verify.script import Script

DSN_VARIABLE = "VITALSD_VERIFY_DSN"
SECONDS_A_COMMIT = 2
PAUSE_S = 0.004
"""Between appends, so that the store keeps up and a kill hits the delivery of live data too."""


async def live(path: Path, dsn: str, script: Script, second: int, last: int | None) -> None:
    journal = Journal.open(path, [READER])
    sink = Timescale(dsn, journal)
    writer = Writer(journal, sink.wake)
    _tell("ready")
    while last is None or second < last:
        after = second + SECONDS_A_COMMIT if last is None else min(last, second + SECONDS_A_COMMIT)
        await writer.append(script.entries(second, after), {})
        second = after
        _tell(str(second))
        await asyncio.sleep(PAUSE_S)
    await sink.drain()
    await sink.close()
    await writer.close()
    journal.close()


def _tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main(arguments: Sequence[str]) -> None:
    path, bed, start_us, first, *last = arguments
    setup()
    script, end = Script(bed, int(start_us)), int(last[0]) if last else None
    asyncio.run(live(Path(path), os.environ[DSN_VARIABLE], script, int(first), end))


if __name__ == "__main__":
    main(sys.argv[1:])
