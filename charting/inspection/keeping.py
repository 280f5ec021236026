"""Where reports are kept: a database (charting.store.inspections), or memory."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from charting.inspection.due import Kind
from charting.inspection.report import Report, from_text, to_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """`id`: where it is found. `period`: its name."""

    id: str
    kind: Kind
    period: str
    made_us: int


class Inspections(Protocol):
    """Raises VitalsdError where they cannot be had."""

    def keep(self, report: Report) -> str:
        """Returns its id."""

    def kept(self) -> Sequence[Kept]:
        """The newest first."""

    def report(self, id_: str) -> Report | None:
        """None: there is none, or it is of a program that this one does not read."""


class MemoryInspections:
    def __init__(self) -> None:
        self._made: list[tuple[Kept, str]] = []

    def keep(self, report: Report) -> str:
        id_ = f"{len(self._made):016x}"
        kept = Kept(id=id_, kind=report.kind, period=report.period.name, made_us=report.made_us)
        self._made.append((kept, to_text(report)))
        return id_

    def kept(self) -> Sequence[Kept]:
        return sorted((kept for kept, _ in self._made), key=lambda kept: -kept.made_us)

    def report(self, id_: str) -> Report | None:
        return next((from_text(text) for kept, text in self._made if kept.id == id_), None)
