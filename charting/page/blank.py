"""A blank record to write on when nothing else works: one A4 page, SVG in HTML."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape

from charting.page.form import Form
from charting.page.words import Words
from charting.sheet.text import width as text_width

_WIDTH, _HEIGHT = 794.0, 1100.0
_LEFT, _RIGHT = 132.0, 776.0
_ROW, _LINE = 17.0, 21.0
_GRAPH = 240.0
"""0-240 in lines of 20 (clinical.md §3.6)."""
_NAME = 96.0
"""Of a row's name, as text_width has it; other fonts are wider."""
_EVENTS = 3
_FOOT = 126.0
"""Below the events: complications, sums, signatures, and what is entered afterwards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """Where and when a sheet is printed, in the site's zone. `first`: the time of its first column."""

    bed: str
    at: datetime
    first: datetime


def blank(form: Form, words: Words, printed: Printed | None = None) -> str:
    """The sheet as a <section>; without `printed` bed and times are written by hand."""
    svg = "".join(_Sheet(form, words, printed).parts())
    return (
        f'<section class="page"><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH:g} {_HEIGHT:g}" '
        f'role="img" aria-label="{escape(words("blank.title"))}" font-family="sans-serif" fill="#000">{svg}</svg>'
        "</section>"
    )


class _Sheet:
    def __init__(self, form: Form, words: Words, printed: Printed | None) -> None:
        self._form = form
        self._words = words
        self._printed = printed
        self._columns, self._strong, self._label = (48, 3, 6) if form.drawn else (24, 1, 2)
        """Of 5 minutes: 4 hours a sheet; of an hour: a day."""
        self._step = (_RIGHT - _LEFT) / self._columns

    def parts(self) -> Iterator[str]:
        words, form, printed = self._words, self._form, self._printed
        title = words("blank.of").format(record=form.title)
        yield _text(_WIDTH / 2, 24, title, size=18, more=' text-anchor="middle" font-weight="700"')
        if printed is not None:
            yield _text(18, 24, printed.bed, size=14, more=' font-weight="700"')
            at = f"{words('print.printed')} {printed.at:%Y-%m-%d %H:%M}"
            yield _text(_RIGHT, 24, at, size=11, more=_END)
        yield _text(_WIDTH / 2, 42, words("blank.note"), size=11, more=' text-anchor="middle"')
        y = 64.0
        for line in (*(words(f"blank.head{n}") for n in range(1, 4)), *form.fields):
            yield _text(18, y, line, size=12)
            y += _LINE
        yield from self._times(y)
        y += 23
        if form.drawn:
            yield from self._graph(y)
            y += _GRAPH + 6
        for name in form.rows:
            yield _text(18, y + 12.5, name, size=min(10.5, _NAME / text_width(name)))
            yield from self._grid(y)
            y += _ROW
        foot = _HEIGHT - _FOOT - _LINE * _EVENTS
        lines = int((foot - y - 24) // _ROW)
        for group, count in (("drugs", lines - lines // 3), ("fluids", lines // 3)):
            y += 6
            for n in range(count):
                yield _text(18, y + 12.5, words(f"blank.{group}") if n == 0 else "", size=11)
                yield from self._grid(y)
                y += _ROW
        yield from self._foot(foot)

    def _times(self, y: float) -> Iterator[str]:
        yield _text(18, y + 17, self._words("blank.clock"), size=11)
        yield from _lines(y + 4, [0, _ROW])
        for n in range(0, self._columns + 1, self._label):
            x = _LEFT + self._step * n
            yield _line(x, y + 4, x, y + 4 + _ROW, 0.9)
            if self._printed is not None and n < self._columns:
                at = self._printed.first + timedelta(seconds=n * self._form.step_s)
                yield _text(x + 3, y + 16.5, f"{at:%H:%M}", size=11)

    def _graph(self, y: float) -> Iterator[str]:
        scale = range(0, 241, 20)
        yield from (_text(_LEFT - 8, y + _GRAPH - _GRAPH * v / 240 + 4, f"{v}", size=10, more=_END) for v in scale)
        symbols = self._words("blank.symbols").split("|")
        yield from (_text(18, y + 16 + 16 * n, part, size=11) for n, part in enumerate(symbols))
        yield from _lines(y, [_GRAPH / 12 * n for n in range(13)])
        yield from self._uprights(y, y + _GRAPH)

    def _foot(self, y: float) -> Iterator[str]:
        yield _text(18, y + 10, self._words("blank.events"), size=11)
        for n in range(_EVENTS):
            yield _line(_LEFT, y + 12 + _LINE * n, _RIGHT, y + 12 + _LINE * n)
        y += _LINE * _EVENTS + 14
        for key, size in (("complications", 12), ("totals", 12), ("sign", 12)):
            yield _text(18, y, self._words(f"blank.{key}"), size=size)
            y += 23
        yield _line(18, y - 10, _RIGHT, y - 10)
        for n, key in enumerate(("after", "after.vitals")):
            yield _text(18, y + 6 + 15 * n, self._words(f"blank.{key}"), size=10.5)

    def _grid(self, top: float) -> Iterator[str]:
        yield from _lines(top, [0, _ROW])
        yield from self._uprights(top, top + _ROW)

    def _uprights(self, top: float, bottom: float) -> Iterator[str]:
        hour = 12 if self._form.drawn else 24
        for n in range(self._columns + 1):
            x = _LEFT + self._step * n
            yield _line(x, top, x, bottom, 1.3 if n % hour == 0 else 0.9 if n % self._strong == 0 else 0.4)


_END = ' text-anchor="end"'


def _lines(top: float, offsets: Sequence[float]) -> Iterator[str]:
    yield from (_line(_LEFT, top + offset, _RIGHT, top + offset) for offset in offsets)


def _line(x1: float, y1: float, x2: float, y2: float, width: float = 0.5) -> str:
    return f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" stroke="#000" stroke-width="{width:g}"/>'


def _text(x: float, y: float, text: str, *, size: float, more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" xml:space="preserve"{more}>{escape(text)}</text>'
