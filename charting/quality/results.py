"""What was counted. Frozen values, no I/O."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from charting.quality.catalogue import Indicator


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One that counts: a case, or a patient (admission) with the cases for which he counts, in order of time."""

    key: str
    cases: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """An indicator over a period. Members are listed, so that the number shown is the length of its list.

    `group`: of an indicator that is told by group (an ASA class, a technique), else "". `variant`: which of the
    indicator's variants, "" for the main one. `unknown`: in the denominator or perhaps in it, and nobody can say
    whether in the numerator too. `pending`: with a candidate that nobody has confirmed or refused. `figures`: numbers
    from outside the cases that went into it, by key of figures.csv. `happened`: members whose event itself lies in the
    period, wherever the case is booked; None where the indicator knows no time of its event. `unavailable`: key of
    words.csv that says why there is no number, "" where there is one.
    """

    indicator: Indicator
    group: str = ""
    variant: str = ""
    parameters: Mapping[str, float | bool | str] = field(default_factory=dict)
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
        """The numerator: members, or the figure that the indicator names."""
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
    def coverage(self) -> float | None:
        """Share of the denominator (of a count: of the cases that are asked) of which the answer is known."""
        asked = len(self.denominator)
        return None if not asked else 1 - len(self.unknown) / max(asked, len(self.unknown))


View = Literal["anaesthesia", "event"]
