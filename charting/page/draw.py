"""The anaesthesia chart as SVG: data in, text out. Page, print and PDF share this drawing.

Only presentation attributes (no style sheet, no script, nothing from outside), so that every SVG reader draws the same.
"""

from collections.abc import Iterable, Mapping, Sequence
from html import escape

import numpy as np

from charting.page.axes import AXES, Axis, axis_of, scaled
from charting.page.chart import MINUTE_US, Chart, Numbers, Times, Track, lost, tracks
from charting.page.glyphs import glyph
from charting.page.layout import place
from charting.page.words import Lang, Words
from collector.codes import Parameter
from collector.units import display

WIDTH = 1200.0
_LEFT, _RIGHT = 128.0, 48.0
_PLOT = WIDTH - _LEFT - _RIGHT
_ROW, _LANE = 21.0, 14.0
_PANELS: Mapping[str, float] = {"circulation": 276.0, "breathing": 112.0}
"""Panels of chart.csv → height: 12 intervals of 23, 4 of 28."""

COLOURS: Mapping[str, str] = {
    "ecg": "#18722f", "art": "#b3211b", "nibp": "#3b3486", "spo2": "#0a62a9", "co2": "#7d5a00", "resp": "#4f5d0c",
    "temp": "#a3470b", "agent": "#97156f", "o2": "#1f6f6b", "paw": "#5b4636", "flow": "#46586a", "cvp": "#1c55b8",
    "pap": "#8a5a00", "brain": "#00666b", "pump": "#5a3d9a", "plain": "#2b3640",
}  # fmt: skip
"""Tone of layout.csv and chart.csv → colour; page.css has the same. Each has a contrast of 4.5 on white."""

_INK, _FAINT, _RULE, _HOUR = "#1b2630", "#5c6670", "#e3e8ec", "#b9c3cb"
_FONTS = "system-ui, 'Noto Sans CJK SC', 'Source Han Sans SC', 'PingFang SC', 'Microsoft YaHei', sans-serif"
_HATCH = (
    '<defs><pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="5" height="5" fill="#f4f5f6"/><path d="M0 0V5" stroke="#98a3ad" stroke-width="1.6"/></pattern></defs>'
)


INK: Mapping[str, str] = dict.fromkeys(COLOURS, "#000")
"""For paper: symbols and lines tell what is what, on any printer."""


def draw(
    chart: Chart,
    words: Words,
    parameters: Mapping[str, Parameter],
    colours: Mapping[str, str] = COLOURS,
    *,
    rows: bool = True,
) -> str:
    """The chart as one SVG element, `WIDTH` wide. rows: the numbers under its panels too."""
    return _Drawing(chart, words, parameters, colours, rows=rows).svg()


