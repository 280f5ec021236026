"""The pages: HTML of what the API says, from the same functions. A page fetches itself anew when its case changes."""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime, time, timedelta
from functools import partial
from itertools import takewhile
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from alarms.temperature import Core, sites
from charting.accounts.actor import ROLES
from charting.case.authority import may_begin, may_write
from charting.case.checks import LIBRARY_OF
from charting.case.events import events
from charting.case.findings import finding_item, findings
from charting.case.state import Case, Item
from charting.inbox.checkin import AROUND_US
from charting.inbox.operations import Operation
from charting.trail.contents import Attendance, Charted, Coded, Event, Finding, Pace, Patient
from charting.trail.entries import Entry, content_json
from charting.trail.trail import CaseRow
from charting.web import models
from charting.web.api.admin import account_out
from charting.web.api.advice import cards_of
from charting.web.api.advisories import consider_leaving
from charting.web.api.lists import list_libraries
from charting.web.api.mappings import mappings
from charting.web.context import Context, Here
from charting.web.problems import Problem
from charting.web.quick import NOW
from charting.web.shell import fragment, outside, page
from charting.web.still import still_running

router = APIRouter(include_in_schema=False)

STAFF = ("anaesthetist", "anaesthesia_assistant", "anaesthesia_trainee", "anaesthesia_nurse", "surgeon", "assistant",
         "scrub_nurse", "circulating_nurse", "perfusionist", "pacu_nurse", "icu_nurse", "intensivist")  # fmt: skip
"""As what people are on a case."""

_ASKING = frozenset({"icu_planned", "t_cancel", "t_room_out", "t_pacu_out"})
"""Events of which the time alone says too little."""

_ENTRIES = 200

_BRACKETS = re.compile(r"（[^）]*）|\([^)]*\)")
"""What a button leaves out of a name."""


@router.get("/sign-in")
def sign_in(request: Request) -> Response:
    return outside(request, "sign_in.html")


@router.get("/locked")
def locked(here: Here, request: Request) -> Response:
    if not here.person.locked:
        return RedirectResponse("/", 303)
    return page(here, request, "locked.html")


@router.get("/")
def department(
    here: Here,
    request: Request,
    text: Annotated[str, Query(max_length=100)] = "",
    since: Annotated[str, Query(max_length=10)] = "",
    until: Annotated[str, Query(max_length=10)] = "",
) -> Response:
    """Beds with their cases, and the search of past ones. Who reads no cases is led to what he may see."""
    if not here.can("read"):
        other = next(
            (
                href
                for right, href in (("manage_accounts", "/accounts"), ("operate", "/fleet"), ("audit", "/audit"))
                if here.can(right)
            ),
            "",
        )
        return (
            RedirectResponse(other, 303)
            if other
            else page(here, request, "problem.html", text=here.words("nothing_here"))
        )
    rows = here.trail.rows(state="open", limit=1000)
    known = {bed.id for bed in here.beds}
    searched = bool(text or since or until)
    now_us = here.now_us()
    planned = here.department.exchange.messages.operations(now_us - AROUND_US, now_us + AROUND_US)
    blocked = _blocked(here)
    return page(
        here,
        request,
        "department.html",
        rooms=[_room(here, bed, [row for row in rows if row.bed == bed.id], planned, blocked) for bed in here.beds],
        elsewhere=[row for row in rows if row.bed not in known],
        can_open=here.can("open_case"),
        searched=searched,
        found=_search(here, text, _day(since), _day(until)) if searched else [],
        text=text,
        since=_day(since) or "",
        until=_day(until) or "",
    )


def _blocked(here: Context) -> frozenset[str]:
    """Beds to which the hospital has told another patient."""
    waiting = here.department.exchange.messages.of_state("waiting")
    return frozenset(d.params["bed"] for m in waiting for d in m.done if d.key == "refused:bed_taken")


