"""A month of faults and wishes as A4 pages and as a workbook. Pure: data in, SVG and sheets out."""

from collections.abc import Sequence

from charting.faults.summary import Summary
from charting.faults.telling import Teller
from charting.reports import page
from charting.reports.xlsx import Column, Sheet
from charting.sheet.flow import Flow
from charting.sheet.paper import FAINT, INK, LEFT, RIGHT, TOP, Paper

_KEPT_WIDE = (2.0, 1.4, 1.0, 1.0, 1.0, 1.4, 1.4, 2.0)
_NUMERIC = frozenset(range(2, 8))
_WIDE = (1.3, 2.2, 5.0, 1.2, 2.0, 1.6)
_PROMISED_WIDE = 2.0


def pages(summaries: Sequence[Summary], tell: Teller, *, site: str, made_us: int) -> list[str]:
    """Faults, then wishes."""
    title = f"{tell('title')} · {summaries[0].period.name}"
    flow = Flow(lambda index: _begin(title, site, index), page.FOOT, 1)
    for summary in summaries:
        flow.heading(tell.summary_title(summary), size=30)
        flow.note(_counted(summary, tell))
        flow.paper.y += 10
        flow.table(_KEPT_WIDE, tell.kept_columns(), [tell.kept_row(kept) for kept in summary.kept], numeric=_NUMERIC)
        if summary.tickets:
            flow.paper.y += 14
            wide = (*_WIDE, *(_PROMISED_WIDE for _ in summary.kept))
            flow.table(wide, tell.columns(summary), [tell.row(*told) for told in summary.tickets])
    for number, paper in enumerate(flow.papers, 1):
        page.end(paper, made=f"{tell('made')} {tell.at(made_us)}", number=f"{number} / {len(flow.papers)}")
    return [paper.svg() for paper in flow.papers]


def sheets(summaries: Sequence[Summary], tell: Teller) -> list[Sheet]:
    """Of each kind its times kept, and its list."""
    made = []
    for summary in summaries:
        kept = [Column(title=title, width=16) for title in tell.kept_columns()]
        listed = [Column(title=title, width=30 if n == 2 else 18) for n, title in enumerate(tell.columns(summary))]
        what = tell(f"what.{summary.what}")
        rows = [tell.kept_row(each) for each in summary.kept]
        made.append(Sheet(name=f"{what} {tell('month')}", columns=kept, rows=rows, above=[[_counted(summary, tell)]]))
        made.append(Sheet(name=what, columns=listed, rows=[tell.row(*told) for told in summary.tickets]))
    return made


def _counted(summary: Summary, tell: Teller) -> str:
    told = tell("count", n=len(summary.tickets), auto=summary.by_itself, left=summary.left)
    beds = ", ".join(f"{bed} {n}" for bed, n in summary.beds.items())
    return f"{told} · {tell('by_bed')}: {beds}" if beds else told


def _begin(title: str, site: str, index: int) -> Paper:
    paper = Paper(index, label=f"{title} {index}")
    paper.y = TOP
    paper.fitted(LEFT, paper.y + 30, site, RIGHT - LEFT, size=24, fill=FAINT)
    paper.fitted(LEFT, paper.y + 80, title, RIGHT - LEFT, size=40, bold=True)
    paper.y += 100
    paper.lines([(LEFT, paper.y, RIGHT, paper.y)], INK, 4)
    return paper
