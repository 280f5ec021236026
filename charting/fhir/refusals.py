"""What is refused of tokens and subscriptions, in words of this package; source words.csv."""

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from charting.case.refusals import Impossible, Unknown


@cache
def _words() -> Mapping[str, Mapping[str, str]]:
    with files("charting.fhir").joinpath("words.csv").open("r", encoding="utf-8") as text:
        return {row["key"]: row for row in csv.DictReader(text)}


def _said(key: str, lang: str, params: Mapping[str, str]) -> str:
    return _words()[key][lang].format_map(params)


class ClientRefusal(Impossible):
    """It cannot be so."""

    def text(self, lang: str) -> str:
        return _said(self.key, lang, self.params)


class ClientUnknown(Unknown):
    """No such client or subscription."""

    def text(self, lang: str) -> str:
        return _said(self.key, lang, self.params)
