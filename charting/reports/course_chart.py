"""The temperature course of a case, drawn: raw minutes, what was left out, the QC series, its longest run. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import pairwise

import numpy as np

from alarms.hypothermia.types import Course, Mode
from alarms.temperature import MINUTE_US
from charting.case.clock import local
from charting.fill.rules import rules
from charting.reports.canvas import ALERT, DARK, MILD, SMALL, WARN, Canvas, Chart, Plot
from charting.reports.words import said
from charting.sheet.paper import FAINT, HOUR, INK, RULE, num
from charting.sheet.text import width

WIDE, HIGH = 1920.0, 860.0
LOW_C = 36.0
_BRIDGE_MIN = 5
_LEAST, _MOST = (35.0, 37.5), (28.0, 42.0)
_STEPS_MIN = (5, 10, 15, 30, 60, 120, 240, 480)
_ROW = 27.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Excluded:
    """Minutes (or readings) of a thermometer that a rule left out (`flagged`: only marked), as spans of time."""

    channel: str
    site: str
    rule: str
    flagged: bool
    n: int
    spans: Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ground:
    canvas: Canvas
    plot: Plot
    start_us: int
    end_us: int
    lang: str
    zone: str

    def x(self, at_us: float) -> float:
        return self.plot.x(float(at_us), float(self.start_us), float(self.end_us))

    def y(self, value: float) -> float:
        """What is off the scale stands at its edge."""
        return self.plot.y(min(max(value, self.plot.low), self.plot.high))

    def clock(self, at_us: int) -> str:
        return f"{local(at_us, self.zone):%H:%M}"


def course_chart(course: Course, events: Sequence[tuple[int, str]], *, lang: str, zone: str) -> Chart:
    """`events`: times and names of what happened, in order; those around the window are shown."""
    canvas = Canvas()
    start_us, end_us = _span(course)
    low, high = _range(course)
    rows = _placed(events, start_us, end_us, WIDE - 160)
    top = 40 + _ROW * (max((row for *_, row in rows), default=-1) + 1)
    plot = Plot(left=90.0, right=WIDE - 70, top=top, bottom=HIGH - 120, low=low, high=high)
    ground = _Ground(canvas=canvas, plot=plot, start_us=start_us, end_us=end_us, lang=lang, zone=zone)
    _frame(ground, course)
    _events(ground, rows)
    for place in range(len(course.channels)):
        _raw(ground, course, place)
    _series(ground, course)
    _found(ground, course)
    _legend(ground, course)
    return canvas.chart(said("course.title", lang), WIDE, HIGH)


def excluded(course: Course) -> Sequence[Excluded]:
    """What was left out or marked, by thermometer and rule, in order of time."""
    found: list[Excluded] = []
    for channel, screened in zip(course.channels, course.screened, strict=True):
        for flagged, names in ((False, screened.excluded), (True, screened.flagged)):
            for rule in dict.fromkeys(name for name in names.tolist() if name):
                minutes = screened.minute_us[names == rule]
                found.append(
                    Excluded(
                        channel=channel.name,
                        site=channel.site.name,
                        rule=rule,
                        flagged=flagged,
                        n=int(minutes.size),
                        spans=tuple(_runs(minutes.tolist())),
                    )
                )
    return sorted(found, key=lambda each: each.spans[0][0] if each.spans else 0)


def _runs(minutes: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Minutes that follow one another as spans, half-open."""
    if not minutes:
        return
    first = minutes[0]
    for before, after in pairwise(minutes):
        if after - before > MINUTE_US:
            yield first, before + MINUTE_US
            first = after
    yield first, minutes[-1] + MINUTE_US


def _span(course: Course) -> tuple[int, int]:
    times = [int(t) for s in course.screened if s.minute_us.size for t in (s.minute_us[0], s.minute_us[-1])]
    start_us = course.window.start_us
    end_us = course.window.end_us or max([*times, start_us + 30 * MINUTE_US])
    return start_us - 5 * MINUTE_US, max(end_us, start_us + 10 * MINUTE_US) + 5 * MINUTE_US


def _range(course: Course) -> tuple[float, float]:
    told = [s.value[~np.isnan(s.value)] for s in course.screened]
    values = np.concatenate([np.empty(0), *told])
    low, high = _LEAST
    if values.size:
        low, high = min(low, float(values.min()) - 0.2), max(high, float(values.max()) + 0.2)
    return float(np.floor(max(low, _MOST[0]) * 2) / 2), float(np.ceil(min(high, _MOST[1]) * 2) / 2)


