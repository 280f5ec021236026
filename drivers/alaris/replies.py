"""What the answers say (fact sheet small-devices §14).

Fields of INF, INF_VTBI and SYRINGE_STATUS: github:mdpnp/mdpnp, Asena.java, AlarisMITM.java and SingleSimAlaris.java.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from collector.model import UNMAPPED, Channel, Observation, Quality, Role
from drivers.alaris.queries import Query

UNITS: Mapping[str, str] = {
    "ml/h": "mL/h",
    "ml": "mL",
    "mmHg": "mm[Hg]",
    "kPa": "kPa",
    "PSI": "[psi]",
}
"""The pump's words for units → UCUM. The last two have not been seen: a pump's menu offers them for the pressure."""

_NUMBER = re.compile(r" *(-?\d{1,6}(?:\.\d{1,4})?) *")
_CLOCK = re.compile(r"(\d{1,2}):([0-5]\d):([0-5]\d)")
_BEYOND = re.compile(r"\d{1,3}\+")
_EMPTY = re.compile(r"[ -]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A value of an answer. `at`: its field, 1 is the first behind the name; `unit_at`: that of its unit, if sent."""

    at: int
    channel: Channel
    unit_at: int | None = None

    def read(self, fields: Sequence[str]) -> Observation:
        """What is told; a field that is not there is empty."""
        text = _field(fields, self.at)
        if self.unit_at is None:
            return _plain(self.channel, text)
        word = _field(fields, self.unit_at)
        if _EMPTY.fullmatch(text) or not word or UNITS.get(word) == self.channel.unit:
            return _plain(self.channel, text)
        if word in UNITS:
            return _plain(replace(self.channel, unit=UNITS[word]), text)
        return Observation(channel=replace(self.channel, code=UNMAPPED, unit=""), value=f"{text} {word}")


def _number(query: Query, at: int, code: str, unit: str, role: Role = Role.MEASURED) -> Item:
    channel = Channel(code=code, source=f"{query.value}.{at}", unit=unit, role=role)
    return Item(at=at, channel=channel, unit_at=at + 1)


def _plainly(query: Query, at: int, code: str, unit: str = "", role: Role = Role.MEASURED) -> Item:
    """A text, or a number whose unit is not sent."""
    return Item(at=at, channel=Channel(code=code, source=f"{query.value}.{at}", unit=unit, role=role))


SERIAL_AT, ALARM_AT = 1, 2
"""In the answer to INF; "-" is no alarm."""

CLOCK_UNIT = "s"
"""Of what is sent as hh:mm:ss, or as "24+" where it is longer."""

ANSWERS: Mapping[Query, Sequence[Item]] = {
    Query.SERIAL: (),
    Query.PROTOCOL: (),
    Query.INFUSION: (
        _plainly(Query.INFUSION, 3, "VND_ALARIS_INFUSION_MODE"),
        _number(Query.INFUSION, 4, "MDC_FLOW_FLUID_PUMP_CURRENT", "mL/h"),
        _plainly(Query.INFUSION, 6, "MDC_DRUG_NAME_POINTER"),
        _number(Query.INFUSION, 7, "MDC_VOL_FLUID_DELIV_TOTAL", "mL"),
        _number(Query.INFUSION, 9, "MDC_PRESS_FLUID_ACT", "mm[Hg]"),
        _plainly(Query.INFUSION, 11, "MDC_TIME_PD_REMAIN", CLOCK_UNIT),
        _plainly(Query.INFUSION, 12, "VND_ALARIS_LOG_TYPE"),
        _plainly(Query.INFUSION, 13, "VND_ALARIS_LOG_ENTRY"),
    ),
    Query.RATE: (_number(Query.RATE, 1, "MDC_FLOW_FLUID_PUMP", "mL/h", Role.SET),),
    Query.VOLUME: (_number(Query.VOLUME, 1, "MDC_VOL_FLUID_DELIV_TOTAL", "mL"),),
    Query.VTBI: (
        _plainly(Query.VTBI, 1, "VND_ALARIS_VTBI_STATE", role=Role.SET),
        _number(Query.VTBI, 2, "MDC_VOL_FLUID_TBI", "mL", Role.SET),
        _plainly(Query.VTBI, 4, "VND_ALARIS_VTBI_END", role=Role.SET),
    ),
    Query.SYRINGE: (
        _plainly(Query.SYRINGE, 1, "VND_ALARIS_SYRINGE", role=Role.SET),
        _plainly(Query.SYRINGE, 2, "MDC_VOL_SYRINGE", "mL", Role.SET),
        _plainly(Query.SYRINGE, 3, "VND_ALARIS_SYRINGE_STATE"),
    ),
    Query.MAX_RATE: (_number(Query.MAX_RATE, 1, "VND_ALARIS_MAX_RATE", "mL/h", Role.SET),),
}
"""Question → what its answer holds, besides the device itself and its alarm."""

_ELSEWHERE: Mapping[Query, frozenset[int]] = {
    Query.SERIAL: frozenset((1,)),
    Query.PROTOCOL: frozenset((1,)),
    Query.INFUSION: frozenset((SERIAL_AT, ALARM_AT)),
}
CHANNELS = tuple(item.channel for items in ANSWERS.values() for item in items)


def observations(query: Query, fields: Sequence[str]) -> Sequence[Observation]:
    """What an answer says of the infusion; a field that nobody knows is kept as a text."""
    items = ANSWERS[query]
    read = {at for item in items for at in (item.at, item.unit_at)} | _ELSEWHERE.get(query, frozenset())
    unknown = [
        Observation(channel=Channel(code=UNMAPPED, source=f"{query.value}.{at}", unit=""), value=text)
        for at, text in enumerate(fields, start=1)
        if at not in read and text
    ]
    return [*(item.read(fields) for item in items), *unknown]


def _field(fields: Sequence[str], at: int) -> str:
    return fields[at - 1].strip() if at <= len(fields) else ""


def _plain(channel: Channel, text: str) -> Observation:
    if _EMPTY.fullmatch(text):
        return Observation(channel=channel, value=None, quality=Quality.NOT_AVAILABLE)
    if not channel.unit:
        return Observation(channel=channel, value=text)
    if channel.unit == CLOCK_UNIT:
        clock = _CLOCK.fullmatch(text)
        if clock is not None:
            hours, minutes, seconds = map(int, clock.groups())
            return Observation(channel=channel, value=float(hours * 3600 + minutes * 60 + seconds))
        quality = Quality.OVERFLOW if _BEYOND.fullmatch(text) else Quality.INVALID
        return Observation(channel=channel, value=None, quality=quality)
    number = _NUMBER.fullmatch(text)
    if number is None:
        return Observation(channel=channel, value=None, quality=Quality.INVALID)
    return Observation(channel=channel, value=float(number[1]))
