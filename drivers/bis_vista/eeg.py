"""Raw EEG messages → waveforms without a gap inside (fact sheet small-devices §1)."""

import struct

import numpy as np

from collector.model import Event, Quality, Waveform
from drivers.bis_vista.frames import Packet
from drivers.bis_vista.requests import RAW
from drivers.bis_vista.variables import EEG

PACKETS_PER_S = 8
RATES_HZ = frozenset({64, 128, 256, 512, 1024})
"""A second of it comes in 8 packets: that its count fits tells that the rate is one."""
GAIN_UV, OFFSET = 0.05, -3234.0
"""µV per count and the count of 0 µV where the monitor has not yet told its own (another program's defaults)."""
NO_SAMPLE = -32768

_HEADER = struct.Struct("<HH")


class Eeg:
    """The channels of one monitor. Value in µV = gain × (count − offset)."""

    def __init__(self) -> None:
        self.period_us = 1_000_000 // PACKETS_PER_S
        self._gain, self._offset = GAIN_UV, OFFSET
        self._calibrated = False
        self._sequence = -1
        self._number = -1
        self._unbroken = False
        """Whether no packet is missing since the last samples."""
        self._missing: list[int | None] = [None] * len(EEG)
        self._rate_hz = 0

    def calibrate(self, gain_uv: float, offset: float) -> None:
        self._gain, self._offset, self._calibrated = gain_uv, offset, True

    def lose(self) -> None:
        self._sequence = self._number = -1
        self._unbroken = False

    def follow(self, packet: Packet) -> None:
        """Remember what a good packet says of what is next: its own number, and that of its message."""
        self._unbroken = packet.message == RAW or (self._unbroken and packet.sequence == self._sequence)
        self._sequence = (packet.sequence + 1) & 0xFFFF
        if packet.message == RAW:
            self._number = (packet.number + 1) & 0xFFFF

    def events(self, packet: Packet, *, demo: bool) -> list[Event] | None:
        """The samples; None where they do not fit. They continue if either number says that nothing was lost."""
        data = packet.data
        if len(data) <= _HEADER.size:
            return None
        n_channels, rate_hz = _HEADER.unpack_from(data)
        width = 2 * n_channels
        if n_channels not in {1, 2, 3, 4} or rate_hz not in RATES_HZ:
            return None
        if len(data) - _HEADER.size != rate_hz // PACKETS_PER_S * width:
            return None
        follows = self._unbroken and packet.sequence == self._sequence
        if rate_hz != self._rate_hz or not (follows or packet.number == self._number):
            self._missing = [None] * len(EEG)
        self._rate_hz = rate_hz
        samples = np.frombuffer(data, "<i2", offset=_HEADER.size).reshape(-1, n_channels)
        found: list[Event] = []
        for n in range(n_channels):
            found += self._pieces(n, samples[:, n], demo=demo)
        return found

    def _pieces(self, n: int, samples: np.ndarray[tuple[int], np.dtype[np.int16]], *, demo: bool) -> list[Event]:
        good = samples != NO_SAMPLE
        bounds = np.flatnonzero(np.diff(good, prepend=False, append=False)).tolist()
        found: list[Event] = []
        at, missing = 0, self._missing[n]
        for start, stop in zip(bounds[::2], bounds[1::2], strict=True):
            found.append(
                Waveform(
                    channel=EEG[n],
                    rate_hz=float(self._rate_hz),
                    data=samples[start:stop].astype("<i4").tobytes(),
                    scale=self._gain,
                    offset=-self._gain * self._offset,
                    quality=Quality.VALID if self._calibrated else Quality.QUESTIONABLE,
                    demo=demo,
                    gap_samples=None if missing is None else missing + start - at,
                    start_us=round((start - len(samples)) * 1_000_000 / self._rate_hz),
                )
            )
            at, missing = stop, 0
        self._missing[n] = None if missing is None else missing + len(samples) - at
        return found
