"""Which cases have changed, told to open pages (Server-Sent Events). The pages fetch what they show themselves."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from charting.trail.trail import Trail
from collector.errors import VitalsdError

PACE_S = 0.5
"""The trail is asked so often, for all open pages together."""
ALIVE_S = 2.0
"""A page is sent a sign of life so often: live.js calls the connection lost after 6 s."""
_OPEN = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Tidings:
    """`last`: case → its last entry; `busy`: the case that was asked for is open."""

    last: Mapping[str, int] = field(default_factory=dict)
    busy: bool = False


class News:
    """What has happened to which case, by its last entry. Whoever wrote it, in this process or another, it is seen."""

    def __init__(self, trail: Trail) -> None:
        self._trail = trail
        self._last: dict[str, int] = {}
        self._asked: float = -PACE_S
        self._looking = asyncio.Lock()

    async def of(self, case: str) -> Tidings:
        """Of the case, "": of all open ones. Raises VitalsdError."""
        if case:
            row = await asyncio.to_thread(self._trail.row, case)
            return Tidings() if row is None else Tidings(last={case: row.last}, busy=row.state == "open")
        async with self._looking:
            now = asyncio.get_running_loop().time()
            if now - self._asked >= PACE_S:
                rows = await asyncio.to_thread(lambda: self._trail.rows(state="open", limit=_OPEN))
                self._last = {row.case: row.last for row in rows}
                self._asked = now
            return Tidings(last=self._last)

    async def of_none(self, case: str) -> Tidings:
        """For who may know of no case: only that the database answers. Raises VitalsdError."""
        del case
        await self.of("")
        return Tidings()


async def stream(
    news: Callable[[], Awaitable[Tidings]],
    version: str,
    now_us: Callable[[], int],
    standing: Callable[[], str],
    stop: asyncio.Event,
    watched: Mapping[str, Callable[[], object]],
) -> AsyncIterator[str]:
    """Events "changed" {cases}, those of `watched` {}, "alive" {now_us, version, busy} or, while the database does not
    answer, "fault" {}, at the end "locked" or "ended" when the session is.

    `version`: of the pages that this service sends. `standing`, called in threads: "" while the session may see this,
    else "locked" or "ended". `watched`: event → something else whenever what it is about has changed.
    """
    known: Mapping[str, int] | None = None
    seen = {name: look() for name, look in watched.items()}
    loop = asyncio.get_running_loop()
    spoken = -ALIVE_S
    while not stop.is_set():
        told = None
        with suppress(VitalsdError):
            told = await news()
            last, before = told.last, known or told.last
            changed = sorted(case for case in {*last, *before} if last.get(case) != before.get(case))
            known = last
            if changed:
                yield _event("changed", {"cases": changed})
        for name, look in watched.items():
            if look() != seen[name]:
                seen[name] = look()
                yield _event(name, {})
        if loop.time() - spoken >= ALIVE_S:
            spoken = loop.time()
            with suppress(VitalsdError):
                state = await asyncio.to_thread(standing)
                if state:
                    yield _event(state, {})
                    return
            alive = {"now_us": now_us(), "version": version, "busy": told is not None and told.busy}
            yield _event("alive", alive) if told is not None else _event("fault", {})
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), PACE_S)


def _event(name: str, data: object) -> str:
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False, separators=(',', ':'))}\n\n"
