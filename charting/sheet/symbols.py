"""The symbols of the record: which glyph stands for what.

Source: symbols.csv after clinical.md §3.6; a site may give a file of its own with the same columns, whose rows
replace those with the same kind and key. Columns: kind (signal, breathing, event), key, glyph, manual (the glyph of a
value that a person put there), colour, axis (left 0–240, right 20–40 °C), line (1: joined from column to column),
row (1: also as a number below the chart).
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from collector.errors import UsageError

_COLUMNS = ("kind", "key", "glyph", "manual", "colour", "axis", "line", "row")
_KINDS = {"signal", "breathing", "event"}
BY_BREATHING = "breathing"
"""The glyph of a signal that looks as the patient breathes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Symbol:
    key: str
    glyph: str
    manual: str = ""
    colour: str = "#16202a"
    right: bool = False
    line: bool = False
    row: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Symbols:
    signals: Mapping[str, Symbol]
    breathing: Mapping[str, Symbol]
    events: Mapping[str, Symbol]


@cache
def symbols(path: Path | None = None) -> Symbols:
    """The table, with a site's own rows over it. Raises UsageError for a row that is none, one reason a row."""
    found: dict[tuple[str, str], Symbol] = {}
    with files("charting.sheet").joinpath("symbols.csv").open("r", encoding="utf-8") as text:
        _read("symbols.csv", text.read(), found)
    if path is not None:
        try:
            _read(path.name, path.read_text(encoding="utf-8-sig"), found)
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{path}: cannot be read: {error}") from None
    kinds = {kind: {k: s for (of, k), s in found.items() if of == kind} for kind in _KINDS}
    return Symbols(signals=kinds["signal"], breathing=kinds["breathing"], events=kinds["event"])


def mark(glyph: str, x: float, y: float) -> str:
    """The path of a glyph whose value lies at (x, y)."""
    return f"M{x:.1f} {y:.1f}{_GLYPHS[glyph][0]}"


def filled(glyph: str) -> bool:
    return _GLYPHS[glyph][1]


def _read(name: str, text: str, found: dict[tuple[str, str], Symbol]) -> None:
    reader = csv.DictReader(text.splitlines())
    if tuple(reader.fieldnames or ()) != _COLUMNS:
        raise UsageError(f"{name}: the columns must be {','.join(_COLUMNS)}")
    wrong: list[str] = []
    for line, row in enumerate(reader, 2):
        allowed = {*_GLYPHS, BY_BREATHING} if row["kind"] == "signal" else set(_GLYPHS)
        if row["kind"] not in _KINDS or not row["key"]:
            wrong.append(f"{name}, line {line}: kind must be one of {', '.join(sorted(_KINDS))}, and key given")
        elif row["glyph"] not in allowed or (row["manual"] and row["manual"] not in _GLYPHS):
            wrong.append(f"{name}, line {line}: a glyph must be one of {', '.join(sorted(_GLYPHS))}")
        elif row["axis"] not in {"", "left", "right"} or not _colour(row["colour"]):
            wrong.append(f"{name}, line {line}: axis must be left or right, and colour as #16202a")
        else:
            found[row["kind"], row["key"]] = Symbol(
                key=row["key"],
                glyph=row["glyph"],
                manual=row["manual"] or row["glyph"],
                colour=row["colour"] or "#16202a",
                right=row["axis"] == "right",
                line=row["line"] == "1",
                row=row["row"] == "1",
            )
    if wrong:
        raise UsageError(*wrong)


def _colour(text: str) -> bool:
    return not text or (len(text) == 7 and text[0] == "#" and all(c in "0123456789abcdefABCDEF" for c in text[1:]))


def _circle(r: float) -> str:
    return f"m{-r:g} 0a{r:g} {r:g} 0 1 0 {2 * r:g} 0a{r:g} {r:g} 0 1 0 {-2 * r:g} 0z"


_GLYPHS: Mapping[str, tuple[str, bool]] = {
    "vee": ("m-10-17l10 17 10-17", False),
    "vee_small": ("m-8-13l8 13 8-13", False),
    "vee_solid": ("m-10-17l10 17 10-17z", True),
    "caret": ("m-10 17l10-17 10 17", False),
    "caret_small": ("m-8 13l8-13 8 13", False),
    "caret_solid": ("m-10 17l10-17 10 17z", True),
    "dash": ("m-7 0l14 0", False),
    "dash_bold": ("m-9-3h18v6h-18z", True),
    "dot": (_circle(6.5), True),
    "ring": (_circle(7.5), False),
    "half": (_circle(7.5) + "m7.5-7.5a7.5 7.5 0 0 0 0 15z", False),
    "wave": ("m-14 0c4-10 10-10 14 0s10 10 14 0", False),
    "cross": ("m-9-9l18 18m0-18l-18 18", False),
    "plus": ("m-9 0l18 0m-9-9l0 18", False),
    "triangle": ("m-10 7l10-17 10 17z", False),
    "triangle_solid": ("m-10 7l10-17 10 17z", True),
    "diamond": ("m-9 0l9-9 9 9-9 9z", False),
    "diamond_solid": ("m-9 0l9-9 9 9-9 9z", True),
    "square": ("m-7-7l14 0 0 14-14 0z", False),
    "square_solid": ("m-7-7l14 0 0 14-14 0z", True),
    "phi": (_circle(8) + "m8-14l0 28", False),
    "target": (_circle(9) + "m7 0a2 2 0 1 0 4 0a2 2 0 1 0-4 0z", False),
    "crossed_ring": (_circle(9) + "m2.6-6.4l12.8 12.8m0-12.8l-12.8 12.8", False),
    "barred_ring": (_circle(9) + "l18 0", False),
}
"""Glyph → its path from its value's place, and whether it is filled."""
