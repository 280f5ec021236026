"""The event model (clinical.md §0): events by key; source events.csv.

`order`: events that have one follow each other in time. `begins`: the event that this one ends. `many`: may happen more
than once. `symbol`: its name in the sheet's table of symbols. `details`: what an event may say besides, by name: the
choices, none: free text.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


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


def _details(text: str) -> Mapping[str, tuple[str, ...]]:
    parts = (part.partition("=") for part in text.split(";") if part)
    return {name: tuple(choices.split("|")) if choices else () for name, _, choices in parts}
