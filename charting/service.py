"""The charting service: puts the parts together, and takes them apart in order."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from functools import partial
from typing import Any, Self

from charting.accounts.accounts import Accounts
from charting.accounts.passwords import Passwords
from charting.accounts.sessions import SignIn
from charting.accounts.storage import AccountStore
from charting.case.clock import SiteClock
from charting.case.state import Case
from charting.cds.support import DecisionSupport
from charting.charges.parts import Charging
from charting.charges.parts import Stands as Billing
from charting.codes.front_page import FrontPages
from charting.config import ChartingConfig
from charting.desk import Desk
from charting.exchange import Exchange
from charting.faults.log import FaultLog
from charting.faults.reporting import Reporting
from charting.fhir.parts import Fhir
from charting.filler.filler import Filler
from charting.filler.sources import Sources, sources
from charting.fleet.clients import Clients
from charting.fleet.look import FleetWatch
from charting.fleet.sources import fleet_sources
from charting.inbox.incoming import Incoming
from charting.library.library import Libraries
from charting.loading import Loading, crosswalks_of, libraries_of
from charting.measuring import Measuring
from charting.metrics import Metrics
from charting.page.exposition import metrics_app
from charting.page.server import Tls, serve
from charting.pdf import pdf
from charting.quality.deriver import Deriver
from charting.quality.loader import load as load_catalogue
from charting.results.parts import Results, Stands, place_of
from charting.sheet.sheet import pages
from charting.sheet.symbols import symbols
from charting.store.accounts import DatabaseAccounts
from charting.store.audit import check
from charting.store.charges import DatabaseCharges
from charting.store.database import Database
from charting.store.exchange import in_database
from charting.store.facts import DatabaseFacts
from charting.store.inspections import DatabaseInspections
from charting.store.measures import Measures
from charting.store.migrate import migrate, open_database
from charting.store.operations import DatabaseOperations
from charting.store.trail import DatabaseTrail
from charting.templates.loader import Templates
from charting.watch.advise import Adviser
from charting.watch.messages import of_board
from charting.watch.state import Board
from charting.watch.watch import Watch
from charting.watch.week import Week
from charting.web.app import app
from charting.web.assets import version
from charting.web.counting import Counting
from charting.web.department import Bed, Department
from charting.web.drawings import Drawings
from charting.web.manual_pages import INSTALLED
from charting.web.timing import Timing
from charting.web.verifying import Verifying
from charting.workload.ledger import Ledger
from charting.workload.scheme import scheme
from collector.certificates import expiries
from collector.clock import MachineClock
from collector.dsn import sqlite_file
from collector.errors import UsageError
from collector.logs import logger
from collector.notify import notify, watchdog_s
from collector.series import SeriesReader

MICROSECONDS = 1_000_000
CLOCK_S = 1.0
"""How often the machine's clock is asked whether it was set."""


async def run_charting(
    config: ChartingConfig, stop: asyncio.Event, *, ready: Callable[["Service"], Awaitable[None]] | None = None
) -> None:
    """Run until `stop`. Raises UsageError for a database, an address or a library that cannot be had.

    An embedded database is made and brought up to date; a server's is not changed: `vitalsd migrate` does that.
    """
    service = await asyncio.to_thread(Service.of, config)
    try:
        await service.run(stop, ready)
    except* UsageError as group:
        reasons = [reason for error in group.exceptions if isinstance(error, UsageError) for reason in error.reasons]
        raise UsageError(*reasons) from None
    finally:
        await asyncio.to_thread(service.close)


