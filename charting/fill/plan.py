"""What a document wants of the devices, and the marks of its grid. Pure. Times are µs since 1970 UTC."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from collector.clock import EVER_US, to_datetime

MINUTE_US = 60_000_000
Spans = tuple[tuple[int, int | None], ...]
"""Times from start to end; None: still."""

WINDOW_BEFORE_US, WINDOW_AFTER_US = 3 * MINUTE_US, 2 * MINUTE_US
"""A cell is of the minutes whose middle lies in [m − 2.5 min, m + 2.5 min) (clinical.md §3.2)."""


def during(spans: Spans, time_us: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which of these times lie in the spans, shape (n,)."""
    inside = np.zeros(time_us.size, dtype=bool)
    for start_us, end_us in spans:
        inside |= (time_us >= start_us) & (time_us < (EVER_US if end_us is None else end_us))
    return inside


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Another grid from start to end (None: still): 1 minute while rescue is on, 15 minutes on demand."""

    start_us: int
    end_us: int | None
    step_us: int

    def holds(self, at_us: int) -> bool:
        return self.start_us <= at_us and (self.end_us is None or at_us < self.end_us)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a document wants.

    `signals`: ids of signals.csv. `step_us`: of its grid. `zone`: IANA name; marks are whole steps of local time.
    `events`: keys of the event model → time. `cooled`: when the patient is cooled on purpose; `bypass`: when a machine
    is his heart. `held`: devices → when they are not charted. `expected`: signals whose absence is a gap from
    `start_us` on; others are expected from when they were first seen: by `seen` (of all Fillings before this one), or
    in this one. `end_us`: the document's end, where it has one.
    """

    signals: tuple[str, ...]
    start_us: int
    end_us: int | None = None
    step_us: int = 5 * MINUTE_US
    paces: tuple[Pace, ...] = ()
    zone: str = "Asia/Shanghai"
    events: Mapping[str, int] = field(default_factory=dict)
    cooled: Spans = ()
    bypass: Spans = ()
    held: Mapping[str, Spans] = field(default_factory=dict)
    expected: frozenset[str] = frozenset()
    seen: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A point of the grid; `step_us` of the grid there."""

    mark_us: int
    step_us: int

    @property
    def window_us(self) -> tuple[int, int]:
        """Start and end of the minutes that a continuous signal's value is of."""
        if self.step_us <= MINUTE_US:
            return self.mark_us - MINUTE_US, self.mark_us
        return self.mark_us - WINDOW_BEFORE_US, self.mark_us + WINDOW_AFTER_US

    @property
    def period_us(self) -> tuple[int, int]:
        """Start and end of the time that the mark stands for in the grid."""
        if self.step_us <= MINUTE_US:
            return self.window_us
        return self.mark_us - self.step_us // 2, self.mark_us + self.step_us // 2


def marks(plan: Plan, since_us: int, until_us: int) -> Sequence[Mark]:
    """The marks m of the plan's grid with since_us ≤ m < until_us, within the document's own time."""
    zone = ZoneInfo(plan.zone)
    first_us = max(since_us, plan.start_us)
    last_us = until_us if plan.end_us is None else min(until_us, plan.end_us + 1)
    changes = {t for pace in plan.paces for t in (pace.start_us, pace.end_us) if t is not None}
    edges = [first_us, *sorted(t for t in changes if first_us < t < last_us), last_us]
    found = []
    for start_us, end_us in pairwise(edges):
        step_us = min([plan.step_us, *(pace.step_us for pace in plan.paces if pace.holds(start_us))])
        mark_us = _whole(start_us, step_us, zone)
        while mark_us < end_us:
            found.append(Mark(mark_us=mark_us, step_us=step_us))
            mark_us = _whole(mark_us + 1, step_us, zone)
    return found


def _whole(at_us: int, step_us: int, zone: ZoneInfo) -> int:
    """The first whole step of local time at or after a time."""
    offset_us = _offset_us(at_us, zone)
    mark_us = _ceil(at_us + offset_us, step_us) - offset_us
    after_us = _offset_us(mark_us, zone)
    return mark_us if after_us == offset_us else max(at_us, _ceil(at_us + after_us, step_us) - after_us)


def _offset_us(at_us: int, zone: ZoneInfo) -> int:
    return (to_datetime(at_us).astimezone(zone).utcoffset() or timedelta()) // timedelta(microseconds=1)


def _ceil(at_us: int, step_us: int) -> int:
    return -(-at_us // step_us) * step_us
