"""The manuals, as they were built and installed beside the program, for whoever has signed in."""

import sys
from functools import cache
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse, RedirectResponse, Response

from charting.web.context import Here
from charting.web.problems import Problem

INSTALLED = Path(sys.prefix) / "share" / "vitalsd" / "manuals"

router = APIRouter(include_in_schema=False)


@cache
def _names(folder: Path) -> frozenset[str]:
    """What may be asked for: nothing but what is there."""
    return frozenset(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())


@router.get("/manual")
def manual(here: Here) -> Response:
    return RedirectResponse(f"/manual/{here.lang}/index.html", 303)


@router.get("/manual/{name:path}")
def manual_page(here: Here, name: str) -> Response:
    folder = here.department.manuals
    if folder is None or name not in _names(folder):
        raise Problem(404, "unknown")
    return FileResponse(folder / name)
