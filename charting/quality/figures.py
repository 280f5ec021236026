"""Numbers that no case holds (figures.csv): how many doctors there are, how many births. Kept in the trail."""

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from charting.accounts.actor import Actor
from charting.case.book import Casebook
from charting.quality.periods import Period, period
from charting.quality.refusals import QualityRefusal
from charting.trail.entries import FigureSet
from charting.trail.trail import Trail
from collector.errors import UsageError

MOST = 1_000_000
"""More than any department has of anything: a slip."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureKind:
    """`per`: what it is told of: a year or a month."""

    key: str
    per: Literal["year", "month"]
    zh: str
    en: str


@cache
def figure_kinds() -> Mapping[str, FigureKind]:
    """By key, in the table's order."""
    with files("charting.quality").joinpath("figures.csv").open("r", encoding="utf-8") as text:
        return {
            row["key"]: FigureKind(
                key=row["key"], per="month" if row["per"] == "month" else "year", zh=row["zh"], en=row["en"]
            )
            for row in csv.DictReader(text)
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """`told`: (key, month or year) → the number that was told last."""

    told: Mapping[tuple[str, str], float]

    def of(self, asked: Period) -> Mapping[str, float]:
        """Key → number of a period. A yearly one is that of its year, monthly ones are added up over its months.

        Absent: nobody has told it, or not of each month, or the period has no such parts.
        """
        found: dict[str, float] = {}
        for key, kind in figure_kinds().items():
            parts = asked.months if kind.per == "month" else [asked.year]
            numbers = [self.told.get((key, part)) for part in parts]
            known = [n for n in numbers if n is not None]
            if known and len(known) == len(parts):
                found[key] = sum(known)
        return found


def figures(trail: Trail) -> Figures:
    """All that were told."""
    told: dict[tuple[str, str], float] = {}
    for entry in trail.entries("", kinds=["figure_set"]):
        body = entry.body
        if isinstance(body, FigureSet):
            told.pop((body.key, body.period), None)
            if body.value is not None:
                told[body.key, body.period] = body.value
    return Figures(told=told)


def set_figure(desk: Casebook, actor: Actor, *, key: str, of: str, value: float | None) -> None:
    """Tell a number of a month (2026-11) or a year (2026), as figures.csv asks; None takes it back.

    Raises QualityRefusal, NotAllowed. What stands there already is not told again.
    """
    desk.require(actor, "figures")
    kind = figure_kinds().get(key)
    if kind is None:
        raise QualityRefusal("quality.refused.figure_unknown")
    try:
        asked = period(of, desk.clock.zone)
    except UsageError:
        raise QualityRefusal("quality.refused.period") from None
    if not (asked.is_month if kind.per == "month" else asked.is_year):
        raise QualityRefusal(f"quality.refused.per_{kind.per}")
    if value is not None and not (math.isfinite(value) and 0 <= value <= MOST and value == int(value)):
        raise QualityRefusal("quality.refused.figure_number", most=f"{MOST:,}")
    if figures(desk.trail).told.get((key, asked.name)) != value:
        desk.trail.append(actor.account, "", [FigureSet(key=key, period=asked.name, value=value)])
