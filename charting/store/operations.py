"""What operating leaves in a database: runs, reports, browsers (charting.fleet.central)."""

from collections.abc import Mapping, Sequence

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from charting.fleet.central import CLIENT_KEPT_US, Client, Report
from charting.store.backups import LastRuns, last_runs
from charting.store.database import Database
from charting.store.tables import client, inspection

_C, _I = client.c, inspection.c
_REPORTS = ("inspection", "performance")


class DatabaseOperations:
    """Raises StoreError for a database that cannot be had."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def runs(self) -> Mapping[str, LastRuns]:
        return last_runs(self._database)

    def reports(self) -> Sequence[Report]:
        chosen = select(_I.kind, _I.period, _I.made_us).order_by(_I.made_us.desc()).limit(1)
        with self._database.read() as connection:
            return [
                Report(**row)
                for kind in _REPORTS
                for row in connection.execute(chosen.where(_I.kind == kind)).mappings()
            ]

    def clients(self) -> Sequence[Client]:
        with self._database.read() as connection:
            rows = connection.execute(select(client).order_by(_C.seen_us.desc())).mappings()
            return [Client(**row) for row in rows]

    def keep(self, told: Client) -> None:
        insert = postgresql.insert(client) if self._database.postgresql else sqlite.insert(client)
        values = {name: getattr(told, name) for name in Client.__slots__}
        put = insert.values(values).on_conflict_do_update(
            index_elements=[_C.id], set_={name: insert.excluded[name] for name in Client.__slots__ if name != "id"}
        )
        with self._database.write() as connection:
            connection.execute(put)
            connection.execute(delete(client).where(_C.seen_us < told.seen_us - CLIENT_KEPT_US))
