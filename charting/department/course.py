"""The true temperature of a patient (clinical.md §2.5): redistribution, slow loss or warming, plateau; and how low it
is to be. What a thermometer makes of it is in thermometers.py.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

LOW = 36.0
"""°C; below it is too cold, itself not (clinical.md §2.2 step 5)."""
_SURE_MIN, _NOT_MIN = 42, 18
"""A run of lows that is meant to be an event lasts at least so long, one that is not at most so long."""
_ENDING_MIN = 12
"""How long before its end a probe may already be out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How a patient's temperature goes, relative to what it is on entering, by minute from entering the room."""

    induction: int
    redistribution_c: float
    rate_c_h: float
    """After the first hour: what is lost (negative), or gained where he is warmed."""
    rewarming_from: int
    rewarming_c_h: float

    def minutes(self, n: int) -> list[float]:
        return [self._at(minute) for minute in range(n)]

    def _at(self, minute: int) -> float:
        asleep = max(minute - self.induction, 0)
        fallen = self.redistribution_c * (1 - math.exp(-asleep / 22))
        slow = self.rate_c_h * max(min(asleep, 180) - 55, 0) / 60
        later = self.rewarming_c_h * max(minute - self.rewarming_from, 0) / 60
        return slow + min(later, 1.2) - fallen


def shape(rng: Random, *, induction: int, out: int, warmed: bool, regional: bool) -> Shape:
    """`out`: minute in which he leaves the room, where he is covered and warms up again."""
    return Shape(
        induction=induction,
        redistribution_c=rng.uniform(0.35, 1.25) * (0.6 if regional or warmed else 1.0),
        rate_c_h=rng.uniform(0.05, 0.5) if warmed else rng.uniform(-0.4, -0.05),
        rewarming_from=out,
        rewarming_c_h=rng.uniform(0.15, 0.5),
    )


def placed(
    rng: Random, relative: Sequence[float], first: int, end: int, settle: int, *, low: bool, band: float
) -> list[float] | None:
    """A course in tenths of a degree, so high or low that its longest low run in [first, end) is surely an event
    (`low`) or surely none, whatever the thermometer needs to settle and loses at its end; None where no such course is
    credible. `band`: °C by which what is shown may be off.
    """
    fitting = []
    for tenths in range(360, 374):
        start = tenths / 10
        course = [round(start + part, 1) for part in relative]
        if min(course) < 34.2 or max(course) > 37.9:
            continue
        surely = longest(course[first + settle : end - _ENDING_MIN], LOW - 0.05 - band)
        perhaps = longest(course[first:end], LOW + band + 0.05 if band else LOW)
        if (surely >= _SURE_MIN) if low else (perhaps <= _NOT_MIN):
            fitting.append(course)
    return rng.choice(fitting) if fitting else None


def longest(values: Sequence[float], below: float) -> int:
    """The longest run of values below."""
    best = run = 0
    for value in values:
        run = run + 1 if value < below else 0
        best = max(best, run)
    return best


def bordering(rng: Random, n: int, first: int, run: int) -> list[float]:
    """A course of `n` minutes with exactly one run of lows: `run` minutes from `first` on.

    It comes down to 36.0, and goes up from there again, by a tenth in four minutes.
    """
    depth = rng.choice((0.1, 0.2, 0.3))
    high = round(LOW + rng.choice((0.3, 0.4, 0.5)), 1)
    course = [high] * n
    for minute in range(n):
        if minute < first:
            course[minute] = min(high, round(LOW + (first - 1 - minute) // 4 * 0.1, 1))
        elif minute < first + run:
            course[minute] = round(LOW - depth, 1)
        else:
            course[minute] = min(high, round(LOW + (minute - first - run) // 4 * 0.1, 1))
    return course
