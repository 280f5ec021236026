"""The drawing's words in Chinese and English; source words.csv."""

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files


@cache
def table() -> Mapping[str, Mapping[str, str]]:
    with files("charting.sheet").joinpath("words.csv").open("r", encoding="utf-8") as text:
        return {row["key"]: row for row in csv.DictReader(text)}


def said(key: str, lang: str, **params: object) -> str:
    """A key's text in zh or en. Raises KeyError for what the table does not know."""
    text = table()[key][lang]
    return text.format(**params) if params else text


def known(key: str) -> bool:
    return key in table()
