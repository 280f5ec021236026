"""Temperatures that can be trusted: sites (clinical.md §2.1) and the pipeline that finds artefacts (§2.4). Pure.

What the pipeline excludes is named, never lost: a minute keeps its rule, and raw readings stay where they are stored.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

MINUTE_US = 60_000_000


class Core(StrEnum):
    """How near to the core a site is. Of an unknown site a value may be shown, but counts for no indicator."""

    CORE = "core"
    NEAR_CORE = "near_core"
    PERIPHERAL = "peripheral"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """`rank`: which of two sites is preferred, the lower. `settle_min`: after how many minutes warming up has ended."""

    name: str
    zh: str
    en: str
    core: Core
    rank: int
    settle_min: int

    @property
    def is_body(self) -> bool:
        """It may stand as 体温 in a record."""
        return self.core is not Core.PERIPHERAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The numbers of §2.4, °C and minutes."""

    ingest: tuple[float, float] = (25.0, 45.0)
    quality: tuple[float, float] = (32.0, 40.0)
    quality_cooled: tuple[float, float] = (15.0, 42.0)
    step: float = 0.5
    settle_slope: float = 0.1
    settle_min: int = 3
    hole_min: int = 5
    fall: float = 1.0
    fall_min: int = 3
    fall_slope: float = 0.1
    knee_min: int = 10
    out_min: int = 60
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


@cache
def sites() -> Mapping[str, Site]:
    """The rows of sites.csv by name."""
    return {row["site"]: _site(row) for row in _rows()}


def site_of(code: str, written: str = "") -> Site | None:
    """Where a channel measures: by the site that the bed's configuration gives, else by its code.

    None: the code is no temperature of a body. A written site that no table knows is an unknown one.
    """
    by_code, by_word = _tables()
    known = by_code.get(code)
    if known is None:
        return None
    return by_word.get(written.strip().lower(), sites()["unknown"]) if written else known


def codes() -> Sequence[str]:
    """All codes that are a temperature of a body."""
    return tuple(_tables()[0])


@cache
def _tables() -> tuple[Mapping[str, Site], Mapping[str, Site]]:
    by_code, by_word = {}, {}
    for row in _rows():
        site = sites()[row["site"]]
        by_code.update(dict.fromkeys(row["codes"].split(), site))
        by_word.update(dict.fromkeys([site.name, *filter(None, row["words"].split("|"))], site))
    return by_code, by_word


@cache
def _rows() -> tuple[Mapping[str, str], ...]:
    with files("alarms").joinpath("sites.csv").open("r", encoding="utf-8") as text:
        return tuple(csv.DictReader(text))


def _site(row: Mapping[str, str]) -> Site:
    return Site(
        name=row["site"],
        zh=row["zh"],
        en=row["en"],
        core=Core(row["core"]),
        rank=int(row["rank"]),
        settle_min=int(row["settle_min"]),
    )


def screen(
    time_us: NDArray[np.int64],
    value: NDArray[np.float64],
    usable: NDArray[np.bool_],
    site: Site,
    circumstances: Circumstances,
    limits: Limits | None = None,
) -> Screened:
    """Readings of one channel, °C, in order of time → its minutes with what is wrong with them (§2.4, in its order).

    `usable`: the device does not doubt it. Looks at most 80 min back, 10 min ahead
    of a minute (step 8: as far back as `stuck_alone_min`).
    """
    limits = limits or Limits()
    binned = _binned(time_us, value, usable, _cooled(time_us, circumstances), limits)
    cooled = _cooled(binned.minute_us, circumstances)
    low, high = (np.where(cooled, *ends) for ends in zip(limits.quality_cooled, limits.quality, strict=True))
    with np.errstate(invalid="ignore"):
        _exclude(binned, (binned.value < low) | (binned.value > high), "temp.qc_range")
    kept = np.flatnonzero(~np.isnan(binned.value))
    minute, median, cooled = binned.minute_us[kept] // MINUTE_US, binned.value[kept], cooled[kept]
    rules = [
        ("temp.warm_up", _settling(minute, median, cooled, site, limits)),
        ("temp.probe_out", _out(minute, median, limits) & ~cooled),
    ]
    rules.append(("temp.probe_out", _near(minute, median, circumstances.room, limits.near_room)))
    rules += [("temp.end_trim", _trimmed(minute, median, end, limits)) for end in circumstances.ends_us]
    for rule, found in rules:
        mask = np.zeros(binned.value.size, dtype=bool)
        mask[kept[found]] = True
        _exclude(binned, mask, rule, over=("temp.warm_up", "temp.qc_range"))
    doubtful = _stuck(minute, median, circumstances.others, limits)
    binned.flagged[kept[doubtful]] = "temp.stuck"
    if site.core is Core.CORE:
        skin = _near(minute, median, circumstances.skin, limits.site_near) & (median < limits.site_low)
        binned.flagged[kept[skin]] = "temp.site"
    return binned


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


