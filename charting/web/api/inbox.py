"""Where the hospital's other systems post what they tell, each with a token of its own instead of a session."""

import asyncio
from email.message import Message
from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from charting.fhir.clients import Client
from charting.inbox.http_door import HttpDoor
from charting.web.department import Department
from charting.web.problems import Problem

router = APIRouter(prefix="/inbox", tags=["inbox"])

SourceName = Annotated[str, Path(max_length=64, description="As the site's file calls it")]


@router.post("/{source}", response_class=Response)
async def take_message(request: Request, source: SourceName) -> Response:
    """A message of another system, in JSON or SOAP by the source's template; the answer has the template's form.

    It is answered when it is kept. The source's token, or a program's with the scope inbox.write, goes into the header
    `Authorization: Bearer …`. 503: it was not kept.
    """
    department: Department = request.app.state.department
    door = department.exchange.doors.get(source)
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    address = request.client.host if request.client else ""
    if door is None or kind.lower() != "bearer":
        raise Problem(401, "no_token")
    if not await asyncio.to_thread(_knows, department, door, token.strip(), address):
        raise Problem(401, "no_token")
    header = Message()
    header["content-type"] = request.headers.get("content-type", "")
    charset = header.get_content_charset("")
    answer = await asyncio.to_thread(door.take, await request.body(), charset)
    return Response(answer.body, headers={"content-type": answer.content_type})


def _knows(department: Department, door: HttpDoor, token: str, address: str) -> bool:
    """The source's own token, or a program's with the scope inbox.write."""
    fhir = department.exchange.fhir
    if door.knows(token) or fhir is None:
        return door.knows(token)
    found = fhir.clients.client_of(token, address)
    return isinstance(found, Client) and found.posts
