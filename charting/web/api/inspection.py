"""Inspection reports that are kept: what was measured and found, as JSON and as pages."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from charting.inspection.keeping import Kept
from charting.inspection.report import Report
from charting.reports.inspection import Teller
from charting.reports.inspection_pages import pages
from charting.web.context import Context, Here
from charting.web.problems import Problem
from collector.errors import UsageError

router = APIRouter(prefix="/api/inspections", tags=["fleet"])

ReportId = Annotated[str, Path(max_length=32, pattern=r"^[0-9a-f]+$", description="As the list has it")]


@router.get("")
def list_inspections(here: Here) -> list[Kept]:
    """Reports, the newest first."""
    here.need("operate")
    return list(here.department.inspections.kept())


@router.get("/{report}")
def get_inspection(here: Here, report: ReportId) -> Report:
    """What was measured, what was found, and what could not be measured; of no patient."""
    here.need("operate")
    return report_of(here, report)


def report_of(here: Context, id_: str) -> Report:
    """Raises Problem 404."""
    found = here.department.inspections.report(id_)
    if found is None:
        raise Problem(404, "unknown")
    return found


@router.get(
    "/{report}/report.pdf",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}, "description": "A4 pages, PDF/A"}},
)
def make_inspection_pdf(here: Here, report: ReportId) -> Response:
    """The report as pages, to be signed by hand."""
    here.need("operate")
    told = report_of(here, report)
    title = Teller(told, here.lang).title
    try:
        made = here.department.pdf(pages(told, here.lang), title=title, lang=here.lang, made_us=told.made_us)
    except UsageError:
        raise Problem(503, "no_pdf") from None
    name = f"{told.kind}-{told.period.name}.pdf"
    return Response(
        made, media_type="application/pdf", headers={"content-disposition": f'attachment; filename="{name}"'}
    )
