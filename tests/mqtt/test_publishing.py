"""Every reading reaches the broker in order, at least once, whatever is killed, cut or hung; nothing old stands."""

import asyncio
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from structlog.testing import capture_logs

from collector.broker import Broker
from collector.journal import Journal
from collector.journal.ranges import Ranges
from collector.model import AlarmPhase, Channel, Entry, Priority, Quality
from collector.mqtt_client import WINDOW, Client
from collector.mqtt_messages import READER, offline
from collector.status import DeviceState, DeviceStatus
from tests.journal.entries import (
    BED,
    DAMAGES,
    HEART_RATE,
    T0_US,
    TEMPERATURE,
    condition,
    damaged,
    one_of_each,
    piece,
    reading,
    seconds,
)
from tests.mqtt.broker import Mosquitto, Proxy, caught_up, deaf, payload, subscribed, until
from tests.mqtt.publishing import NOW_US, counted, counts_to, publishing, series
from tests.passing import passing

HEART = f"vitalsd/{BED}/monitor/vitals/MDC_ECG_HEART_RATE/measured/4182"
ALARM = f"vitalsd/{BED}/monitor/conditions/hr"
STATUS = f"vitalsd/{BED}/status"
CHANNELS = [f"vitalsd/{BED}/monitor/vitals/VND_TEST/measured/{number}" for number in range(5)]
VERSIONS = pytest.mark.parametrize("version", ["5", "3.1.1"])
HOUR_US = 3_600_000_000


@VERSIONS
async def test_everything_is_published_in_order_as_it_was(broker: Mosquitto, journal: Journal, version: str) -> None:
    entries = [*one_of_each(), *seconds(0, 50)]
    journal.append(entries)
    async with subscribed(broker.port) as subscriber:
        async with publishing(journal, broker.port, version=version) as sink:
            await sink.drain()
            assert (sink.status.connected, sink.status.delivered, sink.status.pending) == (True, len(entries) - 4, 0)
        await until(lambda: subscriber.of(STATUS)[1:], "the end")
    wanted = series(entries)
    heard = {topic: subscriber.of(topic) for topic in subscriber.last() if "/vitals/" in topic}
    assert {t: [(v["value"], v["text"], v["quality"]) for v in heard[t]] for t in heard} == wanted
    assert heard[HEART][1] == {
        "time": "2026-01-01T00:00:01.000000Z",
        "bed": BED,
        "device": "monitor",
        "code": "MDC_ECG_HEART_RATE",
        "source": "4182",
        "role": "measured",
        "site": "",
        "value": 0.1 + 0.2,
        "text": None,
        "unit": "/min",
        "quality": "questionable",
        "demo": True,
    }
    assert subscriber.of(ALARM) == [
        {
            "time": "2026-01-01T00:00:01.000000Z",
            "bed": BED,
            "device": "monitor",
            "source": "hr",
            "type": "physiological",
            "priority": "high",
            "phase": "start",
            "code": "MDC_EVT_HI",
            "text": "HR 高",
            "device_priority": "red",
            "demo": False,
            "device_time": "2026-01-01T00:00:00.000000Z",
        }
    ]
    assert [body["state"] for body in subscriber.of(STATUS)] == ["online", "offline"]
    assert set(subscriber.last()) == {*wanted, ALARM, STATUS}
    assert journal.readers() == {READER: Ranges.of((1, len(entries)))}


