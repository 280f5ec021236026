"""The page's own words in Chinese and English. What a device said stays as it was sent."""

import csv
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from importlib.resources import files

from collector.codes import Parameter
from collector.model import UNMAPPED
from collector.status import DeviceState


class Lang(StrEnum):
    ZH = "zh"
    EN = "en"


def chosen(asked: str | None, accept: str) -> Lang:
    """The language asked for, else the best known one of an Accept-Language header, else Chinese."""
    if asked in tuple(Lang):
        return Lang(asked)
    ranked: list[tuple[float, str]] = []
    for item in accept.split(","):
        tag, _, weight = item.partition(";")
        try:
            quality = float(weight.strip().removeprefix("q=")) if weight else 1.0
        except ValueError:
            continue
        ranked.append((quality, tag.strip().lower().partition("-")[0]))
    known = [(quality, tag) for quality, tag in ranked if quality > 0 and tag in tuple(Lang)]
    return Lang(max(known, key=lambda item: item[0])[1]) if known else Lang.ZH


class Words:
    """The words of one language; source words.csv."""

    def __init__(self, lang: Lang) -> None:
        self.lang = lang

    def __call__(self, key: str) -> str:
        return _table()[key][self.lang]

    def hint(self, state: DeviceState) -> str:
        """What a person at the bed can do about a device's state; empty where it is nothing."""
        return self._of(f"hint.{state}", "")

    def site(self, written: str) -> str:
        """A body site as configs and drivers write it; a word that the table does not know stays."""
        return self._of(f"site.{written}", written)

    def condition(self, source: str) -> str:
        """What a technical condition of the gateway itself means; empty where the table does not know it."""
        return self._of(f"condition.{source}", "")

    def name(self, parameters: Mapping[str, Parameter], code: str, source: str) -> str:
        """A parameter's name; its description, then its code, where it has none in this language."""
        if code == UNMAPPED:
            return f"{self('unmapped')} {source}"
        parameter = parameters.get(code)
        if parameter is None:
            return code
        return (parameter.zh if self.lang is Lang.ZH else parameter.en) or parameter.description or code

    def _of(self, key: str, otherwise: str) -> str:
        return _table()[key][self.lang] if key in _table() else otherwise


@cache
def _table() -> Mapping[str, Mapping[str, str]]:
    with files("charting.page").joinpath("words.csv").open("r", encoding="utf-8") as text:
        return {row["key"]: row for row in csv.DictReader(text)}
