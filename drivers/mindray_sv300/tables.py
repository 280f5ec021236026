"""What each code of the two replies means: numbers.csv, from fact sheet mindray-and-chinese-hl7 §6.

The protocol sends no units and neither source prints them: they are those of the machines' screens, and assumed. Rows
of source "other implementation" are not in the sheet; they are in the list of the driver that the sheet names.
"""

import csv
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

from collector.codes import Parameter, load
from collector.model import UNMAPPED, Channel, Role
from drivers.mindray_sv300.frames import MEASURED, SETTINGS

PRESSURE, CO2 = "cm[H2O]", "mm[Hg]"
"""Units of the table that a setting of the machine changes."""
ROLES: Mapping[int, Role] = {MEASURED: Role.MEASURED, SETTINGS: Role.SET}


def channels(pressure: str = PRESSURE, co2: str = CO2) -> Mapping[tuple[int, int], Channel]:
    """By command and code; `pressure` and `co2`: the units (UCUM) that the machine shows these in."""
    units = {PRESSURE: pressure, CO2: co2}
    return {
        key: Channel(code=refid, source=source(*key), unit=units.get(unit, unit), role=ROLES[key[0]], site=site)
        for key, refid, unit, site in _rows()
    }


def source(command: int, code: int) -> str:
    """The device's own id of a parameter: command, colon, code in hexadecimal, e.g. "25:22"."""
    return f"{command:02X}:{code:02X}"


def unknown(command: int, code: int) -> Channel:
    """A code that no list has, or a value that is no number."""
    return Channel(code=UNMAPPED, source=source(command, code), unit="", role=ROLES[command])


def every() -> Iterable[Channel]:
    return channels().values()


@cache
def parameters() -> tuple[Parameter, ...]:
    """The VND_MINDRAY_VENT_ codes with their names, codes.csv."""
    with files(__package__).joinpath("codes.csv").open("r", encoding="utf-8") as text:
        return load(text)


@cache
def _rows() -> tuple[tuple[tuple[int, int], str, str, str], ...]:
    with files(__package__).joinpath("numbers.csv").open("r", encoding="utf-8") as text:
        return tuple(
            ((int(row["command"], 16), int(row["code"], 16)), row["refid"], row["unit"], row["site"])
            for row in csv.DictReader(text)
        )
