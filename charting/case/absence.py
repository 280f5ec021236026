"""What a document loses where nothing is to be in it: cells become empty, gaps end or are replaced. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from charting.case.clock import MINUTE_US
from charting.case.state import Document
from charting.fill.types import Cell, CellState, Gap
from charting.trail.entries import Filled

ELSEWHERE = "patient.elsewhere"
"""Rule of a cell that stood until the patient was found to have been somewhere else then."""


def elsewhere_news(document: Document, parts: Iterable[tuple[int, int | None]]) -> Sequence[Filled]:
    """The entries that take from a document what lies outside of all times (start, end; None: still) in which the
    patient was where it is filled from: cells become empty, gaps end.
    """
    there = sorted(parts)
    cells = [
        emptied(cell, ELSEWHERE)
        for item in document.items.values()
        if (cell := item.captured) is not None
        and cell.state is not CellState.EMPTY
        and not any(start <= cell.mark_us and (end is None or cell.mark_us <= end) for start, end in there)
    ]
    first = min((g.start_us for g in document.gaps), default=0)
    last = max((g.end_us for g in document.gaps), default=0)
    edges = [first]
    for start_us, end_us in there:
        edges += [start_us, last if end_us is None else end_us - end_us % MINUTE_US]
    edges.append(last)
    found = []
    for a, b in zip(edges[::2], edges[1::2], strict=True):
        gaps = gap_news(document.gaps, [], a, b) if a < b else None
        if gaps is not None:
            found.append(
                Filled(
                    document=document.id,
                    since_us=gaps.since_us,
                    until_us=gaps.until_us,
                    cells=(),
                    gaps=gaps.gaps,
                    excursions=(),
                )
            )
    if cells:
        found.append(
            Filled(document=document.id, since_us=first, until_us=first, cells=tuple(cells), gaps=(), excursions=())
        )
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class GapNews:
    """All gaps that overlap [since_us, until_us), whole, instead of those that did."""

    since_us: int
    until_us: int
    gaps: tuple[Gap, ...]


def gap_news(before: Sequence[Gap], found: Sequence[Gap], since_us: int, until_us: int) -> GapNews | None:
    """What `before` becomes when `found` is what [since_us, until_us) holds; None where it holds that already.

    A gap that reaches over an edge is cut there, and joined with one of the same cause that goes on beyond it.
    """
    first = min([since_us, *(g.start_us for g in before if g.end_us == since_us and _goes_on(g, found))])
    last = max([until_us, *(g.end_us for g in before if g.start_us == until_us and _goes_on(g, found))])
    replaced = sorted((g for g in before if g.end_us > first and g.start_us < last), key=_order)
    rest = [replace(g, end_us=min(g.end_us, since_us)) for g in replaced if g.start_us < since_us]
    rest += [replace(g, start_us=max(g.start_us, until_us)) for g in replaced if g.end_us > until_us]
    joined: list[Gap] = []
    for gap in sorted([*rest, *found], key=_order):
        same = joined[-1] if joined and joined[-1].end_us >= gap.start_us and _alike(joined[-1], gap) else None
        if same is None:
            joined.append(gap)
        else:
            joined[-1] = replace(same, end_us=max(same.end_us, gap.end_us))
    return None if joined == replaced else GapNews(since_us=first, until_us=last, gaps=tuple(joined))


def emptied(before: Cell, rule: str) -> Cell:
    return replace(before, value=None, state=CellState.EMPTY, rule=rule, minutes=(), dropped={})


def _goes_on(gap: Gap, found: Iterable[Gap]) -> bool:
    return any(_alike(gap, g) and (g.start_us == gap.end_us or g.end_us == gap.start_us) for g in found)


def _alike(one: Gap, other: Gap) -> bool:
    return replace(one, start_us=0, end_us=0) == replace(other, start_us=0, end_us=0)


def _order(gap: Gap) -> tuple[str, int, int]:
    return gap.signal, gap.start_us, gap.end_us
