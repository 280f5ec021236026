"""The true answer of every indicator over a period, from what was decided of each case.

It knows nothing of charting.quality, nor of what was derived from the record. What nobody has said stays unknown.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from charting.department.answers import Answers, answers
from charting.department.rules import SUSPECTS, Rule, rules
from charting.department.story import Story


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """Keys of cases, or of patients (unit P: visit:…, number:…, case:…). `n` ÷ `d`; `d` None: a count has none.

    `unknown`: nobody can say whether it is in the denominator, or, being there, whether in the numerator. `pending`:
    what devices told suggests it, and nobody has stated whether it was so.
    """

    unit: str
    numerator: frozenset[str]
    denominator: frozenset[str]
    unknown: frozenset[str]
    pending: frozenset[str]
    n: float
    d: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """`cases`: how many belong to the period. `figures`: key → sum over the period. `counts`: by code (rules.py)."""

    seed: int
    year: int
    cases: int
    figures: Mapping[str, float]
    counts: Mapping[str, Count]

    def json(self) -> str:
        indicators = {
            code: {
                "unit": count.unit,
                "numerator": count.n,
                "denominator": count.d,
                "indeterminate": len(count.unknown),
                "pending": len(count.pending),
                "members": sorted(count.numerator),
            }
            for code, count in self.counts.items()
        }
        said = {"year": self.year, "seed": self.seed, "cases": self.cases, "figures": dict(self.figures)}
        return json.dumps({**said, "indicators": indicators}, ensure_ascii=False, indent=1)


def truth(
    stories: Iterable[Story],
    figures: Sequence[tuple[str, str, float]],
    period: tuple[int, int],
    *,
    seed: int,
    year: int,
) -> Truth:
    """`period`: [start, end) in µs since 1970 UTC, in which a case lies by its anaesthesia's start, else by entering;
    `figures`: (key, month or year, value).
    """
    told = [answers(story) for story in stories if story.counts]
    inside = [each for each in told if period[0] <= each.anchor_us < period[1]]
    summed: dict[str, float] = {}
    for key, _, value in figures:
        summed[key] = summed.get(key, 0.0) + value
    counts = {rule.code: _count(rule, inside, summed) for rule in rules()}
    return Truth(seed=seed, year=year, cases=len(inside), figures=summed, counts=counts)


def _count(rule: Rule, inside: Sequence[Answers], figures: Mapping[str, float]) -> Count:
    yes, asked, perhaps, open_, pending = set[str](), set[str](), set[str](), set[str](), set[str]()
    suspect = SUSPECTS.get(rule.code.partition("@")[0])
    for each in inside:
        key = each.patient if rule.unit == "P" else each.case
        population = rule.population(each)
        if population is False:
            continue
        (asked if population else perhaps).add(key)
        event = rule.event(each)
        if event and population:
            yes.add(key)
            continue
        if event is not False:
            open_.add(key)
        if suspect in each.suspected:
            pending.add(key)
    d = None if rule.is_count else figures[rule.below] if rule.below else float(len(asked))
    return Count(
        unit=rule.unit,
        numerator=frozenset(yes),
        denominator=frozenset(asked),
        unknown=frozenset((open_ - yes) | (perhaps - asked)),
        pending=frozenset(pending),
        n=figures[rule.above] if rule.above else float(len(yes)),
        d=d,
    )
