"""The pages of inspection: the reports that are kept, and one of them. The API says the same."""

from functools import partial

from fastapi import APIRouter, Request
from fastapi.responses import Response

from charting.inspection.rules import SEVERITIES
from charting.inspection.words import said
from charting.reports.inspection import Teller, sections
from charting.web.api.inspection import ReportId, list_inspections, report_of
from charting.web.context import Here
from charting.web.shell import page

router = APIRouter(prefix="/inspection", include_in_schema=False)


@router.get("")
def inspections_page(here: Here, request: Request) -> Response:
    reports = list_inspections(here)
    return page(here, request, "inspections.html", still=True, tell=partial(said, lang=here.lang), reports=reports)


@router.get("/{report}")
def inspection_page(here: Here, request: Request, report: ReportId) -> Response:
    """The findings as cards, the gravest first, then all that was measured."""
    here.need("operate")
    told = report_of(here, report)
    tell = Teller(told, here.lang)
    findings, *others = sections(told, here.lang)
    return page(
        here,
        request,
        "inspection.html",
        still=True,
        id=report,
        told=told,
        tell=tell,
        counts={severity: sum(f.severity == severity for f in told.findings) for severity in SEVERITIES},
        findings=findings,
        others=others,
    )
