"""The rows of a grid page: what each is called, and how it is painted between the page's times."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from charting.sheet.amounts import Amount, added, given
from charting.sheet.columns import Columns
from charting.sheet.figures import Figure, place, write
from charting.sheet.paper import FAINT, INK, Paper
from charting.sheet.scene import Scene
from charting.trail.contents import Bolus, Infusion, Rate, Volume

Paint = Callable[[Paper, Columns, float, float], None]
"""Paints a row: paper, columns, top, height."""
SIZE = 21.5
"""Of digits: 6 points."""
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
        here = [
            (item, run, _stop(scene, run))
            for item, run in runs
            if columns.meets(run.rates[0].at_us, _stop(scene, run) + 1)
        ]
        shown = [
            Figure(
                item=item,
                x=columns.x(rate.at_us),
                text=f"{rate.rate:g}" if columns.holds(rate.at_us) else f"({rate.rate:g})",
            )
            for item, run, stop in here
            for rate, _ in _stretches(run, stop, columns)
        ]
        placed = place(shown, columns.right + 60, SIZE - 2)
        for item, run, stop in here:
            paper.begin(data={"item": item, "time-us": run.rates[0].at_us})
            solid, dashed, ticks = "", "", ""
            for rate, end in _stretches(run, stop, columns):
                x1, x2 = columns.x(rate.at_us), columns.x(end)
                line = f"M{x1:.1f} {y:.1f}H{x2:.1f}"
                solid, dashed = (solid + line, dashed) if rate.rate else (solid, dashed + line)
                ticks += f"M{x1:.1f} {y - 7:.1f}V{y + 5:.1f}" if columns.holds(rate.at_us) else ""
            if run.stop_us is not None and columns.holds(run.stop_us):
                ticks += f"M{columns.x(stop):.1f} {y - 7:.1f}V{y + 5:.1f}"
            else:
                x = columns.x(stop)
                ticks += f"M{x - 8:.1f} {y - 6:.1f}L{x:.1f} {y:.1f}L{x - 8:.1f} {y + 6:.1f}"
            paper.path(solid, INK, 2.6)
            paper.path(dashed, FAINT, 2.2, ' stroke-dasharray="5 5"')
            paper.path(ticks, INK, 2.2)
            own = [each for each in placed if each.item == item]
            write(paper, own, y - 4, SIZE - 2)
            if any(each.omitted for each in own):
                said = ", ".join(f"{scene.clock(r.at_us)} {r.rate:g}" for r in run.rates)
                end_text = f" –{scene.clock(run.stop_us)}" if run.stop_us is not None else ""
                rest.add(f"{name} {scene.unit(run.unit)}  {said}{end_text}")
            paper.end()

    return paint


def _stretches(run: Infusion, stop_us: int, columns: Columns) -> Iterator[tuple[Rate, int]]:
    """The rates that a page shows, and until when each ran."""
    ends = [*(rate.at_us for rate in run.rates[1:]), stop_us]
    for rate, end_us in zip(run.rates, ends, strict=True):
        if columns.meets(rate.at_us, end_us + 1) and end_us > columns.start_us:
            yield rate, end_us


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
        y = top + height - 8
        here = [one for one in given if columns.holds(one[1])]
        figures = [Figure(item=item, x=columns.x(at_us), text=text) for item, at_us, text in here]
        placed = place(figures, columns.right + 40, SIZE)
        for (item, at_us, _), figure in zip(here, figures, strict=True):
            paper.begin(data={"item": item, "time-us": at_us})
            paper.path(f"M{figure.x:.1f} {y - 15:.1f}V{y + 4:.1f}", INK, 2)
            write(paper, [each for each in placed if each.item == item], y, SIZE)
            paper.end()
        if any(each.omitted for each in placed):
            rest.add(f"{name}  " + ", ".join(f"{scene.clock(at)} {dose}" for _, at, dose in given))

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
    """Bars of what took a time, ticks of what has one time only; their numbers stand in one line."""

    def paint(paper: Paper, columns: Columns, top: float, height: float) -> None:
        y = top + height - 7
        here = [
            (item, volume)
            for item, volume in given
            if (
                columns.holds(volume.start_us)
                if volume.end_us is None
                else columns.meets(volume.start_us, volume.end_us)
            )
        ]
        figures = [
            Figure(
                item=item,
                x=columns.x(volume.start_us),
                text=f"{volume.ml:g}" if columns.holds(volume.start_us) else f"({volume.ml:g})",
            )
            for item, volume in here
        ]
        placed = place(figures, columns.right + 40, SIZE - 2)
        for (item, volume), figure in zip(here, figures, strict=True):
            paper.begin(data={"item": item, "time-us": volume.start_us})
            if volume.end_us is None:
                paper.path(f"M{figure.x:.1f} {y - 16:.1f}V{y + 3:.1f}", INK, 2)
            else:
                x = columns.x(volume.end_us)
                ends = (f"M{figure.x:.1f} {y - 7:.1f}V{y + 5:.1f}" if columns.holds(volume.start_us) else "") + (
                    f"M{x:.1f} {y - 7:.1f}V{y + 5:.1f}"
                    if columns.holds(volume.end_us)
                    else f"M{x - 8:.1f} {y - 6:.1f}L{x:.1f} {y:.1f}L{x - 8:.1f} {y + 6:.1f}"
                )
                paper.path(f"M{figure.x:.1f} {y:.1f}H{x:.1f}{ends}", INK, 2.4)
            own = [each for each in placed if each.item == item]
            write(paper, own, y - 4, SIZE - 2)
            if any(each.omitted for each in own):
                end = f"–{scene.clock(volume.end_us)}" if volume.end_us is not None else ""
                rest.add(f"{name}  {scene.clock(volume.start_us)}{end} {volume.ml:g} mL")
            paper.end()

    return paint
