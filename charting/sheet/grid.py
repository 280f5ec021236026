"""Pages with a time axis: the anaesthesia record, four hours a page, and the ICU flowsheet, a day a page."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from charting.case.events import events
from charting.fill.types import Gap
from charting.sheet import head, rows
from charting.sheet.chart import chart
from charting.sheet.columns import MINUTE_US, Columns, Span, day_start, grid, paged
from charting.sheet.head import FOOT
from charting.sheet.lists import times_of
from charting.sheet.paper import ALERT, BOTTOM, FAINT, HOUR, INK, LEFT, RIGHT, RULE, Paper
from charting.sheet.rows import Rest, Row
from charting.sheet.scene import Scene
from charting.sheet.signals import Signal, signal
from charting.sheet.symbols import filled, mark
from charting.sheet.text import BOLD, wrap
from charting.sheet.text import width as text_width
from charting.trail.contents import Event, Volume

STRIP, NAMES, TOTALS = 34.0, 236.0, 108.0
PLOT_LEFT, PLOT_RIGHT = LEFT + STRIP + NAMES, RIGHT - TOTALS
ROW, ROW_LEAST, ROW_MOST = 32.0, 26.0, 37.0
CHART_MOST, CHART_LEAST = 900.0, 400.0
_EVENT_LINE = 28.0
_HOUR_US = 60 * MINUTE_US


Line = tuple[int, Event | None, str, str]
"""Of the list of events: number, event (None: a remark), text, item."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    name: str
    rows: Sequence[Row]


def columns_of(scene: Scene) -> list[Columns]:
    """The pages' time axes. Closer columns stand in their place on an anaesthesia record (抢救)."""
    step_us = _step_us(scene)
    start_us, until_us = _range(scene)
    marks = {v.mark_us for several in scene.values.values() for v in several}
    if daily(scene):
        start_us = day_start(start_us, scene.day_hour, scene.zone)
        hours = grid(start_us, until_us, step_us, scene.zone, (), [])
        return paged(hours, 24, step_us, left=PLOT_LEFT, width=PLOT_RIGHT - PLOT_LEFT, centred=False)
    spans = _spans(scene, "rescue", MINUTE_US, until_us)
    found = grid(start_us, until_us, step_us, scene.zone, spans, marks)
    return paged(found, 48, step_us, left=PLOT_LEFT, width=PLOT_RIGHT - PLOT_LEFT, centred=True, spans=spans)


def close_columns(scene: Scene) -> list[Columns]:
    """Of a flowsheet: the 15-minute marks, and any others that stand in no hour's column, on pages of their own."""
    if not daily(scene):
        return []
    _, until_us = _range(scene)
    quarter = 15 * MINUTE_US
    spans = _spans(scene, "close", quarter, until_us)
    hours = {m for c in columns_of(scene) for m in c.marks}
    found = {v.mark_us for several in scene.values.values() for v in several} - hours
    for span in spans:
        found.update(grid(span.start_us, span.end_us - 1, quarter, scene.zone))
    if not found:
        return []
    return paged(sorted(found), 24, quarter, left=PLOT_LEFT, width=PLOT_RIGHT - PLOT_LEFT, centred=False)


