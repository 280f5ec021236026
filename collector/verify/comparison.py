"""What was acknowledged against what a store holds: lost, there twice, or there though nobody said it. Pure."""

import json
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from collector.journal.rows import identity_row
from collector.model import Entry, Identity, WavePiece

_MARGIN = 8
"""Samples that agree before and after those that do not, so that one that comes again is told from one made up."""

_Kind = tuple[Hashable, ...]
"""Everything of a run of samples but their times and counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Numbers of entries and of wave samples.

    wanted: acknowledged; lost: of those, not in the store or different in it; duplicated: in the store once too often;
    invented: in the store, and never generated.
    """

    wanted: int = 0
    lost: int = 0
    duplicated: int = 0
    invented: int = 0

    def __add__(self, other: "Comparison") -> "Comparison":
        return Comparison(
            wanted=self.wanted + other.wanted,
            lost=self.lost + other.lost,
            duplicated=self.duplicated + other.duplicated,
            invented=self.invented + other.invented,
        )


def compare(must: Iterable[Entry], may: Iterable[Entry], held: Iterable[Entry]) -> Comparison:
    """`must`: acknowledged, each to be held exactly once; `may`: generated and never acknowledged, to be held at most
    once. The same entry generated twice is one. Wave samples are compared one by one, however they are cut into pieces.
    """
    rows, pieces = _parted(must)
    maybe_rows, maybe_pieces = _parted(may)
    held_rows, held_pieces = _parted(held)
    return _compare_rows(set(rows), set(maybe_rows), Counter(held_rows)) + _compare_waves(
        list(dict.fromkeys(pieces)), list(dict.fromkeys(maybe_pieces)), held_pieces
    )


def compare_samples(
    time_us: NDArray[np.int64],
    counts: NDArray[np.int32],
    must: NDArray[np.bool_],
    held_us: NDArray[np.int64],
    held_counts: NDArray[np.int32],
    period_us: float,
) -> Comparison:
    """Samples of one wave, arrays of shape (n,) and (m,), each in order of time.

    A sample is held if one with its count lies within half a sample period of it.
    """
    half_us = period_us / 2
    agrees = _agrees(time_us, counts, held_us, held_counts, half_us)
    first = int(np.argmin(agrees)) if not agrees.all() else agrees.size
    wanted = int(must.sum())
    if first == time_us.size == held_us.size:
        return Comparison(wanted=wanted)
    tail = _agrees(
        time_us[first:][::-1], counts[first:][::-1], held_us[first:][::-1], held_counts[first:][::-1], half_us
    )
    last = int(np.argmin(tail)) if not tail.all() else tail.size
    first, last = max(0, first - _MARGIN), max(0, last - _MARGIN)
    said, held = slice(first, time_us.size - last), slice(first, held_us.size - last)
    found = _match(
        time_us[said].tolist(),
        counts[said].tolist(),
        must[said].tolist(),
        held_us[held].tolist(),
        held_counts[held].tolist(),
        half_us,
    )
    return Comparison(wanted=wanted) + found


def compare_points(
    time_us: NDArray[np.int64],
    values: NDArray[np.float64],
    held_us: NDArray[np.int64],
    held_values: NDArray[np.float64],
) -> Comparison:
    """Readings of one series, all acknowledged: arrays of shape (n,) and (m,) in order of time; NaN: no number."""
    if np.array_equal(time_us, held_us) and np.array_equal(values, held_values, equal_nan=True):
        return Comparison(wanted=time_us.size)

    def rows(times: NDArray[np.int64], numbers: NDArray[np.float64]) -> Iterable[Hashable]:
        return zip(times.tolist(), (None if n != n else n for n in numbers.tolist()), strict=True)  # noqa: PLR0124

    return _compare_rows(set(rows(time_us, values)), set(), Counter(rows(held_us, held_values)))


def _parted(entries: Iterable[Entry]) -> tuple[list[Hashable], list[WavePiece]]:
    rows: list[Hashable] = []
    pieces: list[WavePiece] = []
    for entry in entries:
        match entry:
            case WavePiece():
                pieces.append(entry)
            case Identity():
                kind, body = identity_row(entry.identity)
                plain = json.dumps(json.loads(body), sort_keys=True)
                rows.append((entry.bed, entry.device, entry.time_us, kind, plain))
            case _:
                rows.append(entry)
    return rows, pieces


