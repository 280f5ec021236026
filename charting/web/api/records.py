"""Documents of a case: filled by devices, written by people, signed, printed. A record is named by case and id."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel

from charting.case.state import Case
from charting.fill.types import Cell
from charting.web import models
from charting.web.api.cases import CaseId, ItemId
from charting.web.context import Here
from charting.web.marks import mark_of
from charting.web.problems import Problem
from charting.web.views import ItemOut, RecordOut, RecordWhole
from collector.errors import UsageError

router = APIRouter(prefix="/api/records", tags=["records"])

DocumentId = Annotated[models.Id, Path(description="A document of the case")]
MINUTE_US = 60_000_000
_LONGEST_US = 6 * 60 * MINUTE_US


class ReadingOut(BaseModel):
    """A reading as the device sent it. `value` null: it sent none, `quality` says why."""

    time_us: int
    value: float | None
    unit: str
    quality: str
    code: str
    device: str
    source: str
    demo: bool


class MarkOut(BaseModel):
    mark_us: int


class LackingOut(BaseModel):
    """What must be there before a signature: `key`, and its name in the asker's language."""

    key: str
    name: str


@router.get("")
def list_records(here: Here, case: models.Id) -> list[RecordOut]:
    """A case's documents."""
    here.need("read")
    found = here.desk.case(case)
    return [here.record_out(found, document) for document in found.documents.values()]


@router.post("", status_code=201)
def start_record(here: Here, asked: models.StartRecord) -> RecordOut:
    """Begin a document of a template, in its present version. Whoever begins it is its author."""
    here.need("read")
    before = set(here.desk.case(asked.case).documents)
    case = here.desk.start(
        here.actor, asked.case, template=asked.template, document=asked.document, start_us=asked.start_us
    )
    made = [id_ for id_ in case.documents if id_ not in before]
    return here.record_out(case, here.document(case, asked.document or (made[-1] if made else "")))


@router.get("/{case}/{document}")
def get_record(here: Here, case: CaseId, document: DocumentId) -> RecordWhole:
    """A document whole: items with all their versions, gaps, excursions, signatures."""
    here.need("read")
    found = here.desk.case(case)
    return here.record_whole(found, here.document(found, document))


@router.get("/{case}/{document}/items/{item}")
def get_item(here: Here, case: CaseId, document: DocumentId, item: ItemId) -> ItemOut:
    """An item with its versions, and what the device says."""
    here.need("read")
    return here.item_out(here.item(here.desk.case(case), document, item))


@router.put("/{case}/{document}/items/{item}")
def set_item(here: Here, case: CaseId, document: DocumentId, item: ItemId, asked: models.SetItem) -> RecordOut:
    """Make or change an item. Sent twice it is one; where another was faster: 409 with his version as `current`."""
    return _out(here, here.set(case, document, item, asked), document)


@router.post("/{case}/{document}/items/{item}/void")
def void_item(here: Here, case: CaseId, document: DocumentId, item: ItemId, asked: models.VoidItem) -> RecordOut:
    done = here.desk.void(here.actor, case, document=document, item=item, after=asked.after, reason=asked.reason)
    return _out(here, done, document)


@router.get("/{case}/{document}/items/{item}/readings")
def get_readings(
    here: Here,
    case: CaseId,
    document: DocumentId,
    item: ItemId,
    before_s: Annotated[int, Query(ge=0, le=3600)] = 0,
    after_s: Annotated[int, Query(ge=0, le=3600)] = 0,
) -> list[ReadingOut]:
    """The raw readings behind a cell: those of the minutes that its value is made of, and as much before and after."""
    here.need("read")
    found = here.desk.case(case)
    cell = here.item(found, document, item).captured
    if cell is None:
        return []
    start_us, end_us = window(cell)
    return readings(here, found, cell, start_us - before_s * 1_000_000, end_us + after_s * 1_000_000)


@router.get("/{case}/{document}/mark")
def get_mark(here: Here, case: CaseId, document: DocumentId, at_us: models.TimeUs) -> MarkOut:
    """The mark of the grid, in the site's zone, at which a value of that time stands: its item is `signal@mark_us`."""
    here.need("read")
    found = here.desk.case(case)
    record = here.document(found, document)
    template = here.template(record)
    if template.grid is None:
        raise Problem(404, "unknown")
    return MarkOut(mark_us=mark_of(found, record, template, at_us, here.clock.zone))


@router.post("/{case}/{document}/hand-over")
def hand_over(here: Here, case: CaseId, document: DocumentId, asked: models.HandOver) -> RecordOut:
    """Another is the document's author from now on: somebody who signs in and may write such documents."""
    here.need("read")
    here.author(asked.to, here.template(here.document(here.desk.case(case), document)))
    return _out(here, here.desk.hand_over(here.actor, case, document=document, to=asked.to), document)


