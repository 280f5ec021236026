"""Reads everything that can be read of a journal's file, also of a damaged one, and makes a sound one of it."""

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Self

from collector.durable import sync
from collector.errors import DamagedError, DiskError, JournalError
from collector.journal.database import connect
from collector.journal.journal import Journal
from collector.journal.reader import JournalReader, Sacrificed
from collector.journal.rows import (
    KIND_CONDITION,
    KIND_IDENTITY,
    KIND_WAVE,
    Row,
    condition_of,
    identity_of,
    piece_of,
    reading_of,
    series_of,
)
from collector.model import Entry, Series
from collector.sql import queries

WINDOW_US = 6 * 3_600_000_000
WINDOW_ROWS = 500
"""How much is read at once: some ten thousand readings of a channel, or some hundred kilobytes of waves."""

GRAIN_US = 1_000_000
"""Where readings cannot be read, those of so long a time are given up one by one; of other tables, single rows."""

TIMES_US = -(1 << 62), 1 << 62
"""Any time that windows may be counted from."""

_UNREADABLE = (sqlite3.Error, UnicodeDecodeError)
_Q = queries("journal")


class Rescue:
    """A journal's file, read as far as that goes. unreadable: windows of GRAIN_US and rows that could not be."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self.unreadable = 0

    @classmethod
    def at(cls, path: Path) -> Self:
        """Raises JournalError for a file that cannot be opened at all."""
        return cls(connect(path, writing=False))

    def close(self) -> None:
        self._db.close()

    def entries(self) -> Iterator[list[Entry]]:
        """Everything, a window at a time: readings channel by channel, pieces, changes of conditions, identities."""
        channels = self._channels()
        for number, series in channels.items():
            begin, last_us = self._span(number)
            while begin <= last_us:
                end = min(begin + WINDOW_US, last_us + 1)
                found = False
                for rows in self._readable("values", (number,), begin, end, GRAIN_US):
                    found = True
                    yield self._made(lambda row, series=series: reading_of(series, row), rows)  # type: ignore[misc]
                begin = end if found else max(end, self._next_us(number, end, last_us))
        of: dict[int, Callable[[Row], Entry]] = {
            KIND_WAVE: lambda row: piece_of(channels[row[0]], row[1:]),
            KIND_CONDITION: condition_of,
            KIND_IDENTITY: identity_of,
        }
        for kind, entry_of in of.items():
            last = self._last(kind)
            for begin in range(1, last + 1, WINDOW_ROWS):
                for rows in self._readable(f"some_{kind}", (), begin, min(begin + WINDOW_ROWS, last + 1), 1):
                    yield self._made(entry_of, rows)

    def inputs(self) -> dict[str, int]:
        """How far each replayed input was, or nothing where that cannot be read."""
        try:
            return dict(self._db.execute(_Q["inputs"]).fetchall())
        except _UNREADABLE:
            return {}

    def mapping(self) -> Sequence[Row]:
        """Lines of the site's dictionary, or nothing where they cannot be read."""
        with closing(JournalReader(self._db, threading.RLock(), shared=True)) as reader:
            try:
                return reader.mapping()
            except (JournalError, *_UNREADABLE):
                return []

    def sacrificed(self) -> dict[Series | None, Sacrificed]:
        """What was given up, or nothing where that cannot be read."""
        with closing(JournalReader(self._db, threading.RLock(), shared=True)) as reader:
            try:
                return reader.sacrificed()
            except (JournalError, ValueError, KeyError, TypeError):
                return {}

    def _made(self, entry_of: Callable[[Row], Entry], rows: list[Row]) -> list[Entry]:
        """Rows as entries; one that no entry can be made of is unreadable."""
        made: list[Entry] = []
        for row in rows:
            try:
                made.append(entry_of(row))
            except (ValueError, KeyError, TypeError, OverflowError):
                self.unreadable += 1
        return made

    def _next_us(self, channel: int, after_us: int, last_us: int) -> int:
        """Where a channel's readings go on after a time without any."""
        try:
            (next_us,) = self._db.execute(_Q["span_after"], (channel, after_us)).fetchone()
        except _UNREADABLE:
            return after_us
        return next_us if isinstance(next_us, int) else last_us + 1

    def _channels(self) -> dict[int, Series]:
        found: dict[int, Series] = {}
        try:
            for number, *row in self._db.execute(_Q["channels"]).fetchall():
                try:
                    found[number] = series_of(tuple(row))
                except (ValueError, TypeError):
                    self.unreadable += 1
        except _UNREADABLE:
            self.unreadable += 1
        return found

    def _span(self, channel: int) -> tuple[int, int]:
        """First and last time of a channel's readings; what lies outside of TIMES_US is no time and not looked for."""
        for query, parameters in (("span", (channel,)), ("queued_span", ())):
            try:
                first, last = self._db.execute(_Q[query], parameters).fetchone()
            except _UNREADABLE:
                continue
            if first is None:
                return 1, 0
            if isinstance(first, int) and isinstance(last, int) and TIMES_US[0] <= first and last < TIMES_US[1]:
                return first, last
            self.unreadable += 1
            try:
                first, last = self._db.execute(_Q["span_ever"], (channel, *TIMES_US)).fetchone()
            except _UNREADABLE:
                continue
            return (1, 0) if first is None else (first, last)
        return 1, 0

    def _last(self, kind: int) -> int:
        for query, parameters in ((f"last_{kind}", ()), ("queued_last", (kind,))):
            try:
                return int(self._db.execute(_Q[query], parameters).fetchone()[0] or 0)
            except _UNREADABLE:
                continue
        return 0

    def _readable(self, query: str, key: Row, begin: int, end: int, grain: int) -> Iterator[list[Row]]:
        """Rows of begin…end, in halves where the whole cannot be read."""
        try:
            rows = self._db.execute(_Q[query], (*key, begin, end)).fetchall()
        except _UNREADABLE:
            if end - begin <= grain:
                self.unreadable += 1
                return
            middle = (begin + end) // 2
            yield from self._readable(query, key, begin, middle, grain)
            yield from self._readable(query, key, middle, end, grain)
        else:
            if rows:
                yield rows


