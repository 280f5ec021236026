"""Pieces of waves as rows of the store: put together and packed, and which of them it has already. Pure."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from collector.journal.rows import LONGEST_RUN_S, MINUTE_US, Row, packed_row, piece_row
from collector.model import WavePiece
from collector.waves import alike, chains, end_us_of, join, joined, sample_us, slack_us

WORTH_PACKING_S = 5.0
"""What arrives in one delivery and is shorter is stored raw, to be put together when its minute is over."""

FAR_US = MINUTE_US
"""Pieces further from each other are compared with what is stored around each of them, and not in between."""

Span = tuple[int, int, int]
"""Channel, begin and end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A piece and its key in the store: n tells it from others of the channel that start at the same time."""

    channel: int
    n: int
    piece: WavePiece

    @property
    def row(self) -> Row:
        """As `Placed.key` and what rows.piece_row gives."""
        return *self.key, *piece_row(self.piece)

    @property
    def packed(self) -> Row:
        return *self.key, *packed_row(self.piece)

    @property
    def key(self) -> Row:
        """channel, time, n."""
        return self.channel, self.piece.start_us, self.n

    @property
    def minute(self) -> int:
        return self.piece.start_us // MINUTE_US


def runs(pieces: Iterable[Placed]) -> Iterator[tuple[Placed, list[Placed]]]:
    """Runs of at most LONGEST_RUN_S and their pieces; every run's pieces start in one minute, and so have one n."""
    groups: dict[Row, list[Placed]] = defaultdict(list)
    for placed in sorted(pieces, key=lambda placed: placed.key):
        groups[placed.channel, placed.n, placed.minute].append(placed)
    for group in groups.values():
        left = iter(group)
        for chain in chains((placed.piece for placed in group), LONGEST_RUN_S):
            parts = [next(left) for _ in chain]
            yield replace(parts[0], piece=joined(chain)), parts


def rows_of(pieces: Iterable[Placed]) -> list[Row]:
    """Rows of a delivery in order of their keys: packed runs where that is worth it, else the pieces as they are."""
    found: list[Row] = []
    for run, parts in runs(pieces):
        if run.piece.n / run.piece.rate_hz >= WORTH_PACKING_S:
            found.append(run.packed)
        else:
            found += (placed.row for placed in parts)
    found.sort(key=lambda row: row[:3])
    return found


def covered(pieces: Iterable[Placed]) -> list[Span]:
    """From the first start to the last end of each channel."""
    found: dict[int, Span] = {}
    for placed in pieces:
        channel, start_us, end_us = placed.channel, placed.piece.start_us, end_us_of(placed.piece)
        _, begin_us, until_us = found.get(channel, (channel, start_us, end_us))
        found[channel] = channel, min(begin_us, start_us), max(until_us, end_us)
    return list(found.values())


def spans(pieces: Iterable[Placed]) -> list[Span]:
    """What the pieces of each channel cover; more than one span where there is much time between them."""
    found: list[Span] = []
    for placed in sorted(pieces, key=lambda placed: placed.key):
        start_us, end_us = placed.piece.start_us, end_us_of(placed.piece)
        if found and found[-1][0] == placed.channel and start_us <= found[-1][2] + FAR_US:
            found[-1] = (placed.channel, found[-1][1], max(found[-1][2], end_us))
        else:
            found.append((placed.channel, start_us, end_us))
    return found


def missing(pieces: Sequence[Placed], stored: Sequence[Placed]) -> list[Placed]:
    """Those of the pieces whose samples are not all stored already, at their times, each with an n that is free."""
    by_channel: dict[int, list[WavePiece]] = defaultdict(list)
    next_n: dict[tuple[int, int], int] = defaultdict(int)
    for placed in sorted(stored, key=lambda placed: (placed.channel, placed.n, placed.piece.start_us)):
        by_channel[placed.channel].append(placed.piece)
        at = placed.channel, placed.piece.start_us
        next_n[at] = max(next_n[at], placed.n + 1)
    held = _held(pieces, by_channel)
    found = []
    for number, placed in enumerate(pieces):
        if number not in held:
            at = placed.channel, placed.piece.start_us
            found.append(replace(placed, n=next_n[at]))
            next_n[at] += 1
    return found


def _held(pieces: Sequence[Placed], stored: Mapping[int, Sequence[WavePiece]]) -> set[int]:
    """Which of the pieces, counted from 0, are in a run of what is stored of their channel."""
    starts: dict[int, list[tuple[float, int]]] = defaultdict(list)
    for number, placed in enumerate(pieces):
        starts[placed.channel].append((placed.piece.start_us, number))
    held: set[int] = set()
    for channel, ours in starts.items():
        ours.sort()
        for run in join(stored.get(channel, ())):
            off_us = 2 * slack_us(run.rate_hz)
            first = bisect_left(ours, (run.start_us - off_us, 0))
            last = bisect_right(ours, (end_us_of(run) + off_us, len(pieces)))
            held.update(number for _, number in ours[first:last] if _holds(run, pieces[number].piece))
    return held


def _holds(run: WavePiece, piece: WavePiece) -> bool:
    """Whether all samples of a piece are in a run, where the piece has them."""
    first = round((piece.start_us - run.start_us) * run.rate_hz / 1_000_000)
    if first < 0 or first + piece.n > run.n or not alike(run, piece):
        return False
    off_us = abs(piece.start_us - sample_us(run, first))
    return off_us <= 2 * slack_us(run.rate_hz) and run.data[first * 4 : (first + piece.n) * 4] == piece.data
