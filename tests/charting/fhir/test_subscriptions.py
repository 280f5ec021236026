"""Subscribers on real sockets: each event once, in order, without a hole, also after an outage on either side."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import httpx
import pytest

from charting.fhir import telling
from charting.fhir.endpoint import origin
from charting.fhir.keeping import MemorySubscriptions
from charting.fhir.release import Release
from charting.fhir.topics import TOPICS
from charting.outbox.parcel import State
from charting.outbox.wire import Address
from charting.trail.contents import Charted, Patient
from charting.trail.entries import Filled, SubscriptionChanged
from collector.transport.net import free_port
from tests.charting.fhir.rich import NUMBER, program, rich
from tests.charting.fhir.test_resources import model
from tests.charting.web.hospital import STEP_US, Hospital, cell

ALL = "system/*.cruds"
BACKPORT = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport"


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is answered late is sent again, and would come twice."""
    monkeypatch.setattr(telling, "Address", partial(Address, answer_s=600.0))


@dataclass
class Subscriber:
    """Answers with a status; keeps what it took, as sent."""

    status: int = 200
    got: list[dict[str, Any]] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            except (asyncio.IncompleteReadError, OSError):
                break
            lines = (line.partition(": ") for line in head.strip().split("\r\n")[1:])
            headers = {name.lower(): value for name, _, value in lines}
            body = json.loads(await reader.readexactly(int(headers["content-length"])))
            assert headers["content-type"] == "application/fhir+json"
            (self.got if self.status == 200 else self.refused).append(body)
            writer.write(f"HTTP/1.1 {self.status} X\r\ncontent-length: 0\r\n\r\n".encode())
            await writer.drain()
            self.news.set()
        writer.close()

    async def has(self, count: int) -> None:
        while len(self.got) + len(self.refused) < count:
            self.news.clear()
            await self.news.wait()

    @property
    def statuses(self) -> list[dict[str, Any]]:
        return [bundle["entry"][0]["resource"] for bundle in self.got]

    @property
    def numbers(self) -> list[int]:
        return [int(e["eventNumber"]) for s in self.statuses for e in s.get("notificationEvent", [])]


def r5(port: int, topic: str, content: str = "id-only", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Subscription", "status": "requested", "topic": TOPICS[topic].url,
        "channelType": {"system": "http://terminology.hl7.org/CodeSystem/subscription-channel-type",
                        "code": "rest-hook"},
        "endpoint": f"http://127.0.0.1:{port}/told", "contentType": "application/fhir+json", "content": content, **more,
    }  # fmt: skip


def r4b(port: int, topic: str, content: str, filters: str = "") -> dict[str, Any]:
    said: dict[str, Any] = {
        "resourceType": "Subscription", "status": "requested", "reason": "the list", "criteria": TOPICS[topic].url,
        "channel": {
            "type": "rest-hook", "endpoint": f"http://127.0.0.1:{port}/told", "payload": "application/fhir+json",
            "_payload": {"extension": [{"url": f"{BACKPORT}-payload-content", "valueCode": content}]},
            "extension": [{"url": f"{BACKPORT}-heartbeat-period", "valueUnsignedInt": 60}],
        },
    }  # fmt: skip
    if filters:
        said["_criteria"] = {"extension": [{"url": f"{BACKPORT}-filter-criteria", "valueString": filters}]}
    return said


@asynccontextmanager
async def listening(subscriber: Subscriber, port: int) -> AsyncIterator[None]:
    """Connections are broken off at the end."""
    tasks: set[asyncio.Task[None]] = set()

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await subscriber(reader, writer)
        finally:
            writer.transport.abort()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.create_task(one(reader, writer)))

    server = await asyncio.start_server(begin, "127.0.0.1", port)
    try:
        yield
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def follow(hospital: Hospital) -> None:
    """What the service does each second."""
    while hospital.fhir.subscriptions.follower.look():
        pass
    hospital.fhir.subscriptions.look()


@asynccontextmanager
async def told(hospital: Hospital) -> AsyncIterator[None]:
    """The courier is on his way."""
    stop = asyncio.Event()
    running = asyncio.ensure_future(hospital.exchange.courier.run(stop))
    yield
    stop.set()
    await running


