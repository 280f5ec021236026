"""One connection to the series store, and what is done over it: exactly once, by a position in the same transaction."""

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from operator import itemgetter
from typing import Any, Self

import psycopg

from collector.edition import edition
from collector.journal.ranges import Ranges
from collector.journal.reader import Batch, JournalReader
from collector.journal.rows import LETTERS, MINUTE_US, Row, series_row
from collector.sql import queries

BAD_ROW = (psycopg.DataError, psycopg.IntegrityError, ValueError, OverflowError)
"""What a row is refused with, by the server (SQLSTATE classes 22 and 23) or on the way to it."""

POSTGRES_EPOCH_US = 946_684_800_000_000
"""2000-01-01 UTC. A timestamptz in binary COPY is a bigint of µs since then."""

ROLL_UP_MINUTES = 10
"""Minutes rolled up in one transaction: some 20 ms for a bed, so that live data behind it are not late."""

_OLD_SCHEMA = (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName, psycopg.errors.UndefinedFunction)
_OBS_TYPES = ("int8", "float8", "int4", "int2", "bytea", "bool", "text")
_WAVE_TYPES = ("int8", "float8", "float8", "float8", "int4", "int2", "bytea", "bool", "int4", "int2", "bytea")
_LETTER_BYTES = {letter: letter.encode() for letter in LETTERS.values()}  # a "char" in binary COPY is one byte
_Q = queries("timescale")


class MovedError(Exception):
    """The store is not what it was a moment ago: an earlier commit arrived late, or somebody else delivers the same."""


class LostTailError(Exception):
    """The store has more of the journal than the journal itself."""


class LostRowsError(Exception):
    """The store has less of the journal than it had acknowledged."""


