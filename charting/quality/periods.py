"""Periods of a report: a year, a quarter, a month, or days from … to; in the site's zone. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from collector.errors import UsageError

_YEAR = re.compile(r"([0-9]{4})")
_QUARTER = re.compile(r"([0-9]{4})-Q([1-4])")
_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_EARLIEST, _LATEST = 2000, 2200


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """`name`: 2026, 2026-Q4, 2026-11 or FROM..TO (ISO days, both within it); [start_us, end_us) in the site's zone."""

    name: str
    start_us: int
    end_us: int

    @property
    def is_year(self) -> bool:
        return _YEAR.fullmatch(self.name) is not None

    @property
    def is_month(self) -> bool:
        return _MONTH.fullmatch(self.name) is not None

    @property
    def year(self) -> str:
        """The year in which it lies; "": more than one."""
        first, last = _days(self.name)
        return f"{first.year:04}" if first.year == last.year else ""

    @property
    def months(self) -> Sequence[str]:
        """The months of which it is made, as 2026-11; none: it is not made of whole months."""
        first, last = _days(self.name)
        if first.day != 1 or (last + timedelta(days=1)).day != 1:
            return []
        numbers = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
        return [f"{n // 12:04}-{n % 12 + 1:02}" for n in numbers]


def period(text: str, zone: str) -> Period:
    """What a text names. Days that are a month, a quarter or a year are called so. Raises UsageError."""
    first, last = _days(text)
    return Period(name=_named(first, last), start_us=_midnight(first, zone), end_us=_midnight(_after(last), zone))


def days(first: date, last: date, zone: str) -> Period:
    """From a day to a day, both within it. Raises UsageError."""
    return period(f"{first.isoformat()}..{last.isoformat()}", zone)


def month(at_us: int, zone: str, back: int = 0) -> Period:
    """The month of a time, or so many before it."""
    at = datetime.fromtimestamp(at_us / 1e6, tz=ZoneInfo(zone))
    number = at.year * 12 + at.month - 1 - back
    return period(f"{number // 12:04}-{number % 12 + 1:02}", zone)


def _days(text: str) -> tuple[date, date]:
    """The first and the last day."""
    if found := _YEAR.fullmatch(text):
        first = _first(found[1], 1)
        return first, _last(first, 12)
    if found := _QUARTER.fullmatch(text):
        first = _first(found[1], int(found[2]) * 3 - 2)
        return first, _last(first, 3)
    if found := _MONTH.fullmatch(text):
        first = _first(found[1], int(found[2]))
        return first, _last(first, 1)
    ends = text.split("..")
    if len(ends) != 2:
        raise UsageError(f"{text!r} is no period: expected 2026, 2026-Q4, 2026-11 or 2026-11-01..2026-11-30")
    first, last = _day(ends[0]), _day(ends[1])
    if last < first:
        raise UsageError(f"{text!r} is no period: it ends before it begins")
    return first, last


def _day(text: str) -> date:
    try:
        found = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        found = None
    if found is None:
        raise UsageError(f"{text!r} is no day: expected one as 2026-11-01")
    return _first(str(found.year), found.month).replace(day=found.day)


def _first(year: str, month_: int) -> date:
    if not _EARLIEST <= int(year) < _LATEST:
        raise UsageError(f"{year} is no year of ours: expected one from {_EARLIEST} to {_LATEST - 1}")
    return date(int(year), month_, 1)


def _last(first: date, months: int) -> date:
    """The last day of so many months, the first of which begins then."""
    number = first.year * 12 + first.month - 1 + months
    return date(number // 12, number % 12 + 1, 1) - timedelta(days=1)


def _after(day: date) -> date:
    return day + timedelta(days=1)


def _named(first: date, last: date) -> str:
    if first.day == 1:
        if first.month == 1 and last == _last(first, 12):
            return f"{first.year:04}"
        if first.month % 3 == 1 and last == _last(first, 3):
            return f"{first.year:04}-Q{first.month // 3 + 1}"
        if last == _last(first, 1):
            return f"{first.year:04}-{first.month:02}"
    return f"{first.isoformat()}..{last.isoformat()}"


def _midnight(day: date, zone: str) -> int:
    start = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)) - datetime(1970, 1, 1, tzinfo=UTC)
    return start // timedelta(microseconds=1)
