"""What chance alone would give: funnel limits, and signals of a run chart. Pure; nothing is rounded."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Literal

import numpy as np

SHIFT, TREND = 6, 5
"""Points of a run chart that are a signal. Source: Perla, BMJ Qual Saf 2011;20:46."""


@lru_cache(maxsize=4096)
def funnel_limits(d: int, p: float, tail: float) -> tuple[float, float]:
    """Limits of a count out of d where each happens with probability p, by the exact binomial distribution.

    A count is below the first where P(X ≤ count) < `tail`, above the second where P(X ≥ count) < `tail`, and nowhere
    else; in between the limits are interpolated (Spiegelhalter, Stat Med 2005;24:1185, appendix A.1), the upper one
    as the lower one of what does not happen.
    """
    return _low(d, p, tail), d - _low(d, 1 - p, tail)


def _low(d: int, p: float, tail: float) -> float:
    if p <= 0 or d == 0:
        return 0.0
    if p >= 1:
        return float(d)
    k = np.arange(d + 1)
    logs = np.concatenate(([0.0], np.cumsum(np.log(np.arange(1, d + 1)))))
    each = np.exp(logs[d] - logs[k] - logs[d - k] + k * math.log(p) + (d - k) * math.log1p(-p))
    upto = np.cumsum(each)
    first = int(np.argmax(upto >= tail * (1 - 1e-12)))
    return max(0.0, first - (float(upto[first]) - tail) / float(each[first]))


TAILS = {"99.8": 0.001, "95": 0.025}
"""Limits, % → what lies beyond each end."""


def beyond(n: int, d: int, p: float) -> str:
    """The widest limits outside which n of d lies; "" for none."""
    for limit, tail in TAILS.items():
        low, high = funnel_limits(d, p, tail)
        if n < low - 1e-9 or n > high + 1e-9:
            return limit
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """Places of points, first and last, that are not chance: all on one side of the centre, or each beyond the last."""

    kind: Literal["shift", "trend"]
    first: int
    last: int


def signals(values: Sequence[float | None], centre: float) -> Sequence[Signal]:
    """Of a run chart. A point on the centre is on no side and ends no run; None is no point; of equal points following
    one another the first counts.
    """
    told = [(n, value) for n, value in enumerate(values) if value is not None]
    return (*_shifts(told, centre), *_trends(told))


def _shifts(told: Sequence[tuple[int, float]], centre: float) -> Sequence[Signal]:
    sided = [(n, value > centre) for n, value in told if value != centre]
    runs = [[n for n, _ in run] for _, run in groupby(sided, key=lambda point: point[1])]
    return [Signal(kind="shift", first=run[0], last=run[-1]) for run in runs if len(run) >= SHIFT]


def _trends(told: Sequence[tuple[int, float]]) -> Sequence[Signal]:
    found: list[Signal] = []
    run: list[tuple[int, float]] = []
    for n, value in told:
        if run and value == run[-1][1]:
            continue
        goes_on = len(run) < 2 or (value > run[-1][1]) == (run[-1][1] > run[-2][1])
        if not goes_on:
            found += _trend(run)
            run = [run[-1]]
        run.append((n, value))
    return [*found, *_trend(run)]


def _trend(run: Sequence[tuple[int, float]]) -> Sequence[Signal]:
    return [Signal(kind="trend", first=run[0][0], last=run[-1][0])] if len(run) >= TREND else []
