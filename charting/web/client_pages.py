"""The page of tokens: made, ended; what programs have subscribed to. The API says the same."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from charting.fhir.clients import LONGEST_DAYS
from charting.web.api.clients import list_clients, list_subscriptions
from charting.web.context import Here
from charting.web.shell import page

router = APIRouter(include_in_schema=False)


@router.get("/clients")
def clients_page(here: Here, request: Request) -> Response:
    found = list_clients(here)
    return page(
        here,
        request,
        "clients.html",
        clients=found,
        names={each.id: each.name for each in found},
        subscriptions=list_subscriptions(here),
        most=LONGEST_DAYS,
    )
