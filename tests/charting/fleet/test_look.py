"""The look at the fleet: for all beds at once, and none of them stops it."""

from collections.abc import Mapping

import pytest
import structlog

from charting.desk import Desk
from charting.filler.sources import SourceError
from charting.fleet import look as look_module
from charting.fleet.central import MemoryOperations
from charting.fleet.judge import judged
from charting.fleet.look import FleetWatch
from charting.fleet.state import BedState, Heard, Level
from charting.trail.trail import MemoryTrail
from charting.watch.watch import Watch
from collector.errors import VitalsdError
from collector.fleet import BedTold, Server
from collector.series import SeriesReader
from tests.charting.clock import Clock
from tests.charting.desk.scenes import ANN, PATIENT, desk_on
from tests.charting.fleet.gateways import VERSION, Gateway, heard_again
from tests.charting.fleet.test_judge import Fleet
from tests.page.data import NOW_US, Store

SERVER = Server(version="17.2", timescaledb="2.19.3", edition="apache", size_bytes=48 << 30)


class Sources:
    """A server that knows a bed beside the configured ones. `broken`: it does not answer; `lost`: such beds."""

    def __init__(self) -> None:
        self.store = Store()
        self.fleet = Fleet()
        self.fleet.store = self.store
        self.broken, self.lost = "", set[str]()

    def told(self) -> Mapping[str, BedTold | None]:
        if self.broken:
            raise SourceError(self.broken)
        beds = {reading.series.bed for reading in self.store.readings} | {"OR-01", "OR-02"}
        return {bed: None if bed in self.lost else self.fleet.told(bed) for bed in sorted(beds)}

    def series(self, _: str) -> SeriesReader:
        return self.store

    def reader(self, bed: str) -> SeriesReader | None:
        return self.store if bed != "ICU-99" else None

    def server(self) -> Server:
        if self.broken:
            raise SourceError(self.broken)
        return SERVER

    def close(self) -> None: ...


class Department:
    def __init__(self) -> None:
        self.clock = Clock(NOW_US)
        self.sources = Sources()
        self.operations = MemoryOperations()
        self.trail = MemoryTrail(self.clock.now_us)
        self.desk: Desk = desk_on(self.trail, self.clock)
        beds = ["OR-01", "OR-02"]
        log = structlog.get_logger()
        self.watch = Watch(self.trail, self.sources, beds, self.clock.now_us, log)
        self.fleet = FleetWatch(
            self.sources, self.watch, self.operations, beds, f"{VERSION}+1", "Asia/Shanghai", self.clock.now_us, log
        )
        for bed in ("OR-01", "OR-02", "ICU-99"):
            gateway = Gateway(self.sources.store, bed, NOW_US)
            gateway.values()
            gateway.report(20)

    def look(self, seconds: float = 5.0) -> None:
        self.clock.go(seconds)
        heard_again(self.sources.store, self.clock.at_us)
        self.watch.look()
        self.fleet.look()

    def beds(self) -> Mapping[str, BedState]:
        return {bed.bed: bed for bed in self.fleet.state().beds}


@pytest.fixture
def department() -> Department:
    made = Department()
    made.look()
    made.look()
    return made


def test_every_bed_is_there_that_is_configured_or_that_the_store_knows(department: Department) -> None:
    beds = department.beds()
    assert {bed: (b.configured, b.heard) for bed, b in beds.items()} == {
        "OR-01": (True, Heard.HEARD), "OR-02": (True, Heard.HEARD), "ICU-99": (False, Heard.HEARD),
    }  # fmt: skip
    assert list(beds) == ["ICU-99", "OR-01", "OR-02"]  # it delivers, and nobody has configured it


def test_where_a_case_is_open_is_known_and_nothing_else_of_it(department: Department) -> None:
    department.desk.open(ANN, bed="OR-02", area="or", patient=PATIENT, case="c1")
    department.look()
    assert {bed: b.used for bed, b in department.beds().items()} == {"OR-01": False, "OR-02": True, "ICU-99": False}
    said = repr(department.fleet.state())
    assert all(each not in said for each in ("c1", PATIENT.name, PATIENT.number) if each)


def test_a_bed_that_cannot_be_read_is_told_apart_and_stops_nothing(department: Department) -> None:
    department.sources.lost = {"OR-01"}
    department.look()
    beds = department.beds()
    assert (beds["OR-01"].heard, beds["OR-02"].heard) == (Heard.UNREAD, Heard.HEARD)
    assert beds["OR-01"].gateway.version == VERSION
    department.sources.lost = set()
    department.look()
    assert department.beds()["OR-01"].heard is Heard.HEARD


def test_a_bed_that_nobody_foresaw_stops_nothing(department: Department, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(told: BedTold, *args: object, **more: object) -> BedState:
        if {reading.series.bed for reading in told.own} == {"OR-01"}:
            raise ZeroDivisionError
        return judged(told, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(look_module, "judged", failing)
    department.look()
    beds = department.beds()
    assert (beds["OR-01"].heard, beds["OR-01"].level) == (Heard.UNREAD, Level.WARN)
    assert beds["OR-02"].heard is Heard.HEARD


def test_a_server_that_does_not_answer_leaves_what_was_known_as_unread(department: Department) -> None:
    assert department.fleet.state().central.server == SERVER
    department.sources.broken = "the series store: connection refused"
    department.look(61)
    fleet = department.fleet.state()
    assert {bed.heard for bed in fleet.beds} == {Heard.UNREAD}
    assert {bed.gateway.version for bed in fleet.beds} == {VERSION}
    assert (fleet.central.server, fleet.central.unreached) == (None, department.sources.broken)


def test_a_charting_database_that_does_not_answer_is_said(
    department: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise VitalsdError("gone")

    monkeypatch.setattr(department.operations, "runs", fail)
    for _ in range(7):
        department.look(10)
    fleet = department.fleet.state()
    assert (fleet.central.kept, fleet.central.server) == (False, SERVER)
    assert department.beds()["OR-01"].heard is Heard.HEARD


def test_what_was_looked_at_long_ago_is_not_of_now(department: Department) -> None:
    assert not department.fleet.state().halted
    department.clock.go(31)
    assert department.fleet.state().halted


def test_pages_hear_of_what_has_changed_and_of_nothing_else(department: Department) -> None:
    before = department.fleet.changes
    department.fleet.look()
    assert department.fleet.changes == before
    department.look()
    assert department.fleet.changes == before + 1
