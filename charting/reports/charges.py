"""A period's charges beside its records as A4 pages. Pure: data in, SVG out."""

from collections.abc import Sequence
from dataclasses import dataclass

from charting.charges.reconciling import Day, Reconciliation
from charting.charges.statement import MEASURES, Statement
from charting.charges.telling import Teller
from charting.sheet.flow import Flow
from charting.sheet.paper import ALERT, BOTTOM, FAINT, HOUR, INK, LEFT, RIGHT, TOP, Paper

_FOOT = 84.0


@dataclass(frozen=True, kw_only=True)
class _Scene:
    found: Reconciliation
    tell: Teller
    site: str

    @property
    def title(self) -> str:
        return self.tell("of", period=self.found.period.name)


def pages(found: Reconciliation, tell: Teller, *, site: str) -> list[str]:
    scene = _Scene(found=found, tell=tell, site=site)
    flow = Flow(lambda index: _begin(scene, index), _FOOT, 1)
    _about(scene, flow)
    if found.days:
        _days(scene, flow)
        _cases(scene, flow)
        _unbilled(scene, flow)
    for number, paper in enumerate(flow.papers, 1):
        _end(scene, paper, number, len(flow.papers))
    return [paper.svg() for paper in flow.papers]


def measures(made: Day | Statement, tell: Teller) -> Sequence[str]:
    return [tell.money(made.money(measure)) for measure in MEASURES]


def states(made: Statement, tell: Teller) -> str:
    """What there is to say of a case's charges."""
    said = [tell("differs")] if made.differs else [tell("ok")]
    said += [tell("refused")] if made.refused else []
    said += [tell(made.blocked)] if made.blocked else []
    said += [tell("unsigned")] if made.unsigned else []
    said += [tell("unbilled_n", n=len(made.unbilled))] if made.unbilled else []
    said += [tell("unpriced", n=made.unpriced)] if made.unpriced else []
    return ", ".join(said)


def _begin(scene: _Scene, index: int) -> Paper:
    paper = Paper(index, label=f"{scene.title} {index}")
    paper.y = TOP
    if index == 1:
        paper.text((LEFT + RIGHT) / 2, paper.y + 30, scene.site, size=32, anchor="middle")
        paper.fitted((LEFT + RIGHT) / 2, paper.y + 78, scene.title, RIGHT - LEFT, size=42, anchor="middle", bold=True)
        paper.y += 96
    else:
        paper.fitted(LEFT, paper.y + 24, f"{scene.site}  {scene.title}", RIGHT - LEFT, size=22, fill=FAINT)
        paper.y += 36
    paper.lines([(LEFT, paper.y, RIGHT, paper.y)], HOUR, 1.5)
    paper.y += 10
    return paper


def _end(scene: _Scene, paper: Paper, number: int, of: int) -> None:
    tell, y = scene.tell, BOTTOM - 26
    paper.lines([(LEFT, y - 26, RIGHT, y - 26)], HOUR, 1.5)
    made = f"{tell('made')} {tell.clock.written(scene.found.made_us)} {tell.clock.zone}"
    paper.fitted(LEFT, y, f"{tell('estimate')} | {made}", RIGHT - LEFT - 300, size=20, fill=FAINT)
    paper.text(RIGHT, y, tell("page", n=number, m=of), size=22, anchor="end", bold=True)


def _about(scene: _Scene, flow: Flow) -> None:
    tell, whole = scene.tell, scene.found.whole
    flow.note(tell("estimate"))
    if scene.found.unread:
        flow.note(tell("unread", n=scene.found.unread), fill=ALERT)
    if not whole.cases:
        flow.note(tell("none"), size=25, fill=INK)


def _days(scene: _Scene, flow: Flow) -> None:
    tell, found = scene.tell, scene.found
    flow.heading(tell("by_day"), size=26, after=90)
    titles = [tell(k) for k in ("day", "cases", "lines", *MEASURES, "differing", "unbilled")]
    rows = [
        [day.day or tell("sum"), str(len(day.cases)), str(day.lines), *measures(day, tell), str(day.differing or "–"),
         str(day.unbilled or "–")]
        for day in (*found.days, found.whole)
    ]  # fmt: skip
    flow.table(
        (1.4, 0.8, 1.3, 1.5, 1.5, 1.4, 1.4, 1.4, 1.4, 1.5), titles, rows, numeric=frozenset(range(1, len(titles)))
    )


def _cases(scene: _Scene, flow: Flow) -> None:
    tell = scene.tell
    flow.heading(tell("by_case"), size=26, after=90)
    titles = [tell(k) for k in ("day", "patient", "number", "procedure", "lines", *MEASURES, "state")]
    rows = [
        [tell.day(m.anchor_us), tell.patient(m), m.case.patient.number, tell.procedures(m), str(m.lines),
         *measures(m, tell), states(m, tell)]
        for m in scene.found.whole.cases
    ]  # fmt: skip
    flow.table((0.8, 1.2, 1.5, 2.4, 0.9, 1.3, 1.3, 1.2, 1.2, 1.3, 2.2), titles, rows, numeric=frozenset(range(4, 10)))


def _unbilled(scene: _Scene, flow: Flow) -> None:
    tell = scene.tell
    rows = [
        [tell.day(m.anchor_us), tell.patient(m), m.case.patient.number, each.code or "–", tell.why(each.why)]
        for m in scene.found.whole.cases
        for each in m.unbilled
    ]
    if rows:
        flow.heading(f"{tell('unbilled')} ({len(rows)})", size=26, after=90)
        flow.table((0.8, 1.4, 1.8, 1.6, 5), [tell(k) for k in ("day", "patient", "number", "code", "why")], rows)
