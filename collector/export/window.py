"""What an export takes: bed, codes and time; pieces cut to it. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from collector import __version__
from collector.clock import from_datetime, rfc3339
from collector.errors import UsageError
from collector.model import WavePiece

SLICE_US = 600_000_000
"""Read at once: some 10 MB of eight waves, so that days take no more memory than minutes. A whole number of minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """start_us is included, end_us is not; no codes: all."""

    bed: str
    codes: tuple[str, ...]
    start_us: int
    end_us: int

    def slices(self) -> Iterator[tuple[int, int]]:
        """The time in stretches of at most SLICE_US: start, end.

        They meet where minutes do: what a sink packs between two of them begins in the same slice before and after.
        """
        start_us = self.start_us
        while start_us < self.end_us:
            end_us = min((start_us // SLICE_US + 1) * SLICE_US, self.end_us)
            yield start_us, end_us
            start_us = end_us


def selection(bed: str, codes: str, start: str, end: str) -> Selection:
    """From what a person typed. Raises UsageError with every mistake."""
    moments, reasons = [], []
    for option, text in (("--from", start), ("--to", end)):
        try:
            moments.append(from_datetime(datetime.fromisoformat(text)))
        except ValueError:
            reasons.append(
                f"{option} {text}: expected a time with its zone, as 2026-11-24T08:00:00+08:00 or …T00:00:00Z"
            )
    if not reasons and moments[0] >= moments[1]:
        reasons.append(f"--to {end} is not after --from {start}")
    if reasons:
        raise UsageError(*reasons)
    names = tuple(name.strip() for name in codes.split(",") if name.strip())
    return Selection(bed=bed, codes=names, start_us=moments[0], end_us=moments[1])


def described(chosen: Selection) -> Mapping[str, object]:
    """What was chosen and by which program, for the files themselves."""
    return {
        "made_by": f"vitalsd {__version__}",
        "bed": chosen.bed,
        "codes": list(chosen.codes),
        "from": rfc3339(chosen.start_us),
        "to": rfc3339(chosen.end_us),
    }


def cut(pieces: Sequence[WavePiece], start_us: int, end_us: int) -> Iterator[WavePiece]:
    """The samples of the pieces whose time, in whole µs, is at or after the start and before the end."""
    for piece in pieces:
        times_us = piece.start_us + np.rint(np.arange(piece.n) * 1_000_000 / piece.rate_hz).astype(np.int64)
        first, last = (int(n) for n in np.searchsorted(times_us, (start_us, end_us)))
        if last > first:
            yield replace(piece, start_us=int(times_us[first]), data=piece.data[first * 4 : last * 4])
