"""Looks again and again at a view of the hospital's database, and hands on what has changed there.

Rows are asked for again for `again_s` before the newest one seen: what was written in a long transaction comes late. A
row whose time has not come yet says nothing of those that are written until then.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from charting.apart import unforeseen
from charting.inbox.rows import MOST, Row, ViewError
from charting.metrics import Metrics
from charting.outbox.following import Cursors
from collector.errors import VitalsdError
from collector.logs import Link, logger

LONGEST_S = 300.0
"""Between two looks at a view that is away."""
FIRST_US = 7 * 24 * 3600 * 1_000_000
"""At the very first look rows of the last week are asked for: who is there now, and what is planned."""
_NOTE = 500
"""Rows after which it is kept how far they were handed on."""


class Rows(Protocol):
    def rows(self, after_us: int) -> Sequence[Row]:
        """Those that were changed after a time, oldest first. Raises ViewError. Blocks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """How a view fares. `good_us`: when it was read last, None: not since the start. `reason`: why not now."""

    good_us: int | None = None
    reason: str = ""
    rows: int = 0


class ViewSource:
    """`take` keeps a row of the view as a message of `name`, and may get one again that it has. Any thread may ask
    for `looked`.
    """

    def __init__(
        self,
        name: str,
        view: Rows,
        cursors: Cursors,
        take: Callable[[str, bytes], object],
        now_us: Callable[[], int],
        *,
        interval_s: float,
        again_s: float,
        metrics: Metrics | None = None,
    ) -> None:
        self.name = name
        self.looked = Looked()
        self._view = view
        self._cursors = cursors
        self._take = take
        self._now_us = now_us
        self._interval_s = interval_s
        self._again_us = round(again_s * 1e6)
        self._cursor = f"view:{name}"
        self._read = (metrics or Metrics()).view_read.labels(name)
        self._last: frozenset[bytes] = frozenset()
        self._link = Link(logger(source=name), "view of the hospital's database")

    def look(self) -> bool:
        """Hand on what is new; returns whether there is more. Raises ViewError, and VitalsdError where it is not kept:
        the next look begins there.
        """
        now_us = self._now_us()
        seen_us = min(now_us, self._cursors.seq(self._cursor) or now_us - FIRST_US)
        rows = self._view.rows(seen_us - self._again_us)
        more = len(rows) >= MOST
        if more and rows[-1].at_us <= seen_us:
            raise ViewError(f"{MOST} rows have not {self._again_us / 1e6:g} s between them: again_s is too long")
        for n, row in enumerate(rows, 1):
            if row.body not in self._last:
                self._take(self.name, row.body)
            if n % _NOTE == 0 or n == len(rows):
                self._cursors.keep(self._cursor, max(seen_us, min(now_us, row.at_us)))
        self._last = frozenset(row.body for row in rows)
        self.looked = Looked(good_us=now_us, rows=self.looked.rows + len(rows))
        self._read.set(now_us / 1e6)
        return more

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`; a view that is away is asked ever more seldom."""
        wait_s = self._interval_s
        while not stop.is_set():
            more = False
            try:
                more = await asyncio.to_thread(self.look)
            except Exception as error:  # noqa: BLE001  what nobody foresaw must not end the service
                why = str(error) if isinstance(error, VitalsdError) else unforeseen(error)
                self._link.lost(why)
                self.looked = Looked(good_us=self.looked.good_us, reason=why, rows=self.looked.rows)
                wait_s = min(wait_s * 2, LONGEST_S)
            else:
                self._link.good()
                wait_s = self._interval_s
            if not more:
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), wait_s)
