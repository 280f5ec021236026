"""An inspection report as A4 pages, with room for two signatures by hand. Pure: data in, SVG out."""

from charting.inspection.report import Report
from charting.reports import page
from charting.reports.inspection import Section, Teller, sections
from charting.sheet.flow import Flow
from charting.sheet.paper import FAINT, HOUR, INK, LEFT, RIGHT, TOP, Paper
from charting.sheet.text import wrap

_WIDE = RIGHT - LEFT
_SIGNED = ("engineer", "signature", "date", "hospital", "signature", "date")


def pages(report: Report, lang: str) -> list[str]:
    """`lang`: zh or en."""
    tell = Teller(report, lang)
    flow = Flow(lambda index: _begin(tell, index), page.FOOT, 1)
    _cover(tell, flow)
    for section in sections(report, lang):
        _section(flow, section)
    _signatures(tell, flow)
    for number, paper in enumerate(flow.papers, 1):
        _end(tell, paper, number, len(flow.papers))
    return [paper.svg() for paper in flow.papers]


def _begin(tell: Teller, index: int) -> Paper:
    paper = Paper(index, label=f"{tell.title} {index}")
    paper.y = TOP
    if index > 1:
        paper.fitted(LEFT, paper.y + 24, f"{tell.report.site}  {tell.title}", _WIDE, size=22, fill=FAINT)
        paper.lines([(LEFT, paper.y + 36, RIGHT, paper.y + 36)], HOUR, 1.5)
        paper.y += 46
    return paper


def _end(tell: Teller, paper: Paper, number: int, of: int) -> None:
    made = f"{tell('made')} {tell.moment(tell.report.made_us)} {tell.report.zone} | vitalsd {tell.report.program}"
    page.end(paper, made=made, number=tell("page", n=number, m=of))


def _cover(tell: Teller, flow: Flow) -> None:
    paper = flow.paper
    paper.y += 50
    paper.fitted(LEFT, paper.y, tell.report.site, _WIDE, size=32, fill=FAINT)
    paper.y += 66
    paper.fitted(LEFT, paper.y, tell(f"kind.{tell.report.kind}"), _WIDE - 720, size=54, bold=True)
    paper.fitted(RIGHT, paper.y, tell.report.period.name, 700, size=54, bold=True, anchor="end")
    paper.y += 30
    paper.lines([(LEFT, paper.y, RIGHT, paper.y)], INK, 4)
    for name, value in tell.facts():
        paper.text(LEFT, paper.y + 40, name, size=24, fill=FAINT)
        for line in wrap(value, (_WIDE - 330) / 24):
            paper.text(LEFT + 320, paper.y + 40, line, size=24)
            paper.y += 34
        paper.y += 8
    paper.y += 16
    flow.note(tell("about"), size=22)


def _section(flow: Flow, section: Section) -> None:
    first = section.charts[0].high if section.charts else 120.0
    flow.need(min(first, 900.0) + 130)
    flow.paper.y += 22
    flow.heading(section.title, size=30)
    for note in section.notes:
        flow.note(note)
    for table in section.tables:
        flow.paper.y += 10
        flow.table(table.widths, table.titles, table.rows, numeric=table.numeric)
    for chart in section.charts:
        flow.need(chart.high + 40)
        paper = flow.paper
        paper.y += 24
        paper.raw(f'<g transform="translate({LEFT:g} {paper.y:g})">{chart.body}</g>')
        paper.y += chart.high + 16


def _signatures(tell: Teller, flow: Flow) -> None:
    """Empty: they are written by hand."""
    flow.need(330)
    flow.paper.y += 22
    flow.heading(tell("section.signed"), size=30)
    flow.note(tell("signed_read"))
    paper = flow.paper
    wide = _WIDE / 3
    for n, key in enumerate(_SIGNED):
        if n % 3 == 0:
            paper.y += 90
        x = LEFT + wide * (n % 3)
        paper.text(x, paper.y, tell(f"signed.{key}"), size=24, fill=FAINT)
        paper.lines([(x + 190, paper.y + 6, x + wide - 40, paper.y + 6)], INK, 2)
