"""The page of a document: the drawn sheet, what may be added with few taps, the questions of its template."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

from fastapi import APIRouter, Request
from fastapi.responses import Response

from alarms.temperature import sites
from charting.case.authority import may_edit, may_set, may_sign, may_write
from charting.case.state import Case, Document, Item, cell_item, signatures_of, value_of
from charting.case.whereabouts import Part
from charting.fill.signals import signals
from charting.fill.types import Cell, CellState
from charting.filler.parts import parts
from charting.library.scores import scales
from charting.sheet.signals import signal
from charting.templates.template import Slot, Template
from charting.trail.contents import Answer, Charted, Infusion, Volume, Warming
from charting.trail.entries import content_json
from charting.web import models
from charting.web.api.advice import cards_of
from charting.web.api.records import readings, window
from charting.web.context import Context, Here
from charting.web.pages import body_sites, event_buttons, item_dialog, open_paces, warnings
from charting.web.problems import Problem
from charting.web.quick import NOW, boluses, favourites, infusions, volumes
from charting.web.shell import fragment, page
from charting.web.still import still_running, stop_body
from collector.errors import VitalsdError
from collector.units import display

router = APIRouter(include_in_schema=False)

ROUTES = ("iv", "im", "sc", "po", "inhaled", "epidural", "spinal", "block", "local", "nasal", "rectal")
WARMING = ("forced_air", "fluid", "water", "resistive", "radiant", "passive")
_MARKS = 6
_LATE_STEPS = 2
"""What has not been filled for so many steps of the grid, and a minute, is late."""


@router.get("/records/{case}/{document}")
def record_page(here: Here, request: Request, case: models.Id, document: models.Id) -> Response:
    found = here.desk.read(here.actor, case)
    record = here.document(found, document)
    template = here.template(record)
    grid = template.grid is not None
    return page(
        here,
        request,
        "record.html",
        about=case,
        page_class="prints rescued" if any(open_paces(found, "rescue")) else "prints",
        case=found,
        document=record,
        api=f"/api/records/{case}/{document}",
        title=here.words.of(template),
        is_grid=grid,
        warnings=warnings(here, found),
        cards=cards_of(here, found),
        pages=here.drawn(found, document),
        **_state(here, found, record, template),
        **_adding(here, found, record, template),
        **(_last_values(here, record, template) if grid else {}),
    )


def _state(here: Context, case: Case, document: Document, template: Template) -> Mapping[str, object]:
    step_us = template.grid.step_s * 1_000_000 if template.grid else 0
    now_us = here.now_us()
    missing = {g.signal: g for g in document.gaps if g.end_us >= document.filled_us > g.start_us and document.filled_us}
    paces = {why: next(open_paces(case, why), None) for why in ("rescue", "close")}
    return {
        "limit_s": _LATE_STEPS * step_us // 1_000_000 + 60,
        "left": _left(case, document, template, now_us),
        "signed": [f"{here.name_of(by)} {here.say.day(at_us)}" for by, at_us in signatures_of(document).values()],
        "gaps": [
            f"{signal(name).label(here.lang)}: {here.words(f'cause.{gap.cause}')} {here.say.time(gap.start_us)}"
            for name, gap in sorted(missing.items())
            if case.state == "open" and now_us - gap.end_us < step_us + 3_600_000_000
        ][:8],
        "rescue": _ending(paces["rescue"]),
        "can_rescue": may_write(here.actor, "pace") and case.state == "open",
        "close_pace": _ending(paces["close"]),
        "can_close_pace": template.name == "icu_flowsheet" and may_write(here.actor, "pace") and case.state == "open",
        "slots": [s for s in template.signatures if may_sign(here.actor, template, s.slot)],
        "mine": document.author == here.actor.account,
        "may_hand_over": document.author == here.actor.account or "head" in here.actor.roles,
    }


def _left(case: Case, document: Document, template: Template, now_us: int) -> Part | None:
    """From where and when the patient left, so that devices fill it no longer; None: they do, or never did."""
    where = parts(case, document, template.grid.areas, []) if template.grid else []
    last = where[-1] if where else None
    if last is None or last.end_us is None or last.end_us > now_us:
        return None
    follows = any(d.template == document.template and d.start_us == last.end_us for d in case.documents.values())
    return None if follows else last


def _ending(found: tuple[Item, object] | None) -> Mapping[str, object] | None:
    if found is None:
        return None
    item, pace = found
    content = content_json(pace)  # type: ignore[arg-type]
    stop = json.dumps({"after": item.number, "content": {**content, "end_us": NOW}})
    return {"id": item.id, "start_us": content["start_us"], "stop": stop}


def _adding(here: Context, case: Case, document: Document, template: Template) -> Mapping[str, object]:
    rescue = any(open_paces(case, "rescue"))
    libraries = here.department.libraries
    running = [
        (i, i.content) for i in document.items.values() if isinstance(i.content, Infusion) and i.content.stop_us is None
    ]
    sums = {"in": 0.0, "out": 0.0}
    for item in document.items.values():
        if isinstance(item.content, Volume):
            sums[item.content.way] += item.content.ml
    return {
        "may_add": not document.locked and case.state != "discarded" and may_set(here.actor, document, template, None),
        "why_not": here.words("signed_read_only" if document.locked else "read_only"),
        "drugs": boluses(libraries, here.today, rescue=rescue),
        "favourites": favourites(rescue),
        "infusions": infusions(libraries, here.today, rescue=rescue),
        "fluids": volumes(libraries, here.today, here.lang),
        "running": [
            {
                "id": i.id,
                "text": here.say.content(c),
                "unit": display(c.unit),
                "body": {"after": i.number, "content": content_json(c)},
                "stop": stop_body(i, c),
            }
            for i, c in running
        ],
        "warmings": [
            {
                "id": i.id,
                "text": here.say.content(i.content),
                "stop": stop_body(i, i.content) if i.content.end_us is None else "",
            }
            for i in document.items.values()
            if isinstance(i.content, Warming)
        ],
        "warming_devices": WARMING,
        "sites": body_sites(here),
        "totals": sums,
        "routes": ROUTES,
        "signals": [{"row": signal(name), "unit": signals()[name].unit} for name in template.signals],
        "scales": list(scales().values()),
        "people": [a for a in here.department.people() if a.active],
        "event_buttons": event_buttons(here, case),
        "sections": template.sections,
        "answers": _answers(here, document, template),
    }


def _answers(here: Context, document: Document, template: Template) -> Mapping[str, Mapping[str, object]]:
    found: dict[str, Mapping[str, object]] = {}
    for field in template.fields:
        item = document.items.get(f"field:{field.id}")
        if item is None:
            continue
        content = item.content
        value = content.value if isinstance(content, Answer) else ""
        term = here.department.libraries.named(field.library, str(value)) if field.library and value else None
        found[field.id] = {
            "value": value,
            "number": item.number,
            "edited": item.edited,
            "text": f"{term.code} {here.words.of(term)}" if term else str(value),
            "term": json.dumps(asdict(term), ensure_ascii=False) if term else "",
            "local": _local(here, str(value)) if field.type == "time" and value else "",
        }
    return found


def _local(here: Context, iso: str) -> str:
    return here.say.field(round(datetime.fromisoformat(iso).timestamp()) * 1_000_000)[:16]


def _last_values(here: Context, document: Document, template: Template) -> Mapping[str, object]:
    """The marks as a table, the newest first: large enough to touch, and read by whoever cannot see the drawing."""
    told = {int(mark) for name, _, mark in (id_.partition("@") for id_ in document.items) if name in template.signals}
    marks = sorted(told, reverse=True)[:_MARKS]
    rows = []
    for name in template.signals:
        cells = [_cell(document, name, mark) for mark in marks]
        if any(cell["item"] for cell in cells):
            rows.append({"name": signal(name).label(here.lang), "cells": cells})
    return {"marks": marks, "rows": rows}


def _cell(document: Document, name: str, mark_us: int) -> Mapping[str, object]:
    item = document.items.get(cell_item(name, mark_us))
    gap = any(g.signal == name and g.start_us <= mark_us < g.end_us for g in document.gaps)
    if item is None:
        return {"item": "", "text": "", "kind": "", "gap": gap, "mark": mark_us}
    value = value_of(item)
    held = value is None and item.captured is not None and item.captured.state is CellState.HELD and not item.versions
    told = item.captured.value if held and item.captured else value.value if value else None
    text = "–" if told is None else signal(name).written(told)
    kind = "human" if item.versions else "held" if held else ""
    return {"item": item.id, "text": f"({text})" if held else text, "kind": kind, "gap": gap, "mark": mark_us}


@router.get("/records/{case}/{document}/items/{item}")
def record_item(here: Here, case: models.Id, document: models.Id, item: models.Id) -> Response:
    """What stands behind a thing that was drawn: of the document, else of the case."""
    found = here.desk.read(here.actor, case)
    record = here.document(found, document)
    if item not in record.items and item in found.items:
        content = found.items[item].content
        may = content is not None and may_write(here.actor, content.kind) and item != "patient"
        return item_dialog(
            here, found.items[item], path=f"/cases/{case}", send=f"/api/cases/{case}/items/{item}", may=may
        )
    thing = here.item(found, document, item)
    template = here.template(record)
    more: dict[str, object] = {"template": template}
    if "@" in item:
        more |= _cell_values(here, found, record, thing)
    return item_dialog(
        here,
        thing,
        path=f"/records/{case}/{document}",
        send=f"/api/records/{case}/{document}/items/{item}",
        may=may_edit(here.actor, found, record, template, thing),
        why_not=here.words("signed_read_only" if record.locked else "not_yours"),
        **more,
    )


def _cell_values(here: Context, case: Case, document: Document, item: Item) -> dict[str, object]:
    name, _, mark = item.id.partition("@")
    mark_us, cell, content = int(mark), item.captured, item.content
    told = content if isinstance(content, Charted) else None
    unit = told.unit if told else cell.unit if cell else signals()[name].unit
    standing = value_of(item)
    own = told or Charted(
        signal=name,
        mark_us=mark_us,
        time_us=cell.time_us if cell else mark_us,
        value=cell.value if cell and cell.value is not None else 0.0,
        unit=unit,
        site=cell.site if cell and cell.site in sites() else "",
    )
    accepts = cell is not None and cell.state is CellState.HELD and cell.value is not None and told is None
    row = signal(name)
    return {
        "heading": f"{row.label(here.lang)} · {here.say.time(mark_us)}",
        "standing": f"{row.written(standing.value)} {display(unit)}"
        if standing is not None and standing.value is not None
        else here.words("void" if item.void else "blank"),
        "editable": True,
        "sites": body_sites(here) if name in {"temp", "temp2"} else [],
        "content": own,
        "body": {"after": item.number, "content": {**content_json(own), "accepted": ""}},
        "needs_reason": bool(item.versions) or (cell is not None and cell.state is not CellState.EMPTY),
        "accept": {"after": item.number, "content": _accepted(cell, "held")} if accepts and cell else None,
        "excursions": [
            {
                "extreme": x.extreme,
                "unit": x.unit,
                "start_us": x.start_us,
                "end_us": x.end_us,
                "body": {
                    "after": item.number,
                    "content": {
                        "kind": "charted", "signal": name, "mark_us": mark_us, "time_us": x.start_us,
                        "value": x.extreme, "unit": x.unit, "accepted": "excursion",
                    },
                },
            }
            for x in document.excursions
            if (x.signal, x.mark_us) == (name, mark_us)
        ],
        "beside": _beside(here, document, mark_us),
        "readings": _raw(here, case, cell),
    }  # fmt: skip


def _accepted(cell: Cell, how: str) -> Mapping[str, object]:
    return {"kind": "charted", "signal": cell.signal, "mark_us": cell.mark_us, "time_us": cell.time_us,
            "value": cell.value, "unit": cell.unit, "accepted": how}  # fmt: skip


def _beside(here: Context, document: Document, mark_us: int) -> Sequence[Mapping[str, str]]:
    """The other values of the same mark."""
    found = []
    for id_, item in document.items.items():
        name, _, mark = id_.partition("@")
        if mark == str(mark_us):
            value = value_of(item)
            text = "–" if value is None or value.value is None else signal(name).written(value.value)
            found.append({"item": id_, "name": signal(name).label(here.lang), "text": text})
    return found


def _raw(here: Context, case: Case, cell: Cell | None) -> Sequence[object]:
    """None where the store does not answer: the rest of the dialog does not wait for it."""
    if cell is None:
        return []
    try:
        return readings(here, case, cell, *window(cell))
    except (KeyError, VitalsdError):
        return []


def _slots(here: Context, document: Document, template: Template) -> Sequence[Slot]:
    """In which the person may still sign the present version: each takes another person."""
    if _did_sign(here, document):
        return []
    signed = signatures_of(document)
    return [s for s in template.signatures if s.slot not in signed and may_sign(here.actor, template, s.slot)]


def _did_sign(here: Context, document: Document) -> bool:
    return any(who == here.actor.account for who, _ in signatures_of(document).values())


@router.get("/records/{case}/{document}/dialogs/{which}")
def record_dialog(
    here: Here, case: models.Id, document: models.Id, which: models.Id, scale: models.Id = "RASS"
) -> Response:
    if which not in {"sign", "unlock", "answer", "send_back", "hand_over", "score"} or scale not in scales():
        raise Problem(404, "unknown")
    found = here.desk.read(here.actor, case)
    record = here.document(found, document)
    template = here.template(record)
    lacking = here.lacking(found, record)
    return fragment(
        here,
        "dialog_record.html",
        which=which,
        case=found,
        document=record,
        title=here.words.of(template),
        lacking=lacking,
        slots=template.signatures,
        signed=signatures_of(record),
        signs={s.slot for s in _slots(here, record, template)},
        did_sign=_did_sign(here, record),
        blocked=bool(lacking) and not found.emergency,
        running=still_running(here, found, [record]),
        people=[a for a in here.department.people() if a.active and not template.authors.isdisjoint(a.roles)],
        scale=scales()[scale],
    )
