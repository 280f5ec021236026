"""Workload of people by month: scores with every factor, locks, differences, disputes, reports to keep.

Everybody sees his own; the right `workload` sees everybody's.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, Field

from charting.quality.periods import Period
from charting.reports.workload import pages
from charting.reports.workload_sheets import sheets
from charting.reports.xlsx import workbook
from charting.web import models
from charting.web.context import Context, Here
from charting.web.problems import Problem
from charting.workload.differences import Difference
from charting.workload.ledger import RIGHT, Statement
from charting.workload.lines import Line, Waiting
from charting.workload.locks import Dispute
from charting.workload.month import PersonMonth
from charting.workload.spans import total
from charting.workload.telling import Teller
from collector.errors import UsageError

router = APIRouter(prefix="/api/workload", tags=["workload"])

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MonthName = Annotated[str, Path(max_length=7, pattern=r"^\d{4}-\d{2}$", description="A month, as 2026-11")]
PersonKey = Annotated[
    str,
    Query(max_length=120, pattern=r"^[^\x00-\x1f\x7f]*$", description="An account, or name:… of who has none"),
]
AccountName = Annotated[str, Path(max_length=40, pattern=r"^[a-z0-9][a-z0-9._-]*$", description="An account")]


class PersonOut(BaseModel):
    """`minutes`: the union of his intervals; `case_minutes`: the sum over cases. Those of holidays are also nights'."""

    person: str
    name: str
    account: str = Field(description="Empty: told apart by name alone")
    score: float
    own: float = Field(description="Of the month itself")
    carried: float = Field(description="Corrections of locked months")
    minutes: int
    case_minutes: int
    cases: int
    parallel_min: int
    handovers: int
    evening_min: int
    night_min: int
    holiday_min: int
    waiting: int = Field(description="How much of his is not counted yet")


class WaitingOut(BaseModel):
    case: str
    at_us: int
    stage: str
    document: str
    reasons: list[str] = Field(description="Keys")
    text: str
    people: dict[str, str]


class CarriedOut(BaseModel):
    period: str
    person: str
    name: str
    score: float


class ChangeOut(BaseModel):
    case: str
    stage: str
    role: str
    before: float | None
    after: float | None
    score: float
    minutes: int
    factors: list[str]


class DifferenceOut(BaseModel):
    person: str
    name: str
    before: float
    after: float
    score: float
    changes: list[ChangeOut]


class RemarkOut(BaseModel):
    by: str
    by_name: str
    at_us: int
    text: str
    answer: bool


class DisputeOut(BaseModel):
    account: str
    name: str
    open: bool = Field(description="Nobody has answered what was said last")
    remarks: list[RemarkOut]


class StateOut(BaseModel):
    """Of a month. `formula`: the scheme's version with a digest of all that it says."""

    month: str
    zone: str
    formula: str
    made_us: int
    locked: bool
    locked_by: str
    locked_us: int | None
    holidays: bool = Field(description="Whether the scheme names holidays of that year")


class MonthOut(StateOut):
    people: list[PersonOut]
    cases: int
    waiting: list[WaitingOut]
    carried: list[CarriedOut]
    differences: list[DifferenceOut]


class FactorOut(BaseModel):
    key: str
    name: str
    value: float
    what: dict[str, str]
    text: str = Field(description="From what it comes")


class LineOut(BaseModel):
    """A person on a case in one stage and role: `score` is the product of the factors, to 3 decimals."""

    case: str
    at_us: int
    stage: str
    role: str
    minutes: int
    handed_over: bool
    factors: list[FactorOut]
    score: float


class OneOut(StateOut):
    """`person` null: nothing of the month is his."""

    person: PersonOut | None
    lines: list[LineOut]
    waiting: list[WaitingOut]
    carried: list[CarriedOut]
    differences: list[DifferenceOut]
    dispute: DisputeOut | None


