"""What the hospital's messages may do with cases, and how people answer: what people did stands above it."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from charting.accounts.actor import Actor
from charting.case.beds import Beds
from charting.case.book import TRIES, check_kept, checked_id, checked_reason
from charting.case.checks import check_patient, check_texts, check_time
from charting.case.refusals import Impossible
from charting.case.state import Case, Stay, is_person
from charting.trail.contents import Patient
from charting.trail.entries import (
    Body,
    Closed,
    Confirmed,
    Discarded,
    HospitalSays,
    Located,
    Location,
    Merged,
    Moved,
    Opened,
    Reopened,
)
from charting.trail.trail import Stale


class Hospital(Beds):
    def arrive(
        self,
        actor: Actor,
        case: str,
        *,
        stays: Sequence[Location],
        closed_us: int | None,
        patient: Patient,
        reason: str,
        is_test: bool = False,
    ) -> Case:
        """A new case, provisional until a person confirms it, of a patient who was at these beds, one after the other.

        With a known `case` it is that one. Raises Impossible where a bed is taken.
        """
        self.require(actor, "open_case")
        id_, first = checked_id(case), stays[0]
        self._check_stays(stays, closed_us)
        check_patient(patient, self.clock)
        opened = Opened(
            bed=first.bed, area=first.area, at_us=first.start_us, patient=patient, is_test=is_test, provisional=True
        )
        bodies: list[Body] = [opened]
        if len(stays) > 1:
            bodies.append(Located(stays=tuple(stays), reason=checked_reason(reason)))
        if closed_us is not None:
            bodies.append(Closed(at_us=closed_us))
        with self._beds:
            for _ in range(TRIES):
                whole = self.trail.last()
                if self.trail.row(id_) is not None:
                    return self.case(id_)
                for stay in stays:
                    self._check_free(None, stay.bed, stay.start_us, stay.end_us or closed_us)
                try:
                    return self._append(actor.account, id_, None, bodies, whole)
                except Stale:
                    continue
        raise Impossible("busy")

    def locate(
        self, actor: Actor, case: str, *, stays: Sequence[Location], closed_us: int | None, reason: str, as_of: Case
    ) -> Case:
        """The patient was at these beds, and at no other; the case is closed since, or (None) open.

        `as_of`: the case by which that was decided. Raises Impossible where somebody has moved, closed or reopened it
        since, and where another case has one of the beds; what the two shared before is not looked at.
        """
        self._check_stays(stays, closed_us)

        def decide(known: Case) -> list[Body]:
            self._allow(actor, "move")
            check_kept(known)
            if _place(known) != _place(as_of):
                raise Impossible("busy")
            before = [
                Location(bed=s.bed, area=s.area, start_us=s.start_us, end_us=s.end_us or known.closed_us)
                for s in known.stays
            ]
            wanted = [*stays[:-1], _until(stays[-1], closed_us)]
            for stay in wanted:
                if stay.bed and not any(_within(stay, old) for old in before):
                    self._check_free(known, stay.bed, stay.start_us, stay.end_us)
            bodies: list[Body] = []
            if known.state == "closed" and closed_us is None:
                bodies.append(Reopened(reason=checked_reason(reason)))
            if before[:-1] != wanted[:-1] or _until(before[-1], None) != _until(wanted[-1], None):
                bodies.append(_change(known, stays, reason))
            if closed_us is not None and closed_us != known.closed_us:
                bodies.append(Closed(at_us=closed_us))
            return bodies

        with self._beds:
            return self._act(actor, case, "move", decide, alone=True)

    def withdraw(self, actor: Actor, case: str, *, reason: str) -> Case:
        """The patient never came: it is discarded, unless a person has done anything with it."""

        def decide(known: Case) -> list[Body]:
            self._allow(actor, "discard")
            touched = any(is_person(entry.actor) for entry in self.trail.entries(case))
            return [] if touched or known.state == "discarded" else [Discarded(reason=checked_reason(reason))]

        return self._act(actor, case, "discard", decide)

    def identify(self, actor: Actor, case: str, *, patient: Patient, others: Sequence[str], reason: str) -> Case:
        """The patient is this one; `others` are numbers that were his, and were merged into that. All are kept."""
        check_patient(patient, self.clock)

        def decide(known: Case) -> list[Body]:
            self._allow(actor, "merge")
            check_kept(known)
            kept = {identity.number for identity in known.identities}
            before = [replace(patient, number=number) for number in others if number not in kept]
            if not before and patient == known.patient:
                return []
            return [Merged(patient=each, reason=checked_reason(reason)) for each in [*before, patient]]

        return self._act(actor, case, "merge", decide)

    def hear(self, actor: Actor, case: str, said: HospitalSays) -> Case:
        """What the hospital tells and a person has to decide about; said once."""

        def decide(known: Case) -> list[Body]:
            self._allow(actor, "move")
            standing = known.says or HospitalSays(what="", at_us=0)
            alike = (standing.what, standing.bed, standing.at_us) == (said.what, said.bed, said.at_us)
            return [] if alike or said.what == standing.what == "" else [said]

        return self._act(actor, case, "move", decide)

    def confirm(self, actor: Actor, case: str, *, at_us: int) -> Case:
        """The patient is at the bed that the case says: a person has seen him there."""

        def decide(known: Case) -> list[Body]:
            self._allow(actor, "open_case")
            if not known.provisional and not known.says_open:
                return []
            self._check_open(known)
            check_time(self.clock, at_us)
            if at_us < known.stays[-1].start_us:
                raise Impossible("before_last_move", time=self.clock.written(known.stays[-1].start_us))
            return [Confirmed(at_us=at_us)]

        return self._act(actor, case, "confirm", decide)

    def _check_stays(self, stays: Sequence[Location], closed_us: int | None) -> None:
        for stay in stays:
            check_texts(stay.bed)
            self._check_span(stay.start_us, stay.end_us)
        self._check_span(stays[-1].start_us, closed_us)
        for before, after in pairwise(stays):
            if before.end_us != after.start_us:
                raise Impossible("end_before_start")


def _change(known: Case, stays: Sequence[Location], reason: str) -> Body:
    """A plain move where it is one more bed after those that are known."""
    last = stays[-1]
    if known.state == "open" and len(stays) == len(known.stays) + 1:
        before = [(s.bed, s.area, s.start_us) for s in known.stays]
        if [(s.bed, s.area, s.start_us) for s in stays[:-1]] == before:
            return Moved(bed=last.bed, area=last.area, at_us=last.start_us)
    return Located(stays=tuple(stays), reason=checked_reason(reason))


def _place(case: Case) -> tuple[Sequence[Stay], str, int]:
    return case.stays, case.state, case.settled_us


def _until(stay: Location, end_us: int | None) -> Location:
    return replace(stay, end_us=end_us)


def _within(stay: Location, old: Location) -> bool:
    """Whether the case had the bed for all of that time already."""
    over = old.end_us is None or (stay.end_us is not None and stay.end_us <= old.end_us)
    return stay.bed == old.bed and old.start_us <= stay.start_us and over
