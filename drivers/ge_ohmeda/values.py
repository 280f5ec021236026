"""Lines → observations: where each field stands and what it means (fact sheet ge-ohmeda-com §3, §4).

Source: fields.csv; P and R are the sheet's sources.
"""

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

from collector.codes import Parameter, load
from collector.model import UNMAPPED, Channel, Observation, Quality, Role
from drivers.ge_ohmeda.frames import MEASURED, SETUP, STATUS, Line

BREATH_AT, BREATH = 30, 0x40
"""Measured data: the status byte, and what it is when they belong to a new breath."""
MODE_AT = 44
MODES: Mapping[int, str] = {ord("v"): "volume", ord("p"): "pressure", ord("b"): "backup volume", ord("-"): "bag"}
MODE = Channel(code="MDC_VENT_MODE", source="Q44", unit="", role=Role.SET)
RESERVED = Channel(code=UNMAPPED, source="Q45", unit="")
"""Twelve bytes of status bits whose meaning nobody has told; as hex."""
SET_UP = Channel(code=UNMAPPED, source="M", unit="")

_NUMBER = re.compile(rb" *-?\d+ *")
_NOTHING = re.compile(rb"[ -]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """Digits from `at` on, counted from the colon; value = digits ÷ scale, of a ratio 1 : that → one divided by it."""

    at: int
    length: int
    channel: Channel
    scale: int
    ratio: bool

    @property
    def decimals(self) -> int:
        return len(str(self.scale)) - 1


@cache
def fields(letter: str) -> Sequence[Field]:
    """The fields of a line."""
    with files(__package__).joinpath("fields.csv").open("r", encoding="utf-8") as text:
        return [
            Field(
                at=int(row["at"]),
                length=int(row["length"]),
                channel=Channel(
                    code=row["refid"], source=f"{letter}{int(row['at']):02}", unit=row["unit"], role=Role(row["role"])
                ),
                scale=int(row["scale"]),
                ratio=row["form"] == "ratio",
            )
            for row in csv.DictReader(text)
            if row["line"] == letter
        ]


@cache
def parameters() -> tuple[Parameter, ...]:
    """The VND_OHMEDA_ codes with their names, codes.csv."""
    with files(__package__).joinpath("codes.csv").open("r", encoding="utf-8") as text:
        return load(text)


def channels() -> Sequence[Channel]:
    """Every channel that the tables know."""
    return [*(field.channel for letter in (MEASURED, STATUS) for field in fields(letter)), MODE]


class Reader:
    """Knows which fields held a value last: those of an old breath have at first no time of their own."""

    def __init__(self) -> None:
        self._last: dict[Channel, bool] = {}

    def read(self, line: Line) -> Sequence[Observation] | None:
        """What a line says; None where a field holds neither digits nor blanks and dashes."""
        if line.letter == SETUP:
            body = line.data[4:].decode("ascii")
            return (Observation(channel=SET_UP, value=body if body.isprintable() else line.data[4:].hex()),)
        if line.letter not in {MEASURED, STATUS}:
            return ()
        old = line.letter == MEASURED and line.data[BREATH_AT] != BREATH
        found: list[Observation] = []
        for field in fields(line.letter):
            text = line.data[field.at : field.at + field.length]
            if not (_NUMBER.fullmatch(text) or _NOTHING.fullmatch(text)):
                return None
            found.append(_observation(field, text))
        if line.letter == MEASURED:
            told = [self._old(one) for one in found] if old else found
            self._last = {one.channel: one.value is not None for one in found}
            return told
        mode, reserved = line.data[MODE_AT], line.data[MODE_AT + 1 :]
        if mode not in MODES and not chr(mode).isalpha():
            return None
        found.append(Observation(channel=MODE, value=MODES.get(mode, chr(mode))))
        return [*found, Observation(channel=RESERVED, value=reserved.hex())] if reserved else found

    def _old(self, one: Observation) -> Observation:
        """A value of an old breath is a repeat; that there is none any more is not."""
        if not self._last:
            return replace(one, standing=one.value is not None)
        return replace(one, repeat=one.value is not None or not self._last[one.channel])


def _observation(field: Field, text: bytes) -> Observation:
    if _NOTHING.fullmatch(text):
        return Observation(channel=field.channel, value=None, quality=Quality.NOT_AVAILABLE)
    value = round(int(text) / field.scale, field.decimals)
    if not field.ratio:
        return Observation(channel=field.channel, value=value)
    if value <= 0.0:
        return Observation(channel=field.channel, value=None, quality=Quality.INVALID)
    return Observation(channel=field.channel, value=1.0 / value)
