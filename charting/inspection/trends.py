"""Whether a measure goes one way from day to day. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

LEAST_DAYS = 14
STEADY = 0.8
"""Of a trend that is one: the share of the days' variance that a straight line explains."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """A straight line through the days. `share`: of their variance that it explains."""

    days: int
    per_day: float
    share: float

    @property
    def steady(self) -> bool:
        return self.days >= LEAST_DAYS and self.share >= STEADY


def trend(told: Sequence[tuple[date, float]]) -> Trend | None:
    """None where there are not two days."""
    if len(told) < 2:
        return None
    x = np.array([day.toordinal() for day, _ in told], dtype=np.float64)
    y = np.array([value for _, value in told], dtype=np.float64)
    x -= x.mean()
    spread = float(((y - y.mean()) ** 2).sum())
    per_day = float((x * y).sum() / (x * x).sum())
    share = per_day**2 * float((x * x).sum()) / spread if spread > 0 else 0.0
    return Trend(days=len(told), per_day=per_day, share=share)