def _room(
    here: Context, bed: Any, rows: Sequence[CaseRow], planned: Sequence[Operation], blocked: Collection[str]
) -> Mapping[str, object]:
    """`following`: for a free bed, whom the operation list has next."""
    alerts = [here.words("inbox.bed_told")] if bed.id in blocked else []
    cases: list[Mapping[str, object]] = []
    for row in rows:
        known = here.desk.apart.trying(row.case, partial(_record_and_alerts, here, row.case))
        record, provisional, told = known or ("", False, [here.words("case_unreadable")])
        named = {name: getattr(row, name) for name in CaseRow.__slots__}
        cases.append({**named, "record": record, "provisional": provisional})
        alerts += told
    if len(rows) > 1:
        alerts.append(here.words("overlapping"))
    own = [op for op in planned if op.bed == bed.id and not op.case and op.state == "booked"]
    return {
        "bed": bed,
        "cases": cases,
        "alerts": alerts,
        "following": own[0] if own and not rows else None,
        "last_us": here.department.last_us(bed.id),
    }


def _record_and_alerts(here: Context, id_: str) -> tuple[str, bool, Sequence[str]]:
    """Where the case's record is, "" without one, whether nobody has confirmed it, what is to be seen of it at once."""
    case = here.desk.case(id_)
    grid = next((d for d in case.documents.values() if here.template(d).grid), None)
    alerts = [here.words("held_alert", device=device) for device in case.held]
    alerts += [here.words("rescue_on") for _ in open_paces(case, "rescue")]
    if case.says is not None and case.says_open:
        alerts += [w.text(here.lang) for w in here.desk.warnings(case) if w.key.startswith("says_")]
    return f"/records/{id_}/{grid.id}" if grid else "", case.provisional, alerts


def open_paces(case: Case, why: str) -> Iterator[tuple[Item, Pace]]:
    """Where the grid is closer now."""
    for item in case.items.values():
        if isinstance(item.content, Pace) and item.content.why == why and item.content.end_us is None:
            yield item, item.content


def _search(here: Context, text: str, since: date | None, until: date | None) -> Sequence[CaseRow]:
    zone = ZoneInfo(here.clock.zone)

    def at_us(day: date | None) -> int | None:
        return None if day is None else round(datetime.combine(day, time(), zone).timestamp()) * 1_000_000

    after = None if until is None or until == date.max else until + timedelta(days=1)
    return here.trail.rows(text=text, since_us=at_us(since), until_us=at_us(after), limit=300)


def _day(said: str) -> date | None:
    """None where no day was chosen."""
    try:
        return date.fromisoformat(said)
    except ValueError:
        return None


@router.get("/dialogs/open")
def open_dialog(here: Here, bed: models.BedId) -> Response:
    return fragment(here, "dialog_open.html", bed=here.bed(bed), empty_patient=Patient())


@router.get("/cases/{case}")
def case_page(here: Here, request: Request, case: models.Id) -> Response:
    found = here.desk.read(here.actor, case)
    return page(
        here, request, "case.html", about=case, case=found, cards=cards_of(here, found), **_case_values(here, found)
    )


def _case_values(here: Context, case: Case) -> Mapping[str, object]:
    staff = [(i, i.content) for i in case.items.values() if isinstance(i.content, Attendance)]
    notes = [
        (i, i.content) for i in case.items.values() if isinstance(i.content, Event) and events()[i.content.key].many
    ]
    begun = {d.template for d in case.documents.values()}
    startable = [
        template
        for template in here.department.templates.newest()
        if may_begin(here.actor, template)
        and (template.many or template.name not in begun)
        and case.state != "discarded"
    ]
    return {
        "warnings": warnings(here, case),
        "event_buttons": event_buttons(here, case),
        "event_list": [{"id": i.id, "text": here.say.content(e)} for i, e in sorted(notes, key=lambda n: n[1].at_us)],
        "staff": [
            {
                "id": i.id,
                "content": a,
                "leave": {"after": i.number, "content": {**content_json(a), "out_us": NOW}},
            }
            for i, a in sorted(staff, key=lambda s: s[1].in_us)
        ],
        "findings": [_finding(here, case, key) for key in findings()],
        "codes": [{"id": i.id, "content": i.content} for i in case.items.values() if isinstance(i.content, Coded)],
        "documents": [
            {
                "id": d.id,
                "title": here.words.of(here.template(d)),
                "author": here.name_of(d.author),
                "locked": d.locked,
                "version": d.version,
                "asked": d.unlock_asked is not None,
                "returned": d.returned is not None,
            }
            for d in case.documents.values()
        ],
        "startable": [
            {"title": here.words.of(t), "body": {"case": case.id, "template": t.name, "document": "{id}"}}
            for t in startable
        ],
    }


