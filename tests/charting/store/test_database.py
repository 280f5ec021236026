"""A charting database: its making, its guards, and what happens when it goes away."""

import os
import signal
import sqlite3
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from psycopg.conninfo import make_conninfo
from sqlalchemy import text

from charting.store.audit import verify
from charting.store.database import Database, StoreError, make_file
from charting.store.migrate import migrate, newest, open_database
from charting.store.tables import METADATA
from charting.store.trail import DatabaseTrail
from charting.trail.entries import Discarded, Filled
from collector.errors import UsageError
from collector.journal import Journal
from collector.migrate import migrate as migrate_series
from tests.charting.clock import Clock
from tests.contracts.trail import BODIES, note
from tests.timescale import database as new_database

SERVERS = ["timescale", "postgres15"]


def of_servers(test: object) -> object:
    return pytest.mark.parametrize("charting_dsn", SERVERS, indirect=True)(test)


def hang_up(dsn: str) -> None:
    """Return when the server has ended all connections: nothing is committed any more."""
    with psycopg.connect(dsn, autocommit=True) as admin:
        admin.execute(
            "select pg_terminate_backend(pid, 60000) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'"
        )


def test_the_migrated_schema_is_what_the_tables_say(charting: Database) -> None:
    with charting.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, METADATA) == []


def test_migrating_twice_changes_nothing(charting_dsn: str) -> None:
    assert migrate(charting_dsn) == ["charting up to date"]


def test_a_new_database_is_made_once_by_whoever_is_first(database: str, tmp_path: Path) -> None:
    migrate_series(database)
    for dsn in (database, f"sqlite:///{tmp_path / 'x.db'}"):
        with ThreadPoolExecutor(4) as threads:
            told = [done[-1] for done in threads.map(migrate, [dsn] * 4)]
        assert sorted(told) == [*[f"applied charting {newest()}"], *["charting up to date"] * 3]


def test_a_new_file_has_its_log_from_the_first_moment(tmp_path: Path) -> None:
    file = tmp_path / "x.db"
    make_file(file)
    assert file.read_bytes()[18:20] == b"\x02\x02"  # SQLite's file format, 1.3: write-ahead log
    assert (file.stat().st_mode & 0o777, list(tmp_path.iterdir())) == (0o640, [file])
    make_file(file)


def test_entries_are_only_added(charting: Database, clock: Clock) -> None:
    DatabaseTrail(charting, clock.now_us).append("li", "a", [note("1")])
    for statement in (
        "update entry set text = 'x'",
        "delete from entry",
        "update head set seq = 0",
        "delete from head",
        *(["truncate entry", "truncate head"] if charting.postgresql else []),
    ):
        with pytest.raises(StoreError, match=r"entries are only added|the head goes forward"), charting.write() as c:
            c.execute(text(statement))
    assert [e.body for e in DatabaseTrail(charting, clock.now_us).all()] == [note("1")]


@of_servers
def test_the_service_adds_and_reads_and_cannot_change_what_is_there(charting_dsn: str, clock: Clock) -> None:
    database = open_database(make_conninfo(charting_dsn, options="-c role=vitalsd_chart"))
    trail = DatabaseTrail(database, clock.now_us)
    (first,) = trail.append("li", "a", [note("1")])
    assert list(trail.all()) == [first]
    for statement in (
        "update entry set text = 'x'",
        "delete from entry",
        "truncate entry",
        "delete from head",
        "alter table entry disable trigger all",
        "drop function refuse cascade",
        "delete from account",
        "delete from case_row",
    ):
        with pytest.raises(StoreError, match=r"permission denied|must be owner"), database.write() as connection:
            connection.execute(text(statement))
    database.close()


@of_servers
@pytest.mark.parametrize("role", ["vitalsd_read", "vitalsd_bed"])
def test_others_see_nothing_of_it(charting_dsn: str, role: str) -> None:
    with psycopg.connect(make_conninfo(charting_dsn, options=f"-c role={role}"), autocommit=True) as connection:
        for table in METADATA.tables:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"select from charting.{table}".encode())


