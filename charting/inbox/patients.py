"""Who a patient is, as the hospital tells him. Pure."""

from collections.abc import Mapping
from dataclasses import replace

from charting.case.checks import check_patient
from charting.case.clock import SiteClock
from charting.case.refusals import Refusal
from charting.trail.contents import Patient

_TOLD = {
    "name", "sex", "birth_date", "age", "height_cm", "weight_kg", "blood_group", "rhesus", "allergies", "department",
    "ward", "ward_bed",
}  # fmt: skip
_NUMBERS = {"height_cm", "weight_kg"}


def told(
    known: Patient, said: Mapping[str, str], *, number: str, visit: str, kept: frozenset[str], clock: SiteClock
) -> Patient:
    """`known` with what is `said` of him, as far as it can be so; `kept`: attributes that people have written."""
    wanted = {name: text for name, text in said.items() if name in _TOLD and name not in kept}
    wanted |= {} if known.number else {"number": number}
    wanted |= {} if known.visit else {"visit": visit}
    whole = _checked(known, wanted, clock)
    if whole is not None:
        return whole
    made = known
    for name, text in wanted.items():
        made = _checked(made, {name: text}, clock) or made
    return made


def _checked(known: Patient, said: Mapping[str, str], clock: SiteClock) -> Patient | None:
    try:
        values = {n: (float(text) if text else None) if n in _NUMBERS else text for n, text in said.items()}
        made = replace(known, **values)  # type: ignore[arg-type]
        check_patient(made, clock)
    except (ValueError, Refusal):
        return None
    return made
