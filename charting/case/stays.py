"""Two cases in one bed at one time. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Span = tuple[str, int, int | None]
"""Bed, start, end (None: still)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """Another case was at `bed` from start to end (None: still)."""

    case: str
    bed: str
    start_us: int
    end_us: int | None


def overlaps(other: str, theirs: Iterable[Span], stays: Sequence[Span]) -> Sequence[Overlap]:
    """Where another case, `other`, was in the same bed at the same time as stays; times are half-open."""
    return [
        Overlap(case=other, bed=bed, start_us=since_us, end_us=until_us)
        for bed, since_us, until_us in theirs
        for wanted, start_us, end_us in stays
        if wanted == bed and (until_us is None or start_us < until_us) and (end_us is None or since_us < end_us)
    ]