def _compare_rows(must: set[Hashable], may: set[Hashable], held: Counter[Hashable]) -> Comparison:
    return Comparison(
        wanted=len(must),
        lost=len(must - held.keys()),
        duplicated=sum(times - 1 for times in held.values()),
        invented=len(held.keys() - must - may),
    )


def _compare_waves(must: Sequence[WavePiece], may: Sequence[WavePiece], held: Sequence[WavePiece]) -> Comparison:
    found = Comparison()
    told = [(piece, True) for piece in must] + [(piece, False) for piece in may]
    by_kind: dict[_Kind, list[tuple[WavePiece, bool]]] = {}
    for piece, acknowledged in told:
        by_kind.setdefault(_kind(piece), []).append((piece, acknowledged))
    held_by_kind: dict[_Kind, list[WavePiece]] = {}
    for piece in held:
        held_by_kind.setdefault(_kind(piece), []).append(piece)
    for kind in by_kind.keys() | held_by_kind.keys():
        pieces = by_kind.get(kind, [])
        there = held_by_kind.get(kind, [])
        time_us, counts = samples([piece for piece, _ in pieces])
        required = np.repeat([a for _, a in pieces], [piece.n for piece, _ in pieces]).astype(np.bool_)
        held_us, held_counts = samples(there)
        order, held_order = np.argsort(time_us, kind="stable"), np.argsort(held_us, kind="stable")
        rate_hz = (pieces[0][0] if pieces else there[0]).rate_hz
        found += compare_samples(
            time_us[order], counts[order], required[order], held_us[held_order], held_counts[held_order], 1e6 / rate_hz
        )
    return found


def samples(pieces: Sequence[WavePiece]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Time (µs since 1970 UTC) and count of each sample, shape (n,), in the order of the pieces."""
    if not pieces:
        return np.empty(0, np.int64), np.empty(0, np.int32)
    times = [piece.start_us + np.rint(np.arange(piece.n) * (1e6 / piece.rate_hz)).astype(np.int64) for piece in pieces]
    return np.concatenate(times), np.concatenate([np.frombuffer(piece.data, dtype="<i4") for piece in pieces])


def _kind(piece: WavePiece) -> _Kind:
    return piece.series, piece.rate_hz, piece.scale, piece.offset, piece.quality, piece.demo


def _agrees(
    time_us: NDArray[np.int64],
    counts: NDArray[np.int32],
    held_us: NDArray[np.int64],
    held_counts: NDArray[np.int32],
    half_us: float,
) -> NDArray[np.bool_]:
    """Whether the k-th of each are the same sample, for as many as both have."""
    n = min(time_us.size, held_us.size)
    return np.asarray((np.abs(time_us[:n] - held_us[:n]) < half_us) & (counts[:n] == held_counts[:n]))


def _match(
    time_us: list[int], counts: list[int], must: list[bool], held_us: list[int], held_counts: list[int], half_us: float
) -> Comparison:
    """One by one: each sample takes the first free one with its count within half a period."""
    free = [True] * len(held_us)
    lost = begin = 0
    for at_us, count, required in zip(time_us, counts, must, strict=True):
        while begin < len(held_us) and held_us[begin] <= at_us - half_us:
            begin += 1
        place = begin
        while place < len(held_us) and held_us[place] < at_us + half_us:
            if free[place] and held_counts[place] == count:
                free[place] = False
                break
            place += 1
        else:
            lost += required
    said: dict[int, list[int]] = {}
    for at_us, count in zip(time_us, counts, strict=True):
        said.setdefault(count, []).append(at_us)
    duplicated = invented = 0
    for at_us, count, left in zip(held_us, held_counts, free, strict=True):
        if left:
            times = np.array(said.get(count, []), dtype=np.int64)
            again = times.size > 0 and float(np.abs(times - at_us).min()) < half_us
            duplicated += again
            invented += not again
    return Comparison(lost=lost, duplicated=duplicated, invented=invented)
