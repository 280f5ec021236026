"""The pages of alarms: the board, the log of a day, the week's bad actors and how fast pages show what comes."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from charting.case.clock import MINUTE_US
from charting.watch.advice import SNOOZE_US
from charting.watch.load import ACCEPTABLE, FLOOD, MANAGEABLE
from charting.web import models
from charting.web.alarm_views import cards, strip
from charting.web.api.advisories import get_advisories, patient_out
from charting.web.api.alarms import get_log, said_of
from charting.web.context import Here
from charting.web.problems import Problem
from charting.web.shell import fragment, page
from collector.model import AlarmType, Priority
from collector.technical import GATEWAY

TARGET_S = 5.0
"""Of 95 % of what comes, from the gateway to the page (clinical.md §4.2)."""

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


@router.get("/put-off")
def put_off(here: Here, case: models.Id, rule: models.Id) -> Response:
    """Why an advisory is put off is asked before it is."""
    here.need("see_alarm")
    row = here.trail.row(case)
    patient = patient_out(here, row) if row is not None else None
    found = next((each for each in patient.advisories if each.rule == rule), None) if patient else None
    if row is None or found is None:
        raise Problem(404, "unknown")
    body = {
        "bed": row.bed, "device": GATEWAY, "source": found.source, "onset_us": found.since_us, "case": case,
    }  # fmt: skip
    whys = list(here.words.under("watch.why.").values())
    return fragment(here, "alarms_put_off.html", advisory=found, body=body, whys=whys, minutes=SNOOZE_US // MINUTE_US)


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
        advised=[each for each in get_advisories(here) if bed in {"", each.bed}],
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
        latency=here.department.watch.latency.summary(),
        target_s=TARGET_S,
        said_of=lambda actor: said_of(here, actor.device, actor.code, actor.text, actor.source),
        acceptable=ACCEPTABLE,
        manageable=MANAGEABLE,
        flood=FLOOD,
    )
