"""A case as its entries make it. Pure: the same entries give the same case.

Whoever holds a case may read it in any thread: folding more entries into it makes a new one (items and what they hold
are frozen and shared, only the tables are copied).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from charting.accounts.actor import HIS
from charting.case.completion import completes
from charting.fill.types import Cell, Excursion, Gap
from charting.trail.contents import Attendance, Charted, Coded, Content, Event, Finding, Pace, Patient
from charting.trail.entries import (
    SYSTEM,
    Advised,
    AlarmSeen,
    CardAnswered,
    CardTold,
    Certified,
    ChargesDecided,
    Closed,
    Confirmed,
    DeviceHeld,
    DeviceJudged,
    Discarded,
    Entry,
    Filled,
    HandedOver,
    HospitalSays,
    Located,
    Merged,
    Moved,
    Opened,
    Printed,
    Reopened,
    Returned,
    Set,
    Signed,
    Started,
    Thermometry,
    UnlockAnswered,
    UnlockAsked,
    Voided,
    Witnessed,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of an item, by a person: `content` None is void. `number` counts from 1. `seq`: its entry."""

    number: int
    content: Content | None
    author: str
    at_us: int
    reason: str
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A thing of a record: what the device says (`captured`) and what people made of it, kept apart for ever."""

    id: str
    versions: tuple[Version, ...] = ()
    captured: Cell | None = None
    captured_us: int = 0
    """When the device's value was kept."""

    @property
    def number(self) -> int:
        return len(self.versions)

    @property
    def content(self) -> Content | None:
        """What a person has put there; None where nobody has, or where it is void."""
        return self.versions[-1].content if self.versions else None

    @property
    def void(self) -> bool:
        return bool(self.versions) and self.versions[-1].content is None

    @property
    def changes(self) -> Iterator[tuple[Version | None, Version]]:
        """What was corrected or made void: the version before (None: the device's value), and the one that came.

        A version without a reason that only completes the one before (a later rate, an end) is none.
        """
        before = None if self.captured is not None else next(iter(self.versions), None)
        for version in self.versions[0 if self.captured is not None else 1 :]:
            if not _is_completion(before, version):
                yield before, version
            before = version

    @property
    def edited(self) -> bool:
        """A person has changed it after it was first there; its completion is no change."""
        return any(version.author != SYSTEM for _, version in self.changes)


def _is_completion(before: Version | None, after: Version) -> bool:
    if after.reason or before is None or before.content is None or after.content is None:
        return False
    return type(before.content) is type(after.content) and completes(before.content, after.content)


@dataclass(slots=True, kw_only=True)
class Document:
    """A document of a case. `state`: draft, or signed (locked). `version` counts from 1; an unlock begins the next."""

    id: str
    template: str
    template_version: str
    author: str
    start_us: int
    started_us: int
    version: int = 1
    state: str = "draft"
    items: dict[str, Item] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)
    excursions: list[Excursion] = field(default_factory=list)
    filled_us: int = 0
    signatures: list[tuple[Signed, str, int]] = field(default_factory=list)
    """(what, by whom, when), of all versions."""
    unlock_asked: tuple[str, str, int] | None = None
    """(by whom, reason, when) while nobody has answered."""
    returned: tuple[str, str, int] | None = None
    """(by whom, reason, when) it was sent back to its author, until it is signed again."""
    prints: list[tuple[Printed, str, int]] = field(default_factory=list)
    certificate: Certified | None = None
    certified_hash: str = ""

    @property
    def locked(self) -> bool:
        return self.state == "signed"

    @property
    def edits(self) -> int:
        """How many items people have changed after they were first there; see `Item.changes`."""
        return sum(item.edited for item in self.items.values())

    def of(self, kind: type) -> Iterator[tuple[Item, object]]:
        """Items whose content is of a type, in the order of their making."""
        for item in self.items.values():
            if isinstance(item.content, kind):
                yield item, item.content


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """Where the patient was: at a bed of an area from start to end (None: still)."""

    bed: str
    area: str
    start_us: int
    end_us: int | None = None


CardKey = tuple[str, str]
"""Service, and the card's UUID."""


