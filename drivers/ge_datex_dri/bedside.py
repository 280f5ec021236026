"""What the modules of the simulated monitor measure on the simulated patient, as the fields of its records."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from drivers.ge_datex_dri.waves import WAVES
from drivers.patient import Patient, Vitals

ABSENT = -32767
NIBP_AGED_S = 60.0
SEVOFLURANE_MAC_PCT = 2.0
AMBIENT_MMHG = 760.0

LABELS: Mapping[str, int] = {"ecg": 0x1271, "p1": 1, "p2": 2, "aa": 6}
"""ECG leads II, V and I with QRS source 1; ART; CVP; sevoflurane."""
DRAWN: Mapping[int, tuple[str, str, float]] = {
    1: ("ecg", "ecg_ii", 1000.0),
    2: ("ecg", "ecg_v", 1000.0),
    3: ("ecg", "ecg_i", 1000.0),
    4: ("p1", "art", 1.0),
    5: ("p2", "cvp", 1.0),
    8: ("spo2", "pleth", 1.0),
    9: ("co2", "co2", 1.0),
    10: ("o2", "o2", 1.0),
    12: ("aa", "agent", 1.0),
    13: ("flow_vol", "paw", 1.0),
    14: ("flow_vol", "flow", 1.0),
    15: ("ecg", "impedance", 1.0),
    32: ("entropy", "eeg", 1.0),
    39: ("ecg", "impedance", 1.0),
}
"""Wave type → the group of its module, the patient's wave, and that wave's unit over the type's."""


MODULES: Mapping[str, str] = {
    "basic.ecg": "ecg_rate_per_min",
    "basic.p1": "art_sys_mmhg",
    "basic.p2": "cvp_mmhg",
    "basic.t1": "temp_core_cel",
    "basic.t2": "temp_skin_cel",
    "basic.spo2": "spo2_pct",
    "ext2.entropy": "state_entropy",
    "basic.co2": "etco2_pct",
    "basic.o2": "fio2_pct",
    "basic.n2o": "fio2_pct",
    "basic.aa": "sevo_et_pct",
    "basic.flow_vol": "tidal_volume_ml",
    "ext3.bal_gas": "fio2_pct",
    "ext3.aa2": "sevo_et_pct",
}
"""Group → what of the patient is measured where its module is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A group with its words and raw fields; a field that is not named has no value."""

    status: int = 3
    label: int = 0
    fields: Mapping[str, int] = field(default_factory=dict)


def groups(patient: Patient, time_s: float) -> Mapping[str, Measured]:
    """By "class.group": what is measured at `time_s`. All other modules are absent."""
    now = patient.vitals(time_s)
    found = {**_circulation(now), **_breathing(now)}
    there = {name: one for name, one in found.items() if MODULES[name] in patient.measured}
    return {**there, "basic.nibp": _cuff(patient, time_s)}


def samples(patient: Patient, kind: int, start_s: float, n: int) -> list[int]:
    """Raw samples of a wave type, from `start_s`."""
    _, name, factor = DRAWN[kind]
    wave = WAVES[kind]
    drawn = patient.wave(name, start_s, n, wave.rate_hz) * factor / wave.scale
    return [round(float(value)) for value in drawn]


def alarms(now: Vitals) -> Mapping[bytes, int]:
    """Text → colour of what the monitor alarms for: 1 white, 2 yellow, 3 red."""
    limits = {
        (b"ART sys low", 3): now.art_sys_mmhg < 80.0,
        (b"HR high", 2): now.ecg_rate_per_min > 120.0,
        (b"EtCO2 low", 2): now.etco2_pct < 3.5,
        (b"SpO2 low", 1): now.spo2_pct < 94.0,
    }
    return {text: color for (text, color), broken in limits.items() if broken}


def _raw(value: float, divisor: float = 1.0) -> int:
    """The value as a field, where one of the field is 1 / divisor."""
    return ABSENT if math.isnan(value) else round(value * divisor)


