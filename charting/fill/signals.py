"""What can be charted: the rows of signals.csv. Limits are those of adults (clinical.md §3.3).

Columns: signal; zh, en: its name; group: where it stands in a record; kind: continuous, cuff, temperature, setting;
set: the rules that judge it; unit: UCUM, in which it is charted; decimals: as shown; sources: classes in order of
preference, each with its codes in order; hard_low, hard_high: a reading outside is none; soft_low, soft_high: a value
outside waits for a person; deviation: from a cell's median, beyond which values are an excursion; gaps: any (a minute
without it is a gap), first (so is one without its first class, where another stands in), no (it comes when measured).
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from alarms.temperature import codes as temperature_codes


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """A row of signals.csv. `sources`: (class, codes) in order; `rules`: the set's name. None: no limit."""

    id: str
    zh: str
    en: str
    group: str
    kind: str
    rules: str
    unit: str
    decimals: int
    sources: tuple[tuple[str, tuple[str, ...]], ...]
    hard_low: float | None
    hard_high: float | None
    soft_low: float | None
    soft_high: float | None
    deviation: float | None
    gaps: str

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(code for _, codes in self.sources for code in codes)


@cache
def signals() -> Mapping[str, Signal]:
    """All rows by their id, in the table's order."""
    with files("charting.fill").joinpath("signals.csv").open("r", encoding="utf-8") as text:
        return {row["signal"]: _signal(row) for row in csv.DictReader(text)}


def _signal(row: Mapping[str, str]) -> Signal:
    def number(column: str) -> float | None:
        return float(row[column]) if row[column] else None

    sources = _sources(row["sources"])
    if row["kind"] == "temperature":
        sources = (("body", tuple(temperature_codes())),)
    return Signal(
        id=row["signal"],
        zh=row["zh"],
        en=row["en"],
        group=row["group"],
        kind=row["kind"],
        rules=row["set"],
        unit=row["unit"],
        decimals=int(row["decimals"]),
        sources=sources,
        hard_low=number("hard_low"),
        hard_high=number("hard_high"),
        soft_low=number("soft_low"),
        soft_high=number("soft_high"),
        deviation=number("deviation"),
        gaps=row["gaps"],
    )


def _sources(text: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple(
        (name, tuple(codes.split())) for name, _, codes in (part.partition(":") for part in text.split(";") if part)
    )


def find(ids: Sequence[str]) -> tuple[Signal, ...]:
    """The rows of these ids. Raises KeyError, naming the first that the table does not know."""
    return tuple(signals()[id_] for id_ in ids)
