"""The symbols of the chart, each a piece of SVG whose value lies at (x, y).

Source: clinical.md §3.6, a county hospital's form after WS 329—2011: systolic ∨ with its tip at the value, diastolic ∧,
heart rate ●; △ for temperature is a common variant; SpO₂ and etCO₂ have no symbol there, ours are ◇ and □.
"""

from collections.abc import Callable, Mapping

_R = 3.2


def _path(d: str, style: str) -> str:
    return f'<path d="{d}" {style}/>'


def _vee(x: float, y: float, style: str) -> str:
    return _path(f"M{x - 4:.1f} {y - 6.5:.1f}L{x:.1f} {y:.1f}L{x + 4:.1f} {y - 6.5:.1f}", style)


def _caret(x: float, y: float, style: str) -> str:
    return _path(f"M{x - 4:.1f} {y + 6.5:.1f}L{x:.1f} {y:.1f}L{x + 4:.1f} {y + 6.5:.1f}", style)


def _dot(x: float, y: float, style: str) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{_R - 0.4:.1f}" {style}/>'


def _triangle(x: float, y: float, style: str) -> str:
    return _path(f"M{x - 3.8:.1f} {y + 2.6:.1f}L{x:.1f} {y - 4.2:.1f}L{x + 3.8:.1f} {y + 2.6:.1f}Z", style)


def _diamond(x: float, y: float, style: str) -> str:
    return _path(f"M{x - _R:.1f} {y:.1f}L{x:.1f} {y - _R:.1f}L{x + _R:.1f} {y:.1f}L{x:.1f} {y + _R:.1f}Z", style)


def _square(x: float, y: float, style: str) -> str:
    return f'<rect x="{x - 2.6:.1f}" y="{y - 2.6:.1f}" width="5.2" height="5.2" {style}/>'


_SHAPES: Mapping[str, tuple[Callable[[float, float, str], str], bool]] = {
    "vee": (_vee, False),
    "caret": (_caret, False),
    "dot": (_dot, True),
    "triangle": (_triangle, False),
    "diamond": (_diamond, True),
    "square": (_square, False),
}
"""Symbol → its shape, and whether it is filled."""


def glyph(symbol: str, x: float, y: float, colour: str, *, sure: bool = True) -> str:
    """A symbol of chart.csv; hollow, grey and with a question mark where the reading is questionable."""
    shape, filled = _SHAPES[symbol]
    if not sure:
        mark = f'<text x="{x + 4.5:.1f}" y="{y - 4:.1f}" font-size="9" fill="#5c6670">?</text>'
        return shape(x, y, 'fill="none" stroke="#5c6670" stroke-width="1" stroke-dasharray="2 1"') + mark
    fill = colour if filled else "#fff" if symbol in {"triangle", "square"} else "none"
    return shape(x, y, f'fill="{fill}" stroke="{colour}" stroke-width="1.5" stroke-linejoin="round"')
