"""The journal in a file and in memory, and what only a file can show."""

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from collector.errors import JournalError
from collector.journal import Journal, JournalReader
from collector.journal.rows import condition_of
from collector.model import AlarmPhase, Entry, Priority
from collector.sql import migrations
from tests.contracts.journal import JournalContract, entries_of
from tests.journal.entries import BED, HEART_RATE, T0_US, condition, one_of_each, piece, reading, seconds

READERS = ("a", "b")


class TestFileJournal(JournalContract):
    @pytest.fixture
    def journal(self, tmp_path: Path) -> Iterator[Journal]:
        journal = Journal.open(tmp_path / "journal.db", READERS)
        yield journal
        journal.close()


class TestMemoryJournal(JournalContract):
    @pytest.fixture
    def journal(self) -> Iterator[Journal]:
        journal = Journal.open(":memory:", READERS)
        yield journal
        journal.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


def test_what_was_appended_is_there_after_opening_again(path: Path) -> None:
    journal = Journal.open(path, READERS)
    tip, identity = journal.append(one_of_each(), {"monitor": 3}), journal.id
    journal.append(one_of_each())
    journal.close()
    journal = Journal.open(path)
    assert (journal.id, journal.tip, journal.inputs()) == (identity, tip, {"monitor": 3})
    assert entries_of(journal) == one_of_each()
    assert journal.usage().duplicates == tip
    journal.append(one_of_each())
    assert journal.append(seconds(5, 6)) == tip + 20
    assert set(journal.readers()) == set(READERS)
    journal.close()


def test_a_second_writer_is_refused(path: Path) -> None:
    journal = Journal.open(path)
    with pytest.raises(JournalError, match="another process writes this journal"):
        Journal.open(path)
    journal.close()
    Journal.open(path).close()


