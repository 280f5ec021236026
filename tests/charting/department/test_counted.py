"""A year of cases: every number of the report is the one that the generator decided, also after late edits."""

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from charting.case.state import Case
from charting.department.acts import later, written
from charting.department.edits import edits
from charting.department.papers import libraries
from charting.department.story import Story
from charting.department.truth import Count, Truth, truth
from charting.department.year import Year, imagine, period
from charting.quality.derive.derive import facts
from charting.quality.facts import Facts
from charting.quality.loader import load
from charting.quality.periods import period as named
from charting.quality.report import report
from charting.quality.results import Member, Result

CASES, EDITS = 4_000, 500
MANY, MANY_EDITS = 12_000, 5_000
EDITIONS = ("2022", "2015", "tender")
YEAR = 2026


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """The year with what was derived of its cases, one by one, and no trail between."""

    year: Year
    cases: Mapping[str, Case]
    facts: Mapping[str, Facts]


@contextmanager
def no_garbage() -> Iterator[None]:
    """A third of the time would go into looking again and again at what stays."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def count(seed: int, cases: int) -> Counted:
    with no_garbage():
        year = imagine(cases, seed, YEAR)
        known = {story.case: written(story).case for story in year.stories}
        derived = {case: found for case, one in known.items() if (found := facts(one, libraries())) is not None}
    return Counted(year=year, cases=known, facts=derived)


@pytest.fixture(scope="module")
def counted() -> Counted:
    return count(20_260_101, CASES)


@pytest.mark.timeout(900)
def test_every_number_of_a_year_is_the_truth(counted: Counted) -> None:
    told = _truth(counted.year, {story.case: story for story in counted.year.stories})
    _compare(told, counted.facts)
    empty = {code for code, count in told.counts.items() if not count.n}
    assert empty == {"2015-02/6"}, "each indicator has something to count, but for organ donors"


@pytest.mark.timeout(900)
def test_every_number_is_the_truth_after_late_edits(counted: Counted) -> None:
    _edit(counted, EDITS, 7)


@pytest.mark.soak
@pytest.mark.timeout(3_000)
@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_so_it_is_in_other_years_after_many_edits(seed: int) -> None:
    counted = count(seed, MANY)
    _compare(_truth(counted.year, {story.case: story for story in counted.year.stories}), counted.facts)
    _edit(counted, MANY_EDITS, seed)


def _edit(counted: Counted, n: int, seed: int) -> None:
    """Compares what is derived of edited cases with the truth of the edited stories."""
    stories = {story.case: story for story in counted.year.stories}
    cases, found = dict(counted.cases), dict(counted.facts)
    before = _truth(counted.year, stories)
    touched = set()
    for edit in edits(stories, n, seed):
        case = edit.after.case
        cases[case] = later(cases[case], edit.before, edit.after, edit.at_us).case
        stories[case] = edit.after
        touched.add(case)
    for case in touched:
        derived = facts(cases[case], libraries())
        if derived is None:
            found.pop(case)
        else:
            found[case] = derived
    after = _truth(counted.year, stories)
    moved = [code for code, count in after.counts.items() if count != before.counts[code]]
    assert len(moved) > 60, "the edits change most numbers"
    _compare(after, found)


def _truth(year: Year, stories: Mapping[str, Story]) -> Truth:
    return truth(stories.values(), year.figures, period(YEAR), seed=year.seed, year=YEAR)


def _compare(told: Truth, found: Mapping[str, Facts]) -> None:
    made = report(
        list(found.values()),
        load(),
        named(str(YEAR), "Asia/Shanghai"),
        editions=EDITIONS,
        figures=told.figures,
        made_us=0,
    )
    results = {result.key: result for result in made.results}
    assert made.cases == told.cases
    assert len(told.counts) == 26 + (17 + 5 + 4) + (23 + 9)
    wrong = {code: said for code, count in told.counts.items() if (said := _differs(results[code], count))}
    assert not wrong


def _differs(result: Result, count: Count) -> Mapping[str, object]:
    """What of a result is not the truth, "" where all is."""
    if count.unit == "H":
        return {"n": (result.n, count.n)} if (result.n, result.d) != (count.n, count.d) else {}
    found = {
        "numerator": _keys(result.numerator) ^ count.numerator,
        "denominator": _keys(result.denominator) ^ count.denominator,
        "unknown": _keys(result.unknown) ^ count.unknown,
        "pending": _keys(result.pending) ^ count.pending,
        "n": {result.n} ^ {count.n},
        "d": {result.d} ^ {count.d},
        "drill-down": {len(result.numerator)} ^ {int(result.n)},
        "unavailable": {result.unavailable} ^ {""} if count.n else set(),
    }
    return {name: sorted(map(str, keys))[:5] for name, keys in found.items() if keys}


def _keys(members: Sequence[Member]) -> frozenset[str]:
    return frozenset(member.key for member in members)
