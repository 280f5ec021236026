"""Made-up records for the tests of the filler."""

from collections.abc import Callable, Mapping

from charting.case.state import Case, Document, fold
from charting.fill.types import Cause, Cell, CellState, Gap
from charting.trail.contents import Event, Patient
from charting.trail.entries import Body, Entry, Filled, Opened, Set, Started

T0_US = 1_795_501_080_000_000
"""2026-11-24T06:18:00Z, 14:18:00 in Shanghai: a whole minute."""
MINUTE_US = 60_000_000
DOCUMENT = "record"


def at(minute: float) -> int:
    return T0_US + round(minute * MINUTE_US)


def folded(*bodies: Body, actor: str = "zhang") -> Case:
    """The case that these bodies make."""
    return fold(Entry(seq=n, at_us=T0_US, actor=actor, case="case", body=body) for n, body in enumerate(bodies, 1))


def opened(bed: str = "OR-03", area: str = "or", minute: float = 0, *, number: str = "100200") -> Opened:
    return Opened(bed=bed, area=area, at_us=at(minute), patient=Patient(number=number, name="王小明"))


def started(document: str = DOCUMENT, minute: float = 0) -> Started:
    return Started(document=document, template="anaesthesia_record", version="1.0.0", start_us=at(minute))


def event(key: str, minute: float) -> Set:
    return Set(document="", item=f"event:{key}:{minute}", after=0, content=Event(key=key, at_us=at(minute)))


def cell(minute: float, value: float | None = 70.0, *, signal: str = "hr", **more: object) -> Cell:
    state = CellState.EMPTY if value is None else CellState.CHARTED
    given: Mapping[str, object] = {
        "signal": signal, "mark_us": at(minute), "time_us": at(minute), "value": value, "unit": "/min", "state": state,
        "device": "monitor", "filter": "fill/1", **more,
    }  # fmt: skip
    return Cell(**given)  # type: ignore[arg-type]


def gap(start: float, end: float, *, signal: str = "hr", cause: Cause = Cause.UNKNOWN, certain: bool = False) -> Gap:
    return Gap(signal=signal, start_us=at(start), end_us=at(end), cause=cause, certain=certain)


def document(*filled: Filled, more: Callable[[], tuple[Body, ...]] = tuple) -> Document:
    """A record of a case with what was filled in, in order."""
    return folded(opened(), started(), *filled, *more()).documents[DOCUMENT]


def filled(since: float, until: float, *what: Cell | Gap) -> Filled:
    return Filled(
        document=DOCUMENT,
        since_us=at(since),
        until_us=at(until),
        cells=tuple(w for w in what if isinstance(w, Cell)),
        gaps=tuple(w for w in what if isinstance(w, Gap)),
        excursions=(),
    )
