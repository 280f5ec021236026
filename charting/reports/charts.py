"""Charts of counts: run chart, funnel, histogram, bars, spreads. Pure; the same for a page of a browser and of paper.

Texts are written in the language asked for; titles and names come from the caller. Every point and bar says its numbers
by itself (a title), and leads to its cases where the caller says how (`href`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median

from charting.reports.canvas import (
    ALERT,
    DARK,
    MILD,
    PALE,
    SMALL,
    TEXT,
    WARN,
    Canvas,
    Chart,
    Labels,
    Plot,
    dot,
    head,
    nice,
)
from charting.reports.limits import TAILS, beyond, funnel_limits, signals
from charting.reports.words import said
from charting.sheet.paper import FAINT, INK, RULE, num
from charting.sheet.text import width

WIDE, HIGH = 930.0, 480.0
"""Two stand beside each other on a page of paper."""
UNITS: Mapping[float, str] = {1.0: "", 100.0: "%", 1000.0: "‰", 10_000.0: "‱"}
"""What a rate times so much is written with."""
_TOP, _LEFT, _RIGHT = 96.0, 92.0, 18.0
_SAMPLES = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """n of d, by the name of its month or group."""

    name: str
    n: int
    d: int
    href: str = ""

    def rate(self, times: float) -> float | None:
        return self.n / self.d * times if self.d else None

    def told(self, times: float) -> str:
        rate = self.rate(times)
        return f"{self.name}: {self.n}/{self.d}" + ("" if rate is None else f" = {written(rate, times)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """`value` is drawn; `text`: what it says beside it (else the value)."""

    name: str
    value: float
    text: str = ""
    href: str = ""
    strong: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Values of a group: the least, quartiles and the largest."""

    name: str
    low: float
    q1: float
    middle: float
    q3: float
    high: float
    n: int
    href: str = ""


def written(rate: float, times: float) -> str:
    """A rate with its multiplier's sign."""
    digits = 1 if rate >= 10 else 2
    return f"{rate:.{digits}f} {UNITS.get(times, '')}".rstrip()


def run_chart(
    points: Sequence[Point], *, title: str, below: str, times: float, lang: str, wide: float = WIDE, high: float = HIGH
) -> Chart:
    """Rates in order of time about their median, with what is not chance marked (limits.signals)."""
    canvas = Canvas()
    head(canvas, title, below, wide)
    rates = [point.rate(times) for point in points]
    known = [rate for rate in rates if rate is not None]
    if not known:
        return _nothing(canvas, title, wide, high, lang)
    centre = median(known)
    ticks = nice(max(known))
    plot = Plot(left=_LEFT, right=wide - _RIGHT, top=_TOP, bottom=high - 84, low=0.0, high=ticks[-1])
    step = (plot.right - plot.left) / len(points)
    at = [plot.left + step * (n + 0.5) for n in range(len(points))]
    found = signals(rates, centre)
    for signal in found:
        canvas.box(at[signal.first] - step / 2, plot.top, step * (signal.last - signal.first + 1),
                   plot.bottom - plot.top, fill=PALE)  # fmt: skip
    plot.rules(canvas, ticks, UNITS.get(times, ""))
    y = plot.y(centre)
    canvas.path(f"M{num(plot.left)} {num(y)}H{num(plot.right)}", WARN, 3, ' stroke-dasharray="14 8"')
    _line(canvas, at, [None if r is None else plot.y(r) for r in rates])
    marked = {n for signal in found for n in range(signal.first, signal.last + 1)}
    for n, (point, x, rate) in enumerate(zip(points, at, rates, strict=True)):
        _under(canvas, plot, x, step, point, n, len(points))
        if rate is not None:
            kind = "ring" if n in marked else ""
            canvas.link(point.href, point.told(times), partial(dot, canvas, x, plot.y(rate), kind))
    told = said("chart.median", lang, value=written(centre, times))
    canvas.path(f"M8 {num(high - 15)}h52", WARN, 3, ' stroke-dasharray="14 8"')
    canvas.text(68, high - 8, told, size=SMALL, bold=True, fill=WARN)
    left = 68 + width(told) * SMALL * 1.06 + 24
    found_ = dict.fromkeys(said(f"chart.{s.kind}", lang, n=s.last - s.first + 1) for s in found)
    canvas.fitted(left, high - 8, " · ".join(found_), wide - left - 4, size=SMALL, fill=ALERT, bold=True)
    return canvas.chart(title, wide, high)


