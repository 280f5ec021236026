from collections.abc import Iterator
from pathlib import Path

import pytest

from collector.journal import Journal
from collector.mqtt_messages import READER
from tests.mqtt.broker import PATIENCE_S, Mosquitto


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that stands still for some seconds is no lost broker."""
    monkeypatch.setattr("collector.mqtt.ACK_S", PATIENCE_S)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path) as broker:
        yield broker


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal.open(tmp_path / "journal.db", [READER])
    yield journal
    journal.close()
