"""Parcels over MLLP: another program's server, and receivers that do what no receiver should."""

import asyncio
import ssl
from dataclasses import replace
from pathlib import Path
from typing import Any

import hl7
import pytest
from hl7.mllp import HL7StreamReader, HL7StreamWriter, start_hl7_server

from charting.outbox.mllp import MllpWire
from charting.outbox.parcel import Parcel
from charting.outbox.wire import Address, Answered, Away, Outcome, Refused, Unanswered
from collector.hl7.message import parse
from collector.transport.net import free_port
from tests.charting.outbox.receivers import DFT, END, START, Mllp, ack, dft, served
from tests.store.certificates import Authority

IGNORED: list[int] = []
PATIENT_S, HASTY_S = 60.0, 0.05


def parcel(id_: str, body: bytes = b"") -> Parcel:
    return Parcel(key=f"charge:{id_}", to="his", kind="DFT^P03", body=body or dft(id_), control=id_)


def wire(port: int, ignored: list[int] | None = None, *, scheme: str = "mllp", **said: Any) -> MllpWire:
    address = Address(url=f"{scheme}://localhost:{port}", charset="gb18030", **{"answer_s": PATIENT_S, **said})
    return MllpWire(address, lambda: (ignored if ignored is not None else IGNORED).append(1))


def waits(one: MllpWire, answer_s: float) -> None:
    """From now on, once it is connected: to connect may take as long as it takes."""
    one._address = replace(one._address, answer_s=answer_s)


async def sent(port: int, *, ignored: list[int] | None = None, **said: Any) -> Outcome:
    one = wire(port, ignored, **said)
    try:
        return await one.send(parcel("C1"))
    finally:
        await one.close()


@pytest.mark.parametrize("codec", ["gb18030", "utf-8"])
async def test_another_program_s_server_reads_it_and_its_answer_is_understood(codec: str) -> None:
    got: list[str] = []

    async def serve(reader: HL7StreamReader, writer: HL7StreamWriter) -> None:
        while not writer.is_closing():
            try:
                message = await reader.readmessage()
            except asyncio.IncompleteReadError:
                break
            got.append(str(message))
            writer.writemessage(message.create_ack())
        writer.close()

    server = await start_hl7_server(serve, "127.0.0.1", 0, encoding=codec)
    one = wire(server.sockets[0].getsockname()[1])
    texts = [DFT.format(id=n).replace("GB 18030-2000", "") for n in range(3)]
    for n, text in enumerate(texts):
        outcome = await one.send(parcel(str(n), text.encode(codec)))
        assert isinstance(outcome, Answered)
        assert str(hl7.parse(outcome.answer.decode(codec)).segment("MSA")) == f"MSA|AA|{n}"
    await one.close()
    server.close()
    assert got == texts
    assert any(b in texts[0].encode("gb18030").split(b"PID")[1][20:40] for b in b"|^")


async def test_a_connection_is_kept_and_made_anew_when_the_other_end_has_closed_it() -> None:
    receiver = Mllp()
    async with served(receiver) as port:
        one = wire(port)
        for id_ in ("1", "2"):
            assert isinstance(await one.send(parcel(id_)), Answered)
        assert receiver.connections == 1
        receiver.judge = lambda _: b""
        assert await one.send(parcel("3")) == Unanswered(reason="the connection was closed")
        receiver.judge = ack
        assert isinstance(await one.send(parcel("3")), Answered)
        await one.close()
    assert receiver.connections == 2
    assert receiver.got == [dft("1"), dft("2"), dft("3"), dft("3")]


@pytest.mark.parametrize(
    ("code", "outcome"), [("AA", Answered), ("CA", Answered), ("AE", Refused), ("AR", Refused), ("CE", Refused),
                          ("CR", Refused), ("XX", Unanswered), ("", Unanswered)],
)  # fmt: skip
async def test_what_each_code_means(code: str, outcome: type[Outcome]) -> None:
    receiver = Mllp()
    async with served(receiver) as port:
        one = wire(port)
        assert isinstance(await one.send(parcel("C0")), Answered)
        receiver.judge = lambda message: ack(message, code)
        waits(one, PATIENT_S if outcome is not Unanswered else HASTY_S)
        assert isinstance(await one.send(parcel("C1")), outcome)
        await one.close()


