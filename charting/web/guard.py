"""What stands before every answer: security headers, the size of what is sent, and where a request comes from."""

from collections.abc import Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from charting.web.fhir.answers import is_fhir, of_problem
from charting.web.language import lang_of
from charting.web.problems import answer
from charting.web.words import Words

LARGEST_BODY = 256 * 1024
"""Bytes of a request: the longest document's answers at once."""

LARGEST_LIBRARY = 8 * 1024 * 1024
"""Bytes of a code library: 4 million characters; who sends one is signed in."""

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

_HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; worker-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), serial=()",
}
_TLS = {"strict-transport-security": "max-age=31536000"}
_STORED = {"cache-control": "no-store"}


class Guard:
    """Sets headers on every response; refuses what another site sends, and bodies that are too large.

    Nothing is kept by a browser or a proxy unless its response says how long.
    """

    def __init__(self, inner: ASGIApp, *, tls: bool) -> None:
        self._inner = inner
        self._headers: Mapping[str, str] = {**_HEADERS, **(_TLS if tls else {})}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return

        async def send_with(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(self._headers)
                if "cache-control" not in headers:
                    headers.update(_STORED)
            await send(message)

        headers = Headers(scope=scope)
        words = Words(lang_of(HTTPConnection(scope)))
        if scope["method"] not in SAFE and headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
            await _told(scope, answer(403, "other_site", words("other_site"), {}))(scope, receive, send_with)
            return
        length = headers.get("content-length", "0")
        most = LARGEST_LIBRARY if scope["path"].startswith(("/api/libraries/", "/api/mappings/")) else LARGEST_BODY
        if not length.isdecimal() or int(length) > most:
            await _told(scope, answer(413, "too_large", words("too_large"), {}))(scope, receive, send_with)
            return
        taken = 0

        async def receive_some() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > most:
                return {"type": "http.disconnect"}
            return message

        await self._inner(scope, receive_some, send_with)


def _told(scope: Scope, told: Response) -> Response:
    return of_problem(told) if is_fhir(scope["path"]) else told
