"""What the pumps of a base say: values, drugs and alarms of each.

A pump's address stands in the source of each of its channels, so that two pumps never mix (small-devices §13). The
tables are variables.csv and codes.csv.
"""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

from collector.codes import Parameter, load
from collector.model import (
    UNMAPPED,
    AlarmCondition,
    AlarmPhase,
    AlarmType,
    Channel,
    DeviceIdentity,
    Event,
    Observation,
    Priority,
    Quality,
)

BASE = "0"
RETELL = 60
"""A state that is sent again unchanged is told anew each so many times, else as a repeat; a drug each time."""
MODES = {1: "manual", 2: "PC"}
_VARIABLES = re.compile(r"[a-z][0-9A-F]*(;[a-z][0-9A-F]*)*")
_HEX = re.compile(r"[0-9A-F]{1,8}")
_DRUG = "LP"
_PLACES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A variable. value = hexadecimal number × scale."""

    letter: str
    refid: str
    form: str
    unit: str
    scale: float
    quality: Quality

    def channel(self, address: str) -> Channel:
        return Channel(code=self.refid, source=source(address, self.letter), unit=self.unit)


def source(address: str, letter: str) -> str:
    """Such as "1/d"; of a pump that stands alone the letter."""
    return f"{address}/{letter}" if address else letter


class Pumps:
    """`standing`: alarm conditions of an earlier dialogue; one that is told again continues."""

    def __init__(self, standing: Sequence[AlarmCondition] = ()) -> None:
        self._active = {alarm.source: alarm for alarm in standing}
        self._unheard = set(self._active)
        self._told: dict[str, dict[str, tuple[Observation, int]]] = {}
        self._identified = False
        self.modules: frozenset[str] = frozenset()
        """Addresses of the modules that the base has told last."""

    def variables(self, address: str, text: str) -> Iterator[Event]:
        """What variables say: letter and hexadecimal digits each, semicolons between them."""
        rows = _rows(of_base=address == BASE)
        for part in filter(None, text.split(";")):
            letter, digits = part[0], part[1:]
            row = rows.get(letter)
            if row is None:
                channel = Channel(code=UNMAPPED, source=source(address, letter), unit="")
                said = Observation(channel=channel, value=digits or None, quality=_quality(digits))
                yield from self._tell(address, letter, said)
            elif row.form == "alarm":
                yield from self._alarm(address, row, digits)
            else:
                yield from self._tell(address, letter, _observation(row, address, digits))
                if row.form == "modules":
                    yield from self._modules(digits)
                elif row.form == "text" and digits:
                    yield from self._device(digits)

    def drug(self, address: str, text: str) -> Iterator[Event]:
        """The answer to LP, a text as it is."""
        channel = Channel(code="MDC_DRUG_NAME_POINTER", source=source(address, _DRUG), unit="")
        name = text.strip()
        yield from self._tell(address, _DRUG, Observation(channel=channel, value=name or None, quality=_quality(name)))

    def gone(self, address: str) -> Iterator[Event]:
        """The pump has been taken out: its values and its alarms end, once."""
        yield from self.silent(address)
        prefix = source(address, "")
        for key in [key for key in self._active if key.startswith(prefix)]:
            yield self._end(key)

    def silent(self, address: str) -> Iterator[Event]:
        """Nothing is known of the pump at present: its values end. Its alarms go on standing."""
        for said, _ in self._told.pop(address, {}).values():
            if said.value is not None:
                yield Observation(channel=said.channel, value=None, quality=Quality.NOT_AVAILABLE)

    def _modules(self, digits: str) -> Iterator[Event]:
        if not _HEX.fullmatch(digits):
            return
        places = int(digits, 16)
        there = frozenset(str(place + 1) for place in range(_PLACES) if places >> place & 1)
        self.modules = there
        known = {*self._told, *(key.partition("/")[0] for key in self._active)}
        for address in sorted(known - there - {BASE}):
            if address.isdigit():
                yield from self.gone(address)

    def _device(self, kind: str) -> Iterator[DeviceIdentity]:
        """The first pump's type stands for all; each has its own in its channels."""
        if not self._identified:
            self._identified = True
            yield DeviceIdentity(manufacturer="Fresenius", model=kind)

    def _tell(self, address: str, key: str, said: Observation) -> Iterator[Observation]:
        known = self._told.setdefault(address, {})
        before, count = known.get(key, (None, 0))
        state = key != _DRUG and (said.value is None or isinstance(said.value, str))
        if before == said and state and count < RETELL:
            known[key] = said, count + 1
            yield replace(said, repeat=True)
            return
        known[key] = said, 1
        yield said

    def _alarm(self, address: str, row: Row, digits: str) -> Iterator[AlarmCondition]:
        """One condition for each number that is not zero; without digits nothing is known, and what stands stands."""
        if not digits:
            return
        prefix = source(address, row.letter)
        key = f"{prefix}:{digits}" if digits.strip("0") else ""
        for ended in [one for one in self._active if one.startswith(f"{prefix}:") and one != key]:
            yield self._end(ended)
        if not key or (key in self._active and key not in self._unheard):
            return
        phase = AlarmPhase.CONTINUE if key in self._active else AlarmPhase.START
        self._unheard.discard(key)
        self._active[key] = AlarmCondition(
            source=key,
            type=AlarmType.TECHNICAL,
            priority=Priority.HIGH,
            phase=phase,
            code=row.refid,
            text=f"{'error' if row.letter == 'e' else 'alarm'} {digits}",
        )
        yield self._active[key]

    def _end(self, key: str) -> AlarmCondition:
        self._unheard.discard(key)
        return replace(self._active.pop(key), phase=AlarmPhase.END)


