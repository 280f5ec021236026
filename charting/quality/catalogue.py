"""The catalogue of indicators: data (catalogue.toml), checked whole when it is loaded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from charting.quality.logic import Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """The same with other parameters, shown beside it."""

    name: str
    zh: str
    en: str
    parameters: Mapping[str, float | bool | str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """One indicator of an edition: 2022 (26), 2015 (17), tender (23 counts), or a site's own.

    `kind`: rate (numerator ÷ denominator × times), ratio (the same of figures, without a multiplier), count. `unit`:
    C cases, P patients (admissions), H heads. `population`, `event`: expressions over Facts; the numerator is the event
    within the population. `by`: a text fact by whose values it is told apart. `numerator_figure`, `denominator_figure`:
    keys of figures.csv that stand in for a number of members. `at`: the key in Facts.times of the event's own time.
    `finding`: the finding whose candidates it waits for. `needs`: key of words.csv: the source without which there is
    no number. Texts in zh and en: name, what is above and below the line, window, exclusions, note. `grade`, `source`:
    as in clinical.md §1.
    """

    code: str
    edition: str
    number: int
    name: Mapping[str, str]
    kind: Literal["rate", "ratio", "count"]
    unit: Literal["C", "P", "H"]
    times: float
    population: Expression
    event: Expression
    level: Literal["auto", "semi", "manual"]
    grade: str
    source: str
    above: Mapping[str, str] = field(default_factory=dict)
    below: Mapping[str, str] = field(default_factory=dict)
    window: Mapping[str, str] = field(default_factory=dict)
    exclusions: Mapping[str, str] = field(default_factory=dict)
    note: Mapping[str, str] = field(default_factory=dict)
    by: str = ""
    numerator_figure: str = ""
    denominator_figure: str = ""
    at: str = ""
    finding: str = ""
    needs: str = ""
    parameters: Mapping[str, float | bool | str] = field(default_factory=dict)
    variants: Sequence[Variant] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    version: str
    indicators: Sequence[Indicator]

    def of(self, edition: str) -> Sequence[Indicator]:
        return [i for i in self.indicators if i.edition == edition]