@VERSIONS
async def test_who_comes_late_finds_the_last_of_everything(broker: Mosquitto, journal: Journal, version: str) -> None:
    entries = [*one_of_each(), condition(9, AlarmPhase.END)]
    journal.append(entries)
    async with publishing(journal, broker.port, version=version) as sink:
        await sink.drain()
        async with subscribed(broker.port) as late:
            await until(lambda: set(late.last()) >= {*series(entries), ALARM, STATUS}, "all of it")
        assert {message.retain for message in late.heard} == {True}
        last = late.last()
        assert (last[HEART]["value"], last[HEART]["quality"]) == (None, "not_available")
        assert (last[ALARM]["phase"], last[ALARM]["time"]) == ("end", "2026-01-01T00:00:09.000000Z")
        assert (last[STATUS]["state"], last[STATUS]["since"]) == ("online", "2026-01-01T00:10:00.000000Z")
        properties = {message.topic.value: vars(message.properties) for message in late.heard}
    if version == "5":
        assert {kept["ContentType"] for kept in properties.values()} == {"application/json"}
        left_s = 3_600 - 600 + 2  # the last heart rate is of the third second
        assert left_s - 60 < properties[HEART]["MessageExpiryInterval"] <= left_s
        assert "MessageExpiryInterval" not in {**properties[ALARM], **properties[STATUS]}
    async with subscribed(broker.port, STATUS) as late:
        await until(lambda: late.last() == {STATUS: {"state": "offline"}}, "the end")


async def test_news_are_published_at_once(broker: Mosquitto, journal: Journal) -> None:
    async with subscribed(broker.port) as subscriber, publishing(journal, broker.port) as sink:
        for second in range(5):
            journal.append(counted(second, second + 1))
            sink.wake()
            await until(lambda n=second: len(subscriber.of(CHANNELS[4])) == n + 1, f"second {second}")  # type: ignore[misc]
        await until(lambda: journal.usage().pending == {READER: 0}, "the journal told")
    assert [value["value"] for value in subscriber.of(CHANNELS[0])] == [0.0, 1.0, 2.0, 3.0, 4.0]


async def test_the_last_will_says_that_the_gateway_is_gone(broker: Mosquitto, journal: Journal) -> None:
    async with (
        Proxy(broker.port) as proxy,
        subscribed(broker.port, STATUS) as subscriber,
        publishing(journal, proxy.port),
    ):
        await until(lambda: subscriber.of(STATUS), "the birth")
        proxy.refuse = True
        proxy.cut()
        await until(lambda: subscriber.of(STATUS)[1:] == [{"state": "offline"}], "the last will")
        async with subscribed(broker.port) as late:
            await until(lambda: late.last() == {STATUS: {"state": "offline"}}, "the last will, retained")
        proxy.refuse = False
        await until(lambda: len(subscriber.of(STATUS)) == 3, "the next birth")
    assert [body["state"] for body in subscriber.of(STATUS)][:3] == ["online", "offline", "online"]


async def test_an_old_connection_does_not_tell_of_an_end_after_the_next_birth(
    broker: Mosquitto, journal: Journal, tmp_path: Path
) -> None:
    async with subscribed(broker.port, STATUS) as subscriber, publishing(journal, broker.port):
        await until(lambda: len(subscriber.of(STATUS)) == 1, "the birth")
        other = Journal.open(tmp_path / "other.db", [READER])
        async with publishing(other, broker.port):  # the same gateway, whose old connection still stands
            await until(lambda: len(subscriber.of(STATUS)) >= 3, "the next birth")
        other.close()
    assert [body["state"] for body in subscriber.of(STATUS)][:3] == ["online", "offline", "online"]


async def test_a_broker_killed_and_started_again_gets_everything(broker: Mosquitto, journal: Journal) -> None:
    heard: list[dict[str, Any]] = []
    with capture_logs() as logs:
        async with Proxy(broker.port) as proxy, publishing(journal, proxy.port) as sink:
            for part in range(3):
                async with subscribed(broker.port, CHANNELS[4]) as subscriber:
                    proxy.refuse = False  # now that somebody listens
                    for second in range(part * 600, part * 600 + 600, 50):
                        journal.append(counted(second, second + 50))
                        sink.wake()
                    await until(lambda: subscriber.heard, "some of it")
                    if part < 2:
                        proxy.refuse = True
                        broker.kill()
                        await until(lambda: subscriber.ended and not sink.status.connected, "the loss")
                    else:
                        await until(lambda: subscriber.heard and payload(subscriber.heard[-1])["value"] == 1_799, "all")
                    heard += subscriber.of(CHANNELS[4])
                if part < 2:
                    assert heard[-1]["value"] < part * 600 + 599
                    await asyncio.to_thread(broker.start)
    assert counts_to(heard, 1_800)
    levels = [(line["log_level"], line["event"]) for line in logs]
    assert levels.count(("warning", "broker lost")) == levels.count(("info", "broker back")) == 2


