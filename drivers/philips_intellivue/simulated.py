"""The objects of the simulated monitor: numerics and waves of a patient (fact sheet philips-intellivue §6-§12)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from struct import Struct

import numpy as np
from numpy.typing import NDArray

from collector.model import Channel
from drivers.patient import Patient, Vitals
from drivers.philips_intellivue import codes
from drivers.philips_intellivue.pdu import NUMERIC, TICKS_PER_SECOND, US_PER_TICK, WAVE
from drivers.philips_intellivue.units import ucum
from drivers.philips_intellivue.values import NAN, to_float, to_string

MMHG_PER_PERCENT = 7.13
"""Partial pressure of a dry gas at 760 mmHg less water vapour."""

_BEATS, _BREATHS, _PERCENT, _MMHG, _CMH2O, _CELSIUS = 0x0AA0, 0x0AE0, 0x0220, 0x0F20, 0x0F40, 0x17A0
_ML, _L_PER_MIN, _MM, _MV, _OHM, _NONE = 0x0652, 0x0C00, 0x0512, 0x10B2, 0x10C0, 0x0200
_MEASUREMENT, _SETTING = 1, 3
_CONTINUOUS, _EPISODIC = 0x4228, 0x5228
_SPECIFICATION = Struct(">IHHBBH")
_UPDATE_TICKS = 8192
_ST_TICKS = 15 * TICKS_PER_SECOND
"""A captured monitor measured it every 14.3 or 15.4 s."""

Value = Callable[[Vitals], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedNumeric:
    """A numeric object; several members make it a compound.

    `episodic`: as the cuff measures; `period_ticks`: as ST is measured, else all the time.
    """

    handle: int
    label: int
    name: str
    unit: int
    members: Mapping[int, Value]
    decimals: int = 0
    context: int = 1
    setting: bool = False
    episodic: bool = False
    period_ticks: int = 0

    @property
    def compound(self) -> bool:
        return len(self.members) > 1

    def channel(self, physio: int) -> Channel:
        return codes.channel(physio, self.label, ucum(self.unit), compound=self.compound, setting=self.setting)

    def static(self) -> list[tuple[int, bytes]]:
        structure = (1, len(self.members)) if self.compound else (0, 0)
        category = _SETTING if self.setting else _MEASUREMENT
        access = _EPISODIC if self.episodic else _CONTINUOUS
        return [
            *_identity(self.handle, NUMERIC, self.label),
            (0x093F, _SPECIFICATION.pack(_UPDATE_TICKS, category, access, *structure, 0)),
        ]

    def dynamic(self) -> list[tuple[int, bytes]]:
        return [(0x0927, to_string(f"{self.name:<6}")), (0x0911, b"\x00\x02")]

    def observed(self, values: Mapping[int, float | None], state: Mapping[int, int]) -> list[tuple[int, bytes]]:
        """The observed value with these values; None is NaN."""
        data = [
            Struct(">HHHI").pack(physio, state[physio], self.unit, to_float(value, self.decimals))
            for physio, value in values.items()
        ]
        if not self.compound:
            return [(0x0950, data[0])]
        return [(0x094B, Struct(">HH").pack(len(data), 10 * len(data)) + b"".join(data))]


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedWave:
    """A wave object. `members`: physio id → name of the patient's wave; `scale`: FLOATs and raw values of 096F."""

    handle: int
    label: int
    name: str
    unit: int
    members: Mapping[int, str]
    samples: int
    period: int
    significant: int
    flags: int
    scale: tuple[int, int, int, int]
    gain: float
    zero: float
    factor: float = 1.0
    marks: Mapping[int, int] | None = None
    context: int = 1

    @property
    def rate_hz(self) -> float:
        return TICKS_PER_SECOND / self.period

    def channel(self, physio: int) -> Channel:
        return codes.channel(physio, self.label, ucum(self.unit), compound=len(self.members) > 1)

    def counts(self, patient: Patient, physio: int, start_ticks: int) -> NDArray[np.int32]:
        """The raw samples of the block that starts that many ticks after the patient's time 0."""
        start_s = start_ticks * US_PER_TICK / 1_000_000
        values = patient.wave(self.members[physio], start_s, self.samples, self.rate_hz) * self.factor
        raw = np.rint(values * self.gain + self.zero)
        return np.clip(raw, 0, (1 << self.significant) - 1).astype("<i4")

    def static(self) -> list[tuple[int, bytes]]:
        structure = (1, len(self.members)) if len(self.members) > 1 else (0, 0)
        attributes = [
            *_identity(self.handle, WAVE, self.label),
            (0x093F, _SPECIFICATION.pack(2048, _MEASUREMENT, 0x4280, *structure, 0)),
            (0x096D, Struct(">HBBH").pack(self.samples, 16, self.significant, self.flags)),
            (0x098D, self.period.to_bytes(4, "big")),
        ]
        if self.marks:
            pairs = b"".join(Struct(">HH").pack(*mark) for mark in self.marks.items())
            attributes.append((0x0A16, Struct(">HH").pack(len(self.marks), len(pairs)) + pairs))
        return attributes

    def dynamic(self) -> list[tuple[int, bytes]]:
        return [
            (0x0927, to_string(f"{self.name:<6}")),
            (0x0996, self.unit.to_bytes(2, "big")),
            (0x096F, Struct(">IIHH").pack(*self.scale)),
        ]

    def observed(self, blocks: Mapping[int, NDArray[np.int32]], state: int) -> list[tuple[int, bytes]]:
        data = [
            Struct(">HHH").pack(physio, state, 2 * len(counts)) + counts.astype(">u2").tobytes()
            for physio, counts in blocks.items()
        ]
        if len(data) == 1:
            return [(0x096E, data[0])]
        content = b"".join(data)
        return [(0x0967, Struct(">HH").pack(len(data), len(content)) + content)]


