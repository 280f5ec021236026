"""TimescaleDB answers for the series as the journal does."""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from collector.journal import Journal
from collector.model import Entry
from collector.timescale import READER
from collector.timescale_reader import TimescaleReader
from tests.contracts.series import EVER, SeriesContract, Stored
from tests.journal.entries import BED, HEART_RATE, reading
from tests.store.delivering import deliver, rows


class TestTimescaleReader(SeriesContract):
    @pytest.fixture
    def stored(self, store: str, tmp_path: Path) -> Iterator[Stored]:
        journal = Journal.open(tmp_path / "journal.db", [READER])
        reader = TimescaleReader(store)

        def keep(entries: Sequence[Entry]) -> TimescaleReader:
            for first in range(0, len(entries), 100):
                journal.append(entries[first : first + 100])
                asyncio.run(deliver(store, journal))
            return reader

        yield keep
        reader.close()
        journal.close()


def test_a_reader_whose_connection_was_cut_connects_again(store: str, tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "journal.db", [READER])
    journal.append([reading(HEART_RATE, 1, 60.0)])
    asyncio.run(deliver(store, journal))
    journal.close()
    reader = TimescaleReader(store)
    assert len(reader.points(BED, [], *EVER)) == 1
    rows(store, "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()"
         " and pid <> pg_backend_pid() and query like '%%vitalsd%%'")  # fmt: skip
    with pytest.raises(Exception, match="terminat"):
        reader.latest(BED)
    assert len(reader.latest(BED)) == 1
    reader.close()
