"""Visits before and after an anaesthetic: who is due, what is asked, and what arrives from a phone."""

from collections.abc import Mapping
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, Field

from charting.inbox.checkin import CheckIn
from charting.trail.contents import Answer
from charting.trail.entries import Denied
from charting.visits.due import counts, visits
from charting.visits.kinds import VisitKind, kinds
from charting.visits.round import DAY_US, Listed, Round
from charting.visits.sending import Arrived, Differs, Said, Sent, Value, arrive, unseen
from charting.web import models
from charting.web.api.cases import CaseId
from charting.web.context import Context, Here
from charting.web.problems import Problem
from charting.web.visit_views import (
    KEPT_S,
    AnswerOut,
    VisitFormOut,
    VisitsOut,
    answers_out,
    counts_out,
    form_out,
    paper_out,
    text_of,
    visit_out,
)

router = APIRouter(prefix="/api/visits", tags=["visits"])

Kind = Annotated[Literal["preop", "h6", "first", "coma24", "h72"], Path(description="Which visit")]
DocumentId = Annotated[models.Id, Path(description="Made by the client: sent twice, it is one document")]
_COUNTED_US = 30 * DAY_US
_Text = Annotated[str, Field(max_length=4000)]
_Number = Annotated[float, Field(ge=-1e9, le=1e9)]
_Value = bool | _Number | _Text | Annotated[list[models.Id], Field(max_length=60)]
_FieldId = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[a-z0-9_]+$")]


class SaidIn(models.Asked):
    after: models.After
    value: _Value | None = Field(description="null: the answer is taken back")


class SendVisit(models.Asked):
    """What was written, wherever that was. Sent twice it is one visit."""

    author: Annotated[str, Field(min_length=1, max_length=80)] = Field(description="The account that wrote it")
    seen: Annotated[list[models.Id], Field(max_length=50)] = Field(
        description="The documents of this visit that the author knew of"
    )
    answers: Annotated[dict[_FieldId, SaidIn], Field(max_length=100)]
    whole: Annotated[dict[_FieldId, _Value], Field(max_length=100)] | None = Field(
        None, description="To be signed: every answer as it stood on the form"
    )
    reason: Annotated[str, Field(max_length=500)] = Field("", description="Of changes of what had arrived before")


class PlannedAsked(models.Asked):
    booking: models.Line
    case: models.Id = Field(description="The id that the caller made (uuid4 hex)")


class PlannedOut(BaseModel):
    case: str


class TheirsOut(BaseModel):
    text: str
    author_name: str
    at: str
    number: int
    value: AnswerOut | None


class DiffersOut(BaseModel):
    """Two versions of an answer: what was sent, and what stands."""

    field: str
    name: str
    mine: str
    theirs: TheirsOut | None


class NamedOut(BaseModel):
    key: str
    name: str


class SentOut(BaseModel):
    """`answers`: as they stand now. Where something `differs`, was `refused` or is `lacking`, it is not signed."""

    document: str
    signed: bool
    answers: dict[str, AnswerOut]
    differs: list[DiffersOut]
    refused: list[NamedOut]
    lacking: list[NamedOut]


@router.get("")
def list_visits(here: Here, request: Request) -> VisitsOut:
    """Visits of all patients who are to be seen, were seen, or were missed; tomorrow's operations too."""
    here.need("read")
    found = _round(request)
    counted = []
    if here.can("quality"):
        now_us = here.now_us()
        counted = counts_out(here, counts(found.since(now_us - _COUNTED_US), now_us - _COUNTED_US, now_us + 1))
    listed = [visit_out(here, each) for each in found.listed()]
    return VisitsOut(now_us=here.now_us(), kept_s=KEPT_S, visits=listed, counts=counted)


@router.post("/planned", status_code=201)
def open_planned(here: Here, asked: PlannedAsked) -> PlannedOut:
    """Open the case of a booking for the visit before: the patient is on the ward. Sent twice, it is one case."""
    here.need("open_case")
    opened = CheckIn(here.desk, here.department.exchange.messages).open(
        here.actor, asked.booking, bed="", area="ward", case=asked.case
    )
    return PlannedOut(case=opened.id)