def _placed(
    events: Sequence[tuple[int, str]], start_us: int, end_us: int, wide: float
) -> Sequence[tuple[int, str, int]]:
    """Events in the span, each in the first row in which its name is free."""
    free: list[float] = []
    found = []
    for at_us, name in events:
        if not start_us <= at_us <= end_us:
            continue
        room = width(name) * SMALL
        x = min(wide * (at_us - start_us) / (end_us - start_us), wide - room)
        row = next((n for n, until in enumerate(free) if until < x), len(free))
        if row == len(free):
            free.append(0.0)
        free[row] = x + room + 20
        found.append((at_us, name, row))
    return found


def _frame(ground: _Ground, course: Course) -> None:
    canvas, plot = ground.canvas, ground.plot
    for start_us, end_us in course.window.cooled:
        a, b = ground.x(max(start_us, ground.start_us)), ground.x(min(end_us or ground.end_us, ground.end_us))
        if b > a:
            canvas.box(a, plot.top, b - a, plot.bottom - plot.top, fill="#dcebf6")
            canvas.text(a + 8, plot.bottom - 12, said("course.cooled", ground.lang), size=SMALL, fill=DARK)
    run = course.longest
    if run is not None:
        a, b = ground.x(run.start_us), ground.x(run.end_us)
        canvas.box(a, plot.top, max(b - a, 3), plot.bottom - plot.top, fill="#fbe3df")
    step = 0.5 if plot.high - plot.low <= 6 else 1.0
    ticks = np.arange(np.ceil(plot.low / step) * step, plot.high + 1e-9, step).tolist()
    canvas.lines([(plot.left, plot.y(t), plot.right, plot.y(t)) for t in ticks], RULE, 1.5)
    for tick in ticks:
        canvas.text(plot.left - 10, plot.y(tick) + 7, f"{tick:.1f}", size=SMALL, anchor="end", fill=FAINT)
    canvas.text(plot.left - 10, plot.top - 16, "°C", size=SMALL, anchor="end", fill=FAINT)
    y = plot.y(LOW_C)
    canvas.path(f"M{num(plot.left)} {num(y)}H{num(plot.right)}", ALERT, 3, ' stroke-dasharray="14 8"')
    canvas.text(plot.right + 8, y + 8, f"{LOW_C:.1f}", size=SMALL, fill=ALERT, bold=True)
    minutes = (ground.end_us - ground.start_us) / MINUTE_US
    every = next((s for s in _STEPS_MIN if minutes / s <= 20), _STEPS_MIN[-1])
    offset = local(ground.start_us, ground.zone).utcoffset() or timedelta()
    shift_us = offset // timedelta(microseconds=1)
    first = -(-(ground.start_us + shift_us) // (every * MINUTE_US)) * every * MINUTE_US - shift_us
    for at_us in range(first, ground.end_us, every * MINUTE_US):
        x = ground.x(at_us)
        canvas.lines([(x, plot.bottom, x, plot.bottom + 8)], FAINT, 2)
        canvas.text(x, plot.bottom + 30, ground.clock(at_us), size=SMALL, anchor="middle", fill=FAINT)
    canvas.lines([(plot.left, plot.bottom, plot.right, plot.bottom)], FAINT, 2)
    ends = (course.window.start_us, course.window.end_us)
    canvas.lines([(ground.x(t), plot.top, ground.x(t), plot.bottom) for t in ends if t is not None], INK, 3)


def _events(ground: _Ground, rows: Sequence[tuple[int, str, int]]) -> None:
    for at_us, name, row in rows:
        x, y = ground.x(at_us), 22 + _ROW * row
        ground.canvas.lines([(x, y + 4, x, ground.plot.bottom)], HOUR, 1.5)
        left = min(x + 4, ground.plot.right + 4 - width(name) * SMALL)
        ground.canvas.text(left, y, name, size=SMALL, fill=INK, halo=True)


def _raw(ground: _Ground, course: Course, place: int) -> None:
    """Each minute (or spot reading) of a thermometer; what is left out as a cross, what is flagged as a ring."""
    channel, screened = course.channels[place], course.screened[place]
    spot = course.modes[place] is Mode.SPOT
    colour = MILD if place % 2 == 0 else "#8a7ab8"
    site = channel.site.zh if ground.lang == "zh" else channel.site.en
    for at_us, value, rule, flag in zip(
        screened.minute_us.tolist(), screened.value.tolist(), screened.excluded.tolist(), screened.flagged.tolist(),
        strict=True,
    ):  # fmt: skip
        if np.isnan(value):
            continue
        x, y = ground.x(at_us + (0 if spot else MINUTE_US / 2)), ground.y(value)
        why = " · ".join(_rule(name, ground.lang) for name in (rule, flag) if name)
        told = f"{ground.clock(at_us)} {value:.2f} °C · {site}" + (f" · {why}" if why else "")
        ground.canvas.link("", told, partial(_mark, ground.canvas, x, y, colour, spot, bool(rule), bool(flag)))


def _rule(name: str, lang: str) -> str:
    rule = rules().get(name)
    return name if rule is None else rule.zh if lang == "zh" else rule.en


def _mark(canvas: Canvas, x: float, y: float, colour: str, spot: bool, out: bool, flagged: bool) -> None:
    if out:
        canvas.path(f"M{num(x - 6)} {num(y - 6)}l12 12m0 -12l-12 12", WARN, 2.5)
        return
    if flagged:
        canvas.raw(f'<circle cx="{num(x)}" cy="{num(y)}" r="8" fill="none" stroke="{WARN}" stroke-width="2.5"/>')
    if spot:
        canvas.path(f"M{num(x - 8)} {num(y - 8)}h16v16h-16z", INK, 2, fill=colour)
    else:
        canvas.raw(f'<circle cx="{num(x)}" cy="{num(y)}" r="3.5" fill="{colour}"/>')


def _series(ground: _Ground, course: Course) -> None:
    """The QC series; holes of up to five minutes are bridged with a thin line."""
    minutes, values = course.series.minute.tolist(), course.series.value.tolist()
    whole, bridge = "", ""
    for n, (minute, value) in enumerate(zip(minutes, values, strict=True)):
        x, y = ground.x((minute + 0.5) * MINUTE_US), ground.y(value)
        gap = minute - minutes[n - 1] if n else 0
        if n and gap == 1:
            whole += f"L{num(x)} {num(y)}"
            continue
        if n and gap <= _BRIDGE_MIN + 1:
            before = ground.x((minutes[n - 1] + 0.5) * MINUTE_US), ground.y(values[n - 1])
            bridge += f"M{num(before[0])} {num(before[1])}L{num(x)} {num(y)}"
        whole += f"M{num(x)} {num(y)}l0.1 0"
    ground.canvas.path(bridge, DARK, 2.5, ' stroke-dasharray="5 5"')
    ground.canvas.path(whole, DARK, 5, ' stroke-linejoin="round" stroke-linecap="round"')


def _found(ground: _Ground, course: Course) -> None:
    """The longest run and the nadir, in words."""
    canvas, plot, run, metrics = ground.canvas, ground.plot, course.longest, course.metrics
    if run is not None:
        told = said("course.run", ground.lang, minutes=f"{run.minutes:.0f}", start=ground.clock(run.start_us),
                    end=ground.clock(run.end_us))  # fmt: skip
        room = width(told) * SMALL * 1.06
        centre = (ground.x(run.start_us) + ground.x(run.end_us)) / 2
        canvas.text(min(max(centre - room / 2, plot.left + 6), plot.right - room), plot.bottom - 14, told, size=SMALL,
                    bold=True, fill=ALERT, halo=True)  # fmt: skip
    if metrics.nadir_us is not None and not np.isnan(metrics.nadir_c):
        x, y = ground.x(metrics.nadir_us + MINUTE_US / 2), ground.y(metrics.nadir_c)
        canvas.path(f"M{num(x)} {num(y + 8)}l11 20h-22z", "#ffffff", 2, fill=ALERT)
        told = said("course.nadir", ground.lang, value=f"{metrics.nadir_c:.2f}")
        room = width(told) * SMALL
        canvas.text(min(max(x - room / 2, plot.left + 6), plot.right - room), y + 52, told, size=SMALL, fill=ALERT,
                    halo=True)  # fmt: skip


def _legend(ground: _Ground, course: Course) -> None:
    canvas, x, y = ground.canvas, ground.plot.left, HIGH - 44
    entries: list[tuple[str, str]] = [("series", said("course.series", ground.lang))]
    for place, channel in enumerate(course.channels):
        if course.screened[place].minute_us.size:
            site = channel.site.zh if ground.lang == "zh" else channel.site.en
            mode = said(f"monitoring.{course.modes[place].value}", ground.lang)
            entries.append((f"channel{place}", f"{site} ({mode}) {channel.name.split('/')[1]}"))
    entries += [("out", said("course.excluded", ground.lang)), ("flag", said("course.flagged", ground.lang))]
    for kind, text in entries:
        if x + width(text) * SMALL + 60 > WIDE - 20:
            x, y = ground.plot.left, y + 30
        if kind == "series":
            canvas.path(f"M{num(x)} {num(y - 7)}h34", DARK, 5)
        elif kind.startswith("channel"):
            place = int(kind.removeprefix("channel"))
            colour = MILD if place % 2 == 0 else "#8a7ab8"
            _mark(canvas, x + 17, y - 7, colour, course.modes[place] is Mode.SPOT, out=False, flagged=False)
        else:
            _mark(canvas, x + 17, y - 7, MILD, spot=False, out=kind == "out", flagged=kind == "flag")
        canvas.text(x + 44, y, text, size=SMALL)
        x += 44 + width(text) * SMALL + 34
