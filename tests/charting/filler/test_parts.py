"""From which bed, and from when to when, a document is filled."""

from dataclasses import replace

from charting.case.state import Case
from charting.case.whereabouts import BACK_US, Part, occupied
from charting.filler.parts import parts, plan
from charting.templates.loader import Templates
from charting.trail.entries import Body, Closed, Discarded, Moved
from tests.charting.filler.made import DOCUMENT, MINUTE_US, T0_US, at, event, folded, opened, started


def found(
    case: Case, *areas: str, others: tuple[Case, ...] = (), document: str = DOCUMENT
) -> list[tuple[str, float, float | None]]:
    elsewhere = [part for other in others for part in occupied(other)]
    return [
        (p.bed, (p.start_us - T0_US) / MINUTE_US, None if p.end_us is None else (p.end_us - T0_US) / MINUTE_US)
        for p in parts(case, case.documents[document], areas or ("or",), elsewhere)
    ]


def record(*bodies: Body, minute: float = 0) -> Case:
    return folded(opened(minute=minute), *bodies, started(minute=minute))


def test_a_stay_is_filled_from_its_start_and_while_it_lasts() -> None:
    assert found(record()) == [("OR-03", 0, None)]
    assert found(record(Closed(at_us=at(60)))) == [("OR-03", 0, 60)]


def test_a_case_opened_late_is_filled_back_to_the_arrival_that_a_person_told() -> None:
    assert found(record(event("t_room_in", -25))) == [("OR-03", -25, None)]
    assert found(record(event("t_room_in", -BACK_US / MINUTE_US - 1))) == [("OR-03", 0, None)]
    assert found(record(event("t_room_in", 5))) == [("OR-03", 0, None)]
    assert found(record(event("t_pacu_in", -5))) == [("OR-03", 0, None)]


def test_each_document_takes_the_stays_of_its_areas_only() -> None:
    case = record(
        Moved(bed="OR-04", area="or", at_us=at(30)),
        Moved(bed="PACU-1", area="pacu", at_us=at(90)),
        Moved(bed="", area="ward", at_us=at(150)),
    )
    assert found(case) == [("OR-03", 0, 30), ("OR-04", 30, 90)]
    assert found(case, "pacu") == [("PACU-1", 90, 150)]
    assert found(case, "icu", "ward") == []


def test_it_ends_when_the_patient_has_left_the_room_though_nobody_moved_the_case() -> None:
    assert found(record(event("t_room_in", 0), event("t_room_out", 80))) == [("OR-03", 0, 80)]
    moved = record(event("t_room_out", 80), Moved(bed="OR-05", area="or", at_us=at(100)))
    assert found(moved) == [("OR-03", 0, 80), ("OR-05", 100, None)]


def test_a_time_with_another_patient_in_the_bed_is_never_filled() -> None:
    before = folded(opened(minute=-200), Closed(at_us=at(-10)))
    assert found(record(event("t_room_in", -25)), others=(before,)) == [("OR-03", -10, None)]
    never_closed = folded(opened(minute=-200))
    assert found(record(event("t_room_in", -25)), others=(never_closed,)) == [("OR-03", 0, None)]
    closed_late = folded(opened(minute=-200), Closed(at_us=at(40)))
    assert found(record(event("t_room_in", -25)), others=(closed_late,)) == [("OR-03", 0, None)]
    after = folded(opened(minute=50), event("t_room_in", 45))
    assert found(record(), others=(after,)) == [("OR-03", 0, 45)]
    elsewhere = folded(opened("OR-04", minute=-5))
    mistaken = folded(opened(minute=50), Discarded(reason="wrong bed"))
    assert found(record(), others=(elsewhere, mistaken)) == [("OR-03", 0, None)]


def test_of_two_emergencies_in_one_bed_only_one_is_filled_at_a_time() -> None:
    """Whenever each was opened, and whatever arrival somebody has told."""
    arrived = folded(opened(minute=30), event("t_room_in", 10), started())
    there = replace(folded(opened(minute=20), started()), id="other")
    assert found(there, others=(arrived,)) == [("OR-03", 20, 30)]
    assert found(arrived, others=(there,)) == [("OR-03", 30, None)]
    same = replace(record(), id="same")
    assert [found(record(), others=(same,)), found(same, others=(record(),))] == [[], [("OR-03", 0, None)]]


def test_a_second_stay_begins_after_the_first() -> None:
    """He goes back to the operating room and comes again: the first arrival is not the second stay's."""
    case = folded(
        opened("PACU-1", "pacu"),
        event("t_pacu_in", -5),
        Moved(bed="OR-03", area="or", at_us=at(30)),
        Moved(bed="PACU-2", area="pacu", at_us=at(90)),
        started(),
    )
    assert found(case, "pacu") == [("PACU-1", -5, 30), ("PACU-2", 90, None)]


def test_cooling_and_bypass_last_from_their_start_to_their_end() -> None:
    template = Templates.load().get("anaesthesia_record", "1.0.0")
    assert template is not None
    case = record(
        event("t_cpb_start", 20), event("t_cpb_end", 50), event("t_cool_start", 60), event("t_cool_end", 10),
        event("t_cpb_start", 70), event("t_cpb_end", 80),
    )  # fmt: skip
    (part,) = parts(case, case.documents[DOCUMENT], ["or"], [])
    wanted = plan(case, case.documents[DOCUMENT], template, part, "Asia/Shanghai", frozenset())
    assert wanted.bypass == ((at(20), at(50)), (at(70), at(80)))
    assert wanted.cooled == (*wanted.bypass, (at(60), None))


def test_a_second_record_of_a_kind_takes_over_where_it_begins() -> None:
    case = folded(opened(), started(), started("second", 60))
    assert found(case) == [("OR-03", 0, 60)]
    assert found(case, document="second") == [("OR-03", 60, None)]


def test_a_case_occupies_its_beds_from_arrival_to_departure() -> None:
    case = record(event("t_room_in", -5), Moved(bed="PACU-1", area="pacu", at_us=at(90)))
    assert occupied(case) == [
        Part(bed="OR-03", start_us=at(-5), end_us=at(90), case="case", told_us=at(0)),
        Part(bed="PACU-1", start_us=at(90), end_us=None, case="case", told_us=at(90)),
    ]  # fmt: skip
