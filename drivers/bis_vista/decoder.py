"""Messages → events, with what has to be remembered between them (fact sheet small-devices §1)."""

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from collector.model import (
    UNMAPPED,
    AlarmCondition,
    AlarmPhase,
    AlarmType,
    Channel,
    DeviceIdentity,
    Event,
    Frame,
    Observation,
    Priority,
    Quality,
    Rejected,
)
from drivers.bis_vista import variables
from drivers.bis_vista.eeg import Eeg
from drivers.bis_vista.frames import ACK, DATA, Packet
from drivers.bis_vista.requests import EXTRA, EXTRA_SPECTRA, PROCESSED, PROCESSED_SPECTRA, RAW, REVISION

LAYOUT = "layout"
PROCESSED_US = 1_000_000
"""The period of processed variables."""
RETELL_US = 30_000_000
"""A state that stays as it is is told anew so often: one that nobody tells any more looks old."""
MAX_TEXT = 128
"""The texts have 49, 62 and 31 bytes; what is much longer is none of them."""

_TRENDS: Mapping[int, tuple[struct.Struct, bool]] = {
    PROCESSED: (variables.TREND, False),
    PROCESSED_SPECTRA: (variables.TREND, True),
    EXTRA: (variables.EXTRA_TREND, False),
    EXTRA_SPECTRA: (variables.EXTRA_TREND, True),
}
"""The layout of a trend, and whether spectra follow."""
_UNSURE = 0b110
"""Noise, lead off: an impedance that was measured meanwhile is not one of the electrode."""


