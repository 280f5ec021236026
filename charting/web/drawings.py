"""Drawn documents, kept while they stay as they are."""

from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock
from typing import Protocol

from charting.case.state import Case

_KEPT = 64
"""Documents: some 20 MB of SVG."""


class Draw(Protocol):
    """A document as A4 pages, in zh or en, each an SVG element that can stand in an HTML page."""

    def __call__(self, case: Case, document: str, lang: str) -> Sequence[str]: ...


class Drawings:
    """Draws a document anew only when its case has changed. Any thread may ask."""

    def __init__(self, draw: Draw) -> None:
        self._draw = draw
        self._kept: OrderedDict[tuple[str, str, str], tuple[int, Sequence[str]]] = OrderedDict()
        self._lock = Lock()

    def pages(self, case: Case, document: str, lang: str) -> Sequence[str]:
        key = case.id, document, lang
        with self._lock:
            last, pages = self._kept.get(key, (0, ()))
        if last == case.last:
            return pages
        pages = self._draw(case, document, lang)
        with self._lock:
            self._kept[key] = case.last, pages
            self._kept.move_to_end(key)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return pages