def draw(scene: Scene, columns: Columns, first: int, rest: Rest, *, closer: bool = False) -> list[Paper]:
    """One page's time; more pages of the same hours where there are more rows than one holds. `first`: its index."""
    gaps = _gaps(scene)
    before, after = _sections(scene, columns, rest, gaps, closer=closer)
    has_chart = not closer and any(name in scene.values for name in scene.symbols.signals)
    papers: list[Paper] = []
    while True:
        paper = _begin(scene, columns, first + len(papers), rest, again=bool(papers), closer=closer)
        room = BOTTOM - FOOT - head.signatures_height(scene) - paper.y - 2 * 34 - 56
        lines = [] if papers or closer else _listing(scene, columns)
        tail = [] if closer else _tail(scene, columns)
        least = min(_height(_wrapped(lines)), 12) * _EVENT_LINE + 26.0 * (len(tail) + 1) + 30
        chart_least = CHART_LEAST if has_chart else 0.0
        fits = max(int((room - least - chart_least) // ROW_LEAST), 1)
        kept = min(sum(len(s.rows) for s in after), fits)
        shown, before = _split(before, fits - kept)
        below, after = _split(after, kept)
        count = sum(len(s.rows) for s in (*shown, *below))
        row = min(ROW, (room - least - chart_least) / count) if count else ROW
        high = min(CHART_MOST, max(chart_least, room - least - count * row)) if has_chart else 0.0
        row = min(ROW_MOST, max(row, (room - least - high) / count)) if count else ROW
        _page(scene, paper, columns, shown, below, gaps, row, high, rest, lines, tail, closer=closer)
        papers.append(paper)
        has_chart = False
        if not before and not after:
            return papers


def _split(sections: Sequence[Section], n: int) -> tuple[list[Section], list[Section]]:
    """The first n rows, and the others."""
    shown: list[Section] = []
    others: list[Section] = []
    for section in sections:
        part, more = section.rows[: max(n, 0)], section.rows[max(n, 0) :]
        n -= len(part)
        if part:
            shown.append(Section(name=section.name, rows=part))
        if more:
            others.append(Section(name=section.name, rows=more))
    return shown, others


def daily(scene: Scene) -> bool:
    """A flowsheet: a day a page."""
    return _step_us(scene) >= _HOUR_US


def _step_us(scene: Scene) -> int:
    return (scene.template.grid.step_s if scene.template.grid else 300) * 1_000_000


def _range(scene: Scene) -> tuple[int, int]:
    """From the document's start to the last of what is in it; what lies far before or after now is listed instead."""
    document = scene.document
    latest = max(scene.now_us, document.filled_us)
    marks = (t for several in scene.values.values() for v in several for t in (v.mark_us, v.time_us))
    values = [m for m in marks if document.start_us - 24 * _HOUR_US <= m <= latest]
    start = min([document.start_us, *values])
    times = [t for item in document.items.values() for t in times_of(item.content)]
    times += [
        t for e in scene.case.events for t in (e.at_us,) if scene.template.kind == "grid" and _of_document(scene, t)
    ]
    known = [t for t in times if start <= t <= latest]
    return start, max([start, document.filled_us - 1, *known, *values])


def _of_document(scene: Scene, at_us: int) -> bool:
    """Events belong to an OR record until the patient has left; a flowsheet has those of its stay."""
    end = scene.document.filled_us or scene.now_us
    return scene.document.start_us <= at_us <= end + 30 * MINUTE_US


def _spans(scene: Scene, why: str, step_us: int, until_us: int) -> list[Span]:
    return [
        Span(start_us=p.start_us, end_us=p.end_us if p.end_us is not None else until_us + step_us, step_us=step_us)
        for p in scene.case.paces
        if p.why == why
    ]


def _gaps(scene: Scene) -> Mapping[str, Sequence[Gap]]:
    found: dict[str, list[Gap]] = {}
    for gap in scene.document.gaps:
        found.setdefault(gap.signal, []).append(gap)
    return found


def _sections(
    scene: Scene, columns: Columns, rest: Rest, gaps: Mapping[str, Sequence[Gap]], *, closer: bool
) -> tuple[list[Section], list[Section]]:
    """Above the chart, and below it."""
    sheet = daily(scene)
    if closer:
        above: list[tuple[str, list[Row]]] = []
    else:
        above = [
            ("gas", list(rows.infusions(scene, columns, rest, ("gas", "vapour")))),
            ("infusion", list(rows.infusions(scene, columns, rest, ("drug",)))),
            ("bolus", list(rows.boluses(scene, columns, rest))),
        ]
        if not sheet:
            above += [
                ("in", list(rows.volumes(scene, columns, rest, "in"))),
                ("out", list(rows.volumes(scene, columns, rest, "out"))),
            ]
    charted: list[Signal] = []
    numbers: list[Row] = []
    for each in scene.signals():
        symbol = scene.symbols.signals.get(each.name)
        there = each.name in scene.values or each.name in gaps
        if not there:
            continue
        if symbol is None or symbol.row or sheet or closer:
            numbers.append(rows.numbers(scene, each, gaps.get(each.name, ())))
        else:
            charted.append(each)
    numbers.append(rows.breathing(scene))
    below = [("gaps", list(rows.missing(scene, columns, charted, gaps))), ("numbers", numbers)]
    if not closer:
        below.append(("scores", list(rows.scores(scene, columns))))
    if sheet and not closer:
        below += [
            ("in", list(rows.hourly(scene, columns, "in"))),
            ("out", list(rows.hourly(scene, columns, "out"))),
            ("balance", list(rows.running(scene, columns))),
        ]
    return tuple(
        [Section(name=scene(f"section.{name}"), rows=found) for name, found in half if found] for half in (above, below)
    )  # type: ignore[return-value]


def _begin(scene: Scene, columns: Columns, index: int, rest: Rest, *, again: bool, closer: bool) -> Paper:
    start, end = scene.local(columns.marks[0]), scene.local(columns.marks[-1])
    until = f"{end:%H:%M}" if start.date() == end.date() else f"{end:%m-%d %H:%M}"
    hours = f"{start:%Y-%m-%d %H:%M} – {until}"
    paper = head.begin(
        scene,
        index,
        " ".join([*([scene("observation")] if closer else []), hours, *([scene("continued_rows")] if again else [])]),
        **{
            "start-us": str(columns.start_us),
            "end-us": str(columns.end_us),
            "left": f"{columns.left:g}",
            "column": f"{columns.width:.3f}",
            "marks": " ".join(str(m) for m in columns.marks),
        },
    )
    given = [*head.identity(scene)]
    if index == 1:
        given += head.first_page(scene)
    head.facts(paper, given, rest)
    paper.y += 6
    return paper


def _page(
    scene: Scene,
    paper: Paper,
    columns: Columns,
    above: Sequence[Section],
    below: Sequence[Section],
    gaps: Mapping[str, Sequence[Gap]],
    row: float,
    high: float,
    rest: Rest,
    lines: Sequence[Line],
    tail: Sequence[tuple[str, str]],
    *,
    closer: bool,
) -> None:
    top = paper.y
    _times_line(scene, paper, columns)
    for section in above:
        _section(scene, paper, columns, section, row, rest)
    if high:
        _under(scene, paper, columns, paper.y, high, dense=True)
        _strip(paper, scene("section.vitals"), paper.y, high)
        _legend_beside(scene, paper, paper.y)
        chart(scene, paper, columns, gaps, paper.y, high)
        paper.y += high
        paper.lines([(LEFT, paper.y, RIGHT, paper.y)], HOUR, 2)
    for section in below:
        _section(scene, paper, columns, section, row, rest)
    if not closer:
        _events_lane(scene, paper, columns, lines)
    _times_line(scene, paper, columns)
    bottom = paper.y
    edges = (LEFT, LEFT + STRIP, PLOT_LEFT, PLOT_RIGHT, RIGHT)
    paper.lines([(x, top, x, bottom) for x in edges] + [(LEFT, y, RIGHT, y) for y in (top, bottom)], HOUR, 2)
    _list(scene, paper, lines, tail, rest)
    head.signatures(scene, paper, BOTTOM - FOOT - head.signatures_height(scene))


def _times_line(scene: Scene, paper: Paper, columns: Columns) -> None:
    """The times over (and under) the grid: quarters of an hour, or each hour, or every minute of a closer stretch."""
    y, daily = paper.y + 25, columns.width > 60
    paper.text(LEFT + STRIP + 8, y, scene("time"), size=20, fill=FAINT)
    sums = "day_total" if columns.end_us - columns.start_us >= 23 * _HOUR_US else "total"
    paper.text(RIGHT - TOTALS / 2, y, scene(sums), size=19, anchor="middle", fill=FAINT)
    free = columns.left + 2
    for i, when in enumerate(columns.marks):
        local, close = scene.local(when), i in columns.close
        if not (close or daily or local.minute % 15 == 0 or i == 0):
            continue
        if not close and i + 1 in columns.close and local.minute:
            continue
        text = f"{local:%M}" if close else f"{local:%H:%M}"
        size, bold = 18.0 if close else 20.0, local.minute == 0 and not close
        wide = text_width(text) * size * (BOLD if bold else 1.0)
        x = columns.centre(i) if i else max(columns.centre(i), free + wide / 2)
        if x - wide / 2 < free - 2:
            continue
        paper.text(x, y, text, size=size, anchor="middle", bold=bold, fill=ALERT if close else INK)
        free = x + wide / 2 + 4
    paper.y += 34
    paper.lines([(LEFT, paper.y, RIGHT, paper.y)], HOUR, 2)


def _under(scene: Scene, paper: Paper, columns: Columns, top: float, high: float, *, dense: bool) -> None:
    """Columns under a section: bands of closer stretches, lines at marks (`dense`) or between them (numbers)."""
    for a, b in _runs(columns.close):
        x, wide = columns.left + columns.width * a, columns.width * (b - a)
        paper.box(x, top, wide, high, fill="#fdf0ee", data={"pace": "rescue"})
        if dense and high > CHART_LEAST / 2:
            paper.text(x + 6, top + 24, scene("rescue"), size=22, bold=True, fill=ALERT)
    wide = columns.width > 60
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


def _runs(columns: Iterable[int]) -> list[tuple[int, int]]:
    """Neighbouring columns as (first, one after the last)."""
    runs: list[tuple[int, int]] = []
    for i in sorted(columns):
        if runs and runs[-1][1] == i:
            runs[-1] = (runs[-1][0], i + 1)
        else:
            runs.append((i, i + 1))
    return runs


def _section(scene: Scene, paper: Paper, columns: Columns, section: Section, row: float, rest: Rest) -> None:
    high = row * len(section.rows)
    _under(scene, paper, columns, paper.y, high, dense=False)
    _strip(paper, section.name, paper.y, high)
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


def _strip(paper: Paper, name: str, top: float, high: float) -> None:
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


def _legend_beside(scene: Scene, paper: Paper, top: float) -> None:
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


def _listing(scene: Scene, columns: Columns) -> list[Line]:
    """(number, event, line, item) of what happened in the page's time."""
    found: list[Line] = []
    for n, content, item in scene.moments:
        if not columns.holds(content.at_us):
            continue
        said = scene.event(content) if isinstance(content, Event) else scene.remark(content)
        late = scene.late(item, content.at_us)
        text = f"{scene.clock(content.at_us, columns.start_us)} {said}" + (f"（{late}）" if late else "")
        found.append((n, content if isinstance(content, Event) else None, text, item.id))
    return found


_LANE = 56.0


def _events_lane(scene: Scene, paper: Paper, columns: Columns, lines: Sequence[Line]) -> None:
    """Events at their times: the symbol of those that have one, and the number under which they are listed."""
    top = paper.y
    _under(scene, paper, columns, top, _LANE, dense=True)
    _strip(paper, scene("section.events"), top, _LANE)
    levels = [columns.left, columns.left]
    at = {item.id: content.at_us for _, content, item in scene.moments}
    for n, event, _, item in lines:
        x = columns.x(at[item])
        kind = events().get(event.key) if event is not None else None
        symbol = scene.symbols.events.get(kind.symbol) if kind is not None and kind.symbol else None
        wide = text_width(str(n)) * 17 + (22 if symbol else 0) + 4
        level = next((i for i, free in enumerate(levels) if free <= x - 3), levels.index(min(levels)))
        begin = max(x - 3, levels[level])
        begin = min(begin, columns.right - wide)
        y = top + 22 + 26 * level
        paper.begin(data={"item": item, "time-us": at[item]})
        paper.path(f"M{x:.1f} {top:.1f}V{top + 5:.1f}", INK, 3)
        if symbol:
            fill = INK if filled(symbol.glyph) else "none"
            paper.path(mark(symbol.glyph, begin + 10, y - 6), INK, 2.2, fill=fill)
        paper.text(begin + (22 if symbol else 2), y, str(n), size=17)
        paper.end()
        levels[level] = begin + wide
    paper.y += _LANE
    paper.lines([(LEFT, paper.y, RIGHT, paper.y)], HOUR, 2)


def _wrapped(lines: Sequence[Line]) -> list[tuple[str, list[str]]]:
    """(item, its lines) of a third of the page's width."""
    em = ((RIGHT - LEFT) / 3 - 30) / 21
    found: list[tuple[str, list[str]]] = []
    for n, _, text, item in lines:
        first, *others = wrap(f"{n}  {text}", em - 1)
        found.append((item, [first, *(f"\u2003{line}" for line in others)]))
    return found


def _dealt(wrapped: Sequence[tuple[str, list[str]]], high: int) -> list[list[tuple[str, list[str]]]]:
    """Columns of at most so many lines, none of which tears what belongs together."""
    columns: list[list[tuple[str, list[str]]]] = [[]]
    used = 0
    for item, lines in wrapped:
        if used + len(lines) > high and columns[-1]:
            columns.append([])
            used = 0
        columns[-1].append((item, lines))
        used += len(lines)
    return columns


def _height(wrapped: Sequence[tuple[str, list[str]]]) -> int:
    """Lines that three columns need."""
    high = max([(sum(len(lines) for _, lines in wrapped) + 2) // 3, *(len(lines) for _, lines in wrapped)])
    while len(_dealt(wrapped, high)) > 3:
        high += 1
    return high


def _list(scene: Scene, paper: Paper, lines: Sequence[Line], tail: Sequence[tuple[str, str]], rest: Rest) -> None:
    """Events and remarks in three columns, then staff, sums, legend; what finds no room is told on the last pages."""
    bottom = BOTTOM - FOOT - head.signatures_height(scene)
    y = bottom - 26.0 * (len(tail) + 1) + 12
    for n, (label, text) in enumerate(tail):
        paper.text(LEFT, y + 26 * n, label, size=20, fill=FAINT)
        begin = LEFT + text_width(label) * 20 + 14
        if not paper.fitted(begin, y + 26 * n, text, RIGHT - begin, size=21):
            rest.add(f"{label}  {text}")
    notes = " | ".join(scene(f"legend.{key}") for key in ("manual", "held", "gap", "excursion"))
    paper.fitted(LEFT, y + 26 * len(tail), notes, RIGHT - LEFT, size=18, fill=FAINT)
    wrapped = _wrapped(lines)
    top, wide = paper.y + 12, (RIGHT - LEFT) / 3
    room = max(int((y - 28 - top) // _EVENT_LINE), 1)
    for n, column in enumerate(_dealt(wrapped, min(room, _height(wrapped)))):
        at = top + 20
        for item, texts in column:
            if n > 2 or at + _EVENT_LINE * (len(texts) - 1) > y - 20:
                rest.add(" ".join(text.strip() for text in texts))
                continue
            for text in texts:
                paper.text(LEFT + wide * n, at, text, size=21, data={"item": item})
                at += _EVENT_LINE


def _tail(scene: Scene, columns: Columns) -> list[tuple[str, str]]:
    """Who was there in the page's time, and what went in and came out until its end."""
    found: list[tuple[str, str]] = []
    there = [
        f"{scene.role(a.role)} {a.name} {scene.presence(a)}"
        for a in sorted(scene.case.attendances, key=lambda a: a.in_us)
        if columns.meets(a.in_us, a.out_us if a.out_us is not None else columns.end_us + 1)
    ]
    if there:
        found.append((scene("staff"), "；".join(there) if scene.lang == "zh" else "; ".join(there)))
    sums: dict[str, dict[str, float]] = {"in": {}, "out": {}}
    start = columns.start_us if columns.width > 60 else 0
    for _, content in scene.of(Volume):
        if start <= content.start_us < columns.end_us:
            of = sums[content.way]
            of[content.group] = of.get(content.group, 0.0) + content.ml
    if sums["in"] or sums["out"]:
        into, out = sum(sums["in"].values()), sum(sums["out"].values())
        parts = []
        for key, total, of in (("in_total", into, sums["in"]), ("out_total", out, sums["out"])):
            each = ", ".join(scene(f"group.{group}") + f" {ml:g}" for group, ml in of.items())
            parts.append(f"{scene(key)} {total:g} mL" + (f" ({each})" if each else ""))
        found.append(
            (scene("day_total" if start else "total"), "   ".join([*parts, f"{scene('balance')} {into - out:+g} mL"]))
        )
    return found
