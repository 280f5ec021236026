"""Quality: indicators of a period, who counts, candidates, figures, frozen months, temperatures, reports to keep."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field

from charting.case.findings import finding_item
from charting.case.state import Case
from charting.quality.candidates import Candidate
from charting.quality.candidates import candidates as suggested
from charting.quality.facts import to_json
from charting.quality.figures import figure_kinds, set_figure
from charting.quality.freeze import Kept, compare, freeze, frozen, snapshot
from charting.quality.periods import period
from charting.quality.report import QualityReport
from charting.reports import quality as drawn
from charting.reports.spreadsheet import sheets
from charting.reports.words import said
from charting.reports.xlsx import workbook
from charting.web import models
from charting.web import quality_views as views
from charting.web.api.cases import CaseId
from charting.web.context import Context, Here
from charting.web.counting import Chosen
from charting.web.problems import Problem
from charting.web.quality_asked import Asked, AskedFor, NarrowedFor, Side, members, result_of
from collector.errors import UsageError

router = APIRouter(prefix="/api/quality", tags=["quality"])

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Code = Annotated[str, Path(max_length=40, pattern=r"^[A-Za-z0-9_.-]+$", description="An indicator's code")]
Name = Annotated[str, Query(max_length=40, pattern=r"^[A-Za-z0-9_.-]*$")]
PeriodName = Annotated[str, Path(max_length=10, pattern=r"^[0-9-]+$", description="A year 2026 or a month 2026-11")]


class NewFigure(models.Asked):
    value: float | None = Field(description="null: taken back")


class NewFrozen(models.Asked):
    period: Annotated[str, Field(max_length=10, pattern=r"^[0-9-]+$", description="A month that is over: 2026-11")]


@router.get("")
def get_report(here: Here, ask: AskedFor) -> views.ReportOut:
    """Every indicator of a period: numbers with what they hang on, or why there is none."""
    here.need("quality")
    current = here.department.counting.refresh()
    return views.report_out(here.department.counting.report(ask.chosen), ask, here.lang, current=current)


@router.get("/indicators")
def list_indicators(here: Here) -> list[views.IndicatorOut]:
    """The catalogue."""
    here.need("quality")
    return [views.indicator_out(indicator) for indicator in here.department.counting.catalogue.indicators]


@router.get("/indicators/{code}/members")
def list_members(
    here: Here,
    code: Code,
    ask: NarrowedFor,
    side: Side,
    group: Name = "",
    variant: Name = "",
    after: Annotated[int, Query(ge=0, le=10_000_000, description="Leave out so many")] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> views.MembersOut:
    """Who is on a side of a number, in order of time: as many as the number says."""
    here.need("quality")
    here.need("read")
    here.department.counting.refresh()
    found = members(result_of(here, ask, code, group, variant), side)
    shown = found[after : after + limit]
    cases = here.department.counting.by_case(ask.period)
    names = patients(here, [case for member in shown for case in member.cases])
    return views.MembersOut(total=len(found), members=views.members_out(shown, cases, names))


def patients(here: Context, cases: Sequence[str]) -> Mapping[str, tuple[str, str]]:
    """Case → the patient's number and name."""
    rows = {case: here.trail.row(case) for case in cases}
    return {case: (row.number, row.name or row.temporary) for case, row in rows.items() if row is not None}


@router.get("/cases/{case}")
def get_case(here: Here, case: CaseId) -> views.CaseFactsOut:
    """What is known of a case, and what is not."""
    here.need("quality")
    here.need("read")
    here.department.counting.refresh()
    facts = here.department.counting.of(case)
    if facts is None:
        raise Problem(404, "unknown")
    return views.CaseFactsOut(case=case, facts=json.loads(to_json(facts)), told=views.facts_told(facts, here.lang))


@router.get("/candidates")
def list_candidates(here: Here, ask: AskedFor) -> list[views.CandidateOut]:
    """What device data suggest of a period's cases, and nobody has confirmed or refused; the oldest first."""
    here.need("quality")
    here.need("read")
    here.department.counting.refresh()
    return candidates(here, ask)


def candidates(here: Context, ask: Asked) -> list[views.CandidateOut]:
    found = [f for f in here.department.counting.facts(ask.chosen) if f.candidates]
    names = patients(here, [f.case for f in found])
    told: list[views.CandidateOut] = []
    for facts in found:
        case = here.desk.apart.trying(facts.case, partial(here.desk.case, facts.case))
        if case is None:
            continue
        number, patient = names[facts.case]
        told += [
            candidate_out(here, case, candidate, facts.room, number, patient)
            for candidate in suggested(case, here.department.libraries)
        ]
    return told


def candidate_out(
    here: Context, case: Case, candidate: Candidate, room: str, number: str, patient: str
) -> views.CandidateOut:
    return views.CandidateOut(
        case=case.id,
        key=candidate.key,
        name=here.words(f"finding.{candidate.key}"),
        at_us=candidate.at_us,
        text=candidate.text(here.lang, here.say.day),
        room=room,
        number=number,
        patient=patient,
        after=views.after_of(case, finding_item(candidate.key)),
    )


