"""A gateway to be killed: python -m tests.mqtt.victim JOURNAL PORT COUNT. Goes on where the last one was killed.

COUNT -1: for ever.
"""

import asyncio
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from collector.broker import Broker
from collector.journal import Journal
from collector.mqtt import Mqtt
from collector.mqtt_messages import READER
from tests.journal.entries import BED
from tests.mqtt.publishing import NOW_US, counted
from tests.victim import live

EVERY_S = 0.001
"""It counts thousands a second: in seconds it would soon come to times too far ahead to be published."""


async def run(path: Path, port: int, last: int) -> None:
    journal = Journal.open(path, [READER])
    sink = Mqtt(Broker(host="127.0.0.1", port=port), [BED], journal, lambda: NOW_US)
    await live(journal, sink, partial(counted, every_s=EVERY_S), last)


def main(arguments: Sequence[str]) -> None:
    path, port, last = arguments
    asyncio.run(run(Path(path), int(port), int(last)))


if __name__ == "__main__":
    main(sys.argv[1:])
