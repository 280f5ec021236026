"""What was found out afterwards, and blood (AQI-09, 16, 21 to 25; edition 2015 no. 10, 12)."""

import math
from typing import Any

import pytest

from charting.reports.telling import told
from charting.reports.words import said
from charting.trail.contents import Volume
from tests.charting.quality.told import DAY, HOUR, Part, at, coded, derived, event, finding, form, iso, record, usual

LATE = {"visit_time_72": iso(4 * DAY)}


def visit(minute: float = DAY, name: str = "visit", /, **answers: Any) -> Part:
    return form("postop_visit", minute, name=name, visit_time=iso(minute), **answers)


@pytest.mark.parametrize(("answer", "expected"), [
    ("yes", True), ("no", False), ("suspected", None), ("not_applicable", None),
])  # fmt: skip
def test_awareness_needs_an_interview_and_a_suspicion_is_none(answer: str, expected: bool | None) -> None:
    assert derived(usual(), visit(awareness=answer)).awareness is expected


def test_of_two_visits_a_yes_is_never_lost_else_the_last_one_stands() -> None:
    def of(first: str, second: str) -> bool | None:
        late, early = visit(3 * DAY, "a", awareness=second), visit(DAY, "b", awareness=first)
        return derived(usual(), late, early).awareness

    assert of("yes", "no") is of("no", "yes") is True
    assert of("suspected", "no") is False
    assert of("no", "suspected") is None


@pytest.mark.parametrize(("key", "fact", "answers"), [
    ("awareness", "awareness", {"awareness": "no"}), ("nerve_injury", "nerve", {"nerve_72": "no", **LATE}),
    ("hoarseness", "hoarse", {"hoarseness_72": "no", **LATE}), ("coma", "coma", {"consciousness": "awake"}),
])  # fmt: skip
def test_a_finding_outranks_what_a_visit_says(key: str, fact: str, answers: dict[str, str]) -> None:
    told = visit(**answers)
    assert getattr(derived(usual(), told), fact) is False
    assert getattr(derived(usual(), told, finding(key)), fact) is True
    assert getattr(derived(usual(), finding(key, "no")), fact) is False


@pytest.mark.parametrize(("hours", "answer", "nerve"), [
    (72, "yes", True), (71.9, "yes", None), (71.9, "no", None), (72, "unknown", None), (None, "yes", None),
    (None, "no", None),
])  # fmt: skip
def test_what_has_not_lasted_72_h_yet_may_pass(hours: float | None, answer: str, nerve: bool | None) -> None:
    late = {} if hours is None else {"visit_time_72": iso(140 + hours * 60)}
    assert derived(usual(), visit(nerve_72=answer, **late)).nerve is nerve


def test_hoarseness_is_counted_from_the_last_extubation() -> None:
    late = {"visit_time_72": iso(140 + 72 * 60), "hoarseness_72": "yes"}
    assert derived(usual(), event("t_tube_out", 130), visit(**late)).hoarse is True
    in_icu = (*event("t_tube_out", 130), *event("t_tube_out", 20 * 60))
    assert derived(usual(), in_icu, visit(**late)).hoarse is None


@pytest.mark.parametrize(("seen", "expected"), [
    ("awake", False), ("drowsy", False), ("coma", None), ("sedated", None),
])  # fmt: skip
def test_a_coma_is_none_in_who_was_awake_and_else_for_a_person_to_say(seen: str, expected: bool | None) -> None:
    assert derived(usual(), visit(consciousness=seen)).coma is expected


def test_pain_is_that_of_24_h_after_else_the_last_that_was_told() -> None:
    def follow(**answers: Any) -> Part:
        return form("analgesia_followup", 150, **answers)

    every = follow(vas_rest_2=7, vas_rest_6=6, vas_rest_24=2, vas_rest_48=5)
    assert derived(usual(), every, visit(vas_rest=9)).vas == 2
    assert derived(usual(), follow(vas_rest_2=7, vas_rest_6=6)).vas == 6
    assert derived(usual(), follow(vas_rest_6=6), visit(140 + 20 * HOUR, vas_rest=4)).vas == 4
    assert derived(usual(), follow(vas_rest_48=1), visit(140 + 20 * HOUR, vas_rest=4)).vas == 1
    assert derived(usual(), visit(vas_rest=0)).vas == 0
    assert math.isnan(derived(usual(), follow()).vas)


def test_analgesia_is_run_by_anaesthesia_where_it_keeps_a_record_or_gave_a_pump() -> None:
    assert derived(usual(), form("analgesia_followup", 150)).analgesia is True
    assert derived(usual(), form("pacu_record", 150, analgesia_pump="yes")).analgesia is True
    assert derived(usual(), form("pacu_record", 150, analgesia_pump="no")).analgesia is False


def test_death_is_counted_from_the_end_and_from_the_start() -> None:
    found = derived(usual(), event("t_death", 140 + DAY))
    assert found.died is True
    assert (found.died_after_h, round(found.died_start_h, 4)) == (24.0, round(24 + 130 / 60, 4))
    on_the_table = derived(usual(), event("t_death", 130))
    assert (on_the_table.died, on_the_table.died_after_h < 0, on_the_table.died_start_h) == (True, True, 2.0)
    no_end = derived(event("t_room_in", 0), event("t_anes_start", 10), event("t_death", 70))
    assert no_end.died_after_h == no_end.died_start_h == 1.0
    in_pacu = derived(usual(t_anes_end=None, t_room_out=None, t_suite_out=None), event("t_death", 145 + DAY))
    assert in_pacu.died_after_h == 24.0


