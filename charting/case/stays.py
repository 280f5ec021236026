"""Two cases in one bed at one time. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from charting.case.state import Case


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """Another case was at `bed` from start to end (None: still)."""

    case: str
    bed: str
    start_us: int
    end_us: int | None


def overlaps(other: Case, stays: Iterable[tuple[str, int, int | None]]) -> Sequence[Overlap]:
    """Where a case was in the same bed at the same time as stays (bed, start, end); times are half-open."""
    return [
        Overlap(case=other.id, bed=theirs.bed, start_us=theirs.start_us, end_us=end)
        for bed, start_us, end_us in stays
        for theirs in other.stays
        for end in [theirs.end_us if theirs.end_us is not None else other.closed_us]
        if theirs.bed == bed and (end is None or start_us < end) and (end_us is None or theirs.start_us < end_us)
    ]
