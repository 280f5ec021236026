"""What the web stands on: made by the service, by tests, and looked at by every route."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from charting.accounts.accounts import Accounts
from charting.accounts.actor import Actor
from charting.accounts.sessions import SignIn
from charting.accounts.storage import Account
from charting.case.clock import SiteClock
from charting.codes.mapping import Crosswalk
from charting.desk import Desk
from charting.exchange import Exchange
from charting.faults.log import FaultLog
from charting.fleet.clients import Clients
from charting.fleet.look import FleetWatch
from charting.inspection.keeping import Inspections
from charting.library.library import Libraries, Library
from charting.templates.loader import Templates
from charting.trail.trail import Trail
from charting.watch.advise import Adviser
from charting.watch.watch import Watch
from charting.watch.week import Week
from charting.web.counting import Counting
from charting.web.drawings import Drawings
from charting.web.verifying import Verifying
from charting.workload.ledger import Ledger
from collector.errors import VitalsdError
from collector.series import SeriesReader


@dataclass(frozen=True, slots=True, kw_only=True)
class Bed:
    """A bed of the department. `area`: or, pacu, icu, ward, offsite. `name`: what people call it, where it has one."""

    id: str
    area: str
    name: str = ""


class Pdf(Protocol):
    """Pages as a PDF. Raises UsageError where this machine cannot make one."""

    def __call__(self, pages: Sequence[str], *, title: str, lang: str, made_us: int) -> bytes: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Department:
    """`people`: all accounts. `reader_of`: a bed's series; called in threads. `load_library` (what, its text, by whom)
    keeps a library and makes it current, in the audit trail; so does `load_mapping`. `version`: of the pages.
    `stop` ends open event streams. `tls`: reached by https.
    """

    site: str
    clock: SiteClock
    beds: Sequence[Bed]
    desk: Desk
    trail: Trail
    sign_in: SignIn
    accounts: Accounts
    people: Callable[[], Sequence[Account]]
    libraries: Libraries
    templates: Templates
    reader_of: Callable[[str], SeriesReader]
    drawings: Drawings
    pdf: Pdf
    load_library: Callable[[Library, str, Actor], None]
    load_mapping: Callable[[Crosswalk, str, Actor], None]
    verifying: Verifying
    counting: Counting
    ledger: Ledger
    watch: Watch
    adviser: Adviser
    week: Week
    fleet: FleetWatch
    clients: Clients
    inspections: Inspections
    exchange: Exchange
    faults: FaultLog
    version: str
    stop: asyncio.Event
    keeps_libraries: bool = True
    """Whether the site has said where libraries that are loaded are to be kept."""
    tls: bool = False
    demo: bool = False
    manuals: Path | None = None
    """Where the manuals are, where there are any."""
    settle: Callable[[str], None] = lambda _: None
    """Fills a case with what its devices have said until now."""

    def last_us(self, bed: str) -> int | None:
        """Time of the newest reading at a bed; None: there is none, or they cannot be read now."""
        try:
            latest = self.reader_of(bed).latest(bed)
        except (KeyError, VitalsdError):
            return None
        return max((reading.time_us for reading in latest), default=None)
