"""A document of a case as A4 pages: the same for screen, print and PDF. Pure: data in, SVG text out."""

from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from charting.case.state import Case, Document
from charting.library.library import Libraries
from charting.sheet import certificate, form, grid, head, lists
from charting.sheet.columns import Columns
from charting.sheet.flow import Flow
from charting.sheet.head import FOOT
from charting.sheet.paper import Page, Paper
from charting.sheet.rows import Rest
from charting.sheet.scene import Scene
from charting.sheet.symbols import Symbols, symbols
from charting.templates.template import Template


def pages(
    case: Case,
    document: Document,
    template: Template,
    *,
    lang: str,
    zone: str,
    names: Mapping[str, str],
    now_us: int,
    site: str = "",
    marks: Symbols | None = None,
    day_hour: int = 7,
    libraries: Libraries | None = None,
) -> list[Page]:
    """All pages, the lists of edits and the certificate last.

    `lang`: zh or en. `zone`: IANA name. `names`: account → person's name. `site`: the hospital's name. `marks`: the
    site's own symbols. `day_hour`: local hour at which a flowsheet's day begins.
    `libraries`: the names of the terms that answers keep by their code.
    """
    scene = Scene(
        case=case,
        document=document,
        template=template,
        lang=lang,
        zone=ZoneInfo(zone),
        names=names,
        now_us=now_us,
        site=site,
        symbols=marks or symbols(),
        day_hour=day_hour,
        libraries=libraries,
    )
    rest = Rest()
    papers: list[Paper] = []
    times: list[Columns] = []
    if template.kind == "grid":
        times, close = grid.columns_of(scene), grid.close_columns(scene)
        own = {mark for columns in (*times, *close) for mark in columns.marks}
        for columns in times:
            papers += grid.draw(scene, columns, len(papers) + 1, rest, own)
        own.update(value.mark_us for several in scene.values.values() for value in several)
        for columns in close:
            papers += grid.draw(scene, columns, len(papers) + 1, rest, own, closer=True)
    else:
        flow = Flow(lambda index: _front(scene, index, rest), FOOT, 1)
        form.form(scene, flow)
        papers += flow.papers
    papers += _last(scene, len(papers) + 1, rest, times)
    for number, paper in enumerate(papers, 1):
        head.foot(scene, paper, number, len(papers))
    return [Page(number=number, svg=paper.svg()) for number, paper in enumerate(papers, 1)]


def _front(scene: Scene, index: int, rest: Rest) -> Paper:
    paper = head.begin(scene, index)
    head.facts(paper, head.identity(scene), rest)
    if index == 1:
        head.facts(paper, [*head.body_facts(scene), head.allergies(scene, 24)], rest)
    return paper


def _last(scene: Scene, first: int, rest: Rest, times: Sequence[Columns]) -> list[Paper]:
    flow = Flow(lambda index: _front(scene, index, rest), FOOT, first)
    lists.sent_back(scene, flow)
    lists.rest_of(scene, flow, rest)
    if times:
        lists.outside(scene, flow, times)
        lists.transfusions(scene, flow)
    if len(times) > 1 and not grid.daily(scene):
        lists.totals(scene, flow)  # of one page its last column has them
    lists.lacking(scene, flow)
    lists.doubts(scene, flow)
    lists.consumables(scene, flow)
    lists.edits(scene, flow)
    certificate.certificate(scene, flow)
    return flow.papers
