"""The journal's face in asyncio."""

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from collector.bell import Bell
from collector.errors import JournalError
from collector.journal import Journal, Writer
from collector.model import Entry
from tests.contracts.journal import entries_of
from tests.journal.entries import HEART_RATE, reading, seconds


class Gate:
    """Holds a journal's commits back until it is opened, and counts them."""

    def __init__(self, journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
        self.open = threading.Event()
        self.entered = threading.Event()
        self.sizes: list[int] = []
        append = journal.append

        def held(entries: Sequence[Entry], inputs: dict[str, int]) -> int:
            self.entered.set()
            self.open.wait()
            self.sizes.append(len(entries))
            return append(entries, inputs)

        monkeypatch.setattr(journal, "append", held)


async def test_an_append_returns_when_it_is_durable_and_rings(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "journal.db")
    bell, rung = Bell(), threading.Event()
    writer = Writer(journal, bell.ring, rung.set)
    other = journal.reader()
    assert await writer.append(seconds(0, 1), {"monitor": 5}) == 20
    assert [entry for _, entry in other.read(0, 100)] == seconds(0, 1)
    assert other.inputs() == {"monitor": 5}
    assert await bell.wait(0) == 1
    assert rung.is_set()
    await writer.close()
    other.close()
    journal.close()


async def test_what_comes_during_a_commit_goes_into_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal.open(":memory:")
    gate = Gate(journal, monkeypatch)
    writer = Writer(journal)
    first = asyncio.ensure_future(writer.append(seconds(0, 1), {"a": 1}))
    await asyncio.to_thread(gate.entered.wait)
    rest = [asyncio.ensure_future(writer.append(seconds(n, n + 1), {"a": n + 1})) for n in range(1, 4)]
    await asyncio.sleep(0)
    gate.open.set()
    assert await first == 20
    assert await asyncio.gather(*rest) == [80, 80, 80]
    assert gate.sizes == [20, 60]
    assert entries_of(journal) == seconds(0, 4)
    assert journal.inputs() == {"a": 4}
    await writer.close()
    journal.close()


async def test_an_entry_that_cannot_be_kept_fails_its_own_append_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal.open(":memory:")
    gate = Gate(journal, monkeypatch)
    writer = Writer(journal)
    bad = replace(reading(HEART_RATE, 0, 60.0), time_us=1 << 70)
    appends = [asyncio.ensure_future(writer.append(seconds(0, 1), {}))]
    await asyncio.to_thread(gate.entered.wait)
    appends += [asyncio.ensure_future(writer.append(e, {})) for e in (seconds(1, 2), [bad], seconds(2, 3))]
    await asyncio.sleep(0)
    gate.open.set()
    results = await asyncio.gather(*appends, return_exceptions=True)
    assert [results[0], results[1], results[3]] == [20, 40, 60]
    assert isinstance(results[2], OverflowError)
    assert entries_of(journal) == seconds(0, 3)
    await writer.close()
    journal.close()


async def test_closing_keeps_what_was_given_even_by_a_call_that_was_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal.open(":memory:")
    gate = Gate(journal, monkeypatch)
    writer = Writer(journal)
    calls = [asyncio.ensure_future(writer.append(seconds(n, n + 1), {})) for n in range(3)]
    await asyncio.to_thread(gate.entered.wait)
    calls[1].cancel()
    closing = asyncio.ensure_future(writer.close())
    await asyncio.sleep(0)
    gate.open.set()
    await closing
    assert entries_of(journal) == seconds(0, 3)
    with pytest.raises(asyncio.CancelledError):
        await calls[1]
    with pytest.raises(RuntimeError, match="closed"):
        await writer.append([], {})
    journal.close()


async def test_a_journal_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "journal.db")
    writer = Writer(journal)
    journal._db.execute("pragma max_page_count = 1")
    with pytest.raises(JournalError, match="full"):
        await writer.append(seconds(0, 1000), {})
    journal._db.execute("pragma max_page_count = 100000")
    assert await writer.append(seconds(0, 1), {}) == 20
    await writer.close()
    journal.close()
