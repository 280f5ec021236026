"""What the API answers: cases, documents, items, as models with stable keys. Times are µs since 1970 UTC (`_us`)."""

from collections.abc import Callable, Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from charting.case.state import Case, Document, Item, Stay, Version, value_of
from charting.fill.types import Cell, Excursion, Gap
from charting.trail.contents import Charted, Content, Patient
from charting.trail.entries import Certified, DeviceHeld, DeviceJudged
from charting.trail.trail import CaseRow
from charting.web.said import Sayings

NameOf = Callable[[str], str]
"""Account → the name that people read."""

AnyContentOut = Annotated[Content, Field(discriminator="kind")]


class VersionOut(BaseModel):
    """One version of an item. `content` null: void."""

    number: int
    content: AnyContentOut | None
    text: str = Field(description="The content in a line, in the asker's language")
    author: str
    author_name: str
    at_us: int
    at: str = Field(description="at_us in the site's zone, to the minute")
    reason: str


class ItemOut(BaseModel):
    """What stands (`content`, or `value` of a cell), what the device says (`captured`) and how it came to be."""

    item: str
    number: int = Field(description="What `after` of the next change must be")
    content: AnyContentOut | None
    captured: Cell | None
    value: float | None = Field(description="Of a cell: what stands in the record; null: blank")
    void: bool
    edited: bool
    versions: list[VersionOut]


class SignatureOut(BaseModel):
    slot: str
    version: int
    by: str
    by_name: str
    at_us: int
    lacking: list[str]


class UnlockOut(BaseModel):
    by: str
    by_name: str
    reason: str
    at_us: int


class RecordOut(BaseModel):
    """A document without its items."""

    case: str
    document: str
    template: str
    template_version: str
    author: str
    author_name: str
    state: Literal["draft", "signed"]
    version: int
    edits: int
    start_us: int
    started_us: int
    filled_us: int = Field(description="Up to when devices' values have been filled in; 0: never")
    signatures: list[SignatureOut]
    unlock_asked: UnlockOut | None


class RecordWhole(RecordOut):
    items: list[ItemOut]
    gaps: list[Gap]
    excursions: list[Excursion]
    certificate: Certified | None


class CaseOut(BaseModel):
    case: str
    state: Literal["open", "closed", "discarded"]
    bed: str
    area: str
    emergency: bool
    is_test: bool
    opened_us: int
    opened_by: str
    closed_us: int | None
    patient: Patient
    identities: list[Patient] = Field(description="As the patient was known, oldest first")
    stays: list[Stay]
    items: list[ItemOut]
    records: list[RecordOut]
    held: list[DeviceHeld] = Field(description="Devices that say their patient is another: not charted")
    judged: list[DeviceJudged]
    last: int = Field(description="Number of the case's last entry in the audit trail: changes with each change")


class CaseBrief(BaseModel):
    case: str
    state: str
    bed: str
    area: str
    opened_us: int
    closed_us: int | None
    number: str
    name: str
    temporary: str
    procedure: str
    is_test: bool
    held: bool
    last: int


def brief(row: CaseRow) -> CaseBrief:
    return CaseBrief(**{name: getattr(row, name) for name in CaseBrief.model_fields})


def version_out(version: Version, name_of: NameOf, say: Sayings) -> VersionOut:
    return VersionOut(
        number=version.number,
        content=version.content,
        text=say.content(version.content),
        author=version.author,
        author_name=name_of(version.author),
        at_us=version.at_us,
        at=say.day(version.at_us),
        reason=version.reason,
    )


def item_out(item: Item, name_of: NameOf, say: Sayings) -> ItemOut:
    standing = value_of(item)
    return ItemOut(
        item=item.id,
        number=item.number,
        content=item.content,
        captured=item.captured,
        value=standing.value if isinstance(standing, Charted | Cell) else None,
        void=item.void,
        edited=item.edited,
        versions=[version_out(version, name_of, say) for version in item.versions],
    )


def _record(case: Case, document: Document, name_of: NameOf) -> Mapping[str, object]:
    asked = document.unlock_asked
    return {
        "case": case.id,
        "document": document.id,
        "template": document.template,
        "template_version": document.template_version,
        "author": document.author,
        "author_name": name_of(document.author),
        "state": document.state,
        "version": document.version,
        "edits": document.edits,
        "start_us": document.start_us,
        "started_us": document.started_us,
        "filled_us": document.filled_us,
        "signatures": [
            SignatureOut(
                slot=signed.slot,
                version=signed.version,
                by=by,
                by_name=name_of(by),
                at_us=at_us,
                lacking=list(signed.lacking),
            )
            for signed, by, at_us in document.signatures
        ],
        "unlock_asked": None
        if asked is None
        else UnlockOut(by=asked[0], by_name=name_of(asked[0]), reason=asked[1], at_us=asked[2]),
    }


def record_out(case: Case, document: Document, name_of: NameOf) -> RecordOut:
    return RecordOut.model_validate(_record(case, document, name_of))


def record_whole(case: Case, document: Document, name_of: NameOf, say: Sayings) -> RecordWhole:
    return RecordWhole.model_validate(
        {
            **_record(case, document, name_of),
            "items": [item_out(item, name_of, say) for item in document.items.values()],
            "gaps": document.gaps,
            "excursions": document.excursions,
            "certificate": document.certificate,
        }
    )


def case_out(case: Case, name_of: NameOf, say: Sayings) -> CaseOut:
    return CaseOut.model_validate(
        {
            "case": case.id,
            "state": case.state,
            "bed": case.bed,
            "area": case.area,
            "emergency": case.emergency,
            "is_test": case.is_test,
            "opened_us": case.opened_us,
            "opened_by": case.opened_by,
            "closed_us": case.closed_us,
            "patient": case.patient,
            "identities": case.identities,
            "stays": case.stays,
            "items": [item_out(item, name_of, say) for item in case.items.values()],
            "records": [record_out(case, document, name_of) for document in case.documents.values()],
            "held": list(case.held.values()),
            "judged": case.judged,
            "last": case.last,
        }
    )
