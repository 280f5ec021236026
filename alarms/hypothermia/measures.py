"""What is derived of a course (clinical.md §2.5), on the QC series. Pure."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from alarms.hypothermia.rule import LOW_C
from alarms.hypothermia.types import Metrics, Mode, Series, Window
from alarms.temperature import MINUTE_US

THRESHOLDS = (36.0, 35.5, 35.0)
SLOPE_MIN = 20
FIRST_MIN = 15
"""Grade D: the tube, the probe, and up to 10 min of warming up (§2.4 step 5)."""


def auc(value: NDArray[np.float64], below: float = LOW_C) -> float:
    """How far and how long bins of a minute are below, °C·h."""
    return float(np.maximum(0.0, below - value).sum()) / 60


def metrics(
    series: Series, window: Window, spots: Sequence[tuple[int, float]] = (), judged: Mode = Mode.CONTINUOUS
) -> Metrics:
    """Of a window's QC series; where the spot rule was judged the nadir is that of `spots` (times µs, °C)."""
    nadir_c, nadir_us = _nadir(series, spots if judged is Mode.SPOT else ())
    n, area = series.value.size, auc(series.value)
    return Metrics(
        nadir_c=nadir_c,
        nadir_us=nadir_us,
        below_min={t: float((series.value < t).sum()) if n else math.nan for t in THRESHOLDS},
        auc36=area if n else math.nan,
        twa36=area / (n / 60) if n else math.nan,
        valid_min=float(n),
        valid_share=_share(n, window),
        recovery_min=_recovery(series),
    )


def at(series: Series, time_us: int, within_min: int = 5) -> float:
    """The QC value at a time: of the nearest bin, at most so many minutes away (the earlier of two); else nan."""
    if not series.minute.size:
        return math.nan
    away = np.abs(series.minute - time_us // MINUTE_US)
    nearest = int(away.argmin())
    return float(series.value[nearest]) if away[nearest] <= within_min else math.nan


def first_hour_drop(series: Series, induction_us: int) -> float:
    """T(induction) − T(60 min), °C; nan where either is not known.

    A probe that goes in after the tube has settled within FIRST_MIN: its first value stands for that at induction.
    """
    return at(series, induction_us, FIRST_MIN) - at(series, induction_us + 60 * MINUTE_US)


def slope(minute: NDArray[np.int64], value: NDArray[np.float64], end: int, over_min: int = SLOPE_MIN) -> float:
    """°C/h of the robust line (Theil–Sen) through the bins of [end − over_min, end); nan with less than half."""
    inside = (minute >= end - over_min) & (minute < end) & ~np.isnan(value)
    if 2 * int(inside.sum()) < over_min:
        return math.nan
    one, other = np.triu_indices(int(inside.sum()), 1)
    x, y = minute[inside], value[inside]
    return float(np.median((y[other] - y[one]) / (x[other] - x[one]))) * 60


def _nadir(series: Series, spots: Sequence[tuple[int, float]]) -> tuple[float, int | None]:
    if spots:
        value, at_us = min((value, at_us) for at_us, value in spots)
        return value, at_us
    if not series.value.size:
        return math.nan, None
    lowest = int(series.value.argmin())
    return float(series.value[lowest]), int(series.minute[lowest]) * MINUTE_US


def _share(valid_min: int, window: Window) -> float:
    if window.end_us is None or window.end_us <= window.start_us:
        return math.nan
    return min(1.0, valid_min * MINUTE_US / (window.end_us - window.start_us))


def _recovery(series: Series) -> float:
    if not series.value.size or series.value.min() >= LOW_C:
        return math.nan
    lowest = int(series.value.argmin())
    normal = np.flatnonzero(series.value[lowest:] >= LOW_C)
    return float(series.minute[lowest + normal[0]] - series.minute[lowest]) if normal.size else math.nan
