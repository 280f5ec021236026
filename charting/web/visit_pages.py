"""The pages of visits: an empty frame that a phone can keep, for it holds no patient; scripts fetch the rest."""

import json

from fastapi import APIRouter, Request
from fastapi.responses import Response

from charting.case.reasons import reasons
from charting.web import models
from charting.web.context import Context, Here
from charting.web.shell import page
from charting.web.words import table

router = APIRouter(include_in_schema=False)

_SHARED = ("fault", "not_sent", "locked", "session_ended", "again", "saved", "undo", "undone", "void", "reason_needed",
           "yes", "no", "nothing_found", "search")  # fmt: skip


@router.get("/visits")
def visits_page(here: Here, request: Request) -> Response:
    return _frame(here, request)


@router.get("/visits/{case}/{kind}")
def visit_page(here: Here, request: Request, case: models.Id, kind: models.Id) -> Response:
    """The same frame: its script reads from the address what to show."""
    del case, kind
    return _frame(here, request)


def _frame(here: Context, request: Request) -> Response:
    here.need("read")
    words = {key: row[here.lang] for key, row in table().items() if key.startswith("visit.") or key in _SHARED}
    made = page(
        here,
        request,
        "visits.html",
        page_class="visits",
        alarm_strip=None,
        js_words=json.dumps(words, ensure_ascii=False),
        reasons_json=json.dumps({code: row[here.lang] for code, row in reasons().items()}, ensure_ascii=False),
    )
    made.headers["cache-control"] = "no-store"
    return made
