"""What happened in a page's time: events and remarks on the time axis and as a list, who was there, and the sums."""

from collections.abc import Sequence

from charting.case.events import events
from charting.sheet import frame, head
from charting.sheet.columns import Columns
from charting.sheet.frame import Section
from charting.sheet.head import FOOT
from charting.sheet.paper import BOTTOM, FAINT, HOUR, INK, LEFT, RIGHT, Paper
from charting.sheet.rows import Rest
from charting.sheet.scene import Scene
from charting.sheet.symbols import filled, mark
from charting.sheet.text import width as text_width
from charting.sheet.text import wrap
from charting.trail.contents import Event, Volume, Warming

Line = tuple[int, Event | None, str, str]
"""Of the list: number, event (None: a remark), text, item."""
LINE = 28.0
"""Height of a line of the list."""


def listing(scene: Scene, columns: Columns) -> list[Line]:
    """(number, event, line, item) of what happened in the page's time."""
    found: list[Line] = []
    for n, content, item in scene.moments:
        if not columns.holds(content.at_us):
            continue
        late = scene.late(item, content.at_us)
        text = f"{scene.clock(content.at_us, columns.start_us)} {scene.said(content)}" + (
            scene.aside(late) if late else ""
        )
        found.append((n, content if isinstance(content, Event) else None, text, item.id))
    return found


LANE = 56.0


def lane(scene: Scene, paper: Paper, columns: Columns, lines: Sequence[Line]) -> None:
    """Events at their times: the symbol of those that have one, and the number under which they are listed."""
    top = paper.y
    frame.ground(scene, paper, columns, top, LANE, dense=True)
    frame.strip(paper, scene("section.events"), top, LANE)
    levels = [columns.left, columns.left]
    at = {item.id: content.at_us for _, content, item in scene.moments}
    for n, event, _, item in lines:
        x = columns.x(at[item])
        kind = events().get(event.key) if event is not None else None
        symbol = scene.symbols.events.get(kind.symbol) if kind is not None and kind.symbol else None
        wide = text_width(str(n)) * 17 + (22 if symbol else 0) + 4
        level = next((i for i, free in enumerate(levels) if free <= x - 3), levels.index(min(levels)))
        begin = max(x - 3, min(levels[level], columns.right))
        y = top + 22 + 26 * level
        paper.begin(data={"item": item, "time-us": at[item]})
        paper.path(f"M{x:.1f} {top:.1f}V{top + 5:.1f}", INK, 3)
        if begin > columns.right - 6:  # so many that only the list has room for them
            paper.end()
            continue
        if symbol:
            fill = INK if filled(symbol.glyph) else "none"
            paper.path(mark(symbol.glyph, begin + 10, y - 6), INK, 2.2, fill=fill)
        paper.text(begin + (22 if symbol else 2), y, str(n), size=17)
        paper.end()
        levels[level] = begin + wide
    paper.y += LANE
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


def height(lines: Sequence[Line]) -> int:
    """How many lines high the list is, in three columns."""
    return _high(_wrapped(lines))


def _high(wrapped: Sequence[tuple[str, list[str]]]) -> int:
    """Lines that three columns need."""
    high = max([(sum(len(lines) for _, lines in wrapped) + 2) // 3, *(len(lines) for _, lines in wrapped)])
    while len(_dealt(wrapped, high)) > 3:
        high += 1
    return high


def legend(scene: Scene, sections: Sequence[Section]) -> list[str]:
    """Lines that say what the marks of these rows mean."""
    rows = [row for section in sections for row in section.rows]
    notes = [scene(f"legend.{key}") for key in ("manual", "held", "doubt", "gap", "excursion", "running")]
    if scene.handovers:
        notes.append(scene("legend.handover"))
    thinned = [row.label for row in rows if row.thinned]
    if thinned:
        notes.append(scene("legend.thinned", names=scene.listed(thinned)))
    if any(row.computed for row in rows):
        weight = scene.case.patient.weight_kg
        notes.append(scene("legend.computed") + (scene.aside(f"{weight:g} kg") if weight else ""))
    found: list[str] = []
    for note in notes:
        longer = f"{found[-1]} | {note}" if found else note
        if found and text_width(longer) * _SMALL <= RIGHT - LEFT:
            found[-1] = longer
        else:
            found.append(note)
    return found


_SMALL = 18.0


def listed(
    scene: Scene,
    paper: Paper,
    lines: Sequence[Line],
    tail: Sequence[tuple[str, str]],
    notes: Sequence[str],
    rest: Rest,
) -> None:
    """Events and remarks in three columns, then staff, sums, legend; what finds no room is told on the last pages."""
    bottom = BOTTOM - FOOT - head.signatures_height(scene)
    y = bottom - 26.0 * (len(tail) + len(notes)) + 12
    for n, (label, text) in enumerate(tail):
        paper.text(LEFT, y + 26 * n, label, size=20, fill=FAINT)
        begin = LEFT + text_width(label) * 20 + 14
        if not paper.fitted(begin, y + 26 * n, text, RIGHT - begin, size=21):
            rest.add(f"{label}  {text}")
    for n, note in enumerate(notes, len(tail)):
        paper.fitted(LEFT, y + 26 * n, note, RIGHT - LEFT, size=_SMALL, fill=FAINT)
    wrapped = _wrapped(lines)
    top, wide = paper.y + 12, (RIGHT - LEFT) / 3
    room = max(int((y - 28 - top) // LINE), 1)
    for n, column in enumerate(_dealt(wrapped, min(room, _high(wrapped)))):
        at = top + 20
        for item, texts in column:
            if n > 2 or at + LINE * (len(texts) - 1) > y - 20:
                rest.add(" ".join(text.strip() for text in texts))
                continue
            for text in texts:
                paper.text(LEFT + wide * n, at, text, size=21, data={"item": item})
                at += LINE


def tail_of(scene: Scene, columns: Columns) -> list[tuple[str, str]]:
    """Who was there in the page's time, what warmed the patient, and what went in and came out until its end."""
    found: list[tuple[str, str]] = []
    there = [
        f"{scene.role(a.role)} {a.name} {scene.presence(a)}"
        for a in sorted(scene.case.attendances, key=lambda a: a.in_us)
        if columns.meets(a.in_us, a.out_us if a.out_us is not None else columns.end_us + 1)
    ]
    if there:
        found.append((scene("staff"), "；".join(there) if scene.lang == "zh" else "; ".join(there)))
    warmed = [
        scene.warming(content)
        for _, content in scene.of(Warming)
        if columns.meets(content.start_us, content.end_us if content.end_us is not None else columns.end_us + 1)
    ]
    if warmed:
        found.append((scene("warming"), "；".join(warmed) if scene.lang == "zh" else "; ".join(warmed)))
    sums: dict[str, dict[str, float]] = {"in": {}, "out": {}}
    start = columns.since_us
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
        found.append((frame.sums(scene, columns), "   ".join([*parts, f"{scene('balance')} {into - out:+g} mL"])))
    return found
