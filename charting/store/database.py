"""A charting database: a SQLite file or a schema of a PostgreSQL database, and what goes wrong with them."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from sqlalchemy import Connection, Engine, QueuePool, create_engine, event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from charting.store.tables import SCHEMA
from collector.dsn import secretless, server, sqlite_file
from collector.errors import UsageError, VitalsdError

APPLICATION_ID = 0x76744348
"""Marks a file as the charting's own ("vtCH"), as PRAGMA application_id asks for."""

POOL = 5
WAIT_S = 10
"""How long a writer waits for another one, and a caller for a connection."""

# A client that hangs in the middle of an append holds up the others no longer than this.
_PATIENCE = f"-c lock_timeout={WAIT_S}s -c idle_in_transaction_session_timeout=60s"
# A writer waits for the writer before and then sees what he has written.
_SERVER_WRITER = {"isolation_level": "READ COMMITTED"}
_SQLITE_WRITER = {"begin": "begin immediate"}
_LOGGED = "pragma journal_mode = wal"
_MODE = 0o640


class StoreError(VitalsdError):
    """The database cannot be reached or does not answer: nothing of the call is kept, the next one tries again.

    Only where the connection broke in the very moment of the commit may all of it be kept; who writes looks again.
    """


class Database:
    """Transactions of a charting database. Any thread may call; a connection that broke is replaced."""

    def __init__(self, dsn: str) -> None:
        """Raises UsageError for a DSN that is none and for a file that is not there. Connects when first asked to."""
        self.file = sqlite_file(dsn)
        self._address = ""
        if self.file is None:
            self._address = _with_schema(server(dsn))
            self._engine = create_engine(
                "postgresql+psycopg://",
                creator=lambda: psycopg.connect(self._address),
                isolation_level="REPEATABLE READ",
                pool_pre_ping=True,
                pool_size=POOL,
                max_overflow=0,
                pool_timeout=WAIT_S,
                hide_parameters=True,
            )
        else:
            self._engine = _sqlite(self.file)
        self._writer = self._engine.execution_options(**(_SQLITE_WRITER if self.file else _SERVER_WRITER))

    @property
    def postgresql(self) -> bool:
        return self.file is None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state of the database. Raises StoreError."""
        with self._told(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that is kept whole or not at all; on SQLite the only one at its time. Raises StoreError."""
        with self._told(), self._writer.begin() as connection:
            yield connection

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except PoolTimeout:
            raise StoreError(f"the charting database is overloaded: no connection within {WAIT_S} s") from None
        except SQLAlchemyError as error:
            raise StoreError(f"the charting database: {self._reason(error)}") from error

    def _reason(self, error: SQLAlchemyError) -> str:
        """What a server's or a file's error says without the data that it was about."""
        cause = error.orig if isinstance(error, DBAPIError) else None
        if isinstance(cause, psycopg.Error) and cause.diag.message_primary:
            return cause.diag.message_primary
        if isinstance(cause, psycopg.OperationalError):
            return secretless(str(cause), self._address)
        if isinstance(cause, sqlite3.Error):
            return f"{self.file}: {cause}"
        return type(cause or error).__name__


def is_charting_file(path: Path) -> bool:
    """Whether a file is the charting's own. Raises UsageError for one that cannot be opened."""
    return _mark(path) == APPLICATION_ID


def make_file(path: Path) -> None:
    """A new empty file, not for everybody to read: it holds patients. One that is there is left alone.

    Raises UsageError where it cannot be made, and for a file that is something else.
    """
    try:
        if not path.exists():
            # Nobody waits for the lock under which a file gets its log, so that it is there only once it has one.
            with TemporaryDirectory(dir=path.parent, prefix=f".{path.name}-") as folder:
                made = Path(folder, path.name)
                os.close(os.open(made, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _MODE))
                with closing(sqlite3.connect(_place(made), uri=True)) as connection:
                    connection.execute(_LOGGED)
                with suppress(FileExistsError):
                    path.hardlink_to(made)
    except (OSError, sqlite3.Error) as error:
        raise UsageError(f"{path}: {getattr(error, 'strerror', error)}") from error
    if _mark(path) not in {None, APPLICATION_ID}:
        raise UsageError(f"{path}: not a charting file of vitalsd")


def is_new(path: Path) -> bool:
    """Whether there is no file yet, or one in which nothing has been made. Raises UsageError as is_charting_file."""
    return not path.exists() or _mark(path) is None


def _mark(path: Path) -> int | None:
    """A file's application id as SQLite has it, even from its log; None for an empty file, 0 for no database."""
    if not path.is_file():
        return 0
    try:
        with closing(sqlite3.connect(_place(path), uri=True, timeout=WAIT_S)) as connection:
            (tables,) = connection.execute("select count(*) from sqlite_master").fetchone()
            (mark,) = connection.execute("pragma application_id").fetchone()
    except sqlite3.OperationalError as error:
        raise UsageError(f"{path}: {error}") from error
    except sqlite3.DatabaseError:
        return 0
    return int(mark) if tables else None


def _place(path: Path) -> str:
    return f"file:{quote(str(path.absolute()))}?mode=rw"


def _with_schema(address: str) -> str:
    """The charting's schema comes first, and nobody's temporary tables before it."""
    options = conninfo_to_dict(address).get("options") or ""
    options = f"{_PATIENCE} {options} -c search_path={SCHEMA},pg_temp"
    return make_conninfo(address, options=options, client_encoding="utf8")


def _sqlite(path: Path) -> Engine:
    def connect() -> sqlite3.Connection:
        # Transactions are begun below, not by the module.
        return sqlite3.connect(_place(path), uri=True, timeout=WAIT_S, isolation_level=None, check_same_thread=False)

    engine = create_engine(
        "sqlite://",
        creator=connect,
        poolclass=QueuePool,
        pool_size=POOL,
        max_overflow=0,
        pool_timeout=WAIT_S,
        hide_parameters=True,
    )

    def prepare(connection: Any, record: object) -> None:
        del record
        for pragma in (_LOGGED, "pragma synchronous = full", "pragma foreign_keys = on"):
            connection.execute(pragma).close()

    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get("begin", "begin"))

    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", begin)
    return engine
