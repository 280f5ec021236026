"""A period's charges beside its records as A4 pages. Pure: data in, SVG out."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from charting.charges.reconciling import Day, Reconciliation
from charting.charges.statement import MEASURES, Statement
from charting.charges.telling import Teller
from charting.reports import page
from charting.sheet.flow import Flow
from charting.sheet.paper import ALERT, INK, Paper


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
    flow = Flow(partial(page.begin, title=scene.title, site=site), page.FOOT, 1)
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


def _end(scene: _Scene, paper: Paper, number: int, of: int) -> None:
    tell = scene.tell
    made = f"{tell('made')} {tell.clock.written(scene.found.made_us)} {tell.clock.zone}"
    page.end(paper, made=f"{tell('estimate')} | {made}", number=tell("page", n=number, m=of))


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
