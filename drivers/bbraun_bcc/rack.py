"""What the blocks of a rack say: the values of each pump, its alarms, who it belongs to.

A pump's address stands in the source of each of its channels, so that two pumps never mix (small-devices §12).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from collector.model import (
    UNMAPPED,
    AlarmCondition,
    Channel,
    DeviceClock,
    DeviceIdentity,
    Event,
    Observation,
    PatientIdentity,
    Quality,
    Role,
)
from drivers.bbraun_bcc.alarms import Alarms, word
from drivers.bbraun_bcc.quadruples import NO_VALUE, NOT_NOW, SYSTEM, Quadruple
from drivers.bbraun_bcc.tables import UNKNOWN, Kind, Row, rows, units

RETELL_S = 60
"""A text or setting that is sent again unchanged is told anew this often, else as a repeat: a pump has some 40."""
MAX_PARAMETERS = 400
"""Of one address; BCC 3.36 knows 130. More is not followed."""
REMOVED = "39"
"""GNERR: the pump was removed; told once (B §3.3)."""
ONCE = frozenset({"GNNEW", "VERSION"})
"""Told once: of a pump that is new, then called GNMODEL (B §3.4.2), and when it was asked for. It has not ended."""
_MISSING = frozenset({"", NO_VALUE, NOT_NOW})
_NUMBER = re.compile(r"-?\d{1,9}(\.\d{1,6})?", re.ASCII)
_MODELS = {"586": "Space", "587": "Space", "588": "Space", "686": "Space", "687": "Space", "688": "Space"}
_MODELS |= {"I00": "compactplus"}
"""How GNMODEL begins (B §3.4.2)."""
_PERSONS = {"PATID": "patient_id", "PATIDBADGE": "badge", "PATIDDRUG": "drug_label"}


class Rack:
    """Follows a rack from block to block. `standing`: alarm conditions of an earlier dialogue.

    A round are the blocks up to one that is the last; MEM:GET is answered with a round of all pumps.
    """

    def __init__(self, standing: Sequence[AlarmCondition] = ()) -> None:
        self._alarms = Alarms(standing)
        self._told: dict[str, dict[str, tuple[Observation, int]]] = {}
        self._units: dict[tuple[str, str], str] = {}
        self._round: dict[str, set[str]] = {}
        self._whole = False
        self._clean = True
        self._persons: dict[str, dict[str, str]] = {}
        self._patient: PatientIdentity | None = None
        self._device: DeviceIdentity | None = None

    def begin(self) -> None:
        """A round of all pumps has been asked for."""
        self._round.clear()
        self._whole = self._clean = True

    def spoil(self) -> None:
        """A block of this round was lost."""
        self._whole = self._clean = False

    def events(self, quadruples: Sequence[Quadruple], *, last: bool) -> Sequence[Event]:
        """What a block carries; `last`: it ends the round."""
        addresses: dict[str, list[Quadruple]] = {}
        for quadruple in quadruples:
            addresses.setdefault(quadruple.address, []).append(quadruple)
        found: list[Event] = []
        for address, told in addresses.items():
            found += self._address(address, told)
        found += self._identity(quadruples)
        if last:
            found += self._over()
        return found

    def _address(self, address: str, told: Sequence[Quadruple]) -> Iterator[Event]:
        values = {q.name: q.value for q in told if q.value is not None}
        for name, value in values.items():
            if name in rows() and rows()[name].kind is Kind.UNIT:
                if value in _MISSING:
                    self._units.pop((address, name), None)  # of the drug before: it is nobody's unit any more
                else:
                    self._units[address, name] = value
        error = values.get("GNERR", "")
        if error:
            yield from self._lost(address, error)
        seen = self._round.setdefault(address, set())
        for q in told:
            parameter, text = (q.name, q.value) if q.value is not None else ("VERSION", q.name)
            yield from self._parameter(address, parameter, text, q.time_s)
            if parameter in self._told.get(address, {}):
                seen.add(parameter)
        yield from _clock(values)
        yield from self._person(address, values)

    def _parameter(self, address: str, name: str, value: str, time_s: int) -> Iterator[Event]:
        row, missing = rows().get(name, UNKNOWN), value in _MISSING
        match row.kind:
            case Kind.ALARM if not missing:
                yield from self._alarms.flag(address, row.name, value)
            case Kind.ALARMS if not missing:
                yield from self._alarms.bits(address, row.name, value)
            case Kind.UNIT if not missing and value not in units():
                channel = Channel(code=UNMAPPED, source=f"{address}/{row.name}", unit="", role=row.role)
                yield from self._tell(address, row, Observation(channel=channel, value=value), time_s)
            case Kind.NUMBER | Kind.STATE | Kind.TEXT | Kind.WORD | Kind.BITS:
                channel = self._channel(address, name, row)
                if missing:
                    said = Observation(channel=channel, value=None, quality=Quality.NOT_AVAILABLE)
                else:
                    said = _observation(channel, row, value)
                yield from self._tell(address, row, said, time_s)

    def _channel(self, address: str, name: str, row: Row) -> Channel:
        if row is UNKNOWN:
            return Channel(code=UNMAPPED, source=f"{address}/{name}", unit="")
        if not row.unit_from:
            return row.channel(address)
        unit = units().get(self._units.get((address, row.unit_from), ""))
        if unit is None:
            return Channel(code=UNMAPPED, source=f"{address}/{name}", unit="", role=row.role)
        return row.channel(address, unit)

    def _tell(self, address: str, row: Row, said: Observation, time_s: int) -> Iterator[Observation]:
        """`said`, as a repeat where it says nothing new; before it the end of what stood there in another unit."""
        known = self._told.setdefault(address, {})
        name = said.channel.source.partition("/")[2]
        before, at_s = known.get(name, (None, 0))
        if before is not None and before.channel != said.channel and before.value is not None:
            yield _ended(before.channel)
        measured = row.kind is Kind.NUMBER and row.role is Role.MEASURED and said.value is not None
        if before == said and not measured and 0 <= time_s - at_s < RETELL_S:
            yield Observation(channel=said.channel, value=said.value, quality=said.quality, repeat=True)
            return
        if name in known or len(known) < MAX_PARAMETERS:
            known[name] = said, time_s
        yield said

    def _lost(self, address: str, error: str) -> Iterator[Event]:
        """An error of a slot: 39 removed, 4… not reached; of the rack 5…: no pump is (B §3.3)."""
        if address != SYSTEM and error == REMOVED:
            yield from self._gone(address)
        elif address != SYSTEM and error.startswith("4"):
            yield from self._silent(address)
        elif address == SYSTEM and error.startswith("5"):
            for pump in [pump for pump in self._told if pump != SYSTEM]:
                yield from self._silent(pump)

    def _gone(self, address: str) -> Iterator[Event]:
        """The pump is no longer there: its values and its alarms end, once."""
        yield from self._silent(address)
        for said, _ in self._told.pop(address, {}).values():
            yield _ended(said.channel)
        yield from self._alarms.gone(address)
        self._round.pop(address, None)
        self._persons.pop(address, None)
        for key in [key for key in self._units if key[0] == address]:
            del self._units[key]

    def _silent(self, address: str) -> Iterator[Observation]:
        """Nothing is known of the pump at present: its values end. Its alarms go on standing."""
        known = self._told.get(address, {})
        for name in [name for name in known if name != "GNERR"]:
            said, _ = known.pop(name)
            if said.value is not None:
                yield _ended(said.channel)

    def _over(self) -> Iterator[Event]:
        """What the round did not tell any more has ended, where none of its blocks was lost."""
        if self._clean:
            for address, seen in self._round.items():
                known = self._told.get(address, {})
                for name in [name for name in known if name not in seen]:
                    said, _ = known.pop(name)
                    if said.value is not None and name not in ONCE:
                        yield _ended(said.channel)
            if self._whole:
                for address in [address for address in self._told if address not in self._round]:
                    yield from self._gone(address)
                yield from self._alarms.elsewhere(self._round)
        self._round.clear()
        self._whole, self._clean = False, True

    def _identity(self, quadruples: Sequence[Quadruple]) -> Iterator[DeviceIdentity]:
        before = self._device or DeviceIdentity(manufacturer="B. Braun")
        model, serial, software = before.model, before.serial, before.software
        for q in quadruples:
            if q.value is None or q.value in _MISSING:
                continue
            match q.name:
                case "GNNEW" | "GNMODEL":
                    model = _MODELS.get(q.value[:3], model)
                case "COMSERIALNO":
                    serial = q.value
                case "COMSWVERSION":
                    software = q.value
        now = DeviceIdentity(manufacturer="B. Braun", model=model, serial=serial, software=software)
        if now != self._device:
            self._device = now
            yield now

    def _person(self, address: str, values: Mapping[str, str]) -> Iterator[PatientIdentity]:
        """Whose pumps these are, where all that tell it agree."""
        ids = {_PERSONS[name]: value.strip() for name, value in values.items() if name in _PERSONS}
        ids = {key: value for key, value in ids.items() if value not in _MISSING}
        if ids:
            self._persons[address] = ids
        elif "PATID" in values:
            self._persons.pop(address, None)
        told = list(self._persons.values())
        if not told or any(one != told[0] for one in told):
            return
        patient = PatientIdentity(ids=told[0])
        if patient != self._patient:
            self._patient = patient
            yield patient


def _observation(channel: Channel, row: Row, value: str) -> Observation:
    if row.kind in {Kind.NUMBER, Kind.STATE}:
        if channel.code == UNMAPPED:
            return Observation(channel=channel, value=value)
        if not _NUMBER.fullmatch(value):
            return Observation(channel=channel, value=None, quality=Quality.INVALID)
        number = float(value)
        if number >= row.end:
            return Observation(channel=channel, value=None, quality=Quality.OVERFLOW)
        return Observation(channel=channel, value=number)
    if row.kind is Kind.WORD:
        return Observation(channel=channel, value=row.words.get(value, value))
    if row.kind is Kind.BITS:
        bits = word(value)
        if bits is None:
            return Observation(channel=channel, value=value)
        set_bits = [str(bit) for bit in range(bits.bit_length()) if bits >> bit & 1]
        return Observation(
            channel=channel, value=", ".join(row.words.get(bit, f"bit {bit}") for bit in set_bits) or "none"
        )
    return Observation(channel=channel, value=value)


def _ended(channel: Channel) -> Observation:
    return Observation(channel=channel, value=None, quality=Quality.NOT_AVAILABLE)


def _clock(values: Mapping[str, str]) -> Iterator[DeviceClock]:
    """The rack's wall clock: DATE YYYYMMDD and TIME HHMMSS (B §3.4.2)."""
    try:
        time = datetime.strptime(values["DATE"] + values["TIME"], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except (KeyError, ValueError):
        return
    yield DeviceClock(time_us=round(time.timestamp()) * 1_000_000)
