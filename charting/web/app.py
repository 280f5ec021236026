"""The web application: one way in, routes, and what becomes of what goes wrong."""

import json
from collections.abc import Callable, Mapping, Sequence

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.responses import Response

from charting.accounts.actor import Actor
from charting.accounts.refusals import AccountRefusal, NotAdministrator
from charting.case.refusals import Conflict, Incomplete, Locked, NotAllowed, Refusal, Unknown
from charting.fhir.outcome import Wrong
from charting.visits.bookings import booked
from charting.visits.round import Round
from charting.web import (
    advice_pages,
    alarm_pages,
    booking_pages,
    charge_pages,
    client_pages,
    exchange_pages,
    fault_pages,
    fleet_pages,
    inspection_pages,
    manual_pages,
    pages,
    quality_case,
    quality_pages,
    record_pages,
    temperature_pages,
    visit_pages,
    workload_pages,
)
from charting.web.api import (
    admin,
    advice,
    advisories,
    alarms,
    bookings,
    cases,
    charges,
    clients,
    events,
    exchange,
    faults,
    fleet,
    inbox,
    inspection,
    lists,
    mappings,
    messages,
    quality,
    records,
    session,
    visits,
    workload,
)
from charting.web.assets import WORKER, assets, place
from charting.web.context import Person
from charting.web.department import Department
from charting.web.fhir import routes as fhir_routes
from charting.web.fhir.answers import is_fhir, refusal
from charting.web.fhir.answers import of_problem as as_outcome
from charting.web.gate import Gate
from charting.web.guard import Guard
from charting.web.language import lang_of
from charting.web.news import News
from charting.web.problems import Problem, answer, of_http, of_problem, of_validation
from charting.web.shell import environment, is_page, problem_page
from charting.web.words import Words
from collector import __version__
from collector.errors import VitalsdError

_TAGS = (
    {"name": "session", "description": "Signing in and out, the lock"},
    {"name": "beds", "description": "The department as it is now"},
    {"name": "cases", "description": "Cases, and what belongs to a case as a whole"},
    {"name": "records", "description": "Documents: cells, drugs, fluids, answers; signatures; printing"},
    {"name": "alarms", "description": "What is known of the alarms of the beds, and our own advisories"},
    {"name": "fleet", "description": "How gateways, devices and the central parts run, and which pages browsers show"},
    {"name": "faults", "description": "Faults and wishes, and how the contract's times are kept"},
    {"name": "advice", "description": "Cards of decision support services, and what people made of them"},
    {"name": "libraries", "description": "Codes to choose from"},
    {"name": "templates", "description": "What documents ask for"},
    {"name": "visits", "description": "Visits before and after an anaesthetic: who is due, forms, what arrives"},
    {"name": "quality", "description": "Indicators of a period, who counts, frozen months, temperatures, reports"},
    {"name": "charges", "description": "What is billed of records, and what differs; controlled drugs and witnesses"},
    {"name": "workload", "description": "Work of people by month: scores and minutes, locks, differences, disputes"},
    {"name": "events", "description": "What has changed, as it changes"},
    {"name": "exchange", "description": "What leaves for the hospital's other systems, and what became of it"},
    {"name": "inbox", "description": "What the hospital's other systems post"},
    {"name": "bookings", "description": "The operation list; checking patients in"},
    {"name": "messages", "description": "What the hospital's other systems told, and what was done about it"},
    {
        "name": "fhir",
        "description": "FHIR R4B and R5 for programs, by token; also at /fhir/r4b and /fhir/r5",
    },
    {"name": "clients", "description": "Tokens of programs"},
    {"name": "accounts", "description": "Who may sign in"},
    {"name": "audit", "description": "All that was ever done"},
)
_ABOUT = """
Everything the pages do. Sign in by `POST /api/session`: the answer sets the session's cookie and holds `csrf`, which
goes into the header `X-CSRF-Token` of every request that changes something.

Times are integers, µs since 1970 UTC. What goes wrong is answered as `{key, text, params}`, `text` in the language
asked for (`lang`, the cookie `lang`, `Accept-Language`; zh or en): 401 not signed in, 403 not allowed (and kept in the
audit trail), 404 unknown, 409 somebody else was faster (`current` is what stands now), 422 it cannot be so, 423 locked:
the session (`session_locked`) or the document, 429 too many attempts, 503 the database does not answer.

This is an information system: it does not alarm and does not control devices.
"""
_PROBLEM = {
    "content": {
        "application/problem+json": {
            "schema": {
                "type": "object",
                "required": ["key", "text", "params"],
                "properties": {
                    "key": {"type": "string"},
                    "text": {"type": "string"},
                    "params": {"type": "object", "additionalProperties": {"type": "string"}},
                },
            }
        }
    }
}
_PROBLEMS = {
    status: {"description": text, **_PROBLEM}
    for status, text in {
        401: "Not signed in",
        403: "Not allowed",
        404: "Unknown",
        409: "Somebody else was faster",
        422: "It cannot be so",
        423: "Locked",
        503: "The database does not answer",
    }.items()
}


