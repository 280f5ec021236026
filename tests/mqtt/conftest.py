from collections.abc import Iterator
from pathlib import Path

import pytest

from collector.journal import Journal
from collector.mqtt_messages import READER
from tests.mqtt.broker import Mosquitto


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path) as broker:
        yield broker


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal.open(tmp_path / "journal.db", [READER])
    yield journal
    journal.close()
