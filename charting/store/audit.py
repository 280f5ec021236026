"""`vitalsd audit`: whether everything that was ever done stands as it was written."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass

from pydantic import ValidationError
from sqlalchemy import func, select

from charting.case.rows import row_of
from charting.case.state import fold
from charting.store.database import Database
from charting.store.migrate import open_database
from charting.store.tables import case_row, entry, head, plain
from charting.store.trail import PAGE, link_of, stored_row
from charting.trail.chain import Link, breaks
from collector.clock import rfc3339
from collector.errors import UsageError

SHORTEST = 16
"""Hex digits of a printed hash that still say which one it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was found; `seq`, `hash`, `at_us`: the last entry. Nothing here holds a patient's data."""

    entries: int
    cases: int
    seq: int
    hash: str
    at_us: int
    faults: tuple[str, ...]

    @property
    def whole(self) -> bool:
        return not self.faults

    @property
    def lines(self) -> tuple[str, ...]:
        """For a person."""
        return (
            f"entries: {self.entries:,}",
            f"cases: {self.cases:,}",
            f"head: {self.seq}:{self.hash}" + (f" of {rfc3339(self.at_us)}" if self.seq else ""),
            *(f"BROKEN: {fault}" for fault in self.faults),
            *(["whole"] if self.whole else []),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """What a paper says of the trail: seq of an entry, and the beginning of its hash."""

    seq: int
    hash: str


def printed(said: str) -> Printed:
    """SEQ:HASH. Raises UsageError."""
    seq, _, digits = said.partition(":")
    digits = digits.strip().lower()
    known = seq.strip().isdecimal() and seq.isascii() and SHORTEST <= len(digits) <= 64
    if not known or not set(digits) <= set("0123456789abcdef"):
        raise UsageError(f"expected SEQ:HASH as printed, with at least {SHORTEST} digits of the hash")
    return Printed(seq=int(seq), hash=digits)


def verify(dsn: str, papers: Sequence[Printed] = (), progress: Callable[[int], None] = lambda _: None) -> Report:
    """Check all entries, also while the service runs. Raises UsageError where there is no charting, StoreError."""
    database = open_database(dsn)
    try:
        return check(database, papers, progress)
    finally:
        database.close()


def check(
    database: Database, papers: Sequence[Printed] = (), progress: Callable[[int], None] = lambda _: None
) -> Report:
    """The same of an open database. `progress` is told how many entries have been looked at, again and again."""
    audit = _Audit(database, papers, progress)
    faults = (*audit.chain(), *audit.cases())
    return Report(
        entries=audit.count,
        cases=audit.case_count,
        seq=audit.seq,
        hash=audit.hash,
        at_us=audit.at_us,
        faults=faults,
    )


class _Audit:
    """One walk through a database. Whatever is appended meanwhile is left for the next one."""

    def __init__(self, database: Database, papers: Sequence[Printed], progress: Callable[[int], None]) -> None:
        self._database = database
        self._papers = papers
        self._progress = progress
        self._wrong: list[str] = []
        self.count = self.case_count = 0
        with database.read() as connection:
            tip = connection.execute(select(head, select(func.max(entry.c.seq)).scalar_subquery().label("end"))).one()
        self.seq, self.at_us, self.hash = tip.seq, tip.at_us, tip.hash
        self._end = max(tip.seq, tip.end or 0)

    def chain(self) -> Iterator[str]:
        """What is wrong with the entries."""
        yield from breaks(self._links(), (self.seq, self.hash))
        yield from self._wrong
        for paper in self._papers:
            if not 1 <= paper.seq <= self._end:
                yield f"entry {paper.seq} was printed, but {self._end or 'none'} is the last one there is"

    def cases(self) -> Iterator[str]:
        """What is wrong with the cases' rows."""
        with self._database.read() as connection:
            known = connection.scalars(select(case_row.c.case_id)).all()
            told = connection.scalars(select(entry.c.case_id).where(entry.c.case_id != "").distinct()).all()
        self.case_count = len(set(told))
        for case in sorted({*known, *told}):
            wrong = self._contradiction(case)
            self._progress(self.count)
            if wrong:
                yield f"case {case}: {wrong}"

    def _links(self) -> Iterator[Link]:
        """All entries as they are stored; on the way each is looked at by itself."""
        after = 0
        while True:
            chosen = select(entry).where(entry.c.seq > after, entry.c.seq <= self._end)
            with self._database.read() as connection:
                page = connection.execute(chosen.order_by(entry.c.seq).limit(PAGE)).all()
            for row in page:
                columns = (row.seq, row.at_us, row.actor, row.case_id, row.kind)
                if columns != _told(row.text):
                    self._wrong.append(f"entry {row.seq}: its columns are not what its text says")
                if any(p.seq == row.seq and not row.hash.startswith(p.hash) for p in self._papers):
                    self._wrong.append(f"entry {row.seq} was printed with another hash")
                yield link_of(row)
            self.count += len(page)
            self._progress(self.count)
            if len(page) < PAGE:
                return
            after = page[-1].seq

    def _contradiction(self, case: str) -> str:
        """How a case's row contradicts its entries, "" if it does not."""
        with self._database.read() as connection:
            row = connection.execute(select(case_row).where(case_row.c.case_id == case)).first()
            found = connection.execute(select(entry).where(entry.c.case_id == case).order_by(entry.c.seq)).all()
        if row is None:
            return "it has entries, but no row"
        if not found:
            return "it has a row, but no entries"
        try:
            made = asdict(row_of(fold(link_of(one).entry for one in found)))
        except (ValidationError, ValueError, KeyError, IndexError) as error:
            return f"its entries make no case ({type(error).__name__})"
        kept = asdict(stored_row(row))
        said = {name: plain(value) if isinstance(value, str) else value for name, value in made.items()}
        names = [name for name in said if said[name] != kept[name]]
        return f"its row contradicts its entries: {', '.join(names)}" if names else ""


def _told(text: str) -> tuple[object, ...]:
    """seq, at_us, actor, case and kind of an entry as its text says; nothing for what is no entry."""
    try:
        said = json.loads(text)
        return (said["seq"], said["at_us"], plain(said["actor"]), plain(said["case"]), said["body"]["kind"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return ()
