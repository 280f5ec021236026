"""What the visits' forms tell the indicators (AQI-04, 16, 19, 21 to 25), each answer only in its window."""

from typing import Any

import pytest

from tests.charting.quality.told import DAY, HOUR, Part, derived, event, form, iso, technique, usual

END = 140
"""Of the usual case's anaesthetic, min."""


def seen(template: str, minute: float, name: str = "", /, **answers: Any) -> Part:
    return form(template, minute, name=name or template, visit_time=iso(minute), **answers)


def tubed(out: float = 130) -> Part:
    return (*event("t_tube_in", 15, device="ETT"), *event("t_tube_out", out))


@pytest.mark.parametrize(("minute", "answers", "expected"), [
    (130 + 6 * HOUR - 1, {"reintubated": False}, None), (130 + 6 * HOUR, {"reintubated": False}, False),
    (130 + HOUR, {"reintubated": True, "reintubation_reason": "other"}, True),
    (130 + HOUR, {"reintubated": True}, None),
    (130 + HOUR, {"reintubated": True, "reintubation_reason": "planned"}, False),
    (130 + HOUR, {"reintubated": True, "reintubation_reason": "reoperation"}, False),
    (130 + 6 * HOUR, {}, None),
])  # fmt: skip
def test_no_reintubation_is_known_once_six_hours_have_passed(
    minute: float, answers: dict[str, Any], expected: bool | None
) -> None:
    assert derived(usual(), tubed(), seen("visit_6h", minute, **answers)).reintubated is expected


def test_a_visit_that_came_too_early_does_not_spoil_the_one_that_did_not() -> None:
    early, later = (seen("visit_6h", 130 + h * HOUR, f"h{h}", reintubated=False) for h in (2, 7))
    assert derived(usual(), tubed(), early, later).reintubated is False


@pytest.mark.parametrize(("hours", "coma", "awake", "expected"), [
    (24, "yes", "coma", True), (23.9, "yes", "coma", None), (24, "no", "sedated", False), (23.9, "no", "sedated", None),
    (24, "sedated", "sedated", None), (24, "unknown", "", None), (23.9, "no", "awake", False),
])  # fmt: skip
def test_a_coma_is_told_after_24_h(hours: float, coma: str, awake: str, expected: bool | None) -> None:
    told = seen("visit_24h", END + hours * HOUR, coma_24=coma, consciousness=awake)
    assert derived(usual(), told).coma is expected


@pytest.mark.parametrize(("hours", "answer", "expected"), [
    (72, "no", False), (72, "yes", True), (71.9, "no", None), (71.9, "yes", None), (72, "not_applicable", None),
    (72, "unknown", None),
])  # fmt: skip
def test_nerves_and_voice_are_asked_for_after_72_h(hours: float, answer: str, expected: bool | None) -> None:
    told = seen("visit_72h", END + hours * HOUR, nerve_72=answer, hoarseness_72=answer)
    found = derived(usual(), technique("41"), tubed(END), told)
    assert (found.nerve, found.hoarse) == (expected, expected)


def test_each_form_tells_of_death_and_life_and_what_is_unsaid_is_neither() -> None:
    for template in ("visit_6h", "visit_24h", "visit_72h", "postop_visit"):
        assert derived(usual(), seen(template, END + DAY, condition="dead")).died is True
        assert derived(usual(), seen(template, END + DAY, condition="good")).died is False
        assert derived(usual(), seen(template, END + DAY - 1, condition="good")).died is None
        unsaid = derived(usual(), seen(template, END + 4 * DAY))
        assert [unsaid.died, unsaid.coma, unsaid.nerve, unsaid.hoarse, unsaid.awareness, unsaid.reintubated] == [
            None
        ] * 6


def test_recall_that_comes_late_is_recall_and_pain_is_that_of_24_h() -> None:
    first = seen("postop_visit", END + 2 * HOUR, awareness="no", vas_rest=6)
    late = seen("visit_72h", END + 3 * DAY, awareness="yes")
    day = seen("visit_24h", END + DAY, vas_rest=2)
    found = derived(usual(), first, late, day)
    assert (found.awareness, found.vas) == (True, 2)


def test_of_two_visits_before_one_that_was_finished_in_time_is_enough() -> None:
    late = form("preop_visit", -900, name="a", signed=60, visit_time=iso(-900))
    good = form("preop_visit", -800, name="b", signed=-790, visit_time=iso(-800))
    assert derived(usual(), late).visited is False
    assert derived(usual(), late, good).visited is True
    assert derived(usual(), late, form("preop_visit", -800, name="b", visit_time=iso(-800))).visited is None
