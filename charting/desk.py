"""The desk: what people and the filler may do with cases and documents, one method each.

A method folds the case, asks whether the actor may and whether it can be, appends to the audit trail, and gives the
case back as it is then. It raises a Refusal where nothing was changed; an attempt of who may not is kept in the trail.
What is sent twice (a form, after a lost answer) is done once. Any thread may call; a case that was given out never
changes. One desk writes to a trail: beds and temporary names are told apart here, not in the trail.
"""

import re
import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from threading import Lock, RLock

from charting.accounts.actor import Actor
from charting.accounts.rights import allows
from charting.case.authority import may_begin, may_sign
from charting.case.changes import decide_set, decide_void
from charting.case.checks import AHEAD_US, Scene, check_patient, check_texts, check_time
from charting.case.clock import SiteClock
from charting.case.completeness import digest_of, lacking
from charting.case.refusals import Impossible, Incomplete, Locked, NotAllowed, Unknown
from charting.case.rows import row_of
from charting.case.state import Case, Document, Item, fold, signatures_of
from charting.case.stays import Overlap, overlaps
from charting.case.warnings import CaseWarning, warnings_of
from charting.library.library import Libraries
from charting.templates.loader import Templates
from charting.templates.template import Template
from charting.trail.contents import Content, Infusion, Patient
from charting.trail.entries import (
    SYSTEM,
    Body,
    Certified,
    Closed,
    Denied,
    DeviceHeld,
    DeviceJudged,
    Discarded,
    Entry,
    Filled,
    HandedOver,
    Merged,
    Moved,
    Opened,
    Printed,
    Reopened,
    Returned,
    Set,
    Signed,
    Started,
    UnlockAnswered,
    UnlockAsked,
    Voided,
    normal,
)
from charting.trail.trail import Stale, Trail

AREAS = ("or", "pacu", "icu", "ward", "offsite")

TRIES = 100
"""How often an act is decided anew because others wrote to the case meanwhile; each time somebody got on."""

CACHED = 200
"""Folded cases that are kept: more than a department has open, some 100 MB at most."""

_ID = re.compile(r"[0-9A-Za-z_.:@-]{1,120}")

Decide = Callable[[Case], Sequence[Body]]


