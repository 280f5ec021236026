"""What the pages of visits show: lists, forms, what the anaesthetic was. Times are µs since 1970 UTC (`_us`)."""

from collections.abc import Iterator
from datetime import datetime

from pydantic import BaseModel, Field

from charting.case.state import Case, Document
from charting.templates.template import Field as Question
from charting.templates.template import Template
from charting.trail.contents import Answer, Coded, Patient
from charting.visits.due import Counts
from charting.visits.kinds import VisitKind, kinds
from charting.visits.round import Listed
from charting.web.context import Context
from charting.web.said import number
from charting.web.visit_summary import summary
from collector.clock import from_datetime
from collector.units import display

KEPT_S = 24 * 3600
"""How long a phone may keep what it was given of a patient."""
_CHOICES = 60
"""A library with so few terms is given whole: it can be chosen from without network."""

AnswerValue = str | float | bool | list[str]


class VisitOut(BaseModel):
    """A visit. `state`: not_yet, due, overdue, done, missed, not_applicable; `reason` in the asker's language."""

    case: str = Field(description="Empty: of a booking of which no case was opened yet")
    booking: str = Field(description="Of the operation list, where there is no case yet")
    kind: str
    kind_name: str
    state: str
    reason: str
    opens_us: int | None
    late_us: int | None
    closes_us: int | None
    done_us: int | None
    in_time: bool
    document: str
    author: str
    author_name: str
    phone: bool
    mine: bool
    name: str
    number: str
    who: str = Field(description="Sex and age")
    ward: str
    ward_bed: str
    procedure: str
    planned_us: int | None


class CountsOut(BaseModel):
    kind: str
    kind_name: str
    asked: int
    in_time: int
    late: int
    missed: int
    open: int


class VisitsOut(BaseModel):
    now_us: int
    kept_s: int = Field(description="How long a phone may keep it")
    visits: list[VisitOut]
    counts: list[CountsOut] = Field(description="Of the last 30 days, for who may see quality; else empty")


class ChoiceOut(BaseModel):
    code: str
    name: str


class QuestionOut(BaseModel):
    id: str
    name: str
    type: str
    unit: str
    low: float | None
    high: float | None
    required: bool
    choices: list[ChoiceOut]
    library: str = Field(description="Of a term: where more of them are searched; empty: `choices` are all")


class SectionOut(BaseModel):
    name: str
    fields: list[QuestionOut]


class AnswerOut(BaseModel):
    value: AnswerValue
    number: int = Field(description="What `after` of the next change must be")


class PaperOut(BaseModel):
    """A document of the visit, as lines to read. `mine`: the asker's."""

    document: str
    author_name: str
    mine: bool
    at: str
    signed: bool
    lines: list[str]


class LineOut(BaseModel):
    name: str
    text: str


class VisitFormOut(BaseModel):
    """`answers`: of the asker's own draft `document`, "" where there is none. `seen`: documents of this visit."""

    visit: VisitOut
    title: str
    sections: list[SectionOut]
    document: str
    answers: dict[str, AnswerOut]
    seen: list[str]
    papers: list[PaperOut]
    summary: list[LineOut]
    may_write: bool
    kept_s: int


def visit_out(here: Context, listed: Listed) -> VisitOut:
    visit, course, planned = listed.visit, listed.course, listed.planned
    patient = course.patient if course else planned.patient if planned else Patient()
    author = visit.paper.author if visit.paper else ""
    procedure = (course.procedure[0 if here.lang == "zh" else 1] if course else "") or (
        planned.procedure if planned else ""
    )
    return VisitOut(
        case=visit.case,
        booking=planned.id if planned else "",
        kind=visit.kind,
        kind_name=here.words.of(kinds()[visit.kind]),
        state=visit.state,
        reason=here.words(f"visit.reason.{visit.reason}") if visit.reason else "",
        opens_us=visit.opens_us,
        late_us=visit.late_us,
        closes_us=visit.closes_us,
        done_us=visit.done_us,
        in_time=visit.in_time,
        document=visit.paper.document if visit.paper else "",
        author=author,
        author_name=here.name_of(author) if author else "",
        phone=visit.phone,
        mine=course is not None and here.actor.account in course.people,
        name=here.say.patient(patient),
        number=patient.number,
        who=_who(here, patient),
        ward=patient.ward or patient.department or (here.words(f"area.{course.area}") if course else ""),
        ward_bed=patient.ward_bed or (course.bed if course else ""),
        procedure=procedure,
        planned_us=course.planned_us if course else planned.start_us if planned else None,
    )


