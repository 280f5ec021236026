"""Opens the journal's file: how it is written, who may write it, and its schema."""

import fcntl
import os
import sqlite3
import uuid
from pathlib import Path

from collector.errors import JournalError
from collector.sql import migrations, queries, text

MEMORY = ":memory:"

APPLICATION_ID = 0x76745344
"""Marks the file as a journal of vitalsd ("vtSD"), as PRAGMA application_id asks for."""

CHECKPOINT_PAGES = 10_000
"""40 MB of write-ahead log: a bed's second changes some 90 pages, so not one commit in a hundred is late for it."""

_MODE = 0o640

_BUSY_S = 5.0
"""How long a statement waits for another connection: only the opening of a file and its checkpoints take that lock."""


def connect(path: Path | str, *, writing: bool) -> sqlite3.Connection:
    """Open the file. Raises JournalError with the path and SQLite's reason."""
    memory = str(path) == MEMORY
    address = MEMORY if memory else f"{Path(path).absolute().as_uri()}?mode={'rwc' if writing else 'ro'}"
    try:
        db = sqlite3.connect(address, uri=not memory, isolation_level=None, check_same_thread=False, timeout=_BUSY_S)
    except sqlite3.Error as error:
        raise JournalError(f"{path}: {error}") from error
    try:
        reason = _prepare(db) if writing else _foreign(db)
    except sqlite3.Error as error:
        reason = str(error)
    if reason:
        db.close()
        raise JournalError(f"{path}: {reason}")
    return db


def lock(path: Path) -> int:
    """Hold the file for one writer until the descriptor is closed. Raises JournalError where another has it.

    A new file is made here, not for everybody to read: it holds patients.
    """
    try:
        handle = os.open(f"{path}-writer", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _MODE)
        if not path.exists():
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _MODE))
    except OSError as error:
        raise JournalError(f"{path}: {error.strerror}") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        raise JournalError(f"{path}: another process writes this journal") from error
    return handle


def _prepare(db: sqlite3.Connection) -> str:
    """Bring a file or a new one to the newest schema; return why it cannot be, or nothing."""
    version, names = _pragma(db, "user_version"), migrations("journal")
    empty = db.execute("select count(*) from sqlite_master").fetchone()[0] == 0
    if not empty and (reason := _foreign(db)):
        return reason
    if version > len(names):
        return f"made by a newer vitalsd: its schema is {version}, this one knows {len(names)}"
    db.execute("pragma journal_mode = wal")
    db.execute("pragma synchronous = full")
    db.execute(f"pragma wal_autocheckpoint = {CHECKPOINT_PAGES}")
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
