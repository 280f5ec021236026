"""The pages of charges: a period, a case's charge sheet, the register of controlled drugs. The API says the same."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import groupby
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from charting.accounts.rights import rights
from charting.case.authority import may_set
from charting.charges.controlled import Entry, entries
from charting.charges.statement import MEASURES, Row, Statement
from charting.quality.periods import Period
from charting.quality.periods import month as month_of
from charting.trail.entries import content_json
from charting.web import models
from charting.web.api.charges import charging, period_of, register, teller
from charting.web.context import Context, Here
from charting.web.quick import NOW
from charting.web.shell import page

router = APIRouter(include_in_schema=False)

MonthAsked = Annotated[str, Query(max_length=7, pattern=r"^(\d{4}-\d{2})?$")]
DayAsked = Annotated[str, Query(max_length=10, pattern=r"^(\d{4}-\d{2}-\d{2})?$")]
_KINDS = ("service", "drug", "consumable", "")


@router.get("/charges")
def charges_page(here: Here, request: Request, month: MonthAsked = "", day: DayAsked = "", only: str = "") -> Response:
    """A month, or one of its days; `only`: cases with a difference."""
    here.need("charge")
    name = day or month or month_of(here.now_us(), here.clock.zone).name
    asked = period_of(here, name)
    found = charging(here).reconciling.of_period(asked)
    cases = [made for made in found.whole.cases if made.differs or not only]
    return page(
        here,
        request,
        "charges.html",
        still=True,
        tell=teller(here),
        name=name,
        month=name[:7],
        day=day,
        only=bool(only),
        near=_near(here, asked),
        found=found,
        whole=found.whole,
        cases=cases,
        measures=MEASURES,
        posts=charging(here).destination is not None,
    )


@router.get("/charges/{case}")
def case_page(here: Here, request: Request, case: models.Id) -> Response:
    """The charge sheet of a case."""
    here.need("charge")
    known = here.desk.read(here.actor, case)
    made = charging(here).reconciling.of_case(case)
    return page(
        here,
        request,
        "charges_case.html",
        about=case,
        tell=teller(here),
        case=known,
        made=made,
        groups=_groups(made),
        measures=MEASURES,
        entries_of=lambda row: _said(here, made, row.document, row.entries),
        entry_of=lambda each: "; ".join(_said(here, made, each.document, [each.entry])),
        decided=_decided(here, made),
        documents={d.id: here.words.of(here.template(d)) for d in known.documents.values()},
        posts=charging(here).destination is not None,
    )


@router.get("/controlled")
def register_page(here: Here, request: Request, month: MonthAsked = "") -> Response:
    """The register of a month: what waits for somebody first."""
    here.need("witness")
    name = month or month_of(here.now_us(), here.clock.zone).name
    asked = period_of(here, name)
    found = register(here).of_period(asked)
    return page(
        here,
        request,
        "charges_register.html",
        still=True,
        tell=teller(here),
        name=name,
        near=_near(here, asked),
        found=found,
        waiting=sum(entry.waits for entry in found),
    )


@router.get("/controlled/{case}")
def controlled_page(here: Here, request: Request, case: models.Id) -> Response:
    """What became of a case's controlled drugs: to be stated by who writes the record, and witnessed by another."""
    here.need("witness")
    known = here.desk.read(here.actor, case)
    found = entries(known, here.department.libraries, here.department.templates)
    writes = {d.id for d in known.documents.values() if not d.locked and may_set(here.actor, d, here.template(d), None)}
    return page(
        here,
        request,
        "charges_controlled.html",
        about=case,
        tell=teller(here),
        case=known,
        found=found,
        writes=writes,
        documents={d.id: here.words.of(here.template(d)) for d in known.documents.values()},
        states=_stating,
        own=lambda entry: here.actor.account in _writers(entry),
        witnesses=[a for a in here.department.people()
                   if a.active and a.account != here.actor.account and a.roles & rights()["witness"]],
    )  # fmt: skip


def _near(here: Context, asked: Period) -> Mapping[str, str]:
    """The months before and after."""
    zone = here.clock.zone
    before, after = month_of(asked.start_us, zone, 1).name, month_of(asked.start_us, zone, -1).name
    return {"before": before, "after": after}


def _groups(made: Statement) -> Sequence[tuple[str, Sequence[Row]]]:
    """Services, drugs, consumables; then what is no item of the catalogue any more."""
    ranked = sorted(made.rows, key=lambda row: (_KINDS.index(row.kind if row.kind in _KINDS else ""), row.code))
    return [(kind, list(rows)) for kind, rows in groupby(ranked, key=lambda row: row.kind)]


def _said(here: Context, made: Statement, document: str, items: Sequence[str]) -> list[str]:
    """The entries of the record behind a row, as people read them."""
    record = made.case.documents.get(document)
    template = here.template(record) if record else None
    found = []
    for id_ in items:
        item = (record.items.get(id_) if record else None) or made.case.items.get(id_)
        if item is not None:
            found.append(here.say.content(item.content, template))
    return found


def _decided(here: Context, made: Statement) -> str:
    if made.case.charges is None:
        return ""
    body, by, at_us = made.case.charges
    tell = teller(here)
    said = tell("decided", what=tell(body.decision), by=here.name_of(by), time=tell.moment(at_us))
    return f"{said} {body.reason}".strip()


def _stating(entry: Entry, again: bool) -> str:
    """What a form about it sends, but for what is typed into it; `again`: of another lot."""
    if entry.told is not None and not again:
        return json.dumps({"after": entry.number, "content": content_json(entry.told)}, ensure_ascii=False)
    content = {"kind": "controlled", "drug": asdict(entry.drug), "at_us": NOW}
    return json.dumps({"after": 0, "content": content}, ensure_ascii=False)


def _writers(entry: Entry) -> set[str]:
    item = entry.case.documents[entry.document].items.get(entry.item)
    return {version.author for version in item.versions} if item else set()
