"""The words of the fault log in Chinese and English; source words.csv."""

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files


@cache
def words() -> Mapping[str, Mapping[str, str]]:
    """Key → language → text."""
    with files("charting.faults").joinpath("words.csv").open("r", encoding="utf-8") as text:
        return {row["key"]: row for row in csv.DictReader(text)}


def said(key: str, lang: str, **params: object) -> str:
    """The text of a key, in zh or en. Raises KeyError for what the table does not know."""
    return words()[key][lang].format_map(params)
