"""What a chart is drawn on: SVG with presentation attributes only, in the units of a page (tenths of a millimetre)."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from charting.sheet.paper import FAINT, FONTS, INK, RULE, Paper, escape, num, quoted
from charting.sheet.text import width

DARK, MILD, WARN, ALERT, PALE = "#0f3d5c", "#5d9dc9", "#b36b00", "#b3211b", "#dcebf6"
"""Told apart in grey too: marks of different kinds have different shapes as well."""
TEXT, SMALL = 24.0, 21.0
"""Sizes of text: 6.8 and 6 points on paper."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """`body`: SVG elements from (0, 0) to (wide, high), for a page of a browser or of paper."""

    title: str
    wide: float
    high: float
    body: str

    def svg(self) -> str:
        """By itself, for an HTML page: as wide as its place."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 {num(self.wide)} {num(self.high)}" '
            f'role="group" aria-label={quoted(self.title)} font-family="{FONTS}" fill="{INK}">{self.body}</svg>'
        )


class Canvas(Paper):
    """A sheet of any size that becomes a chart."""

    def __init__(self) -> None:
        super().__init__(0)

    def chart(self, title: str, wide: float, high: float) -> Chart:
        return Chart(title=title, wide=wide, high=high, body="".join(self._out))

    def link(self, href: str, title: str, draw: Callable[[], None]) -> None:
        """What is drawn leads somewhere, and says what it is; without `href` it only says."""
        if href:
            self.raw(f"<a href={quoted(href)} aria-label={quoted(title)}>")
        else:
            self.raw("<g>")
        self.raw(f"<title>{escape(title)}</title>")
        draw()
        self.raw("</a>" if href else "</g>")


def nice(most: float, steps: int = 5) -> Sequence[float]:
    """Ticks from 0 to at least `most`, at 1, 2, 2.5 or 5 times a power of ten."""
    if most <= 0:
        return (0.0, 1.0)
    rough = most / steps
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(s * power for s in (1, 2, 2.5, 5, 10) if s * power >= rough * (1 - 1e-9))
    return tuple(step * n for n in range(math.ceil(most / step - 1e-9) + 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """Where numbers stand: a rectangle of a canvas, and what its edges are."""

    left: float
    right: float
    top: float
    bottom: float
    low: float
    high: float

    def y(self, value: float) -> float:
        return self.bottom - (value - self.low) / (self.high - self.low) * (self.bottom - self.top)

    def x(self, value: float, low: float, high: float) -> float:
        return self.left + (value - low) / (high - low) * (self.right - self.left)

    def rules(self, canvas: Canvas, ticks: Sequence[float], unit: str = "") -> None:
        """Lines across at the ticks, with their numbers to the left; the unit beside the highest."""
        canvas.lines([(self.left, self.y(t), self.right, self.y(t)) for t in ticks], RULE, 1.5)
        for n, tick in enumerate(ticks):
            said = f"{tick:g}" + (f" {unit}" if unit and n == len(ticks) - 1 else "")
            canvas.text(self.left - 10, self.y(tick) + 7, said, size=SMALL, anchor="end", fill=FAINT)


class Labels:
    """Names beside points, where they cover neither a point nor one another."""

    def __init__(self, taken: Sequence[tuple[float, float]], plot: Plot) -> None:
        self._boxes = [(x - 9, y - 9, x + 9, y + 9) for x, y in taken]
        self._plot = plot

    def put(self, canvas: Canvas, x: float, y: float, said: str, **how: object) -> bool:
        """False where there is no room for it."""
        wide, high = width(said) * SMALL, SMALL
        for dx, dy in ((14, 7), (-14 - wide, 7), (-wide / 2, -14), (-wide / 2, 14 + high), (12, -10), (12, 24),
                       (-12 - wide, -10), (-12 - wide, 24)):  # fmt: skip
            box = (x + dx, y + dy - high, x + dx + wide, y + dy + 4)
            inside = self._plot.left <= box[0] and box[2] <= self._plot.right + 60 and box[1] >= self._plot.top - 30
            if inside and box[3] <= self._plot.bottom and not any(_meet(box, other) for other in self._boxes):
                self._boxes.append(box)
                canvas.text(x + dx, y + dy, said, size=SMALL, halo=True, **how)  # type: ignore[arg-type]
                return True
        return False


def _meet(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def dot(canvas: Canvas, x: float, y: float, kind: str) -> None:
    """A point: plain; "ring": part of a signal; "95": a diamond; "99.8": a square."""
    match kind:
        case "99.8":
            canvas.path(f"M{num(x - 9)} {num(y - 9)}h18v18h-18z", "#ffffff", 2, fill=ALERT)
        case "95":
            canvas.path(f"M{num(x)} {num(y - 12)}l12 12l-12 12l-12 -12z", INK, 2, fill=WARN)
        case _:
            if kind == "ring":
                canvas.raw(
                    f'<circle cx="{num(x)}" cy="{num(y)}" r="13" fill="none" stroke="{ALERT}" stroke-width="3"/>'
                )
            canvas.raw(f'<circle cx="{num(x)}" cy="{num(y)}" r="7" fill="{DARK}"/>')


def head(canvas: Canvas, title: str, below: str, wide: float) -> None:
    """The title, and a line under it that says what the numbers are of."""
    canvas.fitted(4, 30, title, wide - 8, size=27, bold=True)
    canvas.fitted(4, 60, below, wide - 8, size=SMALL, fill=FAINT)
