"""Sets of sequence numbers as runs: what a reader has, and what it lacks. Pure."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

Run = tuple[int, int]
"""First and last number, both included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranges:
    """Runs in ascending order that neither overlap nor touch."""

    runs: tuple[Run, ...] = ()

    @classmethod
    def of(cls, *runs: Run) -> "Ranges":
        joined: list[Run] = []
        for first, last in sorted(runs):
            if joined and first <= joined[-1][1] + 1:
                joined[-1] = (joined[-1][0], max(joined[-1][1], last))
            else:
                joined.append((first, last))
        return cls(runs=tuple(joined))

    @classmethod
    def parse(cls, text: str) -> "Ranges":
        """Read the form that `str` gives, which is PostgreSQL's int8multirange: {[1,6),[9,12)}."""
        return cls.of(*((int(first), int(end) - 1) for first, end in re.findall(r"\[(\d+),(\d+)\)", text)))

    def __str__(self) -> str:
        return "{" + ",".join(f"[{first},{last + 1})" for first, last in self.runs) + "}"

    def __or__(self, other: "Ranges") -> "Ranges":
        return Ranges.of(*self.runs, *other.runs)

    def __sub__(self, other: "Ranges") -> "Ranges":
        return Ranges.of(*(gap for first, last in self.runs for gap in other.gaps(first, last)))

    def __and__(self, other: "Ranges") -> "Ranges":
        return self - (self - other)

    def __len__(self) -> int:
        return sum(last - first + 1 for first, last in self.runs)

    @property
    def last(self) -> int:
        """The greatest number; 0 where there is none."""
        return self.runs[-1][1] if self.runs else 0

    def gaps(self, first: int, last: int) -> Iterator[Run]:
        """Runs of first…last that are not in here."""
        for begin, end in self.runs:
            if begin > last:
                break
            if begin > first:
                yield first, begin - 1
            first = max(first, end + 1)
        if first <= last:
            yield first, last


def common(sets: Iterable[Ranges]) -> Ranges:
    """What all of them have; nothing where there is none."""
    every = list(sets)
    if not every:
        return Ranges()
    shared = every[0]
    for one in every[1:]:
        shared &= one
    return shared
