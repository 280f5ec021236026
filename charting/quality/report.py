"""A report of a period: every indicator of the chosen editions, from facts and figures. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from charting.quality.catalogue import Catalogue
from charting.quality.facts import Facts
from charting.quality.results import Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """`name`: 2026, 2026-Q4, 2026-11 or FROM..TO (ISO days); [start_us, end_us) in the site's zone."""

    name: str
    start_us: int
    end_us: int


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


def report(
    facts: Sequence[Facts],
    catalogue: Catalogue,
    period: Period,
    *,
    editions: Sequence[str],
    figures: Mapping[str, float],
    made_us: int,
    department: str = "",
    parameters: Mapping[str, Mapping[str, float | bool | str]] | None = None,
) -> QualityReport:
    """`facts`: of all cases around the period: those whose anchor lies in it are counted, the others tell what else
    happened in it. `parameters`: indicator code → what is not as in the catalogue.
    """
    raise NotImplementedError