def _identity(handle: int, object_class: int, label: int) -> list[tuple[int, bytes]]:
    return [
        (0x0921, handle.to_bytes(2, "big")),
        (0x092F, Struct(">HH").pack(1, object_class)),
        (0x0924, label.to_bytes(4, "big")),
    ]


def _one(handle: int, physio: int, name: str, unit: int, value: Value, decimals: int = 0) -> SimulatedNumeric:
    return SimulatedNumeric(
        handle=handle, label=codes.SCADA << 16 | physio, name=name, unit=unit, members={physio: value},
        decimals=decimals,
    )  # fmt: skip


def _set(handle: int, physio: int, name: str, unit: int, value: Value) -> SimulatedNumeric:
    return SimulatedNumeric(
        handle=handle, label=codes.SETTINGS << 16 | physio, name=name, unit=unit, members={physio: value}, setting=True
    )


NUMERICS: Sequence[SimulatedNumeric] = (
    _one(0x82CF, 0x4182, "HR", _BEATS, lambda v: v.ecg_rate_per_min),
    _one(0x82D6, 0x500A, "RR", _BREATHS, lambda v: v.resp_rate_per_min),
    SimulatedNumeric(
        handle=0x82DB, label=0x00020300, name="ST", unit=_MM, decimals=1, period_ticks=_ST_TICKS,
        members={0x0301: lambda v: 0.6 * v.st_ii_mm, 0x0302: lambda v: v.st_ii_mm, 0x0343: lambda v: 0.8 * v.st_ii_mm},
    ),
    _one(0x82E8, 0x4261, "PVC", _BEATS, lambda v: 0.0 * v.ecg_rate_per_min),
    SimulatedNumeric(
        handle=0x8272, label=0x00024A04, name="NBP", unit=_MMHG, episodic=True,
        members={0x4A05: lambda v: v.art_sys_mmhg, 0x4A06: lambda v: v.art_dia_mmhg, 0x4A07: lambda v: v.art_mean_mmhg},
    ),
    SimulatedNumeric(
        handle=0x8352, label=0x00024A14, name="ABP", unit=_MMHG,
        members={0x4A17: lambda v: v.art_mean_mmhg, 0x4A15: lambda v: v.art_sys_mmhg, 0x4A16: lambda v: v.art_dia_mmhg},
    ),
    SimulatedNumeric(
        handle=0x8359, label=0x80035402, name="Pulse", unit=_BEATS, members={0x480A: lambda v: v.art_rate_per_min}
    ),
    SimulatedNumeric(
        handle=0x8370, label=0x00024A44, name="CVP", unit=_MMHG, members={0x4A47: lambda v: v.cvp_mmhg}
    ),
    _one(0x8400, 0x4BB8, "SpO₂", _PERCENT, lambda v: v.spo2_pct, 1),
    _one(0x8406, 0x4822, "Pulse", _BEATS, lambda v: v.pulse_rate_per_min),
    _one(0x840A, 0x4BB0, "Perf", _NONE, lambda v: v.perfusion_pct, 1),
    _one(0x8500, 0x4B60, "Tcore", _CELSIUS, lambda v: v.temp_core_cel, 1),
    _one(0x8504, 0x4B74, "Tskin", _CELSIUS, lambda v: v.temp_skin_cel, 1),
    SimulatedNumeric(
        handle=0x8600, label=0x000250AC, name="CO₂", unit=_MMHG, context=2, decimals=1,
        members={0x50B0: lambda v: v.etco2_pct * MMHG_PER_PERCENT, 0x50BA: lambda v: v.fico2_pct * MMHG_PER_PERCENT},
    ),
    SimulatedNumeric(
        handle=0x8604, label=0x00025012, name="awRR", unit=_BREATHS, context=2,
        members={0x5012: lambda v: v.airway_rate_per_min},
    ),
    SimulatedNumeric(
        handle=0x8608, label=0x00025164, name="O₂", unit=_PERCENT, context=2,
        members={0x5378: lambda v: v.eto2_pct, 0x5284: lambda v: v.fio2_pct},
    ),
    SimulatedNumeric(
        handle=0x860C, label=0x000251E4, name="SEV", unit=_PERCENT, context=2, decimals=1,
        members={0x5220: lambda v: v.sevo_et_pct, 0x5274: lambda v: v.sevo_fi_pct},
    ),
    _one(0x8700, 0x5109, "PIP", _CMH2O, lambda v: v.peak_pressure_cmh2o),
    _one(0x8704, 0x50E8, "Pplat", _CMH2O, lambda v: v.plateau_pressure_cmh2o),
    _one(0x8708, 0x51A8, "PEEP", _CMH2O, lambda v: v.peep_cmh2o),
    _set(0x870C, 0x51A8, "sPEEP", _CMH2O, lambda v: v.peep_cmh2o),
    _one(0x8710, 0x513C, "TV", _ML, lambda v: v.tidal_volume_ml),
    _set(0x8714, 0x513C, "sTV", _ML, lambda v: 10.0 * float(np.round(v.tidal_volume_ml / 10.0))),
    SimulatedNumeric(
        handle=0x8718, label=0x00025148, name="MINVOL", unit=_L_PER_MIN, decimals=1,
        members={0x514C: lambda v: v.minute_volume_l_per_min},
    ),
    _set(0x871C, 0x7498, "sFiO₂", _PERCENT, lambda v: v.fio2_pct),
    _one(0x8800, 0xF04E, "BIS", _NONE, lambda v: v.state_entropy),
)  # fmt: skip

