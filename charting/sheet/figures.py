"""Numbers of a row beside their ticks: each readable, or a mark that the last pages tell them. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from charting.sheet.paper import ALERT, Paper
from charting.sheet.text import width as text_width

NARROWEST = 0.72
"""Numbers are squeezed to this share of their width at most."""
OMITTED = "…"
_BEFORE, _AFTER, _MARK = 4.0, 3.0, 12.0
"""Free between a tick and its number, and before the next tick; room of the mark."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A number that belongs to a tick at `x`."""

    item: str
    x: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A figure as it is written from `left` on. `omitted`: it had no room; one of those at a place has the mark."""

    item: str
    left: float
    text: str
    squeeze: float = 1.0
    omitted: bool = False


def place(figures: Sequence[Figure], right: float, size: float) -> list[Placed]:
    """Right of their ticks, each as far as the next; those at (nearly) the same place together: "6, 7, 10"."""
    groups: list[list[Figure]] = []
    ordered = sorted(figures, key=lambda f: f.x)
    for before, figure in zip([None, *ordered], ordered, strict=False):
        room = figure.x - before.x - _BEFORE - _AFTER if before is not None else 0.0
        if before is not None and room < _MARK and room < _wide(groups[-1], size) * NARROWEST:
            groups[-1].append(figure)
        else:
            groups.append([figure])
    ends = [*(after[0].x for _, after in pairwise(groups)), right]
    return [each for group, end in zip(groups, ends, strict=True) for each in _group(group, end, size)]


def write(paper: Paper, placed: Sequence[Placed], y: float, size: float) -> None:
    for each in placed:
        if each.omitted:
            paper.text(each.left, y, each.text, size=_MARK, fill=ALERT)
        else:
            paper.text(each.left, y, each.text, size=size, squeeze=each.squeeze)


def _wide(group: Sequence[Figure], size: float) -> float:
    return sum(text_width(text) for text in _texts(group)) * size


def _texts(group: Sequence[Figure]) -> list[str]:
    """With commas between them; the space after a comma is part of its width."""
    return [*(f"{figure.text}, " for figure in group[:-1]), group[-1].text]


def _group(group: Sequence[Figure], end: float, size: float) -> list[Placed]:
    left = group[-1].x + _BEFORE
    wide, room = _wide(group, size), end - left - _AFTER
    if room < wide * NARROWEST:
        *others, last = group
        return [
            *(Placed(item=figure.item, left=left, text="", omitted=True) for figure in others),
            Placed(item=last.item, left=left, text=OMITTED, omitted=True),
        ]
    squeeze = min(1.0, room / wide)
    found = []
    for figure, text in zip(group, _texts(group), strict=True):
        found.append(Placed(item=figure.item, left=left, text=text.rstrip(), squeeze=squeeze))
        left += text_width(text) * size * squeeze
    return found
