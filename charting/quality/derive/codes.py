"""What codes of techniques, procedures and ASA classes mean for quality; source techniques.csv, procedures.csv.

techniques.csv: by code of the sample library (CV06.00.103, and local ones with L): yes, no, or empty where the code
leaves it open; `sedation`: monitored care; `combined`: says itself that several were combined; `airway`: the device
that it names; `cooling`: the body is cooled on purpose. A site's library may have these columns itself: they go first.

procedures.csv: sets of ICD-9-CM-3 codes, each code with all that begin with it (clinical.md §1.5, grade C: a default).
"""

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from charting.library.library import Libraries
from charting.quality.derive.truth import either
from charting.quality.facts import Three
from charting.trail.contents import Coded

_ICD = re.compile(r"\s*(\d\d)\.?(\d)?(\d)?")
"""A code's chapter, category and subdivision; what follows is a national extension (01.2400, 06.2x00, 45.2301)."""
_ASA = re.compile(r"(?:ASA)?[\s-]*L?([1-6])E?", re.IGNORECASE)
_ROMAN = {"Ⅰ": "1", "Ⅱ": "2", "Ⅲ": "3", "Ⅳ": "4", "Ⅴ": "5", "Ⅵ": "6"}
_SAID: Mapping[str, Three] = {"yes": True, "no": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Technique:
    """What the coded techniques of a case come to, taken together."""

    ga: Three = None
    neuraxial: Three = None
    block: Three = None
    sedation: Three = None
    combined: Three = None
    airway: str = ""
    cooling: Three = None

    def group(self, airway: Three) -> str:
        """Of edition 2015, indicator 4 (clinical.md §1.2). `airway`: an artificial one was in."""
        kinds = (self.ga, self.neuraxial, self.block)
        if self.combined or kinds.count(True) > 1:
            return "combined"
        if self.ga is False and self.neuraxial is False:
            return "other"
        if None in kinds:
            return ""
        if self.ga:
            return "" if airway is None else "intubated" if airway else "unintubated"
        return "neuraxial"


def technique(coded: Sequence[Coded], libraries: Libraries) -> Technique:
    """Of all techniques that were coded. Nothing is known where none was."""
    rows = [_row(c, libraries) for c in coded if c.use == "technique"]
    if not rows:
        return Technique()

    def any_of(column: str) -> Three:
        return either(_SAID.get(row.get(column, "")) for row in rows)

    return Technique(
        ga=any_of("ga"),
        neuraxial=any_of("neuraxial"),
        block=any_of("block"),
        sedation=any_of("sedation"),
        combined=any_of("combined"),
        airway=next((row["airway"] for row in rows if row.get("airway")), ""),
        cooling=any_of("cooling"),
    )


def _row(coded: Coded, libraries: Libraries) -> Mapping[str, str]:
    term = coded.term
    coding = libraries.coding(term.library, term.version, term.code)
    if coding is not None and not {"ga", "neuraxial", "block"}.isdisjoint(coding.attributes):
        return coding.attributes
    return _techniques().get(term.code, {})


@cache
def _techniques() -> Mapping[str, Mapping[str, str]]:
    with files("charting.quality.derive").joinpath("techniques.csv").open("r", encoding="utf-8") as text:
        return {row["code"]: row for row in csv.DictReader(text)}


def in_set(coded: Sequence[Coded], name: str) -> Three:
    """Whether a procedure that was done (else: that was planned) belongs to a set of procedures.csv.

    None: no procedure is coded, or by a code of another kind.
    """
    done = [c for c in coded if c.use == "procedure"]
    asked = done or [c for c in coded if c.use == "planned_procedure"]
    return either(_belongs(c.term.code, name) for c in asked) if asked else None


def _belongs(code: str, name: str) -> Three:
    found = _ICD.match(code)
    if found is None:
        return None
    chapter, category, part = found.groups(default="")
    plain = f"{chapter}.{category}{part}"
    return any(plain.startswith(start) for start in _procedures()[name])


@cache
def _procedures() -> Mapping[str, Sequence[str]]:
    with files("charting.quality.derive").joinpath("procedures.csv").open("r", encoding="utf-8") as text:
        found: dict[str, list[str]] = {}
        for row in csv.DictReader(text):
            found.setdefault(row["set"], []).append(row["code"])
    return found


def asa(coded: Sequence[Coded]) -> tuple[str, bool]:
    """The class, 1 to 6 ("": not coded, or in another way), and whether it is one of an emergency (E)."""
    for each in coded:
        if each.use != "asa":
            continue
        code = each.term.code.strip()
        found = _ASA.fullmatch("".join(_ROMAN.get(c, c) for c in code))
        if found is not None:
            return found[1], code.upper().endswith("E")
    return "", False
