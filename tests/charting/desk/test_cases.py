"""Opening, moving, merging, closing: one step each, told twice is done once, nothing impossible."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from charting.case.refusals import Impossible, NotAllowed, Unknown
from charting.desk import Desk
from charting.trail.contents import Patient
from charting.trail.entries import Denied, DeviceHeld
from charting.trail.trail import MemoryTrail
from tests.charting.clock import Clock
from tests.charting.desk.scenes import ANN, EVE, HAL, NED, PATIENT, RECORD, SUE, begun
from tests.journal.entries import T0_US

HOUR_US = 3_600_000_000


def refused(key: str) -> pytest.RaisesExc[Impossible]:
    return pytest.RaisesExc(Impossible, check=lambda error: error.key == key)


def test_opening_is_one_step(desk: Desk, memory: MemoryTrail) -> None:
    case = desk.open(NED, bed="OR-1", area="or", patient=PATIENT)
    assert (case.bed, case.area, case.state, case.opened_us, case.patient) == ("OR-1", "or", "open", T0_US, PATIENT)
    row = memory.row(case.id)
    assert row is not None
    assert (row.number, row.name, row.bed, row.last) == ("10023456", "王小明", "OR-1", 1)


def test_nameless_patients_are_counted_by_local_day(desk: Desk, clock: Clock, memory: MemoryTrail) -> None:
    day = desk.clock.day(T0_US)
    names = [
        desk.open(ANN, bed=f"OR-{n}", area="or", patient=Patient(), emergency=True).patient.temporary for n in range(3)
    ]
    assert names == [f"急诊-{day}-01", f"急诊-{day}-02", f"急诊-{day}-03"]
    clock.go(24 * 3600)
    other = desk.open(ANN, bed="OR-9", area="or", patient=Patient(), emergency=True)
    assert other.patient.temporary == f"急诊-{desk.clock.day(clock.at_us)}-01"
    merged = desk.merge(ANN, other.id, patient=PATIENT, reason="wristband")
    assert [p.number for p in merged.identities] == ["", "10023456"]
    assert merged.patient.temporary == other.patient.temporary
    row = memory.row(other.id)
    assert row is not None
    assert (row.number, row.temporary) == ("10023456", other.patient.temporary)
    after = desk.open(ANN, bed="OR-8", area="or", patient=Patient(), emergency=True)
    assert after.patient.temporary.endswith("-02")


def test_a_patient_with_two_open_cases_is_told_of_on_both(desk: Desk) -> None:
    first = desk.open(ANN, bed="OR-1", area="or", patient=PATIENT)
    other = desk.open(ANN, bed="OR-9", area="or", patient=Patient(), emergency=True)

    def told() -> list[bool]:
        return ["also_open" in {w.key for w in desk.warnings(desk.case(case.id))} for case in (first, other)]

    assert told() == [False, False]
    desk.merge(ANN, other.id, patient=PATIENT, reason="wristband")
    assert told() == [True, True]
    desk.close(ANN, other.id, at_us=other.opened_us)
    assert told() == [False, False]


def test_the_day_of_a_temporary_name_is_the_sites(desk: Desk, clock: Clock) -> None:
    clock.at_us = 1_767_196_800_000_000  # 2025-12-31 16:00 UTC, midnight in Shanghai
    case = desk.open(ANN, bed="OR-1", area="or", patient=Patient(), emergency=True)
    assert case.patient.temporary == "急诊-20260101-01"


def test_a_nameless_patient_is_an_emergency(desk: Desk) -> None:
    with refused("patient_unknown"):
        desk.open(ANN, bed="OR-1", area="or", patient=Patient())


@pytest.mark.parametrize("number", ["12 a", "１２", "-1", "1.5", " 12", "1" * 21, "12\n"])
def test_a_patient_number_is_digits_and_letters(desk: Desk, number: str) -> None:
    with refused("patient_number"):
        desk.open(ANN, bed="OR-1", area="or", patient=Patient(number=number))


@pytest.mark.parametrize(
    ("at_us", "until_us", "key"),
    [
        (T0_US + 301_000_000, None, "time_ahead"),
        (946_684_799_999_999, None, "time_too_early"),
        (T0_US - HOUR_US, T0_US - HOUR_US - 1, "end_before_start"),
        (T0_US - HOUR_US, T0_US + HOUR_US, "time_ahead"),
    ],
)
def test_impossible_times_are_refused(desk: Desk, at_us: int, until_us: int | None, key: str) -> None:
    with refused(key):
        desk.open(ANN, bed="OR-1", area="or", patient=PATIENT, at_us=at_us, until_us=until_us)


def test_a_form_sent_twice_opens_one_case(desk: Desk, memory: MemoryTrail) -> None:
    first = desk.open(ANN, bed="OR-1", area="or", patient=Patient(), emergency=True, case="c1")
    again = desk.open(ANN, bed="OR-1", area="or", patient=Patient(), emergency=True, case="c1")
    assert again == first
    assert len(list(memory.all())) == 1
    with refused("id_taken"):
        desk.open(ANN, bed="OR-2", area="or", patient=PATIENT, case="c1")
    with refused("id_malformed"):
        desk.open(ANN, bed="OR-2", area="or", patient=PATIENT, case="c 1")


def test_a_taken_bed_is_refused_and_says_how_to_go_on(desk: Desk, clock: Clock) -> None:
    first = desk.open(ANN, bed="OR-1", area="or", patient=PATIENT)
    clock.go(60)
    with pytest.raises(Impossible) as refusal:
        desk.open(ANN, bed="OR-1", area="or", patient=PATIENT)
    assert desk.clock.written(T0_US) in refusal.value.text("zh")
    assert "close or move it" in refusal.value.text("en")
    assert "王小明" not in refusal.value.text("zh") + str(refusal.value)
    second = desk.open(ANN, bed="OR-1", area="or", patient=Patient(), emergency=True)
    assert "bed_shared" in {w.key for w in desk.warnings(desk.case(second.id))}
    assert "bed_shared" in {w.key for w in desk.warnings(desk.case(first.id))}
    desk.discard(HAL, second.id, reason="twice")
    assert "bed_shared" not in {w.key for w in desk.warnings(desk.case(first.id))}


def test_a_late_entry_must_not_meet_another_case(desk: Desk) -> None:
    begin = T0_US - 10 * HOUR_US
    first = desk.open(ANN, bed="OR-1", area="or", patient=PATIENT, at_us=begin, until_us=begin + HOUR_US)
    assert (first.state, first.closed_us) == ("closed", begin + HOUR_US)
    desk.open(ANN, bed="OR-1", area="or", patient=PATIENT, at_us=begin + HOUR_US, until_us=begin + 2 * HOUR_US)
    with refused("bed_taken"):
        desk.open(ANN, bed="OR-1", area="or", patient=PATIENT, at_us=begin + HOUR_US - 1, until_us=begin + HOUR_US)
    with refused("bed_taken"):
        desk.open(ANN, bed="OR-1", area="or", patient=PATIENT, at_us=begin - HOUR_US)


def test_three_cases_a_day_for_a_month(desk: Desk, clock: Clock) -> None:
    for _ in range(90):
        case = desk.open(ANN, bed="OR-1", area="or", patient=PATIENT)
        clock.go(4 * 3600)
        desk.close(ANN, case.id, at_us=clock.at_us)
        clock.go(4 * 3600)
    assert len(desk.trail.rows(state="closed")) == 90


def test_a_case_of_thirty_hours(desk: Desk, clock: Clock) -> None:
    case = begun(desk)
    clock.go(30 * 3600)
    closed = desk.close(ANN, case.id, at_us=clock.at_us)
    assert closed.closed_us == T0_US + 30 * HOUR_US
    assert {w.key for w in desk.warnings(closed)} == {"unsigned"}


def test_a_patient_goes_from_theatre_to_ward(desk: Desk, clock: Clock) -> None:
    case = begun(desk)
    taken = desk.open(NED, bed="PACU-1", area="pacu", patient=Patient(number="2"))
    clock.go(3600)
    with refused("bed_taken"):
        desk.move(ANN, case.id, bed="PACU-1", area="pacu", at_us=clock.at_us)
    desk.close(NED, taken.id, at_us=clock.at_us)
    moved = desk.move(ANN, case.id, bed="PACU-1", area="pacu", at_us=clock.at_us)
    again = desk.move(ANN, case.id, bed="PACU-1", area="pacu", at_us=clock.at_us)
    assert again.stays == moved.stays
    with refused("before_last_move"):
        desk.move(ANN, case.id, bed="ICU-1", area="icu", at_us=clock.at_us - 1)
    with refused("area_unknown"):
        desk.move(ANN, case.id, bed="ICU-1", area="cellar", at_us=clock.at_us)
    with refused("bed_taken"):
        desk.open(ANN, bed="OR-1", area="or", patient=Patient(number="3"), at_us=clock.at_us - 1)
    desk.open(ANN, bed="OR-1", area="or", patient=Patient(number="3"), at_us=clock.at_us)
    clock.go(3600)
    at_ward = desk.move(ANN, case.id, bed="", area="ward", at_us=clock.at_us)
    assert [(s.bed, s.start_us, s.end_us) for s in at_ward.stays] == [
        ("OR-1", T0_US, T0_US + HOUR_US),
        ("PACU-1", T0_US + HOUR_US, T0_US + 2 * HOUR_US),
        ("", T0_US + 2 * HOUR_US, None),
    ]
    assert set(at_ward.documents) == {RECORD}


def test_closing_and_reopening(desk: Desk, clock: Clock) -> None:
    case = begun(desk)
    clock.go(3600)
    with refused("end_before_start"):
        desk.close(ANN, case.id, at_us=T0_US - 1)
    closed = desk.close(ANN, case.id, at_us=T0_US + 1)
    assert desk.close(ANN, case.id, at_us=T0_US + 1) == closed
    with refused("case_closed"):
        desk.move(ANN, case.id, bed="OR-2", area="or", at_us=clock.at_us)
    desk.open(ANN, bed="OR-1", area="or", patient=Patient(number="2"), case="other")
    with refused("bed_taken"):
        desk.reopen(ANN, case.id, reason="too early")
    desk.discard(HAL, "other", reason="by mistake")
    assert desk.reopen(ANN, case.id, reason="too early").state == "open"


def test_a_case_with_a_signed_document_is_not_void(desk: Desk) -> None:
    case = begun(desk, emergency=True)
    desk.sign(ANN, case.id, document=RECORD, slot="anaesthetist")
    with refused("signed_documents"):
        desk.discard(HAL, case.id, reason="by mistake")


def test_who_may_not_is_refused_and_kept(desk: Desk, memory: MemoryTrail) -> None:
    case = begun(desk)
    with pytest.raises(NotAllowed):
        desk.read(EVE, case.id)
    with pytest.raises(NotAllowed):
        desk.open(SUE, bed="OR-2", area="or", patient=PATIENT)
    with pytest.raises(NotAllowed):
        desk.discard(NED, case.id, reason="x")
    denied = [(e.actor, e.case, e.body.action) for e in memory.all(kinds=["denied"]) if isinstance(e.body, Denied)]
    assert denied == [("eve", case.id, "read"), ("sue", "", "open_case"), ("ned", case.id, "discard")]
    assert desk.read(SUE, case.id).id == case.id
    with pytest.raises(Unknown):
        desk.read(SUE, "nothing")


def test_a_device_with_another_patient_waits_for_a_person(desk: Desk, memory: MemoryTrail) -> None:
    case = begun(desk)
    held = DeviceHeld(device="monitor", told={"id": "99"}, from_us=T0_US)
    with refused("device_not_held"):
        desk.judge(ANN, case.id, device="monitor", same=True, reason="x")
    desk.hold(case.id, held)
    assert "device_held" in {w.key for w in desk.warnings(desk.hold(case.id, held))}
    row = memory.row(case.id)
    assert row is not None
    assert row.held
    assert desk.judge(ANN, case.id, device="monitor", same=False, reason="of the last case").held
    judged = desk.judge(ANN, case.id, device="monitor", same=True, reason="wristband")
    assert not judged.held
    assert not desk.hold(case.id, held).held
    assert desk.judge(ANN, case.id, device="monitor", same=True, reason="wristband") == desk.case(case.id)
    assert [(j.same, j.reason) for j in judged.judged] == [(False, "of the last case"), (True, "wristband")]


def test_a_closed_case_is_not_closed_at_another_time(desk: Desk, clock: Clock) -> None:
    case = begun(desk)
    clock.go(3600)
    desk.close(ANN, case.id, at_us=clock.at_us)
    with refused("case_closed"):
        desk.close(ANN, case.id, at_us=clock.at_us - 1)


def test_a_case_may_end_when_it_began_and_not_before_its_last_move(desk: Desk, clock: Clock) -> None:
    opened = desk.open(ANN, bed="OR-1", area="or", patient=PATIENT)
    assert desk.close(ANN, opened.id, at_us=T0_US).closed_us == T0_US
    case = desk.open(ANN, bed="OR-2", area="or", patient=PATIENT)
    clock.go(3600)
    desk.move(ANN, case.id, bed="PACU-1", area="pacu", at_us=clock.at_us)
    with refused("end_before_start"):
        desk.close(ANN, case.id, at_us=clock.at_us - 1)


def test_an_emergency_goes_on_also_in_a_bed_that_is_taken(desk: Desk, clock: Clock) -> None:
    case = begun(desk, emergency=True)
    clock.go(60)
    desk.close(ANN, case.id, at_us=clock.at_us)
    desk.open(ANN, bed="OR-1", area="or", patient=Patient(number="2"))
    reopened = desk.reopen(ANN, case.id, reason="too early")
    assert reopened.state == "open"
    assert "bed_shared" in {w.key for w in desk.warnings(reopened)}


def test_a_device_that_tells_of_yet_another_patient_is_judged_anew(desk: Desk) -> None:
    case = begun(desk)
    for number in ("98", "99"):
        desk.hold(case.id, DeviceHeld(device="monitor", told={"id": number}, from_us=T0_US))
        desk.judge(ANN, case.id, device="monitor", same=False, reason="of another")
    assert [dict(j.told)["id"] for j in desk.case(case.id).judged] == ["98", "99"]


def test_a_patient_comes_back_to_where_he_was(desk: Desk, clock: Clock) -> None:
    case = begun(desk)
    for _ in range(2):
        desk.move(ANN, case.id, bed="PACU-1", area="pacu", at_us=clock.at_us)
    for _ in range(2):
        back = desk.move(ANN, case.id, bed="OR-1", area="or", at_us=clock.at_us)
    assert [(s.bed, s.end_us) for s in back.stays] == [("OR-1", T0_US), ("PACU-1", T0_US), ("OR-1", None)]


def test_one_id_is_not_given_to_two_patients(desk: Desk) -> None:
    desk.open(ANN, bed="OR-1", area="or", patient=PATIENT, case="c1")
    with refused("id_taken"):
        desk.open(ANN, bed="OR-1", area="or", patient=Patient(number="2"), case="c1")


@pytest.fixture
def eager_threads() -> Iterator[None]:
    """Threads change places as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("eager_threads")
def test_many_open_at_once_and_no_name_is_given_twice(desk: Desk) -> None:
    with ThreadPoolExecutor(8) as pool:
        cases = list(
            pool.map(lambda n: desk.open(ANN, bed=f"B{n}", area="or", patient=Patient(), emergency=True), range(24))
        )
    assert len({c.patient.temporary for c in cases}) == 24


@pytest.mark.usefixtures("eager_threads")
def test_many_want_one_bed_and_one_gets_it(desk: Desk) -> None:
    ready = Barrier(8)

    def want(n: int) -> str:
        ready.wait()
        try:
            return desk.open(ANN, bed="OR-1", area="or", patient=Patient(number=str(n))).id
        except Impossible as refusal:
            return refusal.key

    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(want, range(16)))
    assert got.count("bed_taken") == 15
