"""A page of a report: what every page begins and ends with."""

from charting.sheet.paper import BOTTOM, FAINT, HOUR, LEFT, RIGHT, TOP, Paper

FOOT = 84.0
"""How much of a page's bottom `end` takes."""


def begin(index: int, *, title: str, site: str) -> Paper:
    """The first page has the title large, those after it small."""
    paper = Paper(index, label=f"{title} {index}")
    paper.y = TOP
    if index == 1:
        paper.text((LEFT + RIGHT) / 2, paper.y + 30, site, size=32, anchor="middle")
        paper.fitted((LEFT + RIGHT) / 2, paper.y + 78, title, RIGHT - LEFT, size=42, anchor="middle", bold=True)
        paper.y += 96
    else:
        paper.fitted(LEFT, paper.y + 24, f"{site}  {title}", RIGHT - LEFT, size=22, fill=FAINT)
        paper.y += 36
    paper.lines([(LEFT, paper.y, RIGHT, paper.y)], HOUR, 1.5)
    paper.y += 10
    return paper


def end(paper: Paper, *, made: str, number: str) -> None:
    """`made`: of what and when; `number`: of the page, in words."""
    y = BOTTOM - 26
    paper.lines([(LEFT, y - 26, RIGHT, y - 26)], HOUR, 1.5)
    paper.fitted(LEFT, y, made, RIGHT - LEFT - 330, size=20, fill=FAINT)
    paper.text(RIGHT, y, number, size=22, anchor="end", bold=True)
