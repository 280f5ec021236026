"""What thermometers told of a case's patient and of his rooms, by minute, to be kept with the case. Pure.

What was kept and is no longer in the store stays as it was kept: the store drops series for their age, a case does not.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from alarms.temperature import codes
from charting.case.whereabouts import Part
from charting.fill.plan import Spans, during
from charting.fill.streams import MINUTE_US, medians
from charting.trail.entries import Thermometer, Thermometry
from collector.model import Quality, Role, Series
from collector.series import Minutes, Points, SeriesReader
from collector.units import convert

ROOM = "VND_VITALSD_ROOM_TEMPERATURE"
AREAS = ("or", "offsite", "pacu")
"""Where the window of AQI-10 can lie (clinical.md §2.2 step 1): it ends at the ICU's handover and on the ward."""
SPOT_GAP_US = 5 * MINUTE_US
"""A channel whose median gap is longer is no continuous one (§2.2 step 6)."""
_JOINED_US = 10 * MINUTE_US
"""Readings of minutes so near to each other are asked for at once."""
_CODES = (*codes(), ROOM)

Key = tuple[str, str, str, str, str]
"""Bed, device, code, source, site."""
Told = dict[int, tuple[float, bool]]
"""Time (of a continuous channel its minute) → °C, and whether the device told only what it doubted."""


@dataclass(slots=True, kw_only=True)
class Channel:
    """What one thermometer told, continuously and by spot."""

    minutes: Told = field(default_factory=dict)
    spots: Told = field(default_factory=dict)
    demo: bool = False


