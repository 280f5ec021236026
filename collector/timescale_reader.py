"""Reads series from TimescaleDB, as arrays."""

import threading
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray

from collector.dsn import server
from collector.health import is_asked
from collector.journal.rows import (
    LONGEST_RUN_S,
    condition_of,
    identity_of,
    piece_of,
    quality_words,
    reading_of,
    series_of,
)
from collector.model import Condition, Identity, Reading, Series, WavePiece
from collector.series import Minutes, Points
from collector.sql import queries
from collector.timescale_rows import COPY_HEADER, COPY_TRAILER, POSTGRES_EPOCH_US
from collector.waves import end_us_of

_Q = queries("timescale")
_LONGEST_RUN_US = round(LONGEST_RUN_S * 1_000_000)

_WIRE = {"int4": ">i4", "int8": ">i8", "float8": ">f8", "char": "u1", "bool": "?"}
_POINTS = {"channel": "int4", "time": "int8", "value": "float8", "quality": "char", "demo": "bool"}
_MINUTES = {
    "channel": "int4",
    "minute": "int8",
    "last": "float8",
    "low": "float8",
    "high": "float8",
    "count": "int4",
    "questionable": "bool",
    "demo": "bool",
}


class TimescaleReader:
    """A connection of its own, made when it is needed and again after it broke. Any thread may call."""

    def __init__(self, dsn: str) -> None:
        self._dsn = server(dsn)
        self._lock = threading.Lock()
        self._connection: psycopg.Connection[Any] | None = None

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()

    def latest(self, bed: str, codes: Sequence[str] = ()) -> Sequence[Reading]:
        channels = self._channels(bed, codes)
        rows = self._rows("latest", (list(channels),))
        return [reading_of(channels[number], tuple(row)) for number, *row in rows]

    def points(self, bed: str, codes: Sequence[str], start_us: int, end_us: int) -> Sequence[Points]:
        channels = self._channels(bed, codes)
        return [
            Points(
                series=channels[number],
                time_us=_time_us(rows["time"]),
                value=rows["value"].astype(np.float64),
                quality=quality_words(rows["quality"]),
                demo=rows["demo"].astype(np.bool_),
            )
            for number, rows in _by_channel(self._columns("points", _POINTS, (list(channels), start_us, end_us)))
        ]

    def values(self, bed: str, codes: Sequence[str], start_us: int, end_us: int) -> Sequence[Reading]:
        channels = self._channels(bed, codes)
        rows = self._rows("values", (list(channels), start_us, end_us))
        return [reading_of(channels[number], tuple(row)) for number, *row in rows]

    def minutes(self, bed: str, codes: Sequence[str], start_us: int, end_us: int) -> Sequence[Minutes]:
        channels = self._channels(bed, codes)
        return [
            Minutes(
                series=channels[number],
                minute_us=_time_us(rows["minute"]),
                last=rows["last"].astype(np.float64),
                low=rows["low"].astype(np.float64),
                high=rows["high"].astype(np.float64),
                count=rows["count"].astype(np.int64),
                questionable=rows["questionable"].astype(np.bool_),
                demo=rows["demo"].astype(np.bool_),
            )
            for number, rows in _by_channel(self._columns("minutes", _MINUTES, (list(channels), start_us, end_us)))
        ]

    def waves(self, bed: str, codes: Sequence[str], start_us: int, end_us: int) -> Sequence[WavePiece]:
        channels = self._channels(bed, codes)
        rows = self._rows("waves", (list(channels), start_us - _LONGEST_RUN_US, end_us), binary=True)
        pieces = [piece_of(channels[number], tuple(row)) for number, *row in rows]
        return [piece for piece in pieces if end_us_of(piece) > start_us]

    def conditions(self, bed: str, start_us: int, end_us: int) -> Sequence[Condition]:
        return [condition_of(row) for row in self._rows("conditions", (bed, start_us, end_us))]

    def last_changes(self, bed: str, before_us: int) -> Sequence[Condition]:
        return [condition_of(row) for row in self._rows("last_changes", (bed, before_us))]

    def identities(self, bed: str, start_us: int, end_us: int) -> Sequence[Identity]:
        return [identity_of(row) for row in self._rows("identities", (bed, start_us, end_us))]

    def _channels(self, bed: str, codes: Sequence[str]) -> dict[int, Series]:
        rows = self._rows("read_channels", ([bed],))
        known = {number: series_of(tuple(row)) for number, *row in rows}
        return {number: series for number, series in known.items() if is_asked(series.channel.code, codes)}

    def _rows(self, query: str, parameters: Sequence[Any], *, binary: bool = False) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._connected().execute(_Q[query], parameters, binary=binary).fetchall()

    def _columns(self, query: str, columns: dict[str, str], parameters: Sequence[Any]) -> NDArray[np.void]:
        """Rows of columns of fixed width without nulls, as one structured array."""
        fields: list[tuple[str, str]] = [("", ">i2")]
        for name, type_ in columns.items():
            fields += [(f"{name} length", ">i4"), (name, _WIRE[type_])]
        with self._lock, self._connected().cursor() as cursor, cursor.copy(_Q[query], parameters) as copy:
            data = b"".join(copy)
        return np.frombuffer(data[len(COPY_HEADER) : -len(COPY_TRAILER)], dtype=np.dtype(fields))

    def _connected(self) -> psycopg.Connection[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(self._dsn, autocommit=True)
        return self._connection


def _by_channel(rows: NDArray[np.void]) -> Iterator[tuple[int, NDArray[np.void]]]:
    """Runs of rows of one channel; the rows are in the order of channels."""
    if rows.size:
        starts = np.flatnonzero(np.diff(rows["channel"])) + 1
        for run in np.split(rows, starts):
            yield int(run["channel"][0]), run


def _time_us(column: NDArray[Any]) -> NDArray[np.int64]:
    return column.astype(np.int64) + POSTGRES_EPOCH_US
