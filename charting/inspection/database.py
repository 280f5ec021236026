"""What a database says of itself: sizes, chunks, statements, dead rows. Of one file little more than its size."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psycopg

from charting.inspection.measured import Database, Hypertable, Statement, Table
from charting.quality.periods import Period
from collector.edition import COMMUNITY, PLAIN, edition
from collector.sql import queries

SQLITE, POSTGRESQL = "sqlite", "postgresql"
SLOW_MS = 200.0
"""Statements that take longer on average are listed."""
_DAY_US = 86_400_000_000
_TEXT = re.compile(r"'(?:[^']|'')*'")
_LONGEST = 160

_Q = queries("inspection")


def of_server(connection: psycopg.Connection[Any], period: Period) -> Database:
    """As it is now; what grew, and what was refused, in the period."""
    which = edition(connection)
    within = {"start": period.start_us, "end": period.end_us}
    size, version, connections, most, age, most_age = _one(connection, "database")
    hit, read, _ = _one(connection, "cache")
    (refused, _) = _one(connection, "parked", within)
    grown = None if which is PLAIN else _one(connection, "grown", within)[0]
    return Database(
        edition=which or POSTGRESQL,
        version=version,
        size_bytes=size,
        grown_per_day=None if grown is None else grown / ((period.end_us - period.start_us) / _DAY_US),
        tables=tuple(Table(**dict(zip(_TABLE, row, strict=True))) for row in _all(connection, "tables")),
        hypertables=() if which is PLAIN else tuple(_hypertable(row, which) for row in _all(connection, "chunks")),
        statements=_statements(connection),
        sees_all=_one(connection, "has_statements")[1],
        found=hit / (hit + read) if hit + read else None,
        asked=hit + read,
        connections=connections,
        most_connections=most,
        age=age,
        most_age=most_age,
        parked=refused,
    )


def of_files(files: Sequence[Path], version: str) -> Database:
    """Of an embedded installation: its charting and its journals. `version`: SQLite's."""
    sizes = {file: file.stat().st_size for file in files if file.is_file()}
    return Database(
        edition=SQLITE,
        version=version,
        size_bytes=sum(sizes.values()),
        grown_per_day=None,
        tables=tuple(
            Table(name=file.name, table_bytes=size, index_bytes=0, rows=0, dead=0, sequential=0, by_index=0,
                  vacuumed_us=None)
            for file, size in sizes.items()
        ),
        hypertables=(),
        statements=None,
        sees_all=False,
        found=None,
        asked=0,
        connections=None,
        most_connections=None,
        age=None,
        most_age=None,
        parked=0,
    )  # fmt: skip


_TABLE = ("name", "table_bytes", "index_bytes", "rows", "dead", "sequential", "by_index", "vacuumed_us")


def _hypertable(row: tuple[Any, ...], which: str) -> Hypertable:
    name, size, chunks, compressed, compresses, uncompressed_us = row
    return Hypertable(
        name=name,
        size_bytes=size,
        chunks=chunks,
        compressed=compressed,
        compresses=which == COMMUNITY and bool(compresses),
        uncompressed_us=uncompressed_us,
    )


def _statements(connection: psycopg.Connection[Any]) -> tuple[Statement, ...] | None:
    there, _ = _one(connection, "has_statements")
    if not there:
        return None
    try:
        rows = _all(connection, "statements", {"mean_ms": SLOW_MS})
    except psycopg.errors.ObjectNotInPrerequisiteState:  # the extension is there, its library is not loaded
        return None
    return tuple(
        Statement(text=_told(text), calls=calls, mean_ms=mean_ms, total_ms=total_ms)
        for text, calls, mean_ms, total_ms in rows
    )


def _told(text: str) -> str:
    """Its beginning, on one line; a text in it might be anybody's name."""
    line = " ".join(_TEXT.sub("'…'", text).split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"


def _one(connection: psycopg.Connection[Any], query: str, parameters: Mapping[str, Any] | None = None) -> Any:
    return connection.execute(_Q[query], parameters or {}).fetchone()


def _all(
    connection: psycopg.Connection[Any], query: str, parameters: Mapping[str, Any] | None = None
) -> list[tuple[Any, ...]]:
    return connection.execute(_Q[query], parameters or {}).fetchall()
