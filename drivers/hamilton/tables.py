"""What the ids of the polling protocol and the parameters of the block protocol mean.

Source: parameters.csv, alarms.csv, block.csv, from fact sheet hamilton §1 and §2; each row names the sheet's source.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

from collector.codes import Parameter, load
from collector.model import UNMAPPED, AlarmType, Channel, Role

MODE, RATE_CMV, RATE_SIMV, CO2 = 40, 41, 42, 35
"""Ids whose meaning hangs on another one, or on the ventilator's settings."""

NUMBER = 86
"""The ventilator's number: the only reply that does not echo its id (type B, formats 2 and 3)."""
SOFTWARE = range(124, 128)
"""Software versions (type B, format 1)."""
TYPE_A = frozenset((*range(30, 34), *range(35, 120), *range(121, 124))) - {NUMBER}
"""Ids whose reply is five characters (§1)."""

SECOND, MINUTE, HOUR, DAY, MONTH, YEAR = range(80, 86)

MODES: Mapping[str, str] = {
    "1": "(S)CMV",
    "2": "SIMV",
    "4": "SPONT",
    "16": "ambient",
    "17": "P-SIMV",
    "19": "P-CMV",
    "20": "APVsimv",
    "21": "APVcmv",
    "22": "ASV",
    "23": "DuoPAP",
    "24": "APRV",
    "25": "NIV",
    "26": "AVtS",
}
"""Mode numbers (§1, F)."""
SIMV_MODES = frozenset(("2", "17"))
"""Modes whose rate is id 42, of all others it is 41 (§1, F)."""

SET_RATE = "MDC_VENT_RESP_RATE_SETTING"
OTHER_RATES: Mapping[int, str] = {RATE_CMV: "VND_HAMILTON_RATE_CMV", RATE_SIMV: "VND_HAMILTON_RATE_SIMV"}
"""The rate that does not apply in the mode that is on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A value's channel; `form`: number, ratio (2.0 or 1:2.0), or text (a number of a list that nobody has told)."""

    channel: Channel
    form: str = "number"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    code: str
    type: AlarmType
    text: str


@cache
def items() -> Mapping[int, Item]:
    """Values of the polling protocol by id. Alarms, clock and identity are not among them."""
    return {int(row["id"]): _item(row, row["id"]) for row in _rows("parameters.csv")}


@cache
def alarms() -> Mapping[int, Alarm]:
    """Alarms of the polling protocol by id."""
    return {
        int(row["id"]): Alarm(code=row["refid"], type=AlarmType(row["type"]), text=row["text"])
        for row in _rows("alarms.csv")
    }


@cache
def block() -> Mapping[tuple[int, int], Item]:
    """Values of the block protocol by group and parameter."""
    return {
        (int(row["group"], 16), int(row["parameter"], 16)): _item(row, f"{row['group']}:{row['parameter']}")
        for row in _rows("block.csv")
    }


def unknown(source: str) -> Item:
    """An id that no table has: what it says is kept as it was sent."""
    return Item(channel=Channel(code=UNMAPPED, source=source, unit=""), form="text")


def channels() -> Sequence[Channel]:
    """Every channel that the tables know."""
    known = [item.channel for item in (*items().values(), *block().values())]
    rates = [replace(items()[one].channel, code=code) for one, code in OTHER_RATES.items()]
    return [*known, *rates, *(replace(items()[CO2].channel, unit=unit) for unit in ("kPa", "%"))]


@cache
def parameters() -> tuple[Parameter, ...]:
    """The VND_HAMILTON_ codes with their names, codes.csv."""
    with files(__package__).joinpath("codes.csv").open("r", encoding="utf-8") as text:
        return load(text)


def _item(row: Mapping[str, str], source: str) -> Item:
    channel = Channel(code=row["refid"], source=source, unit=row["unit"], role=Role(row["role"]))
    return Item(channel=channel, form=row["form"])


def _rows(name: str) -> Iterator[dict[str, str]]:
    with files(__package__).joinpath(name).open("r", encoding="utf-8") as text:
        yield from csv.DictReader(text)
