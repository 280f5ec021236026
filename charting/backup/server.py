"""A database of a PostgreSQL server, with TimescaleDB or without: pg_dump and pg_restore, and what was in it."""

import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier

from charting.backup.errors import BackupError
from charting.backup.manifest import Manifest, Server, Table
from charting.backup.places import Place
from charting.backup.tools import started, tool
from collector import __version__
from collector.dsn import secretless, server
from collector.edition import COMMUNITY, MEANS, edition
from collector.errors import UsageError
from collector.progress import counter
from collector.sql import queries, text

FILE = "database.dump"
TIMESCALE = "timescaledb"
SCRATCH = "vitalsd_restore_test_"
GROWN, PACKED = 1.25, 2
"""A backup grows by less than a quarter from one to the next; the first takes less than half of its database's size."""
ROOM = 1.5
"""What a trial restore needs, in sizes of the database: itself, and the log of what was written."""

_ZSTD = 16
"""From this version on pg_dump has zstd: twice as fast as gzip, and a tenth smaller."""

_RIGHTS = "backups and restoring need a superuser's login"

_Q = queries("backup")
Connection = psycopg.Connection[Any]


class ServerDatabase:
    """Its login reads all tables and makes databases; TimescaleDB lets only a superuser restore."""

    def __init__(self, dsn: str) -> None:
        """Raises UsageError for a DSN that is none."""
        self._address = server(dsn)

    @property
    def name(self) -> str:
        with self._connected() as connection:
            return connection.info.dbname

    def room_bytes(self, last_bytes: int) -> int:
        with self._connected() as connection:
            return int(last_bytes * GROWN) if last_bytes else _size_bytes(connection) // PACKED

    def dump(self, folder: Path, made: str) -> Manifest:
        with self._connected() as connection:
            if not any(connection.execute(_Q["schemas"]).fetchone() or ()):
                raise UsageError(f"{connection.info.dbname}: has neither a series store nor a charting of vitalsd")
            connection.execute(_Q["hold_migrations"])
            tables = [Identifier(*name) for name in connection.execute(_Q["tables"])]
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            with connection.transaction():
                if tables:
                    connection.execute(SQL(_Q["lock"]).format(SQL(", ").join(tables)))
                (snapshot,) = connection.execute(_Q["snapshot"]).fetchone() or ("",)
                program = tool("pg_dump", _version(connection))
                compress = "zstd" if program.version >= _ZSTD else "6"
                options = ["--format=custom", f"--compress={compress}", f"--snapshot={snapshot}"]
                file = folder / FILE
                with started(program, [*options, "--lock-wait-timeout=60s", f"--file={file}"], self._address) as run:
                    manifest = _manifest(connection, made, program.version)
                    with counter("MB dumped") as told:
                        run.finish(lambda: told(file.stat().st_size // 1_000_000 if file.exists() else 0))
        return manifest

    def restore(self, folder: Path, manifest: Manifest) -> Sequence[Table]:
        there = manifest.server
        if there is None:
            raise UsageError("this is the backup of a SQLite file: restore it into sqlite:///FILE")
        with self._connected() as connection:
            _check_fits(connection, there)
            program = tool("pg_restore", max(_version(connection), there.tool))
            _make_roles(connection, there.roles)
            timescale = there.extensions.get(TIMESCALE)
            if timescale is not None:
                connection.execute(SQL(_Q["make_extension"]).format(Identifier(TIMESCALE), timescale))
                connection.execute(_Q["begin_restore"])
            options: list[str | Path] = ["--exit-on-error", folder / manifest.dump]
            with started(program, options, self._address) as run, counter("MB restored") as told:
                run.finish(lambda: told(_size_bytes(connection) // 1_000_000))
            with connection.transaction():
                # Jobs of the Community edition, which drop what is old, begin only when this transaction has ended.
                if timescale is not None:
                    connection.execute(_Q["end_restore"])
                return _tables(connection)

    @contextmanager
    def scratch(self, folder: Path) -> Iterator[Place]:
        del folder
        name = f"{SCRATCH}{secrets.token_hex(6)}"
        place = ServerDatabase(make_conninfo(self._address, dbname=name))
        with self._connected() as connection:
            connection.execute(_Q["hold_scratch"])
            for (left,) in connection.execute(_Q["left"], (SCRATCH,)).fetchall():
                connection.execute(SQL(_Q["drop"]).format(Identifier(left)))
            _check_room(connection)
            connection.execute(SQL(_Q["scratch"]).format(Identifier(name)))
            used = psycopg.connect(place._address)  # until the end: nobody takes it for one that was left
        try:
            yield place
        finally:
            used.close()
            with suppress(BackupError), self._connected() as connection:  # else it is left for the next run
                connection.execute(SQL(_Q["drop"]).format(Identifier(name)))

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        try:
            with psycopg.connect(self._address, autocommit=True) as connection:
                connection.execute(_Q["settings"])
                yield connection
        except psycopg.errors.InsufficientPrivilege as error:
            raise UsageError(f"{error.diag.message_primary}: {_RIGHTS}") from error
        except psycopg.Error as error:
            said = error.diag.message_primary or secretless(str(error), self._address)
            hint = f" ({error.diag.message_hint})" if error.diag.message_hint else ""
            raise BackupError(f"the server: {said}{hint}") from error


def _version(connection: Connection) -> int:
    return connection.info.server_version // 10_000


def _size_bytes(connection: Connection) -> int:
    (size,) = connection.execute(_Q["size"]).fetchone() or (0,)
    return int(size)


def _tables(connection: Connection) -> tuple[Table, ...]:
    found = []
    with counter("tables compared") as told:
        for schema, name in connection.execute(_Q["tables"]).fetchall():
            asked = SQL(_Q["checksum"]).format(Identifier(schema, name))
            rows, total = connection.execute(asked).fetchone() or (0, 0)
            found.append(Table(name=f"{schema}.{name}", rows=rows, checksum=f"{int(total) % 2**64:016x}"))
            told(len(found))
    return tuple(found)


def _manifest(connection: Connection, made: str, program: int) -> Manifest:
    (encoding,) = connection.execute(_Q["encoding"]).fetchone() or ("",)
    schema = {}
    (stored, charted) = connection.execute(_Q["schemas"]).fetchone() or (False, False)
    for name, there in (("store", stored), ("charting", charted)):
        if there:
            (schema[name],) = connection.execute(_Q[name]).fetchone() or ("",)
    return Manifest(
        database=connection.info.dbname,
        made=made,
        vitalsd=__version__,
        schema=schema,
        tables=_tables(connection),
        server=Server(
            version=_version(connection),
            tool=program,
            encoding=encoding,
            edition=edition(connection),
            extensions=dict(connection.execute(_Q["extensions"]).fetchall()),
            roles={name: tuple(groups) for name, groups in connection.execute(_Q["roles"])},
        ),
    )


def _check_fits(connection: Connection, there: Server) -> None:
    """Raise UsageError with every reason why the backup cannot be restored here."""
    reasons = []
    occupied = connection.execute(_Q["occupied"]).fetchone()
    if occupied is not None:
        reasons.append(f"{connection.info.dbname}: is not empty: {occupied[0]}")
    if _version(connection) < there.version:
        reasons.append(f"made on PostgreSQL {there.version}, and this server is {_version(connection)}")
    (encoding,) = connection.execute(_Q["encoding"]).fetchone() or ("",)
    if encoding != there.encoding:
        reasons.append(f"made of a database in {there.encoding}, and this one is in {encoding}")
    here = edition(connection)
    if there.edition == COMMUNITY != here:
        reasons.append(f"made on {MEANS[COMMUNITY].partition(':')[0]}, and this is {MEANS[here].partition(':')[0]}")
    reasons += _missing(connection, there.extensions)
    (superuser,) = connection.execute(_Q["superuser"]).fetchone() or (False,)
    if TIMESCALE in there.extensions and not superuser:
        reasons.append("TimescaleDB lets only a superuser restore: connect as one")
    if reasons:
        raise UsageError(*reasons)


def _missing(connection: Connection, extensions: Mapping[str, str]) -> Iterator[str]:
    available = dict(connection.execute(_Q["available"]).fetchall())
    present = dict(connection.execute(_Q["extensions"]).fetchall())
    for name, version in extensions.items():
        if name not in available:
            yield f"needs the extension {name}, which this server does not have"
        elif name == TIMESCALE and version not in available[name]:
            yield f"needs TimescaleDB {version}, and this server has {', '.join(sorted(available[name]))}"
        elif name == TIMESCALE and present.get(name, version) != version:
            yield f"needs TimescaleDB {version}, and the database has {present[name]}: drop extension timescaledb first"


def _make_roles(connection: Connection, roles: Mapping[str, Sequence[str]]) -> None:
    """Those that are not here; none of them can log in before it is let."""
    connection.execute(text("timescale", "roles"))
    known = {name for (name,) in connection.execute(_Q["known"])}
    made = [name for name in roles if name not in known]
    for name in made:
        connection.execute(SQL(_Q["make_role"]).format(Identifier(name)))
    for name in made:
        for group in roles[name]:
            connection.execute(SQL(_Q["make_member"]).format(Identifier(group), Identifier(name)))


def _check_room(connection: Connection) -> None:
    """A trial restore that fills the server's disk would stop the beds' deliveries. Not known where it is another
    machine.
    """
    folder = None
    with suppress(psycopg.errors.InsufficientPrivilege):
        (folder,) = connection.execute(_Q["data_folder"]).fetchone() or (None,)
    need, size = 0, _size_bytes(connection)
    with suppress(OSError):
        free = shutil.disk_usage(folder or "").free
        need = max(0, int(size * ROOM) - free)
    if need:
        raise BackupError(f"{folder}: not restored for trial: the server's disk lacks {need / 1e6:,.0f} MB for it")