async def test_connections_cut_at_any_instant_lose_nothing(broker: Mosquitto, journal: Journal) -> None:
    chance = random.Random(6)
    async with Proxy(broker.port) as proxy, subscribed(broker.port) as subscriber:
        async with publishing(journal, proxy.port) as sink:
            for second in range(0, 1_500, 50):
                journal.append(counted(second, second + 50))
                sink.wake()
                if second % 250 == 200:
                    links, enough = proxy.links, len(subscriber.heard) + chance.randrange(250)
                    await until(
                        lambda n=enough: len(subscriber.heard) > n or sink.status.pending == 0,  # type: ignore[misc]
                        "some of it",
                    )
                    proxy.cut()
                    await until(lambda n=links: proxy.links > n, "the next connection")  # type: ignore[misc]
            await sink.drain()
        await caught_up(broker.port, subscriber)
    assert subscriber.of(STATUS)[-1] == {"state": "offline"}
    assert proxy.links > 5
    for channel in CHANNELS:
        assert counts_to(subscriber.of(channel), 1_500)


async def test_a_gateway_killed_at_any_instant_goes_on_where_it_was(broker: Mosquitto, tmp_path: Path) -> None:
    chance = random.Random(4)
    command = [sys.executable, "-m", "tests.mqtt.victim", str(tmp_path / "victim.db"), str(broker.port)]
    async with subscribed(broker.port) as subscriber:
        for life in range(1, 5):
            victim = subprocess.Popen([*command, "-1"])  # noqa: ASYNC220  it starts at once
            try:
                births = 2 * life - 1
                await until(lambda n=births: len(subscriber.of(STATUS)) >= n, "the birth")  # type: ignore[misc]
                more = len(subscriber.heard) + chance.randrange(2_000)
                await until(lambda n=more: len(subscriber.heard) > n, "some of it")  # type: ignore[misc]
            finally:
                victim.send_signal(signal.SIGKILL)
                victim.wait()
            await until(lambda n=births: len(subscriber.of(STATUS)) > n, "the last will")  # type: ignore[misc]
        journal = Journal.open(tmp_path / "victim.db")
        last = journal.inputs()["clock"] + 10
        journal.close()
        await asyncio.to_thread(subprocess.run, [*command, str(last)], check=True)
        await until(lambda: len(subscriber.of(STATUS)) == 10, "the end")
    assert [body["state"] for body in subscriber.of(STATUS)] == ["online", "offline"] * 5
    for channel in CHANNELS:
        assert counts_to(subscriber.of(channel), last)


async def test_a_gateway_that_starts_again_repeats_only_the_last(broker: Mosquitto, tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "journal.db", [READER, "slow"])  # so that the journal does not forget
    journal.append(counted(0, 100))
    async with publishing(journal, broker.port) as sink:
        await sink.drain()
    async with subscribed(broker.port, "vitalsd/+/+/vitals/#") as subscriber:
        await until(lambda: len(subscriber.heard) == 5, "what is retained")
        journal.append(counted(100, 101)[:3])
        async with publishing(journal, broker.port) as sink:
            await sink.drain()
            assert sink.status.delivered == 3
        await until(lambda: len(subscriber.heard) >= 10, "what is new, and the last of the others")
    assert [subscriber.of(channel)[-1]["value"] for channel in CHANNELS] == [100.0, 100.0, 100.0, 99.0, 99.0]
    assert len(subscriber.heard) == 10
    journal.close()


