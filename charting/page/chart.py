"""What the anaesthesia chart draws: its window, which series it takes, their readings and their gaps. Pure.

Source of the table chart.csv: clinical.md §3.6 (symbols), §3.3 (order of sources of heart rate and breathing rate),
§3.1 (a cuff is missing after 6 min), §3.2 (temperature holds 5 min). Of the codes of a row the first that has readings
is drawn.
"""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from charting.page.layout import second_choice
from collector.clock import to_datetime
from collector.model import Quality, Role, Series
from collector.series import Minutes, Points, SeriesReader

MINUTE_US = 60_000_000
BEFORE_US = 60 * MINUTE_US
"""Readings of so long before the window tell whether what is missing at its start is a gap or had not begun."""

Times = NDArray[np.int64]
Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Minutes of a column of the grid, between two marks of a trace, between two numbers, between two labels."""

    column: int
    mark: int
    number: int
    label: int


GRIDS = {1: Grid(column=5, mark=5, number=5, label=10), 4: Grid(column=5, mark=5, number=10, label=30),
         12: Grid(column=15, mark=15, number=30, label=60),
         24: Grid(column=30, mark=30, number=60, label=120)}  # fmt: skip
"""Hours of a chart → its grid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A row of chart.csv. `lane`: its name, empty where it is the parameter's label of layout.csv.

    `sparse_s`: readings so far apart still belong together.
    """

    panel: str
    lane: str
    symbol: str
    tone: str
    axes: tuple[str, ...]
    codes: tuple[str, ...]
    sparse_s: int
    episodic: bool


@cache
def lines() -> tuple[Line, ...]:
    with files("charting.page").joinpath("chart.csv").open("r", encoding="utf-8") as text:
        return tuple(
            Line(
                panel=row["panel"],
                lane=row["lane"],
                symbol=row["symbol"],
                tone=row["tone"],
                axes=tuple(row["axes"].split()),
                codes=tuple(row["codes"].split()),
                sparse_s=int(row["sparse_s"]),
                episodic=row["source"] == "points",
            )
            for row in csv.DictReader(text)
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Chart:
    """The data of one drawing. Readings may begin `BEFORE_US` before start_us; nothing after now_us is expected."""

    bed: str
    zone: str
    hours: int
    start_us: int
    end_us: int
    now_us: int
    minutes: Sequence[Minutes]
    points: Sequence[Points]

    @property
    def grid(self) -> Grid:
        return GRIDS[self.hours]

    def local(self, time_us: int) -> datetime:
        return to_datetime(time_us).astimezone(ZoneInfo(self.zone))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Track:
    """The readings of one series, arrays of shape (n,) in order of time; only readings that may be drawn.

    Each covers [time_us, time_us + span_us); at_us is where it is drawn. `sure`: not questionable.
    """

    line: Line
    series: Series
    span_us: int
    time_us: Times
    value: Numbers
    low: Numbers
    high: Numbers
    sure: Flags
    demo: bool

    @property
    def at_us(self) -> Times:
        return self.time_us + self.span_us // 2

    def apart_us(self) -> int:
        """Two readings further apart than this have a gap between them."""
        return max(self.span_us, self.line.sparse_s * 1_000_000)

    def gaps(self, start_us: int, until_us: int) -> list[tuple[int, int]]:
        """Where readings are missing within [start_us, until_us); before the first reading nothing is missing."""
        edges = zip(self.time_us[:-1] + self.span_us, self.time_us[1:], strict=True)
        found = [(int(a), int(b)) for a, b in edges if b - a > self.apart_us() - self.span_us]
        last = int(self.time_us[-1]) + self.span_us
        if until_us - last > self.apart_us():
            found.append((last, until_us))
        return [(max(a, start_us), min(b, until_us)) for a, b in found if b > start_us and a < until_us]

    def begun_us(self) -> int:
        return int(self.time_us[0])

    def runs(self) -> list[slice]:
        """Slices of sure readings without a gap inside them."""
        breaks = np.diff(self.time_us) > self.apart_us()
        ends = np.flatnonzero(breaks | ~self.sure[:-1] | ~self.sure[1:]) + 1
        pieces = np.split(np.arange(len(self.time_us)), ends)
        return [slice(int(p[0]), int(p[-1]) + 1) for p in pieces if self.sure[p[0]]]

    def spaced(self, start_us: int, step_us: int, until_us: int) -> list[int]:
        """Of each cell, the reading nearest to its middle; a questionable one only where there is no other."""
        found = []
        for cell in range(start_us, until_us, step_us):
            inside = self._inside(cell, cell + step_us)
            if len(inside):
                found.append(int(inside[np.argmin(np.abs(self.at_us[inside] - (cell + step_us // 2)))]))
        return found

    def chosen(self, start_us: int, step_us: int, end_us: int) -> list[tuple[int, int]]:
        """(start of cell, index of its reading): the lower median of a cell's sure readings, else of the others."""
        found = []
        for cell in range(start_us, end_us, step_us):
            inside = self._inside(cell, cell + step_us)
            if len(inside):
                ranked = inside[np.argsort(self.value[inside], kind="stable")]
                found.append((cell, int(ranked[(len(ranked) - 1) // 2])))
        return found

    def _inside(self, start_us: int, end_us: int) -> NDArray[np.intp]:
        """Indices of the sure readings that begin in [start_us, end_us); where there are none, of all."""
        inside = np.arange(*np.searchsorted(self.time_us, (start_us, end_us)))
        return inside[self.sure[inside]] if self.sure[inside].any() else inside


def tracks(chart: Chart) -> list[Track]:
    """The tracks of the chart in the order of chart.csv; a line without readings in the window has none."""
    found = (
        _best(line, (_of_points if line.episodic else _of_minutes)(line, chart), chart.start_us) for line in lines()
    )
    return [track for track in found if track is not None]


def lost(found: Sequence[Track], start_us: int, until_us: int) -> list[tuple[int, int]]:
    """Where none of the continuous tracks has readings, from the first reading of any of them."""
    steady = [track for track in found if track.span_us]
    if not steady:
        return []
    first_us = max(start_us, min(track.begun_us() for track in steady))
    common = [(first_us, until_us)]
    for track in steady:
        gaps = [(first_us, track.begun_us()), *track.gaps(first_us, until_us)]
        both = ((max(a, c), min(b, d)) for a, b in common for c, d in gaps)
        common = [(a, b) for a, b in both if a < b]
    return common


def _of_minutes(line: Line, chart: Chart) -> Iterable[Track]:
    for m in chart.minutes:
        if _wanted(line, m.series) and len(m.minute_us):
            yield Track(
                line=line,
                series=m.series,
                span_us=MINUTE_US,
                time_us=m.minute_us,
                value=m.last,
                low=m.low,
                high=m.high,
                sure=~m.questionable,
                demo=bool(m.demo.any()),
            )


def _of_points(line: Line, chart: Chart) -> Iterable[Track]:
    for p in chart.points:
        drawn = np.isin(p.quality, (Quality.VALID.value, Quality.QUESTIONABLE.value)) & np.isfinite(p.value)
        if _wanted(line, p.series) and drawn.any():
            value = p.value[drawn]
            yield Track(
                line=line,
                series=p.series,
                span_us=0,
                time_us=p.time_us[drawn],
                value=value,
                low=value,
                high=value,
                sure=p.quality[drawn] == Quality.VALID.value,
                demo=bool(p.demo[drawn].any()),
            )


def _wanted(line: Line, series: Series) -> bool:
    return series.channel.role is Role.MEASURED and series.channel.code in line.codes


def _best(line: Line, found: Iterable[Track], start_us: int) -> Track | None:
    """Of the first code with readings in the window, and its better unit, the series with the most of them."""

    def rank(track: Track) -> tuple[int, bool, int, str, str]:
        channel, inside = track.series.channel, int(np.sum(track.time_us >= start_us))
        at = line.codes.index(channel.code)
        return at, second_choice(channel.unit), -inside, track.series.device, channel.source

    return min((track for track in found if track.time_us[-1] >= start_us), key=rank, default=None)


def window(now_us: int, zone: str, hours: int) -> tuple[int, int]:
    """Start and end of a chart whose last column holds `now_us`, on whole columns of the zone's local time."""
    offset = to_datetime(now_us).astimezone(ZoneInfo(zone)).utcoffset() or timedelta()
    offset_us = offset // timedelta(microseconds=1)
    step_us = GRIDS[hours].number * MINUTE_US
    end_us = ((now_us + offset_us) // step_us + 1) * step_us - offset_us
    return end_us - hours * 60 * MINUTE_US, end_us


def read(reader: SeriesReader, bed: str, zone: str, hours: int, now_us: int, back: int = 0) -> Chart:
    """Read what a chart of the last `hours` (a key of GRIDS) needs. Raises what the reader raises.

    back: the chart so many before that one, which it meets.
    """
    start_us, end_us = (edge - back * hours * 60 * MINUTE_US for edge in window(now_us, zone, hours))
    by_minute = sorted({code for line in lines() if not line.episodic for code in line.codes})
    single = sorted({code for line in lines() if line.episodic for code in line.codes})
    return Chart(
        bed=bed,
        zone=zone,
        hours=hours,
        start_us=start_us,
        end_us=end_us,
        now_us=now_us,
        minutes=reader.minutes(bed, by_minute, start_us - BEFORE_US, end_us),
        points=reader.points(bed, single, start_us - BEFORE_US, end_us),
    )
