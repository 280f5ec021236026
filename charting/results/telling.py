"""Tells one destination what was done to cases: each entry of the audit trail becomes the same parcels, however often.

From when on a destination is told: as it is first configured. What a crash has left untold is told when the service is
back, what was told already is known to the outbox by its key.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial

import structlog

from charting.apart import Apart
from charting.case.state import Case
from charting.outbox.following import LOOK_S, Cursors, Follower
from charting.outbox.parcel import Outbox, Parcel
from charting.results.history import History
from charting.trail.entries import Entry
from charting.trail.trail import Trail

Compose = Callable[[Entry, Case | None, Case], Iterable[Parcel]]
"""What an entry is to others, from the case before it and after it. Raises nothing but VitalsdError on purpose."""


class Telling(Follower):
    """`failed` counts an entry that could not be told: it is logged, and the next one is told."""

    def __init__(
        self,
        name: str,
        trail: Trail,
        cursors: Cursors,
        outbox: Outbox,
        kinds: Collection[str],
        compose: Compose,
        *,
        failed: Callable[[], None],
        log: structlog.typing.FilteringBoundLogger,
        every_s: float = LOOK_S,
    ) -> None:
        super().__init__(name, trail, cursors, kinds, self._tell, every_s)
        self._outbox = outbox
        self._compose = compose
        self._failed = failed
        self._history = History(trail)
        self._apart = Apart(log.bind(follower=name), "an entry could not be told to others")

    def _tell(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            if not entry.case:
                continue
            parcels = self._apart.trying(entry.case, partial(self._made, entry))
            if parcels is None:
                self._failed()
            elif parcels:
                self._outbox.put(parcels)
        self._apart.looked()

    def _made(self, entry: Entry) -> Sequence[Parcel]:
        return list(self._compose(entry, *self._history.around(entry)))
