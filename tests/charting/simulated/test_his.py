"""The simulated HIS: what it tells, read by another program; and how it behaves on a wire."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal

import hl7
import pytest

from charting.simulated import his as his_module
from charting.simulated.his import Answer, SimulatedHis, charged, kinds
from charting.simulated.patients import Writer
from charting.simulated.story import Told, morning
from tests.contracts.inbox_adapters import us
from tests.shared import capture

BEGIN_US = us("2026-03-05 08:30:00")
ROOM, OTHER = "OR^OR3^1", "OR^OR5^1"


def story(leave_s: float | None = 3600) -> Sequence[Told]:
    return list(morning(Writer("T"), BEGIN_US, room=ROOM, other=OTHER, check_in_s=60, leave_s=leave_s))


def field(message: hl7.Message, name: str, n: int) -> str:
    return str(message.segment(name)[n])


def test_the_story_is_what_another_program_reads_in_it() -> None:
    read = [hl7.parse(told.message.decode("gb18030")) for told in story()]
    assert [field(m, "MSH", 9) for m in read] == [
        "ADT^A01", "ADT^A01", "SIU^S12", "SIU^S12", "ADT^A04", "SIU^S12", "SIU^S13", "ADT^A40", "SIU^S15", "ADT^A02",
        "ADT^A12", "ADT^A02", "ADT^A02", "ADT^A03",
    ]  # fmt: skip
    assert [field(m, "MSH", 10) for m in read] == [f"T-{n}" for n in range(1, 15)]
    assert (read[0]["PID.F5.R1.C1"], read[0]["PID.F5.R1.C2"]) == ("陈", "珅")
    assert b"\xab\x7c" in story()[0].message
    assert [
        (field(m, "EVN", 6), field(m, "PV1", 3), field(m, "PV1", 6), str(m["PV1.F19.R1.C1"])) for m in read[9:13]
    ] == [
        ("20260305083058.000+0800", "OR^OR9^1", "SURG3^0312^2", "260001"),
        ("20260305083059.000+0800", "SURG3^0312^2", "OR^OR9^1", "260001"),
        ("20260305083100.000+0800", OTHER, "SURG3^0312^2", "260001"),
        ("20260305093000.000+0800", "PACU^PACU^1", OTHER, "260001"),
    ]
    assert (str(read[7]["PID.F3.R1.C1"]), str(read[7]["MRG.F1.R1.C1"])) == ("80010003", "99000017")
    moved, booked = (field(read[n], "AIS", 4) for n in (6, 5))
    assert (booked, moved) == ("20260305094500.000+0800", "20260305093000.000+0800")
    assert field(read[2], "AIL", 3) == OTHER


def test_without_a_time_to_leave_the_patient_stays() -> None:
    assert [told.message for told in story(None)] == [told.message for told in story()[:-2]]


class Listener:
    """Ours, as another program would write it: whole frames, and an answer for each or none."""

    def __init__(self, *codes: str) -> None:
        self.codes = list(codes)
        self.got: list[bytes] = []

    @asynccontextmanager
    async def open(self) -> AsyncIterator[int]:
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                self.got.append((await reader.readuntil(b"\x1c\r"))[1:-2])
                code = self.codes.pop(0) if self.codes else "CA"
                if not code:
                    return
                control = str(hl7.parse(self.got[-1].decode("gb18030"))["MSH.F10"])
                writer.write(f"\x0bMSH|^~\\&|US|||||ACK|1|P|2.5\rMSA|{code}|{control}\r\x1c\r".encode())
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()


async def test_it_tells_in_order_and_again_what_was_not_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(his_module, "ANSWER_S", 60.0)
    listener = Listener("CA", "", "AE")
    his = SimulatedHis()
    said = [Told(after_s=0, message=told.message) for told in story()[:4]]
    async with listener.open() as port, asyncio.timeout(60):
        await his.tell(said, "127.0.0.1", port, asyncio.Event())
    assert listener.got == [said[n].message for n in (0, 1, 1, 2, 3)]
    assert his.answers == [
        Answer(control="T-1", code="CA"), Answer(control="T-2", code="AE"), Answer(control="T-3", code="CA"),
        Answer(control="T-4", code="CA"),
    ]  # fmt: skip


async def test_it_ends_at_once_when_it_is_told_to() -> None:
    stop = asyncio.Event()
    async with Listener().open() as port, asyncio.timeout(60):
        his = SimulatedHis()
        telling = asyncio.create_task(
            his.tell([*story()[:1], Told(after_s=3600, message=b"")], "127.0.0.1", port, stop)
        )
        while not his.answers:
            await asyncio.sleep(0)
        stop.set()
        await telling


async def test_what_it_takes_it_answers_and_adds_up() -> None:
    his, stop = SimulatedHis(), asyncio.Event()
    life = asyncio.create_task(his.listen(stop))
    bills = [capture("hl7", "synthetic", f"dft_P03_{name}.hl7").read_bytes() for name in ("charge", "credit")]
    async with asyncio.timeout(60):
        while not his.port:
            await asyncio.sleep(0)
        reader, writer = await asyncio.open_connection("127.0.0.1", his.port)
        answers = []
        for message in (*bills, bills[0]):
            writer.write(b"\x0b" + message + b"\x1c\r")
            answers.append(hl7.parse((await reader.readuntil(b"\x1c\r"))[1:-2].decode()))
        writer.close()
        stop.set()
        await life
    sent = [hl7.parse(message.decode()) for message in (*bills, bills[0])]
    assert [(str(a["MSA.F1"]), str(a["MSA.F2"])) for a in answers] == [("CA", field(m, "MSH", 10)) for m in sent]
    assert kinds(his.taken) == {"DFT^P03": 3}
    assert charged(his.taken)["P0000123", "X0501"] == Decimal(1)
