"""What is odd about a case: told to people, never mended (clinical.md §0, §3.1, §3.4). Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from charting.case.clock import HOUR_US, MINUTE_US, SiteClock
from charting.case.events import EventKind, events
from charting.case.running import due_us, running
from charting.case.state import Case, Document, Item, signatures_of, witness_of
from charting.case.stays import Overlap
from charting.case.words import said
from charting.library.controlled import controlled_class
from charting.library.library import Libraries
from charting.templates.loader import Templates
from charting.trail.contents import Attendance, Bolus, Content, Controlled, Event, Infusion, Pace, Term, Warming

LATE_US = 6 * HOUR_US
"""After a rescue it is written up within 6 h (clinical.md §3.1, late entry)."""

HOT_C = 43.0
"""What warms burns from here on (clinical.md §2.6)."""

Params = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseWarning:
    """`key`: a row of words.csv; `params`: per language what its text names; `document`, `item`: where."""

    key: str
    params: Params = field(default_factory=dict)
    document: str = ""
    item: str = ""

    def text(self, lang: str) -> str:
        """What a person reads, in zh or en."""
        return said(self.key, lang, self.params.get(lang))


def warnings_of(
    case: Case, clock: SiteClock, templates: Templates, libraries: Libraries, overlaps: Sequence[Overlap]
) -> Sequence[CaseWarning]:
    """`overlaps`: other cases in the same bed at the same time."""
    return [
        *(_overlap(o, clock) for o in overlaps),
        *(CaseWarning(key="device_held", params=_both(device=device)) for device in sorted(case.held)),
        *_told(case, clock),
        *_identity(case),
        *_order(case, clock),
        *_counterparts(case),
        *_staff(case, clock),
        *_late(case, clock),
        *_left_open(case, templates),
        *_hot(case),
        *_controlled(case, libraries),
        *_documents(case, templates),
    ]


def _both(**params: str) -> Params:
    return {"zh": params, "en": params}


def _overlap(other: Overlap, clock: SiteClock) -> CaseWarning:
    end = "…" if other.end_us is None else clock.written(other.end_us)
    return CaseWarning(key="bed_shared", params=_both(bed=other.bed, start=clock.written(other.start_us), end=end))


def _told(case: Case, clock: SiteClock) -> Iterator[CaseWarning]:
    """What only the hospital's messages say."""
    if case.provisional and case.state == "open":
        yield CaseWarning(key="unconfirmed")
    if case.says is not None and case.says_open and case.state != "discarded":
        yield CaseWarning(
            key=f"says_{case.says.what}", params=_both(bed=case.says.bed, time=clock.written(case.says.at_us))
        )


def _identity(case: Case) -> Iterator[CaseWarning]:
    if not case.patient.number:
        yield CaseWarning(key="identity_open", item="patient")


def _known(case: Case) -> list[tuple[str, EventKind, Event]]:
    """Items of events in order of time."""
    found = [
        (i.id, events()[i.content.key], i.content)
        for i in case.items.values()
        if isinstance(i.content, Event) and i.content.key in events()
    ]
    return sorted(found, key=lambda f: f[2].at_us)


def _order(case: Case, clock: SiteClock) -> Iterator[CaseWarning]:
    known = _known(case)
    ranked = sorted(((k.order, e.at_us, k, id_) for id_, k, e in known if k.order is not None), key=lambda r: r[:2])
    pairs = [(a[1], a[2], b[1], b[2], b[3]) for a, b in pairwise(ranked)]
    first = {k.key: (e.at_us, k) for _, k, e in reversed(known)}
    ends = [
        (*first[k.begins], e.at_us, k, id_) for id_, k, e in known if k.begins in first and (k.order is None or k.many)
    ]
    for before_us, before, after_us, after, id_ in [*pairs, *ends]:
        if after_us < before_us:
            time = clock.written(after_us)
            yield CaseWarning(
                key="events_out_of_order",
                item=id_,
                params={
                    "zh": {"first": before.zh, "then": after.zh, "time": time},
                    "en": {"first": before.en, "then": after.en, "time": time},
                },
            )


def _counterparts(case: Case) -> Iterator[CaseWarning]:
    known = _known(case)
    keys = [k.key for _, k, _ in known]
    closed = case.state == "closed"
    for kind in events().values():
        if not kind.many and keys.count(kind.key) > 1:
            yield _about("event_twice", kind)
        if not kind.begins:
            continue
        begins = events()[kind.begins]
        if kind.key in keys and kind.begins not in keys:
            yield _about("event_without_begin", kind, begins)
        if closed and kind.begins in keys and kind.key not in keys:
            yield _about("event_without_end", begins, kind)


def _about(key: str, kind: EventKind, other: EventKind | None = None) -> CaseWarning:
    than = other or kind
    return CaseWarning(
        key=key, params={"zh": {"event": kind.zh, "other": than.zh}, "en": {"event": kind.en, "other": than.en}}
    )


def _staff(case: Case, clock: SiteClock) -> Iterator[CaseWarning]:
    known = _known(case)
    begin = min([s.start_us for s in case.stays] + [e.at_us for _, _, e in known])
    for item in case.items.values():
        there = item.content
        if not isinstance(there, Attendance):
            continue
        out = there.out_us
        late = case.closed_us is not None and (out or there.in_us) > case.closed_us
        if there.in_us < begin or late:
            yield CaseWarning(key="attendance_outside", params=_both(name=there.name), item=item.id)
        if out is None and case.state == "closed":
            yield CaseWarning(key="attendance_open", params=_both(name=there.name), item=item.id)
    yield from _alone(case, clock)