@of_servers
def test_everything_belongs_to_the_owner_of_the_store(charting_dsn: str) -> None:
    with psycopg.connect(charting_dsn) as connection:
        owners = connection.execute(
            "select distinct relowner::regrole::text from pg_class where relnamespace = 'charting'::regnamespace"
        ).fetchall()
    assert owners == [("vitalsd_migrate",)]


@of_servers
def test_a_broken_connection_keeps_nothing_and_the_next_call_has_a_new_one(charting_dsn: str, clock: Clock) -> None:
    database = open_database(charting_dsn)
    trail = DatabaseTrail(database, clock.now_us)
    trail.append("li", "a", [note("1")])

    def breaking() -> int:
        hang_up(charting_dsn)
        return clock.at_us

    with pytest.raises(StoreError, match="the charting database: "):
        DatabaseTrail(database, breaking).append("li", "a", [note("2")])
    assert [e.body for e in trail.all()] == [note("1")]
    hang_up(charting_dsn)
    trail.append("li", "a", [note("3")])
    assert [(e.seq, e.body) for e in trail.all()] == [(1, note("1")), (2, note("3"))]
    database.close()


def test_a_database_that_is_away_is_told_without_its_password() -> None:
    with pytest.raises(UsageError) as refusal:
        open_database("host=127.0.0.1 port=1 user=x password=geheim dbname=x connect_timeout=2")
    assert "port 1 failed" in str(refusal.value)
    assert "geheim" not in str(refusal.value)


def test_no_reason_holds_what_was_to_be_kept(charting: Database) -> None:
    made = text("insert into account (account, name, roles, active, password) values ('li', :n, '', :a, '')")
    with charting.write() as connection:
        connection.execute(made, {"n": "王芳", "a": True})
    with pytest.raises(StoreError) as refusal, charting.write() as connection:
        connection.execute(made, {"n": "王芳", "a": True})
    assert "王芳" not in str(refusal.value)
    assert "li" not in str(refusal.value).replace("violates", "").split()


