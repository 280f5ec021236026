"""The fields of MISCA and MISCF: what each is. Source: fields.csv, made from fact sheet puritan-bennett-840 §6."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

from collector.codes import Parameter, load
from collector.model import AlarmType, Channel, Role

FIRST = 5
"""The number of the first field between STX and ETX (§3)."""


class Kind(StrEnum):
    """What a field holds. MANOEUVRE: a number that was measured at some time and stands in every reply since."""

    NUMBER = "number"
    MANOEUVRE = "manoeuvre"
    RATIO = "ratio"
    TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    channel: Channel
    kind: Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    source: str
    code: str
    type: AlarmType


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where a reply has its clock and its ventilator's id (field numbers), and what else its fields are.

    aside: the fields that are read elsewhere, or say the same again.
    """

    time: int
    date: int
    id: int
    aside: frozenset[int]
    fields: Mapping[int, Value | Alarm]


def source(letter: str, field: int) -> str:
    """The device's own id of a field: reply and number, e.g. "MISCF:71"."""
    return f"MISC{letter}:{field}"


@cache
def layout(letter: str) -> Layout:
    """The fields of MISCA or MISCF."""
    fields: dict[int, Value | Alarm] = {}
    with files(__package__).joinpath("fields.csv").open("r", encoding="utf-8") as text:
        for row in csv.DictReader(text):
            if row["reply"] == letter:
                fields[int(row["field"])] = _field(row)
    if letter == "A":
        return Layout(time=5, date=8, id=6, aside=frozenset((5, 6, 8, 60, 62)), fields=fields)
    return Layout(time=5, date=7, id=6, aside=frozenset((5, 6, 7)), fields=fields)


@cache
def parameters() -> tuple[Parameter, ...]:
    """The VND_PB_ codes with their names, codes.csv."""
    with files(__package__).joinpath("codes.csv").open("r", encoding="utf-8") as text:
        return load(text)


def channels() -> Iterable[Channel]:
    """Every channel of both replies."""
    both = (*layout("A").fields.values(), *layout("F").fields.values())
    return tuple(field.channel for field in both if isinstance(field, Value))


def _field(row: Mapping[str, str]) -> Value | Alarm:
    name = source(row["reply"], int(row["field"]))
    if row["kind"] in set(AlarmType):
        return Alarm(source=name, code=row["refid"], type=AlarmType(row["kind"]))
    channel = Channel(code=row["refid"], source=name, unit=row["unit"], role=Role(row["role"]))
    return Value(channel=channel, kind=Kind(row["kind"]))