@router.get("/{case}/{document}/lacking")
def get_lacking(here: Here, case: CaseId, document: DocumentId) -> list[LackingOut]:
    """What is required and not there yet."""
    here.need("read")
    found = here.desk.case(case)
    return [LackingOut(key=key, name=name) for key, name in here.lacking(found, here.document(found, document))]


@router.post("/{case}/{document}/sign")
def sign(here: Here, case: CaseId, document: DocumentId, asked: models.Sign) -> RecordOut:
    """Sign: the document is locked, with what devices have said until now."""
    here.need("read")
    here.department.settle(case)
    return _out(here, here.desk.sign(here.actor, case, document=document, slot=asked.slot), document)


@router.post("/{case}/{document}/unlock")
def ask_unlock(here: Here, case: CaseId, document: DocumentId, asked: models.Because) -> RecordOut:
    """Ask for a signed document to be opened again."""
    return _out(here, here.desk.ask_unlock(here.actor, case, document=document, reason=asked.reason), document)


@router.post("/{case}/{document}/unlock/answer")
def answer_unlock(here: Here, case: CaseId, document: DocumentId, asked: models.AnswerUnlock) -> RecordOut:
    """Granted: the document is open as its next version."""
    done = here.desk.answer_unlock(here.actor, case, document=document, granted=asked.granted, reason=asked.reason)
    return _out(here, done, document)


@router.post("/{case}/{document}/return")
def send_back(here: Here, case: CaseId, document: DocumentId, asked: models.Because) -> RecordOut:
    """Back to its author, who has something to mend; a signed document is open as its next version."""
    return _out(here, here.desk.send_back(here.actor, case, document=document, reason=asked.reason), document)


@router.post("/{case}/{document}/printed")
def printed(here: Here, case: CaseId, document: DocumentId) -> RecordOut:
    """The pages are printed from the screen: kept in the audit trail."""
    return _out(here, here.desk.printed(here.actor, case, document=document), document)


@router.post(
    "/{case}/{document}/pdf",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}, "description": "The same pages as on the screen"}},
)
def make_pdf(here: Here, case: CaseId, document: DocumentId) -> Response:
    """The document as PDF/A; kept in the audit trail as printed, once it is made."""
    here.need("read")
    found = here.desk.case(case)
    template = here.template(here.document(found, document))
    title = here.words.of(template)
    try:
        made = here.department.pdf(here.drawn(found, document), title=title, lang=here.lang, made_us=here.now_us())
    except UsageError:
        raise Problem(503, "no_pdf") from None
    here.desk.printed(here.actor, case, document=document)
    headers = {"content-disposition": f'attachment; filename="{template.name}.pdf"'}
    return Response(made, media_type="application/pdf", headers=headers)


@router.get("/{case}/{document}/pages")
def count_pages(here: Here, case: CaseId, document: DocumentId) -> int:
    """How many A4 pages the document has."""
    here.need("read")
    found = here.desk.case(case)
    here.document(found, document)
    return len(here.drawn(found, document))


@router.get(
    "/{case}/{document}/pages/{page}",
    response_class=Response,
    responses={200: {"content": {"image/svg+xml": {}}, "description": "One A4 page"}},
)
def get_page(here: Here, case: CaseId, document: DocumentId, page: Annotated[int, Path(ge=1, le=1000)]) -> Response:
    """One page of the document as SVG, from 1."""
    here.need("read")
    found = here.desk.case(case)
    here.document(found, document)
    pages = here.drawn(found, document)
    if page > len(pages):
        raise Problem(404, "unknown")
    return Response(pages[page - 1], media_type="image/svg+xml")


def _out(here: Here, case: Case, document: str) -> RecordOut:
    return here.record_out(case, here.document(case, document))


def window(cell: Cell) -> tuple[int, int]:
    """The time of the readings that a cell was made of."""
    times = [minute.minute_us for minute in cell.minutes] or [cell.time_us // MINUTE_US * MINUTE_US]
    return min(times), min(max(times) + MINUTE_US, min(times) + _LONGEST_US)


def readings(here: Here, case: Case, cell: Cell, start_us: int, end_us: int) -> list[ReadingOut]:
    """Of the cell's channel, at the bed where the patient was then."""
    found: list[ReadingOut] = []
    for stay in case.stays:
        begin, end = max(start_us, stay.start_us), min(end_us, stay.end_us or end_us)
        if begin >= end or not stay.bed:
            continue
        for reading in here.reader_of(stay.bed).values(stay.bed, [cell.code], begin, end):
            channel = reading.series.channel
            if reading.series.device != cell.device or channel.source != cell.source:
                continue
            found.append(
                ReadingOut(
                    time_us=reading.time_us,
                    value=reading.value,
                    unit=channel.unit,
                    quality=reading.quality,
                    code=channel.code,
                    device=reading.series.device,
                    source=channel.source,
                    demo=reading.demo,
                )
            )
    return found
