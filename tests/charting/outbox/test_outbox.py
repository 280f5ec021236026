"""The outbox in memory and in each kind of database, and the cursors beside it."""

from charting.outbox.parcel import control_id
from charting.store.cursors import DatabaseCursors
from charting.store.database import Database
from tests.contracts.outbox import OutboxContract


class TestOutbox(OutboxContract):
    """`outbox` is each of them in turn (conftest.py)."""


def test_a_cursor_is_kept(kept: Database | None) -> None:
    if kept is None:
        return
    cursors = DatabaseCursors(kept)
    assert cursors.seq("billing") == 0
    for seq in (7, 9):
        cursors.keep("billing", seq)
        assert (cursors.seq("billing"), cursors.seq("documents")) == (seq, 0)


def test_a_control_id_is_short_and_always_the_same() -> None:
    # printf %s 'charge:77:1' | sha256sum | xxd -r -p | base32 | cut -c1-20
    assert control_id("charge:77:1") == "7LND67N6F46SBIZ6HT6X"
    assert len({control_id(f"charge:77:{n}") for n in range(1000)}) == 1000
    assert all(len(control_id("药" * n)) == 20 for n in range(9))
