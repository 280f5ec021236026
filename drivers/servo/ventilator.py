"""The simulated Servo-i: what it measures of its patient, how it is set, and when it alarms."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np

from drivers.patient import Patient, Vitals
from drivers.servo import tables
from drivers.servo.tables import FIXED, HIGH_PRIORITY, MISSING, SUMMARY, Entry

VERSION = 5
SAMPLING_MS = 20
"""The interface's default (§3)."""
RATE_HZ = 1000 / SAMPLING_MS
MMHG_PER_PERCENT = 760 / 1013 * 1013 / 100
"""At 1013 mbar (§6)."""

MEASURED: Mapping[int, Callable[[Vitals], float]] = {
    200: lambda v: v.airway_rate_per_min,
    201: lambda v: v.tidal_volume_ml,
    202: lambda v: v.tidal_volume_ml * 1.02,
    203: lambda v: v.minute_volume_l_per_min * 1.02,
    204: lambda v: v.minute_volume_l_per_min,
    205: lambda v: v.peak_pressure_cmh2o,
    206: lambda v: v.peep_cmh2o + (v.plateau_pressure_cmh2o - v.peep_cmh2o) / 3,
    207: lambda v: v.plateau_pressure_cmh2o,
    208: lambda v: v.peep_cmh2o,
    209: lambda v: v.fio2_pct,
    210: lambda _: 1013,
    211: lambda _: 4100,
    212: lambda _: 4300,
    224: lambda v: v.etco2_pct * v.tidal_volume_ml * 0.006,
    225: lambda v: v.etco2_pct,
    226: lambda v: v.etco2_pct * v.minute_volume_l_per_min * 6,
    231: lambda _: 9.0,
    232: lambda v: v.compliance_ml_per_cmh2o,
    233: lambda _: 0.0,
    236: lambda _: 8.0,
    238: lambda _: 0.5,
    239: lambda v: 20 / v.airway_rate_per_min,
    241: lambda v: v.tidal_volume_ml / (v.peak_pressure_cmh2o - v.peep_cmh2o),
    245: lambda v: v.peep_cmh2o + 0.4,
    247: lambda _: 0.0,
    248: lambda _: 0.0,
    259: lambda v: v.airway_rate_per_min * 1000 / v.tidal_volume_ml,
    260: lambda v: v.etco2_pct * MMHG_PER_PERCENT,
}
SET: Mapping[int, float] = {
    300: 12, 301: 33.3, 302: 10, 304: 5, 305: 5.8, 308: 5, 309: 2, 310: 3, 311: 0, 315: 40, 318: 46, 319: 34, 322: 8,
    323: 40, 328: 1.6, 333: 0.5, 334: 480, 337: 0, 343: 1.67, 349: 1, 353: 30, 354: 5, 355: 20, 356: 2, 357: 10,
    364: 12, 365: 3, 366: 49, 367: 30, 376: 2,
}  # fmt: skip
"""Channel → what it is set to; the others do not apply in volume control, and have no value."""
ALARMING: Mapping[int, Callable[[Vitals], bool]] = {
    400: lambda v: v.fio2_pct > SET[318],
    401: lambda v: v.fio2_pct < SET[319],
    402: lambda v: v.etco2_pct * MMHG_PER_PERCENT > SET[366],
    403: lambda v: v.etco2_pct * MMHG_PER_PERCENT < SET[367],
    410: lambda v: v.peak_pressure_cmh2o > SET[315],
    435: lambda v: v.airway_rate_per_min > SET[353],
    436: lambda v: v.airway_rate_per_min < SET[354],
    445: lambda v: v.minute_volume_l_per_min > SET[364],
    446: lambda v: v.minute_volume_l_per_min < SET[365],
}
HIGH = frozenset((410, 446))
"""Those of high priority."""
WAVES: Mapping[int, tuple[str, float]] = {100: ("flow", 1000 / 60), 103: ("co2", 1.0), 113: ("paw", 1.0)}
"""Channel → wave of the patient, and its factor."""
VOLUME = 114
INSPIRATION, EXPIRATION = 0x10, 0x30
INSPIRATORY_SHARE = 1 / 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """What may happen. silent: breath channels without a value; silenced_s: an alarm is silenced after so long."""

    standby_from_s: float = math.inf
    standby_until_s: float = math.inf
    restart_at_s: float = math.inf
    silent: frozenset[int] = field(default_factory=frozenset)
    silenced_s: float = math.inf
    corrupt_every: int = 0