def _circulation(now: Vitals) -> dict[str, Measured]:
    heart, st = _raw(now.ecg_rate_per_min), now.st_ii_mm
    ecg = {
        "hr": heart, "st1": _raw(st, 100), "st2": _raw(0.8 * st, 100), "st3": _raw(0.6 * st, 100),
        "imp_rr": _raw(now.resp_rate_per_min), "ecg_extra.hr_ecg": heart,
    }  # fmt: skip
    art = {
        "sys": _raw(now.art_sys_mmhg, 100), "dia": _raw(now.art_dia_mmhg, 100),
        "mean": _raw(now.art_mean_mmhg, 100), "hr": _raw(now.art_rate_per_min),
    }  # fmt: skip
    spo2 = {
        "SpO2": _raw(now.spo2_pct, 100), "pr": _raw(now.pulse_rate_per_min), "ir_amp": _raw(now.perfusion_pct, 100)
    }  # fmt: skip
    entropy = {
        "eeg_ent": _raw(now.state_entropy),
        "emg_ent": _raw(now.response_entropy),
        "bsr_ent": _raw(0.0 * now.state_entropy),
    }
    return {
        "basic.ecg": Measured(status=3 | 1 << 3, label=LABELS["ecg"], fields=ecg),
        "basic.p1": Measured(label=LABELS["p1"], fields=art),
        "basic.p2": Measured(label=LABELS["p2"], fields={"mean": _raw(now.cvp_mmhg, 100)}),
        "basic.t1": Measured(label=2, fields={"temp": _raw(now.temp_core_cel, 100)}),
        "basic.t2": Measured(label=7, fields={"temp": _raw(now.temp_skin_cel, 100)}),
        "basic.spo2": Measured(fields=spo2),
        "ext2.entropy": Measured(fields=entropy),
    }


def _breathing(now: Vitals) -> dict[str, Measured]:
    rate = _raw(now.airway_rate_per_min)
    mac = _raw(now.sevo_et_pct / SEVOFLURANE_MAC_PCT, 100)
    co2 = {
        "et": _raw(now.etco2_pct, 100), "fi": _raw(now.fico2_pct, 100),
        "rr": rate, "amb_press": _raw(AMBIENT_MMHG, 10),
    }  # fmt: skip
    agent = {"et": _raw(now.sevo_et_pct, 100), "fi": _raw(now.sevo_fi_pct, 100), "mac_sum": mac}
    flow = {
        "rr": rate,
        "ppeak": _raw(now.peak_pressure_cmh2o, 100),
        "peep": _raw(now.peep_cmh2o, 100),
        "pplat": _raw(now.plateau_pressure_cmh2o, 100),
        "tv_insp": _raw(now.tidal_volume_ml, 10),
        "tv_exp": _raw(now.tidal_volume_ml, 10),
        "compliance": _raw(now.compliance_ml_per_cmh2o, 100),
        "mv_exp": _raw(now.minute_volume_l_per_min, 100),
    }
    balance = {
        "et": _raw(100 - now.eto2_pct - now.etco2_pct - now.sevo_et_pct, 100),
        "fi": _raw(100 - now.fio2_pct - now.fico2_pct - now.sevo_fi_pct, 100),
    }
    nitrous = 0 if now.fio2_pct > 0 else ABSENT
    return {
        "basic.co2": Measured(label=1 | 1 << 3, fields=co2),
        "basic.o2": Measured(fields={"et": _raw(now.eto2_pct, 100), "fi": _raw(now.fio2_pct, 100)}),
        "basic.n2o": Measured(fields={"et": nitrous, "fi": nitrous}),
        "basic.aa": Measured(label=LABELS["aa"], fields=agent),
        "basic.flow_vol": Measured(status=3 | 2 << 8, fields=flow),
        "ext3.bal_gas": Measured(fields=balance),
        "ext3.aa2": Measured(fields={"mac_age_sum": mac}),
    }


def _cuff(patient: Patient, time_s: float) -> Measured:
    then = patient.cuff(time_s)
    if then is None:
        return Measured(label=1 << 3)
    cuff = {
        "sys": _mmhg(then.sys_mmhg), "dia": _mmhg(then.dia_mmhg), "mean": _mmhg(then.mean_mmhg),
        "hr": _raw(then.rate_per_min),
    }  # fmt: skip
    return Measured(label=1 << 3 | (time_s - then.time_s > NIBP_AGED_S) << 8, fields=cuff)


def _mmhg(value: float) -> int:
    """Of a cuff, which measures whole mmHg."""
    return ABSENT if math.isnan(value) else round(value) * 100
