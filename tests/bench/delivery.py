"""Exactly-once delivery beside a plain COPY of the same rows: the same connection settings, the same shape of table."""

import io
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from statistics import median

import numpy as np
import psycopg

from collector.journal import Journal, JournalReader
from collector.journal.reader import Batch
from collector.journal.rows import Row as Values
from collector.sql import queries
from collector.timescale_store import POSTGRES_EPOCH_US, TimescaleStore
from tests.bench import made
from tests.bench.report import Row
from tests.bench.server import server, store

READER = "timescale"
REPEATS = 7
SIZES = {100: (60, 0.8), 1_000: (20, None), 10_000: (6, 0.95)}
"""Rows a batch → batches in each repeat, and the least ratio to a plain COPY (design §8)."""

FIRST_US = 1_767_225_600_000_000
_TYPES = ("int8", "float8", "int4", "int2", "bytea", "bool", "text")
_WIRE = np.dtype(
    [
        ("fields", ">i2"),
        *((f"{name}{part}", type_) for name, wire in
          (("time", ">i8"), ("value", ">f8"), ("channel", ">i4"), ("n", ">i2"), ("quality", "S1"), ("demo", "?"))
          for part, type_ in ((" length", ">i4"), ("", wire))),
        ("text length", ">i4"),
    ]
)  # fmt: skip
"""A row of binary COPY: PostgreSQL documentation, COPY, "Binary Format"."""
_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"

_MAKE = """
create table plain_{way}(like vitalsd.obs including constraints including indexes);
select create_hypertable('plain_{way}', by_range('time', interval '6 hours'), create_default_indexes => false);
"""
_COPY = "copy plain_{way}(time, value, channel, n, quality, demo, text) from stdin (format binary)"


@dataclass(slots=True)
class _Turn:
    """Seconds that one repeat of a batch size took."""

    ours_s: float = 0.0
    rows_s: float = 0.0
    array_s: float = 0.0

    @property
    def reference_s(self) -> float:
        return min(self.rows_s, self.array_s)


def rows() -> Iterator[Row]:
    with server() as dsn, tempfile.TemporaryDirectory(dir="/var/tmp") as folder, store(dsn) as database:
        most = sum(size * batches for size, (batches, _) in SIZES.items()) * REPEATS
        journal = Journal.open(Path(folder) / "journal.db", [READER])
        try:
            made.fill(journal, "BENCH", FIRST_US, most // made.CHANNELS + 1)
            with closing(journal.reader()) as reader:
                yield from _rows(database, reader)
        finally:
            journal.close()


def _rows(dsn: str, reader: JournalReader) -> Iterator[Row]:
    with (
        closing(TimescaleStore.connect(dsn, reader, READER)) as ours,
        psycopg.connect(dsn, autocommit=True) as plain,
    ):
        ours.contact()
        plain.execute(queries("timescale")["settings"])
        for way in ("rows", "array"):
            plain.execute(_MAKE.format(way=way).encode())
        after = 0
        for size, (batches, least) in SIZES.items():
            turns = []
            for _ in range(REPEATS):
                turns.append(
                    _turn(ours, plain, [reader.batch(after + n * size, reader.tip, size) for n in range(batches)])
                )
                after += size * batches
            count = size * batches
            ratio = median(turn.reference_s / turn.ours_s for turn in turns)
            rate, reference = (count / median(values) for values in zip(*((t.ours_s, t.reference_s) for t in turns)))
            way = "rows" if median(t.rows_s - t.array_s for t in turns) < 0 else "array"
            yield Row(
                what=f"exactly once against a plain COPY, {size:,} rows a batch",
                unit="of COPY",
                value=ratio,
                budget=least,
                at_least=True,
                note=f"{rate / 1e3:,.0f} k rows/s beside {reference / 1e3:,.0f} k ({way}), median of {len(turns)} pairs",
            )


def _turn(ours: TimescaleStore, plain: psycopg.Connection[tuple[object, ...]], batches: Sequence[Batch]) -> _Turn:
    """The same batches by each way, one after the other, each way first as often as the others."""
    turn = _Turn()
    for number, batch in enumerate(batches):
        values = [_plain_row(row) for row in batch.readings]
        values.sort(key=itemgetter(2, 0, 3))
        array = _array(values)
        ways = ("ours_s", "rows_s", "array_s")
        for way in ways[number % 3 :] + ways[: number % 3]:
            began = time.perf_counter()
            if way == "ours_s":
                ours.deliver(batch)
            elif way == "rows_s":
                _copy_rows(plain, values)
            else:
                _copy_array(plain, array)
            setattr(turn, way, getattr(turn, way) + time.perf_counter() - began)
    return turn


def _plain_row(row: Values) -> Values:
    _, channel, time_us, n, value, text, quality, demo = row
    return time_us - POSTGRES_EPOCH_US, value, channel, n, quality.encode(), demo == 1, text


def _array(values: Sequence[Values]) -> np.ndarray[tuple[int], np.dtype[np.void]]:
    array = np.zeros(len(values), _WIRE)
    array["fields"] = len(_TYPES)
    for name, column in zip(
        ("time", "value", "channel", "n", "quality", "demo"), zip(*values, strict=True), strict=False
    ):
        array[f"{name} length"] = array[name].dtype.itemsize
        array[name] = column
    array["text length"] = -1
    return array


def _copy_rows(plain: psycopg.Connection[tuple[object, ...]], values: Sequence[Values]) -> None:
    with plain.transaction(), plain.cursor() as cursor, cursor.copy(_COPY.format(way="rows").encode()) as copy:
        copy.set_types(_TYPES)
        for row in values:
            copy.write_row(row)


def _copy_array(
    plain: psycopg.Connection[tuple[object, ...]], array: np.ndarray[tuple[int], np.dtype[np.void]]
) -> None:
    data = io.BytesIO()
    data.write(_HEADER)
    data.write(array.tobytes())
    data.write(_TRAILER)
    with plain.transaction(), plain.cursor() as cursor, cursor.copy(_COPY.format(way="array").encode()) as copy:
        copy.write(data.getbuffer())