async def test_a_refusal_is_told_with_its_error_and_without_the_patient() -> None:
    text = "患者珅乛(0077001)/倊 visit ZY9 不存在: X0501 at 北京路 1 号"

    def judge(message: bytes) -> bytes:
        read = parse(message)
        return (
            START
            + (
                "MSH|^~\\&|HIS|H|AIMS|OR|20260101||ACK^P03^ACK|R1|P|2.5|||||CHN|GB 18030-2000\r"
                f"MSA|AE|{read.control_id}\r"
                f"ERR||PID^1^3|204^Unknown key identifier^HL70357|E||||{text}\r"
            ).encode("gb18030")
            + END
        )

    async with served(Mllp(judge)) as port:
        outcome = await sent(port)
    assert isinstance(outcome, Refused)
    assert outcome.reason == "AE 204 患者…(…)/… visit … 不存在: X0501 at …"
    assert text.encode("gb18030") in outcome.answer


@pytest.mark.parametrize(
    ("segments", "reason"),
    [
        ("MSA|AR|C1|no such charge\r", "AR no such charge"),
        ("MSA|CE|C1\rERR|FT1^1^7^103\r", "CE"),
        (f"MSA|AE|C1|{'x' * 5000}\r", f"AE {'x' * 200}"),
        ("MSA|ae|C1|a \\F\\ b\r", "AE a | b"),
    ],
)
async def test_older_and_longer_refusals(segments: str, reason: str) -> None:
    answer = START + f"MSH|^~\\&|||||||ACK|1|P|2.3\r{segments}".encode() + END
    async with served(Mllp(lambda _: answer)) as port:
        outcome = await sent(port)
    assert isinstance(outcome, Refused)
    assert outcome.reason == reason


async def test_an_answer_to_another_message_is_none_to_this_one() -> None:
    ignored: list[int] = []

    def judge(message: bytes) -> bytes:
        others = [ack(message, control=other) for other in ("C0", "c1", "C11", " C1 x", "C")]
        junk = START + b"not HL7" + END + b"noise" + START + b"MSH|^~\\&|x\rMSA|AA\r" + END
        return b"".join(others) + junk + ack(message, "AE")

    async with served(Mllp(judge)) as port:
        assert isinstance(await sent(port, ignored=ignored), Refused)
    assert len(ignored) == 8


async def test_a_late_answer_is_not_taken_for_one_to_what_is_sent_next() -> None:
    """Not even where it is the same message that was sent by hand again, and was refused the first time."""
    ignored: list[int] = []
    receiver = Mllp()
    async with served(receiver) as port:
        one = wire(port, ignored)
        receiver.judge = lambda message: ack(message, "AE") + ack(message, "AE")
        assert isinstance(await one.send(parcel("C1")), Refused)
        receiver.judge = ack
        while not ignored:
            await asyncio.sleep(0)
        assert isinstance(await one.send(parcel("C1")), Answered)
        receiver.judge = lambda message: ack(message, control="C1") + ack(message)
        assert isinstance(await one.send(parcel("C2")), Answered)
        await one.close()
    assert len(ignored) == 2


async def test_who_does_not_answer_in_time_gets_it_again_over_a_new_connection() -> None:
    receiver = Mllp()
    async with served(receiver) as port:
        one = wire(port)
        assert isinstance(await one.send(parcel("C0")), Answered)
        receiver.judge = lambda _: None
        waits(one, HASTY_S)
        assert await one.send(parcel("C1")) == Unanswered(reason="no answer within 0.05 s")
        receiver.judge = ack
        waits(one, PATIENT_S)
        assert isinstance(await one.send(parcel("C1")), Answered)
        await one.close()
    assert receiver.connections == 2
    assert receiver.got == [dft("C0"), dft("C1"), dft("C1")]


async def test_an_answer_may_come_in_pieces() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answer = ack((await reader.readuntil(END))[1:-2])
        for n in range(len(answer)):
            writer.write(answer[n : n + 1])
            await writer.drain()
            await asyncio.sleep(0)

    async with served(serve) as port:
        assert isinstance(await sent(port), Answered)


async def test_who_is_not_there_was_not_sent_anything() -> None:
    import socket  # noqa: PLC0415

    assert await sent(free_port(socket.SOCK_STREAM)) == Away(reason="Connection refused")


async def test_tls_is_always_verified(tmp_path: Path) -> None:
    ours, foreign = Authority(tmp_path, "ours"), Authority(tmp_path, "foreign")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*ours.issue("localhost"))
    other = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    other.load_cert_chain(*ours.issue("other"))
    receiver = Mllp()
    async with served(receiver, context) as port, served(receiver, other) as wrong, served(receiver) as plain:
        assert isinstance(await sent(port, scheme="mllps", ca=ours.certificate), Answered)
        for ca, to in ((foreign.certificate, port), (None, port), (ours.certificate, wrong), (tmp_path / "x", port)):
            assert isinstance(await sent(to, scheme="mllps", ca=ca), Away)
        outcome = await sent(plain, scheme="mllps", ca=ours.certificate, answer_s=0.1)
        assert outcome == Away(reason="no connection within 0.1 s")
    assert receiver.ids == ["C1"]
