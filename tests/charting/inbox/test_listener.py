"""The MLLP server, with python-hl7's own clients and with bytes as bad as they come."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import hl7
import pytest
from hl7.client import MLLPClient
from hl7.mllp import open_hl7_connection
from pydantic import ValidationError

from charting.inbox.listener import MOST_CONNECTIONS, Listener, Peer
from charting.inbox.listening import ListenerSection
from charting.metrics import Metrics
from charting.store.database import StoreError
from collector.errors import UsageError
from collector.exposition import samples
from collector.hl7.acks import acknowledgement, wanted
from collector.hl7.message import parse
from collector.hl7.mllp import LIMIT_BYTES
from tests.store.certificates import Authority

NAMES = ("珅^祎", "乛縗刓", "倊憕亊", "王芳")
assert all(mark in "".join(NAMES).replace("^", "").encode("gb18030") for mark in b"|^\\~")
ADT = "MSH|^~\\&|HIS|H|AIMS|OR|20260101080000||ADT^A01^ADT_A01|{id}|P|2.5|||||CHN|{charset}\rPID|1||77^^^H^MR||{name}\r"


def adt(id_: str = "1", name: str = "王芳", charset: str = "GB 18030-2000", codec: str = "gb18030") -> bytes:
    return ADT.format(id=id_, name=name, charset=charset).encode(codec)


class Hospital:
    """Keeps what the listener hands over, and answers as the service does."""

    def __init__(self) -> None:
        self.got: list[bytes] = []
        self.peers: list[Peer] = []
        self.fails: Exception | None = None
        self.held: asyncio.Event | None = None
        self.entered = asyncio.Event()

    async def __call__(self, message: bytes, peer: Peer) -> bytes | None:
        read = parse(message, peer.charset)
        self.entered.set()
        if self.held is not None:
            await self.held.wait()
        if self.fails is not None:
            raise self.fails
        self.got.append(message)
        self.peers.append(peer)
        code = wanted(read)
        return acknowledgement(read, code, control_id=f"A{read.control_id}") if code else None

    @property
    def names(self) -> Sequence[str]:
        return [parse(each).first("PID").field(5) for each in self.got]


def section(**said: object) -> ListenerSection:
    return ListenerSection(**{"name": "his", "listen": "127.0.0.1:0", **said})  # type: ignore[arg-type]


@asynccontextmanager
async def listening(hospital: Hospital, metrics: Metrics | None = None, **said: object) -> AsyncIterator[Listener]:
    stop, listener = asyncio.Event(), Listener(section(**said), hospital, metrics)
    task = asyncio.create_task(listener.run(stop))
    while listener.address[1] == 0 and not task.done():
        await asyncio.sleep(0)
    try:
        yield listener
    finally:
        stop.set()
        await task


def counted(metrics: Metrics) -> dict[str, float]:
    found = (each for each in samples(metrics.text().decode()) if each[0] == "vitalsd_inbox_frames_total")
    return {labels["result"]: value for _, labels, value in found}


@pytest.mark.parametrize("codec", ["gb18030", "utf-8"])
async def test_another_program_s_blocking_client_is_answered(codec: str) -> None:
    hospital = Hospital()
    charset = {"gb18030": "GB 18030-2000", "utf-8": "UNICODE UTF-8"}[codec]
    sent = [adt(str(n), name, charset, codec) for n, name in enumerate(NAMES)]

    def send(address: tuple[str, int]) -> list[bytes]:
        with MLLPClient(*address) as client:
            return [client.send_message(message) for message in sent]

    async with listening(hospital) as listener:
        answers = await asyncio.to_thread(send, listener.address)
    assert hospital.got == sent
    assert hospital.names == list(NAMES)
    for n, answer in enumerate(answers):
        assert (answer[:1], answer[-2:]) == (b"\x0b", b"\x1c\r")
        ack = hl7.parse(answer[1:-2].decode(codec))
        assert (str(ack.segment("MSA")[1]), str(ack.segment("MSA")[2]), str(ack.segment("MSH")[3])) == (
            "AA", str(n), "AIMS",
        )  # fmt: skip


async def test_another_program_s_asyncio_client_is_answered_in_order() -> None:
    hospital = Hospital()
    async with listening(hospital, charset="gb18030") as listener:
        reader, writer = await open_hl7_connection(*listener.address, encoding="gb18030")
        for n, name in enumerate(NAMES):  # all at once: answers come in the order of what was sent
            writer.writemessage(hl7.parse(ADT.format(id=n, name=name, charset="")))
        ids = [str((await reader.readmessage()).segment("MSA")[2]) for _ in NAMES]
        writer.close()
    assert ids == ["0", "1", "2", "3"]
    assert [parse(each, "gb18030").first("PID").field(5) for each in hospital.got] == list(NAMES)
    assert {(peer.listener, peer.ip, peer.charset) for peer in hospital.peers} == {("his", "127.0.0.1", "gb18030")}


async def test_a_frame_may_be_cut_at_every_byte() -> None:
    hospital = Hospital()
    message = adt(name=NAMES[0])
    block = b"\x0b" + message + b"\x1c\r"
    async with listening(hospital) as listener:
        reader, writer = await asyncio.open_connection(*listener.address)
        for cut in range(1, len(block)):
            for part in (block[:cut], block[cut:]):
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(0)
            await reader.readuntil(b"\x1c\r")
        writer.write(block + block)  # two in one read
        for _ in range(2):
            await reader.readuntil(b"\x1c\r")
        writer.close()
    assert hospital.got == [message] * (len(block) + 1)


async def test_junk_is_skipped_and_counted_and_what_has_no_end_is_no_message() -> None:
    hospital, metrics = Hospital(), Metrics()
    block = b"\x0b" + adt() + b"\x1c\r"
    async with listening(hospital, metrics) as listener:
        reader, writer = await asyncio.open_connection(*listener.address)
        writer.write(b"GET / HTTP/1.1" + block[:40] + block + b"\r\n" + block)
        for _ in range(2):
            await reader.readuntil(b"\x1c\r")
        writer.write(block[:-2])
        writer.write_eof()
        assert await reader.read() == b""
        writer.close()
    assert len(hospital.got) == 2
    assert counted(metrics) == {"kept": 2.0, "no_frame": 3.0}


async def test_a_message_may_be_as_long_as_the_limit_and_not_longer() -> None:
    hospital, metrics = Hospital(), Metrics()
    head = adt() + b"OBX|1|TX|||"
    message = head + b"x" * (LIMIT_BYTES - len(head) - 4) + b"\r"
    async with listening(hospital, metrics) as listener:
        reader, writer = await asyncio.open_connection(*listener.address)
        writer.write(b"\x0b" + message + b"\x1c\r")
        await reader.readuntil(b"\x1c\r")
        writer.write(b"\x0b" + head + b"x" * LIMIT_BYTES + b"\r\x1c\r" + b"\x0b" + adt("2") + b"\x1c\r")
        assert b"MSA|AA|2" in await reader.readuntil(b"\x1c\r")
        writer.close()
    assert [len(each) for each in hospital.got] == [len(message), len(adt("2"))]
    assert counted(metrics)["no_frame"] >= 1


@pytest.mark.parametrize(
    ("message", "fails", "result"),
    [
        (b"not HL7 at all", None, "unreadable"),
        (adt(), StoreError("the database is away"), "not_kept"),
        (adt(), KeyError("王芳"), "not_kept"),
    ],
)
async def test_what_is_not_kept_is_not_answered_and_the_connection_ends(
    message: bytes, fails: Exception | None, result: str, capsys: pytest.CaptureFixture[str]
) -> None:
    hospital, metrics = Hospital(), Metrics()
    hospital.fails = fails
    async with listening(hospital, metrics) as listener:
        reader, writer = await asyncio.open_connection(*listener.address)
        writer.write(b"\x0b" + message + b"\x1c\r" + b"\x0b" + adt("2") + b"\x1c\r")
        with suppress(ConnectionResetError):
            assert await reader.read() == b""
        writer.close()
        hospital.fails = None
        reader, writer = await asyncio.open_connection(*listener.address)
        writer.write(b"\x0b" + adt("3") + b"\x1c\r")
        assert b"MSA|AA|3" in await reader.readuntil(b"\x1c\r")
        writer.close()
    assert hospital.got == [adt("3")]
    assert counted(metrics)[result] == 1
    assert "王芳" not in "".join(capsys.readouterr())


async def test_the_answer_comes_only_when_the_message_is_kept_and_many_senders_do_not_wait_for_each_other() -> None:
    hospital = Hospital()
    async with listening(hospital) as listener:
        hospital.held = asyncio.Event()
        reader, writer = await asyncio.open_connection(*listener.address)
        writer.write(b"\x0b" + adt() + b"\x1c\r")
        await hospital.entered.wait()
        reading = asyncio.create_task(reader.readuntil(b"\x1c\r"))
        held, hospital.held = hospital.held, None
        others = [await asyncio.open_connection(*listener.address) for _ in range(10)]
        for n, (_, other) in enumerate(others):
            other.write(b"\x0b" + adt(f"o{n}") + b"\x1c\r")
        for n, (answers, _) in enumerate(others):
            assert f"MSA|AA|o{n}".encode() in await answers.readuntil(b"\x1c\r")
        assert not reading.done()
        held.set()
        assert b"MSA|AA|1" in await reading
        for _, each in (*others, (reader, writer)):
            each.close()


async def test_what_is_being_kept_when_the_service_ends_is_answered_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("charting.inbox.listener.STOP_S", 60.0)
    hospital, stop = Hospital(), asyncio.Event()
    hospital.held = asyncio.Event()
    listener = Listener(section(), hospital)
    task = asyncio.create_task(listener.run(stop))
    while listener.address[1] == 0:
        await asyncio.sleep(0)
    idle = await asyncio.open_connection(*listener.address)
    reader, writer = await asyncio.open_connection(*listener.address)
    writer.write(b"\x0b" + adt() + b"\x1c\r")
    await hospital.entered.wait()
    stop.set()
    assert await idle[0].read() == b""
    hospital.held.set()
    assert b"MSA|AA|1" in await reader.readuntil(b"\x1c\r")
    for each in (writer, idle[1]):
        each.close()
    writer.close()
    await task


async def test_connections_have_a_limit() -> None:
    hospital, metrics = Hospital(), Metrics()
    async with listening(hospital, metrics) as listener:
        kept = [await asyncio.open_connection(*listener.address) for _ in range(MOST_CONNECTIONS)]
        for _, writer in kept:
            writer.write(b"\x0b" + adt() + b"\x1c\r")
        for reader, _ in kept:
            await reader.readuntil(b"\x1c\r")
        reader, late = await asyncio.open_connection(*listener.address)
        assert await reader.read() == b""
        for _, writer in (*kept, (reader, late)):
            writer.close()
    assert counted(metrics)["turned_away"] == 1


async def test_only_the_named_senders_are_let_in() -> None:
    hospital, metrics = Hospital(), Metrics()
    async with listening(hospital, metrics, senders=("192.0.2.7",)) as listener:
        reader, writer = await asyncio.open_connection(*listener.address)
        assert await reader.read() == b""
        writer.close()
    assert counted(metrics) == {"turned_away": 1.0}


async def test_it_speaks_tls_and_asks_for_the_sender_s_certificate(tmp_path: Path) -> None:
    hospital = Hospital()
    ours, theirs, foreign = (Authority(tmp_path, name) for name in ("ours", "theirs", "foreign"))
    cert, key = ours.issue("localhost")
    client = ssl.create_default_context(cafile=ours.certificate)
    async with listening(hospital, cert=cert, key=key, client_ca=theirs.certificate) as listener:

        async def ask(context: ssl.SSLContext) -> bytes:
            reader, writer = await asyncio.open_connection(*listener.address, ssl=context, server_hostname="localhost")
            writer.write(b"\x0b" + adt() + b"\x1c\r")
            try:
                return await reader.read(1)
            finally:
                writer.transport.abort()

        for authority in (None, foreign):
            if authority is not None:
                client.load_cert_chain(*authority.issue("his"))
            with suppress(OSError):
                assert await ask(client) == b""
        client = ssl.create_default_context(cafile=ours.certificate)
        client.load_cert_chain(*theirs.issue("his"))
        assert await ask(client) == b"\x0b"
    assert hospital.got == [adt()]


async def test_an_address_that_is_taken_is_told() -> None:
    async with listening(Hospital()) as listener:
        host, port = listener.address
        with pytest.raises(UsageError, match="cannot listen on"):
            await Listener(section(listen=f"{host}:{port}"), Hospital()).run(asyncio.Event())


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"listen": "0.0.0.0:2575"}, "needs cert and key"),
        ({"listen": "10.1.2.3:2575", "plain": True}, "the addresses of its senders"),
        ({"listen": "10.1.2.3:2575", "senders": ("10.1.2.4",)}, "needs cert and key"),
        ({"senders": ("his",)}, "'his' is no IP address"),
        ({"cert": Path("/none")}, "belong together"),
        ({"client_ca": Path("/none")}, "is for TLS"),
        ({"cert": Path("/none"), "key": Path("/none")}, "No such file"),
        ({"charset": "EBCDIC"}, "expected one of"),
        ({"name": "a/b"}, "match pattern"),
    ],
)
def test_patients_do_not_come_in_readable_by_mistake(said: dict[str, object], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        section(**said)


def test_plain_is_for_named_senders() -> None:
    assert section(listen="0.0.0.0:2575", plain=True, senders=("10.1.2.3",)).context is None