async def listens(hospital: Hospital, subscriber: Subscriber, count: int = 1) -> None:
    """Until its handshake was answered, and that is known here."""
    follow(hospital)
    await subscriber.has(count)
    while not any(each.state == "active" for each in hospital.fhir.subscriptions.all()):
        await asyncio.sleep(0.01)


def fill(hospital: Hospital, value: float) -> None:
    hospital.clock.go(300)
    mark_us = hospital.clock.at_us // STEP_US * STEP_US
    new = (cell("hr", mark_us, value, "/min"),)
    hospital.desk.fill("c1", Filled(document="d1", since_us=0, until_us=0, cells=new, gaps=(), excursions=()))


async def subscribed(client: httpx.AsyncClient, body: dict[str, Any], place: str = "/fhir/r5") -> str:
    made = await client.post(f"{place}/Subscription", json=body)
    assert made.status_code == 201, made.text
    read = await client.get(f"{place}/Subscription/{made.json()['id']}")
    assert read.json() == made.json()
    model(read.json(), Release.R5 if place.endswith("r5") else Release.R4B)
    assert made.headers["location"].endswith(f"{place}/Subscription/{made.json()['id']}")
    return str(made.json()["id"])


async def test_what_is_charted_arrives_whole_and_in_order() -> None:
    subscriber, port = Subscriber(), free_port(socket.SOCK_STREAM)
    hospital = Hospital(notify=(f"http://127.0.0.1:{port}",))
    hospital.recorded(minutes=15)
    async with listening(subscriber, port), program(hospital, ALL) as client, told(hospital):
        id_ = await subscribed(client, r5(port, "vitals-charted", "full-resource"))
        await listens(hospital, subscriber)
        for value in (71.0, 72.0, 73.0):
            fill(hospital, value)
        follow(hospital)
        follow(hospital)
        await subscriber.has(4)
        kinds = [status["type"] for status in subscriber.statuses]
        assert kinds == ["handshake", *["event-notification"] * 3]
        assert subscriber.numbers == [1, 2, 3]
        assert hospital.fhir.subscriptions.all()[0].sent == 3, "they need not be put into the outbox again"
        for bundle in subscriber.got:
            model(bundle, Release.R5)
            assert bundle["type"] == "subscription-notification"
        values = [
            entry["resource"]["valueQuantity"]["value"]
            for bundle in subscriber.got
            for entry in bundle["entry"]
            if entry["resource"]["resourceType"] == "Observation"
        ]
        assert values == [71, 72, 73]
        event = subscriber.statuses[3]["notificationEvent"][0]
        names = [event["focus"]["reference"], *(each["reference"] for each in event["additionalContext"])]
        assert [name.split("/fhir/r5/")[1].split("/")[0] for name in names] == ["Encounter", "Observation"]
        for name in names:
            assert (await client.get(name)).status_code == 200
        status = (await client.get(f"/fhir/r5/Subscription/{id_}/$status")).json()
        assert status["entry"][0]["resource"]["eventsSinceSubscriptionStart"] == "3"
        model(status, Release.R5)


async def test_who_was_away_misses_nothing() -> None:
    """Nobody listens for a while: what happens waits; he who has lost it meanwhile asks for it."""
    subscriber, port = Subscriber(), free_port(socket.SOCK_STREAM)
    hospital = Hospital(notify=(f"http://127.0.0.1:{port}",))
    hospital.recorded(minutes=15)
    async with program(hospital, ALL) as client, told(hospital):
        id_ = await subscribed(client, r5(port, "vitals-charted"))
        async with listening(subscriber, port):
            await listens(hospital, subscriber)
            fill(hospital, 70.0)
            follow(hospital)
            await subscriber.has(2)
        for value in range(71, 81):
            fill(hospital, float(value))
            follow(hospital)
        asked = await client.get(f"/fhir/r5/Subscription/{id_}/$events?eventsSinceNumber={max(subscriber.numbers) + 1}")
        missed = asked.json()["entry"][0]["resource"]
        assert missed["type"] == "query-event"
        assert [int(e["eventNumber"]) for e in missed["notificationEvent"]] == list(range(2, 12))
        model(asked.json(), Release.R5)
        some = await client.get(f"/fhir/r4b/Subscription/{id_}/$events?eventsSinceNumber=3&eventsUntilNumber=5")
        model(some.json(), Release.R4B)
        numbers = [int(e["eventNumber"]) for e in some.json()["entry"][0]["resource"]["notificationEvent"]]
        assert numbers == [3, 4, 5]
        hospital.clock.go(3600)
        async with listening(subscriber, port):
            await subscriber.has(12)
        assert subscriber.numbers == list(range(1, 12))
        named = [
            e["additionalContext"][0]["reference"] for s in subscriber.statuses[1:] for e in s["notificationEvent"]
        ]
        told_by_query = [e["additionalContext"][0]["reference"] for e in missed["notificationEvent"]]
        assert named[1:] == told_by_query
        assert len(set(named)) == 11