def salvage(path: Path, stamp: str) -> tuple[Path, int, int]:
    """Make a sound journal of a damaged one in its place, and put the damaged one aside.

    Returns where it is now, how many entries went over and how much was unreadable. An interrupted attempt is undone or
    finished by `settle`. Everything is queued anew under a new id: a destination knows the same event again. Raises
    JournalError.
    """
    new, aside = _new(path), path.with_name(f"{path.name}.damaged-{stamp}")
    try:
        _remove(new)
        try:
            entries, unreadable = _copy(path, new)
            if Path(f"{new}-wal").exists():  # closing could not bring it into the file
                raise DiskError(f"{path}: no room for what can be read of it")
        except JournalError:
            _remove(new)
            raise
        path.rename(aside)
        log = Path(f"{path}-wal")
        if log.exists():
            log.rename(f"{aside}-wal")
        settle(path)
    except OSError as error:
        raise DiskError(f"{path}: {error.strerror}") from error
    return aside, entries, unreadable


def _copy(damaged: Path, new: Path) -> tuple[int, int]:
    """How many entries went over, and how much was unreadable."""
    try:
        rescue = Rescue.at(damaged)
    except DamagedError:
        Journal.open(new).close()
        return 0, 1
    with closing(rescue), closing(Journal.open(new)) as sound:
        entries = 0
        for some in rescue.entries():
            sound.append(some)
            entries += len(some)
        sound.append([], rescue.inputs())
        sound.account(rescue.sacrificed())
        sound.map(rescue.mapping())
        return entries, rescue.unreadable


def settle(path: Path) -> None:
    """Finish a salvage that was interrupted when the damaged file was already put aside. Raises OSError."""
    new = _new(path)
    if path.exists() or not new.exists():
        return
    for suffix in ("-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    new.rename(path)
    Path(f"{new}-writer").unlink(missing_ok=True)
    sync(path.parent)


def _new(path: Path) -> Path:
    return path.with_name(f"{path.name}.salvaged")


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-writer"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
