"""What each parameter, unit code and alarm of BCC means.

Source: parameters.csv, units.csv, alarms.csv. "§12" is the fact sheet small-devices, "B" the technical interface
specification BCC 4.0 (I0022_000030), chapters 3.3 and 3.4. `words`: value=word or bit=word; `>n`: n or more, the end of
the range; `@NAME`: in the unit whose code the parameter NAME tells.
"""

import csv
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

from collector.codes import Parameter, load
from collector.model import UNMAPPED, Channel, Priority, Role


class Kind(StrEnum):
    """STATE: a number that stands until it changes. PERSON: an id of a person, the patient's. STAFF: a nurse's."""

    NUMBER = "number"
    STATE = "state"
    TEXT = "text"
    WORD = "word"
    BITS = "bits"
    UNIT = "unit"
    ALARM = "alarm"
    ALARMS = "alarms"
    PERSON = "person"
    STAFF = "staff"
    DATE = "date"
    TIME = "time"
    ANSWER = "answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A parameter. `unit_from`: the parameter that tells its unit's code; `end`: from there on it is an overflow."""

    name: str
    refid: str
    role: Role
    kind: Kind
    unit: str = ""
    unit_from: str = ""
    end: float = math.inf
    words: Mapping[str, str]

    def channel(self, address: str, unit: str | None = None) -> Channel:
        """Of the pump at `address`; unit None: its own."""
        return Channel(
            code=self.refid, source=f"{address}/{self.name}", unit=self.unit if unit is None else unit, role=self.role
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    refid: str
    priority: Priority
    phrase: str


UNKNOWN = Row(name="", refid=UNMAPPED, role=Role.MEASURED, kind=Kind.TEXT, words={})
SILENT_BITS = frozenset({"ALARM1:0", "ALARM1:21", "ALARM2:0", "PREALARM:0"})
"""Bits that mean "no alarm", or nothing (B §3.4.2.4, §3.4.2.6)."""


@cache
def rows() -> Mapping[str, Row]:
    """By parameter name."""
    return {row["name"]: _row(row) for row in _read("parameters.csv")}


@cache
def units() -> Mapping[str, str]:
    """Code, or the word that TCIUT has for it → UCUM unit."""
    coded = {row["value"]: row["ucum"] for row in _read("units.csv")}
    return coded | {"mcg/ml": "ug/mL", "ng/ml": "ng/mL"}


@cache
def alarms() -> Mapping[str, Alarm]:
    """By parameter, for bits "PARAMETER:bit".

    BCC tells no priority. What stops an infusion, or has, is of high priority in pumps (IEC 60601-2-24); of pre-alarms
    low and medium are both possible, and the higher is taken.
    """
    return {
        row["condition"]: Alarm(refid=row["refid"], priority=Priority(row["priority"]), phrase=row["phrase"])
        for row in _read("alarms.csv")
    }


def alarm(condition: str) -> Alarm:
    """Also of a bit that no table has."""
    known = alarms().get(condition)
    return known or Alarm(refid=UNMAPPED, priority=Priority.HIGH, phrase=condition)


@cache
def parameters() -> tuple[Parameter, ...]:
    """The VND_BBRAUN_ codes with their names, codes.csv."""
    with files(__package__).joinpath("codes.csv").open("r", encoding="utf-8") as text:
        return load(text)


def channels() -> Iterator[Channel]:
    """All that a pump in slot 1 of pillar 1 can tell."""
    for row in rows().values():
        if row.refid:
            for unit in sorted(set(units().values())) if row.unit_from else [row.unit]:
                yield row.channel("50111", unit)


def _row(row: Mapping[str, str]) -> Row:
    told, words, end = row["words"].split(";"), {}, math.inf
    if told[0].startswith(">"):
        end = float(told[0][1:])
    elif told[0]:
        words = dict(one.split("=", 1) for one in told)
    unit, _, unit_from = row["unit"].partition("@")
    return Row(
        name=row["name"],
        refid=row["refid"],
        role=Role(row["role"]),
        kind=Kind(row["kind"]),
        unit=unit,
        unit_from=unit_from,
        end=end,
        words=words,
    )


def _read(name: str) -> Iterator[dict[str, str]]:
    with files(__package__).joinpath(name).open("r", encoding="utf-8") as text:
        yield from csv.DictReader(text)