def _finding(here: Context, case: Case, key: str) -> Mapping[str, object]:
    """What stands of a finding: yes, no, or unsaid; `number` of its item's last version."""
    item = case.items.get(finding_item(key))
    content = item.content if item else None
    said = content.value if isinstance(content, Finding) else "unsaid"
    return {"key": key, "said": said, "number": item.number if item else 0, "name": here.words(f"finding.{key}")}


def warnings(here: Context, case: Case) -> Sequence[str]:
    """What is odd about the case, but for held devices: those are asked about above it."""
    return [w.text(here.lang) for w in here.desk.warnings(case) if w.key != "device_held"]


def event_buttons(here: Context, case: Case) -> Sequence[Mapping[str, Any]]:
    """The events in order; the one that is next by the order is marked."""
    found: list[dict[str, Any]] = []
    items = [(i, i.content) for i in case.items.values() if isinstance(i.content, Event)]
    reached = max((events()[e.key].order or 0 for _, e in items), default=0)
    for kind in events().values():
        if kind.key in {"note", "t_death"}:
            continue
        own = [{"id": i.id, "at_us": e.at_us, "edited": i.edited} for i, e in items if e.key == kind.key]
        following = kind.order is not None and kind.order > reached
        found.append(
            {
                "key": kind.key,
                "name": _BRACKETS.sub("", here.words.of(kind)).strip(),
                "many": kind.many,
                "asks": kind.key in _ASKING,
                "done": own,
                "next": following and not any(e["next"] for e in found),
            }
        )
    return found


@router.get("/cases/{case}/dialogs/{which}")
def case_dialog(
    here: Here, case: models.Id, which: models.Id, key: models.Id = "note", value: Literal["", "yes", "no"] = ""
) -> Response:
    """`value`: what is chosen beforehand of a finding."""
    if which not in {"patient", "move", "close", "reopen", "discard", "attendance", "code", "event", "finding"}:
        raise Problem(404, "unknown")
    found = here.desk.read(here.actor, case)
    if key not in (findings() if which == "finding" else events()):
        raise Problem(404, "unknown")
    return fragment(
        here,
        "dialog_case.html",
        which=which,
        case=found,
        beds=here.beds,
        kind=findings()[key] if which == "finding" else events()[key],
        finding=_finding(here, found, key) if which == "finding" else None,
        chosen=value,
        uses=LIBRARY_OF,
        staff_roles={role: here.words(f"staff.{role}") for role in STAFF},
        people=[a for a in here.department.people() if a.active],
        running=still_running(here, found, found.documents.values()) if which == "close" else [],
        unsigned=[here.words.of(here.template(d)) for d in found.documents.values() if not d.locked],
        consider=consider_leaving(here, case) if which == "event" and key == "t_pacu_out" else "",
    )


@router.get("/cases/{case}/items/{item}")
def case_item(here: Here, case: models.Id, item: models.Id) -> Response:
    found = here.desk.read(here.actor, case)
    thing = here.item(found, "", item)
    kind = next((v.content.kind for v in reversed(thing.versions) if v.content is not None), "")
    may = found.state != "discarded" and may_write(here.actor, kind) and item != "patient"
    return item_dialog(here, thing, path=f"/cases/{case}", send=f"/api/cases/{case}/items/{item}", may=may)


