"""Words of the manuals' frame and of their generated parts, in both languages."""

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("words.csv")
FRAME = {"version", "contents", "language", "cover_note"}
"""Keys of what stands around every page."""


@cache
def table() -> Mapping[str, Mapping[str, str]]:
    """Key → language → word."""
    with FILE.open(encoding="utf-8", newline="") as file:
        return {row["key"]: row for row in csv.DictReader(file)}


class Words:
    """`asked`: keys that were asked for; `lacking`: those of them that the table does not have in this language."""

    def __init__(self, lang: str) -> None:
        self.lang = lang
        self.asked: set[str] = set()
        self.lacking: set[str] = set()

    def __call__(self, key: str) -> str:
        self.asked.add(key)
        word = table().get(key, {}).get(self.lang, "")
        if not word:
            self.lacking.add(key)
        return word or key

    def given(self, key: str, english: str) -> str:
        """What the code says in English; in another language the table's word."""
        self.asked.add(key)
        return english if self.lang == "en" else self(key)
