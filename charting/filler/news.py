"""What a new filling says that a document does not hold yet. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from charting.case.state import Document, cell_item
from charting.fill.fill import MINUTE_US, Filling
from charting.fill.plan import Spans
from charting.fill.types import Cause, Cell, CellState, Excursion, Gap
from charting.trail.entries import Filled

HELD, ELSEWHERE = "device.held", "patient.elsewhere"
"""Rules of a cell that stood until its device was found to tell of another patient; until he was found to have been
somewhere else then."""


def news(
    document: Document,
    filling: Filling,
    since_us: int,
    until_us: int,
    *,
    final: Callable[[int], bool],
    held: Mapping[str, Spans],
) -> Filled | None:
    """The entry that brings a document to the filling of [since_us, until_us); None where it is there already.

    Gaps are told of whole minutes. `final`: whether the cells of a mark cannot change any more: until then a cell is
    kept as it first was, unless its state changes, so that a mark makes two entries and not one a minute. A cell that
    stood and is no longer in the filling becomes empty. What was captured keeps the filter that it was captured with
    where nothing else differs.
    """
    found = {cell_item(cell.signal, cell.mark_us): cell for cell in filling.cells}
    cells = [cell for id_, cell in found.items() if _new(document, id_, cell, filling.excursions, final(cell.mark_us))]
    for id_, item in document.items.items():
        before = item.captured
        if before is None or id_ in found or not since_us <= before.mark_us < until_us:
            continue
        if before.state is not CellState.EMPTY:
            cells.append(_emptied(before, HELD if _is_held(before, held) else ""))
    gaps = gap_news(document.gaps, filling.gaps, since_us, until_us - until_us % MINUTE_US)
    if not cells and gaps is None:
        return None
    keys = {(cell.signal, cell.mark_us) for cell in cells}
    return Filled(
        document=document.id,
        since_us=gaps.since_us if gaps else until_us,
        until_us=gaps.until_us if gaps else until_us,
        cells=tuple(sorted(cells, key=lambda c: (c.mark_us, c.signal))),
        gaps=gaps.gaps if gaps else (),
        excursions=tuple(e for e in filling.excursions if (e.signal, e.mark_us) in keys),
    )


def elsewhere_news(document: Document, parts: Iterable[tuple[int, int | None]]) -> Sequence[Filled]:
    """The entries that take from a document what lies outside of all times (start, end; None: still) in which the
    patient was where it is filled from: cells become empty, gaps end.
    """
    there = sorted(parts)
    cells = [
        _emptied(cell, ELSEWHERE)
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


def unreached_news(
    document: Document, signals: Iterable[str], since_us: int, until_us: int, evidence: str
) -> Filled | None:
    """The entry that says of [since_us, until_us) that nothing of these signals has come from the bed: most likely the
    network, until data come late. None where the document says so.
    """
    found = [
        Gap(signal=s, start_us=since_us, end_us=until_us, cause=Cause.NETWORK, certain=False, evidence=evidence)
        for s in sorted(signals)
    ]
    gaps = gap_news(document.gaps, found, since_us, until_us)
    if gaps is None:
        return None
    return Filled(
        document=document.id, since_us=gaps.since_us, until_us=gaps.until_us, cells=(), gaps=gaps.gaps, excursions=()
    )


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


def _new(document: Document, id_: str, cell: Cell, excursions: Sequence[Excursion], is_final: bool) -> bool:
    item = document.items.get(id_)
    before = item.captured if item is not None else None
    if before is None:
        return True
    if not is_final:
        return (before.state, before.rule, before.device) != (cell.state, cell.rule, cell.device)
    beside = [e for e in document.excursions if (e.signal, e.mark_us) == (cell.signal, cell.mark_us)]
    wanted = [e for e in excursions if (e.signal, e.mark_us) == (cell.signal, cell.mark_us)]
    return replace(before, filter=cell.filter) != cell or beside != wanted


def _emptied(before: Cell, rule: str) -> Cell:
    return replace(before, value=None, state=CellState.EMPTY, rule=rule, minutes=(), dropped={})


def _is_held(cell: Cell, held: Mapping[str, Spans]) -> bool:
    spans = held.get(cell.device, ())
    return any(start <= cell.time_us and (end is None or cell.time_us < end) for start, end in spans)


def _goes_on(gap: Gap, found: Iterable[Gap]) -> bool:
    return any(_alike(gap, g) and (g.start_us == gap.end_us or g.end_us == gap.start_us) for g in found)


def _alike(one: Gap, other: Gap) -> bool:
    return replace(one, start_us=0, end_us=0) == replace(other, start_us=0, end_us=0)


def _order(gap: Gap) -> tuple[str, int, int]:
    return gap.signal, gap.start_us, gap.end_us