async def test_what_is_older_than_an_hour_is_passed_over_without_a_broker(broker: Mosquitto, journal: Journal) -> None:
    old: list[Entry] = [*counted(0, 500), piece(0, [1, 2]), condition(1, AlarmPhase.START)]
    journal.append(old)
    now_us = [T0_US + 400_000_000 + HOUR_US]
    async with Proxy(broker.port) as proxy, subscribed(broker.port) as subscriber:
        proxy.refuse = True
        async with publishing(journal, proxy.port, lambda: now_us[0]) as sink:
            await until(lambda: sink.status.skipped == 5 * 401, "what is too old")
            await until(lambda: journal.usage().pending == {READER: 5 * 99 + 2}, "the journal told")
            proxy.refuse = False
            await sink.drain()
            await until(lambda: subscriber.of(ALARM), "how the condition stands")
            now_us[0] += 10 * HOUR_US
            journal.append(counted(500, 600))
            await sink.drain()
            assert sink.status.skipped == 5 * 401 + 1 + 500
    assert [value["value"] for value in subscriber.of(CHANNELS[0])] == [*range(401, 500)]
    assert [change["phase"] for change in subscriber.of(ALARM)] == ["start"]


async def test_a_time_that_is_an_hour_ahead_does_not_hold_the_journal_back(broker: Mosquitto, journal: Journal) -> None:
    journal.append([replace(reading(HEART_RATE, 0, 60.0), time_us=NOW_US + HOUR_US), *counted(0, 5)])
    journal.append([replace(reading(HEART_RATE, 0, 60.0), time_us=520_000_000_000_000_000)])
    async with publishing(journal, broker.port) as sink:
        await sink.drain()
    assert (sink.status.delivered, sink.status.skipped, sink.status.pending) == (25, 2, 0)


async def test_a_broker_without_memory_gets_how_it_stands(broker: Mosquitto, journal: Journal) -> None:
    device = DeviceStatus(
        device="monitor", driver="ge-datex-dri", port="x", state=DeviceState.RECEIVING, since_us=T0_US
    )
    journal.append([*one_of_each(), condition(9, AlarmPhase.CONTINUE, Priority.LOW)])
    async with publishing(journal, broker.port) as sink:
        sink.show([device])
        await sink.drain()
        async with subscribed(broker.port) as subscriber:
            await until(lambda: len(subscriber.last()) == len(series(one_of_each())) + 3, "all of it")
        broker.kill()
        await asyncio.to_thread(broker.start)
        async with subscribed(broker.port) as late:
            await until(lambda: late.last().keys() == subscriber.last().keys(), "all of it again")
    assert {**late.last(), STATUS: None} == {**subscriber.last(), STATUS: None}


async def test_of_channels_that_share_a_topic_the_last_reading_that_came_is_told_again(
    broker: Mosquitto, journal: Journal
) -> None:
    """A device whose unit or site is changed and changed back."""
    cold = replace(TEMPERATURE, unit="[degF]")
    elsewhere = replace(TEMPERATURE, site="rectum")
    came = [(TEMPERATURE, 36.6), (cold, 97.9), (elsewhere, 36.8), (TEMPERATURE, 36.7)]
    journal.append([reading(channel, at, value) for at, (channel, value) in enumerate(came)])
    async with publishing(journal, broker.port) as sink:
        await sink.drain()
    async with subscribed(broker.port, f"vitalsd/{BED}/monitor/vitals/#") as subscriber:
        await until(lambda: len(subscriber.heard) == 1, "what is retained")
        async with publishing(journal, broker.port) as sink:
            await sink.drain()
        await until(lambda: len(subscriber.heard) == 2, "the last one again")
    (told,) = subscriber.last().values()
    assert (told["value"], told["unit"], told["site"]) == (36.7, "Cel", "nasopharynx")


