"""Made-up entries of a bed: a value of each of 60 channels a second, and the pieces of 8 waves."""

from collections.abc import Iterator, Sequence

import numpy as np

from collector.journal import Journal
from collector.model import Channel, Entry, Quality, Reading, Series, WavePiece
from tests.bench.synthetic import WAVES, waves

CHANNELS = 60
SECOND_US = 1_000_000
CHUNK_S = 100
"""Seconds of a bed in one append while a journal is filled."""


def series(bed: str) -> list[Series]:
    return [
        Series(bed=bed, device="monitor", channel=Channel(code=f"VND_BENCH_{n}", source=str(n), unit="1"))
        for n in range(CHANNELS)
    ]


def wave_series(bed: str) -> list[Series]:
    return [
        Series(bed=bed, device="monitor", channel=Channel(code=f"VND_BENCH_{name}", source=name, unit="{raw}"))
        for name in WAVES
    ]


def readings(of: Sequence[Series], time_us: int) -> Iterator[Reading]:
    """One of each series, with one decimal as monitors display them."""
    for number, one in enumerate(of):
        value = 60.0 + number + (time_us // SECOND_US * 7 + number * 13) % 41 / 10
        yield Reading(series=one, time_us=time_us, value=value, text=None, quality=Quality.VALID, demo=False)


class Pieces:
    """The 8 waves of a bed, for ever the same 20 minutes."""

    def __init__(self, bed: str) -> None:
        self._series = wave_series(bed)
        self._counts = waves()

    def at(self, time_us: int, parts: int = 1) -> Iterator[WavePiece]:
        """The pieces that begin at `time_us`, so many of each wave in a second: 1, 2, 5 or 10."""
        for series_, (name, rate_hz) in zip(self._series, WAVES.items(), strict=True):
            counts = self._counts[name]
            first = time_us * rate_hz // SECOND_US % counts.size
            yield WavePiece(
                series=series_,
                start_us=time_us,
                rate_hz=float(rate_hz),
                data=np.ascontiguousarray(counts[first : first + rate_hz // parts], "<i4").tobytes(),
                scale=0.005,
                offset=0.0,
                quality=Quality.VALID,
                demo=False,
            )


def fill(journal: Journal, bed: str, first_us: int, seconds: int, *, with_waves: bool = False) -> int:
    """Append so many seconds of a bed; return the last sequence number."""
    of = series(bed)
    pieces = Pieces(bed) if with_waves else None
    for start in range(0, seconds, CHUNK_S):
        entries: list[Entry] = []
        for second in range(start, min(start + CHUNK_S, seconds)):
            entries += readings(of, first_us + second * SECOND_US)
            if pieces is not None:
                entries += pieces.at(first_us + second * SECOND_US)
        journal.append(entries)
    return journal.tip
