"""Where the patients of all cases were: no time at a bed is given to two of them."""

from collections.abc import Mapping, Sequence
from functools import partial

from charting.apart import Apart
from charting.case.whereabouts import BACK_US, Part, occupied
from charting.desk import Desk
from charting.trail.trail import CaseRow, Trail

_UNREAD = 0
"""In place of a case's last entry: it is to be read again."""


class Elsewhere:
    """Reads a case anew where its row tells of new entries. Calls must not overlap."""

    def __init__(self, desk: Desk, trail: Trail, apart: Apart, limit: int) -> None:
        """`limit`: cases of one question."""
        self._desk = desk
        self._trail = trail
        self._apart = apart
        self._limit = limit
        self._stays: dict[str, tuple[int, Sequence[Part]]] = {}

    def since(self, rows: Sequence[CaseRow]) -> Mapping[str, Sequence[Part]]:
        """Since the first of these cases began, by case; of one that cannot be read what was known."""
        if not rows:
            return {}
        since_us = min(row.opened_us for row in rows) - BACK_US
        every = {row.case: self._of(row) for row in self._trail.rows(since_us=since_us, limit=self._limit)}
        self._stays = {case: found for case, found in every.items() if found is not None}
        return {case: stays for case, (_, stays) in self._stays.items()}

    def _of(self, row: CaseRow) -> tuple[int, Sequence[Part]] | None:
        """Where nothing was known, what those of its entries tell that say where the patient was."""
        before = self._stays.get(row.case)
        if before is not None and before[0] == row.last:
            return before
        case = self._apart.trying(row.case, partial(self._desk.case, row.case))
        if case is not None:
            return row.last, occupied(case)
        if before is not None:
            return before
        moved = self._apart.trying(row.case, partial(self._desk.moved, row))
        return None if moved is None else (_UNREAD, occupied(moved))
