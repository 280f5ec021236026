"""What the numbers of parameters, waves and alarms mean: numbers.csv, waves.csv, alarms.csv.

Source: fact sheet mindray-and-chinese-hl7 §1.4-§1.6. Units are not sent: they are the sheet's. Names are in the
language of the monitor, so that only numbers are matched.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

from collector.codes import Parameter, load
from collector.model import UNMAPPED, Channel, Role
from drivers.mindray_pds.pressures import SLOTS, STEMS

CO2, ST = "mm[Hg]", "mV"
CO2_IDS, ST_IDS = frozenset({"220", "250", "251"}), frozenset(map(str, range(105, 118)))
"""Parameters whose unit a setting or the model decides (§1.5)."""
TEMPERATURES, TEMPERATURE_DIFFERENCE = frozenset({"200", "201", "213"}), "202"
FAHRENHEIT = "[degF]"
WARMEST_CEL = 50.0
"""A temperature above it is in °F: on some models the unit follows the monitor's setting (§1.4)."""
PATIENT_NUMBER, DEVICE_ID, MACHINE_TYPE, VERSION = "2301", "4527", "4528", "4529"
IDENTITIES = frozenset({PATIENT_NUMBER, DEVICE_ID, MACHINE_TYPE, VERSION})
"""Rows that say who the patient or the monitor is (§1.2, §1.5)."""

HIGH_LIMIT, LOW_LIMIT, SWITCH, LEVEL = "2002", "2003", "2004", "2009"
"""Settings of the parameter in OBX-4 (§1.2)."""
SETTINGS: Mapping[str, str] = {SWITCH: "VND_MINDRAY_PDS_ALARM_SWITCH", LEVEL: "VND_MINDRAY_PDS_ALARM_LEVEL"}
LIMITS: Mapping[str, Role] = {HIGH_LIMIT: Role.LIMIT_HIGH, LOW_LIMIT: Role.LIMIT_LOW}
WORDS: Mapping[str, Mapping[str, str]] = {
    LEVEL: {"0": "high", "1": "medium", "2": "low", "3": "off"},
    "2307": {"0": "none", "1": "physiological", "2": "technical"},
}
"""What numbers of enumerations mean (§1.5)."""
LOCATION = Channel(code="VND_MINDRAY_PDS_LOCATION", source="PV1-3", unit="", role=Role.SET)


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A parameter. text: its value is a word; episode: it is measured now and then, and merely sent again between."""

    channel: Channel
    text: bool
    episode: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveKind:
    """Value of a sample in the channel's unit = count + offset. No unit: nobody tells the gain, only the shape."""

    channel: Channel
    offset: float
    name: str


def numbers(co2: str = CO2, st: str = ST) -> Mapping[str, Number]:
    """By parameter id; `co2`, `st`: the monitor's units (UCUM)."""
    units = dict.fromkeys(CO2_IDS, co2) | dict.fromkeys(ST_IDS, st)
    return {
        row["id"]: Number(
            channel=Channel(
                code=row["refid"],
                source=row["id"],
                unit=units.get(row["id"], row["unit"]),
                role=Role(row["role"]),
            ),
            text=row["form"] == "text",
            episode=row["form"] == "episode",
        )
        for row in _rows("numbers.csv")
    }


@cache
def waves() -> Mapping[int, WaveKind]:
    return {
        int(row["id"]): WaveKind(
            channel=Channel(code=row["refid"], source=f"wave.{row['id']}", unit=row["unit"], site=row["site"]),
            offset=float(row["offset"]),
            name=row["name"],
        )
        for row in _rows("waves.csv")
    }


@cache
def wave_ids() -> Mapping[str, int]:
    """Name → id."""
    return {wave.name: number for number, wave in waves().items()}


@cache
def alarms() -> Mapping[tuple[str, str], str]:
    """Kind of row (OBX-3) and alarm id → refid of what it is about."""
    return {(row["row"], row["id"]): row["refid"] for row in _rows("alarms.csv")}


def unknown(source: str, role: Role = Role.MEASURED) -> Channel:
    return Channel(code=UNMAPPED, source=source, unit="", role=role)


def setting(attribute: str, parameter: str, known: Mapping[str, Number]) -> Number:
    """A limit, switch or level of a parameter; source `2002/101`."""
    source = f"{attribute}/{parameter}" if parameter else attribute
    if attribute in SETTINGS:
        channel = Channel(code=SETTINGS[attribute], source=source, unit="", role=Role.SET)
        return Number(channel=channel, text=True, episode=False)
    of = known.get(parameter)
    if of is None or of.text:
        return Number(channel=unknown(source, LIMITS[attribute]), text=False, episode=False)
    channel = Channel(code=of.channel.code, source=source, unit=of.channel.unit, role=LIMITS[attribute])
    return Number(channel=channel, text=False, episode=False)


def every() -> Iterable[Channel]:
    """All channels of the tables, and the limits of each; IBP channels as they are without a label, and with each."""
    known = numbers()
    for source, (_, part) in SLOTS.items():
        yield from (replace(known[source].channel, code=f"{stem}_{part}") for stem in STEMS.values())
    for number in known.values():
        yield number.channel
        if not number.text:
            yield from (setting(attribute, number.channel.source, known).channel for attribute in LIMITS)
    yield from (setting(attribute, "101", known).channel for attribute in SETTINGS)
    yield from (wave.channel for wave in waves().values())
    yield LOCATION


@cache
def parameters() -> tuple[Parameter, ...]:
    """The VND_MINDRAY_PDS_ codes with their names, codes.csv."""
    with files(__package__).joinpath("codes.csv").open("r", encoding="utf-8") as text:
        return load(text)


def _rows(name: str) -> Iterator[dict[str, str]]:
    with files(__package__).joinpath(name).open("r", encoding="utf-8") as text:
        yield from csv.DictReader(text)
