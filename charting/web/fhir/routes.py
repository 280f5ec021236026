"""All routes of the FHIR interface, at three addresses: /fhir by Accept, /fhir/r4b and /fhir/r5."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from charting.fhir.capabilities import smart, statement
from charting.fhir.outcome import Wrong
from charting.web.department import Department
from charting.web.fhir import reading, subscribing
from charting.web.fhir.answers import ROOT, answer, base_of, release_of
from charting.web.fhir.asker import Asker, fhir_of, need
from charting.web.fhir.told import WRONG, ok
from collector import __version__
from collector.clock import rfc3339

_ALL = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")


def metadata(request: Request) -> Response:
    """What can be asked: the CapabilityStatement. For everybody."""
    fhir_of(request)
    department: Department = request.app.state.department
    release = release_of(request)
    told = statement(
        release,
        base=base_of(request),
        site=department.site,
        version=__version__,
        date=rfc3339(department.clock.now_us()),
    )
    return answer(told, release)


def configuration(request: Request) -> Response:
    """What scopes there are. For everybody."""
    fhir_of(request)
    made = answer(smart(), release_of(request))
    made.headers["content-type"] = "application/json"
    return made


def nothing(request: Request, asker: Annotated[Asker, Depends(need("", ""))]) -> Response:
    """Whatever else is asked for: only who has a token is told that it is not there."""
    del asker
    if request.method in {"GET", "HEAD"}:
        raise Wrong(404, "not-found", "there is no such address")
    raise Wrong(405, "not-supported", "this cannot be done here: only subscriptions can be written")


def _router(prefix: str, *, shown: bool) -> APIRouter:
    made = APIRouter(prefix=prefix, tags=["fhir"], include_in_schema=shown, responses=WRONG)
    reading.add(made, "GET", "/metadata", metadata, ok("CapabilityStatement"), {}, "What can be asked")
    reading.add(made, "GET", "/.well-known/smart-configuration", configuration, ok("Scopes"), {}, "Scopes")
    reading.routes(made)
    subscribing.routes(made)
    return made


router = APIRouter()
for place in (f"{ROOT}/r4b", f"{ROOT}/r5", ROOT):
    router.include_router(_router(place, shown=place == ROOT))
for path in (ROOT, f"{ROOT}/{{rest:path}}"):
    router.add_api_route(path, nothing, methods=list(_ALL), include_in_schema=False)