@router.get("/{case}/{kind}")
def get_visit(here: Here, request: Request, case: CaseId, kind: Kind) -> VisitFormOut:
    """What is asked, what was said, and what the anaesthetic was."""
    found = here.desk.read(here.actor, case)
    return form_out(here, found, _listed(here, request, case, kind), kinds()[kind])


@router.put("/{case}/{kind}/{document}")
def send_visit(here: Here, case: CaseId, kind: Kind, document: DocumentId, asked: SendVisit) -> SentOut:
    """Keep answers, and sign. 409 `visit.somebody_else` where another has visited meanwhile, with what he wrote."""
    found = here.desk.read(here.actor, case)
    if asked.author != here.actor.account:
        here.trail.append(here.actor.account, case, [Denied(action="visit", document=document, why="not_author")])
        raise Problem(403, "visit.other_person")
    asks = kinds()[kind]
    others = unseen(found, asks, document, asked.seen)
    if others:
        more = {"others": [paper_out(here, d).model_dump(mode="json") for d in others], "seen": [d.id for d in others]}
        raise Problem(409, "visit.somebody_else", more=more)
    return _sent(here, asks, document, arrive(here.desk, here.actor, case, asks, _told(document, asked)))


def _round(request: Request) -> Round:
    found: Round = request.app.state.round
    return found


def _listed(here: Context, request: Request, case: str, kind: str) -> Listed:
    """Raises Problem 404 where this case has no such visit."""
    course = _round(request).of(case)
    mine = [] if course is None else [v for v in visits(course, here.now_us(), here.clock.zone) if v.kind == kind]
    if not mine:
        raise Problem(404, "visit.none")
    return Listed(visit=mine[0], course=course)


def _told(document: str, asked: SendVisit) -> Sent:
    return Sent(
        document=document,
        answers={
            key: Said(after=said.after, value=None if said.value is None else _kept(said.value))
            for key, said in asked.answers.items()
        },
        whole=None if asked.whole is None else {key: _kept(v) for key, v in asked.whole.items()},
        reason=asked.reason,
    )


def _kept(value: bool | float | str | list[str]) -> Value:
    return tuple(value) if isinstance(value, list) else value


def _sent(here: Context, kind: VisitKind, document: str, arrived: Arrived) -> SentOut:
    made = arrived.document(document)
    names = here.template(made).lacking_names
    return SentOut(
        document=document,
        signed=made.locked,
        answers=answers_out(made),
        differs=[_differs(here, kind, d) for d in arrived.differs],
        refused=[
            NamedOut(
                key=key, name=": ".join([*([_name(here, names, f"field:{key}")] if key else []), why.text(here.lang)])
            )
            for key, why in arrived.refused.items()
        ],
        lacking=[NamedOut(key=key, name=_name(here, names, key)) for key in arrived.lacking],
    )


def _name(here: Context, names: Mapping[str, Mapping[str, str]], key: str) -> str:
    return names.get(key, {}).get(here.lang, key)


def _differs(here: Context, kind: VisitKind, differs: Differs) -> DiffersOut:
    template = here.department.templates.get(kind.template)
    field = template.field(differs.field) if template else None
    theirs = differs.theirs
    content = theirs.content if theirs else None
    value = content.value if isinstance(content, Answer) else None
    return DiffersOut(
        field=differs.field,
        name=here.words.of(field) if field else differs.field,
        mine=text_of(here, field, differs.mine),
        theirs=None
        if theirs is None
        else TheirsOut(
            text=text_of(here, field, value),
            author_name=here.name_of(theirs.author),
            at=here.say.day(theirs.at_us),
            number=theirs.number,
            value=None
            if value is None
            else AnswerOut(value=list(value) if isinstance(value, tuple) else value, number=theirs.number),
        ),
    )
