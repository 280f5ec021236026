"""Follows the audit trail: whoever has to act on what was done is told of each entry, in order, at least once."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from itertools import islice
from typing import Protocol

from charting.apart import repeat
from charting.trail.entries import Entry
from charting.trail.trail import Trail
from collector.logs import Link, logger

LOOK_S = 1.0
AT_ONCE = 200
"""Entries that are told in one go; the cursor is kept after each."""


class Cursors(Protocol):
    """How far each follower has come; None: he has not begun. Calls block."""

    def seq(self, name: str) -> int | None: ...

    def keep(self, name: str, seq: int) -> None: ...


class MemoryCursors:
    def __init__(self) -> None:
        self._kept: dict[str, int] = {}

    def seq(self, name: str) -> int | None:
        return self._kept.get(name)

    def keep(self, name: str, seq: int) -> None:
        self._kept[name] = seq


def began(cursors: Cursors, name: str) -> int:
    """The last entry that the follower of a name is not told, being of before; 0: there is none, or nobody knows."""
    return cursors.seq(f"{name}.began") or 0


class Follower:
    """`act` gets entries of these kinds and is done when it returns; after a kill it may get them again.

    What was done before a follower of this name first looked is not told: it was billed and charted in other ways.
    `every_s`: how often it is asked for news.
    """

    def __init__(
        self,
        name: str,
        trail: Trail,
        cursors: Cursors,
        kinds: Collection[str],
        act: Callable[[Sequence[Entry]], None],
        every_s: float = LOOK_S,
    ) -> None:
        self._name = name
        self._trail = trail
        self._cursors = cursors
        self._kinds = frozenset(kinds)
        self._act = act
        self._every_s = every_s
        self._link = Link(logger(follower=name), "the following of the audit trail")

    def began(self) -> int:
        """See `began`."""
        return began(self._cursors, self._name)

    def look(self) -> bool:
        """Tell what is new; returns whether there may be more. Raises VitalsdError for a database that is away."""
        after, last = self._cursors.seq(self._name), self._trail.last()
        if after is None:
            for name in (f"{self._name}.began", self._name):
                self._cursors.keep(name, last)
            return False
        if after >= last:
            return False
        found = list(islice(self._trail.all(after, self._kinds), AT_ONCE))
        if found:
            self._act(found)
        end = found[-1].seq if len(found) == AT_ONCE else max(last, found[-1].seq if found else 0)
        self._cursors.keep(self._name, end)
        return end < last or len(found) == AT_ONCE

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`. What fails is logged, and tried again."""
        await repeat(self.look, self._every_s, stop, self._link)
