"""What the simulated ventilator measures, is set to and alarms: one patient as a Hamilton shows him."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from drivers.hamilton import tables
from drivers.patient import Patient, Vitals

DRY_MMHG = 713.0
"""Ambient pressure less water vapour, for the partial pressure of dry gas."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MODE = "21"


@dataclass(frozen=True, slots=True)
class Shown:
    """A number with its decimals."""

    read: Callable[[Vitals], float]
    decimals: int = 0


MEASURED: Mapping[int, Shown] = {
    35: Shown(lambda v: v.etco2_pct / 100.0 * DRY_MMHG),
    36: Shown(lambda v: v.spo2_pct),
    37: Shown(lambda v: v.pulse_rate_per_min),
    60: Shown(lambda v: v.tidal_volume_ml + 4.0),
    61: Shown(lambda v: v.tidal_volume_ml),
    62: Shown(lambda v: v.minute_volume_l_per_min, 1),
    63: Shown(lambda v: v.airway_rate_per_min),
    64: Shown(lambda v: 0.0 * v.airway_rate_per_min),
    65: Shown(lambda v: 2.0 + 0.0 * v.airway_rate_per_min, 1),
    66: Shown(lambda v: v.peak_pressure_cmh2o),
    67: Shown(lambda v: v.peep_cmh2o + (v.peak_pressure_cmh2o - v.peep_cmh2o) / 3.0, 1),
    68: Shown(lambda v: v.peep_cmh2o),
    69: Shown(lambda v: v.plateau_pressure_cmh2o),
    70: Shown(lambda v: 40.0 / v.airway_rate_per_min, 1),
    71: Shown(lambda v: v.fio2_pct),
    74: Shown(lambda v: v.compliance_ml_per_cmh2o),
    103: Shown(lambda v: 0.1 * v.peep_cmh2o, 1),
    112: Shown(lambda v: v.peep_cmh2o - 0.5, 1),
    113: Shown(lambda v: 20.0 / v.airway_rate_per_min, 2),
}
SET: Mapping[int, str] = {
    31: "0",
    40: MODE,
    41: "12",
    42: "10",
    43: "480.",
    44: "1.67",
    46: "1",
    47: "-2.0",
    48: "5",
    49: "0",
    50: "40.",
    52: "30",
    53: "40",
    54: "3.0",
    55: "12.0",
    56: "30",
    57: "60",
    105: "2.0",
    108: "25",
    110: "70",
    111: "100",
    123: "1",
}
SOFTWARE: Mapping[int, str] = {124: "G0200", 125: "G0113"}
NUMBER = "A5342j"
"""The ventilator's number of the sheet's vectors."""
BLOCK: Mapping[int, int] = {
    0x21: 66, 0x22: 69, 0x23: 67, 0x24: 68, 0x25: 112, 0x2C: 61, 0x2E: 62, 0x30: 63, 0x34: 65, 0x37: 74, 0x3E: 71,
    0x4E: 37, 0x4F: 36,
}  # fmt: skip
"""Parameters of the block protocol by the ids that show the same."""
ALARMS: Mapping[int, Callable[[Vitals], bool]] = {
    90: lambda v: v.spo2_pct < 90.0 or math.isnan(v.airway_rate_per_min) or v.peak_pressure_cmh2o > 40.0,
    91: lambda v: v.peak_pressure_cmh2o > 40.0,
    92: lambda v: math.isnan(v.airway_rate_per_min),
}
"""What is on; all other alarms are off. A circuit that shows nothing is off its patient."""


class Ventilator:
    """Texts by id at a time in the patient's seconds. lacks: ids that this ventilator does not know."""

    def __init__(self, patient: Patient, lacks: frozenset[int] = frozenset()) -> None:
        self._patient = patient
        self._lacks = lacks

    def text(self, one: int, time_s: float, clock_us: int) -> str | None:
        """The value of an id as it is shown, without padding; None where there is no such id."""
        if one in self._lacks:
            return None
        if one in SET:
            return SET[one]
        if one == tables.NUMBER:
            return NUMBER
        if one in SOFTWARE:
            return SOFTWARE[one]
        if tables.SECOND <= one <= tables.YEAR:
            time = EPOCH + timedelta(microseconds=clock_us)
            return str((time.second, time.minute, time.hour, time.day, time.month, time.year)[one - tables.SECOND])
        vitals = self._patient.vitals(time_s)
        if one in tables.alarms():
            return str(int(one in ALARMS and ALARMS[one](vitals)))
        if one == 89:
            return "0"
        return self.measured(one, time_s) if one in MEASURED else None

    def measured(self, one: int, time_s: float) -> str:
        """9999 where it shows nothing."""
        shown = MEASURED[one]
        value = shown.read(self._patient.vitals(time_s))
        if math.isnan(value):
            return "999.9" if shown.decimals else "9999"
        return f"{value:.{shown.decimals}f}" + ("" if shown.decimals else ".")