class Said(models.Asked):
    text: Annotated[str, Field(min_length=1, max_length=2000, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$")]


@router.get("/scheme")
def get_scheme(here: Here) -> dict[str, Any]:
    """How work is scored now."""
    scheme = here.department.ledger.scheme
    return {"formula": scheme.formula, **scheme.model_dump(mode="json")}


@router.get("/{month}")
def get_month(here: Here, month: MonthName) -> MonthOut:
    """Everybody's."""
    period = period_of(here, month)
    return month_out(here, here.department.ledger.everybody(here.actor, period))


@router.get("/{month}/person")
def get_person(here: Here, month: MonthName, person: PersonKey = "") -> OneOut:
    """One person's with every case and factor; none named: one's own."""
    ledger, period, who = here.department.ledger, period_of(here, month), person or here.actor.account
    statement, one = ledger.one(here.actor, period, who)
    tell = teller(here, statement)
    dispute = ledger.disputes(period).get(who)
    found = statement.difference(who)
    return OneOut(
        **_state(here, statement),
        person=None if one is None else _person(one),
        lines=[_line(line, statement, tell) for line in statement.month.lines if line.person == who],
        waiting=[_waiting(w, tell) for w in statement.month.waiting if who in w.people],
        carried=[c for c in _carried(statement) if c.person == who],
        differences=[] if found is None else [_difference(found)],
        dispute=None if dispute is None else _dispute(here, dispute),
    )


@router.post("/{month}/lock")
def lock_month(here: Here, month: MonthName) -> MonthOut:
    """Keep every number of a month that is over; what is corrected later is a difference, booked in an open month."""
    return month_out(here, here.department.ledger.lock(here.actor, period_of(here, month)))


@router.get("/{month}/disputes")
def list_disputes(here: Here, month: MonthName) -> list[DisputeOut]:
    """One's own; everybody's for who sees everybody."""
    found = here.department.ledger.disputes(period_of(here, month)).values()
    return [_dispute(here, d) for d in found if here.can(RIGHT) or d.account == here.actor.account]


@router.post("/{month}/disputes", status_code=201)
def dispute(here: Here, month: MonthName, asked: Said) -> DisputeOut:
    """Say what is wrong with one's own month."""
    return _dispute(here, here.department.ledger.dispute(here.actor, period_of(here, month), asked.text))


@router.post("/{month}/disputes/{account}/answer", status_code=201)
def answer(here: Here, month: MonthName, account: AccountName, asked: Said) -> DisputeOut:
    """Answer what a person disputes; nobody answers his own."""
    return _dispute(here, here.department.ledger.answer(here.actor, period_of(here, month), account, asked.text))


@router.get("/{month}/report.pdf", response_class=Response, responses={200: {"content": {"application/pdf": {}}}})
def get_pdf(here: Here, month: MonthName, person: PersonKey = "") -> Response:
    """As pages: one person's, or everybody's."""
    statement = _asked(here, month, person)
    tell = teller(here, statement)
    drawn = pages(statement, tell, site=here.department.site, person=person)
    title = tell("of", month=statement.period.name)
    try:
        made = here.department.pdf(drawn, title=title, lang=here.lang, made_us=here.now_us())
    except UsageError:
        raise Problem(503, "no_pdf") from None
    return _file(made, "application/pdf", month, "pdf")


@router.get("/{month}/report.xlsx", response_class=Response, responses={200: {"content": {XLSX: {}}}})
def get_xlsx(here: Here, month: MonthName, person: PersonKey = "") -> Response:
    """As a workbook: one person's, or everybody's."""
    statement = _asked(here, month, person)
    tell = teller(here, statement)
    made = workbook(
        sheets(statement, tell, site=here.department.site, person=person),
        title=tell("of", month=statement.period.name),
        made_us=here.now_us(),
    )
    return _file(made, XLSX, month, "xlsx")


def _file(made: bytes, kind: str, month: str, ending: str) -> Response:
    """No name of a person in it."""
    name = f"workload-{month}.{ending}"
    return Response(made, media_type=kind, headers={"content-disposition": f'attachment; filename="{name}"'})


def period_of(here: Context, month: str) -> Period:
    """Raises WorkloadRefusal."""
    return here.department.ledger.period(month)


def teller(here: Context, statement: Statement) -> Teller:
    return Teller(here.lang, here.clock, statement.scheme, here.department.templates, here.name_of)


def _asked(here: Context, month: str, person: str) -> Statement:
    ledger, period = here.department.ledger, period_of(here, month)
    return ledger.one(here.actor, period, person)[0] if person else ledger.everybody(here.actor, period)


def month_out(here: Context, statement: Statement) -> MonthOut:
    tell = teller(here, statement)
    return MonthOut(
        **_state(here, statement),
        people=[_person(p) for p in statement.month.people],
        cases=statement.month.cases,
        waiting=[_waiting(w, tell) for w in statement.month.waiting],
        carried=_carried(statement),
        differences=[_difference(d) for d in statement.differences],
    )


def _state(here: Context, statement: Statement) -> dict[str, Any]:
    month, locked = statement.month, statement.locked
    return {
        "month": month.period,
        "zone": month.zone,
        "formula": month.formula,
        "made_us": month.made_us,
        "locked": locked is not None,
        "locked_by": "" if locked is None else here.name_of(locked.by),
        "locked_us": None if locked is None else locked.at_us,
        "holidays": month.holidays,
    }


def _person(one: PersonMonth) -> PersonOut:
    return PersonOut(**{name: getattr(one, name) for name in PersonOut.model_fields})


def _waiting(one: Waiting, tell: Teller) -> WaitingOut:
    return WaitingOut(
        case=one.case,
        at_us=one.at_us,
        stage=one.stage,
        document=one.document,
        reasons=[reason.key for reason in one.reasons],
        text=tell.reasons(one.reasons),
        people=dict(one.people),
    )


def _carried(statement: Statement) -> list[CarriedOut]:
    return [
        CarriedOut(period=c.period, person=c.person, name=c.name, score=float(c.score)) for c in statement.month.carried
    ]


def _difference(one: Difference) -> DifferenceOut:
    changes = [
        ChangeOut(**{name: getattr(c, name) for name in ChangeOut.model_fields} | {"factors": list(c.factors)})
        for c in one.changes
    ]
    said = {name: getattr(one, name) for name in DifferenceOut.model_fields if name != "changes"}
    return DifferenceOut(**said, changes=changes)


def _line(line: Line, statement: Statement, tell: Teller) -> LineOut:
    label = statement.month.labels[line.case]
    return LineOut(
        case=line.case,
        at_us=line.at_us,
        stage=line.stage,
        role=line.role,
        minutes=total(line.spans),
        handed_over=line.relayed,
        factors=[
            FactorOut(key=f.key, name=tell.factor(f), value=float(f.value), what=dict(f.what), text=tell.what(f, label))
            for f in line.factors
        ],
        score=float(line.score),
    )


def _dispute(here: Context, one: Dispute) -> DisputeOut:
    return DisputeOut(
        account=one.account,
        name=here.name_of(one.account),
        open=one.open,
        remarks=[
            RemarkOut(by=r.by, by_name=here.name_of(r.by), at_us=r.at_us, text=r.text, answer=r.answer)
            for r in one.remarks
        ],
    )