Channels = dict[Key, Channel]


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """The patient was at a bed in the whole minutes of [since, until); `held`: when devices spoke of another one."""

    bed: str
    since_us: int
    until_us: int
    held: Mapping[str, Spans]

    @classmethod
    def of(cls, part: Part, until_us: int, held: Mapping[str, Spans]) -> "Present":
        """`until_us`: a whole minute, up to which data can have come."""
        end_us = until_us if part.end_us is None else min(until_us, part.end_us // MINUTE_US * MINUTE_US)
        return cls(bed=part.bed, since_us=-(-part.start_us // MINUTE_US) * MINUTE_US, until_us=end_us, held=held)

    def spoke_of(self, device: str, minute_us: NDArray[np.int64]) -> NDArray[np.bool_]:
        """In which minutes what the device told is his, shape (n,)."""
        held = self.held.get(device, ())
        other = during(held, minute_us) | during(held, minute_us + MINUTE_US - 1)
        return (minute_us >= self.since_us) & (minute_us < self.until_us) & ~other


def read(reader: SeriesReader, there: Present) -> Channels:
    """What the series of a bed tell. Where a minute's rollup leaves its median open the readings are asked for."""
    told = [m for m in reader.minutes(there.bed, _CODES, there.since_us, there.until_us) if _in_degrees(m.series)]
    unclear = [_unclear(m) for m in told]
    asked = tuple(sorted({m.series.channel.code for m, some in zip(told, unclear, strict=True) if some.any()}))
    wanted = sorted({at for m, some in zip(told, unclear, strict=True) for at in m.minute_us[some].tolist()})
    points: dict[Series, list[Points]] = {}
    for start_us, end_us in _joined(wanted):
        for one in reader.points(there.bed, asked, start_us, end_us):
            points.setdefault(one.series, []).append(one)
    return {
        _key(m.series): _channel(m, points.get(m.series, []), some, there)
        for m, some in zip(told, unclear, strict=True)
    }


def thermometry(found: Iterable[Channels], there: Sequence[Present], before: Thermometry | None) -> Thermometry:
    """All together, and what was kept before of these times where nothing is told of them any more.

    `there`: at least one.
    """
    channels: Channels = {}
    for some in found:
        for key, channel in some.items():
            own = channels.setdefault(key, Channel())
            own.minutes |= channel.minutes
            own.spots |= channel.spots
            own.demo |= channel.demo
    for old in (*before.thermometers, *before.rooms) if before else ():
        _keep(channels, old, there)
    made = [t for key, channel in sorted(channels.items()) for t in _thermometers(key, channel)]
    return Thermometry(
        since_us=min(p.since_us for p in there),
        until_us=max(p.until_us for p in there),
        thermometers=tuple(t for t in made if t.code != ROOM),
        rooms=tuple(t for t in made if t.code == ROOM),
    )


def _key(series: Series) -> Key:
    channel = series.channel
    return series.bed, series.device, channel.code, channel.source, channel.site


def _in_degrees(series: Series) -> bool:
    try:
        convert(0.0, series.channel.unit, "Cel")
    except ValueError:
        return False
    return series.channel.role is Role.MEASURED


def _celsius(value: NDArray[np.float64], unit: str) -> NDArray[np.float64]:
    """96.8 °F are 36.0 °C, not a little less."""
    if unit == "Cel":
        return value
    zero, one = convert(0.0, unit, "Cel"), convert(1.0, unit, "Cel")
    return np.round(zero + (one - zero) * value, 6)


def _is_spot(told: Minutes) -> bool:
    gaps = np.diff(told.minute_us)
    return bool(np.median(told.count) <= 1) and (not gaps.size or float(np.median(gaps)) > SPOT_GAP_US)


def _unclear(told: Minutes) -> NDArray[np.bool_]:
    """Minutes of which the rollup does not tell the median of what may be used (of a spot channel: the times)."""
    if _is_spot(told):
        return np.ones(told.count.size, dtype=bool)
    return (told.count > 2) & (told.low < told.high) | told.questionable | told.demo


def _joined(minutes: Iterable[int]) -> Iterator[tuple[int, int]]:
    start_us = end_us = -1
    for minute_us in minutes:
        if minute_us - end_us > _JOINED_US or start_us < 0:
            if start_us >= 0:
                yield start_us, end_us
            start_us = minute_us
        end_us = minute_us + MINUTE_US
    if start_us >= 0:
        yield start_us, end_us


def _channel(told: Minutes, points: Sequence[Points], unclear: NDArray[np.bool_], there: Present) -> Channel:
    unit, device, minute = told.series.channel.unit, told.series.device, told.minute_us
    own = there.spoke_of(device, minute)
    time_us = np.concatenate([np.empty(0, np.int64), *(p.time_us for p in points)])
    value = np.concatenate([np.empty(0), *(p.value for p in points)])
    quality = np.concatenate([np.empty(0, np.str_), *(p.quality for p in points)])
    demo = np.concatenate([np.empty(0, np.bool_), *(p.demo for p in points)])
    number = np.isin(quality, (Quality.VALID, Quality.QUESTIONABLE)) & ~np.isnan(value)
    doubtful = demo | (quality != Quality.VALID)
    if _is_spot(told):
        kept = number & there.spoke_of(device, time_us // MINUTE_US * MINUTE_US)
        spots = zip(time_us[kept].tolist(), _celsius(value[kept], unit).tolist(), doubtful[kept].tolist(), strict=True)
        return Channel(spots={at: (v, doubted) for at, v, doubted in spots}, demo=bool(told.demo.any()))
    # of readings that are gone a real one stands for the median
    median = np.where(unclear, told.last, told.low + (told.high - told.low) / 2)
    doubted = unclear & (told.questionable | told.demo)
    place = np.searchsorted(minute, time_us // MINUTE_US * MINUTE_US)
    for mask, doubts in ((number & doubtful, True), (number & ~doubtful, False)):
        some, count = medians(place[mask], value[mask], minute.size)
        there_is = unclear & (count > 0)
        median[there_is], doubted[there_is] = some[there_is], doubts
    kept = zip(minute[own].tolist(), _celsius(median, unit)[own].tolist(), doubted[own].tolist(), strict=True)
    return Channel(minutes={at: (v, doubts) for at, v, doubts in kept}, demo=bool(told.demo.any()))


def _keep(channels: Channels, old: Thermometer, there: Sequence[Present]) -> None:
    """What was kept of a thermometer in minutes that are his, and of which it tells nothing now."""
    told = _told(old)
    times = np.array(list(told), np.int64)
    minute = times // MINUTE_US * MINUTE_US
    own = np.zeros(times.size, dtype=bool)
    for present in there:
        if present.bed == old.bed:
            own |= present.spoke_of(old.device, minute)
    key = old.bed, old.device, old.code, old.source, old.site
    known = channels.get(key, Channel())
    new = {*known.minutes, *(at // MINUTE_US * MINUTE_US for at in known.spots)}
    kept = {at: told[at] for at, m in zip(times[own].tolist(), minute[own].tolist(), strict=True) if m not in new}
    if kept:
        channels[key] = known
        known.demo |= old.demo
        (known.spots if old.mode == "spot" else known.minutes).update(kept)


def _told(thermometer: Thermometer) -> Told:
    if thermometer.mode == "spot":
        times: Iterable[int] = thermometer.times_us
    else:
        times = range(thermometer.start_us, thermometer.start_us + len(thermometer.values) * MINUTE_US, MINUTE_US)
    doubted = set(thermometer.doubted)
    told = zip(times, thermometer.values, strict=True)
    return {at: (v, n in doubted) for n, (at, v) in enumerate(told) if v is not None}


def _thermometers(key: Key, channel: Channel) -> Iterator[Thermometer]:
    bed, device, code, source, site = key
    if channel.minutes:
        first_us = min(channel.minutes)
        minutes = range(first_us, max(channel.minutes) + MINUTE_US, MINUTE_US)
        said = [channel.minutes.get(at, (None, False)) for at in minutes]
        yield Thermometer(
            bed=bed, device=device, code=code, source=source, site=site, start_us=first_us,
            values=tuple(v for v, _ in said), doubted=tuple(n for n, (_, doubted) in enumerate(said) if doubted),
            demo=channel.demo,
        )  # fmt: skip
    if channel.spots:
        spots = sorted(channel.spots.items())
        yield Thermometer(
            bed=bed, device=device, code=code, source=source, site=site, mode="spot",
            times_us=tuple(at for at, _ in spots), values=tuple(v for _, (v, _) in spots),
            doubted=tuple(n for n, (_, (_, doubted)) in enumerate(spots) if doubted), demo=channel.demo,
        )  # fmt: skip
