"""Text that runs from page to page: headings, paragraphs and tables under the same title as the other pages."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from charting.sheet.paper import BOTTOM, FAINT, HOUR, LEFT, RIGHT, RULE, Paper
from charting.sheet.text import width, wrap

_PITCH = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """`struck`: a line through it."""

    text: str
    struck: bool = False


class Flow:
    """`begin` makes a page with its head; `foot` is how much of its bottom stays free."""

    def __init__(self, begin: Callable[[int], Paper], foot: float, first: int) -> None:
        self._begin = begin
        self._bottom = BOTTOM - foot
        self._first = first
        self.papers: list[Paper] = []

    @property
    def paper(self) -> Paper:
        if not self.papers:
            self._turn()
        return self.papers[-1]

    def need(self, height: float) -> None:
        """A new page where this one has less room than that."""
        if self.paper.y + height > self._bottom:
            self._turn()

    def heading(self, text: str, size: float = 28, after: float = 70) -> None:
        self.need(50 + after)
        paper = self.paper
        paper.y += 48
        paper.text(LEFT, paper.y - 8, text, size=size, bold=True)
        paper.y += 4

    def note(self, text: str, *, fill: str = FAINT, size: float = 22) -> None:
        for line in wrap(text, (RIGHT - LEFT) / size):
            self.need(_PITCH)
            self.paper.y += _PITCH
            self.paper.text(LEFT, self.paper.y - 8, line, size=size, fill=fill)

    def table(
        self,
        widths: Sequence[float],
        titles: Sequence[str],
        rows: Sequence[Sequence[Cell | str]],
        data: Sequence[Mapping[str, object]] = (),
        numeric: frozenset[int] = frozenset(),
    ) -> None:
        """Columns by share of the width; cells wrap; the titles are repeated on each page."""
        unit = (RIGHT - LEFT) / sum(widths)
        wide = [w * unit for w in widths]
        at = [LEFT + sum(wide[:n]) for n in range(len(wide))]
        self.need(90)
        self._titles(at, wide, titles, numeric)
        for n, row in enumerate(rows):
            cells = [Cell(text=c) if isinstance(c, str) else c for c in row]
            lines = [wrap(c.text, (w - 20) / 22) for c, w in zip(cells, wide, strict=True)]
            high = _PITCH * max(len(each) for each in lines) + 8
            pages = len(self.papers)
            self.need(min(high, self._bottom - 600))
            if len(self.papers) > pages:
                self._titles(at, wide, titles, numeric)
            self._row(at, wide, cells, lines, data[n] if data else None, numeric)

    def _titles(
        self, at: Sequence[float], wide: Sequence[float], titles: Sequence[str], numeric: frozenset[int]
    ) -> None:
        paper = self.paper
        for n, (x, w, said) in enumerate(zip(at, wide, titles, strict=True)):
            if n in numeric:
                paper.text(x + w - 14, paper.y + 28, said, size=20, fill=FAINT, anchor="end")
            else:
                paper.text(x + 4, paper.y + 28, said, size=20, fill=FAINT)
        paper.y += 38
        paper.lines([(LEFT, paper.y, RIGHT, paper.y)], HOUR, 2)

    def _row(
        self,
        at: Sequence[float],
        wide: Sequence[float],
        cells: Sequence[Cell],
        lines: Sequence[list[str]],
        data: Mapping[str, object] | None,
        numeric: frozenset[int],
    ) -> None:
        """One row; the lines of one that is higher than a page go on to the next."""
        longest = max(len(each) for each in lines)
        top = 0
        while top < longest:
            paper = self.paper
            fit = max(1, min(longest - top, int((self._bottom - paper.y) // _PITCH)))
            paper.begin(data=data)
            for n, (x, w, cell, each) in enumerate(zip(at, wide, cells, lines, strict=True)):
                for i, line in enumerate(each[top : top + fit]):
                    y = paper.y + 27 + _PITCH * i
                    if n in numeric:
                        paper.text(x + w - 14, y, line, size=22, anchor="end")
                    else:
                        paper.text(x + 4, y, line, size=22)
                    if cell.struck and line:
                        paper.lines([(x + 4, y - 7, x + 4 + width(line) * 22, y - 7)], "#16202a", 2)
            paper.end()
            top += fit
            paper.y += _PITCH * fit + 8
            paper.lines([(LEFT, paper.y, RIGHT, paper.y)], RULE, 1.2)
            if top < longest:
                self._turn()

    def _turn(self) -> None:
        self.papers.append(self._begin(self._first + len(self.papers)))
