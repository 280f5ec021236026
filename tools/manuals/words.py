"""Words of the manuals' frame and of their generated parts, in both languages."""

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("words.csv")


@cache
def table() -> Mapping[str, Mapping[str, str]]:
    """Key → language → word."""
    with FILE.open(encoding="utf-8", newline="") as file:
        return {row["key"]: row for row in csv.DictReader(file)}


class Words:
    def __init__(self, lang: str) -> None:
        self.lang = lang
        self.asked: set[str] = set()

    def __call__(self, key: str) -> str:
        """Raises KeyError for a word that the table lacks."""
        self.asked.add(key)
        return table()[key][self.lang]

    def given(self, key: str, english: str) -> str:
        """What the code says in English; in another language the table's."""
        self.asked.add(key)
        return english if self.lang == "en" else table()[key][self.lang]
