"""The bed's page over HTTP: Starlette routes, and events pushed to every open page (Server-Sent Events)."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from hashlib import sha256
from importlib.resources import files

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from alarms.board import Alarm
from alarms.follower import Follower
from alarms.latency import Latency
from charting.page.api import as_json
from charting.page.blank import blank
from charting.page.chart import GRIDS, read
from charting.page.downtime import downtime
from charting.page.draw import draw
from charting.page.form import form
from charting.page.now import Bedside, Now, Server
from charting.page.paper import paper
from charting.page.printed import document
from charting.page.told import Fresh, Told
from charting.page.view import View, wave_samples
from charting.page.words import Words, chosen
from collector import __version__
from collector.bell import Bell
from collector.codes import Parameter, by_refid
from collector.errors import VitalsdError
from collector.series import SeriesReader
from collector.status import DeviceStatus, Unsaved

PACE_S = 0.5
"""A page is not sent news more often: nobody reads faster, and a bed's journal commits many times a second."""
QUIET_S = 1.0
"""It is sent a sign of life this often without news: page.js calls the connection lost after 5 s."""
_DEFAULT_HOURS = 4

_HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}
_STATIC = {
    "page.js": "text/javascript", "page.css": "text/css", "print.css": "text/css", "icon.svg": "image/svg+xml",
}  # fmt: skip


@cache
def version() -> str:
    """Of the page: another one where the program, or the page's own files, are others."""
    folder = files("charting.page").joinpath("static")
    said = sha256(b"".join(folder.joinpath(name).read_bytes() for name in sorted(_STATIC)))
    return f"{__version__}+{said.hexdigest()[:8]}"


class _Headers:
    """Sets the same headers on every response."""

    def __init__(self, inner: ASGIApp) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        await self._inner(scope, receive, send_with)


def app(
    bed: str,
    zone: str,
    reader: SeriesReader,
    devices: Callable[[], Sequence[DeviceStatus]],
    bell: Bell,
    now_us: Callable[[], int],
    stop: asyncio.Event,
    parameters: Mapping[str, Parameter] | None = None,
    unsaved: Callable[[], Unsaved | None] = lambda: None,
    alarms: Follower | None = None,
    latency: Latency | None = None,
    seen: Callable[[Alarm], None] = lambda _: None,
    server: Callable[[], bool | None] = lambda: None,
    kind: str = "or",
) -> Starlette:
    """The page of one bed.

    `reader` is called in threads, `devices` and `now_us` (µs since 1970 UTC) in the loop. `bell` rings for news;
    `stop` ends the open event streams. `parameters` are the drivers' own codes beside codes.csv. `unsaved`,
    called in threads: what the gateway's disk does not take. `alarms`, `latency`: the bed's, where others look at them
    as well. `seen`, called in the loop: a person at this page has marked an alarm. `server`, called in the loop:
    whether the server is reached, None where the bed has none. `kind`: the bed's, whose record is printed blank.
    """
    known = {**by_refid(), **(parameters or {})}
    bedside = Bedside(
        bed=bed, zone=zone, reader=reader, parameters=known, alarms=alarms or Follower(bed, reader),
        latency=latency or Latency(),
    )  # fmt: skip
    routes = _Routes(bedside, devices, bell, now_us, stop, unsaved, server, kind)
    told = Told(bedside.alarms, bedside.latency, now_us, bell, seen)
    return Starlette(
        routes=[
            Route("/", routes.page),
            Route("/api/now", routes.api_now),
            Route("/chart.svg", routes.chart_svg),
            Route("/events", routes.events),
            Route("/shown", told.shown, methods=["POST"]),
            Route("/see", told.see, methods=["POST"]),
            Route("/print", routes.paper),
            Route("/downtime", routes.downtime),
            Route("/blank", routes.blank),
            Route("/health", routes.health),
            *(Route(f"/{name}", _static(name, kind)) for name, kind in _STATIC.items()),
        ],
        middleware=[Middleware(_Headers)],
        exception_handlers={VitalsdError: _unreadable},
    )


