"""The pages' own scripts and styles, under a path that changes with them: a browser keeps them until then."""

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from collector import __version__

WORKER = "visit_worker.js"
"""What answers for the pages of visits where there is no network."""
_KINDS = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}


@cache
def assets() -> Mapping[str, tuple[bytes, str]]:
    """File name → content and media type."""
    found = {file.name: file.read_bytes() for file in files("charting.web").joinpath("static").iterdir()}
    return {name: (found[name], _KINDS["." + name.rpartition(".")[2]]) for name in sorted(found)}


@cache
def place() -> str:
    """The path before their names."""
    return f"/static/{_digest({name: content for name, (content, _) in assets().items()})[:12]}"


@cache
def version() -> str:
    """Of the pages: another one where the program, their scripts, styles or templates are others."""
    templates = {file.name: file.read_bytes() for file in files("charting.web").joinpath("templates").iterdir()}
    return (
        f"{__version__}+{_digest({name: templates[name] for name in sorted(templates)} | {'': place().encode()})[:8]}"
    )


def _digest(contents: Mapping[str, bytes]) -> str:
    return hashlib.sha256(b"".join(name.encode() + content for name, content in contents.items())).hexdigest()