@dataclass(slots=True, kw_only=True)
class Case:
    """A case. `items` belong to the case as a whole; `identities`: the patient as he was known, the last one counts."""

    id: str
    opened_us: int
    opened_by: str
    emergency: bool
    is_test: bool
    provisional: bool = False
    state: str = "open"
    closed_us: int | None = None
    stays: list[Stay] = field(default_factory=list)
    identities: list[Patient] = field(default_factory=list)
    items: dict[str, Item] = field(default_factory=dict)
    documents: dict[str, Document] = field(default_factory=dict)
    held: dict[str, DeviceHeld] = field(default_factory=dict)
    """Device → what of it a person has to judge: the last of `holds` that nobody has judged, else the last that is
    judged to be another patient, until the device says this patient again."""
    settled_us: int = 0
    """Up to when people have told where the patient was; 0: nobody has."""
    ended_by: str = ""
    """Who closed or discarded it."""
    says: HospitalSays | None = None
    """What the hospital told last that nothing was done about."""
    says_open: bool = False
    """Whether nobody has decided about that."""
    holds: list[DeviceHeld] = field(default_factory=list)
    judged: list[DeviceJudged] = field(default_factory=list)
    thermometry: Thermometry | None = None
    advised: list[Advised] = field(default_factory=list)
    seen: list[tuple[AlarmSeen, str, int]] = field(default_factory=list)
    """(what, by whom, when)."""
    cards: dict[CardKey, tuple[CardTold, int]] = field(default_factory=dict)
    """(what, when), in the order of their coming."""
    card_answers: dict[CardKey, tuple[CardAnswered, str, int]] = field(default_factory=dict)
    """(what, by whom, when); the last one counts."""
    witnessed: dict[tuple[str, str], tuple[int, str, int]] = field(default_factory=dict)
    """Document and item → (version, by whom, when) it was witnessed last."""
    charges: tuple[ChargesDecided, str, int] | None = None
    """What was decided last of the case's charges, by whom, when."""
    last: int = 0
    last_us: int = 0
    last_hash: str = ""

    @property
    def patient(self) -> Patient:
        return self.identities[-1]

    @property
    def bed(self) -> str:
        return self.stays[-1].bed

    @property
    def area(self) -> str:
        return self.stays[-1].area

    def is_judged(self, device: str, told: Mapping[str, str]) -> bool:
        """Whether a person has decided of whom a device that tells these ids speaks."""
        return any(j.device == device and dict(j.told) == dict(told) for j in self.judged)

    def is_same(self, device: str, told: Mapping[str, str]) -> bool:
        """Whether a person has judged that a device which tells these ids speaks of this patient."""
        said = [j.same for j in self.judged if j.device == device and dict(j.told) == dict(told)]
        return bool(said) and said[-1]

    def items_of(self, document: str) -> dict[str, Item]:
        return self.documents[document].items if document else self.items

    @property
    def events(self) -> list[Event]:
        """In order of time."""
        found = [i.content for i in self.items.values() if isinstance(i.content, Event)]
        return sorted(found, key=lambda e: e.at_us)

    @property
    def attendances(self) -> list[Attendance]:
        return [i.content for i in self.items.values() if isinstance(i.content, Attendance)]

    @property
    def coded(self) -> list[Coded]:
        return [i.content for i in self.items.values() if isinstance(i.content, Coded)]

    @property
    def paces(self) -> list[Pace]:
        return [i.content for i in self.items.values() if isinstance(i.content, Pace)]

    @property
    def findings(self) -> list[Finding]:
        return [i.content for i in self.items.values() if isinstance(i.content, Finding)]

    def within(self, at_us: int) -> int:
        """A time, or the case's own beginning or end where it is outside of them."""
        return max(self.opened_us, at_us if self.closed_us is None else min(at_us, self.closed_us))

    def event(self, key: str) -> Event | None:
        """The first event of a key."""
        return next((e for e in self.events if e.key == key), None)


PATIENT_ITEM = "patient"
"""The item of the case whose versions are the patient's data."""


def cell_item(signal: str, mark_us: int) -> str:
    """The id of a cell's item."""
    return f"{signal}@{mark_us}"


