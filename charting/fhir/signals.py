"""How rows of the record are coded: LOINC of the vital signs profile, MDC of what the device said, and our own name."""

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from charting.fhir.terms import HL7, LOINC, MDC, Json, coding, concept, ours
from charting.fill.signals import Signal, signals
from collector.codes import by_refid

CUFF = {"nibp_sys": True, "nibp_dia": True, "nibp_mean": False}
"""Parts of a cuff's panel, in their order; whether the profile wants them."""
_SETTING = "setting"


@cache
def profile() -> Mapping[str, tuple[str, ...]]:
    """Signal → LOINC codes, the profile's first; source: codes.csv."""
    with files("charting.fhir").joinpath("codes.csv").open("r", encoding="utf-8") as text:
        return {row["signal"]: tuple(row["loinc"].split()) for row in csv.DictReader(text)}


@cache
def code_of(signal: str, refid: str) -> Json:
    """`refid`: what the device called it; "": a person has written it."""
    row, told = signals().get(signal), by_refid().get(refid)
    loinc = dict.fromkeys((*profile().get(signal, ()), *([told.loinc] if told and told.loinc else ())))
    codings = [coding(LOINC, code) for code in loinc]
    if told and told.number is not None:
        codings.append(coding(MDC, str(told.number), told.en))
    codings.append(coding(ours("signal"), signal, row.en if row else signal))
    return concept(*codings, text=row.zh if row else signal)


@cache
def panel_code() -> Json:
    """Of a cuff's pressures together."""
    return concept(coding(LOINC, "85354-9"), coding(MDC, "150020"), coding(ours("signal"), "nibp"), text="无创血压")


@cache
def category_of(signal: str) -> tuple[Json, ...]:
    """A vital sign, what else is measured, or what a machine is set to."""
    if is_setting(signal):
        return _category("therapy"), concept(coding("http://hl7.org/fhir/metric-category", _SETTING))
    return (_category("vital-signs" if signal in profile() else "procedure"),)


def is_setting(signal: str) -> bool:
    row = signals().get(signal)
    return row is not None and row.kind == _SETTING


def source_of(signal: str, refid: str) -> str:
    """By which of a signal's ways it was measured, as ecg or spo2: a class of signals.csv; "": not known."""
    row: Signal | None = signals().get(signal)
    return next((name for name, codes in row.sources if refid in codes), "") if row and refid else ""


def _category(code: str) -> Json:
    return concept(coding(f"{HL7}/observation-category", code))