def item_dialog(here: Context, item: Item, *, path: str, send: str, may: bool, **more: object) -> Response:
    """What an item says, how it came to be, and what may be done with it."""
    content = next((v.content for v in reversed(item.versions) if v.content is not None), None)
    values: dict[str, object] = {
        "item": item,
        "path": path,
        "send": send,
        "may": may,
        "editable": content is not None and content.kind in _EDITED,
        "heading": here.words(f"kind.{content.kind}") if content is not None else here.words("details"),
        "content": content,
        "term_json": json.dumps(asdict(content.term), ensure_ascii=False) if isinstance(content, Coded) else "",
        "standing": here.say.content(item.content),
        "body": {"after": item.number, "content": content_json(content) if content is not None else {}},
        "needs_reason": True,
        "beside": [],
        "readings": [],
        "excursions": [],
        "accept": None,
        "template": None,
        "why_not": here.words("not_yours"),
        "detail_kind": events()[content.key]
        if isinstance(content, Event)
        else findings()[content.key]
        if isinstance(content, Finding)
        else None,
        "sites": body_sites(here) if isinstance(content, Charted) and content.signal in {"temp", "temp2"} else [],
        "uses": LIBRARY_OF,
        "staff_roles": {role: here.words(f"staff.{role}") for role in STAFF},
    }
    return fragment(here, "item.html", **(values | more))


def body_sites(here: Context) -> Sequence[tuple[str, str]]:
    """Where a person may say that he took a temperature: name and word."""
    kept = (s for s in sites().values() if s.core is not Core.UNKNOWN and s.name != "skin")
    return [(site.name, here.words.of(site)) for site in kept]


_EDITED = frozenset(
    {
        "event",
        "attendance",
        "coded",
        "pace",
        "charted",
        "bolus",
        "infusion",
        "volume",
        "consumable",
        "breathing",
        "remark",
        "warming",
        "finding",
    }
)
"""Kinds that the dialog can change: the others are voided and made anew, or belong to a form."""


@router.get("/accounts")
def accounts_page(here: Here, request: Request) -> Response:
    found = [account_out(account) for account in here.department.accounts.all(here.actor)]
    return page(here, request, "accounts.html", accounts=found, roles=ROLES)


@router.get("/accounts/{account}")
def account_dialog(here: Here, account: models.Id) -> Response:
    found = next((a for a in here.department.accounts.all(here.actor) if a.account == account), None)
    if found is None:
        raise Problem(404, "unknown")
    return fragment(here, "dialog_account.html", a=account_out(found), roles=ROLES)


@router.get("/libraries")
def libraries_page(here: Here, request: Request) -> Response:
    return page(
        here,
        request,
        "libraries.html",
        libraries=list_libraries(here),
        mappings=mappings(here),
        keeps=here.department.keeps_libraries,
    )


@router.get("/audit")
def audit_page(
    here: Here,
    request: Request,
    before: Annotated[int | None, Query(ge=1, le=2**53)] = None,
    case: Annotated[str, Query(max_length=120)] = "",
    verify: Literal["", "begin", "go_on"] = "",
) -> Response:
    """Entries, the newest first; `before`: only older ones."""
    here.need("audit")
    end = here.trail.last() + 1 if before is None else before
    found = here.trail.entries(case) if case else here.trail.all(max(0, end - 1 - _ENTRIES))
    shown = list(takewhile(lambda e: e.seq < end, found))[-_ENTRIES:]
    earlier = bool(shown) and (here.trail.entries(case)[0].seq if case else 1) < shown[0].seq
    return page(
        here,
        request,
        "audit.html",
        entries=[
            {
                "seq": e.seq,
                "at_us": e.at_us,
                "actor_name": here.name_of(e.actor),
                "case": e.case,
                "kind": e.body.kind,
                "text": _said_in(here, e),
            }
            for e in reversed(shown)
        ],
        case=case,
        before=shown[0].seq if earlier else None,
        newest=before is None,
        verified=here.department.verifying.ask(anew=verify == "begin") if verify else None,
    )


def _said_in(here: Context, entry: Entry) -> str:
    """What an entry says besides its kind."""
    told = {key: value for key, value in here.told(entry.body).items() if key != "kind"}
    return json.dumps(told, ensure_ascii=False)[:300] if told else ""
