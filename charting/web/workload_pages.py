"""The page of workload: a month of everybody, or of one person with every case and factor. The API says the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from charting.quality.periods import Period
from charting.quality.periods import month as month_of
from charting.reports.workload import COLUMNS, by_case, cells
from charting.web.api.workload import PersonKey, period_of, teller
from charting.web.context import Context, Here
from charting.web.shell import page
from charting.workload.differences import Change, Difference
from charting.workload.ledger import RIGHT, Statement
from charting.workload.lines import EXTRA, Line, Waiting
from charting.workload.spans import total
from charting.workload.telling import Teller

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """A factor as the page shows it; `plain`: it is 1 and changes nothing."""

    name: str
    value: str
    what: str
    plain: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of a person. `first`: of its case, which is told there, with as many rows as it has."""

    line: Line
    first: bool
    of: int
    when: str
    role: str
    procedures: str
    room: str
    emergency: bool
    chips: Sequence[Chip]
    minutes: str
    score: str


@router.get("/workload")
def workload(
    here: Here,
    request: Request,
    month: Annotated[str, Query(max_length=7, pattern=r"^(\d{4}-\d{2})?$")] = "",
    person: PersonKey = "",
) -> Response:
    """Everybody's, for who may see it and has named nobody; else one person's, his own where none is named."""
    ledger, period = here.department.ledger, period_of(here, month)
    if not person and here.can(RIGHT):
        return _page(here, request, "workload.html", ledger.everybody(here.actor, period))
    who = person or here.actor.account
    statement, one = ledger.one(here.actor, period, who)
    return _page(
        here,
        request,
        "workload_person.html",
        statement,
        one=one,
        who=who,
        who_name=one.name if one is not None else who.removeprefix("name:") if ":" in who else here.name_of(who),
        is_own=who == here.actor.account,
        rows=_rows(statement, who, teller(here, statement)),
        waiting=[w for w in statement.month.waiting if who in w.people],
        difference=statement.difference(who),
        dispute=ledger.disputes(period).get(who),
    )


def _page(here: Context, request: Request, template: str, statement: Statement, /, **values: object) -> Response:
    """One that stands still: its numbers do not change under the reader's eyes."""
    ledger, period, tell = here.department.ledger, statement.period, teller(here, statement)
    return page(
        here,
        request,
        template,
        still=True,
        period=period,
        near=_near(period, here.clock.zone),
        statement=statement,
        month=statement.month,
        locked=statement.locked,
        tell=tell,
        columns=COLUMNS,
        cells=lambda one: cells(one, tell),
        sees_all=here.can(RIGHT),
        may_lock=here.can(RIGHT) and here.can("freeze") and statement.locked is None
        and period.end_us <= here.now_us(),
        disputes=ledger.disputes(period) if here.can(RIGHT) else {},
        changes=lambda difference: _changes(difference, tell),
        by_reason=lambda waiting: _by_reason(waiting, tell),
        **values,
    )  # fmt: skip


def _near(period: Period, zone: str) -> Mapping[str, str]:
    """The months before and after."""
    return {"before": month_of(period.start_us - 1, zone).name, "after": month_of(period.end_us, zone).name}


def _rows(statement: Statement, person: str, tell: Teller) -> Sequence[Row]:
    return [
        Row(
            line=line,
            first=n == 0,
            of=len(lines),
            when=tell.when(line),
            role=f"{tell.stage(line.stage)} · {tell.role(line.stage, line.role)}",
            procedures=tell.procedures(label),
            room=label.room,
            emergency=label.emergency,
            chips=[
                Chip(name=tell.factor(f), value=tell.value(f), what=tell.what(f, label), plain=f.value == 1)
                for f in line.factors
            ],
            minutes="" if line.stage == EXTRA else tell.hours(total(line.spans)),
            score=tell.points(line.score),
        )
        for label, lines in by_case(statement.month, person)
        for n, line in enumerate(lines)
    ]


def _by_reason(waiting: Sequence[Waiting], tell: Teller) -> Mapping[str, Sequence[Waiting]]:
    """The document and why it does not count → all of which that holds; the most frequent first."""
    found: dict[str, list[Waiting]] = {}
    for each in waiting:
        found.setdefault(f"{tell.document(each.document)}: {tell.reasons(each.reasons)}", []).append(each)
    return dict(sorted(found.items(), key=lambda item: -len(item[1])))


def _changes(difference: Difference, tell: Teller) -> Sequence[tuple[Change, str, str]]:
    """Each change with its stage and role, and what makes it."""
    return [(c, f"{tell.stage(c.stage)} · {tell.role(c.stage, c.role)}", _why(c, tell)) for c in difference.changes]


def _why(change: Change, tell: Teller) -> str:
    if change.before is None:
        return tell("new")
    if change.after is None:
        return tell("gone")
    names = ", ".join(tell(f"factor.{key}") for key in change.factors)
    minutes = tell("min_more", n=f"{change.minutes:+d}") if change.minutes else ""
    return ", ".join(part for part in (tell("differ_by", factors=names) if names else "", minutes) if part)