def _binned(
    time_us: NDArray[np.int64],
    value: NDArray[np.float64],
    usable: NDArray[np.bool_],
    cooled: NDArray[np.bool_],
    limits: Limits,
) -> Screened:
    """Steps 1, 2 and 9: readings that no pipeline may use are left out, and the rest becomes minute medians.

    What is right for somebody who is cooled is not outside what may be used.
    """
    low, high = limits.fahrenheit
    with np.errstate(invalid="ignore"):
        fahrenheit = (value >= low) & (value <= high)
        celsius = np.where(fahrenheit, (value - 32) / 1.8, value)
        coldest = np.where(cooled, min(limits.ingest[0], limits.quality_cooled[0]), limits.ingest[0])
        outside = (celsius < coldest) | (celsius > limits.ingest[1])
    good = usable & ~outside & ~np.isnan(value)
    minute = time_us // MINUTE_US
    all_minutes = np.unique(minute)
    n = all_minutes.size
    at = np.searchsorted(all_minutes, minute)
    count = np.bincount(at[good], minlength=n)
    medians = np.full(n, np.nan)
    order = np.lexsort((celsius[good], at[good]))
    ranked, first = celsius[good][order], np.concatenate(([0], np.cumsum(count)[:-1]))
    has = count > 0
    lower = ranked[(first + (count - 1) // 2)[has]]
    medians[has] = lower + (ranked[(first + count // 2)[has]] - lower) / 2
    excluded = np.full(n, "", dtype="<U16")
    beyond = np.bincount(at[usable & outside], minlength=n) > 0
    excluded[~has] = np.where(beyond[~has], "temp.range", "temp.device")
    flagged = np.full(n, "", dtype="<U16")
    flagged[np.bincount(at[good & fahrenheit], minlength=n) > 0] = "temp.fahrenheit"
    return Screened(minute_us=all_minutes * MINUTE_US, value=medians, count=count, excluded=excluded, flagged=flagged)


def _exclude(binned: Screened, mask: NDArray[np.bool_], rule: str, over: Sequence[str] = ()) -> None:
    free = mask & ((binned.excluded == "") | np.isin(binned.excluded, over))
    binned.excluded[free] = rule


def _settling(
    minute: NDArray[np.int64], value: NDArray[np.float64], cooled: NDArray[np.bool_], site: Site, limits: Limits
) -> NDArray[np.bool_]:
    """Steps 4 and 5: minutes after the probe came on, or after a step, until the value has settled.

    Of somebody who is being cooled or warmed again no step is the probe's.
    """
    out = np.zeros(value.size, dtype=bool)
    if not value.size:
        return out
    stepped = (np.abs(np.diff(value)) > limits.step) & ~cooled[1:]
    breaks = (np.diff(minute) > limits.hole_min) | stepped
    starts = np.concatenate(([0], np.flatnonzero(breaks) + 1))
    ends = np.append(starts[1:], value.size)
    before = np.searchsorted(minute, minute - limits.settle_min, side="right") - 1
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        i = start
        while i < end:
            passed = minute[i] - minute[start]
            settled = passed >= limits.settle_min and _slope(minute, value, max(before[i], start), i) < (
                limits.settle_slope
            )
            if settled or passed >= site.settle_min:
                break
            i += 1
        out[start:i] = True
    return out


def _slope(minute: NDArray[np.int64], value: NDArray[np.float64], first: int, last: int) -> float:
    """°C per minute between two minutes, without a sign; infinite over no time."""
    passed = int(minute[last] - minute[first])
    return abs(float(value[last] - value[first])) / passed if passed else np.inf


def _out(minute: NDArray[np.int64], value: NDArray[np.float64], limits: Limits) -> NDArray[np.bool_]:
    """Step 6: the value falls as a probe in the air does; out from the knee until it is back, for an hour at most."""
    out = np.zeros(value.size, dtype=bool)
    falling = np.zeros(value.size, dtype=bool)
    falling[1:] = np.diff(value) < 0
    for i in np.flatnonzero(falling).tolist():
        first = i
        while first > 0 and falling[first] and minute[i] - minute[first - 1] <= limits.fall_min:
            first -= 1
        if value[first] - value[i] > limits.fall:
            knee = _knee(minute, value, i, limits)
            back = i + 1
            while (
                back < value.size
                and minute[back] - minute[knee] <= limits.out_min
                and (value[back] < value[knee] - limits.fall)
            ):
                back += 1
            out[knee + 1 : back] = True
    return out


def _knee(minute: NDArray[np.int64], value: NDArray[np.float64], i: int, limits: Limits) -> int:
    """Where the fall through `i` began."""
    knee = i
    while (
        knee > 0
        and minute[i] - minute[knee - 1] <= limits.knee_min
        and value[knee - 1] - value[knee] > limits.fall_slope * (minute[knee] - minute[knee - 1])
    ):
        knee -= 1
    return knee


def _near(
    minute: NDArray[np.int64], value: NDArray[np.float64], other: Mapping[int, float], within: float
) -> NDArray[np.bool_]:
    """Where the value is within so much of another one of the same minute."""
    if not other:
        return np.zeros(value.size, dtype=bool)
    beside = np.array([other.get(m, np.nan) for m in minute.tolist()])
    with np.errstate(invalid="ignore"):
        return np.asarray(np.abs(value - beside) <= within)


def _trimmed(minute: NDArray[np.int64], value: NDArray[np.float64], end_us: int, limits: Limits) -> NDArray[np.bool_]:
    """Step 7: what falls quickly in the last minutes before the end, and does not come back before it."""
    out = np.zeros(value.size, dtype=bool)
    end = end_us // MINUTE_US
    last = np.flatnonzero((minute >= end - limits.trim_before_min) & (minute < end))
    for at, knee in enumerate(last.tolist()):
        rest = last[at + 1 :]
        if not rest.size:
            break
        soon = rest[minute[rest] - minute[knee] <= limits.trim_min]
        lower = value[rest] < value[knee]
        if soon.size and value[knee] - value[soon].min() > limits.trim and lower.all():
            tail = value[soon[np.argmin(value[soon])] : rest[-1] + 1]
            if (value[knee] - tail > limits.trim).all():
                out[rest] = True
                break
    return out


def _stuck(
    minute: NDArray[np.int64], value: NDArray[np.float64], others: Sequence[Mapping[int, float]], limits: Limits
) -> NDArray[np.bool_]:
    """Step 8: identical to 0.1 °C for longer than an hour while another site moves, or for longer than four alone."""
    out = np.zeros(value.size, dtype=bool)
    if not value.size:
        return out
    shown = np.round(value, 1)
    starts = np.concatenate(([0], np.flatnonzero((np.diff(shown) != 0) | (np.diff(minute) > limits.hole_min)) + 1))
    for start, end in zip(starts.tolist(), np.append(starts[1:], value.size).tolist(), strict=True):
        if minute[end - 1] - minute[start] <= limits.stuck_min:
            continue
        run = minute[start:end]
        passed = run - run[0]
        out[start:end] = passed > limits.stuck_alone_min
        for other in others:
            beside = np.array([other.get(m, np.nan) for m in run.tolist()])
            for i in np.flatnonzero(passed > limits.stuck_min).tolist():
                near = beside[np.searchsorted(run, run[i] - limits.stuck_min) : i + 1]
                out[start + i] |= np.isfinite(near).any() and np.nanmax(near) - np.nanmin(near) >= limits.moves
    return out


def differing(one: Screened, other: Screened, by: float = 1.0, for_min: int = 5) -> NDArray[np.bool_]:
    """Minutes of `one` in which `other` has differed by more for so long: a flag of data quality, no alarm (§2.1)."""
    beside = by_minute(replace(other, value=np.where(other.valid, other.value, np.nan)))
    far = np.array([
        bool(ok) and m // MINUTE_US in beside and abs(v - beside[m // MINUTE_US]) > by
        for m, v, ok in zip(one.minute_us.tolist(), one.value.tolist(), one.valid.tolist(), strict=True)
    ], dtype=bool)  # fmt: skip
    run, out = 0, np.zeros(far.size, dtype=bool)
    for i, apart in enumerate(far.tolist()):
        run = run + 1 if apart else 0
        out[i] = run >= for_min
    return out
