"""A gateway to be killed: python -m tests.mqtt.victim JOURNAL PORT SECONDS. Goes on where the last one was killed.

SECONDS -1: for ever.
"""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from collector.broker import Broker
from collector.journal import Journal, Writer
from collector.mqtt import Mqtt
from collector.mqtt_messages import READER
from tests.journal.entries import BED
from tests.mqtt.publishing import NOW_US, counted

SECONDS_A_COMMIT = 5


async def live(path: Path, port: int, last: int) -> None:
    journal = Journal.open(path, [READER])
    sink = Mqtt(Broker(host="127.0.0.1", port=port), BED, journal, lambda: NOW_US)
    writer = Writer(journal, sink.wake)
    second = journal.inputs().get("clock", 0)
    while last < 0 or second < last:
        after = second + SECONDS_A_COMMIT if last < 0 else min(last, second + SECONDS_A_COMMIT)
        await writer.append(counted(second, after), {"clock": after})
        second = after
    await sink.drain()
    await sink.close()
    await writer.close()
    journal.close()


def main(arguments: Sequence[str]) -> None:
    path, port, last = arguments
    asyncio.run(live(Path(path), int(port), int(last)))


if __name__ == "__main__":
    main(sys.argv[1:])
