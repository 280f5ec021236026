"""Packing of waves in runs of 10 s: size, and speed in processor time, beside other ways with the same samples."""

import importlib
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import zstandard
from numpy.typing import NDArray

from collector.driver import driver
from collector.model import Waveform
from collector.packing import pack, unpack
from tests.bench.decoding import chunks
from tests.bench.outside import NotRunError, packaged
from tests.bench.report import Row
from tests.bench.synthetic import WAVES, waves
from tests.shared import SHARED

Counts = NDArray[np.int32]
Signals = Mapping[str, tuple[int, Counts]]
"""Name → samples a second, counts of shape (n,)."""

RUN_S = 10
REPEATS = 5
LEAST_IN, LEAST_OUT = 25.0, 80.0
"""Million samples a second (design §8)."""
RECORDS = {"100": 0.50, "03700181": 0.37}
"""Records of captures/waveforms → bytes a sample at the most (design §8)."""
MOST_OF_PLAIN = 0.95
"""Of the size of plain differences, byte planes and zstd-3, for the waves of db00.raw (design §8)."""
PLAIN, ATRIUM, FLAC = "delta+planes+zstd-3", "AtriumDB", "FLAC"
_REFERENCES = {ATRIUM: "atrium_dataset.py", FLAC: "flac_runs.py"}


def rows() -> Iterator[Row]:
    synthetic = {name: (WAVES[name], counts) for name, counts in waves().items()}
    yield from _sizes("8 synthetic waves", synthetic, None)
    for record, budget in RECORDS.items():
        path = SHARED / "captures/waveforms" / record
        if path.with_suffix(".dat").exists():
            yield from _sizes(f"record {record}", _record(path), budget)
        else:
            yield Row(what=f"packing, record {record}", unit="B/sample", note="no record (VITALSD_SHARED)")
    recording = SHARED / "captures/datex-dri/db00.raw"
    if recording.exists():
        for name, signal in _recorded(recording).items():
            yield from _sizes(f"db00.raw {name}", {name: signal}, None, most_of_plain=MOST_OF_PLAIN)
    else:
        yield Row(what="packing, db00.raw", unit="of plain", note="no recording (VITALSD_SHARED)")
    yield from _speeds(synthetic)


def _sizes(what: str, signals: Signals, budget: float | None, *, most_of_plain: float | None = None) -> Iterator[Row]:
    runs = _runs(signals)
    samples = sum(run.size for run in runs)
    packed = [pack(run) for run in runs]
    for run, data in zip(runs, packed, strict=True):
        if not np.array_equal(unpack(data, run.size), run):
            raise RuntimeError(f"{what}: what was unpacked is not what was packed")
    size = sum(map(len, packed)) / samples
    plain = sum(len(_plain_pack(run)) for run in runs) / samples
    note = "; ".join(_foreign_size(name, size, signals) for name in _REFERENCES)
    yield Row(
        what=f"packing, {what}", unit="B/sample", value=size, budget=budget, reference=plain, against=PLAIN, note=note
    )
    if most_of_plain is not None:
        yield Row(what=f"packing, {what} against plain", unit="of plain", value=size / plain, budget=most_of_plain)


def _foreign_size(name: str, size: float, signals: Signals) -> str:
    try:
        answer = _ask(name, signals)
    except NotRunError as error:
        return f"{name}: {error}"
    return f"×{size / answer['bytes_per_sample']:.2f} {name}"


