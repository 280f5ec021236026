"""The fields of a telegram: letter, width, meaning (fact sheet small-devices §2). Source: fields.csv."""

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

from collector.codes import Parameter, load
from collector.model import UNMAPPED, Channel, DeviceIdentity, Event, Observation, Quality

MANUFACTURER = "Edwards Lifesciences"

_NUMBER = re.compile(r" *[-+]?\d+(?:\.\d)?")
_NOTHING = re.compile(r"[ .+-]*")
_CODE = re.compile(r"[\d -]*")
_INDEX = re.compile(r"[1-6 -]")
_ID = re.compile(r"[\d -]{12}")
_IN_NUMBER = frozenset("0123456789.+-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A letter of the table. `form`: number, bolus (its index 1…6 comes first), text, identity (it has no channel).

    `mask`: n a digit, blank or dash, m an index, ± a sign, anything else stands for itself.
    """

    letter: str
    mask: str
    channel: Channel
    form: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    kind: Kind
    text: str


@cache
def kinds() -> Mapping[str, Kind]:
    """By letter, upper and lower case being different ones."""
    with files(__package__).joinpath("fields.csv").open("r", encoding="utf-8") as text:
        return {
            row["letter"]: Kind(
                letter=row["letter"],
                mask=row["mask"],
                channel=Channel(code=row["refid"], source=row["letter"], unit=row["unit"]),
                form=row["form"],
            )
            for row in csv.DictReader(text)
        }


@cache
def parameters() -> tuple[Parameter, ...]:
    """The VND_EDWARDS_ codes with their names, codes.csv."""
    with files(__package__).joinpath("codes.csv").open("r", encoding="utf-8") as text:
        return load(text)


def channels() -> Sequence[Channel]:
    """Every channel that the table knows; a bolus's source has its index after the letter."""
    return [kind.channel for kind in kinds().values() if kind.form != "identity"]


def parse(body: str) -> tuple[Sequence[Field], str]:
    """The fields of a telegram, and what is left of it from the first that is in no table or not of its mask.

    Where that goes on as a number does, the field before it is wider than its mask: its value is not known.
    """
    found: list[Field] = []
    at = 0
    while at < len(body):
        kind = kinds().get(body[at])
        text = body[at + 1 : at + 1 + len(kind.mask)] if kind else ""
        if kind is None or len(text) < len(kind.mask) or not _fits(kind, text):
            break
        found.append(Field(kind=kind, text=text))
        at += 1 + len(text)
    if found and body[at : at + 1] in _IN_NUMBER:
        at -= 1 + len(found.pop().text)
    return found, body[at:]


def _fits(kind: Kind, text: str) -> bool:
    if kind.form == "identity":
        return bool(_ID.fullmatch(text))
    if kind.form == "text":
        return bool(_CODE.fullmatch(text))
    if kind.form == "bolus":
        return bool(_INDEX.fullmatch(text[0])) and _reads(kind, text[1:])
    return _reads(kind, text)


def _reads(kind: Kind, text: str) -> bool:
    """A number that has a point where the mask has one, or no value."""
    found = _NUMBER.fullmatch(text)
    return ("." in text) == ("." in kind.mask) if found else bool(_NOTHING.fullmatch(text))


class Reader:
    """Fields → events. Of a bolus it remembers the last: the monitor sends it again and again, without a time."""

    def __init__(self) -> None:
        self._boluses: dict[Channel, float] = {}
        self._first = True

    def read(self, fields: Sequence[Field], rest: str) -> Sequence[Event]:
        """What a telegram says. `rest`: what no table has; kept as it is."""
        found = [event for field in fields for event in self._field(field)]
        self._first = False
        if rest:
            found.append(Observation(channel=Channel(code=UNMAPPED, source=rest[0], unit=""), value=rest[1:]))
        return found

    def _field(self, field: Field) -> Sequence[Event]:
        kind, text = field.kind, field.text
        if kind.form == "identity":
            serial = text.strip(" -")
            return (DeviceIdentity(manufacturer=MANUFACTURER, serial=serial),) if serial else ()
        if kind.form == "bolus":
            return self._bolus(kind.channel, text[0], text[1:])
        if _NOTHING.fullmatch(text):
            return (_nothing(kind.channel),)
        return (Observation(channel=kind.channel, value=text.strip() if kind.form == "text" else float(text)),)

    def _bolus(self, kind: Channel, index: str, text: str) -> Sequence[Event]:
        channel = replace(kind, source=f"{kind.source}{index}".strip(" -"))
        if _NOTHING.fullmatch(text):
            self._boluses.pop(channel, None)
            return (_nothing(channel),)
        value = float(text)
        again = self._boluses.get(channel) == value
        self._boluses[channel] = value
        return (Observation(channel=channel, value=value, repeat=again, standing=self._first),)


def _nothing(channel: Channel) -> Observation:
    return Observation(channel=channel, value=None, quality=Quality.NOT_AVAILABLE)
