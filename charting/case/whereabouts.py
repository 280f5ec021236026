"""Where a case's patient was, and from when to when. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from charting.case.clock import MINUTE_US
from charting.case.state import Case

BACK_US = 120 * MINUTE_US
"""A case opened later than the patient's arrival is filled back to it, at most so far: no induction takes longer, and
what is older may be another patient's, whose case nobody opened (our judgement)."""

_ARRIVALS: Mapping[str, tuple[str, ...]] = {
    "or": ("t_room_in", "t_anes_care"), "offsite": ("t_suite_in", "t_anes_care"), "pacu": ("t_pacu_in",),
    "icu": ("t_icu_in",),
}  # fmt: skip
_DEPARTURES: Mapping[str, str] = {"or": "t_room_out", "offsite": "t_suite_out", "pacu": "t_pacu_out"}
"""Events of clinical.md §0 by which a patient comes to and leaves the beds of an area."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The patient was at a bed from start_us to end_us (None: still).

    `told_us`: when a stay began by itself, before it was filled back. Of a document: `start_us` is a whole minute, and
    what was measured before `came_us` is another's; `followed`: the next part begins where this one ends.
    """

    bed: str
    start_us: int
    end_us: int | None
    case: str = ""
    told_us: int = 0
    came_us: int = 0
    followed: bool = False


def occupied(case: Case) -> Sequence[Part]:
    """Where a case's patient was, as far as people have told."""
    if case.state == "discarded":
        return []
    return [stayed(case, n) for n, stay in enumerate(case.stays) if stay.bed]


def stayed(case: Case, n: int) -> Part:
    """A stay from the patient's arrival to his departure, where people have told them."""
    stay = case.stays[n]
    since_us = max(stay.start_us - BACK_US, case.stays[n - 1].start_us if n else 0)
    arrivals = [
        e.at_us for e in case.events if e.key in _ARRIVALS.get(stay.area, ()) and since_us <= e.at_us < stay.start_us
    ]
    departures = [e.at_us for e in case.events if e.key == _DEPARTURES.get(stay.area) and e.at_us > stay.start_us]
    end_us = first(stay.end_us, case.closed_us, *departures[:1])
    return Part(
        bed=stay.bed,
        start_us=min([stay.start_us, *arrivals]),
        end_us=end_us,
        case=case.id,
        told_us=stay.start_us,
    )


def first(*times_us: int | None) -> int | None:
    return min((t for t in times_us if t is not None), default=None)
