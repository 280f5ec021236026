"""Where and when a patient can be measured, and the thermometers that there are for it (sites.csv)."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from random import Random

from charting.department.chance import pick
from charting.department.story import MINUTE_US, Place, Probe, Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Minutes from entering the room: anaesthesia start, leaving, and the stays after it; None: there is none.

    `known_from`: when his case was opened. `cooled`: from when to when he is on bypass, or cooled on purpose.
    """

    zero_us: int
    known_from: int
    start: int
    out: int
    pacu_in: int | None
    pacu_out: int | None
    icu_in: int | None
    bed: str
    pacu_bed: str
    icu_bed: str
    ga: bool
    warmed: bool
    cooled: tuple[int, int] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    site: str
    code: str
    source: str
    settle: int
    weight: float


@cache
def sites() -> Sequence[Site]:
    with files("charting.department").joinpath("sites.csv").open("r", encoding="utf-8") as text:
        return [
            Site(
                site=row["site"],
                code=row["code"],
                source=row["source"],
                settle=int(row["settle_min"]),
                weight=float(row["weight"]),
            )
            for row in csv.DictReader(text)
        ]


def site_for(rng: Random, *, awake: bool = False) -> Site:
    if awake:
        return next(s for s in sites() if s.site == "axilla")
    return pick(rng, {site: site.weight for site in sites()})


def probe_of(frame: Frame, site: Site, first: int, values: Sequence[float]) -> Probe:
    return Probe(
        bed=frame.bed, code=site.code, site=site.site, source=site.source, first=first, values=tuple(values)
    )  # fmt: skip


def by_hand(frame: Frame, spots: Sequence[tuple[int, float]], site: str, place: Place) -> tuple[Reading, ...]:
    return tuple(
        Reading(time_us=frame.zero_us + minute * MINUTE_US, value=value, site=site, place=place)
        for minute, value in spots
    )
