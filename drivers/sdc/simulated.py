"""A simulated anaesthesia workstation: what its MDIB (mdib.xml) holds at a time. Pure."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from collector.model import (
    AlarmCondition,
    AlarmPhase,
    AlarmType,
    Channel,
    Event,
    Frame,
    Observation,
    Priority,
    Quality,
    Role,
    Waveform,
)
from drivers.patient import Patient, Vitals

PATH = "/4f1f2c1e9d9b4a7c8f3a5b6c7d8e9f00"
"""The end of its address: its endpoint reference."""
TICK_S = 0.2
"""How often samples are sent; numbers come with every fifth."""
NUMBERS_EVERY = 5
CUFF_PERIOD_S = 300.0
HOT_RATE_PER_MIN = 110.0
"""Above it its alarm of a high heart rate is on: the upper limit of the MDIB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Number:
    handle: str
    code: str
    unit: str
    field: str
    decimals: int
    factor: float
    role: Role


_KPA_PER_PCT = 0.96
_MMHG_PER_PCT = _KPA_PER_PCT * 7.50062
"""Partial pressure of one percent of dry gas."""
NUMBERS = tuple(
    _Number(handle=handle, code=code, unit=unit, field=field, decimals=decimals, factor=factor, role=role)
    for handle, code, unit, field, decimals, factor, role in (
        ("hr", "MDC_ECG_HEART_RATE", "/min", "ecg_rate_per_min", 0, 1.0, Role.MEASURED),
        ("spo2", "MDC_PULS_OXIM_SAT_O2", "%", "spo2_pct", 0, 1.0, Role.MEASURED),
        ("art.sys", "MDC_PRESS_BLD_ART_ABP_SYS", "mm[Hg]", "art_sys_mmhg", 0, 1.0, Role.MEASURED),
        ("art.dia", "MDC_PRESS_BLD_ART_ABP_DIA", "mm[Hg]", "art_dia_mmhg", 0, 1.0, Role.MEASURED),
        ("art.mean", "MDC_PRESS_BLD_ART_ABP_MEAN", "mm[Hg]", "art_mean_mmhg", 0, 1.0, Role.MEASURED),
        ("temp", "MDC_TEMP_ESOPH", "Cel", "temp_core_cel", 1, 1.0, Role.MEASURED),
        ("etco2.kpa", "MDC_CONC_AWAY_CO2_ET", "kPa", "etco2_pct", 2, _KPA_PER_PCT, Role.MEASURED),
        ("etco2.mmhg", "MDC_CONC_AWAY_CO2_ET", "mm[Hg]", "etco2_pct", 0, _MMHG_PER_PCT, Role.MEASURED),
        ("rr", "MDC_CO2_RESP_RATE", "/min", "airway_rate_per_min", 0, 1.0, Role.MEASURED),
        ("fio2", "MDC_CONC_AWAY_O2_INSP", "%", "fio2_pct", 0, 1.0, Role.MEASURED),
        ("vt", "MDC_VOL_AWAY_TIDAL_EXP", "mL", "tidal_volume_ml", 0, 1.0, Role.MEASURED),
        ("peep.set", "MDC_VENT_PRESS_AWAY_END_EXP_POS_SETTING", "cm[H2O]", "peep_cmh2o", 0, 1.0, Role.SET),
    )
)
WAVES = {
    "wave.ecg": ("ecg_ii", "MDC_ECG_ELEC_POTL_II", "mV", 250.0, 3),
    "wave.art": ("art", "MDC_PRESS_BLD_ART_ABP", "mm[Hg]", 125.0, 1),
}
CUFF = (
    ("nibp.sys", "MDC_PRESS_BLD_NONINV_SYS", "sys_mmhg"),
    ("nibp.dia", "MDC_PRESS_BLD_NONINV_DIA", "dia_mmhg"),
    ("nibp.mean", "MDC_PRESS_BLD_NONINV_MEAN", "mean_mmhg"),
)
MODE = Channel(code="MDC_VENT_MODE", source="mode", unit="", role=Role.SET)
LIMITS = (("hr.alarm", Role.LIMIT_LOW, 45.0), ("hr.alarm", Role.LIMIT_HIGH, HOT_RATE_PER_MIN))


