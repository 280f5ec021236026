"""Pages of what leaves for the hospital's other systems."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from charting.outbox.parcel import State
from charting.web.api.exchange import Key, get_parcel, list_destinations, list_parcels, may
from charting.web.context import Here
from charting.web.fleet_pages import size
from charting.web.shell import page

router = APIRouter(include_in_schema=False)

Show = Literal["open", "parked", "waiting", "answered", "expired", "withdrawn", "all"]
SHOWN = ("open", "parked", "waiting", "answered", "expired", "withdrawn", "all")
AT_ONCE = 100


@router.get("/exchange")
def exchange_page(
    here: Here,
    request: Request,
    show: Annotated[Show, Query()] = "open",
    to: Annotated[str, Query(max_length=100)] = "",
    text: Annotated[str, Query(max_length=100)] = "",
    before: Annotated[int | None, Query(ge=0, le=2**53)] = None,
) -> Response:
    """`show`: messages in this state; open: the parked ones, then those that wait."""
    states = [State.PARKED, State.WAITING] if show == "open" else [None if show == "all" else State(show)]
    found = [
        line
        for state in states
        for line in list_parcels(here, to=to, state=state, text=text, before=before, limit=AT_ONCE)
    ]
    return page(
        here,
        request,
        "exchange.html",
        still=True,
        destinations=list_destinations(here),
        parcels=found,
        older=found[-1].seq if len(states) == 1 and len(found) == AT_ONCE else None,
        show=show,
        shown=SHOWN,
        to=to,
        text=text,
        size=size,
    )


@router.get("/exchange/parcel")
def parcel_page(here: Here, request: Request, key: Key) -> Response:
    found = get_parcel(here, key)
    return page(here, request, "exchange_parcel.html", still=True, parcel=found, may=may(found), size=size)
