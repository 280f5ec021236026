"""Outboxes: in memory and in a database of each kind, which one test after the other has empty."""

import pytest
from sqlalchemy import text

from charting.outbox.memory import MemoryOutbox
from charting.outbox.post import Post
from charting.store.database import Database
from charting.store.outbox import DatabaseOutbox
from tests.charting.clock import Clock


@pytest.fixture
def outbox(kept: Database | None, clock: Clock) -> Post:
    if kept is None:
        return MemoryOutbox(clock.now_us)
    with kept.write() as connection:
        connection.execute(text("delete from parcel"))
    return DatabaseOutbox(kept, clock.now_us)
