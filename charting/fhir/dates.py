"""Dates as FHIR searches for them: prefixes, precision, spans. Pure."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from charting.fhir.outcome import Wrong
from collector.clock import from_datetime

Span = tuple[int, int | None]
"""µs since 1970 UTC, [from, to]; to None: still."""

PREFIXES = ("eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap")
_FORM = re.compile(
    r"(?P<prefix>[a-z]{2})?(?P<year>\d{4})(-(?P<month>\d\d)(-(?P<day>\d\d)"
    r"(T(?P<hour>\d\d):(?P<minute>\d\d)(:(?P<second>\d\d)(\.(?P<part>\d{1,9}))?)?(?P<zone>Z|[+-]\d\d:\d\d)?)?)?)?"
)
_NEAR = 10
"""`ap` is within a tenth of how long ago it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A date of a search: [low_us, high_us), as precise as it was written."""

    prefix: str
    low_us: int
    high_us: int

    def holds(self, span: Span, now_us: int) -> bool:
        """Whether a resource's span is what was asked for (FHIR search, prefixes)."""
        start_us, end_us = span
        end = float("inf") if end_us is None else end_us
        within = self.low_us <= start_us and end < self.high_us
        match self.prefix:
            case "eq":
                return within
            case "ne":
                return not within
            case "gt":
                return end >= self.high_us
            case "lt":
                return start_us < self.low_us
            case "ge":
                return within or end >= self.high_us
            case "le":
                return within or start_us < self.low_us
            case "sa":
                return start_us >= self.high_us
            case "eb":
                return end < self.low_us
            case _:
                near_us = self._near_us(now_us)
                return start_us < self.high_us + near_us and end >= self.low_us - near_us

    def bounds(self, now_us: int) -> tuple[int, int | None]:
        """From when and until when what is found can have been; 0: ever, None: no bound."""
        near_us = self._near_us(now_us)
        since = max(self.low_us - near_us, 0) if self.prefix in {"eq", "gt", "ge", "sa", "ap"} else 0
        return since, self.high_us + near_us if self.prefix in {"eq", "lt", "le", "eb", "ap"} else None

    def _near_us(self, now_us: int) -> int:
        return abs(now_us - self.low_us) // _NEAR if self.prefix == "ap" else 0


def asked(text: str, zone: str) -> Asked:
    """A date without a zone is the site's. Raises Wrong."""
    found = _FORM.fullmatch(text.replace(" ", "+"))
    if found is None or (found["prefix"] or "eq") not in PREFIXES:
        raise Wrong(400, "invalid", "expected a date as ge2026-11-24T08:00:00+08:00")
    try:
        low = _moment(found, zone)
        return Asked(
            prefix=found["prefix"] or "eq", low_us=from_datetime(low), high_us=from_datetime(_after(found, low))
        )
    except (ValueError, OverflowError):
        raise Wrong(400, "invalid", "there is no such date") from None


def _moment(found: re.Match[str], zone: str) -> datetime:
    year, month, day, hour, minute, second = (int(found[name] or least) for name, least in _LEAST.items())
    part = int((found["part"] or "")[:6].ljust(6, "0"))
    told = datetime(year, month, day, hour, minute, second, part, tzinfo=_zone(found["zone"], zone))
    return told.astimezone(UTC) if found["hour"] else told


def _zone(text: str | None, site: str) -> tzinfo:
    if text is None:
        return ZoneInfo(site)
    return datetime.strptime(text, "%z").tzinfo or UTC


_LEAST = {"year": 1, "month": 1, "day": 1, "hour": 0, "minute": 0, "second": 0}


def _after(found: re.Match[str], low: datetime) -> datetime:
    """The end of what was written: of a day, a second, …; calendar days by the clock on the wall."""
    if found["part"]:
        return low + timedelta(microseconds=10 ** max(0, 6 - len(found["part"])))
    if found["second"] or found["minute"]:
        return low + (timedelta(seconds=1) if found["second"] else timedelta(minutes=1))
    if found["day"]:
        return low + timedelta(days=1)
    if found["month"]:
        return low.replace(year=low.year + low.month // 12, month=low.month % 12 + 1)
    return low.replace(year=low.year + 1)
