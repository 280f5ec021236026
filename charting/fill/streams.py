"""Streams: the readings of one channel in the unit that is charted, with what the rules say of each."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from charting.fill.plan import Spans, during
from charting.fill.rules import names, rules
from charting.fill.signals import Signal
from collector.model import Quality, Role
from collector.series import Points
from collector.units import convert

MINUTE_US = 60_000_000
SECOND_US = 1_000_000

AMBIENT = ("VND_GE_PRESS_AMBIENT", "VND_DRAEGER_AMBIENT_PRESSURE")
AMBIENT_OLD_US = 10 * MINUTE_US
_PERCENT, _USABLE = "%", (Quality.VALID, Quality.QUESTIONABLE)


@dataclass(slots=True, kw_only=True, eq=False)
class Stream:
    """Arrays of shape (n,), in order of time.

    value: in the signal's unit, NaN for no number; dropped, doubted: numbers of rules, 0 for none. A reading that is
    dropped stays so: the first rule that drops it names it.
    """

    code: str
    device: str
    source: str
    site: str
    time_us: NDArray[np.int64]
    value: NDArray[np.float64]
    demo: NDArray[np.bool_]
    dropped: NDArray[np.int16] = field(init=False)
    doubted: NDArray[np.int16] = field(init=False)

    def __post_init__(self) -> None:
        self.dropped = np.zeros(self.time_us.size, dtype=np.int16)
        self.doubted = np.zeros(self.time_us.size, dtype=np.int16)

    @property
    def valid(self) -> NDArray[np.bool_]:
        return np.asarray(self.dropped == 0)

    def reason(self, i: int) -> str:
        """The device's word for why reading i has no number."""
        return names()[int(self.dropped[i])].removeprefix("device.")

    def told(self, start_us: int, end_us: int) -> bool:
        """Whether it told a number then."""
        first, last = np.searchsorted(self.time_us, (start_us, end_us))
        return not bool(np.isnan(self.value[first:last]).all())

    def drop(self, mask: NDArray[np.bool_], rule: str) -> None:
        self.dropped[mask & (self.dropped == 0)] = rules()[rule].number

    def doubt(self, mask: NDArray[np.bool_], rule: str) -> None:
        self.doubted[mask & (self.doubted == 0)] = rules()[rule].number


def clipped(points: Points, start_us: int, end_us: int) -> Points:
    first, last = np.searchsorted(points.time_us, (start_us, end_us))
    if first == 0 and last == points.time_us.size:
        return points
    cut = slice(int(first), int(last))
    return Points(
        series=points.series,
        time_us=points.time_us[cut],
        value=points.value[cut],
        quality=points.quality[cut],
        demo=points.demo[cut],
    )


def without(points: Points, spans: Spans) -> Points:
    """What was not measured in these times."""
    kept = ~during(spans, points.time_us)
    if kept.all():
        return points
    return Points(
        series=points.series,
        time_us=points.time_us[kept],
        value=points.value[kept],
        quality=points.quality[kept],
        demo=points.demo[kept],
    )


def ordered(points: Sequence[Points]) -> list[Points]:
    """The same series in an order that does not depend on how they came."""
    return sorted(points, key=_identity)


def _identity(points: Points) -> tuple[str, ...]:
    channel = points.series.channel
    return channel.code, points.series.device, channel.source, channel.site, channel.unit, channel.role


def measured(points: Points, *, setting: bool) -> bool:
    """Whether the series is a measurement, or a setting where one is wanted: never an alarm's limit."""
    role = points.series.channel.role
    return role is Role.SET or (role is Role.MEASURED and setting) if setting else role is Role.MEASURED


def streams(
    signal: Signal, points: Sequence[Points], ambient: Sequence[Points], held: Mapping[str, Spans]
) -> Iterator[tuple[str, Stream]]:
    """The class and the stream of each series of a signal, in order of preference, judged by what the device says."""
    in_unit_first = sorted(points, key=lambda p: p.series.channel.unit != signal.unit)
    for name, codes in signal.sources:
        for code in codes:
            for one in in_unit_first:
                if one.series.channel.code == code and measured(one, setting=signal.kind == "setting"):
                    yield name, _stream(signal, one, ambient, held)


def _stream(signal: Signal, points: Points, ambient: Sequence[Points], held: Mapping[str, Spans]) -> Stream:
    channel, device = points.series.channel, points.series.device
    stream = Stream(
        code=channel.code,
        device=device,
        source=channel.source,
        site=channel.site,
        time_us=points.time_us,
        value=points.value,
        demo=points.demo,
    )
    number = ~np.isnan(points.value)
    if device in held:
        stream.drop(during(held[device], points.time_us), "device.held")
    if not (points.quality == Quality.VALID).all():
        for quality in (Quality.INVALID, Quality.CALIBRATING, Quality.OVERFLOW, Quality.UNDERFLOW):
            stream.drop(points.quality == quality, f"device.{quality}")
        stream.drop((points.quality == Quality.NOT_AVAILABLE) | ~number, "device.not_available")
        stream.doubt(points.quality == Quality.QUESTIONABLE, "device.questionable")
    stream.drop(~number, "device.not_available")
    _convert(stream, channel.unit, signal.unit, ambient)
    return stream


