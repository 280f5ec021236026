"""Messages → events, with what has to be remembered between them (fact sheet small-devices §4)."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from collector.model import (
    UNMAPPED,
    AlarmCondition,
    AlarmPhase,
    AlarmType,
    Channel,
    DeviceClock,
    DeviceIdentity,
    Event,
    Frame,
    Observation,
    PatientIdentity,
    Priority,
    Quality,
    Rejected,
)
from drivers.capnostream import meanings, messages
from drivers.capnostream.frames import Message
from drivers.capnostream.meanings import Bit, Number
from drivers.capnostream.options import Options
from drivers.capnostream.wave import Wave

LAYOUT, SHIFTED = "layout", "shifted"
CLOCK_FROM_S = 946_684_800
"""A clock before 2000 was never set."""
WAVE_BYTES = 4
TURN_S = 12
"""After so long without a wave message its number, of one byte at 20 a second, may have turned."""
RETELL_US = 30_000_000
"""A limit or state that stays as it is is told anew so often: one that nobody tells any more looks old."""
SECOND_US = 1_000_000
_DEVICE = re.compile(r"V(?P<version>.{5}) (?P<date>.{10}) (?P<serial>.{10}) *")
"""Software, its date, pulse oximeter with revision and serial number."""
_FAST = "fast"


class Decoder:
    """Reads what a device says. `standing`: conditions of an earlier dialogue."""

    def __init__(self, options: Options, standing: Sequence[AlarmCondition] = ()) -> None:
        self._divisor = options.co2_divisor
        self._wave = Wave(kept=options.waves)
        self._conditions: dict[bool, dict[str, AlarmCondition]] = {False: {}, True: {}}
        for one in standing:
            self._conditions[one.source.startswith(_FAST)][one.source] = one
        self._unheard = {one.source for one in standing}
        self._told: dict[Channel, tuple[object, int]] = {}
        self._unit = ""
        self._tick_us = 0
        self._waved = False
        self._mute_s = 0
        self._time_s = 0

    def events(self, message: Message) -> list[Event]:
        """The message's Frame and what it carried."""
        payload = message.payload
        found: list[Event] | None = []
        reason = LAYOUT
        match message.code:
            case messages.WAVE:
                found = self._sample(payload)
            case messages.NUMERICS if len(payload) >= meanings.NUMERICS_BYTES and not plausible(payload):
                found, reason = None, SHIFTED
            case messages.NUMERICS:
                found = self._numerics(payload)
            case messages.DEVICE:
                found = _device(payload)
            case messages.REVISION:
                found = self._revision(payload)
            case messages.PATIENT:
                found = _patient(payload.decode("ascii", "replace"))
            case messages.PATIENT_UNICODE:
                found = _patient(payload.decode("utf-16-be", "replace").lstrip("\ufeff"))
            case messages.CONFIGURED | messages.ITEM:
                found = [*self._unknown(messages.KINDS[message.code], payload)]
        if found is None:
            return [Rejected(offset=message.offset, length=message.length, reason=reason)]
        kind = messages.KINDS.get(message.code, str(message.code))
        return [Frame(offset=message.offset, length=message.length, kind=kind, tick_us=self._tick_us), *found]

    def flush(self) -> list[Event]:
        """The samples that have not been handed on yet."""
        return self._wave.flush()

    def _sample(self, payload: bytes) -> list[Event] | None:
        if len(payload) != WAVE_BYTES:
            return None
        number, whole, part, status = payload
        missed = self._wave.missed(number)
        self._tick_us += self._wave.PERIOD_US * (1 + (missed or 0))
        self._waved = True
        good = not status & meanings.UNUSABLE
        found = self._wave.add(number, whole * 256 + part if good else None)
        words = [word for bit, word in meanings.FAST_STATES.items() if status & bit]
        found += self._state(meanings.CO2_STATE, " ".join(words) or "measuring")
        if status & meanings.END_OF_BREATH:
            found.append(Observation(channel=meanings.BREATH, value=1.0))
        return found + self._compare(_conditions(meanings.FAST_ALARMS, status), fast=True)

    def _numerics(self, payload: bytes) -> list[Event] | None:
        if len(payload) < meanings.NUMERICS_BYTES:
            return None
        found: list[Event] = self.flush()
        time_s = int.from_bytes(payload[:4], "big")
        passed_s = max(1, min(time_s - self._time_s, 60) if self._time_s else 1)
        self._mute_s = 0 if self._waved else self._mute_s + passed_s
        if self._mute_s >= TURN_S:
            self._wave.forget()
        if not self._waved:
            self._tick_us += SECOND_US * passed_s
        self._waved, self._time_s = False, time_s
        if time_s >= CLOCK_FROM_S:
            found.append(DeviceClock(time_us=time_s * 1_000_000))
        unit = meanings.UNITS[payload[meanings.UNIT]]
        found += self._units(unit)
        found += (self._number(number, payload) for number in meanings.NUMBERS)
        for number in meanings.LIMITS:
            limit = self._number(number, payload)
            if self._due(limit.channel, limit.value):
                found.append(limit)
        for channel, word in meanings.slow(payload[meanings.SLOW]).items():
            found += self._state(channel, word)
        found += self._unknown("numerics.10", payload[meanings.EVENTS])
        found += self._unknown("numerics.27", payload[meanings.NUMERICS_BYTES :])
        now: dict[str, AlarmCondition] = {}
        for place, bits in meanings.ALARMS.items():
            now |= _conditions(bits, payload[place], meanings.UNKNOWN[place])
        return found + self._compare(now, fast=False)

    def _units(self, unit: str) -> Iterator[Event]:
        """CO2 is from now on in this unit: what was told in another one has ended."""
        if self._unit and unit != self._unit:
            for number in (*meanings.NUMBERS, *meanings.LIMITS):
                channel = self._channel(number)
                if not number.unit:
                    self._told.pop(channel, None)
                    yield Observation(channel=channel, value=None, quality=Quality.NOT_AVAILABLE)
        self._unit = unit
        self._wave.unit_is(unit)

    def _number(self, number: Number, payload: bytes) -> Observation:
        byte, channel = payload[number.place], self._channel(number)
        if byte == meanings.NO_VALUE:
            return Observation(channel=channel, value=None, quality=Quality.NOT_AVAILABLE)
        if number.unit or self._unit == meanings.MMHG:
            return Observation(channel=channel, value=float(byte))
        return Observation(channel=channel, value=byte / (self._divisor or 1))

    def _channel(self, number: Number) -> Channel:
        scaled = number.unit or self._unit == meanings.MMHG or self._divisor is not None
        return number.channel(self._unit) if scaled else number.unscaled()

    def _state(self, channel: Channel, word: str) -> Iterator[Event]:
        """A word, told when it changes, and now and then."""
        if self._due(channel, word):
            yield Observation(channel=channel, value=word)

    def _due(self, channel: Channel, value: object) -> bool:
        """Whether it is to be told; then it counts as told."""
        before = self._told.get(channel)
        if before is not None and before[0] == value and self._tick_us - before[1] < RETELL_US:
            return False
        self._told[channel] = value, self._tick_us
        return True

    def _unknown(self, source: str, payload: bytes) -> Iterator[Event]:
        """Bytes that nobody knows, as hexadecimal digits."""
        channel = Channel(code=UNMAPPED, source=source, unit="")
        if any(payload) or channel in self._told:
            yield from self._state(channel, payload.hex())

    def _revision(self, payload: bytes) -> list[Event] | None:
        if len(payload) != 2 or not 0x20 < payload[0] < 0x7F:
            return None
        return [*self._state(meanings.PROTOCOL, f"{chr(payload[0])}{payload[1]}")]

    def _compare(self, now: Mapping[str, AlarmCondition], *, fast: bool) -> list[AlarmCondition]:
        before = self._conditions[fast]
        self._conditions[fast] = {**now}
        found = [replace(one, phase=AlarmPhase.END) for source, one in before.items() if source not in now]
        for source, one in now.items():
            if source not in before:
                found.append(one)
            elif source in self._unheard:
                found.append(replace(one, phase=AlarmPhase.CONTINUE))
        self._unheard -= before.keys()
        return found