def are_variables(text: str) -> bool:
    return _VARIABLES.fullmatch(text) is not None


@cache
def parameters() -> tuple[Parameter, ...]:
    """The VND_FRESENIUS_ codes with their names, codes.csv."""
    with files(__package__).joinpath("codes.csv").open("r", encoding="utf-8") as text:
        return load(text)


def channels() -> Iterator[Channel]:
    """All that a base with one module can tell."""
    for of_base, address in ((True, BASE), (False, "1")):
        for row in _rows(of_base=of_base).values():
            if row.form != "alarm":
                yield row.channel(address)
    yield Channel(code="MDC_DRUG_NAME_POINTER", source=source("1", _DRUG), unit="")


def _observation(row: Row, address: str, digits: str) -> Observation:
    channel = row.channel(address)
    if not digits:
        return Observation(channel=channel, value=None, quality=Quality.NOT_AVAILABLE)
    if row.form == "text":
        return Observation(channel=channel, value=digits)
    if not _HEX.fullmatch(digits):
        return Observation(channel=channel, value=None, quality=Quality.INVALID)
    number = int(digits, 16)
    match row.form:
        case "word":
            return Observation(channel=channel, value=MODES.get(number, digits))
        case "modules":
            places = [str(place + 1) for place in range(number.bit_length()) if number >> place & 1]
            return Observation(channel=channel, value=", ".join(places) or "none")
        case _:
            return Observation(channel=channel, value=round(number * row.scale, 3), quality=row.quality)


def _quality(text: str) -> Quality:
    return Quality.VALID if text else Quality.NOT_AVAILABLE


@cache
def _rows(*, of_base: bool) -> Mapping[str, Row]:
    with files(__package__).joinpath("variables.csv").open("r", encoding="utf-8") as text:
        return {
            row["letter"]: Row(
                letter=row["letter"],
                refid=row["refid"],
                form=row["form"],
                unit=row["unit"],
                scale=float(row["scale"] or 1),
                quality=Quality(row["quality"]),
            )
            for row in csv.DictReader(text)
            if (row["of"] == "base") == of_base
        }
