"""What the department publishes, by a real broker."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from alarms.board import Alarm, Presence
from charting.trail.trail import CaseRow
from charting.watch import publisher as publisher_module
from charting.watch.advice import Standing
from charting.watch.messages import of_bed, of_board
from charting.watch.publisher import CLOSE_S, Publisher
from charting.watch.state import BedAlarms, Board, Doubt
from collector import __version__
from collector.broker import Broker
from collector.model import Priority
from collector.mqtt_messages import Message
from tests.mqtt.broker import PATIENCE_S, Mosquitto, Proxy, Subscriber, deaf, subscribed, until
from tests.page.data import NOW_US, alarm

STATUS = "vitalsd/department/status"
ONLINE = {"state": "online", "version": __version__, "since": "2026-11-24T06:18:43.400000Z"}


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path) as broker:
        yield broker


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that halts for a while is no broker that is lost."""
    for name in ("ACK_S", "CLOSE_S"):
        monkeypatch.setattr(publisher_module, name, 600.0)


@asynccontextmanager
async def publishing(port: int) -> AsyncIterator[Publisher]:
    publisher, stop = Publisher(Broker(host="127.0.0.1", port=port), lambda: NOW_US), asyncio.Event()
    running = asyncio.create_task(publisher.run(stop))
    try:
        yield publisher
    finally:
        stop.set()
        await running


RULE, OTHER = "TMP-36", "TMP-35"
SAID = {"c": "35.8", "min": "16"}


def advisory(rule: str = RULE) -> Standing:
    return Standing(case="c1", rule=rule, level="advisory", since_us=NOW_US, said=SAID)


def bed(*advisories: Standing, state: BedAlarms | None = None) -> list[Message]:
    """What a department of one bed with one patient publishes."""
    row = CaseRow(
        case="c1", state="open", bed="OR/3", area="or", opened_us=0, closed_us=None, number="20260042", name="张三",
        temporary="", procedure="", is_test=False, held=False, last=1,
    )  # fmt: skip
    beds = {"OR/3": state or BedAlarms(bed="OR/3", at_us=NOW_US, doubt=None)}
    return list(of_board("vitalsd", Board(at_us=NOW_US, beds=beds, rows=[row]), lambda _: advisories))


def topic(rule: str = RULE) -> str:
    return f"vitalsd/OR%2F3/advisories/{rule}"


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
            publisher.show(bed(advisory(), state=state))
            for _ in range(2):
                async with subscribed(broker.port) as late:
                    await until(lambda: len(left(late)) == 3, "all that stands")
                    assert left(late) == {
                        STATUS: ONLINE,
                        "vitalsd/OR%2F3/board": {
                            "bed": "OR/3", "known": False, "doubt": None, "doubt_since": None,
                            "devices": {"monitor": True, "vent": False}, "present": {"medium": 1},
                            "unknown": {"high": 1}, "highest": "high", "advisories": 1,
                        },
                        topic(): {
                            "bed": "OR/3", "case": "c1", "rule": "TMP-36", "level": "advisory",
                            "since": "2026-11-24T06:18:43.400000Z", "said": SAID,
                            "text": {
                                "zh": "体温 35.8 °C，低于 36 °C 已 16 分钟：考虑加强保温",
                                "en": "35.8 °C, below 36 °C for 16 min: consider more warming",
                            },
                        },
                    }  # fmt: skip
                async with subscribed(broker.port) as later:
                    await until(lambda: len(left(later)) == 3, "all that stands")
                    assert all(message.retain for message in later.heard if message.payload)
                broker.kill()
                broker.start()


async def test_a_change_is_published_once_and_what_stands_no_longer_is_taken_back(broker: Mosquitto) -> None:
    async with subscribed(broker.port, "vitalsd/+/board") as boards, subscribed(broker.port) as subscriber:
        async with publishing(broker.port) as publisher:
            publisher.show(bed(advisory()))
            await until(lambda: payloads(subscriber, topic()), "the first")
            publisher.show(bed(advisory()))
            publisher.show(bed())
            await until(lambda: payloads(subscriber, topic())[1:], "the end")
        await until(lambda: subscriber.of(STATUS) == [ONLINE, {"state": "offline"}], "leave")
        await until(lambda: boards.of("vitalsd/OR%2F3/board")[1:], "both boards")
    first, end = payloads(subscriber, topic())
    assert (json.loads(first)["rule"], end) == (RULE, b"")
    assert [said["advisories"] for said in boards.of("vitalsd/OR%2F3/board")] == [1, 0]