def plausible(payload: bytes) -> bool:
    """Whether each byte of the numerics says what its place can say.

    A payload that is shifted by a byte has been seen, with a right check byte. Then a limit stands where the unit is.
    """
    if payload[meanings.UNIT] not in meanings.UNITS:
        return False
    for number in (*meanings.NUMBERS, *meanings.LIMITS):
        if not number.low <= payload[number.place] <= number.high and payload[number.place] != meanings.NO_VALUE:
            return False
    return all(payload[high] >= payload[low] or payload[low] == meanings.NO_VALUE for high, low in meanings.PAIRS)


def _conditions(bits: Sequence[Bit], status: int, unknown: str = "") -> Mapping[str, AlarmCondition]:
    """The conditions of a byte; bits without a name only where `unknown` names the byte."""
    found = {
        bit.source: AlarmCondition(
            source=bit.source, type=bit.type, priority=bit.priority, phase=AlarmPhase.START, code=bit.code
        )
        for bit in bits
        if status & bit.mask
    }
    rest = status & ~sum(bit.mask for bit in bits) if unknown else 0
    for n in range(8):
        if rest >> n & 1:
            source = f"{unknown}.bit{n}"
            found[source] = AlarmCondition(
                source=source, type=AlarmType.PHYSIOLOGICAL, priority=Priority.HIGH, phase=AlarmPhase.START
            )
    return found


def _device(payload: bytes) -> list[Event] | None:
    told = _DEVICE.fullmatch(payload.decode("ascii", "replace"))
    if told is None or not told[0].isascii() or not told[0].isprintable():
        return None
    return [
        DeviceIdentity(
            manufacturer="Oridion",
            model="Capnostream",
            serial=told["serial"].strip(),
            software=f"{told['version'].strip()} {told['date'].strip()}".strip(),
        )
    ]


def _patient(text: str) -> list[Event] | None:
    name = text.strip("\0 ")
    if not name.isprintable() or "\ufffd" in name:
        return None
    return [PatientIdentity(ids={"patient_id": name})] if name else []
