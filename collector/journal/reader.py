"""Reads a journal: its order for those who deliver, its series for those who show."""

import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from collector.errors import DamagedError, JournalError
from collector.health import is_asked
from collector.journal.database import connect, failure
from collector.journal.ranges import Ranges, common
from collector.journal.rows import (
    LONGEST_PIECE_S,
    Row,
    condition_of,
    identity_of,
    piece_of,
    quality_words,
    reading_of,
    series_of,
)
from collector.model import Condition, Entry, Identity, Reading, Series, WavePiece
from collector.series import Minutes, Points
from collector.sql import queries
from collector.waves import end_us_of

BATCH_BYTES = 4 << 20
"""Samples in one batch: some hundred pieces, so that a batch of waves takes no longer than one of values."""

LAST_ENTRIES = 100
"""The time of one alone may be that of a measurement of long ago."""

_Q = queries("journal")
_LONGEST_PIECE_US = round(LONGEST_PIECE_S * 1_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Everything queued after `after` up to `last`, as rows in order; each begins with its sequence number.

    readings: seq, channel, time, n, value, text, quality, demo
    pieces: seq, channel, time, n, rate_hz, scale, offset, quality, demo, samples, enc, data
    conditions: seq, bed, device, source, time, n, then what rows.alarm_row gives
    identities: seq, bed, device, kind, time, n, body
    """

    after: int
    last: int
    readings: list[Row]
    pieces: list[Row]
    conditions: list[Row]
    identities: list[Row]

    def __len__(self) -> int:
        return len(self.readings) + len(self.pieces) + len(self.conditions) + len(self.identities)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """size_bytes: of the database file; tip: the last sequence number; pending: entries that each reader lacks;
    oldest_us: time of the oldest entry that some reader lacks; duplicates: events that came again; different: events
    that gave another value for a time that had one.
    """

    size_bytes: int
    tip: int
    pending: Mapping[str, int]
    oldest_us: int | None
    duplicates: int
    different: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sacrificed:
    """What a channel had to give up before every reader had it: readings or pieces, samples in them, first and last."""

    entries: int
    samples: int
    first_us: int
    last_us: int


MAPPING_SCHEMA = 4
"""The first schema that can say what a signal without a code is."""


class JournalReader:
    """A connection of its own that only reads. Any thread may call; calls wait for each other, never for the writer.

    `damage` is set when the file turns out to be damaged, by any of the connections that share it.
    """

    def __init__(
        self, db: sqlite3.Connection, lock: threading.RLock, damage: threading.Event | None = None, *,
        shared: bool = False,
    ) -> None:  # fmt: skip
        self._db = db
        self._lock = lock
        self._shared = shared
        self._series: dict[int, Series] = {}
        self._has_mapping = False
        self.damage = damage or threading.Event()

    @classmethod
    def at(cls, path: Path | str, damage: threading.Event | None = None) -> Self:
        """Read the file. Raises JournalError where there is none."""
        return cls(connect(path, writing=False), threading.RLock(), damage)

    def close(self) -> None:
        if not self._shared:
            with self._lock:
                self._db.close()

    @property
    def id(self) -> str:
        return str(self._one("meta")[0])

    @property
    def life(self) -> str:
        """The present run of the daemon that writes the file."""
        return str(self._one("life")[0])

    @property
    def tip(self) -> int:
        """The last sequence number given."""
        return int(self._one("tip")[0])

    def last_seen_us(self, now_us: int) -> int | None:
        """When an earlier daemon was last known to run, as far as that lies in the past; None where there was none."""
        times = [row[0] for row in self._rows("seen") + self._rows("last_times", (LAST_ENTRIES,))]
        return max((time_us for time_us in times if time_us is not None and time_us <= now_us), default=None)

    def holds(self, life: str, seq: int) -> bool:
        """Whether this very file had given `seq` by the end of that life: if not, its tail has been lost."""
        found = self._rows("life_end", (self.tip, life))
        return bool(found) and seq <= found[0][0]

    def inputs(self) -> dict[str, int]:
        """How many frames of each replayed input have been journaled."""
        return dict(self._rows("inputs"))

    def mapping(self) -> Sequence[Row]:
        """Lines of the site's dictionary: device, source, code, unit."""
        return self._rows("mapping") if self._maps() else []

    def unmapped(self) -> Sequence[Row]:
        """Signals without a code: bed, device, source, role, unit, last value as text, its time in µs or None."""
        return self._rows("unmapped") if self._maps() else []

    def _maps(self) -> bool:
        """Whether the file's schema knows of it: one of before does not, until its daemon has brought it up to date."""
        self._has_mapping = self._has_mapping or self._pragma("user_version") >= MAPPING_SCHEMA
        return self._has_mapping

    def readers(self) -> dict[str, Ranges]:
        """What each durable reader has told to have."""
        return {name: Ranges.parse(done) for name, done in self._rows("readers")}

    def usage(self) -> Usage:
        with self._snapshot():
            readers, tip = self.readers(), self.tip
            lacking = next(common(readers.values()).gaps(1, tip), None) if readers else None
            oldest = self._rows("first_queued", (lacking[0],)) if lacking else []
            _, duplicates, different = self._one("meta")
            return Usage(
                size_bytes=self._pragma("page_count") * self._pragma("page_size"),
                tip=tip,
                pending={name: tip - len(done) for name, done in readers.items()},
                oldest_us=oldest[0][1] if oldest else None,
                duplicates=duplicates,
                different=different,
            )

    def sacrificed(self) -> dict[Series | None, Sacrificed]:
        """What was given up for want of room, by series; under None conditions, identities and what has lost its."""
        lost: dict[Series | None, Sacrificed] = {}
        for _, channel, entries, samples, first_us, last_us in self._rows("sacrificed"):
            series = self._known(channel) if channel else None
            gone = Sacrificed(entries=entries, samples=samples, first_us=first_us, last_us=last_us)
            before = lost.get(series)
            if before is not None:
                gone = Sacrificed(
                    entries=before.entries + entries,
                    samples=before.samples + samples,
                    first_us=min(before.first_us, first_us),
                    last_us=max(before.last_us, last_us),
                )
            lost[series] = gone
        return lost

    def read(self, after: int, limit: int) -> list[tuple[int, Entry]]:
        """Up to `limit` queued entries after a sequence number, in order, each with its own number."""
        batch = self.batch(after, self.tip, limit)
        entries: list[tuple[int, Entry]] = [
            (seq, reading_of(self.series(channel), (time, *row))) for seq, channel, time, _, *row in batch.readings
        ]
        entries += ((row[0], piece_of(self.series(row[1]), (row[2], *row[4:]))) for row in batch.pieces)
        entries += ((row[0], condition_of(row[1:])) for row in batch.conditions)
        entries += ((row[0], identity_of(row[1:])) for row in batch.identities)
        return sorted(entries, key=lambda entry: entry[0])

    def batch(self, after: int, upto: int, limit: int) -> Batch:
        """The same as rows, at most BATCH_BYTES of samples; `last` is `upto` where nothing more is queued."""
        with self._snapshot():
            end = self._rows("batch_end", (after, upto, limit - 1))
            last = int(end[0][0]) if end else upto
            pieces: list[Row] = []
            left = BATCH_BYTES
            for row in self._db.execute(_Q["batch_wave"], (after, last)):
                left -= len(row[-1] or b"")
                if left < 0 and pieces:
                    last = pieces[-1][0]
                    break
                pieces.append(row)
            span = after, last
            return Batch(
                after=after,
                last=last,
                readings=self._rows("batch_obs", span),
                pieces=pieces,
                conditions=self._rows("batch_condition", span),
                identities=self._rows("batch_identity", span),
            )

    def latest_since(self, after: int, upto: int) -> list[Row]:
        """channel, time, value, text, quality, demo of last readings that arrived after one number up to another.

        In the order of their arrival.
        """
        return self._rows("latest_since", (after, upto))

    def last_conditions(self, bed: str) -> list[Row]:
        """What rows.condition_of takes of the last change of each condition, in the order of their arrival."""
        return self._rows("last_conditions", (bed,))

    def series(self, channel: int) -> Series:
        """The series of a row's channel number. Raises ValueError where there is none."""
        found = self._known(channel)
        if found is None:
            raise ValueError("an unknown channel")
        return found

    def _known(self, channel: int) -> Series | None:
        return self._series.get(channel) or self.channels().get(channel)

    def channels(self) -> Mapping[int, Series]:
        """All series by channel number."""
        for number, *row in self._rows("channels"):
            if number not in self._series:
                with self._sound():
                    self._series[number] = series_of(tuple(row))
        return self._series

    def _mapped(self) -> Mapping[int, Series]:
        """Those that were stored without a code and have been given one, with it."""
        if not self.mapping():
            return {}
        with self._sound():
            return {number: series_of(tuple(row)) for number, *row in self._rows("mapped_channels")}

    def latest(self, bed: str, codes: Sequence[str] = ()) -> Sequence[Reading]:
        mapped = self._mapped()
        with self._sound():
            rows = [
                (mapped.get(channel) or self.series(channel), tuple(row))
                for channel, *row in self._rows("latest", (bed,))
            ]
            return [reading_of(series, row) for series, row in rows if is_asked(series.channel.code, codes)]

    def measured(self, bed: str) -> Sequence[Reading]:
        """The last reading with a value of each series of the bed that has one."""
        found: list[Reading] = []
        with self._sound():
            for channel, *row in self._rows("latest", (bed,)):
                if not is_asked(self.series(channel).channel.code, ()):
                    continue
                _, value, text, *_ = row
                rows = [tuple(row)] if (value, text) != (None, None) else self._rows("last_measured", (channel,))
                found += [reading_of(self.series(channel), row) for row in rows]
        return found

    def points(self, bed: str, codes: Sequence[str], start_us: int, end_us: int) -> Sequence[Points]:
        found = []
        for channel, series in self._channels(bed, codes):
            rows = self._rows("points", (channel, start_us, end_us))
            if rows:
                with self._sound():
                    time, value, quality, demo = zip(*rows, strict=True)
                    found.append(
                        Points(
                            series=series,
                            time_us=np.array(time, np.int64),
                            value=np.array(value, np.float64),
                            quality=quality_words(np.frombuffer("".join(quality).encode(), np.uint8)),
                            demo=np.array(demo, np.bool_),
                        )
                    )
        return found

    def values(self, bed: str, codes: Sequence[str], start_us: int, end_us: int) -> Sequence[Reading]:
        with self._sound():
            return [
                reading_of(series, row)
                for channel, series in self._channels(bed, codes)
                for row in self._rows("values", (channel, start_us, end_us))
            ]

    def minutes(self, bed: str, codes: Sequence[str], start_us: int, end_us: int) -> Sequence[Minutes]:
        channels = dict(self._channels(bed, codes))
        rows = self._rows("minutes", (start_us, end_us, json.dumps(list(channels))))
        found: dict[int, list[Row]] = {}
        for channel, *row in rows:
            found.setdefault(channel, []).append(tuple(row))
        with self._sound():
            return [_minutes(channels[channel], minutes) for channel, minutes in sorted(found.items())]

    def waves(self, bed: str, codes: Sequence[str], start_us: int, end_us: int) -> Sequence[WavePiece]:
        found = []
        for channel, series in self._channels(bed, codes):
            with self._sound():
                rows = self._rows("waves", (channel, start_us - _LONGEST_PIECE_US, end_us))
                found += [piece for piece in (piece_of(series, row) for row in rows) if end_us_of(piece) > start_us]
        return found

    def conditions(self, bed: str, start_us: int, end_us: int) -> Sequence[Condition]:
        with self._sound():
            return [condition_of(row) for row in self._rows("conditions", (bed, start_us, end_us))]

    def last_changes(self, bed: str, before_us: int) -> Sequence[Condition]:
        with self._sound():
            return [condition_of(row) for row in self._rows("last_changes", (bed, before_us))]

    def identities(self, bed: str, start_us: int, end_us: int) -> Sequence[Identity]:
        with self._sound():
            return [identity_of(row) for row in self._rows("identities", (bed, start_us, end_us))]

    def _channels(self, bed: str, codes: Sequence[str]) -> list[tuple[int, Series]]:
        known = {**self.channels(), **self._mapped()}
        of_bed = [(n, series) for n, series in known.items() if series.bed == bed]
        return [(n, series) for n, series in of_bed if is_asked(series.channel.code, codes)]

    def _one(self, query: str) -> Row:
        return self._rows(query)[0]

    def _pragma(self, name: str) -> int:
        try:
            return int(self._db.execute(f"pragma {name}").fetchone()[0])
        except sqlite3.Error as error:
            raise self._failed("read", error) from error

    def _rows(self, query: str, parameters: tuple[Any, ...] = ()) -> list[Row]:
        try:
            with self._lock:
                return self._db.execute(_Q[query], parameters).fetchall()
        except sqlite3.Error as error:
            raise self._failed("read", error) from error

    @contextmanager
    def _snapshot(self) -> Iterator[None]:
        """Several statements see one state; short, because a long one holds the write-ahead log back."""
        with self._lock:
            try:
                self._db.execute("begin")
                try:
                    yield
                finally:
                    if self._db.in_transaction:
                        self._db.execute("commit")
            except sqlite3.Error as error:
                raise self._failed("read", error) from error

    @contextmanager
    def _sound(self) -> Iterator[None]:
        """Rows are made into what they tell; one that none can be made of is damage that SQLite does not notice."""
        try:
            yield
        except (ValueError, KeyError, TypeError, ArithmeticError) as error:
            self.damage.set()
            raise DamagedError(f"the journal cannot be read: a row makes no sense ({type(error).__name__})") from error

    def _failed(self, done: str, error: sqlite3.Error) -> JournalError:
        failed = failure(f"the journal cannot be {done}", error)
        if isinstance(failed, DamagedError):
            self.damage.set()
        return failed


def _minutes(series: Series, rows: Sequence[Row]) -> Minutes:
    minute, last, low, high, count, questionable, demo = zip(*rows, strict=True)
    return Minutes(
        series=series,
        minute_us=np.array(minute, np.int64),
        last=np.array(last, np.float64),
        low=np.array(low, np.float64),
        high=np.array(high, np.float64),
        count=np.array(count, np.int64),
        questionable=np.array(questionable, np.bool_),
        demo=np.array(demo, np.bool_),
    )