class _Routes:
    def __init__(
        self,
        bedside: Bedside,
        devices: Callable[[], Sequence[DeviceStatus]],
        bell: Bell,
        now_us: Callable[[], int],
        stop: asyncio.Event,
        unsaved: Callable[[], Unsaved | None],
        server: Callable[[], bool | None],
        kind: str,
    ) -> None:
        self._bedside = bedside
        self._bed, self._zone, self._reader = bedside.bed, bedside.zone, bedside.reader
        self._parameters = bedside.parameters
        self._devices = devices
        self._bell = bell
        self._now_us = now_us
        self._stop = stop
        self._unsaved = unsaved
        self._server = server
        self._kind = kind
        self._looking = asyncio.Lock()

    async def page(self, request: Request) -> Response:
        words = _words(request)
        try:
            hours = _hours(request)
        except ValueError as error:
            return PlainTextResponse(str(error), 400)
        now = await self._look()
        chart = await self._draw(hours, words)
        return HTMLResponse(self._view(words).page(now, hours, chart, version()))

    async def api_now(self, request: Request) -> Response:
        return JSONResponse(as_json(await self._look(), _words(request), self._parameters))

    async def chart_svg(self, request: Request) -> Response:
        try:
            hours = _hours(request)
        except ValueError as error:
            return PlainTextResponse(str(error), 400)
        return Response(await self._draw(hours, _words(request)), media_type="image/svg+xml")

    async def paper(self, request: Request) -> Response:
        """The last 24 hours, for a printer."""
        words, now_us = _words(request), self._now_us()
        return HTMLResponse(
            await asyncio.to_thread(paper, self._reader, self._bed, self._zone, now_us, words, self._parameters)
        )

    async def downtime(self, request: Request) -> Response:
        """What is known now, and a blank record to go on with, for a printer."""
        words, now = _words(request), await self._look()
        return HTMLResponse(await asyncio.to_thread(downtime, now, self._reader, self._kind, words, self._parameters))

    async def blank(self, request: Request) -> Response:
        words = _words(request)
        return HTMLResponse(document(words("blank.title"), [blank(form(self._kind, words), words)], words))

    async def health(self, _: Request) -> Response:
        """200 where the store can be read."""
        await self._look()
        return JSONResponse({"status": "ok", "bed": self._bed})

    async def events(self, request: Request) -> Response:
        return StreamingResponse(self._news(self._view(_words(request))), media_type="text/event-stream")

    async def _news(self, view: View) -> AsyncIterator[str]:
        """Parts of the page that have changed, and waves, until `stop`; the first event holds everything."""
        parts: dict[str, str] = {}
        waves: dict[str, int] = {}
        fresh = Fresh(self._bedside.latency)
        while not self._stop.is_set():
            heard = self._bell.rung
            try:
                now = await self._look()
            except VitalsdError:
                yield _event("fault", {})
            else:
                changed = {key: part for key, part in view.parts(now).items() if parts.get(key) != part}
                parts.update(changed)
                news = {"at": now.at_us // 1000, "parts": changed, "shown": fresh.numbers(now), "version": version()}
                yield _event("now", news)
                pieces = list(wave_samples(now, waves))
                waves.update({key: start_us for key, start_us, _ in pieces})
                if pieces:
                    yield _event("waves", [samples for _, _, samples in pieces])
            await self._pause(PACE_S)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._rung(heard), QUIET_S - PACE_S)

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), seconds)

    async def _rung(self, heard: int) -> None:
        """Return when the bell has rung since `heard`, or at `stop`."""
        waits = [asyncio.ensure_future(self._bell.wait(heard)), asyncio.ensure_future(self._stop.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def _look(self) -> Now:
        async with self._looking:
            devices, now_us, reached = self._devices(), self._now_us(), self._server()
            server = Server.NONE if reached is None else Server.REACHED if reached else Server.AWAY
            return await asyncio.to_thread(lambda: self._bedside.look(devices, now_us, self._unsaved(), server))

    async def _draw(self, hours: int, words: Words) -> str:
        now_us = self._now_us()
        return await asyncio.to_thread(
            lambda: draw(read(self._reader, self._bed, self._zone, hours, now_us), words, self._parameters)
        )

    def _view(self, words: Words) -> View:
        return View(words, self._parameters, self._zone)


def _words(request: Request) -> Words:
    return Words(chosen(request.query_params.get("lang"), request.headers.get("accept-language", "")))


def _hours(request: Request) -> int:
    asked = request.query_params.get("hours", str(_DEFAULT_HOURS))
    if asked not in map(str, GRIDS):
        raise ValueError(f"hours must be one of {', '.join(map(str, GRIDS))}")
    return int(asked)


def _event(name: str, data: object) -> str:
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False, separators=(',', ':'))}\n\n"


def _static(name: str, kind: str) -> Callable[[Request], Response]:
    content = files("charting.page").joinpath("static", name).read_bytes()

    def answer(_: Request) -> Response:
        return Response(content, media_type=kind)

    return answer


def _unreadable(request: Request, _: Exception) -> Response:
    words = _words(request)
    return PlainTextResponse(words("fault"), 503)
