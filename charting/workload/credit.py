"""Whose minutes of a role on a case count for whom: alone, together, one after the other. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from charting.workload.spans import Span, together


@dataclass(slots=True, kw_only=True)
class Credit:
    """`spans`: minutes that count for this person, each with the part of them that is his. `relayed`: somebody handed
    over to him, or he to somebody.
    """

    spans: list[tuple[Span, Fraction]] = field(default_factory=list)
    relayed: bool = False

    @property
    def minutes(self) -> Fraction:
        return sum(((end - start) * part for (start, end), part in self.spans), Fraction(0))


@dataclass(slots=True)
class _Place:
    """One of the places that a role has on a case: `first` was there first, `now` is there or has just left."""

    first: str
    now: str
    taken: bool = True


def credits_of(
    present: Mapping[str, Sequence[Span]],
    *,
    handover: Literal["minutes", "first"],
    several: Literal["full", "split"],
) -> Mapping[str, Credit]:
    """By person, of those who were present in one role (unions of spans within the clock).

    Who comes when another has left takes that one's place: he was handed over to. handover: `minutes`: each his own;
    `first`: a place counts for who was there first, whoever holds it. several: at once each in `full`, or each minute
    `split` among them.
    """
    found = {person: Credit() for person in present}
    places: list[_Place] = []
    for span, there in together(present):
        for place in places:
            place.taken = place.now in there
        for person in there:
            if not any(place.taken and place.now == person for place in places):
                _come(person, places, found)
        owners = there if handover == "minutes" else tuple({p.first: None for p in places if p.taken})
        part = Fraction(1, len(owners)) if several == "split" else Fraction(1)
        for owner in owners:
            found[owner].spans.append((span, part))
    return found


def _come(person: str, places: list[_Place], found: Mapping[str, Credit]) -> None:
    """Takes a place that is free, his own before another's; else a new one."""
    free = [place for place in places if not place.taken]
    place = next((p for p in free if person in {p.first, p.now}), free[0] if free else None)
    if place is None:
        places.append(_Place(person, person))
        return
    if place.now != person:
        found[person].relayed = found[place.now].relayed = True
    place.now, place.taken = person, True
