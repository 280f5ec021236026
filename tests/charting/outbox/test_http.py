"""Parcels over HTTP, to a receiver that writes its answers byte by byte."""

import asyncio
import socket
import ssl
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from charting.outbox.config import Destination
from charting.outbox.configured import configured
from charting.outbox.http import LONGEST_WAIT_S, HttpWire
from charting.outbox.parcel import Parcel
from charting.outbox.wire import LARGEST_ANSWER, Address, Answered, Away, Outcome, Refused, Unanswered
from collector.errors import VitalsdError
from collector.transport.net import free_port
from tests.charting.outbox.receivers import dft, served
from tests.store.certificates import Authority

PARCEL = Parcel(
    key="advice:7:药", to="cds", kind="cds-hook", body='{"hook": "王芳"}'.encode(), content_type="application/json",
    path="/cds-services/vte?x=1",
)  # fmt: skip
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"


@dataclass
class Http:
    """Answers each request with these bytes, then goes on with the connection or ends it."""

    answer: bytes = OK
    ends: bool = True
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            except asyncio.IncompleteReadError:
                return
            line, *lines = head.strip().split("\r\n")
            headers = dict(each.lower().split(": ", 1) for each in lines)
            self.got.append((line, headers, await reader.readexactly(int(headers["content-length"]))))
            writer.write(self.answer)
            await writer.drain()
            if self.ends:
                writer.write_eof()
                await reader.read()
                return


async def sent(port: int, *, scheme: str = "http", parcel: Parcel = PARCEL, **said: Any) -> Outcome:
    wire = HttpWire(Address(url=f"{scheme}://localhost:{port}/r4", **{"answer_s": 60.0, **said}))
    try:
        return await wire.send(parcel)
    finally:
        await wire.close()


def answer(status: str, *headers: str, body: bytes = b"told") -> bytes:
    head = "".join(f"{each}\r\n" for each in (f"HTTP/1.1 {status}", *headers, f"content-length: {len(body)}"))
    return head.encode() + b"\r\n" + body


async def test_it_is_posted_once_and_known_by_its_key() -> None:
    receiver = Http()
    async with served(receiver) as port:
        outcome = await sent(port, authorize=lambda url: {"authorization": f"Bearer {url}"})
    assert outcome == Answered(answer=b"{}")
    ((line, headers, body),) = receiver.got
    assert line == "POST /r4/cds-services/vte?x=1 HTTP/1.1"
    assert body == PARCEL.body
    assert (headers["content-type"], headers["authorization"]) == (
        "application/json",
        f"bearer http://localhost:{port}/r4/cds-services/vte?x=1",
    )
    assert bytes.fromhex(headers["idempotency-key"]).decode() == PARCEL.key


async def test_a_connection_is_kept() -> None:
    receiver, connections = Http(ends=False), 0

    async def counted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await receiver(reader, writer)

    async with served(counted) as port:
        wire = HttpWire(Address(url=f"http://localhost:{port}", answer_s=60.0))
        for _ in range(3):
            assert isinstance(await wire.send(PARCEL), Answered)
        await wire.close()
    assert (connections, len(receiver.got)) == (1, 3)


@pytest.mark.parametrize(
    ("told", "outcome"),
    [
        (answer("201 Created", body=b"x"), Answered(answer=b"x")),
        (answer("204 No Content", body=b""), Answered(answer=b"")),
        (answer("301 Moved", "location: http://localhost/elsewhere"), Refused(reason="HTTP 301", answer=b"told")),
        (answer("400 Bad"), Refused(reason="HTTP 400", answer=b"told")),
        (answer("401 Unauthorized"), Refused(reason="HTTP 401", answer=b"told")),
        (answer("404 Not Found"), Refused(reason="HTTP 404", answer=b"told")),
        (answer("422 No"), Refused(reason="HTTP 422", answer=b"told")),
        (answer("408 Timeout"), Unanswered(reason="HTTP 408")),
        (answer("425 Too Early"), Unanswered(reason="HTTP 425")),
        (answer("429 Slow", "retry-after: 17"), Unanswered(reason="HTTP 429", after_s=17.0)),
        (answer("503 Away", "retry-after: 999999999999"), Unanswered(reason="HTTP 503", after_s=LONGEST_WAIT_S)),
        (answer("503 Away", "retry-after: -1"), Unanswered(reason="HTTP 503")),
        (answer("503 Away", "retry-after: soon"), Unanswered(reason="HTTP 503")),
        (answer("503 Away", "retry-after: Fri, 31 Dec 9999 23:59:59 -1200"), Unanswered(reason="HTTP 503")),
        (answer("503 Away", "retry-after: Wed, 21 Oct 2015 07:28:00 GMT"), Unanswered(reason="HTTP 503")),
        (answer("500 Error"), Unanswered(reason="HTTP 500")),
        (b"nonsense\r\n\r\n", Unanswered(reason="RemoteProtocolError")),
        (b"", Unanswered(reason="RemoteProtocolError")),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{", Unanswered(reason="RemoteProtocolError")),
    ],
)
async def test_what_each_answer_means(told: bytes, outcome: Outcome) -> None:
    receiver = Http(told)
    async with served(receiver) as port:
        assert await sent(port) == outcome
    assert len(receiver.got) == 1


async def test_a_date_to_come_back_at_is_honoured() -> None:
    at = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    async with served(Http(answer("503 Away", f"retry-after: {at}"))) as port:
        outcome = await sent(port)
    assert isinstance(outcome, Unanswered)
    assert 60 < outcome.after_s <= 90


async def test_of_an_endless_answer_the_beginning_is_kept() -> None:
    async with served(Http(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (3 * LARGEST_ANSWER))) as port:
        outcome = await sent(port)
    assert outcome == Answered(answer=b"x" * LARGEST_ANSWER)


async def test_the_time_for_an_answer_is_for_all_of_it() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.01)

    async with served(drip) as port:
        assert await sent(port, answer_s=0.1) == Unanswered(reason="no answer within 0.1 s")


