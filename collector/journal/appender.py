"""Puts entries into the journal's tables, in a transaction of its owner."""

import sqlite3
from collections.abc import Mapping

from collector.journal.reader import Sacrificed
from collector.journal.rows import (
    KIND_CONDITION,
    KIND_IDENTITY,
    KIND_OBS,
    KIND_WAVE,
    LETTERS,
    MINUTE_US,
    Row,
    alarm_row,
    identity_row,
    piece_row,
    series_of,
    series_row,
    split,
)
from collector.model import Condition, Entry, Identity, Quality, Reading, Series, WavePiece
from collector.sql import queries

_Q = queries("journal")
_COUNTED = {Quality.VALID, Quality.QUESTIONABLE}


class Appender:
    """Knows what the tables hold; after a rollback it does not, and its owner makes a new one.

    `seq`: the last sequence number given; `duplicates`, `different`: events since its making that came again, and that
    gave another value for a time that had one.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self.seq: int = db.execute(_Q["tip"]).fetchone()[0]
        self.duplicates = 0
        self.different = 0
        self._channels = {series_of(row[1:]): row[0] for row in db.execute(_Q["channels"])}
        self._newest: dict[tuple[int, int], int] = {}
        self._obs: list[Row] = []
        self._queue: list[Row] = []
        self._latest: dict[int, Row] = {}
        self._minutes: dict[tuple[int, int], Row] = {}

    def add(self, entry: Entry) -> None:
        match entry:
            case Reading():
                self._reading(entry)
            case WavePiece():
                for piece in split(entry):
                    self._piece(piece)
            case Condition():
                self._condition(entry)
            case Identity():
                self._identity(entry)

    def flush(self) -> None:
        """Put what has been gathered into the tables."""
        self._flush_obs()
        self._db.executemany(_Q["put_queue"], self._queue)
        self._db.executemany(_Q["put_latest"], [(channel, *row) for channel, row in self._latest.items()])
        self._db.executemany(_Q["put_minute"], [(*key, *row) for key, row in self._minutes.items()])
        if self.duplicates or self.different:
            self._db.execute(_Q["counted"], (self.duplicates, self.different))
            self.duplicates = self.different = 0
        self._queue.clear()
        self._latest.clear()
        self._minutes.clear()

    def account(self, lost: Mapping[Series | None, Sacrificed]) -> None:
        """Add to what was given up."""
        rows: list[Row] = []
        for series, gone in lost.items():
            channel = 0 if series is None else self._channel(series)
            span = gone.first_us, gone.last_us
            if series is None:
                rows.append((KIND_CONDITION, channel, gone.entries, 0, *span))
            elif gone.samples:
                rows.append((KIND_WAVE, channel, gone.entries, gone.samples, *span))
            else:
                rows.append((KIND_OBS, channel, gone.entries, 0, *span))
        self._db.executemany(_Q["put_sacrificed"], rows)

    def _reading(self, reading: Reading) -> None:
        channel = self._channel(reading.series)
        time_us = reading.time_us
        row = reading.value, reading.text, LETTERS[reading.quality], int(reading.demo)
        n = 0
        if not self._is_newest(KIND_OBS, channel, time_us, "newest_obs"):
            self._flush_obs()
            known = self._place("same_obs", (channel, time_us), row)
            if known is None:
                return
            n = known
        self._obs.append((channel, time_us, n, *row))
        self._enqueue(KIND_OBS, channel, time_us, n)
        self._latest[channel] = self.seq, time_us, *row
        if reading.value is not None and reading.quality in _COUNTED:
            self._count(channel, reading, reading.value)

    def _count(self, channel: int, reading: Reading, value: float) -> None:
        time_us, demo = reading.time_us, int(reading.demo)
        questionable = int(reading.quality is Quality.QUESTIONABLE)
        key = time_us // MINUTE_US * MINUTE_US, channel
        now = self._minutes.get(key)
        if now is None:
            self._minutes[key] = time_us, value, value, value, 1, questionable, demo
            return
        last_time, last, low, high, count, was_questionable, was_demo = now
        if time_us >= last_time:
            last_time, last = time_us, value
        low, high = min(low, value), max(high, value)
        self._minutes[key] = last_time, last, low, high, count + 1, was_questionable | questionable, was_demo | demo

    def _piece(self, piece: WavePiece) -> None:
        channel = self._channel(piece.series)
        row = piece_row(piece)
        n = 0
        if not self._is_newest(KIND_WAVE, channel, piece.start_us, "newest_wave"):
            known = self._place("same_wave", (channel, piece.start_us), row)
            if known is None:
                return
            n = known
        self._insert(KIND_WAVE, "put_wave", (channel, piece.start_us, n, *row), piece.start_us)

    def _condition(self, condition: Condition) -> None:
        key = condition.bed, condition.device, condition.alarm.source, condition.time_us
        row = alarm_row(condition.alarm)
        n = self._place("same_condition", key, row)
        if n is not None:
            self._insert(KIND_CONDITION, "put_condition", (*key, n, *row), condition.time_us)

    def _identity(self, identity: Identity) -> None:
        kind, body = identity_row(identity.identity)
        key = identity.bed, identity.device, kind, identity.time_us
        n = self._place("same_identity", key, (body,))
        if n is not None:
            self._insert(KIND_IDENTITY, "put_identity", (*key, n, body), identity.time_us)

    def _place(self, query: str, key: Row, row: Row) -> int | None:
        """The n of a row under a key; None where the very same is there already."""
        there = self._db.execute(_Q[query], key).fetchall()
        if any(row == was[:-1] for was in there):
            self.duplicates += 1
            return None
        self.different += bool(there)
        return int(there[-1][-1]) + 1 if there else 0

    def _insert(self, kind: int, query: str, row: Row, time_us: int) -> None:
        done = self._db.execute(_Q[query], row)
        self._enqueue(kind, done.lastrowid or 0, time_us, 0)

    def _enqueue(self, kind: int, id_: int, time_us: int, n: int) -> None:
        self.seq += 1
        self._queue.append((self.seq, kind, id_, time_us, n))

    def _flush_obs(self) -> None:
        self._db.executemany(_Q["put_obs"], self._obs)
        self._obs.clear()

    def _is_newest(self, kind: int, channel: int, time_us: int, query: str) -> bool:
        """Whether the channel has nothing at this time or later, so that nothing need be compared."""
        newest = self._newest.get((kind, channel))
        if newest is None:
            found = self._db.execute(_Q[query], (channel,)).fetchone()[0]
            newest = -(1 << 63) if found is None else int(found)
        self._newest[kind, channel] = max(newest, time_us)
        return time_us > newest

    def _channel(self, series: Series) -> int:
        channel = self._channels.get(series)
        if channel is None:
            channel = int(self._db.execute(_Q["new_channel"], series_row(series)).fetchone()[0])
            self._channels[series] = channel
        return channel
