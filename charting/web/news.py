"""Which cases have changed, told to open pages (Server-Sent Events). The pages fetch what they show themselves."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress

from charting.trail.trail import Trail
from collector.errors import VitalsdError

PACE_S = 0.5
"""The trail is asked so often, for all open pages together."""
ALIVE_S = 2.0
"""A page is sent a sign of life so often: live.js calls the connection lost after 6 s."""
_OPEN = 1000


class News:
    """What has happened to which case, by its last entry. Whoever wrote it, in this process or another, it is seen."""

    def __init__(self, trail: Trail) -> None:
        self._trail = trail
        self._last: dict[str, int] = {}
        self._asked: float = -PACE_S
        self._looking = asyncio.Lock()

    async def of(self, case: str) -> Mapping[str, int]:
        """Case → its last entry: of the case, "": of all open ones. Raises VitalsdError."""
        if case:
            row = await asyncio.to_thread(self._trail.row, case)
            return {} if row is None else {case: row.last}
        async with self._looking:
            now = asyncio.get_running_loop().time()
            if now - self._asked >= PACE_S:
                rows = await asyncio.to_thread(lambda: self._trail.rows(state="open", limit=_OPEN))
                self._last = {row.case: row.last for row in rows}
                self._asked = now
            return self._last


async def stream(
    news: News,
    case: str,
    now_us: Callable[[], int],
    standing: Callable[[], str],
    stop: asyncio.Event,
    alarms: Callable[[], object],
) -> AsyncIterator[str]:
    """Events "changed" {cases}, "alarms" {}, "alive" {now_us} or, while the database does not answer, "fault" {}, at
    the end "locked" or "ended" when the session is.

    `standing`, called in threads: "" while the session may see this, else "locked" or "ended". `alarms`: something else
    whenever what is known of alarms has changed.
    """
    known: Mapping[str, int] | None = None
    alarmed = alarms()
    loop = asyncio.get_running_loop()
    spoken = -ALIVE_S
    while not stop.is_set():
        answers = False
        with suppress(VitalsdError):
            now = await news.of(case)
            answers = True
            changed = sorted(c for c in {*now, *(known or now)} if now.get(c) != (known or now).get(c))
            known = now
            if changed:
                yield _event("changed", {"cases": changed})
        if alarms() != alarmed:
            alarmed = alarms()
            yield _event("alarms", {})
        if loop.time() - spoken >= ALIVE_S:
            spoken = loop.time()
            with suppress(VitalsdError):
                state = await asyncio.to_thread(standing)
                if state:
                    yield _event(state, {})
                    return
            yield _event("alive", {"now_us": now_us()}) if answers else _event("fault", {})
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), PACE_S)


def _event(name: str, data: object) -> str:
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False, separators=(',', ':'))}\n\n"