def fold(entries: Iterable[Entry], case: Case | None = None) -> Case:
    """The case that these entries make, or make of `case`, which stays as it is. Raises ValueError for none."""
    folded = None if case is None else _copy(case)
    for entry in entries:
        folded = _apply(folded, entry)
        folded.last, folded.last_us, folded.last_hash = entry.seq, entry.at_us, entry.hash
    if folded is None:
        raise ValueError("no such case")
    return folded


def _copy(case: Case) -> Case:
    return replace(
        case,
        stays=list(case.stays),
        identities=list(case.identities),
        items=dict(case.items),
        documents={
            id_: replace(
                document,
                items=dict(document.items),
                gaps=list(document.gaps),
                excursions=list(document.excursions),
                signatures=list(document.signatures),
                prints=list(document.prints),
            )
            for id_, document in case.documents.items()
        },
        held=dict(case.held),
        holds=list(case.holds),
        judged=list(case.judged),
        advised=list(case.advised),
        seen=list(case.seen),
        witnessed=dict(case.witnessed),
        cards=dict(case.cards),
        card_answers=dict(case.card_answers),
    )


def _apply(case: Case | None, entry: Entry) -> Case:
    body = entry.body
    if isinstance(body, Opened):
        opened = Case(
            id=entry.case,
            opened_us=body.at_us,
            opened_by=entry.actor,
            emergency=body.emergency,
            is_test=body.is_test,
            provisional=body.provisional,
            settled_us=body.at_us if is_person(entry.actor) else 0,
            stays=[Stay(bed=body.bed, area=body.area, start_us=body.at_us)],
            identities=[body.patient],
        )
        _add(opened.items, PATIENT_ITEM, body.patient, entry, "")
        return opened
    if case is None:
        raise ValueError("a case begins by being opened")
    _settle(case, entry)
    match body:
        case Moved():
            last = case.stays[-1]
            case.stays[-1] = Stay(bed=last.bed, area=last.area, start_us=last.start_us, end_us=body.at_us)
            case.stays.append(Stay(bed=body.bed, area=body.area, start_us=body.at_us))
        case Confirmed():
            case.provisional = False
        case Located():
            case.stays = [Stay(bed=s.bed, area=s.area, start_us=s.start_us, end_us=s.end_us) for s in body.stays]
            case.opened_us = case.stays[0].start_us
        case HospitalSays():
            case.says, case.says_open = body, bool(body.what)
        case Merged():
            case.identities.append(body.patient)
            _add(case.items, PATIENT_ITEM, body.patient, entry, body.reason)
        case Closed():
            case.state, case.closed_us = "closed", body.at_us
        case Reopened():
            case.state, case.closed_us = "open", None
        case Discarded():
            case.state = "discarded"
        case DeviceHeld():
            case.holds.append(body)
            case.held = _unjudged(case)
        case DeviceJudged():
            case.judged.append(body)
            case.held = _unjudged(case)
        case Thermometry():
            case.thermometry = body
        case Advised():
            case.advised.append(body)
        case AlarmSeen():
            case.seen.append((body, entry.actor, entry.at_us))
        case CardTold():
            case.cards[body.service, body.card] = body, entry.at_us
        case CardAnswered():
            case.card_answers[body.service, body.card] = body, entry.actor, entry.at_us
        case Started():
            case.documents[body.document] = Document(
                id=body.document,
                template=body.template,
                template_version=body.version,
                author=entry.actor,
                start_us=body.start_us,
                started_us=entry.at_us,
            )
        case Set() | Voided():
            _set(case, body, entry)
        case Witnessed():
            case.witnessed[body.document, body.item] = (body.number, entry.actor, entry.at_us)
        case ChargesDecided():
            case.charges = (body, entry.actor, entry.at_us)
        case _:
            _apply_to_document(case, entry)
    return case


def _settle(case: Case, entry: Entry) -> None:
    """What a person says of where the patient is stands over what the hospital tells of the time before."""
    body = entry.body
    if not isinstance(body, Confirmed | Moved | Closed | Reopened | Discarded):
        return
    if isinstance(body, Closed | Discarded | Reopened):
        case.ended_by = "" if isinstance(body, Reopened) else entry.actor
    if is_person(entry.actor):
        at_us = entry.at_us if isinstance(body, Reopened | Discarded) else body.at_us
        case.settled_us, case.says_open = max(case.settled_us, at_us), False