class Ventilator:
    """`time_s` is the patient's. Raw values are those of protocol version 5."""

    def __init__(self, patient: Patient, faults: Faults) -> None:
        self._patient = patient
        self._faults = faults
        self._since: dict[int, float] = {}
        self._volume_ml = 0.0

    def standby(self, time_s: float) -> bool:
        return self._faults.standby_from_s <= time_s < self._faults.standby_until_s

    def breath(self, entries: Sequence[Entry], time_s: float) -> list[int]:
        """Raw values of the breath that has ended."""
        vitals = self._patient.vitals(time_s)
        return [self._raw(entry, MEASURED, vitals) for entry in entries]

    def settings(self, entries: Sequence[Entry]) -> list[int]:
        return [raw(entry, SET.get(entry.number, math.nan)) for entry in entries]

    def alarms(self, numbers: Sequence[int], time_s: float) -> list[int]:
        """States of alarms: 0, 1 active, 2 silenced."""
        vitals = self._patient.vitals(time_s)
        active = {number for number, holds in ALARMING.items() if holds(vitals)}
        self._since = {number: self._since.get(number, time_s) for number in active}
        state = {number: 2 if time_s >= since + self._faults.silenced_s else 1 for number, since in self._since.items()}
        state[SUMMARY] = min(state.values(), default=0)
        state[HIGH_PRIORITY] = int(bool(active & HIGH))
        return [state.get(number, 0) for number in numbers]

    def breaths(self, start_s: float, n: int) -> list[int]:
        """How many breaths have begun, at each sampling time."""
        return [int(breath) for breath in self._patient.breaths(self._times(start_s, n))]

    def phases(self, start_s: float, n: int) -> list[int]:
        shares = self._patient.breaths(self._times(start_s, n)) % 1.0
        return [INSPIRATION if share < INSPIRATORY_SHARE else EXPIRATION for share in shares]

    def samples(self, entries: Sequence[Entry], start_s: float, n: int) -> list[tuple[int, ...]]:
        """Raw values of curves, one row for each sampling time."""
        columns = [self._curve(entry, start_s, n) for entry in entries]
        return list(zip(*columns, strict=True))

    def _curve(self, entry: Entry, start_s: float, n: int) -> list[int]:
        if entry.number == VOLUME and "flow" in self._patient.waves:
            flow = self._patient.wave("flow", start_s, n, RATE_HZ) * 1000 / 60 / RATE_HZ
            volumes = []
            for change, breath, before in zip(
                flow, self.breaths(start_s, n), self.breaths(start_s - 1 / RATE_HZ, n), strict=True
            ):
                self._volume_ml = max(0.0, (self._volume_ml if breath == before else 0.0) + float(change))
                volumes.append(self._volume_ml)
            return [raw(entry, volume) for volume in volumes]
        name, factor = WAVES.get(entry.number, ("", 1.0))
        if name not in self._patient.waves:
            return [MISSING] * n
        return [raw(entry, float(value) * factor) for value in self._patient.wave(name, start_s, n, RATE_HZ)]

    def _raw(self, entry: Entry, of: Mapping[int, Callable[[Vitals], float]], vitals: Vitals) -> int:
        if entry.number in self._faults.silent or entry.number not in of:
            return MISSING
        return raw(entry, of[entry.number](vitals))

    def _times(self, start_s: float, n: int) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
        return start_s + np.arange(n) / RATE_HZ


def raw(entry: Entry, value: float) -> int:
    """The raw value that is nearest; NaN is none."""
    if math.isnan(value):
        return MISSING
    gain = 1.0 if entry.gain is None else float(entry.gain)
    return min(max(round((value + float(entry.offset)) / gain), 0), MISSING - 1)


def configuration() -> bytes:
    """The answer to RCCO: every channel, those that hold a constant as well (manual §2.3)."""
    units = {unit: number for number, unit in tables.UNITS.items()}
    parts = [f"{SAMPLING_MS:03d}"]
    for number in sorted({*tables.numbers(), *FIXED}):
        entry = tables.entry(number, VERSION)
        if number in FIXED:
            parts.append(f"{number},-,-,-,{_FIXED[number // 100]},FFFF")
        elif entry.gain is None:
            parts.append(f"{number},-,-,-,{entry.type},FFFF")
        else:
            scale = f"{_digits(entry.gain)},{_digits(entry.offset)}"
            parts.append(f"{number},{scale},{units[entry.channel.unit]},{entry.type},FFFF")
    parts += [f"{number},-,-,-,AD,FFFF" for number in tables.alarm_numbers()]
    return (";".join(parts) + ";").encode()


def _digits(number: Decimal) -> str:
    shift = 3 - number.adjusted() if number else 0
    return f"{int(number.scaleb(shift)):+05d}E{-shift:+04d}"


_FIXED = {1: "CU", 2: "BT", 3: "SD", 4: "AD"}
