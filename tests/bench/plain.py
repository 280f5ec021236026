"""The reference of delivery: a plain COPY into a table like the store's, with nothing about it that makes it exact."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from operator import itemgetter
from typing import Any

import psycopg

from collector.journal.reader import Batch
from collector.journal.rows import Row as Values
from collector.sql import queries
from collector.timescale_rows import COPY_HEADER, COPY_TRAILER, POSTGRES_EPOCH_US, Readings

_TYPES = ("int8", "float8", "int4", "int2", "bytea", "bool", "text")
_MAKE = """
create table plain_{way}(like vitalsd.obs including constraints including indexes);
select create_hypertable('plain_{way}', by_range('time', interval '6 hours'), create_default_indexes => false);
"""
_COPY = "copy plain_{way}(time, value, channel, n, quality, demo, text) from stdin (format binary)"


class Plain:
    """Tables of the same shape, one for each way to COPY; a batch is a transaction."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        connection.execute(queries("timescale")["settings"])
        for way in ("rows", "block", "ready"):
            connection.execute(_MAKE.format(way=way).encode())

    def copy_rows(self, values: Sequence[Values]) -> None:
        with self._copy("rows") as copy:
            copy.set_types(_TYPES)
            for row in values:
                copy.write_row(row)

    def copy_block(self, block: bytes, into: str = "block") -> None:
        with self._copy(into) as copy:
            copy.write(b"".join((COPY_HEADER, block, COPY_TRAILER)))

    @contextmanager
    def _copy(self, way: str) -> Iterator[psycopg.Copy]:
        query = _COPY.format(way=way).encode()
        with self._connection.transaction(), self._connection.cursor() as cursor, cursor.copy(query) as copy:
            yield copy


def as_rows(batch: Batch) -> list[Values]:
    """The readings of a batch by channel and time, as rows to be written."""
    values = [
        (time_us - POSTGRES_EPOCH_US, value, channel, n, quality.encode(), demo == 1, text)
        for _, channel, time_us, n, value, text, quality, demo in batch.readings
    ]
    values.sort(key=itemgetter(2, 0, 3))
    return values


def as_block(batch: Batch) -> bytes:
    """The same as one block, by what makes ours."""
    return Readings.of(batch.readings, {number: number for _, number, *_ in batch.readings}).copied()
