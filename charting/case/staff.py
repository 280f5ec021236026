"""As what people are on a case (not their roles in the program); source staff.csv, in the order of the form."""

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files


@cache
def staff() -> Mapping[str, Mapping[str, str]]:
    """Role → language → text."""
    with files("charting.case").joinpath("staff.csv").open("r", encoding="utf-8") as text:
        return {row["role"]: row for row in csv.DictReader(text)}
