"""Reading a drawn page again: what stands where, by the page itself."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from charting.case.state import Case
from charting.sheet.sheet import pages
from charting.sheet.text import width
from charting.templates.template import Template
from tests.charting.sheet.data import NAMES, SITE, ZONE, at, template

SVG = "{http://www.w3.org/2000/svg}"


@dataclass(frozen=True)
class Said:
    """A text with the box that it takes by the estimate: x from `left` to `right`, and its base line."""

    text: str
    left: float
    right: float
    y: float
    size: float
    watermark: bool
    struck: bool = False

    @property
    def middle(self) -> float:
        return (self.left + self.right) / 2

    def hits(self, other: "Said") -> bool:
        """They overlap by more than a hair: digits and letters reach 0.75 em up and 0.1 em down."""
        wide = min(self.right, other.right) - max(self.left, other.left)
        high = min(self.y + 0.1 * self.size, other.y + 0.1 * other.size) - max(
            self.y - 0.75 * self.size, other.y - 0.75 * other.size
        )
        return wide > 1 and high > 1


def draw(case: Case, of: Template | None = None, *, lang: str = "zh", now_us: int | None = None) -> list[ET.Element]:
    """The pages as XML: well formed, or this raises."""
    document = next(iter(case.documents.values()))
    drawn = pages(
        case, document, of or template(), lang=lang, zone=ZONE, names=NAMES, now_us=now_us or at(13, 5), site=SITE
    )
    assert [page.number for page in drawn] == list(range(1, len(drawn) + 1))
    return [ET.fromstring(page.svg) for page in drawn]


def texts(page: ET.Element) -> list[Said]:
    return [_said(element) for element in page.iter(f"{SVG}text") if not _turned(element)]


def whole(found: Sequence[ET.Element]) -> str:
    """All that is written, a line a text."""
    return "\n".join(said.text for page in found for said in texts(page))


def _turned(element: ET.Element) -> bool:
    return "rotate" in element.get("transform", "") and element.get("class") != "watermark"


def _said(element: ET.Element) -> Said:
    text = "".join(element.itertext())
    size, squeeze = float(element.get("font-size", "0")), 1.0
    x, y = float(element.get("x", "0")), float(element.get("y", "0"))
    found = re.fullmatch(r"translate\((\S+) (\S+)\) scale\((\S+) 1\)", element.get("transform", ""))
    if found is not None:
        x, y, squeeze = (float(part) for part in found.groups())
    wide = width(text) * size * squeeze * (1.06 if element.get("font-weight") == "700" else 1.0)
    left = {"middle": x - wide / 2, "end": x - wide}.get(element.get("text-anchor", ""), x)
    return Said(text, left, left + wide, y, size, element.get("class") == "watermark")


def with_data(page: ET.Element, name: str, value: str | None = None) -> Iterator[ET.Element]:
    for element in page.iter():
        said = None if element is page else element.get(f"data-{name}")
        if said is not None and value in {None, said}:
            yield element


def start(path: str) -> tuple[float, float]:
    """Where a path begins: a glyph's value."""
    found = re.match(r"M(-?[\d.]+) (-?[\d.]+)", path)
    assert found is not None
    return float(found[1]), float(found[2])


class Scale:
    """The chart's axes, read from the numbers that are printed beside it."""

    def __init__(self, page: ET.Element) -> None:
        found = texts(page)
        left, column = float(page.get("data-left", "")), float(page.get("data-column", ""))
        self.left, self.column = left, column
        self.marks = [int(mark) for mark in page.get("data-marks", "").split()]
        right = left + column * len(self.marks)
        self._left = {
            float(t.text): t.y - 7
            for t in found
            if t.text.isdigit() and left - 60 < t.right < left - 5 and t.size == 20
        }
        self._right = {
            float(t.text): t.y - 7 for t in found if t.text.isdigit() and right < t.left < right + 20 and t.size == 20
        }

    def y(self, value: float, *, right: bool = False) -> float:
        by = self._right if right else self._left
        (a, ya), (b, yb) = (
            (30.0, by[30.0]) if right else (100.0, by[100.0]),
            (35.0, by[35.0]) if right else (200.0, by[200.0]),
        )
        return ya + (yb - ya) * (value - a) / (b - a)

    def x(self, time_us: int, step_us: int) -> float:
        """Where the columns are even: half a column right of the first mark's left edge, and so on."""
        return self.left + self.column * ((time_us - self.marks[0]) / step_us + 0.5)
