"""What the keys of a line mean (fact sheet small-devices §6).

SPOC and EXC1, which the sheet does not name: lines of a Radical-7 printed in github:nmenon/masimo-datacapture.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from collector.model import UNMAPPED, Channel, Observation, Quality

NUMBER = re.compile(r"[+-]?(\d{1,4}(?:\.\d{1,2})?)%?|[+-]?-+(?:\.-+)?%?")
"""Digits, or a dash for each digit where there is no value; a percent sign where the device writes one."""
SATURATION = re.compile(r"(0?\d{1,2}|100)%|-+%")
BITS = re.compile(r"[0-9A-F]{2,8}|-+")
SERIAL = re.compile(r"[0-9A-Z]{1,16}|-+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """`channel`: None where the value is none of the patient's. `measured`: zero is what is shown without a pulse."""

    form: re.Pattern[str]
    channel: Channel | None = None
    measured: bool = False


def _number(key: str, code: str, unit: str, form: re.Pattern[str] = NUMBER, *, measured: bool = False) -> Field:
    return Field(form=form, channel=Channel(code=code, source=key, unit=unit), measured=measured)


def _bits(key: str, code: str) -> Field:
    """Hexadecimal bits, told as a text: the maker does not say what they mean."""
    return Field(form=BITS, channel=Channel(code=code, source=key, unit=""))


SERIAL_NUMBER, HAEMOGLOBIN = "SN", "SPHB"
REQUIRED = frozenset(("SN", "SPO2", "BPM"))
"""Keys of every line that has been seen."""

FIELDS: Mapping[str, Field] = {
    SERIAL_NUMBER: Field(form=SERIAL),
    "SPO2": _number("SPO2", "MDC_PULS_OXIM_SAT_O2", "%", SATURATION, measured=True),
    "BPM": _number("BPM", "MDC_PULS_OXIM_PULS_RATE", "/min", measured=True),
    "PI": _number("PI", "MDC_BLD_PERF_INDEX", "%", measured=True),
    "SPCO": _number("SPCO", "VND_MASIMO_SPCO", "%"),
    "SPMET": _number("SPMET", "VND_MASIMO_SPMET", "%"),
    HAEMOGLOBIN: _number(HAEMOGLOBIN, "VND_MASIMO_SPHB", ""),
    "SPOC": _number("SPOC", "VND_MASIMO_SPOC", "mL/dL"),
    "DESAT": _number("DESAT", "VND_MASIMO_DESAT_INDEX", "1"),
    "PIDELTA": _number("PIDELTA", "VND_MASIMO_PI_DELTA", "1"),
    "PVI": _number("PVI", "VND_MASIMO_PVI", "%"),
    "ALARM": _bits("ALARM", "VND_MASIMO_ALARM_BITS"),
    "EXC": _bits("EXC", "VND_MASIMO_EXCEPTION_BITS"),
    "EXC1": _bits("EXC1", "VND_MASIMO_EXCEPTION_BITS_1"),
}


def observation(key: str, value: str, haemoglobin_unit: str = "") -> Observation | None:
    """What a field says; None where it says nothing of the patient. haemoglobin_unit: UCUM, empty where unknown."""
    field = FIELDS.get(key)
    if field is None:
        return _unknown(key, value)
    if field.channel is None:
        return None
    channel = field.channel
    if key == HAEMOGLOBIN and haemoglobin_unit:
        channel = Channel(code=channel.code, source=key, unit=haemoglobin_unit)
    if is_empty(value):
        return missing(channel)
    if not channel.unit:
        return Observation(channel=channel, value=value)
    number = float(value.rstrip("%"))
    if number == 0.0 and field.measured:
        return Observation(channel=channel, value=None, quality=Quality.INVALID)
    return Observation(channel=channel, value=number)


def missing(channel: Channel) -> Observation:
    return Observation(channel=channel, value=None, quality=Quality.NOT_AVAILABLE)


def is_empty(value: str) -> bool:
    """Whether only dashes stand where digits would."""
    return not value.strip("+-.%")


def _unknown(key: str, value: str) -> Observation:
    """A number where its form says so, as that does not change from line to line; else a text, which may be bits."""
    if NUMBER.fullmatch(value) and ("%" in value or "." in value):
        channel = Channel(code=UNMAPPED, source=key, unit="%" if value.endswith("%") else "")
        return missing(channel) if is_empty(value) else Observation(channel=channel, value=float(value.rstrip("%")))
    channel = Channel(code=UNMAPPED, source=key, unit="")
    return missing(channel) if is_empty(value) else Observation(channel=channel, value=value)
