"""How wide text is, estimated: wrapping, shortening. Pure; lengths in em of the font's size.

Source of the widths: measured advances of Noto Sans CJK SC (regular). Other fonts differ by some percent; callers leave
room for it.
"""

from collections.abc import Iterator
from functools import lru_cache

_WIDTHS = (
    "224 323 474 555 555 921 680 278 338 338 467 555 278 347 278 392 555 555 555 555 555 555 555 555 555 555 278 "
    "278 555 555 555 474 946 608 657 638 688 589 552 689 728 293 535 646 543 812 723 742 633 742 635 596 599 721 "
    "575 878 573 531 603 338 392 338 555 559 606 563 618 510 620 554 325 564 607 275 275 552 284 926 610 606 620 "
    "620 388 468 377 607 521 802 498 521 475 338 270 338 555"
)
_ASCII = tuple(int(width) / 1000 for width in _WIDTHS.split())
"""Of the characters from 32 to 126."""
_OTHERS = dict.fromkeys("₀₁₂₃₄₅₆₇₈₉⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ˀ", 0.37) | {
    "µ": 0.628,
    "°": 0.37,
    "–": 0.536,
    "—": 0.894,
    "′": 0.278,
    "é": 0.554,
    "φ": 0.76,
    "\u2003": 1.0,
    "\u00a0": 0.224,
    "\u200b": 0.0,
}
BOLD = 1.06
"""How much wider bold text is."""


@lru_cache(maxsize=4096)
def width(text: str) -> float:
    """In em: the table's, 1 for what it does not know (a Chinese character)."""
    return sum(_width(c) for c in text)


def wrap(text: str, em: float) -> list[str]:
    """Lines of at most `em`, one at least, broken at spaces and between Chinese characters; a longer word is cut."""
    lines: list[str] = []
    for paragraph in text.splitlines() or [""]:
        line = ""
        for piece in _pieces(paragraph):
            if width(line) + width(piece.rstrip()) <= em:
                line += piece
                continue
            if line.strip():
                lines.append(line.rstrip())
            line = piece.lstrip()
            while width(line) > em and len(line) > 1:
                cut = _fitting(line, em)
                lines.append(line[:cut])
                line = line[cut:]
        lines.append(line.rstrip())
    return lines


def short(text: str, em: float) -> str:
    """The text, or as much of it as fits with "…"."""
    if width(text) <= em:
        return text
    return text[: _fitting(text, em - 1.0, least=0)].rstrip() + "…"


def _width(character: str) -> float:
    code = ord(character)
    return _ASCII[code - 32] if 32 <= code < 127 else _OTHERS.get(character, 1.0)


def _fitting(text: str, em: float, least: int = 1) -> int:
    """How many characters fit."""
    room = em
    for n, character in enumerate(text):
        room -= _width(character)
        if room < 0:
            return max(least, n)
    return len(text)


_CLOSING = "，。；：、！？）」》”…%"


def _pieces(text: str) -> Iterator[str]:
    """What may stand on different lines: words with the space after them, Chinese characters with what closes them."""
    piece = ""
    for character in text:
        wide = ord(character) > 0x2E7F
        if (
            piece
            and character not in _CLOSING
            and (wide or piece[-1] == " " or ord(piece[-1]) > 0x2E7F)
            and character != " "
        ):
            yield piece
            piece = ""
        piece += character
    if piece:
        yield piece
