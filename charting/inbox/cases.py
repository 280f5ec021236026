"""Brings cases to what the hospital tells of a visit, and no further than people have left open.

An episode in beds of ours is one case, whose id says by which event it was opened: whoever brings a visit there again
does nothing twice. What a person has said of where the patient is stands over what the hospital tells of the time
before; of what is against it a person is told, and nothing is done (fact sheet hl7-adt-billing §3).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from hashlib import sha256

from charting.accounts.actor import HIS
from charting.case.clock import SiteClock
from charting.case.refusals import Refusal
from charting.case.state import PATIENT_ITEM, Case
from charting.desk import Desk
from charting.inbox.messages import Done
from charting.inbox.patients import told
from charting.inbox.timeline import Episode, Identity
from charting.trail.contents import Patient
from charting.trail.entries import HospitalSays, Location

MOST = 10_000
"""Cases of one number."""
_BEGUN = ("t_anes_care", "t_anes_start")
"""Events by which anaesthesia has begun."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the hospital tells of a patient's visit. `keys`: of all its events, also of those that were taken back.

    `another_us`: since when it tells another patient's number with the visit; 0: it does not.
    """

    visit: str
    identity: Identity
    episodes: Sequence[Episode]
    keys: Sequence[str]
    is_test: bool = False
    another_us: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """`cases`: of the visit, by their episodes. `waits`: what could not be done now."""

    cases: Sequence[str]
    waits: Sequence[Done]


class Cases:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._trail = desk.trail

    def settle(self, wanted: Wanted, reason: str) -> Settled:
        """`reason`: the message that says so. Raises StoreError."""
        own = self._own(wanted)
        people = self._of_people(wanted, {case.id for case in own.values()})
        cases: list[str] = []
        waits: list[Done] = []
        matched: dict[str, Episode] = {}
        pairs: list[tuple[Episode, Case | None]] = []
        for episode in wanted.episodes:
            case = self._case_of(episode, own, people, matched)
            if case is not None:
                matched[case.id] = episode
            pairs.append((episode, case))
        for case in own.values():
            if case.id not in matched and case.state != "discarded":
                _trying(waits, partial(self._withdraw, case, reason))
        for episode, case in pairs:
            if case is None:
                id_ = self._new_id(episode)
                if _trying(waits, partial(self._open, id_, episode, wanted, reason)):
                    cases.append(id_)
            elif case.state != "discarded":
                cases.append(case.id)
                _trying(waits, partial(self._bring, case, episode, wanted.another_us, reason))
                _trying(waits, partial(self._identify, case.id, wanted, reason))
        for case in people:
            if case.id not in matched and wanted.identity.number not in {"", case.patient.number}:
                _trying(waits, partial(self._renumber, case, wanted.identity, reason))
        return Settled(cases=cases, waits=waits)

    def _own(self, wanted: Wanted) -> Mapping[str, Case]:
        """Cases that messages of the visit have opened, by the opening event: those that stand, and those that a person
        has discarded.
        """
        found: dict[str, Case] = {}
        for key in wanted.keys:
            for n in range(len(wanted.keys) + 1):
                id_ = _id(key, n)
                if self._trail.row(id_) is None:
                    break
                case = self._desk.case(id_)
                if case.state != "discarded" or case.ended_by != HIS.account:
                    found[key] = case
        return found

    def _of_people(self, wanted: Wanted, own: Iterable[str]) -> Sequence[Case]:
        """Cases of this patient that people have opened."""
        found = (self._trail.rows(number=number, limit=MOST) for number in sorted(wanted.identity.numbers))
        rows = [row for each in found for row in each]
        cases = [
            self._desk.case(row.case)
            for row in rows
            if row.state != "discarded" and not row.case.startswith(_MARK) and row.is_test == wanted.is_test
        ]
        visit = _number_of_visit(wanted.visit)
        return [c for c in cases if c.id not in own and (not visit or c.patient.visit in {"", visit})]

    @staticmethod
    def _case_of(
        episode: Episode, own: Mapping[str, Case], people: Sequence[Case], taken: Mapping[str, Episode]
    ) -> Case | None:
        opened = [own[key] for s in episode.sojourns for key in s.keys if key in own]
        free = [c for c in opened if c.id not in taken]
        standing = [c for c in free if c.state != "discarded"]
        manual = [c for c in people if c.id not in taken and _overlap(c, episode)]
        return next(iter([*standing, *manual, *free]), None)

    def _new_id(self, episode: Episode) -> str:
        key = episode.sojourns[0].keys[0]
        return next(i for n in range(1_000) if self._trail.row(i := _id(key, n)) is None)

    def _open(self, id_: str, episode: Episode, wanted: Wanted, reason: str) -> None:
        self._desk.arrive(
            HIS,
            id_,
            stays=_locations(episode),
            closed_us=None if episode.unsure else episode.end_us,
            patient=_patient(wanted, Patient(), frozenset(), self._desk.clock),
            reason=reason,
            is_test=wanted.is_test,
        )
        if episode.unsure:
            self._hear(id_, "left", episode.end_us or 0, reason)
        elif wanted.another_us and episode.end_us is None:
            self._hear(id_, "another", wanted.another_us, reason)
        self._identify(id_, wanted, reason)

    def _bring(self, case: Case, episode: Episode, another_us: int, reason: str) -> None:
        """A known case to its episode."""
        said, end_us = _locations(episode), episode.end_us
        here = [Location(bed=s.bed, area=s.area, start_us=s.start_us, end_us=s.end_us) for s in case.stays]
        if case.state == "closed" and case.ended_by != HIS.account:
            return self._after_the_end(case, said, reason)
        before = [s for s in here if s.start_us <= case.settled_us]
        after = [s for s in said if s.start_us > case.settled_us] if before else said
        last = replace(before[-1], end_us=after[0].start_us if after else None) if before else None
        if last is not None and after and after[0].bed == last.bed:
            last, after = replace(last, end_us=after[0].end_us), after[1:]
        stays = [*before[:-1], *([last] if last is not None else []), *after]
        asks = episode.unsure or (end_us is not None and (end_us <= case.settled_us or _anaesthesia_runs(case)))
        closed_us = None if asks else end_us
        self._locate(case, stays, closed_us, reason)
        there = next((s for s in reversed(said) if s.start_us <= case.settled_us), None)
        if before and not after and there is not None and end_us is None and there.bed != before[-1].bed:
            return self._hear(case.id, "elsewhere", there.start_us, reason, there.bed)
        if another_us and not asks and closed_us is None:
            return self._hear(case.id, "another", another_us, reason)
        return self._hear(case.id, "left" if asks else "", end_us or 0, reason)

    def _locate(self, case: Case, stays: Sequence[Location], closed_us: int | None, reason: str) -> None:
        """Where the new bed is still another's, the patient has left the old one all the same: nothing that is measured
        there is his, and two who change beds do not wait for each other. Raises Refusal.
        """
        try:
            self._desk.locate(HIS, case.id, stays=stays, closed_us=closed_us, reason=reason, as_of=case)
        except Refusal as refusal:
            n = next((n for n, (s, h) in enumerate(zip(stays, case.stays, strict=False)) if s.bed != h.bed), len(stays))
            n = min(n, len(case.stays))
            if refusal.key != "bed_taken" or n == len(stays):
                raise
            if not _anaesthesia_runs(case):
                nowhere = Location(bed="", area=stays[n].area, start_us=stays[n].start_us)
                away = [*stays[:n], nowhere]
                self._desk.locate(HIS, case.id, stays=away, closed_us=closed_us, reason=reason, as_of=case)
            if closed_us is None:
                self._hear(case.id, "elsewhere", stays[-1].start_us, reason, stays[-1].bed)
            raise

    def _after_the_end(self, case: Case, said: Sequence[Location], reason: str) -> None:
        """A person has closed it: that stands."""
        later = [s for s in said if s.start_us > (case.closed_us or 0)]
        if later and later[-1].bed != case.bed:
            self._hear(case.id, "elsewhere", later[-1].start_us, reason, later[-1].bed)

    def _withdraw(self, case: Case, reason: str) -> None:
        """All of its places were taken back."""
        if self._desk.withdraw(HIS, case.id, reason=reason).state == "discarded":
            return
        if case.state == "open" and not case.settled_us:
            nowhere = Location(bed="", area=case.area, start_us=case.opened_us)
            self._desk.locate(HIS, case.id, stays=[nowhere], closed_us=None, reason=reason, as_of=case)
        self._hear(case.id, "cancelled", case.opened_us, reason)

    def _hear(self, id_: str, what: str, at_us: int, reason: str, bed: str = "") -> None:
        said = HospitalSays(what=what, at_us=at_us if what else 0, bed=bed, reason=reason)  # type: ignore[arg-type]
        self._desk.hear(HIS, id_, said)

    def _identify(self, id_: str, wanted: Wanted, reason: str) -> None:
        """Who the patient is; what a person has written stays, but for a number that was merged into another. Of whom a
        person has said that he is another patient, this one's data say nothing.
        """
        case, identity = self._desk.case(id_), wanted.identity
        known, kept = case.patient, _by_people(case)
        another = known.number not in identity.numbers if known.number else "number" in kept
        if another and identity.numbers:
            return
        if case.state == "open":
            known = _patient(wanted, known, kept, self._desk.clock)
        if known.number in identity.numbers and identity.number:
            known = replace(known, number=identity.number)
        others = sorted(identity.numbers - {known.number}) if known.number == identity.number else []
        self._desk.identify(HIS, id_, patient=known, others=others, reason=reason)

    def _renumber(self, case: Case, identity: Identity, reason: str) -> None:
        """One that a person has opened, of which the visit tells nothing: his number was merged into another."""
        now = replace(case.patient, number=identity.number)
        self._desk.identify(HIS, case.id, patient=now, others=(), reason=reason)


def _trying(waits: list[Done], act: Callable[[], None]) -> bool:
    try:
        act()
    except Refusal as refusal:
        waits.append(Done(key=f"refused:{refusal.key}", params=dict(refusal.params)))
        return False
    return True


_MARK = "his-"


def _id(key: str, n: int) -> str:
    return _MARK + sha256(f"{key}\n{n}".encode()).hexdigest()[:24]


def _number_of_visit(visit: str) -> str:
    """Of what nobody gave a number: none."""
    return "" if visit.startswith("#") else visit


def _locations(episode: Episode) -> list[Location]:
    found = [
        Location(bed=s.place.bed, area=s.place.area, start_us=s.start_us, end_us=s.end_us) for s in episode.sojourns
    ]
    return [*found[:-1], replace(found[-1], end_us=None)]


def _overlap(case: Case, episode: Episode) -> bool:
    end_us = episode.end_us
    before = case.closed_us is not None and case.closed_us <= episode.start_us
    return not before and (end_us is None or case.opened_us < end_us)


def _anaesthesia_runs(case: Case) -> bool:
    """Who says that such a patient has left, or has come to a bed that is another's, is asked, not believed."""
    return case.state == "open" and any(map(case.event, _BEGUN)) and case.event("t_anes_end") is None


