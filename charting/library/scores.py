"""Scales of scores; source scores.csv: a row per level of a part. The total is the sum of the parts."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """`levels`: value → (zh, en)."""

    zh: str
    en: str
    levels: Mapping[int, tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    name: str
    zh: str
    en: str
    parts: Mapping[str, Part]


@cache
def scales() -> Mapping[str, Scale]:
    """By name, in the table's order."""
    found: dict[str, Scale] = {}
    with files("charting.library").joinpath("scores.csv").open("r", encoding="utf-8") as text:
        rows = list(csv.DictReader(text))
    for row in rows:
        name = row["scale"]
        own = [r for r in rows if r["scale"] == name]
        found[name] = Scale(
            name=name,
            zh=row["scale_zh"],
            en=row["scale_en"],
            parts={
                r["part"]: Part(
                    zh=r["part_zh"],
                    en=r["part_en"],
                    levels={int(p["value"]): (p["zh"], p["en"]) for p in own if p["part"] == r["part"]},
                )
                for r in own
            },
        )
    return found
