"""`vitalsd backup` as a timer runs it: by the charting service's file, ended by signals, with what a machine has."""

import shutil
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from errno import EACCES
from os import strerror
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from charting.backup.configured import job_of, job_of_config
from charting.backup.errors import BackupError
from charting.backup.folder import Backup, backups, held, read
from charting.backup.run import run_backup, run_restore
from charting.backup.server import ServerDatabase
from charting.backup.tools import tool
from charting.store.backups import last_runs
from charting.store.migrate import migrate as migrate_charting
from charting.store.migrate import open_database
from collector.errors import UsageError
from collector.journal import Journal
from tests.charting.backup.conftest import Done, Filled, wrapped
from tests.journal.entries import one_of_each
from tests.store.delivering import rows
from tests.system.command import start

WITHIN_S = 60.0
Typed = Callable[..., Done]


@pytest.fixture
def embedded(tmp_path: Path) -> Path:
    """The file of a charting service without a server, with a bed's journal."""
    migrate_charting(f"sqlite:///{tmp_path / 'charting.db'}")
    bed = tmp_path / "OR-03"
    bed.mkdir()
    journal = Journal.open(bed / "journal.db")
    journal.append(one_of_each())
    journal.close()
    libraries = tmp_path / "libraries"
    libraries.mkdir()
    (libraries / "drugs-1.csv").write_text("code,zh,en\n")
    (libraries / "notes.txt").write_text("not a library")
    (tmp_path / "backups").mkdir()
    path = tmp_path / "charting.toml"
    path.write_text(
        f"""
[charting]
listen = "127.0.0.1:8443"
database = "sqlite:///{tmp_path / "charting.db"}"
site = "示例医院"
libraries = "{libraries}"
beds = [{{ id = "OR-03", journal = "{bed / "journal.db"}" }}]

[backup]
folder = "{tmp_path / "backups"}"
keep_daily = 1
keep_weekly = 0
keep_monthly = 0
"""
    )
    return path


def until(true: Callable[[], object]) -> None:
    end = time.monotonic() + WITHIN_S
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_by_the_services_file(embedded: Path, tmp_path: Path) -> None:
    """Charting and journal, each a backup of its own; the site's files with the charting; of two runs one stays."""
    kept = tmp_path / "backups"
    for turn in (1, 2):
        told: list[str] = []
        run_backup(job_of_config(embedded), told.append)
        assert len([line for line in told if line.endswith("0 differences")]) == 2
        made = {backup.database: backup for backup in backups(kept)}
        assert set(made) == {f"{tmp_path.name}-charting", "OR-03-journal"}
        assert len([line for line in told if line.endswith(": removed")]) == (2 if turn == 2 else 0)
        for backup in made.values() if turn == 1 else ():
            backup.path.rename(kept / f"{backup.database}-20260101T180000Z")
    with closing(sqlite3.connect(made["OR-03-journal"].path / "database.db")) as db:
        assert db.execute("select count(*) from obs").fetchone()[0] > 5
    files = {
        str(path.relative_to(made[f"{tmp_path.name}-charting"].path / "config"))
        for path in made[f"{tmp_path.name}-charting"].path.glob("config/**/*")
        if path.is_file()
    }
    assert files == {str(path)[1:] for path in (embedded, tmp_path / "libraries/drugs-1.csv")}
    assert not (made["OR-03-journal"].path / "config").exists()
    assert read(made[f"{tmp_path.name}-charting"].path).schema.keys() == {"charting"}
    database = open_database(f"sqlite:///{tmp_path / 'charting.db'}")
    runs = last_runs(database)
    database.close()
    assert set(runs) == {"backup", "restore_test"}
    for each in runs.values():
        assert each.last == each.good
        assert each.last.place == str(kept)
        assert {part.name for part in each.last.parts} == {backup.name for backup in backups(kept)}


def test_a_database_that_fails_hinders_no_other_and_is_remembered(typed: Typed, embedded: Path, tmp_path: Path) -> None:
    run_backup(job_of_config(embedded), lambda _: None)
    for backup in backups(tmp_path / "backups"):
        backup.path.rename(tmp_path / "backups" / f"{backup.database}-20260101T180000Z")
    journal = tmp_path / "OR-03/journal.db"
    journal.write_bytes(b"\0" * 100)
    done = typed("backup", "--config", embedded)
    assert done.returncode == 1
    assert f"{journal}: file is not a database" in done.stderr
    assert "charting" in done.stdout
    assert "restored for trial, 0 differences" in done.stdout
    database = open_database(f"sqlite:///{tmp_path / 'charting.db'}")
    runs = last_runs(database)
    database.close()
    last, good = runs["backup"].last, runs["backup"].good
    assert not last.ok
    assert [part.reasons for part in last.parts if part.reasons] == [(f"{journal}: file is not a database",)]
    assert good is not None
    assert good.ended_us < last.began_us
    assert runs["restore_test"].last.ok


