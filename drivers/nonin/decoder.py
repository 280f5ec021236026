"""Packets → events, with what has to be remembered between them (fact sheet small-devices §5)."""

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from collector.model import (
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
    Waveform,
)
from drivers.nonin import meanings
from drivers.nonin.frames import FRAMES, SERIAL_REPLY, Packet, Reply
from drivers.nonin.options import Options

PACKETS_PER_S = 3
RATE_HZ = float(PACKETS_PER_S * FRAMES)
RETELL = 30 * PACKETS_PER_S
"""A state that stays as it is is told anew in every so many packets: one that nobody tells any more looks old."""


class Decoder:
    """Reads what an oximeter says. `standing`: conditions of an earlier dialogue."""

    def __init__(self, options: Options, standing: Sequence[AlarmCondition] = ()) -> None:
        self._waves = options.waves
        self._values = tuple(value for value in meanings.VALUES if options.averages or value.shown)
        self._conditions = {one.source: one for one in standing}
        self._unheard = set(self._conditions)
        self._told: dict[Channel, object] = {}
        self._states_told: dict[Channel, tuple[float | str, int]] = {}
        self._identity = DeviceIdentity(manufacturer="Nonin")
        self._packets = 0

    def packet(self, packet: Packet) -> list[Event]:
        """The packet's Frame and what it carried. Values are told once a second, and when they change."""
        self._packets += 1
        variables, last = packet.variables, packet.status[-1]
        found: list[Event] = [
            self._frame(packet, "packet"),
            *self._identified(software=str(variables[meanings.REVISION])),
        ]
        doubtful = Quality.QUESTIONABLE if last & meanings.DOUBTFUL else Quality.VALID
        for value in self._values:
            number = value.read(variables)
            quality = Quality.NOT_AVAILABLE if number is None else doubtful
            said = Observation(channel=value.channel, value=None if number is None else float(number), quality=quality)
            if self._packets % PACKETS_PER_S == 1 or self._told.get(value.channel) != said:
                self._told[value.channel] = said
                found.append(said)
        found += self._states(packet)
        if self._waves:
            found.append(_pleth(packet))
        return found + self._compare(_conditions(last, variables[meanings.FLAGS]))

    def reply(self, reply: Reply) -> list[Event]:
        """A serial number, or an acknowledgement."""
        if reply.code != SERIAL_REPLY:
            return [self._frame(reply, "acknowledgement")]
        serial = reply.text.decode("ascii")
        return [self._frame(reply, "serial"), *self._identified(serial=serial)]

    def _frame(self, item: Packet | Reply, kind: str) -> Frame:
        tick_us = self._packets * 1_000_000 // PACKETS_PER_S
        return Frame(offset=item.offset, length=item.length, kind=kind, tick_us=tick_us)

    def _identified(self, *, serial: str = "", software: str = "") -> Iterator[Event]:
        known = self._identity
        told = replace(known, serial=serial or known.serial, software=software or known.software)
        if told != known:
            self._identity = told
            yield told

    def _states(self, packet: Packet) -> Iterator[Event]:
        variables = packet.variables
        colours = [status & (meanings.GREEN | meanings.RED) for status in packet.status]
        pulse = next((colour for colour in reversed(colours) if colour), 0)
        if pulse:
            yield from self._state(meanings.PERFUSION, meanings.COLOURS[pulse])
        artifact = any(status & meanings.ARTIFACT for status in packet.status)
        yield from self._state(meanings.ARTIFACTS, "yes" if artifact else "no")
        flags = variables[meanings.FLAGS]
        yield from self._state(meanings.QUALITY, "yes" if flags & meanings.SMARTPOINT else "no")
        high, low = variables[meanings.TIMER]
        if high or low or meanings.TIMING in self._states_told:
            yield from self._state(meanings.TIMING, float(high << 7 | low))
        unread = bytes(variables[place] for place in meanings.RESERVED)
        if any(unread) or meanings.UNREAD in self._states_told:
            yield from self._state(meanings.UNREAD, unread.hex())

    def _state(self, channel: Channel, value: float | str) -> Iterator[Event]:
        """What is told when it changes, and now and then."""
        before = self._states_told.get(channel)
        if before is None or before[0] != value or self._packets - before[1] >= RETELL:
            self._states_told[channel] = value, self._packets
            yield Observation(channel=channel, value=value)

    def _compare(self, now: Mapping[str, AlarmCondition]) -> list[AlarmCondition]:
        before, self._conditions = self._conditions, {**now}
        found = [replace(one, phase=AlarmPhase.END) for source, one in before.items() if source not in now]
        for source, one in now.items():
            if source not in before:
                found.append(one)
            elif source in self._unheard:
                found.append(replace(one, phase=AlarmPhase.CONTINUE))
        self._unheard.clear()
        return found


def _pleth(packet: Packet) -> Waveform:
    unusable = any(status & meanings.UNUSABLE for status in packet.status)
    return Waveform(
        channel=meanings.PLETH,
        rate_hz=RATE_HZ,
        data=struct.pack(f"<{FRAMES}i", *packet.pleth),
        quality=Quality.INVALID if unusable else Quality.VALID,
        gap_samples=0 if packet.follows else None,
        start_us=round(-FRAMES * 1_000_000 / RATE_HZ),
    )


def _conditions(status: int, flags: int) -> Mapping[str, AlarmCondition]:
    standing = [named for bit, named in meanings.CONDITIONS.items() if status & bit]
    if flags & meanings.LOW_BATTERY:
        standing.append(meanings.BATTERY)
    return {
        source: AlarmCondition(
            source=source, type=AlarmType.TECHNICAL, priority=Priority.MEDIUM, phase=AlarmPhase.START, code=code
        )
        for source, code in standing
    }
