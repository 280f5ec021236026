"""The truth of single cases, worked out by hand from clinical.md §1: a case that went well, and one thing changed."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from charting.department.answers import answers
from charting.department.mix import operations, techniques
from charting.department.story import (
    DAY_US,
    HOUR_US,
    MINUTE_US,
    Before,
    Found,
    Person,
    Plan,
    Story,
    Temperature,
    Tube,
)
from charting.department.truth import truth

START, END, SUITE_OUT = 60 * MINUTE_US, 180 * MINUTE_US, 300 * MINUTE_US
PERIOD = (0, 365 * DAY_US)
FIGURES = [
    ("anaesthesia_doctors", "1970", 4.0),
    ("anaesthesia_nurses", "1970", 2.0),
    ("vaginal_births", "1970-01", 9.0),
]


EVENTS = {
    "t_suite_in": 40 * MINUTE_US, "t_room_in": 50 * MINUTE_US, "t_anes_start": START, "t_incision": 80 * MINUTE_US,
    "t_surg_end": 160 * MINUTE_US, "t_room_out": 170 * MINUTE_US, "t_anes_end": END, "t_pacu_in": 178 * MINUTE_US,
    "t_pacu_out": 238 * MINUTE_US, "t_suite_out": SUITE_OUT, "t_ward": SUITE_OUT,
}  # fmt: skip
NOBODY = Person(number="1", visit="", name="无", sex="male", born="1950-01-01", age=20, weight_kg=60, height_cm=170)


def well(case: str = "1970-000001", visit: str = "7") -> Story:
    """Intubated, an hour in the PACU, back on the ward; the record is signed."""
    return Story(
        case=case,
        person=replace(NOBODY, visit=visit),
        operation=next(o for o in operations() if o.procedure == "51.2300"),
        techniques=(techniques()["41"],),
        planned=techniques()["41"],
        asa="2",
        emergency=False,
        opened_us=0,
        opened_by="on01",
        beds=(),
        closed_us=SUITE_OUT,
        zero_us=50 * MINUTE_US,
        events=EVENTS,
        crew=(),
        author="ma01",
        temperature=Temperature(kind="none", outcome="no_event", monitored=True, pacu_first_c=36.0),
        signed_us=END,
        tubes=(Tube(device="ETT", in_us=62 * MINUTE_US, out_us=165 * MINUTE_US, place="OR"),),
    )


def with_events(**times: int | None) -> Story:
    events = {**well().events, **{k: v for k, v in times.items() if v is not None}}
    return replace(well(), events={k: v for k, v in events.items() if k not in times or times[k] is not None})


def with_finding(key: str, *, yes: bool = True, at_us: int | None = None, **details: str) -> Story:
    return replace(well(), findings={key: Found(yes=yes, said_us=END, at_us=at_us, details=details)})


def test_a_case_that_went_well() -> None:
    told = answers(well())
    assert (told.performed, told.elective, told.offsite) == (True, True, False)
    assert (told.technique, told.asa) == ("intubated", "2")
    assert (told.tooth, told.arrest, told.allergy, told.reintubated, told.icu) == (False, False, False, False, False)
    assert (told.awareness, told.hoarse, told.died_after, told.arrest_24h) == (None, None, None, None), "nobody looked"
    assert (told.visited, told.warmed, told.transfused, told.extubated) == (False, False, False, True)


def test_nothing_is_known_of_an_operation_whose_record_is_not_signed() -> None:
    told = answers(replace(well(), signed_us=None))
    assert {told.tooth, told.aspiration, told.arrest, told.allergy, told.warmed, told.transfused} == {None}


@pytest.mark.parametrize(("minutes", "over"), [(120, False), (121, True)])
def test_more_than_two_hours_in_the_pacu(minutes: int, over: bool) -> None:
    told = answers(with_events(t_pacu_out=(178 + minutes) * MINUTE_US))
    assert (told.stayed_over(2), told.stayed_over(3)) == (over, False)
    assert answers(with_events(t_pacu_out=None)).stayed_over(2) is None


@pytest.mark.parametrize(
    ("at_us", "intra", "within_day"),
    [(START - 1, False, False), (START, True, True), (SUITE_OUT - 1, True, True), (SUITE_OUT, False, True),
     (START + DAY_US - 1, False, True), (START + DAY_US, False, False), (None, None, None)],
)  # fmt: skip
def test_an_arrest_counts_by_its_time(at_us: int | None, intra: bool | None, within_day: bool | None) -> None:
    told = answers(with_finding("arrest", at_us=at_us, intended="no"))
    assert (told.arrest, told.arrest_24h) == (intra, within_day)
    assert answers(with_finding("arrest", at_us=at_us, intended="yes")).arrest is False


def test_an_arrest_on_bypass_is_intended_unless_somebody_says_no() -> None:
    bypass = with_events(t_cpb_start=90 * MINUTE_US, t_cpb_end=120 * MINUTE_US)

    def arrest(minute: int, **details: str) -> bool | None:
        found = Found(yes=True, said_us=END, at_us=minute * MINUTE_US, details=details)
        return answers(replace(bypass, findings={"arrest": found})).arrest

    assert (arrest(90), arrest(119), arrest(120), arrest(90, intended="no")) == (False, False, None, True)


@pytest.mark.parametrize(
    ("after_us", "after", "from_start"),
    [(END + DAY_US, True, False), (END + DAY_US + 1, False, False),
     (START + DAY_US, True, True), (END - 1, True, True)],
)  # fmt: skip
def test_death_within_24_h_of_the_end_and_of_the_start(after_us: int, after: bool, from_start: bool) -> None:
    told = answers(with_events(t_death=after_us))
    assert (told.died_after, told.died_from_start) == (after, from_start)


@pytest.mark.parametrize(
    ("hours", "said", "found"),
    [(6, {"cause": "other"}, True), (6 + 1 / 60, {"cause": "other"}, False), (1, {"cause": "reoperation"}, False),
     (1, {"planned": None, "cause": "other"}, None), (1, {"planned": True}, False), (1, {}, None)],
)  # fmt: skip
def test_a_tube_again(hours: float, said: Mapping[str, object], found: bool | None) -> None:
    first = well().tubes[0]
    assert first.out_us is not None
    again = Tube(device="ETT", in_us=first.out_us + round(hours * HOUR_US), planned=False)
    again = replace(again, **said)  # type: ignore[arg-type]
    assert answers(replace(well(), tubes=(first, again))).reintubated is found


@pytest.mark.parametrize(
    ("planned", "cause", "found"),
    [(False, "apnoea", True), (False, "other", False), (None, "apnoea", None), (False, "", None), (True, "", False),
     (None, "other", False)],
)  # fmt: skip
def test_an_airway_of_which_nobody_said_whether_it_was_planned(
    planned: bool | None, cause: str, found: bool | None
) -> None:
    tube = replace(well().tubes[0], planned=planned, cause=cause)
    assert answers(replace(well(), tubes=(tube,))).airway_unplanned is found


def test_a_laryngeal_mask_is_an_airway_and_no_tube() -> None:
    told = answers(replace(well(), tubes=(replace(well().tubes[0], device="LMA"),)))
    assert (told.airway, told.tube, told.extubated, told.technique) == (True, False, False, "intubated")


def test_a_tube_of_which_nobody_has_told_that_it_came_out() -> None:
    left = replace(well(), tubes=(replace(well().tubes[0], out_us=None, place=""),))
    assert answers(left).extubated is False, "the record is signed: he left with it"
    assert answers(replace(left, signed_us=None)).extubated is None


def test_the_plan_is_that_of_the_start() -> None:
    def planned(*plans: tuple[bool, int]) -> bool | None:
        return answers(replace(well(), plans=tuple(Plan(planned=p, said_us=START + at) for p, at in plans))).icu_planned

    assert planned((False, -2), (True, 5)) is False
    assert planned((False, -2), (True, -1)) is True
    assert planned((True, 5)) is None


@pytest.mark.parametrize(
    ("visit_us", "signed_us", "found"),
    [(10, 20, True), (10, None, None), (10, 41, False), (41, 42, False)],
)
def test_a_visit_is_finished_before_entering(visit_us: int, signed_us: int | None, found: bool | None) -> None:
    signed = None if signed_us is None else signed_us * MINUTE_US
    before = Before(visit_us=visit_us * MINUTE_US, signed_us=signed, icu_planned=False)
    assert answers(replace(well(), before=before)).visited is found


def test_cancelled_before_and_after_the_start_and_after_the_incision() -> None:
    entered = replace(well("1970-000002"), events={"t_suite_in": 1, "t_cancel": 2}, tubes=(), signed_us=None)
    after = replace(with_events(t_cancel=START, t_incision=None), case="1970-000003")
    told = truth([entered, after, with_events(t_cancel=81 * MINUTE_US)], FIGURES, PERIOD, seed=0, year=1970).counts
    assert (told["AQI-CRB-05"].n, told["AQI-CRB-05"].d) == (1, 3)
    assert (told["AQI-CRA-06"].n, told["AQI-CRA-06"].d) == (1, 2)


def test_a_cancellation_told_to_be_before_the_start_that_it_stopped() -> None:
    told = truth([with_events(t_cancel=START - 1, t_incision=None)], FIGURES, PERIOD, seed=0, year=1970).counts
    assert (told["AQI-CRA-06"].n, told["AQI-CRA-06"].unknown) == (0, frozenset({"1970-000001"}))


def test_cases_and_patients() -> None:
    """Two operations of one admission, the second with a long stay; a test and a mistake count nowhere."""
    long_ = replace(with_events(t_pacu_out=178 * MINUTE_US + 5 * HOUR_US), case="1970-000002")
    test, void = replace(well("1970-000003", "8"), is_test=True), replace(well("1970-000004", "9"), discarded_us=1)
    told = truth([well(), long_, test, void], FIGURES, PERIOD, seed=0, year=1970)
    assert told.cases == 2
    assert (told.counts["T-01"].n, told.counts["AQI-IDP-18"].n, told.counts["AQI-IDP-18"].d) == (2, 1, 1)
    assert (told.counts["AQI-DNR-01"].n, told.counts["AQI-DNR-01"].d) == (2, 4)
    assert told.counts["AQI-ACC-02"].d == 4
    assert told.counts["AQI-IHP-17"].n == 0, "36.0 is not below 36.0"
    assert truth([well()], FIGURES, (START + 1, DAY_US), seed=0, year=1970).cases == 0
