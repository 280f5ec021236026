"""The schema: how it comes about, who may do what, and what people rely on."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from collector import migrate as migrating
from collector.dsn import server as server_dsn
from collector.dsn import sqlite_file
from collector.errors import UsageError
from collector.journal import Journal
from collector.migrate import migrate, migrate_new
from collector.model import AlarmPhase, Priority
from collector.sql import migrations, text
from collector.timescale import READER
from tests.journal.entries import HEART_RATE, condition, one_of_each, reading, seconds
from tests.store.delivering import deliver, rows, stored, wanted
from tests.store.release import RELEASES
from tests.timescale import database as new_database

CATALOGUE = {
    "columns": """select table_schema, table_name, column_name, ordinal_position, data_type, udt_name, is_nullable,
        column_default, is_identity from information_schema.columns
        where table_schema = 'vitalsd' or table_name in ('vitals', 'waves', 'conditions') order by 1, 2, 3""",
    "constraints": """select conrelid::regclass::text, conname, pg_get_constraintdef(oid) from pg_constraint
        where connamespace = 'vitalsd'::regnamespace order by 1, 2""",
    "indexes": "select tablename, indexname, indexdef from pg_indexes where schemaname = 'vitalsd' order by 1, 2",
    "views": """select relname, pg_get_viewdef(oid) from pg_class
        where relkind = 'v' and relname in ('vitals', 'waves', 'conditions') order by 1""",
    "functions": """select proname, pg_get_functiondef(oid), proacl::text, proowner::regrole::text from pg_proc
        where pronamespace = 'vitalsd'::regnamespace order by 1""",
    "rights": """select relname, relkind::text, relacl::text, relowner::regrole::text, reloptions from pg_class
        where relnamespace = 'vitalsd'::regnamespace or relname in ('vitals', 'waves', 'conditions') order by 1""",
    "storage": """select attrelid::regclass::text, attname, attstorage::text from pg_attribute
        where attrelid = 'vitalsd.wave'::regclass and attnum > 0 order by 2""",
    "hypertables": """select hypertable_schema, hypertable_name, column_name, time_interval
        from timescaledb_information.dimensions order by 1, 2""",
    "migrations": "select name from vitalsd.migration order by 1",
}

APPLIED = [f"applied {name}" for name in migrations("timescale")]


HYPERTABLES = ["condition", "minute", "obs", "wave"]


def catalogue(dsn: str) -> dict[str, list[tuple[object, ...]]]:
    """What there is; hypertables only where the extension is."""
    extended = rows(dsn, "select from pg_extension where extname = 'timescaledb'")
    return {name: rows(dsn, query) for name, query in CATALOGUE.items() if extended or name != "hypertables"}


def test_migrating_twice_changes_nothing(database: str) -> None:
    first = migrate(database)
    assert first[1:] == APPLIED
    before = catalogue(database)
    assert migrate(database) == [first[0], "up to date"]
    assert catalogue(database) == before


@pytest.mark.parametrize(
    ("server", "said", "hypertables"),
    [
        ("timescale", "TimescaleDB, Apache edition: hypertables; no compression and no policies", HYPERTABLES),
        ("postgres15", "plain PostgreSQL without TimescaleDB: for evaluation only", None),
    ],
    indirect=["server"],
)
def test_the_edition_is_told_and_used(database: str, said: str, hypertables: list[str] | None) -> None:
    assert migrate(database)[0] == said
    found = catalogue(database).get("hypertables")
    assert hypertables == (None if found is None else [row[1] for row in found])


def test_a_new_database_is_made_ready_and_an_old_one_is_left_to_a_person(database: str) -> None:
    assert any(line.startswith("applied") for line in migrate_new(database))
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("delete from vitalsd.migration")
    assert migrate_new(database) == []


def test_several_at_once_wait_for_each_other(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("drop extension if exists timescaledb")
    with ThreadPoolExecutor(4) as pool:
        said = [lines[1:] for lines in pool.map(migrate, [database] * 4)]
    assert sorted(said) == [APPLIED, ["up to date"], ["up to date"], ["up to date"]]


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.name)
def test_the_schema_of_every_release_becomes_the_newest(store: str, server: str, release: Path) -> None:
    with new_database(server) as old:
        with psycopg.connect(old) as connection:
            connection.execute(text("timescale", "roles"))
            connection.execute("set local role vitalsd_migrate")
            connection.execute((release / "schema.sql").read_text(encoding="utf-8"))
        migrate(old)
        newest, upgraded = catalogue(store), catalogue(old)
        assert {name: upgraded[name] for name in newest} == newest


async def test_a_plain_store_becomes_one_of_timescaledb_when_the_extension_comes(
    timescale: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with new_database(timescale) as dsn:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("drop extension timescaledb")
        monkeypatch.setattr(migrating, "_extend", lambda _: None)
        assert migrate(dsn)[0] == "plain PostgreSQL without TimescaleDB: for evaluation only"
        journal = Journal.open(tmp_path / "journal.db", [READER])
        journal.append([*one_of_each(), *seconds(0, 20)])
        await deliver(dsn, journal)
        assert stored(dsn) == wanted([*one_of_each(), *seconds(0, 20)])
        monkeypatch.undo()
        assert migrate(dsn)[0].startswith("TimescaleDB, ")
        journal.append(seconds(20, 40))
        await deliver(dsn, journal)
        journal.close()
        assert stored(dsn) == wanted([*one_of_each(), *seconds(0, 40)])
        assert [row[1] for row in catalogue(dsn)["hypertables"]] == HYPERTABLES


WHO = "bed text, device text"
WHAT = f"time timestamp with time zone, {WHO}, code text, source text"
VIEWS = {
    "vitals": f"{WHAT}, role text, site text, value double precision, text text, unit text, quality text, demo boolean",
    "waves": f"{WHAT}, rate_hz double precision, n integer, unit text",
    "conditions": f"onset timestamp with time zone, ended timestamp with time zone, {WHO}, type text, priority text, "
    "code text, text text",
}


@pytest.mark.parametrize("view", VIEWS)
def test_the_views_are_as_promised(store: str, view: str) -> None:
    columns = (
        "select string_agg(column_name || ' ' || data_type, ', ' order by ordinal_position)"
        " from information_schema.columns where table_schema = 'public' and table_name = %s"
    )
    assert rows(store, columns, view) == [(VIEWS[view],)]


async def test_conditions_are_seen_from_onset_to_end(store: str, tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "journal.db", [READER])
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
    await deliver(store, journal)
    journal.close()
    seconds_of = "extract(second from onset)::int, extract(second from ended)::int"
    query = f"select {seconds_of}, priority, code, text from conditions order by coalesce(onset, ended)"
    assert rows(store, query) == [
        (1, 3, "high", "MDC_EVT_HI", "HR 150"),
        (4, None, "low", "MDC_EVT_HI", "HR 121"),
        (5, None, "low", "MDC_EVT_HI", "HR 122"),
        (None, 6, "high", "MDC_EVT_HI", "HR 高"),
    ]


@pytest.mark.parametrize(
    ("role", "may", "may_not"),
    [
        (
            "vitalsd_read",
            ["vitals", "waves", "conditions", "vitalsd.dropped", "vitalsd.retention"],
            ["vitalsd.obs", "vitalsd.identity", "vitalsd.parked"],
        ),
        ("vitalsd_chart", ["vitals", "conditions", "vitalsd.identity", "vitalsd.minute", "vitalsd.dropped"], []),
        ("vitalsd_bed", [], ["vitals", "vitalsd.obs", "vitalsd.identity", "vitalsd.latest", "vitalsd.parked"]),
    ],
)
def test_each_role_reads_its_own_and_changes_nothing(store: str, role: str, may: list[str], may_not: list[str]) -> None:
    dsn = make_conninfo(store, options=f"-c role={role}")
    for name in may:
        rows(dsn, f"select * from {name}")
    refused = [f"select * from {name}" for name in may_not]
    changes = ["delete from vitalsd.obs", "update vitalsd.obs set value = 0", "drop view vitals"]
    changes += ["update vitalsd.retention set days = 1", "delete from vitalsd.dropped"]
    for query in [*refused, *changes]:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            rows(dsn, query)


@pytest.mark.parametrize("server", ["timescale"], indirect=True)
def test_whoever_made_the_roles_may_migrate_without_being_a_superuser(database: str) -> None:
    """From PostgreSQL 16 on the maker of a role may give it to others and is not it himself."""
    migrate(database)  # the roles of the server are there, made by another
    owner = f"owner_{uuid.uuid4().hex}"
    with new_database(database) as dsn, psycopg.connect(dsn, autocommit=True) as admin:
        admin.execute(f"create role {owner} login createrole")
        try:
            for role in ("vitalsd_migrate", "vitalsd_bed", "vitalsd_chart", "vitalsd_read"):
                admin.execute(f"grant {role} to {owner} with admin true, inherit false, set false")
            admin.execute(f"alter database {admin.info.dbname} owner to {owner}")
            assert migrate(make_conninfo(dsn, user=owner))[1:] == APPLIED
        finally:
            admin.execute(f"reassign owned by {owner} to postgres")
            admin.execute(f"drop owned by {owner}")
            admin.execute(f"drop role {owner}")


def test_a_migration_without_the_rights_says_what_is_missing(store: str) -> None:
    with pytest.raises(UsageError, match="as the database's owner, with the right to create roles"):
        migrate(make_conninfo(store, options="-c role=vitalsd_read"))


def test_a_database_where_others_have_our_names_is_left_as_it_is(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("create table vitals(id int)")
    before = rows(database, "select oid from pg_class order by 1")
    with pytest.raises(UsageError, match='relation "vitals" already exists, and vitalsd has not made it'):
        migrate(database)
    assert rows(database, "select oid from pg_class order by 1") == before


def test_what_others_have_in_the_database_stays(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("create schema hospital; create table hospital.obs as select 1 as bed")
        connection.execute("create table public.position as select 2 as bed")
    migrate(database)
    assert rows(database, "select bed from hospital.obs union select bed from public.position order by 1") == [
        (1,),
        (2,),
    ]


@pytest.mark.parametrize(
    "dsn", ["host=127.0.0.1 port=1 password=geheim", "postgresql://u:geheim@127.0.0.1:1/x", "password=geheim host"]
)
def test_a_server_that_cannot_be_had_is_the_callers_mistake_and_no_secret_is_told(dsn: str) -> None:
    with pytest.raises(UsageError) as told:
        migrate(dsn)
    assert "geheim" not in str(told.value)


def test_the_embedded_store_is_a_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "store.db"
    assert migrate(f"sqlite:///{file}") == [f"{file}: up to date"]
    monkeypatch.chdir(tmp_path)
    assert migrate("sqlite:///store.db") == ["store.db: up to date"]
    journal = Journal.open(file)
    assert journal.append([reading(HEART_RATE, 0, 60.0)]) == 1
    with pytest.raises(UsageError, match="another process"):
        migrate(f"sqlite:///{file}")
    journal.close()


def test_a_dsn_names_a_file_or_a_server() -> None:
    assert sqlite_file("sqlite:///a/b.db") == Path("a/b.db")
    assert sqlite_file("sqlite:////a/b.db") == Path("/a/b.db")
    assert sqlite_file("host=x") is None
    for wrong in ("sqlite:", "sqlite:///", "sqlite:x.db", "sqlite://host/x.db"):
        with pytest.raises(UsageError, match="expected sqlite:///FILE"):
            sqlite_file(wrong)
    assert "connect_timeout=3" in server_dsn("postgresql://h/d?connect_timeout=3")
    assert "connect_timeout=5" in server_dsn("host=h dbname=d")
