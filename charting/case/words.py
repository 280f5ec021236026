"""Words for refusals, warnings, events, reasons and required things, in Chinese and English; source words.csv."""

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files


@cache
def words() -> Mapping[str, Mapping[str, str]]:
    """Key → language → text."""
    with files("charting.case").joinpath("words.csv").open("r", encoding="utf-8") as text:
        return {row["key"]: row for row in csv.DictReader(text)}


def said(key: str, lang: str, params: Mapping[str, str] | None = None) -> str:
    """A key's text in zh or en. Raises KeyError for what the table does not know."""
    return words()[key][lang].format_map(params or {})
