"""What resources are called: after their case, and within it after what they say. Stable; of no patient's number."""

import re
from hashlib import sha256

from charting.case.state import PATIENT_ITEM, Case
from charting.trail.trail import Trail

_FITS = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,46}")
_OPENED = re.compile(r"\.([1-9][0-9]{0,17})")
_PART = 16
"""Characters of a part's name: FHIR has room for 64 in all."""


def case_key(case: Case) -> str:
    """What a case's encounter is called: as the case, where FHIR allows that, else by the entry that opened it."""
    return case.id if _FITS.fullmatch(case.id) else f".{case.items[PATIENT_ITEM].versions[0].seq}"


def case_named(key: str, trail: Trail) -> str | None:
    """The case of a key; it may not be there. Reads the trail."""
    opened = _OPENED.fullmatch(key)
    if opened is None:
        return key if _FITS.fullmatch(key) else None
    seq = int(opened[1])
    found = next(iter(trail.all(seq - 1, ("opened",))), None)
    return found.case if found is not None and found.seq == seq else None


def part_id(key: str, *parts: str) -> str:
    """Of a thing within a case: always the same for the same parts."""
    return f"{key}-{sha256(chr(0).join(parts).encode('utf-8', 'replace')).hexdigest()[:_PART]}"


def key_of(id_: str) -> str:
    """The case's key of a part's id."""
    return id_[: -_PART - 1] if len(id_) > _PART and id_[-_PART - 1] == "-" else ""