def _speeds(signals: Signals) -> Iterator[Row]:
    runs = _runs(signals)
    samples = sum(run.size for run in runs)
    speeds: dict[str, list[tuple[float, float]]] = {"ours": [], PLAIN: []}
    why: dict[str, str] = {}
    for _ in range(REPEATS):
        speeds["ours"].append(_speed(runs, samples, pack, unpack))
        speeds[PLAIN].append(_speed(runs, samples, _plain_pack, _plain_unpack))
        for name in _REFERENCES:
            try:
                answer = _ask(name, signals)
            except NotRunError as error:
                why[name] = f"{name}: {error}"
            else:
                speeds.setdefault(name, []).append((answer["in_per_s"] / 1e6, answer["out_per_s"] / 1e6))
    for way, (what, budget) in enumerate((("in", LEAST_IN), ("out", LEAST_OUT))):
        rates = {name: median(speed[way] for speed in found) for name, found in speeds.items()}
        others = [f"×{rates['ours'] / rates[name]:.2f} {name}" for name in _REFERENCES if name in rates]
        yield Row(
            what=f"packing, 8 synthetic waves {what}",
            unit="M samples/s",
            value=rates["ours"],
            budget=budget,
            at_least=True,
            reference=rates[PLAIN],
            against=PLAIN,
            note="; ".join([*others, *why.values()]),
        )


def _speed(
    runs: Sequence[Counts], samples: int, pack: Callable[[Counts], bytes], unpack: Callable[[bytes, int], Counts]
) -> tuple[float, float]:
    """Million samples in and out a second of processor time."""
    began = time.process_time()
    packed = [pack(run) for run in runs]
    between = time.process_time()
    for data, run in zip(packed, runs, strict=True):
        unpack(data, run.size)
    ended = time.process_time()
    return samples / (between - began) / 1e6, samples / (ended - between) / 1e6


def _runs(signals: Signals) -> list[Counts]:
    return [
        counts[first : first + RUN_S * rate_hz]
        for rate_hz, counts in signals.values()
        for first in range(0, counts.size, RUN_S * rate_hz)
    ]


def _plain_pack(counts: Counts) -> bytes:
    """Differences as the narrowest whole numbers, plane by plane."""
    differences = np.diff(counts, prepend=counts.dtype.type(0))
    narrow = differences.astype("<i2") if np.abs(differences).max() < 1 << 15 else differences.astype("<i4")
    planes = narrow.view(np.uint8).reshape(-1, narrow.itemsize)
    return _compressor.compress(np.ascontiguousarray(planes.T).data)


def _plain_unpack(data: bytes, samples: int) -> Counts:
    planes = np.frombuffer(_decompressor.decompress(data), np.uint8).reshape(-1, samples)
    narrow = np.ascontiguousarray(planes.T).view(f"<i{len(planes)}")
    return np.cumsum(narrow[:, 0], dtype=np.int32)


def _record(path: Path) -> Signals:
    wfdb = importlib.import_module("wfdb")
    record = wfdb.rdrecord(str(path), physical=False, smooth_frames=False)
    return {
        name: (round(record.fs * per_frame), np.asarray(signal, np.int32))
        for name, per_frame, signal in zip(record.sig_name, record.samps_per_frame, record.e_d_signal, strict=True)
    }


def _recorded(path: Path) -> Signals:
    """The waves of a recording of a GE monitor; runs across its gaps, as a few of 1 760 s matter to no size."""
    spec = driver("ge-datex-dri")
    session = spec.dialogue(spec.options(), datagrams=False)
    parts: dict[str, list[Waveform]] = {}
    for chunk in chunks(path.read_bytes()):
        for event in session.receive(chunk, 0.0):
            if isinstance(event, Waveform):
                parts.setdefault(event.channel.code, []).append(event)
    return {
        code: (round(found[0].rate_hz), np.concatenate([wave.counts for wave in found]))
        for code, found in parts.items()
    }


def _ask(name: str, signals: Signals) -> Mapping[str, float]:
    """What a reference says of all runs. Raises NotRunError."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "signals.npz"
        arrays: dict[str, Any] = {f"{rate_hz} {name}": counts for name, (rate_hz, counts) in signals.items()}
        np.savez(file, **arrays)
        return packaged(_REFERENCES[name], file, str(RUN_S))


_compressor = zstandard.ZstdCompressor(level=3)
_decompressor = zstandard.ZstdDecompressor()
