"""Gaps: whole minutes in which an expected signal has no valid reading, with their causes. Pure."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from charting.fill.causes import SUPPLIER_MIN, Causes, Why
from charting.fill.cuff import Inflation
from charting.fill.minutes import Minutes
from charting.fill.plan import MINUTE_US, Plan
from charting.fill.rules import numbers
from charting.fill.types import Cause, Gap

FAILED_MIN = 72
"""So long after an inflation failed it is the reason why there is no pressure; then the next one is missing in any
grid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """The minutes that are asked for: start ≤ i < end of arrays of shape (n,), from minute `first` of 1970 on."""

    first: int
    n: int
    start: int
    end: int


def seen_in(plan: Plan, key: str, valid: NDArray[np.bool_], stretch: Stretch) -> int | None:
    """The minute (of the arrays) from which a signal is expected; None: not before the stretch ends."""
    if key in plan.expected:
        return -(-plan.start_us // MINUTE_US) - stretch.first
    before = plan.seen.get(key)
    if before is not None:
        return before // MINUTE_US - stretch.first
    at = np.flatnonzero(valid[stretch.start : stretch.end])
    return stretch.start + int(at[0]) if at.size else None


def of_minutes(table: Minutes, plan: Plan, causes: Causes, stretch: Stretch) -> tuple[list[Gap], dict[str, int]]:
    """Gaps of a signal by minute, and since when it and its first class are seen."""
    seen: dict[str, int] = {}
    stand_in = np.zeros(table.source.size, dtype=bool)
    if table.signal.gaps == "first":
        stand_in = _standing_in(table, plan, stretch, seen)
    since = seen_in(plan, table.signal.id, table.valid, stretch)
    if table.signal.id not in plan.expected:
        _note(seen, table.signal.id, since, stretch.first)
    if table.signal.gaps == "no":
        return [], seen
    missing = expected(since, table.source.size) & (~table.valid | stand_in)

    def why(i: int) -> Why:
        quality = _quality(table, i)
        if stand_in[i]:
            device = causes.supplier(table.signal.sources[0][1], i)
            cause, certain, evidence = causes.why(table.signal.id, i, device, Counter(), quality)
            return cause, certain, f"{evidence}; {table.streams[int(table.source[i])].code} stands in"
        dropped = table.dropped.get(i, Counter())
        return causes.why(table.signal.id, i, causes.supplier(table.signal.codes, i), dropped, quality)

    return merged(table.signal.id, missing, stretch, why), seen


def expected(since: int | None, n: int) -> NDArray[np.bool_]:
    """Minutes of the arrays from `since` on."""
    return np.arange(n) >= since if since is not None else np.zeros(n, dtype=bool)


def _standing_in(table: Minutes, plan: Plan, stretch: Stretch, seen: dict[str, int]) -> NDArray[np.bool_]:
    """Minutes in which the first class, once seen, tells nothing at all and another one stands in."""
    name = table.signal.sources[0][0]
    key = f"{table.signal.id}:{name}"
    own = table.valid & (table.source < sum(class_ == name for class_ in table.classes))
    since = seen_in(plan, key, own, stretch)
    _note(seen, key, since, stretch.first)
    out = table.valid & ~own & expected(since, own.size)
    out[list(table.dropped)] = False
    return out


def _note(seen: dict[str, int], key: str, since: int | None, first: int) -> None:
    if since is not None:
        seen[key] = (first + since) * MINUTE_US


def _quality(table: Minutes, i: int) -> str:
    """The device's word where it told in this minute that it has no value."""
    start_us = (table.first + i) * MINUTE_US
    for stream in table.streams:
        a, b = np.searchsorted(stream.time_us, (start_us, start_us + MINUTE_US))
        told = [stream.reason(k) for k in range(int(a), int(b)) if np.isnan(stream.value[k])]
        if told:
            return max(sorted(set(told)), key=told.count)
    return ""


def merged(signal: str, missing: NDArray[np.bool_], stretch: Stretch, why: Callable[[int], Why]) -> list[Gap]:
    """Neighbouring minutes with one cause as one gap, cut to the stretch."""
    gaps: list[Gap] = []
    for i in (np.flatnonzero(missing[stretch.start : stretch.end]) + stretch.start).tolist():
        cause, certain, evidence = why(i)
        start_us = (stretch.first + i) * MINUTE_US
        last = gaps[-1] if gaps else None
        same = last is not None and (last.end_us, last.cause, last.certain, last.evidence) == (
            start_us, cause, certain, evidence,
        )  # fmt: skip
        if last is not None and same:
            gaps.pop()
            start_us = last.start_us
        gaps.append(
            Gap(
                signal=signal,
                start_us=start_us,
                end_us=(stretch.first + i + 1) * MINUTE_US,
                cause=cause,
                certain=certain,
                evidence=evidence,
            )
        )
    return gaps


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Overdue:
    """By minute: whether a cuff pressure is missing; the rule of the inflation that failed before it, or ""."""

    missing: NDArray[np.bool_]
    failed: Sequence[str]
    since: int | None
    valid: NDArray[np.bool_]


def overdue(found: Sequence[Inflation], plan: Plan, part: str, stretch: Stretch) -> Overdue:
    """A cuff pressure is missing from when it was due, or from an inflation that failed, to the next valid one."""
    n, first = stretch.n, stretch.first
    step = min(max(plan.step_us // MINUTE_US, 5), 60)
    due = round(step * numbers()["nibp"]["due"])
    valid = np.zeros(n, dtype=bool)
    failed = [""] * n
    for inflation in found:
        i = inflation.time_us // MINUTE_US - first
        if 0 <= i < n:
            valid[i] |= inflation.valid
            failed[i] = "" if inflation.valid else failed[i] or inflation.rule
    since = seen_in(plan, part, valid, stretch)
    missing = np.zeros(n, dtype=bool)
    rules = [""] * n
    last = None if since is None else since - due if part in plan.seen else since
    rule, since_failed = "", 0
    for i in range(n):
        if valid[i]:
            last, rule = i, ""
            continue
        if failed[i]:
            rule, since_failed = failed[i], i
        elif i - since_failed > FAILED_MIN:
            rule = ""
        rules[i] = rule
        missing[i] = since is not None and i >= since and (bool(rule) or last is None or i >= last + due)
    return Overdue(missing=missing, failed=rules, since=since, valid=valid)


def of_cuff(
    part: str, state: Overdue, plan: Plan, causes: Causes, stretch: Stretch, found: Sequence[Inflation]
) -> tuple[list[Gap], dict[str, int]]:
    """Gaps of one of the cuff's signals, and since when it is seen."""
    told = [(f.time_us // MINUTE_US - stretch.first, f.device) for f in found]

    def why(i: int) -> Why:
        owner = next((device for minute, device in reversed(told) if i - SUPPLIER_MIN <= minute <= i), "")
        failed = Counter([state.failed[i]]) if state.failed[i] else Counter[str]()
        cause, certain, evidence = causes.why(part, i, owner, failed, "")
        if (cause, certain) == (Cause.CABLE, False) and evidence.startswith("device"):
            return Cause.UNKNOWN, False, "the device sent, but no new pressure: failed, cuff off or not started?"
        return cause, certain, evidence

    seen: dict[str, int] = {}
    if part not in plan.expected:
        _note(seen, part, state.since, stretch.first)
    return merged(part, state.missing, stretch, why), seen
