"""Counts answers and how long they take, by the program's own routes: nothing of a patient is in a label."""

from time import monotonic

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from charting.metrics import Metrics

_NONE = "none"
_STATIC = "/static"


class Timing:
    """Stands before everything else. A stream of events counts until it begins."""

    def __init__(self, inner: ASGIApp, *, metrics: Metrics) -> None:
        self._inner = inner
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        began_s, begun = monotonic(), False

        def count(status: int) -> None:
            route = getattr(scope.get("route"), "path", _NONE)
            if route.startswith(_STATIC):
                route = _STATIC  # the rest of it is the version's
            method = scope["method"] if scope["method"] in _METHODS else _NONE
            self._metrics.answered(method, route, status, monotonic() - began_s)

        async def send_counted(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                count(message["status"])
            await send(message)

        try:
            await self._inner(scope, receive, send_counted)
        except Exception:
            if not begun:  # who stands before us answers
                count(500)
            raise


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
