"""Every word that a page, the script or a problem asks for is there, in both languages."""

import re
from dataclasses import fields
from importlib.resources import files
from typing import get_args

from charting.accounts.actor import ROLES
from charting.case.checks import LIBRARY_OF, VOLUME_GROUPS
from charting.case.events import events
from charting.fill.types import Cause, CellState
from charting.trail.contents import Content
from charting.trail.entries import Body
from charting.web.pages import STAFF
from charting.web.record_pages import ROUTES
from charting.web.words import table

_ASKS = (
    ("templates", r"\bt\('([\w.]+)'[,)]"),
    ("static", r"\bword\(\"([\w.]+)\""),
    ("", r"words\(\"([\w.]+)\""),
    ("", r"Problem\(\s*\d+,\s*\"(\w+)\""),
    ("api", r"Problem\(\s*\d+,\s*\"(\w+)\""),
)


def test_every_word_asked_for_is_there() -> None:
    asked: set[str] = set()
    for folder, pattern in _ASKS:
        for file in files("charting.web").joinpath(folder).iterdir():
            if file.is_file() and file.name.endswith((".html", ".js", ".py")):
                asked |= set(re.findall(pattern, file.read_text(encoding="utf-8")))
    assert len(asked) > 150
    assert asked - set(table()) == set()


def _kind(content: type) -> object:
    return next(f.default for f in fields(content) if f.name == "kind")


def test_every_name_of_a_thing_is_there() -> None:
    wanted = [
        *(f"kind.{_kind(content)}" for content in get_args(Content)),
        *(f"entry.{_kind(body)}" for body in get_args(Body)),
        *(f"role.{role}" for role in ROLES),
        *(f"staff.{role}" for role in STAFF),
        *(f"use.{use}" for use in LIBRARY_OF),
        *(f"group.{group}" for groups in VOLUME_GROUPS.values() for group in groups),
        *(f"cell.{state}" for state in CellState),
        *(f"cause.{cause}" for cause in Cause),
        *(f"route.{route}" for route in ROUTES),
        *(f"detail.{name}" for kind in events().values() for name in kind.details),
        *(f"choice.{c}" for kind in events().values() for choices in kind.details.values() for c in choices),
    ]
    assert [key for key in wanted if key not in table()] == []


def test_both_languages_say_it_with_the_same_parameters() -> None:
    for key, row in table().items():
        assert None not in row, key
        if key not in {"sex.", "rhesus."}:
            assert row["zh"], key
            assert row["en"], key
        assert set(re.findall(r"\{\w+\}", row["zh"])) == set(re.findall(r"\{\w+\}", row["en"])), key
