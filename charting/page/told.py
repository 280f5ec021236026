"""What a page tells the bed: which alarms it has drawn, and that a person has seen one.

Neither reaches a device. Both are taken from this page only, and from no other site's.
"""

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from alarms.board import Alarm, Presence, Seen
from alarms.follower import Follower
from alarms.latency import Latency
from charting.page.now import Now
from collector.bell import Bell
from collector.logs import logger
from collector.technical import GATEWAY

MOST_BYTES = 4_096
MOST_NUMBERS = 64
"""Of one event: in half a second no more alarms begin."""
BEDSIDE = "bedside"
"""Who has seen an alarm at this page, which asks nobody's name."""


class Fresh:
    """One open page: which of the alarms that it is sent it has not been sent before."""

    def __init__(self, latency: Latency) -> None:
        self._latency = latency
        self._sent: set[tuple[str, str, int]] | None = None

    def numbers(self, now: Now) -> Sequence[int]:
        """The numbers under which the page tells that it has drawn the devices' alarms that are new to it.

        What stood before the page was opened took no time to it, and a recording's times are not of now.
        """
        replayed = {device.device for device in now.devices if device.port.startswith("replay:")}
        told = {(one.device, one.alarm.source, one.told_us): one for one in now.alarms.standing}
        before, self._sent = self._sent, set(told)
        if before is None:
            return []
        new = [one for key, one in told.items() if key not in before and one.presence is Presence.PRESENT]
        return [self._latency.sent(one.told_us) for one in new if one.device not in {GATEWAY, *replayed}][:MOST_NUMBERS]


class Told:
    """The routes. `seen`: called with an alarm that is marked now."""

    def __init__(
        self,
        alarms: Follower,
        latency: Latency,
        now_us: Callable[[], int],
        bell: Bell,
        seen: Callable[[Alarm], None],
    ) -> None:
        self._alarms = alarms
        self._latency = latency
        self._now_us = now_us
        self._bell = bell
        self._seen = seen
        self._log = logger()

    async def shown(self, request: Request) -> Response:
        """`{"numbers": [1, 2]}`: these have been drawn."""
        now_us = self._now_us()
        body = await _body(request)
        if isinstance(body, Response):
            return body
        numbers = body.get("numbers")
        if not isinstance(numbers, list) or len(numbers) > MOST_NUMBERS or not all(type(n) is int for n in numbers):
            return PlainTextResponse(f'expected {{"numbers": [at most {MOST_NUMBERS} whole numbers]}}', 400)
        self._latency.shown(numbers, now_us)
        return Response(status_code=204)

    async def see(self, request: Request) -> Response:
        """`{"device", "source", "onset", "told"}` of an alarm as it was on the page; 409 where it is no more so."""
        body = await _body(request)
        if isinstance(body, Response):
            return body
        device, source, onset_us, told_us = (body.get(key) for key in ("device", "source", "onset", "told"))
        if not (isinstance(device, str) and isinstance(source, str)) or not (type(onset_us) is type(told_us) is int):
            return PlainTextResponse('expected {"device", "source", "onset" in µs, "told" in µs} of an alarm', 400)
        seen = Seen(by=BEDSIDE, at_us=self._now_us(), told_us=told_us)
        alarm = await asyncio.to_thread(self._alarms.see, device, source, onset_us, seen)
        if alarm is None:
            return PlainTextResponse("the alarm is no longer as it was shown, or is seen", 409)
        self._log.info("an alarm was seen at the bed", device=device, priority=str(alarm.alarm.priority))
        self._seen(alarm)
        self._bell.ring()
        return Response(status_code=204)


async def _body(request: Request) -> dict[str, Any] | Response:
    """The JSON object of a request of our own page, or what is wrong with it."""
    if urlsplit(request.headers.get("origin", "")).netloc != request.headers.get("host"):
        return PlainTextResponse("only this page may tell this", 403)
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        return PlainTextResponse("expected application/json", 415)
    data = bytearray()
    async for part in request.stream():
        data += part
        if len(data) > MOST_BYTES:
            return PlainTextResponse(f"expected at most {MOST_BYTES} bytes", 413)
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        body = None
    return body if isinstance(body, dict) else PlainTextResponse("expected a JSON object", 400)
