"""The rows of a grid page: what each is called, and how it is painted between the page's times."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from charting.sheet.amounts import Amount, added, given
from charting.sheet.columns import Columns
from charting.sheet.paper import ALERT, FAINT, INK, Paper
from charting.sheet.scene import Scene
from charting.sheet.text import width as text_width
from charting.trail.contents import Bolus, Infusion, Volume

Paint = Callable[[Paper, Columns, float, float], None]
"""Paints a row: paper, columns, top, height."""
SIZE = 21.5
"""Of digits: 6 points."""
NARROWEST = 0.72
"""Numbers are squeezed to this share of their width at most, to stand in a column of five minutes."""
TIGHTEST = 0.62
"""One that has a mark beside it, to this."""
MARGIN = 6.0
"""Left free of a column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """`total`: what stands in the last column. `brief`: the label where there is no room for all of it.

    `computed`: nobody told the total. `thinned`: not each of its numbers has room (see `charting.sheet.cells`).
    """

    label: str
    unit: str = ""
    total: str = ""
    paint: Paint
    data: dict[str, str] = field(default_factory=dict)
    strong: bool = False
    brief: str = ""
    computed: bool = False
    thinned: bool = False


@dataclass(slots=True)
class Rest:
    """What did not fit where it belongs: said in full on the last pages."""

    lines: list[str] = field(default_factory=list)

    def add(self, line: str) -> None:
        if line not in self.lines:
            self.lines.append(line)


def infusions(scene: Scene, columns: Columns, rest: Rest, what: Sequence[str]) -> Iterator[Row]:
    """A row to each drug and unit that runs in the time of the page."""
    groups: dict[tuple[str, str, str], list[tuple[str, Infusion]]] = {}
    for item, content in scene.of(Infusion):
        if content.what in what and content.rates:
            key = (content.drug.code or content.drug.zh, content.unit, content.concentration)
            groups.setdefault(key, []).append((item.id, content))
    for runs in groups.values():
        runs.sort(key=lambda run: run[1].rates[0].at_us)
        if not any(columns.meets(run.rates[0].at_us, _stop(scene, run)) for _, run in runs):
            continue
        first = runs[0][1]
        route = scene.route(first.route) if first.route != "iv" else ""
        name = " ".join(part for part in (scene.term(first.drug), first.concentration, route) if part)
        ran = [r for _, r in runs if r.rates[0].at_us < columns.end_us and _stop(scene, r) >= columns.since_us]
        total = total_of(scene, ran, columns.since_us, columns.end_us)
        total = total and total.readable
        yield Row(
            label=name,
            brief=scene.term(first.drug),
            unit=scene.unit(first.unit),
            total="" if total is None else f"{total.text} {scene.unit(total.unit)}".strip(),
            computed=total is not None and total.computed,
            paint=_infusion_painter(scene, runs, name, rest),
            data={"row": "infusion", "drug": first.drug.code},
        )


def total_of(scene: Scene, runs: Sequence[Infusion], since_us: int, until_us: int) -> Amount | None:
    """What was given between two times, as far as is known. Gases and vapours are not added up."""
    if any(run.what != "drug" and run.total is None for run in runs):
        return None
    weight = scene.case.patient.weight_kg
    return added(given(run, since_us, until_us, _stop(scene, run), weight) for run in runs)


def _stop(scene: Scene, run: Infusion) -> int:
    """When it ended, as far as that is known: an infusion that runs is drawn to the last time we know of."""
    if run.stop_us is not None:
        return run.stop_us
    last = max((rate.at_us for rate in run.rates), default=scene.document.start_us)
    return max(last, min(scene.now_us, max(scene.document.filled_us, last)))