def _line(canvas: Canvas, at: Sequence[float], ys: Sequence[float | None]) -> None:
    path, drawing = "", False
    for x, y in zip(at, ys, strict=True):
        if y is not None:
            path += f"{'L' if drawing else 'M'}{num(x)} {num(y)}"
        drawing = y is not None
    canvas.path(path, MILD, 3)


def _under(canvas: Canvas, plot: Plot, x: float, step: float, point: Point, n: int, of: int) -> None:
    """A point's name, and its count of how many, as far as there is room."""
    every = max(1, round(width(point.name) * SMALL / step + 0.45))
    if n % every == 0 or (n == of - 1 and n % every > every / 2):
        canvas.text(x, plot.bottom + 28, point.name, size=SMALL, anchor="middle")
    told = f"{point.n}/{point.d}" if point.d else "–"
    if width(told) * 16 < step - 2:
        canvas.text(x, plot.bottom + 50, told, size=16, anchor="middle", fill=FAINT)


def funnel(
    points: Sequence[Point], *, title: str, below: str, times: float, lang: str, wide: float = WIDE, high: float = HIGH
) -> Chart:
    """Rates of groups over how many each has, about the rate of all, with exact 95 % and 99.8 % limits."""
    canvas = Canvas()
    head(canvas, title, below, wide)
    some = [point for point in points if point.d]
    if not some:
        return _nothing(canvas, title, wide, high, lang)
    whole = sum(point.d for point in some)
    share = sum(point.n for point in some) / whole
    across = nice(max(point.d for point in some) * 1.04)
    far = across[-1]
    least = max(1, int(min(point.d for point in some) * 0.6))
    samples = sorted({round(least * (far / least) ** (n / _SAMPLES)) for n in range(_SAMPLES + 1)} | {least})
    most = max(share, *(point.n / point.d for point in some))
    most = max(most, min(funnel_limits(least, share, TAILS["99.8"])[1] / least, 2.2 * most)) * times
    ticks = nice(min(most, times))
    plot = Plot(left=_LEFT, right=wide - 70, top=_TOP, bottom=high - 84, low=0.0, high=ticks[-1])
    plot.rules(canvas, ticks, UNITS.get(times, ""))
    _across(canvas, plot, across, said("chart.cases", lang))
    y = plot.y(share * times)
    canvas.path(f"M{num(plot.left)} {num(y)}H{num(plot.right)}", INK, 2.5)
    for limit, tail in TAILS.items():
        _limits(canvas, plot, samples, far, share, tail, times, limit)
    at = [(plot.x(p.d, 0, far), plot.y(p.n / p.d * times)) for p in some]
    labels = Labels(at, plot)
    outside = [beyond(p.n, p.d, share) for p in some]
    for point, (x, py), kind in sorted(zip(some, at, outside, strict=True), key=lambda p: -len(p[2])):
        told = point.told(times) + (f" · {said('chart.beyond', lang, limit=kind)}" if kind else "")
        canvas.link(point.href, told, partial(dot, canvas, x, py, kind))
        if kind or len(some) <= 14:
            labels.put(canvas, x, py, point.name, bold=bool(kind), fill=ALERT if kind == "99.8" else INK)
    _legend(canvas, high, share, times, lang)
    return canvas.chart(title, wide, high)


def _limits(
    canvas: Canvas, plot: Plot, samples: Sequence[int], far: float, share: float, tail: float, times: float, limit: str
) -> None:
    dash = ' stroke-dasharray="10 7"' if limit == "95" else ""
    for side in (0, 1):
        path = ""
        for d in samples:
            rate = funnel_limits(d, share, tail)[side] / d * times
            if plot.low <= rate <= plot.high:
                path += f"{'L' if path else 'M'}{num(plot.x(d, 0, far))} {num(plot.y(rate))}"
        canvas.path(path, FAINT if limit == "95" else DARK, 2.5, dash)


def _legend(canvas: Canvas, high: float, share: float, times: float, lang: str) -> None:
    x, y = 8.0, high - 8
    for what, dash, colour in (("95", ' stroke-dasharray="10 7"', FAINT), ("99.8", "", DARK)):
        canvas.path(f"M{num(x)} {num(y - 7)}h52", colour, 2.5, dash)
        text = said("chart.limits", lang, limit=what)
        canvas.text(x + 60, y, text, size=SMALL)
        x += 60 + width(text) * SMALL + 14
        dot(canvas, x + 10, y - 7, what)
        x += 44
    canvas.text(x + 6, y, said("chart.overall", lang, value=written(share * times, times)), size=SMALL, bold=True)


