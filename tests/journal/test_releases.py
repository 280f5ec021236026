"""A journal of every release is read and gone on with."""

import shutil
from pathlib import Path

import pytest

from collector.journal import Journal
from collector.journal.ranges import Ranges
from collector.timescale import READER
from tests.contracts.series import EVER
from tests.journal.entries import BED, one_of_each, seconds
from tests.store.release import DELIVERED, RELEASES


def test_there_is_a_release() -> None:
    assert RELEASES


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.name)
def test_a_journal_of_every_release_is_gone_on_with(release: Path, tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    shutil.copy(release / "journal.db", path)
    written = [*one_of_each(), *seconds(10, 12)]
    journal = Journal.open(path)
    assert journal.inputs() == {"monitor": 42}
    assert journal.readers() == {READER: Ranges.of((1, DELIVERED))}
    assert journal.read(DELIVERED, 1000) == list(enumerate(written, start=1))[DELIVERED:]
    assert {reading.series for reading in journal.latest(BED)} >= {entry.series for entry in seconds(10, 11)}  # type: ignore[union-attr]
    assert sum(len(points.time_us) for points in journal.points(BED, [], *EVER)) == 12 + 40
    journal.append(written)
    assert journal.usage().duplicates == len(written)
    assert journal.append(seconds(12, 13)) == len(written) + 20
    assert [entry for _, entry in journal.read(DELIVERED, 1000)] == [*written[DELIVERED:], *seconds(12, 13)]
    journal.close()
