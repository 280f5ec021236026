"""Parts of the day and holidays in the site's zone: by minutes, over midnight and changes of the clock."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from charting.workload.scheme import DAY_MIN, Part, Shift, of_day
from charting.workload.spans import Span

_ALIKE_MIN = 15
"""Clocks of the world change at quarters of an hour of UTC."""


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
        day_minute, ordinal = _local(quarter, zone)
        here = (day_minute + at - quarter) % DAY_MIN
        day = ordinal + (day_minute + at - quarter) // DAY_MIN
        part = shift.by_minute[here]
        until = min(end, quarter + _ALIKE_MIN, at + _to_end(here, part), at + DAY_MIN - here)
        holiday = shift.is_holiday(datetime.fromordinal(day).date())
        factor = max(part.factor, shift.holiday) if holiday else part.factor
        yield Stretch(minutes=until - at, part=part.part, holiday=holiday, factor=factor)
        at = until


def _to_end(minute: int, part: Part) -> int:
    """Minutes until the part ends."""
    return (of_day(part.until) - minute - 1) % DAY_MIN + 1


@lru_cache(maxsize=40_000)
def _local(at: int, zone: str) -> tuple[int, int]:
    """The local minute of the day and the day's number, of a minute since 1970 UTC. A year has 35 000 quarters."""
    local = datetime.fromtimestamp(at * 60, UTC).astimezone(ZoneInfo(zone))
    return local.hour * 60 + local.minute, local.toordinal()
