"""The realtime side of the simulated device: waves of the patient → records (fact sheet draeger-medibus §6)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from collector.model import Channel, Event, Observation, Waveform
from drivers.draeger_medibus.frames import Record
from drivers.draeger_medibus.waves import PHASE, PHASES
from drivers.draeger_medibus.workstation import INTERVAL_US, Offer
from drivers.patient import Patient

INSPIRATION = 1.0 / 3.0
"""The part of a breath that Patient draws as inspiration."""
MAX_BURST = 1_000
"""Samples of one burst at most: a clock that jumps is not followed sample by sample."""


@dataclass(slots=True)
class _Stream:
    offer: Offer
    channel: Channel
    times: int
    bins: list[int] = field(default_factory=list)
    gap: int | None = None
    next_gap: int = 0


class Transmitter:
    """Streams as the host has configured and enabled them; the samples since the last burst as records."""

    def __init__(self, offers: Sequence[Offer], patient: Patient, skip_every: int) -> None:
        self._offers = {offer.stream.code: offer for offer in offers}
        self._patient = patient
        self._skip_every = skip_every
        self._streams: list[_Stream] = []
        self._mask = 0
        self._upper = [0, 0]
        self._next = 0
        self._records = 0

    @property
    def running(self) -> bool:
        return bool(self._mask and self._streams)

    def forget(self) -> None:
        """ICC or 56H: nothing is configured, nothing enabled."""
        self._streams, self._mask, self._upper = [], 0, [0, 0]

    def configure(self, pairs: Sequence[tuple[bytes, int]], channels: Mapping[bytes, Channel]) -> None:
        """54H: streams 1, 2, … with their multipliers; codes that are not offered end the list."""
        self.forget()
        for code, times in pairs:
            if code not in self._offers:
                break
            self._streams.append(_Stream(self._offers[code], channels[code], times))

    def enable(self, record: Record, time_s: float) -> None:
        """Sync commands C1, C2, C3: which of streams 1-4, 5-8, 9-12 are to be sent."""
        before = self.running
        for command, mask in record.commands:
            if command in {1, 2, 3}:
                shift = 4 * (command - 1)
                self._mask = self._mask & ~(0x0F << shift) | mask << shift
        self._mask &= (1 << len(self._streams)) - 1
        if self.running and not before:
            self._next = int(time_s * 1e6) // INTERVAL_US + 1

    def burst(self, time_s: float) -> tuple[bytes, list[Event]]:
        """The records due until `time_s` of the device, and what they say."""
        last = min(int(time_s * 1e6) // INTERVAL_US, self._next + MAX_BURST)
        n = last - self._next + 1
        if not self.running or n <= 0:
            return b"", []
        start_s, rate_hz = self._next * INTERVAL_US / 1e6, 1e6 / INTERVAL_US
        breaths = self._patient.breaths(start_s + (np.arange(n + 1) - 1) / rate_hz)
        waves = {s.offer.wave: self._patient.wave(s.offer.wave, start_s, n, rate_hz) for s in self._streams}
        out = bytearray()
        said: list[Event] = []
        for i in range(n):
            phase = _phase(breaths[i], breaths[i + 1])
            if phase is not None:
                said.append(Observation(channel=PHASE, value=PHASES[phase]))
            out += self._record(self._next + i, phase, {name: float(wave[i]) for name, wave in waves.items()}, said)
        self._next = last + 1
        for stream in self._streams:
            said += _piece(stream)
        return bytes(out), said

    def _record(self, k: int, phase: int | None, values: Mapping[str, float], said: list[Event]) -> bytes:
        due = [i for i, s in enumerate(self._streams) if self._mask >> i & 1 and k % s.times == 0]
        if not due and phase is None:
            return b""
        self._records += 1
        if self._skip_every and self._records % self._skip_every == 0 and len(due) > 1:
            skipped = self._streams[due.pop()]
            said += _piece(skipped)
            skipped.next_gap += 1
        bits = sum(1 << i for i in due)
        out = bytearray((0xD0 | bits & 0x0F,))
        for group in (0, 1):
            mask = bits >> 4 * (group + 1) & 0x0F
            if mask != self._upper[group]:
                self._upper[group] = mask
                out += bytes((0xC4 + group, 0xC0 | mask))
        if phase is not None:
            out += bytes((0xC6, 0xC0 | phase))
        if not due:
            return bytes(out + b"\xc0\xc0")
        for i in due:
            stream = self._streams[i]
            bin_ = stream.offer.bin(values[stream.offer.wave])
            if not stream.bins:
                stream.gap, stream.next_gap = stream.next_gap, 0
            stream.bins.append(bin_)
            out += bytes((0x80 | bin_ & 0x3F, 0x80 | bin_ >> 6))
        return bytes(out)


def _piece(stream: _Stream) -> list[Waveform]:
    if not stream.bins:
        return []
    told = stream.offer.stream
    piece = Waveform(
        channel=stream.channel,
        rate_hz=1e6 / (told.interval_us * stream.times),
        data=np.array(stream.bins, dtype="<i4").tobytes(),
        scale=(told.maximum - told.minimum) / told.max_bin,
        offset=told.minimum,
        gap_samples=stream.gap,
    )
    stream.bins = []
    return [piece]


def _phase(before: float, now: float) -> int | None:
    """0 where inspiration begins between two samples, 1 where expiration does."""
    if int(now) > int(before):
        return 0
    return 1 if before % 1.0 < INSPIRATION <= now % 1.0 else None