async def test_who_refuses_is_in_error_until_a_handshake_is_answered() -> None:
    subscriber, port = Subscriber(), free_port(socket.SOCK_STREAM)
    hospital = Hospital(notify=(f"http://127.0.0.1:{port}",))
    hospital.recorded(minutes=15)
    async with listening(subscriber, port), program(hospital, ALL) as client, told(hospital):
        id_ = await subscribed(client, r5(port, "vitals-charted"))
        await listens(hospital, subscriber)
        subscriber.status = 422
        fill(hospital, 70.0)
        follow(hospital)
        await subscriber.has(2)
        while hospital.exchange.outbox.states().get((f"fhir:{id_}", State.PARKED), 0) == 0:
            await asyncio.sleep(0.01)
        for value in (71.0, 72.0):
            fill(hospital, value)
            follow(hospital)
        told_of = (await client.get(f"/fhir/r5/Subscription/{id_}")).json()
        assert told_of["status"] == "error"
        status = (await client.get(f"/fhir/r5/Subscription/{id_}/$status")).json()["entry"][0]["resource"]
        assert "422" in status["error"][0]["text"]
        assert len(subscriber.refused) == 1, "the others wait behind it"
        subscriber.status = 200
        async with hospital.client("administrator") as browser:
            page = (await browser.get("/clients")).text
            assert "in error" in page
            again = await browser.post(f"/api/clients/subscriptions/{id_}/handshake")
            assert [each["state"] for each in again.json()] == ["requested"]
        follow(hospital)
        await subscriber.has(3)
        while hospital.fhir.subscriptions.all()[0].state != "active":
            await asyncio.sleep(0.01)
        follow(hospital)
        await subscriber.has(6)
        assert subscriber.numbers == [1, 2, 3]
        assert [status["type"] for status in subscriber.statuses] == [
            "handshake", "handshake", *["event-notification"] * 3,
        ]  # fmt: skip


async def test_r4b_is_told_by_its_backport_of_its_bed_alone() -> None:
    subscriber, port = Subscriber(), free_port(socket.SOCK_STREAM)
    hospital = Hospital(notify=(f"http://127.0.0.1:{port}",))
    hospital.opened("c1")
    async with listening(subscriber, port), program(hospital, ALL) as client, told(hospital):
        body = r4b(port, "encounter-moved", "full-resource", "Encounter?location=urn:vitalsd:bed|PACU-1")
        id_ = await subscribed(client, body, "/fhir/r4b")
        model((await client.get(f"/fhir/r5/Subscription/{id_}")).json(), Release.R5)
        await listens(hospital, subscriber)
        doctor = hospital.actor("anaesthetist")
        for bed, area in (("OR-04", "or"), ("PACU-1", "pacu"), ("", "ward"), ("ICU-01", "icu")):
            hospital.clock.go(60)
            hospital.desk.move(doctor, "c1", bed=bed, area=area, at_us=hospital.clock.at_us)
            follow(hospital)
        await subscriber.has(3)
        follow(hospital)
        assert subscriber.numbers == [1, 2], "he came, and he left"
        for bundle in subscriber.got:
            model(bundle, Release.R4B)
            assert bundle["type"] == "history"
        cases = [each["resource"] for bundle in subscriber.got for each in bundle["entry"][1:]]
        assert {each["resourceType"] for each in cases} == {"Encounter"}
        hospital.clock.go(61)
        follow(hospital)
        await subscriber.has(4)
        assert subscriber.statuses[-1]["type"] == "heartbeat"
        assert subscriber.statuses[-1]["eventsSinceSubscriptionStart"] == "2"


