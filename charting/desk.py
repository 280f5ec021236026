"""The desk: what people and the filler may do with cases and documents, one method each.

A method folds the case, asks whether the actor may and whether it can be, appends to the audit trail, and gives the
case back as it is then. It raises a Refusal where nothing was changed; an attempt of who may not is kept in the trail.
What is sent twice (a form, after a lost answer) is done once. Any thread may call; a case that was given out never
changes, and desks of several processes may write to one trail: no bed and no temporary name is given twice.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from threading import RLock
from uuid import uuid4

from charting.accounts.actor import Actor
from charting.case.book import TRIES, check_kept, checked_id, checked_reason
from charting.case.cards import Cards
from charting.case.checks import AHEAD_US, check_patient, check_texts, check_time
from charting.case.documents import Documents
from charting.case.refusals import Impossible
from charting.case.state import Case, fold
from charting.case.stays import Overlap, Span, overlaps
from charting.case.warnings import CaseWarning, warnings_of
from charting.case.watching import Watching
from charting.case.witnessing import Witnessing
from charting.filler.apart import Apart
from charting.library.library import Libraries
from charting.templates.loader import Templates
from charting.trail.contents import Patient
from charting.trail.entries import Body, Closed, DeviceJudged, Discarded, Merged, Moved, Opened, Reopened
from charting.trail.trail import CaseRow, Stale, Trail
from collector.logs import logger

AREAS = ("or", "pacu", "icu", "ward", "offsite")

_STAYS = ("opened", "moved", "closed", "reopened", "discarded")
"""Kinds of entries that say where a patient was."""

_KNOWN = 20_000
"""Cases of which it is kept in mind where they were; some 20 MB."""


class Desk(Documents, Watching, Cards, Witnessing):
    def __init__(
        self, trail: Trail, templates: Templates, libraries: Libraries, now_us: Callable[[], int], zone: str
    ) -> None:
        """`zone`: the site's, an IANA name. `apart`: for who looks at many cases, of which one may not be readable."""
        super().__init__(trail, templates, libraries, now_us, zone)
        self.apart = Apart(logger(), "a case cannot be read")
        self._beds = RLock()
        self._stays: dict[str, tuple[int, Case]] = {}

    def warnings(self, case: Case) -> Sequence[CaseWarning]:
        """What is odd about a case: told, never mended."""
        last = case.closed_us or self.clock.now_us()
        others = self._overlaps(case, ((s.bed, s.start_us, s.end_us or case.closed_us) for s in case.stays), last)
        return warnings_of(case, self.clock, self.templates, self.libraries, others)

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

    def _check_open(self, known: Case) -> None:
        check_kept(known)
        if known.state != "open":
            raise Impossible("case_closed", time=self.clock.written(known.closed_us or 0))

    def _check_span(self, start_us: int, end_us: int | None) -> None:
        check_time(self.clock, start_us)
        if end_us is not None:
            check_time(self.clock, end_us)
            if end_us < start_us:
                raise Impossible("end_before_start")

    def _check_free(self, known: Case | None, bed: str, start_us: int, end_us: int | None) -> None:
        """Raises Impossible where another case has the bed in that time. `known`: the one that wants it."""
        last = self.clock.now_us() + AHEAD_US if end_us is None else end_us
        for other in self._overlaps(known, [(bed, start_us, end_us)], last):
            end = "…" if other.end_us is None else self.clock.written(other.end_us)
            raise Impossible("bed_taken", bed=bed, start=self.clock.written(other.start_us), end=end)

    def _overlaps(self, known: Case | None, stays: Iterable[Span], until_us: int) -> Sequence[Overlap]:
        asked = [s for s in stays if s[0]]
        if not asked:
            return []
        since = min(start for _, start, _ in asked)
        rows = self.trail.rows(since_us=since, until_us=until_us + 1, limit=10_000)
        wanted = [r for r in rows if r.state != "discarded" and (known is None or r.case != known.id)]
        return [o for row in wanted for o in overlaps(row.case, self._spans(row), asked)]

    def _spans(self, row: CaseRow) -> Sequence[Span]:
        """Of a case that cannot be read, what lists know of it: no bed is given twice for that."""
        case = self.apart.trying(row.case, partial(self.moved, row))
        if case is None:
            return [(row.bed, row.opened_us, row.closed_us)]
        return [(stay.bed, stay.start_us, stay.end_us or case.closed_us) for stay in case.stays]

    def moved(self, row: CaseRow) -> Case:
        """A case as far as it tells where its patient was: it is asked of many, and read from few entries."""
        last, case = self._stays.get(row.case, (0, None))
        if case is None or last != row.last:
            case = fold(self.trail.entries(row.case, kinds=_STAYS))
            if len(self._stays) >= _KNOWN:
                self._stays.clear()
            self._stays[row.case] = (row.last, case)
        return case

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


def _check_place(bed: str, area: str) -> None:
    check_texts(bed)
    if area not in AREAS:
        raise Impossible("area_unknown")
