"""The frame of a page with a time axis: its times, its sections of rows, and the legend of its symbols."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from charting.sheet.columns import MINUTE_US, Columns
from charting.sheet.paper import ALERT, FAINT, HOUR, INK, LEFT, RIGHT, RULE, Paper
from charting.sheet.rows import Rest, Row
from charting.sheet.scene import Scene
from charting.sheet.signals import signal
from charting.sheet.symbols import filled, mark
from charting.sheet.text import BOLD
from charting.sheet.text import width as text_width

STRIP, NAMES, TOTALS = 34.0, 236.0, 108.0
PLOT_LEFT, PLOT_RIGHT = LEFT + STRIP + NAMES, RIGHT - TOTALS
"""A page from left to right: the sections' names, those of the rows, the plot, sums and the right scale."""
CHART_LEAST = 400.0
_HOUR_US = 60 * MINUTE_US


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    name: str
    rows: Sequence[Row]


def times_line(scene: Scene, paper: Paper, columns: Columns) -> None:
    """The times over (and under) the grid: quarters of an hour, or each hour, or every minute of a closer stretch."""
    y, daily = paper.y + 25, columns.daily
    paper.text(LEFT + STRIP + 8, y, scene("time"), size=20, fill=FAINT)
    paper.text(RIGHT - TOTALS / 2, y, sums(scene, columns), size=19, anchor="middle", fill=FAINT)
    free = columns.left + 2
    for i, when in enumerate(columns.marks):
        local, close = scene.local(when), i in columns.close
        if not (close or daily or local.minute % 15 == 0 or i == 0):
            continue
        soon = any(scene.local(after).minute % 15 == 0 for after in columns.marks[i + 1 : i + 3])
        if not close and local.minute and (i + 1 in columns.close or (local.minute % 15 and soon)):
            continue
        text = f"{local:%M}" if close else f"{local:%H:%M}"
        size, bold = 18.0 if close else 20.0, local.minute == 0 and not close
        wide = text_width(text) * size * (BOLD if bold else 1.0)
        x = columns.centre(i) if i else max(columns.centre(i), free + wide / 2)
        if x - wide / 2 < free - 2:
            continue
        paper.text(x, y, text, size=size, anchor="middle", bold=bold, fill=ALERT if close else INK)
        free = x + wide / 2 + 4
    handed = [columns.x(t) for t in scene.handovers if columns.holds(t)]
    paper.path("".join(f"M{x:.1f} {paper.y + 34:.1f}l-5 -7h10z" for x in handed), INK, 1, fill=INK)
    paper.y += 34
    paper.lines([(LEFT, paper.y, RIGHT, paper.y)], HOUR, 2)


def sums(scene: Scene, columns: Columns) -> str:
    """What the sums of a page are: of the record so far, or of a day, or of as much of it as has been."""
    if columns.end_us - columns.start_us < 23 * _HOUR_US:
        return scene("total")
    if scene.now_us < columns.end_us:
        return scene("day_until", time=f"{scene.local(scene.now_us):%H:%M}")
    return scene("day_total")


def ground(scene: Scene, paper: Paper, columns: Columns, top: float, high: float, *, dense: bool) -> None:
    """Columns under a section: bands of closer stretches, lines at marks (`dense`) or between them (numbers).

    Handovers are dashed, but not through numbers. What is written over strong lines from now on stays readable.
    """
    for a, b in _runs(columns.close):
        x, wide = columns.left + columns.width * a, columns.width * (b - a)
        paper.box(x, top, wide, high, fill="#fdf0ee", data={"pace": "rescue"})
        if dense and high > CHART_LEAST / 2:
            paper.text(x + 6, top + 24, scene("rescue"), size=22, bold=True, fill=ALERT)
    wide = columns.daily
    fine: list[tuple[float, float, float, float]] = []
    strong: list[tuple[float, float, float, float]] = []
    for i, when in enumerate(columns.marks):
        minute = scene.local(when).minute
        x = columns.left + columns.width * (i + (0.0 if wide or not dense else 0.5))
        if minute == 0 and not wide and dense:
            strong.append((x, top, x, top + high))
        elif dense or i:
            fine.append((x, top, x, top + high))
    paper.lines(fine, RULE, 1.2)
    paper.lines(strong, HOUR, 2)
    handed = [columns.x(t) for t in scene.handovers if columns.holds(t)] if dense else []
    paper.lines([(x, top, x, top + high) for x in handed], INK, 2, ' stroke-dasharray="9 7"')
    paper.stripes = [*handed, *(x for x, *_ in strong)]