def test_a_case_sheet_does_not_tell_a_late_death_as_one_within_24_h() -> None:
    late = derived(usual(), event("t_death", 9 * DAY))
    assert told(late, "died", "en") == "yes"
    assert said("fact.died", "en").startswith("Died (no:")
    assert said("fact.died", "zh").startswith("死亡（否：")


def test_a_donor_was_dead_before_and_anybody_else_cannot_have_been() -> None:
    before = event("t_death", -60)
    donor = derived(usual(), coded("asa", "asa", "L6"), before)
    assert (donor.died, math.isnan(donor.died_after_h), math.isnan(donor.died_start_h)) == (False, True, True)
    assert derived(usual(), coded("asa", "asa", "3"), before).died is None


@pytest.mark.parametrize(("parts", "expected"), [
    ((), None), ((finding("alive"),), False), ((finding("alive", "no"),), True),
    ((visit(140 + DAY, condition="good"),), False), ((visit(139 + DAY, condition="good"),), None),
    ((visit(DAY, condition="dead"),), True), ((visit(140 + DAY, condition="dead"),), True),
    ((visit(DAY, visit_time_72=iso(4 * DAY), hoarseness_72="no"),), False),
    ((visit(DAY, visit_time_72=iso(4 * DAY), hoarseness_72="unknown"),), None),
    ((form("analgesia_followup", 150, time_48=iso(2 * DAY), vas_rest_48=1),), False),
    ((event("t_tube_out", 140 + DAY),), False),
    ((event("t_death", 100 + DAY), finding("alive")), None), ((event("t_death", 9 * DAY), finding("alive")), True),
    ((finding("alive"), visit(DAY, condition="dead")), None),
])  # fmt: skip
def test_who_is_known_to_have_lived(parts: tuple[Part, ...], expected: bool | None) -> None:
    assert derived(usual(), *parts).died is expected


def test_who_was_seen_a_day_after_the_start_did_not_die_within_24_h_of_it() -> None:
    for minute, expected in ((9 + DAY, (None, None)), (10 + DAY, (False, None)), (140 + DAY, (False, False))):
        found = derived(usual(), visit(minute, condition="good"))
        assert (found.died_start, found.died) == expected


def blood(
    group: str, code: str, ml: float, start: float = 60, end: float | None = None, what: str = "红细胞"
) -> Volume:
    return Volume(
        way="in", group=group, what=what, ml=ml, start_us=at(start), code=code, end_us=None if end is None else at(end)
    )


def test_washed_red_cells_that_are_autologous_are_told_by_their_group_not_by_their_name() -> None:
    found = derived(usual(), record(blood("autologous", "F20", 400, what="洗涤红细胞"), blood("blood", "F20", 200)))
    assert (found.transfused, found.autologous, found.blood_ml, found.autologous_ml) == (True, True, 600, 400)
    other = derived(usual(), record(blood("blood", "F20", 400, what="自体洗涤红细胞")))
    assert (other.transfused, other.autologous, other.autologous_ml) == (True, False, 0)
    unsigned = derived(usual(), record(blood("blood", "F24", 400), signed=None))
    assert (unsigned.transfused, unsigned.autologous, math.isnan(unsigned.autologous_ml)) == (True, None, True)


@pytest.mark.parametrize(("group", "code", "transfused", "ml"), [
    ("blood", "F20", True, 400), ("blood", "F24", True, 400), ("autologous", "F30", True, 400),
    ("blood", "F21", False, 0), ("blood", "F22", False, 0), ("blood", "F23", False, 0),
    ("blood", "", None, math.nan), ("blood", "H99", None, math.nan), ("autologous", "", True, 400),
    ("colloid", "F20", False, 0),
])  # fmt: skip
def test_transfused_is_who_got_red_cells_or_whole_blood(
    group: str, code: str, transfused: bool | None, ml: float
) -> None:
    found = derived(usual(), record(blood(group, code, 400)))
    assert found.transfused is transfused
    assert found.blood_ml == pytest.approx(ml, nan_ok=True)


@pytest.mark.parametrize(("start", "end", "counts"), [
    (9, None, False), (10, None, True), (139, None, True), (140, None, False), (5, 10, False), (5, 11, True),
    (5, 200, True),
])  # fmt: skip
def test_only_what_ran_during_the_anaesthetic_counts(start: float, end: float | None, counts: bool) -> None:
    assert derived(usual(), record(blood("blood", "F20", 200, start, end))).transfused is counts


def test_plasma_does_not_say_that_no_red_cells_were_given_until_the_record_is_signed() -> None:
    for signed, expected in ((None, None), (200, False)):
        assert derived(usual(), record(blood("blood", "F21", 200), signed=signed)).transfused is expected


def test_blood_of_which_nothing_ran_is_none() -> None:
    assert derived(usual(), record(blood("blood", "F20", 0))).transfused is False
