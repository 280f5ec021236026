"""What has changed, as it changes."""

from collections.abc import Callable
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse

from charting.accounts.rights import allows
from charting.web.context import Here
from charting.web.news import stream
from charting.web.problems import Problem

router = APIRouter(prefix="/api", tags=["events"])


@router.get(
    "/events",
    response_class=StreamingResponse,
    responses={
        200: {
            "content": {"text/event-stream": {}},
            "description": "changed, alarms, fleet, alive, fault, locked, ended",
        }
    },
)
async def events(
    here: Here,
    request: Request,
    case: Annotated[str, Query(max_length=80, pattern=r"^[A-Za-z0-9_.:@-]*$", description="Only of this case")] = "",
    client: Annotated[
        str, Query(max_length=40, pattern=r"^[a-z0-9]*$", description="A browser, by a number that it has made up")
    ] = "",
    version: Annotated[
        str, Query(max_length=60, pattern=r"^[A-Za-z0-9.+-]*$", description="Of the page that it shows")
    ] = "",
    page: Annotated[str, Query(max_length=40, pattern=r"^[a-z_]*$", description="Which kind of page")] = "",
) -> StreamingResponse:
    """Server-Sent Events: `changed` with the ids of the cases that have new entries, `alarms` when what is known of the
    alarms of any bed has changed, `fleet` when what is known of the fleet has (each only to who may see it), `alive`
    every 2 s with `version` of the pages and `busy` (the case is open) or, while the database does not answer, `fault`.
    """
    reads, operates = here.can("read"), here.can("operate")
    if not reads and not operates:
        raise Problem(403, "not_allowed")  # a page that was left open asks again and again: not kept each time
    find, token, department = request.app.state.find, here.person.token, here.department
    agent = request.headers.get("user-agent", "")

    def standing() -> str:
        person = find(token, False)
        if person is None:
            return "ended"
        if person.locked:
            return "locked"
        if (allows(person.actor, "read"), allows(person.actor, "operate")) != (reads, operates):
            return "ended"
        if client:
            account = person.actor.account
            department.clients.tell(id_=client, account=account, version=version, agent=agent, page=page)
        return ""

    watched: dict[str, Callable[[], object]] = {}
    if reads:
        watched["alarms"] = department.watch.version
    if operates:
        watched["fleet"] = lambda: department.fleet.changes
    news = request.app.state.news
    tidings = partial(news.of if reads else news.of_none, case)
    told = stream(tidings, department.version, here.now_us, standing, department.stop, watched)
    return StreamingResponse(told, media_type="text/event-stream")
