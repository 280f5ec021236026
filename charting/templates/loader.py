"""Templates from TOML. What a file says wrong is told as a whole, each mistake with file and key."""

import tomllib
from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Self

from pydantic import TypeAdapter, ValidationError

from charting.accounts.actor import ROLES
from charting.templates.template import Field, Template

_TEMPLATE: TypeAdapter[Template] = TypeAdapter(Template)


class TemplateError(Exception):
    """A template that says what no template says; the text has a line per mistake."""


class Templates:
    """Templates by name, several versions of one side by side."""

    def __init__(self, templates: Iterable[Template]) -> None:
        self._all: dict[str, dict[str, Template]] = {}
        for template in templates:
            self._all.setdefault(template.name, {})[template.version] = template

    @classmethod
    def load(cls, folder: Path | None = None) -> Self:
        """All *.toml of a folder, None: those that come with the program. Raises TemplateError."""
        found = files("charting.templates").iterdir() if folder is None else folder.iterdir()
        texts = sorted((f.name, f.read_text(encoding="utf-8")) for f in found if f.name.endswith(".toml"))
        return cls(parse(text, name) for name, text in texts)

    def get(self, name: str, version: str = "") -> Template | None:
        """A template in a version, "": the newest."""
        versions = self._all.get(name, {})
        return versions.get(version) if version else max(versions.values(), key=_rank, default=None)

    def newest(self) -> Sequence[Template]:
        """Of each template the newest version."""
        return [max(versions.values(), key=_rank) for versions in self._all.values()]


def parse(text: str, file: str) -> Template:
    """One template. Raises TemplateError with every mistake."""
    try:
        template = _TEMPLATE.validate_python(tomllib.loads(text), strict=False)
    except tomllib.TOMLDecodeError as error:
        raise TemplateError(f"{file}: {error}") from None
    except ValidationError as error:
        wrong = [f"{'.'.join(str(part) for part in e['loc'])}: {e['msg']}" for e in error.errors()]
        raise TemplateError("\n".join(f"{file}: {line}" for line in wrong)) from None
    if mistakes := list(_mistakes(template)):
        raise TemplateError("\n".join(f"{file}: {line}" for line in mistakes))
    return template


def _rank(template: Template) -> tuple[int, ...]:
    return tuple(int(part) for part in template.version.split("."))


def _mistakes(template: Template) -> Iterator[str]:
    parts = template.version.split(".")
    if len(parts) != 3 or not all(p.isascii() and p.isdecimal() for p in parts):
        yield 'version: expected three numbers, as "1.0.0"'
    if (template.kind == "grid") != (template.grid is not None):
        yield "grid: a grid template has a table [grid], a form has none"
    for what, ids in (
        ("sections.fields", [f.id for f in template.fields]),
        ("sections", [s.id for s in template.sections]),
        ("signatures", [s.slot for s in template.signatures]),
        ("needs", [n.what for n in template.needs]),
        ("signals", list(template.signals)),
    ):
        for twice in sorted({i for i in ids if ids.count(i) > 1}):
            yield f"{what}: {twice} is there twice"
    roles = template.authors.union(template.appenders, *(s.roles for s in template.signatures))
    for role in sorted(roles.difference(ROLES)):
        yield f"{role}: expected a role of {', '.join(ROLES)}"
    if not template.authors:
        yield "authors: expected at least one role"
    for field in template.fields:
        yield from (f"sections.fields.{field.id}: {mistake}" for mistake in _mistakes_of(field))


def _mistakes_of(field: Field) -> Iterator[str]:
    if (field.type in {"choice", "multi"}) != bool(field.options):
        yield "options are there for choice and multi, for nothing else"
    if (field.type == "term") != bool(field.library):
        yield "library is there for term, for nothing else"
    codes = [o.code for o in field.options]
    if len(set(codes)) < len(codes):
        yield "options: a code is there twice"
