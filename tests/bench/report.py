"""One row of the bench: what was measured, its budget, and whether it is kept."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """`value` in `unit`; `budget` None: told for comparison only. `at_least`: the budget is a floor, not a ceiling."""

    what: str
    value: float
    unit: str
    budget: float | None = None
    at_least: bool = False
    note: str = ""

    def text(self) -> str:
        if self.budget is None:
            verdict = ""
        else:
            kept = self.value >= self.budget if self.at_least else self.value <= self.budget
            sign = "≥" if self.at_least else "≤"
            verdict = f"budget {sign} {self.budget:g}: {'kept' if kept else 'MISSED'} (×{self.value / self.budget:.2f})"
        return f"{self.what:<58} {self.value:>12,.2f} {self.unit:<10} {verdict} {self.note}".rstrip()


def percentile(values: list[float], share: float) -> float:
    """The value below which `share` of all lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