def _infusion_painter(scene: Scene, runs: Sequence[tuple[str, Infusion]], name: str, rest: Rest) -> Paint:
    def paint(paper: Paper, columns: Columns, top: float, height: float) -> None:
        y = top + height - 7
        for item, run in runs:
            stop = _stop(scene, run)
            if not columns.meets(run.rates[0].at_us, stop + 1):
                continue
            ends = [*(rate.at_us for rate in run.rates[1:]), stop]
            paper.begin(data={"item": item, "time-us": run.rates[0].at_us})
            solid, dashed, ticks = "", "", ""
            shown: list[tuple[float, str, bool]] = []
            for rate, end in zip(run.rates, ends, strict=True):
                if not columns.meets(rate.at_us, end + 1) or end <= columns.start_us:
                    continue
                x1, x2 = columns.x(rate.at_us), columns.x(end)
                line = f"M{x1:.1f} {y:.1f}H{x2:.1f}"
                solid, dashed = (solid + line, dashed) if rate.rate else (solid, dashed + line)
                begun = columns.holds(rate.at_us)
                ticks += f"M{x1:.1f} {y - 7:.1f}V{y + 5:.1f}" if begun else ""
                shown.append((x1, f"{rate.rate:g}" if begun else f"({rate.rate:g})", begun))
            if run.stop_us is not None and columns.holds(run.stop_us):
                ticks += f"M{columns.x(stop):.1f} {y - 7:.1f}V{y + 5:.1f}"
            else:
                x = columns.x(stop)
                ticks += f"M{x - 8:.1f} {y - 6:.1f}L{x:.1f} {y:.1f}L{x - 8:.1f} {y + 6:.1f}"
            paper.path(solid, INK, 2.6)
            paper.path(dashed, FAINT, 2.2, ' stroke-dasharray="5 5"')
            paper.path(ticks, INK, 2.2)
            if not _beside(paper, shown, y - 4, columns.right):
                said = ", ".join(f"{scene.clock(r.at_us)} {r.rate:g}" for r in run.rates)
                end_text = f" –{scene.clock(run.stop_us)}" if run.stop_us is not None else ""
                rest.add(f"{name} {scene.unit(run.unit)}  {said}{end_text}")
            paper.end()

    return paint


def _beside(paper: Paper, shown: Sequence[tuple[float, str, bool]], y: float, right: float) -> bool:
    """Numbers right of their ticks, each as far as the next; False where one had to be left out."""
    whole, free = True, 0.0
    for n, (x, text, _) in enumerate(shown):
        until = shown[n + 1][0] if n + 1 < len(shown) else right + 60
        room = until - max(x, free) - 6
        wide = text_width(text) * (SIZE - 2)
        if room < wide * NARROWEST:
            if room >= 14:
                paper.text(max(x, free) + 3, y, "…", size=13, fill=ALERT)
            whole = False
            continue
        paper.text(max(x, free) + 4, y, text, size=SIZE - 2, squeeze=min(1.0, room / wide))
        free = max(x, free) + min(wide, room) + 4
    return whole


def boluses(scene: Scene, columns: Columns, rest: Rest) -> Iterator[Row]:
    """A row to each drug, unit and route given in the time of the page; the total is that of `columns.since_us` on."""
    groups: dict[tuple[str, str, str], list[tuple[str, Bolus]]] = {}
    for item, content in scene.of(Bolus):
        key = (content.drug.code or content.drug.zh, content.unit, content.route)
        groups.setdefault(key, []).append((item.id, content))
    for doses in groups.values():
        doses.sort(key=lambda one: one[1].at_us)
        if not any(columns.holds(one.at_us) for _, one in doses):
            continue
        first = doses[0][1]
        name = " ".join(part for part in (scene.term(first.drug), scene.route(first.route)) if part)
        total = sum(one.dose for _, one in doses if columns.since_us <= one.at_us < columns.end_us)
        unit = scene.unit(first.unit)
        yield Row(
            label=name,
            unit=unit,
            total=f"{total:g} {unit}",
            paint=_dose_painter(scene, [(id_, b.at_us, f"{b.dose:g}") for id_, b in doses], f"{name} {unit}", rest),
            data={"row": "bolus", "drug": first.drug.code},
        )