def _runs(columns: Iterable[int]) -> list[tuple[int, int]]:
    """Neighbouring columns as (first, one after the last)."""
    runs: list[tuple[int, int]] = []
    for i in sorted(columns):
        if runs and runs[-1][1] == i:
            runs[-1] = (runs[-1][0], i + 1)
        else:
            runs.append((i, i + 1))
    return runs


def section_of(scene: Scene, paper: Paper, columns: Columns, section: Section, row: float, rest: Rest) -> None:
    high = row * len(section.rows)
    ground(scene, paper, columns, paper.y, high, dense=False)
    strip(paper, section.name, paper.y, high)
    rules = [(LEFT + STRIP, paper.y + row * n, RIGHT, paper.y + row * n) for n in range(1, len(section.rows))]
    paper.lines(rules, RULE, 1.2)
    for each in section.rows:
        base = paper.y + row - (row - 20) / 2 - 3
        paper.begin(data=each.data)
        paper.raw(
            f'<rect x="{columns.left:g}" y="{paper.y:.1f}" width="{columns.right - columns.left:g}" '
            f'height="{row:.1f}" fill="none" pointer-events="all"/>'
        )
        unit = text_width(each.unit) * 17 + 6 if each.unit else 0.0
        room = NAMES - 16 - unit
        whole = text_width(each.label) * 21 * 0.75 <= room
        label = each.label if whole or not each.brief else f"{each.brief} …"
        if not (paper.fitted(LEFT + STRIP + 8, base, label, room, size=21, bold=each.strong) and whole):
            rest.add(f"{section.name}  {each.label} {each.unit}")
        paper.text(PLOT_LEFT - 6, base, each.unit, size=17, anchor="end", fill=FAINT)
        each.paint(paper, columns, paper.y, row)
        if each.total:
            wide = text_width(each.total) * 20
            squeeze = min(1.0, (TOTALS - 12) / wide)
            paper.text(RIGHT - 6, base, each.total, size=20, anchor="end", squeeze=squeeze, bold=each.strong)
        paper.end()
        paper.y += row
    paper.lines([(LEFT, paper.y, RIGHT, paper.y)], HOUR, 2)


def strip(paper: Paper, name: str, top: float, high: float) -> None:
    """The section's name down its left edge: Chinese one under another, other scripts turned."""
    x, size = LEFT + STRIP / 2, 20.0
    if all(ord(c) > 0x2E7F for c in name):
        step = min(24.0, high / len(name))
        size = min(size, step - 1)
        y = top + (high - step * len(name)) / 2 + step * 0.82
        for n, character in enumerate(name):
            paper.text(x, y + step * n, character, size=round(size, 1), anchor="middle", fill=FAINT)
        return
    size = min(18.0, high / max(text_width(name), 0.1) * 0.92)
    if size < 12:
        name, size = name[:3] + ".", min(15.0, high / 2.2)
    y = top + high / 2
    paper.raw(
        f'<text class="turned" transform="translate({x + 6:.1f} {y:.1f}) rotate(-90)" font-size="{size:.1f}" '
        f'text-anchor="middle" fill="{FAINT}">{name}</text>'
    )


def legend(scene: Scene, paper: Paper, top: float) -> None:
    """The chart's symbols and what they stand for, in the column of names."""
    found = [s for name, s in scene.symbols.signals.items() if name in scene.values]
    y = top + 52
    for symbol in found:
        glyph = symbol.glyph if symbol.glyph != "breathing" else scene.symbols.breathing["spontaneous"].glyph
        fill = symbol.colour if filled(glyph) else "none"
        centre = y - 7 + (8 if glyph.startswith("vee") else -8 if glyph.startswith("caret") else 0)
        paper.path(mark(glyph, LEFT + STRIP + 20, centre), symbol.colour, 2.6, fill=fill)
        paper.fitted(
            LEFT + STRIP + 38, y, signal(symbol.key).label(scene.lang), NAMES - 92, size=20, fill=symbol.colour
        )
        y += 30
    if any(s.glyph == "breathing" for s in found):
        x, y = LEFT + STRIP + 20, y + 4
        for way, each in scene.symbols.breathing.items():
            paper.path(mark(each.glyph, x, y - 7), FAINT, 2.2)
            paper.fitted(x + 18, y, scene(f"breathing.{way}"), NAMES - 100, size=18, fill=FAINT)
            y += 26
