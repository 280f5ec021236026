"""The pages of faults and wishes: the log, one of them, a month. The API says the same."""

from typing import Annotated, Literal
from uuid import uuid4

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from charting.faults.log import REPORT, open_to
from charting.faults.ticket import State, Ticket, Verdict
from charting.web.api.faults import Month, TicketId, is_wanted, month_of, summaries, teller
from charting.web.context import Context, Here
from charting.web.shell import page

router = APIRouter(prefix="/faults", include_in_schema=False)

SHOWS = ("open", "fault", "wish", "late", "all")
MOST = 300
TONES = {
    Verdict.KEPT: "good", Verdict.LATE: "bad", Verdict.OVERDUE: "bad", Verdict.RUNNING: "warn", Verdict.UNNEEDED: "",
}  # fmt: skip
STATES = {State.OPEN: "bad", State.ANSWERED: "warn", State.RESOLVED: "good", State.DECLINED: "dark"}


@router.get("")
def faults_page(
    here: Here, request: Request, show: Annotated[Literal["open", "fault", "wish", "late", "all"], Query()] = "open"
) -> Response:
    """What is open, the oldest first; else the newest first."""
    here.need(REPORT)
    tickets = here.department.faults.tickets()
    found = [ticket for ticket in tickets if is_wanted(here, ticket, show)]
    return _page(
        here,
        request,
        "faults.html",
        tickets=found[:MOST] if show == "open" else found[: -MOST - 1 : -1],
        counts={each: sum(is_wanted(here, ticket, each) for ticket in tickets) for each in SHOWS},
        show=show,
        fresh=uuid4().hex,
        month=month_of(here, "").name,
    )


@router.get("/month")
def month_page(here: Here, request: Request, month: Month = "") -> Response:
    here.need(REPORT)
    period = month_of(here, month)
    return _page(here, request, "faults_month.html", month=period.name, summaries=summaries(here, period))


@router.get("/{ticket}")
def fault_page(here: Here, request: Request, ticket: TicketId) -> Response:
    here.need(REPORT)
    found = here.department.faults.ticket(ticket)
    return _page(here, request, "fault.html", ticket=found, may=open_to(here.actor, found))


def _page(here: Context, request: Request, template: str, /, **values: object) -> Response:
    def promised(ticket: Ticket) -> object:
        return here.department.faults.promises(ticket)

    return page(
        here, request, template, still=True, tell=teller(here), promised=promised, tones=TONES, states=STATES, **values
    )
