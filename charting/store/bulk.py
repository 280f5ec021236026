"""Many entries at once, each at a time of its own, into a charting that holds no case yet: a simulated department."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from charting.store.database import Database
from charting.store.tables import case_row, entry, head
from charting.store.trail import row_columns
from charting.trail.chain import digest, text_of
from charting.trail.entries import Body, Entry
from charting.trail.trail import CaseRow
from collector.errors import UsageError

_AT_ONCE = 2_000
"""Rows of one statement: some megabytes."""


class Bulk:
    """Entries in order of time, as charting.store.trail keeps them. Nobody sees them before all are there."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        tip = connection.execute(select(head).with_for_update()).one()
        self._seq: int = tip.seq
        self._at_us: int = tip.at_us
        self._hash: str = tip.hash
        self._entries: list[dict[str, Any]] = []
        self._rows: list[dict[str, Any]] = []

    def append(self, at_us: int, actor: str, case: str, body: Body) -> int:
        """Its seq. A time before that of the entry before becomes that one's."""
        self._seq, self._at_us = self._seq + 1, max(at_us, self._at_us)
        text = text_of(Entry(seq=self._seq, at_us=self._at_us, actor=actor, case=case, body=body))
        self._hash = digest(self._hash, text)
        self._entries.append({
            "seq": self._seq, "at_us": self._at_us, "actor": actor, "case_id": case, "kind": body.kind, "text": text,
            "hash": self._hash,
        })  # fmt: skip
        if len(self._entries) >= _AT_ONCE:
            self._flush()
        return self._seq

    def row(self, row: CaseRow) -> None:
        """What lists know of a case, with its last entry: once a case."""
        self._rows.append(row_columns(row))

    def finish(self) -> None:
        self._flush()
        self._connection.execute(update(head).values(seq=self._seq, at_us=self._at_us, hash=self._hash))

    def _flush(self) -> None:
        for table, rows in ((entry, self._entries), (case_row, self._rows)):
            if rows:
                self._connection.execute(insert(table), rows)
                rows.clear()


@contextmanager
def bulk(database: Database) -> Iterator[Bulk]:
    """All is kept when the block ends well, else nothing. Raises UsageError where there are cases, StoreError."""
    with database.write() as connection:
        _check_empty(connection)
        writer = Bulk(connection)
        yield writer
        writer.finish()


def check_empty(database: Database) -> None:
    """Raises UsageError where there are cases, StoreError."""
    with database.read() as connection:
        _check_empty(connection)


def _check_empty(connection: Connection) -> None:
    if connection.scalar(select(func.count()).select_from(case_row)):
        raise UsageError("the charting holds cases already: a simulated department needs an empty one")
