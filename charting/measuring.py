"""Keeps the metrics of the charting database up to date."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress

from charting.metrics import Metrics
from charting.store.measures import Measures
from collector.errors import VitalsdError

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

    async def run(self, stop: asyncio.Event) -> None:
        """Look every PACE_S until `stop`."""
        looks = 0
        while not stop.is_set():
            await asyncio.to_thread(self.look, size=looks % (SIZE_S // PACE_S) == 0)
            looks += 1
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), PACE_S)

    def look(self, *, size: bool) -> None:
        """While the database does not answer nobody knows what it has: then there are no numbers."""
        metrics = self._metrics
        try:
            now = self._measures.now(self._now_us() - HERE_US)
            if size:
                metrics.size.set(self._measures.size_bytes())
                metrics.show_backups(self._measures.runs(), wanted=self._backs_up)
        except (VitalsdError, OSError):
            metrics.reachable.set(0)
            for told in (metrics.size, metrics.cases, metrics.case_open, metrics.clients):
                told.clear()
            return
        metrics.reachable.set(1)
        metrics.cases.values = {(area,): now.cases.get(area, 0) for area in {*self._areas.values(), *now.cases}}
        metrics.case_open.values = {(bed,): bed in now.occupied for bed in self._areas}
        metrics.clients.values = {(version,): count for version, count in now.clients.items()}
