"""Charges: what was recorded and what of it the HIS has, by case and period; controlled drugs and their witnesses."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, Field

from charting.accounts.actor import Actor
from charting.accounts.refusals import SignInRefused
from charting.charges.controlled import Entry, Register, entries
from charting.charges.parts import Charging
from charting.charges.reconciling import Day
from charting.charges.statement import MEASURES, Statement
from charting.charges.telling import Teller
from charting.quality.periods import Period, period
from charting.reports.charges import pages
from charting.reports.charges_sheets import sheets
from charting.reports.xlsx import workbook
from charting.web import models
from charting.web.api.cases import CaseId, ItemId
from charting.web.api.records import DocumentId
from charting.web.context import Context, Here
from charting.web.problems import Problem
from collector.errors import UsageError

router = APIRouter(prefix="/api", tags=["charges"])

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PeriodName = Annotated[
    str, Path(max_length=10, pattern=r"^\d{4}-\d{2}(-\d{2})?$", description="A month 2026-11 or a day 2026-11-26")
]
Decimals = Annotated[str, Field(description="A decimal number")]


class RowOut(BaseModel):
    """`price` null: not known here. Quantities are decimals; `due`: what of it is signed or confirmed."""

    document: str
    source: str
    code: str
    name: str
    unit: str
    kind: str
    day: str
    price: Decimals | None
    recorded: Decimals
    due: Decimals
    charged: Decimals
    underway: Decimals
    refused: Decimals
    difference: Decimals
    entries: list[str] = Field(description="Items of the record")


class UnbilledOut(BaseModel):
    document: str
    entry: str
    why: str = Field(description="no_item, no_amount, no_time")
    code: str


class LineOut(BaseModel):
    """A line as it was posted: FT1."""

    id: str
    kind: str = Field(description="CG or CD")
    code: str
    quantity: Decimals
    reverses: str
    at_us: int
    made_us: int
    parcel: str
    state: str = Field(description="waiting, parked (not accepted), answered (accepted), withdrawn")


class SumsOut(BaseModel):
    """Estimates of ours by the catalogue's prices, of what has one."""

    recorded: Decimals
    charged: Decimals
    underway: Decimals
    refused: Decimals
    difference: Decimals


class CaseSumsOut(SumsOut):
    case: str
    anchor_us: int
    differs: bool
    unsigned: bool
    elsewhere: bool = Field(description="Something was signed before charging began, and billed in other ways")
    blocked: str = Field(description="held, no_number, or empty")
    lines: int = Field(description="Lines that the HIS has accepted")
    unbilled: int
    unpriced: int


class StatementOut(CaseSumsOut):
    rows: list[RowOut]
    not_billed: list[UnbilledOut]
    posted: list[LineOut]


class DayOut(SumsOut):
    day: str
    cases: int
    lines: int
    differing: int
    unbilled: int


class ReconciliationOut(SumsOut):
    period: str
    made_us: int
    unread: int
    days: list[DayOut]
    cases: list[CaseSumsOut]


class Witnessing(models.Asked):
    """Without an account: the person who asks. With one: somebody beside him, by his own password."""

    number: Annotated[int, Field(ge=1, le=100_000)] = Field(description="The version of the item that he saw")
    account: Annotated[str, Field(max_length=80)] = ""
    password: Annotated[str, Field(max_length=200)] = ""


class ControlledOut(BaseModel):
    """`item` "": given, and nobody has stated what became of it. `recorded`: what the record's doses add up to."""

    case: str
    document: str
    item: str
    number: int
    drug: str
    name: str
    kind: str
    at_us: int
    lot: str
    ampoules: int
    size: float
    unit: str
    given: float
    wasted: float
    empties: int
    recorded: str
    author: str
    witness: str
    witnessed_us: int | None


@router.get("/charges/{name}")
def get_charges(here: Here, name: PeriodName) -> ReconciliationOut:
    """Of a month or a day, by day and by case."""
    here.need("charge")
    found = charging(here).reconciling.of_period(period_of(here, name))
    whole = found.whole
    return ReconciliationOut(
        **_sums(whole),
        period=found.period.name,
        made_us=found.made_us,
        unread=found.unread,
        days=[
            DayOut(**_sums(d), day=d.day, cases=len(d.cases), lines=d.lines, differing=d.differing, unbilled=d.unbilled)
            for d in found.days
        ],
        cases=[CaseSumsOut(**_case(made)) for made in whole.cases],
    )


@router.get("/charges/cases/{case}")
def get_statement(here: Here, case: CaseId) -> StatementOut:
    """Of a case, with every line that was posted."""
    here.need("charge")
    return statement_out(here, charging(here).reconciling.of_case(case))


@router.post("/charges/cases/{case}/confirm")
def confirm(here: Here, case: CaseId) -> StatementOut:
    """What the record says now is charged."""
    here.desk.decide_charges(here.actor, case, confirmed=True)
    return statement_out(here, charging(here).reconciling.of_case(case))


@router.post("/charges/cases/{case}/hold")
def hold(here: Here, case: CaseId, asked: models.Because) -> StatementOut:
    """Nothing of the case is charged until somebody confirms."""
    here.desk.decide_charges(here.actor, case, confirmed=False, reason=asked.reason)
    return statement_out(here, charging(here).reconciling.of_case(case))


@router.get(
    "/charges/{name}/report.pdf", response_class=Response, responses={200: {"content": {"application/pdf": {}}}}
)
def get_pdf(here: Here, name: PeriodName) -> Response:
    """As pages."""
    here.need("charge")
    found, tell = charging(here).reconciling.of_period(period_of(here, name)), teller(here)
    title = tell("of", period=found.period.name)
    try:
        made = here.department.pdf(
            pages(found, tell, site=here.department.site), title=title, lang=here.lang, made_us=here.now_us()
        )
    except UsageError:
        raise Problem(503, "no_pdf") from None
    return _file(made, "application/pdf", name, "pdf")