def is_person(account: str) -> bool:
    return account not in {SYSTEM, HIS.account}


def _unjudged(case: Case) -> dict[str, DeviceHeld]:
    found: dict[str, DeviceHeld] = {}
    told = sorted(case.holds, key=lambda held: held.from_us)
    again = {(held.device, held.bed): held.from_us for held in told if held.own}
    for held in told:
        judged = case.is_judged(held.device, held.told)
        over = judged and held.from_us < again.get((held.device, held.bed), held.from_us)
        if held.own or over or case.is_same(held.device, held.told):
            continue
        before = found.get(held.device)
        if before is None or not judged or case.is_judged(before.device, before.told):
            found[held.device] = held
    return found


def _set(case: Case, body: Set | Voided, entry: Entry) -> None:
    content = body.content if isinstance(body, Set) else None
    _add(case.items_of(body.document), body.item, content, entry, body.reason)
    if body.item == PATIENT_ITEM and not body.document and isinstance(content, Patient):
        case.identities.append(content)


def _add(items: dict[str, Item], id_: str, content: Content | None, entry: Entry, reason: str) -> None:
    item = items.get(id_) or Item(id=id_)
    version = Version(
        number=item.number + 1,
        content=content,
        author=entry.actor,
        at_us=entry.at_us,
        reason=reason,
        seq=entry.seq,
    )
    items[id_] = replace(item, versions=(*item.versions, version))


def _apply_to_document(case: Case, entry: Entry) -> None:
    body = entry.body
    document = case.documents.get(getattr(body, "document", ""))
    if document is None:
        return
    match body:
        case HandedOver():
            document.author = body.to
        case Filled():
            _fill(document, body, entry.at_us)
        case Signed():
            document.signatures.append((body, entry.actor, entry.at_us))
            document.state, document.returned = "signed", None
        case UnlockAsked():
            document.unlock_asked = (entry.actor, body.reason, entry.at_us)
        case UnlockAnswered():
            document.unlock_asked = None
            if body.granted:
                document.state, document.version = "draft", document.version + 1
        case Returned():
            document.returned = (entry.actor, body.reason, entry.at_us)
            document.unlock_asked = None
            if document.locked:
                document.state, document.version = "draft", document.version + 1
        case Printed():
            document.prints.append((body, entry.actor, entry.at_us))
        case Certified():
            document.certificate, document.certified_hash = body, entry.hash
        case _:
            pass


def _fill(document: Document, body: Filled, at_us: int) -> None:
    for cell in body.cells:
        id_ = cell_item(cell.signal, cell.mark_us)
        document.items[id_] = replace(document.items.get(id_) or Item(id=id_), captured=cell, captured_us=at_us)
    kept = [
        g
        for g in document.gaps
        if body.since_us >= body.until_us or g.end_us <= body.since_us or g.start_us >= body.until_us
    ]
    document.gaps = sorted([*kept, *body.gaps], key=lambda g: (g.signal, g.start_us))
    anew = {(c.signal, c.mark_us) for c in body.cells}
    before = [e for e in document.excursions if (e.signal, e.mark_us) not in anew]
    document.excursions = [*before, *body.excursions]
    document.filled_us = max(document.filled_us, body.until_us)


def value_of(item: Item) -> Charted | Cell | None:
    """What stands in a cell: a person's value, else the device's where it is charted; None: blank."""
    content = item.content
    if isinstance(content, Charted):
        return content
    if item.versions or item.captured is None or item.captured.state != "charted":
        return None
    return item.captured


def signatures_of(document: Document) -> Mapping[str, tuple[str, int]]:
    """Slot → (by whom, when), of the document's present version."""
    return {s.slot: (who, at) for s, who, at in document.signatures if s.version == document.version}


def witness_of(case: Case, document: str, item: Item) -> tuple[str, int] | None:
    """(by whom, when) the present version of an item was witnessed; None: by nobody."""
    number, who, at_us = case.witnessed.get((document, item.id), (0, "", 0))
    return (who, at_us) if number == item.number and not item.void else None
