"""Reads exports back with wfdb and pyarrow, sample by sample."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import wfdb

from collector.clock import from_datetime
from collector.export import Format, Selection, Summary, export
from collector.model import Channel, Role, Series, WavePiece
from tests.journal.entries import BED

SECOND_US = 1_000_000


@dataclass(frozen=True, slots=True)
class Sample:
    """time_us: exact; value: in the channel's unit as the file's reader gives it; error: what the file says of it."""

    time_us: Fraction
    count: int
    value: float
    quality: str
    demo: bool
    error: float = 0.0


Samples = Mapping[Series, Sequence[Sample]]


def chosen(start_us: int, end_us: int, *codes: str, bed: str = BED) -> Selection:
    return Selection(bed=bed, codes=codes, start_us=start_us, end_us=end_us)


def exported(dsn: str, selection: Selection, format_: Format, out: Path) -> tuple[Samples, Summary]:
    summary = export(dsn, selection, format_, out)
    samples = from_parquet(out) if format_ is Format.PARQUET else from_wfdb(out, selection.bed)
    assert summary.samples == sum(map(len, samples.values()))
    assert summary.files == len(list(out.iterdir()))
    return samples, summary


def of_pieces(pieces: Iterable[WavePiece], start_us: int, end_us: int) -> Samples:
    """What an export of these pieces must hold: samples whose time, rounded to µs, lies in the window."""
    found: dict[Series, list[Sample]] = defaultdict(list)
    for piece in pieces:
        for n, count in enumerate(np.frombuffer(piece.data, "<i4").tolist()):
            time_us = piece.start_us + n * SECOND_US / Fraction(piece.rate_hz)
            if start_us <= round(time_us) < end_us:
                value = count * piece.scale + piece.offset
                found[piece.series].append(Sample(time_us, count, value, piece.quality.value, piece.demo))
    return found


def same(found: Samples, wanted: Samples, rates: Mapping[Series, float]) -> None:
    """The same samples, none more and none less, each at its time to a hundredth of a sample period or a µs."""
    assert found.keys() == wanted.keys()
    for series in found:
        ours, theirs = (_alike(samples[series]) for samples in (found, wanted))
        assert {key: len(samples) for key, samples in ours.items()} == {
            k: len(samples) for k, samples in theirs.items()
        }
        widest = max(abs(sample.count) for sample in wanted[series])
        slack_us = Fraction(max(1.0, 0.01 * SECOND_US / rates[series])) + 1
        for key, samples in ours.items():
            for one, other in zip(samples, theirs[key], strict=True):
                assert abs(one.time_us - other.time_us) <= slack_us
            for one, other in zip(_by_value(samples), _by_value(theirs[key]), strict=True):
                assert abs(one.value - other.value) <= one.error + 1e-12 * max(1.0, abs(other.value))
                assert one.error == 0 or widest > 2**29  # else there is room for the factor of a fractional baseline


def _by_value(samples: Sequence[Sample]) -> Sequence[Sample]:
    return sorted(samples, key=lambda sample: sample.value)


def _alike(samples: Sequence[Sample]) -> Mapping[tuple[object, ...], Sequence[Sample]]:
    """Samples that only their times tell apart, in order of time."""
    found: dict[tuple[object, ...], list[Sample]] = defaultdict(list)
    for sample in sorted(samples, key=lambda sample: sample.time_us):
        found[sample.count, sample.quality, sample.demo].append(sample)
    return found


def table(out: Path, name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(out / f"{name}.parquet").to_pylist()
    return rows


def from_parquet(out: Path) -> Samples:
    found: dict[Series, list[Sample]] = defaultdict(list)
    for row in table(out, "waves"):
        assert row["n"] == len(row["counts"])
        start_us = from_datetime(row["start"])
        for n, count in enumerate(row["counts"]):
            time_us = start_us + n * SECOND_US / Fraction(row["rate_hz"])
            value = count * row["scale"] + row["offset"]
            found[_series(row)].append(Sample(time_us, count, value, row["quality"], row["demo"]))
    return found


def from_wfdb(out: Path, bed: str) -> Samples:
    found: dict[Series, list[Sample]] = defaultdict(list)
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert {r["record"] for r in manifest["records"]} == {f.stem for f in out.glob("*.hea")}
    for listed in manifest["records"]:
        name = str(out / listed["record"])
        digital, physical = (wfdb.rdrecord(name, physical=physical) for physical in (False, True))
        for record in (digital, physical):
            assert (record.fs, record.sig_len, record.n_sig) == (listed["rate_hz"], listed["n"], len(listed["signals"]))
        start_us = from_datetime(digital.base_datetime.replace(tzinfo=UTC))
        notes: list[tuple[int, int, str]] = []
        if Path(f"{name}.quality").exists():
            read = wfdb.rdann(name, "quality")
            notes = list(zip(read.sample.tolist(), read.chan.tolist(), read.aux_note, strict=True))
        for number, signal in enumerate(listed["signals"]):
            assert f"signal {number} {json.dumps(signal)}" in digital.comments
            marks = {at: note for at, on, note in notes if on == number}
            series = _series({**signal, "bed": bed, "device": listed["device"]})
            state, held = "valid", 0
            for n, (sample, value) in enumerate(
                zip(digital.d_signal[:, number].tolist(), physical.p_signal[:, number].tolist(), strict=True)
            ):
                state = marks.get(n, state)
                if np.isnan(value):
                    continue
                held += 1
                assert sample % signal["factor"] == 0
                quality, _, demo = state.partition(" ")
                time_us = start_us + n * SECOND_US / Fraction(listed["rate_hz"])
                found[series].append(
                    Sample(time_us, sample // signal["factor"], value, quality, demo == "demo", signal["error"])
                )
            assert held == signal["samples"]
    return found


def _series(row: Mapping[str, Any]) -> Series:
    channel = Channel(
        code=row["code"], source=row["source"], unit=row["unit"], role=Role(row["role"]), site=row["site"]
    )
    return Series(bed=row["bed"], device=row["device"], channel=channel)
