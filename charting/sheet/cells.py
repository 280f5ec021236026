"""The rows of numbers in the page's columns: measured values, hourly sums, scores, and what was missing."""

from collections.abc import Container, Iterator, Mapping, Sequence

from charting.fill.types import Gap
from charting.sheet.columns import Columns
from charting.sheet.figures import NARROWEST
from charting.sheet.paper import ALERT, FAINT, HELD, INK, Paper, attributes
from charting.sheet.rows import MARGIN, SIZE, TIGHTEST, Paint, Rest, Row
from charting.sheet.scene import Scene, Value
from charting.sheet.signals import Signal
from charting.sheet.text import width as text_width
from charting.trail.contents import Score, Volume


def hourly(scene: Scene, columns: Columns, way: str) -> Iterator[Row]:
    """Of a flowsheet: volumes summed by the column in which they ended, and the page's sum."""
    groups: dict[tuple[str, str], dict[int, list[tuple[str, float]]]] = {}
    for item, content in scene.of(Volume):
        if content.way == way and columns.holds(content.end_us or content.start_us):
            column = columns.column(content.end_us or content.start_us)
            of = groups.setdefault((content.group, scene.fluid(content)), {})
            of.setdefault(column, []).append((item.id, content.ml))
    for (group, what), by_column in sorted(groups.items()):
        total = sum(ml for several in by_column.values() for _, ml in several)
        cells = [
            (c, " ".join(i for i, _ in several), f"{sum(ml for _, ml in several):g}")
            for c, several in by_column.items()
        ]
        yield Row(
            label=what,
            unit="mL",
            total=f"{total:g}",
            paint=cells_painter(cells),
            data={"row": "volume", "group": group},
        )


def running(scene: Scene, columns: Columns) -> Iterator[Row]:
    """Running sums of intake, output and balance by column, from the page's start.

    Blank in hours in which the patient was not there, unless something was charted in them.
    """
    sums = {"in": [0.0] * len(columns.marks), "out": [0.0] * len(columns.marks)}
    told: set[int] = set()
    for _, content in scene.of(Volume):
        if columns.holds(content.end_us or content.start_us):
            column = columns.column(content.end_us or content.start_us)
            sums[content.way][column] += content.ml
            told.add(column)
    for begin_us, end_us in scene.present:
        if columns.meets(begin_us, end_us):
            told.update(range(columns.column(begin_us), columns.column(end_us - 1) + 1))
    into, out = 0.0, 0.0
    lines: dict[str, list[tuple[int, str, str]]] = {"in_running": [], "out_running": [], "balance": []}
    for column in sorted(told):
        into, out = into + sums["in"][column], out + sums["out"][column]
        for key, value in (("in_running", f"{into:g}"), ("out_running", f"{out:g}"), ("balance", f"{into - out:+g}")):
            lines[key].append((column, "", value))
    for key, cells in lines.items():
        yield Row(
            label=scene(key), unit="mL", total=cells[-1][2] if cells else "", paint=cells_painter(cells), strong=True
        )


def scores(scene: Scene, columns: Columns) -> Iterator[Row]:
    by_scale: dict[str, list[tuple[int, str, str]]] = {}
    for item, content in scene.of(Score):
        if columns.holds(content.at_us):
            by_scale.setdefault(content.scale, []).append(
                (columns.column(content.at_us), item.id, f"{content.total:g}")
            )
    for scale, cells in sorted(by_scale.items()):
        yield Row(
            label=scale,
            paint=cells_painter(cells),
            data={"row": "score", "scale": scale},
        )


def cells_painter(cells: Sequence[tuple[int, str, str]]) -> Paint:
    """(column, items, text): several of one column stand with a stroke between them."""
    joined: dict[int, tuple[str, str]] = {}
    for column, item, text in cells:
        before = joined.get(column)
        joined[column] = (item, text) if before is None else (f"{before[0]} {item}", f"{before[1]}/{text}")

    def paint(paper: Paper, columns: Columns, top: float, height: float) -> None:
        for column, (item, text) in sorted(joined.items()):
            first, *others = item.split(" ")
            data = ({"item": first} if first else {}) | ({"items": item} if others else {})
            _number(paper, columns, column, top + (height + SIZE * 0.73) / 2, text, data)

    return paint


def breathing(scene: Scene) -> Row:
    """How the patient breathed, from each change to the next."""
    found = scene.breathing

    def paint(paper: Paper, columns: Columns, top: float, height: float) -> None:
        y = top + height - 7
        ends = [*(c.at_us for _, c in found[1:]), max(scene.document.filled_us, found[-1][1].at_us if found else 0)]
        for (item, content), end in zip(found, ends, strict=False):
            at_us = content.at_us
            if not columns.meets(at_us, end + 1) or end < columns.start_us:
                continue
            x1, x2 = columns.x(at_us), columns.x(end)
            paper.begin(data={"item": item, "time-us": at_us})
            tick = f"M{x1:.1f} {y - 14:.1f}V{y + 4:.1f}" if columns.holds(at_us) else ""
            paper.path(f"{tick}M{x1:.1f} {y + 3:.1f}H{x2:.1f}", FAINT, 2)
            said = " ".join(part for part in (scene(f"breathing.{content.way}"), content.mode) if part)
            if x2 - x1 > 40:
                paper.fitted(x1 + 5, y - 2, said, x2 - x1 - 8, size=SIZE - 2)
            paper.end()

    return Row(label=scene("breathing"), paint=paint, data={"row": "breathing"})


