"""An A4 page being drawn: SVG pieces with presentation attributes only, so that every reader draws the same.

Lengths are tenths of a millimetre: 2100 by 2970, and a font size of 25 is 7 points.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape as _escape
from xml.sax.saxutils import quoteattr

from charting.sheet import text as words

WIDTH, HEIGHT = 2100.0, 2970.0
LEFT, RIGHT, TOP, BOTTOM = 120.0, 2040.0, 80.0, 2890.0
"""The edges of what is printed; the left margin takes the binding."""
INK, FAINT, RULE, HOUR, ALERT, HELD = "#16202a", "#56616c", "#d5dce2", "#9aa6b0", "#b3211b", "#56616c"
FONTS = "'Noto Sans CJK SC', 'Noto Sans SC', 'Source Han Sans SC', 'PingFang SC', 'Microsoft YaHei', sans-serif"
_HATCH = (
    '<defs><pattern id="hatch{n}" width="14" height="14" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="14" height="14" fill="#f1f3f5"/><path d="M0 0V14" stroke="#8d98a3" stroke-width="4"/>'
    "</pattern></defs>"
)

_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_PLAIN_VALUE = re.compile("[\\w@:. -]*")
_SPECIAL = re.compile("[&<>]")
_LOW, _HIGH = "₀₁₂₃₄₅₆₇₈₉", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ˀ"
_PLAIN = str.maketrans(_LOW + _HIGH, "0123456789" + "0123456789+−?")
_SCRIPTS = re.compile(f"[{_LOW}]+|[{_HIGH}]+")

Line = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One A4 page as an SVG element. `number` counts from 1."""

    number: int
    svg: str


def escape(said: str) -> str:
    """For XML; characters that XML does not have become a replacement mark."""
    if said.isalnum():
        return said
    clean = _UNFIT.sub("\ufffd", said)
    return _escape(clean) if _SPECIAL.search(clean) else clean


def num(value: float) -> str:
    """A coordinate: a tenth of a unit is a hundredth of a millimetre."""
    return f"{value:.1f}".removesuffix(".0")


