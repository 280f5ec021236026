"""Sites of temperature and how near to the core they are (clinical.md §2.1); source sites.csv."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files


class Core(StrEnum):
    """How near to the core a site is. Of an unknown site a value may be shown, but counts for no indicator."""

    CORE = "core"
    NEAR_CORE = "near_core"
    PERIPHERAL = "peripheral"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """`rank`: which of two sites is preferred, the lower. `settle_min`: after how many minutes warming up has ended."""

    name: str
    zh: str
    en: str
    core: Core
    rank: int
    settle_min: int

    @property
    def is_body(self) -> bool:
        """It may stand as 体温 in a record."""
        return self.core is not Core.PERIPHERAL


@cache
def sites() -> Mapping[str, Site]:
    """The rows of sites.csv by name."""
    return {row["site"]: _site(row) for row in _rows()}


def site_of(code: str, written: str = "") -> Site | None:
    """Where a channel measures: by the site that the bed's configuration gives, else by its code.

    None: the code is no temperature of a body. A written site that no table knows is an unknown one.
    """
    by_code, by_word = _tables()
    known = by_code.get(code)
    if known is None:
        return None
    return by_word.get(written.strip().lower(), sites()["unknown"]) if written else known


def codes() -> Sequence[str]:
    """All codes that are a temperature of a body."""
    return tuple(_tables()[0])


@cache
def _tables() -> tuple[Mapping[str, Site], Mapping[str, Site]]:
    by_code, by_word = {}, {}
    for row in _rows():
        site = sites()[row["site"]]
        by_code.update(dict.fromkeys(row["codes"].split(), site))
        by_word.update(dict.fromkeys([site.name, *filter(None, row["words"].split("|"))], site))
    return by_code, by_word


@cache
def _rows() -> tuple[Mapping[str, str], ...]:
    with files("alarms").joinpath("sites.csv").open("r", encoding="utf-8") as text:
        return tuple(csv.DictReader(text))


def _site(row: Mapping[str, str]) -> Site:
    return Site(
        name=row["site"],
        zh=row["zh"],
        en=row["en"],
        core=Core(row["core"]),
        rank=int(row["rank"]),
        settle_min=int(row["settle_min"]),
    )
