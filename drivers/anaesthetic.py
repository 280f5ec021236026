"""Three hours of an anaesthetic: how the body fares, what was done, and all that goes wrong. Times in seconds."""

from collections.abc import Mapping

from drivers.troubles import Spell, Trouble

MARKS: Mapping[str, float] = {
    "room_in": 0.0,
    "induction": 600.0,
    "intubation": 900.0,
    "incision": 1800.0,
    "surgery_end": 9000.0,
    "extubation": 9900.0,
    "end": 10_800.0,
}

ANAESTHETIC: tuple[Spell, ...] = (
    Spell(Trouble.NO_AIRWAY, 0.0, 900.0),
    Spell(Trouble.NO_CORE_TEMP, 0.0, 1020.0),
    Spell(Trouble.NO_ART, 0.0, 1200.0),
    Spell(Trouble.ZERO, 1210.0, 1230.0),
    Spell(Trouble.DIATHERMY, 2100.0, 2130.0),
    Spell(Trouble.DIATHERMY, 2160.0, 2210.0),
    Spell(Trouble.FLUSH, 2700.0, 2715.0),
    Spell(Trouble.SPO2_OFF, 2990.0, 3030.0),
    Spell(Trouble.DIATHERMY, 3300.0, 3340.0),
    Spell(Trouble.CUFF_FAILS, 3780.0, 3990.0),
    Spell(Trouble.HYPOTENSION, 4080.0, 4320.0),
    Spell(Trouble.SPO2_DROP, 4500.0, 4504.0),
    Spell(Trouble.DIATHERMY, 5000.0, 5045.0),
    Spell(Trouble.FLUSH, 5400.0, 5425.0),
    Spell(Trouble.TACHYCARDIA, 6060.0, 6160.0),
    Spell(Trouble.ZERO, 6600.0, 6640.0),
    Spell(Trouble.PROBE_OUT, 6900.0, 7500.0),
    Spell(Trouble.FLUSH, 7800.0, 7830.0),
    Spell(Trouble.SPO2_OFF, 8100.0, 8280.0),
    Spell(Trouble.LOW_PERFUSION, 8700.0, 8820.0),
    Spell(Trouble.NO_CORE_TEMP, 9880.0, 1e9),
    Spell(Trouble.NO_AIRWAY, 9900.0, 1e9),
)
"""The truth: what is wrong with what the devices show. Hypotension and tachycardia are real and must be charted.

The probe at 2990 s is on the arm whose cuff inflates at 3000 s; that of 8100 s has fallen off."""

_AWAKE: Mapping[str, float] = {
    "heart_rate_per_min": 84.0,
    "art_sys_mmhg": 138.0,
    "art_dia_mmhg": 82.0,
    "spo2_pct": 97.0,
    "resp_rate_per_min": 15.0,
}
_ASLEEP: Mapping[str, float] = {
    "heart_rate_per_min": 66.0,
    "art_sys_mmhg": 110.0,
    "art_dia_mmhg": 62.0,
    "spo2_pct": 99.0,
    "sevo_fi_pct": 2.2,
    "sevo_et_pct": 1.9,
    "state_entropy": 44.0,
    "response_entropy": 47.0,
}
_LOW: Mapping[str, float] = {**_ASLEEP, "art_sys_mmhg": 68.0, "art_dia_mmhg": 38.0}
_FAST: Mapping[str, float] = {**_ASLEEP, "heart_rate_per_min": 112.0}
_RAMP_S = 5.0


def _at(time_s: float, body: Mapping[str, float], **more: float) -> tuple[float, Mapping[str, float]]:
    core = 36.7 - 1.5 * min(1.0, max(0.0, time_s - 600.0) / 8400.0) + 0.3 * max(0.0, time_s - 9000.0) / 1800.0
    return time_s, {**body, "temp_core_cel": core, "temp_skin_cel": core - 2.8, **more}


KNOTS = (
    _at(0.0, _AWAKE),
    _at(600.0, _AWAKE),
    _at(840.0, _ASLEEP, art_sys_mmhg=102.0, art_dia_mmhg=57.0),
    _at(900.0, _ASLEEP, art_sys_mmhg=102.0, art_dia_mmhg=57.0),
    _at(960.0, _ASLEEP, heart_rate_per_min=94.0, art_sys_mmhg=150.0, art_dia_mmhg=88.0),
    _at(1200.0, _ASLEEP),
    _at(1800.0, _ASLEEP),
    _at(1860.0, _ASLEEP, heart_rate_per_min=82.0, art_sys_mmhg=132.0, art_dia_mmhg=76.0),
    _at(2400.0, _ASLEEP),
    _at(4080.0 - _RAMP_S, _ASLEEP),
    _at(4080.0, _LOW),
    _at(4320.0, _LOW),
    _at(4320.0 + _RAMP_S, _ASLEEP),
    _at(6060.0 - _RAMP_S, _ASLEEP),
    _at(6060.0, _FAST),
    _at(6160.0, _FAST),
    _at(6160.0 + _RAMP_S, _ASLEEP),
    _at(9000.0, _ASLEEP),
    _at(9900.0, _AWAKE, heart_rate_per_min=92.0, art_sys_mmhg=146.0, art_dia_mmhg=86.0),
    _at(10_800.0, _AWAKE),
)
"""As drivers.patient.SCENARIOS."""
