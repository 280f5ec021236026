"""The simulated patient whom all simulators measure: numbers and waves of one body, as functions of time.

Pure and deterministic: the same scenario and seed give the same patient, and every value may be asked at any time, in
any order. Rates are integrated, so the beats of a wave are the rate that the number says. Not a physiological model:
it is there so that what arrives can be compared with what was there. What sensors show of the body may be wrong
(drivers.troubles), and NaN is "no value", which each device says in its own way.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from collector.errors import UsageError
from drivers.anaesthetic import ANAESTHETIC, KNOTS
from drivers.troubles import Spell, Trouble, effects, shown

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """What is measured of the patient at one time. Units are in the names; gases in volume percent of dry gas.

    NaN: no value. heart_rate is the body's; ECG, oximeter and arterial line each count it, and breaths are counted at
    the airway too. art_mean is the mean of the wave that Patient.wave draws.
    """

    heart_rate_per_min: float = 72.0
    resp_rate_per_min: float = 12.0
    spo2_pct: float = 98.0
    perfusion_pct: float = 3.2
    art_sys_mmhg: float = 122.0
    art_dia_mmhg: float = 70.0
    cvp_mmhg: float = 8.0
    temp_core_cel: float = 36.7
    temp_skin_cel: float = 33.9
    etco2_pct: float = 5.0
    fico2_pct: float = 0.1
    fio2_pct: float = 40.0
    eto2_pct: float = 35.0
    sevo_fi_pct: float = 0.0
    sevo_et_pct: float = 0.0
    tidal_volume_ml: float = 480.0
    peak_pressure_cmh2o: float = 18.0
    plateau_pressure_cmh2o: float = 15.0
    peep_cmh2o: float = 5.0
    state_entropy: float = 88.0
    response_entropy: float = 96.0
    st_ii_mm: float = 0.2
    ecg_rate_per_min: float = 72.0
    pulse_rate_per_min: float = 72.0
    art_rate_per_min: float = 72.0
    airway_rate_per_min: float = 12.0
    art_mean_mmhg: float = 90.8

    @property
    def minute_volume_l_per_min(self) -> float:
        return self.tidal_volume_ml * self.airway_rate_per_min / 1000.0

    @property
    def compliance_ml_per_cmh2o(self) -> float:
        return self.tidal_volume_ml / (self.plateau_pressure_cmh2o - self.peep_cmh2o)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cuff:
    """The last inflation of the cuff: when it measured (s), and its pressures and pulse, NaN where it could not."""

    time_s: float
    sys_mmhg: float
    dia_mmhg: float
    mean_mmhg: float
    rate_per_min: float


_ASLEEP: Mapping[str, float] = {
    "heart_rate_per_min": 62.0,
    "art_sys_mmhg": 104.0,
    "art_dia_mmhg": 58.0,
    "sevo_fi_pct": 2.2,
    "sevo_et_pct": 1.9,
    "state_entropy": 44.0,
    "response_entropy": 47.0,
}

SCENARIOS: Mapping[str, tuple[tuple[float, Mapping[str, float]], ...]] = {
    "stable": ((0.0, _ASLEEP),),
    "induction": ((0.0, {}), (60.0, {}), (240.0, _ASLEEP)),
    "hypothermia": (
        (0.0, {**_ASLEEP, "temp_core_cel": 36.5}),
        (1800.0, {**_ASLEEP, "temp_core_cel": 35.8, "temp_skin_cel": 31.8}),
        (7200.0, {**_ASLEEP, "temp_core_cel": 34.9, "temp_skin_cel": 30.5}),
    ),
    "anaesthetic": KNOTS,
    "bleeding": (
        (0.0, _ASLEEP),
        (300.0, _ASLEEP),
        (
            1200.0,
            {**_ASLEEP, "heart_rate_per_min": 124.0, "art_sys_mmhg": 74.0, "art_dia_mmhg": 42.0, "cvp_mmhg": 2.0,
             "spo2_pct": 93.0, "etco2_pct": 3.4},
        ),
    ),
}  # fmt: skip
"""Scenario → knots (seconds, the vitals that differ from Vitals()); between knots values go in a straight line."""

TROUBLES: Mapping[str, tuple[Spell, ...]] = {"anaesthetic": ANAESTHETIC}
"""Scenario → what goes wrong in it."""

CUFF_FIRST_S, CUFF_PERIOD_S = 0.0, 300.0
"""When the cuff measures, where a device has no habit of its own."""

PULSE_MEAN = 0.4
_INSPIRATION = 1.0 / 3.0


class Patient:
    """A simulated patient. Raises UsageError for a scenario that is not there."""

    waves: frozenset[str]
    """Names of WAVES that are measured of him."""
    measured: frozenset[str] = frozenset(field.name for field in fields(Vitals))
    """Fields of Vitals that are ever measured of him."""

    def __init__(self, scenario: str = "stable", seed: int = 0) -> None:
        if scenario not in SCENARIOS:
            raise UsageError(f"no scenario {scenario!r}: there are {', '.join(SCENARIOS)} and wfdb:FILE")
        knots = SCENARIOS[scenario]
        self.waves = frozenset(WAVES)
        self._spells = TROUBLES.get(scenario, ())
        self._effects = effects(self._spells)
        self._vitals: dict[float, Vitals] = {}
        rng = np.random.default_rng(seed)
        self._times = np.array([time for time, _ in knots])
        base = Vitals()
        self._knots: dict[str, Array] = {
            f.name: np.array([values.get(f.name, getattr(base, f.name)) for _, values in knots], dtype=float)
            for f in fields(Vitals)
            if f.name not in _COUNTED_OF and f.name != "art_mean_mmhg"
        }
        self._phase = {"heart": float(rng.uniform()), "breath": float(rng.uniform())}
        self._sway = {name: float(rng.uniform(0.0, 2.0 * np.pi)) for name in self._knots}

    def vitals(self, time_s: float) -> Vitals:
        """What sensors show at `time_s` (seconds, ≥ 0)."""
        found = self._vitals.get(time_s)
        if found is None:
            if len(self._vitals) >= _REMEMBERED:
                self._vitals.pop(next(iter(self._vitals)))
            time = np.array([time_s])
            found = Vitals(**{f.name: float(self._shown(f.name, time)[0]) for f in fields(Vitals)})
            self._vitals[time_s] = found
        return found

    def cuff(self, time_s: float, first_s: float = CUFF_FIRST_S, period_s: float = CUFF_PERIOD_S) -> Cuff | None:
        """The last inflation until `time_s`, of a device that inflates so often; None before the first."""
        if time_s < first_s:
            return None
        at_s = first_s + (time_s - first_s) // period_s * period_s
        if any(spell.trouble is Trouble.CUFF_FAILS and spell.covers(at_s) for spell in self._spells):
            return Cuff(time_s=at_s, sys_mmhg=np.nan, dia_mmhg=np.nan, mean_mmhg=np.nan, rate_per_min=np.nan)
        sys, dia, mean, rate = (
            float(self._value(name, np.array([at_s]))[0])
            for name in ("art_sys_mmhg", "art_dia_mmhg", "art_mean_mmhg", "heart_rate_per_min")
        )
        return Cuff(time_s=at_s, sys_mmhg=sys, dia_mmhg=dia, mean_mmhg=mean, rate_per_min=rate)

    def wave(self, name: str, start_s: float, n: int, rate_hz: float) -> Array:
        """`n` samples from `start_s`, shape (n,), in the unit of WAVES. Raises KeyError for a name not in WAVES."""
        time = start_s + np.arange(n) / rate_hz
        return _DRAW[name](self, time)

    def beats(self, time_s: Array) -> Array:
        """Heart beats since the start, whole numbers at each R peak, shape as given."""
        return self._cycles("heart_rate_per_min", "heart", time_s)

    def breaths(self, time_s: Array) -> Array:
        """Breaths since the start, whole numbers at each start of inspiration, shape as given."""
        return self._cycles("resp_rate_per_min", "breath", time_s)

    def _shown(self, name: str, time: Array) -> Array:
        """What a sensor shows of the body."""
        return shown(time, self._value(name, time), self._effects.get(name, ()))

    def _value(self, name: str, time: Array) -> Array:
        """What the body has."""
        name = _COUNTED_OF.get(name, name)
        if name == "art_mean_mmhg":
            low, high = self._value("art_dia_mmhg", time), self._value("art_sys_mmhg", time)
            return low + PULSE_MEAN * (high - low)
        line = np.interp(time, self._times, self._knots[name])
        sway = _SWAY.get(name, 0.0)
        return line + sway * np.sin(2.0 * np.pi * time / _SWAY_PERIOD_S + self._sway[name]) if sway else line

    def _cycles(self, name: str, phase: str, time: Array) -> Array:
        """The integral of a rate per minute: its line by trapezoids, its sway in closed form."""
        times, values = self._times, self._knots[name]
        area = np.concatenate(([0.0], np.cumsum(np.diff(times) * (values[1:] + values[:-1]) / 2.0)))
        index = np.clip(np.searchsorted(times, time, side="right") - 1, 0, len(times) - 1)
        left = time - times[index]
        here = np.interp(time, times, values)
        at = area[index] + left * (values[index] + here) / 2.0
        omega = 2.0 * np.pi / _SWAY_PERIOD_S
        sway = _SWAY.get(name, 0.0) / omega * (np.cos(self._sway[name]) - np.cos(omega * time + self._sway[name]))
        return np.asarray((at + sway) / 60.0 + self._phase[phase])

    def _ecg(self, time: Array, gain: float = 1.0) -> Array:
        x = self.beats(time) % 1.0
        x = np.where(x > 0.5, x - 1.0, x)
        wave = (
            1.1 * np.exp(-((x / 0.012) ** 2))
            - 0.15 * np.exp(-(((x + 0.03) / 0.012) ** 2))
            - 0.2 * np.exp(-(((x - 0.03) / 0.014) ** 2))
            + 0.12 * np.exp(-(((x + 0.18) / 0.03) ** 2))
            + 0.3 * np.exp(-(((x - 0.3) / 0.06) ** 2))
        )
        st = self._value("st_ii_mm", time) * 0.1 * np.exp(-(((x - 0.12) / 0.05) ** 2))
        return shown(time, np.asarray(gain * (wave + st)), self._effects.get("ecg_mv", ()))

    def _pulse(self, time: Array, delay: float) -> Array:
        """A pulse in 0…1 per beat with a mean of PULSE_MEAN over the beat and its peak at 1."""
        index = ((self.beats(time) - delay) % 1.0 * _PULSE_STEPS).astype(int)
        return np.asarray(_PULSE_TABLE[index])

    def _art(self, time: Array) -> Array:
        low, high = self._flat("art_dia_mmhg", time), self._flat("art_sys_mmhg", time)
        return low + (high - low) * self._pulse(time, 0.2)

    def _pleth(self, time: Array) -> Array:
        return self._flat("perfusion_pct", time) * (self._pulse(time, 0.3) - PULSE_MEAN)

    def _flat(self, name: str, time: Array) -> Array:
        """What a wave is drawn with: zero where the sensor is not on."""
        return np.nan_to_num(self._shown(name, time))

    def _cvp(self, time: Array) -> Array:
        return self._value("cvp_mmhg", time) + 1.5 * np.sin(2.0 * np.pi * self.beats(time))

    def _inspiring(self, time: Array) -> tuple[Array, NDArray[np.bool_]]:
        x = self.breaths(time) % 1.0
        return x, x < _INSPIRATION

    def _co2(self, time: Array) -> Array:
        x, _ = self._inspiring(time)
        low, high = self._value("fico2_pct", time), self._value("etco2_pct", time)
        rise = 1.0 / (1.0 + np.exp(-(x - 0.42) / 0.015)) * (0.92 + 0.08 * np.clip((x - 0.42) / 0.56, 0.0, 1.0))
        fall = 1.0 / (1.0 + np.exp((x - 0.985) / 0.003))
        return low + (high - low) * rise * fall

    def _paw(self, time: Array) -> Array:
        x, inspiring = self._inspiring(time)
        peep, plateau = self._value("peep_cmh2o", time), self._value("plateau_pressure_cmh2o", time)
        peak = self._value("peak_pressure_cmh2o", time)
        up = peep + (peak - plateau) + (plateau - peep) * x / _INSPIRATION
        down = peep + (plateau - peep) * np.exp(-(x - _INSPIRATION) / 0.08)
        return np.where(inspiring, up, down)

    def _flow(self, time: Array) -> Array:
        """Volume in = volume out = the tidal volume: constant flow in, exponential flow out."""
        x, inspiring = self._inspiring(time)
        litres = self._value("tidal_volume_ml", time) / 1000.0
        rate = self._value("resp_rate_per_min", time)
        tau = 0.08
        out = -litres * rate * np.exp(-(x - _INSPIRATION) / tau) / (tau * (1.0 - np.exp(-(1.0 - _INSPIRATION) / tau)))
        return np.where(inspiring, litres * rate / _INSPIRATION, out)

    def _impedance(self, time: Array) -> Array:
        return 0.6 * np.sin(2.0 * np.pi * self.breaths(time))

    def _o2(self, time: Array) -> Array:
        share = self._co2_share(time)
        return self._value("fio2_pct", time) + share * (self._value("eto2_pct", time) - self._value("fio2_pct", time))

    def _agent(self, time: Array) -> Array:
        share = self._co2_share(time)
        fi = self._value("sevo_fi_pct", time)
        return fi + share * (self._value("sevo_et_pct", time) - fi)

    def _co2_share(self, time: Array) -> Array:
        low, high = self._value("fico2_pct", time), self._value("etco2_pct", time)
        return (self._co2(time) - low) / (high - low)

    def _eeg(self, time: Array) -> Array:
        deep = np.clip((90.0 - self._value("state_entropy", time)) / 50.0, 0.0, 1.0)
        tones = ((1.3, 18.0, 1.0), (2.1, 12.0, 2.0), (9.7, 9.0, 0.3), (17.0, 4.0, -0.6))
        return np.asarray(
            sum(a * (1.0 + share * deep) * np.sin(2.0 * np.pi * f * time + a) for f, a, share in tones), dtype=float
        )


_REMEMBERED = 8
"""Times of which a device asks several times over."""

_COUNTED_OF: Mapping[str, str] = {
    "ecg_rate_per_min": "heart_rate_per_min",
    "pulse_rate_per_min": "heart_rate_per_min",
    "art_rate_per_min": "heart_rate_per_min",
    "airway_rate_per_min": "resp_rate_per_min",
}


class Seen(Patient):
    """Another patient as a device sees him: from `after_s` on, and with its own cuff or none."""

    def __init__(self, patient: Patient, after_s: float = 0.0, *, cuffed: bool = True) -> None:
        super().__init__()
        self.waves, self.measured = patient.waves, patient.measured
        self._patient, self._after_s, self._cuffed = patient, after_s, cuffed

    def vitals(self, time_s: float) -> Vitals:
        return self._patient.vitals(time_s + self._after_s)

    def cuff(self, time_s: float, first_s: float = CUFF_FIRST_S, period_s: float = CUFF_PERIOD_S) -> Cuff | None:
        found = self._patient.cuff(time_s + self._after_s, first_s, period_s) if self._cuffed else None
        if found is None or found.time_s < self._after_s:
            return None
        return replace(found, time_s=found.time_s - self._after_s)

    def wave(self, name: str, start_s: float, n: int, rate_hz: float) -> Array:
        return self._patient.wave(name, start_s + self._after_s, n, rate_hz)

    def beats(self, time_s: Array) -> Array:
        return self._patient.beats(time_s + self._after_s)

    def breaths(self, time_s: Array) -> Array:
        return self._patient.breaths(time_s + self._after_s)


_SWAY_PERIOD_S = 97.0
_SWAY: Mapping[str, float] = {
    "heart_rate_per_min": 3.0,
    "art_sys_mmhg": 4.0,
    "art_dia_mmhg": 2.5,
    "spo2_pct": 0.6,
    "etco2_pct": 0.12,
    "state_entropy": 2.5,
    "response_entropy": 2.5,
}
_PULSE_STEPS = 4000


def _pulse_table() -> Array:
    x = np.arange(_PULSE_STEPS) / _PULSE_STEPS
    shape = np.exp(-(((x - 0.16) / 0.075) ** 2)) + 0.42 * np.exp(-(((x - 0.40) / 0.14) ** 2))
    tail = np.exp(-x / 0.35) * (1.0 - np.exp(-x / 0.03))
    shape = shape + 0.3 * tail
    shape = (shape - shape.min()) / (shape.max() - shape.min())
    low, high = 0.05, 8.0
    for _ in range(60):
        power = (low + high) / 2.0
        low, high = (power, high) if np.mean(shape**power) > PULSE_MEAN else (low, power)
    return np.asarray(shape ** ((low + high) / 2.0), dtype=float)


_PULSE_TABLE = _pulse_table()

WAVES: Mapping[str, str] = {
    "ecg_ii": "mV",
    "ecg_i": "mV",
    "ecg_v": "mV",
    "art": "mm[Hg]",
    "cvp": "mm[Hg]",
    "pleth": "%",
    "co2": "%",
    "o2": "%",
    "agent": "%",
    "paw": "cm[H2O]",
    "flow": "L/min",
    "impedance": "Ohm",
    "eeg": "uV",
}
"""Name → UCUM unit of Patient.wave."""

_DRAW: Mapping[str, Callable[[Patient, Array], Array]] = {
    "ecg_ii": Patient._ecg,  # noqa: SLF001
    "ecg_i": lambda p, t: p._ecg(t, 0.6),  # noqa: SLF001
    "ecg_v": lambda p, t: p._ecg(t, 0.8),  # noqa: SLF001
    "art": Patient._art,  # noqa: SLF001
    "cvp": Patient._cvp,  # noqa: SLF001
    "pleth": Patient._pleth,  # noqa: SLF001
    "co2": Patient._co2,  # noqa: SLF001
    "o2": Patient._o2,  # noqa: SLF001
    "agent": Patient._agent,  # noqa: SLF001
    "paw": Patient._paw,  # noqa: SLF001
    "flow": Patient._flow,  # noqa: SLF001
    "impedance": Patient._impedance,  # noqa: SLF001
    "eeg": Patient._eeg,  # noqa: SLF001
}
