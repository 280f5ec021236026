"""Transfusion during the anaesthetic: whole blood and red cells (clinical.md §1.1 no. 9, §1.2 no. 12, §1.5)."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from charting.quality.derive.told import Told
from charting.quality.derive.truth import both, either
from charting.quality.facts import Three
from charting.trail.contents import Volume


@dataclass(frozen=True, slots=True, kw_only=True)
class Blood:
    """mL; nan where it is not known of all that was given whether it counts."""

    transfused: Three
    autologous: Three
    blood_ml: float
    autologous_ml: float


def blood(told: Told) -> Blood:
    """What is autologous is told by the item's group alone: washed red cells have the code and the name of red cells.

    Which product is red cells the library of fluids says (`is_red_cells`); autologous blood is, unless it says no.
    Nothing else was given where the record is signed.
    """
    given = list(_given(told))
    every = [(v, both(*_counts(told, v))) for v in given]
    own = [(v, counts) for v, counts in every if v.group == "autologous"]
    none = told.unsaid()
    return Blood(
        transfused=either([none, *(counts for _, counts in every)]),
        autologous=either([none, *(counts for _, counts in own)]),
        blood_ml=_sum(every, none),
        autologous_ml=_sum(own, none),
    )


def _given(told: Told) -> Iterator[Volume]:
    return (v for v in told.contents_of(Volume) if v.group in {"blood", "autologous"} and v.ml > 0)


def _counts(told: Told, volume: Volume) -> tuple[Three, Three]:
    """Whether it ran during the anaesthetic, and whether it is whole blood or red cells."""
    window = told.anaesthesia
    during = window.holds(volume.start_us)
    if volume.end_us is not None and window.start_us is not None and volume.start_us < window.start_us < volume.end_us:
        during = True
    coding = told.libraries.newest("fluids", volume.code) if volume.code else None
    said = coding.attributes.get("is_red_cells") if coding is not None else None
    red = {"yes": True, "no": False}.get(said or "")
    return during, True if red is None and volume.group == "autologous" else red


def _sum(volumes: list[tuple[Volume, Three]], none: Three) -> float:
    if not volumes:
        return math.nan if none is None else 0.0
    if any(counts is None for _, counts in volumes):
        return math.nan
    return sum(v.ml for v, counts in volumes if counts)
