"""The week's bad actors and the day's load, read from the beds' stores when somebody asks. Any thread may call."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock

from charting.filler.sources import Sources
from charting.watch.load import HOUR_US, Actor, Load, actors, load
from collector.clock import EVER_US
from collector.errors import VitalsdError
from collector.model import Condition

WEEK_US = 7 * 24 * HOUR_US
MOST = 10
KEPT_US = HOUR_US // 12
"""So long the same is told to everybody: a week does not change in five minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """`unread`: beds whose store could not be read; they are not in it."""

    at_us: int
    since_us: int
    actors: Sequence[Actor] = ()
    loads: Sequence[Load] = ()
    unread: Sequence[str] = ()


class Week:
    def __init__(self, sources: Sources, beds: Sequence[str], now_us: Callable[[], int]) -> None:
        self._sources = sources
        self._beds = beds
        self._now_us = now_us
        self._lock = Lock()
        self._report: Report | None = None

    def report(self) -> Report:
        with self._lock:
            now_us = self._now_us()
            if self._report is None or not 0 <= now_us - self._report.at_us < KEPT_US:
                self._report = self._made(now_us)
            return self._report

    def _made(self, now_us: int) -> Report:
        found: list[Condition] = []
        loads: list[Load] = []
        unread: list[str] = []
        for bed in self._beds:
            try:
                reader = self._sources.reader(bed)
                changes = reader.conditions(bed, now_us - WEEK_US, EVER_US) if reader is not None else ()
            except VitalsdError:
                unread.append(bed)
                continue
            found += changes
            loads.append(load(bed, changes, now_us))
        return Report(
            at_us=now_us,
            since_us=now_us - WEEK_US,
            actors=actors(found, MOST),
            loads=sorted(loads, key=lambda each: -each.total),
            unread=unread,
        )