def test_a_killed_writer_leaves_a_whole_chain(charting_dsn: str) -> None:
    said = 0
    for kill_after in (3, 1, 7):
        victim = subprocess.Popen(
            [sys.executable, "-m", "tests.charting.store.victim", charting_dsn], stdout=subprocess.PIPE, text=True
        )
        with victim:
            assert victim.stdout is not None
            for _ in range(kill_after):
                said = int(victim.stdout.readline())
            os.kill(victim.pid, signal.SIGKILL)
            for line in victim.stdout:
                said = int(line)
        if not charting_dsn.startswith("sqlite"):
            hang_up(charting_dsn)
        database = open_database(charting_dsn)
        entries = list(DatabaseTrail(database, lambda: 0).all())
        database.close()
        assert len(entries) // 3 in {said, said + 1}
        wanted = [("ab"[n % 2], str(n)) for n in range(len(entries) // 3) for _ in range(3)]
        assert [(e.case, e.body.reason) for e in entries if isinstance(e.body, Discarded)] == wanted
        report = verify(charting_dsn)
        assert not [line for line in report.lines if "entry" in line]


def test_a_file_is_known_before_its_log_was_written_back(tmp_path: Path) -> None:
    """As a killed process leaves it."""
    made, copy = tmp_path / "a.db", tmp_path / "b.db"
    database = open_database(f"sqlite:///{made}", make=True)
    with database.read():
        for end in ("", "-wal"):
            Path(f"{copy}{end}").write_bytes(Path(f"{made}{end}").read_bytes())
    database.close()
    assert migrate(f"sqlite:///{copy}") in (["charting up to date"], [f"applied charting {newest()}"])
    open_database(f"sqlite:///{copy}").close()


def test_a_file_that_was_only_begun_is_made(tmp_path: Path) -> None:
    file = tmp_path / "x.db"
    with closing(sqlite3.connect(file)) as begun:
        begun.execute("pragma journal_mode = wal")
    open_database(f"sqlite:///{file}", make=True).close()


def test_a_new_file_is_not_for_everybody(tmp_path: Path) -> None:
    file = tmp_path / "x.db"
    open_database(f"sqlite:///{file}", make=True).close()
    assert stat.S_IMODE(file.stat().st_mode) & 0o007 == 0


def test_what_is_no_charting_is_left_alone(tmp_path: Path) -> None:
    journal, foreign, prose = tmp_path / "j.db", tmp_path / "f.db", tmp_path / "p.txt"
    Journal.open(journal).close()
    with closing(sqlite3.connect(foreign)) as other:
        other.execute("create table x (y)")
    prose.write_text("Sehr geehrte Damen und Herren, " * 40, encoding="utf-8")
    for file in (journal, foreign, prose):
        before = file.read_bytes()
        for act in (migrate, lambda dsn: open_database(dsn, make=True), open_database):
            with pytest.raises(UsageError, match="not a charting file of vitalsd"):
                act(f"sqlite:///{file}")
        assert file.read_bytes() == before


def test_a_file_that_is_not_there_is_made_by_the_service_alone(tmp_path: Path) -> None:
    file = tmp_path / "x.db"
    for act in (open_database, verify):
        with pytest.raises(UsageError, match="no such file"):
            act(f"sqlite:///{file}")
    assert not file.exists()
    with pytest.raises(UsageError, match="No such file or directory"):
        migrate(f"sqlite:///{tmp_path}/no/x.db")


@of_servers
def test_a_server_without_charting_says_what_to_run(server: str, charting_dsn: str) -> None:
    del charting_dsn
    with new_database(server) as dsn:
        migrate_series(dsn)
        with pytest.raises(UsageError, match="no charting that this user may see: run `vitalsd migrate`"):
            open_database(dsn)


def test_the_schema_of_a_newer_version_is_not_touched(charting_dsn: str) -> None:
    database = open_database(charting_dsn, make=True)
    with database.write() as connection:
        connection.execute(text("update alembic_version set version_num = '9999_far'"))
    database.close()
    for act in (open_database, migrate):
        with pytest.raises(UsageError, match="made by a newer vitalsd: its charting is 9999_far"):
            act(charting_dsn)


def test_the_schema_of_the_version_after_is_used_where_it_says_so(charting_dsn: str, clock: Clock) -> None:
    database = open_database(charting_dsn, make=True)
    with database.write() as connection:
        connection.execute(text("update alembic_version set version_num = '9998_next'"))
        connection.execute(text(f"create view readable_{newest()[:4]}_9998 as select 1 as yes"))
    database.close()
    assert migrate(charting_dsn) == ["charting is of a newer vitalsd (9998_next), and stays as it is"]
    database = open_database(charting_dsn)
    (made,) = DatabaseTrail(database, clock.now_us).append("li", "a", [note("1")])
    assert list(DatabaseTrail(database, clock.now_us).all()) == [made]
    with database.read() as connection:
        assert connection.execute(text("select version_num from alembic_version")).scalar() == "9998_next"
    with database.write() as connection:
        connection.execute(text("update alembic_version set version_num = '9999_far'"))
    database.close()
    with pytest.raises(UsageError, match="made by a newer vitalsd"):
        open_database(charting_dsn)


def test_a_case_of_12_hours_is_read_in_one_query(charting: Database, clock: Clock) -> None:
    (filled,) = [body for body in BODIES if isinstance(body, Filled)]
    trail = DatabaseTrail(charting, clock.now_us)
    made = [entry for _ in range(36) for entry in trail.append("vitalsd", "a", [filled] * 10)]
    assert list(trail.entries("a")) == made
