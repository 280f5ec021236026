"""How far a case went, when and where: clinical.md §0 and its traps."""

import math
from dataclasses import replace

import pytest

from charting.quality.derive.derive import facts
from charting.quality.facts import Facts
from charting.trail.contents import Event
from charting.trail.entries import Discarded, Set, Voided
from tests.charting.quality.told import (
    LIBRARIES,
    PATIENT,
    at,
    case,
    closed,
    coded,
    derived,
    event,
    finding,
    form,
    iso,
    moved,
    record,
    usual,
)


def test_a_test_and_a_void_case_have_no_facts() -> None:
    assert facts(case(*[usual()], is_test=True), LIBRARIES) is None
    assert facts(case(usual(), ((300, Discarded(reason="x")),)), LIBRARIES) is None


def test_who_went_all_the_way() -> None:
    found = derived(usual(), closed(300))
    assert (found.performed, found.entered, found.cancelled, found.incised) == (True, True, False, True)
    assert (found.anchor, found.anchor_us) == ("t_anes_start", at(10))
    assert (found.room, found.department, found.times["t_incision"]) == ("OR-1", "骨科", at(40))


@pytest.mark.parametrize(
    ("events", "anchor", "minute"),
    [
        ({"t_room_in": 0, "t_suite_in": -9}, "t_room_in", 0),
        ({"t_suite_in": -9}, "t_suite_in", -9),
        ({}, "opened", -30),
    ],
)
def test_a_case_that_was_not_begun_is_booked_by_the_next_best_time(
    events: dict[str, float], anchor: str, minute: float
) -> None:
    found = derived(*(event(key, when) for key, when in events.items()))
    assert (found.anchor, found.anchor_us, found.performed) == (anchor, at(minute), False)


def test_an_anaesthetic_whose_start_nobody_told_is_not_taken_for_none() -> None:
    assert derived(usual(t_anes_start=None)).performed is None
    for key in ("t_induction", "t_incision", "t_surg_end", "t_anes_end"):
        assert derived(event(key, 5)).performed is None


def stage(found: Facts) -> tuple[bool | None, ...]:
    return found.entered, found.cancelled, found.performed, found.incised


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ({"t_cancel": -60}, (False, True, False, False)),
        ({"t_suite_in": -15, "t_cancel": 5}, (True, True, False, False)),
        ({"t_suite_in": -15, "t_cancel": -15}, (True, True, False, False)),
        ({"t_room_in": 0, "t_anes_start": 10, "t_cancel": 10}, (True, True, True, False)),
        ({"t_room_in": 0, "t_anes_start": 10, "t_cancel": 30}, (True, True, True, False)),
        ({"t_room_in": 0, "t_anes_start": 10, "t_incision": 40, "t_cancel": 50}, (True, True, True, True)),
    ],
)
def test_cancel_stage_is_derived_from_times_never_typed(
    events: dict[str, float], expected: tuple[bool | None, ...]
) -> None:
    typed = {"reason": "麻醉开始后取消"}
    cancelled = event("t_cancel", events["t_cancel"], None, **typed)
    parts = [event(key, minute) for key, minute in events.items() if key != "t_cancel"]
    assert stage(derived(*parts, cancelled, closed(100))) == expected


def test_a_cancellation_before_what_can_only_come_before_it_is_a_contradiction() -> None:
    assert derived(usual(), event("t_cancel", 5)).cancelled is None
    assert derived(event("t_suite_in", -15), event("t_cancel", -20)).cancelled is None


def test_who_waits_in_the_holding_area_may_still_be_cancelled() -> None:
    assert stage(derived(event("t_suite_in", -15))) == (True, None, False, None)
    assert stage(derived(event("t_icu_in", -15), area="icu")) == (False, False, False, None)


def test_who_was_not_cut_yet_may_still_be_cancelled_until_the_record_is_signed() -> None:
    begun = event("t_room_in", 0), event("t_anes_start", 10)
    assert derived(*begun).cancelled is None
    assert derived(*begun, record(signed=None), closed(300)).cancelled is None
    assert derived(*begun, record()).cancelled is False
    assert derived(*begun, event("t_incision", 40)).cancelled is False


def test_two_operations_of_one_patient_are_two_cases_of_one_admission() -> None:
    first, second = derived(usual()), facts(replace(case(usual()), id="c2"), LIBRARIES)
    assert second is not None
    assert (first.case, second.case) == ("c1", "c2")
    assert first.patient == second.patient == "visit:20001"
    assert derived(usual(), patient=replace(PATIENT, visit="")).patient == "number:10023456"
    assert derived(usual(), patient=replace(PATIENT, visit="", number="")).patient == "case:c1"
    assert (
        derived(usual(), patient=replace(PATIENT, visit="10023456")).patient
        != derived(usual(), patient=replace(PATIENT, visit="")).patient
    )


def test_offsite_is_where_the_anaesthetic_was_begun() -> None:
    assert derived(usual()).offsite is False
    assert derived(usual(), area="offsite").offsite is True
    assert derived(usual(), area="pacu").offsite is False
    assert derived(usual(), moved("or", 8), area="ward").offsite is False
    begun_outside = derived(usual(), moved("or", 60), area="offsite")
    assert (begun_outside.offsite, begun_outside.room) == (True, "OR-1")


