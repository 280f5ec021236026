"""What an OBX says: a number, a text or nothing, and how good it is.

Source: fact sheets ihe-pcd §2 (OBX-8, OBX-11), §3, mindray-and-chinese-hl7 §4, §8. OBX-2 is not believed: Comen calls
texts NM.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from collector.model import Quality
from drivers.hl7_pcd01.rows import Row

SENTINEL = "8388607"
"""Comen's "not available": the largest number of 24 bits, which IEEE 11073 has for "no number"."""
NULL = '""'
"""HL7: the value is to be forgotten."""

_REASONS: Mapping[str, Quality] = {
    "INV": Quality.INVALID,
    "CAL": Quality.CALIBRATING,
    "NAV": Quality.NOT_AVAILABLE,
    "NI": Quality.NOT_AVAILABLE,
    "OFF": Quality.NOT_AVAILABLE,
    "BUSY": Quality.NOT_AVAILABLE,
    ">": Quality.OVERFLOW,
    "<": Quality.UNDERFLOW,
}
"""Why there is no value, the strongest first (OBX-8)."""
_EXCLUDING = frozenset({"INV", "NAV", "NI", "OFF", "BUSY"})
"""With one of these what stands in OBX-5 is none."""
_DOUBTFUL = frozenset({"QUES", "EARLY", ">", "<"})
_WITHOUT = frozenset({"X", "D", "W"})
"""OBX-11: no result; deleted; wrong."""
_CODED = frozenset({"CWE", "CE", "CNE", "CF"})
_WORDS = frozenset({"ST", "TX", "FT", "IS", "ID", "DT", "TM", "TS", "DTM", "HD", "PN", "XPN", "XCN"}) | _CODED

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?")
_LIMITS = re.compile(r"\s*(-?\d+(?:\.\d+)?)?\s*[-^]\s*(-?\d+(?:\.\d+)?)?\s*")
_ONE_LIMIT = re.compile(r"\s*([<>])=?\s*(-?\d+(?:\.\d+)?)\s*")


@dataclass(frozen=True, slots=True)
class Value:
    """`value` None: nothing, and `quality` says why. `words`: whether what is not there would be a text."""

    value: float | str | None
    quality: Quality = Quality.VALID
    words: bool = False


def number(text: str) -> float | None:
    """A finite number in HL7's spelling."""
    if not _NUMBER.fullmatch(text):
        return None
    found = float(text)
    return found if math.isfinite(found) else None


def read(row: Row, *, known: bool, words: bool) -> Value:
    """The value of a row. known: the code is one that somebody has told; words: its values are words."""
    sent = row.value
    texts = words or row.type in _WORDS
    if row.status in _WITHOUT or not sent or sent in {SENTINEL, NULL} or not _EXCLUDING.isdisjoint(row.flags):
        reason = next((quality for flag, quality in _REASONS.items() if flag in row.flags), None)
        if reason is None:
            reason = Quality.INVALID if row.status in {"D", "W"} else Quality.NOT_AVAILABLE
        return Value(None, reason, texts)
    quality = Quality.VALID
    if row.flags:
        if "CAL" in row.flags:
            quality = Quality.CALIBRATING
        elif not _DOUBTFUL.isdisjoint(row.flags):
            quality = Quality.QUESTIONABLE
    if row.type == "SN":
        value: float | str = _structured(row)
    elif words or row.type in _CODED or (row.type in _WORDS and not known):
        value = _text(row)
    else:
        found = number(sent.strip())
        value = _text(row) if found is None else found
    if value == "":
        return Value(None, Quality.NOT_AVAILABLE, texts)
    return Value(value, quality)


def limits(text: str) -> tuple[float | None, float | None]:
    """Low and high of an OBX-7: `50-120`, `90^160`, `<120`, `>50`; None what is not told."""
    if not text:
        return None, None
    both = _LIMITS.fullmatch(text)
    if both is not None:
        low, high = both.groups()
        return _limit(low), _limit(high)
    one = _ONE_LIMIT.fullmatch(text)
    if one is None:
        return None, None
    return (None, _limit(one[2])) if one[1] == "<" else (_limit(one[2]), None)


def _limit(text: str | None) -> float | None:
    return None if text is None or text == SENTINEL else number(text)


def _structured(row: Row) -> float | str:
    """An SN: comparator, number, separator, number. `^1^:^2` is 0.5, `^12` is 12, `>^100` is the text >100."""
    comparator, first, separator, second = (row.segment.component(5, n).strip() for n in (1, 2, 3, 4))
    one, other = number(first), number(second)
    if comparator in {"", "="} and one is not None:
        if not separator and not second:
            return one
        if separator in {":", "/"} and other:
            return one / other
    return f"{comparator}{first}{separator}{second}"


def _text(row: Row) -> str:
    """The words of a row; of a coded one its name, what was meant by it, or its code."""
    segment = row.segment
    if row.type in _CODED or (row.type not in _WORDS and segment.delimiters.component in row.value):
        return segment.component(5, 2) or segment.component(5, 9) or segment.component(5, 1)
    return segment.text(row.value).strip()
