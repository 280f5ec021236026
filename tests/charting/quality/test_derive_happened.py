"""What happened during the operation: findings, their windows, and what an unsaid thing is (clinical.md §1.1, §1.5)."""

import pytest

from charting.trail.entries import UnlockAnswered, Voided
from tests.charting.quality.told import DAY, Part, derived, event, finding, form, iso, record, usual

UNSAID = (
    "tooth",
    "aspiration",
    "aspiration_severe",
    "airway_unplanned",
    "arrest",
    "allergy",
    "transfused",
    "autologous",
)


UNFINISHED = usual(t_anes_end=None, t_room_out=None, t_pacu_in=None, t_pacu_out=None, t_suite_out=None)


def test_what_is_unsaid_of_the_operation_did_not_happen_once_the_record_is_signed() -> None:
    unlocked = ((300, UnlockAnswered(document="anaesthesia_record", granted=True, reason="x")),)
    for parts, expected in (
        ((usual(),), None),
        ((usual(), record(signed=None)), None),
        ((usual(), record()), False),
        ((usual(), record(), unlocked), None),
    ):
        found = derived(*parts)
        assert [getattr(found, name) for name in UNSAID] == [expected] * len(UNSAID)


def test_a_follow_up_outcome_needs_the_visit() -> None:
    found = derived(usual(), record())
    assert found.awareness is found.nerve is found.hoarse is found.coma is found.died is found.arrest_24h is None


@pytest.mark.parametrize(("minute", "counts"), [(9.9, False), (10, True), (139.9, True), (140, False), (None, True)])
def test_a_tooth_is_injured_between_anaesthesia_start_and_end(minute: float | None, counts: bool) -> None:
    assert derived(usual(), finding("tooth_injury", "yes", minute)).tooth is counts
    assert derived(usual(), finding("tooth_injury", "no", minute)).tooth is False


def test_the_end_of_an_anaesthetic_that_nobody_told_is_leaving_the_room() -> None:
    found = usual(t_anes_end=None, t_room_out=150)
    assert derived(found, finding("tooth_injury", "yes", 149)).tooth is True
    assert derived(found, finding("tooth_injury", "yes", 150)).tooth is False
    for untold, end in ((usual(t_anes_end=None, t_room_out=None), 145), (UNFINISHED, 215)):
        assert derived(untold, finding("tooth_injury", "yes", end - 1)).tooth is True
        assert derived(untold, finding("tooth_injury", "yes", end)).tooth is False
    assert derived(usual(t_anes_start=None), finding("tooth_injury", "yes", 60)).tooth is None


@pytest.mark.parametrize(("said", "all_", "severe"), [
    (finding("aspiration", severe="yes"), True, True), (finding("aspiration", severe="no"), True, False),
    (finding("aspiration"), True, None), (finding("aspiration", "no"), False, False),
    (finding("aspiration", "yes", 5, severe="yes"), False, False),
])  # fmt: skip
def test_an_aspiration_that_recovers_is_not_a_severe_one(said: Part, all_: bool, severe: bool | None) -> None:
    found = derived(usual(), said)
    assert (found.aspiration, found.aspiration_severe) == (all_, severe)


@pytest.mark.parametrize(("said", "expected"), [
    (finding("allergy", adrenaline="yes"), True), (finding("allergy", adrenaline="no"), False),
    (finding("allergy"), None), (finding("allergy", "no", adrenaline="yes"), False),
])  # fmt: skip
def test_a_severe_allergic_reaction_is_one_that_needed_adrenaline(said: Part, expected: bool | None) -> None:
    assert derived(usual(), said).allergy is expected


def arrest(minute: float | None, intended: str = "no") -> Part:
    return finding("arrest", "yes", minute, intended=intended)


@pytest.mark.parametrize(("minute", "suite", "day"), [
    (9.9, False, False),
    (10, True, True),
    (150, True, True),
    (205.9, True, True),
    (206, False, True),
    (10 + DAY - 0.1, False, True),
    (10 + DAY, False, False),
    (None, None, None),
])  # fmt: skip
def test_an_arrest_before_anaesthesia_start_counts_in_no_edition(
    minute: float | None, suite: bool | None, day: bool | None
) -> None:
    """2022 counts to leaving the suite, the PACU included, 2015 for 24 h from the start."""
    found = derived(usual(), record(), arrest(minute))
    assert (found.arrest, found.arrest_24h) == (suite, day)


def test_an_intended_arrest_is_none_and_one_on_bypass_is_intended() -> None:
    assert derived(usual(), arrest(60, "yes")).arrest is False
    assert derived(usual(), arrest(None, "yes")).arrest is False
    assert derived(usual(), arrest(60, "")).arrest is None
    bypass = (*event("t_cpb_start", 50), *event("t_cpb_end", 80))
    assert derived(usual(), bypass, arrest(60, "")).arrest is False
    assert derived(usual(), bypass, arrest(60, "no")).arrest is True
    assert derived(usual(), bypass, arrest(80, "")).arrest is None
    assert derived(usual(), finding("arrest", "no")).arrest is False


def test_an_arrest_of_the_first_day_is_ruled_out_by_who_saw_him_alive_a_day_later() -> None:
    def after(minute: float) -> Part:
        return form("postop_visit", minute, visit_time=iso(minute), condition="good")

    assert derived(usual(), record(), after(140 + DAY)).arrest_24h is False
    assert derived(usual(), record(), after(139 + DAY)).arrest_24h is None
    assert derived(usual(), after(140 + DAY)).arrest_24h is None
    assert derived(usual(), record(), event("t_death", 141 + DAY)).arrest_24h is False
    assert derived(usual(), record(), event("t_death", 139 + DAY)).arrest_24h is None


@pytest.mark.parametrize(("parts", "expected"), [
    ((record(),), False), ((), None), ((finding("central_line"), record()), True),
    ((finding("central_line", "no"), record(procedures=("cvc",))), False),
    ((record(procedures=("arterial_line", "cvc")),), True), ((record(procedures=("pa_catheter",)),), True),
    ((record(procedures=("tee",)),), False), ((record(special_monitoring=("abp", "cvp")),), None),
    ((finding("central_line_harm"), record()), None), ((finding("central_line_harm", "no"), record()), False),
])  # fmt: skip
def test_a_central_line_is_one_that_anaesthesia_punctured(parts: tuple[Part, ...], expected: bool | None) -> None:
    assert derived(usual(), *parts).central_line is expected


def test_a_void_finding_says_nothing() -> None:
    void = ((10 * DAY, Voided(document="", item="finding:tooth_injury", after=1, reason="x")),)
    found = derived(usual(), record(), finding("tooth_injury", "yes", 60), void)
    assert (found.tooth, "tooth_injury" in found.times) == (False, False)
