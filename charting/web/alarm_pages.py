"""The pages of alarms: the board, the log of a day, the week's bad actors and how fast pages show what comes."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from charting.watch.load import ACCEPTABLE, FLOOD, MANAGEABLE
from charting.web import models
from charting.web.alarm_views import cards, strip
from charting.web.api.alarms import get_log, said_of
from charting.web.context import Here
from charting.web.shell import fragment, page
from collector.model import AlarmType, Priority

router = APIRouter(prefix="/alarms", include_in_schema=False)


@router.get("")
def board(here: Here, request: Request) -> Response:
    here.need("read")
    found = cards(here)
    return page(
        here,
        request,
        "alarms.html",
        alarm_strip=None,
        cards=[card for card in found if not card.idle],
        idle=[card for card in found if card.idle],
    )


@router.get("/strip")
def alarm_strip(here: Here, case: Annotated[str, Query(max_length=80)] = "") -> Response:
    """The strip of every page, for the page about a case."""
    here.need("read")
    return fragment(here, "alarms_strip.html", alarm_strip=strip(here, case))


@router.get("/log")
def log(
    here: Here,
    request: Request,
    bed: Annotated[str, Query(max_length=64)] = "",
    priority: Annotated[str, Query(max_length=20)] = "",
    type: Annotated[str, Query(max_length=20)] = "",  # noqa: A002  its name in the form
    text: models.Line = "",
) -> Response:
    """What a form says that names nothing is taken for nothing."""
    here.need("read")
    wanted = Priority(priority) if priority in tuple(Priority) else None
    kind = AlarmType(type) if type in tuple(AlarmType) else None
    return page(
        here,
        request,
        "alarms_log.html",
        lines=get_log(here, bed, wanted, kind, text),
        beds=here.beds,
        bed=bed,
        priority=priority,
        type=type,
        text=text,
        priorities=tuple(Priority),
        types=tuple(AlarmType),
    )


@router.get("/report")
def report(here: Here, request: Request) -> Response:
    here.need("read")
    return page(
        here,
        request,
        "alarms_report.html",
        report=here.department.week.report(),
        said_of=lambda actor: said_of(here, actor.device, actor.code, actor.text, actor.text),
        acceptable=ACCEPTABLE,
        manageable=MANAGEABLE,
        flood=FLOOD,
    )
