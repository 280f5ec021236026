"""The whole way, over real sockets: the simulated HIS tells, cases open and operations are listed; what is recorded and
signed is billed, and acknowledged.
"""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from charting.accounts.actor import Actor
from charting.cds import question
from charting.config import load
from charting.service import Service, run_charting
from charting.simulated import hospital as simulated
from charting.simulated.hospital import SimulatedHospital
from charting.trail.contents import Bolus, Patient
from collector.transport.net import free_port

DOCTOR = Actor(account="ann", name="王医生", roles=frozenset({"anaesthetist"}))
HOUR_US = 3_600_000_000


def now_us() -> int:
    return time.time_ns() // 1000


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not await asyncio.to_thread(holds):
            await asyncio.sleep(0.05)


@asynccontextmanager
async def department(tmp_path: Path) -> AsyncIterator[tuple[Service, SimulatedHospital]]:
    """A service with two beds in its hospital, running."""
    hospital = SimulatedHospital("OR-A", "OR-B", now_us)
    file, stop, ready = tmp_path / "charting.toml", asyncio.Event(), asyncio.Queue[Service]()
    beds = ", ".join(f'{{ id = "OR-{bed}", journal = "{tmp_path}/{bed}.db" }}' for bed in "AB")
    file.write_text(
        f'[charting]\nlisten = "127.0.0.1:{free_port(socket.SOCK_STREAM)}"\nsite = "H"\n'
        f'database = "sqlite:///{tmp_path}/charting.db"\nbeds = [{beds}]\n{hospital.config}'
        "limit_s = 30\nchoosing_limit_s = 30\n",
        encoding="utf-8",
    )
    running = [hospital.run(stop), run_charting(load(file), stop, ready=ready.put)]
    lives = asyncio.gather(*running)
    try:
        async with asyncio.timeout(60):
            service = await ready.get()
        hospital.begin()
        yield service, hospital
    finally:
        stop.set()
        await lives


async def test_a_day_from_the_operation_list_to_the_bill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulated, "CHECK_IN_S", 0.5)
    monkeypatch.setattr("charting.simulated.story.PACE_S", 0.0)
    monkeypatch.setattr(question, "LIFE_US", dict.fromkeys(question.LIFE_US, HOUR_US))
    async with department(tmp_path) as (service, hospital):
        desk, messages = service.desk, service.exchange.messages
        await until(lambda: bool(service.trail.rows(state="open", bed="OR-B")))
        (row,) = service.trail.rows(state="open")
        patient = desk.case(row.case).patient
        assert (patient.name, patient.number, patient.visit) == ("陈珅", "80010001", "260001")
        assert (patient.sex, patient.birth_date, patient.allergies) == ("male", "1970-04-02", "青霉素")

        listed = {id_: messages.operation(id_) for id_ in ("OP-1001", "OP-1002", "OP-1003")}
        states = {id_: (o.state, o.bed, [p.role for p in o.staff]) for id_, o in listed.items() if o is not None}
        assert states == {
            "OP-1001": ("booked", "OR-B", ["surgeon", "anaesthetist"]),
            "OP-1002": ("cancelled", "OR-A", ["surgeon", "anaesthetist"]),
            "OP-1003": ("booked", "OR-A", ["surgeon", "anaesthetist"]),
        }

        await asyncio.to_thread(record, service)
        await until(lambda: "DFT^P03" in hospital.summary)
        await until(lambda: {state for _, state in service.exchange.outbox.states()} == {"answered"})
        assert hospital.charged == {("80010003", "X001"): Decimal(2), ("80010003", "X020"): Decimal(1)}
    assert {answer.code for answer in hospital.answers} == {"CA"}
    assert len(hospital.answers) == 12


def record(service: Service) -> None:
    """An emergency in the other room: 300 mg of propofol (200 mg an ampoule) and 50 mg of rocuronium (one), signed."""
    desk = service.desk
    patient = Patient(number="80010003", visit="260003", name="李演示")
    case = desk.open(DOCTOR, bed="OR-A", area="or", patient=patient, emergency=True, at_us=now_us() - HOUR_US).id
    (document,) = desk.start(DOCTOR, case, template="anaesthesia_record").documents
    for item, code, mg in (("p", "D001", 300.0), ("r", "D020", 50.0)):
        drug = desk.libraries.named("drugs", code)
        assert drug is not None
        given = Bolus(drug=drug, dose=mg, unit="mg", route="iv", at_us=now_us() - HOUR_US // 2)
        desk.set(DOCTOR, case, document=document, item=item, after=0, content=given)
    desk.sign(DOCTOR, case, document=document, slot="anaesthetist")
