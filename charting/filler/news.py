"""What a new filling says that a document does not hold yet. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from charting.case.absence import emptied, gap_news
from charting.case.state import Document, cell_item
from charting.fill.fill import MINUTE_US, Filling
from charting.fill.plan import Spans
from charting.fill.types import Cause, Cell, CellState, Excursion, Gap
from charting.trail.entries import Filled

HELD = "device.held"
"""Rule of a cell that stood until its device was found to tell of another patient."""


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
            cells.append(emptied(before, HELD if _is_held(before, held) else ""))
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


def _is_held(cell: Cell, held: Mapping[str, Spans]) -> bool:
    spans = held.get(cell.device, ())
    return any(start <= cell.time_us and (end is None or cell.time_us < end) for start, end in spans)
