"""Facts of cases in a database (charting.quality.keeping)."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from charting.quality.facts import RULES, Facts, from_json, to_json
from charting.store.database import Database
from charting.store.tables import case_fact, case_row

_F = case_fact.c
_KEPT = 50_000
"""Cases whose facts are kept in mind as they were read; some 80 MB."""


class DatabaseFacts:
    """Raises StoreError for a database that cannot be had."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._read: dict[str, tuple[str, Facts]] = {}

    def between(self, start_us: int, end_us: int) -> Sequence[Facts]:
        chosen = select(_F.case_id, _F.facts).where(_F.anchor_us >= start_us, _F.anchor_us < end_us)
        with self._database.read() as connection:
            rows = connection.execute(chosen.order_by(_F.anchor_us, _F.case_id)).all()
        return [self._parsed(case, text) for case, text in rows]

    def _parsed(self, case: str, text: str) -> Facts:
        """Reading the text of a year's cases takes longer than counting them, and few have changed since."""
        before = self._read.get(case)
        if before is not None and before[0] == text:
            return before[1]
        if len(self._read) >= _KEPT:
            self._read.clear()
        facts = from_json(text)
        self._read[case] = text, facts
        return facts

    def of(self, case: str) -> Facts | None:
        chosen = select(_F.facts).where(_F.case_id == case, _F.anchor_us.is_not(None))
        with self._database.read() as connection:
            text = connection.scalar(chosen)
        return None if text is None else from_json(text)

    def stale(self, limit: int) -> Sequence[str]:
        r = case_row.c
        joined = case_row.outerjoin(case_fact, _F.case_id == r.case_id)
        behind = or_(_F.case_id.is_(None), _F.last != r.last, _F.rules != RULES)
        chosen = select(r.case_id).select_from(joined).where(behind).order_by(r.opened_us, r.case_id.desc())
        with self._database.read() as connection:
            return list(connection.scalars(chosen.limit(limit)))

    def put(self, facts: Iterable[Facts], none: Iterable[tuple[str, int]] = ()) -> None:
        rows = [_row(f.case, f.last, f.anchor_us, to_json(f)) for f in facts]
        rows += [_row(case, last, None, "") for case, last in none]
        rows.sort(key=lambda row: str(row["case_id"]))  # two writers lock in one order
        insert = postgresql.insert(case_fact) if self._database.postgresql else sqlite.insert(case_fact)
        replacing = insert.on_conflict_do_update(
            index_elements=[_F.case_id], set_={c.name: insert.excluded[c.name] for c in _F if c is not _F.case_id}
        )
        if rows:
            with self._database.write() as connection:
                connection.execute(replacing, rows)

    def mark(self) -> str:
        with self._database.read() as connection:
            asked = select(func.count(), func.coalesce(func.sum(_F.last), 0), func.min(_F.rules), func.max(_F.rules))
            return " ".join(str(told) for told in connection.execute(asked).one())


def _row(case: str, last: int, anchor_us: int | None, text: str) -> dict[str, Any]:
    return {"case_id": case, "last": last, "rules": RULES, "anchor_us": anchor_us, "facts": text}
