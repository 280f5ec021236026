"""The journal answers for the series, in a file and in memory."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from collector.journal import Journal, JournalReader
from collector.model import Entry
from tests.contracts.series import SeriesContract, Stored


class TestJournalReader(SeriesContract):
    @pytest.fixture(params=["file", "memory"])
    def stored(self, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Stored]:
        journal = Journal.open(tmp_path / "journal.db" if request.param == "file" else ":memory:")
        reader = journal.reader()

        def store(entries: Sequence[Entry]) -> JournalReader:
            for first in range(0, len(entries), 2):
                journal.append(entries[first : first + 2])
            return reader

        yield store
        reader.close()
        journal.close()
