"""Reading and searching: the routes of each type of the table."""

from base64 import b64encode
from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from charting.fhir import asked
from charting.fhir.ids import key_of
from charting.fhir.kinds import KINDS, Kind
from charting.fhir.operations import everything, last_n
from charting.fhir.outcome import Wrong
from charting.fhir.papers import PDF, paper
from charting.fhir.release import said
from charting.fhir.search import searched
from charting.web.fhir.answers import answer
from charting.web.fhir.asker import Asker, need
from charting.web.fhir.told import ok, query, search_query

FORM = "application/x-www-form-urlencoded"
Params = list[tuple[str, str]]


async def params_of(request: Request) -> Params:
    """Of the address and, of a POST, of the form. Raises Wrong."""
    found = request.query_params.multi_items()
    if request.method == "POST":
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        body = await request.body()
        if body and kind != FORM:
            raise Wrong(415, "not-supported", f"expected {FORM}")
        try:
            found += parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=asked.MOST_VALUES)
        except (UnicodeDecodeError, ValueError):
            raise Wrong(400, "invalid", "the form cannot be read") from None
    return found


Given = Annotated[Params, Depends(params_of)]


def routes(made: APIRouter) -> None:
    """Who asks is looked at first, then what he sends: dependencies come in this order."""
    _operations(made)
    for kind in KINDS.values():
        _search(made, kind)
        _read(made, kind)
    _binary(made)


def strict(request: Request) -> bool:
    return "handling=strict" in request.headers.get("prefer", "").replace(" ", "")


def _search(made: APIRouter, kind: Kind) -> None:
    def search(request: Request, asker: Annotated[Asker, Depends(need(kind.name, "s"))], params: Given) -> Response:
        wanted = _read_params(asker, kind.name, params, request)
        return answer(searched(asker.records, wanted, asker.sight, asker.wire), asker.release)

    add(made, "GET", f"/{kind.name}", search, ok("A Bundle"), search_query(kind), f"Search {kind.name}")
    form = {"requestBody": {"content": {FORM: {"schema": {"type": "object"}}}}}
    add(made, "POST", f"/{kind.name}/_search", search, ok("A Bundle"), form, f"Search {kind.name} by a form")


def _read(made: APIRouter, kind: Kind) -> None:
    def read(id_: str, asker: Annotated[Asker, Depends(need(kind.name, "r"))]) -> Response:
        found = asker.records.named(kind.name, id_, asker.sight)
        if found is None:
            raise Wrong(404, "not-found", "there is none, or none that this token may see")
        return answer(said(found.body, asker.release), asker.release)

    add(made, "GET", f"/{kind.name}/{{id_}}", read, ok(kind.name), {}, f"Read {kind.name}")


def _operations(made: APIRouter) -> None:
    def lastn(request: Request, asker: Annotated[Asker, Depends(need("Observation", "s"))], params: Given) -> Response:
        most = next((text for name, text in params if name == "max"), "1")
        if not (most.isascii() and most.isdecimal() and len(most) < 6):
            raise Wrong(400, "invalid", "max is a number")
        others = [(name, text) for name, text in params if name != "max"]
        wanted = _read_params(asker, "Observation", others, request)
        return answer(last_n(asker.records, wanted, asker.sight, asker.wire, int(most)), asker.release)

    told = search_query(KINDS["Observation"])
    told["parameters"] += query([("max", "integer", "Of each code, 1 without")])["parameters"]
    add(made, "GET", "/Observation/$lastn", lastn, ok("A Bundle"), told, "The last observations of each code")
    for kind in ("Patient", "Encounter"):
        _everything(made, kind)


def _everything(made: APIRouter, kind: str) -> None:
    def whole(id_: str, asker: Annotated[Asker, Depends(need(kind, "r"))]) -> Response:
        source = asker.records.case(id_, asker.sight)
        if source is None:
            raise Wrong(404, "not-found", "there is none, or none that this token may see")
        made_of = everything(asker.records, source, asker.wire, asker.wire.may_read)
        return answer(made_of, asker.release)

    add(made, "GET", f"/{kind}/{{id_}}/$everything", whole, ok("A Bundle"), {}, f"All of a {kind.lower()}'s case")


def _binary(made: APIRouter) -> None:
    def read(request: Request, id_: str, asker: Annotated[Asker, Depends(need("Binary", "r"))]) -> Response:
        source = asker.records.case(key_of(id_), asker.sight)
        found = None if source is None or source.case.state == "discarded" else paper(source.case, id_, source)
        if source is None or found is None:
            raise Wrong(404, "not-found", "there is none, or it is not signed now")
        department, document = asker.department, source.case.documents[found.document]
        pages = department.drawings.pages(source.case, found.document, found.lang)
        pdf = department.pdf(
            pages,
            title=source.template(document).title(found.lang),
            lang=found.lang,
            made_us=document.signatures[-1][2],
        )
        if "json" not in request.headers.get("accept", ""):
            return Response(pdf, media_type=PDF)
        body = {"resourceType": "Binary", "id": id_, "contentType": PDF, "data": b64encode(pdf).decode()}
        return answer(body, asker.release)

    told = {"description": "The record as it was signed", "content": {PDF: {}, **ok("")["content"]}}
    add(made, "GET", "/Binary/{id_}", read, told, {}, "Read a signed record")


def _read_params(asker: Asker, kind: str, params: Params, request: Request) -> asked.Search:
    clock = asker.department.clock
    return asked.read(kind, params, zone=clock.zone, now_us=clock.now_us(), strict=strict(request))


def add(
    made: APIRouter,
    method: str,
    path: str,
    endpoint: Callable[..., Any],
    told: dict[str, Any],
    more: dict[str, Any],
    summary: str,
) -> None:
    made.add_api_route(
        path,
        endpoint,
        methods=[method],
        response_class=Response,
        responses={200: told},
        openapi_extra=more or None,
        summary=summary,
        name=f"{method} {path}",
    )
