"""Which backups stay."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charting.backup.retention import Keep, surplus

START = datetime(2026, 1, 1, 18, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    made: datetime
    tested: bool = True


def nightly(nights: int) -> Sequence[Made]:
    """From Thursday 2026-01-01 on."""
    return [Made(made=START + timedelta(days=n)) for n in range(nights)]


def staying(made: Sequence[Made], keep: Keep) -> Sequence[str]:
    gone = surplus(made, keep)
    return [f"{one.made:%m-%d}" for one in made if one not in gone]


def test_a_year_of_nights_leaves_days_weeks_and_months() -> None:
    """2026-12-31 is a Thursday: the Sundays before end its weeks."""
    kept = staying(nightly(365), Keep(daily=3, weekly=3, monthly=4))
    assert kept == ["09-30", "10-31", "11-30", "12-20", "12-27", "12-29", "12-30", "12-31"]


@pytest.mark.parametrize(
    ("keep", "kept"),
    [
        (Keep(daily=1, weekly=0, monthly=0), ["01-20"]),
        (Keep(daily=2, weekly=0, monthly=0), ["01-19", "01-20"]),
        (Keep(daily=1, weekly=2, monthly=0), ["01-18", "01-20"]),
        (Keep(daily=1, weekly=0, monthly=12), ["01-20"]),
        (Keep(daily=99, weekly=9, monthly=9), [f"01-{n:02}" for n in range(1, 21)]),
    ],
)
def test_each_number_is_one_of_periods_that_have_a_backup(keep: Keep, kept: Sequence[str]) -> None:
    assert staying(nightly(20), keep) == kept


def test_of_several_on_a_day_the_last_stays() -> None:
    made = [Made(made=START + timedelta(hours=n)) for n in range(3)]
    assert surplus(made, Keep(daily=7, weekly=4, monthly=12)) == made[:2]


def test_one_that_could_not_be_restored_pushes_nobody_out() -> None:
    made = [*nightly(3), *(Made(made=one.made, tested=False) for one in nightly(9)[3:])]
    keep = Keep(daily=2, weekly=0, monthly=0)
    assert staying(made, keep) == ["01-02", "01-03", "01-08", "01-09"]
    good = Made(made=START + timedelta(days=9))
    assert staying([*made, good], keep) == ["01-03", "01-10"]


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 900), st.booleans()), min_size=1, unique_by=lambda one: one[0]),
    st.builds(Keep, daily=st.integers(1, 9), weekly=st.integers(0, 9), monthly=st.integers(0, 9)),
)
def test_the_last_one_that_was_restored_stays_always(told: list[tuple[int, bool]], keep: Keep) -> None:
    made = [Made(made=START + timedelta(hours=7 * n), tested=tested) for n, tested in sorted(told)]
    gone = surplus(made, keep)
    restored = [one for one in made if one.tested]
    assert made[-1] not in gone
    assert not restored or restored[-1] not in gone
    assert len(made) - len(gone) <= 2 * (keep.daily + keep.weekly + keep.monthly)