def _by_people(case: Case) -> frozenset[str]:
    """Attributes of the patient that a person has written last."""
    found: set[str] = set()
    before = Patient()
    for version in case.items[PATIENT_ITEM].versions:
        if not isinstance(version.content, Patient):
            continue
        changed = {
            field.name
            for field in fields(Patient)
            if getattr(version.content, field.name) != getattr(before, field.name)
        }
        found = found - changed if version.author == HIS.account else found | changed
        before = version.content
    return frozenset(found)


def _patient(wanted: Wanted, known: Patient, kept: frozenset[str], clock: SiteClock) -> Patient:
    identity = wanted.identity
    return told(
        known,
        identity.patient,
        number=identity.number,
        visit=_number_of_visit(wanted.visit),
        kept=kept,
        clock=clock,
    )


def changes(before: Sequence[Episode], after: Sequence[Episode]) -> Sequence[Done]:
    """What a message made of a visit: episodes without it, and with it."""
    found: list[Done] = []
    left = list(before)
    for episode in after:
        old = next((e for e in left if e.keys & episode.keys), None)
        if old is not None:
            left.remove(old)
        found += _change(old, episode)
    found += [Done(key="inbox.did.cancelled", params={"bed": e.sojourns[0].place.bed}) for e in left]
    return found


def _change(old: Episode | None, new: Episode) -> Iterable[Done]:
    beds = [s.place.bed for s in new.sojourns]
    last, end_us = {"bed": beds[-1]}, new.end_us
    if old is None:
        yield Done(key="inbox.did.opened", params=last)
    elif [(s.place.bed, s.start_us) for s in new.sojourns] != [(s.place.bed, s.start_us) for s in old.sojourns]:
        moved = beds[:-1] == [s.place.bed for s in old.sojourns]
        yield Done(key="inbox.did.moved" if moved else "inbox.did.corrected", params={"bed": " → ".join(beds[-2:])})
    if end_us is not None and (old is None or old.end_us != end_us):
        yield Done(key="inbox.did.left", params=last)
    elif old is not None and old.end_us is not None and end_us is None:
        yield Done(key="inbox.did.back", params=last)
