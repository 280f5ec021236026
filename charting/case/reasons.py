"""Why a value was changed (clinical.md §3.4): a code of reasons.csv, or "code: text"; "other" needs the text."""

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files


@cache
def reasons() -> Mapping[str, Mapping[str, str]]:
    """Code → language → text, in the order in which they are offered."""
    with files("charting.case").joinpath("reasons.csv").open("r", encoding="utf-8") as text:
        return {row["code"]: row for row in csv.DictReader(text)}


def is_reason(said: str) -> bool:
    code, _, text = said.partition(":")
    return code in reasons() and (code != "other" or bool(text.strip()))


def written(said: str, lang: str) -> str:
    """A reason as a person reads it in zh or en; free text (of a merge, an unlock) stays as it is."""
    code, _, text = said.partition(":")
    if not is_reason(said):
        return said
    known = reasons()[code][lang]
    return f"{known}: {text.strip()}" if text.strip() else known