def _dose_painter(scene: Scene, given: Sequence[tuple[str, int, str]], name: str, rest: Rest) -> Paint:
    """Numbers at their times, each right of a tick."""

    def paint(paper: Paper, columns: Columns, top: float, height: float) -> None:
        y, free = top + height - 8, 0.0
        here = [one for one in given if columns.holds(one[1])]
        for n, (item, at_us, text) in enumerate(here):
            x = columns.x(at_us)
            until = columns.x(here[n + 1][1]) if n + 1 < len(here) else columns.right + 40
            wide, begin = text_width(text) * SIZE, max(x + 4, free)
            room = until - begin - 3
            paper.begin(data={"item": item, "time-us": at_us})
            paper.path(f"M{x:.1f} {y - 15:.1f}V{y + 4:.1f}", INK, 2)
            if room >= wide * NARROWEST:
                paper.text(begin, y, text, size=SIZE, squeeze=min(1.0, room / wide))
                free = begin + min(wide, room) + 3
            else:
                if room >= 12:
                    paper.text(begin, y, "…", size=12, fill=ALERT)
                rest.add(f"{name}  " + ", ".join(f"{scene.clock(at)} {dose}" for _, at, dose in given))
            paper.end()

    return paint


def volumes(scene: Scene, columns: Columns, rest: Rest, way: str) -> Iterator[Row]:
    """A row to each fluid, product or output; the total is that of what was begun until the page's end."""
    groups: dict[tuple[str, str], list[tuple[str, Volume]]] = {}
    for item, content in scene.of(Volume):
        if content.way == way:
            groups.setdefault((content.group, scene.fluid(content)), []).append((item.id, content))
    for (group, what), several in groups.items():
        several.sort(key=lambda one: one[1].start_us)
        if not any(columns.meets(v.start_us, (v.end_us or v.start_us) + 1) for _, v in several):
            continue
        total = sum(v.ml for _, v in several if v.start_us < columns.end_us)
        yield Row(
            label=what,
            unit="mL",
            total=f"{total:g}",
            paint=_volume_painter(scene, several, what, rest),
            data={"row": "volume", "group": group},
        )


def _volume_painter(scene: Scene, given: Sequence[tuple[str, Volume]], name: str, rest: Rest) -> Paint:
    points = _dose_painter(scene, [(i, v.start_us, f"{v.ml:g}") for i, v in given if v.end_us is None], name, rest)

    def paint(paper: Paper, columns: Columns, top: float, height: float) -> None:
        y = top + height - 7
        for item, volume in given:
            if volume.end_us is None or not columns.meets(volume.start_us, volume.end_us):
                continue
            x1, x2 = columns.x(volume.start_us), columns.x(volume.end_us)
            begun, ended = columns.holds(volume.start_us), columns.holds(volume.end_us)
            paper.begin(data={"item": item, "time-us": volume.start_us})
            ends = (f"M{x1:.1f} {y - 7:.1f}V{y + 5:.1f}" if begun else "") + (
                f"M{x2:.1f} {y - 7:.1f}V{y + 5:.1f}"
                if ended
                else f"M{x2 - 8:.1f} {y - 6:.1f}L{x2:.1f} {y:.1f}L{x2 - 8:.1f} {y + 6:.1f}"
            )
            paper.path(f"M{x1:.1f} {y:.1f}H{x2:.1f}{ends}", INK, 2.4)
            text = f"{volume.ml:g}" if begun else f"({volume.ml:g})"
            wide = text_width(text) * (SIZE - 2)
            if x2 - x1 - 8 >= wide * NARROWEST:
                paper.text(x1 + 5, y - 4, text, size=SIZE - 2, squeeze=min(1.0, (x2 - x1 - 8) / wide))
            else:
                rest.add(f"{name}  {scene.clock(volume.start_us)}–{scene.clock(volume.end_us)} {volume.ml:g} mL")
                paper.text(x1 + 4, y - 4, "…", size=12, fill=ALERT)
            paper.end()
        points(paper, columns, top, height)

    return paint
