"""From one code library to another: what leads where today, and a new version of it."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from charting.codes.mapping import parse
from charting.codes.told import Told, told
from charting.library.library import MAPPING, LibraryError, NowhereToKeepError
from charting.web import models
from charting.web.context import Context, Here
from charting.web.problems import Problem

router = APIRouter(prefix="/api")

Between = Annotated[str, Path(max_length=121, pattern=r"^[a-z0-9_]+-[a-z0-9_]+$", description="FROM-TO, two libraries")]


class MappingOut(BaseModel):
    source: str
    target: str
    version: str
    single: int = Field(description="Terms that can be chosen today and lead to one")
    choices: int = Field(description="Terms that lead to several: a person chooses")
    unmapped: int = Field(description="Terms that lead to none")


def mappings(here: Context) -> list[Told]:
    """All of them, as they are today."""
    pages = here.department.exchange.front_pages
    return [told(each, here.department.libraries, here.today) for each in pages.crosswalks.all()] if pages else []


@router.get("/mappings", tags=["libraries"])
def list_mappings(here: Here) -> list[MappingOut]:
    """From the clinical edition to the insurance's, and others: what leads where today."""
    return [_out(each) for each in mappings(here)]


@router.post("/mappings/{between}", tags=["libraries"], status_code=201)
def load_mapping(here: Here, between: Between, asked: models.LoadMapping) -> MappingOut:
    """Load a version from CSV: it is the one that counts from now on."""
    here.need("load_library")
    try:
        made = parse(asked.csv, f"{MAPPING}{between}-{asked.version}.csv")
        here.department.load_mapping(made, asked.csv, here.actor)
    except NowhereToKeepError:
        raise Problem(422, "no_library_folder") from None
    except LibraryError as error:
        raise Problem(422, "bad_library", lines="\n".join(str(error).splitlines()[:20])) from None
    return _out(told(made, here.department.libraries, here.today))


def _out(each: Told) -> MappingOut:
    return MappingOut(
        source=each.source,
        target=each.target,
        version=each.version,
        single=each.single,
        choices=len(each.choices),
        unmapped=len(each.unmapped),
    )
