"""Temperatures that can be trusted: the pipeline that finds artefacts (clinical.md §2.4). Pure.

What the pipeline excludes is named, never lost: a minute keeps its rule, and raw readings stay where they are stored.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import repeat

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from alarms.sites import Core, Site, codes, site_of, sites

__all__ = [
    "LOOKS_BACK_MIN", "MINUTE_US", "Circumstances", "Core", "Limits", "Screened", "Site", "by_minute", "codes",
    "differing", "medians", "screen", "screen_spots", "site_of", "sites",
]  # fmt: skip

MINUTE_US = 60_000_000
_HAIR = 1e-6
"""°C: how far a difference of two decimal numbers may be from what they say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The numbers of §2.4, °C and minutes.

    `out_back`: a probe that has been out for `out_min` is believed again from here up; else only where its value has
    come back.
    """

    ingest: tuple[float, float] = (25.0, 45.0)
    quality: tuple[float, float] = (32.0, 40.0)
    quality_cooled: tuple[float, float] = (15.0, 42.0)
    step: float = 0.5
    settle_slope: float = 0.1
    settle_min: int = 3
    hole_min: int = 5
    """More missing minutes are a hole: so many are bridged (§2.2 step 3)."""
    fall: float = 1.0
    fall_min: int = 3
    fall_slope: float = 0.1
    knee_min: int = 10
    step_reach_min: int = 30
    """So long after it a step up explains a fall that ends it: longer than any site takes to settle."""
    out_min: int = 60
    out_back: float = float("-inf")
    near_room: float = 2.0
    trim: float = 0.3
    trim_min: int = 3
    trim_before_min: int = 10
    stuck_min: int = 60
    stuck_alone_min: int = 240
    moves: float = 0.2
    fahrenheit: tuple[float, float] = (80.0, 115.0)
    site_low: float = 33.0
    site_near: float = 2.0


LOOKS_BACK_MIN = 200
"""A minute may be out for 60 min since a knee; before it a step of 30 min may count, from a probe that was out for 60,
since a knee before which another such step is looked for; and whether a place has settled is known after 20.
"""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Screened:
    """One channel by minute, arrays of shape (n,), minutes in order, only those in which the device told anything.

    minute_us: int64; value: °C, the median of the readings that may be used, NaN where there was none; count: how many;
    excluded, flagged: the name of the rule, "" where none applies. A flagged minute counts, an excluded one does not.
    """

    minute_us: NDArray[np.int64]
    value: NDArray[np.float64]
    count: NDArray[np.int64]
    excluded: NDArray[np.str_]
    flagged: NDArray[np.str_]

    @property
    def valid(self) -> NDArray[np.bool_]:
        return np.asarray((self.excluded == "") & ~np.isnan(self.value))


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What the pipeline is told beside the readings.

    `cooled`: from when to when he is cooled on purpose, or on bypass (None: still). `ends_us`: when a tube or the
    patient left (t_tube_out, t_room_out). `room`, `skin`: minute → °C. `others`: the other channels of the patient,
    minute → °C each.
    """

    cooled: tuple[tuple[int, int | None], ...] = ()
    ends_us: tuple[int, ...] = ()
    room: Mapping[int, float] = field(default_factory=dict)
    skin: Mapping[int, float] = field(default_factory=dict)
    others: Sequence[Mapping[int, float]] = ()


