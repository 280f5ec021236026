"""What the API answers of quality: reports, members, candidates, figures, snapshots. Times are µs since 1970 UTC."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from pydantic import BaseModel, Field

from charting.case.state import Case
from charting.quality.catalogue import Indicator
from charting.quality.facts import Facts
from charting.quality.freeze import Difference, Kept, Standing
from charting.quality.report import QualityReport
from charting.quality.results import Member, Result
from charting.reports import telling
from charting.reports.temperature import Summary, Temperature
from charting.reports.words import said
from charting.web.quality_asked import Asked

Texts = Mapping[str, str]
Parameter = float | bool | str


class PeriodOut(BaseModel):
    """[start_us, end_us) in the site's zone."""

    name: str
    start_us: int
    end_us: int


class IndicatorOut(BaseModel):
    """An indicator of the catalogue. Texts by language (zh, en)."""

    code: str
    edition: str
    number: int
    name: Texts
    kind: Literal["rate", "ratio", "count"]
    unit: Literal["C", "P", "H"] = Field(description="Counts cases, patients (admissions) or heads")
    times: float = Field(description="Multiplier of a rate: 100, 1000, 10000")
    above: Texts
    below: Texts
    window: Texts
    exclusions: Texts
    note: Texts
    parameters: Mapping[str, Parameter]
    figures: list[str]
    level: Literal["auto", "semi", "manual"]
    grade: str
    source: str


class ResultOut(BaseModel):
    """A number, or why there is none. Each count is the length of its list of members."""

    key: str = Field(description="CODE, CODE/group, CODE@variant")
    code: str
    edition: str
    group: str
    variant: str
    name: str
    kind: Literal["rate", "ratio", "count"]
    unit: Literal["C", "P", "H"]
    times: float
    n: float | None = Field(description="Numerator; null where the number is unavailable")
    d: float | None = Field(description="Denominator; null of a count, and where the number is unavailable")
    value: float | None
    interval: tuple[float, float] | None = Field(description="95 % (Wilson), of a rate")
    unknown: int = Field(description="Indeterminate")
    pending: int = Field(description="With a candidate that nobody has confirmed or refused; not counted")
    happened: int | None = Field(description="Events in the period, wherever their case is booked")
    coverage: float | None = Field(description="Share of those asked of whom the answer is known")
    unavailable: str = Field(description="Key of the reason; empty where there is a number")
    why: str = Field(description="The reason in the asker's language")
    parameters: Mapping[str, Parameter]
    figures: Mapping[str, float]


class ReportOut(BaseModel):
    period: PeriodOut
    department: str = Field(description="Empty: all")
    editions: list[str]
    cases: int
    unanchored: int = Field(description="Cases booked by another time than anaesthesia start")
    figures: Mapping[str, float]
    rules: list[str]
    made_us: int
    current: bool = Field(description="False: facts of some cases that have changed are still being derived")
    results: list[ResultOut]


class CaseOfMember(BaseModel):
    case: str
    at_us: int = Field(description="By which it is booked")
    room: str
    department: str
    technique: str
    number: str
    name: str


class MemberOut(BaseModel):
    """One that counts: a case, or a patient with the cases for which he counts."""

    key: str
    cases: list[CaseOfMember]


class MembersOut(BaseModel):
    """`total` is the number that the report shows."""

    total: int
    members: list[MemberOut]


class FactOut(BaseModel):
    fact: str
    name: str
    text: str


class CaseFactsOut(BaseModel):
    """What quality knows of a case. `facts`: as values; what is not known is left out. `told`: all of it in words."""

    case: str
    facts: Mapping[str, object]
    told: list[FactOut]


class CandidateOut(BaseModel):
    """Device data suggest it; a clinician confirms or refuses it by setting the item `finding:KEY` of the case."""

    case: str
    key: str
    name: str
    at_us: int
    text: str = Field(description="What the data say, in the asker's language")
    room: str
    number: str
    patient: str
    after: int = Field(description="What `after` of the item's next version must be")


class FigureOut(BaseModel):
    key: str
    per: Literal["year", "month"]
    name: str
    period: str
    value: float | None = Field(description="null: nobody has told it")


class KeptOut(BaseModel):
    """A frozen month."""

    seq: int
    period: str
    number: int = Field(description="Which of that month, from 1")
    by: str
    by_name: str
    at_us: int
    cases: int
    rules: list[str]


class StandingOut(BaseModel):
    n: float
    d: float | None
    value: float | None
    unavailable: str
    unknown: int
    pending: int


class DifferenceOut(BaseModel):
    """A number that is not as it was frozen; cases that came into and went out of its numerator and denominator."""

    key: str
    before: StandingOut | None
    after: StandingOut | None
    came: list[str]
    went: list[str]
    denominator_came: list[str]
    denominator_went: list[str]


class ComparisonOut(BaseModel):
    frozen: KeptOut
    cases: int = Field(description="In the period as it is known now")
    differences: list[DifferenceOut]


