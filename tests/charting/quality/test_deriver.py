"""Facts follow the cases."""

import asyncio
from collections.abc import Iterable, Sequence

import pytest
import structlog

from charting.case.state import Case
from charting.library.library import Libraries
from charting.quality.derive.derive import facts
from charting.quality.deriver import Deriver
from charting.quality.facts import Facts
from charting.quality.keeping import MemoryFacts
from charting.store.database import StoreError
from charting.trail.contents import Event
from charting.trail.entries import Entry
from charting.trail.trail import MemoryTrail
from tests.charting.clock import Clock
from tests.charting.desk.scenes import ANN, HAL, LIBRARIES, PATIENT, desk_on
from tests.journal.entries import T0_US


class Department:
    def __init__(self) -> None:
        self.clock = Clock()
        self.trail = MemoryTrail(self.clock.now_us)
        self.desk = desk_on(self.trail, self.clock)
        self.facts = MemoryFacts(self.trail)
        self.deriver = Deriver(self.trail, LIBRARIES, self.facts)

    def open(self, n: int, **opened: bool) -> str:
        self.clock.go(60)
        return self.desk.open(ANN, bed=f"OR-{n}", area="or", patient=PATIENT, case=f"c{n}", **opened).id

    def begin(self, case: str) -> None:
        self.desk.set(ANN, case, item="start", after=0, content=Event(key="t_anes_start", at_us=T0_US + 60_000_000))


@pytest.fixture
def department() -> Department:
    return Department()


def test_what_has_changed_is_derived_and_nothing_else(department: Department) -> None:
    first, second = department.open(1), department.open(2)
    assert department.deriver.refresh() == 2
    assert department.deriver.refresh() == 0
    department.begin(second)
    before = department.facts.of(first)
    assert department.deriver.refresh() == 1
    found = department.facts.of(second)
    assert found is not None
    assert (found.performed, found.last) == (True, department.desk.case(second).last)
    assert department.facts.of(first) is before


def test_void_and_test_cases_count_nowhere_and_are_looked_at_once(department: Department) -> None:
    kept, void = department.open(1), department.open(2)
    department.open(3, is_test=True)
    department.deriver.refresh()
    department.desk.discard(HAL, void, reason="opened by mistake")
    assert department.deriver.refresh() == 1
    assert [f.case for f in department.facts.between(0, T0_US * 2)] == [kept]
    assert department.deriver.refresh() == 0


def test_it_stops_where_it_is_told_and_tells_how_far_it_is(department: Department) -> None:
    cases = [department.open(n) for n in range(5)]
    told: list[int] = []
    assert department.deriver.refresh(3, told.append) == 3
    assert [case for case in cases if department.facts.of(case)] == cases[:3]
    assert department.deriver.refresh(3, told.append) == 2
    assert told == [3, 2]


def test_a_case_that_nobody_foresaw_stays_indeterminate_and_stops_no_other(
    department: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd, good = department.open(1), department.open(2)
    department.begin(odd)
    department.begin(good)

    def failing(case: Case, libraries: Libraries) -> Facts | None:
        if case.id == odd:
            raise KeyError(PATIENT.name)
        return facts(case, libraries)

    monkeypatch.setattr("charting.quality.deriver.facts", failing)
    with structlog.testing.capture_logs() as logs:
        assert department.deriver.refresh() == 2
        assert department.deriver.refresh() == 0
    one, other = department.facts.of(odd), department.facts.of(good)
    assert one is not None
    assert other is not None
    assert (one.performed, one.anchor, other.performed) == (None, "opened", True)
    assert [(log["case"], log["error"]) for log in logs] == [(odd, "KeyError")]
    assert PATIENT.name not in repr(logs)


def test_a_case_that_cannot_be_read_stays_indeterminate_and_stops_no_other(
    department: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd, good, void = department.open(1), department.open(2), department.open(3)
    tried = department.open(4, is_test=True)
    department.begin(good)
    department.desk.discard(HAL, void, reason="opened by mistake")
    read = department.trail.entries

    def entries(case: str, after: int = 0, kinds: Iterable[str] = ()) -> Sequence[Entry]:
        if case != good:
            raise ValueError(PATIENT.name)
        return read(case, after, kinds)

    monkeypatch.setattr(department.trail, "entries", entries)
    with structlog.testing.capture_logs() as logs:
        assert department.deriver.refresh() == 4
        assert department.deriver.refresh() == 0
    one, other = department.facts.of(odd), department.facts.of(good)
    assert one is not None
    assert other is not None
    assert (one.performed, one.anchor, other.performed) == (None, "opened", True)
    assert [department.facts.of(case) for case in (void, tried)] == [None, None]
    assert [log["case"] for log in logs] == [odd, void, tried]
    assert PATIENT.name not in repr(logs)


def test_a_database_that_cannot_be_had_is_not_taken_for_a_case_that_cannot_be_read(
    department: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = department.open(1)

    def entries(*_: object) -> Sequence[Entry]:
        raise StoreError("no database")

    with monkeypatch.context() as patch:
        patch.setattr(department.trail, "entries", entries)
        with pytest.raises(StoreError):
            department.deriver.refresh()
    assert department.deriver.refresh() == 1
    assert department.facts.of(case) is not None


async def test_what_nobody_foresaw_is_logged_without_its_text_and_does_not_end_it(
    department: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, stop, loop, looks = department.open(1), asyncio.Event(), asyncio.get_running_loop(), iter(range(9))
    stale = department.facts.stale

    def failing(limit: int) -> Sequence[str]:
        if next(looks) == 0:
            raise KeyError(PATIENT.name)
        found = stale(limit)
        if not found:
            loop.call_soon_threadsafe(stop.set)
        return found

    monkeypatch.setattr(department.facts, "stale", failing)
    monkeypatch.setattr("charting.quality.deriver.PACE_S", 0)
    with structlog.testing.capture_logs() as logs:
        await department.deriver.run(stop)
    assert department.facts.of(case) is not None
    assert [log["event"] for log in logs] == ["facts of cases lost", "facts of cases back"]
    assert PATIENT.name not in repr(logs)
