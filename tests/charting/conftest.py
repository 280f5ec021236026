"""Where charting tests keep their trail: in memory, in a SQLite file, on TimescaleDB and on a plain PostgreSQL."""

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import psycopg
import pytest

from charting.store.database import Database
from charting.store.migrate import migrate as migrate_charting
from charting.store.migrate import open_database
from charting.store.trail import DatabaseTrail
from charting.trail.trail import MemoryTrail, Trail
from collector.migrate import migrate
from tests.charting.clock import Clock
from tests.timescale import database as new_database


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def charting_on_timescale(timescale: str) -> Iterator[str]:
    """The DSN of a database with a series store, for one charting after the other."""
    with new_database(timescale) as dsn:
        migrate(dsn)
        yield dsn


@pytest.fixture(scope="session")
def charting_on_postgres15(postgres15: str) -> Iterator[str]:
    with new_database(postgres15) as dsn:
        migrate(dsn)
        yield dsn


def _placed(request: pytest.FixtureRequest, folder: Path) -> str:
    """The DSN of a new charting database of the kind that the fixture's parameter names."""
    if request.param == "sqlite":
        return f"sqlite:///{folder / 'charting.db'}"
    dsn: str = request.getfixturevalue(f"charting_on_{request.param}")
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("drop schema if exists charting cascade")
    migrate_charting(dsn)
    return dsn


@pytest.fixture(params=["sqlite", "timescale", "postgres15"])
def charting_dsn(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The DSN of a new charting database, the test's own, on each kind of database."""
    dsn = _placed(request, tmp_path)
    migrate_charting(dsn)
    return dsn


@pytest.fixture
def charting(charting_dsn: str) -> Iterator[Database]:
    """A new charting database, open."""
    database = open_database(charting_dsn, make=True)
    yield database
    database.close()


@pytest.fixture(params=["memory", "sqlite", "timescale", "postgres15"])
def trail(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[Trail]:
    """An empty trail, in each place where one can be kept."""
    if request.param == "memory":
        yield MemoryTrail(clock.now_us)
        return
    database = open_database(_placed(request, tmp_path), make=True)
    yield DatabaseTrail(database, clock.now_us)
    database.close()


@pytest.fixture(scope="session", params=["memory", "sqlite", "timescale", "postgres15"])
def kept(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database | None]:
    """A charting database that all tests of a process share, each of which empties its own table. None: in memory."""
    if request.param == "memory":
        yield None
        return
    file = f"sqlite:///{tmp_path_factory.mktemp('kept') / 'charting.db'}"
    made = nullcontext(file) if request.param == "sqlite" else new_database(request.getfixturevalue(request.param))
    with made as dsn:
        if request.param != "sqlite":
            migrate(dsn)
        migrate_charting(dsn)
        database = open_database(dsn, make=True)
        yield database
        database.close()
