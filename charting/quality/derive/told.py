"""A case as quality asks it: events, findings, answers, and the windows of clinical.md §0."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self, TypeVar

from charting.case.clock import HOUR_US
from charting.case.events import BYPASS, Spans, spans
from charting.case.state import Case, Document
from charting.library.library import Libraries
from charting.quality.facts import Three
from charting.trail.contents import Answer, Coded, Content, Event, Finding
from collector.clock import from_datetime

C = TypeVar("C")

RECORD = "anaesthesia_record"
AFTER = ("postop_visit", "visit_6h", "visit_24h", "visit_72h")
"""Templates of visits after the anaesthetic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """[start, end), half-open (§0). `start_us` None: not known; `end_us` None: it is going on, as far as is known."""

    start_us: int | None
    end_us: int | None

    def holds(self, at_us: int) -> Three:
        if self.start_us is None:
            return False if self.end_us is not None and at_us >= self.end_us else None
        return self.start_us <= at_us and (self.end_us is None or at_us < self.end_us)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """`events`: by key, in order of time. `contents`: what people have put into documents, by type.

    `signed`: the anaesthesia record is, and its author answers for it: what is not told of the operation did then not
    happen (decision D). `anaesthesia`: from its start to its end, else to leaving the room, else to where he went.
    `suite`: from entering to leaving it, else to where he went; the PACU is in it.
    """

    case: Case
    libraries: Libraries
    events: Mapping[str, Sequence[Event]]
    findings: Mapping[str, Finding]
    coded: Sequence[Coded]
    contents: Mapping[type, Sequence[Content]]
    signed: bool
    anaesthesia: Span
    suite: Span

    @classmethod
    def of(cls, case: Case, libraries: Libraries) -> Self:
        events: dict[str, list[Event]] = {}
        for event in case.events:
            events.setdefault(event.key, []).append(event)

        def first(*keys: str) -> int | None:
            return next((events[key][0].at_us for key in keys if key in events), None)

        left = "t_pacu_out" if "t_pacu_in" in events else "t_room_out"
        into_us = first("t_suite_in", "t_room_in", "t_anes_care", "t_anes_start")
        end_us, out_us = first("t_anes_end", "t_room_out", "t_pacu_in", "t_suite_out"), first("t_suite_out", left)
        gone_us = _elsewhere(events, into_us)
        return cls(
            case=case,
            libraries=libraries,
            events=events,
            findings={finding.key: finding for finding in case.findings},
            coded=case.coded,
            contents=_contents(case),
            signed=any(d.locked for d in case.documents.values() if d.template == RECORD),
            anaesthesia=Span(start_us=first("t_anes_start"), end_us=gone_us if end_us is None else end_us),
            suite=Span(start_us=into_us, end_us=gone_us if out_us is None else out_us),
        )

    def at(self, *keys: str) -> int | None:
        """The first time of the first of these events that is there."""
        return next((self.events[key][0].at_us for key in keys if key in self.events), None)

    def has(self, *keys: str) -> bool:
        return any(key in self.events for key in keys)

    @property
    def bypass(self) -> Spans:
        """When a machine was his heart."""
        return spans(self.case.events, *BYPASS)

    @property
    def ended_us(self) -> int | None:
        """The end of the anaesthetic; its start where nothing tells the end."""
        return self.anaesthesia.end_us or self.anaesthesia.start_us

    def documents(self, template: str) -> Sequence[Document]:
        """In order of their start."""
        found = [d for d in self.case.documents.values() if d.template == template]
        return sorted(found, key=lambda d: (d.start_us, d.started_us, d.id))

    def answers(self, template: str, field: str) -> Sequence[object]:
        """What the documents of a template say in a field, in order of their start."""
        return [said for d in self.documents(template) if (said := answer(d, field)) is not None]

    @property
    def visits(self) -> Sequence[Document]:
        """Those after the anaesthetic, in order of the time that they tell."""
        found = [d for name in AFTER for d in self.documents(name)]
        return sorted(found, key=lambda d: answered_us(d, "visit_time") or d.start_us)

    def contents_of(self, kind: type[C]) -> Sequence[C]:
        return [c for c in self.contents.get(kind, ()) if isinstance(c, kind)]

    def unsaid(self) -> Three:
        """Of what may happen during an operation, where nobody has said anything (decision D)."""
        return False if self.signed else None


def _elsewhere(events: Mapping[str, Sequence[Event]], since_us: int | None) -> int | None:
    """When he was first back on the ward, or in the ICU, after a time."""
    came = [e.at_us for key in ("t_ward", "t_icu_in") for e in events.get(key, ())]
    return min((at_us for at_us in came if since_us is not None and at_us > since_us), default=None)


def _contents(case: Case) -> Mapping[type, Sequence[Content]]:
    found: dict[type, list[Content]] = {}
    for document in case.documents.values():
        for item in document.items.values():
            if item.versions and item.content is not None:
                found.setdefault(type(item.content), []).append(item.content)
    return found


def answer(document: Document, field: str) -> object:
    """What a document says in a field; None: nothing."""
    item = document.items.get(f"field:{field}")
    said = item.content if item is not None else None
    return said.value if isinstance(said, Answer) and said.value not in {"", ()} else None


def answered_us(document: Document, field: str) -> int | None:
    """The time that a document says in a field."""
    said = answer(document, field)
    if not isinstance(said, str):
        return None
    try:
        time = datetime.fromisoformat(said)
    except ValueError:
        return None
    return from_datetime(time) if time.tzinfo is not None else None


def hours(start_us: int | None, end_us: int | None) -> float:
    """From start to end; nan where one is not known."""
    return float("nan") if start_us is None or end_us is None else (end_us - start_us) / HOUR_US
