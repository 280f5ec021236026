"""What people state of a case for quality; source findings.csv.

`place`: where it is usually found: or, pacu, visit. `semi`: data of devices may suggest it (candidates). `details`:
what is asked beside yes or no, by name: the choices.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

FINDING = "finding:"
"""Ids of findings' items begin with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingKind:
    key: str
    place: str
    semi: bool
    details: Mapping[str, tuple[str, ...]]
    name: Mapping[str, str]
    ask: Mapping[str, str]


@cache
def findings() -> Mapping[str, FindingKind]:
    """By key, in the table's order."""
    with files("charting.case").joinpath("findings.csv").open("r", encoding="utf-8") as text:
        return {
            row["key"]: FindingKind(
                key=row["key"],
                place=row["place"],
                semi=bool(row["semi"]),
                details={
                    name: tuple(choices.split("|"))
                    for name, _, choices in (part.partition("=") for part in row["details"].split(";") if part)
                },
                name={"zh": row["zh"], "en": row["en"]},
                ask={"zh": row["ask_zh"], "en": row["ask_en"]},
            )
            for row in csv.DictReader(text)
        }


def finding_item(key: str) -> str:
    """The id of a finding's item: a case has one of each."""
    return f"{FINDING}{key}"