@router.get("/charges/{name}/report.xlsx", response_class=Response, responses={200: {"content": {XLSX: {}}}})
def get_xlsx(here: Here, name: PeriodName) -> Response:
    """As a workbook: days, cases, items, and each line for comparing with the HIS."""
    here.need("charge")
    found, tell = charging(here).reconciling.of_period(period_of(here, name)), teller(here)
    title = tell("of", period=found.period.name)
    made = workbook(sheets(found, tell, site=here.department.site), title=title, made_us=here.now_us())
    return _file(made, XLSX, name, "xlsx")


@router.get("/controlled/{name}")
def get_controlled(here: Here, name: PeriodName) -> list[ControlledOut]:
    """Controlled drugs of a month or a day: what waits for somebody first."""
    here.need("witness")
    return [_controlled(here, entry) for entry in register(here).of_period(period_of(here, name))]


@router.get("/controlled/cases/{case}")
def get_controlled_of_case(here: Here, case: CaseId) -> list[ControlledOut]:
    here.need("witness")
    found = entries(here.desk.case(case), here.department.libraries, here.department.templates)
    return [_controlled(here, entry) for entry in found]


@router.post(
    "/controlled/cases/{case}/{document}/{item}/witness",
    responses={403: {"description": "Wrong, or may not witness"}, 429: {"description": "Too many attempts"}},
)
def witness(
    here: Here, request: Request, case: CaseId, document: DocumentId, item: ItemId, asked: Witnessing
) -> list[ControlledOut]:
    """Somebody saw what the item says of a controlled drug: never who stated it."""
    here.need("witness")
    here.desk.witness(_who(here, request, asked), case, document=document, item=item, number=asked.number)
    return get_controlled_of_case(here, case)


def _who(here: Context, request: Request, asked: Witnessing) -> Actor:
    if not asked.account:
        return here.actor
    found = here.department.sign_in.vouch(asked.account, asked.password, request.client.host if request.client else "")
    if isinstance(found, SignInRefused):
        raise Problem(429 if found.wait_s else 403, found.key, refusal=found, retry_s=found.wait_s)
    return found


def charging(here: Context) -> Charging:
    found = here.department.exchange.charging
    if found is None:
        raise Problem(404, "unknown")
    return found


def register(here: Context) -> Register:
    return charging(here).register


def teller(here: Context) -> Teller:
    return Teller(here.lang, here.clock, here.name_of)


def period_of(here: Context, name: str) -> Period:
    """A month or a day. Raises Problem 422 for what is none."""
    try:
        return period(name if len(name) < 8 else f"{name}..{name}", here.clock.zone)
    except UsageError:
        raise Problem(422, "invalid", where=name) from None


def _file(made: bytes, kind: str, name: str, ending: str) -> Response:
    disposition = f'attachment; filename="charges-{name}.{ending}"'
    return Response(made, media_type=kind, headers={"content-disposition": disposition})


def _sums(made: Day | Statement) -> dict[str, str]:
    return {measure: f"{made.money(measure):f}" for measure in MEASURES}


def _case(made: Statement) -> dict[str, Any]:
    return {
        **_sums(made),
        "case": made.case.id,
        "anchor_us": made.anchor_us,
        "differs": made.differs,
        "unsigned": made.unsigned,
        "elsewhere": made.elsewhere,
        "blocked": made.blocked,
        "lines": made.lines,
        "unbilled": len(made.unbilled),
        "unpriced": made.unpriced,
    }


def statement_out(here: Context, made: Statement) -> StatementOut:
    tell = teller(here)
    return StatementOut(
        **_case(made),
        rows=[
            RowOut(
                document=row.document,
                source=row.source,
                code=row.code,
                name=tell.item(row),
                unit=row.unit,
                kind=row.kind,
                day=row.day,
                price=None if row.price is None else f"{row.price:f}",
                due=f"{row.due:f}",
                entries=list(row.entries),
                **{measure: f"{getattr(row, measure):f}" for measure in MEASURES},
            )
            for row in made.rows
        ],
        not_billed=[UnbilledOut(document=u.document, entry=u.entry, why=u.why, code=u.code) for u in made.unbilled],
        posted=[
            LineOut(
                id=c.id,
                kind=c.kind,
                code=c.item,
                quantity=f"{c.quantity:f}",
                reverses=c.reverses,
                at_us=c.at_us,
                made_us=c.made_us,
                parcel=c.parcel,
                state=posting.state,
            )
            for posting in made.postings
            for c in posting.charges
        ],
    )


def _controlled(here: Context, entry: Entry) -> ControlledOut:
    tell, told = teller(here), entry.told
    return ControlledOut(
        case=entry.case.id,
        document=entry.document,
        item=entry.item,
        number=entry.number,
        drug=entry.drug.code,
        name=tell.term(entry.drug),
        kind=entry.kind,
        at_us=entry.at_us,
        lot=told.lot if told else "",
        ampoules=told.ampoules if told else 0,
        size=told.size if told else 0,
        unit=told.unit if told else "",
        given=told.given if told else 0,
        wasted=told.wasted if told else 0,
        empties=told.empties if told else 0,
        recorded=tell.amount(entry.recorded),
        author=entry.author,
        witness=entry.witness[0] if entry.witness else "",
        witnessed_us=entry.witness[1] if entry.witness else None,
    )
