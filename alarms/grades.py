"""Grades of hypothermia by the nadir (clinical.md §2.3); source grades.csv, whose schemes a report names.

Columns: scheme, grade; below: °C, strictly; zh, en; source.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """`below`: °C: it is of this grade when it is of no lower one and strictly below."""

    name: str
    below: float
    zh: str
    en: str


@cache
def schemes() -> Mapping[str, Sequence[Grade]]:
    """Name → its grades, the lowest temperature first."""
    found: dict[str, list[Grade]] = {}
    with files("alarms").joinpath("grades.csv").open("r", encoding="utf-8") as text:
        for row in csv.DictReader(text):
            one = Grade(name=row["grade"], below=float(row["below"]), zh=row["zh"], en=row["en"])
            found.setdefault(row["scheme"], []).append(one)
    return {scheme: tuple(sorted(grades, key=lambda one: one.below)) for scheme, grades in found.items()}


def grade(nadir_c: float, scheme: str = "display") -> Grade | None:
    """None: it is none, or the nadir is not known (nan). Raises KeyError for a scheme that the table does not have."""
    return next((one for one in schemes()[scheme] if nadir_c < one.below), None)
