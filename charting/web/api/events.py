"""What has changed, as it changes."""

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
        200: {"content": {"text/event-stream": {}}, "description": "changed, alarms, alive, fault, locked, ended"}
    },
)
async def events(
    here: Here,
    request: Request,
    case: Annotated[str, Query(max_length=80, pattern=r"^[A-Za-z0-9_.:@-]*$", description="Only of this case")] = "",
) -> StreamingResponse:
    """Server-Sent Events: `changed` with the ids of the cases that have new entries, `alarms` when what is known of the
    alarms of any bed has changed, `alive` every 2 s or, while the database does not answer, `fault`.
    """
    if not here.can("read"):
        raise Problem(403, "not_allowed")  # a page that was left open asks again and again: not kept each time
    find, token = request.app.state.find, here.person.token

    def standing() -> str:
        person = find(token, False)
        if person is None or (not person.locked and not allows(person.actor, "read")):
            return "ended"
        return "locked" if person.locked else ""

    watch = here.department.watch
    told = stream(request.app.state.news, case, here.now_us, standing, here.department.stop, watch.version)
    return StreamingResponse(told, media_type="text/event-stream")