async def test_states_of_devices_are_published_when_another_begins(broker: Mosquitto, journal: Journal) -> None:
    device = DeviceStatus(
        device="monitor/1", driver="ge-datex-dri", port="x", state=DeviceState.ASSOCIATING, since_us=T0_US
    )
    silent = replace(
        device, state=DeviceState.SILENT, since_us=T0_US + 1, cause="no bytes: cable, power?", last_frame_us=T0_US
    )
    topic = f"vitalsd/{BED}/monitor%2F1/state"
    async with subscribed(broker.port) as subscriber, publishing(journal, broker.port) as sink:
        sink.show([device])
        await until(lambda: subscriber.of(topic), "the first state")
        for second in range(3):
            sink.show([replace(device, frames=second, last_frame_us=T0_US + second)])
            journal.append(counted(second, second + 1))
            sink.wake()
            await until(lambda n=second: len(subscriber.of(CHANNELS[4])) == n + 1, "a reading after it")  # type: ignore[misc]
        assert len(subscriber.of(topic)) == 1
        sink.show([silent])
        await until(lambda: len(subscriber.of(topic)) == 2, "the second state")
    assert subscriber.of(topic) == [
        {
            "bed": BED,
            "device": "monitor/1",
            "driver": "ge-datex-dri",
            "manufacturer": "",
            "model": "",
            "state": "associating",
            "since": "2026-01-01T00:00:00.000000Z",
            "cause": "",
            "last_frame": None,
        },
        {
            "bed": BED,
            "device": "monitor/1",
            "driver": "ge-datex-dri",
            "manufacturer": "",
            "model": "",
            "state": "silent",
            "since": "2026-01-01T00:00:00.000001Z",
            "cause": "no bytes: cable, power?",
            "last_frame": "2026-01-01T00:00:00.000000Z",
        },
    ]


def odd_names() -> Iterator[str]:
    """Names that break topics, fake them, or that a broker may refuse."""
    yield from ("a/b", "/", "//", "+", "#", "$SYS", "%", "%2F", "监护仪 1", "", " ", "..", "😀", "é" * 64)
    yield from (chr(code) for code in (*range(0x20), *range(0x7F, 0xA0), 0xAD, 0x2028, 0xFDD0, 0xFEFF, 0xFFFE, 0xFFFF))
    yield from ("\U0001fffe", "\U0010ffff")


@VERSIONS
async def test_no_name_breaks_or_fakes_a_topic(broker: Mosquitto, journal: Journal, version: str) -> None:
    names = list(odd_names())
    journal.append(
        [
            reading(
                Channel(code=f"VND_{name}", source=name, unit="1"), n, float(n), bed=name or "x", device=name or "x"
            )
            for n, name in enumerate(names)
        ]
    )
    async with subscribed(broker.port, "vitalsd/+/+/vitals/+/measured/+") as subscriber:
        async with publishing(journal, broker.port, version=version) as sink:
            await sink.drain()
        await until(lambda: len(subscriber.heard) == len(names), "all of them")
    for name, message in zip(names, subscriber.heard, strict=True):
        _, bed, device, _, code, _, source = map(unquote, message.topic.value.split("/"))
        assert (bed, device, code, source) == (name or "x", name or "x", f"VND_{name}", name)
        body = payload(message)
        assert (body["bed"], body["device"], body["code"], body["source"]) == (bed, device, code, source)
    assert sum("监护仪 1" in message.topic.value for message in subscriber.heard) == 1


async def test_a_name_too_long_for_a_topic_is_passed_over(broker: Mosquitto, journal: Journal) -> None:
    journal.append([reading(Channel(code="VND_X", source="x" * 65_536, unit="1"), 0, 1.0), *counted(0, 5)])
    async with publishing(journal, broker.port) as sink:
        await sink.drain()
    assert (sink.status.delivered, sink.status.skipped, sink.status.pending) == (25, 1, 0)


@pytest.mark.parametrize("damage", DAMAGES)
async def test_a_damaged_row_is_passed_over(broker: Mosquitto, journal: Journal, damage: str) -> None:
    damaged(journal, damage, counted(0, 5))
    missing = damage.startswith(("reading", "condition"))
    with capture_logs() as logs:
        async with publishing(journal, broker.port) as sink:
            await sink.drain()
            assert (sink.status.delivered, sink.status.skipped, sink.status.pending) == (27 - missing, missing, 0)
        journal.append(counted(5, 6))
        async with publishing(journal, broker.port) as sink:  # which first looks up how everything stands
            await sink.drain()
            assert (sink.status.delivered, sink.status.skipped, sink.status.pending) == (5, 0, 0)
    assert {line["event"] for line in logs} == ({"an entry is not published: it is damaged"} if missing else set())


