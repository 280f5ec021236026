"""The catalogue of indicators: data (catalogue.toml), checked whole when it is loaded (charting.quality.loader)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from charting.quality.logic import Expression, Parameter

EDITIONS = ("2022", "2015", "tender", "icu")
"""The national ones, the customer's 23 counts, and what intensive care counts of the same patients (ICU-14)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """The same with other parameters, shown beside it."""

    name: str
    zh: str
    en: str
    parameters: Mapping[str, Parameter]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One value of the fact by which an indicator is told apart."""

    value: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """One indicator of an edition: 2022 (26), 2015 (17), tender (23 counts), icu, or a site's own.

    `kind`: rate (numerator ÷ denominator × times), ratio (the same, but no share of anything), count. `unit`: C cases,
    P patients (admissions), H heads. `population`, `event`: expressions over Facts; the numerator is the event within
    the population; None: figures alone. `by`: a text fact by whose values (`groups`) it is told apart; the event may
    name its value as `group`. `numerator_figure`, `denominator_figure`: keys of figures.csv that stand in for a number
    of members. `yearly`: told of a whole year only. `at`: the key in Facts.times of the event's own time. `finding`:
    the finding whose candidates it waits for. `needs`: the source of what is not known (`quality.needs.…` of
    words.csv). Texts in zh and en: name, what is above and below the line, window, exclusions, note. `grade`, `source`:
    as in clinical.md §1.
    """

    code: str
    edition: str
    number: int
    name: Mapping[str, str]
    kind: Literal["rate", "ratio", "count"]
    unit: Literal["C", "P", "H"]
    times: float
    population: Expression | None
    event: Expression | None
    level: Literal["auto", "semi", "manual"]
    grade: str
    source: str
    above: Mapping[str, str] = field(default_factory=dict)
    below: Mapping[str, str] = field(default_factory=dict)
    window: Mapping[str, str] = field(default_factory=dict)
    exclusions: Mapping[str, str] = field(default_factory=dict)
    note: Mapping[str, str] = field(default_factory=dict)
    by: str = ""
    groups: Sequence[Group] = ()
    numerator_figure: str = ""
    denominator_figure: str = ""
    yearly: bool = False
    at: str = ""
    finding: str = ""
    needs: str = ""
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    variants: Sequence[Variant] = ()

    @property
    def figures(self) -> Sequence[str]:
        return [key for key in (self.numerator_figure, self.denominator_figure) if key]


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """`version`: of the catalogue, with a digest of the site's own file where there is one."""

    version: str
    indicators: Sequence[Indicator]

    def of(self, edition: str) -> Sequence[Indicator]:
        return [i for i in self.indicators if i.edition == edition]

    def indicator(self, code: str) -> Indicator | None:
        return next((i for i in self.indicators if i.code == code), None)

    @property
    def editions(self) -> Sequence[str]:
        """Those that have indicators, a site's own last."""
        there = dict.fromkeys(i.edition for i in self.indicators)
        return [e for e in EDITIONS if e in there] + [e for e in there if e not in EDITIONS]