async def test_the_topics_are_told_each_by_its_own_acts() -> None:
    port = free_port(socket.SOCK_STREAM)
    hospital = Hospital(notify=(f"http://127.0.0.1:{port}",))
    doctor, clock = hospital.actor("anaesthetist"), hospital.clock
    async with program(hospital, ALL) as client:
        names = {topic: await subscribed(client, r5(port, topic, "empty")) for topic in TOPICS}
        hospital.recorded("c1", minutes=15, emergency=True, patient=Patient(number=NUMBER, name="张三"))
        mark = clock.at_us // STEP_US * STEP_US
        content = Charted(signal="rr", mark_us=mark, time_us=mark, value=14.0, unit="/min")
        hospital.desk.set(doctor, "c1", document="d1", item=f"rr@{mark}", after=0, content=content)
        hospital.desk.void(doctor, "c1", document="d1", item=f"rr@{mark}", after=1, reason="typing_error")
        hospital.desk.sign(doctor, "c1", document="d1", slot="anaesthetist")
        hospital.desk.move(doctor, "c1", bed="PACU-1", area="pacu", at_us=clock.at_us)
        clock.go(60)
        hospital.desk.close(doctor, "c1", at_us=clock.at_us)
        hospital.desk.reopen(doctor, "c1", reason="more")
        hospital.desk.ask_unlock(doctor, "c1", document="d1", reason="none of his")
        hospital.desk.answer_unlock(hospital.actor("head"), "c1", document="d1", granted=True, reason="agreed")
        hospital.desk.discard(doctor, "c1", reason="opened by mistake")
        for _ in range(2):
            follow(hospital)
        counts = {topic: hospital.kept.subscriptions.subscription(id_) for topic, id_ in names.items()}
        assert {topic: kept.events for topic, kept in counts.items() if kept} == {
            "encounter-start": 2, "encounter-end": 2, "encounter-moved": 1, "vitals-charted": 3, "document-signed": 1,
            "charge-posted": 0,
        }  # fmt: skip


async def test_lines_of_bills_are_told_once() -> None:
    hospital = rich(notify=("http://127.0.0.1:1",))
    store = hospital.kept.subscriptions
    assert isinstance(store, MemorySubscriptions)
    before = [replace(line, made_us=line.made_us - 1) for line in hospital.charges.of_case("c1")]
    async with program(hospital, ALL) as client:
        id_ = await subscribed(client, r5(1, "charge-posted"))
        store.charges += before
        hospital.fhir.subscriptions.follow_charges()
        events = f"/fhir/r5/Subscription/{id_}/$events"
        assert "notificationEvent" not in (await client.get(events)).json()["entry"][0]["resource"]
        store.charges[:] = [replace(line, made_us=hospital.clock.at_us) for line in before]
        for _ in range(2):
            hospital.fhir.subscriptions.follow_charges()
        told_of = (await client.get(events)).json()["entry"][0]["resource"]["notificationEvent"]
        assert [int(event["eventNumber"]) for event in told_of] == [1, 2, 3]
        items = [(await client.get(event["focus"]["reference"])).json() for event in told_of]
        assert [item["identifier"][0]["value"] for item in items] == ["T-1", "T-2", "T-1"], "a credit is of its line"


