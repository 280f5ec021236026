"""What is restored is what was there, on TimescaleDB and on a plain PostgreSQL."""

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from charting.backup.configured import job_of
from charting.backup.errors import BackupError
from charting.backup.folder import backups, read
from charting.backup.run import run_backup, run_restore
from charting.backup.server import ServerDatabase
from charting.store.audit import verify
from charting.store.migrate import migrate as migrate_charting
from collector.errors import UsageError
from collector.journal import Journal
from collector.migrate import migrate
from collector.sql import queries
from collector.timescale import READER
from tests.charting.backup.conftest import Done, Filled, bare, wrapped
from tests.journal.entries import seconds
from tests.store.delivering import deliver, rows, stored, wanted

OWN = (
    "select table_schema, table_name from information_schema.tables"
    " where table_schema in ('vitalsd', 'charting', 'public')"
)
HYPERTABLES = "select count(*) from timescaledb_information.hypertables where hypertable_schema = 'vitalsd'"
SCRATCH = "select datname from pg_database where starts_with(datname, %s)"


def held(dsn: str) -> Mapping[tuple[str, str], Counter[tuple[object, ...]]]:
    """Every row of every table and view, as often as it is there, but for what runs of backups leave."""
    found: dict[tuple[str, str], Counter[tuple[object, ...]]] = {}
    with psycopg.connect(dsn) as connection:
        for schema, name in connection.execute(OWN.encode()).fetchall():
            if name != "backup":
                asked = SQL("select * from {}").format(Identifier(schema, name))
                found[schema, name] = Counter(tuple(map(str, row)) for row in connection.execute(asked))
    return found


def test_everything_is_in_the_restored_database(typed: Callable[..., Done], source: Filled, empty: str) -> None:
    done = typed("restore", source.backup.path, empty)
    assert done.returncode == 0, done.stderr
    assert ", 0 differences; schema: store " in done.stdout
    before, after = held(source.dsn), held(empty)
    assert before == after
    assert {name for (_, name), found in before.items() if not found} <= {
        "account", "attempt", "client", "dropped", "inspection", "mapping", "parked", "session", "unmapped",
    }  # fmt: skip
    assert verify(empty).whole
    assert "up to date" in migrate(empty)
    assert migrate_charting(empty) == ["charting up to date"]
    if source.server == "timescale":
        assert rows(empty, HYPERTABLES) == rows(source.dsn, HYPERTABLES) == [(4,)]


def test_the_restored_database_takes_more_and_refuses_changes_of_the_trail(source: Filled, empty: str) -> None:
    run_restore(source.backup.path, empty, lambda _: None)
    with psycopg.connect(empty, autocommit=True) as connection:
        connection.execute("set role vitalsd_bed")
        put = (
            "insert into vitalsd.channel(bed, device, code, source, role, site, unit) values ('B','d','c','s','','','')"
        )
        connection.execute(put)
        connection.execute("insert into vitalsd.obs values ('2026-03-01', 1, 99, 0, 'V', false, null)")
        with pytest.raises(psycopg.errors.RaiseException, match="only added"):
            connection.execute("reset role; delete from charting.entry")


def test_the_manifest_says_what_the_tables_hold(source: Filled) -> None:
    manifest = read(source.backup.path)
    known = {f"{schema}.{name}" for schema, name in rows(source.dsn, f"{OWN} and table_type = 'BASE TABLE'")}
    assert {table.name for table in manifest.tables} == known
    for table in manifest.tables:
        if table.name != "charting.backup":
            assert rows(source.dsn, f"select count(*) from {table.name}") == [(table.rows,)]
    assert source.told[0].startswith(f"{source.backup.name}: {len(known)} tables, {manifest.rows:,} rows, ")
    assert source.told[1] == f"{source.backup.name}: restored for trial, 0 differences"


