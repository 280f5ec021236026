"""Subscriptions and their topics: made, read, ended; what was missed."""

import json
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from charting.fhir.operations import bundle
from charting.fhir.outcome import Wrong
from charting.fhir.subscription import Subscription, resource_of
from charting.fhir.terms import Json
from charting.fhir.topics import TOPICS
from charting.web.fhir.answers import answer
from charting.web.fhir.asker import Asker, need
from charting.web.fhir.reading import Given, add
from charting.web.fhir.told import ok, query

KIND, TOPIC = "Subscription", "SubscriptionTopic"
_DIGITS = 16


async def body_of(request: Request) -> object:
    """Raises Wrong for what is no JSON."""
    try:
        return json.loads(await request.body())
    except (ValueError, RecursionError):
        raise Wrong(400, "structure", "expected JSON") from None


def routes(made: APIRouter) -> None:
    add(made, "POST", f"/{KIND}", create, {"description": "Made", **ok("")}, _BODY, "Subscribe")
    add(made, "GET", f"/{KIND}", search, ok("A Bundle"), {}, "The client's own subscriptions")
    add(made, "GET", f"/{KIND}/{{id_}}", read, ok(KIND), {}, "Read a subscription")
    add(made, "DELETE", f"/{KIND}/{{id_}}", delete, {"description": "Ended"}, {}, "End a subscription")
    add(made, "GET", f"/{KIND}/{{id_}}/$status", status, ok("A Bundle"), {}, "How a subscription stands")
    add(made, "GET", f"/{KIND}/{{id_}}/$events", events, ok("A Bundle"), _EVENTS, "What a subscriber has missed")
    add(made, "GET", f"/{TOPIC}", topics, ok("A Bundle"), {}, "What can be subscribed to")
    add(made, "GET", f"/{TOPIC}/{{id_}}", topic, ok(TOPIC), {}, "Read a topic")


_BODY = {"requestBody": {"content": {"application/fhir+json": {"schema": {"type": "object"}}}}}
_EVENTS = query([
    ("eventsSinceNumber", "integer", "The first that is wanted"), ("eventsUntilNumber", "integer", "The last one"),
])  # fmt: skip


def create(asker: Annotated[Asker, Depends(need(KIND, "c"))], body: Annotated[object, Depends(body_of)]) -> Response:
    kept = asker.fhir.subscriptions.create(asker.client, body, asker.release, asker.base)
    made = answer(resource_of(kept, asker.release), asker.release, 201)
    made.headers["location"] = f"{asker.base}/{KIND}/{kept.id}"
    return made


def search(asker: Annotated[Asker, Depends(need(KIND, "s"))]) -> Response:
    found = asker.fhir.subscriptions.of(asker.client)
    return answer(bundle([_entry(asker, resource_of(each, asker.release)) for each in found]), asker.release)


def read(id_: str, asker: Annotated[Asker, Depends(need(KIND, "r"))]) -> Response:
    return answer(resource_of(_own(asker, id_), asker.release), asker.release)


def delete(id_: str, asker: Annotated[Asker, Depends(need(KIND, "d"))]) -> Response:
    asker.fhir.subscriptions.delete(asker.client, id_)
    return Response(status_code=204)


def status(id_: str, asker: Annotated[Asker, Depends(need(KIND, "r"))]) -> Response:
    told = asker.fhir.subscriptions.status(_own(asker, id_))
    return answer(bundle([{"resource": told, "search": {"mode": "match"}}]), asker.release)


def events(id_: str, asker: Annotated[Asker, Depends(need(KIND, "r"))], params: Given) -> Response:
    kept, said = _own(asker, id_), dict(params)
    since, until = _number(said.get("eventsSinceNumber", "1")), said.get("eventsUntilNumber")
    told = asker.fhir.subscriptions.events(
        asker.client, kept, since, None if until is None else _number(until), asker.release
    )
    return answer(told, asker.release)


def topics(asker: Annotated[Asker, Depends(need(TOPIC, "s"))]) -> Response:
    found = [_entry(asker, each.resource_of(asker.release)) for each in TOPICS.values()]
    return answer(bundle(found), asker.release)


def topic(id_: str, asker: Annotated[Asker, Depends(need(TOPIC, "r"))]) -> Response:
    found = TOPICS.get(id_)
    if found is None:
        raise Wrong(404, "not-found", "there is no such topic")
    return answer(found.resource_of(asker.release), asker.release)


def _own(asker: Asker, id_: str) -> Subscription:
    found = asker.fhir.subscriptions.find(asker.client, id_)
    if found is None:
        raise Wrong(404, "not-found", "this token has none of that name")
    return found


def _entry(asker: Asker, body: Json) -> Json:
    return {
        "fullUrl": f"{asker.base}/{body['resourceType']}/{body['id']}",
        "resource": body,
        "search": {"mode": "match"},
    }


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or len(text) > _DIGITS:
        raise Wrong(400, "invalid", "an event's number is a number")
    return int(text)
