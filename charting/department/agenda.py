"""When and where: the year's operations in order of time, and rooms and beds that hold one patient at a time."""

from bisect import insort
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from charting.department.mix import Operation, operations
from charting.department.story import DAY_US, MINUTE_US
from collector.clock import from_datetime

ZONE = "Asia/Shanghai"
_WEEKEND = 0.3
"""Elective operations on a day off, of those on a working day."""
_EMERGENCY_HOURS = (2, 2, 1, 1, 1, 1, 2, 3, 4, 5, 6, 6, 5, 6, 6, 6, 6, 6, 6, 6, 6, 5, 4, 3)
"""How many emergencies come in each hour of the day, of all."""
_EVE, _NEW_YEAR = 22, 25
"""Minutes before midnight: into the room in the old year, anaesthesia in the new."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """An operation that is to begin at `at_us` (into the room)."""

    at_us: int
    operation: Operation
    emergency: bool


def slots(rng: Random, cases: int, year: int) -> Sequence[Slot]:
    """So many operations of a year, in order of time; the first and the last lie around midnight of the year's ends."""
    weights = [operation.weight for operation in operations()]
    days = [date(year, 1, 1) + timedelta(days=n) for n in range((date(year + 1, 1, 1) - date(year, 1, 1)).days)]
    working = [_WEEKEND if day.weekday() >= 5 else 1.0 for day in days]
    chosen = rng.choices(operations(), weights, k=cases)
    found: list[Slot] = []
    for operation in chosen:
        emergency = rng.random() * 100 < operation.emergency
        day = rng.choice(days) if emergency else rng.choices(days, working)[0]
        hour = (
            rng.choices(range(24), _EMERGENCY_HOURS)[0] if emergency else rng.choice((8, 8, 8, 9, 10, 11, 13, 14, 15))
        )
        minute = rng.randrange(60) if emergency else rng.randrange(0, 60, 5)
        found.append(Slot(at_us=local_us(day, hour, minute), operation=operation, emergency=emergency))
    found.sort(key=lambda slot: slot.at_us)
    if len(found) >= 3:
        for place, at_us in ((0, local_us(days[0], 0, 0)), (-1, local_us(days[-1], 24, 0))):
            urgent = next(o for o in operations() if o.emergency > 80 and o.unit == "or")
            found[place] = Slot(at_us=at_us - 3 * MINUTE_US, operation=urgent, emergency=True)
    return found


def local_us(day: date, hour: int, minute: int) -> int:
    """A local time as µs since 1970 UTC; hour 24 is the next day's midnight."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(ZONE))
    return from_datetime(midnight) + (hour * 60 + minute) * MINUTE_US


def local(at_us: int) -> datetime:
    return datetime.fromtimestamp(at_us / 1_000_000, ZoneInfo(ZONE))


def iso(at_us: int) -> str:
    """Local time to the minute with its offset from UTC."""
    return local(at_us).isoformat(timespec="minutes")


@dataclass(slots=True)
class Beds:
    """Beds of one kind, each with the times at which it is taken. More are opened when all are."""

    prefix: str
    count: int
    _taken: list[list[tuple[int, int]]] = field(default_factory=list)

    def take(self, start_us: int, end_us: int) -> str:
        """The first one that is free from start to end; then it is taken."""
        for n in range(self.count + len(self._taken)):
            if n == len(self._taken):
                self._taken.append([])
            times = self._taken[n]
            times[:] = [t for t in times if t[1] > start_us - 2 * DAY_US]
            if all(end_us <= start or start_us >= end for start, end in times):
                insort(times, (start_us, end_us))
                return f"{self.prefix}{n + 1:02d}"
        raise AssertionError("a new bed is free")

    def soonest(self, start_us: int, gap_us: int) -> int:
        """When at the earliest one of the beds that there are is free for good, not before `start_us`."""
        if len(self._taken) < self.count:
            return start_us
        free = (max((end for _, end in times), default=0) + gap_us for times in self._taken[: self.count])
        return max(start_us, min(free))


def hospital(cases: int) -> Iterator[tuple[str, Beds]]:
    """Beds by kind, as many as so many cases a year need."""
    busy = max(1.0, cases / 12_000)
    for kind, prefix, count in (
        ("or", "OR-", 14), ("day", "DS-", 5), ("urgent", "OR-E", 3), ("endo", "ENDO-", 4), ("cath", "CATH-", 1),
        ("mri", "MRI-", 1), ("ect", "ECT-", 1), ("labour", "LDR-", 5), ("pacu", "PACU-", 16), ("icu", "ICU-", 20),
    ):  # fmt: skip
        yield kind, Beds(prefix, round(count * busy))