def numbers(
    scene: Scene, columns: Columns, signal: Signal, gaps: Sequence[Gap], rest: Rest, elsewhere: Container[int]
) -> Row:
    """A signal's values as numbers: by hand underlined, held and doubtful ones with a question mark, gaps hatched.

    A value whose mark is in no column (a second cuff pressure in five minutes) stands in the column of its time where
    that is free, else it is listed; one of a mark in `elsewhere` stands on another page. Where numbers are too wide
    for the columns (36.5), every quarter of an hour has one (every third minute of a closer stretch), and each that is
    by hand, held, doubtful or hides an excursion; the row says so (`thinned`).
    """
    here = [v for v in scene.values.get(signal.name, ()) if columns.holds(v.mark_us)]
    extremes = {e.mark_us for e in scene.document.excursions if e.signal == signal.name}
    places = _placed(columns, here, elsewhere)
    thinned = any(
        text_width(signal.written(v.value)) * SIZE * NARROWEST > columns.width - MARGIN
        for v in here
        if v.mark_us in places
    )
    placed = _thinned(scene, columns, here, places, extremes) if thinned else places

    def paint(paper: Paper, columns: Columns, top: float, height: float) -> None:
        hatches(scene, paper, columns, gaps, top, height)
        if thinned:
            _unwritten(
                paper,
                columns,
                signal,
                [v for v in here if v.mark_us in places and v.mark_us not in placed],
                top,
                height,
            )
        under = ""
        hatched = {
            column
            for g in gaps
            if columns.meets(g.start_us, g.end_us)
            for column in range(columns.column(g.start_us), columns.column(g.end_us) + 1)
        }
        marks = {mark: n for n, mark in enumerate(columns.marks)}
        taken = set(placed.values())
        y = top + (height + SIZE * 0.73) / 2
        for value in here:
            column = placed.get(value.mark_us)
            if column is None:
                if value.mark_us not in places and value.mark_us not in elsewhere:
                    x = columns.left + columns.width * (columns.column(value.mark_us) + 1)
                    paper.text(x - 1, top + 11, "…", size=11, anchor="end", fill=ALERT)
                    told = signal.written(value.value) + ("?" if value.held else "")
                    rest.add(f"{signal.label(scene.lang)} {scene.clock(value.time_us)}  {told} {signal.unit}")
                continue
            at_own = value.time_us != value.mark_us and columns.daily
            left, right = _number(
                paper,
                columns,
                column,
                y,
                signal.written(value.value) + ("?" if value.held else "ˀ" if value.doubt else ""),
                {"item": value.item} | ({"state": "held"} if value.held else {}),
                held=value.held,
                halo=column in hatched,
                own=f":{scene.local(value.time_us):%M}" if at_own else "",
                reach=_reach(columns, taken, column) if thinned else 1,
            )
            if value.manual:
                under += f"M{left:.1f} {y + 4:.1f}H{right:.1f}"
        paper.path(under, INK, 2)
        flags = "".join(
            f"M{columns.left + columns.width * (marks[mark] + 1) - 9:.1f} {top + 2:.1f}h8v8z"
            for mark in sorted(extremes)
            if mark in marks
        )
        paper.path(flags, ALERT, 0.5, fill=ALERT)

    return Row(
        label=signal.label(scene.lang),
        unit=signal.unit,
        paint=paint,
        thinned=thinned,
        data={"row": "signal", "signal": signal.name},
    )


def _unwritten(
    paper: Paper, columns: Columns, signal: Signal, values: Sequence[Value], top: float, height: float
) -> None:
    """On a screen a value that has no room is found where it would stand."""
    paper.begin('fill="none" pointer-events="all"')
    for value in values:
        x = columns.left + columns.width * columns.column(value.mark_us)
        place = f'x="{x:.1f}" y="{top:.1f}" width="{columns.width:.1f}" height="{height:.1f}"'
        title = signal.written(value.value)
        paper.raw(f"<rect{attributes({'item': value.item})} {place}><title>{title}</title></rect>")
    paper.end()


def _placed(columns: Columns, values: Sequence[Value], elsewhere: Container[int]) -> Mapping[int, int]:
    """Mark → column: each in its own, then each that has none in the one of its time, where that is free."""
    own = {mark: n for n, mark in enumerate(columns.marks)}
    found = {v.mark_us: own[v.mark_us] for v in values if v.mark_us in own}
    taken = set(found.values())
    for value in values:
        if value.mark_us in own or value.mark_us in elsewhere or not columns.holds(value.mark_us):
            continue
        column = columns.column(value.mark_us)
        if column not in taken:
            taken.add(column)
            found[value.mark_us] = column
    return found