async def test_nothing_is_sent_where_the_site_did_not_say() -> None:
    hospital = Hospital(notify=("https://emr.example",))
    async with program(hospital, ALL) as client:
        for endpoint in (
            "http://emr.example/x", "https://emr.example.evil/x", "https://emr.example@evil/x", "https://me:x@emr.example/x",
            "https://127.0.0.1/",
            "https://emr.example:8443/", "file:///etc/passwd", "https://emr.example\\@evil", "https://emr.example/ x",
            "", "https://[::1", "https://evil/#@emr.example",
        ):  # fmt: skip
            body = {**r5(1, "encounter-end"), "endpoint": endpoint}
            answer = await client.post("/fhir/r5/Subscription", json=body)
            assert answer.status_code == 422, endpoint
        good = await client.post(
            "/fhir/r5/Subscription", json={**r5(1, "encounter-end"), "endpoint": "https://EMR.example/a?b=c"}
        )
        assert good.status_code == 201
        kept = hospital.fhir.subscriptions.all()[0]
        place = hospital.fhir.subscriptions.place(kept.to)
        assert place is not None
        assert place.url == "https://EMR.example/a?b=c"
    said = [e.body for e in hospital.trail.all() if isinstance(e.body, SubscriptionChanged)]
    assert [(each.host, each.state) for each in said] == [("https://emr.example", "requested")]
    assert origin("https://h:443/x") == "https://h"


async def test_what_cannot_be_is_refused_and_a_token_that_ends_ends_it() -> None:
    hospital = Hospital(notify=("http://127.0.0.1:1",))
    async with program(hospital, ALL) as client:
        wrong: Sequence[dict[str, Any]] = (
            {"topic": "urn:other"}, {"channelType": {"code": "email"}}, {"content": "all"}, {"heartbeatPeriod": 1},
            {"filterBy": [{"filterParameter": "colour", "value": "red"}]}, {"parameter": [{"name": "x", "value": "y"}]},
            {"filterBy": [{"filterParameter": "location", "value": "OR-03", "comparator": "ne"}]},
            {"filterBy": [{"filterParameter": "location", "value": "OR-03", "modifier": "not"}]},
            {"end": "2026-11-25T00:00:00Z"},
            {"status": "off"}, {"topic": 3}, {"filterBy": 3}, {"endpoint": None}, {"contentType": "text/plain"},
        )  # fmt: skip
        for more in wrong:
            answer = await client.post("/fhir/r5/Subscription", json=r5(1, "encounter-end") | more)
            assert answer.status_code == 422, more
        assert (await client.post("/fhir/r5/Subscription", json=[])).status_code == 400
        id_ = await subscribed(client, r5(1, "encounter-end"))
        async with program(hospital, ALL) as other:
            assert (await other.get(f"/fhir/Subscription/{id_}")).status_code == 404, "it is another's"
            assert (await other.get("/fhir/Subscription")).json()["total"] == 0
        follow(hospital)
        assert hospital.exchange.outbox.states() == {(f"fhir:{id_}", State.WAITING): 1}
        hospital.fhir.clients.end(hospital.actor("administrator"), hospital.fhir.subscriptions.all()[0].client)
        follow(hospital)
        assert hospital.fhir.subscriptions.all()[0].state == "off"
        assert hospital.exchange.outbox.states() == {(f"fhir:{id_}", State.WITHDRAWN): 1}


@pytest.mark.parametrize(
    "scopes", [("system/Subscription.cruds",), ("system/Subscription.cruds", "system/Encounter.s")]
)
async def test_who_may_not_read_it_is_not_told_of_it(scopes: tuple[str, ...]) -> None:
    hospital = Hospital(notify=("http://127.0.0.1:1",))
    async with program(hospital, *scopes) as client:
        assert (await client.post("/fhir/r5/Subscription", json=r5(1, "encounter-end"))).status_code == 403


async def test_a_token_of_one_patient_is_told_of_him_alone() -> None:
    hospital = Hospital(notify=("http://127.0.0.1:1",))
    async with program(hospital, "patient/*.cruds", patient=NUMBER) as client:
        id_ = await subscribed(client, r5(1, "encounter-start"))
        hospital.opened("c1", patient=Patient(number=NUMBER))
        hospital.opened("c2", bed="OR-04", patient=Patient(number="777"))
        follow(hospital)
        told_of = (await client.get(f"/fhir/r5/Subscription/{id_}/$events")).json()["entry"][0]["resource"]
        assert [e["focus"]["reference"].rpartition("/")[2] for e in told_of["notificationEvent"]] == ["c1"]
