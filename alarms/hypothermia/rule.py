"""The national hypothermia event on series (clinical.md §2.2 steps 2 to 6): smoothing and the two rules. Pure.

Bins are whole minutes in any order, each once; one without a number is missing. 36.0 °C is normal: low is strictly
below, of the number as it is.
"""

import numpy as np
from numpy.typing import NDArray

from alarms.hypothermia.types import Run
from alarms.temperature import MINUTE_US

LOW_C = 36.0
EVENT_MIN = 30
BRIDGE_MIN = 5
"""So many missing bins between two lows are bridged, and count."""
_HALF_MIN = 2
_LEAST = 3


def series(minute: NDArray[np.int64], raw: NDArray[np.float64]) -> NDArray[np.float64]:
    """Step 2: the centred 5-min rolling median of minute bins, shape (n,), in their order.

    Where the five minutes have fewer than three bins the bin's own value counts.
    """
    order, minutes, values = _in_order(minute, raw)
    n = minutes.size
    around = np.full((2 * _HALF_MIN + 1, n), np.nan)
    for step in range(-_HALF_MIN, _HALF_MIN + 1):
        here, there = slice(max(0, -step), n - max(0, step)), slice(max(0, step), n - max(0, -step))
        near = np.abs(minutes[there] - minutes[here]) <= _HALF_MIN
        around[step + _HALF_MIN, here] = np.where(near, values[there], np.nan)
    around.sort(axis=0)
    count = (~np.isnan(around)).sum(axis=0)
    place = np.arange(n)
    lower = around[(count - 1) // 2, place]
    out = np.full(raw.shape, np.nan)
    out[order] = np.where(count < _LEAST, values, lower + (around[count // 2, place] - lower) / 2)
    return out


def longest_run(minute: NDArray[np.int64], value: NDArray[np.float64], threshold: float = LOW_C) -> Run | None:
    """Step 3: the longest run of bins below, the first of equal ones; None where none is."""
    minutes, starts, ends = _runs(minute, value, threshold)
    if not starts.size:
        return None
    i = int(np.argmax(minutes[ends] - minutes[starts]))
    return _run(minutes, int(starts[i]), int(ends[i]))


def ongoing_run(minute: NDArray[np.int64], value: NDArray[np.float64], threshold: float = LOW_C) -> Run | None:
    """Step 10: the run that the last bin is in; None where it is not low."""
    minutes, starts, ends = _runs(minute, value, threshold)
    if not starts.size or ends[-1] != minutes.size - 1:
        return None
    return _run(minutes, int(starts[-1]), int(ends[-1]))


def run_minutes(minute: NDArray[np.int64], value: NDArray[np.float64], threshold: float = LOW_C) -> float:
    """Step 10: how long the run that is going on at the end has lasted so far, in min; 0 where none is."""
    run = ongoing_run(minute, value, threshold)
    return run.minutes if run else 0.0


def spot_run(times_us: NDArray[np.int64], values: NDArray[np.float64], threshold: float = LOW_C) -> Run | None:
    """Step 4: the run of successive low readings that is longest from first to last; a single one lasts 0 min."""
    _, times, readings = _in_order(times_us, values, values)
    starts, ends = _stretches(readings < threshold)
    if not starts.size:
        return None
    i = int(np.argmax(times[ends] - times[starts]))
    start_us, end_us = int(times[starts[i]]), int(times[ends[i]])
    return Run(start_us=start_us, end_us=end_us, minutes=(end_us - start_us) / MINUTE_US)


def is_event(run: Run | None) -> bool:
    return run is not None and run.minutes >= EVENT_MIN


def _in_order(
    time: NDArray[np.int64], value: NDArray[np.float64], *then: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Places of what has a number, in order of time (and `then`), their times and their numbers."""
    there = np.flatnonzero(~np.isnan(value))
    order = there[np.lexsort((*(key[there] for key in then), time[there]))]
    return order, time[order], value[order]


def _runs(
    minute: NDArray[np.int64], value: NDArray[np.float64], threshold: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Minutes in order, and the places in them of the first and the last bin of each run."""
    _, minutes, values = _in_order(minute, value)
    return minutes, *_stretches(values < threshold, np.diff(minutes) > BRIDGE_MIN + 1)


def _stretches(
    low: NDArray[np.bool_], broken: NDArray[np.bool_] | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and last places of stretches of lows. `broken`: the next one does not go on where this one ends."""
    joined = low[:-1] & low[1:]
    if broken is not None:
        joined &= ~broken
    starts = low.copy()
    starts[1:] &= ~joined
    ends = low.copy()
    ends[:-1] &= ~joined
    return np.flatnonzero(starts), np.flatnonzero(ends)


def _run(minutes: NDArray[np.int64], start: int, end: int) -> Run:
    lasted = int(minutes[end] - minutes[start]) + 1
    return Run(
        start_us=int(minutes[start]) * MINUTE_US,
        end_us=int(minutes[end] + 1) * MINUTE_US,
        minutes=float(lasted),
        bridged_min=lasted - (end - start + 1),
    )
