"""One connection to the series store, and what is done over it: exactly once, by a position in the same transaction."""

import json
import struct
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Self

import psycopg

from collector.edition import edition
from collector.journal.ranges import Ranges
from collector.journal.reader import Batch, JournalReader
from collector.journal.rows import (
    ENC_INT32,
    ENC_PACKED,
    LETTERS,
    MINUTE_US,
    QUALITIES,
    READING,
    Row,
    condition_of,
    identity_of,
    piece_of,
    series_row,
    typed,
)
from collector.model import Quality
from collector.sql import queries
from collector.timescale_rows import COPY_HEADER, COPY_TRAILER, POSTGRES_EPOCH_US, Readings
from collector.timescale_waves import Placed, covered, missing, rows_of, runs, spans

BAD_ROW = (psycopg.DataError, psycopg.IntegrityError, ValueError, ArithmeticError, TypeError, struct.error)
"""What a row is refused with, by the server (SQLSTATE classes 22 and 23) or, damaged ones too, on the way to it."""

ROLL_UP_MINUTES = 10
"""Minutes rolled up in one transaction: some 20 ms for a bed, so that live data behind it are not late."""

_OLD_SCHEMA = (
    psycopg.errors.InvalidSchemaName,
    psycopg.errors.UndefinedTable,
    psycopg.errors.UndefinedColumn,
    psycopg.errors.UndefinedFunction,
)
_WAVE_TYPES = ("int4", "int8", "int2", "float8", "float8", "float8", "bytea", "bool", "int4", "int2", "bytea")
_NAMES = {
    "series": ("bed", "device", "code", "source", "role", "site", "unit"),
    "reading": ("time", "n", "value", "text", "quality", "demo"),
    "piece": ("time", "n", "rate_hz", "scale", "offset", "quality", "demo", "samples", "enc", "data"),
    "condition": (
        *("bed", "device", "source", "time", "n", "type", "priority", "phase", "code", "text"),
        *("device_priority", "demo", "device_time"),
    ),
    "identity": ("bed", "device", "kind", "time", "n", "body"),
}
"""Of the columns of a batch's rows, for those who read what was parked."""

SLICE = 2_000
"""Readings sent at once: what a socket takes without waiting for the server."""

_NONE = Ranges()
_Q = queries("timescale")


class MovedError(Exception):
    """The store is not what it was a moment ago: an earlier commit arrived late, or somebody else delivers the same."""


class LostTailError(Exception):
    """The store has more of the journal than the journal itself."""


