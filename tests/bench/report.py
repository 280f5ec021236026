"""One row of the bench: what was measured, its budget, and the reference that ran beside it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    KEPT = "kept"
    MISSED = "MISSED"
    NOT_RUN = "not run"
    TOLD = "told"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """`value` in `unit`, None: not run, and `note` says why. `budget` None: told for comparison only.

    `at_least`: the budget is a floor, not a ceiling. `reference`: the same quantity of `against` in the same run.
    """

    what: str
    unit: str
    value: float | None = None
    budget: float | None = None
    at_least: bool = False
    reference: float | None = None
    against: str = ""
    note: str = ""

    @property
    def verdict(self) -> Verdict:
        if self.value is None:
            return Verdict.NOT_RUN
        if self.budget is None:
            return Verdict.TOLD
        kept = self.value >= self.budget if self.at_least else self.value <= self.budget
        return Verdict.KEPT if kept else Verdict.MISSED

    @property
    def ratio(self) -> float | None:
        """Of the value to the reference."""
        return None if self.value is None or not self.reference else self.value / self.reference

    def text(self) -> str:
        value = "–" if self.value is None else f"{self.value:,.{_decimals(self.value)}f}"
        budget = "" if self.budget is None else f"{'≥' if self.at_least else '≤'} {self.budget:,g}"
        verdict = "" if self.verdict is Verdict.TOLD else self.verdict
        ratio = "" if self.ratio is None else f"×{self.ratio:.2f} {self.against}"
        said = "; ".join(part for part in (ratio, self.note) if part)
        return f"{self.what:<58} {value:>10} {self.unit:<11} {budget:<8} {verdict:<8} {said}".rstrip()


def summary(rows: Sequence[Row]) -> str:
    """How many rows kept their budget, and the names of those that did not."""
    count = Counter(row.verdict for row in rows)
    missed = "".join(f"\n  missed: {row.what}" for row in rows if row.verdict is Verdict.MISSED)
    return f"{', '.join(f'{verdict.lower()} {count[verdict]}' for verdict in Verdict)}{missed}"


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of all lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _decimals(value: float) -> int:
    return 0 if abs(value) >= 1000 else 1 if abs(value) >= 100 else 2 if abs(value) >= 1 else 3
