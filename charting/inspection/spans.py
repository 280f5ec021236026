"""Spans of time: how conditions stood, how often and how long something was so. Pure; times are µs since 1970 UTC."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from charting.inspection.raw import Change
from charting.quality.periods import Period
from collector.model import AlarmPhase

Interval = tuple[int, int]
"""Start and end; sets of them are in order and do not touch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spell:
    """A condition stood with one code. `ended_us` None: it stands."""

    bed: str
    source: str
    code: str
    onset_us: int
    ended_us: int | None

    def within(self, period: Period) -> Interval | None:
        """None: it stood outside of it."""
        start, end = max(self.onset_us, period.start_us), min(self.ended_us or period.end_us, period.end_us)
        return (start, end) if start < end else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How often in a period, s in all, s of the longest; `standing`: to its end."""

    times: int = 0
    total_s: float = 0.0
    longest_s: float = 0.0
    standing: bool = False


def spells(changes: Iterable[Change]) -> Sequence[Spell]:
    """`changes`: of each source in the order in which they came. What goes on with another code is another spell."""
    found: list[Spell] = []
    open_: dict[tuple[str, str], tuple[int, str]] = {}
    for change in changes:
        key = change.bed, change.source
        onset_us, code = open_.get(key, (change.at_us, ""))
        over = change.phase is AlarmPhase.END
        if key in open_ and (over or change.code != code):
            del open_[key]
            found.append(Spell(bed=change.bed, source=change.source, code=code, onset_us=onset_us,
                               ended_us=max(change.at_us, onset_us)))  # fmt: skip
        if not over:
            open_.setdefault(key, (change.at_us, change.code))
    found += [
        Spell(bed=bed, source=source, code=code, onset_us=onset_us, ended_us=None)
        for (bed, source), (onset_us, code) in open_.items()
    ]
    return found


def clipped(found: Iterable[Spell], period: Period) -> Sequence[Interval]:
    """What of spells lies in a period."""
    return union(within for spell in found if (within := spell.within(period)) is not None)


def union(intervals: Iterable[Interval]) -> Sequence[Interval]:
    merged: list[Interval] = []
    for start, end in sorted(intervals):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        elif end > start:
            merged.append((start, end))
    return merged


def common(a: Sequence[Interval], b: Sequence[Interval]) -> Sequence[Interval]:
    """What lies in both."""
    return union(pair for pair in _pairs(a, b))


def _pairs(a: Sequence[Interval], b: Sequence[Interval]) -> Iterator[Interval]:
    n = m = 0
    while n < len(a) and m < len(b):
        start, end = max(a[n][0], b[m][0]), min(a[n][1], b[m][1])
        if start < end:
            yield start, end
        if a[n][1] < b[m][1]:
            n += 1
        else:
            m += 1


def without(a: Sequence[Interval], b: Sequence[Interval]) -> Sequence[Interval]:
    """What of a lies outside of b."""
    found: list[Interval] = []
    for start, end in a:
        at = start
        for b_start, b_end in common([(start, end)], b):
            if at < b_start:
                found.append((at, b_start))
            at = b_end
        if at < end:
            found.append((at, end))
    return found


def seconds(intervals: Iterable[Interval]) -> float:
    return sum(end - start for start, end in intervals) / 1e6


def tally(intervals: Sequence[Interval], end_us: int, less: Sequence[Interval] = ()) -> Tally:
    """`end_us`: of the period. `less`: what does not count of them, without parting them."""
    each_s = [seconds(without([interval], less)) for interval in intervals]
    return Tally(
        times=len(intervals),
        total_s=sum(each_s),
        longest_s=max(each_s, default=0.0),
        standing=any(end >= end_us for _, end in without(intervals, less)),
    )


def shared(of: Sequence[Sequence[Interval]], least: int) -> Sequence[Interval]:
    """Where at least so many of these sets hold at the same time."""
    edges = sorted((at, step) for each in of for start, end in each for at, step in ((start, 1), (end, -1)))
    found: list[Interval] = []
    depth, since = 0, 0
    for at, step in edges:
        if step > 0 and depth == least - 1:
            since = at
        if step < 0 and depth == least:
            found.append((since, at))
        depth += step
    return union(found)
