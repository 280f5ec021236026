"""A blank anaesthesia record to write on when nothing else works: one A4 page, SVG in HTML."""

from collections.abc import Iterator
from html import escape

from charting.page.words import Lang, Words

_WIDTH, _HEIGHT = 794.0, 1100.0
_LEFT, _RIGHT = 104.0, 776.0
_COLUMNS = 48
"""Of 5 minutes: 4 hours a sheet."""
_STEP = (_RIGHT - _LEFT) / _COLUMNS
_ROWS = 17.0
_GRID = 260.0
"""0-240 in lines of 20 (clinical.md §3.6)."""


def blank(words: Words) -> str:
    """The sheet as a whole HTML document."""
    svg = "".join(_parts(words))
    return (
        f'<!doctype html>\n<html lang="{"zh-CN" if words.lang is Lang.ZH else "en"}">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{escape(words('blank.title'))}</title>\n"
        '<link rel="stylesheet" href="print.css">\n</head>\n<body class="upright">\n'
        f'<nav><a href=".?lang={words.lang}">{escape(words("print.back"))}</a>'
        f"<p>{escape(words('print.how'))}</p></nav>\n"
        f'<section class="page"><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH:g} {_HEIGHT:g}" '
        f'role="img" aria-label="{escape(words("blank.title"))}" font-family="sans-serif" fill="#000">'
        f"{svg}</svg>"
        "</section></body>\n</html>"
    )


def _parts(words: Words) -> Iterator[str]:
    yield _text(_WIDTH / 2, 24, words("blank.title"), size=18, more=' text-anchor="middle" font-weight="700"')
    yield _text(_WIDTH / 2, 42, words("blank.note"), size=11, more=' text-anchor="middle"')
    y = 66.0
    for line in range(1, 5):
        yield _text(18, y, words(f"blank.head{line}"), size=12)
        y += 22
    y += 4
    yield _text(18, y + 10, words("blank.clock"), size=11)
    yield from _grid(y + 14, 1)
    y += 32
    yield from (
        _text(_LEFT - 8, y + _GRID - _GRID * v / 240 + 4, f"{v}", size=10, more=_END) for v in range(0, 241, 20)
    )
    yield from (_text(18, y + 16 + 16 * n, part, size=11) for n, part in enumerate(words("blank.symbols").split("|")))
    yield from _lines(y, [_GRID / 12 * n for n in range(13)])
    yield from _columns(y, y + _GRID)
    y += _GRID + 6
    for name in words("blank.rows").split("|"):
        yield _text(18, y + 12.5, name, size=11)
        yield from _grid(y, 1)
        y += _ROWS
    for group, count in (("drugs", 12), ("fluids", 6)):
        y += 6
        for n in range(count):
            yield _text(18, y + 12.5, words(f"blank.{group}") if n == 0 else "", size=11)
            yield from _grid(y, 1)
            y += _ROWS
    y += 10
    yield _text(18, y + 10, words("blank.events"), size=11)
    for n in range(5):
        yield _line(_LEFT, y + 14 + 22 * n, _RIGHT, y + 14 + 22 * n)
    y += 14 + 22 * 4 + 24
    yield _text(18, y, words("blank.totals"), size=12)
    yield _text(18, y + 24, words("blank.sign"), size=12)
    yield _text(18, y + 48, words("blank.after"), size=10.5)


_END = ' text-anchor="end"'


def _grid(top: float, rows: int) -> Iterator[str]:
    yield from _lines(top, [_ROWS * n for n in range(rows + 1)])
    yield from _columns(top, top + _ROWS * rows)


def _lines(top: float, offsets: list[float]) -> Iterator[str]:
    yield from (_line(_LEFT, top + offset, _RIGHT, top + offset) for offset in offsets)


def _columns(top: float, bottom: float) -> Iterator[str]:
    for n in range(_COLUMNS + 1):
        x = _LEFT + _STEP * n
        yield _line(x, top, x, bottom, 1.3 if n % 12 == 0 else 0.9 if n % 3 == 0 else 0.4)


def _line(x1: float, y1: float, x2: float, y2: float, width: float = 0.5) -> str:
    return f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" stroke="#000" stroke-width="{width:g}"/>'


def _text(x: float, y: float, text: str, *, size: float, more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" xml:space="preserve"{more}>{escape(text)}</text>'
