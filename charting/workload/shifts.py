"""Parts of the day and holidays in the site's zone: by minutes, over midnight and changes of the clock."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from charting.workload.scheme import DAY_MIN, Part, Shift, of_day
from charting.workload.spans import Span

_ALIKE_MIN = 15
"""Clocks of the world change, and days begin, at quarters of an hour of UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """`minutes` in one part of the day. `factor`: the higher of the part's and, on a holiday, the holiday's."""

    minutes: int
    part: str
    holiday: bool
    factor: Decimal


def stretches(span: Span, shift: Shift, zone: str) -> Iterator[Stretch]:
    """What a span is made of, in order."""
    at, end = span
    while at < end:
        quarter = at // _ALIKE_MIN * _ALIKE_MIN
        day, minute = _local(quarter, zone)
        here = minute + at - quarter
        part = shift.by_minute[here]
        until = min(end, quarter + _ALIKE_MIN, at + _to_end(here, part))
        holiday = shift.is_holiday(day)
        factor = max(part.factor, shift.holiday) if holiday else part.factor
        yield Stretch(minutes=until - at, part=part.part, holiday=holiday, factor=factor)
        at = until


def _to_end(minute: int, part: Part) -> int:
    """Minutes until the part ends."""
    return (of_day(part.until) - minute - 1) % DAY_MIN + 1


@lru_cache(maxsize=40_000)
def _local(quarter: int, zone: str) -> tuple[date, int]:
    """The local day and its minute, of a minute since 1970 UTC. A year has 35 000 quarters."""
    local = datetime.fromtimestamp(quarter * 60, UTC).astimezone(ZoneInfo(zone))
    return local.date(), local.hour * 60 + local.minute
