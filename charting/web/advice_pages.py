"""Pages of decision support: why a card is set aside, and how often that is."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from charting.web import models
from charting.web.api.advice import cards_of, rates_out
from charting.web.context import Here
from charting.web.problems import Problem
from charting.web.quality_asked import AskedFor, choices, neighbours
from charting.web.shell import fragment, page

router = APIRouter(include_in_schema=False)


@router.get("/cases/{case}/cards/{card}/set-aside")
def set_aside(
    here: Here, case: models.Id, card: models.Id, service: Annotated[str, Query(min_length=1, max_length=64)]
) -> Response:
    """Why a card is set aside is asked before it is."""
    found = cards_of(here, here.desk.read(here.actor, case))
    here.need("advice")
    own = next((each for each in found if (each.service, each.card) == (service, card)), None)
    if own is None:
        raise Problem(404, "unknown")
    return fragment(here, "advice_set_aside.html", case=case, card=own)


@router.get("/quality/advice")
def rates(here: Here, request: Request, ask: AskedFor) -> Response:
    """How often cards are set aside, by month, service and rule."""
    here.need("quality")
    return page(
        here,
        request,
        "advice.html",
        still=True,
        ask=ask,
        periods=choices(here, ask),
        near={key: f"?period={name}" for key, name in neighbours(ask, here.clock.zone).items()},
        rates=rates_out(here, ask),
    )