@pytest.mark.parametrize(
    "content", [b"not a database at all, but long enough to look like one" * 20, b"SQLite format 3\0"]
)
def test_a_file_that_is_no_database_is_refused_and_left_alone(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    for attempt in (Journal.open, JournalReader.at):
        with pytest.raises(JournalError, match=r"journal\.db: "):
            attempt(path)
    assert path.read_bytes() == content


def test_another_programs_database_is_refused_and_left_alone(path: Path) -> None:
    with sqlite3.connect(path) as other:
        other.execute("create table theirs(x)")
    other.close()
    for attempt in (Journal.open, JournalReader.at):
        with pytest.raises(JournalError, match="not a journal of vitalsd"):
            attempt(path)
    with sqlite3.connect(path) as other:
        assert other.execute("select name from sqlite_master").fetchall() == [("theirs",)]
    other.close()


def test_a_journal_of_a_newer_release_is_refused(path: Path) -> None:
    Journal.open(path).close()
    with sqlite3.connect(path) as newer:
        newer.execute("pragma user_version = 99")
    newer.close()
    with pytest.raises(JournalError, match="made by a newer vitalsd: its schema is 99"):
        Journal.open(path)


def test_a_journal_of_the_release_after_is_gone_on_with_where_it_says_so(path: Path) -> None:
    journal = Journal.open(path)
    journal.append(seconds(0, 2))
    journal.close()
    known = len(migrations("journal"))
    with sqlite3.connect(path) as newer:
        newer.execute("create table added(x)")
        newer.execute(f"create view readable_{known:02}_{known + 1:02} as select 1 as yes")
        newer.execute(f"pragma user_version = {known + 1}")
    newer.close()
    journal = Journal.open(path)
    journal.append(seconds(2, 3))
    assert len(journal.read(0, 100)) == len(seconds(0, 3))
    journal.close()
    with sqlite3.connect(path) as newer:
        assert newer.execute("pragma user_version").fetchone() == (known + 1,)
        newer.execute(f"create view readable_{known + 1:02}_{known + 2:02} as select 1 as yes")
        newer.execute(f"pragma user_version = {known + 2}")
    newer.close()
    with pytest.raises(JournalError, match="made by a newer vitalsd"):
        Journal.open(path)


def test_where_no_file_can_be_the_reason_is_told(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="No such file or directory"):
        Journal.open(tmp_path / "nowhere" / "journal.db")
    with pytest.raises(JournalError, match="unable to open"):
        JournalReader.at(tmp_path / "journal.db")


def test_commits_are_synchronous_and_leave_readers_alone(path: Path) -> None:
    journal = Journal.open(path)
    assert journal._db.execute("pragma synchronous").fetchone() == (2,)
    assert journal._db.execute("pragma journal_mode").fetchone() == ("wal",)
    journal.close()


WRITER = """
import sys
from collector.journal import Journal
from tests.journal.entries import seconds
journal = Journal.open(sys.argv[1])
second = journal.inputs().get("clock", 0)
while True:
    journal.append(seconds(second, second + 1), {"clock": second + 1})
    second += 1
    print(second, flush=True)
"""


def test_nothing_acknowledged_is_lost_when_the_writer_is_killed(path: Path) -> None:
    chance = random.Random(1)
    said = 0
    for _ in range(5):
        with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            for _ in range(chance.randrange(1, 60)):
                said = int(writer.stdout.readline())
            writer.send_signal(signal.SIGKILL)
            said = max([said, *map(int, writer.stdout.read().split())])
        journal = Journal.open(path)
        kept = journal.inputs()["clock"]
        assert kept >= said
        assert entries_of(journal) == seconds(0, kept)
        journal.close()


def test_a_torn_tail_is_cut_to_the_last_whole_commit(tmp_path: Path, path: Path) -> None:
    journal = Journal.open(path, ["a"])
    for second in range(30):
        journal.append(seconds(second, second + 1))
    log = Path(f"{path}-wal").read_bytes()
    database = path.read_bytes()
    journal.close()
    chance, found = random.Random(2), set()
    for n in range(40):
        torn = tmp_path / f"torn-{n}.db"
        torn.write_bytes(database)
        Path(f"{torn}-wal").write_bytes(log[: chance.randrange(len(log) // 2, len(log))])
        journal = Journal.open(torn)
        kept = entries_of(journal)
        assert len(kept) % 20 == 0
        assert kept == seconds(0, len(kept) // 20)
        assert journal.append(seconds(40, 41)) == len(kept) + 20
        found.add(len(kept))
        journal.close()
    assert len(found) > 5


def test_a_copy_knows_that_its_tail_was_lost(tmp_path: Path, path: Path) -> None:
    original = Journal.open(path)
    original.append(seconds(0, 2))
    copy = tmp_path / "copy.db"
    for suffix in ("", "-wal"):
        shutil.copy(f"{path}{suffix}", f"{copy}{suffix}")
    tip = original.append(seconds(2, 4))
    first_life = original.life
    original.close()
    original = Journal.open(path)
    second_life, second_tip = original.life, original.append(seconds(4, 5))
    restored = Journal.open(copy)
    restored.append(seconds(100, 110))
    assert restored.id == original.id
    for journal, told in ((original, True), (restored, False)):
        assert journal.holds(first_life, 40)
        assert journal.holds(first_life, tip) is told
        assert journal.holds(second_life, second_tip) is told
        assert journal.holds(journal.life, journal.tip)
        journal.close()


def columns(cursor: sqlite3.Cursor) -> str:
    return " ".join(column[0] for column in cursor.description)


def test_people_can_read_the_file_with_sqlite(path: Path) -> None:
    journal = Journal.open(path)
    journal.append([reading(HEART_RATE, 1.5, 61.0), piece(2, range(250))])
    journal.close()
    with sqlite3.connect(path) as db:
        vitals = db.execute("select * from vitals")
        assert columns(vitals) == "time bed device code source role site value text unit quality demo"
        assert vitals.fetchall() == [
            ("2026-01-01T00:00:01.500000Z", "OR-3", "monitor", "MDC_ECG_HEART_RATE", "4182", "measured", "", 61.0, None,
             "/min", "valid", 0),
        ]  # fmt: skip
        waves = db.execute("select * from waves")
        assert columns(waves) == "time bed device code source rate_hz n unit"
        assert waves.fetchall() == [
            ("2026-01-01T00:00:02.000000Z", "OR-3", "monitor", "MDC_ECG_ELEC_POTL_II", "0102", 250.0, 250, "mV")
        ]
    db.close()


def test_conditions_are_seen_from_onset_to_end(path: Path) -> None:
    journal = Journal.open(path)
    journal.append(
        [
            condition(1, AlarmPhase.START, Priority.MEDIUM, "HR 130"),
            condition(2, AlarmPhase.CONTINUE, Priority.HIGH, "HR 150"),
            condition(3, AlarmPhase.END, Priority.HIGH, "HR 150"),
            condition(4, AlarmPhase.START, Priority.LOW, "HR 121"),
            condition(5, AlarmPhase.START, Priority.LOW, "HR 122"),
            condition(6, AlarmPhase.END, source="art"),
        ]
    )
    journal.close()
    with sqlite3.connect(path) as db:
        rows = db.execute("select * from conditions order by coalesce(onset, ended)")
        assert columns(rows) == "onset ended bed device type priority code text"
        assert [(row[0] and row[0][17:19], row[1] and row[1][17:19], *row[5:]) for row in rows] == [
            ("01", "03", "high", "MDC_EVT_HI", "HR 150"),
            ("04", None, "low", "MDC_EVT_HI", "HR 121"),
            ("05", None, "low", "MDC_EVT_HI", "HR 122"),
            (None, "06", "high", "MDC_EVT_HI", "HR 高"),
        ]
    db.close()


def test_of_each_condition_the_last_change_that_came_is_found(path: Path) -> None:
    journal = Journal.open(path)
    came: list[Entry] = [
        condition(5, AlarmPhase.START),
        condition(6, AlarmPhase.START, source="art"),
        condition(3, AlarmPhase.CONTINUE),  # our clock was set back
        condition(3, AlarmPhase.END),
        *seconds(7, 8),
    ]
    journal.append(came)
    reader = journal.reader()
    assert [condition_of(row) for row in reader.last_conditions(BED)] == [came[1], came[3]]
    assert reader.last_conditions("OR-4") == []
    reader.close()
    journal.close()


def test_times_long_ago_are_told_right(path: Path) -> None:
    journal = Journal.open(path)
    journal.append([reading(HEART_RATE, (946_684_800_000_000 - T0_US) / 1e6 + 0.000001, 60.0)])
    journal.close()
    with sqlite3.connect(path) as db:
        assert db.execute("select time from vitals").fetchall() == [("2000-01-01T00:00:00.000001Z",)]
    db.close()


def test_the_file_is_not_for_everybody(path: Path) -> None:
    before = os.umask(0)
    try:
        journal = Journal.open(path)
    finally:
        os.umask(before)
    journal.append(one_of_each())
    assert {file.name for file in path.parent.iterdir()} >= {"journal.db", "journal.db-wal"}
    assert all(file.stat().st_mode & 0o027 == 0 for file in path.parent.iterdir())
    journal.close()


def test_it_is_known_when_an_earlier_daemon_was_last_there(path: Path) -> None:
    """By its own word, or by the entries of one that said nothing: neither their last alone, nor what is to come."""
    journal = Journal.open(path)
    journal.append(seconds(0, 3))
    journal.go_on(T0_US + 900_000_000)
    journal.go_on(T0_US + 905_000_000)
    assert journal.last_seen_us(T0_US + 3_600_000_000) == T0_US + 2_019_000
    journal.close()
    journal = Journal.open(path)
    assert journal.last_seen_us(T0_US + 3_600_000_000) == T0_US + 905_000_000
    journal.append([condition(1, AlarmPhase.START), *seconds(1000, 1001), condition(5, AlarmPhase.END)])
    journal.close()
    journal = Journal.open(path)
    assert journal.last_seen_us(T0_US + 3_600_000_000) == T0_US + 1_000_019_000
    assert journal.last_seen_us(T0_US + 950_000_000) == T0_US + 905_000_000
    journal.close()