def screen(
    time_us: NDArray[np.int64],
    value: NDArray[np.float64],
    usable: NDArray[np.bool_],
    site: Site,
    circumstances: Circumstances,
    limits: Limits | None = None,
) -> Screened:
    """Readings of one channel, °C, in order of time → its minutes with what is wrong with them (§2.4, in its order).

    `usable`: the device does not doubt it. Looks at most LOOKS_BACK_MIN back, 40 min ahead of a minute (step 8: as far
    back as `stuck_alone_min`; with an `out_back`: as far back as the probe is out).
    """
    limits = limits or Limits()
    binned = medians(time_us, value, usable, circumstances, limits)
    cooled = _cooled(binned.minute_us, circumstances)
    _exclude(binned, _beyond(binned.value, cooled, limits), "temp.qc_range")
    kept = np.flatnonzero(~np.isnan(binned.value))
    minute, median, cooled = binned.minute_us[kept] // MINUTE_US, binned.value[kept], cooled[kept]
    settling = _settling(minute, median, cooled, site, limits)
    rules = [
        ("temp.warm_up", settling),
        ("temp.probe_out", _out(minute, median, settling, limits) & ~cooled),
        ("temp.probe_out", _near(minute, median, circumstances.room, limits.near_room)),
        ("temp.end_trim", _trimmed(minute, median, circumstances.ends_us, limits)),
    ]
    for rule, found in rules:
        mask = np.zeros(binned.value.size, dtype=bool)
        mask[kept[found]] = True
        _exclude(binned, mask, rule, over=("temp.warm_up", "temp.qc_range"))
    doubtful = _stuck(minute, median, circumstances.others, limits)
    binned.flagged[kept[doubtful]] = "temp.stuck"
    binned.flagged[kept[_misplaced(minute, median, site, circumstances, limits)]] = "temp.site"
    return binned


