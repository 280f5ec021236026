"""The samples of one series on one grid of time, on their way into a WFDB signal file."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from collector.clock import rfc3339
from collector.errors import UsageError
from collector.export.scaling import Scaling, scaling
from collector.model import Quality, WavePiece
from collector.waves import slack_us

LONGEST_GAP_S = 60.0
"""A longer one begins another record: marking it sample by sample would only fill the disk."""

_GAP = np.int32(-(2**31))
_CHUNK = 1 << 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Samples `first` to before `end` with the same quality and demo flag, gaps between them included."""

    first: int
    end: int
    quality: Quality
    demo: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """A finished signal file. samples: without those that mark a gap; n: with them; format: 16 or 32 bits."""

    file: Path
    first: WavePiece
    n: int
    samples: int
    spans: tuple[Span, ...]
    scaling: Scaling
    format: int
    initial: int
    checksum: int


class Track:
    """Begins with its first piece, takes those that fit, and ends as a Signal. Samples between pieces mark a gap."""

    def __init__(self, file: Path, first: WavePiece) -> None:
        self.first = first
        self.n = 0
        self._file = file
        self._raw = file.with_suffix(".raw")
        self._spans: list[Span] = []
        self._samples = 0
        self._low, self._high = 2**31, -(2**31)
        self._buffer: list[bytes] = []
        self.append(first)

    def position(self, piece: WavePiece) -> int | None:
        """Where the piece begins, in samples from the start; None where it does not belong here."""
        ours, theirs = ((p.series, p.rate_hz, p.scale, p.offset) for p in (self.first, piece))
        exact = (piece.start_us - self.first.start_us) * piece.rate_hz / 1_000_000
        at = round(exact)
        slack = slack_us(piece.rate_hz) * piece.rate_hz / 1_000_000
        fits = abs(exact - at) <= slack and 0 <= at - self.n <= LONGEST_GAP_S * piece.rate_hz
        return at if ours == theirs and fits else None

    def append(self, piece: WavePiece) -> None:
        """A piece that has a position. Raises UsageError for a count that WFDB cannot tell from a gap."""
        at = self.position(piece)
        assert at is not None
        counts = np.frombuffer(piece.data, dtype="<i4")
        low, high = int(counts.min()), int(counts.max())
        if low == _GAP:
            raise UsageError(
                f"{piece.series.device}, {piece.series.channel.code} at {rfc3339(piece.start_us)}: "
                f"the count {low} means a gap in WFDB: export it with --format parquet"
            )
        self._low, self._high = min(self._low, low), max(self._high, high)
        self._buffer += np.full(at - self.n, _GAP, dtype="<i4").tobytes(), piece.data
        self.n = at + counts.size
        self._samples += counts.size
        last = self._spans[-1] if self._spans else None
        span = Span(first=at, end=self.n, quality=piece.quality, demo=piece.demo)
        if last is not None and (last.quality, last.demo) == (span.quality, span.demo):
            self._spans[-1] = Span(first=last.first, end=span.end, quality=span.quality, demo=span.demo)
        else:
            self._spans.append(span)

    def flush(self) -> None:
        """What has been appended goes to the disk; no file stays open, however many tracks there are."""
        with self._raw.open("ab") as raw:
            raw.writelines(self._buffer)
        self._buffer.clear()

    def finish(self) -> Signal:
        """Write the signal file, in the narrowest of the formats 16 and 32 that holds every sample and its gaps."""
        self.flush()
        scaled = scaling(self.first.scale, self.first.offset, self._low, self._high)
        largest = max(abs(self._low), abs(self._high)) * abs(scaled.factor)
        bits = 16 if largest < 2**15 else 32
        checksum, initial = 0, None
        with self._raw.open("rb") as raw, self._file.open("wb") as out:
            while data := raw.read(4 * _CHUNK):
                samples = _samples(np.frombuffer(data, dtype="<i4"), scaled.factor, bits)
                out.write(samples.tobytes())
                initial = int(samples[0]) if initial is None else initial
                checksum = (checksum + int(samples.sum(dtype=np.int64))) % 2**16
        self._raw.unlink()
        return Signal(
            file=self._file,
            first=self.first,
            n=self.n,
            samples=self._samples,
            spans=tuple(self._spans),
            scaling=scaled,
            format=bits,
            initial=initial or 0,
            checksum=checksum,
        )


def _samples(counts: NDArray[np.int32], factor: int, bits: int) -> NDArray[np.signedinteger]:
    scaled = counts.astype(np.int64) * factor
    scaled[counts == _GAP] = -(2 ** (bits - 1))
    return scaled.astype(f"<i{bits // 8}")
