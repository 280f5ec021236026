"""The desk: what people and the filler may do with cases and documents, one method each.

A method folds the case, asks whether the actor may and whether it can be, appends to the audit trail, and gives the
case back as it is then. It raises a Refusal where nothing was changed; an attempt of who may not is kept in the trail.
What is sent twice (a form, after a lost answer) is done once. Any thread may call; a case that was given out never
changes, and desks of several processes may write to one trail: no bed and no temporary name is given twice.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from uuid import uuid4

from charting.accounts.actor import Actor
from charting.case.absence import elsewhere_news
from charting.case.book import TRIES, check_kept, checked_id, checked_reason
from charting.case.cards import Cards
from charting.case.checks import check_patient, check_texts, check_time
from charting.case.clock import MINUTE_US
from charting.case.documents import Documents
from charting.case.hospital import Hospital
from charting.case.refusals import Impossible
from charting.case.state import Case
from charting.case.warnings import CaseWarning, warnings_of
from charting.case.watching import Watching
from charting.case.whereabouts import occupied
from charting.case.witnessing import Witnessing
from charting.trail.contents import Patient
from charting.trail.entries import Body, Closed, DeviceJudged, Discarded, Merged, Moved, Opened, Reopened
from charting.trail.trail import Stale

AREAS = ("or", "pacu", "icu", "ward", "offsite")


class Desk(Documents, Watching, Cards, Witnessing, Hospital):
    def warnings(self, case: Case) -> Sequence[CaseWarning]:
        """What is odd about a case: told, never mended."""
        last = case.closed_us or self.clock.now_us()
        others = self._overlaps(case, ((s.bed, s.start_us, s.end_us or case.closed_us) for s in case.stays), last)
        told = warnings_of(case, self.clock, self.templates, self.libraries, others)
        return [*told, *_signed_elsewhere(case), *self._also_open(case)]

    def _also_open(self, case: Case) -> Iterator[CaseWarning]:
        """The same patient has another open case, as after a merge: which of them is right a person has to say."""
        number = case.patient.number
        if case.state == "open" and number:
            for row in self.trail.rows(state="open", number=number):
                if row.case != case.id:
                    said = {"bed": row.bed or "–", "time": self.clock.written(row.opened_us)}
                    yield CaseWarning(key="also_open", params={"zh": said, "en": said})

    def open(
        self,
        actor: Actor,
        *,
        bed: str,
        area: str,
        patient: Patient,
        at_us: int | None = None,
        emergency: bool = False,
        is_test: bool = False,
        case: str | None = None,
        until_us: int | None = None,
    ) -> Case:
        """A new case; with `case` sent again it is the same one. A nameless emergency gets a temporary name.

        `until_us`: it is over already, and is entered late. A taken bed is refused, an emergency only warned about.
        """
        self.require(actor, "open_case")
        id_ = checked_id(case or uuid4().hex)
        start = self.clock.now_us() if at_us is None else at_us
        check_patient(patient, self.clock)
        _check_place(bed, area)
        self._check_span(start, until_us)
        if not (patient.number or patient.name or patient.temporary or emergency):
            raise Impossible("patient_unknown")
        with self._beds:
            for _ in range(TRIES):
                whole = self.trail.last()
                if case is not None and self.trail.row(id_) is not None:
                    return self._opened_before(actor, id_, bed, area, patient)
                if not emergency:
                    self._check_free(None, bed, start, until_us)
                nameless = not (patient.number or patient.name or patient.temporary)
                known = replace(patient, temporary=self._temporary_name()) if nameless else patient
                opened = Opened(bed=bed, area=area, at_us=start, patient=known, emergency=emergency, is_test=is_test)
                bodies: list[Body] = [opened] if until_us is None else [opened, Closed(at_us=until_us)]
                try:
                    return self._append(actor.account, id_, None, bodies, whole)
                except Stale:
                    continue
        raise Impossible("busy")

    def move(self, actor: Actor, case: str, *, bed: str, area: str, at_us: int) -> Case:
        """From then on at another bed. Raises Impossible where that one is taken, but for an emergency."""
        _check_place(bed, area)

        def decide(known: Case) -> list[Body]:
            self._allow(actor, "move")
            last = known.stays[-1]
            if (last.bed, last.area, last.start_us) == (bed, area, at_us) and len(known.stays) > 1:
                return []
            self._check_open(known)
            check_time(self.clock, at_us)
            if at_us < last.start_us:
                raise Impossible("before_last_move", time=self.clock.written(last.start_us))
            if not known.emergency:
                self._check_free(known, bed, at_us, None)
            return [Moved(bed=bed, area=area, at_us=at_us)]

        with self._beds:
            return self._act(actor, case, "move", decide, alone=True)

    def merge(self, actor: Actor, case: str, *, patient: Patient, reason: str) -> Case:
        """The patient is this one; both identities are kept."""
        check_patient(patient, self.clock)

        def decide(known: Case) -> list[Body]:
            self._allow(actor, "merge")
            check_kept(known)
            kept = patient if patient.temporary else replace(patient, temporary=known.patient.temporary)
            if kept == known.patient:
                return []
            if not (patient.number or patient.name):
                raise Impossible("patient_unknown")
            return [Merged(patient=kept, reason=checked_reason(reason))]

        return self._act(actor, case, "merge", decide)

    def close(self, actor: Actor, case: str, *, at_us: int) -> Case:
        """The case is over; unsigned documents can be completed later, and are warned about."""

        def decide(known: Case) -> list[Body]:
            self._allow(actor, "close")
            if known.state == "closed" and known.closed_us == at_us:
                return []
            self._check_open(known)
            self._check_span(known.stays[-1].start_us, at_us)
            return [Closed(at_us=at_us)]

        return self._act(actor, case, "close", decide)

    def reopen(self, actor: Actor, case: str, *, reason: str) -> Case:
        """A closed case goes on in its bed, where that is free (or it is an emergency)."""

        def decide(known: Case) -> list[Body]:
            self._allow(actor, "close")
            check_kept(known)
            if known.state == "open":
                return []
            if not known.emergency:
                self._check_free(known, known.bed, known.stays[-1].start_us, None)
            return [Reopened(reason=checked_reason(reason))]

        with self._beds:
            return self._act(actor, case, "reopen", decide, alone=True)

    def discard(self, actor: Actor, case: str, *, reason: str) -> Case:
        """It was opened by mistake: kept as void. Raises Impossible where a document of it is signed."""

        def decide(known: Case) -> list[Body]:
            self._allow(actor, "discard")
            if known.state == "discarded":
                return []
            if any(d.locked for d in known.documents.values()):
                raise Impossible("signed_documents")
            return [Discarded(reason=checked_reason(reason))]

        return self._act(actor, case, "discard", decide)

    def judge(self, actor: Actor, case: str, *, device: str, same: bool, reason: str) -> Case:
        """Whose values a held device's are: charted as far as it told these ids, or not at all.

        For a device that is held no more the last judgement is given anew.
        """

        def decide(known: Case) -> list[Body]:
            self._allow(actor, "judge_device")
            check_kept(known)
            held = known.held.get(device)
            last = next((j for j in reversed(known.judged) if j.device == device), None)
            judged = held or last
            if judged is None:
                raise Impossible("device_not_held")
            if last is not None and (last.same, last.told) == (same, judged.told):
                return []
            return [DeviceJudged(device=device, told=judged.told, same=same, reason=checked_reason(reason))]

        return self._act(actor, case, "judge", decide)

    def _temporary_name(self) -> str:
        """急诊-date-number (clinical.md §6), counted over the site's day."""
        beginning = f"急诊-{self.clock.day(self.clock.now_us())}-"
        rows = self.trail.rows(text=beginning, limit=10_000)
        taken = [r.temporary.removeprefix(beginning) for r in rows if r.temporary.startswith(beginning)]
        return f"{beginning}{max((int(n) for n in taken if n.isdecimal()), default=0) + 1:02d}"

    def _opened_before(self, actor: Actor, case: str, bed: str, area: str, patient: Patient) -> Case:
        known = self.case(case)
        first = known.identities[0]
        told = patient if patient.temporary else replace(patient, temporary=first.temporary)
        if (known.opened_by, known.stays[0].bed, known.stays[0].area, first) != (actor.account, bed, area, told):
            raise Impossible("id_taken")
        return known


def _signed_elsewhere(case: Case) -> Iterator[CaseWarning]:
    """A signed record stays as it is, also where the patient is found to have been elsewhere: people are told."""
    there = [(part.start_us - part.start_us % MINUTE_US, part.end_us) for part in occupied(case)]
    for document in case.documents.values():
        if document.locked and any(gone.cells for gone in elsewhere_news(document, there)):
            yield CaseWarning(key="signed_elsewhere", document=document.id)


def _check_place(bed: str, area: str) -> None:
    check_texts(bed)
    if area not in AREAS:
        raise Impossible("area_unknown")
