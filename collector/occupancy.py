"""Asks the charting, over a sink's connection and between deliveries, whether a case is open at the bed."""

import time
from collections.abc import Mapping, Sequence

import psycopg
from structlog.typing import FilteringBoundLogger

from collector.logs import Link
from collector.timescale_store import TimescaleStore, explain

ASK_EVERY_S = 15.0
"""A case that has just been opened is known to the updater of the gateway after so long."""


class Occupancy:
    """Of the beds that a gateway speaks for. What cannot be asked is unknown, and delays nothing."""

    def __init__(self, store: TimescaleStore, beds: Sequence[str], log: FilteringBoundLogger) -> None:
        self._store = store
        self._beds = beds
        self._link = Link(log, "charting")
        self._next_s = time.monotonic() if beds else None

    def due_s(self) -> float | None:
        """Seconds until it is time to ask; None: never."""
        return None if self._next_s is None else max(0.0, self._next_s - time.monotonic())

    def work(self) -> Mapping[str, bool] | None:
        """If it is time, the beds of which it is known; else None. Raises where the connection has broken."""
        if self.due_s() != 0.0:
            return None
        self._next_s = time.monotonic() + ASK_EVERY_S
        try:
            known = self._store.occupied(self._beds)
        except psycopg.Error as error:
            if self._store.closed:
                raise
            self._link.lost(explain(error))
            return {}
        self._link.good()
        return known