def _who(here: Context, patient: Patient) -> str:
    age = patient.age
    if patient.birth_date:
        born, today = datetime.fromisoformat(patient.birth_date).date(), here.clock.local(here.now_us()).date()
        age = str(today.year - born.year - ((today.month, today.day) < (born.month, born.day)))
    return " ".join(part for part in (here.words(f"sex.{patient.sex}"), age) if part)


def counts_out(here: Context, found: Iterator[Counts]) -> list[CountsOut]:
    return [
        CountsOut(
            kind=c.kind,
            kind_name=here.words.of(kinds()[c.kind]),
            asked=c.asked,
            in_time=c.in_time,
            late=c.late,
            missed=c.missed,
            open=c.open,
        )
        for c in found
    ]


def form_out(here: Context, case: Case, listed: Listed, kind: VisitKind) -> VisitFormOut:
    template = newest(here, kind)
    papers = [d for d in case.documents.values() if d.template == kind.template]
    mine = [d for d in papers if d.author == here.actor.account and not d.locked]
    draft = max(mine, key=lambda d: d.started_us, default=None)
    asked = here.template(draft) if draft else template
    return VisitFormOut(
        visit=visit_out(here, listed),
        title=here.words.of(asked),
        sections=[
            SectionOut(name=here.words.of(s), fields=[_question(here, case, f) for f in s.fields])
            for s in asked.sections
            if not kind.section or s.id == kind.section
        ],
        document=draft.id if draft else "",
        answers=answers_out(draft) if draft else {},
        seen=[d.id for d in papers],
        papers=[paper_out(here, d) for d in papers if d is not draft],
        summary=[LineOut(name=name, text=text) for name, text in summary(here, case) if text],
        may_write=not template.authors.isdisjoint(here.actor.roles),
        kept_s=KEPT_S,
    )


def newest(here: Context, kind: VisitKind) -> Template:
    found = here.department.templates.get(kind.template)
    if found is None:
        raise LookupError(kind.template)
    return found


def answers_out(document: Document) -> dict[str, AnswerOut]:
    """What stands, and "" with its number where an answer was taken back."""
    found: dict[str, AnswerOut] = {}
    for id_, item in document.items.items():
        if id_.startswith("field:") and item.versions:
            value = item.content.value if isinstance(item.content, Answer) else ""
            found[id_.removeprefix("field:")] = AnswerOut(
                value=list(value) if isinstance(value, tuple) else value, number=item.number
            )
    return found


def paper_out(here: Context, document: Document) -> PaperOut:
    template = here.template(document)
    said = (document.items.get(f"field:{f.id}") for f in template.fields)
    contents = [item.content for item in said if item is not None]
    return PaperOut(
        document=document.id,
        author_name=here.name_of(document.author),
        mine=document.author == here.actor.account,
        at=here.say.day(document.started_us),
        signed=document.locked,
        lines=[
            f"{here.words.of(field)}: {text_of(here, field, c.value)}"
            for c in contents
            if isinstance(c, Answer) and (field := template.field(c.field)) is not None
        ],
    )


def text_of(here: Context, field: Question | None, value: object) -> str:
    """An answer as people read it."""
    if value in {None, ""} if not isinstance(value, (tuple, list)) else not value:
        return "–"
    if isinstance(value, bool):
        return here.words("yes" if value else "no")
    if isinstance(value, int | float):
        return number(value) if field is None or field.unit in {"", "1"} else f"{number(value)} {display(field.unit)}"
    named = {o.code: here.words.of(o) for o in field.options} if field else {}
    if isinstance(value, (tuple, list)):
        return ", ".join(named.get(str(v), str(v)) for v in value)
    text = str(value)
    if field is not None and field.type == "time":
        return here.say.day(from_datetime(datetime.fromisoformat(text)))
    if field is not None and field.type == "term":
        term = here.department.libraries.named(field.library, text)
        return here.words.of(term) if term else text
    return named.get(text, text)


def _question(here: Context, case: Case, field: Question) -> QuestionOut:
    choices = [ChoiceOut(code=o.code, name=here.words.of(o)) for o in field.options]
    library = ""
    if field.type == "term":
        found = here.department.libraries.search(field.library, "", limit=_CHOICES + 1, day=here.today)
        library = field.library if len(found) > _CHOICES else ""
        own = [i.content.term for i in case.items.values() if isinstance(i.content, Coded)]
        terms = [t for t in own if t.library == field.library] if library else [c.term for c in found]
        choices = [ChoiceOut(code=t.code, name=f"{t.code} {here.words.of(t)}") for t in terms]
    return QuestionOut(
        id=field.id,
        name=here.words.of(field),
        type=field.type,
        unit="" if field.unit in {"", "1"} else display(field.unit),
        low=field.low,
        high=field.high,
        required=field.required,
        choices=choices,
        library=library,
    )