async def test_how_conditions_stand_is_told_without_what_they_were(broker: Mosquitto, journal: Journal) -> None:
    journal.append([condition(1, AlarmPhase.START), condition(9, AlarmPhase.END)])
    async with publishing(journal, broker.port) as sink:
        await sink.drain()
    assert journal.path is not None
    with closing(sqlite3.connect(journal.path)) as db, db:
        assert db.execute("update condition set phase = 'X' where phase = 'start'").rowcount == 1
    with capture_logs() as logs:
        async with subscribed(broker.port, ALARM) as subscriber:
            await until(lambda: len(subscriber.heard) == 1, "what is retained")
            async with publishing(journal, broker.port) as sink:
                await sink.drain()
            await until(lambda: len(subscriber.heard) == 2, "how it stands")
    assert [change["phase"] for change in subscriber.of(ALARM)] == ["end", "end"]
    assert logs == []


@pytest.mark.parametrize(("version", "window"), [("5", 3), ("3.1.1", WINDOW)])
async def test_no_more_is_under_way_than_the_broker_takes(
    tmp_path: Path, journal: Journal, version: str, window: int
) -> None:
    journal.append(counted(0, 100))
    with Mosquitto(tmp_path, "max_inflight_messages 3\n") as broker:  # which only MQTT 5 tells
        there = Broker(host="127.0.0.1", port=broker.port, version=version)
        async with Client(there, "x", offline("vitalsd", "x")) as client:
            assert client.window == window
        async with publishing(journal, broker.port, version=version) as sink:
            await sink.drain()
    assert sink.status.delivered == 500


async def test_what_the_broker_refuses_is_counted_and_told(tmp_path: Path, journal: Journal) -> None:
    rights = tmp_path / "rights"
    rights.write_text("topic write vitalsd/+/status\ntopic write vitalsd/+/+/vitals/VND_TEST/#\n", encoding="utf-8")
    journal.append([reading(HEART_RATE, 0, 60.0), *counted(0, 5), reading(HEART_RATE, 1, None, Quality.INVALID)])
    with Mosquitto(tmp_path, listener=f"allow_anonymous true\nacl_file {rights}\n") as broker, capture_logs() as logs:
        async with publishing(journal, broker.port) as sink:
            await sink.drain()
    assert (sink.status.delivered, sink.status.parked, sink.status.pending) == (25, 2, 0)
    assert [(line["event"], line["reason"]) for line in logs] == [("the broker refuses messages", "Not authorized")]


@pytest.mark.parametrize("hung", ["before it greets", "later"])
async def test_it_ends_within_two_seconds_at_a_hung_broker(broker: Mosquitto, journal: Journal, hung: str) -> None:
    async with Proxy(broker.port) as proxy, subscribed(broker.port) as subscriber, AsyncExitStack() as stack:
        proxy.mute = hung == "before it greets"
        async with publishing(journal, proxy.port) as sink:
            await until(lambda: proxy.answers, "a greeting, heard or not")
            if hung == "later":
                await until(lambda: sink.status.connected, "the greeting")
                proxy.mute = True
                journal.append(counted(0, 500))
                sink.wake()
                await until(lambda: subscriber.of(CHANNELS[0]), "messages without an answer")
            passed_s = await stack.enter_async_context(passing())
        assert passed_s() < 2
        assert sink.status.delivered == 0
        await until(lambda: subscriber.of(STATUS)[-1:] == [{"state": "offline"}], "the last will")


async def test_it_ends_within_two_seconds_where_nobody_answers(journal: Journal) -> None:
    with deaf() as port:
        async with passing() as passed_s:
            async with publishing(journal, port) as sink:
                sink.wake()
            assert passed_s() < 2
        assert (sink.status.connected, sink.status.error) == (False, "")