def _thinned(
    scene: Scene, columns: Columns, values: Sequence[Value], placed: Mapping[int, int], extremes: Container[int]
) -> Mapping[int, int]:
    """What a person must see of them, the first and the last, and those at whole quarters whose neighbours are free."""
    there = [v for v in values if v.mark_us in placed]
    kept = {v.mark_us: placed[v.mark_us] for v in there if v.manual or v.held or v.doubt or v.mark_us in extremes}
    kept |= {v.mark_us: placed[v.mark_us] for v in (there[0], there[-1])}
    taken = set(kept.values())
    for value in there:
        column = placed[value.mark_us]
        every = 3 if column in columns.close else 15
        if scene.local(value.mark_us).minute % every == 0 and not taken & {column - 1, column, column + 1}:
            kept[value.mark_us] = column
            taken.add(column)
    return kept


def _reach(columns: Columns, taken: Container[int], column: int) -> float:
    """Columns that a number may take: two where its neighbours are free, at the plot's edge one and a half."""
    if column - 1 in taken or column + 1 in taken:
        return 1
    return 2 if 0 < column < len(columns.marks) - 1 else 1.5


def _number(
    paper: Paper,
    columns: Columns,
    column: int,
    y: float,
    text: str,
    data: Mapping[str, object],
    *,
    held: bool = False,
    halo: bool = False,
    own: str = "",
    reach: float = 1,
) -> tuple[float, float]:
    """Where it begins and ends: within as many columns as it may reach, itself in their middle, and within the plot."""
    wide = text_width(text) * SIZE
    room = columns.width * reach - MARGIN - text_width(own) * 14
    squeeze = min(1.0, room / wide) if wide else 1.0
    size = SIZE
    if squeeze < TIGHTEST:
        size, squeeze = SIZE * squeeze / TIGHTEST, TIGHTEST
    half = wide * squeeze * size / SIZE / 2
    x = columns.centre(column) - (text_width(own) * 7 if own else 0)
    x = min(max(x, columns.left + half + MARGIN / 2), columns.right - half - MARGIN / 2)
    paper.text(
        x,
        y,
        text,
        size=round(size, 1),
        squeeze=squeeze,
        anchor="middle",
        fill=HELD if held else INK,
        halo=halo,
        data=data,
    )
    if own:
        paper.text(x + half + 1, y, own, size=14, fill=FAINT)
    return x - half, x + half


def hatches(scene: Scene, paper: Paper, columns: Columns, gaps: Sequence[Gap], top: float, height: float) -> None:
    for gap in gaps:
        if columns.meets(gap.start_us, gap.end_us):
            x1, x2 = columns.x(gap.start_us), columns.x(gap.end_us)
            paper.hatch(x1, x2, top, height, {"gap": gap.signal, "cause": gap.cause}, _gap(scene, gap))


def _gap(scene: Scene, gap: Gap) -> str:
    sure = "" if gap.certain else scene.aside(scene("likely"))
    return f"{scene.clock(gap.start_us)}–{scene.clock(gap.end_us)} {scene(f'cause.{gap.cause}')}{sure}"


def missing(
    scene: Scene, columns: Columns, signals: Sequence[Signal], gaps: Mapping[str, Sequence[Gap]]
) -> Iterator[Row]:
    """The gaps of the chart's signals that meet the page; signals that were missing together share a row."""
    together: dict[tuple[tuple[int, int, str], ...], list[Signal]] = {}
    for signal in signals:
        here = [g for g in gaps.get(signal.name, ()) if columns.meets(g.start_us, g.end_us)]
        if here:
            together.setdefault(tuple((g.start_us, g.end_us, g.cause) for g in here), []).append(signal)
    for several in together.values():
        label = scene.listed(s.label(scene.lang) for s in several)
        if text_width(label) * SIZE > 260:
            label = several[0].label(scene.lang) + " " + scene("and_more", n=len(several))
        names = " ".join(s.name for s in several)
        paint = _gap_painter(scene, gaps[several[0].name], names)
        yield Row(label=label, paint=paint, data={"row": "gap", "signal": names})


def _gap_painter(scene: Scene, gaps: Sequence[Gap], names: str) -> Paint:
    """Hatched, with the cause where it fits."""

    def paint(paper: Paper, columns: Columns, top: float, height: float) -> None:
        for gap in gaps:
            if not columns.meets(gap.start_us, gap.end_us):
                continue
            x1, x2, said = columns.x(gap.start_us), columns.x(gap.end_us), _gap(scene, gap)
            paper.hatch(x1, x2, top + 3, height - 6, {"gap": names, "cause": gap.cause}, said)
            wide = text_width(said) * 18
            if x2 - x1 >= wide * 0.8 + 8:
                squeeze = min(1.0, (x2 - x1 - 8) / wide)
                paper.box((x1 + x2 - wide * squeeze) / 2 - 4, top + 4, wide * squeeze + 8, height - 8, fill="#ffffff")
                paper.text((x1 + x2) / 2, top + height - 9, said, size=18, anchor="middle", squeeze=squeeze, fill=FAINT)

    return paint
