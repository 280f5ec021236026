"""Alarms at the broker in the shape of PCD-04, also once a person has seen them, whatever was sent when."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from socket import SOCK_STREAM
from typing import Any

import httpx
import pytest

from alarms.board import Seen
from alarms.pcd04 import Reporter
from collector.broker import Broker
from collector.clock import from_datetime
from collector.config import load
from collector.daemon import run_bed
from collector.journal import Journal
from collector.model import AlarmPhase, Condition, Priority
from collector.mqtt import Mqtt
from collector.transport.net import free_port
from tests.collector.clocks import Clocks
from tests.journal.entries import BED, T0_US, condition
from tests.mqtt.broker import PATIENCE_S, Mosquitto, Proxy, subscribed, until
from tests.mqtt.publishing import NOW_US

ALARM = f"vitalsd/{BED}/monitor/conditions/hr"
START, CONTINUE, END = AlarmPhase.START, AlarmPhase.CONTINUE, AlarmPhase.END


@asynccontextmanager
async def publishing(journal: Journal, port: int, reporter: Reporter) -> AsyncIterator[Mqtt]:
    sink = Mqtt(
        Broker(host="127.0.0.1", port=port),
        [BED],
        journal,
        lambda: NOW_US,
        lambda change: reporter.tell(change).as_json(),
    )
    try:
        yield sink
    finally:
        await sink.close()


def see(sink: Mqtt, reporter: Reporter, at_s: float = 0.0) -> None:
    def again() -> tuple[Condition, Mapping[str, object]] | None:
        found = reporter.see("monitor", "hr", T0_US + round(at_s * 1e6), Seen(by="x", at_us=NOW_US))
        return None if found is None else (found[0], found[1].as_json())

    sink.publish_again(again)


def phases(heard: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    return [(body["phase"], body["pcd04"]["phase"], body["pcd04"]["inactivation"]) for body in heard]


async def test_each_change_is_published_as_a_report_too(broker: Mosquitto, journal: Journal) -> None:
    changes = [condition(1, START, Priority.LOW), condition(2, CONTINUE, Priority.HIGH), condition(3, END)]
    journal.append(changes)
    async with subscribed(broker.port) as subscriber, publishing(journal, broker.port, Reporter(BED)) as sink:
        await sink.drain()
        await until(lambda: len(subscriber.of(ALARM)) == 3, "all")
    heard = subscriber.of(ALARM)
    assert [body["pcd04"]["phase"] for body in heard] == ["start", "escalate", "end"]
    assert {body["pcd04"]["parent"] for body in heard} == {None, heard[0]["pcd04"]["id"]}
    assert heard[1]["pcd04"]["priority"] == "PH"
    assert heard[1]["priority"] == "high", "what was there is there still"


async def test_an_alarm_that_is_seen_is_published_anew_once(broker: Mosquitto, journal: Journal) -> None:
    journal.append([condition(0, START)])
    reporter = Reporter(BED)
    async with subscribed(broker.port) as subscriber, publishing(journal, broker.port, reporter) as sink:
        await until(lambda: subscriber.of(ALARM), "the alarm")
        for _ in range(2):
            see(sink, reporter)
        await until(lambda: len(subscriber.of(ALARM)) == 2, "the mark")
        journal.append([condition(5, CONTINUE), condition(9, END)])
        sink.wake()
        await until(lambda: len(subscriber.of(ALARM)) == 4, "the end")
        see(sink, reporter)
        await sink.drain()
    assert phases(subscriber.of(ALARM)) == [
        ("start", "start", "enabled"),
        ("start", "update", "alert-acknowledged"),
        ("continue", "continue", "alert-acknowledged"),
        ("end", "end", "alert-acknowledged"),
    ]


async def test_a_mark_waits_for_what_it_marks_and_for_the_broker(broker: Mosquitto, journal: Journal) -> None:
    reporter = Reporter(BED)
    async with Proxy(broker.port) as proxy, subscribed(broker.port) as subscriber:
        proxy.refuse = True
        async with publishing(journal, proxy.port, reporter) as sink:
            journal.append([condition(0, START)])
            see(sink, reporter)
            proxy.refuse = False
            await until(lambda: len(subscriber.of(ALARM)) == 2, "both")
    assert phases(subscriber.of(ALARM)) == [("start", "start", "enabled"), ("start", "update", "alert-acknowledged")]


async def test_after_a_lost_connection_a_report_is_what_it_was(broker: Mosquitto, journal: Journal) -> None:
    journal.append([condition(0, START), condition(3, CONTINUE, Priority.LOW)])
    reporter = Reporter(BED)
    async with Proxy(broker.port) as proxy, publishing(journal, proxy.port, reporter) as sink:
        await sink.drain()
        see(sink, reporter)
        proxy.cut()
        async with subscribed(broker.port) as late:
            await until(lambda: ("continue", "update", "alert-acknowledged") in phases(late.of(ALARM)), "told again")


async def test_the_next_life_goes_on_with_the_first_messages_identity(broker: Mosquitto, journal: Journal) -> None:
    begins, goes_on = condition(0, START), condition(9, CONTINUE)
    journal.append([begins])
    async with publishing(journal, broker.port, Reporter(BED, [begins])) as sink:
        await sink.drain()
    journal.append([goes_on])
    anew = Reporter(BED, [begins, goes_on])
    async with subscribed(broker.port) as subscriber, publishing(journal, broker.port, anew) as sink:
        await sink.drain()
        await until(lambda: [body for body in subscriber.of(ALARM) if body["phase"] == "continue"], "it goes on")
    last = subscriber.of(ALARM)[-1]["pcd04"]
    assert (last["phase"], last["parent"]) == ("continue", Reporter(BED).tell(begins).id)


async def test_a_beds_alarm_is_in_its_metrics_on_its_page_and_at_the_broker_and_is_seen_there(
    tmp_path: Path, broker: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    clocks = Clocks()
    monkeypatch.setattr("collector.daemon.MachineClock", clocks.machine)
    ports = [free_port(SOCK_STREAM) for _ in range(2)]
    page, metrics = (f"http://127.0.0.1:{port}" for port in ports)
    file = tmp_path / "bed.toml"
    file.write_text(
        f'[bed]\nid = "OR-9"\n[[device]]\nname = "m"\ndriver = "ge-datex-dri"\nport = "serial://{tmp_path}/none"\n'
        f'[journal]\npath = "{tmp_path}/journal.db"\n[page]\nlisten = "127.0.0.1:{ports[0]}"\n'
        f'[metrics]\nlisten = "127.0.0.1:{ports[1]}"\n[mqtt]\nurl = "mqtt://127.0.0.1:{broker.port}"\n',
        encoding="utf-8",
    )
    stop, ready = asyncio.Event(), asyncio.Event()
    running = asyncio.create_task(run_bed(load(file), stop, ready=ready.set))
    await ready.wait()
    link = "vitalsd/OR-9/vitalsd/conditions/link:m"
    async with subscribed(broker.port) as subscriber, httpx.AsyncClient(timeout=PATIENCE_S) as client:
        state = "vitalsd/OR-9/m/state"
        await until(lambda: "waiting" in {body["state"] for body in subscriber.of(state)}, "its port was tried")
        clocks.wait(30)
        await until(lambda: subscriber.of(link), "the alarm at the broker")
        raised = 'vitalsd_alarms{bed="OR-9",device="vitalsd",presence="present",priority="high"} 1.0'
        async with asyncio.timeout(PATIENCE_S):
            while raised not in (text := (await client.get(f"{metrics}/metrics")).text):
                pass
        assert 'device="vitalsd",presence="present",priority="low"} 0.0' in text
        assert 'vitalsd_alarms{bed="OR-9",device="m"' not in text, "nobody knows how many it has"
        assert 'vitalsd_alarm_page_seconds_count{bed="OR-9"} 0.0' in text
        (alarm,) = (await client.get(f"{page}/api/now")).json()["alarms"]
        onset_us = clocks.wall_us - 30_000_000
        told_us = from_datetime(datetime.fromisoformat(alarm["told"]))
        told = {"device": "vitalsd", "source": "link:m", "onset": onset_us, "told": told_us}
        answer = await client.post(f"{page}/see", json=told, headers={"origin": page})
        assert (alarm["seen"], answer.status_code) == (None, 204)
        await until(lambda: subscriber.of(link)[1:], "the mark at the broker")
    assert [body["pcd04"]["inactivation"] for body in subscriber.of(link)] == ["enabled", "alert-acknowledged"]
    stop.set()
    await running