class Workstation:
    """What it says from its first tick on: commands for the provider, and the same as events."""

    def __init__(self, patient: Patient, epoch_us: int) -> None:
        self._patient = patient
        self._epoch_us = epoch_us
        self._zero_s: float | None = None
        self._ticks = 0
        self._hot = False
        self._cuff_s = -math.inf

    def first(self) -> Sequence[Event]:
        """What its MDIB has from the beginning, before any tick."""
        limits = [
            Observation(channel=Channel(code="MDC_ECG_HEART_RATE", source=handle, unit="/min", role=role), value=value)
            for handle, role, value in LIMITS
        ]
        return [Frame(offset=0, length=0, kind="mdib"), Observation(channel=MODE, value="VCV"), *limits]

    def tick(self, now_s: float) -> Iterator[tuple[Mapping[str, Any], Sequence[Event]]]:
        """What is to be said at a time, by `now_s`."""
        self._zero_s = now_s if self._zero_s is None else self._zero_s
        while self._zero_s + self._ticks * TICK_S <= now_s:
            time_s = self._ticks * TICK_S
            at_s = self._epoch_us / 1e6 + self._zero_s + time_s
            if self._ticks % NUMBERS_EVERY == 0:
                yield self._numbers(self._patient.vitals(time_s), at_s)
                yield from self._cuff(time_s, at_s)
                yield from self._alarm(self._patient.vitals(time_s))
            yield self._waves(time_s, at_s)
            self._ticks += 1

    def _numbers(self, vitals: Vitals, at_s: float) -> tuple[Mapping[str, Any], Sequence[Event]]:
        command: dict[str, Any] = {}
        told: list[Event] = [Frame(offset=0, length=0, kind="metrics")]
        for one in NUMBERS:
            value = getattr(vitals, one.field) * one.factor
            text = None if math.isnan(value) else f"{value:.{one.decimals}f}"
            command[one.handle] = {"value": text, "validity": "NA" if text is None else "Vld", "time": at_s}
            told.append(_observed(one, text))
        return {"metrics": command}, told

    def _cuff(self, time_s: float, at_s: float) -> Iterator[tuple[Mapping[str, Any], Sequence[Event]]]:
        cuff = self._patient.cuff(time_s, 0.0, CUFF_PERIOD_S)
        if cuff is None or cuff.time_s <= self._cuff_s:
            return
        self._cuff_s = cuff.time_s
        when_s = at_s - time_s + cuff.time_s
        command: dict[str, Any] = {}
        told: list[Event] = [Frame(offset=0, length=0, kind="metrics")]
        for handle, code, field in CUFF:
            value = getattr(cuff, field)
            text = None if math.isnan(value) else f"{value:.0f}"
            command[handle] = {"value": text, "validity": "Inv" if text is None else "Vld", "time": when_s}
            told.append(
                Observation(
                    channel=Channel(code=code, source=handle, unit="mm[Hg]"),
                    value=None if text is None else float(text),
                    quality=Quality.INVALID if text is None else Quality.VALID,
                    device_time_us=round(round(when_s, 3) * 1e6),
                )
            )
        yield {"metrics": command}, told

    def _alarm(self, vitals: Vitals) -> Iterator[tuple[Mapping[str, Any], Sequence[Event]]]:
        hot = vitals.ecg_rate_per_min > HOT_RATE_PER_MIN
        if hot != self._hot:
            self._hot = hot
            condition = AlarmCondition(
                source="hr.alarm",
                type=AlarmType.PHYSIOLOGICAL,
                priority=Priority.MEDIUM,
                phase=AlarmPhase.START if hot else AlarmPhase.END,
                text="Heart rate high",
                device_priority="Me",
            )
            yield {"alerts": {"hr.alarm": hot}}, [Frame(offset=0, length=0, kind="alerts"), condition]

    def _waves(self, time_s: float, at_s: float) -> tuple[Mapping[str, Any], Sequence[Event]]:
        command: dict[str, Any] = {}
        told: list[Event] = [Frame(offset=0, length=0, kind="waveforms")]
        for handle, (name, code, unit, rate_hz, decimals) in WAVES.items():
            if name not in self._patient.waves:
                continue
            samples = self._patient.wave(name, time_s, round(TICK_S * rate_hz), rate_hz)
            counts = (samples * 10**decimals).round().astype("<i4")
            command[handle] = {
                "samples": [f"{count / 10**decimals:.{decimals}f}" for count in counts.tolist()],
                "time": at_s,
            }
            told.append(
                Waveform(
                    channel=Channel(code=code, source=handle, unit=unit),
                    rate_hz=rate_hz,
                    data=counts.tobytes(),
                    scale=10.0**-decimals,
                )
            )
        return {"waves": command}, told


def _observed(one: _Number, text: str | None) -> Observation:
    return Observation(
        channel=Channel(code=one.code, source=one.handle, unit=one.unit, role=one.role),
        value=None if text is None else float(text),
        quality=Quality.NOT_AVAILABLE if text is None else Quality.VALID,
    )
