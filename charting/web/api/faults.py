"""Faults and wishes: reported, answered, resolved, archived; their times against the contract's; a month of them."""

from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, Field

from charting.faults.log import REPORT, Step, What, open_to
from charting.faults.refusals import FaultRefusal
from charting.faults.summary import Summary, summary
from charting.faults.telling import Teller
from charting.faults.ticket import State, Ticket, Verdict
from charting.quality.periods import Period, month, period
from charting.reports.faults import pages, sheets
from charting.reports.xlsx import workbook
from charting.web.api.alarms import said_of
from charting.web.api.fleet import trouble_said
from charting.web.context import Context, Here
from charting.web.models import Asked, TimeUs
from charting.web.problems import Problem
from collector.errors import UsageError
from collector.technical import GATEWAY

router = APIRouter(prefix="/api/faults", tags=["faults"])

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TicketId = Annotated[
    str,
    Path(max_length=40, pattern=r"^[0-9A-Za-z-]+$", description="Made up by who reports: sent again it is the same"),
]
Month = Annotated[str, Query(max_length=7, pattern=r"^(\d{4}-\d{2})?$", description="As 2026-11; empty: this one")]


class PromiseOut(BaseModel):
    """`took_us`: null while it is not done."""

    key: str = Field(description="answer, arrive, resolve of a fault; answer, change of a wish")
    limit_us: int
    due_us: int
    took_us: int | None
    verdict: Verdict


class StepOut(BaseModel):
    step: str
    by: str
    by_name: str
    at_us: int = Field(description="When it was")
    entered_us: int = Field(description="When that was entered")
    text: str


class TicketOut(BaseModel):
    id: str
    what: What
    title: str = Field(description="In the asker's language where it was reported by itself")
    text: str
    bed: str
    device: str
    by: str
    by_name: str
    by_itself: bool
    at_us: int
    since_us: int | None
    state: State
    cleared_us: int | None = Field(description="Since when the trouble that it came of is gone")
    promises: list[PromiseOut]
    steps: list[StepOut]
    may: list[str] = Field(description="Steps that the asker can do now")


class NewTicket(Asked):
    what: What
    title: Annotated[str, Field(max_length=120)]
    text: Annotated[str, Field(max_length=4000)] = ""
    bed: Annotated[str, Field(max_length=60)] = ""
    device: Annotated[str, Field(max_length=60)] = ""


class NewStep(Asked):
    step: Step
    text: Annotated[str, Field(max_length=4000)] = ""
    at_us: TimeUs | None = None


class KeptOut(BaseModel):
    """`share`: kept of those that are decided, 0 to 1."""

    key: str
    limit_us: int
    due: int
    kept: int
    late: int
    running: int
    share: float | None
    median_us: int | None


class SummaryOut(BaseModel):
    what: str
    month: str
    n: int
    by_itself: int
    left: int
    states: dict[str, int]
    beds: dict[str, int]
    kept: list[KeptOut]


@router.get("")
def list_faults(
    here: Here,
    show: Annotated[Literal["open", "fault", "wish", "late", "all"], Query()] = "open",
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> list[TicketOut]:
    """The newest first."""
    here.need(REPORT)
    found = [ticket for ticket in here.department.faults.tickets() if is_wanted(here, ticket, show)]
    return [ticket_out(here, ticket) for ticket in reversed(found[-limit:])]


@router.get("/{ticket}")
def get_fault(here: Here, ticket: TicketId) -> TicketOut:
    """One of them, with all that was done."""
    here.need(REPORT)
    return ticket_out(here, here.department.faults.ticket(ticket))


@router.put("/{ticket}", status_code=201)
def report_fault(here: Here, ticket: TicketId, asked: NewTicket) -> TicketOut:
    """A new one, of no patient."""
    made = here.department.faults.report(here.actor, ticket, **asked.model_dump())
    return ticket_out(here, made)


@router.post("/{ticket}/steps")
def do_step(here: Here, ticket: TicketId, asked: NewStep) -> TicketOut:
    """What was done about it. Who answers does not archive what somebody else reported, but for the head."""
    made = here.department.faults.step(here.actor, ticket, asked.step, text=asked.text, at_us=asked.at_us)
    return ticket_out(here, made)


@router.get("/months/{name}")
def get_month(here: Here, name: Annotated[str, Path(pattern=r"^\d{4}-\d{2}$")]) -> list[SummaryOut]:
    """How the contract's times were kept: faults, then wishes."""
    here.need(REPORT)
    return [_summary_out(each) for each in summaries(here, month_of(here, name))]


@router.get(
    "/months/{name}/report.pdf",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}, "description": "A4 pages, PDF/A"}},
)
def make_month_pdf(here: Here, name: Annotated[str, Path(pattern=r"^\d{4}-\d{2}$")]) -> Response:
    """A month as pages."""
    here.need(REPORT)
    tell, found, made_us = teller(here), summaries(here, month_of(here, name)), here.now_us()
    drawn = pages(found, tell, site=here.department.site, made_us=made_us)
    try:
        made = here.department.pdf(drawn, title=f"{tell('title')} {name}", lang=here.lang, made_us=made_us)
    except UsageError:
        raise Problem(503, "no_pdf") from None
    return _file(made, "application/pdf", f"faults-{name}.pdf")


