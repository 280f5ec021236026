"""Brings a charting database to the newest schema: one at a time, all or nothing."""

from pathlib import Path

from alembic.command import upgrade
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection, inspect, text

from charting.store.database import APPLICATION_ID, Database, StoreError, is_charting_file, is_new, make_file
from charting.store.tables import SCHEMA
from collector.dsn import sqlite_file
from collector.errors import UsageError
from collector.sql import queries


def open_database(dsn: str, *, make: bool = False) -> Database:
    """The charting's database, ready to be used. make: a file that is not there is made.

    Raises UsageError where there is none, where it is not the charting's, or of another schema than this version's: a
    newer one will do that says so.
    """
    file = sqlite_file(dsn)
    if file is not None and make and is_new(file):
        migrate(dsn)
    if file is not None and not is_charting_file(file):
        raise UsageError(f"{file}: " + ("not a charting file of vitalsd" if file.exists() else "no such file"))
    database = Database(dsn)
    try:
        with database.read() as connection:
            present = _present(connection)
            good = present is not None and (present == newest() or _readable(connection, present))
    except StoreError as error:
        database.close()
        raise UsageError(str(error)) from error
    if not good:
        database.close()
        raise UsageError(_other(present))
    return database


def migrate(dsn: str) -> list[str]:
    """Bring the charting's schema up to date; return what was done, a line each. A file that is not there is made.

    On PostgreSQL the series store comes first (collector.migrate): it makes the roles. Raises UsageError.
    """
    file = sqlite_file(dsn)
    if file is not None:
        make_file(file)
    database = Database(dsn)
    try:
        with database.write() as connection:
            if database.postgresql:
                _own(connection)
            before = _present(connection)
            if before is not None and before not in _revisions():
                if _readable(connection, before):
                    return [f"charting is of a newer vitalsd ({before}), and stays as it is"]
                raise UsageError(_other(before))
            upgrade(_config(connection), "head")
            if not database.postgresql:
                connection.execute(text(f"pragma application_id = {APPLICATION_ID}"))
    except StoreError as error:
        raise UsageError(str(error)) from error
    finally:
        database.close()
    due = [name for name in _revisions() if before is None or name > before]
    return [f"applied charting {name}" for name in due] or ["charting up to date"]


def newest() -> str:
    """The newest revision's name."""
    return _revisions()[-1]


def _own(connection: Connection) -> None:
    """As the owner of the tables, in their schema, alone among all migrations, however long they take."""
    connection.execute(text("set local lock_timeout = 0"))
    for name in ("lock_migrations", "own"):
        connection.execute(text(queries("timescale")[name]))
    connection.execute(text(f"create schema if not exists {SCHEMA}"))


def _readable(connection: Connection, present: str) -> bool:
    """Whether a newer schema has a view that says so: what this version reads and writes is as it was."""
    return inspect(connection).has_table(f"readable_{newest()[:4]}_{present[:4]}")


def _present(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _other(present: str | None) -> str:
    if present is None:
        return "no charting that this user may see: run `vitalsd migrate`, or connect as one in the role vitalsd_chart"
    if present in _revisions():
        return f"the charting is of an older vitalsd ({present}): run `vitalsd migrate`"
    return f"made by a newer vitalsd: its charting is {present}, this one knows {newest()}"


def revisions() -> list[Script]:
    """All revisions, oldest first."""
    return list(ScriptDirectory.from_config(_config()).walk_revisions())[::-1]


def _revisions() -> list[str]:
    return [revision.revision for revision in revisions()]


def _config(connection: Connection | None = None) -> Config:
    config = Config(attributes={"connection": connection} if connection is not None else {})
    place = Path(__file__).with_name("migrations")
    config.set_main_option("script_location", str(place).replace("%", "%%"))
    return config
