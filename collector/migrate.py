"""Brings a series store up to date: one at a time, all or nothing, whichever edition the server has."""

from collections.abc import Mapping
from typing import Any

import psycopg

from collector.dsn import secretless, server, sqlite_file
from collector.edition import COMMUNITY, MEANS, edition
from collector.errors import JournalError, UsageError
from collector.journal import Journal
from collector.sql import migrations, queries, text

_Q = queries("timescale")


def migrate(dsn: str, keep: Mapping[str, int | None] | None = None) -> list[str]:
    """Bring the store to the newest schema; return what it is and what was done, a line each.

    keep: for how many days "values" and "waves" are kept from now on, None: for ever; what is not named stays as it is.
    Raises UsageError for a DSN that is none, a file or server that cannot be had and rights that are missing.
    """
    file = sqlite_file(dsn)
    if file is not None:
        if keep:
            raise UsageError(f"{file}: only a server's store drops what is old; a journal has keep_hours")
        try:
            Journal.open(file).close()
        except JournalError as error:
            raise UsageError(str(error)) from error
        return [f"{file}: up to date"]
    address = server(dsn)
    try:
        with psycopg.connect(address, autocommit=True) as connection:
            _extend(connection)
            return [MEANS[edition(connection)], *_apply(connection, keep or {})]
    except psycopg.OperationalError as error:
        raise UsageError(f"the server cannot be reached: {secretless(str(error), address)}") from error
    except psycopg.errors.DuplicateTable as error:
        raise UsageError(
            f"{error.diag.message_primary}, and vitalsd has not made it: give the store a database of its own"
        ) from error
    except psycopg.errors.InsufficientPrivilege as error:
        raise UsageError(
            f"{error.diag.message_primary}: migrate as the database's owner, with the right to create roles"
        ) from error


def migrate_new(dsn: str) -> list[str]:
    """As `migrate`, for a server's database that never had a migration; any other is left as it is (nothing returned).

    A released schema is changed by a person, a new database is made ready by the first daemon that may.
    """
    address = server(dsn)
    try:
        with psycopg.connect(address, autocommit=True) as connection:
            (migrated,) = connection.execute(_Q["migrated"]).fetchone() or (False,)
        return [] if migrated else migrate(dsn)
    except psycopg.Error as error:
        raise UsageError(f"the store cannot be made ready: {secretless(str(error), address)}") from error


def _extend(connection: psycopg.Connection[Any]) -> None:
    """Put the extension into the database where the server has it."""
    with connection.transaction():
        connection.execute(_Q["lock_migrations"])
        present, available = connection.execute(_Q["extension"]).fetchone() or (False, False)
        if available and not present:
            connection.execute(_Q["make_extension"])


def _apply(connection: psycopg.Connection[Any], keep: Mapping[str, int | None]) -> list[str]:
    with connection.transaction():
        connection.execute(_Q["lock_migrations"])
        connection.execute(text("timescale", "roles"))
        connection.execute(_Q["own"])
        (migrated,) = connection.execute(_Q["migrated"]).fetchone() or (False,)
        applied = {name for (name,) in connection.execute(_Q["applied"])} if migrated else set()
        due = [name for name in migrations("timescale") if name not in applied]
        for name in due:
            connection.execute(text("timescale", name))
            connection.execute(_Q["apply"], (name,))
        for kind, days in keep.items():
            connection.execute(_Q["keep"], (days, kind))
        present, _ = connection.execute(_Q["extension"]).fetchone() or (False, False)
        if present:
            connection.execute(text("timescale", "hypertables"))
        if edition(connection) == COMMUNITY:
            connection.execute(text("timescale", "community"))
        dropped = [f"{kind} are dropped after {days} days" for kind, days in connection.execute(_Q["kept"])]
    return [*([f"applied {name}" for name in due] or ["up to date"]), *dropped]
