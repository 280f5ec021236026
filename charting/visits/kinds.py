"""The visits of an anaesthetic and their windows; source kinds.csv (clinical.md §7).

A window is [opens, closes], in h after what `since` names: the last extubation after the operation, the end of the
anaesthetic, or the later of the two (last). From `late_h` on it is overdue. 6, 24 and 72 h are the indicators' (AQI-19,
24, 22 and 23); when a visit is late, and when the check at 6, 24 and 72 h is given up, are ours (decision D).
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal, cast

Since = Literal["", "extubation", "end", "last"]


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitKind:
    """`template`: of its document; `section`: the one that is asked, "": all."""

    key: str
    template: str
    section: str
    since: Since
    opens_h: float
    late_h: float
    closes_h: float
    zh: str
    en: str


PREOP = "preop"


@cache
def kinds() -> Mapping[str, VisitKind]:
    """By key, in the table's order."""
    with files("charting.visits").joinpath("kinds.csv").open("r", encoding="utf-8") as text:
        return {row["kind"]: _kind(row) for row in csv.DictReader(text)}


def _kind(row: Mapping[str, str]) -> VisitKind:
    return VisitKind(
        key=row["kind"],
        template=row["template"],
        section=row["section"],
        since=cast("Since", row["since"]),
        opens_h=float(row["opens_h"] or 0),
        late_h=float(row["late_h"] or 0),
        closes_h=float(row["closes_h"] or 0),
        zh=row["zh"],
        en=row["en"],
    )
