"""The web's own words in Chinese and English; source words.csv."""

import csv
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files

from charting.case.findings import findings
from charting.case.staff import staff
from charting.page.words import Lang
from charting.sheet.words import table as drawn

_SHARED = ("cause.", "group.", "route.", "warming.")
_PACKAGES = (
    "charting.watch",
    "charting.fleet",
    "charting.quality",
    "charting.reports",
    "charting.workload",
    "charting.outbox",
    "charting.inbox",
    "charting.results",
    "charting.charges",
    "charting.fhir",
    "charting.cds",
    "charting.visits",
    "charting.faults",
    "charting.web",
)


class Words:
    """The words of one language. A key that the table does not have is shown as it is."""

    def __init__(self, lang: Lang) -> None:
        self.lang = lang

    def __call__(self, key: str, **params: object) -> str:
        row = table().get(key)
        return row[self.lang].format_map(params) if row else key

    def raw(self, key: str) -> str:
        """With the places of its parameters, for the page's own script."""
        return table()[key][self.lang]

    def known(self, key: str) -> bool:
        return key in table()

    def of(self, said: object) -> str:
        """The name of a thing that has one in each language (`zh`, `en`)."""
        return str(getattr(said, self.lang))

    def under(self, prefix: str) -> Mapping[str, str]:
        """Key without its prefix → word, of all keys that begin with it, in the order of the table."""
        return {key.removeprefix(prefix): row[self.lang] for key, row in table().items() if key.startswith(prefix)}


@cache
def table() -> Mapping[str, Mapping[str, str]]:
    """The record's own terms are the drawing's, and what people are on a case stands in staff.csv."""
    shared = {key: row for key, row in drawn().items() if key.startswith(_SHARED)}
    people = {f"staff.{role}": row for role, row in staff().items()}
    said = {f"finding.{key}": kind.name for key, kind in findings().items()}
    return {**shared, **people, **said, **dict(_rows())}


def _rows() -> Iterator[tuple[str, Mapping[str, str]]]:
    for package in _PACKAGES:
        with files(package).joinpath("words.csv").open("r", encoding="utf-8") as text:
            yield from ((row["key"], row) for row in csv.DictReader(text))