def _across(canvas: Canvas, plot: Plot, ticks: Sequence[float], name: str) -> None:
    """The axis below, of numbers from 0."""
    canvas.lines([(plot.left, plot.bottom, plot.right, plot.bottom)], FAINT, 2)
    for tick in ticks:
        x = plot.x(tick, 0, ticks[-1])
        canvas.lines([(x, plot.bottom, x, plot.bottom + 8)], FAINT, 2)
        canvas.text(x, plot.bottom + 30, f"{tick:g}", size=SMALL, anchor="middle", fill=FAINT)
    canvas.text(plot.right + 8, plot.bottom + 7, name, size=SMALL, fill=FAINT)


def histogram(
    bars: Sequence[Bar],
    edges: Sequence[float],
    *,
    title: str,
    below: str,
    unit: str,
    lang: str,
    lines: Sequence[tuple[float, str]] = (),
    wide: float = WIDE,
    high: float = HIGH,
) -> Chart:
    """How many lie between each two `edges` (one more than bars); `lines`: values with a name, drawn across.

    A bar that is not strong is one that is well.
    """
    canvas = Canvas()
    head(canvas, title, below, wide)
    if not any(bar.value for bar in bars):
        return _nothing(canvas, title, wide, high, lang)
    tallest = max(bar.value for bar in bars)
    ticks = [t for t in nice(tallest) if t == int(t)]
    last = width(f"{edges[-1]:g}") * SMALL / 2 + 4
    plot = Plot(left=_LEFT, right=wide - max(last, _RIGHT), top=_TOP + 34, bottom=high - 64, low=0.0,
                high=max(ticks[-1], tallest))  # fmt: skip
    plot.rules(canvas, ticks)
    x = partial(plot.x, low=edges[0], high=edges[-1])
    for bar, a, b in zip(bars, edges, edges[1:], strict=False):
        canvas.link(bar.href, f"{bar.name}: {bar.value:g}", partial(_column, canvas, plot, x(a), x(b), bar))
    every = max(1, round(width(f"{edges[1]:g}") * SMALL / (x(edges[1]) - x(edges[0])) + 0.6))
    for n, edge in enumerate(edges):
        if n % every == 0:
            canvas.text(x(edge), plot.bottom + 28, _signed(edge), size=SMALL, anchor="middle", fill=FAINT)
    canvas.text(plot.right, plot.bottom + 56, unit, size=SMALL, anchor="end", fill=FAINT)
    canvas.lines([(plot.left, plot.bottom, plot.right, plot.bottom)], FAINT, 2)
    for value, name in lines:
        if edges[0] <= value <= edges[-1]:
            canvas.path(
                f"M{num(x(value))} {num(plot.top - 24)}V{num(plot.bottom)}", ALERT, 3, ' stroke-dasharray="12 7"'
            )
            room = width(name) * SMALL
            left = min(max(x(value) - room / 2, plot.left), plot.right - room)
            canvas.text(left, plot.top - 28, name, size=SMALL, fill=ALERT, bold=True)
    return canvas.chart(title, wide, high)


def _signed(value: float) -> str:
    return f"{value:g}".replace("-", "−")


def _column(canvas: Canvas, plot: Plot, left: float, right: float, bar: Bar) -> None:
    top = plot.y(bar.value)
    canvas.raw(
        f'<rect x="{num(left)}" y="{num(plot.top)}" width="{num(right - left)}" '
        f'height="{num(plot.bottom - plot.top)}" fill="none" pointer-events="all"/>'
    )
    canvas.box(left + 1.5, top, right - left - 3, plot.bottom - top, fill=DARK if bar.strong else MILD)
    told = f"{bar.value:g}"
    if bar.value and width(told) * 18 < right - left + 6:
        canvas.text((left + right) / 2, top - 6, told, size=18, anchor="middle", halo=True)


def bars(
    found: Sequence[Bar], *, title: str, below: str, lang: str, most: float | None = None, wide: float = WIDE,
    high: float | None = None,
) -> Chart:  # fmt: skip
    """Bars one under another with their names before them. `most`: what a whole bar is (else the largest)."""
    canvas = Canvas()
    head(canvas, title, below, wide)
    high = high or 90 + 50 * max(len(found), 1) + 20
    whole = most or max((bar.value for bar in found), default=0.0)
    if whole <= 0:
        return _nothing(canvas, title, wide, high, lang)
    row = min(50.0, (high - 96) / len(found))
    names = min(max(width(bar.name) for bar in found) * TEXT + 12, wide * 0.42)
    told = max(width(bar.text) for bar in found) * TEXT + 16
    for n, bar in enumerate(found):
        top = 84 + row * n
        span = (wide - names - told - 10) * bar.value / whole
        canvas.link(bar.href, f"{bar.name}: {bar.text}", partial(_row, canvas, top, row, names, span, bar))
    return canvas.chart(title, wide, high)


