"""Where the exchange keeps things in a database (charting.exchange)."""

from collections.abc import Callable

from charting.exchange import Kept
from charting.store.charges import DatabaseCharges
from charting.store.cursors import DatabaseCursors
from charting.store.database import Database
from charting.store.fhir import DatabaseClients, DatabaseSubscriptions
from charting.store.inbox import DatabaseMessages
from charting.store.outbox import DatabaseOutbox


def in_database(database: Database, now_us: Callable[[], int]) -> Kept:
    """Raises StoreError, later, for a database that cannot be had."""
    return Kept(
        outbox=DatabaseOutbox(database, now_us),
        cursors=DatabaseCursors(database),
        messages=DatabaseMessages(database, now_us),
        clients=DatabaseClients(database),
        charges=DatabaseCharges(database),
        subscriptions=DatabaseSubscriptions(database),
    )
