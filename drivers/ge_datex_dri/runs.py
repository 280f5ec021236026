"""Samples of one channel cut into runs without a gap inside (fact sheet ge-datex-dri §6)."""

import numpy as np
from numpy.typing import NDArray

from collector.model import Channel, Quality, Waveform

CONTROL = -32000
"""Samples at or below it are control codes, not data (§6)."""


class Run:
    """One channel's samples. `missing`: sample periods lost since its last piece, None while nobody knows."""

    __slots__ = ("channel", "missing", "rate_hz", "scale")

    def __init__(self, channel: Channel, rate_hz: int, scale: float) -> None:
        self.channel = channel
        self.rate_hz = rate_hz
        self.scale = scale
        self.missing: int | None = None

    def take(self, samples: NDArray[np.signedinteger], quality: Quality, after: int = 0) -> list[Waveform]:
        """The pieces of a record's samples, shape (n,); `after`: how many more follow until the record's time."""
        n = len(samples)
        good = samples > CONTROL
        if good.all():
            bounds = [0, n] if n else []
        else:
            bounds = np.flatnonzero(np.diff(good, prepend=False, append=False)).tolist()
        found: list[Waveform] = []
        at = 0
        for start, stop in zip(bounds[::2], bounds[1::2], strict=True):
            found.append(
                Waveform(
                    channel=self.channel,
                    rate_hz=float(self.rate_hz),
                    data=samples[start:stop].astype("<i4").tobytes(),
                    scale=self.scale,
                    quality=quality,
                    gap_samples=None if self.missing is None else self.missing + start - at,
                    start_us=round((start - n - after) * 1_000_000 / self.rate_hz),
                )
            )
            at, self.missing = stop, 0
        if self.missing is not None:
            self.missing += n - at
        return found