class _Drawing:
    """One drawing from top to bottom; `_y` is how far down it has come."""

    def __init__(
        self,
        chart: Chart,
        words: Words,
        parameters: Mapping[str, Parameter],
        colours: Mapping[str, str],
        *,
        rows: bool,
    ) -> None:
        self._chart = chart
        self._colours = colours
        self._words = words
        self._parameters = parameters
        self._until_us = min(chart.now_us, chart.end_us)
        self._tracks = [track for track in tracks(chart) if rows or track.line.panel != "rows"]
        self._out: list[str] = []
        self._y = 0.0

    def svg(self) -> str:
        self._title()
        self._times()
        top = self._y
        for panel, height in _PANELS.items():
            self._panel([t for t in self._tracks if t.line.panel == panel], panel, height)
        self._rows([t for t in self._tracks if t.line.panel == "rows"])
        bottom = self._y
        self._rule(self._x(self._until_us), top, self._x(self._until_us), bottom, "#1b2630", ' stroke-dasharray="3 3"')
        self._times()
        self._legend()
        if any(track.demo for track in self._tracks):
            self._watermark((top + bottom) / 2)
        label = escape(f"{self._chart.bed}, {self._words('chart')}")
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:.0f} {self._y:.0f}" role="img" '
            f'aria-label="{label}" font-family="{_FONTS}" fill="{_INK}">{_HATCH}'
            f'<rect width="{WIDTH:.0f}" height="{self._y:.0f}" fill="#fff"/>{"".join(self._out)}</svg>'
        )

    def _x(self, time_us: float) -> float:
        chart = self._chart
        return _LEFT + _PLOT * (time_us - chart.start_us) / (chart.end_us - chart.start_us)

    def _text(self, x: float, y: float, text: str, more: str = "", *, size: float = 12, fill: str = _INK) -> None:
        self._out.append(
            f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" fill="{fill}"{more}>{escape(text)}</text>'
        )

    def _rule(self, x1: float, y1: float, x2: float, y2: float, colour: str, more: str = "") -> None:
        self._rules([(x1, y1, x2, y2)], colour, more)

    def _rules(self, lines: Iterable[tuple[float, float, float, float]], colour: str, more: str = "") -> None:
        """Lines of one kind, as one element: a 12-hour chart has hundreds."""
        path = "".join(f"M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" for x1, y1, x2, y2 in lines)
        if path:
            self._out.append(f'<path d="{path}" stroke="{colour}"{more}/>')

    def _title(self) -> None:
        chart, local = self._chart, self._chart.local
        start, end = local(chart.start_us), local(chart.end_us)
        until = f"{end:%H:%M}" if start.date() == end.date() else f"{end:%Y-%m-%d %H:%M}"
        self._text(8, 19, chart.bed, ' font-weight="700"', size=15)
        self._text(_LEFT, 19, f"{start:%Y-%m-%d %H:%M} – {until}", size=13)
        note = f"{self._words('zone')} {chart.zone} · {self._words('drawn')} {local(chart.now_us):%H:%M:%S}"
        self._text(WIDTH - _RIGHT, 19, note, _END, fill=_FAINT)
        self._y = 26.0

    def _marks(self, minutes: int) -> range:
        return range(self._chart.start_us, self._chart.end_us + 1, minutes * MINUTE_US)

    def _times(self) -> None:
        self._y += 15
        grid = self._chart.grid
        for time_us in self._marks(grid.column):
            local = self._chart.local(time_us)
            if (local.hour * 60 + local.minute) % grid.label:
                continue
            weight = ' font-weight="700"' if local.minute == 0 else ""
            self._text(self._x(time_us), self._y - 4, f"{local:%H:%M}", _MIDDLE + weight)

    def _columns(self, minutes: int, top: float, bottom: float) -> None:
        colours: dict[str, list[float]] = {_RULE: [], _HOUR: []}
        for time_us in self._marks(minutes):
            colours[_HOUR if self._chart.local(time_us).minute == 0 else _RULE].append(self._x(time_us))
        for colour, xs in colours.items():
            self._rules([(x, top, x, bottom) for x in xs], colour)

    def _hatch(self, gaps: Sequence[tuple[int, int]], top: float, height: float) -> None:
        for start_us, end_us in gaps:
            x1, x2 = self._x(start_us), self._x(end_us)
            self._out.append(
                f'<rect class="gap" x="{x1:.2f}" y="{top:.1f}" width="{x2 - x1:.2f}" height="{height:.1f}" '
                'fill="url(#hatch)"/>'
            )

    def _panel(self, found: Sequence[Track], panel: str, height: float) -> None:
        placed = [(track, axis) for track in found if (axis := axis_of(track)) is not None]
        top = self._y + 4
        self._out.append(f'<g data-panel="{panel}">')
        self._hatch(lost([t for t, _ in placed], self._chart.start_us, self._until_us), top, height)
        self._columns(self._chart.grid.column, top, top + height)
        self._scales(panel, [axis for _, axis in placed], top, height)
        if not placed:
            self._text(_LEFT + _PLOT / 2, top + height / 2, self._words("no_trend"), _MIDDLE, fill=_FAINT)
        self._stems([(t, a) for t, a in placed if not t.span_us], top, height)
        for track, axis in placed:
            self._trace(track, axis, top, height)
        self._y = top + height + 4
        lanes: dict[str, list[Track]] = {}
        for track, _ in placed:
            lanes.setdefault(track.line.lane, []).append(track)
        for lane in lanes.values():
            self._lane(lane)
        self._out.append("</g>")

    def _scales(self, panel: str, used: Sequence[Axis], top: float, height: float) -> None:
        """The left scale with the units of all that share it, and a right one where something is drawn on it."""
        axes = [axis for axis in AXES.values() if axis.panel == panel]
        left = next(axis for axis in axes if not axis.right)
        for value, y in left.ticks(top, height):
            self._rule(_LEFT, y, WIDTH - _RIGHT, y, _HOUR if value % 100 == 0 else _RULE)
            self._text(_LEFT - 6, y + 4, f"{value:g}", _END, size=11.5, fill=_FAINT)
        for row, unit in enumerate(dict.fromkeys(display(axis.unit) for axis in axes if not axis.right)):
            self._text(8, top + 10 + 15 * row, unit, size=11.5, fill=_FAINT)
        for axis in [axis for axis in used if axis.right][:1]:
            for value, y in axis.ticks(top, height):
                self._text(WIDTH - _RIGHT + 6, y + 4, f"{value:g}", size=11.5, fill=_FAINT)
            self._text(WIDTH - 4, top + 18, display(axis.unit), _END, size=11.5, fill=_FAINT)

    def _trace(self, track: Track, axis: Axis, top: float, height: float) -> None:
        colour, channel = self._colours[track.line.tone], track.series.channel
        inside = (track.time_us >= self._chart.start_us) & (track.time_us < self._chart.end_us)
        y, low, high = (
            axis.y(scaled(v, channel.unit, axis), top, height) for v in (track.value, track.low, track.high)
        )
        self._out.append(
            f'<g data-code="{escape(channel.code)}" data-device="{escape(track.series.device)}">'
            f"<title>{escape(self._full(track))}</title>"
        )
        if track.span_us:
            for run in track.runs():
                kept = np.arange(run.start, run.stop)[inside[run]]
                if len(kept):
                    self._curve(track, kept, y, low, high, colour)
            step_us = self._chart.grid.mark * MINUTE_US
            marked = track.spaced(self._chart.start_us, step_us, self._until_us)
        else:
            marked = [int(i) for i in np.flatnonzero(inside)]
        for i in marked:
            x, sure = self._x(int(track.at_us[i])), bool(track.sure[i])
            self._out.append(glyph(track.line.symbol, x, float(y[i]), colour, sure=sure))
            beyond = axis.beyond(float(scaled(track.value[i : i + 1], channel.unit, axis)[0]))
            if beyond:
                text = ("▲" if beyond > 0 else "▼") + _number(track, i)
                edge = top + 9 if beyond > 0 else top + height - 3
                self._text(x + 5, edge, text, ' font-weight="700"', size=12, fill=colour)
        self._out.append("</g>")

    def _curve(self, track: Track, kept: Times, y: Numbers, low: Numbers, high: Numbers, colour: str) -> None:
        """The last readings of a run of minutes as a line from its first minute to its last, and their range."""
        first, last = int(track.time_us[kept[0]]), int(track.time_us[kept[-1]]) + track.span_us
        last = max(int(track.at_us[kept[-1]]), min(last, self._until_us))
        xs = [self._x(t) for t in (first, *track.at_us[kept].tolist(), last)]
        ends = np.concatenate((kept[:1], kept, kept[-1:]))
        band = [f"{x:.1f},{v:.1f}" for x, v in zip(xs, high[ends], strict=True)]
        band += reversed([f"{x:.1f},{v:.1f}" for x, v in zip(xs, low[ends], strict=True)])
        line = [f"{x:.1f},{v:.1f}" for x, v in zip(xs, y[ends], strict=True)]
        self._out.append(
            f'<polygon points="{" ".join(band)}" fill="{colour}" fill-opacity="0.14"/>'
            f'<polyline points="{" ".join(line)}" fill="none" stroke="{colour}" stroke-opacity="0.8"/>'
        )

    def _stems(self, placed: Sequence[tuple[Track, Axis]], top: float, height: float) -> None:
        """Tie the systolic and the diastolic value of one inflation: same device, same time."""
        for track, axis in placed:
            for other, _ in placed:
                same = track.series.device == other.series.device and track.line.lane == other.line.lane
                if not same or (track.line.symbol, other.line.symbol) != ("vee", "caret"):
                    continue
                _, ours, theirs = np.intersect1d(track.time_us, other.time_us, return_indices=True)
                xs = [self._x(time_us) for time_us in track.time_us[ours].tolist()]
                y1, y2 = (
                    axis.y(scaled(values, track.series.channel.unit, axis), top, height).tolist()
                    for values in (track.value[ours], other.value[theirs])
                )
                ties = [tie for tie in zip(xs, y1, xs, y2, strict=True) if tie[0] >= _LEFT]
                self._rules(ties, self._colours[track.line.tone], ' stroke-opacity="0.35"')

    def _lane(self, lane: Sequence[Track]) -> None:
        """A thin bar per parameter under its panel: full where there are readings, hatched where they are missing."""
        track, y, colour = lane[0], self._y, self._colours[lane[0].line.tone]
        for number, each in enumerate(lane):
            self._out.append(glyph(each.line.symbol, 14 + 12 * number, y + 5.5, colour))
        self._text(36, y + 10.5, self._name(track), size=12, fill=colour)
        begin, until = max(track.begun_us(), self._chart.start_us), max(self._until_us, self._chart.start_us)
        x = self._x(begin)
        self._out.append(
            f'<rect x="{x:.2f}" y="{y + 3.5:.1f}" width="{max(0.0, self._x(until) - x):.2f}" height="5" '
            f'fill="{colour}" fill-opacity="0.45"/>'
        )
        self._hatch(track.gaps(self._chart.start_us, self._until_us), y + 1.5, 9)
        self._y += _LANE

    def _rows(self, found: Sequence[Track]) -> None:
        self._y += 5
        top, bottom = self._y, self._y + _ROW * len(found)
        for number, track in enumerate(found):
            self._hatch(track.gaps(self._chart.start_us, self._until_us), top + _ROW * number, _ROW)
        self._columns(self._chart.grid.number, top, bottom)
        self._rule(_LEFT, top, WIDTH - _RIGHT, top, _HOUR)
        for track in found:
            self._row(track)
            self._rule(0, self._y, WIDTH - _RIGHT, self._y, _RULE)

    def _row(self, track: Track) -> None:
        colour, channel = self._colours[track.line.tone], track.series.channel
        base = self._y + 15
        self._out.append(
            f'<g data-row="{escape(channel.code)}" data-device="{escape(track.series.device)}">'
            f"<title>{escape(self._full(track))}</title>"
        )
        self._text(8, base, self._name(track), ' font-weight="700"', fill=colour)
        self._text(_LEFT - 6, base, display(channel.unit), _END, size=11, fill=_FAINT)
        step_us = self._chart.grid.number * MINUTE_US
        for cell, i in track.chosen(self._chart.start_us, step_us, self._chart.end_us):
            sure = bool(track.sure[i])
            text = _number(track, i) + ("" if sure else "?")
            more = _MIDDLE if sure else _MIDDLE + ' font-style="italic"'
            self._text(self._x(cell + step_us / 2), base, text, more, size=13, fill=_INK if sure else _FAINT)
        self._out.append("</g>")
        self._y += _ROW

    def _name(self, track: Track) -> str:
        channel = track.series.channel
        name = track.line.lane or place(channel.code).label
        return f"{name} {self._words.site(channel.site)}" if channel.site else name

    def _full(self, track: Track) -> str:
        channel = track.series.channel
        name = self._words.name(self._parameters, channel.code, channel.source)
        return f"{name} · {track.series.device} · {channel.code}"

    def _legend(self) -> None:
        words = self._words
        notes = [words("gap"), words("trend"), words("cells"), words("doubtful"), words("unconfirmed")]
        for row in (notes[:2] + notes[3:], notes[2:3]):
            self._y += 15
            self._text(
                8, self._y - 3, "　".join(row) if words.lang is Lang.ZH else "  ·  ".join(row), size=11.5, fill=_FAINT
            )
        self._y += 4

    def _watermark(self, y: float) -> None:
        x, text = _LEFT + _PLOT / 2, "演示 DEMO"
        self._out.append(
            f'<text class="demo" x="{x:.0f}" y="{y:.0f}" font-size="120" font-weight="700" fill="#b3211b" '
            f'fill-opacity="0.11" text-anchor="middle" transform="rotate(-16 {x:.0f} {y:.0f})">{text}</text>'
        )
        self._text(WIDTH / 2, 19, text, _MIDDLE + ' font-weight="700"', size=15, fill="#b3211b")


_END = ' text-anchor="end"'
_MIDDLE = ' text-anchor="middle"'


def _number(track: Track, index: int) -> str:
    channel = track.series.channel
    return place(channel.code).number(float(track.value[index]), channel.unit)