_ECG_MARKS = {4: 0x8008, 3: 0x4001, 2: 0x8004}
_ECG_SCALE = (0xFEFFF000, 0xFD009FFB, 0, 16383)
_ECG_HANDLE = 0x02CA


def _lead(physio: int, name: str, wave: str) -> SimulatedWave:
    return SimulatedWave(
        handle=_ECG_HANDLE, label=codes.SCADA << 16 | physio, name=name, unit=_MV, members={physio: wave}, samples=128,
        period=16, significant=14, flags=0x3000, scale=_ECG_SCALE, gain=200.0, zero=8192.0, marks=_ECG_MARKS,
    )  # fmt: skip


def _pressure(handle: int, physio: int, name: str, wave: str) -> SimulatedWave:
    return SimulatedWave(
        handle=handle, label=codes.SCADA << 16 | physio, name=name, unit=_MMHG, members={physio: wave}, samples=32,
        period=64, significant=13, flags=0xA000,
        scale=(to_float(-40.0), to_float(520.0), 160, 9120), gain=16.0, zero=800.0,
    )  # fmt: skip


WAVES: Sequence[SimulatedWave] = (
    _lead(0x0101, "I", "ecg_i"),
    _lead(0x0102, "II", "ecg_ii"),
    _lead(0x0143, "V", "ecg_v"),
    SimulatedWave(
        handle=_ECG_HANDLE, label=0x00020100, name="ECG", unit=_MV, samples=64, period=32, significant=14,
        flags=0x3000, scale=_ECG_SCALE, gain=200.0, zero=8192.0, marks=_ECG_MARKS,
        members={0x0102: "ecg_ii", 0x0101: "ecg_i", 0x0143: "ecg_v"},
    ),
    SimulatedWave(
        handle=0x0402, label=0x00024BB4, name="Pleth", unit=_NONE, members={0x4BB4: "pleth"}, samples=32, period=64,
        significant=12, flags=0x8000, scale=(NAN, NAN, 0, 4095), gain=500.0, zero=1500.0,
    ),
    _pressure(0x0354, 0x4A14, "ABP", "art"),
    _pressure(0x0370, 0x4A44, "CVP", "cvp"),
    SimulatedWave(
        handle=0x0600, label=0x000250AC, name="CO₂", unit=_MMHG, members={0x50AC: "co2"}, samples=16, period=128,
        significant=12, flags=0x8000, scale=(to_float(0.0), to_float(80.0), 0, 4000), gain=50.0, zero=0.0,
        factor=MMHG_PER_PERCENT, context=2,
    ),
    SimulatedWave(
        handle=0x02D6, label=0x00025000, name="Resp", unit=_OHM, members={0x5000: "impedance"}, samples=16, period=128,
        significant=12, flags=0x8000, scale=(to_float(-0.6, 1), to_float(1.9, 1), 0, 4095), gain=1638.0, zero=982.8,
    ),
    SimulatedWave(
        handle=0x0700, label=0x000250F0, name="AWP", unit=_CMH2O, members={0x50F0: "paw"}, samples=32, period=64,
        significant=12, flags=0x8000, scale=(to_float(-20.0), to_float(60.0), 0, 4000), gain=50.0, zero=1000.0,
    ),
)  # fmt: skip