class LostRowsError(Exception):
    """The store has less of the journal than it had acknowledged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """What a delivery adds to the position."""

    done: Ranges
    stale: Ranges = _NONE
    loose: Ranges = _NONE


class TimescaleStore:
    """Delivers a journal as one of its durable readers.

    `done`: sequence numbers that the store has; `stale`: minutes since 1970 whose rollup is behind; `loose`: minutes
    that may hold raw pieces of waves; `newest_us`: time of the newest entry of the last delivery. Every method raises
    psycopg.Error; a store that raised anything but BAD_ROW is of no more use.
    """

    def __init__(self, connection: psycopg.Connection[Any], journal: JournalReader, reader: str) -> None:
        self._connection = connection
        self._journal = journal
        self._reader = reader
        self._id, self._life = journal.id, journal.life
        self._channels: dict[int, int] = {}
        self._merging = False
        self._tips: set[int] = set()
        self.done = Ranges()
        self.stale = Ranges()
        self.loose = Ranges()
        self.newest_us = 0

    @classmethod
    def connect(cls, dsn: str, journal: JournalReader, reader: str) -> Self:
        connection = psycopg.connect(dsn, autocommit=True)
        connection.execute(_Q["settings"])
        return cls(connection, journal, reader)

    def close(self) -> None:
        self._connection.close()

    @property
    def closed(self) -> bool:
        """Whether the connection has ended, by itself or not."""
        return self._connection.closed

    @property
    def known(self) -> int:
        """How many of the journal's channels the store knows."""
        return len(self._channels)

    def edition(self) -> str | None:
        """The server's edition of TimescaleDB (see collector.edition)."""
        return edition(self._connection)

    def contact(self) -> None:
        """Read the position. Raises LostTailError or LostRowsError where journal and store do not fit together."""
        row = self._connection.execute(_Q["position"], (self._id, self._reader)).fetchone()
        if row is None:
            row = self._connection.execute(_Q["make_position"], (self._id, self._reader, self._life)).fetchone()
        if row is None:
            raise MovedError("another gateway delivers this journal")
        life, *ranges = row
        self.done, self.stale, self.loose = map(Ranges.parse, ranges)
        if self.done.runs and not self._journal.holds(life, self.done.last):
            raise LostTailError
        if (self._journal.readers().get(self._reader, Ranges()) - self.done).runs:
            raise LostRowsError
        mine = {series_row(series): number for number, series in self._journal.channels().items()}
        beds = list({row[0] for row in mine})
        for number, *row in self._connection.execute(_Q["channels"], (beds,)):
            if tuple(row) in mine:
                self._channels[mine[tuple(row)]] = number

    def deliver(self, batch: Batch) -> None:
        """Put a batch into the store and advance, all or nothing. Raises MovedError with nothing sent, or BAD_ROW."""
        for number in {row[1] for rows in (batch.readings, batch.pieces) for row in rows} - self._channels.keys():
            self._channel(number)
        readings, pieces = batch.readings, self._placed(batch.pieces)
        waves, loose = rows_of(pieces), _NONE
        step = _Step(
            done=Ranges.of((batch.after + 1, batch.last)),
            stale=Ranges.of(*((m, m) for m in {row[2] // MINUTE_US for row in batch.readings})),
            loose=_loose(waves),
        )
        if not self._merging:
            try:
                with self._advance(step, pieces) as doubtful:
                    self._put_readings(readings)
                    loose = self._put_waves(pieces, waves, doubtful)
                    self._keep_rest(batch)
            except psycopg.errors.UniqueViolation:
                self._merging = True
        if self._merging:
            new = 0
            try:
                with self._advance(step, pieces):
                    new = self._merge(Readings.of(readings, self._channels))
                    loose = self._put_waves(pieces, waves, {placed.channel for placed in pieces})
                    self._keep_rest(batch)
            except psycopg.errors.UniqueViolation as error:
                raise MovedError("another journal brings the same rows at this moment") from error
            self._merging = new < len(readings)
        self._advanced(step, pieces)
        self.loose |= loose
        self.newest_us = max((rows[-1][2] for rows in (batch.readings, batch.pieces) if rows), default=self.newest_us)

    def park(self, batch: Batch, reason: Exception) -> None:
        """Put a batch of one row that no table takes where people find it, as it is, with the reason, and advance."""
        step = _Step(done=Ranges.of((batch.after + 1, batch.last)))
        with self._advance(step, ()):
            for seq, entry in self._entries(batch):
                plain = json.dumps(entry, default=bytes.hex)
                self._connection.execute(_Q["park"], (self._id, seq, explain(reason), plain))
        self._advanced(step, ())

    def keep_latest(self, after: int, upto: int) -> None:
        """Bring the last readings, of known channels, that arrived after one sequence number up to another."""
        rows = self._journal.latest_since(after, upto)
        self._keep_latest([(self._channels[row[0]], *row[1:-1], row[-1] == 1) for row in rows if self._is_sound(row)])

    def roll_up(self) -> None:
        """Bring the oldest stale minutes up to date, a few at a time."""
        first, last = self.stale.runs[0]
        some = Ranges.of((first, min(last, first + ROLL_UP_MINUTES - 1)))
        with self._connection.transaction():
            self._connection.execute(_Q["rolled_up"], (str(some), self._id, self._reader))
            self._connection.execute(_Q["roll_up"], (list(self._channels.values()), *some.runs[0]))
        self.stale -= some

    def drop_old(self) -> Sequence[Row]:
        """Drop a slice of what is too old; return (relation, amount, unit, first, cutoff) of what it was."""
        return self._connection.execute(_Q["drop_old"]).fetchall()

    def occupied(self, beds: Sequence[str]) -> dict[str, bool]:
        """Whether a case is open at each bed. Takes half a second at most."""
        with self._connection.transaction():
            self._connection.execute(_Q["patience"])
            return dict(self._connection.execute(_Q["occupied"], (list(beds),)).fetchall())

    def pack(self) -> bool:
        """Put the raw pieces of one channel and the oldest loose minute together, or find that there are none left.

        Return False where somebody else changes them at this moment: try again later.
        """
        minute = self.loose.runs[0][0]
        stored = self._waves("loose_waves", (list(self._channels.values()), minute))
        pieces = [placed for placed in stored if placed.piece.n]
        if pieces:
            old = [(placed.piece.start_us, placed.n) for placed in pieces]
            new = [run.packed for run, _ in runs(pieces)]
            _, times, ns, rates, scales, offsets, qualities, demos, counts, _, datas = _columns(new)
            demos = [demo == 1 for demo in demos]
            columns = times, rates, scales, offsets, ns, qualities, demos, counts, datas
            try:
                self._connection.execute(_Q["pack_waves"], (pieces[0].channel, minute, *_columns(old), *columns))
            except psycopg.errors.SerializationFailure:
                return False
        else:
            loose = Ranges.of((minute, minute))
            self._connection.execute(_Q["packed"], (str(loose), self._id, self._reader))
            self.loose -= loose
        return True

    def _is_sound(self, row: Row) -> bool:
        """Whether a last reading, as the journal gives it, is none that no table takes."""
        try:
            typed(row[1:], READING)
        except ValueError:
            return False
        return row[0] in self._channels and row[-2] in QUALITIES

    def _keep_latest(self, rows: Sequence[Row]) -> None:
        if rows:
            try:
                self._connection.execute(_Q["keep_latest"], _columns(rows))
            except BAD_ROW:
                if len(rows) > 1:
                    for row in rows:
                        self._keep_latest([row])

    @contextmanager
    def _advance(self, step: _Step, pieces: Sequence[Placed]) -> Iterator[set[int]]:
        """A transaction that has advanced already; gives the channels of which some pieces may be in the store."""
        position = {"journal": self._id, "reader": self._reader, "life": self._life, "expected": str(self.done)}
        added = {"done": str(step.done), "stale": str(step.stale), "loose": str(step.loose)}
        with ExitStack() as transaction:
            with self._connection.pipeline():  # one round trip
                transaction.enter_context(psycopg.Transaction(self._connection))
                moved = self._connection.execute(_Q["advance"], {**position, **added})
                tips = self._move_tips(pieces) if pieces else None
            if moved.rowcount != 1:
                raise MovedError("the position is not what it was: a late commit, or another gateway with this journal")
            yield {channel for (channel,) in tips or ()}

    def _move_tips(self, pieces: Sequence[Placed]) -> psycopg.Cursor[Any]:
        """Tips that this connection has not moved yet are looked up: an older release, or a backup, moved none."""
        channels, begins, ends = _columns(covered(pieces))
        return self._connection.execute(_Q["move_tips"], (channels, begins, ends, not self._tips.issuperset(channels)))

    def _advanced(self, step: _Step, pieces: Sequence[Placed]) -> None:
        self.done |= step.done
        self.stale |= step.stale
        self.loose |= step.loose
        self._tips |= {placed.channel for placed in pieces}

    def _entries(self, batch: Batch) -> Iterator[tuple[int, dict[str, dict[str, Any]]]]:
        """Sequence number, and the row as it is under its kind, only with its series for the number of a channel."""
        for kind, rows in (("condition", batch.conditions), ("identity", batch.identities)):
            for seq, *row in rows:
                yield seq, {kind: dict(zip(_NAMES[kind], row, strict=True))}
        for kind, rows in (("reading", batch.readings), ("piece", batch.pieces)):
            for seq, channel, *row in rows:
                series: dict[str, Any] = {"channel": channel}
                with suppress(ValueError):
                    series = dict(zip(_NAMES["series"], series_row(self._journal.series(channel)), strict=True))
                yield seq, {kind: series | dict(zip(_NAMES[kind], row, strict=True))}

    def _placed(self, pieces: Sequence[Row]) -> list[Placed]:
        return [
            Placed(
                channel=self._channels[channel],
                n=n,
                piece=piece_of(self._journal.series(channel), (time_us, *row)),
            )
            for _, channel, time_us, n, *row in pieces
        ]

    def _put_waves(self, pieces: Sequence[Placed], rows: Sequence[Row], doubtful: set[int]) -> Ranges:
        """Put the rows of pieces, of doubtful channels only what is not there already; return minutes with raw ones."""
        loose = _NONE
        if doubtful:
            some = [placed for placed in pieces if placed.channel in doubtful]
            stored = self._waves("stored_waves", _columns(spans(some)))
            others = rows_of(missing(some, stored))
            rows = sorted([*(row for row in rows if row[0] not in doubtful), *others], key=itemgetter(0, 1, 2))
            loose = _loose(others)
            if loose.runs:
                self._connection.execute(_Q["loosen"], (str(loose), self._id, self._reader))
        self._put_rows(rows)
        return loose

    def _waves(self, query: str, parameters: Sequence[Any]) -> list[Placed]:
        """Stored pieces of this journal's channels; a damaged one is without samples."""
        series = {stored: self._journal.series(number) for number, stored in self._channels.items()}
        found = []
        for channel, time_us, n, *row in self._connection.execute(_Q[query], parameters, binary=True):
            try:
                piece = piece_of(series[channel], (time_us, *row))
            except ValueError:
                nothing = LETTERS[Quality.INVALID], False, 0, ENC_INT32, b""
                piece = piece_of(series[channel], (time_us, *row[:3], *nothing))
            found.append(Placed(channel=channel, n=n, piece=piece))
        return found

    def _put_readings(self, rows: Sequence[Row]) -> None:
        """The server takes one slice while the next is made."""
        if rows:
            with self._connection.cursor() as cursor, cursor.copy(_Q["copy_obs"]) as copy:
                for first in range(0, len(rows), SLICE):
                    head = b"" if first else COPY_HEADER
                    tail = COPY_TRAILER if first + SLICE >= len(rows) else b""
                    copy.write(head + Readings.of(rows[first : first + SLICE], self._channels).copied() + tail)

    def _merge(self, readings: Readings) -> int:
        """The store finds their n; return how many were new."""
        if not len(readings):
            return 0
        found = self._connection.execute(_Q["merge_obs"], readings.merged()).fetchone()
        return int(found[0]) if found else 0

    def _put_rows(self, rows: Sequence[Row]) -> None:
        if rows:
            with self._connection.cursor() as cursor, cursor.copy(_Q["copy_wave"]) as copy:
                copy.set_types(_WAVE_TYPES)
                for channel, time_us, *about, quality, demo, samples, enc, data in rows:
                    letter = quality.encode()  # a "char" in binary COPY is one byte
                    at = time_us - POSTGRES_EPOCH_US
                    copy.write_row((channel, at, *about, letter, demo == 1, samples, enc, data))

    def _keep_rest(self, batch: Batch) -> None:
        for seq, *row in batch.conditions:
            condition_of(tuple(row))  # the table takes any word
            bed, device, source, time_us, _, *alarm, demo, device_time_us = row
            values = bed, device, source, time_us, *alarm, demo == 1, device_time_us, self._id, seq
            self._connection.execute(_Q["keep_condition"], values)
        for _, *row in batch.identities:
            identity_of(tuple(row))
            bed, device, kind, time_us, _, body = row
            self._connection.execute(_Q["keep_identity"], (bed, device, kind, time_us, body))

    def _channel(self, number: int) -> int:
        """The store's number of a journal's channel, which is made known to the store if it is new."""
        row = series_row(self._journal.series(number))
        self._connection.execute(_Q["put_channel"], row)
        (found,) = self._connection.execute(_Q["channel"], row).fetchone() or (0,)
        self._channels[number] = found
        return int(found)


def _columns(rows: Iterable[Row]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _loose(rows: Iterable[Row]) -> Ranges:
    """Minutes of the raw pieces among rows."""
    minutes = {time_us // MINUTE_US for _, time_us, *_, enc, _ in rows if enc != ENC_PACKED}
    return Ranges.of(*((minute, minute) for minute in minutes))


def explain(error: Exception) -> str:
    """Why a row or a statement was refused, without the row."""
    if isinstance(error, _OLD_SCHEMA):
        return "the store has no schema, or an old one: run `vitalsd migrate`"
    if isinstance(error, psycopg.Error) and error.diag.message_primary:
        return f"{error.sqlstate}: {error.diag.message_primary}"
    return f"{type(error).__name__}: {error}".splitlines()[0]
