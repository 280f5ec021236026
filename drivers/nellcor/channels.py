"""What the columns and headings are (fact sheet small-devices §7)."""

from collections.abc import Mapping
from dataclasses import replace

from collector.model import Channel, Role

SPO2 = Channel(code="MDC_PULS_OXIM_SAT_O2", source="%SpO2", unit="%")
PULSE = Channel(code="MDC_PULS_OXIM_PULS_RATE", source="BPM", unit="/min")
AMPLITUDE = Channel(code="VND_NELLCOR_PULSE_AMPLITUDE", source="PA", unit="1")
STATUS = Channel(code="VND_NELLCOR_STATUS", source="Status", unit="")

_SPO2_LIMIT = replace(SPO2, source="SpO2 Limit")
_PULSE_LIMIT = replace(PULSE, source="PR Limit")
NUMBERS: Mapping[str, Channel] = {
    "spo2_low": replace(_SPO2_LIMIT, role=Role.LIMIT_LOW),
    "spo2_high": replace(_SPO2_LIMIT, role=Role.LIMIT_HIGH),
    "pulse_low": replace(_PULSE_LIMIT, role=Role.LIMIT_LOW),
    "pulse_high": replace(_PULSE_LIMIT, role=Role.LIMIT_HIGH),
    "sat_seconds": Channel(code="VND_NELLCOR_SATSECONDS_SETTING", source="SAT-S", unit="%.s", role=Role.SET),
}
WORDS: Mapping[str, Channel] = {
    "mode": Channel(code="VND_NELLCOR_LIMITS_MODE", source="mode", unit="", role=Role.SET),
    "response": Channel(code="VND_NELLCOR_RESPONSE_MODE", source="SPO2 RESP MODE", unit="", role=Role.SET),
}
"""Name of a word in a heading → its channel."""

EVERY = (SPO2, PULSE, AMPLITUDE, STATUS, *NUMBERS.values(), *WORDS.values())
