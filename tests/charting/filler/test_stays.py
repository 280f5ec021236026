"""What people tell later of where the patient was, and what is filled at the edges of his stays."""

import pytest

from charting.accounts.actor import Actor
from charting.fill.types import CellState
from charting.filler.filler import SETTLE_US
from charting.trail.contents import Infusion, Patient
from charting.trail.entries import Signed
from collector.model import Channel, Identity, PatientIdentity, Series
from tests.charting.filler.department import BED, DOCTOR, Ward, _reading
from tests.charting.filler.made import DOCUMENT, at
from tests.page.data import Store

ICU_NURSE = Actor(account="wang", name="王护士", roles=frozenset({"icu_nurse"}))


@pytest.fixture
def ward() -> Ward:
    made = Ward()
    made.open()
    made.record()
    return made


def live(ward: Ward, first: int, last: int) -> None:
    for minute in range(first, last):
        ward.look(minute + 0.2)


def standing(ward: Ward, signal: str = "hr") -> dict[float, float]:
    return {minute: value for minute, value in ward.values(signal).items() if value is not None}


def restarted(ward: Ward) -> list[str]:
    """What a new service appends at the same time."""
    ward.filler = ward.new_filler()
    return [entry.body.kind for entry in ward.look(ward.now)]


@pytest.mark.parametrize("told", ["closed", "moved", "another came"])
def test_what_was_charted_after_he_had_left_is_taken_out_when_people_tell_so(ward: Ward, told: str) -> None:
    ward.beat(0, 30)
    live(ward, 0, 40)
    assert max(standing(ward)) > 20
    assert max(g.end_us for g in ward.document().gaps) > at(30)
    if told == "closed":
        ward.desk.close(DOCTOR, "case", at_us=at(20))
    elif told == "moved":
        ward.desk.move(DOCTOR, "case", bed="PACU-1", area="pacu", at_us=at(20))
    else:
        patient = Patient(number="300400", name="李四")
        ward.desk.open(DOCTOR, bed=BED, area="or", patient=patient, at_us=at(20), emergency=True, case="next")
    ward.look(40.5)
    assert max(standing(ward)) == 17
    assert [g for g in ward.document().gaps if g.end_us > at(20)] == []
    gone = ward.cell("hr", 27)
    assert gone is not None
    assert (gone.state, gone.rule) == (CellState.EMPTY, "patient.elsewhere")
    assert ward.look(41.2) == []
    assert restarted(ward) == []


def test_what_was_taken_out_comes_back_when_he_was_there_after_all(ward: Ward) -> None:
    ward.beat(0, 30)
    live(ward, 0, 40)
    before = standing(ward)
    ward.desk.close(DOCTOR, "case", at_us=at(20))
    ward.look(40.5)
    ward.desk.reopen(DOCTOR, "case", reason="typing_error")
    ward.look(41.2)
    assert standing(ward) == before


def test_not_a_second_of_the_patient_before_is_in_a_cell() -> None:
    ward = Ward()
    ward.beat(-60, 0.5, 150.0)
    ward.beat(0.75, 30, 60.0)
    ward.open(-60, case="before", number="5")
    ward.now = 0.75
    ward.desk.close(DOCTOR, "before", at_us=at(0.5))
    ward.open(0.75)
    ward.record()
    ward.look(10.2)
    cell = ward.cell("hr", 2)
    assert cell is not None
    assert {minute.median for minute in cell.minutes} == {60.0}


def test_the_last_minute_is_charted_though_it_comes_after_the_end(ward: Ward) -> None:
    """A case is closed at once; what was measured last takes its time to arrive."""
    ward.beat(0, 22)
    live(ward, 0, 22)
    ward.now = 23.0
    ward.desk.close(DOCTOR, "case", at_us=at(23))
    ward.look(23.01)
    ward.look(23.2)
    ward.beat(22, 23, 100.0)
    live(ward, 24, 50)
    cell = ward.cell("hr", 22)
    assert cell is not None
    assert [minute.median for minute in cell.minutes] == [70.0, 70.0, 70.0, 100.0]
    assert ward.gaps() == []
    certificate = ward.document().certificate
    assert certificate is not None
    assert [(s.expected, s.charted) for s in certificate.signals if s.signal == "hr"] == [(23, 23)]
    assert restarted(ward) == []


@pytest.mark.parametrize("closed", [True, False])
def test_a_mark_s_first_form_is_not_its_last_one(ward: Ward, closed: bool) -> None:
    """Its cell stands as soon as its time has come, of what there is; nothing more may come to show that it is done."""
    ward.beat(0, 19, 70.0)
    ward.beat(19, 21, 71.0)
    ward.beat(21, 22, 72.0)
    live(ward, 0, 23)
    ward.beat(22, 23, 100.0)
    first = ward.cell("hr", 22)
    assert first is not None
    assert [minute.median for minute in first.minutes] == [71.0, 71.0, 72.0]
    if closed:
        ward.now = 23.0
        ward.desk.close(DOCTOR, "case", at_us=at(23))
    live(ward, 23, 50)
    last = ward.cell("hr", 22)
    assert last is not None
    assert last.value == 71.5
    assert restarted(ward) == []


