"""Numbers from outside the cases, and the periods of which they are told."""

from datetime import date

import pytest

from charting.case.refusals import NotAllowed
from charting.desk import Desk
from charting.quality.figures import Figures, figure_kinds, figures, set_figure
from charting.quality.periods import days, month, period
from charting.quality.refusals import QualityRefusal
from charting.trail.entries import Denied, FigureSet
from charting.trail.trail import MemoryTrail
from collector.errors import UsageError
from tests.charting.clock import Clock
from tests.charting.desk.scenes import ANN, HAL, QUE, desk_on

ZONE = "Asia/Shanghai"
HOUR_US = 3_600_000_000


@pytest.fixture
def memory(clock: Clock) -> MemoryTrail:
    return MemoryTrail(clock.now_us)


@pytest.fixture
def desk(memory: MemoryTrail, clock: Clock) -> Desk:
    return desk_on(memory, clock)


@pytest.mark.parametrize(
    ("text", "name", "hours"),
    [
        ("2026", "2026", 365 * 24),
        ("2028", "2028", 366 * 24),
        ("2026-Q4", "2026-Q4", 92 * 24),
        ("2026-11", "2026-11", 30 * 24),
        ("2026-12", "2026-12", 31 * 24),
        ("2026-11-05..2026-11-05", "2026-11-05..2026-11-05", 24),
        ("2026-11-01..2026-11-30", "2026-11", 30 * 24),
        ("2026-01-01..2026-12-31", "2026", 365 * 24),
        ("2026-04-01..2026-06-30", "2026-Q2", 91 * 24),
        ("2026-11-01..2026-12-31", "2026-11-01..2026-12-31", 61 * 24),
    ],
)
def test_a_period_is_called_and_lasts_as_it_should(text: str, name: str, hours: int) -> None:
    found = period(text, ZONE)
    assert (found.name, (found.end_us - found.start_us) / HOUR_US) == (name, hours)
    assert period(name, ZONE) == found


def test_a_period_begins_at_the_sites_midnight() -> None:
    assert period("2026-11", "UTC").start_us - period("2026-11", ZONE).start_us == 8 * HOUR_US
    assert period("2026-11", "UTC").start_us == 1_793_491_200_000_000


def test_where_the_clock_is_put_back_a_day_has_25_hours() -> None:
    autumn = days(date(2026, 10, 25), date(2026, 10, 25), "Europe/Berlin")
    assert autumn.end_us - autumn.start_us == 25 * HOUR_US


@pytest.mark.parametrize(
    "text",
    ["", "26", "2026-13", "2026-00", "2026-Q5", "2026-11-31..2026-12-01", "2026-11-02..2026-11-01",
     "2026-11-1..2026-12-1",      "1999", "9999", "2026-11-01", "2026-11-01..", "2026..2027", "２０２６"],
)  # fmt: skip
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        period(text, ZONE)


def test_months_and_years_of_a_period() -> None:
    assert period("2026-Q4", ZONE).months == ["2026-10", "2026-11", "2026-12"]
    assert len(period("2026", ZONE).months) == 12
    assert period("2025-12-01..2026-01-31", ZONE).months == ["2025-12", "2026-01"]
    assert period("2026-11-02..2026-11-30", ZONE).months == []
    assert (period("2026-Q4", ZONE).year, period("2025-12-01..2026-01-31", ZONE).year) == ("2026", "")
    at_us = period("2026-01", ZONE).start_us
    assert [month(at_us, ZONE, back).name for back in (0, 1, 13)] == ["2026-01", "2025-12", "2024-12"]
    assert month(at_us - 1, ZONE).name == "2025-12"


def test_monthly_figures_add_up_only_when_each_month_is_told() -> None:
    told = Figures(told={("vaginal_births", "2026-10"): 30.0, ("vaginal_births", "2026-11"): 41.0,
                         ("anaesthesia_doctors", "2026"): 12.0})  # fmt: skip
    assert told.of(period("2026-11", ZONE)) == {"vaginal_births": 41.0, "anaesthesia_doctors": 12.0}
    assert told.of(period("2026-10-01..2026-11-30", ZONE)) == {"vaginal_births": 71.0, "anaesthesia_doctors": 12.0}
    assert told.of(period("2026-Q4", ZONE)) == {"anaesthesia_doctors": 12.0}
    assert told.of(period("2026-11-02..2026-11-30", ZONE)) == {"anaesthesia_doctors": 12.0}
    assert told.of(period("2025-12-01..2026-01-31", ZONE)) == {}


def test_the_last_one_told_counts_and_can_be_taken_back(desk: Desk, memory: MemoryTrail) -> None:
    for value in (40.0, 41.0, 41.0):
        set_figure(desk, QUE, key="vaginal_births", of="2026-11", value=value)
    set_figure(desk, HAL, key="anaesthesia_doctors", of="2026", value=12)
    assert figures(memory).told == {("vaginal_births", "2026-11"): 41.0, ("anaesthesia_doctors", "2026"): 12.0}
    assert [e.actor for e in memory.all(kinds=["figure_set"])] == ["que", "que", "hal"]
    set_figure(desk, QUE, key="vaginal_births", of="2026-11", value=None)
    set_figure(desk, QUE, key="vaginal_births", of="2026-11", value=None)
    assert figures(memory).told == {("anaesthesia_doctors", "2026"): 12.0}
    told = list(memory.all(kinds=["figure_set"]))
    assert len(told) == 4
    assert told[-1].body == FigureSet(key="vaginal_births", period="2026-11", value=None)


def test_a_month_written_as_days_is_the_month(desk: Desk, memory: MemoryTrail) -> None:
    set_figure(desk, QUE, key="vaginal_births", of="2026-11-01..2026-11-30", value=3)
    assert figures(memory).told == {("vaginal_births", "2026-11"): 3.0}


@pytest.mark.parametrize(
    ("key", "of", "value", "why"),
    [
        ("beds", "2026", 1.0, "quality.refused.figure_unknown"),
        ("anaesthesia_doctors", "last year", 1.0, "quality.refused.period"),
        ("anaesthesia_doctors", "2026-11", 1.0, "quality.refused.per_year"),
        ("vaginal_births", "2026", 1.0, "quality.refused.per_month"),
        ("vaginal_births", "2026-11", -1.0, "quality.refused.figure_number"),
        ("vaginal_births", "2026-11", 1.5, "quality.refused.figure_number"),
        ("vaginal_births", "2026-11", float("nan"), "quality.refused.figure_number"),
        ("vaginal_births", "2026-11", float("inf"), "quality.refused.figure_number"),
        ("vaginal_births", "2026-11", 1e9, "quality.refused.figure_number"),
    ],
)
def test_what_is_no_figure_is_refused(
    desk: Desk, memory: MemoryTrail, key: str, of: str, value: float, why: str
) -> None:
    with pytest.raises(QualityRefusal) as refused:
        set_figure(desk, QUE, key=key, of=of, value=value)
    assert refused.value.key == why
    assert refused.value.text("zh") != refused.value.text("en")
    assert not memory.all()


def test_only_who_may_tells_figures_and_the_attempt_is_kept(desk: Desk, memory: MemoryTrail) -> None:
    with pytest.raises(NotAllowed):
        set_figure(desk, ANN, key="vaginal_births", of="2026-11", value=1)
    assert [e.body for e in memory.all()] == [Denied(action="figures", document="", why="may_not")]


def test_each_figure_is_named_in_both_languages() -> None:
    assert all(kind.zh and kind.en for kind in figure_kinds().values())