@pytest.mark.parametrize(("asa", "emergency", "elective", "shown"), [
    ("2", False, True, "2"), ("2", True, False, "2"), ("L2E", False, False, "2"), ("L6", False, True, "6"),
    ("L5E", True, False, "5"), ("ASA III", False, True, ""), ("Ⅳ", False, True, "4"), ("3E", False, False, "3"),
])  # fmt: skip
def test_asa_and_elective(asa: str, emergency: bool, elective: bool, shown: str) -> None:
    found = derived(usual(), coded("asa", "asa", asa), emergency=emergency)
    assert (found.asa, found.elective) == (shown, elective)


@pytest.mark.parametrize(
    ("visit", "signed", "visited"),
    [
        (-900, -880, True),
        (-16, -15.5, True),
        (-16, -15, False),
        (-15, -14, False),
        (-900, 300, False),
        (20, 30, False),
        (-900, None, None),
    ],
)
def test_a_visit_has_to_be_finished_before_entering(visit: float, signed: float | None, visited: bool | None) -> None:
    document = form("preop_visit", -900, signed=signed, visit_time=iso(visit))
    assert derived(usual(), document, minute=-1000).visited is visited


def test_a_signed_consent_is_no_visit() -> None:
    consent = form("consent", -900, signed=-890)
    assert derived(usual(), consent, minute=-1000).visited is False
    assert derived(usual()).visited is False


def test_a_visit_that_was_unlocked_later_had_been_finished() -> None:
    document = form("preop_visit", -900, signed=-880, visit_time=iso(-900))
    assert derived(usual(t_suite_in=None), document, minute=-1000).visited is True
    assert derived(usual(t_suite_in=None, t_room_in=None), document, minute=-1000).visited is None


def plan(planned: str, minute: float, after: int = 0, claims: float | None = None) -> tuple[tuple[float, Set], ...]:
    content = Event(key="icu_planned", at_us=at(minute if claims is None else claims), details={"planned": planned})
    return ((minute, Set(document="", item="plan", after=after, content=content)),)


def test_a_plan_changed_after_the_start_changes_nothing() -> None:
    assert derived(usual(), plan("false", -5), plan("true", 60, 1)).icu_planned is False
    assert derived(usual(), plan("false", -5), plan("true", 9, 1), plan("false", 10, 2)).icu_planned is True
    void = ((60, Voided(document="", item="plan", after=1, reason="x")),)
    assert derived(usual(), plan("true", -5), void).icu_planned is True


def test_a_plan_that_was_taken_back_before_the_start_is_none() -> None:
    void = ((5, Voided(document="", item="plan", after=1, reason="x")),)
    assert derived(usual(), plan("true", -5), void).icu_planned is None


def test_of_a_record_written_up_later_the_first_that_claims_a_time_before_the_start_counts() -> None:
    late = plan("true", 300, 0, claims=-5), plan("false", 310, 1, claims=-5)
    assert derived(usual(), *late).icu_planned is True
    assert derived(usual(), plan("true", 300, 0, claims=10), plan("false", 310, 1, claims=9)).icu_planned is False
    assert derived(usual(), plan("true", 300, 0, claims=30)).icu_planned is None


def test_the_visit_tells_of_the_plan_too_and_what_is_said_after_it_outranks_it() -> None:
    document = form("preop_visit", -900, visit_time=iso(-900), icu_planned=True)
    assert derived(usual(), document, minute=-1000).icu_planned is True
    assert derived(usual(), document, plan("false", -5), minute=-1000).icu_planned is False
    late = form("preop_visit", 300, visit_time=iso(-900), icu_planned=True)
    assert derived(usual(), late).icu_planned is True
    assert derived(usual()).icu_planned is None


def test_icu_is_where_he_came_after_the_start_and_not_where_he_came_from() -> None:
    home = usual(t_pacu_in=None, t_pacu_out=None, t_room_out=None, t_ward=None)
    assert derived(home, event("t_icu_in", 150)).icu is True
    assert derived(home, event("t_room_out", 140, to="icu")).icu is True
    assert derived(home, event("t_icu_in", -60)).icu is None
    assert derived(home, record(disposition="ward")).icu is False
    assert derived(usual()).icu is False


@pytest.mark.parametrize(("out", "hours"), [(145, 0.0), (265, 2.0), (265.1, 2.0 + 0.1 / 60), (1585, 24.0)])
def test_the_pacu_is_left_by_true_exit(out: float, hours: float) -> None:
    found = derived(usual(t_pacu_out=out))
    assert found.pacu is True
    assert found.pacu_h == pytest.approx(hours, abs=1e-9)


def test_a_stay_in_the_pacu_that_goes_on_has_no_length_yet() -> None:
    assert math.isnan(derived(usual(t_pacu_out=None)).pacu_h)
    assert math.isnan(derived(usual(t_pacu_out=100)).pacu_h)
    no_event = usual(t_pacu_in=None, t_pacu_out=None)
    assert derived(no_event).pacu is False
    assert derived(no_event, moved("pacu", 145)).pacu is None
    assert derived(no_event, form("pacu_record", 150)).pacu is None


def test_labour_analgesia_counts_by_how_the_birth_ended() -> None:
    for delivery, vaginal in (("vaginal", True), ("caesarean", False), ("converted", False)):
        found = derived(usual(), finding("labour_analgesia", delivery=delivery), area="offsite")
        assert (found.labour, found.vaginal) == (True, vaginal)
    assert derived(usual(), finding("labour_analgesia")).vaginal is None
    assert (derived(usual()).labour, derived(usual(), record()).labour) == (None, False)