def test_a_folder_that_is_not_there_is_remembered_too(typed: Typed, embedded: Path, tmp_path: Path) -> None:
    (tmp_path / "backups").rmdir()
    done = typed("backup", "--config", embedded)
    assert done.returncode == 2
    assert f"{tmp_path / 'backups'}: expected a folder that is there" in done.stderr
    database = open_database(f"sqlite:///{tmp_path / 'charting.db'}")
    assert "No such file" in last_runs(database)["backup"].last.parts[0].reasons[0]
    database.close()


def test_what_a_folder_does_not_let_go_is_told_and_remembered(
    typed: Typed, embedded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is half done is no folder; then an old backup is somebody else's."""
    kept = tmp_path / "backups"
    left = kept / ".left.part"
    left.touch()
    done = typed("backup", "--config", embedded)
    assert (done.returncode, done.stderr) == (1, f"vitalsd: {left}: Not a directory\n")
    left.unlink()
    run_backup(job_of_config(embedded), lambda _: None)
    for backup in backups(kept):
        backup.path.rename(kept / f"{backup.database}-20260101T180000Z")

    def foreign(backup: Backup) -> None:
        raise PermissionError(EACCES, strerror(EACCES), backup.name)

    monkeypatch.setattr("charting.backup.run.remove", foreign)
    done = typed("backup", "--config", embedded)
    assert done.returncode == 1
    said = {f"{name}-20260101T180000Z: Permission denied" for name in (f"{tmp_path.name}-charting", "OR-03-journal")}
    assert {line.removeprefix("vitalsd: ") for line in done.stderr.splitlines()} == said
    database = open_database(f"sqlite:///{tmp_path / 'charting.db'}")
    runs = last_runs(database)
    database.close()
    assert {reason for part in runs["restore_test"].last.parts for reason in part.reasons} == said
    assert len(backups(kept)) == 4


def test_a_file_with_a_password_is_left_out(embedded: Path) -> None:
    text = embedded.read_text().replace("[backup]", '[backup]\ndatabase = "host=db dbname=v user=b password=geheim"')
    embedded.write_text(
        text.replace(f"sqlite:///{embedded.parent}/charting.db", "host=db dbname=v").replace(
            f', journal = "{embedded.parent}/OR-03/journal.db"', ""
        )
    )
    job = job_of_config(embedded)
    assert [file.name for file in job.files] == ["drugs-1.csv"]
    assert "geheim" in job.charting


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "give DSN and DIR, or --config FILE"),
        (("host=db",), "give DSN and DIR, or --config FILE"),
        (("sqlite:///no.db", "."), "no.db: no such file"),
        (("host = = x", "."), "not a DSN"),
        (("--config", "no.toml"), "no.toml: No such file"),
        (("--config", "without.toml"), "without.toml: has no [backup]"),
        (("--config", "wrong.toml"), "wrong.toml: backup.database: is for the login of a server"),
        (("--config", "wrong.toml"), "wrong.toml: backup.keep_daily: "),
        (("--config", "wrong.toml"), "wrong.toml: backup.folder: expected an absolute path"),
    ],
)
def test_a_mistake_is_exit_status_2(
    typed: Typed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    service = '[charting]\nlisten = "127.0.0.1:8443"\nsite = "x"\nbeds = [{ id = "A" }]\ndatabase = "host=db"\n'
    backup = '[backup]\nfolder = "backups"\nkeep_daily = 0\ndatabase = "sqlite:////x.db"\n'
    (tmp_path / "without.toml").write_text(service)
    (tmp_path / "wrong.toml").write_text(service + backup)
    done = typed("backup", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


@pytest.mark.parametrize("source", ["timescale"], indirect=True)
def test_one_that_is_ended_leaves_nothing_and_is_remembered(
    source: Filled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGTERM, as systemd sends it, in the middle of the trial restore."""
    scratch = "select datname from pg_database where starts_with(datname, 'vitalsd_restore_test_')"
    halting = f'echo "$DSN" > {tmp_path}/dsn.part; mv {tmp_path}/dsn.part {tmp_path}/dsn; exec sleep 99'
    wrapped("pg_restore", tmp_path, halting, monkeypatch)
    with start("backup", source.dsn, tmp_path) as process:
        until((tmp_path / "dsn").exists)
        name = psycopg.conninfo.conninfo_to_dict((tmp_path / "dsn").read_text().strip())["dbname"]
        assert (name,) in rows(source.dsn, scratch)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=WITHIN_S)
    assert process.returncode == 130
    assert "Traceback" not in said
    assert (name,) not in rows(source.dsn, scratch)
    (backup,) = backups(tmp_path)
    assert not backup.tested
    database = open_database(source.dsn)
    runs = last_runs(database)
    database.close()
    assert runs["backup"].last.parts[0].name == backup.name
    assert runs["restore_test"].last.parts[-1].reasons == ("interrupted",)


@pytest.mark.parametrize("source", ["timescale"], indirect=True)
def test_a_copy_that_was_cut_off_is_no_backup_and_goes_with_the_next(
    source: Filled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGKILL, as a power cut, while pg_dump writes."""
    halting = f'"$REAL" "$@" && touch {tmp_path}/written && exec sleep 99'
    with monkeypatch.context() as patch:
        wrapped("pg_dump", tmp_path, halting, patch)
        with start("backup", source.dsn, tmp_path) as process:
            until((tmp_path / "written").exists)
            (half,) = tmp_path.glob(".*.part")
            assert (half / "database.dump").stat().st_size > 10_000
            process.kill()
            process.communicate(timeout=WITHIN_S)
    assert not backups(tmp_path)
    with pytest.raises(UsageError, match="not the folder of a backup"):
        run_restore(half, source.dsn, lambda _: None)
    Journal.open(tmp_path / "journal.db").close()
    run_backup(job_of(f"sqlite:///{tmp_path}/journal.db", tmp_path), lambda _: None)
    assert not half.exists()
    assert [backup.database for backup in backups(tmp_path)] == [f"{tmp_path.name}-journal"]


@pytest.mark.parametrize("source", ["timescale"], indirect=True)
def test_a_password_is_for_nobody_to_see(source: Filled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither in the arguments nor in the environment of a program, but in a file that only we can read."""
    spy = f"""for each in $DSN; do case "$each" in passfile=*) PASS="${{each#passfile=}}";; esac; done
{{ echo "$@"; env; }} > {tmp_path}/seen; stat -c %a "$PASS" > {tmp_path}/mode; cat "$PASS" > {tmp_path}/pass
exec "$REAL" "$@" """
    wrapped("pg_dump", tmp_path, spy, monkeypatch)
    ServerDatabase(make_conninfo(source.dsn, password=r"ge:h\eim")).dump(tmp_path, "now")
    assert "passfile=" in (tmp_path / "seen").read_text()
    assert "eim" not in (tmp_path / "seen").read_text()
    assert (tmp_path / "mode").read_text() == "600\n"
    assert (tmp_path / "pass").read_text() == "*:*:*:*:ge\\:h\\\\eim\n"


def test_two_do_not_write_into_one_folder(typed: Typed, embedded: Path, tmp_path: Path) -> None:
    with held(tmp_path / "backups"):
        done = typed("backup", "--config", embedded)
    assert done.returncode == 2
    assert "another backup is being made there" in done.stderr


@pytest.mark.parametrize("source", ["timescale"], indirect=True)
def test_room_is_asked_for_first(source: Filled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the folder before the copy; on the server's disk, where that is seen, before the trial restore."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1_000_000))
    with pytest.raises(BackupError) as failed:
        run_backup(job_of(source.dsn, tmp_path), lambda _: None)
    (said,) = failed.value.reasons
    assert said.startswith(f"{tmp_path}: needs ")
    assert said.endswith(" MB, and has 1 MB free")
    monkeypatch.setattr(
        shutil, "disk_usage", lambda path: SimpleNamespace(free=10**9 if path == tmp_path else 1_000_000)
    )
    with pytest.raises(BackupError, match="not restored for trial: the server's disk lacks"):
        run_backup(job_of(source.dsn, tmp_path), lambda _: None)
    assert [backup.tested for backup in backups(tmp_path)] == [False]


@pytest.mark.parametrize(
    ("versions", "chosen"),
    [((13, 17, 15, 18), 15), ((13, 17), 17), ((15,), 15)],
)
def test_the_program_nearest_to_the_server_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, versions: tuple[int, ...], chosen: int
) -> None:
    for version in versions:
        folder = tmp_path / str(version) / "bin"
        folder.mkdir(parents=True)
        (folder / "pg_dump").write_text(f"#!/bin/sh\necho 'pg_dump (PostgreSQL) {version}.4 (Debian)'\n")
        (folder / "pg_dump").chmod(0o755)
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr("charting.backup.tools.DEBIAN", str(tmp_path))
    found = tool("pg_dump", 15)
    assert (found.version, found.path) == (chosen, tmp_path / str(chosen) / "bin/pg_dump")


def test_programs_that_are_too_old_or_missing_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "13/bin/pg_dump"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 13.1'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr("charting.backup.tools.DEBIAN", str(tmp_path))
    with pytest.raises(UsageError, match=r"13/bin/pg_dump is of PostgreSQL 13: install postgresql-client-15 or newer"):
        tool("pg_dump", 15)
    with pytest.raises(UsageError, match="there is no pg_restore on this machine: install postgresql-client-15"):
        tool("pg_restore", 15)
