"""Facts of cases in a database (charting.quality.keeping)."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import delete, insert, or_, select

from charting.quality.facts import RULES, Facts, from_json, to_json
from charting.store.database import Database
from charting.store.tables import case_fact, case_row

_F = case_fact.c
_AT_ONCE = 500
"""Rows of one statement; SQLite takes 32 766 values."""


class DatabaseFacts:
    """Raises StoreError for a database that cannot be had."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def between(self, start_us: int, end_us: int) -> Sequence[Facts]:
        chosen = select(_F.facts).where(_F.anchor_us >= start_us, _F.anchor_us < end_us)
        with self._database.read() as connection:
            return [from_json(text) for text in connection.scalars(chosen.order_by(_F.anchor_us, _F.case_id))]

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
        with self._database.write() as connection:
            for first in range(0, len(rows), _AT_ONCE):
                some = rows[first : first + _AT_ONCE]
                connection.execute(delete(case_fact).where(_F.case_id.in_([row["case_id"] for row in some])))
                connection.execute(insert(case_fact), some)


def _row(case: str, last: int, anchor_us: int | None, text: str) -> dict[str, Any]:
    return {"case_id": case, "last": last, "rules": RULES, "anchor_us": anchor_us, "facts": text}