def medians(
    time_us: NDArray[np.int64],
    value: NDArray[np.float64],
    usable: NDArray[np.bool_],
    circumstances: Circumstances,
    limits: Limits | None = None,
) -> Screened:
    """The first steps of `screen` (1, 2 and 9): readings that none may use are left out, the rest is minute medians."""
    limits = limits or Limits()
    celsius, fahrenheit, outside = _celsius(value, _cooled(time_us, circumstances), limits)
    good = usable & ~outside & ~np.isnan(value)
    minute = time_us // MINUTE_US
    begins = np.diff(minute, prepend=minute[:1] - 1) != 0
    at = np.cumsum(begins) - 1
    n = int(begins.sum())
    count = np.bincount(at[good], minlength=n)
    middle = np.full(n, np.nan)
    order = np.lexsort((celsius[good], at[good]))
    ranked, first = celsius[good][order], np.concatenate(([0], np.cumsum(count)[:-1]))
    has = count > 0
    lower = ranked[(first + (count - 1) // 2)[has]]
    middle[has] = lower + (ranked[(first + count // 2)[has]] - lower) / 2
    excluded, flagged = _names(n), _names(n)
    beyond = np.bincount(at[usable & outside], minlength=n) > 0
    excluded[~has] = np.where(beyond[~has], "temp.range", "temp.device")
    flagged[np.bincount(at[good & fahrenheit], minlength=n) > 0] = "temp.fahrenheit"
    return Screened(minute_us=minute[begins] * MINUTE_US, value=middle, count=count, excluded=excluded, flagged=flagged)


def screen_spots(
    time_us: NDArray[np.int64],
    value: NDArray[np.float64],
    usable: NDArray[np.bool_],
    site: Site,
    circumstances: Circumstances,
    limits: Limits | None = None,
) -> Screened:
    """The same of readings taken one by one: a row for each. The steps that need a course (4 to 8) do not apply."""
    limits = limits or Limits()
    cooled = _cooled(time_us, circumstances)
    celsius, fahrenheit, outside = _celsius(value, cooled, limits)
    good = usable & ~outside & ~np.isnan(value)
    rows = Screened(
        minute_us=time_us // MINUTE_US * MINUTE_US,
        value=np.where(good, celsius, np.nan),
        count=good.astype(np.int64),
        excluded=_names(value.size),
        flagged=_names(value.size),
    )
    rows.excluded[~good] = np.where((usable & outside)[~good], "temp.range", "temp.device")
    rows.flagged[good & fahrenheit] = "temp.fahrenheit"
    _exclude(rows, _beyond(rows.value, cooled, limits), "temp.qc_range")
    rows.flagged[_misplaced(rows.minute_us // MINUTE_US, rows.value, site, circumstances, limits)] = "temp.site"
    return rows


def by_minute(screened: Screened) -> Mapping[int, float]:
    """Minute (of 1970) → °C, of all minutes with a number, whatever the rules say of them."""
    number = ~np.isnan(screened.value)
    return dict(zip((screened.minute_us[number] // MINUTE_US).tolist(), screened.value[number].tolist(), strict=True))


def _cooled(time_us: NDArray[np.int64], circumstances: Circumstances) -> NDArray[np.bool_]:
    out = np.zeros(time_us.size, dtype=bool)
    for start_us, end_us in circumstances.cooled:
        since = time_us >= start_us // MINUTE_US * MINUTE_US
        out |= since if end_us is None else since & (time_us < end_us)
    return out


def _celsius(
    value: NDArray[np.float64], cooled: NDArray[np.bool_], limits: Limits
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
    """In °C, which were °F, and which are outside the range of ingest.

    To 1e-6 °C: 96.8 °F is 36.0 °C whoever converted it, and not a hair less. What is right for somebody who is cooled
    is not outside what may be used.
    """
    low, high = limits.fahrenheit
    with np.errstate(invalid="ignore"):
        fahrenheit = (value >= low) & (value <= high)
        celsius = np.where(fahrenheit, (value - 32) / 1.8, value).round(6)
        coldest = np.where(cooled, min(limits.ingest[0], limits.quality_cooled[0]), limits.ingest[0])
        return celsius, fahrenheit, (celsius < coldest) | (celsius > limits.ingest[1])


def _beyond(value: NDArray[np.float64], cooled: NDArray[np.bool_], limits: Limits) -> NDArray[np.bool_]:
    """Step 3."""
    low, high = (np.where(cooled, *ends) for ends in zip(limits.quality_cooled, limits.quality, strict=True))
    with np.errstate(invalid="ignore"):
        return np.asarray((value < low) | (value > high))


def _names(n: int) -> NDArray[np.str_]:
    return np.full(n, "", dtype="<U16")


def _exclude(binned: Screened, mask: NDArray[np.bool_], rule: str, over: Sequence[str] = ()) -> None:
    if mask.any():
        free = binned.excluded == ""
        for name in over:
            free |= binned.excluded == name
        binned.excluded[mask & free] = rule


def _settling(
    minute: NDArray[np.int64], value: NDArray[np.float64], cooled: NDArray[np.bool_], site: Site, limits: Limits
) -> NDArray[np.bool_]:
    """Steps 4 and 5: minutes after the probe came on, or after a step, until the value has settled.

    Of somebody who is being cooled or warmed again no step is the probe's.
    """
    out = np.zeros(value.size, dtype=bool)
    if not value.size:
        return out
    stepped = (np.abs(np.diff(value)) > limits.step + _HAIR) & ~cooled[1:]
    breaks = (np.diff(minute) - 1 > limits.hole_min) | stepped
    starts = np.concatenate(([0], np.flatnonzero(breaks) + 1))
    ends = np.append(starts[1:], value.size)
    before = np.searchsorted(minute, minute - limits.settle_min, side="right") - 1
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        i = start
        while i < end:
            passed = minute[i] - minute[start]
            slope = _slope(minute, value, max(before[i], start), i)
            settled = passed >= limits.settle_min and slope < limits.settle_slope - _HAIR
            if settled or passed >= site.settle_min:
                break
            i += 1
        out[start:i] = True
    return out


def _slope(minute: NDArray[np.int64], value: NDArray[np.float64], first: int, last: int) -> float:
    """°C per minute between two minutes, without a sign; infinite over no time."""
    passed = int(minute[last] - minute[first])
    return abs(float(value[last] - value[first])) / passed if passed else np.inf


def _out(
    minute: NDArray[np.int64], value: NDArray[np.float64], settling: NDArray[np.bool_], limits: Limits
) -> NDArray[np.bool_]:
    """Step 6: the value falls as a probe in the air does; out from the knee until it is back.

    What came up in a step and has not settled is no knee: down to what was before it, it is the step that ends; deeper,
    the fall began before the step. Where the probe was out before the step, by a fall that shows so by itself, it was
    put back and is out again.
    """
    out, shown = np.zeros(value.size, dtype=bool), np.zeros(value.size, dtype=bool)
    since = np.zeros(value.size, dtype=np.int64)
    falling = np.diff(value) <= 0
    chain = np.ones(value.size, dtype=bool)
    for k in range(1, min(limits.fall_min, value.size - 1) + 1):
        chain = chain[1:] & falling[: value.size - k]
        near = minute[k:] - minute[:-k] <= limits.fall_min
        fallen = chain & near & (value[:-k] - value[k:] > limits.fall + _HAIR)
        since[k:][fallen & (since[k:] == 0)] = k
    minutes = minute.tolist()
    steep = (value[:-1] - value[1:] > limits.fall_slope * np.diff(minute) + _HAIR).tolist()
    back: dict[int, int] = {}
    for i in np.flatnonzero(since).tolist():
        knee = _knee(minutes, steep, i, int(i - since[i]), limits)
        before = _before_step(minute, value, settling, knee, limits)
        found = []
        if before is None or value[before] - value[i] > limits.fall + _HAIR:
            found.append((shown, knee if before is None else before))
        if before is not None and shown[before]:
            found.append((out, knee))
        for mask, start in found:
            if i >= back.get(start, 0):
                back[start] = _back(minute, value, i + 1, start, limits.fall, limits)
                mask[start + 1 : back[start]] = True
    return out | shown


def _back(
    minute: NDArray[np.int64], value: NDArray[np.float64], first: int, knee: int, within: float, limits: Limits
) -> int:
    """The first place from `first` on at which a probe that came out at `knee` is back."""
    back = value[first:] >= value[knee] - within - _HAIR
    back |= (minute[first:] - minute[knee] > limits.out_min) & (value[first:] >= limits.out_back)
    return first + int(back.argmax()) if back.any() else value.size


def _knee(minutes: Sequence[int], steep: Sequence[bool], i: int, knee: int, limits: Limits) -> int:
    """Where the fall through `knee` and `i` began; `steep`: the value falls so from one place to the next."""
    while knee > 0 and steep[knee - 1] and minutes[i] - minutes[knee - 1] <= limits.knee_min:
        knee -= 1
    return knee


def _before_step(
    minute: NDArray[np.int64], value: NDArray[np.float64], settling: NDArray[np.bool_], knee: int, limits: Limits
) -> int | None:
    """The last place that had settled before `knee`, which has not, where a step up led away from it of late."""
    before = knee
    while before >= 0 and settling[before]:
        before -= 1
    if not 0 <= before < knee or minute[knee] - minute[before] > limits.step_reach_min:
        return None
    return before if value[before + 1] - value[before] > limits.step + _HAIR else None


def _near(
    minute: NDArray[np.int64], value: NDArray[np.float64], other: Mapping[int, float], within: float
) -> NDArray[np.bool_]:
    """Where the value is within so much of another one of the same minute."""
    if not other:
        return np.zeros(value.size, dtype=bool)
    beside = np.fromiter(map(other.get, minute.tolist(), repeat(np.nan)), np.float64, minute.size)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.abs(value - beside) <= within + _HAIR)


def _misplaced(
    minute: NDArray[np.int64],
    value: NDArray[np.float64],
    site: Site,
    circumstances: Circumstances,
    limits: Limits,
) -> NDArray[np.bool_]:
    """Step 10: it is said to be of the core, and is the skin's."""
    if site.core is not Core.CORE:
        return np.zeros(value.size, dtype=bool)
    with np.errstate(invalid="ignore"):
        return _near(minute, value, circumstances.skin, limits.site_near) & (value < limits.site_low)


def _trimmed(
    minute: NDArray[np.int64], value: NDArray[np.float64], ends_us: Sequence[int], limits: Limits
) -> NDArray[np.bool_]:
    """Step 7: what falls quickly in the last minutes before an end, and does not come back before it.

    Nor does what goes on after the end count, until it is back or there is a hole.
    """
    out = np.zeros(value.size, dtype=bool)
    for end in (end_us // MINUTE_US for end_us in ends_us):
        first, after = np.searchsorted(minute, (end - limits.trim_before_min, end)).tolist()
        for knee in range(first, after):
            soon = int(np.searchsorted(minute, minute[knee] + limits.trim_min, side="right"))
            rest, soon = value[knee + 1 : after], min(soon, after) - knee - 1
            if not soon or (rest >= value[knee]).any():
                continue
            if (value[knee] - rest[rest[:soon].argmin() :] > limits.trim + _HAIR).all():
                holes = np.flatnonzero(np.diff(minute[after - 1 :]) - 1 > limits.hole_min)
                whole = after + int(holes[0]) if holes.size else value.size
                out[knee + 1 : min(whole, _back(minute, value, after, knee, limits.trim, limits))] = True
                break
    return out


def _stuck(
    minute: NDArray[np.int64], value: NDArray[np.float64], others: Sequence[Mapping[int, float]], limits: Limits
) -> NDArray[np.bool_]:
    """Step 8: identical to 0.1 °C for longer than an hour while another site moves, or for longer than four alone."""
    out = np.zeros(value.size, dtype=bool)
    shown = np.round(value, 1)
    starts = np.flatnonzero((np.diff(shown, prepend=np.nan) != 0) | (np.diff(minute, prepend=0) - 1 > limits.hole_min))
    ends = np.append(starts[1:], value.size)
    long = minute[ends - 1] - minute[starts] > limits.stuck_min if starts.size else starts > 0
    for start, end in zip(starts[long].tolist(), ends[long].tolist(), strict=True):
        run = minute[start:end]
        passed = run - run[0]
        out[start:end] = passed > limits.stuck_alone_min
        for other in others:
            out[start:end] |= (passed > limits.stuck_min) & _moving(run, other, limits)
    return out


def _moving(minute: NDArray[np.int64], other: Mapping[int, float], limits: Limits) -> NDArray[np.bool_]:
    """At which minutes of a run another value has moved within the time after which this one may be stuck."""
    grid = np.full(int(minute[-1] - minute[0]) + 1 + limits.stuck_min, np.nan)
    grid[minute - minute[0] + limits.stuck_min] = [other.get(m, np.nan) for m in minute.tolist()]
    highest = sliding_window_view(np.where(np.isnan(grid), -np.inf, grid), limits.stuck_min + 1).max(axis=-1)
    lowest = sliding_window_view(np.where(np.isnan(grid), np.inf, grid), limits.stuck_min + 1).min(axis=-1)
    return np.asarray((highest - lowest >= limits.moves - _HAIR)[minute - minute[0]])


def differing(one: Screened, other: Screened, by: float = 1.0, for_min: int = 5) -> NDArray[np.bool_]:
    """Minutes of `one` in which `other` has differed by more for so long: a flag of data quality, no alarm (§2.1)."""
    far = np.zeros(one.value.size, dtype=bool)
    own, its = np.flatnonzero(one.valid), np.flatnonzero(other.valid)
    _, mine, beside = np.intersect1d(one.minute_us[own], other.minute_us[its], assume_unique=True, return_indices=True)
    mine, beside = own[mine], its[beside]
    far[mine] = np.abs(one.value[mine] - other.value[beside]) > by + _HAIR
    place = np.arange(far.size)
    return np.asarray(far & (place - np.maximum.accumulate(np.where(far, -1, place)) >= for_min))
