"""What the simulated monitor measures of its patient, as it writes it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from collector.model import PatientIdentity, Waveform
from drivers.mindray_pds import tables
from drivers.patient import Cuff, Patient, Vitals

GUID = "00112233-4455-6677-8899aabbccdd0000"
MISSING = -100.0
_AMBIENT_MMHG = 760.0
MODULES: Mapping[str, str] = {
    **dict.fromkeys(("101", "102", "106"), "2101"),
    **dict.fromkeys(("151",), "2102"),
    **dict.fromkeys(("160", "161", "162"), "2103"),
    **dict.fromkeys(("200", "201"), "2104"),
    **dict.fromkeys(("170", "171", "172", "173"), "2105"),
    **dict.fromkeys(("500", "501", "502", "566"), "2116"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """A row of what was typed in: OBX-2, OBX-5 as sent, and what that says."""

    number: str
    type: str
    text: str
    value: float | str


ENTERED: Sequence[Entered] = (
    Entered(number="52", type="NM", text="175.0", value=175.0),
    Entered(number="51", type="NM", text="70.0", value=70.0),
    Entered(number="2301", type="ST", text="SIM-0001", value="SIM-0001"),
    Entered(number="2302", type="CE", text="0^N", value="N"),
    Entered(number="2303", type="CE", text="2^", value="2"),
    Entered(number="2308", type="ST", text="OR-03", value="OR-03"),
)
WHO = PatientIdentity(
    ids={"patient_id": "SIM-0001"},
    family="演示病人",
    given="DEMO",
    sex="M",
    birth_date="19700101",
    category="adult",
    height_cm=175.0,
    weight_kg=70.0,
    state="admitted",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    id: str
    text: str
    code: str
    level: str = ""

    @property
    def marks(self) -> str:
        return "*" * self.text.count("*")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wave:
    """A wave of the patient as counts: value × gain + zero."""

    name: str
    rate_hz: int
    size: int
    gain: float
    zero: float


WAVES: Mapping[int, _Wave] = {
    1101: _Wave(name="ecg_ii", rate_hz=256, size=1, gain=60.0, zero=128.0),
    1102: _Wave(name="ecg_v", rate_hz=256, size=1, gain=60.0, zero=128.0),
    1151: _Wave(name="impedance", rate_hz=128, size=1, gain=80.0, zero=128.0),
    1152: _Wave(name="pleth", rate_hz=256, size=1, gain=15.0, zero=40.0),
    1171: _Wave(name="art", rate_hz=128, size=2, gain=1.0, zero=0.0),
}
"""Wave id → what it shows; rates of the published waves (§1.6)."""
_LARGEST = {1: 255, 2: 32767}


def numbers(v: Vitals) -> Mapping[str, str]:
    """Parameter id → text of OBX-5."""
    whole = {
        "101": v.ecg_rate_per_min,
        "102": 0.0,
        "151": v.resp_rate_per_min,
        "160": v.spo2_pct,
        "161": v.pulse_rate_per_min,
        "220": v.etco2_pct / 100.0 * _AMBIENT_MMHG,
        "222": v.airway_rate_per_min,
        "254": v.fio2_pct,
        "500": v.art_sys_mmhg,
        "501": v.art_mean_mmhg,
        "502": v.art_dia_mmhg,
        "566": v.cvp_mmhg,
    }
    parts = {"106": v.st_ii_mm / 10.0, "162": v.perfusion_pct, "200": v.temp_core_cel, "201": v.temp_skin_cel}
    return {number: _text(value, 0) for number, value in whole.items()} | {
        number: _text(value, 2) for number, value in parts.items()
    }


def cuff(one: Cuff) -> Mapping[str, str]:
    values = {"171": one.dia_mmhg, "172": one.mean_mmhg, "170": one.sys_mmhg, "173": one.rate_per_min}
    return {number: _text(value, 0) for number, value in values.items()}


def alarms(kind: str, v: Vitals) -> Mapping[str, Alarm]:
    """What sounds, by id: kind 2 physiological, 4 technical."""
    pulse = "MDC_PULS_OXIM_SAT_O2"
    sounding: Sequence[tuple[bool, Alarm]]
    if kind == "2":
        sounding = (
            (v.ecg_rate_per_min > 120.0, Alarm(id="10002", text="**HR TOO HIGH", code="MDC_ECG_HEART_RATE", level="1")),
            (v.ecg_rate_per_min < 50.0, Alarm(id="10002", text="**HR TOO LOW", code="MDC_ECG_HEART_RATE", level="1")),
            (v.spo2_pct < 90.0, Alarm(id="10033", text="**SpO2 TOO LOW", code=pulse, level="1")),
        )
    else:
        sounding = (
            (math.isnan(v.ecg_rate_per_min), Alarm(id="5", text="ECG Lead Off", code="MDC_ECG_ELEC_POTL")),
            (math.isnan(v.spo2_pct), Alarm(id="205", text="SpO2 Sensor Off", code=pulse)),
        )
    return {one.id: one for on, one in sounding if on}


def wave(patient: Patient, number: int, start_s: float) -> tuple[int, NDArray[np.int32]]:
    """Bytes per sample and one second of counts from `start_s`, shape (rate,)."""
    one = WAVES[number]
    values = patient.wave(one.name, start_s, one.rate_hz, float(one.rate_hz))
    counts = np.rint(np.nan_to_num(values) * one.gain + one.zero).clip(0, _LARGEST[one.size])
    return one.size, counts.astype(np.int32)


def piece(number: int, counts: NDArray[np.int32], *, goes_on: bool) -> Waveform:
    kind = tables.waves()[number]
    return Waveform(
        channel=kind.channel,
        rate_hz=float(len(counts)),
        data=counts.astype("<i4").tobytes(),
        offset=kind.offset,
        gap_samples=0 if goes_on else None,
        start_us=-1_000_000,
    )


def _text(value: float, decimals: int) -> str:
    return f"{MISSING if math.isnan(value) else value:.{decimals}f}"
