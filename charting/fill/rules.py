"""The rules by which readings are judged: names (rules.csv) and numbers (rules.toml). A set of numbers has a version.

Columns of rules.csv: rule; action: drop (the reading is none), hold (a value waits for a person), mark (it stands,
marked); zh, en: why, for people; source: clinical.md.
"""

import csv
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files


class Action(StrEnum):
    DROP = "drop"
    HOLD = "hold"
    MARK = "mark"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A row of rules.csv; `number`: its place there, from 1."""

    name: str
    action: Action
    zh: str
    en: str
    number: int


@cache
def rules() -> Mapping[str, Rule]:
    """All rules by name."""
    with files("charting.fill").joinpath("rules.csv").open("r", encoding="utf-8") as text:
        return {
            row["rule"]: Rule(name=row["rule"], action=Action(row["action"]), zh=row["zh"], en=row["en"], number=number)
            for number, row in enumerate(csv.DictReader(text), 1)
        }


@cache
def names() -> tuple[str, ...]:
    """Names by number; 0 is no rule."""
    return ("", *rules())


@cache
def numbers() -> Mapping[str, Mapping[str, float]]:
    """The numbers of each set, without its version."""
    return {name: {k: float(v) for k, v in table.items() if k != "version"} for name, table in _tables().items()}


@cache
def filter_name() -> str:
    """All sets with their versions: "fill grid/1 abp/1 …"; what a value was filtered with."""
    return " ".join(["fill", *(f"{name}/{table['version']}" for name, table in _tables().items())])


@cache
def _tables() -> Mapping[str, Mapping[str, str | float]]:
    text = files("charting.fill").joinpath("rules.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
