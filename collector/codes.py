"""The parameter dictionary: IEEE 11073 codes with UCUM units, names in Chinese and English, plausible ranges.

Columns of codes.csv, and of each driver's own table of the same form:

refid        ISO/IEEE 11073-10101 name; MDC_<code> where only the number is certain; VND_<MAKER>_<NAME> without a number
code         partition × 65536 + term, empty for VND_. Settings add 16777216 to the number of their measurement
description  what it is, in one line
ucum         usual unit (a value keeps the unit that was sent); 1 for a pure number, empty for a text
zh, en       what the page shows; zh is the term of Chinese clinicians and monitors
kind         numeric, wave, setting, enum (a word of a list, or a text), device, unit, attribute (of an alarm or event)
low, high    inclusive bounds in `ucum`: what lies outside is an artefact or in another unit; no clinical limits
loinc        the LOINC code of the same meaning, where one is known
source       where the number was seen; then "range:" whence the bounds; then "note:" what to beware of

"clinical §n" and "philips-intellivue §n" in `source` are the fact sheets of these names.
"""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TypeVar

K = TypeVar("K")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter: `refid` MDC_… or VND_…; `number` the 32-bit code (partition × 65536 + term), None for VND_.

    `low` and `high` bound what is plausible in `unit` (None: no bound).
    """

    refid: str
    number: int | None
    description: str
    unit: str
    zh: str
    en: str
    kind: str
    low: float | None = None
    high: float | None = None
    loinc: str = ""
    source: str = ""


def load(text: Iterable[str]) -> tuple[Parameter, ...]:
    """Read a table in the form of codes.csv: refid,code,description,ucum,zh,en,kind,low,high,loinc,source."""
    return tuple(
        Parameter(
            refid=row["refid"],
            number=int(row["code"]) if row["code"] else None,
            description=row["description"],
            unit=row["ucum"],
            zh=row["zh"],
            en=row["en"],
            kind=row["kind"],
            low=float(row["low"]) if row["low"] else None,
            high=float(row["high"]) if row["high"] else None,
            loinc=row["loinc"],
            source=row["source"],
        )
        for row in csv.DictReader(text)
    )


@cache
def dictionary() -> tuple[Parameter, ...]:
    """All rows of codes.csv in its order."""
    with files("collector").joinpath("codes.csv").open("r", encoding="utf-8") as text:
        return load(text)


@cache
def by_refid() -> Mapping[str, Parameter]:
    return _first((p.refid, p) for p in dictionary())


@cache
def by_number() -> Mapping[int, Parameter]:
    """By 32-bit code; where several rows share a number, the first row."""
    return _first((p.number, p) for p in dictionary() if p.number is not None)


def _first(pairs: Iterable[tuple[K, Parameter]]) -> Mapping[K, Parameter]:
    found: dict[K, Parameter] = {}
    for key, parameter in pairs:
        found.setdefault(key, parameter)
    return found
