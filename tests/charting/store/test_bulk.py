"""Many entries at once: what is kept is what one after the other would have been."""

from dataclasses import replace

import pytest

from charting.case.rows import row_of
from charting.case.state import fold
from charting.store.audit import check
from charting.store.bulk import bulk
from charting.store.database import Database
from charting.store.trail import DatabaseTrail
from charting.trail.contents import Event, Patient
from charting.trail.entries import Body, Opened, Set
from charting.trail.trail import MemoryTrail
from collector.errors import UsageError
from tests.charting.clock import Clock

OPENED = Opened(bed="OR-1", area="or", at_us=5, patient=Patient(name="王小明"))
SAID: list[tuple[int, str, str, Body]] = [
    (5, "ann", "a", OPENED),
    (7, "ben", "b", replace(OPENED, bed="OR-2", at_us=7)),
    (9, "ann", "a", Set(document="", item="e", after=0, content=Event(key="t_room_in", at_us=8))),
    (8, "ben", "b", Set(document="", item="e", after=0, content=Event(key="t_room_in", at_us=8))),
]  # fmt: skip


@pytest.fixture
def memory() -> MemoryTrail:
    """What one after the other makes."""
    clock = Clock(0)
    made = MemoryTrail(clock.now_us)
    for at_us, actor, case, body in SAID:
        clock.at_us = at_us
        made.append(actor, case, [body])
    return made


def write(database: Database, memory: MemoryTrail) -> None:
    with bulk(database) as trail:
        assert [trail.append(*said) for said in SAID] == [1, 2, 3, 4]
        for case in ("a", "b"):
            trail.row(row_of(fold(memory.entries(case))))


def test_entries_are_chained_as_one_after_the_other(charting: Database, memory: MemoryTrail) -> None:
    write(charting, memory)
    kept, wanted = list(DatabaseTrail(charting, lambda: 0).all()), list(memory.all())
    assert kept == wanted
    assert [entry.hash for entry in kept] == [entry.hash for entry in wanted]
    assert [entry.at_us for entry in kept] == [5, 7, 9, 9]
    report = check(charting)
    assert (report.faults, report.entries, report.cases) == ((), 4, 2)


def test_what_breaks_off_leaves_nothing(charting: Database) -> None:
    class BrokenOffError(Exception):
        pass

    def broken_off() -> None:
        with bulk(charting) as trail:
            trail.append(*SAID[0])
            raise BrokenOffError

    with pytest.raises(BrokenOffError):
        broken_off()
    assert DatabaseTrail(charting, lambda: 0).last() == 0


def test_a_charting_with_cases_takes_no_department(charting: Database, memory: MemoryTrail) -> None:
    write(charting, memory)
    with pytest.raises(UsageError, match="holds cases already"), bulk(charting):
        pass
