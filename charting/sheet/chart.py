"""The vital signs of a page as symbols over time (clinical.md §3.6): left 0–240 mmHg and /min, right 20–40 °C."""

from collections.abc import Mapping, Sequence

from charting.fill.types import Gap
from charting.sheet.columns import Columns
from charting.sheet.paper import ALERT, FAINT, HELD, HOUR, RULE, Paper
from charting.sheet.scene import Scene, Value
from charting.sheet.symbols import BY_BREATHING, Symbol, filled, mark

LEFT_AXIS, RIGHT_AXIS = (0.0, 240.0, 20.0), (20.0, 40.0, 5.0)
"""Low, high, step."""


def height_of(value: float, right: bool, top: float, height: float) -> float:
    """Where a value lies; beyond the scale at its edge."""
    low, high, _ = RIGHT_AXIS if right else LEFT_AXIS
    return top + height * (1.0 - (min(max(value, low), high) - low) / (high - low))


def chart(
    scene: Scene, paper: Paper, columns: Columns, gaps: Mapping[str, Sequence[Gap]], top: float, height: float
) -> None:
    """The grid, the scales, and each signal of the symbols' table that the document has."""
    drawn = [
        (symbol, scene.values.get(name, ())) for name, symbol in scene.symbols.signals.items() if name in scene.values
    ]
    _ground(paper, columns, [gaps.get(s.key, ()) for s, _ in drawn if s.line], top, height)
    _scales(paper, columns, drawn, top, height)
    for symbol, values in drawn:
        here = [v for v in values if columns.holds(v.time_us)]
        if here:
            _signal(scene, paper, columns, symbol, here, gaps.get(symbol.key, ()), top, height)


def _ground(paper: Paper, columns: Columns, missing: Sequence[Sequence[Gap]], top: float, height: float) -> None:
    """Hatched over the whole height where every continuous signal is missing."""
    if not missing:
        return
    spans = [(g.start_us, g.end_us) for g in missing[0]]
    for gaps in missing[1:]:
        spans = [
            (max(a, g.start_us), min(b, g.end_us))
            for a, b in spans
            for g in gaps
            if max(a, g.start_us) < min(b, g.end_us)
        ]
    for start, end in spans:
        if columns.meets(start, end):
            paper.hatch(columns.x(start), columns.x(end), top, height, {"gap": "*"})


def _scales(
    paper: Paper,
    columns: Columns,
    drawn: Sequence[tuple[Symbol, Sequence[Value]]],
    top: float,
    height: float,
) -> None:
    low, high, step = LEFT_AXIS
    levels = [low + step * n for n in range(int((high - low) / step) + 1)]
    rules = [
        (columns.left, height_of(v, False, top, height), columns.right, height_of(v, False, top, height))
        for v in levels
    ]
    paper.lines([r for v, r in zip(levels, rules, strict=True) if v % 100], RULE)
    paper.lines([r for v, r in zip(levels, rules, strict=True) if not v % 100], HOUR, 2)
    for value in levels[1:-1]:
        paper.text(
            columns.left - 8, height_of(value, False, top, height) + 7, f"{value:g}", size=20, anchor="end", fill=FAINT
        )
    paper.text(columns.left - 8, top + 18, "mmHg", size=17, anchor="end", fill=FAINT)
    paper.text(columns.left - 8, top + height - 5, "/min", size=17, anchor="end", fill=FAINT)
    if any(symbol.right for symbol, _ in drawn):
        low, high, step = RIGHT_AXIS
        for n in range(1, int((high - low) / step)):
            value = low + step * n
            y = height_of(value, True, top, height)
            paper.text(columns.right + 14, y + 7, f"{value:g}", size=20, fill=FAINT)
            paper.lines([(columns.right, y, columns.right + 9, y)], HOUR, 2)
        paper.text(columns.right + 14, top + 18, "°C", size=18, fill=FAINT)


def _signal(
    scene: Scene,
    paper: Paper,
    columns: Columns,
    symbol: Symbol,
    values: Sequence[Value],
    gaps: Sequence[Gap],
    top: float,
    height: float,
) -> None:
    paper.begin(
        f'fill="none" stroke="{symbol.colour}" stroke-width="2.6" stroke-linejoin="round"', {"signal": symbol.key}
    )
    if symbol.line:
        paper.raw(_line(columns, symbol, values, gaps, top, height))
    by_mark = {v.mark_us: v for v in values}
    whiskers = "".join(
        f"M{x:.1f} {height_of(by_mark[e.mark_us].value, symbol.right, top, height):.1f}V{y:.1f}M{x - 6:.1f} {y:.1f}h12"
        for e in scene.document.excursions
        if e.signal == symbol.key and e.mark_us in by_mark
        for x, y in [(columns.x(by_mark[e.mark_us].time_us), height_of(e.extreme, symbol.right, top, height))]
    )
    if whiskers:
        paper.raw(f'<path class="excursion" d="{whiskers}" stroke="{ALERT}" stroke-width="2"/>')
    for value in values:
        glyph = _glyph(scene, symbol, value)
        x, y = columns.x(value.time_us), height_of(value.value, symbol.right, top, height)
        own = f' data-time-us="{value.time_us}"' if value.time_us != value.mark_us else ""
        look = f' fill="{symbol.colour}"' if filled(glyph) else ""
        if value.held:
            look = f' data-state="held" fill="none" stroke="{HELD}" stroke-width="1.6" stroke-dasharray="4 2.5"'
        paper.raw(f'<path data-item="{value.item}"{own}{look} d="{mark(glyph, x, y)}"/>')
    paper.end()
    low, high, _ = RIGHT_AXIS if symbol.right else LEFT_AXIS
    for value in values:
        x, y = columns.x(value.time_us), height_of(value.value, symbol.right, top, height)
        if value.held:
            paper.text(x + 11, y - 4, "?", size=20, fill=HELD)
            continue
        if value.doubt:
            paper.text(x + 7, y - 7, "?", size=17, fill=symbol.colour)
        if not low <= value.value <= high:
            arrow = "▲" if value.value > high else "▼"
            paper.text(
                x + 8, y + (18 if value.value > high else -4), f"{arrow}{value.value:g}", size=18, fill=symbol.colour
            )


def _line(
    columns: Columns, symbol: Symbol, values: Sequence[Value], gaps: Sequence[Gap], top: float, height: float
) -> str:
    """Joins what stands in neighbouring columns with no gap between: nothing leads across what is missing."""
    d, last = "", None
    for value in values:
        if value.held:
            last = None
            continue
        x, y = columns.x(value.time_us), height_of(value.value, symbol.right, top, height)
        joined = (
            last is not None
            and columns.column(value.time_us) - columns.column(last.time_us) <= 1
            and not any(g.start_us < value.time_us and g.end_us > last.time_us for g in gaps)
        )
        d += f"{'L' if joined else 'M'}{x:.1f} {y:.1f}"
        last = value
    return f'<path class="line" d="{d}" stroke-width="1.6" stroke-opacity="0.55"/>' if d else ""


def _glyph(scene: Scene, symbol: Symbol, value: Value) -> str:
    if value.manual:
        return symbol.manual
    if symbol.glyph != BY_BREATHING:
        return symbol.glyph
    way = "unknown"
    for _, change in scene.breathing:
        if change.at_us <= value.time_us:
            way = change.way
    return scene.symbols.breathing[way].glyph
