"""Outboxes: in memory and in a database of each kind, which one test after the other has empty."""

from collections.abc import Iterator
from contextlib import nullcontext

import pytest
from sqlalchemy import text

from charting.outbox.memory import MemoryOutbox
from charting.outbox.post import Post
from charting.store.database import Database
from charting.store.migrate import migrate, open_database
from charting.store.outbox import DatabaseOutbox
from collector.migrate import migrate as migrate_series
from tests.charting.clock import Clock
from tests.timescale import database as new_database


@pytest.fixture(scope="session", params=["memory", "sqlite", "timescale", "postgres15"])
def kept(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database | None]:
    """None: in memory."""
    if request.param == "memory":
        yield None
        return
    file = f"sqlite:///{tmp_path_factory.mktemp('outbox') / 'charting.db'}"
    made = nullcontext(file) if request.param == "sqlite" else new_database(request.getfixturevalue(request.param))
    with made as dsn:
        if request.param != "sqlite":
            migrate_series(dsn)
        migrate(dsn)
        database = open_database(dsn, make=True)
        yield database
        database.close()


@pytest.fixture
def outbox(kept: Database | None, clock: Clock) -> Post:
    if kept is None:
        return MemoryOutbox(clock.now_us)
    with kept.write() as connection:
        connection.execute(text("delete from parcel"))
    return DatabaseOutbox(kept, clock.now_us)
