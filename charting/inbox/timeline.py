"""Where a patient was, as the fold of all that was told of his visit, in whatever order it came. Pure.

What was told is never patched: the same events give the same history, and one that comes late takes its place in it
(fact sheet hl7-adt-billing §1). Events are in the order of their happening, of their recording, of their keys; what
takes another back is applied afterwards, in the order of its recording, to the last before it that it can mean: senders
give it the time of its own happening, or that of what it takes back.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from charting.inbox.events import HospitalEvent, Place
from charting.inbox.places import same

CASE_AREAS = frozenset({"or", "pacu", "icu", "offsite"})
"""Areas where a patient is somebody's case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sojourn:
    """At a place from start to end (None: still). `keys`: of the events that say so, the one that brought him first.

    `unsure`: he had left it by the end, nobody said when, nor that he came anywhere since.
    """

    place: Place
    start_us: int
    end_us: int | None
    keys: tuple[str, ...]
    unsure: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """Sojourns in beds of ours that follow on each other: what becomes one case."""

    sojourns: Sequence[Sojourn]

    @property
    def keys(self) -> frozenset[str]:
        return frozenset(key for sojourn in self.sojourns for key in sojourn.keys)

    @property
    def start_us(self) -> int:
        return self.sojourns[0].start_us

    @property
    def end_us(self) -> int | None:
        """None: he is still there."""
        return self.sojourns[-1].end_us

    @property
    def unsure(self) -> bool:
        return self.sojourns[-1].unsure


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """`state`: expected, present, left, cancelled, or "" where nothing was told of it."""

    sojourns: Sequence[Sojourn] = ()
    state: str = ""
    is_test: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """`number`: the one that is left of all `numbers`. `patient`: attribute → text, as last told."""

    number: str
    numbers: frozenset[str]
    patient: Mapping[str, str] = field(default_factory=dict)


def in_order(events: Iterable[HospitalEvent]) -> Sequence[HospitalEvent]:
    """Each event once."""
    return sorted({event.key: event for event in events}.values(), key=_order)


def visit_of(events: Iterable[HospitalEvent]) -> Visit:
    """Events of one visit."""
    ordered = in_order(events)
    standing = [e for e in ordered if e.kind in {"admit", "pre_admit", "transfer", "discharge"}]
    moves = list(standing)
    for event in sorted((e for e in ordered if e.kind in _CANCELS), key=lambda e: (e.recorded_us, *_order(e))):
        moves = _without(moves, event)
    sojourns = _sojourns(sorted(moves, key=_order))
    return Visit(
        sojourns=sojourns,
        state=_state(moves, ordered),
        is_test=any(e.is_test for e in ordered),
    )


def identity_of(events: Iterable[HospitalEvent], number: str) -> Identity:
    """Events of a patient whose number is, or was, `number`."""
    ordered = in_order(events)
    known = {number} - {""}
    merges = [e for e in ordered if e.kind == "merge"]
    for _ in merges:
        for merge in merges:
            if known & {merge.number, merge.old_number}:
                known |= {merge.number, merge.old_number}
    told: dict[str, str] = {}
    for event in ordered:
        if event.number in known:
            told |= event.patient
    return Identity(number=_left(merges, number), numbers=frozenset(known), patient=told)


def _left(merges: Sequence[HospitalEvent], number: str) -> str:
    """The one of all merged numbers that stays; of two that are one already, the later merge says which."""
    into: dict[str, str] = {}

    def end(at: str) -> str:
        while at in into:
            at = into[at]
        return at

    for merge in merges:
        old, new = end(merge.old_number), end(merge.number)
        if old != new:
            into[old] = new
        elif merge.number not in {merge.old_number, old}:
            del into[merge.number]
            into[old] = merge.number
    return end(number)


def is_loose(event: HospitalEvent) -> bool:
    """Whether it tells that a patient has left, or has not, and not of which visit."""
    return event.visit.startswith("#") and event.kind in {"discharge", "cancel_discharge"}


def ends_of(patient: Iterable[HospitalEvent]) -> Mapping[str, Sequence[str]]:
    """Key of each loose event of a patient → of which visits it may be: those that have him in a bed of ours at that
    time, or where none has, and it says that he has not left, had him last; "#": of what has no number, also where
    there is none.

    One that can be of one visit only is of that visit, when it is asked whose a later one is.
    """
    told: dict[str, list[HospitalEvent]] = {}
    loose: list[HospitalEvent] = []
    for event in patient:
        of = loose if is_loose(event) else told.setdefault("#" if event.visit.startswith("#") else event.visit, [])
        of.append(event)
    found: dict[str, Sequence[str]] = {}
    for event in in_order(loose):
        visits = {visit: visit_of(own) for visit, own in told.items()}
        there = _there_at(visits, event.occurred_us)
        if not there and event.kind == "cancel_discharge":
            there = _left_by(visits, event.occurred_us)
        found[event.key] = there or ["#"]
        if len(found[event.key]) == 1:
            told.setdefault(found[event.key][0], []).append(event)
    return found


