"""Real waves in runs of 10 s, as counts of shape (n,): PhysioNet records 100 and 03700181, and a GE monitor's db00."""

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from collector.decode import decode
from collector.model import Waveform
from collector.recording import recording
from drivers.ge_datex_dri import SPEC
from tests.shared import capture

Runs = list[NDArray[np.int32]]


def record_100() -> Runs:
    """Both ECG channels at 360 Hz (header of the record: format 212)."""
    both = _format_212("100.dat")[: 2 * 650_000].reshape(-1, 2)
    return [*_runs(both[:, 0], 360), *_runs(both[:, 1], 360)]


def record_03700181() -> Runs:
    """ECG at 500 Hz, pressure and respiration at 125 Hz: frames of 4 + 1 + 1 samples (header: 212x4, 212, 212)."""
    frames = _format_212("03700181.dat")[: 6 * 75_000].reshape(-1, 6)
    return [*_runs(frames[:, :4].ravel(), 500), *_runs(frames[:, 4], 125), *_runs(frames[:, 5], 125)]


def db00() -> list[Runs]:
    """Each of the two waves of the recording at 100 Hz."""
    waves: dict[str, list[NDArray[np.int32]]] = defaultdict(list)
    for event in decode(SPEC, recording(capture("datex-dri", "db00.raw"))):
        if isinstance(event, Waveform):
            assert event.rate_hz == 100.0
            waves[event.channel.code].append(np.frombuffer(event.data, "<i4"))
    assert len(waves) == 2
    return [_runs(np.concatenate(parts), 100) for parts in waves.values()]


def _runs(counts: NDArray[np.int32], rate_hz: int) -> Runs:
    return [counts[first : first + 10 * rate_hz] for first in range(0, counts.size, 10 * rate_hz)]


def _format_212(name: str) -> NDArray[np.int32]:
    """Pairs of 12-bit numbers in three bytes (WFDB, signal(5))."""
    raw = np.frombuffer(capture("waveforms", name).read_bytes(), np.uint8).astype(np.int32)
    raw = raw[: raw.size // 3 * 3].reshape(-1, 3)
    numbers = np.stack([raw[:, 0] | (raw[:, 1] & 15) << 8, raw[:, 2] | (raw[:, 1] >> 4) << 8], axis=1).ravel()
    return np.where(numbers > 2047, numbers - 4096, numbers).astype(np.int32)
