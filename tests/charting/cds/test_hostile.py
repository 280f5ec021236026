"""Services that are slow, wrong or hostile, on real sockets: no card of theirs, nobody waits, nobody is called."""

import asyncio
import gzip
import json
import socket
from collections.abc import Awaitable, Callable
from functools import partial
from uuid import UUID

import pytest

from charting.cds import services as services_module
from charting.outbox.parcel import Parcel, State
from charting.simulated.cdss import Cdss
from charting.trail.entries import CardAnswered
from tests.charting.cds.cards import card, told
from tests.charting.cds.ward import LIMIT_S, PATIENCE_S, Ward, running, ward
from tests.charting.outbox.receivers import served
from tests.charting.web.hospital import Hospital

Stream = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
HASTY_S = 1.0
PAGES = ("/records/c1/d1", "/cases/c1", "/api/cases/c1/cards")
PREFETCH = {"p": "Patient/{{context.patientId}}"}
ENDPOINT = {"hook": "encounter-start", "id": "x", "version": "1", "prefetch": PREFETCH}
DISCOVERY = json.dumps({"services": [ENDPOINT]}).encode()
GOOD = json.dumps({"cards": [card()]}, ensure_ascii=False).encode()
MANY = 100 << 20


def answer(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"content-length: {len(body)}", "connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


class Service:
    """Tells what it has as it should, and answers questions badly. `sent`: bytes of answers that have left."""

    def __init__(self, badly: Callable[["Service", asyncio.StreamWriter], Awaitable[None]]) -> None:
        self.badly = badly
        self.asked = 0
        self.sent = 0
        self.paths: list[str] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        self.paths.append(head.split(" ")[1])
        if head.startswith("GET /cds-services "):
            writer.write(answer(DISCOVERY))
        else:
            self.asked += 1
            await self.badly(self, writer)
        await writer.drain()

    async def say(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        writer.write(data)
        await writer.drain()
        self.sent += len(data)


def saying(said: bytes) -> Callable[[Service, asyncio.StreamWriter], Awaitable[None]]:
    async def speak(service: Service, writer: asyncio.StreamWriter) -> None:
        await service.say(writer, said)

    return speak


async def hang(_: Service, writer: asyncio.StreamWriter) -> None:
    await writer.wait_closed()


async def trickle(service: Service, writer: asyncio.StreamWriter) -> None:
    """A good answer, a byte at a time: each comes before any limit of a single read."""
    for byte in answer(GOOD):
        await service.say(writer, bytes([byte]))
        await asyncio.sleep(HASTY_S / 4)


async def flood(service: Service, writer: asyncio.StreamWriter) -> None:
    await service.say(writer, f"HTTP/1.1 200 OK\r\ncontent-length: {MANY}\r\n\r\n".encode())
    for _ in range(MANY >> 16):
        await service.say(writer, b" " * (1 << 16))


async def leave(_: Service, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


BOMB = gzip.compress(b'{"cards":[' + b" " * (64 << 20) + b"]}")
DEEP = b'{"cards":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
WRONG = {
    "hang": (hang, f"failed: no answer within {HASTY_S:g} s"),
    "trickle": (trickle, f"failed: no answer within {HASTY_S:g} s"),
    "flood": (flood, "failed: size"),
    "leave": (leave, "failed: RemoteProtocolError"),
    "gzip": (saying(answer(BOMB, "200 OK", "content-encoding: gzip")), "failed: json"),
    "redirect": (saying(answer(b"", "302 Found", "location: http://127.0.0.1:1/steal")), "failed: HTTP 302"),
    "no prefetch": (saying(answer(b"", "412 Precondition Failed")), "failed: HTTP 412"),
    "broken": (saying(answer(b"", "500 Oops")), "failed: HTTP 500"),
    "deep": (saying(answer(DEEP)), "failed: json"),
}


@pytest.mark.parametrize("how", WRONG)
async def test_what_is_no_answer_is_counted_and_nothing_else_comes_of_it(
    how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    badly, outcome = WRONG[how]
    limit_s = HASTY_S if badly in (hang, trickle) else LIMIT_S
    monkeypatch.setattr(services_module, "AGAIN_S", 0.01)  # what it has may come too late for so short a limit
    service = Service(badly)
    async with served(service) as port:
        here = ward(f"http://127.0.0.1:{port}", limit_s=limit_s)
        here.hospital.recorded()
        before = here.hospital.trail.last()
        async with running(here):
            here.follow()
            await here.until(lambda: len(here.counted("questions")) == 2)
        assert here.counted("questions").keys() == {"asked", outcome}
    assert here.cards == []
    assert here.hospital.trail.last() == before
    assert not {State.PARKED, State.WAITING} & {*here.states()}
    assert here.hospital.desk.case("c1").cards == {}
    assert service.sent < 20 << 20  # what nobody reads is not taken: the rest stays in the sockets' buffers
    assert all(path.startswith("/cds-services") for path in service.paths)


async def test_whoever_fails_again_and_again_is_left_alone_for_a_while() -> None:
    service = Service(saying(answer(b"", "500 Oops")))
    async with served(service) as port:
        here = ward(f"http://127.0.0.1:{port}")
        async with running(here):
            for n in range(8):
                here.hospital.recorded(f"c{n}", f"d{n}", bed="OR-03", emergency=True)
                here.follow()
                counted = min(2 * n + 2, n + 6)  # each is asked and fails, or is paused
                await here.until(partial(_has_counted, here, counted))
            assert here.counted("questions") == {"asked": 5.0, "failed: HTTP 500": 5.0, "paused": 3.0}
            here.hospital.clock.go(61)
            here.hospital.recorded("later", "dl", bed="OR-03", emergency=True)
            here.follow()
            await here.until(lambda: here.counted("questions")["asked"] == 6)


def _has_counted(here: Ward, n: int) -> bool:
    return sum(here.counted("questions").values()) >= n


async def test_of_several_cards_the_wrong_ones_are_left_out() -> None:
    cards = [card(), card(indicator="fatal"), card(uuid="x"), card(summary="a" * 141), card(source={})]
    cards.append({**card(), "uuid": "8f0e3f1e-6a50-4e6b-8f8e-6b3b5d9b7e02", "summary": "x", "systemActions": [1]})
    body = json.dumps({"cards": cards, "systemActions": [{"type": "delete", "resourceId": "MedicationRequest/1"}]})
    async with served(Service(saying(answer(body.encode())))) as port:
        here = ward(f"http://127.0.0.1:{port}")
        here.hospital.recorded()
        items = here.hospital.desk.case("c1").items
        async with running(here):
            here.follow()
            await here.until(lambda: here.cards)
    assert here.cards == [("opioid-dose", "考虑核对剂量"), ("opioid-dose", "x")]
    assert here.hospital.desk.case("c1").items == items
    assert here.counted("cards") == {
        "told": 2.0, "repeated": 0.0, "refused: indicator": 1.0, "refused: uuid": 1.0, "refused: summary": 1.0,
        "refused: source": 1.0,
    }  # fmt: skip


async def test_no_page_asks_anybody(monkeypatch: pytest.MonkeyPatch) -> None:
    """While a service hangs in mid-answer, pages open no socket at all; and they say the same as without one."""
    shown = []
    for service in (None, Service(hang)):
        async with served(service or Service(hang)) as port:
            here = ward(f"http://127.0.0.1:{port}" if service else "", hospital=Hospital())
            here.hospital.recorded()
            async with running(here, knows=service is not None):
                if service is not None:
                    here.follow()
                    await here.until(partial(getattr, service, "asked"))
                async with here.hospital.client("anaesthetist") as client:
                    with monkeypatch.context() as guarded:
                        guarded.setattr(socket.socket, "connect", _never)
                        guarded.setattr(asyncio.BaseEventLoop, "create_connection", _never)
                        guarded.setattr(socket.socket, "connect_ex", _never)
                        pages = [(await client.get(path)).text for path in PAGES]
                shown.append([page.split("<main")[-1] for page in pages])
                for task in here.exchange.courier._tasks.values():
                    task.cancel()
    assert shown[0] == shown[1]


def _never(*_: object) -> None:
    raise AssertionError("a page has opened a socket")


@pytest.mark.parametrize("error", [OverflowError, RecursionError, UnicodeError])
async def test_whatever_a_service_tells_of_itself_the_others_go_on(error: type[Exception]) -> None:
    here, stop = ward("http://127.0.0.1:1"), asyncio.Event()

    async def fetch(_: object) -> bytes:
        stop.set()
        raise error

    await asyncio.wait_for(here.support._services.run(stop, fetch), PATIENCE_S)


def question(to: str = "cds:cdss") -> Parcel:
    said = {"hook": "encounter-start", "extension": {"reason": "r", "version": "", "asked": "2026-11-24T06:00:00Z"}}
    return Parcel(key=to, to=to, kind="cds-hook", body=json.dumps(said).encode(), path="/cds-services/x", case="c1")


def test_of_one_service_no_more_cards_wait_than_a_person_reads() -> None:
    here = ward("http://127.0.0.1:1")
    here.hospital.recorded()
    cards = [card(uuid=str(UUID(int=n)), summary=f"s{n}", indicator="critical") for n in range(60)]
    for n in (0, 20, 40):
        here.support._answers.take(question(), json.dumps({"cards": cards[n : n + 20]}).encode())
    assert [summary for _, summary in here.cards] == [f"s{n}" for n in range(40)]
    assert here.counted("cards") == {"told": 40.0, "repeated": 0.0, "refused: many": 20.0}


def test_the_answer_of_a_service_that_is_asked_no_more_is_let_go() -> None:
    here = ward("http://127.0.0.1:1")
    here.hospital.recorded()
    here.support._answers.take(question("cds:gone"), GOOD)
    assert here.cards == []


def test_an_answer_that_cannot_be_told_back_stops_nothing() -> None:
    here = ward("http://127.0.0.1:1")
    here.hospital.recorded()
    here.hospital.desk.tell_cards("c1", [told()])
    for number, reason in ((9, ""), (1, "gone")):
        body = CardAnswered(service="cdss", card=told(number).card, accepted=not reason, reason=reason)
        here.hospital.trail.append("anaesthetist", "c1", [body])
    here.hospital.trail.append("anaesthetist", "c1", [CardAnswered(service="cdss", card=told().card, accepted=True)])
    here.follow()
    assert len(here.sent("cds-feedback")) == 1


def test_of_what_others_send_to_a_destination_nothing_is_withdrawn() -> None:
    here = ward("", ("cds-icu",))
    post = here.exchange.outbox
    for kind in ("document", "cds-window"):
        post.put([Parcel(key=f"{kind}/cds-icu/1", to="cds-icu", kind=kind, body=b"x", case="c1")])
        post.park(f"{kind}/cds-icu/1", "HTTP 400")
    here.support.look()
    assert [here.states(kind) for kind in ("document", "cds-window")] == [[State.PARKED], [State.WITHDRAWN]]


async def test_a_service_that_is_back_is_heard() -> None:
    with Cdss() as cdss:
        here = ward(cdss.url)
        assert here.support._services.asked("encounter-start", "or") == []
        async with running(here):
            found = here.support._services.asked("encounter-start", "or")
    assert [endpoint.id for _, endpoint in found] == ["allergy-start"]
    assert here.support._services.asked("encounter-start", "ward") == []
