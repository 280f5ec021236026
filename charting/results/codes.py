"""Our codes and units as IEEE 11073 and HL7 write them. Pure."""

from collections.abc import Mapping
from functools import cache

from alarms.sites import codes as temperature_codes
from alarms.sites import site_of
from charting.fill.signals import Signal, signals
from charting.results.message import LOCAL
from collector.codes import by_refid, dictionary
from collector.hl7.message import compose

MDC = "MDC"

UNSPECIFIED: Mapping[str, str] = {
    "pulse": "MDC_PULS_RATE",
    "co": "MDC_OUTPUT_CARD",
    "temp": "MDC_TEMP",
    "temp2": "MDC_TEMP",
    "rr": "MDC_RESP_RATE",
    "vt": "MDC_VOL_AWAY_TIDAL",
    "mv": "MDC_VOL_MINUTE_AWAY",
}
"""What a person has charted without a device names neither method nor site, where the row's first code does."""


def standard(refid: str) -> str:
    """number^REFID^MDC as composed; "" of a code without a number."""
    known = by_refid().get(refid)
    return compose(str(known.number), refid, MDC) if known is not None and known.number is not None else ""


def observation(signal: str, refid: str, site: str = "") -> str:
    """OBX-3 of a row of the record: by the code that the device gave, or one of the same class of the row's codes.

    `refid` "": a person charted it. `site`: where he measured a temperature. A row of which no code has a number goes
    by its own name.
    """
    row, refid = signals().get(signal), refid or UNSPECIFIED.get(signal, "")
    if site:
        refid = next((code for code in temperature_codes() if (of := site_of(code)) and of.name == site), refid)
    found = next(filter(None, map(standard, (refid, *_alike(row, refid)))), "")
    return found or compose(signal, row.en if row else signal, LOCAL)


def unit(ucum: str) -> str:
    """OBX-6 of a UCUM unit: the MDC_DIM code, else UCUM itself."""
    return _units().get(ucum) or compose(ucum, ucum, "UCUM")


def _alike(row: Signal | None, refid: str) -> tuple[str, ...]:
    if row is None:
        return ()
    return next((codes for _, codes in row.sources if not refid or refid in codes), ())


@cache
def _units() -> Mapping[str, str]:
    found: dict[str, str] = {}
    for each in dictionary():
        if each.kind == "unit" and each.number is not None:
            found.setdefault(each.unit, compose(str(each.number), each.refid, MDC))
    return found
