"""A department in memory: beds, a person of each role, a clock that a test sets, and its web application."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import structlog
from argon2 import PasswordHasher
from fastapi import FastAPI

from charting.accounts.accounts import Accounts
from charting.accounts.actor import ROLES, Actor
from charting.accounts.passwords import Passwords
from charting.accounts.sessions import SignIn
from charting.accounts.storage import Account, MemoryAccounts
from charting.case.clock import SiteClock
from charting.case.state import Case, cell_item
from charting.charges.config import ChargesSection
from charting.charges.keeping import MemoryCharges
from charting.charges.parts import Charging
from charting.charges.parts import Stands as Billing
from charting.codes.front_page import FrontPages
from charting.codes.mapping import Crosswalk, Crosswalks
from charting.desk import Desk
from charting.exchange import Exchange, in_memory
from charting.faults.config import FaultsSection
from charting.faults.log import FaultLog
from charting.fhir.parts import Fhir
from charting.fill.types import Cause, Cell, CellState, Excursion, Gap, Minute
from charting.fleet.central import MemoryOperations
from charting.fleet.clients import Clients
from charting.fleet.look import FleetWatch
from charting.fleet.sources import JournalFleet
from charting.inspection.keeping import MemoryInspections
from charting.library.library import Libraries, Library
from charting.metrics import Metrics
from charting.outbox.config import Destination
from charting.quality.deriver import Deriver
from charting.quality.keeping import MemoryFacts
from charting.quality.loader import load as catalogue
from charting.results.message import Sender
from charting.sheet import sheet
from charting.templates.loader import Templates
from charting.trail.chain import breaks, link_of
from charting.trail.contents import Patient
from charting.trail.entries import Filled, LibraryLoaded
from charting.trail.trail import MemoryTrail
from charting.watch.advise import Adviser
from charting.watch.watch import Watch
from charting.watch.week import Week
from charting.web.app import app
from charting.web.assets import version
from charting.web.counting import Counting
from charting.web.department import Bed, Department
from charting.web.drawings import Drawings
from charting.web.verifying import Verifying
from charting.workload.ledger import Ledger
from charting.workload.scheme import scheme
from collector.series import SeriesReader
from tests.charting.clock import Clock
from tests.page.data import Store, reading, series

ZONE = "Asia/Shanghai"
NOW_US = 1_795_501_080_000_000
"""2026-11-24T06:18Z, 14:18 in Shanghai."""
MINUTE_US = 60_000_000
STEP_US = 5 * MINUTE_US
PASSWORD = "correct-horse-battery"
BEDS = (
    Bed(id="OR-03", area="or", name="三号手术间"), Bed(id="OR-04", area="or"), Bed(id="PACU-1", area="pacu"),
    Bed(id="ICU-01", area="icu"),
)  # fmt: skip


@cache
def passwords() -> tuple[Passwords, str]:
    """One hash for all accounts of all tests, and a weak one: a good one takes long each time, on purpose."""
    made = Passwords()
    made._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    made._nobody = made.hashed("nobody's")
    return made, made.hashed(PASSWORD)


@cache
def templates() -> Templates:
    return Templates.load()


@cache
def samples() -> tuple[Library, ...]:
    found = Libraries.sample()
    return tuple(library for name in found.names() if (library := found.current(name)) is not None)


@dataclass
class Hospital:
    """`accounts` are called as their roles; a second anaesthetist is `anaesthetist2`."""

    clock: Clock = field(default_factory=lambda: Clock(NOW_US))
    store: Store = field(default_factory=Store)
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    tls: bool = False
    demo: bool = False
    manuals: Path | None = None
    beds: Sequence[Bed] = BEDS
    trail: Any = None
    idle_s: int = 600
    notify: Sequence[str] = ()
    charges: MemoryCharges = field(default_factory=MemoryCharges)
    version: str = field(default_factory=version)

    def __post_init__(self) -> None:
        self.trail = self.trail or MemoryTrail(self.clock.now_us)
        self.templates = templates()
        self.libraries = Libraries()
        for library in samples():
            self.libraries.add(library)
        self.desk = Desk(self.trail, self.templates, self.libraries, self.clock.now_us, ZONE)
        self.people = MemoryAccounts()
        hasher, hashed = passwords()
        for account, role in [*((role, role) for role in ROLES), ("anaesthetist2", "anaesthetist")]:
            name = {"anaesthetist": "王医生", "anaesthetist2": "李医生"}.get(account, account.title())
            self.people.create(Account(account=account, name=name, roles=frozenset({role}), password=hashed))
        accounts = Accounts(self.people, self.trail, hasher)
        sign_in = SignIn(self.people, self.trail, hasher, self.clock.now_us, idle_us=self.idle_s * 1_000_000)
        clock = SiteClock(now_us=self.clock.now_us, zone=ZONE)
        self.facts = MemoryFacts(self.trail)
        deriver = Deriver(self.trail, self.libraries, self.facts)
        beds = [bed.id for bed in self.beds]
        self.metrics = Metrics()
        self.watch = Watch(self.trail, self, beds, self.clock.now_us, structlog.get_logger(), self.metrics)
        self.adviser = Adviser(self.desk, self.trail, self, self.clock.now_us, structlog.get_logger(), self.metrics)
        self.operations = MemoryOperations()
        self.inspections = MemoryInspections()
        self.fleet = FleetWatch(
            JournalFleet(self, beds),
            self.watch,
            self.operations,
            beds,
            self.version,
            "Asia/Shanghai",
            self.clock.now_us,
            structlog.get_logger(),
        )
        self.kept = in_memory(self.clock.now_us)
        self.fhir = Fhir.of(
            self.desk,
            self.people,
            self.kept.clients,
            self.kept.subscriptions,
            self.kept.outbox,
            self.kept.cursors,
            self.clock.now_us,
            charges=self.charges.of_case,
            notify=self.notify,
            demo=self.demo,
        )
        self.charging = Charging(
            Billing(
                section=ChargesSection(),
                desk=self.desk,
                charges=self.kept.charges,
                outbox=self.kept.outbox,
                cursors=self.kept.cursors,
                sender=Sender(
                    application="VITALSD", facility="", authority="", zone=ZONE, place=lambda bed: f"^^{bed}"
                ),
                names=lambda: {a.account: a.name for a in self.people.accounts()},
                metrics=self.metrics,
            ),
            [Destination(name="his", url="mllp://127.0.0.1:1", takes=("charges",))],
        )
        self.crosswalks = Crosswalks.of(None)
        self.exchange = Exchange(
            self.kept,
            self.clock.now_us,
            fhir=self.fhir,
            charging=self.charging,
            front_pages=FrontPages(self.libraries, self.crosswalks, ZONE),
        )
        self.department = Department(
            site="示范医院",
            clock=clock,
            beds=self.beds,
            desk=self.desk,
            trail=self.trail,
            sign_in=sign_in,
            accounts=accounts,
            people=self.people.accounts,
            libraries=self.libraries,
            templates=self.templates,
            reader_of=self.reader_of,
            drawings=Drawings(self.draw),
            pdf=self.pdf,
            load_library=self.load_library,
            load_mapping=self.load_mapping,
            verifying=Verifying(self.verify, self.trail.last, self.stop.is_set),
            counting=Counting(self.facts, catalogue(), self.trail, clock, lambda: deriver.refresh() >= 0),
            ledger=Ledger(self.desk, scheme(), lambda: {a.account: a.name for a in self.people.accounts()}),
            watch=self.watch,
            adviser=self.adviser,
            week=Week(self, beds, self.clock.now_us),
            fleet=self.fleet,
            clients=Clients(self.operations, self.version, self.clock.now_us, structlog.get_logger()),
            inspections=self.inspections,
            exchange=self.exchange,
            faults=FaultLog(self.desk, FaultsSection()),
            version=self.version,
            stop=self.stop,
            tls=self.tls,
            demo=self.demo,
            manuals=self.manuals,
        )
        self.app: FastAPI = app(self.department)

    def reader(self, bed: str) -> SeriesReader:
        """The hospital is its own source of series."""
        return self.reader_of(bed)

    def close(self) -> None: ...

    def reader_of(self, bed: str) -> SeriesReader:
        if bed not in {b.id for b in self.beds}:
            raise KeyError(bed)
        return self.store

    def draw(self, case: Case, document: str, lang: str) -> Sequence[str]:
        found = case.documents[document]
        drawn = sheet.pages(
            case,
            found,
            self.desk.template(found),
            lang=lang,
            zone=ZONE,
            names={a.account: a.name for a in self.people.accounts()},
            now_us=self.clock.now_us(),
            site="示范医院",
        )
        return [page.svg for page in drawn]

    @staticmethod
    def pdf(pages: Sequence[str], *, title: str, lang: str, made_us: int) -> bytes:
        return f"%PDF {len(pages)} {lang} {title} {made_us}".encode()

    def load_library(self, library: Library, _: str, by: Actor) -> None:
        self.libraries.add(library)
        loaded = LibraryLoaded(library=library.name, version=library.version, terms=len(library.codings), digest="")
        self.trail.append(by.account, "", [loaded])

    def load_mapping(self, mapping: Crosswalk, _: str, by: Actor) -> None:
        self.crosswalks.check(mapping)
        self.crosswalks.add(mapping)
        self.trail.append(by.account, "", [LibraryLoaded(library="mapping-", version="", terms=1, digest="")])

    def verify(self, progress: Callable[[int], None]) -> Sequence[str]:
        progress(self.trail.last())
        return list(breaks(link_of(entry) for entry in self.trail.all()))

    def actor(self, account: str) -> Actor:
        found = self.people.account(account)
        assert found is not None
        return Actor(account=found.account, name=found.name, roles=found.roles)

    # A case in theatre

    def opened(self, case: str = "c1", *, bed: str = "OR-03", minutes: int = 60, **more: Any) -> Case:
        """A case that began so many minutes ago."""
        patient = more.pop("patient", Patient(number="20260042", name="张三", sex="male", weight_kg=70.0))
        area = next(b.area for b in self.beds if b.id == bed)
        return self.desk.open(
            self.actor("anaesthetist"),
            bed=bed,
            area=area,
            patient=patient,
            at_us=self.clock.at_us - minutes * MINUTE_US,
            case=case,
            **more,
        )

    def recorded(self, case: str = "c1", document: str = "d1", *, minutes: int = 60, **more: Any) -> Case:
        """With an anaesthesia record, filled until now."""
        self.opened(case, minutes=minutes, **more)
        self.desk.start(self.actor("anaesthetist"), case, template="anaesthesia_record", document=document)
        return self.fill(case, document, minutes)

    def fill(self, case: str, document: str, minutes: int) -> Case:
        """What devices said in the last minutes: heart rate, saturation, cuff pressures; one gap, one held value."""
        now = self.clock.at_us // STEP_US * STEP_US
        marks = range(now - minutes * MINUTE_US // STEP_US * STEP_US, now, STEP_US)
        cells = [cell for mark in marks for cell in self.cells(mark)]
        gap = Gap(
            signal="spo2", start_us=marks[0], end_us=marks[0] + STEP_US, cause=Cause.CABLE, certain=False,
            evidence="silent",
        )  # fmt: skip
        excursion = Excursion(
            signal="hr",
            mark_us=marks[-2],
            start_us=marks[-2],
            end_us=marks[-2] + MINUTE_US,
            extreme=148.0,
            unit="/min",
        )
        self.desk.fill(
            case,
            Filled(
                document=document,
                since_us=marks[0],
                until_us=now,
                cells=tuple(cells),
                gaps=(gap,),
                excursions=(excursion,),
            ),
        )
        return self.desk.case(case)

    def cells(self, mark_us: int, hr: float | None = None) -> list[Cell]:
        step = mark_us // STEP_US
        return [
            cell("hr", mark_us, 70.0 + step % 9 if hr is None else hr, "/min"),
            cell("spo2", mark_us, 97.0 + step % 3, "%"),
            cell("nibp_sys", mark_us, 118.0 + step % 11, "mm[Hg]"),
            cell("nibp_dia", mark_us, 64.0 + step % 7, "mm[Hg]"),
            cell("abp_sys", mark_us, 240.0, "mm[Hg]", state=CellState.HELD, rule="abp.step"),
        ]

    def readings(self, mark_us: int) -> None:
        """Raw readings of the heart rate around a mark."""
        hr = series("MDC_ECG_HEART_RATE", "/min", source="4182")
        self.store.readings += [reading(hr, mark_us - 150_000_000 + n * 1_000_000, 60.0 + n % 5) for n in range(300)]

    @asynccontextmanager
    async def client(self, account: str = "", lang: str = "en") -> AsyncIterator[httpx.AsyncClient]:
        """A browser; signed in as somebody where an account is given."""
        base = "https://records.test" if self.tls else "http://records.test"
        transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=True)
        async with httpx.AsyncClient(transport=transport, base_url=base, headers={"accept-language": lang}) as client:
            if account:
                await sign_in(client, account)
            yield client


async def sign_in(client: httpx.AsyncClient, account: str, password: str = PASSWORD) -> Mapping[str, Any]:
    answer = await client.post("/api/session", json={"account": account, "password": password})
    assert answer.status_code == 201, answer.text
    said: Mapping[str, Any] = answer.json()
    client.headers["x-csrf-token"] = said["csrf"]
    return said


def cell(
    signal: str, mark_us: int, value: float | None, unit: str, *, state: CellState = CellState.CHARTED, rule: str = ""
) -> Cell:
    return Cell(
        signal=signal,
        mark_us=mark_us,
        time_us=mark_us,
        value=value,
        unit=unit,
        state=state,
        rule=rule,
        code="MDC_ECG_HEART_RATE" if signal == "hr" else f"MDC_{signal.upper()}",
        device="monitor",
        source="4182",
        minutes=(Minute(minute_us=mark_us, median=value, n=58),) if value is not None else (),
        filter="charting/1",
    )


def hr_item(clock: Clock, back: int = 1) -> str:
    """The heart rate's cell of the last mark but `back` - 1."""
    return cell_item("hr", clock.at_us // STEP_US * STEP_US - back * STEP_US)
