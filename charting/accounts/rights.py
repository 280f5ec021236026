"""Rights of roles; source rights.csv. What concerns one document stands in its template: authors, appenders, slots."""

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from charting.accounts.actor import Actor


@cache
def rights() -> Mapping[str, frozenset[str]]:
    """Right → the roles that have it."""
    with files("charting.accounts").joinpath("rights.csv").open("r", encoding="utf-8") as text:
        return {
            row["right"]: frozenset(role for role, mark in row.items() if mark == "x") for row in csv.DictReader(text)
        }


def allows(actor: Actor, right: str) -> bool:
    """Whether one of the actor's roles has the right. Raises KeyError for what is no right."""
    return not rights()[right].isdisjoint(actor.roles)
