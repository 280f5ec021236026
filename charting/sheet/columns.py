"""The time axis of a page: columns of equal width, one a mark of the grid. Pure. Times are µs since 1970 UTC.

Where the grid is closer (抢救) a minute has a whole column: time runs wider there, and every value has its place.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

MINUTE_US = 60_000_000
LONGEST = 12 * 24 * 40
"""Marks of one document at most: 40 days of 5 minutes. What lies beyond is listed, not drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The grid has `step_us` in [start_us, end_us)."""

    start_us: int
    end_us: int
    step_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Columns from `left`, each `width` wide. `edges` has one time more: column i is [edges[i], edges[i+1]).

    `close`: columns of a closer grid.
    """

    marks: tuple[int, ...]
    edges: tuple[int, ...]
    left: float
    width: float
    close: frozenset[int] = frozenset()

    @property
    def start_us(self) -> int:
        return self.edges[0]

    @property
    def end_us(self) -> int:
        return self.edges[-1]

    @property
    def since_us(self) -> int:
        """From when the sums of a page count: a page of a day its own day, others the whole record."""
        return self.start_us if self.daily else 0

    @property
    def daily(self) -> bool:
        """Columns are wide: hours of a day, or quarters of an hour."""
        return self.width > 60

    @property
    def right(self) -> float:
        return self.left + self.width * len(self.marks)

    def holds(self, time_us: int) -> bool:
        return self.start_us <= time_us < self.end_us

    def meets(self, start_us: int, end_us: int) -> bool:
        return start_us < self.end_us and end_us > self.start_us

    def column(self, time_us: int) -> int:
        """The column that a time lies in; the nearest one where it is outside."""
        return min(max(bisect_right(self.edges, time_us) - 1, 0), len(self.marks) - 1)

    def centre(self, column: int) -> float:
        return self.left + self.width * (column + 0.5)

    def x(self, time_us: int) -> float:
        """Where a time lies; outside of the page its edge. A mark at mid column (or at its left edge) by `edges`."""
        i = self.column(time_us)
        low, mark, high = self.edges[i], self.marks[i], self.edges[i + 1]
        at = min(max(time_us, low), high)
        if at < mark:
            share = 0.5 * (at - low) / (mark - low)
        elif mark > low:
            share = 0.5 + 0.5 * (at - mark) / (high - mark)
        else:
            share = (at - low) / (high - low)
        return self.left + self.width * (i + share)


def grid(start_us: int, until_us: int, step_us: int, zone: ZoneInfo, spans: Sequence[Span] = ()) -> list[int]:
    """Marks, rising: whole steps of local time from that at or before `start_us` to `until_us`, closer within spans."""
    found = set(_steps(start_us, until_us, step_us, zone))
    first, last = min(found), max(found) + step_us
    for span in spans:
        begin, end = max(span.start_us, first), min(span.end_us, last)
        if begin < end:
            found.update(m for m in _steps(begin, end - 1, span.step_us, zone) if begin <= m < end)
    return sorted(found)[:LONGEST]


def paged(
    marks: Sequence[int], n: int, step_us: int, *, left: float, width: float, centred: bool, spans: Sequence[Span] = ()
) -> list[Columns]:
    """Pages of n columns; the last one is filled up with whole steps, also behind a mark of a closer grid.

    `centred`: a column reaches half way to its neighbours, else from its mark to the next one.
    """
    padded = list(marks)
    while len(padded) % n or not padded:
        padded.append(_after(padded, step_us))
    after = _after(padded, step_us)
    if centred:
        middles = [(a + b) // 2 for a, b in pairwise(padded)]
        edges = [padded[0] - (padded[1] - padded[0]) // 2, *middles, padded[-1] + step_us // 2]
    else:
        edges = [*padded, after]
    close = {i for i, mark in enumerate(padded) if any(s.start_us <= mark < s.end_us for s in spans)}
    return [
        Columns(
            marks=tuple(padded[i : i + n]),
            edges=tuple(edges[i : i + n + 1]),
            left=left,
            width=width / n,
            close=frozenset(c - i for c in close if i <= c < i + n),
        )
        for i in range(0, len(padded), n)
    ]


def _after(marks: Sequence[int], step_us: int) -> int:
    """The next whole step, counted from the first mark."""
    return marks[0] + ((marks[-1] - marks[0]) // step_us + 1) * step_us


def day_start(time_us: int, hour: int, zone: ZoneInfo) -> int:
    """The last time at or before `time_us` at which a day of the ward begins."""
    local = datetime.fromtimestamp(time_us / 1e6, zone)
    begin = local.replace(hour=hour, minute=0, second=0, microsecond=0)
    if begin > local:
        begin -= timedelta(days=1)
    return round(begin.timestamp()) * 1_000_000


def _steps(start_us: int, until_us: int, step_us: int, zone: ZoneInfo) -> range:
    offset = datetime.fromtimestamp(start_us / 1e6, zone).utcoffset() or timedelta()
    shift = int(offset.total_seconds()) * 1_000_000
    first = (start_us + shift) // step_us * step_us - shift
    last = min(max(until_us, first), first + LONGEST * step_us)
    return range(first, last + 1, step_us)
