"""Pages of what the hospital tells: the operation list, and the messages with what was done about them."""

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from charting.inbox.messages import STATES, MessageState
from charting.inbox.operations import Operation
from charting.web import models
from charting.web.api.messages import body_of, found, message_out
from charting.web.context import Context, Here
from charting.web.problems import Problem
from charting.web.shell import fragment, page

router = APIRouter(include_in_schema=False)

DAYS = 7
"""What is coming."""
_PAGE = 100


@router.get("/bookings")
def bookings_page(here: Here, request: Request) -> Response:
    """Today's operations and those of the next days, day by day, room by room."""
    here.need("read")
    zone = ZoneInfo(here.clock.zone)
    today = here.clock.local(here.now_us()).date()
    days: list[Mapping[str, object]] = []
    for n in range(DAYS):
        start, end = (
            round(datetime.combine(today + timedelta(days=m), time(), zone).timestamp()) * 1_000_000 for m in (n, n + 1)
        )
        planned = here.department.exchange.messages.operations(start, end)
        if planned or n == 0:
            days.append({"day": today + timedelta(days=n), "rooms": _rooms(here, planned)})
    return page(here, request, "bookings.html", days=days)


def _rooms(here: Context, planned: Sequence[Operation]) -> Sequence[tuple[str, Sequence[Operation]]]:
    order = {bed.id: n for n, bed in enumerate(here.beds)}
    rooms: dict[str, list[Operation]] = {}
    for operation in planned:
        told = operation.place.told if operation.place else ""
        rooms.setdefault(operation.bed or told, []).append(operation)
    return sorted(rooms.items(), key=lambda room: (order.get(room[0], len(order)), room[0]))


@router.get("/dialogs/check-in")
def check_in_dialog(here: Here, booking: Annotated[str, Query(max_length=200)]) -> Response:
    here.need("open_case")
    operation = here.department.exchange.messages.operation(booking)
    if operation is None:
        raise Problem(404, "unknown")
    return fragment(here, "bookings_check_in.html", op=operation, beds=here.beds)


@router.get("/exchange/messages")
def messages_page(
    here: Here,
    request: Request,
    state: MessageState | None = None,
    text: models.Line = "",
    before: Annotated[int | None, Query(ge=1, le=2**53)] = None,
) -> Response:
    """The newest first; `before`: only older ones."""
    here.need("exchange")
    if text:
        here.need("read")
    kept, incoming = here.department.exchange.messages, here.department.exchange.incoming
    shown = kept.latest(state=state, text=text, before=before, limit=_PAGE)
    counts = kept.counts()
    return page(
        here,
        request,
        "messages.html",
        messages=[message_out(here, message) for message in shown],
        counts=[(each, counts.get(each, 0)) for each in STATES],
        state=state or "",
        text=text,
        before=shown[-1].seq if len(shown) == _PAGE else None,
        views=[(view.name, view.looked) for view in incoming.views] if incoming else [],
    )


@router.get("/exchange/messages/{seq}")
def message_dialog(here: Here, seq: int) -> Response:
    """Its text is shown to who may read cases."""
    here.need("exchange")
    message = found(here, seq)
    body = body_of(message) if here.can("read") else ""
    return fragment(here, "messages_one.html", message=message_out(here, message), body=body)
