"""What of a case counts for workload: small, and from the folded case alone. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from charting.case.state import Case, Document, Stay, signatures_of
from charting.quality.derive.codes import asa
from charting.quality.derive.told import answer, answered_us
from charting.trail.contents import Term

KINDS = ("opened", "moved", "located", "merged", "closed", "reopened", "discarded", "started", "handed_over", "set",
         "voided", "signed", "unlock_answered", "returned")  # fmt: skip
"""Kinds of entries that can change it: a case need not be read whole."""

_ANCHORS = ("t_anes_start", "t_room_in", "t_suite_in")
_VISITS: Mapping[str, Literal["preop_visit", "pain_visit"]] = {
    "preop_visit": "preop_visit", "analgesia_followup": "pain_visit",
}  # fmt: skip
_VISIT_TIMES = ("visit_time", "time_2", "time_6", "time_24", "time_48")
"""Fields of those documents that say when somebody was there."""

_AGE = re.compile(
    r"\s*(\d{1,3})\s*(?:$|(周?岁|years?|yrs?|y|个?月|months?|mo|m|weeks?|周|days?|d|天|日|小时|h)(?![a-z]).*)",
    re.IGNORECASE,
)
_UNDER_A_MONTH = frozenset({"week", "weeks", "周", "day", "days", "d", "天", "日", "小时", "h"})
_IN_MONTHS = frozenset({"个月", "月", "month", "months", "mo", "m"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """Who was there as what: µs since 1970 UTC; `out_us` None: until the end. `person`: by what he is told apart."""

    person: str
    name: str
    account: str
    role: str
    in_us: int
    out_us: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A document: whether it is signed now, in which version, by whom in which slot. `procedures`: answered there."""

    author: str
    signed: bool
    version: int
    signers: Mapping[str, str]
    procedures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A visit that a document tells of."""

    kind: Literal["preop_visit", "pain_visit"]
    author: str
    at_us: int
    signed: bool
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """`last`: the case's entry up to which this was derived. `anchor_us`: the time by which it belongs to a month:
    anaesthesia start, else into the room, else into the suite, else when it was opened (clinical.md §0).

    `events`: key → the first of that key, µs. `procedures`: done, else (`planned`) planned. `asa`: class ("": none),
    and whether E. `records`: by template. `rescued`: 抢救 was on.
    """

    case: str
    last: int
    anchor_us: int
    events: Mapping[str, int]
    present: tuple[Presence, ...]
    techniques: tuple[Term, ...]
    procedures: tuple[Term, ...]
    asa: tuple[str, bool]
    birth_date: str
    age: str
    emergency: bool
    stays: tuple[Stay, ...]
    records: Mapping[str, Record]
    visits: tuple[Visit, ...]
    rescued: bool

    def stay(self, at_us: int) -> Stay:
        """Where the patient was then; before the first stay, in it."""
        return next((s for s in reversed(self.stays) if s.start_us <= at_us), self.stays[0])

    def years(self, day: date) -> int | None:
        """Completed years on a day; None where nobody knows."""
        try:
            born = date.fromisoformat(self.birth_date)
        except ValueError:
            return years_of(self.age)
        return max(0, day.year - born.year - ((day.month, day.day) < (born.month, born.day)))


def years_of(text: str) -> int | None:
    """Completed years of an age as told (56, 56岁, 3月, 20 d); a bare number is years. None: it says none."""
    found = _AGE.fullmatch(text)
    if found is None:
        return None
    unit = (found[2] or "").lower()
    if unit in _UNDER_A_MONTH:
        return 0
    return int(found[1]) // 12 if unit in _IN_MONTHS else int(found[1])


def person_of(name: str, account: str) -> str:
    """By what people are told apart: the account, else the name. No account holds a colon."""
    return account or f"name:{name.strip()}"


def work_of(case: Case) -> Work | None:
    """None: void or a test, which count nowhere."""
    if case.state == "discarded" or case.is_test:
        return None
    events: dict[str, int] = {}
    for event in case.events:
        events.setdefault(event.key, event.at_us)
    done = _terms(case, "procedure")
    return Work(
        case=case.id,
        last=case.last,
        anchor_us=next((events[key] for key in _ANCHORS if key in events), case.opened_us),
        events=events,
        present=tuple(
            Presence(
                person=person_of(a.name, a.account),
                name=a.name.strip(),
                account=a.account,
                role=a.role,
                in_us=a.in_us,
                out_us=a.out_us,
            )
            for a in case.attendances
        ),
        techniques=_terms(case, "technique"),
        procedures=done or _terms(case, "planned_procedure"),
        asa=asa(case.coded),
        birth_date=case.patient.birth_date,
        age=case.patient.age,
        emergency=case.emergency,
        stays=tuple(case.stays),
        records={d.template: _record(d) for d in case.documents.values() if d.template not in _VISITS},
        visits=tuple(visit for d in case.documents.values() for visit in _visits(d)),
        rescued=any(pace.why == "rescue" for pace in case.paces),
    )


def _terms(case: Case, use: str) -> tuple[Term, ...]:
    found = [c.term for c in case.coded if c.use == use]
    return tuple({term.code: term for term in found}.values())


def _record(document: Document) -> Record:
    return Record(
        author=document.author,
        signed=document.locked,
        version=document.version,
        signers={slot: who for slot, (who, _) in signatures_of(document).items()},
        procedures=_procedures(document),
    )


def _procedures(document: Document) -> tuple[str, ...]:
    said = answer(document, "procedures")
    return said if isinstance(said, tuple) else ()


def _visits(document: Document) -> Iterator[Visit]:
    """One for each time at which somebody was there, one at least."""
    kind = _VISITS.get(document.template)
    if kind is None:
        return
    times = [at for field in _VISIT_TIMES if (at := answered_us(document, field)) is not None]
    for at_us in times or [document.started_us]:
        yield Visit(kind=kind, author=document.author, at_us=at_us, signed=document.locked, version=document.version)
