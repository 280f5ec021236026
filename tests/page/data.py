"""A store in memory with planted data: what a bed's journal would hold of a simulated patient."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from collector.health import is_asked
from collector.model import (
    AlarmCondition,
    AlarmPhase,
    AlarmType,
    Channel,
    Condition,
    Identity,
    Priority,
    Quality,
    Reading,
    Role,
    Series,
    WavePiece,
)
from collector.series import Minutes, Points
from collector.status import DeviceState, DeviceStatus
from drivers.patient import WAVES, Patient, Vitals

BED = "OR-03"
ZONE = "Asia/Shanghai"
SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
NOW_US = 1_795_501_123_400_000
"""2026-11-24T06:18:43.4Z, 14:18:43 in Shanghai."""


def series(
    code: str, unit: str, device: str = "monitor", *, source: str = "", role: Role = Role.MEASURED, site: str = ""
) -> Series:
    channel = Channel(code=code, source=source or code.lower(), unit=unit, role=role, site=site)
    return Series(bed=BED, device=device, channel=channel)


def reading(
    of: Series, time_us: int, value: float | str | None, quality: Quality = Quality.VALID, *, demo: bool = False
) -> Reading:
    number, text = (None, value) if isinstance(value, str) else (value, None)
    return Reading(series=of, time_us=time_us, value=number, text=text, quality=quality, demo=demo)


def piece(of: Series, start_us: int, rate_hz: float, counts: Sequence[int], scale: float = 1.0) -> WavePiece:
    data = np.asarray(counts, dtype="<i4").tobytes()
    return WavePiece(
        series=of,
        start_us=start_us,
        rate_hz=rate_hz,
        data=data,
        scale=scale,
        offset=0.0,
        quality=Quality.VALID,
        demo=False,
    )


def alarm(
    time_us: int,
    phase: AlarmPhase = AlarmPhase.START,
    *,
    device: str = "monitor",
    source: str = "1",
    priority: Priority = Priority.HIGH,
    text: str = "** HR 128 > 120",
    type_: AlarmType = AlarmType.PHYSIOLOGICAL,
) -> Condition:
    condition = AlarmCondition(source=source, type=type_, priority=priority, phase=phase, text=text)
    return Condition(bed=BED, device=device, time_us=time_us, alarm=condition)


def status(
    device: str = "monitor", state: DeviceState = DeviceState.RECEIVING, *, now_us: int = NOW_US, cause: str = ""
) -> DeviceStatus:
    return DeviceStatus(
        device=device,
        driver="philips-intellivue",
        port="udp://192.0.2.7:24105",
        state=state,
        since_us=now_us - 5400 * SECOND_US,
        last_frame_us=now_us - SECOND_US,
        cause=cause,
        frames=5400,
        manufacturer="Philips",
        model="MX800",
    )


@dataclass(slots=True)
class Store:
    """A SeriesReader over lists."""

    readings: list[Reading] = field(default_factory=list)
    pieces: list[WavePiece] = field(default_factory=list)
    changes: list[Condition] = field(default_factory=list)
    told: list[Identity] = field(default_factory=list)

    def latest(self, bed: str, codes: Sequence[str] = ()) -> Sequence[Reading]:
        found = [r for r in self.readings if r.series.bed == bed and is_asked(r.series.channel.code, codes)]
        return list({r.series: r for r in found}.values())

    def _found(self, bed: str, codes: Sequence[str], start_us: int, end_us: int) -> dict[Series, list[Reading]]:
        found: dict[Series, list[Reading]] = defaultdict(list)
        for r in self.readings:
            wanted = r.series.bed == bed and (not codes or r.series.channel.code in codes)
            if wanted and start_us <= r.time_us < end_us:
                found[r.series].append(r)
        return {of: sorted(members, key=lambda r: r.time_us) for of, members in found.items()}

    def points(self, bed: str, codes: Sequence[str], start_us: int, end_us: int) -> Sequence[Points]:
        return [
            Points(
                series=of,
                time_us=np.array([r.time_us for r in members], dtype=np.int64),
                value=np.array([np.nan if r.value is None else r.value for r in members], dtype=np.float64),
                quality=np.array([r.quality.value for r in members], dtype=np.str_),
                demo=np.array([r.demo for r in members], dtype=np.bool_),
            )
            for of, members in self._found(bed, codes, start_us, end_us).items()
        ]

    def values(self, bed: str, codes: Sequence[str], start_us: int, end_us: int) -> Sequence[Reading]:
        return [r for members in self._found(bed, codes, start_us, end_us).values() for r in members]

    def minutes(self, bed: str, codes: Sequence[str], start_us: int, end_us: int) -> Sequence[Minutes]:
        return [
            by_minute(of, members)
            for of, all_ in self._found(bed, codes, start_us, end_us).items()
            if (members := [r for r in all_ if r.quality in (Quality.VALID, Quality.QUESTIONABLE)])
        ]

    def waves(self, bed: str, codes: Sequence[str], start_us: int, end_us: int) -> Sequence[WavePiece]:
        return [
            p
            for p in self.pieces
            if p.series.bed == bed
            and (not codes or p.series.channel.code in codes)
            and p.start_us < end_us
            and p.start_us + p.n / p.rate_hz * SECOND_US > start_us
        ]

    def identities(self, bed: str, start_us: int, end_us: int) -> Sequence[Identity]:
        return [i for i in self.told if i.bed == bed and start_us <= i.time_us < end_us]

    def last_changes(self, bed: str, before_us: int) -> Sequence[Condition]:
        last = {(c.device, c.alarm.source): c for c in self.conditions(bed, 0, before_us)}
        return sorted(last.values(), key=lambda change: change.time_us)

    def conditions(self, bed: str, start_us: int, end_us: int) -> Sequence[Condition]:
        return [c for c in self.changes if c.bed == bed and start_us <= c.time_us < end_us]


def by_minute(of: Series, members: Sequence[Reading]) -> Minutes:
    groups: dict[int, list[Reading]] = defaultdict(list)
    for r in members:
        if r.value is not None:
            groups[r.time_us // MINUTE_US * MINUTE_US].append(r)
    values = {minute: [r.value for r in group if r.value is not None] for minute, group in groups.items()}
    return Minutes(
        series=of,
        minute_us=np.array(list(groups), dtype=np.int64),
        last=np.array([v[-1] for v in values.values()], dtype=np.float64),
        low=np.array([min(v) for v in values.values()], dtype=np.float64),
        high=np.array([max(v) for v in values.values()], dtype=np.float64),
        count=np.array([len(v) for v in values.values()], dtype=np.int64),
        questionable=np.array([any(r.quality is Quality.QUESTIONABLE for r in g) for g in groups.values()], dtype=bool),
        demo=np.array([any(r.demo for r in g) for g in groups.values()], dtype=bool),
    )


HR = series("MDC_ECG_HEART_RATE", "/min", source="4182")
SPO2 = series("MDC_PULS_OXIM_SAT_O2", "%", source="4BB8")
TEMP = series("MDC_TEMP_NASOPH", "Cel", source="4B54", site="nasopharynx")
NIBP_SYS = series("MDC_PRESS_BLD_NONINV_SYS", "mm[Hg]", source="4A05")
NIBP_DIA = series("MDC_PRESS_BLD_NONINV_DIA", "mm[Hg]", source="4A06")
NIBP_MEAN = series("MDC_PRESS_BLD_NONINV_MEAN", "mm[Hg]", source="4A07")

_MMHG_PER_PCT = 7.13
"""Partial pressure of one volume percent in dry gas at 760 mmHg, saturated at 37 °C."""

CONTINUOUS: Sequence[tuple[Series, Callable[[Vitals], float]]] = (
    (HR, lambda v: v.heart_rate_per_min),
    (series("MDC_PULS_OXIM_PULS_RATE", "/min"), lambda v: v.heart_rate_per_min),
    (SPO2, lambda v: v.spo2_pct),
    (series("MDC_BLD_PERF_INDEX", "%"), lambda v: v.perfusion_pct),
    (series("MDC_PRESS_BLD_ART_ABP_SYS", "mm[Hg]", site="radial"), lambda v: v.art_sys_mmhg),
    (series("MDC_PRESS_BLD_ART_ABP_DIA", "mm[Hg]", site="radial"), lambda v: v.art_dia_mmhg),
    (series("MDC_PRESS_BLD_ART_ABP_MEAN", "mm[Hg]", site="radial"), lambda v: v.art_mean_mmhg),
    (series("MDC_PRESS_BLD_VEN_CENT_MEAN", "mm[Hg]"), lambda v: v.cvp_mmhg),
    (TEMP, lambda v: v.temp_core_cel),
    (series("MDC_TEMP_SKIN", "Cel", site="skin"), lambda v: v.temp_skin_cel),
    (series("MDC_ECG_AMPL_ST_II", "mm"), lambda v: v.st_ii_mm),
    (series("MDC_EEG_BISPECTRAL_INDEX", "1"), lambda v: v.state_entropy),
    (series("MDC_CONC_AWAY_CO2_ET", "mm[Hg]", "machine"), lambda v: v.etco2_pct * _MMHG_PER_PCT),
    (series("MDC_CONC_AWAY_CO2_INSP", "mm[Hg]", "machine"), lambda v: v.fico2_pct * _MMHG_PER_PCT),
    (series("MDC_CO2_RESP_RATE", "/min", "machine"), lambda v: v.resp_rate_per_min),
    (series("MDC_CONC_AWAY_O2_INSP", "%", "machine"), lambda v: v.fio2_pct),
    (series("MDC_CONC_AWAY_O2_ET", "%", "machine"), lambda v: v.eto2_pct),
    (series("MDC_CONC_AWAY_SEVOFL_INSP", "%", "machine"), lambda v: v.sevo_fi_pct),
    (series("MDC_CONC_AWAY_SEVOFL_ET", "%", "machine"), lambda v: v.sevo_et_pct),
    (series("MDC_CONC_MAC", "1", "machine"), lambda v: v.sevo_et_pct / 1.8),
    (series("MDC_VOL_AWAY_TIDAL_EXP", "mL", "vent"), lambda v: v.tidal_volume_ml),
    (series("MDC_VOL_MINUTE_AWAY_EXP", "L/min", "vent"), lambda v: v.minute_volume_l_per_min),
    (series("MDC_PRESS_AWAY_INSP_PEAK", "mbar", "vent"), lambda v: v.peak_pressure_cmh2o),
    (series("MDC_PRESS_RESP_PLAT", "mbar", "vent"), lambda v: v.plateau_pressure_cmh2o),
    (series("MDC_PRESS_AWAY_END_EXP_POS", "mbar", "vent"), lambda v: v.peep_cmh2o),
    (series("MDC_COMPL_LUNG_DYN", "mL/mbar", "vent"), lambda v: v.compliance_ml_per_cmh2o),
)
SETTINGS: Sequence[tuple[Series, float | str]] = (
    (series("MDC_VENT_VOL_TIDAL_SETTING", "mL", "vent", role=Role.SET), 480.0),
    (series("MDC_VENT_RESP_RATE_SETTING", "/min", "vent", role=Role.SET), 12.0),
    (series("MDC_VENT_PRESS_AWAY_END_EXP_POS_SETTING", "mbar", "vent", role=Role.SET), 5.0),
    (series("MDC_VENT_MODE", "", "vent", role=Role.SET), "IPPV"),
    (series("MDC_ECG_HEART_RATE", "/min", source="4182-low", role=Role.LIMIT_LOW), 50.0),
    (series("MDC_ECG_HEART_RATE", "/min", source="4182-high", role=Role.LIMIT_HIGH), 120.0),
    (series("MDC_PRESS_AWAY_INSP_PEAK", "mbar", "vent", role=Role.LIMIT_HIGH), 35.0),
)
WAVE_CODES: Sequence[tuple[Series, str, float]] = (
    (series("MDC_ECG_ELEC_POTL_II", WAVES["ecg_ii"]), "ecg_ii", 250.0),
    (series("MDC_PRESS_BLD_ART", WAVES["art"]), "art", 125.0),
    (series("MDC_PULS_OXIM_PLETH", "1"), "pleth", 125.0),
    (series("MDC_CONC_AWAY_CO2", "%", "machine"), "co2", 62.5),
    (series("MDC_PRESS_AWAY", "cm[H2O]", "vent"), "paw", 62.5),
    (series("MDC_FLOW_AWAY", "L/min", "vent"), "flow", 62.5),
)


def _not_the_monitor(of: Series) -> bool:
    return of.device != "monitor"


class Theatre:
    """A patient's case that ends now: `history` plants hours of it, `beat` what comes in a second."""

    def __init__(self, store: Store, now_us: int, *, hours: float = 4.0, demo: bool = False) -> None:
        self.store = store
        self.patient = Patient("hypothermia", seed=3)
        self.demo = demo
        self.start_us = now_us - int(hours * 3600) * SECOND_US

    def vitals(self, time_us: int) -> Vitals:
        return self.patient.vitals((time_us - self.start_us) / SECOND_US)

    def values(self, time_us: int, only: Callable[[Series], bool] | None = None) -> None:
        vitals = self.vitals(time_us)
        self.store.readings += [
            reading(of, time_us, value(vitals), demo=self.demo) for of, value in CONTINUOUS if only is None or only(of)
        ]

    def cuff(self, time_us: int, quality: Quality = Quality.VALID) -> None:
        vitals = self.vitals(time_us)
        for of, value in (
            (NIBP_SYS, vitals.art_sys_mmhg + 3.0),
            (NIBP_DIA, vitals.art_dia_mmhg + 2.0),
            (NIBP_MEAN, vitals.art_mean_mmhg + 2.0),
        ):
            self.store.readings.append(reading(of, time_us, round(value), quality, demo=self.demo))

    def settings(self, time_us: int) -> None:
        self.store.readings += [reading(of, time_us, value, demo=self.demo) for of, value in SETTINGS]

    def waves(self, start_us: int) -> None:
        """A second of every wave."""
        for of, name, rate_hz in WAVE_CODES:
            samples = self.patient.wave(name, (start_us - self.start_us) / SECOND_US, round(rate_hz), rate_hz)
            counts = np.round(samples / 0.01).astype(int).tolist()
            self.store.pieces.append(replace(piece(of, start_us, rate_hz, counts, 0.01), demo=self.demo))

    def history(self, now_us: int, gap: tuple[int, int] | None = None, step_s: int = 20) -> None:
        """Values every step_s up to now, a cuff every 5 min; between `gap` (µs) the monitor says nothing."""
        for time_us in range(self.start_us, now_us, step_s * SECOND_US):
            silent = gap is not None and gap[0] <= time_us < gap[1]
            self.values(time_us, _not_the_monitor if silent else None)
            if not silent and (time_us - self.start_us) // SECOND_US % 300 == 0:
                self.cuff(time_us)
        self.settings(now_us - 4 * SECOND_US)
        for start_us in range(now_us - 14 * SECOND_US, now_us - SECOND_US + 1, SECOND_US):
            self.waves(start_us)
