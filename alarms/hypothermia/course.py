"""From thermometers to the outcome, with its evidence (clinical.md §2.2, §2.4). Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from alarms.hypothermia.measures import metrics
from alarms.hypothermia.rule import EVENT_MIN, LOW_C, is_event, longest_run, series, spot_run
from alarms.hypothermia.types import Channel, Course, Mode, Outcome, Reading, Run, Series, Window
from alarms.temperature import (
    MINUTE_US,
    Circumstances,
    Core,
    Limits,
    Screened,
    by_minute,
    differing,
    medians,
    screen,
    screen_spots,
)

LIMITS = replace(Limits(), out_back=36.0)
"""A probe that came out is believed again when its value is back, or can be a patient's: it may lie there for hours."""
Band = tuple[float, float]
_SKIN = "skin"
_NONE = np.empty(0, dtype=np.int64)
STREAMED_MIN = 5
"""Of a channel of unknown kind: it is continuous where the median gap of its readings is not longer."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Spots:
    """Spot readings that count, in order of time, arrays of shape (n,); `channel`: place of the one that gave it."""

    time_us: NDArray[np.int64]
    value: NDArray[np.float64]
    channel: NDArray[np.int64]


def course(channels: Sequence[Channel], window: Window) -> Course:
    """What the rule says of one patient's thermometers in a window.

    Readings before and after the window help to judge those in it, and count for nothing. Of a continuous channel the
    first and the last minute of the window count whole.
    """
    told = [_in_order(channel) for channel in channels]
    modes = [mode_of(channel, window) for channel in told]
    screened = _screened(told, modes, window)
    places = counting(told)
    bins = _series(screened, [place for place in places if modes[place] is Mode.CONTINUOUS])
    spots = _spots(told, screened, [place for place in places if modes[place] is Mode.SPOT], window)
    judged, longest = _judged(bins, spots, told)
    readings = list(zip(spots.time_us.tolist(), spots.value.tolist(), strict=True))
    if judged is not Mode.UNKNOWN:
        outcome, site = _outcome(longest, bins, spots), _site(judged, longest, bins, spots, places, told)
    elif any(c.site.core is Core.UNKNOWN and one.valid.any() for c, one in zip(told, screened, strict=True)):
        outcome, site = Outcome.UNMAPPED, Core.UNKNOWN.value
    else:
        outcome, site = Outcome.UNMONITORED, ""
    return Course(
        outcome=outcome,
        rule=judged,
        longest=longest,
        site=site,
        cooled=any(_touches(start, end, window) for start, end in window.cooled),
        series=bins,
        spots=readings,
        metrics=metrics(bins, window, readings, judged),
        window=window,
        channels=told,
        modes=modes,
        screened=screened,
    )


def mode_of(channel: Channel, window: Window) -> Mode:
    """Step 6: the channel's own; of one of unknown kind by its readings in the window (of one alone: spot)."""
    if channel.mode is not Mode.UNKNOWN:
        return channel.mode
    gaps = np.diff(channel.time_us[_inside(channel.time_us, window)])
    return Mode.CONTINUOUS if gaps.size and np.median(gaps) <= STREAMED_MIN * MINUTE_US else Mode.SPOT


