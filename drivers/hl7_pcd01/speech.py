"""What the simulated gateway says: the rows of its messages, and the same as events.

Shapes: captures of an eGateway (fact sheet mindray-and-chinese-hl7 §2): paths `1.<module>.<channel>.<code>`, units as
MDC_DIM, waves with rate, resolution and marker, a time on episodic rows only.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from collector.hl7.message import escape
from collector.model import Channel, Event, Observation, Quality, Role, Waveform
from drivers.patient import Cuff, Patient, Vitals

Row = Sequence[str]

MMHG_PER_PCT = 7.13
"""Partial pressure of a gas of 1 % at 760 mmHg, of dry gas."""
MARKER = 32_767

_UNITS: Mapping[str, str] = {
    "/min": "264864^MDC_DIM_BEAT_PER_MIN^MDC",
    "%": "262688^MDC_DIM_PERCENT^MDC",
    "mm[Hg]": "266016^MDC_DIM_MMHG^MDC",
    "cm[H2O]": "266048^MDC_DIM_CM_H2O^MDC",
    "Cel": "268192^MDC_DIM_DEGC^MDC",
    "mV": "266418^MDC_DIM_MILLI_VOLT^MDC",
    "uV": "266419^MDC_DIM_MICRO_VOLT^MDC",
    "mL": "263762^MDC_DIM_MILLI_L^MDC",
    "L/min": "265216^MDC_DIM_L_PER_MIN^MDC",
    "mL/cm[H2O]": "268050^MDC_DIM_MILLI_L_PER_CM_H2O^MDC",
    "1": "262656^MDC_DIM_DIMLESS^MDC",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A numeric: where it stands, of what field of Vitals it is, with so many decimals."""

    code: int
    refid: str
    place: str
    unit: str
    field: str
    decimals: int = 0
    of: Callable[[float], float] = float
    limits: Limits | None = None

    @property
    def path(self) -> str:
        return f"{self.place}.{self.code}"

    @property
    def channel(self) -> Channel:
        return Channel(code=self.refid, source=f"{self.path}/{self.code}", unit=self.unit)


def _pressure(pct: float) -> float:
    return pct * MMHG_PER_PCT


_N = Number
NUMBERS: Sequence[Number] = (
    _N(code=147842, refid="MDC_ECG_HEART_RATE", place="1.7.4", unit="/min", field="ecg_rate_per_min",
       limits=Limits(low=50, high=120)),
    _N(code=131842, refid="MDC_ECG_AMPL_ST_II", place="1.7.3", unit="mV", field="st_ii_mm", decimals=3,
       of=lambda mm: mm / 10),
    _N(code=151578, refid="MDC_TTHOR_RESP_RATE", place="1.7.1", unit="/min", field="resp_rate_per_min"),
    _N(code=150456, refid="MDC_PULS_OXIM_SAT_O2", place="1.3.1", unit="%", field="spo2_pct",
       limits=Limits(low=90, high=100)),
    _N(code=149530, refid="MDC_PULS_OXIM_PULS_RATE", place="1.3.1", unit="/min", field="pulse_rate_per_min"),
    _N(code=150488, refid="MDC_BLD_PERF_INDEX", place="1.3.1", unit="%", field="perfusion_pct", decimals=2),
    _N(code=150037, refid="MDC_PRESS_BLD_ART_ABP_SYS", place="1.1.1", unit="mm[Hg]", field="art_sys_mmhg",
       limits=Limits(low=80, high=160)),
    _N(code=150038, refid="MDC_PRESS_BLD_ART_ABP_DIA", place="1.1.1", unit="mm[Hg]", field="art_dia_mmhg"),
    _N(code=150039, refid="MDC_PRESS_BLD_ART_ABP_MEAN", place="1.1.1", unit="mm[Hg]", field="art_mean_mmhg"),
    _N(code=150087, refid="MDC_PRESS_BLD_VEN_CENT_MEAN", place="1.1.2", unit="mm[Hg]", field="cvp_mmhg"),
    _N(code=150372, refid="MDC_TEMP_ESOPH", place="1.2.1", unit="Cel", field="temp_core_cel", decimals=1),
    _N(code=150388, refid="MDC_TEMP_SKIN", place="1.2.2", unit="Cel", field="temp_skin_cel", decimals=1),
    _N(code=151708, refid="MDC_CONC_AWAY_CO2_ET", place="1.8.1", unit="mm[Hg]", field="etco2_pct", of=_pressure),
    _N(code=151716, refid="MDC_CONC_AWAY_CO2_INSP", place="1.8.1", unit="mm[Hg]", field="fico2_pct", of=_pressure),
    _N(code=151594, refid="MDC_CO2_RESP_RATE", place="1.8.1", unit="/min", field="airway_rate_per_min"),
    _N(code=152196, refid="MDC_CONC_AWAY_O2_INSP", place="1.9.1", unit="%", field="fio2_pct"),
    _N(code=152440, refid="MDC_CONC_AWAY_O2_ET", place="1.9.1", unit="%", field="eto2_pct"),
    _N(code=152180, refid="MDC_CONC_AWAY_SEVOFL_INSP", place="1.9.2", unit="%", field="sevo_fi_pct", decimals=1),
    _N(code=152096, refid="MDC_CONC_AWAY_SEVOFL_ET", place="1.9.2", unit="%", field="sevo_et_pct", decimals=1),
    _N(code=151957, refid="MDC_VENT_PRESS_MAX", place="1.11.1", unit="cm[H2O]", field="peak_pressure_cmh2o"),
    _N(code=151784, refid="MDC_PRESS_RESP_PLAT", place="1.11.1", unit="cm[H2O]", field="plateau_pressure_cmh2o"),
    _N(code=151976, refid="MDC_VENT_PRESS_AWAY_END_EXP_POS", place="1.11.1", unit="cm[H2O]", field="peep_cmh2o"),
    _N(code=152664, refid="MDC_VOL_AWAY_TIDAL_EXP", place="1.11.3", unit="mL", field="tidal_volume_ml"),
    _N(code=153644, refid="MDC_EEG_BISPECTRAL_INDEX", place="1.12.1", unit="1", field="state_entropy"),
)  # fmt: skip
"""BIS is derived from the patient's state entropy; both say how deep he sleeps."""

