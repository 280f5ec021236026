"""The true temperature of a patient (clinical.md §2.5): redistribution, slow loss or warming, plateau; and how low it
is to be. In tenths of a degree, as thermometers tell it; what one makes of it is in thermometers.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
from numpy.typing import NDArray

LOW = 360
"""Tenths of °C; below it is too cold, itself not (clinical.md §2.2 step 5)."""
_SURE_MIN, _NOT_MIN = 42, 18
"""A run of lows that is meant to be an event lasts at least so long, one that is not at most so long."""
_ENDING_MIN = 12
"""How long before its end a probe may already be out."""
_STARTS = range(360, 374)
_CREDIBLE = (342, 379)
"""Tenths of °C: on entering the room, and all the time."""

Tenths = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How a temperature goes, relative to what it is on entering; minutes count from there.

    `rate_c_h`: what is lost (negative) from the first hour on, or gained where he is warmed; `rewarming_from`: when he
    is covered and warms up again.
    """

    induction: int
    redistribution_c: float
    rate_c_h: float
    rewarming_from: int
    rewarming_c_h: float

    def tenths(self, n: int) -> Tenths:
        """Minute by minute, shape (n,)."""
        minute = np.arange(n)
        asleep = np.maximum(minute - self.induction, 0)
        fallen = self.redistribution_c * (1 - np.exp(-asleep / 22))
        slow = self.rate_c_h * np.maximum(np.minimum(asleep, 180) - 55, 0) / 60
        later = self.rewarming_c_h * np.maximum(minute - self.rewarming_from, 0) / 60
        return np.asarray(np.rint((slow + np.minimum(later, 1.2) - fallen) * 10), dtype=np.int64)


def shape(rng: Random, *, induction: int, out: int, warmed: bool, regional: bool) -> Shape:
    """`out`: the minute in which he leaves the room."""
    return Shape(
        induction=induction,
        redistribution_c=rng.uniform(0.35, 1.25) * (0.6 if regional or warmed else 1.0),
        rate_c_h=rng.uniform(0.05, 0.5) if warmed else rng.uniform(-0.4, -0.05),
        rewarming_from=out,
        rewarming_c_h=rng.uniform(0.15, 0.5),
    )


def placed(
    rng: Random, relative: Tenths, first: int, end: int, settle: int, *, low: bool, band: int
) -> list[float] | None:
    """A course, °C, so high or low that its longest low run in [first, end) is surely an event (`low`) or surely none,
    whatever the thermometer needs to settle and loses at its end; None where no such course is credible. `band`: by how
    many tenths what is shown may be off.
    """
    least, most = int(relative.min()), int(relative.max())
    for start in rng.sample(_STARTS, len(_STARTS)):
        if start + least < _CREDIBLE[0] or start + most > _CREDIBLE[1]:
            continue
        course = relative + start
        if low:
            fits = _longest(course[first + settle : end - _ENDING_MIN] < LOW - band) >= _SURE_MIN
        else:
            fits = _longest(course[first:end] < LOW + band) <= _NOT_MIN
        if fits:
            return celsius(course)
    return None


def celsius(tenths: Tenths) -> list[float]:
    found: list[float] = (tenths / 10).tolist()
    return found


def _longest(low: Sequence[bool] | NDArray[np.bool_]) -> int:
    """The longest run of those that are so."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], low, [False]))))
    return int((edges[1::2] - edges[::2]).max(initial=0))
