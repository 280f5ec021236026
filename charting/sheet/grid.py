"""Pages with a time axis: the anaesthesia record, four hours a page, and the ICU flowsheet, a day a page."""

from collections.abc import Container, Mapping, Sequence

from charting.fill.types import Gap
from charting.sheet import cells, frame, happened, head, rows
from charting.sheet.chart import chart
from charting.sheet.columns import MINUTE_US, Columns, Span, day_start, grid, paged
from charting.sheet.frame import CHART_LEAST, PLOT_LEFT, PLOT_RIGHT, STRIP, Section
from charting.sheet.head import FOOT
from charting.sheet.lists import times_of
from charting.sheet.paper import BOTTOM, HOUR, LEFT, RIGHT, Paper
from charting.sheet.rows import Rest, Row
from charting.sheet.scene import Scene
from charting.sheet.signals import Signal

ROW, ROW_LEAST, ROW_MOST = 32.0, 26.0, 37.0
CHART_MOST = 900.0
_HOUR_US = 60 * MINUTE_US


def columns_of(scene: Scene) -> list[Columns]:
    """The pages' time axes. Closer columns stand in their place on an anaesthesia record (抢救)."""
    step_us = _step_us(scene)
    start_us, until_us = _range(scene)
    if daily(scene):
        start_us = day_start(start_us, scene.day_hour, scene.zone)
        hours = grid(start_us, until_us, step_us, scene.zone)
        return paged(hours, 24, step_us, left=PLOT_LEFT, width=PLOT_RIGHT - PLOT_LEFT, centred=False)
    spans = _spans(scene, "rescue", MINUTE_US, until_us)
    found = grid(start_us, until_us, step_us, scene.zone, spans)
    return paged(found, 48, step_us, left=PLOT_LEFT, width=PLOT_RIGHT - PLOT_LEFT, centred=True, spans=spans)


def close_columns(scene: Scene) -> list[Columns]:
    """Of a flowsheet: its 15-minute marks, on pages of their own."""
    if not daily(scene):
        return []
    start_us, until_us = _range(scene)
    quarter = 15 * MINUTE_US
    found: set[int] = set()
    for span in _spans(scene, "close", quarter, until_us):
        begin, end = max(span.start_us, start_us), min(span.end_us, until_us + quarter)
        if begin < end:
            found.update(m for m in grid(begin, end - 1, quarter, scene.zone) if m >= begin)
    if not found:
        return []
    return paged(sorted(found), 24, quarter, left=PLOT_LEFT, width=PLOT_RIGHT - PLOT_LEFT, centred=False)


def draw(
    scene: Scene, columns: Columns, first: int, rest: Rest, elsewhere: Container[int], *, closer: bool = False
) -> list[Paper]:
    """One page's time; more pages of the same hours where there are more rows than one holds. `first`: its index.

    `elsewhere`: the marks of other pages.
    """
    gaps = _gaps(scene)
    before, after = _sections(scene, columns, rest, gaps, elsewhere, closer=closer)
    has_chart = not closer and any(name in scene.values for name in scene.symbols.signals)
    papers: list[Paper] = []
    while True:
        paper = _begin(scene, columns, first + len(papers), rest, again=bool(papers), closer=closer)
        room = BOTTOM - FOOT - head.signatures_height(scene) - paper.y - 2 * 34 - 56
        lines = [] if papers or closer else happened.listing(scene, columns)
        tail = [] if closer else happened.tail_of(scene, columns)
        notes = len(happened.legend(scene, [*before, *after]))
        least = min(happened.height(lines), 12) * happened.LINE + 26.0 * (len(tail) + notes) + 30
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
    scene: Scene,
    columns: Columns,
    rest: Rest,
    gaps: Mapping[str, Sequence[Gap]],
    elsewhere: Container[int],
    *,
    closer: bool,
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
            numbers.append(cells.numbers(scene, columns, each, gaps.get(each.name, ()), rest, elsewhere))
        else:
            charted.append(each)
    numbers.append(cells.breathing(scene))
    below = [("gaps", list(cells.missing(scene, columns, charted, gaps))), ("numbers", numbers)]
    if not closer:
        below.append(("scores", list(cells.scores(scene, columns))))
    if sheet and not closer:
        below += [
            ("in", list(cells.hourly(scene, columns, "in"))),
            ("out", list(cells.hourly(scene, columns, "out"))),
            ("balance", list(cells.running(scene, columns))),
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
    lines: Sequence[happened.Line],
    tail: Sequence[tuple[str, str]],
    *,
    closer: bool,
) -> None:
    top = paper.y
    frame.times_line(scene, paper, columns)
    for section in above:
        frame.section_of(scene, paper, columns, section, row, rest)
    if high:
        frame.ground(scene, paper, columns, paper.y, high, dense=True)
        frame.strip(paper, scene("section.vitals"), paper.y, high)
        frame.legend(scene, paper, paper.y)
        chart(scene, paper, columns, gaps, paper.y, high)
        paper.y += high
        paper.lines([(LEFT, paper.y, RIGHT, paper.y)], HOUR, 2)
    for section in below:
        frame.section_of(scene, paper, columns, section, row, rest)
    if not closer:
        happened.lane(scene, paper, columns, lines)
    paper.stripes = ()
    frame.times_line(scene, paper, columns)
    bottom = paper.y
    edges = (LEFT, LEFT + STRIP, PLOT_LEFT, PLOT_RIGHT, RIGHT)
    paper.lines([(x, top, x, bottom) for x in edges] + [(LEFT, y, RIGHT, y) for y in (top, bottom)], HOUR, 2)
    happened.listed(scene, paper, lines, tail, happened.legend(scene, [*above, *below]), rest)
    head.signatures(scene, paper, BOTTOM - FOOT - head.signatures_height(scene))