_CUFF: Sequence[tuple[int, str, str, str]] = (
    (150021, "MDC_PRESS_BLD_NONINV_SYS", "mm[Hg]", "sys_mmhg"),
    (150022, "MDC_PRESS_BLD_NONINV_DIA", "mm[Hg]", "dia_mmhg"),
    (150023, "MDC_PRESS_BLD_NONINV_MEAN", "mm[Hg]", "mean_mmhg"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """A wave: of which of the patient's, how often sampled, and what one count is."""

    code: int
    refid: str
    place: str
    unit: str
    name: str
    rate_hz: int
    resolution: float
    share: tuple[tuple[str, float], ...] = ()

    @property
    def path(self) -> str:
        return f"{self.place}.{self.code}"


def _lead(code: int, name: str, *share: tuple[str, float]) -> Wave:
    return Wave(code=code, refid=f"MDC_ECG_ELEC_POTL_{name}", place="1.7.6", unit="mV", name=share[0][0], rate_hz=500,
                resolution=0.001221, share=share)  # fmt: skip


LEADS: Sequence[Wave] = (
    _lead(131330, "II", ("ecg_ii", 1.0)),
    _lead(131329, "I", ("ecg_i", 1.0)),
    _lead(131331, "V1", ("ecg_v", 0.7)),
)
MORE_LEADS: Sequence[Wave] = (
    _lead(131389, "III", ("ecg_ii", 1.0), ("ecg_i", -1.0)),
    _lead(131390, "AVR", ("ecg_ii", -0.5), ("ecg_i", -0.5)),
    _lead(131391, "AVL", ("ecg_i", 1.0), ("ecg_ii", -0.5)),
    _lead(131392, "AVF", ("ecg_ii", 1.0), ("ecg_i", -0.5)),
    *(_lead(131330 + n, f"V{n}", ("ecg_v", 0.5 + n / 10)) for n in range(2, 7)),
)
OTHER_WAVES: Sequence[Wave] = (
    Wave(code=150032, refid="MDC_PRESS_BLD_ART", place="1.1.1", unit="mm[Hg]", name="art", rate_hz=128, resolution=0.1),
    Wave(code=150084, refid="MDC_PRESS_BLD_VEN_CENT", place="1.1.2", unit="mm[Hg]", name="cvp", rate_hz=128,
         resolution=0.1),
    Wave(code=150452, refid="MDC_PULS_OXIM_PLETH", place="1.3.1", unit="1", name="pleth", rate_hz=60, resolution=0.01),
    Wave(code=151700, refid="MDC_CONC_AWAY_CO2", place="1.8.1", unit="mm[Hg]", name="co2", rate_hz=50,
         resolution=0.01, share=(("co2", MMHG_PER_PCT),)),
    Wave(code=151792, refid="MDC_PRESS_AWAY", place="1.11.1", unit="cm[H2O]", name="paw", rate_hz=50, resolution=0.1),
    Wave(code=151764, refid="MDC_FLOW_AWAY", place="1.11.2", unit="L/min", name="flow", rate_hz=50, resolution=0.1),
)  # fmt: skip


def numbers(patient: Patient, vitals: Vitals) -> tuple[Sequence[Row], Sequence[Event]]:
    """Rows of the values of now, and what they say. A sensor without a value sends a row with X and NAV."""
    rows: list[Row] = []
    said: list[Event] = []
    for number in NUMBERS:
        if number.field not in patient.measured:
            continue
        value = number.of(getattr(vitals, number.field))
        text = "" if math.isnan(value) else f"{value:.{number.decimals}f}"
        told = f"{number.limits.low:g}-{number.limits.high:g}" if number.limits else ""
        rows.append(_row(number.code, number.refid, number.path, text, number.unit, limits=told))
        quality = Quality.VALID if text else Quality.NOT_AVAILABLE
        said.append(Observation(channel=number.channel, value=float(text) if text else None, quality=quality))
        if number.limits:
            said += _limits(number.channel, number.limits)
    return rows, said


def cuff(found: Cuff, time: str, time_us: int) -> tuple[Sequence[Row], Sequence[Event]]:
    """Rows of the last inflation, with its own time, and what they say."""
    rows: list[Row] = []
    said: list[Event] = []
    for code, refid, unit, field in _CUFF:
        value = getattr(found, field)
        text = "" if math.isnan(value) else f"{value:.0f}"
        path = f"1.1.9.{code}"
        rows.append(_row(code, refid, path, text, unit, time=time))
        said.append(
            Observation(
                channel=Channel(code=refid, source=f"{path}/{code}", unit=unit),
                value=float(text) if text else None,
                quality=Quality.VALID if text else Quality.NOT_AVAILABLE,
                device_time_us=time_us,
            )
        )
    return rows, said


def waves(patient: Patient, shown: Sequence[Wave], start_s: float) -> tuple[Sequence[Row], Sequence[Event]]:
    """Rows of one second of waves, and what they say."""
    rows: list[Row] = []
    said: list[Event] = []
    drawn: dict[tuple[str, int], NDArray[np.float64]] = {}
    for wave in shown:
        parts = wave.share or ((wave.name, 1.0),)
        if any(name not in patient.waves for name, _ in parts):
            continue
        for name, _ in parts:
            if (name, wave.rate_hz) not in drawn:
                drawn[name, wave.rate_hz] = patient.wave(name, start_s, wave.rate_hz, wave.rate_hz)
        values = sum((share * drawn[name, wave.rate_hz] for name, share in parts), np.zeros(wave.rate_hz))
        counts = np.clip(np.rint(values / wave.resolution), -MARKER, MARKER - 1).astype("<i4")
        rows += _wave_rows(wave, counts)
        channel = Channel(code=wave.refid, source=f"{wave.path}/{wave.code}", unit=wave.unit)
        said.append(
            Waveform(
                channel=channel, rate_hz=wave.rate_hz, data=counts.tobytes(), scale=wave.resolution, start_us=-(10**6)
            )
        )
    return rows, said


def _wave_rows(wave: Wave, counts: NDArray[np.int32]) -> Sequence[Row]:
    samples = "^".join(map(str, counts.tolist()))
    return (
        ("NA", f"{wave.code}^{wave.refid}^MDC", wave.path, samples),
        ("NM", "0^MDC_ATTR_SAMP_RATE^MDC", f"{wave.path}.1", f"{wave.rate_hz}", "264640^MDC_DIM_HZ^MDC", "", "", "R"),
        (
            "NM",
            "2381^MDC_ATTR_NU_MSMT_RES^MDC",
            f"{wave.path}.2",
            f"{wave.resolution:.6f}",
            _UNITS[wave.unit],
            "",
            "",
            "R",
        ),
        ("NM", "262196^MDC_EVT_INOP^MDC", f"{wave.path}.3", f"{MARKER}", "", "", "", "R"),
    )


def _row(code: int, refid: str, path: str, text: str, unit: str, *, limits: str = "", time: str = "") -> Row:
    """Fields of an OBX from OBX-2 on; the eighth of them is OBX-8, flags."""
    told = f"{code}^{refid}^MDC", path, escape(text), _UNITS[unit], limits
    if not text:
        return ("", *told, "NAV", "X", time)
    return ("NM", *told, "", "R", time)


def _limits(channel: Channel, limits: Limits) -> Sequence[Event]:
    return [
        Observation(
            channel=Channel(code=channel.code, source=channel.source, unit=channel.unit, role=role), value=float(value)
        )
        for role, value in ((Role.LIMIT_LOW, limits.low), (Role.LIMIT_HIGH, limits.high))
    ]
