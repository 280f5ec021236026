"""The outbox in memory and in each kind of database, and the cursors beside it."""

from typing import Any

from sqlalchemy import event

from charting.store.cursors import DatabaseCursors
from charting.store.database import Database
from charting.store.outbox import DatabaseOutbox
from tests.contracts.outbox import OutboxContract


class TestOutbox(OutboxContract):
    """`outbox` is each of them in turn (conftest.py)."""


def test_a_cursor_is_kept(kept: Database | None) -> None:
    if kept is None:
        return
    cursors = DatabaseCursors(kept)
    assert cursors.seq("billing") is None
    for seq in (7, 9):
        cursors.keep("billing", seq)
        assert (cursors.seq("billing"), cursors.seq("documents")) == (seq, None)


def test_what_is_to_be_forgotten_is_found_without_looking_through_all(kept: Database | None) -> None:
    if kept is None:
        return
    said: list[tuple[str, Any]] = []

    def hear(*told: Any) -> None:
        if "parcel" in told[2]:
            said.append(told[2:4])

    with kept.read() as connection:
        engine = connection.engine
    event.listen(engine, "before_cursor_execute", hear)
    DatabaseOutbox(kept, lambda: 0).forget(0)
    event.remove(engine, "before_cursor_execute", hear)
    with kept.read() as connection:
        if kept.postgresql:
            connection.exec_driver_sql("set local enable_seqscan = off")
        explain = "explain " if kept.postgresql else "explain query plan "
        plans = [str(connection.exec_driver_sql(f"{explain}{each}", how).all()) for each, how in said]
    assert ["parcel_forget" in plan for plan in plans] == [True, True]
