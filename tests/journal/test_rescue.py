"""A damaged journal: what can be read of it goes on in a sound one."""

import random
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from collector.errors import DamagedError
from collector.journal import Journal, JournalReader
from collector.journal.rescue import Rescue, salvage, settle
from collector.model import Entry
from tests.contracts.journal import entries_of
from tests.journal.entries import one_of_each, piece, seconds

PAGE = 4096


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


def everything() -> list[Entry]:
    waves = [piece(second, range(second, second + 250)) for second in range(20, 320)]
    return [*one_of_each(), *seconds(20, 320), *waves]


def written(path: Path) -> list[Entry]:
    journal = Journal.open(path)
    journal.append(everything(), {"monitor": 7})
    journal.close()
    return everything()


def pages_of(path: Path, table: str) -> list[int]:
    """The root page of a table, the only one that SQLite tells of."""
    with sqlite3.connect(path) as db:
        (root,) = db.execute("select rootpage from sqlite_master where name = ?", (table,)).fetchone()
    db.close()
    return [int(root)]


def blank(path: Path, number: int) -> None:
    with path.open("r+b") as file:
        file.seek((number - 1) * PAGE)
        file.write(random.Random(number).randbytes(PAGE))


def test_a_sound_file_is_read_whole(path: Path) -> None:
    entries = written(path)
    rescue = Rescue.at(path)
    assert Counter(map(repr, (e for some in rescue.entries() for e in some))) == Counter(map(repr, entries))
    assert (rescue.unreadable, rescue.inputs()) == (0, {"monitor": 7})
    rescue.close()


@pytest.mark.parametrize("also", ["", "update queue set time = 'x' where seq = 100"])
def test_any_page_may_be_damaged_and_the_rest_is_kept(path: Path, tmp_path: Path, also: str) -> None:
    """One page at a time: what is salvaged was in the file, once, and most of it is there."""
    entries = Counter(map(repr, written(path)))
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(also)
    content = path.read_bytes()
    kept = []
    for number in range(1, len(content) // PAGE + 1, 11):
        damaged = tmp_path / "damaged.db"
        damaged.write_bytes(content)
        blank(damaged, number)
        Path(f"{damaged}-writer").touch()
        aside, n, unreadable = salvage(damaged, f"page-{number}")
        assert aside.stat().st_size == len(content)
        journal = Journal.open(damaged)
        found = Counter(map(repr, entries_of(journal)))
        assert found.total() == n
        assert not found - entries, f"page {number}: something that was never there"
        assert unreadable or found == entries, f"page {number}: lost without a word"
        journal.append(seconds(1000, 1001))
        journal.close()
        kept.append(n / entries.total())
    assert sorted(kept)[len(kept) // 10] > 0.5, "one page in ten may cost half, not more"
    assert max(kept) == 1.0


@pytest.mark.parametrize("size", [0.3, 0.7, 0.99])
def test_a_file_that_was_cut_short_is_salvaged(path: Path, size: float) -> None:
    entries = Counter(map(repr, written(path)))
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * size) // PAGE * PAGE])
    _, n, unreadable = salvage(path, "cut")
    journal = Journal.open(path)
    found = Counter(map(repr, entries_of(journal)))
    assert not found - entries
    assert found.total() == n
    assert unreadable
    journal.close()


def test_damage_is_told_as_such(path: Path) -> None:
    written(path)
    blank(path, pages_of(path, "obs")[0])
    reader = JournalReader.at(path)
    assert not reader.damage.is_set()
    with pytest.raises(DamagedError):
        reader.read(0, 1000)
    assert reader.damage.is_set()
    reader.close()
    path.write_bytes(b"no header any more" * 300)
    with pytest.raises(DamagedError):
        Journal.open(path)


def test_an_interrupted_salvage_is_begun_again_or_finished(path: Path) -> None:
    entries = written(path)
    new = path.with_name(f"{path.name}.salvaged")
    new.write_bytes(b"half done")
    salvage(path, "first")
    assert not new.exists()
    path.rename(new)  # as if killed between the two renames
    settle(path)
    settle(path)
    journal = Journal.open(path)
    assert Counter(map(repr, entries_of(journal))) == Counter(map(repr, entries))
    journal.close()


def test_the_damaged_file_is_kept_with_its_log(path: Path, tmp_path: Path) -> None:
    journal = Journal.open(path)
    journal.append(seconds(0, 5))
    copy = tmp_path / "copy.db"
    for suffix in ("", "-wal"):
        Path(f"{copy}{suffix}").write_bytes(Path(f"{path}{suffix}").read_bytes())
    journal.close()
    aside, n, unreadable = salvage(copy, "20261125T120000Z")
    assert (aside.name, n, unreadable) == ("copy.db.damaged-20261125T120000Z", 100, 0)
    assert Path(f"{aside}-wal").exists()
