"""How a hospital's own messages are read: a TOML file that says what stands where and what its words mean.

Paths are of charting.inbox.document.Part. Examples: charting/inbox/templates.
"""

import json
from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from string import Template as Text
from typing import Annotated, Literal, Self
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from charting.case.staff import staff
from charting.inbox.document import CHARSETS
from charting.inbox.events import Kind
from charting.inbox.xml import SOAP_11, SOAP_12, parse
from charting.trail.contents import Patient
from collector.config import Section, checked, read

_OWN = {"number", "visit", "temporary", "kind"}
PATIENT = frozenset(field.name for field in fields(Patient)) - _OWN
"""What of a patient a message may tell beside his numbers."""


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _role(value: str) -> str:
    if value and value not in staff():
        raise ValueError(f"expected a role of charting/case/staff.csv: {', '.join(staff())}")
    return value


def _charset(value: str) -> str:
    if value.upper() not in CHARSETS:
        raise ValueError(f"expected one of {', '.join(CHARSETS)}")
    return value


def _attribute(value: str) -> str:
    if value not in PATIENT:
        raise ValueError(f"a patient has no {value!r}; there are {', '.join(sorted(PATIENT))}")
    return value


PathText = Annotated[str, Field(min_length=1, max_length=300)]
Paths = Annotated[tuple[PathText, ...], BeforeValidator(_listed), Field(min_length=1)]
Attribute = Annotated[str, AfterValidator(_attribute)]
Role = Annotated[str, AfterValidator(_role)]


class MessageSection(Section):
    """`each`: where the events are, "": the message is one; other paths lead from there. `inner`: where XML stands as
    a text. `kind`: several are read as one, with blanks between. `occurred`: without, `recorded` stands for it.
    """

    each: str = ""
    inner: str = ""
    id: PathText | None = None
    kind: Paths
    occurred: PathText
    recorded: PathText | None = None
    test: PathText | None = None
    number: PathText
    old_number: PathText | None = None
    visit: PathText | None = None
    place: Paths | None = None
    prior: Paths | None = None


class CodesSection(Section):
    """Procedures or diagnoses: of each element in `each` ("": of the event itself)."""

    each: str = ""
    code: PathText
    text: PathText | None = None
    system: PathText | None = None


class StaffSection(Section):
    """People, as CodesSection. `role`: where it is told, or `as`: what it is called where it has a place of its own."""

    each: str = ""
    name: PathText
    id: PathText | None = None
    role: PathText | None = None
    called: Annotated[str, Field(alias="as")] = ""

    @model_validator(mode="after")
    def _either(self) -> Self:
        if (self.role is None) == (not self.called):
            raise ValueError('expected either role or "as"')
        return self


class BookingSection(Section):
    id: PathText
    place: Paths | None = None
    start: PathText | None = None
    minutes: PathText | None = None
    urgent: PathText | None = None
    note: PathText | None = None
    procedure: tuple[CodesSection, ...] = ()
    diagnosis: tuple[CodesSection, ...] = ()
    staff: tuple[StaffSection, ...] = ()


class WordsSection(Section):
    """What texts mean. A kind that is "" is left alone. `erase`: the text by which a sender erases what he told before;
    an empty one, or none, never does. `test`: texts that say that somebody is only trying.
    """

    kind: Annotated[dict[str, Kind | Literal[""]], Field(min_length=1)]
    sex: Mapping[str, Literal["male", "female", "other"]] = {}
    blood_group: Mapping[str, Literal["A", "B", "O", "AB"]] = {}
    rhesus: Mapping[str, Literal["positive", "negative"]] = {}
    urgent: Mapping[str, bool] = {}
    role: Mapping[str, Role] = {}
    test: tuple[str, ...] = ()
    erase: str = ""

    def coded(self, attribute: str) -> Mapping[str, str] | None:
        """The words of a patient's attribute that has a list of values; None: it is free."""
        coded: Mapping[str, Mapping[str, str]] = {
            "sex": self.sex, "blood_group": self.blood_group, "rhesus": self.rhesus,
        }  # fmt: skip
        return coded.get(attribute)


class AnswerSection(Section):
    """What the sender is told: `good`, `bad` with $id (his message's), $reason, and $soap, its envelope's namespace."""

    good: str
    bad: str


class Template(Section):
    format: Literal["json", "soap"]
    charset: Annotated[str, AfterValidator(_charset)] = "UTF-8"
    namespaces: Mapping[str, str] = {}
    message: MessageSection
    patient: Mapping[Attribute, PathText] = {}
    booking: BookingSection | None = None
    words: WordsSection
    answer: AnswerSection | None = None

    @model_validator(mode="after")
    def _paths(self) -> Self:
        if self.format == "soap":
            for path in _all(self.model_dump(exclude={"words", "answer", "namespaces", "format", "charset"})):
                _path(path, self.namespaces)
        return self

    @model_validator(mode="after")
    def _answers(self) -> Self:
        for text in (self.answer.good, self.answer.bad) if self.answer else ():
            try:
                said = filled(text, self.format, id="<'\"&\\\n", reason="<'\"&\\\n", soap=SOAP_12)
                json.loads(said) if self.format == "json" else parse(said)
            except (ValueError, KeyError) as error:
                raise ValueError(f"an answer is not {self.format}, or names something else: {error}") from None
        return self


def filled(text: str, kind: Literal["json", "soap"], *, id: str, reason: str, soap: str = SOAP_11) -> str:  # noqa: A002
    """An answer, each value written as its form wants it. Raises KeyError and ValueError for a text that asks more."""
    write = (lambda value: json.dumps(value, ensure_ascii=False)[1:-1]) if kind == "json" else escape
    return Text(text).substitute(id=write(id), reason=write(reason), soap=soap)


def load(path: Path) -> Template:
    """Raises UsageError with every mistake."""
    return checked(path, read(path), Template)


@cache
def built_in(name: str) -> Template:
    """One of charting/inbox/templates: json, soap, view."""
    with as_file(files("charting.inbox").joinpath("templates", f"{name}.toml")) as path:
        return load(path)


def _all(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for key, part in value.items() if key != "called" for text in _all(part)]
    parts = value if isinstance(value, list | tuple) else ()
    return [text for part in parts for text in _all(part)]


def _path(path: str, prefixes: Mapping[str, str]) -> None:
    steps = path.partition("@")[0].strip("/")
    try:
        if steps:
            Element("a").findall(steps, dict(prefixes))
    except (SyntaxError, KeyError, TypeError):  # the last is how ElementPath fails at what its tokens do not cover
        raise ValueError(f"{path!r} is no path") from None
