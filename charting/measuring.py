"""Keeps the metrics of the charting database up to date."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress

from charting.apart import unforeseen
from charting.metrics import Metrics
from charting.store.measures import Measures
from collector.errors import VitalsdError
from collector.logs import Link, logger

PACE_S = 5.0
SIZE_S = 60.0
"""The server looks at each file of the database: tens of milliseconds where it has many."""
HERE_US = 300_000_000
"""A browser tells every minute that it is there."""


class Measuring:
    """areas: those of the department's beds, by bed; backs_up: the configuration asks for backups."""

    def __init__(
        self,
        measures: Measures,
        metrics: Metrics,
        areas: Mapping[str, str],
        now_us: Callable[[], int],
        *,
        backs_up: bool,
    ) -> None:
        self._measures = measures
        self._metrics = metrics
        self._areas = areas
        self._now_us = now_us
        self._backs_up = backs_up
        self._link = Link(logger(), "measures of the database")

    async def run(self, stop: asyncio.Event) -> None:
        """Look every PACE_S until `stop`."""
        looks = 0
        while not stop.is_set():
            await asyncio.to_thread(self.look, size=looks % (SIZE_S // PACE_S) == 0)
            looks += 1
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), PACE_S)

    def look(self, *, size: bool) -> None:
        """While the database does not answer nobody knows what it has now: then there are no numbers."""
        metrics = self._metrics
        try:
            now = self._measures.now(self._now_us() - HERE_US)
            metrics.show_backups(self._measures.runs(), wanted=self._backs_up)
            if size:
                metrics.size.set(self._measures.size_bytes())
        except (VitalsdError, OSError):
            metrics.forget()
        except Exception as error:  # noqa: BLE001  what nobody foresaw in a row must not end the service
            self._link.lost(unforeseen(error))
            metrics.forget()
        else:
            self._link.good()
            metrics.show_database(now.cases, now.occupied, now.clients, self._areas)
