"""Parts of which resources are made: codings, quantities, times, references. Pure; source: protocols, fhir §2."""

from decimal import Decimal
from typing import Any

from charting.case.clock import local
from charting.trail.contents import Term

Json = dict[str, Any]

LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
MDC = "urn:iso:std:iso:11073:10101"
UCUM = "http://unitsofmeasure.org"
HL7 = "http://terminology.hl7.org/CodeSystem"
OURS = "urn:vitalsd"


def ours(name: str) -> str:
    """A system of our own: of a site's numbers and libraries."""
    return f"{OURS}:{name}"


def coding(system: str, code: str, display: str = "") -> Json:
    return {"system": system, "code": code, **({"display": display} if display else {})}


def concept(*codings: Json, text: str = "") -> Json:
    return {**({"coding": list(codings)} if codings else {}), **({"text": text} if text else {})}


def term(said: Term) -> Json:
    """A term of a library, as it was when it was chosen."""
    return concept(
        {**coding(ours(f"library:{said.library}"), said.code, said.en), "version": said.version}, text=said.zh
    )


def decimal(value: float) -> Decimal:
    """As it reads, and not as a binary fraction has it."""
    told = Decimal(repr(float(value)))
    return told.quantize(Decimal(1)) if told == told.to_integral_value() else told


def quantity(value: Decimal, unit: str) -> Json:
    """`unit`: UCUM."""
    return {"value": value, "unit": unit, "system": UCUM, "code": unit}


def when(at_us: int, zone: str) -> str:
    """With the site's offset; no finer than it is known."""
    return local(at_us, zone).isoformat(timespec="microseconds" if at_us % 1_000_000 else "seconds")


def period(start_us: int, end_us: int | None, zone: str) -> Json:
    return {"start": when(start_us, zone), **({} if end_us is None else {"end": when(end_us, zone)})}


def reference(kind: str, id_: str) -> Json:
    return {"reference": f"{kind}/{id_}", "type": kind}


def absent(reason: str) -> Json:
    return concept(coding(f"{HL7}/data-absent-reason", reason))