@router.get("/figures")
def list_figures(
    here: Here, year: Annotated[str, Query(pattern=r"^20\d\d$", description="As 2026")]
) -> list[views.FigureOut]:
    """Numbers from outside the cases: those of a year, and of each of its months."""
    here.need("quality")
    told = here.department.counting.figures().told
    return [
        views.FigureOut(
            key=kind.key, per=kind.per, name=getattr(kind, here.lang), period=of, value=told.get((kind.key, of))
        )
        for kind in figure_kinds().values()
        for of in ([year] if kind.per == "year" else [f"{year}-{month:02}" for month in range(1, 13)])
    ]


@router.put("/figures/{key}/{of}")
def put_figure(here: Here, key: models.Id, of: PeriodName, asked: NewFigure) -> views.FigureOut:
    """Tell a number of a year or a month, as its kind asks, or take it back."""
    set_figure(here.desk, here.actor, key=key, of=of, value=asked.value)
    kind = figure_kinds()[key]
    told = here.department.counting.figures().told.get((key, of))
    return views.FigureOut(key=key, per=kind.per, name=getattr(kind, here.lang), period=of, value=told)


@router.get("/frozen")
def list_frozen(
    here: Here, of: Annotated[str, Query(alias="period", max_length=10, pattern=r"^[0-9-]*$")] = ""
) -> list[views.KeptOut]:
    """Frozen months, the oldest first."""
    here.need("quality")
    return [views.kept_out(kept, here.name_of(kept.by)) for kept in frozen(here.trail, of)]


@router.post("/frozen", status_code=201)
def freeze_month(here: Here, asked: NewFrozen) -> views.KeptOut:
    """Keep a month's report as it stands. Frozen again it is another version; what has not changed is kept once."""
    here.need("freeze")
    here.department.counting.refresh()
    kept = freeze(here.desk, here.actor, whole_month(here, asked.period))
    return views.kept_out(kept, here.name_of(kept.by))


def whole_month(here: Context, name: str) -> QualityReport:
    """A period's report as it would be frozen. Raises Problem 422 for what is no period."""
    try:
        of = period(name, here.clock.zone)
    except UsageError:
        raise Problem(422, "quality.bad_period") from None
    return here.department.counting.report(Chosen(period=of))


@router.get("/frozen/{seq}")
def compare_frozen(here: Here, seq: Annotated[int, Path(ge=1, le=2**53)]) -> views.ComparisonOut:
    """A frozen month against what is known of it now."""
    here.need("quality")
    here.department.counting.refresh()
    kept = kept_of(here, seq)
    now = whole_month(here, kept.snapshot.period)
    found = compare(kept.snapshot, snapshot(now))
    return views.ComparisonOut(
        frozen=views.kept_out(kept, here.name_of(kept.by)),
        cases=now.cases,
        differences=[views.difference_out(each) for each in found],
    )


def kept_of(here: Context, seq: int) -> Kept:
    """Raises Problem 404."""
    found = next((kept for kept in frozen(here.trail) if kept.seq == seq), None)
    if found is None:
        raise Problem(404, "unknown")
    return found


@router.get("/temperature")
def get_temperature(here: Here, ask: AskedFor) -> views.TemperatureOut:
    """The department's temperatures: what the page's charts are drawn from."""
    here.need("quality")
    here.department.counting.refresh()
    return views.temperature_out(here.department.counting.temperature(ask.chosen), ask)


@router.get(
    "/report.pdf",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}, "description": "A4 pages, PDF/A"}},
)
def make_pdf(here: Here, ask: AskedFor) -> Response:
    """The report as PDF, with the temperature page's charts."""
    here.need("quality")
    here.department.counting.refresh()
    pages = drawn.pages(
        only(here, ask),
        lang=here.lang,
        site=here.department.site,
        zone=here.clock.zone,
        temperature=here.department.counting.temperature(ask.chosen),
    )
    try:
        made = here.department.pdf(pages, title=_title(here, ask), lang=here.lang, made_us=here.now_us())
    except UsageError:
        raise Problem(503, "no_pdf") from None
    return _file(made, "application/pdf", ask, "pdf")


@router.get(
    "/report.xlsx",
    response_class=Response,
    responses={200: {"content": {XLSX: {}}, "description": "A sheet per edition, lists of cases, definitions"}},
)
def make_workbook(here: Here, ask: AskedFor) -> Response:
    """The report as a workbook; with lists of cases for who may read cases."""
    here.need("quality")
    here.department.counting.refresh()
    found = sheets(
        only(here, ask),
        lang=here.lang,
        site=here.department.site,
        zone=here.clock.zone,
        temperature=here.department.counting.temperature(ask.chosen),
        cases=here.department.counting.by_case(ask.period) if here.can("read") else None,
    )
    made = workbook(found, title=_title(here, ask), made_us=here.now_us())
    return _file(made, XLSX, ask, "xlsx")


def only(here: Context, ask: Asked) -> QualityReport:
    """The report with the asked edition alone."""
    report = here.department.counting.report(ask.chosen)
    if ask.edition == "all":
        return report
    return replace(report, editions=(ask.edition,), results=ask.results(report))


def _title(here: Context, ask: Asked) -> str:
    return f"{said('report.quality', here.lang)} {ask.period.name}"


def _file(made: bytes, kind: str, ask: Asked, ending: str) -> Response:
    name = f"quality-{ask.period.name}.{ending}"
    return Response(made, media_type=kind, headers={"content-disposition": f'attachment; filename="{name}"'})
