"""Counting: which cases, or patients, an indicator finds in a period. Pure.

A patient is counted once by his admission: any case of his that is so makes him so, else any of which it is unknown
makes it unknown. The denominator is told apart by the same key, so that the numerator lies within it (clinical.md §0).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from charting.quality.catalogue import Indicator
from charting.quality.facts import Facts
from charting.quality.logic import NO, UNKNOWN, YES, Column, Kind, Parameter, Truth, both
from charting.quality.periods import Period
from charting.quality.results import Member, Result
from charting.quality.tables import GROUP, fact_kinds

_Mask = NDArray[np.bool_]


class Cases:
    """Facts of n cases as columns, in order of time; those whose anchor lies in the period are `inside`."""

    def __init__(self, facts: Sequence[Facts], period: Period) -> None:
        self.facts = sorted(facts, key=lambda f: (f.anchor_us, f.case))
        self.n = len(self.facts)
        self.period = period
        self.columns: Mapping[str, Column] = _Columns(self.facts)
        self.inside: _Mask = np.array([period.start_us <= f.anchor_us < period.end_us for f in self.facts], dtype=bool)

    @cached_property
    def _patient(self) -> NDArray[np.int64]:
        """A number for each case's patient, in order of his first case."""
        numbers: dict[str, int] = {}
        return np.array([numbers.setdefault(f.patient, len(numbers)) for f in self.facts], dtype=np.int64)

    @cached_property
    def _cases(self) -> Sequence[Member]:
        return [Member(key=f.case, cases=(f.case,)) for f in self.facts]

    @cached_property
    def _patients(self) -> Sequence[Member]:
        """Each case as if it were its patient's only one."""
        return [Member(key=f.patient, cases=(f.case,)) for f in self.facts]

    def members(self, chosen: _Mask, unit: str) -> Sequence[Member]:
        """Cases, or the patients of these cases (unit P) with those of them that are chosen."""
        places = np.flatnonzero(chosen)
        if unit != "P":
            return [self._cases[i] for i in places.tolist()]
        numbers = self._patient[places]
        several = np.bincount(numbers, minlength=1)[numbers] > 1
        if not several.any():
            return [self._patients[i] for i in places.tolist()]
        own: dict[int, list[int]] = {}
        for place, number in zip(places[several].tolist(), numbers[several].tolist(), strict=True):
            own.setdefault(number, []).append(place)
        together = {
            cases[0]: Member(key=self.facts[cases[0]].patient, cases=tuple(self.facts[i].case for i in cases))
            for cases in own.values()
        }
        firsts = places[~several | np.isin(places, list(together))]
        return [together.get(i) or self._patients[i] for i in firsts.tolist()]

    def without(self, chosen: _Mask, others: _Mask, unit: str) -> _Mask:
        """Chosen cases of patients (unit P: else of cases) of whom no case is one of the others."""
        if unit != "P":
            return chosen & ~others
        return chosen & ~np.isin(self._patient, self._patient[others])

    def candidates(self, finding: str, among: _Mask) -> _Mask:
        """Cases that wait for somebody to confirm or refuse a finding."""
        return self._those(among, lambda f: finding in f.candidates)

    def happened(self, at: str, among: _Mask) -> _Mask:
        """Cases whose event lies in the period; one without a time of its own lies where the case does."""
        start, end = self.period.start_us, self.period.end_us
        return self._those(among, lambda f: start <= f.times.get(at, f.anchor_us) < end)

    def _those(self, among: _Mask, asked: Callable[[Facts], bool]) -> _Mask:
        found = np.zeros(self.n, dtype=bool)
        found[[i for i in np.flatnonzero(among).tolist() if asked(self.facts[i])]] = True
        return found


def count(
    cases: Cases,
    indicator: Indicator,
    parameters: Mapping[str, Parameter],
    figures: Mapping[str, float],
    *,
    group: str = "",
    variant: str = "",
    whole: bool = True,
) -> Result:
    """`parameters`: all of them; `figures`: those of the period; `whole`: these are the cases of all departments."""
    used = {key: figures[key] for key in indicator.figures if key in figures}
    told = Result(indicator=indicator, group=group, variant=variant, parameters=parameters, figures=used)
    if indicator.population is None:
        return _with_reason(told, cases.period, whole=whole)
    unit, inside = indicator.unit, cases.inside
    named = {**parameters, GROUP: group}
    population = indicator.population.evaluate(cases.columns, named, cases.n)
    event: Truth = np.full(cases.n, NO, dtype=np.int8)
    if indicator.event is not None:
        event = indicator.event.evaluate(cases.columns, named, cases.n)
    counted = both(population, event)
    yes, asked = inside & (counted == YES), inside & (population == YES)
    open_ = cases.without(inside & (counted == UNKNOWN), yes, unit)
    perhaps = cases.without(inside & (population == UNKNOWN), asked, unit)
    waiting = inside & (population != NO) & (counted != YES)
    result = Result(
        indicator=indicator,
        group=group,
        variant=variant,
        parameters=parameters,
        figures=used,
        numerator=cases.members(yes, unit),
        denominator=cases.members(asked, unit),
        unknown=cases.members(open_ | perhaps, unit),
        pending=cases.members(cases.candidates(indicator.finding, waiting), unit) if indicator.finding else (),
        happened=cases.members(cases.happened(indicator.at, counted == YES), unit) if indicator.at else None,
    )
    return _with_reason(result, cases.period, whole=whole)


def _with_reason(result: Result, period: Period, *, whole: bool) -> Result:
    reason = _reason(result, period, whole=whole)
    return replace(result, unavailable=reason) if reason else result


def _reason(result: Result, period: Period, *, whole: bool) -> str:
    """Why there is no number: key of words.csv; "": there is one. Never 0 for what nobody has told."""
    indicator = result.indicator
    if indicator.yearly and not period.is_year:
        return "quality.unavailable.yearly"
    if indicator.figures and not whole:
        return "quality.unavailable.department"
    if any(key not in result.figures for key in indicator.figures):
        return "quality.unavailable.figure"
    if indicator.population is not None:
        unknown = {m.key for m in result.unknown}
        if not result.denominator:
            return "quality.unavailable.denominator" if unknown else "quality.unavailable.nobody"
        if indicator.event is not None and all(m.key in unknown for m in result.denominator):
            return f"quality.needs.{indicator.needs}" if indicator.needs else "quality.unavailable.unknown"
    if result.d == 0:
        return "quality.unavailable.nobody"
    if indicator.kind == "rate" and result.d is not None and result.n > result.d:
        return "quality.unavailable.figure_small"
    return ""


class _Columns(dict[str, Column]):
    """Facts by name, each made a column when it is first asked for."""

    def __init__(self, facts: Sequence[Facts]) -> None:
        super().__init__()
        self._facts = facts

    def __missing__(self, name: str) -> Column:
        said = [getattr(f, name) for f in self._facts]
        match fact_kinds()[name]:
            case Kind.TRUTH:
                self[name] = np.array([UNKNOWN if s is None else int(s) for s in said], dtype=np.int8)
            case Kind.NUMBER:
                self[name] = np.array(said, dtype=np.float64)
            case Kind.TEXT:
                self[name] = np.array(said, dtype=np.str_)
        return self[name]
