"""The audit trail in a database: an append is one transaction, and the row of the head puts them in order."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import Connection, Row, func, insert, or_, select, update

from charting.store.database import Database
from charting.store.tables import case_row, entry, head, plain
from charting.trail.chain import Link, chained, text_of
from charting.trail.entries import Body, Entry
from charting.trail.trail import CaseRow, Stale

PAGE = 500
"""Entries that are read at once when all are asked for: some megabytes."""

_FAR_US = 2**63 - 1


class DatabaseTrail:
    """Raises StoreError for a database that cannot be had; the next call tries again."""

    def __init__(self, database: Database, now_us: Callable[[], int]) -> None:
        self._database = database
        self._now_us = now_us

    def append(
        self,
        actor: str,
        case: str,
        bodies: Sequence[Body],
        *,
        seen: int | None = None,
        whole: int | None = None,
        row: CaseRow | None = None,
    ) -> Sequence[Entry]:
        with self._database.write() as connection:
            tip = connection.execute(select(head).with_for_update()).one()
            last = connection.scalar(select(func.max(entry.c.seq)).where(entry.c.case_id == case)) or 0
            if seen not in {None, last} or whole not in {None, tip.seq}:
                raise Stale
            made = _chain(tip, max(self._now_us(), tip.at_us), actor, case, bodies)
            if made:
                connection.execute(insert(entry), [_columns(e) for e in made])
                connection.execute(update(head).values(seq=made[-1].seq, at_us=made[-1].at_us, hash=made[-1].hash))
            end = made[-1].seq if made else last
            if row is not None:
                _replace(connection, replace(row, case=case, last=end))
            elif made:
                connection.execute(update(case_row).where(case_row.c.case_id == case).values(last=end))
        return made

    def entries(self, case: str, after: int = 0, kinds: Iterable[str] = ()) -> Sequence[Entry]:
        chosen = select(entry.c.seq, entry.c.text, entry.c.hash).where(entry.c.case_id == case)
        wanted = sorted(kinds)
        if wanted:
            chosen = chosen.where(entry.c.kind.in_(wanted))
        with self._database.read() as connection:
            found = connection.execute(chosen.where(entry.c.seq > after).order_by(entry.c.seq)).all()
        return [link_of(row).entry for row in found]

    def all(self, after: int = 0, kinds: Iterable[str] = ()) -> Iterator[Entry]:
        chosen = select(entry.c.seq, entry.c.text, entry.c.hash).order_by(entry.c.seq).limit(PAGE)
        wanted = sorted(kinds)
        if wanted:
            chosen = chosen.where(entry.c.kind.in_(wanted))
        while True:
            with self._database.read() as connection:
                page = connection.execute(chosen.where(entry.c.seq > after)).all()
            for row in page:
                yield link_of(row).entry
            if len(page) < PAGE:
                return
            after = page[-1].seq

    def last(self) -> int:
        with self._database.read() as connection:
            return connection.scalar(select(head.c.seq)) or 0

    def before(self, at_us: int) -> int:
        """Halves the trail over and over: times never go back."""
        with self._database.read() as connection:
            low, high = 0, connection.scalar(select(head.c.seq)) or 0
            while low < high:
                middle = (low + high + 1) // 2
                kept_us = connection.scalar(select(entry.c.at_us).where(entry.c.seq == middle)) or 0
                low, high = (middle, high) if kept_us < at_us else (low, middle - 1)
        return low

    def rows(
        self,
        *,
        state: str | None = None,
        bed: str | None = None,
        since_us: int | None = None,
        until_us: int | None = None,
        text: str = "",
        number: str = "",
        after: int = 0,
        limit: int = 200,
    ) -> Sequence[CaseRow]:
        c = case_row.c
        chosen = select(case_row).order_by(c.opened_us.desc(), c.case_id).limit(min(max(limit, 0), _FAR_US))
        if state is not None:
            chosen = chosen.where(c.state == state)
        if bed is not None:
            chosen = chosen.where(c.bed == bed)
        if until_us is not None:
            chosen = chosen.where(c.opened_us < _kept(until_us))
        if since_us is not None:
            chosen = chosen.where(or_(c.closed_us.is_(None), c.closed_us > _kept(since_us)))
        if text:
            place = func.strpos if self._database.postgresql else func.instr
            chosen = chosen.where(or_(*(place(column, plain(text)) > 0 for column in (c.number, c.name, c.temporary))))
        if number:
            chosen = chosen.where(c.number == number)
        if after > 0:
            chosen = chosen.where(c.last > after)
        with self._database.read() as connection:
            return [stored_row(found) for found in connection.execute(chosen)]

    def row(self, case: str) -> CaseRow | None:
        with self._database.read() as connection:
            found = connection.execute(select(case_row).where(case_row.c.case_id == case)).first()
        return stored_row(found) if found else None


def stored_row(found: Row[*tuple[Any, ...]]) -> CaseRow:
    said = dict(found._mapping)  # noqa: SLF001  SQLAlchemy's public name
    return CaseRow(case=said.pop("case_id"), **said)


def row_columns(row: CaseRow) -> dict[str, Any]:
    said = asdict(row)
    return {"case_id": said.pop("case"), **said}


def _chain(tip: Row[*tuple[Any, ...]], at_us: int, actor: str, case: str, bodies: Sequence[Body]) -> list[Entry]:
    made: list[Entry] = []
    before: str = tip.hash
    for seq, body in enumerate(bodies, start=tip.seq + 1):
        made.append(chained(before, Entry(seq=seq, at_us=at_us, actor=actor, case=case, body=body)))
        before = made[-1].hash
    return made


def _columns(made: Entry) -> dict[str, Any]:
    return {
        "seq": made.seq,
        "at_us": made.at_us,
        "actor": made.actor,
        "case_id": made.case,
        "kind": made.body.kind,
        "text": text_of(made),
        "hash": made.hash,
    }


def _replace(connection: Connection, row: CaseRow) -> None:
    said = row_columns(row)
    if not connection.execute(update(case_row).where(case_row.c.case_id == row.case).values(said)).rowcount:
        connection.execute(insert(case_row).values(said))


def link_of(row: Row[*tuple[Any, ...]]) -> Link:
    return Link(seq=row.seq, text=row.text, hash=row.hash)


def _kept(time_us: int) -> int:
    """A time that a column can be compared with."""
    return min(max(time_us, -_FAR_US), _FAR_US)
