"""WFDB records; the one place that imports wfdb."""

import json
import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import wfdb

from collector.clock import rfc3339, to_datetime
from collector.export.track import Signal, Track
from collector.export.window import Selection, described
from collector.model import Quality, Series, WavePiece

ANNOTATOR = "quality"
"""Ending of the annotation file that marks where samples are questionable or a demonstration."""

_UNITS = {"1": "NU", "": "NU", "mm[Hg]": "mmHg", "cm[H2O]": "cmH2O", "Cel": "degC"}
"""WFDB's own words for UCUM codes that its headers cannot hold; others lose the characters that they may not have."""


class Records:
    """A record is a stretch of one device's signals of one rate, start and length; manifest.json says what is in each.

    A gap within a record is WFDB's invalid sample; another grid of time, another scale or a long gap begins another.
    """

    def __init__(self, folder: Path, chosen: Selection) -> None:
        self._folder = folder
        self._chosen = chosen
        self._tracks: dict[Series, Track] = {}
        self._signals: list[Signal] = []
        self._files = 0

    def add_waves(self, pieces: Sequence[WavePiece]) -> None:
        for piece in pieces:
            track = self._tracks.get(piece.series)
            if track is not None and track.position(piece) is not None:
                track.append(piece)
                continue
            if track is not None:
                self._signals.append(track.finish())
            self._files += 1
            self._tracks[piece.series] = Track(self._folder / f"track-{self._files}.dat", piece)
        for track in self._tracks.values():
            track.flush()

    def finish(self) -> None:
        self._signals += [track.finish() for track in self._tracks.values()]
        groups: dict[tuple[Any, ...], list[Signal]] = defaultdict(list)
        for signal in self._signals:
            first = signal.first
            groups[first.start_us, first.series.device, first.rate_hz, signal.n].append(signal)
        manifest = [
            _record(f"{_safe(device, 32) or 'device'}_{number:04d}", signals)
            for number, ((_, device, _, _), signals) in enumerate(sorted(groups.items()), 1)
        ]
        text = json.dumps({**described(self._chosen), "records": manifest}, ensure_ascii=False, indent=1)
        (self._folder / "manifest.json").write_text(text + "\n", encoding="utf-8")


def _record(name: str, signals: Sequence[Signal]) -> dict[str, Any]:
    """Write header and annotations, give the signal files their names; return the record's part of the manifest."""
    first, n, folder = signals[0].first, signals[0].n, signals[0].file.parent
    start = to_datetime(first.start_us)
    files = [f"{name}_{number}.dat" for number, _ in enumerate(signals)]
    for signal, file in zip(signals, files, strict=True):
        signal.file.rename(folder / file)
    facts = [_facts(signal) for signal in signals]
    wfdb.Record(
        record_name=name,
        n_sig=len(signals),
        fs=first.rate_hz,
        sig_len=n,
        base_time=start.time(),
        base_date=start.date(),
        file_name=files,
        fmt=[str(signal.format) for signal in signals],
        adc_gain=[signal.scaling.gain for signal in signals],
        baseline=[signal.scaling.baseline for signal in signals],
        units=[_unit(signal.first.series.channel.unit) for signal in signals],
        adc_res=[signal.format for signal in signals],
        adc_zero=[0 for _ in signals],
        init_value=[signal.initial for signal in signals],
        checksum=[signal.checksum for signal in signals],
        block_size=[0 for _ in signals],
        sig_name=_names(signals),
        comments=[
            f"start {rfc3339(first.start_us)}, {first.rate_hz!r} samples a second",
            "samples are as captured: none repeated, filled in or interpolated; an invalid sample is a gap",
            "sample = count * factor; value = count * scale + offset",
            *(f"signal {number} {json.dumps(fact)}" for number, fact in enumerate(facts)),
        ],
    ).wrheader(write_dir=str(folder))
    _annotate(name, signals, folder)
    return {
        "record": name,
        "device": first.series.device,
        "start": rfc3339(first.start_us),
        "rate_hz": first.rate_hz,
        "n": n,
        "signals": facts,
    }


def _facts(signal: Signal) -> dict[str, Any]:
    """What the header cannot hold exactly. error: of WFDB's own physical value, in the unit."""
    channel = signal.first.series.channel
    doubts = {(span.quality.value, span.demo) for span in signal.spans}
    return {
        "code": channel.code,
        "source": channel.source,
        "role": channel.role.value,
        "site": channel.site,
        "unit": channel.unit,
        "scale": signal.first.scale,
        "offset": signal.first.offset,
        "factor": signal.scaling.factor,
        "error": signal.scaling.error,
        "samples": signal.samples,
        "quality": sorted({quality for quality, _ in doubts}),
        "demo": any(demo for _, demo in doubts),
    }


def _annotate(name: str, signals: Sequence[Signal], folder: Path) -> None:
    """Mark each sample at which quality or demo flag becomes another; a record begins valid and no demonstration."""
    notes: list[tuple[int, int, str]] = []
    for number, signal in enumerate(signals):
        state = (Quality.VALID, False)
        for span in signal.spans:
            if (span.quality, span.demo) != state:
                state = span.quality, span.demo
                notes.append((span.first, number, span.quality.value + " demo" * span.demo))
    if notes:
        samples, channels, texts = zip(*sorted(notes), strict=True)
        wfdb.wrann(
            name,
            ANNOTATOR,
            sample=np.array(samples),
            symbol=["~"] * len(notes),  # change in signal quality
            chan=np.array(channels),
            aux_note=list(texts),
            write_dir=str(folder),
        )


def _names(signals: Sequence[Signal]) -> list[str]:
    """code/source of each, made different where they are the same."""
    names: list[str] = []
    for number, signal in enumerate(signals):
        channel = signal.first.series.channel
        name = f"{channel.code}/{channel.source}"
        name = re.sub(r"[^!-~]+", "_", name)
        names.append(f"{name}#{number}" if name in names else name)
    return names


def _unit(unit: str) -> str:
    return _UNITS.get(unit) or re.sub(r"[^\w^%/?-]", "_", unit, flags=re.ASCII)


def _safe(text: str, longest: int) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_")[:longest]
