"""What a charting database says of itself, for the metrics."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select, text

from charting.store.backups import LastRuns, last_runs
from charting.store.database import Database
from charting.store.tables import case_row, client

_OPEN = select(case_row.c.bed, case_row.c.area).where(case_row.c.state == "open")
_SIZE = text("select pg_database_size(current_database())")


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """occupied: beds with an open case; cases: open ones by area; clients: browsers by the version of their page."""

    occupied: frozenset[str]
    cases: Mapping[str, int]
    clients: Mapping[str, int]


class Measures:
    """Raises StoreError for a database that cannot be had."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def now(self, since_us: int) -> Now:
        """since_us: from when on a browser that was seen is there."""
        browsers = select(client.c.version, func.count().label("browsers"))
        seen = browsers.where(client.c.seen_us >= since_us).group_by(client.c.version)
        with self._database.read() as connection:
            cases = connection.execute(_OPEN).all()
            clients = {row.version: row.browsers for row in connection.execute(seen)}
        return Now(
            occupied=frozenset(case.bed for case in cases), cases=Counter(case.area for case in cases), clients=clients
        )

    def runs(self) -> Mapping[str, LastRuns]:
        """Of backups."""
        return last_runs(self._database)

    def size_bytes(self) -> int:
        """Of the whole database, what others keep in it included."""
        if self._database.file is not None:
            return self._database.file.stat().st_size
        with self._database.read() as connection:
            return int(connection.scalar(_SIZE) or 0)