def _row(canvas: Canvas, top: float, row: float, names: float, span: float, bar: Bar) -> None:
    base = top + row / 2 + 8
    canvas.fitted(4, base, bar.name, names - 8, size=TEXT)
    canvas.box(names, top + 6, max(span, 2), row - 12, fill=DARK if bar.strong else MILD)
    canvas.text(names + max(span, 2) + 10, base, bar.text or f"{bar.value:g}", size=TEXT)


def spreads(
    found: Sequence[Spread],
    *,
    title: str,
    below: str,
    unit: str,
    lang: str,
    lines: Sequence[tuple[float, str]] = (),
    wide: float = WIDE,
    high: float | None = None,
) -> Chart:
    """Boxes one under another: least to largest, the middle half, the median. What has its median under the first of
    `lines` stands out.
    """
    canvas = Canvas()
    head(canvas, title, below, wide)
    high = high or 170 + 44 * max(len(found), 1)
    if not found:
        return _nothing(canvas, title, wide, high, lang)
    names = min(max(width(f"{s.name} ({s.n})") for s in found) * TEXT + 14, wide * 0.36)
    low = min([s.low for s in found] + [value for value, _ in lines])
    most = max([s.high for s in found] + [value for value, _ in lines])
    low, most = float(int(low - 0.5)), float(int(most + 1.5))
    plot = Plot(left=names, right=wide - 40, top=124.0, bottom=high - 44, low=low, high=most)
    every = 1 if most - low <= 14 else 2
    for tick in range(int(low), int(most) + 1, every):
        x = plot.x(tick, low, most)
        canvas.lines([(x, plot.top, x, plot.bottom)], RULE, 1.5)
        told = f"{tick}" if tick + every <= most else f"{tick} {unit}"
        canvas.text(x, plot.bottom + 28, told, size=SMALL, anchor="middle", fill=FAINT)
    for value, name in lines:
        x = plot.x(value, low, most)
        canvas.path(f"M{num(x)} {num(plot.top - 8)}V{num(plot.bottom)}", ALERT, 3, ' stroke-dasharray="12 7"')
        canvas.text(x, plot.top - 16, name, size=SMALL, anchor="middle", fill=ALERT, bold=True)
    row = (plot.bottom - plot.top) / len(found)
    for n, spread in enumerate(found):
        below_line = bool(lines) and spread.middle < lines[0][0]
        told = f"{spread.name} ({spread.n}): {spread.low:.1f} – {spread.middle:.1f} – {spread.high:.1f} {unit}"
        place = partial(plot.x, low=low, high=most)
        draw: Callable[[], None] = partial(_box, canvas, plot.top + row * n, row, spread, place, below_line)
        canvas.link(spread.href, told, draw)
    return canvas.chart(title, wide, high)


def _box(
    canvas: Canvas, top: float, row: float, spread: Spread, place: Callable[[float], float], stands_out: bool
) -> None:
    y, tall = top + row / 2, min(row * 0.6, 30.0)
    canvas.text(4, y + 8, f"{spread.name} ({spread.n})", size=TEXT, bold=stands_out, fill=ALERT if stands_out else INK)
    canvas.lines([(place(spread.low), y, place(spread.high), y)], FAINT, 2.5)
    a, b = place(spread.q1), place(spread.q3)
    canvas.box(a, y - tall / 2, max(b - a, 3), tall, fill=PALE, stroke=DARK, width=2.5)
    x = place(spread.middle)
    canvas.lines([(x, y - tall / 2 - 3, x, y + tall / 2 + 3)], ALERT if stands_out else DARK, 6)


def _nothing(canvas: Canvas, title: str, wide: float, high: float, lang: str) -> Chart:
    canvas.box(4, 80, wide - 8, high - 100, fill="none", stroke=RULE)
    canvas.text(wide / 2, high / 2 + 10, said("chart.none", lang), size=TEXT, anchor="middle", fill=FAINT)
    return canvas.chart(title, wide, high)
