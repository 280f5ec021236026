"""SQLite files, a charting and a bed's journal: copied while they are written, restored as they were."""

import shutil
import sqlite3
import stat
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from charting.backup.configured import job_of
from charting.backup.errors import BackupError
from charting.backup.file import FileDatabase
from charting.backup.folder import backups, read
from charting.backup.run import run_backup, run_restore
from charting.department.run import run_department
from charting.store.audit import verify
from collector.errors import UsageError
from collector.journal import Journal
from collector.journal.report import verify as verify_journal
from collector.progress import counter
from tests.journal.entries import one_of_each, seconds


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both."""
    folder = tmp_path_factory.mktemp("files")
    run_department(f"sqlite:///{folder}/charting.db", cases=5, seed=7, year=2026, truth_file=None, counter=counter)
    journal = Journal.open(folder / "journal.db")
    journal.append([*one_of_each(), *seconds(0, 30)])
    journal.close()
    return folder


@pytest.fixture(params=["charting", "journal"])
def file(request: pytest.FixtureRequest, made: Path, tmp_path: Path) -> Path:
    path = tmp_path / f"{request.param}.db"
    shutil.copy(made / path.name, path)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "backups"
    path.mkdir()
    return path


def held(path: Path) -> Sequence[str]:
    """All that SQLite tells of a file, but for what runs of backups leave."""
    with closing(sqlite3.connect(path)) as db:
        return [line for line in db.iterdump() if not line.startswith('INSERT INTO "backup"')]


def test_a_file_is_restored_as_it_was(file: Path, folder: Path, tmp_path: Path) -> None:
    told: list[str] = []
    run_backup(job_of(f"sqlite:///{file}", folder), told.append)
    assert told[1].endswith(": restored for trial, 0 differences")
    (backup,) = backups(folder)
    assert backup.tested
    assert [path.name for path in folder.iterdir() if path.name != ".lock"] == [backup.name]
    assert {path.name for path in backup.path.iterdir()} == {
        "database.db", "manifest.json", "SHA256SUMS", "restore_test.json",
    }  # fmt: skip
    back = tmp_path / "back.db"
    run_restore(backup.path, f"sqlite:///{back}", told.append)
    assert held(back) == held(file)
    assert stat.S_IMODE(back.stat().st_mode) == 0o640
    if file.name == "charting.db":
        assert verify(f"sqlite:///{back}").whole
    else:
        assert verify_journal(back).sound
        Journal.open(back).close()


def test_the_copy_is_of_one_moment(file: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody writes after the copy has begun, and before its rows are counted."""
    monkeypatch.setattr("charting.backup.file.PAGES", 1)
    before = held(file)
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        db.execute("pragma journal_mode = wal")
        real = sqlite3.Connection.backup

        class Writing(sqlite3.Connection):
            def backup(self, *arguments: object, **named: object) -> None:
                db.execute("create table late (a)")
                db.execute("insert into late values (1)")
                real(self, *arguments, **named)  # type: ignore[arg-type]

        opened = sqlite3.connect
        monkeypatch.setattr(sqlite3, "connect", lambda *a, **n: opened(*a, **{"factory": Writing} | n))
        FileDatabase(file).dump(folder, "now")
        monkeypatch.undo()
    assert held(folder / "database.db") == before
    assert held(file) != before


def test_text_and_blob_and_number_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    Journal.open(path).close()
    sums = set()
    for number, value in enumerate(("'1'", "x'31'", "1", "1.0", "null", "''", "x''", "x'ff'", "cast(x'ff' as text)")):
        with closing(sqlite3.connect(path)) as db, db:
            db.execute("drop table if exists t")
            db.execute("create table t (v)")
            db.execute(f"insert into t values ({value})")
        folder = tmp_path / str(number)
        folder.mkdir()
        (table,) = [t for t in FileDatabase(path).dump(folder, "now").tables if t.name == "t"]
        sums.add(table.checksum)
    assert len(sums) == 9


def test_a_row_that_differs_in_the_restored_file_is_named(
    file: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is restored for trial is not what was copied: the disk gave another row."""
    table = "account" if file.name == "charting.db" else "meta"
    change = {"meta": "update meta set duplicates = 7", "account": "insert into account values ('x', 'x', '', 1, '')"}
    real = FileDatabase.restore

    def restore(self: FileDatabase, inside: Path, manifest: object) -> object:
        copy = folder / "changed"
        copy.mkdir()
        (copy / "database.db").write_bytes((inside / "database.db").read_bytes())
        with closing(sqlite3.connect(copy / "database.db")) as db, db:
            db.execute(change[table])
        return real(self, copy, manifest)  # type: ignore[arg-type]

    monkeypatch.setattr(FileDatabase, "restore", restore)
    with pytest.raises(BackupError) as failed:
        run_backup(job_of(f"sqlite:///{file}", folder), lambda _: None)
    (said,) = failed.value.reasons
    assert said.startswith(f"{table}: ")


@pytest.mark.parametrize("at", [0.0, 0.3, 0.7, 1.0])
def test_a_damaged_copy_is_refused(file: Path, folder: Path, tmp_path: Path, at: float) -> None:
    run_backup(job_of(f"sqlite:///{file}", folder), lambda _: None)
    (backup,) = backups(folder)
    dump = backup.path / "database.db"
    data = bytearray(dump.read_bytes())
    data[int(at * (len(data) - 1))] ^= 1
    dump.write_bytes(data)
    with pytest.raises(BackupError, match=r"database\.db: is not what was written"):
        run_restore(backup.path, f"sqlite:///{tmp_path / 'back.db'}", lambda _: None)
    assert not (tmp_path / "back.db").exists()


def test_what_is_there_is_not_written_over(file: Path, folder: Path) -> None:
    run_backup(job_of(f"sqlite:///{file}", folder), lambda _: None)
    (backup,) = backups(folder)
    before = file.read_bytes()
    with pytest.raises(UsageError, match="is there already"):
        run_restore(backup.path, f"sqlite:///{file}", lambda _: None)
    assert file.read_bytes() == before
    assert read(backup.path).server is None
    with pytest.raises(UsageError, match="restore it into sqlite"):
        run_restore(backup.path, "host=nowhere", lambda _: None)


def test_what_sqlite_would_take_for_the_restored_files_own_is_not_there(
    file: Path, folder: Path, tmp_path: Path
) -> None:
    """The log of a broken file that was put aside without it: its pages would go into the restored one."""
    run_backup(job_of(f"sqlite:///{file}", folder), lambda _: None)
    (backup,) = backups(folder)
    back = tmp_path / "back.db"
    for name in ("back.db-wal", "back.db-journal"):
        (tmp_path / name).write_bytes(b"pages")
        with pytest.raises(UsageError, match=f"{name}: is there already"):
            run_restore(backup.path, f"sqlite:///{back}", lambda _: None)
        assert not back.exists()
        (tmp_path / name).unlink()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: path.write_text("a letter, and not a short one" * 40), "not a database"),
        (lambda path: sqlite3.connect(path).execute("create table t (a)").connection.close(), "neither a journal nor"),
    ],
)
def test_another_file_is_refused(tmp_path: Path, folder: Path, make: object, said: str) -> None:
    path = tmp_path / "other.db"
    make(path)  # type: ignore[operator]
    with pytest.raises(BackupError, match=said):
        run_backup(job_of(f"sqlite:///{path}", folder), lambda _: None)
    assert not backups(folder)
