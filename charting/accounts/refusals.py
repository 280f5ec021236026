"""What accounts and sign-in refuse, in which words (words.csv)."""

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from charting.case.refusals import NotAllowed, Refusal


class AccountRefusal(Refusal):
    """Nothing was changed. `key` is a row of accounts/words.csv."""

    def text(self, lang: str) -> str:
        return words()[self.key][lang].format_map(self.params)


class NotAdministrator(AccountRefusal, NotAllowed):
    """The actor may not manage accounts; the attempt is kept in the audit trail."""


class SignInRefused(AccountRefusal):
    """Nobody is signed in. `wait_s`: for so long no further attempt is looked at."""

    def __init__(self, key: str, wait_s: int = 0) -> None:
        super().__init__(key, seconds=str(wait_s))
        self.wait_s = wait_s


@cache
def words() -> Mapping[str, Mapping[str, str]]:
    """Key → language → text."""
    with files("charting.accounts").joinpath("words.csv").open("r", encoding="utf-8") as text:
        return {row["key"]: row for row in csv.DictReader(text)}
