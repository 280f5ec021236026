"""The code tables of MEDIBUS and MEDIBUS.X: what each code of each command means.

Source: numbers.csv, waves.csv, texts.csv and alarms.csv, made from fact sheet draeger-medibus §8-§10, §13, §14; each
row says where it comes from (V, M, I: the sheet's §0). `edition` 4 or X: the meaning changed with MEDIBUS.X (§10).
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

from collector.codes import Parameter, load
from collector.model import UNMAPPED, AlarmType, Channel, Priority, Role

MEASURED, LOW, HIGH, ALARMS = 0x24, 0x25, 0x26, 0x27
MOMENT, SETTINGS, TEXTS = 0x28, 0x29, 0x2A
MEASURED_2, LOW_2, HIGH_2, ALARMS_2 = 0x2B, 0x2C, 0x2D, 0x2E
ALARMS_3, NAK, NOP, TIME_CHANGED, CONFIGURE, INITIALISE, IDENTIFY = 0x23, 0x15, 0x30, 0x49, 0x4A, 0x51, 0x52
WAVES, CONFIGURE_WAVES, STOP, WAVES_CHANGED, DEVICE_SPECIFIC = 0x53, 0x54, 0x55, 0x56, 0x6A
"""Command codes (§3)."""

LOWEST_MEDIUM, LOWEST_HIGH = 11, 24
"""Dräger priorities 1…31 → IEC 60601-1-8.

The devices call 1-10 advisory, 17-23 caution, 25-31 alarm (§13: "Advisory" 7, 8, 10, "Caution" 23, "Alarm" 25-29;
Fabius instructions for use: 1-7 "!", 17 "!!"). What lies between two known bands counts as the higher: none is lowered.
"""


class Edition(StrEnum):
    """Which meaning of the codes that changed holds; UNKNOWN until the device has told its revision."""

    UNKNOWN = ""
    MEDIBUS = "4"
    MEDIBUS_X = "X"


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A code of a measured value, limit or setting. `text`: its digits are no number (a date, h:min)."""

    channel: Channel
    text: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A code of a text message or active key. `mode`: part of the ventilation mode."""

    channel: Channel
    mode: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    source: str
    code: str
    type: AlarmType


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """By command, then by the two characters of the code."""

    numbers: Mapping[int, Mapping[bytes, Number]]
    texts: Mapping[int, Mapping[bytes, Text]]
    alarms: Mapping[int, Mapping[bytes, Alarm]]
    waves: Mapping[bytes, Channel]


@cache
def tables(edition: Edition) -> Tables:
    """The tables of an edition. A code that changed is in none of them while the edition is unknown."""
    numbers: dict[int, dict[bytes, Number]] = {}
    for row in _rows("numbers.csv", edition):
        for command, role in _ROLES[int(row["command"], 16)]:
            channel = Channel(
                code=row["refid"], source=source(command, row["code"].encode()), unit=row["unit"], role=role
            )
            number = Number(channel=channel, text=row["form"] == "text")
            numbers.setdefault(command, {})[row["code"].encode()] = number
    texts: dict[int, dict[bytes, Text]] = {}
    for row in _rows("texts.csv", edition):
        command, code = int(row["command"], 16), row["code"].encode()
        unit = "1" if command == DEVICE_SPECIFIC else ""
        channel = Channel(code=row["refid"], source=source(command, code), unit=unit)
        texts.setdefault(command, {})[code] = Text(channel=channel, mode=row["group"] == "mode")
    alarms: dict[int, dict[bytes, Alarm]] = {}
    for row in _rows("alarms.csv", edition):
        command, code = int(row["command"], 16), row["code"].encode()
        alarms.setdefault(command, {})[code] = Alarm(
            source=source(command, code), code=row["refid"], type=AlarmType(row["type"])
        )
    waves = {
        row["code"].encode(): Channel(code=row["refid"], source=source(WAVES, row["code"].encode()), unit=row["unit"])
        for row in _rows("waves.csv", edition)
    }
    return Tables(numbers=numbers, texts=texts, alarms=alarms, waves=waves)


def source(command: int, code: bytes) -> str:
    """The device's own id of a code: command, colon, code, e.g. "24:82"."""
    return f"{command:02X}:{code.decode('ascii')}"


def unknown_number(command: int, code: bytes) -> Number:
    """A code that no table has: kept under its source, unit unknown."""
    role = _ROLE.get(command, Role.MEASURED)
    return Number(channel=Channel(code=UNMAPPED, source=source(command, code), unit="", role=role))


def unknown_text(command: int, code: bytes) -> Text:
    return Text(channel=Channel(code=UNMAPPED, source=source(command, code), unit=""))


def unknown_wave(code: bytes) -> Channel:
    return Channel(code=UNMAPPED, source=source(WAVES, code), unit="")


def unknown_alarm(command: int, code: bytes) -> Alarm:
    """Physiological, the kind that is never hidden."""
    return Alarm(source=source(command, code), code=UNMAPPED, type=AlarmType.PHYSIOLOGICAL)


def priority(number: int) -> Priority:
    """IEC priority of a Dräger priority 1…31."""
    if number >= LOWEST_HIGH:
        return Priority.HIGH
    return Priority.MEDIUM if number >= LOWEST_MEDIUM else Priority.LOW


@cache
def parameters() -> tuple[Parameter, ...]:
    """The VND_DRAEGER_ codes with their names, codes.csv."""
    with files(__package__).joinpath("codes.csv").open("r", encoding="utf-8") as text:
        return load(text)


def channels() -> Iterator[Channel]:
    """Every channel of the tables, of both editions."""
    for edition in Edition:
        found = tables(edition)
        for numbers in found.numbers.values():
            yield from (number.channel for number in numbers.values())
        for texts in found.texts.values():
            yield from (text.channel for text in texts.values())
        yield from found.waves.values()


_ROLES: Mapping[int, tuple[tuple[int, Role], ...]] = {
    MEASURED: ((MEASURED, Role.MEASURED), (LOW, Role.LIMIT_LOW), (HIGH, Role.LIMIT_HIGH)),
    MEASURED_2: ((MEASURED_2, Role.MEASURED), (LOW_2, Role.LIMIT_LOW), (HIGH_2, Role.LIMIT_HIGH)),
    SETTINGS: ((SETTINGS, Role.SET),),
}
_ROLE: Mapping[int, Role] = {command: role for roles in _ROLES.values() for command, role in roles}


def _rows(name: str, edition: Edition) -> Iterator[dict[str, str]]:
    with files(__package__).joinpath(name).open("r", encoding="utf-8") as text:
        for row in csv.DictReader(text):
            if row.get("edition", "") in {"", edition}:
                yield row
