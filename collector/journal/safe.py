"""The journal in its file, and in memory while the disk does not take it (design §7)."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType

from collector.clock import rfc3339
from collector.errors import DamagedError, DiskError, JournalError
from collector.journal.database import MEMORY
from collector.journal.journal import Journal
from collector.journal.keeping import Limits
from collector.journal.reader import JournalReader
from collector.journal.rescue import salvage, settle
from collector.logs import logger
from collector.model import Entry
from collector.status import Unsaved

MEMORY_BYTES = 256 << 20
"""Most hours of a bed with its waves; what comes then is given up in the order of sacrifice."""

RETRY_S = 5.0
SALVAGE_RETRY_S = 60.0
"""How often the disk is tried again: a full one soon, a damaged file, which costs a reading of all of it, seldom."""

COPY = 2_000
"""Entries brought back at once."""

SLICES = 200
PAUSE_S = 0.002
"""Slices forgotten in one `tidy`, and room for an append between any two."""

_NOTHING: Mapping[str, int] = MappingProxyType({})


class SafeJournal:
    """Appends to the file or, while it cannot, to memory; `heal` brings back what memory has. Any thread may call.

    file, memory: the journals that there are now, each to be delivered; one that is no longer there is for the owner to
    close when its sinks are. unsaved_since_us: since when entries are in memory only; cause: why.
    """

    def __init__(
        self, path: Path, readers: Sequence[str], limits: Limits, utc_us: Callable[[], int],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        """Raises JournalError where not the disk, but what was asked for is at fault."""
        self._path = path
        self._readers = readers
        self._limits = limits
        self._utc_us = utc_us
        self._monotonic = monotonic
        self._lock = threading.RLock()
        self._healing = threading.Lock()
        self._log = logger()
        self._next_try_s = 0.0
        self._salvaging = False
        self.file: Journal | None = None
        self.file_reader: JournalReader | None = None
        self.memory: Journal | None = None
        self.unsaved_since_us: int | None = None
        self.cause = ""
        try:
            self._open()
        except DiskError as error:
            self._take_over(str(error), retry_s=0.0)

    @property
    def journals(self) -> list[Journal]:
        """Asked in the event loop too: does not wait for an append."""
        return [journal for journal in (self.file, self.memory) if journal is not None]

    def append(self, entries: Sequence[Entry], inputs: Mapping[str, int] = _NOTHING) -> int:
        """As Journal.append; the number is of the journal that took them. Raises as that does, but no DiskError."""
        with self._lock:
            if self.memory is None and self.file is not None:
                try:
                    return self.file.append(entries, inputs)
                except DiskError as error:
                    self._take_over(str(error))
            return self._in_memory().append(entries, inputs)

    def inputs(self) -> dict[str, int]:
        """How many frames of each replayed input have been journaled."""
        return {name: frames for journal in self.journals for name, frames in journal.inputs().items()}

    def go_on(self) -> None:
        """The daemon runs, and keeps what comes."""
        with self._lock, suppress(DiskError):  # the next append has its own
            if self.file is not None and self.memory is None:
                self.file.go_on(self._utc_us())

    def last_seen_us(self) -> int | None:
        """When an earlier daemon was last known to run; None where that is not known."""
        with suppress(DiskError):
            if self.file is not None:
                return self.file.last_seen_us(self._utc_us())
        return None

    def tidy(self) -> None:
        """Forget what may or must go (Journal.tidy)."""
        for journal in self.journals:
            with suppress(DiskError):
                for _ in range(SLICES):
                    if not journal.tidy(self._utc_us()):
                        break
                    time.sleep(PAUSE_S)

    def losses(self) -> int:
        """Entries given up for want of room."""
        with self._lock:
            return sum(gone.entries for journal in self.journals for gone in journal.sacrificed().values())

    def unsaved(self) -> Unsaved | None:
        """What only memory has; None where the file takes entries. Raises JournalError."""
        with self._lock:
            if self.memory is None or self.unsaved_since_us is None:
                return None
            return Unsaved(since_us=self.unsaved_since_us, series=frozenset(self.memory.channels().values()))

    def heal(self, *, at_once: bool = False) -> None:
        """Where the file is damaged or was not writable, try it again; everything that memory has goes back into it."""
        with self._healing:  # a daemon that ends heals beside a heal that goes on in a thread
            self._heal(at_once=at_once)

    def _heal(self, *, at_once: bool) -> None:
        with self._lock:
            if self.memory is None and self.file is not None and self.file.damage.is_set():
                self._take_over("the journal's file is damaged", retry_s=0.0)
        if self.memory is None or (self._monotonic() < self._next_try_s and not at_once):
            return
        try:
            if self.file is None or self.file.damage.is_set():
                self._reopen()
            self._put_back()
        except JournalError as error:
            self.cause = str(error)
            self._log.debug("the journal still cannot be written", reason=str(error))
            self._next_try_s = self._monotonic() + (SALVAGE_RETRY_S if self._salvaging else RETRY_S)

    def close(self) -> None:
        """What is in memory only is lost now, and told. The journals are their owner's to close, afterwards."""
        if self.memory is not None:
            self._log.error("values were never saved", entries=self.memory.tip - self.memory.copied, reason=self.cause)
        if self.file_reader is not None:
            self.file_reader.close()

    def _in_memory(self) -> Journal:
        if self.memory is None:
            raise RuntimeError("neither file nor memory")
        return self.memory

    def _open(self) -> None:
        with suppress(OSError):
            settle(self._path)
        file = Journal.open(self._path, self._readers, self._limits)
        try:
            self.file_reader = file.reader()
        except JournalError:
            file.close()
            raise
        self.file = file

    def _take_over(self, cause: str, retry_s: float = RETRY_S) -> None:
        """From now on entries go into memory."""
        self._log.error("values are not saved: the journal in memory takes over", reason=cause)
        self.cause = cause
        self.unsaved_since_us = self._utc_us()
        self._next_try_s = self._monotonic() + retry_s
        self.memory = Journal.open(MEMORY, self._readers, Limits(max_bytes=MEMORY_BYTES, passing=self._limits.passing))

    def _reopen(self) -> None:
        """Open the file, or a sound one made of what can be read of it. Raises JournalError."""
        damaged = self.file
        if damaged is None:
            try:
                self._open()
            except DamagedError:
                self._salvage()
                self._open()
        else:
            self._salvage()
            with self._lock:
                self.file, reader = None, self.file_reader
                self.file_reader = None
            damaged.close()
            if reader is not None:
                reader.close()
            self._open()

    def _salvage(self) -> None:
        self._salvaging = True
        now_us = self._utc_us()
        stamp = rfc3339(now_us)[:19].replace("-", "").replace(":", "") + "Z"
        aside, entries, unreadable = salvage(self._path, stamp)
        self._log.error(
            "the journal's file was damaged: a sound one was made of it",
            damaged=str(aside), entries=entries, unreadable=unreadable,
        )  # fmt: skip
        self._salvaging = False
        self._in_memory().copied = 0  # what was put back into the damaged file may be among what could not be read

    def _put_back(self) -> None:
        """Bring into the file what came into memory, then go on there. Raises DiskError."""
        file, memory = self.file, self._in_memory()
        if file is None:
            return
        tip = memory.tip
        while memory.copied < tip and self._copy(file, memory):  # what comes meanwhile, with appends held, is little
            pass
        with self._lock:
            while self._copy(file, memory):
                pass
            file.append([], memory.inputs())
            file.account(memory.sacrificed())
            self.memory = None
            saved_after_us = self._utc_us() - (self.unsaved_since_us or 0)
            self.unsaved_since_us = None
            self.cause = ""
        self._log.info("values are saved again", after_s=round(saved_after_us / 1e6, 1), entries=memory.tip)

    def _copy(self, file: Journal, memory: Journal) -> int:
        """Bring the next entries over; return how many."""
        rows = memory.read(memory.copied, COPY)
        if rows:
            file.append([entry for _, entry in rows])
            memory.copied = rows[-1][0]
        return len(rows)