@pytest.mark.parametrize("server", ["timescale", "postgres15"], indirect=True)
def test_a_checksum_is_of_the_rows_and_not_of_their_order(database: str) -> None:
    values = ("(1, 'a', 0.1::float8)", "(2, null, 'nan')", "(3, '\"', '-0')", "(3, '\"', '-0')")
    changed = ("(1, 'a', 0.1::float8)", "(2, '', 'nan')", "(3, '\"', '-0')", "(3, '\"', 0)")
    sums = []
    with psycopg.connect(database, autocommit=True) as connection:
        for number, made in enumerate(
            (values, values[::-1], values[1:], changed[:2] + values[2:], values[:3] + changed[3:])
        ):
            connection.execute(f"create table t{number} as select * from (values {', '.join(made)}) as v".encode())
            asked = SQL(queries("backup")["checksum"]).format(Identifier(f"t{number}"))
            sums.append(connection.execute(asked).fetchone())
    assert sums[0] == sums[1]
    assert len(set(sums)) == 4


def test_what_is_written_meanwhile_is_not_in_it(
    source: Filled, empty: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row comes after the snapshot, before pg_dump looks; the manifest is of what is in the dump all the same."""
    run_restore(source.backup.path, empty, lambda _: None)
    put = "insert into vitalsd.identity select 'LATE', device, kind, time, n, body from vitalsd.identity"
    wrapped("pg_dump", tmp_path, f'"$PSQL" -qX "$DSN" -c "{put}" && exec "$REAL" "$@"', monkeypatch)
    run_backup(job_of(empty, tmp_path), lambda _: None)
    assert rows(empty, "select count(*) from vitalsd.identity where bed = 'LATE'") == [(2,)]
    (table,) = [t for t in read(backups(tmp_path)[0].path).tables if t.name == "vitalsd.identity"]
    assert table.rows == 2


def test_a_trial_restore_that_differs_is_a_failure(
    source: Filled, scratch: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sql = "update vitalsd.identity set body = '{}' where kind = 'patient'; delete from charting.head"
    quiet = "set session_replication_role = replica"
    wrapped("pg_restore", tmp_path, f'"$REAL" "$@" && "$PSQL" -qX "$DSN" -c "{quiet}" -c "{sql}"', monkeypatch)
    with pytest.raises(BackupError) as failed:
        run_backup(job_of(source.dsn, tmp_path), lambda _: None)
    assert failed.value.reasons == (
        "charting.head: 1 rows were backed up, 0 are restored",
        "vitalsd.identity: 2 rows, but not the same ones",
    )
    (backup,) = backups(tmp_path)
    assert not backup.tested
    assert not rows(source.dsn, SCRATCH, scratch)
    last = "select ok, detail from charting.backup where kind = %s order by ended_us desc limit 1"
    ((ok, detail),) = rows(source.dsn, last, "restore_test")
    assert not ok
    assert "vitalsd.identity: 2 rows, but not the same ones" in detail
    assert rows(source.dsn, last, "backup")[0][0]


@pytest.mark.parametrize("server", ["timescale"], indirect=True)
async def test_a_bed_brings_again_what_came_after_the_backup(database: str, server: str, tmp_path: Path) -> None:
    """The restored store is of before: the bed's journal still holds what the lost one had."""
    migrate(database)
    journal = Journal.open(tmp_path / "journal.db", [READER])
    before, after = seconds(0, 20), seconds(20, 40)
    journal.append(before)
    await deliver(database, journal)
    made = ServerDatabase(database).dump(tmp_path, "now")
    journal.append(after)
    await deliver(database, journal)
    with bare(server) as dsn:
        ServerDatabase(dsn).restore(tmp_path, made)
        assert stored(dsn) == wanted(before)
        await deliver(dsn, journal)
        assert stored(dsn) == wanted([*before, *after])
    journal.close()


@pytest.mark.parametrize("source", ["timescale"], indirect=True)
def test_scratch_databases_that_were_left_go_and_one_in_use_stays(
    source: Filled, scratch: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    admin = request.getfixturevalue(source.server)
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"create database {scratch}left".encode())
        connection.execute(f"create database {scratch}used".encode())
        try:
            with psycopg.connect(admin, dbname=f"{scratch}used"):
                with ServerDatabase(source.dsn).scratch(tmp_path):
                    there = {name for (name,) in rows(admin, SCRATCH, scratch)}
                    with ServerDatabase(source.dsn).scratch(tmp_path):
                        assert there < {name for (name,) in rows(admin, SCRATCH, scratch)}
                    assert len(there) == 2
                    assert f"{scratch}left" not in there
                assert rows(admin, SCRATCH, scratch) == [(f"{scratch}used",)]
        finally:
            connection.execute(f"drop database if exists {scratch}left".encode())
            connection.execute(f"drop database {scratch}used".encode())


@pytest.mark.parametrize("server", ["timescale"], indirect=True)
def test_logins_that_are_missing_are_made_and_cannot_log_in(
    database: str, server: str, scratch: str, tmp_path: Path
) -> None:
    """One of a group of ours, and one who may look at a view: on a new server they would be missing."""
    migrate(database)
    member, reader = f"{scratch}member", f"{scratch}reader"
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(f"create role {member} login in role vitalsd_chart".encode())
        connection.execute(f"create role {reader} login; grant select on public.vitals to {reader}".encode())
        made = ServerDatabase(database).dump(tmp_path, "now")
        connection.execute(f"drop owned by {reader}; drop role {reader}, {member}".encode())
        with bare(server) as dsn:
            ServerDatabase(dsn).restore(tmp_path, made)
            asked = "select rolname, rolcanlogin, pg_has_role(rolname, 'vitalsd_chart', 'member') from pg_roles"
            found = rows(dsn, f"{asked} where starts_with(rolname, %s) order by 1", scratch)
            assert found == [(member, False, True), (reader, False, False)]
            assert rows(dsn, "select has_table_privilege(%s, 'vitals', 'select')", reader) == [(True,)]
        connection.execute(f"drop role {reader}, {member}".encode())


def test_a_database_that_is_not_empty_is_left_as_it_is(typed: Callable[..., Done], source: Filled, empty: str) -> None:
    with psycopg.connect(empty, autocommit=True) as connection:
        connection.execute("create table mine (a int)")
    done = typed("restore", source.backup.path, empty)
    assert done.returncode == 2
    assert "is not empty: public.mine" in done.stderr
    assert rows(empty, "select count(*) from pg_namespace where nspname = 'vitalsd'") == [(0,)]


@pytest.mark.parametrize("source", ["timescale"], indirect=True)
def test_a_database_that_is_not_ours_is_no_backup(empty: str, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="has neither a series store nor a charting"):
        run_backup(job_of(empty, tmp_path), lambda _: None)
    assert not backups(tmp_path)


def test_a_plain_servers_backup_grows_into_a_newer_timescaledb(on_postgres15: Filled, timescale: str) -> None:
    with bare(timescale) as dsn:
        run_restore(on_postgres15.backup.path, dsn, lambda _: None)
        before = held(on_postgres15.dsn)
        assert before == held(dsn)
        migrate(dsn)
        assert rows(dsn, HYPERTABLES) == [(4,)]
        assert before == held(dsn)


def test_a_server_that_cannot_take_it_is_refused(on_timescale: Filled, postgres15: str) -> None:
    with bare(postgres15) as dsn, pytest.raises(UsageError) as refused:
        run_restore(on_timescale.backup.path, dsn, lambda _: None)
    assert refused.value.reasons == (
        "made on PostgreSQL 17, and this server is 15",
        "needs the extension timescaledb, which this server does not have",
    )


def test_a_login_that_may_not_is_told(typed: Callable[..., Done], source: Filled, tmp_path: Path) -> None:
    with psycopg.connect(source.dsn, autocommit=True) as connection:
        connection.execute("create role backup_test_nobody login")
    try:
        done = typed("backup", psycopg.conninfo.make_conninfo(source.dsn, user="backup_test_nobody"), tmp_path)
    finally:
        with psycopg.connect(source.dsn, autocommit=True) as connection:
            connection.execute("drop role backup_test_nobody")
    assert done.returncode == 1
    assert "backups and restoring need a superuser's login" in done.stderr
    assert not backups(tmp_path)
