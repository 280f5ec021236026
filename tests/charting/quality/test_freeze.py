"""A month that was closed, and what has changed since."""

import json
from dataclasses import replace

import pytest

from charting.case.refusals import NotAllowed
from charting.desk import Desk
from charting.quality.facts import Facts
from charting.quality.freeze import compare, freeze, frozen, snapshot
from charting.quality.periods import period
from charting.quality.refusals import QualityRefusal
from charting.trail.entries import Denied, Frozen
from charting.trail.trail import MemoryTrail
from tests.charting.clock import Clock
from tests.charting.desk.scenes import ANN, HAL, QUE, desk_on
from tests.charting.quality.made import NOVEMBER, ZONE, facts, reported

CASES = (
    facts("a", "visit:1", hour=1, pacu=True, pacu_h=1.0, arrest=False),
    facts("b", "visit:1", hour=2, pacu=True, pacu_h=2.5, arrest=False),
    facts("c", "visit:2", hour=3, pacu=True, pacu_h=2.5, arrest=None),
)


@pytest.fixture
def clock() -> Clock:
    return Clock(NOVEMBER.end_us)


@pytest.fixture
def memory(clock: Clock) -> MemoryTrail:
    return MemoryTrail(clock.now_us)


@pytest.fixture
def desk(memory: MemoryTrail, clock: Clock) -> Desk:
    return desk_on(memory, clock)


def changed(case: str, **said: object) -> tuple[Facts, ...]:
    return tuple(replace(f, **said) if f.case == case else f for f in CASES)  # type: ignore[arg-type]


def test_what_was_frozen_reads_as_it_was(desk: Desk, memory: MemoryTrail) -> None:
    report = reported(*CASES, figures={"vaginal_births": 9.0})
    kept = freeze(desk, QUE, report)
    (found,) = frozen(memory)
    assert found == kept
    assert (found.number, found.by, found.at_us) == (1, "que", NOVEMBER.end_us)
    assert found.snapshot == snapshot(report)
    delayed = found.snapshot.results["AQI-IDP-18"]
    assert (delayed.n, delayed.d, delayed.value) == (2, 2, 1000)
    assert delayed.denominator == {("a", "b"), ("c",)}
    assert delayed.numerator == {("b",), ("c",)}
    lacking = found.snapshot.results["AQI-DNR-01"]
    assert (lacking.value, lacking.unavailable) == (None, "quality.unavailable.figure")
    (body,) = (e.body for e in memory.all(kinds=["frozen"]))
    assert isinstance(body, Frozen)
    assert (body.what, body.period, body.version) == ("quality", "2026-11", "2022+2015+tender+icu")
    assert "visit:1" not in body.result
    assert json.loads(body.result)["named"] == ["a", "b", "c"]


def test_a_month_is_frozen_only_when_it_is_over(desk: Desk, memory: MemoryTrail, clock: Clock) -> None:
    clock.at_us = NOVEMBER.end_us - 1
    with pytest.raises(QualityRefusal) as refused:
        freeze(desk, QUE, reported(*CASES))
    assert refused.value.key == "quality.refused.freeze_early"
    assert "2026-12-01 00:00" in refused.value.text("en")
    assert not memory.all()


@pytest.mark.parametrize("of", ["2026-Q4", "2026", "2026-11-01..2026-11-29"])
def test_only_a_month_is_frozen(desk: Desk, clock: Clock, of: str) -> None:
    clock.at_us = period("2027", ZONE).end_us
    with pytest.raises(QualityRefusal) as refused:
        freeze(desk, QUE, reported(of=period(of, ZONE)))
    assert refused.value.key == "quality.refused.freeze_month"


def test_only_all_departments_are_frozen(desk: Desk) -> None:
    with pytest.raises(QualityRefusal):
        freeze(desk, QUE, reported(*CASES, department="骨科"))


def test_only_who_may_freezes(desk: Desk, memory: MemoryTrail) -> None:
    with pytest.raises(NotAllowed):
        freeze(desk, ANN, reported(*CASES))
    assert [e.body for e in memory.all()] == [Denied(action="freeze", document="", why="may_not")]


def test_again_is_a_new_version_and_the_same_is_done_once(desk: Desk, memory: MemoryTrail) -> None:
    first = freeze(desk, QUE, reported(*CASES))
    assert freeze(desk, HAL, replace(reported(*CASES), made_us=NOVEMBER.end_us + 5)) == first
    other = freeze(desk, QUE, reported(*CASES, editions="2022"))
    second = freeze(desk, HAL, reported(*changed("c", arrest=True)))
    assert [k.number for k in frozen(memory, "2026-11")] == [1, 1, 2]
    assert frozen(memory, "2026-11") == [first, other, second]
    assert frozen(memory, "2026-10") == []


def test_differences_name_the_cases_that_came_or_went() -> None:
    before = snapshot(reported(*CASES))
    found = {d.key: d for d in compare(before, snapshot(reported(*changed("b", pacu_h=2.0))))}
    assert set(found) == {"AQI-IDP-18", "T-09"}
    delayed = found["AQI-IDP-18"]
    assert (delayed.came, delayed.went, delayed.denominator_came) == ([], ["b"], [])
    assert delayed.before is not None
    assert delayed.after is not None
    assert (delayed.before.n, delayed.after.n) == (2, 1)


def test_what_becomes_known_leaves_the_indeterminate() -> None:
    before = snapshot(reported(*CASES))
    found = {d.key: d for d in compare(before, snapshot(reported(*changed("c", arrest=True))))}
    assert (found["AQI-ICA-14"].came, found["AQI-ICA-14"].unknown_went) == (["c"], ["c"])


def test_the_same_number_of_other_cases_is_a_difference() -> None:
    after = (
        *changed("b", pacu_h=2.0)[:2],
        CASES[2],
        facts("d", "visit:3", hour=4, pacu=True, pacu_h=9.0, arrest=False),
    )
    found = {d.key: d for d in compare(snapshot(reported(*CASES)), snapshot(reported(*after)))}["T-09"]
    assert found.before is not None
    assert found.after is not None
    assert found.before.n == found.after.n == 2
    assert (found.came, found.went, found.denominator_came) == (["d"], ["b"], ["d"])


def test_a_patient_who_was_merged_into_another_is_a_difference() -> None:
    found = {
        d.key: d for d in compare(snapshot(reported(*CASES)), snapshot(reported(*changed("c", patient="visit:1"))))
    }
    merged = found["AQI-IDP-18"]
    assert (merged.denominator_came, merged.denominator_went) == (["a", "b", "c"], ["a", "b", "c"])


def test_nothing_changed_is_no_difference_and_what_is_new_or_gone_is_one() -> None:
    whole, part = snapshot(reported(*CASES)), snapshot(reported(*CASES, editions="2022"))
    assert compare(whole, whole) == []
    assert {d.key for d in compare(whole, part) if d.after is None} == {d.key for d in compare(part, whole)}
    assert len(compare(part, whole)) == len(whole.results) - len(part.results)