class Service:
    """The parts of a running service."""

    def __init__(self, config: ChartingConfig, database: Database, libraries: Libraries) -> None:
        charting = config.charting
        self.config = config
        self._database = database
        self._libraries = libraries
        self._clock = MachineClock()
        self._log = logger(service="charting")
        self.trail = DatabaseTrail(database, self._clock.utc_us)
        self.templates = Templates.load()
        self.desk = Desk(self.trail, self.templates, libraries, self._clock.utc_us, charting.zone)
        self._people: AccountStore = DatabaseAccounts(database)
        passwords = Passwords()
        self.accounts = Accounts(self._people, self.trail, passwords)
        self._sign_in = SignIn(
            self._people,
            self.trail,
            passwords,
            self._clock.utc_us,
            idle_us=charting.idle_minutes * 60 * MICROSECONDS,
            theatre_idle_us=charting.theatre_idle_minutes * 60 * MICROSECONDS,
        )
        keeper = DatabaseFacts(database)
        self._deriver = Deriver(self.trail, libraries, keeper)
        self._counting = Counting(
            keeper,
            load_catalogue(config.quality.catalogue),
            self.trail,
            SiteClock(now_us=self._clock.utc_us, zone=charting.zone),
            self._deriver.step,
        )
        self._ledger = Ledger(self.desk, scheme(config.workload.scheme), self._names)
        self._faults = FaultLog(self.desk, config.faults)
        self._of_filler, self._of_web, self._of_watch = (sources(config) for _ in range(3))
        self.filler = Filler(
            self.desk, self.trail, self.templates, self._of_filler, self._clock.utc_us, charting.zone, self._log
        )
        self.metrics = Metrics()
        kept = in_database(database, self._clock.utc_us)
        crosswalks = crosswalks_of(charting.libraries)
        self.loading = Loading(charting.libraries, self.trail, libraries, crosswalks)
        front_pages = FrontPages(libraries, crosswalks, charting.zone)
        results = Results(
            Stands(
                section=config.results,
                trail=self.trail,
                desk=self.desk,
                listen=lambda tell: self.watch.listen(tell),  # noqa: PLW0108  it is made below
                cursors=kept.cursors,
                outbox=kept.outbox,
                now_us=self._clock.utc_us,
                place=partial(place_of, config.inbox.place),
                id_type=config.inbox.id_type,
                names=self._names,
                draw=self._paper,
                front_page=front_pages.of,
                failed=lambda what: self.metrics.untold.labels(what).inc(),
            ),
            config.destination,
        )
        self.exchange = Exchange(
            kept,
            self._clock.utc_us,
            destinations=config.destination,
            incoming=Incoming(
                config.inbox,
                kept.messages,
                kept.cursors,
                self.desk,
                {bed.id: bed.kind for bed in charting.beds},
                metrics=self.metrics,
            ),
            cds=DecisionSupport(
                config.cds,
                self.desk,
                self._of_filler,
                lambda: self.watch.board(),  # noqa: PLW0108  it is made below
                kept.outbox,
                kept.cursors,
                [each.name for each in config.destination if "advice" in each.takes],
                self._clock.utc_us,
                self.metrics,
            ),
            results=results,
            front_pages=front_pages,
            charging=Charging(
                Billing(
                    section=config.charges,
                    desk=self.desk,
                    charges=kept.charges,
                    outbox=kept.outbox,
                    cursors=kept.cursors,
                    sender=results.sender,
                    names=self._names,
                    metrics=self.metrics,
                ),
                config.destination,
            ),
            fhir=Fhir.of(
                self.desk,
                self._people,
                kept.clients,
                kept.subscriptions,
                kept.outbox,
                kept.cursors,
                self._clock.utc_us,
                charges=DatabaseCharges(database).of_case,
                notify=config.fhir.notify,
                demo=charting.demo,
            ),
            metrics=self.metrics,
        )
        beds = [bed.id for bed in charting.beds]
        self.adviser = Adviser(self.desk, self.trail, self._of_filler, self._clock.utc_us, self._log, self.metrics)
        self.watch = Watch(self.trail, self._of_watch, beds, self._clock.utc_us, self._log, self.metrics)
        self._week = Week(self._of_web, beds, self._clock.utc_us)
        self._of_fleet, operations = fleet_sources(config), DatabaseOperations(database)
        self._clients = Clients(operations, version(), self._clock.utc_us, self._log)
        self.fleet = FleetWatch(
            self._of_fleet,
            self.watch,
            operations,
            beds,
            version(),
            charting.zone,
            self._clock.utc_us,
            self._log,
            metrics=self.metrics,
            file=database.file,
        )

    @classmethod
    def of(cls, config: ChartingConfig) -> Self:
        """Opens the database. Raises UsageError."""
        charting = config.charting
        dsn = charting.full_database
        embedded = sqlite_file(dsn) is not None
        if embedded:
            migrate(dsn)
        libraries = libraries_of(charting.libraries)
        if config.symbols is not None:
            symbols(config.symbols.file)
        return cls(config, open_database(dsn, make=embedded), libraries)

    async def run(self, stop: asyncio.Event, ready: Callable[["Service"], Awaitable[None]] | None) -> None:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(life) for life in self._lives(stop)]
            await asyncio.wait(tasks, timeout=0)  # it has begun to listen; what cannot has ended the group
            ending = [group.create_task(life) for life in self._ending(stop)]
            if ready is not None:
                await ready(self)
            notify("READY=1")
            self._log.info("running", beds=len(self.config.charting.beds))
            await stop.wait()
            notify("STOPPING=1")
            await asyncio.gather(*ending)
            for task in tasks[1:]:
                task.cancel()

    def close(self) -> None:
        for each in (self._of_filler, self._of_web, self._of_watch, self._of_fleet):
            each.close()
        self._database.close()

    def _lives(self, stop: asyncio.Event) -> Sequence[Coroutine[Any, Any, None]]:
        tls = self.config.tls
        web = Timing(app(self._department(stop)), metrics=self.metrics)
        listening = serve(
            web, *self.config.charting.address, stop, Tls(cert=tls.cert, key=tls.key) if tls is not None else None
        )
        interval_s = watchdog_s()
        return [listening, self._follow_clock(), *([_keep_alive(interval_s)] if interval_s else [])]

    def _ending(self, stop: asyncio.Event) -> Sequence[Coroutine[Any, Any, None]]:
        """What ends by itself at `stop`, with what it is doing."""
        lives = [self.filler.run(stop), self.watch.run(stop), self.adviser.run(stop), self._deriver.run(stop)]
        lives.append(self.fleet.run(stop))
        lives.append(Reporting(self._faults, self.fleet.state, self._clock.utc_us, self._log).run(stop))
        lives += self.exchange.lives(stop)
        if self.config.metrics is not None:
            self.metrics.show_certificates(expiries(self.config.certificates))
            areas = {bed.id: bed.kind for bed in self.config.charting.beds}
            lives += [
                Measuring(
                    Measures(self._database),
                    self.metrics,
                    areas,
                    self._clock.utc_us,
                    backs_up=self.config.backup is not None,
                ).run(stop),
                serve(metrics_app(self.metrics.text), *self.config.metrics.address, stop),
            ]
        if self.config.mqtt is not None:
            from charting.watch.publisher import Publisher  # noqa: PLC0415  megabytes for those who have a broker

            publisher = Publisher(self.config.mqtt.broker, self._clock.utc_us)

            def publish(board: Board) -> None:
                publisher.show(of_board(publisher.prefix, board, self.adviser.standing))
                self.metrics.mqtt_connected.set(publisher.connected)

            self.watch.listen(publish)
            lives.append(publisher.run(stop))
        return lives

    async def _follow_clock(self) -> None:
        """Our time is the machine's, also after it was set; the trail's own never goes back."""
        while True:
            step = self._clock.step()
            if step is not None:
                self._log.warning("the clock was set", by_s=round(step.size_us / 1e6, 3))
            await asyncio.sleep(CLOCK_S)

    def _department(self, stop: asyncio.Event) -> Department:
        charting = self.config.charting
        return Department(
            site=charting.site,
            clock=SiteClock(now_us=self._clock.utc_us, zone=charting.zone),
            beds=[Bed(id=bed.id, area=bed.kind, name=bed.name) for bed in charting.beds],
            desk=self.desk,
            trail=self.trail,
            sign_in=self._sign_in,
            accounts=self.accounts,
            people=self._people.accounts,
            libraries=self._libraries,
            templates=self.templates,
            reader_of=lambda bed: _reader(self._of_web, bed),
            drawings=Drawings(self._draw),
            pdf=pdf,
            load_library=self.loading.library,
            load_mapping=self.loading.mapping,
            keeps_libraries=charting.libraries is not None,
            verifying=Verifying(
                lambda progress: check(self._database, progress=progress).faults, self.trail.last, stop.is_set
            ),
            counting=self._counting,
            ledger=self._ledger,
            watch=self.watch,
            adviser=self.adviser,
            week=self._week,
            fleet=self.fleet,
            clients=self._clients,
            inspections=DatabaseInspections(self._database),
            exchange=self.exchange,
            faults=self._faults,
            version=version(),
            stop=stop,
            tls=self.config.tls is not None,
            demo=charting.demo,
            manuals=INSTALLED if INSTALLED.is_dir() else None,
            settle=self.filler.settle,
        )

    def _draw(self, case: Case, document: str, lang: str) -> Sequence[str]:
        charting, found = self.config.charting, case.documents[document]
        drawn = pages(
            case,
            found,
            self.desk.template(found),
            lang=lang,
            zone=charting.zone,
            names=self._names(),
            now_us=self._clock.utc_us(),
            site=charting.site,
            marks=symbols(self.config.symbols.file) if self.config.symbols is not None else None,
            day_hour=charting.day_hour,
            libraries=self._libraries,
        )
        return [page.svg for page in drawn]

    def _paper(self, case: Case, document: str, lang: str, made_us: int) -> bytes:
        title = self.desk.template(case.documents[document]).title(lang)
        return pdf(self._draw(case, document, lang), title=title, lang=lang, made_us=made_us)

    def _names(self) -> Mapping[str, str]:
        """Account → person's name."""
        return {account.account: account.name for account in self._people.accounts()}


def _reader(of: Sources, bed: str) -> SeriesReader:
    """Raises KeyError for a bed that nobody has named."""
    reader = of.reader(bed)
    if reader is None:
        raise KeyError(bed)
    return reader


async def _keep_alive(interval_s: float) -> None:
    while True:
        notify("WATCHDOG=1")
        await asyncio.sleep(interval_s)
