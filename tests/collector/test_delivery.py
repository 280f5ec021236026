"""Every journal that there is has its sinks, and none is closed that somebody still needs."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from collector.delivery import Delivery
from collector.errors import DiskError
from collector.journal import Journal, Limits
from collector.journal.safe import SafeJournal
from collector.status import SinkStatus
from tests.journal.entries import T0_US, seconds
from tests.journal.test_safe import fill_disk, free_disk


class Sink:
    """Stands in for a sink; `closing` is called while it closes."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.status = SinkStatus(connected=True, delivered=1, pending=2)
        self.closed = False
        self.closing: Callable[[], object] = lambda: None

    def wake(self) -> None: ...

    async def drain(self) -> None: ...

    async def close(self) -> None:
        self.closing()
        self.closed = True


class Bed:
    def __init__(self, path: Path) -> None:
        self.s = 0.0
        self.sinks: list[Sink] = []
        self.unreadable = False
        self.journal = SafeJournal(path, ["a", "b"], Limits(), lambda: T0_US, lambda: self.s)
        self.delivery = Delivery(self.journal, {"a": self.make, "b": self.make}, frozenset({"b"}))

    def make(self, journal: Journal) -> Sink:
        if self.unreadable:
            raise DiskError("not now")
        self.sinks.append(Sink(journal))
        return self.sinks[-1]

    def open_on(self, journal: Journal | None) -> int:
        return sum(sink.journal is journal and not sink.closed for sink in self.sinks)


@pytest.fixture
def bed(tmp_path: Path) -> Iterator[Bed]:
    bed = Bed(tmp_path / "journal.db")
    yield bed
    bed.journal.close()
    for journal in bed.journal.journals:
        journal.close()


async def test_memory_gets_sinks_while_it_is_there_and_a_single_one_moves(bed: Bed) -> None:
    assert bed.open_on(bed.journal.file) == 2
    fill_disk(bed.journal)
    bed.journal.append(seconds(0, 300))
    await bed.delivery.tend()
    memory = bed.journal.memory
    assert (bed.open_on(bed.journal.file), bed.open_on(memory)) == (1, 2)
    assert bed.delivery.status()["a"] == SinkStatus(connected=True, delivered=2, pending=4)
    free_disk(bed.journal)
    bed.s = 10.0
    await bed.delivery.tend()
    assert bed.journal.memory is None
    assert (bed.open_on(bed.journal.file), bed.open_on(memory)) == (2, 0)
    assert bed.delivery.status()["a"].delivered == 2


async def test_a_takeover_while_sinks_close_keeps_its_journal(bed: Bed) -> None:
    fill_disk(bed.journal)
    bed.journal.append(seconds(0, 300))
    await bed.delivery.tend()
    free_disk(bed.journal)
    first = bed.journal.memory
    for sink in bed.sinks:
        sink.closing = lambda: bed.journal._take_over("again") if bed.journal.memory is None else None
    bed.s = 10.0
    await bed.delivery.tend()
    assert bed.journal.memory is not None
    assert bed.journal.memory is not first
    bed.journal.append(seconds(300, 301))
    assert bed.open_on(bed.journal.memory) == 2


async def test_a_sink_that_cannot_be_made_now_is_made_later(bed: Bed) -> None:
    fill_disk(bed.journal)
    bed.journal.append(seconds(0, 300))
    bed.unreadable = True
    await bed.delivery.tend()
    assert bed.open_on(bed.journal.memory) == 0
    bed.unreadable = False
    await bed.delivery.tend()
    assert bed.open_on(bed.journal.memory) == 2
