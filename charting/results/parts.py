"""Puts together who tells the hospital of patients: for each destination, what it takes."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from charting.case.state import Case
from charting.codes.front_page import FrontPage
from charting.desk import Desk
from charting.outbox.config import Destination
from charting.outbox.following import LOOK_S, Cursors
from charting.outbox.parcel import Outbox
from charting.results import advisories, charted, coding, papers
from charting.results.advisories import Advising
from charting.results.charted import Charting
from charting.results.coding import Coding
from charting.results.config import ResultsSection
from charting.results.history import Beginnings
from charting.results.message import Sender
from charting.results.papers import Draw, Papers
from charting.results.reporting import Reporting
from charting.results.telling import Compose, Telling
from charting.trail.trail import Trail
from charting.watch.state import Board
from collector.hl7.message import compose
from collector.logs import logger

MINUTE_US = 60_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Stands:
    """What telling stands on. `listen`: to the watch; `place`, `id_type`: as Sender has them; `names`: account → name.

    `failed` counts what could not be told, by what it was.
    """

    section: ResultsSection
    trail: Trail
    desk: Desk
    listen: Callable[[Callable[[Board], None]], None]
    cursors: Cursors
    outbox: Outbox
    now_us: Callable[[], int]
    place: Callable[[str], str]
    id_type: str
    names: Callable[[], Mapping[str, str]]
    draw: Draw
    front_page: Callable[[Case], FrontPage | None]
    failed: Callable[[str], None]


class Told(Protocol):
    """A row of the site's table of places."""

    @property
    def told(self) -> str: ...

    @property
    def bed(self) -> str: ...


def place_of(rows: Sequence[Told], bed: str) -> str:
    """PV1-3 of a bed of ours: as the hospital writes it, in the row that says most; by our own name where none does."""
    told = [row.told for row in rows if row.bed == bed]
    return max(told, key=lambda each: len([part for part in each.split("^") if part]), default=compose("", "", bed))


def _name(what: str, to: Destination) -> str:
    """Of the follower who tells."""
    return f"results.{what}.{to.name}"


class Results:
    def __init__(self, on: Stands, destinations: Sequence[Destination]) -> None:
        self._on = on
        section = on.section
        self.sender = Sender(
            application=section.application,
            facility=section.facility,
            authority=section.authority,
            zone=on.desk.clock.zone,
            place=on.place,
            id_type=on.id_type,
        )
        self.tellings = [telling for to in destinations for telling in self._tellings(to)]
        self.reportings = [self._reporting(to) for to in destinations if "alarms" in to.takes]

    def lives(self, stop: asyncio.Event) -> Sequence[Coroutine[Any, Any, None]]:
        for reporting in self.reportings:
            self._on.listen(reporting.show)
        return [*(each.run(stop) for each in self.tellings), *(each.run(stop) for each in self.reportings)]

    def _tellings(self, to: Destination) -> Iterator[Telling]:
        on, section = self._on, self._on.section
        template, late_us = on.desk.template, section.alarm_min * MINUTE_US
        if "vitals" in to.takes:
            stood = Beginnings(on.trail, on.cursors, _name("vitals", to)).of
            made = Charting(self.sender, to, template, stood).compose
            yield self._telling("vitals", to, charted.KINDS, made, section.interval_s)
        if "alarms" in to.takes:
            made = Advising(self.sender, to, section.lang, late_us).compose
            yield self._telling("advisories", to, advisories.KINDS, made)
        if "documents" in to.takes:
            made = Papers(self.sender, to, template, on.draw, on.names, section.lang, self._is_told).compose
            yield self._telling("documents", to, papers.KINDS, made)
        if "codes" in to.takes:
            made = Coding(self.sender, to, on.front_page, section.lang, self._keys).compose
            yield self._telling("codes", to, coding.KINDS, made)

    def _is_told(self, key: str) -> bool:
        return self._on.outbox.find(key) is not None

    def _keys(self, case: str) -> Iterable[str]:
        return (sent.parcel.key for sent in self._on.outbox.of_case(case))

    def _telling(
        self, what: str, to: Destination, kinds: Sequence[str], compose: Compose, every_s: float = LOOK_S
    ) -> Telling:
        return Telling(
            _name(what, to),
            self._on.trail,
            self._on.cursors,
            self._on.outbox,
            kinds,
            compose,
            failed=lambda: self._on.failed(what),
            log=logger(service="charting"),
            every_s=every_s,
        )

    def _reporting(self, to: Destination) -> Reporting:
        return Reporting(
            self.sender,
            to,
            self._on.outbox,
            self._on.desk.case,
            self._on.now_us,
            self._on.section.alarm_min * MINUTE_US,
            failed=lambda: self._on.failed("alarms"),
            log=logger(service="charting"),
        )
