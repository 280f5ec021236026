"""Where charting tests keep their trail: in memory, in a SQLite file, on TimescaleDB and on a plain PostgreSQL."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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


@contextmanager
def _placed(request: pytest.FixtureRequest, folder: Path) -> Iterator[str]:
    """The DSN of a new charting database of the kind that the fixture's parameter names."""
    if request.param == "sqlite":
        yield f"sqlite:///{folder / 'charting.db'}"
        return
    with new_database(request.getfixturevalue(request.param)) as dsn:
        migrate(dsn)
        migrate_charting(dsn)
        yield dsn


@pytest.fixture(params=["sqlite", "timescale", "postgres15"])
def charting_dsn(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The DSN of a new charting database, the test's own, on each kind of database."""
    with _placed(request, tmp_path) as dsn:
        migrate_charting(dsn)
        yield dsn


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
    with _placed(request, tmp_path) as dsn:
        database = open_database(dsn, make=True)
        yield DatabaseTrail(database, clock.now_us)
        database.close()
