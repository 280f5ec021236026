"""What of an inspection people would rather look at: each gateway's days, and the room left on its disk. Pure."""

from collections.abc import Sequence
from math import floor

from charting.inspection.measured import DayState, Gateway
from charting.inspection.report import Report
from charting.inspection.words import said
from charting.reports.canvas import ALERT, DARK, MILD, PALE, SMALL, TEXT, WARN, Canvas, Chart, Plot, head, nice
from charting.sheet.paper import FAINT, RULE, num
from charting.sheet.text import width

WIDE = 1920.0
_DAY_S = 86_400.0
_SEEN = 0.12
"""Of a cell's height: what a short downtime is drawn at, so that it is seen."""
_GIB = 2.0**30
_MARKS = 12


def uptime(report: Report, lang: str) -> Chart | None:
    """A strip a gateway, a cell a day: pale where it was up; from below the share of the day that it was down."""
    gateways = [g for g in report.measured.gateways if g.days]
    if not gateways:
        return None
    canvas = Canvas()
    title = said("chart.uptime", lang)
    head(canvas, title, said("chart.uptime_read", lang), WIDE)
    left = min(max(width(g.bed) for g in gateways) * TEXT + 20, 300.0)
    right = WIDE - 130
    row = 40.0 if len(gateways) <= 40 else 24.0
    step = (right - left) / len(gateways[0].days)
    for n, gateway in enumerate(gateways):
        top = 84 + row * n
        canvas.fitted(4, top + row / 2 + 7, gateway.bed, left - 12, size=min(TEXT, row * 0.7))
        _strip(canvas, gateway, left, top, step, row - 6)
        told = "–" if gateway.share is None else f"{floor(gateway.share * 1e4) / 1e4:.2%}"
        canvas.text(WIDE - 4, top + row / 2 + 7, told, size=min(TEXT, row * 0.7), anchor="end")
    bottom = 84 + row * len(gateways)
    _dates(canvas, [day.day for day in gateways[0].days], left, step, bottom)
    high = bottom + 84
    _legend(canvas, high - 14, lang)
    return canvas.chart(title, WIDE, high)


def _strip(canvas: Canvas, gateway: Gateway, left: float, top: float, step: float, high: float) -> None:
    gap = 1.0 if step > 4 else 0.0
    for n, day in enumerate(gateway.days):
        x, wide = left + step * n, step - gap
        known = max(_DAY_S - day.outside_s, 1.0)
        if day.outside_s > _DAY_S * 0.99:
            canvas.box(x, top, wide, high, fill="#ffffff", stroke=RULE, width=1)
            continue
        told = f"{gateway.bed} {day.day}: {1 - (day.down_s + day.silent_s) / known:.1%}"
        canvas.box(x, top, wide, high, fill=PALE, title=told)
        bottom = top + high
        for seconds, fill in _lost(day):
            tall = high * max(min(seconds / known, 1.0), _SEEN)
            bottom = max(bottom - tall, top)
            canvas.box(x, bottom, wide, min(tall, top + high - bottom), fill=fill, title=told)


def _lost(day: DayState) -> Sequence[tuple[float, str]]:
    """From below; a restart of some seconds is nothing to look at."""
    return [(seconds, fill) for seconds, fill in ((day.down_s, ALERT), (day.silent_s, WARN)) if seconds >= 60]


def _dates(canvas: Canvas, days: Sequence[str], left: float, step: float, top: float) -> None:
    every = max(1, len(days) // _MARKS)
    for n, day in enumerate(days):
        if n % every == 0 and len(days) - n >= every * 0.6:
            x = left + step * n
            canvas.lines([(x, top, x, top + 8)], FAINT, 2)
            canvas.text(x, top + 30, day[5:], size=SMALL, fill=FAINT)


def _legend(canvas: Canvas, y: float, lang: str) -> None:
    x = 4.0
    for key, fill in (("up", PALE), ("down", ALERT), ("silent", WARN), ("outside", "#ffffff")):
        canvas.box(x, y - 18, 26, 22, fill=fill, stroke=RULE, width=1)
        text = said(f"chart.{key}", lang)
        canvas.text(x + 34, y, text, size=SMALL)
        x += 34 + width(text) * SMALL + 30


def disks(report: Report, lang: str) -> Chart | None:
    """The lowest room of each day on each gateway's disk; those of which something was found stand out."""
    gateways = [g for g in report.measured.gateways if g.disk is not None and len(g.disk.lows) > 1]
    if not gateways:
        return None
    canvas, high = Canvas(), 420.0
    title = said("chart.disks", lang)
    head(canvas, title, said("chart.disks_read", lang), WIDE)
    days = sorted({day for g in gateways if g.disk is not None for day, _ in g.disk.lows})
    most = max(low for g in gateways if g.disk is not None for _, low in g.disk.lows) / _GIB
    ticks = nice(most)
    plot = Plot(left=90, right=WIDE - 160, top=110, bottom=high - 60, low=0.0, high=ticks[-1])
    plot.rules(canvas, ticks, "GiB")
    strange = {f.bed for f in report.findings if f.rule in {"disk_low", "disk_filling"}}
    place = {day: n for n, day in enumerate(days)}
    for gateway in sorted(gateways, key=lambda g: g.bed in strange):
        assert gateway.disk is not None
        at = [(plot.x(place[day], 0, max(len(days) - 1, 1)), plot.y(low / _GIB)) for day, low in gateway.disk.lows]
        path = "".join(f"{'L' if n else 'M'}{num(x)} {num(y)}" for n, (x, y) in enumerate(at))
        canvas.path(path, ALERT if gateway.bed in strange else MILD, 4 if gateway.bed in strange else 2)
        if gateway.bed in strange:
            canvas.text(at[-1][0] + 10, at[-1][1] + 7, gateway.bed, size=SMALL, fill=ALERT, bold=True, halo=True)
        elif len(gateways) <= 6:
            canvas.text(at[-1][0] + 10, at[-1][1] + 7, gateway.bed, size=SMALL, fill=DARK, halo=True)
    _dates(canvas, days, plot.left, (plot.right - plot.left) / max(len(days) - 1, 1), plot.bottom)
    return canvas.chart(title, WIDE, high)
