"""Counts with scale and offset as WFDB has them: whole numbers with gain and baseline. Pure."""

import math
from dataclasses import dataclass
from fractions import Fraction

LARGEST = 2**31 - 1
"""Of a sample in WFDB's format 32, and of a baseline; −2³¹ marks a gap (WFDB header(5), signal(5))."""

_FLOAT_NOISE = 2.0**-50
"""Relative: a few units in the last place of what count × scale + offset gives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    """sample = count × factor; physical value = (sample − baseline) ÷ gain.

    error: how far that is from count × scale + offset at most, in the unit; 0 within the noise of a float, None where
    WFDB cannot express the values at all.
    """

    factor: int
    gain: float
    baseline: int
    error: float | None


def scaling(scale: float, offset: float, low: int, high: int) -> Scaling:
    """For counts from low to high, none of them −2³¹.

    The baseline is whole and the gain positive: where offset ÷ scale is a fraction, its denominator becomes the factor.
    """
    largest = max(abs(low), abs(high), 1)
    zero = offset / scale if scale else math.inf
    gain = 1 / abs(scale) if scale else math.inf
    sign = -1 if scale < 0 else 1
    if not (math.isfinite(gain) and abs(zero) <= LARGEST):
        return Scaling(factor=1, gain=1.0, baseline=0, error=None)
    tolerance = _FLOAT_NOISE * max(largest, abs(zero))
    limit, denominators = LARGEST // largest, 1
    while True:
        near = Fraction(zero).limit_denominator(denominators)
        missing = abs(float(near - Fraction(zero)))
        if missing <= tolerance or denominators == limit:
            break
        denominators = min(denominators * 4, limit)
    if abs(near.numerator) > LARGEST:
        near = Fraction(round(zero))
        missing = abs(float(near - Fraction(zero)))
    return Scaling(
        factor=sign * near.denominator,
        gain=near.denominator * gain,
        baseline=-sign * near.numerator,
        error=0.0 if missing <= tolerance else missing * abs(scale),
    )
