"""Cases: opened, moved, merged, closed; what belongs to a case as a whole."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel

from charting.trail.entries import Entry
from charting.web import models
from charting.web.context import Here
from charting.web.views import CaseBrief, CaseOut, ItemOut, brief

router = APIRouter(prefix="/api/cases", tags=["cases"])

CaseId = Annotated[models.Id, Path(description="A case")]
ItemId = Annotated[models.Id, Path(description="An item: an id made by the client, field:…, signal@mark, or patient")]


class WarningOut(BaseModel):
    """Something about a case that a person should look at: told, never mended."""

    key: str
    text: str


class EntryOut(BaseModel):
    """An entry of the audit trail. `body` is as it was stored; of what tells of a patient, only its `kind` for those
    who may not read cases.
    """

    seq: int
    at_us: int
    actor: str
    actor_name: str
    case: str
    body: dict[str, object]
    hash: str


@router.get("")
def list_cases(
    here: Here,
    state: Annotated[str | None, Query(pattern="^(open|closed|discarded)$")] = None,
    bed: models.BedId | None = None,
    since_us: models.TimeUs | None = None,
    until_us: models.TimeUs | None = None,
    text: Annotated[models.Line, Query(description="Part of a number or a name")] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> list[CaseBrief]:
    """Cases, newest first."""
    here.need("read")
    rows = here.trail.rows(state=state, bed=bed, since_us=since_us, until_us=until_us, text=text, limit=limit)
    return [brief(row) for row in rows]


@router.post("", status_code=201)
def open_case(here: Here, asked: models.OpenCase) -> CaseOut:
    """Open a case in one step; a nameless patient is given a temporary name."""
    here.need("open_case")
    here.bed(asked.bed)
    case = here.desk.open(
        here.actor,
        bed=asked.bed,
        area=asked.area,
        patient=asked.patient,
        at_us=asked.at_us,
        emergency=asked.emergency,
        is_test=asked.is_test,
        case=asked.case,
        until_us=asked.until_us,
    )
    return here.case_out(case)


@router.get("/{case}")
def get_case(here: Here, case: CaseId) -> CaseOut:
    here.need("read")
    return here.case_out(here.desk.case(case))


@router.post("/{case}/move")
def move_case(here: Here, case: CaseId, asked: models.Move) -> CaseOut:
    here.need("move")
    if asked.bed:
        here.bed(asked.bed)
    return here.case_out(here.desk.move(here.actor, case, bed=asked.bed, area=asked.area, at_us=asked.at_us))


@router.post("/{case}/merge")
def merge_case(here: Here, case: CaseId, asked: models.Merge) -> CaseOut:
    """The patient is identified; the identity from before is kept."""
    return here.case_out(here.desk.merge(here.actor, case, patient=asked.patient, reason=asked.reason))


@router.post("/{case}/close")
def close_case(here: Here, case: CaseId, asked: models.Close) -> CaseOut:
    return here.case_out(here.desk.close(here.actor, case, at_us=asked.at_us))


@router.post("/{case}/reopen")
def reopen_case(here: Here, case: CaseId, asked: models.Because) -> CaseOut:
    return here.case_out(here.desk.reopen(here.actor, case, reason=asked.reason))


@router.post("/{case}/discard")
def discard_case(here: Here, case: CaseId, asked: models.Because) -> CaseOut:
    """The case was opened by mistake: it is kept, shown as void and counted nowhere."""
    return here.case_out(here.desk.discard(here.actor, case, reason=asked.reason))


@router.get("/{case}/warnings")
def get_warnings(here: Here, case: CaseId) -> list[WarningOut]:
    here.need("read")
    return [WarningOut(key=w.key, text=w.text(here.lang)) for w in here.desk.warnings(here.desk.case(case))]


@router.post("/{case}/devices/{device:path}/judgement")
def judge_device(
    here: Here, case: CaseId, device: Annotated[models.Device, Path()], asked: models.Judgement
) -> CaseOut:
    """Whose values a held device's are."""
    done = here.desk.judge(here.actor, case, device=device, same=asked.same, reason=asked.reason)
    return here.case_out(done)


@router.get("/{case}/items/{item}")
def get_item(here: Here, case: CaseId, item: ItemId) -> ItemOut:
    here.need("read")
    return here.item_out(here.item(here.desk.case(case), "", item))


@router.put("/{case}/items/{item}")
def set_item(here: Here, case: CaseId, item: ItemId, asked: models.SetItem) -> CaseOut:
    """Make or change an event, staff, a code, the patient's data, 抢救."""
    return here.case_out(here.set(case, "", item, asked))


@router.post("/{case}/items/{item}/void")
def void_item(here: Here, case: CaseId, item: ItemId, asked: models.VoidItem) -> CaseOut:
    """Nothing is deleted: the item is void, for a reason."""
    return here.case_out(here.desk.void(here.actor, case, item=item, after=asked.after, reason=asked.reason))


@router.get("/{case}/audit")
def get_audit(
    here: Here,
    case: CaseId,
    after: Annotated[int, Query(ge=0, le=2**53)] = 0,
    limit: Annotated[int, Query(ge=1, le=2000)] = 500,
) -> list[EntryOut]:
    """What was done to the case, in order."""
    here.need("audit")
    here.desk.case(case)
    return [entry_out(here, entry) for entry in here.trail.entries(case, after)[:limit]]


def entry_out(here: Here, entry: Entry) -> EntryOut:
    return EntryOut(
        seq=entry.seq,
        at_us=entry.at_us,
        actor=entry.actor,
        actor_name=here.name_of(entry.actor),
        case=entry.case,
        body=here.told(entry.body),
        hash=entry.hash,
    )
