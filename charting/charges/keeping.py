"""Where lines of bills are kept: one contract, in memory here, in a database in charting.store.charges."""

from collections.abc import Collection, Mapping, Sequence
from threading import Lock
from typing import Protocol

from charting.charges.ledger import Charge, State, settled


class Behind(Exception):  # noqa: N818  no error: whoever gets it looks again
    """The case has charges that the writer has not seen."""


class Charges(Protocol):
    """Calls block; any thread may call."""

    def of_case(self, case: str) -> Sequence[Charge]:
        """In the order in which they were kept."""

    def of_cases(self, cases: Collection[str]) -> Mapping[str, Sequence[Charge]]:
        """The same of several; a case without charges is not in it."""

    def keep(self, case: str, seen: int, charges: Sequence[Charge], outcomes: Mapping[str, tuple[State, int]]) -> None:
        """New lines of a case, and what became of messages of before (parcel → state, when): all or nothing.

        seen: how many lines the writer knows. Raises Behind where there are others.
        """

    def open_cases(self) -> Sequence[str]:
        """Cases with lines that nobody has accepted (yet)."""

    def counts(self) -> Mapping[str, int]:
        """How many lines there are, by state."""


class MemoryCharges:
    def __init__(self) -> None:
        self._kept: dict[str, list[Charge]] = {}
        self._lock = Lock()

    def of_case(self, case: str) -> Sequence[Charge]:
        with self._lock:
            return list(self._kept.get(case, ()))

    def of_cases(self, cases: Collection[str]) -> Mapping[str, Sequence[Charge]]:
        with self._lock:
            return {case: list(self._kept[case]) for case in cases if self._kept.get(case)}

    def keep(self, case: str, seen: int, charges: Sequence[Charge], outcomes: Mapping[str, tuple[State, int]]) -> None:
        with self._lock:
            known = self._kept.get(case, [])
            if len(known) != seen:
                raise Behind
            if {c.id for each in self._kept.values() for c in each} & {c.id for c in charges}:
                raise ValueError("an id of a line is used twice")
            self._kept[case] = [*settled(known, outcomes), *charges]

    def open_cases(self) -> Sequence[str]:
        with self._lock:
            return [case for case, kept in self._kept.items() if any(c.state != "accepted" for c in kept)]

    def counts(self) -> Mapping[str, int]:
        found: dict[str, int] = {}
        with self._lock:
            for charge in (c for kept in self._kept.values() for c in kept):
                found[charge.state] = found.get(charge.state, 0) + 1
        return found
