"""Where facts are kept: derived from the cases, and derived again where a case has changed since."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from charting.quality.facts import RULES, Facts
from charting.trail.trail import Trail


class FactKeeper(Protocol):
    """Any thread may call. What is kept is no truth of its own: it can be thrown away and derived again."""

    def between(self, start_us: int, end_us: int) -> Sequence[Facts]:
        """Of cases whose anchor lies in [start_us, end_us), in order of anchor and case."""

    def of(self, case: str) -> Facts | None: ...

    def stale(self, limit: int) -> Sequence[str]:
        """Cases that have no facts yet, or those of an earlier entry or of other RULES; oldest first."""

    def put(self, facts: Iterable[Facts], none: Iterable[tuple[str, int]] = ()) -> None:
        """Replaces those of the same cases. `none`: cases (and up to which entry) that count nowhere: void or test."""

    def mark(self) -> str:
        """Another text whenever something else is kept: what was made of facts holds while it stays."""


class MemoryFacts:
    """In memory: for tests and for trying things out."""

    def __init__(self, trail: Trail) -> None:
        self._trail = trail
        self._facts: dict[str, Facts] = {}
        self._last: dict[str, tuple[int, str]] = {}

    def between(self, start_us: int, end_us: int) -> Sequence[Facts]:
        found = [f for f in list(self._facts.values()) if start_us <= f.anchor_us < end_us]
        return sorted(found, key=lambda f: (f.anchor_us, f.case))

    def of(self, case: str) -> Facts | None:
        return self._facts.get(case)

    def stale(self, limit: int) -> Sequence[str]:
        rows = reversed(self._trail.rows(limit=1_000_000))
        return [row.case for row in rows if self._last.get(row.case) != (row.last, RULES)][:limit]

    def put(self, facts: Iterable[Facts], none: Iterable[tuple[str, int]] = ()) -> None:
        for each in facts:
            self._facts[each.case] = each
            self._last[each.case] = each.last, RULES
        for case, last in none:
            self._facts.pop(case, None)
            self._last[case] = last, RULES

    def mark(self) -> str:
        return f"{len(self._last)} {sum(last for last, _ in list(self._last.values()))} {RULES}"