def _there_at(visits: Mapping[str, Visit], at_us: int) -> Sequence[str]:
    return [
        visit
        for visit, told in visits.items()
        if any(_ours(s) and s.start_us < at_us and (s.end_us is None or at_us < s.end_us) for s in told.sojourns)
    ]


def _left_by(visits: Mapping[str, Visit], at_us: int) -> Sequence[str]:
    """Those that ended last, of those that had ended by then."""
    ends = {visit: told.sojourns[-1].end_us for visit, told in visits.items() if told.state == "left" and told.sojourns}
    known = {visit: end for visit, end in ends.items() if end is not None and end <= at_us}
    return [visit for visit, end in known.items() if end == max(known.values())]


def _ours(sojourn: Sojourn) -> bool:
    return bool(sojourn.place.bed) and sojourn.place.area in CASE_AREAS


def episodes(sojourns: Sequence[Sojourn], *, icu_apart: bool) -> Sequence[Episode]:
    """`icu_apart`: each stay in an ICU is a case of its own."""
    found: list[list[Sojourn]] = []
    for sojourn in sojourns:
        if not _ours(sojourn):
            continue
        last = found[-1][-1] if found else None
        follows = last is not None and last.end_us == sojourn.start_us and not last.unsure
        apart = last is not None and icu_apart and (last.place.area == "icu") != (sojourn.place.area == "icu")
        if follows and not apart:
            found[-1].append(sojourn)
        else:
            found.append([sojourn])
    return [Episode(sojourns=tuple(each)) for each in found]


_CANCELS = {"cancel_admit": "admit", "cancel_transfer": "transfer", "cancel_discharge": "discharge"}


def _order(event: HospitalEvent) -> tuple[int, int, str]:
    return event.occurred_us, event.recorded_us, event.key


def _without(moves: list[HospitalEvent], cancel: HospitalEvent) -> list[HospitalEvent]:
    """What is left of the moves."""
    wanted = _CANCELS[cancel.kind]
    meant = [e for e in moves if e.kind == wanted and e.occurred_us <= cancel.occurred_us]
    if cancel.kind == "cancel_transfer" and cancel.prior is not None:
        meant = [e for e in meant if same(e.place, cancel.prior)]
    before = [e for e in meant if e.recorded_us <= cancel.recorded_us] or meant
    if not before:
        return _told_place(moves, cancel)
    gone = before[-1]
    if cancel.kind != "cancel_admit":
        return _told_place([e for e in moves if e is not gone], cancel)
    again = next((e for e in moves if e.kind == "admit" and _order(e) > _order(gone)), None)
    return [
        e
        for e in moves
        if e is not gone
        and (
            e.kind == "pre_admit"
            or _order(e) < _order(gone)
            or e.recorded_us > cancel.recorded_us
            or (again is not None and _order(e) >= _order(again))
        )
    ]


def _told_place(moves: list[HospitalEvent], cancel: HospitalEvent) -> list[HospitalEvent]:
    """Where a cancelled transfer says that the patient really is, if nothing else says it."""
    if cancel.kind != "cancel_transfer" or cancel.place is None:
        return moves
    if any(e.place is not None and e.kind != "pre_admit" and e.occurred_us <= cancel.occurred_us for e in moves):
        return moves
    return sorted([*moves, replace(cancel, kind="transfer")], key=_order)


def _sojourns(moves: Sequence[HospitalEvent]) -> Sequence[Sojourn]:
    found: list[Sojourn] = []
    for event in moves:
        here = found[-1] if found and found[-1].end_us is None else None
        if event.kind == "pre_admit" or (event.kind != "discharge" and event.place is None):
            continue
        if event.kind == "discharge":
            if here is not None:
                elsewhere = event.place is not None and not same(event.place, here.place)
                found[-1] = replace(here, end_us=event.occurred_us, unsure=elsewhere)
            continue
        place = event.place
        assert place is not None
        if here is not None and same(place, here.place):
            found[-1] = replace(here, keys=(*here.keys, event.key))
            continue
        if here is not None:
            found[-1] = replace(here, end_us=event.occurred_us)
        found.append(Sojourn(place=place, start_us=event.occurred_us, end_us=None, keys=(event.key,)))
    return _real(found)


def _real(found: Sequence[Sojourn]) -> Sequence[Sojourn]:
    """Without those that took no time; what is the same place before and after is one sojourn."""
    kept = [s for s in found if s.end_us is None or s.end_us > s.start_us]
    joined: list[Sojourn] = kept[:1]
    for before, after in pairwise(kept):
        if before.end_us == after.start_us and same(before.place, after.place):
            joined[-1] = replace(
                joined[-1], end_us=after.end_us, keys=(*joined[-1].keys, *after.keys), unsure=after.unsure
            )
        else:
            joined.append(after)
    return tuple(replace(s, unsure=False) for s in joined[:-1]) + tuple(joined[-1:])


def _state(moves: Sequence[HospitalEvent], ordered: Sequence[HospitalEvent]) -> str:
    last = max((e for e in moves), key=_order, default=None)
    if last is not None:
        return {"pre_admit": "expected", "discharge": "left"}.get(last.kind, "present")
    return "cancelled" if any(e.kind in {"admit", "pre_admit"} for e in ordered) else ""
