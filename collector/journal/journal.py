"""The journal: durable, ordered, the one hand-over between the devices and everything that reads them."""

import os
import sqlite3
import threading
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Self

from collector.errors import DamagedError
from collector.journal.appender import Appender
from collector.journal.database import MEMORY, connect, failure, lock
from collector.journal.keeping import Keeping, Limits
from collector.journal.ranges import Ranges
from collector.journal.reader import JournalReader, Sacrificed
from collector.journal.rows import Row
from collector.model import Entry, Series
from collector.sql import queries

_Q = queries("journal")
_NOTHING: Mapping[str, int] = MappingProxyType({})


class Journal(JournalReader):
    """One process writes it, through this object; calls from several threads wait for each other.

    Path ":memory:" keeps it in memory: the same in every way, but that it ends with the process. `copied`: up to there
    another journal has everything, so that nothing is lost with it.
    """

    def __init__(self, db: sqlite3.Connection, path: Path | None, handle: int | None, limits: Limits) -> None:
        super().__init__(db, threading.RLock())
        self.path = path
        self._handle = handle
        self._appender = Appender(db)
        self._stale = False
        self._keeping = Keeping(db, limits)
        self.copied = 0
        db.execute(_Q["new_life"], (str(uuid.uuid4()), self._appender.seq + 1))

    @classmethod
    def open(cls, path: Path | str, readers: Sequence[str] | None = None, limits: Limits | None = None) -> Self:
        """Open or create the file, at the newest schema. `readers`: the durable readers from now on; None: as before.

        Without a durable reader nothing counts as delivered. `limits`: when `tidy` forgets entries; none: never.
        Raises DiskError where the disk is at fault, DamagedError where the file is, else JournalError.
        """
        memory = str(path) == MEMORY
        limits = limits or Limits()
        handle = None if memory else lock(Path(path))
        try:
            db = connect(path, writing=True, log_bytes=limits.log_bytes)
            try:
                journal = cls(db, None if memory else Path(path), handle, limits)
                if readers is not None:
                    journal._expect(readers)
            except BaseException as error:
                db.close()
                if isinstance(error, sqlite3.Error):
                    raise failure(str(path), error) from error
                if isinstance(error, ValueError | KeyError | TypeError):
                    raise DamagedError(f"{path}: a row makes no sense ({type(error).__name__})") from error
                raise
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

    def map(self, lines: Iterable[Row]) -> None:
        """Say of signals that were stored without a code what they are: device, source, code, unit."""
        with self._lock:
            try:
                self._db.executemany(_Q["map"], lines)
            except sqlite3.Error as error:
                raise failure(str(self.path), error) from error

    def reader(self) -> JournalReader:
        """A reader that does not wait for the writer; in memory it does, and ends with the journal."""
        if self.path is None:
            return JournalReader(self._db, self._lock, self.damage, shared=True)
        return JournalReader.at(self.path, self.damage)

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

    def go_on(self, now_us: int) -> None:
        """The present run of the daemon goes on at this time."""
        with self._writing():
            self._db.execute(_Q["put_seen"], (now_us,))

    def tidy(self, now_us: int) -> bool:
        """Forget a slice of what may or must go by `limits`; return whether there may be more.

        What every reader has goes first. Then, and only at the limit of bytes, what is not delivered, in the order of
        sacrifice (design §7): it is counted by channel in `sacrificed`.
        """
        with self._lock:
            try:
                going = self._keeping.next(now_us, self.readers(), self.copied, self.tip)
            except sqlite3.Error as error:
                raise self._failed("read", error) from error
            if going is None:
                return False
            with self._writing():
                self._keeping.forget(going)
            return True

    def is_nearly_full(self) -> bool:
        """Whether the limit of bytes is near and what is kept is hardly delivered: a loss is to be feared."""
        with self._lock:
            try:
                return self._keeping.is_near(self.readers(), self.tip)
            except sqlite3.Error as error:
                raise self._failed("read", error) from error

    def account(self, lost: Mapping[Series | None, Sacrificed]) -> None:
        """What another journal gave up counts as given up by this one."""
        with self._writing():
            self._appender.account(lost)

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
            self._stale = True

    def _rename(self) -> None:
        self._db.execute(_Q["new_id"], (str(uuid.uuid4()),))
        self._db.execute(_Q["forget_done"])

    def _expect(self, readers: Sequence[str]) -> None:
        known = self.readers()
        with self._writing():
            self._db.executemany(_Q["drop_reader"], [(name,) for name in known if name not in readers])
            self._db.executemany(_Q["put_reader"], [(name, "{}") for name in readers if name not in known])

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """One transaction, all or nothing; after an error the appender no longer knows what the tables hold."""
        with self._lock:
            try:
                self._db.execute("begin immediate")
                try:
                    if self._stale:
                        self._appender = Appender(self._db)
                        self._stale = False
                    yield
                    self._db.execute("commit")
                except BaseException:
                    self._stale = True
                    if self._db.in_transaction:
                        self._db.execute("rollback")
                    raise
            except sqlite3.Error as error:
                raise self._failed("written", error) from error