def _convert(stream: Stream, unit: str, to: str, ambient: Sequence[Points]) -> None:
    if unit == to:
        return
    try:
        at_zero, at_one = convert(0.0, unit, to), convert(1.0, unit, to)
        stream.value = at_zero + (at_one - at_zero) * stream.value
    except ValueError:
        _convert_share(stream, unit, to, ambient)


def _convert_share(stream: Stream, unit: str, to: str, ambient: Sequence[Points]) -> None:
    """A gas between its share and its partial pressure, by the ambient pressure of that time; nothing is assumed."""
    try:
        factor = convert(1.0, unit, to, ambient_mmhg=1.0)
    except ValueError:
        stream.drop(np.ones(stream.time_us.size, dtype=bool), "unit.unknown")
        return
    pressure = np.full(stream.time_us.size, np.nan)
    for one in ambient:
        value = one.value * convert(1.0, one.series.channel.unit, "mm[Hg]")
        known = ~np.isnan(value)
        if known.any():
            told, missing = latest(one.time_us[known], value[known], stream.time_us, AMBIENT_OLD_US), np.isnan(pressure)
            pressure[missing] = told[missing]
    converted = stream.value * factor * (pressure if unit == _PERCENT else 1 / pressure)
    unknown = np.isnan(pressure)
    stream.value = np.where(unknown, stream.value, converted)
    stream.drop(unknown, "unit.no_ambient")


def latest(
    time_us: NDArray[np.int64], value: NDArray[np.float64], at_us: NDArray[np.int64], old_us: int
) -> NDArray[np.float64]:
    """The last value at or before each time, NaN where it is older than `old_us`."""
    if not time_us.size:
        return np.full(at_us.size, np.nan)
    i = np.searchsorted(time_us, at_us, side="right") - 1
    found = np.where(i >= 0, value[np.maximum(i, 0)], np.nan)
    found[(i < 0) | (at_us - time_us[np.maximum(i, 0)] > old_us)] = np.nan
    return found


def nearest(
    time_us: NDArray[np.int64], value: NDArray[np.float64], at_us: NDArray[np.int64], within_us: int
) -> NDArray[np.float64]:
    """The value nearest to each time (of two the earlier), NaN where none is within `within_us`."""
    if time_us.size == at_us.size and np.array_equal(time_us, at_us):
        return value
    if not time_us.size:
        return np.full(at_us.size, np.nan)
    after = np.minimum(np.searchsorted(time_us, at_us), time_us.size - 1)
    before = np.maximum(after - 1, 0)
    i = np.where(np.abs(time_us[before] - at_us) <= np.abs(time_us[after] - at_us), before, after)
    return np.where(np.abs(time_us[i] - at_us) <= within_us, value[i], np.nan)


def runs(mask: NDArray[np.bool_], time_us: NDArray[np.int64], hole_us: int) -> list[tuple[int, int]]:
    """First and one past the last index of each run of true readings without a hole longer than `hole_us` in it."""
    at = np.flatnonzero(mask)
    if not at.size:
        return []
    apart = (np.diff(at) > 1) | (np.diff(time_us[at]) > hole_us)
    starts = np.concatenate(([0], np.flatnonzero(apart) + 1))
    ends = np.append(starts[1:], at.size)
    return [(int(at[s]), int(at[e - 1]) + 1) for s, e in zip(starts, ends, strict=True)]


def limit(stream: Stream, signal: Signal) -> None:
    """Drop what is beyond the hard limits."""
    for bound, beyond, side in ((signal.hard_low, np.less, "low"), (signal.hard_high, np.greater, "high")):
        if bound is not None:
            with np.errstate(invalid="ignore"):
                outside = beyond(stream.value, bound)
            if outside.any():
                stream.drop(outside, f"{signal.rules}.hard_{side}")


def lasting_us(time_us: NDArray[np.int64], first: int, end: int) -> int:
    """How long a run of readings lasted: until the next reading, or as long as one reading stands, a minute at most."""
    last = int(time_us[end - 1])
    if end < time_us.size and int(time_us[end]) - last <= MINUTE_US:
        return int(time_us[end]) - int(time_us[first])
    before = last - int(time_us[end - 2]) if end >= 2 else MINUTE_US
    return last - int(time_us[first]) + min(before, MINUTE_US)


def medians(
    group: NDArray[np.int64], value: NDArray[np.float64], n: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The median of each group 0 … n − 1 and how many it is of, arrays of shape (n,); NaN of none.

    `group` does not fall. Of an odd number it is one of them, of an even number the middle between two.
    """
    count = np.bincount(group, minlength=n)
    out = np.full(n, np.nan)
    has = np.flatnonzero(count)
    if not has.size:
        return out, count
    n_of = count[has]
    row = np.repeat(np.arange(has.size), n_of)
    column = np.arange(group.size) - np.repeat(np.cumsum(n_of) - n_of, n_of)
    ranked = np.full((has.size, int(n_of.max())), np.inf)
    ranked[row, column] = value
    ranked.sort(axis=1)
    at = np.arange(has.size)
    lower, upper = ranked[at, (n_of - 1) // 2], ranked[at, n_of // 2]
    out[has] = lower + (upper - lower) / 2
    return out, count
