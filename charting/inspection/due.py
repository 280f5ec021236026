"""Which reports are due. Pure.

Inspections when a month, a quarter or a year is over; the database's performance when a quarter is, and in the week
before 劳动节, 国庆节 and 春节.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from charting.case.clock import local
from charting.inspection.holidays import Holidays
from charting.quality.periods import Period, days, period

Kind = Literal["inspection", "performance"]

BEFORE = timedelta(days=7)
"""A holiday's report is made within so much before its first day."""
LOOKS_BACK = timedelta(days=30)
"""So much until that week is what it is about."""
GRACE_US = 10 * 86_400_000_000
"""A quarter's performance report is made within so much after its end: a database cannot be looked at in the past."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A report that is made from one time to another; `until_us` None: however late."""

    kind: Kind
    period: Period
    from_us: int
    until_us: int | None


def due(since_us: int, now_us: int, zone: str, table: Holidays, kept: Collection[tuple[Kind, str]]) -> Sequence[Due]:
    """What is to be made now. `since_us`: when the first gateway was heard of; `kept`: what is there."""
    return [
        each
        for each in planned(since_us, now_us, zone, table)
        if each.until_us is None or now_us < each.until_us
        if (each.kind, each.period.name) not in kept
    ]


def overdue(of: Period, since_us: int, now_us: int, zone: str, table: Holidays,
            kept: Collection[tuple[Kind, str]]) -> Sequence[str]:  # fmt: skip
    """Performance reports whose time ended in a period, and that are not there: the names of their periods."""
    return [
        each.period.name
        for each in planned(since_us, now_us, zone, table)
        if each.until_us is not None and of.start_us < each.until_us <= min(of.end_us, now_us)
        if (each.kind, each.period.name) not in kept
    ]


def unplanned(of: Period, zone: str, table: Holidays) -> Sequence[int]:
    """Years of a period, and the next one from October on, of which the table has nothing."""
    first, last = (local(at_us, zone).date() for at_us in (of.start_us, of.end_us - 1))
    until = last.year + (last.month >= 10)
    return [year for year in range(first.year, until + 1) if year not in table]


def planned(since_us: int, now_us: int, zone: str, table: Holidays) -> Iterator[Due]:
    """All that fell due since a time."""
    first, today = local(since_us, zone).date(), local(now_us, zone).date()
    for year in range(first.year, today.year + 1):
        names = [*(f"{year}-{month:02}" for month in range(1, 13)), *_quarters(year), f"{year}"]
        for name in names:
            of = period(name, zone)
            if since_us < of.end_us <= now_us:
                yield Due(kind="inspection", period=of, from_us=of.end_us, until_us=None)
    for year in range(first.year, today.year + 1):
        for name in _quarters(year):
            of = period(name, zone)
            if since_us < of.end_us <= now_us:
                yield Due(kind="performance", period=of, from_us=of.end_us, until_us=of.end_us + GRACE_US)
    for year in range(first.year, today.year + 2):
        for day in sorted(table.get(year, {}).values()):
            week = days(day - BEFORE, day - timedelta(days=1), zone)
            if since_us < week.start_us <= now_us:
                yield Due(kind="performance", period=before(day, zone), from_us=week.start_us, until_us=week.end_us)


def before(holiday: date, zone: str) -> Period:
    """What the report before a holiday is about."""
    week = holiday - BEFORE
    return days(week - LOOKS_BACK, week - timedelta(days=1), zone)


def _quarters(year: int) -> Sequence[str]:
    return [f"{year}-Q{n}" for n in range(1, 5)]
