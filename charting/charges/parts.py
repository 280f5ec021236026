"""Puts together who charges: what is posted where, if there is somewhere to post it, and what people see of it."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from charting.apart import repeat
from charting.charges.catalogue import Catalogue
from charting.charges.config import ChargesSection
from charting.charges.controlled import Register
from charting.charges.dft import Biller
from charting.charges.keeping import Charges
from charting.charges.lines import Tariff
from charting.charges.poster import NAME, Poster
from charting.charges.reconciling import DAY_US, Reconciling
from charting.desk import Desk
from charting.metrics import Metrics
from charting.outbox.config import Destination
from charting.outbox.following import Cursors, began
from charting.outbox.parcel import Outbox
from charting.quality.periods import Period
from charting.results.message import Sender
from collector.logs import Link, logger

COMPARE_S = 600.0
"""How often record and bill of the last days are compared for the metrics."""

COMPARED_DAYS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Stands:
    """What charging stands on. `names`: account → person's name."""

    section: ChargesSection
    desk: Desk
    charges: Charges
    outbox: Outbox
    cursors: Cursors
    sender: Sender
    names: Callable[[], Mapping[str, str]]
    metrics: Metrics


class Charging:
    def __init__(self, on: Stands, destinations: Sequence[Destination] = ()) -> None:
        """`destinations`: of those that take charges there is at most one; without one nothing is posted."""
        self._on = on
        self.tariff = Tariff(
            catalogue=Catalogue(on.desk.libraries),
            templates=on.desk.templates,
            clock=on.desk.clock,
            config=on.section,
        )
        since = partial(began, on.cursors, NAME)
        self.reconciling = Reconciling(on.desk.trail, on.charges, on.outbox, self.tariff, since)
        self.register = Register(on.desk.trail, on.desk.libraries, on.desk.templates)
        self._link = Link(logger(part="charges"), "the comparing of record and bill")
        self.destination = next((to for to in destinations if "charges" in to.takes), None)
        self.poster = None if self.destination is None else self._poster(self.destination)

    def lives(self, stop: asyncio.Event) -> Sequence[Coroutine[Any, Any, None]]:
        if self.poster is None:
            return []
        return [self.poster.follower.run(stop), self.poster.run(stop), repeat(self.look, COMPARE_S, stop, self._link)]

    def look(self) -> None:
        """What is known of the last days' bills, for the metrics. Raises VitalsdError."""
        now_us = self.tariff.clock.now_us()
        recent = Period(name="", start_us=now_us - COMPARED_DAYS * DAY_US, end_us=now_us + 1)
        found = self.reconciling.of_period(recent).whole
        self._on.metrics.show_charges(self._on.charges.counts(), found.differing, found.unbilled)

    def _poster(self, to: Destination) -> Poster:
        on = self._on
        return Poster(
            on.desk.trail,
            on.charges,
            on.outbox,
            on.cursors,
            self.tariff,
            lambda: Biller(sender=on.sender, to=to, tariff=self.tariff, names=on.names()),
        )
