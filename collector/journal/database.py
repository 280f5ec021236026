"""Opens the journal's file: how it is written, who may write it, and its schema."""

import errno
import fcntl
import os
import sqlite3
import uuid
from pathlib import Path

from collector.errors import DamagedError, DiskError, JournalError
from collector.sql import migrations, queries, text

MEMORY = ":memory:"

APPLICATION_ID = 0x76745344
"""Marks the file as a journal of vitalsd ("vtSD"), as PRAGMA application_id asks for."""

LOG_BYTES = 80 << 20
"""Of write-ahead log, brought into the file at half of it: a bed's second changes some 90 pages, so not one commit in a
hundred is late for it."""

READABLE = "readable_{:02}_{:02}"
"""A view of that name: what knows only so many migrations may go on with a schema of so many."""

_MODE = 0o640

_MAGIC = b"SQLite format 3\0"

_MISTAKES = {errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EACCES, errno.EPERM, errno.ENAMETOOLONG, errno.ELOOP}
"""What a person has to mend in the configuration; any other refusal is the disk's."""

_CACHE_KIB = 256
"""Of pages that a reader keeps: the system keeps the file too, and a bed has several readers."""

_BUSY_S = 5.0
"""How long a statement waits for another connection: only the opening of a file and its checkpoints take that lock."""


def failure(what: str, error: sqlite3.Error) -> JournalError:
    """The error to raise for one of SQLite's: whose fault it is, with its reason."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        return DamagedError(f"{what}: {error}")
    return DiskError(f"{what}: {error}")


def connect(path: Path | str, *, writing: bool, log_bytes: int = LOG_BYTES) -> sqlite3.Connection:
    """Open the file. Raises DiskError, DamagedError or JournalError with the path and SQLite's reason.

    log_bytes: how large the write-ahead log may become before it is brought into the file.
    """
    memory = str(path) == MEMORY
    address = MEMORY if memory else f"{Path(path).absolute().as_uri()}?mode={'rwc' if writing else 'ro'}"
    try:
        db = sqlite3.connect(address, uri=not memory, isolation_level=None, check_same_thread=False, timeout=_BUSY_S)
    except sqlite3.Error as error:
        raise failure(str(path), error) from error
    try:
        if not writing:
            db.execute(f"pragma cache_size = -{_CACHE_KIB}")
        reason = _prepare(db, log_bytes) if writing else _foreign(db)
    except sqlite3.Error as error:
        db.close()
        raise failure(str(path), error) from error
    except UnicodeDecodeError as error:  # SQLite's reason quotes a schema that is no text any more
        db.close()
        raise DamagedError(f"{path}: its schema is damaged") from error
    if reason:
        db.close()
        raise JournalError(f"{path}: {reason}")
    return db


def lock(path: Path) -> int:
    """Hold the file for one writer until the descriptor is closed. Raises JournalError where another has it.

    A new file is made here, not for everybody to read: it holds patients. Raises DamagedError for an old file of ours
    that is no database any more, DiskError where the disk is at fault.
    """
    ours = Path(f"{path}-writer")
    try:
        foreign = not ours.exists() and path.exists() and _is_foreign(path)
        handle = -1 if foreign else os.open(ours, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _MODE)
        if not path.exists():
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _MODE))
    except OSError as error:
        kind = JournalError if error.errno in _MISTAKES else DiskError
        raise kind(f"{path}: {error.strerror}") from error
    if foreign:
        raise JournalError(f"{path}: file is not a database")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        raise JournalError(f"{path}: another process writes this journal") from error
    return handle


def _is_foreign(path: Path) -> bool:
    """Whether a file that we never wrote is something else than a database."""
    with path.open("rb") as file:
        head = file.read(len(_MAGIC))
    return head not in {b"", _MAGIC}


def _prepare(db: sqlite3.Connection, log_bytes: int) -> str:
    """Bring a file or a new one to the newest schema; return why it cannot be, or nothing."""
    version, names = _pragma(db, "user_version"), migrations("journal")
    empty = db.execute("select count(*) from sqlite_master").fetchone()[0] == 0
    if not empty and (reason := _foreign(db)):
        return reason
    newer = version > len(names)
    if newer and not db.execute(queries("journal")["readable"], (READABLE.format(len(names), version),)).fetchone():
        return f"made by a newer vitalsd: its schema is {version}, this one knows {len(names)}"
    db.execute("pragma journal_mode = wal")
    db.execute("pragma synchronous = full")
    db.execute(
        f"pragma wal_autocheckpoint = {max(1, log_bytes // 2 // 4096)}"
    )  # a commit or two come before it is done
    db.execute(f"pragma journal_size_limit = {log_bytes}")
    for number, name in enumerate(names[version:], start=version + 1):
        db.executescript(
            f"begin immediate; {text('journal', name)} pragma application_id = {APPLICATION_ID}; "
            f"pragma user_version = {number}; commit"
        )
    if db.execute(queries("journal")["meta"]).fetchone() is None:
        db.execute(queries("journal")["new_meta"], (str(uuid.uuid4()),))
    return ""


def _foreign(db: sqlite3.Connection) -> str:
    return "" if _pragma(db, "application_id") == APPLICATION_ID else "not a journal of vitalsd"


def _pragma(db: sqlite3.Connection, name: str) -> int:
    return int(db.execute(f"pragma {name}").fetchone()[0])
