"""Runs of waveform samples: which pieces go on from each other. Pure."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace

from collector.model import WavePiece

SLACK_SAMPLES = 0.01
"""A piece goes on exactly if it begins within this part of a sample period, or a µs, of where the last one ended."""


def slack_us(rate_hz: float) -> float:
    """How far from its due time a sample still goes on exactly."""
    return max(1.0, SLACK_SAMPLES * 1_000_000 / rate_hz)


def end_us_of(piece: WavePiece) -> int:
    """When the sample after the last would be."""
    return piece.start_us + round(piece.n * 1_000_000 / piece.rate_hz)


def follows(run: WavePiece, piece: WavePiece) -> bool:
    """Whether `piece` goes on where `run` ends: the same series and scale, no sample between them, none twice."""
    return replace(piece, start_us=run.start_us, data=run.data) == run and (
        abs(piece.start_us - end_us_of(run)) <= slack_us(run.rate_hz)
    )


def join(pieces: Iterable[WavePiece], longest_s: float = math.inf) -> Iterator[WavePiece]:
    """Pieces of any series, each series' in order of time, as runs of at most `longest_s`; a gap begins a new run.

    Samples are neither added nor dropped, and each keeps its time within the slack; a run's other fields are its first
    piece's. Runs come in the order in which they end.
    """
    open_runs: dict[object, list[WavePiece]] = {}

    def closed(parts: list[WavePiece]) -> WavePiece:
        return replace(parts[0], data=b"".join(part.data for part in parts))

    for piece in pieces:
        parts = open_runs.get(piece.series)
        if parts is not None:
            run_n = sum(part.n for part in parts)
            due_us = parts[0].start_us + round(run_n * 1_000_000 / parts[0].rate_hz)
            on_grid = abs(piece.start_us - due_us) <= slack_us(piece.rate_hz)
            if follows(parts[-1], piece) and on_grid and (run_n + piece.n) / piece.rate_hz <= longest_s:
                parts.append(piece)
                continue
            yield closed(parts)
        open_runs[piece.series] = [piece]
    for parts in open_runs.values():
        yield closed(parts)
