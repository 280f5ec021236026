"""Runs of waveform samples: which pieces go on from each other. Pure."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from collector.model import WavePiece

SLACK_SAMPLES = 0.01
"""A piece goes on exactly if it begins within this part of a sample period, or a µs, of where the run would."""


def slack_us(rate_hz: float) -> float:
    """How far from its due time a sample still goes on exactly."""
    return max(1.0, SLACK_SAMPLES * 1_000_000 / rate_hz)


def end_us_of(piece: WavePiece) -> int:
    """When the sample after the last would be."""
    return sample_us(piece, piece.n)


def sample_us(piece: WavePiece, number: int) -> int:
    """When a sample of a piece is, or would be, counted from 0."""
    return piece.start_us + round(number * 1_000_000 / piece.rate_hz)


def alike(one: WavePiece, other: WavePiece) -> bool:
    """Whether two pieces differ at most in their start and samples."""
    return replace(other, start_us=one.start_us, data=one.data) == one


def join(pieces: Iterable[WavePiece], longest_s: float = math.inf) -> Iterator[WavePiece]:
    """Pieces of any series, each series' in order of time, as runs of at most `longest_s`; a gap begins a new run.

    Samples are neither added nor dropped, and each keeps its time within the slack; a run's other fields are its first
    piece's. Runs come in the order in which they end.
    """
    return map(joined, chains(pieces, longest_s))


def joined(chain: Sequence[WavePiece]) -> WavePiece:
    """One run of pieces that go on from each other."""
    return replace(chain[0], data=b"".join(part.data for part in chain))


def chains(pieces: Iterable[WavePiece], longest_s: float = math.inf) -> Iterator[list[WavePiece]]:
    """The pieces of each run that `join` makes. However many there are, no start is further off than one may be."""
    open_chains: dict[object, tuple[list[WavePiece], int]] = {}
    for piece in pieces:
        chain, n = open_chains.get(piece.series, ([], 0))
        if chain and _goes_on(chain[0], n, piece) and (n + piece.n) / piece.rate_hz <= longest_s:
            chain.append(piece)
            open_chains[piece.series] = chain, n + piece.n
            continue
        if chain:
            yield chain
        open_chains[piece.series] = [piece], piece.n
    for chain, _ in open_chains.values():
        yield chain


def _goes_on(run: WavePiece, n: int, piece: WavePiece) -> bool:
    """Whether `piece` goes on after n samples of `run`: the same series and scale, no sample between, none twice."""
    return alike(run, piece) and abs(piece.start_us - sample_us(run, n)) <= slack_us(run.rate_hz)
