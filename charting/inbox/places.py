"""The site's table of places: which bed of ours a place is that the hospital writes as point^room^bed^…

Only the parts that a row has are compared (fact sheet hl7-adt-billing §7, bed maps): `OR^OR3` is each bed of that room,
`^^OR3` whatever is so called. Of several rows the one with the most parts counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from charting.inbox.events import Place

_PARTS = 3
"""point^room^bed: what follows is of the building, and differs from message to message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceRow:
    told: str
    bed: str


class Places:
    def __init__(self, rows: Sequence[PlaceRow], areas: Mapping[str, str]) -> None:
        """`areas`: of our beds."""
        self._rows = sorted(((_parts(row.told), row.bed) for row in rows), key=lambda r: -sum(map(bool, r[0])))
        self._areas = areas

    def of(self, told: str) -> Place:
        """A place as told, with its bed and area of ours where the table knows it."""
        parts = _parts(told)
        for wanted, bed in self._rows:
            if all(not part or part == said for part, said in zip(wanted, _filled(parts, len(wanted)), strict=True)):
                return Place(told=told, bed=bed, area=self._areas.get(bed, ""))
        return Place(told=told)


def same(one: Place | None, other: Place | None) -> bool:
    """Whether both are told and are the same place."""
    if one is None or other is None:
        return False
    if one.bed or other.bed:
        return one.bed == other.bed
    return _filled(_parts(one.told), _PARTS) == _filled(_parts(other.told), _PARTS)


def _parts(told: str) -> list[str]:
    return [part.strip() for part in told.split("^")]


def _filled(parts: list[str], n: int) -> list[str]:
    return (parts + [""] * n)[:n]
