"""Wave messages, one sample each, → waveforms without a gap inside (fact sheet small-devices §4)."""

import struct

from collector.model import Event, Quality, Waveform
from drivers.capnostream.meanings import MMHG, wave

RATE_HZ = 20.0
PIECE = 20
"""Samples of a piece at most: a second."""
MAX_MISSED = 40
"""The message number is one byte: more than that may be whole turns of it."""


class Wave:
    """The CO2 wave of one dialogue. Before the units byte has come it is taken for mmHg, and questionable.

    kept: False gives no samples, only what is missing.
    """

    PERIOD_US = 50_000

    def __init__(self, *, kept: bool = True) -> None:
        self._kept = kept
        self._channel = wave(MMHG)
        self._quality = Quality.QUESTIONABLE
        self._number = -1
        self._samples: list[int] = []
        self._gap: int | None = None
        self._next_gap: int | None = None

    def unit_is(self, unit: str) -> None:
        """The scale in kPa and Vol% is not certain."""
        channel, quality = wave(unit), Quality.VALID if unit == MMHG else Quality.QUESTIONABLE
        if channel != self._channel:
            self._next_gap = None
        self._channel, self._quality = channel, quality

    def missed(self, number: int) -> int | None:
        """How many samples are missing before this message; None: not known."""
        missed = (number - self._number - 1) & 0xFF
        return missed if self._number >= 0 and missed <= MAX_MISSED else None

    def forget(self) -> None:
        """So long without a message that how many are missing before the next one is not known."""
        self._number = -1

    def add(self, number: int, count: int | None) -> list[Event]:
        """A sample in 1/256, None where it is none; the pieces that are complete with it."""
        missed = self.missed(number)
        self._number = number
        found: list[Event] = []
        if missed != 0:
            found += self.flush(1 + (missed or 0))
            self._next_gap = None if missed is None or self._next_gap is None else self._next_gap + missed
        if count is None or not self._kept:
            found += self.flush(1)
            self._next_gap = None if self._next_gap is None else self._next_gap + 1
            return found
        if not self._samples:
            self._gap, self._next_gap = self._next_gap, 0
        self._samples.append(count)
        if len(self._samples) == PIECE:
            found += self.flush()
        return found

    def flush(self, later: int = 0) -> list[Event]:
        """What has been gathered; `later`: sample periods from its last sample to the message that is being read."""
        samples, self._samples = self._samples, []
        if not samples:
            return []
        return [
            Waveform(
                channel=self._channel,
                rate_hz=RATE_HZ,
                data=struct.pack(f"<{len(samples)}i", *samples),
                scale=1 / 256,
                quality=self._quality,
                gap_samples=self._gap,
                start_us=-self.PERIOD_US * (len(samples) - 1 + later),
            )
        ]
