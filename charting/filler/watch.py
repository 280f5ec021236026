"""What has come to a bed since the last look, late data too. Pure."""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from charting.fill.fill import MINUTE_US, Plan
from collector.model import AlarmPhase, Condition
from collector.series import Minutes
from collector.technical import GATEWAY

AROUND_US = 10 * MINUTE_US
"""Data can change a cell as far away as a step of its grid, and so much for rules that look at what stood before."""

Prints = NDArray[np.uint64]
Spans = list[tuple[int, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the last look at a part of a document found.

    `looked_us`: the minute in which; `until_us`: to where it looked; `reached_us`: to where it filled; `settled`:
    whether all cells that it filled were final; `seen`: signal → its first valid minute.
    """

    plan: Plan
    looked_us: int
    until_us: int
    reached_us: int
    settled: bool
    prints: Prints
    technical: tuple[Condition, ...]
    seen: Mapping[str, int]


def prints(minutes: Iterable[Minutes], start_us: int, until_us: int) -> Prints:
    """A number for each minute, shape (minutes,): 0 where nothing was read; another one where other values were."""
    total = np.zeros(max(0, -(-(until_us - start_us) // MINUTE_US)), np.uint64)
    first = start_us // MINUTE_US
    for series in minutes:
        at = series.minute_us // MINUTE_US - first
        inside = (at >= 0) & (at < total.size)
        word = np.uint64(zlib.crc32(repr(series.series).encode()) * 2 + 1)
        bits = series.last.view(np.uint64) * np.uint64(3) + series.low.view(np.uint64) * np.uint64(5)
        bits += series.high.view(np.uint64) * np.uint64(7) + series.count.astype(np.uint64) * np.uint64(11)
        np.add.at(total, at[inside], ((bits + np.uint64(1)) * word)[inside])
    return total


def changed(
    before: Seen | None, plan: Plan, now: Prints, technical: Sequence[Condition], since_us: int, until_us: int
) -> Spans:
    """What of [plan.start_us, until_us) has to be filled (again): spans of whole minutes, in order, apart.

    `now` and `technical` are of [since_us, until_us) only, where there is a `before` with the same plan.
    """
    start_us = plan.start_us
    if before is None or before.plan != plan:
        return [(start_us, until_us)] if until_us > start_us else []
    around_us = AROUND_US + max([plan.step_us, *(pace.step_us for pace in plan.paces)])
    spans = [(before.reached_us - around_us, until_us)] if until_us > before.reached_us or not before.settled else []
    common = min(before.prints.size, now.size)
    first_us = start_us // MINUTE_US * MINUTE_US
    first = (since_us - first_us) // MINUTE_US
    for minute in np.flatnonzero(before.prints[first:common] != now[first:common]).tolist():
        at_us = first_us + (first + minute) * MINUTE_US
        spans.append((at_us - around_us, at_us + MINUTE_US + around_us))
    known = set(before.technical)
    news = [c.time_us for c in technical if c not in known]
    if news:
        spans.append((min(news) - around_us, until_us))
    return _joined((max(a, start_us), min(b, until_us)) for a, b in spans)


def first_kept_us(found: Prints, start_us: int) -> int | None:
    """The first minute of which anything is there."""
    there = np.flatnonzero(found)
    return start_us // MINUTE_US * MINUTE_US + int(there[0]) * MINUTE_US if there.size else None


def last_us(found: Prints, start_us: int) -> int:
    """The end of the last minute of which anything is there; 0: nothing is."""
    there = np.flatnonzero(found)
    return start_us // MINUTE_US * MINUTE_US + (int(there[-1]) + 1) * MINUTE_US if there.size else 0


def link_down(conditions: Iterable[Condition]) -> bool:
    """Whether the gateway has told of a link that is down, and of no end: then silence is not the network's."""
    standing: dict[str, bool] = {}
    for change in conditions:
        if change.device == GATEWAY and change.alarm.source.startswith("link:"):
            standing[change.alarm.source] = change.alarm.phase is not AlarmPhase.END
    return any(standing.values())


def _joined(spans: Iterable[tuple[int, int]]) -> Spans:
    found: Spans = []
    for start_us, end_us in sorted(spans):
        if start_us >= end_us:
            continue
        if found and start_us <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end_us)
        else:
            found.append((start_us, end_us))
    return found
