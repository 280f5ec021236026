"""What came of each fault, for people and for programs. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from collector.verify.comparison import Comparison

MOST_REASONS = 12
"""Told to people of one fault: a broken clock breaks every channel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Of one fault.

    tried: how many times it was brought about; judged: of how many of the values and samples that were said it is known
    that they had to be kept, None: of all that were compared; longest_gap_s: the longest time without new data;
    recovered: whether everything went on without help each time; figures: what else was measured, by name with unit;
    broken: promises that were not kept, in words; unjudged: what could not be judged, in words; not_tried: why it could
    not be tried.
    """

    name: str
    promise: str
    tried: int = 0
    found: Comparison = field(default_factory=Comparison)
    judged: int | None = None
    longest_gap_s: float | None = None
    recovered: bool = True
    figures: Mapping[str, float] = field(default_factory=dict)
    broken: Sequence[str] = ()
    unjudged: Sequence[str] = ()
    not_tried: str = ""

    @property
    def held(self) -> bool:
        """Whether the promise was kept; False where it was not tried, or nothing was there to be compared or judged."""
        found = self.found
        kept = found.wanted and self.judged != 0 and not (found.lost or found.duplicated or found.invented)
        return bool(self.tried and self.recovered and kept) and not (self.not_tried or self.broken)

    def json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "promise": self.promise,
            "tried": self.tried,
            "compared": self.found.wanted,
            "judged": self.found.wanted if self.judged is None else self.judged,
            "lost": self.found.lost,
            "duplicated": self.found.duplicated,
            "invented": self.found.invented,
            "longest_gap_s": None if self.longest_gap_s is None else round(self.longest_gap_s, 3),
            "recovered": self.recovered,
            **{name: round(value, 3) for name, value in self.figures.items()},
            "broken": list(self.broken),
            "unjudged": list(self.unjudged),
            "not_tried": self.not_tried or None,
            "held": self.held,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Of a whole run, as far as it came. parked: entries that the database refused, of which there should be none."""

    results: Sequence[Result]
    interrupted: bool = False
    parked: int = 0

    @property
    def held(self) -> bool:
        return (
            not self.interrupted
            and not self.parked
            and bool(self.results)
            and all(result.held for result in self.results)
        )

    def json(self) -> str:
        faults = [result.json() for result in self.results]
        whole = {"faults": faults, "held": self.held, "interrupted": self.interrupted, "parked": self.parked}
        return json.dumps(whole, ensure_ascii=False, indent=2)

    def text(self) -> str:
        """A table, what is to be said of single faults, and the verdict."""
        head = ("fault", "tried", "compared", "judged", "lost", "twice", "invented", "longest gap", "by itself", "")
        rows = [head, *(_row(result) for result in self.results)]
        widths = [max(len(row[n]) for row in rows) for n in range(len(head))]
        lines = [
            "  ".join(
                cell.ljust(width) if n in {0, len(head) - 1} else cell.rjust(width)
                for n, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in rows
        ]
        for result in self.results:
            lines += ["", f"{result.name}: {result.promise}"]
            if result.figures:
                lines.append("    " + ", ".join(f"{name} {value:g}" for name, value in _rounded(result).items()))
            if result.not_tried:
                lines.append(f"    NOT TRIED: {result.not_tried}")
            lines += [f"    not judged: {what}" for what in result.unjudged]
            lines += [f"    BROKEN: {reason}" for reason in result.broken[:MOST_REASONS]]
            if len(result.broken) > MOST_REASONS:
                lines.append(f"    BROKEN: … and {len(result.broken) - MOST_REASONS} more (--json tells all)")
        return "\n".join([*lines, "", self._verdict()])

    def _verdict(self) -> str:
        missing = [result.name for result in self.results if result.not_tried]
        failed = [result.name for result in self.results if not result.not_tried and not result.held]
        if self.held:
            return "HELD: nothing lost, nothing twice, nothing invented, nobody had to help."
        parts = [f"NOT HELD: {', '.join(failed)}"] * bool(failed) + [f"NOT TRIED: {', '.join(missing)}"] * bool(missing)
        parts += [f"PARKED by the database: {self.parked}"] * bool(self.parked)
        parts += ["INTERRUPTED: this is what had been tried"] * self.interrupted
        return ". ".join(parts or ["NOTHING TRIED"])


def not_tried(name: str, promise: str, reason: str) -> Result:
    return Result(name=name, promise=promise, not_tried=reason, recovered=False)


def _row(result: Result) -> tuple[str, ...]:
    gap = "-" if result.longest_gap_s is None else f"{result.longest_gap_s:.2f} s"
    if result.not_tried:
        return (result.name, "-", "-", "-", "-", "-", "-", "-", "-", "NOT TRIED")
    found = result.found
    judged = found.wanted if result.judged is None else result.judged
    numbers = (result.tried, found.wanted, judged, found.lost, found.duplicated, found.invented)
    word = "held" if result.held else "NOT HELD"
    return (result.name, *(f"{n:,}".replace(",", " ") for n in numbers), gap, "yes" if result.recovered else "NO", word)


def _rounded(result: Result) -> dict[str, float]:
    return {name: round(value, 3) for name, value in result.figures.items()}