def left(subscriber: Subscriber) -> dict[str, object]:
    """What the broker has been left with, by topic."""
    last = {message.topic.value: message.payload for message in subscriber.heard}
    return {of: json.loads(said) for of, said in last.items() if said}


def payloads(subscriber: Subscriber, of: str) -> list[bytes]:
    """As they came; an empty one takes back what was retained."""
    return [m.payload for m in subscriber.heard if m.topic.value == of and isinstance(m.payload, bytes)]


async def test_what_an_earlier_life_left_is_taken_back(broker: Mosquitto) -> None:
    async with publishing(broker.port) as publisher:
        publisher.show(bed(advisory(), advisory(OTHER)))
        await until(lambda: publisher.connected, "the broker")
    async with publishing(broker.port) as publisher:
        publisher.show(bed(advisory()))
        await until(lambda: publisher.connected, "the broker")
    async with subscribed(broker.port) as late:
        await until(lambda: len(late.heard) == 3, "what is left")
    assert set(left(late)) == {STATUS, "vitalsd/OR%2F3/board", topic()}


async def test_a_lost_link_is_told_by_the_last_will_and_mended(broker: Mosquitto) -> None:
    async with subscribed(broker.port) as subscriber, Proxy(broker.port) as proxy, publishing(proxy.port) as publisher:
        publisher.show(bed(advisory()))
        await until(lambda: payloads(subscriber, topic()), "what stands")
        proxy.cut()
        await until(lambda: {"state": "offline"} in subscriber.of(STATUS), "the last will")
        await until(lambda: subscriber.of(STATUS)[2:] == [ONLINE], "the connection")
        await until(lambda: payloads(subscriber, topic())[1:], "all again")


async def test_it_ends_soon_where_nobody_answers(broker: Mosquitto, monkeypatch: pytest.MonkeyPatch) -> None:
    """It waits for CLOSE_S and for nothing else."""
    assert CLOSE_S < 3
    with deaf() as nobody:
        async with asyncio.timeout(PATIENCE_S), publishing(nobody) as publisher:
            publisher.show(bed(advisory()))
            await asyncio.wait([asyncio.create_task(asyncio.to_thread(lambda: None))])
            assert not publisher.connected
    monkeypatch.setattr(publisher_module, "CLOSE_S", CLOSE_S)
    async with Proxy(broker.port) as proxy, asyncio.timeout(PATIENCE_S), publishing(proxy.port) as publisher:
        await until(lambda: publisher.connected, "the broker")
        proxy.mute = True
        publisher.show(bed(advisory()))


def test_a_bed_in_doubt_says_why() -> None:
    message = of_bed("vitalsd", BedAlarms(bed="A", at_us=0, doubt=Doubt.SILENT, doubt_us=NOW_US), 0)
    assert '"known":false,"doubt":"silent","doubt_since":"2026-11-24T06:18:43.400000Z"' in message.payload
    assert '"highest":null' in message.payload


def test_what_is_not_known_of_a_patient_is_not_taken_back() -> None:
    row = CaseRow(
        case="c1", state="open", bed="A", area="or", opened_us=0, closed_us=None, number="1", name="张三",
        temporary="", procedure="", is_test=False, held=False, last=1,
    )  # fmt: skip
    rows = [replace(row, case="c2"), row, replace(row, case="c3", bed="B")]
    beds = {name: BedAlarms(bed=name, at_us=NOW_US, doubt=None) for name in "AB"}
    known = {"c1": None, "c2": [advisory()], "c3": [advisory(OTHER)]}
    told = {
        message.topic: message.payload
        for message in of_board("vitalsd", Board(at_us=NOW_US, beds=beds, rows=rows), lambda row: known[row.case])
    }
    assert [topic for topic in told if "/A/" in topic] == ["vitalsd/A/board", "vitalsd/A/advisories/TMP-36"]
    assert '"advisories":null' in told["vitalsd/A/board"]
    assert '"advisories":1' in told["vitalsd/B/board"]
    assert (told["vitalsd/B/advisories/TMP-35"] != "", told["vitalsd/B/advisories/TMP-36"]) == (True, "")
