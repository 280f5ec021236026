"""What is chosen from and looked at: beds, staff, code libraries, templates."""

import json
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from charting.library.library import LibraryError, NowhereToKeepError, parse
from charting.trail.contents import Term
from charting.web import models
from charting.web.context import Here
from charting.web.problems import Problem
from charting.web.views import CaseBrief, brief

router = APIRouter(prefix="/api")

LibraryName = Annotated[str, Path(max_length=60, pattern=r"^[a-z0-9_]+$", description="A code library")]


class BedOut(BaseModel):
    """A bed, its open cases, and when a device last said something there (null: not known)."""

    bed: str
    area: str
    name: str
    cases: list[CaseBrief]
    last_us: int | None = Field(description="Time of the newest reading")


class LibraryOut(BaseModel):
    library: str
    version: str = Field(description="The one that is chosen from")
    terms: int


class StaffOut(BaseModel):
    account: str
    name: str
    roles: list[str]


@router.get("/beds", tags=["beds"])
def list_beds(here: Here) -> list[BedOut]:
    """The department as it is now."""
    here.need("read")
    rows = here.trail.rows(state="open", limit=1000)
    return [
        BedOut(
            bed=bed.id,
            area=bed.area,
            name=bed.name,
            cases=[brief(row) for row in rows if row.bed == bed.id],
            last_us=here.department.last_us(bed.id),
        )
        for bed in here.beds
    ]


@router.get("/staff", tags=["beds"])
def list_staff(here: Here) -> list[StaffOut]:
    """Who may be put on a case or be given a document."""
    here.need("read")
    return [
        StaffOut(account=a.account, name=a.name, roles=sorted(a.roles)) for a in here.department.people() if a.active
    ]


@router.get("/libraries", tags=["libraries"])
def list_libraries(here: Here) -> list[LibraryOut]:
    """Code libraries in their current version."""
    found = (here.department.libraries.current(name) for name in here.department.libraries.names())
    return [LibraryOut(library=c.name, version=c.version, terms=len(c.codings)) for c in found if c is not None]


@router.get("/libraries/{library}/terms", tags=["libraries"])
def search_terms(
    here: Here,
    library: LibraryName,
    text: Annotated[models.Line, Query(description="Parts of code, name or pinyin initials")] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 20,
) -> list[Term]:
    """Valid terms of the current version that hold all parts of the text, best first."""
    if here.department.libraries.current(library) is None:
        raise Problem(404, "unknown")
    return [coding.term for coding in here.department.libraries.search(library, text, limit, here.today)]


@router.post("/libraries/{library}", tags=["libraries"], status_code=201)
def load_library(here: Here, library: LibraryName, asked: models.LoadLibrary) -> LibraryOut:
    """Load a version from CSV: it is the one chosen from; what was chosen before keeps its own."""
    here.need("load_library")
    try:
        made = parse(asked.csv, f"{library}-{asked.version}.csv")
        here.department.load_library(made, asked.csv, here.actor)
    except NowhereToKeepError:
        raise Problem(422, "no_library_folder") from None
    except LibraryError as error:
        raise Problem(422, "bad_library", lines="\n".join(str(error).splitlines()[:20])) from None
    return LibraryOut(library=made.name, version=made.version, terms=len(made.codings))


@router.get("/templates", tags=["templates"])
def list_templates(here: Here) -> list[dict[str, Any]]:
    """Templates of documents in their newest version: fields, signatures, who may begin and add."""
    return [_plain(template) for template in here.department.templates.newest()]


@router.get("/templates/{template}", tags=["templates"])
def get_template(
    here: Here, template: models.Id, version: Annotated[str, Query(max_length=40, pattern=r"^[0-9.]*$")] = ""
) -> dict[str, Any]:
    """A template in a version (none given: the newest)."""
    found = here.department.templates.get(template, version)
    if found is None:
        raise Problem(404, "unknown")
    return _plain(found)


def _plain(template: Any) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(json.dumps(asdict(template), default=sorted))
    return made
