"""The journal: durable, ordered, the one hand-over between the devices and everything that reads them."""

import os
import sqlite3
import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Self

from collector.errors import JournalError
from collector.journal.appender import Appender
from collector.journal.database import MEMORY, connect, lock
from collector.journal.ranges import Ranges, common
from collector.journal.reader import JournalReader
from collector.model import Entry
from collector.sql import queries

PRUNE_ROWS = 2_000
"""Rows that one `prune` forgets: a few milliseconds, so that an append behind it is not late (trials §3)."""

_Q = queries("journal")
_NOTHING: Mapping[str, int] = MappingProxyType({})


class Journal(JournalReader):
    """One process writes it, through this object; calls from several threads wait for each other.

    Path ":memory:" keeps it in memory: the same in every way, but that it ends with the process.
    """

    def __init__(self, db: sqlite3.Connection, path: Path | None, handle: int | None) -> None:
        super().__init__(db, threading.RLock())
        self._path = path
        self._handle = handle
        self._appender = Appender(db)
        self._pruned = Ranges()
        db.execute(_Q["new_life"], (str(uuid.uuid4()), self._appender.seq + 1))

    @classmethod
    def open(cls, path: Path | str, readers: Sequence[str] | None = None) -> Self:
        """Open or create the file, at the newest schema. `readers`: the durable readers from now on; None: as before.

        Without a durable reader nothing counts as delivered. Raises JournalError.
        """
        memory = str(path) == MEMORY
        handle = None if memory else lock(Path(path))
        try:
            journal = cls(connect(path, writing=True), None if memory else Path(path), handle)
            if readers is not None:
                journal._expect(readers)
        except BaseException:
            if handle is not None:
                os.close(handle)
            raise
        return journal

    def close(self) -> None:
        super().close()
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def reader(self) -> JournalReader:
        """A reader that does not wait for the writer; in memory it does, and ends with the journal."""
        if self._path is None:
            return JournalReader(self._db, self._lock, shared=True)
        return JournalReader.at(self._path)

    def append(self, entries: Sequence[Entry], inputs: Mapping[str, int] = _NOTHING) -> int:
        """Keep entries in their order; return the last sequence number when they are durable. All or nothing.

        inputs: how many frames of each replayed input are journaled with them. Raises JournalError; ValueError or
        OverflowError for an entry that no row can hold.
        """
        with self._writing():
            for entry in entries:
                self._appender.add(entry)
            self._appender.flush()
            self._db.executemany(_Q["put_input"], inputs.items())
            return self._appender.seq

    def done(self, reader: str, has: Ranges) -> None:
        """A durable reader has these sequence numbers, and will not ask for them again."""
        with self._writing():
            self._db.execute(_Q["put_reader"], (reader, str(has)))

    def prune(self) -> bool:
        """Forget the order of some entries that every durable reader has; return whether there may be more."""
        with self._lock:
            delivered = common(self.readers().values()) - self._pruned
            if not delivered.runs:
                return False
            first, last = delivered.runs[0]
            there = self._rows("first_queued", (first,))
            if there and there[0][0] <= last:
                last = min(last, there[0][0] + PRUNE_ROWS - 1)
                with self._writing():
                    self._db.execute(_Q["prune"], (first, last))
            self._pruned |= Ranges.of((first, last))
            return True

    def renew(self) -> None:
        """The tail of this file was lost, and a destination knows it: what is queued belongs to a new journal."""
        with self._writing():
            self._rename()

    def requeue(self) -> None:
        """A destination has lost what it had: queue everything that is kept anew, as a new journal.

        Appends wait meanwhile, about a second for a million rows.
        """
        with self._writing():
            self._rename()
            for query in ("clear_queue", "requeue_obs", "requeue_wave", "requeue_condition", "requeue_identity"):
                self._db.execute(_Q[query])
            self._appender = Appender(self._db)

    def _rename(self) -> None:
        self._db.execute(_Q["new_id"], (str(uuid.uuid4()),))
        self._db.execute(_Q["forget_done"])
        self._pruned = Ranges()

    def _expect(self, readers: Sequence[str]) -> None:
        known = self.readers()
        with self._writing():
            self._db.executemany(_Q["drop_reader"], [(name,) for name in known if name not in readers])
            self._db.executemany(_Q["put_reader"], [(name, "{}") for name in readers if name not in known])

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """One transaction, all or nothing; after an error the caches are read anew."""
        with self._lock:
            try:
                self._db.execute("begin immediate")
                try:
                    yield
                    self._db.execute("commit")
                except BaseException:
                    if self._db.in_transaction:
                        self._db.execute("rollback")
                    self._appender = Appender(self._db)
                    raise
            except sqlite3.Error as error:
                raise JournalError(f"the journal cannot be written: {error}") from error
