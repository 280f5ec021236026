"""A department with one of everything that the record may hold, and programs with tokens."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import httpx

from charting.case.state import cell_item
from charting.charges.ledger import Charge, Payer
from charting.fill.types import Cell, CellState, Minute
from charting.trail.contents import Attendance, Bolus, Charted, Coded, Event, Infusion, Patient, Rate
from charting.trail.entries import Filled
from tests.charting.web.hospital import MINUTE_US, STEP_US, Hospital

PARTS = 32
"""Length of a case's id as browsers make them."""
LONG = "e" * PARTS
NUMBER = "20260042"


def rich(**more: Any) -> Hospital:
    """Case c1: an anaesthetic that was signed, opened again, corrected and signed again; others beside it."""
    hospital = Hospital(**more)
    doctor, now = hospital.actor("anaesthetist"), hospital.clock.at_us
    hospital.recorded("c1", minutes=60, emergency=True, patient=Patient(
        number=NUMBER, visit="V7", name="张三", sex="male", birth_date="1970-02-03", weight_kg=70.0))  # fmt: skip
    marks = [now // STEP_US * STEP_US - n * STEP_US for n in range(12, 0, -1)]
    hospital.desk.fill("c1", Filled(document="d1", since_us=0, until_us=0, cells=_cells(marks), gaps=(), excursions=()))
    _events(hospital, now)
    _codes(hospital)
    _given(hospital, now)
    by_hand = Charted(signal="temp", mark_us=marks[1], time_us=marks[1], value=36.4, unit="Cel", site="oesophagus")
    _set(hospital, "d1", cell_item("temp", marks[1]), by_hand)
    held = hospital.desk.case("c1").documents["d1"].items[cell_item("abp_sys", marks[2])].captured
    assert held is not None
    assert held.value is not None
    seen = Charted(signal="abp_sys", mark_us=marks[2], time_us=held.time_us, value=held.value, unit=held.unit,
                   accepted="held")  # fmt: skip
    _set(hospital, "d1", cell_item("abp_sys", marks[2]), seen)
    hospital.desk.void(doctor, "c1", document="d1", item=cell_item("spo2", marks[3]), after=0, reason="judgement")
    hospital.clock.go(60)
    hospital.desk.sign(doctor, "c1", document="d1", slot="anaesthetist")
    hospital.clock.go(60)
    hospital.desk.ask_unlock(doctor, "c1", document="d1", reason="a dose")
    hospital.desk.answer_unlock(hospital.actor("head"), "c1", document="d1", granted=True, reason="agreed")
    hospital.clock.go(60)
    wrong = Charted(signal="hr", mark_us=marks[4], time_us=marks[4], value=61.0, unit="/min")
    _set(hospital, "d1", cell_item("hr", marks[4]), wrong, reason="typing_error")
    hospital.desk.start(doctor, "c1", template="consent", document="d2")
    hospital.clock.go(60)
    hospital.desk.sign(doctor, "c1", document="d1", slot="anaesthetist")
    _charge(hospital)
    _others(hospital)
    return hospital


def _cells(marks: Sequence[int]) -> tuple[Cell, ...]:
    def cell(signal: str, mark_us: int, value: float | None, unit: str, code: str, **more: Any) -> Cell:
        minutes = () if value is None else (Minute(minute_us=mark_us, median=value, n=50),)
        told = {"device": "monitor", "source": "ecg", "filter": "charting/1", "time_us": mark_us, **more}
        return Cell(signal=signal, mark_us=mark_us, value=value, unit=unit, code=code, minutes=minutes, **told)

    found = [
        cell("temp", marks[0], 36.449999999999996, "Cel", "MDC_TEMP_ESOPH", site="oesophagus"),
        cell("temp", marks[5], 36.0, "Cel", "MDC_TEMP_ESOPH", site="own site"),
        cell("etco2", marks[0], 35.5, "mm[Hg]", "MDC_CONC_AWAY_CO2_ET"),
        cell("etco2", marks[1], None, "mm[Hg]", "MDC_CONC_AWAY_CO2_ET", state=CellState.EMPTY, rule="etco2.flush"),
        cell("peep", marks[0], 5.0, "cm[H2O]", "MDC_PRESS_AWAY_END_EXP_POS", device="vent"),
        cell("mac", marks[0], 1.25, "1", "VND_GE_MAC_AGE", device="vent"),
        cell("nibp_mean", marks[0], 84.0, "mm[Hg]", "MDC_PRESS_CUFF_MEAN", time_us=marks[0] + 7_250_000),
        cell("bis", marks[0], 44.0, "1", "MDC_EEG_BISPECTRAL_INDEX", device="bis", demo=True),
    ]
    return tuple(found)


def _events(hospital: Hospital, now: int) -> None:
    for n, (key, minutes) in enumerate(
        [("t_room_in", 58), ("t_anes_start", 55), ("t_incision", 40), ("t_surg_end", 12), ("t_anes_end", 6)]
    ):
        event = Event(key=key, at_us=now - minutes * MINUTE_US)
        hospital.desk.set(hospital.actor("anaesthetist"), "c1", item=f"e{n}", after=0, content=event)
    staff = Attendance(role="surgeon", name="赵医生", in_us=now - 50 * MINUTE_US, out_us=now - 5 * MINUTE_US)
    hospital.desk.set(hospital.actor("anaesthetist"), "c1", item="s1", after=0, content=staff)


def _codes(hospital: Hospital) -> None:
    for n, (use, library, code) in enumerate(
        [("planned_procedure", "procedures", "47.0900"), ("procedure", "procedures", "47.0100"),
         ("technique", "techniques", "11"), ("technique", "techniques", "12")]
    ):  # fmt: skip
        term = hospital.libraries.named(library, code)
        assert term is not None
        content = Coded(use=use, term=term)
        hospital.desk.set(hospital.actor("anaesthetist"), "c1", item=f"k{n}", after=0, content=content)
    hospital.desk.void(hospital.actor("anaesthetist"), "c1", item="k3", after=1, reason="typing_error")


def _given(hospital: Hospital, now: int) -> None:
    propofol, sevo = hospital.libraries.named("drugs", "D001"), hospital.libraries.named("gases", "SEVO")
    assert propofol is not None
    assert sevo is not None
    begin = now - 50 * MINUTE_US
    _set(hospital, "d1", "b1", Bolus(drug=propofol, dose=120.5, unit="mg", route="iv", at_us=begin, note="slow"))
    _set(hospital, "d1", "b2", Bolus(drug=propofol, dose=30.0, unit="mg", route="iv", at_us=begin + MINUTE_US))
    hospital.desk.void(hospital.actor("anaesthetist"), "c1", document="d1", item="b2", after=1, reason="typing_error")
    rates = tuple(Rate(at_us=begin + n * 5 * MINUTE_US, rate=rate) for n, rate in enumerate((6.0, 4.5, 0.0, 3.0)))
    run = Infusion(what="drug", drug=propofol, unit="mg/kg/h", rates=rates, stop_us=now - 12 * MINUTE_US, route="iv",
                   concentration="10 mg/mL", total=182.25, total_unit="mg", device="pump1")  # fmt: skip
    _set(hospital, "d1", "i1", run)
    open_ended = Infusion(what="vapour", drug=sevo, unit="%", rates=(Rate(at_us=begin, rate=2.0),))
    _set(hospital, "d1", "i2", open_ended)


def _charge(hospital: Hospital) -> None:
    payer = Payer(number=NUMBER, visit="V7")
    lines = [
        Charge(
            id=id_, case="c1", document="d1", version=2, point=1, source="b1", kind="CD" if reverses else "CG",
            item="X0501", catalogue="2026.1", quantity=Decimal("2.50"), at_us=hospital.clock.at_us,
            end_us=hospital.clock.at_us, payer=payer, by="anaesthetist", made_us=hospital.clock.at_us, parcel="p",
            reverses=reverses,
        )
        for id_, reverses in (("T-1", ""), ("T-2", ""), ("T-3", "T-1"))
    ]  # fmt: skip
    hospital.charges.keep("c1", 0, lines, {})


def _others(hospital: Hospital) -> None:
    """Opened by mistake, for trying only, nameless, the same patient again and moved, of an id that FHIR has not."""
    doctor = hospital.actor("anaesthetist")
    hospital.opened("c2", bed="OR-04", patient=Patient(number="777", name="李四"))
    hospital.desk.discard(doctor, "c2", reason="opened by mistake")
    hospital.opened("c3", bed="OR-04", patient=Patient(number="778", name="试验"), is_test=True)
    hospital.desk.close(doctor, "c3", at_us=hospital.clock.at_us - 50 * MINUTE_US)
    hospital.opened("odd:case_4", bed="PACU-1", patient=Patient(temporary="急诊-20261124-01"), emergency=True)
    hospital.opened(LONG, bed="ICU-01", patient=Patient(number=NUMBER, name="张三"), minutes=30)
    hospital.clock.go(60)
    hospital.desk.move(doctor, "odd:case_4", bed="", area="ward", at_us=hospital.clock.at_us - 40_000_000)
    hospital.desk.move(doctor, LONG, bed="PACU-1", area="pacu", at_us=hospital.clock.at_us - 30_000_000)
    hospital.desk.move(doctor, LONG, bed="", area="ward", at_us=hospital.clock.at_us)


def _set(hospital: Hospital, document: str, item: str, content: Any, reason: str = "") -> None:
    hospital.desk.set(
        hospital.actor("anaesthetist"), "c1", document=document, item=item, after=0, content=content, reason=reason
    )


def token(hospital: Hospital, *scopes: str, patient: str = "", days: int = 30) -> str:
    _, made = hospital.fhir.clients.make(
        hospital.actor("administrator"), name="LIS", scopes=scopes, days=days, patient=patient
    )
    return made


@asynccontextmanager
async def program(hospital: Hospital, *scopes: str, patient: str = "") -> AsyncIterator[httpx.AsyncClient]:
    """A program with a token for these scopes; none: without a token."""
    async with hospital.client() as client:
        if scopes:
            client.headers["authorization"] = f"Bearer {token(hospital, *scopes, patient=patient)}"
        yield client
