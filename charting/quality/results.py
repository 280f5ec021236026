"""What was counted. Frozen values, no I/O."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt
from typing import Literal

from charting.quality.catalogue import Indicator
from charting.quality.logic import Parameter

View = Literal["anaesthesia", "event"]

_Z = 1.959963984540054
"""Of the normal distribution, for 95 %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One that counts: a case, or a patient (admission) with the cases for which he counts, in order of time."""

    key: str
    cases: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """An indicator over a period. Members are listed, so that the number shown is the length of its list.

    `group`: of an indicator that is told by group (an ASA class, a technique), else "". `variant`: which of the
    indicator's variants, "" for the main one. `denominator`: of a count those who were asked. `unknown`: indeterminate:
    nobody can say whether in the denominator, or whether in the numerator. `pending`: with a candidate that nobody has
    confirmed or refused; not counted. `figures`: numbers from outside the cases that went into it, by key of
    figures.csv. `happened`: members whose event itself lies in the period, wherever the case is booked; None where the
    indicator knows no time of its event. `unavailable`: key of words.csv that says why there is no number, "" where
    there is one.
    """

    indicator: Indicator
    group: str = ""
    variant: str = ""
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    numerator: Sequence[Member] = ()
    denominator: Sequence[Member] = ()
    unknown: Sequence[Member] = ()
    pending: Sequence[Member] = ()
    happened: Sequence[Member] | None = None
    figures: Mapping[str, float] = field(default_factory=dict)
    unavailable: str = ""

    @property
    def key(self) -> str:
        """Tells results of one report apart: CODE, CODE/group, CODE@variant."""
        return (
            self.indicator.code
            + (f"/{self.group}" if self.group else "")
            + (f"@{self.variant}" if self.variant else "")
        )

    @property
    def n(self) -> float:
        """The numerator: members, or the figure that the indicator names. Means nothing where it is unavailable."""
        return self.figures.get(self.indicator.numerator_figure, float(len(self.numerator)))

    @property
    def d(self) -> float | None:
        """The denominator; None of a count."""
        if self.indicator.kind == "count":
            return None
        return self.figures.get(self.indicator.denominator_figure, float(len(self.denominator)))

    @property
    def value(self) -> float | None:
        """Of a count n, else n ÷ d × times; None where it is unavailable."""
        if self.unavailable:
            return None
        return self.n if self.d is None else self.n / self.d * self.indicator.times

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % confidence interval of a rate (Wilson), in its unit; None of what is no rate, or unavailable."""
        if self.unavailable or self.indicator.kind != "rate" or not self.d:
            return None
        low, high = wilson(self.n, self.d)
        return low * self.indicator.times, high * self.indicator.times

    @property
    def coverage(self) -> float | None:
        """The share, of those who are or may be in the denominator, of whom the answer is known: 0 to 1."""
        asked = {m.key for m in self.denominator} | {m.key for m in self.unknown}
        return (len(asked) - len(self.unknown)) / len(asked) if asked else None


def wilson(n: float, d: float) -> tuple[float, float]:
    """The 95 % interval of a proportion n ÷ d after Wilson (1927), without correction for continuity; d > 0."""
    share, z2 = n / d, _Z * _Z
    middle = (share + z2 / (2 * d)) / (1 + z2 / d)
    half = _Z / (1 + z2 / d) * sqrt(share * (1 - share) / d + z2 / (4 * d * d))
    return max(0.0, middle - half), min(1.0, middle + half)