class CountOut(BaseModel):
    n: int
    d: int
    value: float | None


class SummaryOut(BaseModel):
    n: int
    low: float
    q1: float
    middle: float
    q3: float
    high: float


class TemperatureOut(BaseModel):
    """Rates by code: of the period, by month, by theatre, department and technique; measures and rooms over cases."""

    period: PeriodOut
    whole: Mapping[str, CountOut]
    months: Mapping[str, Mapping[str, CountOut]]
    groups: Mapping[str, Mapping[str, Mapping[str, CountOut]]]
    measures: Mapping[str, SummaryOut]
    rooms: Mapping[str, SummaryOut]


def indicator_out(indicator: Indicator) -> IndicatorOut:
    return IndicatorOut.model_validate(indicator, from_attributes=True)


def result_out(result: Result, lang: str) -> ResultOut:
    indicator, lacks = result.indicator, bool(result.unavailable)
    return ResultOut(
        key=result.key,
        code=indicator.code,
        edition=indicator.edition,
        group=result.group,
        variant=result.variant,
        name=telling.name_of(result, lang),
        kind=indicator.kind,
        unit=indicator.unit,
        times=indicator.times,
        n=None if lacks else result.n,
        d=None if lacks else result.d,
        value=result.value,
        interval=result.interval,
        unknown=len(result.unknown),
        pending=len(result.pending),
        happened=None if result.happened is None else len(result.happened),
        coverage=result.coverage,
        unavailable=result.unavailable,
        why=telling.why_of(result, lang),
        parameters=result.parameters,
        figures=result.figures,
    )


def report_out(report: QualityReport, ask: Asked, lang: str, *, current: bool) -> ReportOut:
    return ReportOut(
        period=period_out(ask),
        department=report.department,
        editions=[e for e in report.editions if ask.edition in {"all", e}],
        cases=report.cases,
        unanchored=report.unanchored,
        figures=report.figures,
        rules=list(report.rules),
        made_us=report.made_us,
        current=current,
        results=[result_out(result, lang) for result in ask.results(report)],
    )


def period_out(ask: Asked) -> PeriodOut:
    return PeriodOut.model_validate(ask.period, from_attributes=True)


def members_out(
    found: Sequence[Member], cases: Mapping[str, Facts], names: Mapping[str, tuple[str, str]]
) -> list[MemberOut]:
    """`names`: case → the patient's number and name."""
    return [
        MemberOut(
            key=member.key,
            cases=[
                CaseOfMember(
                    case=case,
                    at_us=cases[case].anchor_us,
                    room=cases[case].room,
                    department=cases[case].department,
                    technique=cases[case].technique,
                    number=names.get(case, ("", ""))[0],
                    name=names.get(case, ("", ""))[1],
                )
                for case in member.cases
            ],
        )
        for member in found
    ]


def facts_told(facts: Facts, lang: str) -> list[FactOut]:
    return [
        FactOut(fact=fact, name=said(f"fact.{fact}", lang), text=telling.told(facts, fact, lang))
        for section in telling.SECTIONS.values()
        for fact in section
    ]


def after_of(case: Case, item: str) -> int:
    """The number of an item's last version; 0: there is none."""
    found = case.items.get(item)
    return found.number if found else 0


def kept_out(kept: Kept, name: str) -> KeptOut:
    snapshot = kept.snapshot
    return KeptOut(seq=kept.seq, period=snapshot.period, number=kept.number, by=kept.by, by_name=name,
                   at_us=kept.at_us, cases=snapshot.cases, rules=list(snapshot.rules))  # fmt: skip


def _standing_out(told: Standing | None) -> StandingOut | None:
    if told is None:
        return None
    return StandingOut(n=told.n, d=told.d, value=told.value, unavailable=told.unavailable,
                       unknown=len(told.unknown), pending=len(told.pending))  # fmt: skip


def difference_out(found: Difference) -> DifferenceOut:
    return DifferenceOut(
        key=found.key,
        before=_standing_out(found.before),
        after=_standing_out(found.after),
        came=list(found.came),
        went=list(found.went),
        denominator_came=list(found.denominator_came),
        denominator_went=list(found.denominator_went),
    )


def temperature_out(found: Temperature, ask: Asked) -> TemperatureOut:
    return TemperatureOut(
        period=period_out(ask),
        whole=_counts(found.whole),
        months={name: _counts(results) for name, results in found.months.items()},
        groups={
            fact: {name: _counts(results) for name, results in groups.items()} for fact, groups in found.groups.items()
        },
        measures=_summaries(found.measures.items()),
        rooms=_summaries(found.rooms.items()),
    )


def _counts(results: Mapping[str, Result]) -> Mapping[str, CountOut]:
    return {
        code: CountOut(n=len(result.numerator), d=len(result.denominator), value=result.value)
        for code, result in results.items()
    }


def _summaries(told: Iterable[tuple[str, Summary]]) -> Mapping[str, SummaryOut]:
    return {name: SummaryOut.model_validate(each, from_attributes=True) for name, each in told}
