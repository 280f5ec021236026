"""What reports and their charts say in Chinese and English; source words.csv here, and that of charting.quality."""

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

_PACKAGES = ("charting.quality", "charting.reports")
_EDITION = "report.edition."


@cache
def table() -> Mapping[str, Mapping[str, str]]:
    found: dict[str, Mapping[str, str]] = {}
    for package in _PACKAGES:
        with files(package).joinpath("words.csv").open("r", encoding="utf-8") as text:
            found |= {row["key"]: row for row in csv.DictReader(text)}
    return found


def said(key: str, lang: str, **params: object) -> str:
    """A key's text in zh or en. Raises KeyError for a parameter that is not given.

    A key that no table has stays; an edition of a site's own is called what its file calls it.
    """
    row = table().get(key)
    return row[lang].format_map(params) if row else key.removeprefix(_EDITION)
