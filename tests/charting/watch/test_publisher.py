"""What the department publishes, by a real broker."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from alarms.board import Alarm, Presence
from charting.watch.messages import advisory_topic, forgotten, of_advisory, of_bed
from charting.watch.publisher import Publisher
from charting.watch.state import BedAlarms, Doubt
from collector import __version__
from collector.broker import Broker
from collector.model import Priority
from collector.mqtt_messages import Message
from tests.mqtt.broker import Mosquitto, Proxy, deaf, subscribed, until
from tests.page.data import NOW_US, alarm

STATUS = "vitalsd/department/status"
ONLINE = {"state": "online", "version": __version__, "since": "2026-11-24T06:18:43.400000Z"}


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path) as broker:
        yield broker


@asynccontextmanager
async def publishing(port: int) -> AsyncIterator[Publisher]:
    publisher, stop = Publisher(Broker(host="127.0.0.1", port=port), lambda: NOW_US), asyncio.Event()
    running = asyncio.create_task(publisher.run(stop))
    try:
        yield publisher
    finally:
        stop.set()
        await running


def advisory(phase: str = "start", rule: str = "TMP-36") -> Message:
    return of_advisory(
        "vitalsd", "OR/3", case="c1", rule=rule, urgency="advisory", phase=phase, at_us=NOW_US,
        said={"value": "35.8"}, text={"zh": "体温低", "en": "Temperature low"},
    )  # fmt: skip


def standing(source: str, priority: Priority, presence: Presence) -> Alarm:
    told = alarm(NOW_US, source=source, priority=priority)
    return Alarm(
        bed="OR/3", device="monitor", alarm=told.alarm, onset_us=NOW_US, told_us=NOW_US, presence=presence,
        since_us=NOW_US, highest=priority,
    )  # fmt: skip


async def test_what_stands_is_retained_and_told_again_to_a_new_broker(tmp_path: Path) -> None:
    state = BedAlarms(
        bed="OR/3",
        at_us=NOW_US,
        alarms=(standing("1", Priority.MEDIUM, Presence.PRESENT), standing("2", Priority.HIGH, Presence.UNKNOWN)),
        devices={"monitor": True, "vent": False},
        doubt=None,
    )
    with Mosquitto(tmp_path) as broker:
        async with publishing(broker.port) as publisher:
            publisher.show([of_bed("vitalsd", state, 1), advisory()])
            for _ in range(2):
                async with subscribed(broker.port) as late:
                    await until(lambda: len(late.last()) == 3, "all that stands")
                    assert late.last() == {
                        STATUS: ONLINE,
                        "vitalsd/OR%2F3/board": {
                            "bed": "OR/3", "known": False, "doubt": None, "doubt_since": None,
                            "devices": {"monitor": True, "vent": False}, "present": {"medium": 1},
                            "unknown": {"high": 1}, "highest": "high", "advisories": 1,
                        },
                        "vitalsd/OR%2F3/advisories/TMP-36": {
                            "bed": "OR/3", "case": "c1", "rule": "TMP-36", "level": "advisory", "phase": "start",
                            "time": "2026-11-24T06:18:43.400000Z", "said": {"value": "35.8"},
                            "text": {"zh": "体温低", "en": "Temperature low"},
                        },
                    }  # fmt: skip
                async with subscribed(broker.port) as later:
                    await until(lambda: len(later.last()) == 3, "all that stands")
                    assert all(message.retain for message in later.heard)
                broker.kill()
                broker.start()


async def test_a_change_is_published_once_and_the_last_one_stands(broker: Mosquitto) -> None:
    async with subscribed(broker.port) as subscriber:
        async with publishing(broker.port) as publisher:
            publisher.show([advisory()])
            await until(lambda: len(subscriber.heard) == 2, "the first")
            publisher.show([advisory()])
            publisher.show([advisory("end")])
            await until(lambda: len(subscriber.heard) == 3, "the end")
        await until(lambda: subscriber.of(STATUS) == [ONLINE, {"state": "offline"}], "leave")
    topic = advisory_topic("vitalsd", "OR/3", "TMP-36")
    assert [said["phase"] for said in subscriber.of(topic)] == ["start", "end"]


async def test_what_an_earlier_life_left_is_forgotten(broker: Mosquitto) -> None:
    async with publishing(broker.port) as publisher:
        publisher.show([advisory(), advisory(rule="TMP-35")])
        await until(lambda: publisher.connected, "the broker")
    async with publishing(broker.port) as publisher:
        publisher.show([advisory(), forgotten(advisory_topic("vitalsd", "OR/3", "TMP-35"))])
        await until(lambda: publisher.connected, "the broker")
    async with subscribed(broker.port) as late:
        await until(lambda: len(late.heard) == 2, "what is left")
    assert set(late.last()) == {STATUS, "vitalsd/OR%2F3/advisories/TMP-36"}


async def test_a_lost_link_is_told_by_the_last_will_and_mended(broker: Mosquitto) -> None:
    async with subscribed(broker.port) as subscriber, Proxy(broker.port) as proxy, publishing(proxy.port) as publisher:
        publisher.show([advisory()])
        await until(lambda: len(subscriber.heard) == 2, "what stands")
        proxy.cut()
        await until(lambda: {"state": "offline"} in subscriber.of(STATUS), "the last will")
        await until(lambda: subscriber.of(STATUS)[2:] == [ONLINE], "the connection")
        await until(lambda: len(subscriber.heard) == 5, "all again")


async def test_it_ends_soon_where_nobody_answers() -> None:
    with deaf() as nobody:
        async with publishing(nobody) as publisher:
            publisher.show([advisory()])
            await asyncio.wait([asyncio.create_task(asyncio.to_thread(lambda: None))])
            assert not publisher.connected


def test_a_bed_in_doubt_says_why() -> None:
    message = of_bed("vitalsd", BedAlarms(bed="A", at_us=0, doubt=Doubt.SILENT, doubt_us=NOW_US), 0)
    assert '"known":false,"doubt":"silent","doubt_since":"2026-11-24T06:18:43.400000Z"' in message.payload
    assert '"highest":null' in message.payload
