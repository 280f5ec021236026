"""What a line says: data, or one of the headings between them (fact sheet small-devices §7).

Headings of trends: NPB-290 and NPB-295 operator's manuals, data port protocol.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from collector.lines import Line
from collector.model import Rejected
from drivers.nellcor.frames import SECOND_US, Reading

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
CENTURY = 2000
MAX_SPO2_PCT, MAX_PULSE_PER_MIN = 100, 350
"""More is a damaged line: no oximeter shows it."""

_DATA = re.compile(
    rb"(\d\d)-([A-Za-z]{3})-(\d\d) (\d\d):(\d\d):(\d\d)"
    rb" +(\d{1,3}|---)(\*?) +(\d{1,3}|---)(\*?) +(\d{1,3}|---)\*?((?: +[A-Z]{2}){0,8}) *"
)
_LIMITS = (
    rb"SpO2 Limit: *(?P<spo2_low>\d{1,3})- *(?P<spo2_high>\d{1,3})% +"
    rb"PR Limit: *(?P<pulse_low>\d{1,3})- *(?P<pulse_high>\d{1,3})BPM *"
)
_RESPONSE = rb"(?: +SPO2 RESP MODE: *(?P<response>[A-Z]{2,10}))?"
_SOURCE = rb"(?P<model>[!-~]{2,16}) +VERSION +(?P<software>[0-9.]{1,16}) +"
HEADINGS: Mapping[str, re.Pattern[bytes]] = {
    kind: re.compile(form, re.IGNORECASE)
    for kind, form in (
        ("heading", _SOURCE + rb"CRC: ?[!-~]{1,8} +" + _LIMITS),
        ("trend", _SOURCE + rb"TREND +" + _LIMITS),
        ("info", _SOURCE + rb"INFO +CRC: ?[!-~]{1,8} +SEC:[0-9 /]{1,32}"),
        (
            "mode",
            rb" *(?P<mode>[A-Z]{3,10}) +(?P<sat_seconds>\d{1,3})SAT-S" + _RESPONSE + rb" *",
        ),
        ("title", rb" *TIME +%SPO2 +BPM +PA(?: +Status)? *"),
        ("complete", rb" *Output Complete *"),
    )
}
"""Kind → form. A "heading" stands before data as they are measured, a "trend" before old ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A line that is no data; `words`: what stands in it, by the names of its form."""

    line: Line
    kind: str
    words: Mapping[str, str]


def read(line: Line) -> Reading | Heading | Rejected:
    """What a line says. Rejected: it is no line of this protocol, or what it says cannot be."""
    match = _DATA.fullmatch(line.data)
    if match is not None:
        return _reading(line, [part.decode("ascii") for part in match.groups()])
    for kind, form in HEADINGS.items():
        match = form.fullmatch(line.data)
        if match is not None:
            words = {name: word.decode("ascii") for name, word in match.groupdict().items() if word is not None}
            return Heading(line=line, kind=kind, words=words) if _plausible(words) else line.rejected("limits")
    return line.rejected("line")


def _reading(line: Line, parts: list[str]) -> Reading | Rejected:
    day, month, year, hour, minute, second, spo2, beyond_spo2, pulse, beyond_pulse, amplitude, codes = parts
    if month.title() not in MONTHS:
        return line.rejected("time")
    try:
        told = datetime(
            CENTURY + int(year), MONTHS.index(month.title()) + 1, int(day), int(hour), int(minute), int(second),
            tzinfo=UTC,
        )  # fmt: skip
    except ValueError:
        return line.rejected("time")
    if _number(spo2) > MAX_SPO2_PCT or _number(pulse) > MAX_PULSE_PER_MIN:
        return line.rejected("value")
    return Reading(
        line=line,
        time_us=int(told.timestamp()) * SECOND_US,
        spo2=spo2,
        beyond_spo2=bool(beyond_spo2),
        pulse=pulse,
        beyond_pulse=bool(beyond_pulse),
        amplitude=amplitude,
        codes=tuple(codes.split()),
    )


def _number(digits: str) -> int:
    return int(digits) if digits.isdigit() else 0


def _plausible(words: Mapping[str, str]) -> bool:
    if "spo2_low" not in words:
        return True
    spo2_low, spo2_high, pulse_low, pulse_high = (
        int(words[name]) for name in ("spo2_low", "spo2_high", "pulse_low", "pulse_high")
    )
    return spo2_low <= spo2_high <= MAX_SPO2_PCT and pulse_low <= pulse_high <= MAX_PULSE_PER_MIN