@dataclass(slots=True)
class Paper:
    """`y`: how far down the page it has come. `index`: tells the patterns of pages in one HTML document apart."""

    index: int
    y: float = TOP
    label: str = ""
    about: Mapping[str, str] = field(default_factory=dict)
    """Data attributes of the whole page."""
    stripes: Sequence[float] = ()
    """Where strong lines run down the page: what is written across one has white under it."""
    _out: list[str] = field(default_factory=list)
    _under: list[str] = field(default_factory=list)

    def text(
        self,
        x: float,
        y: float,
        said: str,
        *,
        size: float = 25,
        fill: str = INK,
        anchor: str = "",
        bold: bool = False,
        squeeze: float = 1.0,
        halo: bool = False,
        data: Mapping[str, object] | None = None,
    ) -> None:
        """One line of text on the base line `y`.

        `anchor`: middle or end. `squeeze`: its width, as a share. `halo`: white around it.
        """
        if not said:
            return
        at = f'x="{num(x)}" y="{num(y)}"'
        if squeeze < 1.0:
            at = f'transform="translate({num(x)} {num(y)}) scale({squeeze:.3f} 1)"'
        more = (f' text-anchor="{anchor}"' if anchor else "") + (' font-weight="700"' if bold else "")
        if self.stripes:
            self._clear(x, y, words.width(said) * size * squeeze, size, anchor)
        if halo:
            more += ' stroke="#ffffff" stroke-width="7" stroke-linejoin="round" paint-order="stroke"'
        colour = "" if fill == INK else f' fill="{fill}"'
        body = escape(said) if said.isascii() else _raised(escape(said), size)
        self._out.append(f'<text {at} font-size="{size:g}"{colour}{more}{attributes(data)}>{body}</text>')

    def _clear(self, x: float, y: float, wide: float, size: float, anchor: str) -> None:
        """A white ground for text that a strong line crosses: a dash beside a digit is no point."""
        left = x - wide * {"middle": 0.5, "end": 1.0}.get(anchor, 0.0)
        if any(left - 4 < stripe < left + wide + 4 for stripe in self.stripes):
            self.box(left - 3, y - size * 0.8, wide + 6, size * 0.95, fill="#ffffff")

    def fitted(self, x: float, y: float, said: str, room: float, **how: object) -> bool:
        """Text in a room: squeezed by at most a quarter, then shortened. False where it was shortened."""
        size = float(how.get("size", 25))  # type: ignore[arg-type]
        factor = words.BOLD if how.get("bold") else 1.0
        wide = words.width(said) * size * factor
        squeeze = 1.0 if wide <= room else max(0.75, math.floor(1000 * room / wide) / 1000)
        shown = words.short(said, room / (size * factor * squeeze) + 1e-6)
        self.text(x, y, shown, squeeze=squeeze, **how)  # type: ignore[arg-type]
        return shown == said

    def lines(self, drawn: Iterable[Line], colour: str = RULE, width: float = 1.5, more: str = "") -> None:
        """Lines of one kind as one element."""
        self.path("".join(f"M{num(a)} {num(b)}L{num(c)} {num(d)}" for a, b, c, d in drawn), colour, width, more)

    def path(self, d: str, colour: str = INK, width: float = 3.0, more: str = "", fill: str = "none") -> None:
        if d:
            self._out.append(f'<path d="{d}" fill="{fill}" stroke="{colour}" stroke-width="{width:g}"{more}/>')

    def box(
        self,
        x: float,
        y: float,
        w: float,
        h: float,
        *,
        fill: str = "none",
        stroke: str = "",
        width: float = 2.0,
        data: Mapping[str, object] | None = None,
        title: str = "",
    ) -> None:
        edge = f' stroke="{stroke}" stroke-width="{width:g}"' if stroke else ""
        end = f"><title>{escape(title)}</title></rect>" if title else "/>"
        place = f'x="{num(x)}" y="{num(y)}" width="{num(w)}" height="{num(h)}"'
        self._out.append(f'<rect {place} fill="{fill}"{edge}{attributes(data)}{end}')

    def hatch(self, x1: float, x2: float, y: float, h: float, data: Mapping[str, object], title: str = "") -> None:
        """Where a signal is missing."""
        self.box(x1, y, x2 - x1, h, fill=f"url(#hatch{self.index})", data=data, title=title)

    def raw(self, piece: str) -> None:
        self._out.append(piece)

    def begin(self, more: str = "", data: Mapping[str, object] | None = None) -> None:
        """A group begins."""
        self._out.append(f"<g{' ' + more if more else ''}{attributes(data)}>")

    def end(self) -> None:
        self._out.append("</g>")

    def watermark(self, said: str, y: float, size: float = 240) -> None:
        """Large, pale and aslant, beneath all else."""
        x = WIDTH / 2
        self._under.append(
            f'<text class="watermark" x="{num(x)}" y="{num(y)}" font-size="{size:g}" font-weight="700" fill="{ALERT}" '
            f'fill-opacity="0.07" text-anchor="middle" transform="rotate(-24 {num(x)} {num(y)})">{escape(said)}</text>'
        )

    def svg(self) -> str:
        """The page; it is `class="sheet"`, 210 mm by 297 mm."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="sheet" width="210mm" height="297mm" '
            f'viewBox="0 0 {WIDTH:g} {HEIGHT:g}" role="group" aria-label={quoted(self.label)}{attributes(self.about)} '
            f'font-family="{FONTS}" fill="{INK}">{_HATCH.replace("{n}", str(self.index))}'
            f'<rect width="{WIDTH:g}" height="{HEIGHT:g}" fill="#ffffff"/>{"".join((*self._under, *self._out))}</svg>'
        )


def _raised(said: str, size: float) -> str:
    """Sub- and superscripts as small digits: not every font has them."""

    def small(found: re.Match[str]) -> str:
        run = found[0]
        below = run[0] in _LOW
        shift = size * (0.12 if below else -0.32)
        plain = run.translate(_PLAIN)
        back = f'<tspan dy="{-shift:.1f}">\u200b</tspan>'
        return f'<tspan font-size="{size * 0.66:.1f}" dy="{shift:.1f}">{plain}</tspan>{back}'

    return _SCRIPTS.sub(small, said)


def attributes(data: Mapping[str, object] | None) -> str:
    """Data attributes: name without `data-` → value."""
    return "".join(f" data-{name}={quoted(str(value))}" for name, value in data.items()) if data else ""


def quoted(said: str) -> str:
    """An attribute's value with its quotation marks."""
    return f'"{said}"' if _PLAIN_VALUE.fullmatch(said) else quoteattr(_UNFIT.sub("\ufffd", said))
