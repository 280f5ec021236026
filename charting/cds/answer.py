"""What a service answers, checked: it is a stranger's, and a person is to read it (CDS Hooks 2.0, Service Response).

Whoever answers otherwise than he should is refused with a word, for counting; of several cards only those that are
wrong. Pure.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from charting.cds.texts import LONGEST_URL, host_of, is_clean

LARGEST = 256 * 1024
"""Bytes of an answer: twenty long cards."""
MOST = 20
"""Cards of an answer: more than a person reads."""
LONGEST_SUMMARY = 140
_LONGEST_LABEL = 120
_LONGEST_DETAIL = 4000
_PARTS = 20
_DEPTH = 30


class Refused(ValueError):  # noqa: N818  a stranger's fault
    """`args[0]`: why, one of a few words: size, json, cards, or the part of a card that is wrong."""


def _line(text: str) -> str:
    if not text.strip() or not is_clean(text):
        raise ValueError("text")
    return text


def _lines(text: str) -> str:
    plain = text.replace("\r\n", "\n").replace("\t", " ")
    if not is_clean(plain, lines=True):
        raise ValueError("text")
    return plain


def _https(url: str) -> str:
    if not host_of(url):
        raise ValueError("url")
    return url


def _uuid(text: str) -> str:
    return str(UUID(text))


Label = Annotated[str, Field(max_length=_LONGEST_LABEL), AfterValidator(_line)]
_Url = Annotated[str, Field(max_length=LONGEST_URL), AfterValidator(_https)]


class Told(BaseModel):
    """What a stranger tells: what we do not know of it is left out."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


class Topic(Told):
    """Which rule it was."""

    code: Label
    version: Label | None = None


class Source(Told):
    label: Label
    url: _Url | None = None
    topic: Topic | None = None


class Suggestion(Told):
    """Its actions are not read: nothing is done for anybody."""

    label: Label


class Link(Told):
    label: Label
    url: _Url


class OverrideReason(Told):
    code: Label
    display: Label
    system: Annotated[str, Field(max_length=LONGEST_URL), AfterValidator(_line)] | None = None


class Card(Told):
    """What we read of a card."""

    uuid: Annotated[str, Field(max_length=45), AfterValidator(_uuid)]
    summary: Annotated[str, Field(max_length=LONGEST_SUMMARY), AfterValidator(_line)]
    indicator: Literal["info", "warning", "critical"]
    source: Source
    detail: Annotated[str, Field(max_length=_LONGEST_DETAIL), AfterValidator(_lines)] | None = None
    suggestions: Annotated[list[Suggestion], Field(max_length=_PARTS)] | None = None
    links: Annotated[list[Link], Field(max_length=_PARTS)] | None = None
    overrideReasons: Annotated[list[OverrideReason], Field(max_length=_PARTS)] | None = None  # noqa: N815  the standard's


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """`refused`: of each card that is wrong, which part of it."""

    cards: Sequence[Card]
    refused: Sequence[str]


def check(body: bytes) -> Checked:
    """Raises Refused. systemActions are never read."""
    told = parse(body, LARGEST)
    cards = told.get("cards")
    if not isinstance(cards, list) or len(cards) > MOST:
        raise Refused("cards")
    good: list[Card] = []
    refused: list[str] = []
    for card in cards:
        try:
            good.append(Card.model_validate(card))
        except ValidationError as error:
            refused.append(str(next(iter(error.errors(include_url=False, include_input=False)[0]["loc"]), "card")))
    return Checked(cards=good, refused=refused)


def parse(body: bytes, largest: int) -> Mapping[str, Any]:
    """A JSON object. Raises Refused: size, json."""
    if len(body) > largest:
        raise Refused("size")
    try:
        told = json.loads(body.decode(), parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise Refused("json") from None
    if not isinstance(told, dict) or _is_deep(told, _DEPTH):
        raise Refused("json")
    return told


def _no_number(name: str) -> float:
    raise ValueError(name)


def _is_deep(value: object, left: int) -> bool:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return left == 0 or any(_is_deep(part, left - 1) for part in parts)