class Decoder:
    """Reads what a monitor says. `standing`: conditions of an earlier dialogue."""

    def __init__(self, standing: Sequence[AlarmCondition] = ()) -> None:
        self._conditions = {condition.source: condition for condition in standing}
        self._unheard = set(self._conditions)
        self._told: dict[Channel, tuple[str | None, int]] = {}
        self._there: set[Channel] = set()
        self._eeg = Eeg()
        self._demo = False
        self._tick_us = 0
        self._processed_us = 0

    def lose(self) -> None:
        """Bytes were rejected: nobody knows what was in them."""
        self._eeg.lose()

    def events(self, packet: Packet) -> list[Event]:
        """The packet's Frame and what it carried."""
        if packet.kind != DATA:
            return [self._frame(packet, "ack" if packet.kind == ACK else "nak")]
        found: list[Event] | None = []
        data = packet.data
        if packet.message in _TRENDS:
            found = self._processed(data, *_TRENDS[packet.message])
        elif packet.message == RAW:
            found = self._raw(packet)
        elif packet.message == REVISION:
            found = self._revision(data)
        elif packet.message in variables.TEXTS:
            found = self._message(variables.TEXTS[packet.message], data)
        if found is None:
            return [Rejected(offset=packet.offset, length=packet.length, reason=LAYOUT)]
        self._eeg.follow(packet)
        return [self._frame(packet, str(packet.message)), *found]

    def _frame(self, packet: Packet, kind: str) -> Frame:
        return Frame(offset=packet.offset, length=packet.length, kind=kind, tick_us=self._tick_us)

    def _value(self, channel: Channel, value: float | str | None, quality: Quality = Quality.VALID) -> Observation:
        quality = Quality.NOT_AVAILABLE if value is None else quality
        return Observation(channel=channel, value=value, quality=quality, demo=self._demo)

    def _state(self, channel: Channel, text: str | None) -> Iterator[Observation]:
        """A word, told when it changes, and now and then."""
        before = self._told.get(channel)
        if before is None or before[0] != text or self._tick_us - before[1] >= RETELL_US:
            self._told[channel] = text, self._tick_us
            yield self._value(channel, text)

    def _processed(self, data: bytes, layout: struct.Struct, spectra: bool) -> list[Event] | None:
        length = variables.HEAD.size + layout.size * len(variables.TRENDS)
        if len(data) != length + variables.SPECTRA.size * spectra:
            return None
        self._processed_us += PROCESSED_US
        self._tick_us = self._processed_us = max(self._tick_us, self._processed_us)
        found = self._head(variables.HEAD.unpack_from(data))
        for n, trend in enumerate(variables.TRENDS):
            found += self._trend(trend, layout.unpack_from(data, variables.HEAD.size + n * layout.size))
        if spectra:
            n_channels, size, *powers = variables.SPECTRA.unpack_from(data, length)
            for n, channel in enumerate(variables.SPECTRUM[:n_channels]):
                bins = powers[n * variables.BINS :][: min(size, variables.BINS)]
                found.append(self._value(channel, " ".join(f"{power / 100:g}" for power in bins)))
        return found

    def _head(self, head: Sequence[int]) -> list[Event]:
        converter, has_converter, sensor, has_sensor, _, test, gain, per, offset, offset_per = head[:10]
        ohms_1, result_1, ohms_2, result_2 = head[10:14]
        high_pass, low_pass, notch, _, spectral, bis, _, _, spectral_mask, bis_mask = head[14:]
        self._demo = bool(has_sensor) and sensor // 10 in variables.UNREAL
        if per and offset_per:
            self._eeg.calibrate(gain / per, offset / offset_per)
        found: list[Event] = [
            *self._state(variables.CONVERTER, str(converter) if has_converter else None),
            *self._state(variables.SENSOR, variables.SENSORS.get(sensor // 10, str(sensor)) if has_sensor else None),
            *self._state(variables.SPECTRAL_MASK, f"{spectral_mask:08X}"),
            *self._state(variables.BIS_MASK, f"{bis_mask:08X}"),
        ]
        for channel, number in zip(variables.WORDS, (high_pass, low_pass, notch, spectral, bis), strict=True):
            found += self._state(channel, variables.word(channel, number))
        for channel, ohms, result in zip(variables.OHMS, (ohms_1, ohms_2), (result_1, result_2), strict=True):
            quality = Quality.QUESTIONABLE if result & _UNSURE else Quality.VALID
            found.append(self._value(channel, ohms * 100.0, quality))
        return found + self._compare(
            {
                **_bits("impedance1", variables.IMPEDANCE_BITS, result_1),
                **_bits("impedance2", variables.IMPEDANCE_BITS, result_2),
                **_bits("selftest", variables.TEST_BITS, test),
            }
        )

    def _trend(self, trend: str, fields: Sequence[int]) -> Iterator[Event]:
        for field in variables.FIELDS:
            if field.index >= len(fields):
                continue
            raw, channel = fields[field.index], field.channel(trend)
            there = raw > variables.NO_VALUE
            if field.rare and not there and channel not in self._there:
                continue
            if there:
                self._there.add(channel)
            else:
                self._there.discard(channel)
            yield self._value(channel, raw / field.divisor if there else None)
        bits, artifact = variables.FLAGS[trend]
        yield from self._state(bits, f"{fields[variables.BITS] & 0xFFFF:04X}")
        yield from self._state(artifact, f"{fields[variables.ARTIFACT]:08X}")

    def _raw(self, packet: Packet) -> list[Event] | None:
        found = self._eeg.events(packet, demo=self._demo)
        if found:
            self._tick_us += self._eeg.period_us
        return found

    def _message(self, channel: Channel, data: bytes) -> list[Event] | None:
        text = data.partition(b"\0")[0]
        if len(data) > MAX_TEXT or not all(0x20 <= byte < 0x7F or byte in b"\t\r\n" for byte in text):
            return None
        return [self._value(channel, text.decode("ascii").strip() or None)]

    def _revision(self, data: bytes) -> list[Event] | None:
        parts = [data[at : at + 4] for at in range(0, len(data), 4)]
        if len(data) != 28 or not chr(data[27]).isascii() or not chr(data[27]).isalnum():
            return None
        system, *revisions, serial = parts
        letter = chr(serial[3])
        found: list[Event] = [
            DeviceIdentity(
                manufacturer="Aspect Medical Systems",
                model="BIS VISTA" if letter == "V" else "A-2000",
                serial=f"{letter}{int.from_bytes(serial[:3], 'little')}",
                software=f"{system[0]}.{system[1]:02}",
            )
        ]
        for channel, revision in zip(variables.REVISIONS, revisions, strict=True):
            found += self._state(channel, ".".join(str(byte) for byte in revision))
        return found

    def _compare(self, now: Mapping[str, AlarmCondition]) -> list[AlarmCondition]:
        before, self._conditions = self._conditions, {**now}
        found = [replace(before[source], phase=AlarmPhase.END) for source in before if source not in now]
        for source, condition in now.items():
            if source not in before:
                found.append(replace(condition, demo=self._demo))
            elif source in self._unheard:
                found.append(replace(condition, phase=AlarmPhase.CONTINUE, demo=self._demo))
        self._unheard.clear()
        return found


def _bits(what: str, names: Sequence[str], bits: int) -> Mapping[str, AlarmCondition]:
    sources = [
        f"{what}.{names[bit] if bit < len(names) else f'bit{bit}'}"
        for bit in range(bits.bit_length())
        if bits >> bit & 1
    ]
    return {
        source: AlarmCondition(
            source=source,
            type=AlarmType.TECHNICAL,
            priority=Priority.MEDIUM,
            phase=AlarmPhase.START,
            code=variables.CONDITIONS.get(source, UNMAPPED),
        )
        for source in sources
    }
