"""A report of a period: every indicator of the chosen editions, from facts and figures. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from alarms.hypothermia.types import VERSION as HYPOTHERMIA
from charting.quality.catalogue import Catalogue, Indicator
from charting.quality.count import Cases, count
from charting.quality.facts import RULES, Facts
from charting.quality.loader import parameters_wrong
from charting.quality.logic import Parameter
from charting.quality.periods import Period
from charting.quality.results import Result
from collector.errors import UsageError

AROUND_US = 31 * 24 * 3_600_000_000
"""How long before and after a period cases may lie whose late outcome (§1.1: up to 72 h, told at a visit) is in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityReport:
    """`department`: "" for all. `cases`: how many belong to the period; `unanchored`: those booked by another time than
    anaesthesia start. `rules`: versions of everything that was applied. `figures`: those of the period.
    """

    period: Period
    department: str
    editions: Sequence[str]
    results: Sequence[Result]
    cases: int
    unanchored: int
    figures: Mapping[str, float]
    rules: Sequence[str]
    made_us: int

    def result(self, key: str) -> Result | None:
        """By `Result.key`."""
        return next((r for r in self.results if r.key == key), None)


def report(
    facts: Sequence[Facts],
    catalogue: Catalogue,
    period: Period,
    *,
    editions: Sequence[str],
    figures: Mapping[str, float],
    made_us: int,
    department: str = "",
    whole: bool = True,
    parameters: Mapping[str, Mapping[str, Parameter]] | None = None,
) -> QualityReport:
    """`facts`: of all cases around the period (AROUND_US): those whose anchor lies in it are counted, the others tell
    what else happened in it. `whole`: they are everybody's; of a part of them what needs figures is unavailable, as it
    is of a department. `parameters`: indicator code → what is not as in the catalogue. Raises UsageError for an edition
    or a parameter that the catalogue does not know.
    """
    changed = parameters or {}
    check(catalogue, editions, changed)
    cases = Cases([f for f in facts if department in {"", f.department}], period)
    inside = [f for f, is_in in zip(cases.facts, cases.inside, strict=True) if is_in]
    return QualityReport(
        period=period,
        department=department,
        editions=tuple(editions),
        results=[
            count(cases, indicator, chosen, figures, group=group, variant=variant, whole=whole and not department)
            for edition in editions
            for indicator in catalogue.of(edition)
            for group, variant, chosen in _forms(indicator, changed.get(indicator.code, {}))
        ],
        cases=len(inside),
        unanchored=sum(f.anchor != "t_anes_start" for f in inside),
        figures=figures,
        rules=(catalogue.version, RULES, HYPOTHERMIA),
        made_us=made_us,
    )


def check(
    catalogue: Catalogue, editions: Sequence[str], changed: Mapping[str, Mapping[str, Parameter]] | None = None
) -> None:
    """Raises UsageError for what `report` would refuse."""
    wrong = [
        f"edition {edition!r}: expected one of {', '.join(catalogue.editions)}"
        for edition in editions
        if edition not in catalogue.editions
    ]
    for code, parameters in (changed or {}).items():
        indicator = catalogue.indicator(code)
        if indicator is None:
            wrong.append(f"{code}: no such indicator")
        else:
            wrong += [f"{code}: {w}" for w in parameters_wrong(indicator, parameters)]
    if wrong:
        raise UsageError(*wrong)


def _forms(
    indicator: Indicator, changed: Mapping[str, Parameter]
) -> Iterator[tuple[str, str, Mapping[str, Parameter]]]:
    """Group, variant and parameters of each result: of each group the main one, then its variants."""
    main = {**indicator.parameters, **changed}
    for group in [g.value for g in indicator.groups] or [""]:
        yield group, "", main
        for variant in indicator.variants:
            yield group, variant.name, {**main, **variant.parameters}