def app(department: Department) -> FastAPI:
    """The department's pages and API. Nothing but the sign-in page is answered to who has not signed in."""
    made = FastAPI(
        title="vitalsd charting",
        version=__version__,
        description=_ABOUT,
        openapi_tags=list(_TAGS),
        docs_url=None,
        redoc_url=None,
        responses=_PROBLEMS,  # type: ignore[arg-type]
    )

    def find(token: str, by_person: bool) -> Person | None:
        found = department.sign_in.session(token, touch=by_person)
        if found is None:
            return None
        standing, actor = found
        nobody = Actor(account=standing.account, name=standing.name, roles=frozenset())
        return Person(
            actor=actor or nobody,
            token=token,
            csrf=standing.csrf,
            locked=standing.locked,
            idle_s=standing.idle_us // 1_000_000,
        )

    environment()
    made.state.department = department
    made.state.find = find
    made.state.news = News(department.trail)
    planned = booked(department.exchange.messages, department.clock)
    made.state.round = Round(department.trail, department.libraries, department.clock, planned)
    for router in _ROUTERS:
        made.include_router(router.router)
    for name, (content, kind) in assets().items():
        more = {"service-worker-allowed": "/visits"} if name == WORKER else {}
        made.add_api_route(f"{place()}/{name}", _static(content, kind, more), include_in_schema=False)
    made.add_api_route("/health", _health, include_in_schema=False)
    for wrong, said in _WRONG:
        made.add_exception_handler(wrong, _shown(said))
    made.add_exception_handler(Wrong, _fhir_wrong)
    made.add_middleware(Gate, cookie=session.cookie_name(department), find=find)
    made.add_middleware(Guard, tls=department.tls)
    return made


_ROUTERS = (
    session, alarms, advisories, advice, advice_pages, alarm_pages, fleet, fleet_pages, faults, fault_pages,
    lists, mappings, cases, records, quality, temperature_pages,
    inbox, bookings, messages, booking_pages, exchange, exchange_pages,
    quality_case, quality_pages, workload, workload_pages, charges, charge_pages, visits, visit_pages,
    events, admin, clients, client_pages, fhir_routes, pages, record_pages, manual_pages, inspection, inspection_pages,
)  # fmt: skip
"""The first that knows a path answers: what is any code (`/quality/{code}`) comes after the others."""

_STATUS: Sequence[tuple[type[Refusal], int]] = (
    (NotAllowed, 403), (NotAdministrator, 403), (Unknown, 404), (Conflict, 409), (Locked, 423), (AccountRefusal, 422),
)  # fmt: skip


def _refused(request: Request, refusal: Exception) -> JSONResponse:
    assert isinstance(refusal, Refusal)
    status = next((status for kind, status in _STATUS if isinstance(refusal, kind)), 422)
    more = {"lacking": list(refusal.lacking)} if isinstance(refusal, Incomplete) else None
    return answer(status, refusal.key, refusal.text(lang_of(request)), refusal.params, more)


def _unreachable(request: Request, _: Exception) -> JSONResponse:
    """The database or a bed's store does not answer: nothing of the request was kept."""
    return answer(503, "no_database", Words(lang_of(request))("no_database"), {})


def _fhir_wrong(request: Request, wrong: Exception) -> Response:
    assert isinstance(wrong, Wrong)
    return refusal(request, wrong)


Answer = Callable[[Request, Exception], JSONResponse]

_WRONG: Sequence[tuple[type[Exception], Answer]] = (
    (Problem, of_problem), (Refusal, _refused), (RequestValidationError, of_validation), (HTTPException, of_http),
    (VitalsdError, _unreachable),
)  # fmt: skip


def _shown(said: Answer) -> Callable[[Request, Exception], Response]:
    """The same as a page, where a person has asked for one."""

    def answered(request: Request, error: Exception) -> Response:
        told = said(request, error)
        if is_fhir(request.url.path):
            return as_outcome(told)
        if not is_page(request):
            return told
        return problem_page(request, told.status_code, json.loads(bytes(told.body))["text"])

    return answered


def _static(content: bytes, kind: str, more: Mapping[str, str]) -> Callable[[], Response]:
    def send() -> Response:
        return Response(
            content, media_type=kind, headers={"cache-control": "public, max-age=31536000, immutable", **more}
        )

    return send


def _health(request: Request) -> JSONResponse:
    """200 where the database answers; the version of the pages, for one that nobody has signed in to."""
    department: Department = request.app.state.department
    department.trail.rows(state="open", limit=1)
    return JSONResponse({"status": "ok", "version": department.version})
