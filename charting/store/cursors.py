"""How far followers of the audit trail have come (charting.outbox.following)."""

from sqlalchemy import insert, select, update

from charting.store.database import Database
from charting.store.tables import cursor


class DatabaseCursors:
    """Raises StoreError for a database that cannot be had."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def seq(self, name: str) -> int | None:
        with self._database.read() as connection:
            return connection.scalar(select(cursor.c.seq).where(cursor.c.name == name))

    def keep(self, name: str, seq: int) -> None:
        with self._database.write() as connection:
            kept = connection.execute(update(cursor).where(cursor.c.name == name).values(seq=seq))
            if not kept.rowcount:
                connection.execute(insert(cursor).values(name=name, seq=seq))
