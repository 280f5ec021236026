"""From which bed, and from when to when, a document is filled."""

from charting.case.state import Case
from charting.filler.parts import BACK_US, Part, occupied, parts
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


def test_a_second_record_of_a_kind_takes_over_where_it_begins() -> None:
    case = folded(opened(), started(), started("second", 60))
    assert found(case) == [("OR-03", 0, 60)]
    assert found(case, document="second") == [("OR-03", 60, None)]


def test_a_case_occupies_its_beds_from_arrival_to_departure() -> None:
    case = record(event("t_room_in", -5), Moved(bed="PACU-1", area="pacu", at_us=at(90)))
    assert occupied(case) == [
        Part(bed="OR-03", start_us=at(-5), end_us=at(90)), Part(bed="PACU-1", start_us=at(90), end_us=None)
    ]  # fmt: skip
