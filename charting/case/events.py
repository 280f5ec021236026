"""The event model (clinical.md §0): events by key; source events.csv.

`order`: events that have one follow each other in time. `begins`: the event that this one ends. `many`: may happen more
than once. `symbol`: its name in the sheet's table of symbols. `details`: what an event may say besides, by name: the
choices, none: free text.
"""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from charting.trail.contents import Event

BYPASS = ("t_cpb_start", "t_cpb_end")
"""When a machine is the patient's heart."""
_COOLED = (BYPASS, ("t_cool_start", "t_cool_end"))

Spans = tuple[tuple[int, int | None], ...]
"""Times from start to end; None: still."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventKind:
    key: str
    zh: str
    en: str
    order: int | None
    begins: str
    many: bool
    symbol: str
    details: Mapping[str, tuple[str, ...]]


@cache
def events() -> Mapping[str, EventKind]:
    """By key, in the table's order."""
    with files("charting.case").joinpath("events.csv").open("r", encoding="utf-8") as text:
        return {
            row["key"]: EventKind(
                key=row["key"],
                zh=row["zh"],
                en=row["en"],
                order=int(row["order"]) if row["order"] else None,
                begins=row["begins"],
                many=bool(row["many"]),
                symbol=row["symbol"],
                details=_details(row["details"]),
            )
            for row in csv.DictReader(text)
        }


def spans(happened: Iterable[Event], start: str, end: str) -> Spans:
    """From each event that begins something to the next that ends it. `happened`: in order of time."""
    found: list[tuple[int, int | None]] = []
    for event in happened:
        going = bool(found) and found[-1][1] is None
        if event.key == start and not going:
            found.append((event.at_us, None))
        elif event.key == end and going:
            found[-1] = found[-1][0], event.at_us
    return tuple(found)


def cooled(happened: Sequence[Event]) -> Spans:
    """When he was cooled on purpose, or on bypass (clinical.md §2.2 step 8). `happened`: in order of time."""
    return tuple(span for kind in _COOLED for span in spans(happened, *kind))


def _details(text: str) -> Mapping[str, tuple[str, ...]]:
    parts = (part.partition("=") for part in text.split(";") if part)
    return {name: tuple(choices.split("|")) if choices else () for name, _, choices in parts}
