"""What goes wrong between a body and the devices that measure it: artefacts and probes that are not on. Pure.

A table of what each trouble does to what a sensor shows. Values of the body itself are not touched.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

ROOM_CEL = 22.0
FALL_S, RISE_S = 150.0, 40.0
"""Time constants of a probe that has fallen off, and of one that is put back."""
SETTLED_S = 900.0
"""After so long a probe that was put back shows the body again."""


class Trouble(StrEnum):
    """Kinds. FLUSH, ZERO: of the arterial line; CUFF_FAILS: inflations in its time measure nothing; NO_…: nothing is
    connected; HYPOTENSION, TACHYCARDIA: of the body itself, no artefact.
    """

    FLUSH = "flush"
    ZERO = "zero"
    DIATHERMY = "diathermy"
    PROBE_OUT = "probe_out"
    CUFF_FAILS = "cuff_fails"
    SPO2_OFF = "spo2_off"
    SPO2_DROP = "spo2_drop"
    LOW_PERFUSION = "low_perfusion"
    NO_ART = "no_art"
    NO_AIRWAY = "no_airway"
    NO_CORE_TEMP = "no_core_temp"
    HYPOTENSION = "hypotension"
    TACHYCARDIA = "tachycardia"


@dataclass(frozen=True, slots=True)
class Spell:
    """A trouble from start_s to end_s of the patient's time."""

    trouble: Trouble
    start_s: float
    end_s: float

    def covers(self, time_s: float) -> bool:
        return self.start_s <= time_s < self.end_s


Effect = Callable[[Array, Array, Spell], Array]
"""(time, shape (n,); what the sensor would show, shape (n,); spell) → what it shows, in the spell and in its tail."""


def _shows(value: float) -> Effect:
    return lambda time, _, __: np.full(time.shape, value)


def _scaled(factor: float, plus: float = 0.0) -> Effect:
    return lambda _, shown, __: factor * shown + plus


def _burnt(time: Array, shown: Array, spell: Spell) -> Array:
    """Diathermy in an ECG: far larger than the heart."""
    del spell
    return shown + 2.5 * np.sin(2.0 * np.pi * 37.0 * time) * np.sin(2.0 * np.pi * 11.3 * time)


def _fallen_off(time: Array, shown: Array, spell: Spell) -> Array:
    out = ROOM_CEL + (shown - ROOM_CEL) * np.exp(-(time - spell.start_s) / FALL_S)
    lowest = ROOM_CEL + (shown - ROOM_CEL) * np.exp(-(spell.end_s - spell.start_s) / FALL_S)
    back = shown - (shown - lowest) * np.exp(-np.maximum(0.0, time - spell.end_s) / RISE_S)
    return np.where(time < spell.end_s, out, back)


_NOTHING = _shows(np.nan)

EFFECTS: Mapping[Trouble, Mapping[str, Effect]] = {
    Trouble.FLUSH: {
        "art_sys_mmhg": _shows(288.0),
        "art_dia_mmhg": _shows(282.0),
        "art_mean_mmhg": _shows(285.0),
        "art_rate_per_min": _NOTHING,
    },
    Trouble.ZERO: {
        "art_sys_mmhg": _shows(1.0),
        "art_dia_mmhg": _shows(0.0),
        "art_mean_mmhg": _shows(0.0),
        "art_rate_per_min": _NOTHING,
    },
    Trouble.DIATHERMY: {"ecg_rate_per_min": _scaled(1.9), "ecg_mv": _burnt},
    Trouble.PROBE_OUT: {"temp_core_cel": _fallen_off},
    Trouble.SPO2_OFF: dict.fromkeys(("spo2_pct", "pulse_rate_per_min", "perfusion_pct"), _NOTHING),
    Trouble.SPO2_DROP: {"spo2_pct": _scaled(1.0, -18.0)},
    Trouble.LOW_PERFUSION: {"perfusion_pct": _shows(0.2), "spo2_pct": _scaled(1.0, -6.0)},
    Trouble.NO_ART: dict.fromkeys(("art_sys_mmhg", "art_dia_mmhg", "art_mean_mmhg", "art_rate_per_min"), _NOTHING),
    Trouble.NO_AIRWAY: dict.fromkeys(
        (
            "airway_rate_per_min", "etco2_pct", "fico2_pct", "fio2_pct", "eto2_pct", "sevo_fi_pct", "sevo_et_pct",
            "tidal_volume_ml", "peak_pressure_cmh2o", "plateau_pressure_cmh2o", "peep_cmh2o",
        ),
        _NOTHING,
    ),
    Trouble.NO_CORE_TEMP: {"temp_core_cel": _NOTHING},
}  # fmt: skip
"""Trouble → name of what is shown (a field of Vitals, or "ecg_mv") → what it does to it."""

_TAILS_S: Mapping[Trouble, float] = {Trouble.PROBE_OUT: SETTLED_S}


def effects(spells: Iterable[Spell]) -> Mapping[str, Sequence[tuple[Spell, Effect]]]:
    """What these spells do, by name of what is shown."""
    found: dict[str, list[tuple[Spell, Effect]]] = {}
    for spell in spells:
        for name, effect in EFFECTS.get(spell.trouble, {}).items():
            found.setdefault(name, []).append((spell, effect))
    return found


def shown(time: Array, value: Array, by: Sequence[tuple[Spell, Effect]]) -> Array:
    """What a sensor shows of `value` at ascending times, both of shape (n,); NaN where it shows nothing."""
    for spell, effect in by:
        start_s, end_s = spell.start_s, spell.end_s + _TAILS_S.get(spell.trouble, 0.0)
        if time.size and start_s <= time[-1] and time[0] < end_s:
            within = (time >= start_s) & (time < end_s)
            value = np.where(within, effect(time, value, spell), value)
    return value