def _alone(case: Case, clock: SiteClock) -> Iterator[CaseWarning]:
    """From when an anaesthetist took over until the anaesthesia ended: times in which none was there."""
    begun = case.event("t_anes_care") or case.event("t_anes_start")
    if begun is None:
        return
    ended = case.event("t_anes_end")
    until = ended.at_us if ended else case.closed_us or clock.now_us()
    reached = begun.at_us
    present = sorted(
        (a.in_us, until if a.out_us is None else a.out_us) for a in case.attendances if a.role == "anaesthetist"
    )
    for came, went in [*present, (until, until)]:
        if min(came, until) - reached >= MINUTE_US:
            start, end = clock.written(reached), clock.written(min(came, until))
            yield CaseWarning(key="no_anaesthetist", params=_both(start=start, end=end))
        reached = max(reached, went)


def _late(case: Case, clock: SiteClock) -> Iterator[CaseWarning]:
    rescues = [p for p in case.paces if p.why == "rescue" and p.end_us is not None]
    for rescue in rescues:
        due = (rescue.end_us or 0) + LATE_US
        for document, item in _items(case):
            first = item.versions[0] if item.versions else None
            at_us = time_of(first.content) if first is not None and first.content is not None else None
            if first is None or at_us is None or first.at_us <= due:
                continue
            if rescue.start_us <= at_us <= (rescue.end_us or 0):
                params = _both(time=clock.written(at_us), entered=clock.written(first.at_us))
                yield CaseWarning(key="rescue_entered_late", params=params, document=document, item=item.id)


def _items(case: Case) -> Iterator[tuple[str, Item]]:
    yield from (("", item) for item in case.items.values())
    for document in case.documents.values():
        yield from ((document.id, item) for item in document.items.values())


def time_of(content: Content) -> int | None:
    """When what a content tells was, or began; None where it has no time."""
    for name in ("at_us", "time_us", "start_us", "in_us"):
        value = getattr(content, name, None)
        if isinstance(value, int):
            return value
    return content.rates[0].at_us if isinstance(content, Infusion) and content.rates else None


def _left_open(case: Case, templates: Templates) -> Iterator[CaseWarning]:
    closed = case.state == "closed"
    for item in case.items.values():
        if closed and isinstance(item.content, Pace) and item.content.end_us is None:
            yield CaseWarning(key="pace_open", item=item.id)
    for document in case.documents.values():
        if not closed and due_us(case, templates.get(document.template, document.template_version)) is None:
            continue
        for item, content in running(document):
            if isinstance(content, Infusion):
                names = {"zh": {"drug": content.drug.zh}, "en": {"drug": content.drug.en}}
                yield CaseWarning(key="infusion_open", params=names, document=document.id, item=item.id)


def _hot(case: Case) -> Iterator[CaseWarning]:
    for document, item in _items(case):
        set_c = item.content.set_c if isinstance(item.content, Warming) else None
        if set_c is not None and set_c > HOT_C:
            yield CaseWarning(key="warming_hot", params=_both(set=f"{set_c:g}"), document=document, item=item.id)


def _controlled(case: Case, libraries: Libraries) -> Iterator[CaseWarning]:
    """When all is over: a controlled drug was given, and nobody has said what became of it, or has witnessed it."""
    over = case.state == "closed" or case.event("t_anes_end") is not None
    for document in case.documents.values():
        if not over and not document.locked:
            continue
        told = {item.content.drug.code for item in document.items.values() if isinstance(item.content, Controlled)}
        given: dict[str, Term] = {}
        for item in document.items.values():
            content = item.content
            if isinstance(content, Bolus) or (isinstance(content, Infusion) and content.what == "drug"):
                given.setdefault(content.drug.code, content.drug)
            elif isinstance(content, Controlled) and witness_of(case, document.id, item) is None:
                yield _of_drug("controlled_unwitnessed", content.drug, document.id, item.id)
        for code, drug in given.items():
            if code not in told and controlled_class(libraries, drug):
                yield _of_drug("controlled_missing", drug, document.id)


def _of_drug(key: str, drug: Term, document: str, item: str = "") -> CaseWarning:
    names = {"zh": {"drug": drug.zh}, "en": {"drug": drug.en}}
    return CaseWarning(key=key, params=names, document=document, item=item)


def _documents(case: Case, templates: Templates) -> Iterator[CaseWarning]:
    for document in case.documents.values():
        template = templates.get(document.template, document.template_version)
        zh, en = (template.zh, template.en) if template else (document.template, document.template)
        named = {"zh": {"document": zh}, "en": {"document": en}}
        for key, holds in (
            ("unsigned", case.state == "closed" and not document.locked),
            ("unlock_waits", document.unlock_asked is not None),
            ("sent_back", document.returned is not None),
            ("signed_lacking", document.locked and _lacked(document)),
            ("changed_since_signed", document.locked and _changed(case, document)),
        ):
            if holds:
                yield CaseWarning(key=key, params=named, document=document.id)


def _lacked(document: Document) -> bool:
    return any(s.lacking for s, _, _ in document.signatures if s.version == document.version)


def _changed(case: Case, document: Document) -> bool:
    """What belongs to the case as a whole, and stands on every document, was changed after this one was signed."""
    signed_us = min((at for _, at in signatures_of(document).values()), default=0)
    return any(
        version.at_us > signed_us and version.number > 1
        for item in case.items.values()
        for version in item.versions[-1:]
    )
