"""What the modules of the simulated monitor measure on the simulated patient, as the fields of its records."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from drivers.ge_datex_dri.waves import WAVES
from drivers.patient import Patient, Vitals

ABSENT = -32767
NIBP_PERIOD_S = 300.0
"""The cuff measures at the start and then every 5 minutes."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A group with its words and raw fields; a field that is not named has no value."""

    status: int = 3
    label: int = 0
    fields: Mapping[str, int] = field(default_factory=dict)


def cuff_time_s(time_s: float) -> float:
    """When the last cuff measurement was."""
    return time_s // NIBP_PERIOD_S * NIBP_PERIOD_S


def groups(patient: Patient, time_s: float) -> Mapping[str, Measured]:
    """By "class.group": what is measured at `time_s`. All other modules are absent."""
    now = patient.vitals(time_s)
    return {**_circulation(now), **_breathing(now), "basic.nibp": _cuff(patient, time_s)}


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
        (b"HR high", 2): now.heart_rate_per_min > 120.0,
        (b"EtCO2 low", 2): now.etco2_pct < 3.5,
        (b"SpO2 low", 1): now.spo2_pct < 94.0,
    }
    return {text: color for (text, color), broken in limits.items() if broken}


def _circulation(now: Vitals) -> dict[str, Measured]:
    heart, st = round(now.heart_rate_per_min), now.st_ii_mm * 100
    ecg = {
        "hr": heart, "st1": round(st), "st2": round(0.8 * st), "st3": round(0.6 * st),
        "imp_rr": round(now.resp_rate_per_min), "ecg_extra.hr_ecg": heart,
    }  # fmt: skip
    art = {
        "sys": round(now.art_sys_mmhg * 100), "dia": round(now.art_dia_mmhg * 100),
        "mean": round(now.art_mean_mmhg * 100), "hr": heart,
    }  # fmt: skip
    spo2 = {"SpO2": round(now.spo2_pct * 100), "pr": heart, "ir_amp": round(now.perfusion_pct * 100)}
    entropy = {"eeg_ent": round(now.state_entropy), "emg_ent": round(now.response_entropy), "bsr_ent": 0}
    return {
        "basic.ecg": Measured(status=3 | 1 << 3, label=LABELS["ecg"], fields=ecg),
        "basic.p1": Measured(label=LABELS["p1"], fields=art),
        "basic.p2": Measured(label=LABELS["p2"], fields={"mean": round(now.cvp_mmhg * 100)}),
        "basic.t1": Measured(label=2, fields={"temp": round(now.temp_core_cel * 100)}),
        "basic.t2": Measured(label=7, fields={"temp": round(now.temp_skin_cel * 100)}),
        "basic.spo2": Measured(fields=spo2),
        "ext2.entropy": Measured(fields=entropy),
    }


def _breathing(now: Vitals) -> dict[str, Measured]:
    rate = round(now.resp_rate_per_min)
    mac = round(now.sevo_et_pct / SEVOFLURANE_MAC_PCT * 100)
    co2 = {
        "et": round(now.etco2_pct * 100), "fi": round(now.fico2_pct * 100),
        "rr": rate, "amb_press": round(AMBIENT_MMHG * 10),
    }  # fmt: skip
    agent = {"et": round(now.sevo_et_pct * 100), "fi": round(now.sevo_fi_pct * 100), "mac_sum": mac}
    flow = {
        "rr": rate,
        "ppeak": round(now.peak_pressure_cmh2o * 100),
        "peep": round(now.peep_cmh2o * 100),
        "pplat": round(now.plateau_pressure_cmh2o * 100),
        "tv_insp": round(now.tidal_volume_ml * 10),
        "tv_exp": round(now.tidal_volume_ml * 10),
        "compliance": round(now.compliance_ml_per_cmh2o * 100),
        "mv_exp": round(now.minute_volume_l_per_min * 100),
    }
    balance = {
        "et": round((100 - now.eto2_pct - now.etco2_pct - now.sevo_et_pct) * 100),
        "fi": round((100 - now.fio2_pct - now.fico2_pct - now.sevo_fi_pct) * 100),
    }
    return {
        "basic.co2": Measured(label=1 | 1 << 3, fields=co2),
        "basic.o2": Measured(fields={"et": round(now.eto2_pct * 100), "fi": round(now.fio2_pct * 100)}),
        "basic.n2o": Measured(fields={"et": 0, "fi": 0}),
        "basic.aa": Measured(label=LABELS["aa"], fields=agent),
        "basic.flow_vol": Measured(status=3 | 2 << 8, fields=flow),
        "ext3.bal_gas": Measured(fields=balance),
        "ext3.aa2": Measured(fields={"mac_age_sum": mac}),
    }


def _cuff(patient: Patient, time_s: float) -> Measured:
    measured_s = cuff_time_s(time_s)
    then = patient.vitals(measured_s)
    cuff = {
        "sys": round(then.art_sys_mmhg) * 100, "dia": round(then.art_dia_mmhg) * 100,
        "mean": round(then.art_mean_mmhg) * 100, "hr": round(then.heart_rate_per_min),
    }  # fmt: skip
    return Measured(label=1 << 3 | (time_s - measured_s > NIBP_AGED_S) << 8, fields=cuff)
