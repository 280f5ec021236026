"""What reads stored series: one small contract, implemented by the journal and by the TimescaleDB store."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from collector.model import Condition, Identity, Reading, Series, WavePiece


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Points:
    """Readings of one series in order of time, arrays of shape (n,).

    time_us: int64; value: float64, NaN where the reading has no number; quality: the Quality of each; demo: bool.
    """

    series: Series
    time_us: NDArray[np.int64]
    value: NDArray[np.float64]
    quality: NDArray[np.str_]
    demo: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Minutes:
    """One series by minute, arrays of shape (n,), only minutes that hold at least one reading with a number.

    minute_us: start of the minute, int64; last, low, high: real readings of that minute (quality valid or
    questionable); count: how many; questionable, demo: whether any of them was.
    """

    series: Series
    minute_us: NDArray[np.int64]
    last: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    count: NDArray[np.int64]
    questionable: NDArray[np.bool_]
    demo: NDArray[np.bool_]


class SeriesReader(Protocol):
    """Reads a bed's series. Times are µs since 1970 UTC; start is included, end is not.

    Without codes: of all signals but the gateway's health (collector.health).
    """

    def latest(self, bed: str, codes: Sequence[str] = ()) -> Sequence[Reading]:
        """The last reading of each series of the bed with these codes, by order of arrival."""

    def points(self, bed: str, codes: Sequence[str], start_us: int, end_us: int) -> Sequence[Points]:
        """Readings of the series with these codes."""

    def values(self, bed: str, codes: Sequence[str], start_us: int, end_us: int) -> Sequence[Reading]:
        """The same whole, texts too, in order of series and time."""

    def minutes(self, bed: str, codes: Sequence[str], start_us: int, end_us: int) -> Sequence[Minutes]:
        """The same by minute, from the minute rollup."""

    def waves(self, bed: str, codes: Sequence[str], start_us: int, end_us: int) -> Sequence[WavePiece]:
        """Stored runs that overlap the time, in order of series and start: pieces as they came, or put together."""

    def conditions(self, bed: str, start_us: int, end_us: int) -> Sequence[Condition]:
        """Changes of alarm conditions in the order of their arrival."""

    def last_changes(self, bed: str, before_us: int) -> Sequence[Condition]:
        """The last change before a time of each condition, however old, in order of time."""

    def identities(self, bed: str, start_us: int, end_us: int) -> Sequence[Identity]:
        """What devices said of themselves and of their patient, in order of time; what stands is the last one."""