@router.get(
    "/months/{name}/report.xlsx",
    response_class=Response,
    responses={
        200: {"content": {XLSX: {}}, "description": "A sheet of times kept and one of what there was, of each kind"}
    },
)
def make_month_xlsx(here: Here, name: Annotated[str, Path(pattern=r"^\d{4}-\d{2}$")]) -> Response:
    """A month as a workbook."""
    here.need(REPORT)
    tell = teller(here)
    made = workbook(
        sheets(summaries(here, month_of(here, name)), tell), title=f"{tell('title')} {name}", made_us=here.now_us()
    )
    return _file(made, XLSX, f"faults-{name}.xlsx")


def is_wanted(here: Context, ticket: Ticket, show: str) -> bool:
    if show == "late":
        return any(p.verdict in {Verdict.LATE, Verdict.OVERDUE} for p in here.department.faults.promises(ticket))
    return {"open": ticket.state is not State.ARCHIVED, "all": True}.get(show, ticket.opened.what == show)


def summaries(here: Context, period: Period) -> Sequence[Summary]:
    log = here.department.faults
    return [summary(log.tickets(), what, period, log.contract, here.now_us()) for what in ("fault", "wish")]


def month_of(here: Context, name: str) -> Period:
    """Raises FaultRefusal."""
    try:
        return period(name, here.clock.zone) if name else month(here.now_us(), here.clock.zone)
    except UsageError:
        raise FaultRefusal("faults.refused.month") from None


def teller(here: Context) -> Teller:
    return Teller(lang=here.lang, clock=here.clock, title=lambda ticket: title_of(here, ticket), name=here.name_of)


def title_of(here: Context, ticket: Ticket) -> str:
    """As a person wrote it; of one that was reported by itself what the fleet's page says of it."""
    opened = ticket.opened
    if not opened.trouble:
        return opened.title
    if "code" in opened.said:
        device, code, text, source = (opened.said[key] for key in ("device", "code", "text", "source"))
        about = "" if device == GATEWAY else f"{device}: "
        return f"{about}{said_of(here, device, code, text, source)}"
    return trouble_said(here, opened.trouble, opened.said)


def ticket_out(here: Context, ticket: Ticket) -> TicketOut:
    opened, tell = ticket.opened, teller(here)
    return TicketOut(
        id=ticket.id,
        what=opened.what,
        title=tell.title(ticket),
        text=opened.text,
        bed=opened.bed,
        device=opened.device,
        by=ticket.by,
        by_name=tell.who(ticket.by),
        by_itself=bool(opened.source),
        at_us=ticket.at_us,
        since_us=opened.since_us,
        state=ticket.state,
        cleared_us=ticket.cleared_us,
        promises=[
            PromiseOut(key=p.key, limit_us=p.limit_us, due_us=p.due_us, took_us=p.took_us, verdict=p.verdict)
            for p in here.department.faults.promises(ticket)
        ],
        steps=[
            StepOut(
                step=done.step,
                by=done.by,
                by_name=tell.who(done.by),
                at_us=done.at_us,
                entered_us=done.entered_us,
                text=done.text,
            )
            for done in ticket.steps
        ],
        may=list(open_to(here.actor, ticket)),
    )


def _summary_out(told: Summary) -> SummaryOut:
    return SummaryOut(
        what=told.what,
        month=told.period.name,
        n=len(told.tickets),
        by_itself=told.by_itself,
        left=told.left,
        states=dict(told.states),
        beds=dict(told.beds),
        kept=[
            KeptOut(
                key=k.key,
                limit_us=k.limit_us,
                due=k.due,
                kept=k.kept,
                late=k.late,
                running=k.running,
                share=k.share,
                median_us=k.median_us,
            )
            for k in told.kept
        ],
    )


def _file(made: bytes, kind: str, name: str) -> Response:
    return Response(made, media_type=kind, headers={"content-disposition": f'attachment; filename="{name}"'})
