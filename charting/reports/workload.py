"""A month's workload as A4 pages: everybody, or one person with every case and factor. Pure: data in, SVG out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby

from charting.reports import page
from charting.sheet.flow import Flow
from charting.sheet.paper import ALERT, INK, Paper
from charting.workload.differences import Difference
from charting.workload.ledger import Statement
from charting.workload.lines import EXTRA, Label, Line, Waiting
from charting.workload.month import Month, PersonMonth
from charting.workload.telling import Teller

COLUMNS = ("score", "own", "carried", "minutes", "case_minutes", "cases", "parallel", "handovers", "evening", "night",
           "holiday", "waiting")  # fmt: skip
"""Of a person's month, as pages and paper show them: keys of words.csv."""


@dataclass(frozen=True, kw_only=True)
class _Scene:
    statement: Statement
    tell: Teller
    site: str
    title: str

    @property
    def month(self) -> Month:
        return self.statement.month


def pages(statement: Statement, tell: Teller, *, site: str, person: str = "") -> list[str]:
    """`person`: his month alone, "": everybody's."""
    one = statement.month.of(person) if person else None
    title = tell("of", month=statement.period.name)
    scene = _Scene(statement=statement, tell=tell, site=site, title=title if one is None else f"{title} · {one.name}")
    flow = Flow(partial(page.begin, title=scene.title, site=site), page.FOOT, 1)
    _about(scene, flow)
    if not person:
        _everybody(scene, flow)
        _waiting(scene, flow, statement.month.waiting)
        _differences(scene, flow, statement.differences)
    else:
        _one(scene, flow, one)
        _waiting(scene, flow, [w for w in statement.month.waiting if person in w.people])
        _differences(scene, flow, [d for d in statement.differences if d.person == person])
    for number, paper in enumerate(flow.papers, 1):
        _end(scene, paper, number, len(flow.papers))
    return [paper.svg() for paper in flow.papers]


def cells(person: PersonMonth, tell: Teller) -> Sequence[str]:
    """What COLUMNS say of a person."""
    return (
        tell.points(person.score),
        tell.points(person.own),
        tell.signed_points(person.carried) if person.carried else "–",
        tell.hours(person.minutes),
        tell.hours(person.case_minutes),
        str(person.cases),
        tell.hours(person.parallel_min),
        str(person.handovers or "–"),
        tell.hours(person.evening_min),
        tell.hours(person.night_min),
        tell.hours(person.holiday_min),
        str(person.waiting or "–"),
    )


def by_case(month: Month, person: str) -> Iterator[tuple[Label, list[Line]]]:
    """A person's lines, case by case in order of time."""
    own = [line for line in month.lines if line.person == person]
    for case, lines in groupby(own, key=lambda line: line.case):
        yield month.labels[case], list(lines)


def _end(scene: _Scene, paper: Paper, number: int, of: int) -> None:
    tell, month = scene.tell, scene.month
    told = (
        f"{tell('formula')}: {month.formula}",
        tell.state(scene.statement.locked),
        f"{tell('made')} {tell.clock.written(month.made_us)} {month.zone}",
    )
    page.end(paper, made=" | ".join(told), number=tell("page", n=number, m=of))


def _about(scene: _Scene, flow: Flow) -> None:
    tell = scene.tell
    state = tell.state(scene.statement.locked)
    flow.note(f"{tell('scheme')}: {tell.of(tell.scheme)} ({scene.month.formula}) | {state}", fill=INK, size=23)
    flow.note(f"{tell('only_signed')} {tell('shares')}")
    if not scene.month.holidays:
        flow.note(tell("no_holidays", year=scene.month.period[:4]), fill=ALERT)


def _everybody(scene: _Scene, flow: Flow) -> None:
    tell, people = scene.tell, scene.month.people
    if not people:
        flow.note(tell("nothing"), size=25, fill=INK)
        return
    widths = (2.9, 1.25, 1.25, 1.15, 1.1, 1.3, 0.8, 1.1, 1.1, 0.95, 0.95, 1.0, 1.1)
    titles = [tell("person"), *(tell(f"short.{key}") for key in COLUMNS)]
    rows = [[tell.person(p.person, p.name), *cells(p, tell)] for p in people]
    flow.table(widths, titles, rows, numeric=frozenset(range(1, len(titles))))


def _one(scene: _Scene, flow: Flow, one: PersonMonth | None) -> None:
    tell = scene.tell
    if one is None:
        flow.note(tell("nothing"), size=25, fill=INK)
        return
    flow.table(
        (1,) * len(COLUMNS),
        [tell(f"short.{key}") for key in COLUMNS],
        [cells(one, tell)],
        numeric=frozenset(range(len(COLUMNS))),
    )
    for carried in (c for c in scene.month.carried if c.person == one.person):
        flow.note(f"{tell('carried')} {tell.signed_points(carried.score)} {tell('carried_from', month=carried.period)}")
    flow.heading(tell("cases_title"), size=26, after=90)
    rows = []
    for label, lines in by_case(scene.month, one.person):
        for n, line in enumerate(lines):
            where = [tell.day(line.at_us), label.room, tell.procedures(label)] if not n else [""] * 3
            role = f"{tell.stage(line.stage)} · {tell.role(line.stage, line.role)}"
            minutes = "–" if line.stage == EXTRA else tell.hours(sum(end - start for start, end in line.spans))
            rows.append(
                [*where, role, tell.when(line), tell.formula(line.factors, label), minutes, tell.points(line.score)]
            )
    titles = [tell(key) for key in ("date", "room", "procedure", "role", "time", "factors", "minutes", "short.score")]
    flow.table((0.85, 1.1, 2.7, 2.0, 1.6, 5.6, 0.9, 1.1), titles, rows, numeric=frozenset({6, 7}))


def _waiting(scene: _Scene, flow: Flow, waiting: Sequence[Waiting]) -> None:
    tell = scene.tell
    if not waiting:
        return
    flow.heading(f"{tell('waiting')} ({len(waiting)})", size=26, after=90)
    rows = []
    for each in waiting:
        label = scene.month.labels[each.case]
        why = tell.reasons(each.reasons)
        rows.append(
            [
                tell.day(each.at_us),
                label.room,
                tell.procedures(label),
                tell.stage(each.stage),
                ", ".join(each.people.values()),
                f"{tell.document(each.document)}: {why}",
            ]
        )
    titles = [tell(key) for key in ("date", "room", "procedure", "stage", "people", "reason")]
    flow.table((0.9, 1.1, 3, 1.6, 3, 4.6), titles, rows)


def _differences(scene: _Scene, flow: Flow, found: Sequence[Difference]) -> None:
    tell = scene.tell
    if scene.statement.locked is None:
        return
    flow.heading(tell("differences"), size=26, after=60)
    if not found:
        flow.note(tell("no_differences"))
        return
    titles = [tell(key) for key in ("person", "before", "after", "change")]
    rows = [
        [tell.person(d.person, d.name), tell.points(d.before), tell.points(d.after), tell.signed_points(d.score)]
        for d in found
    ]
    flow.table((4, 2, 2, 2), titles, rows, numeric=frozenset({1, 2, 3}))
