"""When the hospital lets a gateway update itself. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """From a local time until another one, after midnight where that is the earlier.

    days: on which it begins; blackout: dates on which nothing is updated.
    """

    begin: time
    end: time
    days: Collection[str]
    blackout: Collection[date]
    zone: str

    def is_open(self, now: datetime) -> bool:
        local = now.astimezone(ZoneInfo(self.zone))
        today, at = local.date(), local.time()
        over_midnight = self.end <= self.begin
        if over_midnight and at < self.end:
            began = today - _DAY
        elif self.begin <= at and (over_midnight or at < self.end):
            began = today
        else:
            return False
        return DAYS[began.weekday()] in self.days and not {began, today} & {*self.blackout}


def times(text: str) -> tuple[time, time]:
    """Begin and end of "02:00-05:00". Raises ValueError."""
    begin, _, end = text.partition("-")
    try:
        found = time.fromisoformat(begin.strip()), time.fromisoformat(end.strip())
    except ValueError:
        raise ValueError('expected two times of day like "02:00-05:00"') from None
    if found[0] == found[1]:
        raise ValueError("begins when it ends")
    return found