async def test_who_is_not_there_or_cannot_prove_who_he_is_was_not_sent_anything(tmp_path: Path) -> None:
    assert await sent(free_port(socket.SOCK_STREAM)) == Away(reason="All connection attempts failed")
    ours, foreign = Authority(tmp_path, "ours"), Authority(tmp_path, "foreign")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*ours.issue("localhost"))
    receiver = Http()
    async with served(receiver, context) as port:
        assert isinstance(await sent(port, scheme="https", ca=ours.certificate), Answered)
        outcome = await sent(port, scheme="https", ca=foreign.certificate)
        assert isinstance(outcome, Away)
        assert "certificate verify failed" in outcome.reason
        assert isinstance(await sent(port, scheme="https", ca=tmp_path / "none"), Away)
    assert len(receiver.got) == 1


async def test_an_address_that_is_none_is_for_a_person_to_look_at() -> None:
    async with served(Http()) as port:
        outcome = await sent(port, parcel=replace(PARCEL, path="/\0"))
    assert outcome == Refused(reason="cannot be sent: InvalidURL", answer=b"")


async def test_without_its_secret_nothing_leaves() -> None:
    def authorize(_: str) -> dict[str, str]:
        raise VitalsdError("the key cannot be read")

    receiver = Http()
    async with served(receiver) as port:
        assert await sent(port, authorize=authorize) == Away(reason="the key cannot be read")
    assert receiver.got == []


def test_a_configured_destination_has_its_secret_from_systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places = configured([Destination(name="cds", url="https://cds.example/r4/", takes=("advice",), charset="gbk")])
    found = places("cds")
    assert places("other") is None
    assert found is not None
    assert (found.url, found.charset, found.authorize("")) == ("https://cds.example/r4", "gb18030", {})
    (tmp_path / "destination-cds").write_text("Bearer T1\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert found.authorize("") == {"authorization": "Bearer T1"}


@pytest.mark.parametrize(
    "url",
    ["mllp://his", "mllp://his:2575/x", "ftp://his:1", "https://", "https://li:secret@his", "https://his/?token=1",
     "mllp://his:99999", "https://his/a b", "his:2575"],
)  # fmt: skip
def test_what_is_no_destination_is_refused_and_not_quoted(url: str) -> None:
    with pytest.raises(ValueError, match=r"expected|does not belong") as told:
        Destination(name="his", url=url, takes=("charges",))
    assert "secret" not in str(told.value.errors()[0]["msg"])  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("status", "told", "outcome"),
    [
        ("200 OK", "MSA|AA|C1\r", Answered),
        ("500 Internal Server Error", "MSA|AA|C1\r", Answered),
        ("200 OK", "MSA|AE|C1|no such charge\r", Refused),
        ("500 Internal Server Error", "MSA|AE|C1|no such charge\r", Refused),
        ("200 OK", "MSA|AA|C2\r", Unanswered),
        ("200 OK", "", Unanswered),
    ],
)
async def test_an_hl7_answer_counts_whatever_the_status_is(status: str, told: str, outcome: type) -> None:
    body = f"\x0bMSH|^~\\&|HIS|H|AIMS|OR|20260101||ACK|A1|P|2.5\r{told}\x1c\r".encode()
    parcel = Parcel(key="C1", to="his", kind="DFT^P03", body=dft("C1"))
    async with served(Http(answer(status, body=body))) as port:
        got = await sent(port, parcel=parcel)
    assert isinstance(got, outcome)
    if isinstance(got, Refused):
        assert got.reason == "AE no such charge"


@pytest.mark.parametrize("body", [b"", b"OK"])
async def test_an_hl7_message_that_is_answered_without_hl7_goes_by_the_status(body: bytes) -> None:
    parcel = Parcel(key="C1", to="his", kind="DFT^P03", body=dft("C1"))
    for status, outcome in (("200 OK", Answered), ("400 Bad Request", Refused), ("503 Busy", Unanswered)):
        async with served(Http(answer(status, body=body))) as port:
            assert isinstance(await sent(port, parcel=parcel), outcome)
