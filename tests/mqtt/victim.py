"""A gateway to be killed: python -m tests.mqtt.victim JOURNAL PORT SECONDS. Goes on where the last one was killed.

SECONDS -1: for ever.
"""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from collector.broker import Broker
from collector.journal import Journal
from collector.mqtt import Mqtt
from collector.mqtt_messages import READER
from tests.journal.entries import BED
from tests.mqtt.publishing import NOW_US, counted
from tests.victim import live


async def run(path: Path, port: int, last: int) -> None:
    journal = Journal.open(path, [READER])
    sink = Mqtt(Broker(host="127.0.0.1", port=port), BED, journal, lambda: NOW_US)
    await live(journal, sink, counted, last)


def main(arguments: Sequence[str]) -> None:
    path, port, last = arguments
    asyncio.run(run(Path(path), int(port), int(last)))


if __name__ == "__main__":
    main(sys.argv[1:])
