"""Rows of a view in the hospital's own PostgreSQL, as messages: JSON, a row each. Nothing is written there.

Another make of database is read through PostgreSQL's foreign tables (oracle_fdw, tds_fdw).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from psycopg.rows import dict_row

from collector.dsn import secretless, server
from collector.errors import VitalsdError

MOST = 20_000
"""Rows of one look. More wait for the next one."""
_NEW = (
    "select * from ({query}) as told where watermark is null or watermark > %s order by watermark nulls first limit %s"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US = timedelta(microseconds=1)


class ViewError(VitalsdError):
    """The view cannot be read now, or is not what it has to be. Holds no password and nothing of a row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """`at_us`: its watermark, 0 where it has none: such a row comes at every look. `body`: its other columns."""

    at_us: int
    body: bytes


class View:
    """`query`: a select, with a column `watermark`: when a row was last changed. `zone`: of times without one."""

    def __init__(self, *, dsn: str, query: str, zone: str, timeout_s: float) -> None:
        self._dsn = server(dsn)
        self._query = _NEW.format(query=query.strip().rstrip(";").replace("%", "%%")).encode()
        self._zone = zone
        self._timeout_ms = round(timeout_s * 1000)

    def rows(self, after_us: int) -> Sequence[Row]:
        """The oldest MOST of those that were changed after a time, oldest first. Raises ViewError. Blocks."""
        try:
            with psycopg.connect(self._dsn, row_factory=dict_row) as connection:
                connection.read_only = True
                connection.execute("select set_config('TimeZone', %s, true)", (self._zone,))
                connection.execute("select set_config('statement_timeout', %s, true)", (str(self._timeout_ms),))
                return [self._row(row) for row in connection.execute(self._query, (_EPOCH + after_us * _US, MOST))]
        except psycopg.Error as error:
            raise ViewError(_said(error, self._dsn)) from None

    def _row(self, row: dict[str, Any]) -> Row:
        at = row.pop("watermark")
        if at is not None and not isinstance(at, datetime):
            raise ViewError("the column watermark is no time")
        if at is not None and at.tzinfo is None:
            at = at.replace(tzinfo=ZoneInfo(self._zone))
        body = json.dumps(row, ensure_ascii=False, sort_keys=True, default=_written)
        return Row(at_us=0 if at is None else (at - _EPOCH) // _US, body=body.encode())


def _written(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    raise ViewError(f"a column is of a type that is not read: {type(value).__name__}")


def _said(error: psycopg.Error, dsn: str) -> str:
    """What the server says of a query may quote a row."""
    if error.sqlstate is None:
        return secretless(str(error), dsn)
    return f"SQLSTATE {error.sqlstate} ({type(error).__name__})"
