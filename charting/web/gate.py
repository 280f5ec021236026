"""The one way in: without sign-in there is the sign-in page, and nothing else."""

import asyncio
from collections.abc import Callable
from hmac import compare_digest
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from charting.web.context import Person
from charting.web.fhir.answers import is_fhir
from charting.web.guard import SAFE
from charting.web.language import lang_of
from charting.web.problems import answer
from charting.web.shell import is_page, problem_page
from charting.web.words import Words
from collector.errors import VitalsdError

_PUBLIC = frozenset({("GET", "/sign-in"), ("GET", "/health"), ("POST", "/api/session")})
_WHILE_LOCKED = frozenset({("GET", "/api/session"), ("DELETE", "/api/session"), ("POST", "/api/session/unlock"),
                           ("POST", "/api/session/lock"), ("GET", "/locked")})  # fmt: skip
"""What a person whose session is locked can reach: unlocking, signing out."""


def public(method: str, path: str) -> bool:
    """Whether somebody who has not signed in may ask for it."""
    if method == "POST" and path.startswith("/inbox/"):
        return True  # whoever posts there has a token instead of a session
    if is_fhir(path):
        return True  # the same: charting.web.fhir.asker
    return (method, path) in _PUBLIC or (method in {"GET", "HEAD"} and path.startswith("/static/"))


class Gate:
    """Finds the person of each request: `scope["state"]["person"]`. Whatever is not public and has none is refused.

    `find` is called in a thread with the session's token and whether a person did this (else the page by itself).
    """

    def __init__(self, inner: ASGIApp, *, cookie: str, find: Callable[[str, bool], Person | None]) -> None:
        self._inner = inner
        self._cookie = cookie
        self._find = find

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or public(scope["method"], scope["path"]):
            await self._inner(scope, receive, send)
            return
        request = Request(scope)
        refused = await self._judge(request)
        if refused is not None:
            await refused(scope, receive, send)
            return
        await self._inner(scope, receive, send)

    async def _judge(self, request: Request) -> Response | None:
        """Why the request goes no further; None: it does."""
        method, path = request.method, request.url.path
        by_person = "x-live" not in request.headers and (method not in SAFE or not path.startswith("/api/"))
        token = request.cookies.get(self._cookie, "")
        try:
            person = await asyncio.to_thread(self._find, token, by_person) if token else None
        except VitalsdError:
            if is_page(request):
                return problem_page(request, 503, Words(lang_of(request))("no_database"))
            return _problem(request, 503, "no_database")
        page = is_page(request)
        if person is None:
            if page:
                return RedirectResponse(f"/sign-in?{_back(request)}", 303)
            return _problem(request, 401, "sign_in")
        if method not in SAFE and not compare_digest(
            request.headers.get("x-csrf-token", "").encode(), person.csrf.encode()
        ):
            return _problem(request, 403, "csrf")
        if person.locked and (method, path) not in _WHILE_LOCKED:
            return (
                RedirectResponse(f"/locked?{_back(request)}", 303) if page else _problem(request, 423, "session_locked")
            )
        request.state.person = person
        return None


def _back(request: Request) -> str:
    query = f"?{request.url.query}" if request.url.query else ""
    return urlencode({"to": f"{request.url.path}{query}"})


def _problem(request: Request, status: int, key: str) -> Response:
    made = answer(status, key, Words(lang_of(request))(key), {})
    if status == 401:
        made.headers["www-authenticate"] = "Session"
    return made
