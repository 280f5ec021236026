"""A visit that was written somewhere and arrives: the same one sent again is the same acts. What cannot be kept is told
and spoils nothing else; nothing is signed that its author has not seen as it stands.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from charting.accounts.actor import Actor
from charting.case.checks import check_time
from charting.case.completeness import lacking
from charting.case.refusals import Conflict, Impossible, Incomplete, Locked, Refusal
from charting.case.state import Case, Document, Version
from charting.desk import Desk
from charting.templates.template import Field, Template
from charting.trail.contents import Answer
from charting.visits.kinds import VisitKind
from collector.clock import from_datetime

Value = str | float | bool | tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An answer. `after`: the number of the version that its author saw, 0: none; `value` None: none any more."""

    after: int
    value: Value | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """`answers`: by field, what is said and has to be kept; `whole`: all that stood on the form where it is to be
    signed, None: it stays a draft. `reason`: of changes of what was kept before (charting.case.reasons).
    """

    document: str
    answers: Mapping[str, Said]
    whole: Mapping[str, Value] | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Differs:
    """Another version stands there than the author saw. `theirs` None: nothing."""

    field: str
    mine: Value | None
    theirs: Version | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """`refused`: by field, why it was not kept ("": the signature). `lacking`: what a signature still needs."""

    case: Case
    differs: Sequence[Differs]
    refused: Mapping[str, Refusal]
    lacking: Sequence[str]

    def document(self, id_: str) -> Document:
        return self.case.documents[id_]


def arrive(desk: Desk, actor: Actor, case: str, kind: VisitKind, sent: Sent) -> Arrived:
    """Raises NotAllowed, Unknown, and Impossible where the document is another's or cannot be begun."""
    known = desk.start(actor, case, template=kind.template, document=sent.document)
    template = desk.template(known.documents[sent.document])
    differs: list[Differs] = []
    refused: dict[str, Refusal] = {}
    for field, said in sent.answers.items():
        try:
            known = _keep(desk, actor, case, sent, template, field, said)
        except Conflict as conflict:
            differs.append(Differs(field=field, mine=said.value, theirs=conflict.current))
        except (Impossible, Locked) as refusal:
            refused[field] = refusal
    if sent.whole is None or differs or refused:
        return Arrived(case=known, differs=differs, refused=refused, lacking=_lacking(known, sent, template))
    return _sign(desk, actor, case, sent, template)


def unseen(case: Case, kind: VisitKind, document: str, seen: Sequence[str]) -> Sequence[Document]:
    """Documents of the same visit that the author did not know of when he wrote his; none once his is there."""
    if document in case.documents:
        return []
    return [d for d in case.documents.values() if d.template == kind.template and d.id not in seen]


def _keep(desk: Desk, actor: Actor, case: str, sent: Sent, template: Template, field: str, said: Said) -> Case:
    item = f"field:{field}"
    if said.value is None:
        return desk.void(
            actor, case, document=sent.document, item=item, after=said.after, reason=sent.reason or "typing_error"
        )
    _check_time(desk, template.field(field), said.value)
    content = Answer(field=field, value=said.value)
    return desk.set(
        actor, case, document=sent.document, item=item, after=said.after, content=content, reason=sent.reason
    )


def _check_time(desk: Desk, field: Field | None, value: Value) -> None:
    """Nobody was visited tomorrow."""
    if field is None or field.type != "time" or not isinstance(value, str):
        return
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return
    if at.tzinfo is not None:
        check_time(desk.clock, from_datetime(at))


def _sign(desk: Desk, actor: Actor, case: str, sent: Sent, template: Template) -> Arrived:
    known = desk.case(case)
    document = known.documents[sent.document]
    differs = list(_other_than_seen(document, sent.whole or {}))
    if differs:
        return Arrived(case=known, differs=differs, refused={}, lacking=())
    try:
        known = desk.sign(actor, case, document=sent.document, slot=template.signatures[0].slot)
    except Incomplete as incomplete:
        return Arrived(case=known, differs=(), refused={}, lacking=incomplete.lacking)
    except Impossible as refusal:
        return Arrived(case=known, differs=(), refused={"": refusal}, lacking=())
    return Arrived(case=known, differs=(), refused={}, lacking=())


def _other_than_seen(document: Document, whole: Mapping[str, Value]) -> Sequence[Differs]:
    standing = {
        item.content.field: (item.content.value, item.versions[-1])
        for item in document.items.values()
        if isinstance(item.content, Answer) and item.content.value not in {"", ()}
    }
    return [
        Differs(field=field, mine=whole.get(field), theirs=standing[field][1] if field in standing else None)
        for field in sorted(standing.keys() | whole.keys())
        if (standing[field][0] if field in standing else None) != whole.get(field)
    ]


def _lacking(case: Case, sent: Sent, template: Template) -> Sequence[str]:
    document = case.documents[sent.document]
    return () if document.locked else lacking(case, document, template)