class TimescaleStore:
    """Delivers a journal as one of its durable readers.

    `done`: sequence numbers that the store has; `stale`: minutes since 1970 whose rollup is behind. Every method raises
    psycopg.Error; a store that raised anything but BAD_ROW is of no more use.
    """

    def __init__(self, connection: psycopg.Connection[Any], journal: JournalReader, reader: str) -> None:
        self._connection = connection
        self._journal = journal
        self._reader = reader
        self._id, self._life = journal.id, journal.life
        self._channels: dict[int, int] = {}
        self._merging = False
        self.done = Ranges()
        self.stale = Ranges()

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
        life, done, stale = row
        self.done, self.stale = Ranges.parse(done), Ranges.parse(stale)
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
        obs, pieces = self._obs_rows(batch.readings), self._piece_rows(batch.pieces)
        stale = Ranges.of(*((m, m) for m in {row[2] // MINUTE_US for row in batch.readings}))
        if not self._merging:
            try:
                with self._advance(batch, stale):
                    self._copy("copy_obs", _OBS_TYPES, obs)
                    self._copy("copy_wave", _WAVE_TYPES, pieces)
                    self._keep_rest(batch)
            except psycopg.errors.UniqueViolation:
                self._merging = True
        if self._merging:
            try:
                with self._advance(batch, stale):
                    new = self._merge("merge_obs", obs, 3) + self._merge("merge_wave", pieces, 5)
                    self._keep_rest(batch)
            except psycopg.errors.UniqueViolation as error:
                raise MovedError("another journal brings the same rows at this moment") from error
            self._merging = new < len(obs) + len(pieces)
        self._advanced(batch, stale)

    def park(self, batch: Batch, reason: Exception) -> None:
        """Put a batch of one entry that no table takes where people find it, with the reason, and advance."""
        with self._advance(batch, Ranges()):
            for seq, entry in self._journal.entries(batch):
                plain = json.dumps(asdict(entry), default=bytes.hex)
                self._connection.execute(_Q["park"], (self._id, seq, explain(reason), plain))
        self._advanced(batch, Ranges())

    def keep_latest(self, after: int, upto: int) -> None:
        """Bring the last readings that arrived after one sequence number up to another."""
        rows = self._journal.latest_since(after, upto)
        self._keep_latest([(self._channels[c], *row, demo == 1) for c, *row, demo in rows if c in self._channels])

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

    def _keep_latest(self, rows: Sequence[Row]) -> None:
        if rows:
            try:
                self._connection.execute(_Q["keep_latest"], [list(column) for column in zip(*rows, strict=True)])
            except BAD_ROW:
                if len(rows) > 1:
                    for row in rows:
                        self._keep_latest([row])

    @contextmanager
    def _advance(self, batch: Batch, stale: Ranges) -> Iterator[None]:
        new = Ranges.of((batch.after + 1, batch.last))
        position = {"journal": self._id, "reader": self._reader, "life": self._life, "expected": str(self.done)}
        with ExitStack() as transaction:
            with self._connection.pipeline():  # begin and update in one round trip
                transaction.enter_context(psycopg.Transaction(self._connection))
                moved = self._connection.execute(_Q["advance"], {**position, "new": str(new), "stale": str(stale)})
            if moved.rowcount != 1:
                raise MovedError("the position is not what it was: a late commit, or another gateway with this journal")
            yield

    def _advanced(self, batch: Batch, stale: Ranges) -> None:
        self.done |= Ranges.of((batch.after + 1, batch.last))
        self.stale |= stale

    def _obs_rows(self, readings: Sequence[Row]) -> list[Row]:
        rows = [
            (
                time_us - POSTGRES_EPOCH_US,
                value,
                self._channels.get(channel) or self._channel(channel),
                n,
                _LETTER_BYTES[quality],
                demo == 1,
                text,
            )
            for _, channel, time_us, n, value, text, quality, demo in readings
        ]
        rows.sort(key=itemgetter(2, 0, 3))
        return rows

    def _piece_rows(self, pieces: Sequence[Row]) -> list[Row]:
        rows = [
            (
                time_us - POSTGRES_EPOCH_US,
                rate_hz,
                scale,
                offset,
                self._channels.get(channel) or self._channel(channel),
                n,
                _LETTER_BYTES[quality],
                demo == 1,
                samples,
                enc,
                data,
            )
            for _, channel, time_us, n, rate_hz, scale, offset, quality, demo, samples, enc, data in pieces
        ]
        rows.sort(key=itemgetter(4, 0, 5))
        return rows

    def _copy(self, query: str, types: Sequence[str], rows: Sequence[Row]) -> None:
        if rows:
            with self._connection.cursor() as cursor, cursor.copy(_Q[query]) as copy:
                copy.set_types(types)
                for row in rows:
                    copy.write_row(row)

    def _merge(self, query: str, rows: Sequence[Row], n: int) -> int:
        """Give rows without their n, which the store finds; return how many were new."""
        if not rows:
            return 0
        columns = [list(column) for column in zip(*rows, strict=True)]
        del columns[n]
        columns[0] = [time + POSTGRES_EPOCH_US for time in columns[0]]
        columns[n] = [letter.decode() for letter in columns[n]]
        found = self._connection.execute(_Q[query], columns).fetchone()
        return int(found[0]) if found else 0

    def _keep_rest(self, batch: Batch) -> None:
        for _, bed, device, source, time_us, _, *alarm, demo, device_time_us in batch.conditions:
            row = bed, device, source, time_us, *alarm, demo == 1, device_time_us
            self._connection.execute(_Q["keep_condition"], row)
        for _, bed, device, kind, time_us, _, body in batch.identities:
            self._connection.execute(_Q["keep_identity"], (bed, device, kind, time_us, body))

    def _channel(self, number: int) -> int:
        """The store's number of a journal's channel, which is made known to the store if it is new."""
        row = series_row(self._journal.series(number))
        self._connection.execute(_Q["put_channel"], row)
        (found,) = self._connection.execute(_Q["channel"], row).fetchone() or (0,)
        self._channels[number] = found
        return int(found)


def explain(error: Exception) -> str:
    """Why a row or a statement was refused, without the row."""
    if isinstance(error, _OLD_SCHEMA):
        return "the store has no schema, or an old one: run `vitalsd migrate`"
    if isinstance(error, psycopg.Error) and error.diag.message_primary:
        return f"{error.sqlstate}: {error.diag.message_primary}"
    return f"{type(error).__name__}: {error}".splitlines()[0]