class Desk:
    def __init__(
        self, trail: Trail, templates: Templates, libraries: Libraries, now_us: Callable[[], int], zone: str
    ) -> None:
        """`zone`: the site's, an IANA name."""
        self.trail = trail
        self.templates = templates
        self.libraries = libraries
        self.clock = SiteClock(now_us=now_us, zone=zone)
        self._cases: OrderedDict[str, Case] = OrderedDict()
        self._lock = Lock()
        self._beds = RLock()

    # Reading

    def case(self, case: str) -> Case:
        """Raises Unknown."""
        with self._lock:
            known = self._cases.get(case)
        entries = self.trail.entries(case, known.last if known else 0)
        if not entries:
            if known is None:
                raise Unknown("case_unknown")
            return known
        return self._keep(fold(entries, known))

    def read(self, actor: Actor, case: str) -> Case:
        """The case, for somebody who may read it. Raises NotAllowed, Unknown."""
        self.require(actor, "read", case=case)
        return self.case(case)

    def require(self, actor: Actor, right: str, *, case: str = "", document: str = "") -> None:
        """Raises NotAllowed, and keeps the attempt, where the actor has not a right of rights.csv."""
        if not allows(actor, right):
            self._deny(actor, case, right, document, "may_not")
            raise NotAllowed("may_not")

    def template(self, document: Document) -> Template:
        """The template in the version that the document was begun with. Raises Unknown."""
        template = self.templates.get(document.template, document.template_version)
        if template is None:
            raise Unknown("template_unknown")
        return template

    def warnings(self, case: Case) -> Sequence[CaseWarning]:
        """What is odd about a case: told, never mended."""
        last = case.closed_us or self.clock.now_us()
        others = self._overlaps(case, ((s.bed, s.start_us, s.end_us or case.closed_us) for s in case.stays), last)
        return warnings_of(case, self.clock, self.templates, others)

    # The case

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
        id_ = _id(case or uuid.uuid4().hex)
        start = self.clock.now_us() if at_us is None else at_us
        check_patient(patient, self.clock)
        _check_place(bed, area)
        self._check_span(start, until_us)
        if not (patient.number or patient.name or patient.temporary or emergency):
            raise Impossible("patient_unknown")
        with self._beds:
            if case is not None and self.trail.row(id_) is not None:
                return self._opened_before(actor, id_, bed, area, patient)
            if not emergency:
                self._check_free(None, bed, start, until_us)
            if not (patient.number or patient.name or patient.temporary):
                patient = replace(patient, temporary=self._temporary_name())
            opened = Opened(bed=bed, area=area, at_us=start, patient=patient, emergency=emergency, is_test=is_test)
            bodies: list[Body] = [opened] if until_us is None else [opened, Closed(at_us=until_us)]
            try:
                return self._append(actor.account, id_, None, bodies)
            except Stale:
                raise Impossible("id_taken") from None

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
            return self._act(actor, case, "move", decide)

    def merge(self, actor: Actor, case: str, *, patient: Patient, reason: str) -> Case:
        """The patient is this one; both identities are kept."""
        check_patient(patient, self.clock)

        def decide(known: Case) -> list[Body]:
            self._allow(actor, "merge")
            _check_kept(known)
            kept = patient if patient.temporary else replace(patient, temporary=known.patient.temporary)
            if kept == known.patient:
                return []
            if not (patient.number or patient.name):
                raise Impossible("patient_unknown")
            return [Merged(patient=kept, reason=_reason(reason))]

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
            _check_kept(known)
            if known.state == "open":
                return []
            if not known.emergency:
                self._check_free(known, known.bed, known.stays[-1].start_us, None)
            return [Reopened(reason=_reason(reason))]

        with self._beds:
            return self._act(actor, case, "reopen", decide)

    def discard(self, actor: Actor, case: str, *, reason: str) -> Case:
        """It was opened by mistake: kept as void. Raises Impossible where a document of it is signed."""

        def decide(known: Case) -> list[Body]:
            self._allow(actor, "discard")
            if known.state == "discarded":
                return []
            if any(d.locked for d in known.documents.values()):
                raise Impossible("signed_documents")
            return [Discarded(reason=_reason(reason))]

        return self._act(actor, case, "discard", decide)

    def judge(self, actor: Actor, case: str, *, device: str, same: bool, reason: str) -> Case:
        """Whose values a held device's are: charted as far as it told these ids, or not at all."""

        def decide(known: Case) -> list[Body]:
            self._allow(actor, "judge_device")
            _check_kept(known)
            held = known.held.get(device)
            last = next((j for j in reversed(known.judged) if j.device == device), None)
            if last is not None and last.same == same and (held is None or held.told == last.told):
                return []
            if held is None:
                raise Impossible("device_not_held")
            return [DeviceJudged(device=device, told=held.told, same=same, reason=_reason(reason))]

        return self._act(actor, case, "judge", decide)

    # Items

    def set(
        self, actor: Actor, case: str, *, document: str = "", item: str, after: int, content: Content, reason: str = ""
    ) -> Case:
        """Make an item or its next version. `after`: the number of the version that the actor saw, 0 for none.

        `reason` (see charting.case.reasons): for a change of what stands there, be it a person's or a device's; not
        for what completes it (an end, a later rate), nor for a device's value that is confirmed. Raises Conflict where
        another version stands there, Locked, Impossible, NotAllowed, Unknown.
        """
        check_texts(reason)
        said = Set(document=document, item=_id(item), after=after, content=content, reason=reason)

        def decide(known: Case) -> Sequence[Body]:
            return decide_set(actor, self._scene(known, document, item), said)

        return self._act(actor, case, "set", decide, document)

    def void(self, actor: Actor, case: str, *, document: str = "", item: str, after: int, reason: str) -> Case:
        """Take an item away, for a reason; it stays in the trail."""
        check_texts(reason)
        said = Voided(document=document, item=_id(item), after=after, reason=reason)

        def decide(known: Case) -> Sequence[Body]:
            return decide_void(actor, self._scene(known, document, item), said)

        return self._act(actor, case, "void", decide, document)

    # Documents

    def start(
        self, actor: Actor, case: str, *, template: str, document: str | None = None, start_us: int | None = None
    ) -> Case:
        """Begin a document with the newest version of a template, as its author.

        `start_us`: from when on devices fill it; None: from the patient's coming to the present bed, of a form now.
        """
        id_ = _id(document or uuid.uuid4().hex)
        form = self.templates.get(template)
        if form is None:
            raise Unknown("template_unknown")

        def decide(known: Case) -> list[Body]:
            if not may_begin(actor, form):
                raise NotAllowed("may_not")
            there = known.documents.get(id_)
            if there is not None:
                if (there.template, there.author) == (template, actor.account):
                    return []
                raise Impossible("id_taken")
            _check_kept(known)
            if not form.many and any(d.template == template for d in known.documents.values()):
                raise Impossible("document_begun", zh=form.zh, en=form.en)
            begin = start_us
            if begin is None:
                begin = known.stays[-1].start_us if form.grid else self.clock.now_us()
            check_time(self.clock, begin)
            return [Started(document=id_, template=template, version=form.version, start_us=begin)]

        return self._act(actor, case, f"start:{template}", decide)

    def hand_over(self, actor: Actor, case: str, *, document: str, to: str) -> Case:
        """The document has another author from now on: by its author, or a head of department."""
        check_texts(to)

        def decide(known: Case) -> list[Body]:
            found = _document(known, document)
            if found.author == to:
                return []
            if actor.account != found.author and "head" not in actor.roles:
                raise NotAllowed("not_author")
            _check_kept(known)
            if not to:
                raise Impossible("nobody")
            return [HandedOver(document=document, to=to)]

        return self._act(actor, case, "hand_over", decide, document)

    def sign(self, actor: Actor, case: str, *, document: str, slot: str) -> Case:
        """The first signature locks the document; others may follow in their slots, each by another person.

        Raises Incomplete where something required is missing; in an emergency that is kept with the signature instead.
        """

        def decide(known: Case) -> list[Body]:
            found = _document(known, document)
            template = self.template(found)
            if template.slot(slot) is None:
                raise Unknown("slot_unknown")
            if not may_sign(actor, template, slot):
                raise NotAllowed("may_not_sign")
            _check_kept(known)
            signed = signatures_of(found)
            if signed.get(slot, ("", 0))[0] == actor.account:
                return []
            if slot in signed:
                raise Impossible("slot_taken")
            if any(who == actor.account for who, _ in signed.values()):
                raise Impossible("signed_already")
            missing = lacking(known, found, template)
            if missing and not known.emergency:
                names = template.lacking_names
                raise Incomplete(missing, {lang: ", ".join(names[m][lang] for m in missing) for lang in ("zh", "en")})
            return [
                Signed(
                    document=document,
                    version=found.version,
                    slot=slot,
                    digest=digest_of(found),
                    lacking=tuple(missing),
                )
            ]

        return self._act(actor, case, "sign", decide, document)

    def ask_unlock(self, actor: Actor, case: str, *, document: str, reason: str) -> Case:
        """The author asks that a signed document be opened again."""

        def decide(known: Case) -> list[Body]:
            found = _document(known, document)
            if actor.account != found.author:
                raise NotAllowed("not_author")
            _check_kept(known)
            if found.unlock_asked is not None:
                return []
            if not found.locked:
                raise Impossible("not_locked")
            return [UnlockAsked(document=document, reason=_reason(reason))]

        return self._act(actor, case, "ask_unlock", decide, document)

    def answer_unlock(self, actor: Actor, case: str, *, document: str, granted: bool, reason: str) -> Case:
        """By a head of department, never by who asked. Granted: open again as version n + 1."""

        def decide(known: Case) -> list[Body]:
            found = _document(known, document)
            self._allow(actor, "approve_unlock")
            _check_kept(known)
            if found.unlock_asked is None:
                raise Impossible("no_request")
            if found.unlock_asked[0] == actor.account:
                raise NotAllowed("own_request")
            return [UnlockAnswered(document=document, granted=granted, reason=_reason(reason))]

        return self._act(actor, case, "answer_unlock", decide, document)

    def send_back(self, actor: Actor, case: str, *, document: str, reason: str) -> Case:
        """By head or quality: its author is to mend something. A signed one is open again as version n + 1."""

        def decide(known: Case) -> list[Body]:
            found = _document(known, document)
            self._allow(actor, "return")
            _check_kept(known)
            if found.returned is not None and found.returned[:2] == (actor.account, reason.strip()):
                return []
            return [Returned(document=document, reason=_reason(reason))]

        return self._act(actor, case, "send_back", decide, document)

    def printed(self, actor: Actor, case: str, *, document: str) -> Case:
        """Somebody has printed it, in its present version with so many items edited."""

        def decide(known: Case) -> list[Body]:
            found = _document(known, document)
            self._allow(actor, "read")
            return [Printed(document=document, version=found.version, edited=found.edits)]

        return self._act(actor, case, "printed", decide, document)

    # The filler

    def fill(self, case: str, filled: Filled) -> Case:
        """What devices say. Raises Locked for a signed document: it says what was signed."""

        def decide(known: Case) -> list[Body]:
            if _document(known, filled.document).locked:
                raise Locked("locked")
            _check_kept(known)
            return [filled]

        return self._act(_FILLER, case, "fill", decide, filled.document)

    def infuse(self, case: str, *, document: str, item: str, infusion: Infusion | None) -> Case:
        """What a pump says that it gives; None: it has been told otherwise since. What a person has changed stays."""

        def decide(known: Case) -> list[Body]:
            found = _document(known, document)
            if found.locked:
                raise Locked("locked")
            _check_kept(known)
            before = found.items.get(item) or Item(id=item)
            if before.content == infusion or any(version.author != SYSTEM for version in before.versions):
                return []
            if infusion is None:
                return [Voided(document=document, item=item, after=before.number, reason="device")]
            return [Set(document=document, item=_id(item), after=before.number, content=infusion)]

        return self._act(_FILLER, case, "infuse", decide, document)

    def hold(self, case: str, held: DeviceHeld) -> Case:
        """A device says that its patient is another: not charted until a person has judged. Told once."""

        def decide(known: Case) -> list[Body]:
            _check_kept(known)
            return [] if known.is_same(held.device, held.told) or held in known.holds else [held]

        return self._act(_FILLER, case, "hold", decide)

    def certify(self, case: str, certified: Certified) -> Case:
        """The completeness certificate of a document."""

        def decide(known: Case) -> list[Body]:
            return [] if _document(known, certified.document).certificate == certified else [certified]

        return self._act(_FILLER, case, "certify", decide, certified.document)

    # Within

    def _act(self, actor: Actor, case: str, action: str, decide: Decide, document: str = "") -> Case:
        for _ in range(TRIES):
            known = self.case(case)
            try:
                bodies = decide(known)
            except NotAllowed as refusal:
                self._deny(actor, case, action, document, refusal.key)
                raise
            if not bodies:
                return known
            try:
                return self._append(actor.account, case, known, bodies)
            except Stale:
                continue
        raise Impossible("busy")

    def _append(self, account: str, case: str, known: Case | None, bodies: Sequence[Body]) -> Case:
        try:
            kept = [normal(body) for body in bodies]
        except ValueError:
            raise Impossible("malformed") from None
        seen = known.last if known else 0
        now = self.clock.now_us()
        ahead = fold((Entry(seq=seen + 1, at_us=now, actor=account, case=case, body=b) for b in kept), known)
        made = self.trail.append(account, case, kept, seen=seen, row=row_of(ahead))
        return self._keep(fold(made, known))

    def _keep(self, case: Case) -> Case:
        with self._lock:
            known = self._cases.get(case.id)
            if known is None or known.last < case.last:
                self._cases[case.id] = case
            self._cases.move_to_end(case.id)
            while len(self._cases) > CACHED:
                self._cases.popitem(last=False)
        return case

    def _allow(self, actor: Actor, right: str) -> None:
        if not allows(actor, right):
            raise NotAllowed("may_not")

    def _deny(self, actor: Actor, case: str, action: str, document: str, why: str) -> None:
        known = case if case and self.trail.row(case) is not None else ""
        self.trail.append(actor.account, known, [Denied(action=action, document=document[:120], why=why)])

    def _scene(self, known: Case, document: str, item: str) -> Scene:
        found = _document(known, document) if document else None
        return Scene(
            clock=self.clock,
            libraries=self.libraries,
            case=known,
            document=found,
            template=self.template(found) if found else None,
            item=known.items_of(document).get(item),
        )

    def _check_open(self, known: Case) -> None:
        _check_kept(known)
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

    def _overlaps(
        self, known: Case | None, stays: Iterable[tuple[str, int, int | None]], until_us: int
    ) -> Sequence[Overlap]:
        asked = [s for s in stays if s[0]]
        if not asked:
            return []
        since = min(start for _, start, _ in asked)
        rows = self.trail.rows(since_us=since, until_us=until_us + 1, limit=10_000)
        wanted = [r.case for r in rows if r.state != "discarded" and (known is None or r.case != known.id)]
        return [o for id_ in wanted for o in overlaps(self.case(id_), asked)]

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


_FILLER = Actor(account=SYSTEM, name=SYSTEM, roles=frozenset())


def _id(text: str) -> str:
    if not _ID.fullmatch(text):
        raise Impossible("id_malformed")
    return text


def _reason(text: str) -> str:
    check_texts(text)
    if not text.strip():
        raise Impossible("reason_missing")
    return text.strip()


def _check_place(bed: str, area: str) -> None:
    check_texts(bed)
    if area not in AREAS:
        raise Impossible("area_unknown")


def _check_kept(known: Case) -> None:
    if known.state == "discarded":
        raise Impossible("case_discarded")


def _document(known: Case, document: str) -> Document:
    found = known.documents.get(document)
    if found is None:
        raise Unknown("document_unknown")
    return found
