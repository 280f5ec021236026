"""Drops from the store what is older than a person wants kept, where the server's edition does not do so by itself."""

import time

import psycopg
from structlog.typing import FilteringBoundLogger

from collector.edition import COMMUNITY
from collector.timescale_store import TimescaleStore, explain

CHECK_EVERY_S = 3600.0
"""How often a daemon asks. The store sees to it that a day's work is done once, by one of them."""


class Retention:
    """Works in slices over a sink's connection, between deliveries. A slice that fails is told and tried later."""

    def __init__(self, store: TimescaleStore, edition: str | None, log: FilteringBoundLogger) -> None:
        self._store = store
        self._log = log
        self._next_s = None if edition == COMMUNITY else time.monotonic()

    def due_s(self) -> float | None:
        """Seconds until it is time to ask; None: never."""
        return None if self._next_s is None else max(0.0, self._next_s - time.monotonic())

    def work(self) -> bool:
        """If it is time, drop a slice; return whether there may be more. Raises where the connection has broken."""
        if self.due_s() != 0.0:
            return False
        try:
            dropped = self._store.drop_old()
        except psycopg.Error as error:
            if self._store.closed:
                raise
            self._log.warning("what is too old cannot be dropped", reason=explain(error))
            dropped = []
        for relation, amount, unit, first, cutoff in dropped:
            self._log.info(
                "dropped what is too old",
                relation=relation,
                amount=amount,
                unit=unit,
                first=first.isoformat(),
                cutoff=cutoff.isoformat(),
            )
        if not dropped:
            self._next_s = time.monotonic() + CHECK_EVERY_S
        return bool(dropped)
