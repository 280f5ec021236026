"""The department's temperatures over a period: rates by month and by group, distributions, rooms. Pure.

Rates are the report's own of each month or group (charting.quality.report), so that a point's list is its number. A
patient who was in two groups counts in both.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from charting.quality.catalogue import Catalogue
from charting.quality.facts import Facts
from charting.quality.periods import Period, month
from charting.quality.report import report
from charting.quality.results import Result

MONITORED, WARMED, HYPOTHERMIC, PACU_COLD = "AQI-TMR-07", "AQI-AWR-08", "AQI-IHT-10", "AQI-IHP-17"
RATES = (MONITORED, HYPOTHERMIC, WARMED, PACU_COLD)
"""What is told as a rate: codes of the catalogue."""
GROUPS = ("room", "department", "technique")
"""Facts by which rates are told apart. Never by person."""
MONTHS = 12
COLD_ROOM_C = 21.0
"""Source: NICE CG65: at least so warm while a patient is exposed (clinical.md §2.6)."""
MEASURES = (
    "nadir_c", "first_hour_drop_c", "at_incision_c", "at_end_c", "below_36_min", "below_355_min", "below_35_min",
    "auc36", "twa36", "recovery_min", "valid_share", "pacu_first_c", "room_c",
)  # fmt: skip
"""Facts that are numbers of a case's temperature (clinical.md §2.5), as they are listed."""
OF_ALL = frozenset({"room_c"})
"""Of these every case is told; of the others none that was cooled on purpose, or on bypass."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Values of n cases: the least, quartiles and the largest."""

    n: int
    low: float
    q1: float
    middle: float
    q3: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Temperature:
    """`facts`: of the performed cases of the period. `whole`: code → result of the period; `months`: of each of twelve
    months that end with the period's last one; `groups`: fact → its value → code → result.
    """

    period: Period
    department: str
    facts: Sequence[Facts]
    whole: Mapping[str, Result]
    months: Mapping[str, Mapping[str, Result]]
    groups: Mapping[str, Mapping[str, Mapping[str, Result]]]

    def values(self, fact: str) -> Sequence[float]:
        """Of one of MEASURES, nan among them."""
        return [getattr(f, fact) for f in self.facts if is_told(f, fact)]

    @property
    def cooled(self) -> int:
        """How many were cooled on purpose, or on bypass."""
        return sum(bool(f.cooled) for f in self.facts)

    @cached_property
    def measures(self) -> Mapping[str, Summary]:
        """MEASURES of which any case tells something."""
        found = {name: summary(self.values(name)) for name in MEASURES}
        return {name: told for name, told in found.items() if told is not None}

    @cached_property
    def rooms(self) -> Mapping[str, Summary]:
        """The room's own temperature, by theatre: medians of cases."""
        names = sorted({f.room for f in self.facts if f.room})
        found = {name: summary([f.room_c for f in self.facts if f.room == name]) for name in names}
        return {name: told for name, told in found.items() if told is not None}

    def counted(self, fact: str, values: Sequence[str], *, ga: bool = False) -> Sequence[tuple[str, int]]:
        """How many performed cases (`ga`: general anaesthetics) have each value of a text fact."""
        asked = [f for f in self.facts if f.ga or not ga]
        return [(value, sum(getattr(f, fact) == value for f in asked)) for value in values]

    def within(self, fact: str, ends: Sequence[float]) -> Sequence[int]:
        """How many performed cases have a number in [end, next end)."""
        told = self.values(fact)
        return [sum(a <= value < b for value in told) for a, b in pairwise(ends)]


def temperature(
    facts: Sequence[Facts], catalogue: Catalogue, asked: Period, *, zone: str, made_us: int, department: str = ""
) -> Temperature:
    """`facts`: of all cases of `months_of(asked, zone)` and of the period."""
    own = Catalogue(
        version=catalogue.version,
        indicators=[i for code in RATES if (i := catalogue.indicator(code)) is not None],
    )
    there = [f for f in facts if department in {"", f.department}]

    def told(some: Sequence[Facts], of: Period) -> Mapping[str, Result]:
        inside = [f for f in some if of.start_us <= f.anchor_us < of.end_us]
        made = report(inside, own, of, editions=own.editions, figures={}, made_us=made_us)
        return {r.indicator.code: r for r in made.results if not r.variant}

    inside = [f for f in there if asked.start_us <= f.anchor_us < asked.end_us]
    groups = {
        fact: {
            name: told([f for f in inside if getattr(f, fact) == name], asked)
            for name in sorted({getattr(f, fact) for f in inside} - {""})
        }
        for fact in GROUPS
    }
    return Temperature(
        period=asked,
        department=department,
        facts=[f for f in inside if f.performed],
        whole=told(inside, asked),
        months={each.name: told(there, each) for each in months_of(asked, zone)},
        groups=groups,
    )


def is_told(facts: Facts, fact: str) -> bool:
    """Whether one of MEASURES is told of a case: what is meant to be cold says nothing of how warm people are kept."""
    return fact in OF_ALL or not facts.cooled


def months_of(asked: Period, zone: str) -> Sequence[Period]:
    """Twelve months, the last of which is that in which the period ends."""
    return [month(asked.end_us - 1, zone, back) for back in reversed(range(MONTHS))]


def summary(values: Sequence[float]) -> Summary | None:
    """Quartiles by linear interpolation; nan is left out. None: there are none."""
    told = [value for value in values if not math.isnan(value)]
    if not told:
        return None
    low, q1, middle, q3, high = np.quantile(told, (0, 0.25, 0.5, 0.75, 1)).tolist()
    return Summary(n=len(told), low=low, q1=q1, middle=middle, q3=q3, high=high)


def edges(values: Sequence[float], step: float, most: int = 20) -> Sequence[float]:
    """Edges at multiples of a step (doubled until there are no more than `most` bins) that hold every value; nan is
    left out. Empty: there are no values.
    """
    told = [value for value in values if not math.isnan(value)]
    if not told:
        return ()
    while True:
        first, last = math.floor(min(told) / step), math.floor(max(told) / step) + 1
        first += _edge(first + 1, step) <= min(told)  # a quotient like 0.3 / 0.1 lies below what it is
        last += _edge(last, step) <= max(told)
        if last - first <= most:
            return [_edge(n, step) for n in range(first, last + 1)]
        step *= 2


def _edge(n: int, step: float) -> float:
    return round(n * step, 9)
