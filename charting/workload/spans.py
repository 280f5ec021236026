"""Intervals of whole minutes since 1970 UTC, half-open. Pure.

Times are cut to the minute, as paper shows them: what a person adds up from the record is what is counted.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TypeVar

MINUTE_US = 60_000_000

Span = tuple[int, int]
"""[start, end), minutes."""
_Key = TypeVar("_Key")


def minute(time_us: int) -> int:
    """The minute in which a time lies."""
    return time_us // MINUTE_US


def total(spans: Iterable[Span]) -> int:
    return sum(end - start for start, end in spans)


def union(spans: Iterable[Span]) -> tuple[Span, ...]:
    """In order, apart from each other; empty ones are left out."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if start >= end:
            continue
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((start, end))
    return tuple(found)


def clipped(spans: Iterable[Span], to: Span) -> tuple[Span, ...]:
    """What of them lies in another, as their union."""
    return union((max(start, to[0]), min(end, to[1])) for start, end in spans)


def together(spans: Mapping[_Key, Sequence[Span]]) -> Iterator[tuple[Span, tuple[_Key, ...]]]:
    """Stretches in which the same ones go on, and which those are, in the mapping's order; where none does is left out.

    The spans of each are a union.
    """
    ends = sorted({edge for several in spans.values() for span in several for edge in span})
    for start, end in pairwise(ends):
        there = tuple(key for key, several in spans.items() if any(a <= start < b for a, b in several))
        if there:
            yield (start, end), there