def first_reading(course: Course, since_us: int, within: Band | None = None) -> Reading | None:
    """The first valid temperature from then on, of any site but the skin: infrared and unknown ones too (§2.1, PACU).

    Of two in the same minute that of the better site. `within`: °C: one that is only out of the range of quality (§2.4
    step 3) will do too.
    """
    found = _readings(course, 0, since_us, None, within)
    return min(found, key=lambda r: (r.at_us // MINUTE_US, r.site.rank, r.value)) if found else None


def last_reading(course: Course, since_us: int, until_us: int, within: Band | None = None) -> Reading | None:
    """The last one from a time on and before another one."""
    found = _readings(course, -1, since_us, until_us, within)
    return max(found, key=lambda r: (r.at_us // MINUTE_US, -r.site.rank, r.value)) if found else None


def felt(course: Course, within: Band) -> Series:
    """The QC series, and in minutes that have no valid bin one that is only out of the range of quality.

    Such a one, inside `within` (°C), counts in no indicator: it is what a patient may have all the same.
    """
    places = [p for p in counting(course.channels) if course.modes[p] is Mode.CONTINUOUS]
    beyond = [(place, np.flatnonzero(_beyond(course.screened[place], within))) for place in places]
    return _merged(course.screened, [*_valid(course.screened, places), *beyond])


def felt_spots(course: Course, within: Band) -> Sequence[tuple[int, float]]:
    """The same of spot readings, in order of time."""
    found: list[tuple[int, float]] = []
    for place in counting(course.channels):
        channel, mode, one = course.channels[place], course.modes[place], course.screened[place]
        if mode is Mode.SPOT:
            rows = one.valid | _beyond(one, within)
            times = _times(channel, mode, one, course.window)[rows]
            found += zip(times.tolist(), one.value[rows].tolist(), strict=True)
    return sorted(found)


def counting(channels: Sequence[Channel]) -> Sequence[int]:
    """Places of the channels whose site may count for the indicator, the best first."""
    found = [place for place, channel in enumerate(channels) if channel.site.core in (Core.CORE, Core.NEAR_CORE)]
    return sorted(found, key=lambda place: (channels[place].site.rank, channels[place].name))


def _readings(
    course: Course, place: int, since_us: int, until_us: int | None, within: Band | None
) -> Sequence[Reading]:
    """Of each channel the first (place 0) or the last (−1) one of a time; minutes that it touches count."""
    found = []
    for channel, mode, one in zip(course.channels, course.modes, course.screened, strict=True):
        times = _times(channel, mode, one, course.window)
        inside = times >= (since_us if mode is Mode.SPOT else since_us // MINUTE_US * MINUTE_US)
        if until_us is not None:
            inside &= times < until_us
        rows = np.flatnonzero(inside & (one.valid if within is None else one.valid | _beyond(one, within)))
        if rows.size and channel.site.name != _SKIN:
            row = int(rows[place])
            found.append(Reading(at_us=int(times[row]), value=float(one.value[row]), site=channel.site))
    return found


def _beyond(screened: Screened, within: Band) -> NDArray[np.bool_]:
    with np.errstate(invalid="ignore"):
        near = (screened.value >= within[0]) & (screened.value <= within[1])
    return np.asarray((screened.excluded == "temp.qc_range") & near)


def _in_order(channel: Channel) -> Channel:
    if (np.diff(channel.time_us) > 0).all():
        return channel
    order = np.lexsort((channel.value, channel.time_us))
    return replace(channel, time_us=channel.time_us[order], value=channel.value[order], usable=channel.usable[order])


def _inside(time_us: NDArray[np.int64], window: Window) -> NDArray[np.bool_]:
    after = time_us >= window.start_us
    return after if window.end_us is None else after & (time_us < window.end_us)


def _touches(start_us: int, end_us: int | None, window: Window) -> bool:
    return (end_us is None or end_us > window.start_us) and (window.end_us is None or start_us < window.end_us)


def _times(channel: Channel, mode: Mode, screened: Screened, window: Window) -> NDArray[np.int64]:
    """Of each row: of a spot channel the reading's own."""
    return channel.time_us[_inside(channel.time_us, window)] if mode is Mode.SPOT else screened.minute_us


def _screened(told: Sequence[Channel], modes: Sequence[Mode], window: Window) -> Sequence[Screened]:
    """Each channel's rows in the window, judged with the others beside it."""
    plain = Circumstances(cooled=window.cooled)
    beside = {
        place: by_minute(medians(c.time_us, c.value, c.usable, plain, LIMITS))
        for place, (c, mode) in enumerate(zip(told, modes, strict=True))
        if mode is Mode.CONTINUOUS and len(told) > 1
    }
    skin = next((beside[place] for place in beside if told[place].site.name == _SKIN), {})
    out = []
    for place, (channel, mode) in enumerate(zip(told, modes, strict=True)):
        around = Circumstances(
            cooled=window.cooled,
            ends_us=window.ends_us,
            room=window.room,
            skin=skin,
            others=[minutes for other, minutes in beside.items() if other != place],
        )
        judge = screen_spots if mode is Mode.SPOT else screen
        one = judge(channel.time_us, channel.value, channel.usable, channel.site, around, LIMITS)
        whole = replace(window, start_us=window.start_us // MINUTE_US * MINUTE_US)
        rows = _inside(*((channel.time_us, window) if mode is Mode.SPOT else (one.minute_us, whole)))
        out.append(
            Screened(
                minute_us=one.minute_us[rows],
                value=one.value[rows],
                count=one.count[rows],
                excluded=one.excluded[rows],
                flagged=one.flagged[rows],
            )
        )
    return out


def _series(screened: Sequence[Screened], places: Sequence[int]) -> Series:
    """Of continuous channels, the best site first: in each minute the first that has a valid one counts."""
    if len(places) > 1:
        best, second = screened[places[0]], screened[places[1]]
        best.flagged[differing(best, second) & (best.flagged == "")] = "temp.differs"
    return _merged(screened, _valid(screened, places))


def _valid(screened: Sequence[Screened], places: Sequence[int]) -> Sequence[tuple[int, NDArray[np.intp]]]:
    return [(place, np.flatnonzero(screened[place].valid)) for place in places]


def _merged(screened: Sequence[Screened], told: Sequence[tuple[int, NDArray[np.intp]]]) -> Series:
    """Of places and their rows: in each minute the first counts."""
    minutes = [screened[place].minute_us[rows] // MINUTE_US for place, rows in told]
    minute, first = np.unique(np.concatenate([_NONE, *minutes]), return_index=True)
    raw = np.concatenate([np.empty(0), *(screened[place].value[rows] for place, rows in told)])[first]
    channel = np.concatenate([_NONE, *(np.full(rows.size, place) for place, rows in told)])[first]
    return Series(minute=minute, raw=raw, value=series(minute, raw), channel=channel)


def _spots(told: Sequence[Channel], screened: Sequence[Screened], places: Sequence[int], window: Window) -> _Spots:
    """Of spot channels, the best site first: of a minute only those of the first that has a valid one."""
    taken: set[int] = set()
    found: list[tuple[int, float, int]] = []
    for place in places:
        valid = screened[place].valid
        times = _times(told[place], Mode.SPOT, screened[place], window)[valid].tolist()
        rows = zip(times, screened[place].value[valid].tolist(), strict=True)
        free = [(at_us, value, place) for at_us, value in rows if at_us // MINUTE_US not in taken]
        taken.update(at_us // MINUTE_US for at_us, _, _ in free)
        found += free
    found.sort()
    return _Spots(
        time_us=np.array([at_us for at_us, _, _ in found], dtype=np.int64),
        value=np.array([value for _, value, _ in found], dtype=np.float64),
        channel=np.array([place for _, _, place in found], dtype=np.int64),
    )


def _judged(bins: Series, spots: _Spots, told: Sequence[Channel]) -> tuple[Mode, Run | None]:
    """By which rule it is an event, and its run; else the longest run of either, and whose it is."""
    found = [
        (Mode.CONTINUOUS, longest_run(bins.minute, bins.value), bins.minute.size),
        (Mode.SPOT, _spot_run(bins, spots, told), spots.time_us.size),
    ]
    there = [(mode, run) for mode, run, n in found if n]
    if not there:
        return Mode.UNKNOWN, None
    event = next(((mode, run) for mode, run in there if is_event(run)), None)
    return event or max(there, key=lambda each: each[1].minutes if each[1] else -1.0)


def _spot_run(bins: Series, spots: _Spots, told: Sequence[Channel]) -> Run | None:
    """Step 4, "nothing ≥ 36.0 between": nor what a thermometer at a site that is not worse tells meanwhile."""
    ranks = np.array([channel.site.rank for channel in told], dtype=np.int64)
    best = ranks[spots.channel].min(initial=np.iinfo(np.int64).max)
    between = (bins.value >= LOW_C) & (ranks[bins.channel] <= best)
    times = np.concatenate([spots.time_us, bins.minute[between] * MINUTE_US])
    return spot_run(times, np.concatenate([spots.value, bins.value[between]]))


def _outcome(longest: Run | None, bins: Series, spots: _Spots) -> Outcome:
    """Step 7. Spot readings tell enough where they span half an hour, the minutes of both ends included."""
    if is_event(longest):
        return Outcome.EVENT
    minutes = spots.time_us // MINUTE_US
    spanned = int(minutes[-1] - minutes[0]) + 1 if minutes.size else 0
    enough = bins.minute.size >= EVENT_MIN or spanned >= EVENT_MIN
    return Outcome.NO_EVENT if enough else Outcome.INDETERMINATE


def _site(
    judged: Mode, longest: Run | None, bins: Series, spots: _Spots, places: Sequence[int], told: Sequence[Channel]
) -> str:
    """Of the channel that gave most of the run, or of all that counted; of two that of the better site."""
    times, given, last = spots.time_us, spots.channel, 0
    if judged is Mode.CONTINUOUS:
        times, given, last = bins.minute * MINUTE_US, bins.channel, MINUTE_US
    if longest is not None:
        given = given[(times >= longest.start_us) & (times <= longest.end_us - last)]
    count = np.bincount(given, minlength=len(told))
    return told[max(places, key=lambda place: count[place])].site.name