def test_what_is_signed_says_what_had_come_till_then(ward: Ward) -> None:
    ward.beat(0, 22, 70.0)
    ward.beat(22, 24, 100.0)
    live(ward, 0, 24)
    ward.now = 24.2
    ward.filler.settle("case")
    cell = ward.cell("hr", 22)
    assert cell is not None
    assert len(cell.minutes) == 5
    assert ward.look(24.3) == []


def test_a_mark_between_two_beds_is_of_one_of_them_for_good() -> None:
    """He moves at a whole hour, a mark of the flowsheet that both beds could fill."""
    ward = Ward()
    ward.beds.stores |= {"ICU-1": Store(), "ICU-2": Store()}
    patient = Patient(number="100200", name="王小明")
    ward.desk.open(ICU_NURSE, bed="ICU-1", area="icu", patient=patient, at_us=at(0), case="case")
    ward.desk.start(ICU_NURSE, "case", template="icu_flowsheet", document=DOCUMENT)
    ward.beat(0, 200, 70.0, bed="ICU-1")
    ward.beat(0, 200, 99.0, bed="ICU-2")
    live(ward, 40, 103)
    ward.desk.move(ICU_NURSE, "case", bed="ICU-2", area="icu", at_us=at(102))
    live(ward, 103, 130)
    assert standing(ward) == {42.0: 70.0, 102.0: 99.0}
    assert restarted(ward) == []
    ward.desk.move(ICU_NURSE, "case", bed="ICU-1", area="icu", at_us=at(130.4))
    live(ward, 131, 175)
    assert standing(ward) == {42.0: 70.0, 102.0: 99.0, 162.0: 70.0}
    assert restarted(ward) == []


def test_a_monitor_of_one_bed_is_not_held_for_what_its_namesake_in_another_said(ward: Ward) -> None:
    ward.beat(0, 60)
    ward.beat(0, 90, 99.0, bed="PACU-1")
    who = PatientIdentity(ids={"patient_id": "999"}, state="admitted")
    live(ward, 0, 20)
    ward.now = 30
    ward.desk.move(DOCTOR, "case", bed="PACU-1", area="pacu", at_us=at(30))
    ward.desk.start(DOCTOR, "case", template="pacu_record", document="pacu")
    ward.beds.stores[BED].told.append(Identity(bed=BED, device="monitor", time_us=at(14.5), identity=who))
    ward.look(60.2)
    assert standing(ward) == dict.fromkeys((2.0, 7.0, 12.0, 17.0), 70.0)
    last = ward.cell("hr", 17)
    assert last is not None
    assert [minute.minute_us for minute in last.minutes] == [at(14)]
    assert ward.values("hr", "pacu") == dict.fromkeys((32.0, 37.0, 42.0, 47.0, 52.0, 57.0), 99.0)
    assert set(ward.case.held) == {"monitor"}


def test_a_pump_of_another_patient_is_not_charted(ward: Ward) -> None:
    store = ward.beds.stores[BED]
    pump = Series(bed=BED, device="pump", channel=Channel(code="MDC_FLOW_FLUID_PUMP", source="1", unit="mL/h"))
    store.readings += [_reading(pump, at(m), 5.0 if m < 6 else 8.0) for m in range(2, 12)]
    who = PatientIdentity(ids={"patient_id": "999"}, state="admitted")
    store.told.append(Identity(bed=BED, device="pump", time_us=at(6), identity=who))
    ward.look(20.2)
    ((_, infusion),) = ward.document().of(Infusion)
    assert isinstance(infusion, Infusion)
    assert [rate.rate for rate in infusion.rates] == [5.0]


def test_a_certificate_says_no_more_than_what_was_signed(ward: Ward) -> None:
    """It was signed while the network was cut, and the case went on for half an hour."""
    ward.beat(0, 10)
    live(ward, 0, 21)
    slot = ward.desk.template(ward.document()).signatures[0].slot
    ward.now = 20.2
    ward.filler.settle("case")
    item = ward.document().items
    signed = Signed(document=DOCUMENT, version=1, slot=slot, digest="")
    ward.trail.append(DOCTOR.account, "case", [signed])
    ward.beat(10, 60)
    live(ward, 21, 50)
    ward.desk.close(DOCTOR, "case", at_us=at(50))
    live(ward, 50, 70)
    assert ward.document().items == item
    certificate = ward.document().certificate
    assert certificate is not None
    assert certificate.end_us == at(20.2) - SETTLE_US
    (hr,) = (s for s in certificate.signals if s.signal == "hr")
    assert (hr.expected, hr.received, hr.charted) == (20, 20, 10)


def test_two_monitors_and_a_renamed_one_give_each_minute_one_reading(ward: Ward) -> None:
    ward.beat(0, 30, 70.0)
    ward.beat(0, 20, 90.0, device="zweiter")
    ward.beat(30, 60, 71.0, device="renamed")
    live(ward, 0, 60)
    found = standing(ward)
    assert {m: v for m, v in found.items() if m <= 27} == dict.fromkeys((2.0, 7.0, 12.0, 17.0, 22.0, 27.0), 70.0)
    assert set(found.values()) == {70.0, 71.0}
    assert ward.gaps() == []
    assert restarted(ward) == []


def test_a_thousand_looks_say_nothing_twice(ward: Ward) -> None:
    ward.beat(0, 40)
    ward.cuff(3.2)
    live(ward, 0, 41)
    assert [entry for n in range(1000) for entry in ward.look(40.3 + n / 10_000)] == []
