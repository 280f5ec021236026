"""What the simulated devices measure, set, alarm and say: an Evita XL (MEDIBUS) and an anaesthesia machine (MEDIBUS.X).

Which codes and masks: fact sheet draeger-medibus §5, §7, §9, §13, §14. The bodies measured are drivers.patient's.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from drivers.draeger_medibus.replies import Stream
from drivers.draeger_medibus.tables import Edition
from drivers.patient import Patient, Vitals

MBAR_PER_CMH2O = 0.980665
DRY_MMHG = 713.0
"""Ambient pressure less water vapour, for partial pressures of dry gas."""
KPA_PER_MMHG = 0.133322

INTERVAL_US = 8_000
"""Sample period of the realtime data; about what is seen of Evita and V500 (§6)."""


@dataclass(frozen=True, slots=True)
class Moment:
    """The patient as a device sees it at one time."""

    patient: Patient
    time_s: float
    vitals: Vitals

    @property
    def mean_pressure_mbar(self) -> float:
        breath_s = 60.0 / self.vitals.airway_rate_per_min
        if math.isnan(breath_s):
            return math.nan
        wave = self.patient.wave("paw", self.time_s, 200, 200 / breath_s)
        return float(wave.mean()) * MBAR_PER_CMH2O

    @property
    def resistance_mbar_s_per_l(self) -> float:
        drop = self.vitals.peak_pressure_cmh2o - self.vitals.plateau_pressure_cmh2o
        flow_l_per_s = 3.0 * self.vitals.minute_volume_l_per_min / 60.0  # inspiration is a third of the breath
        return drop * MBAR_PER_CMH2O / flow_l_per_s

    @property
    def compliance_ml_per_mbar(self) -> float:
        return self.vitals.compliance_ml_per_cmh2o / MBAR_PER_CMH2O

    @property
    def etco2_mmhg(self) -> float:
        return self.vitals.etco2_pct / 100.0 * DRY_MMHG


Read = Callable[[Moment], float | None]
"""None or NaN: not valid at this time, so it is left out."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A code with its mask in the sheet's notation: X a digit, _ a blank, * may be negative."""

    code: str
    mask: str
    read: Read


@dataclass(frozen=True, slots=True)
class Condition:
    """An alarm: command, code, priority, phrase, and when it holds."""

    command: int
    code: str
    priority: int
    phrase: str
    holds: Callable[[Moment], bool]


@dataclass(frozen=True, slots=True)
class Offer:
    """A realtime stream: what the device says of it, and the wave of Patient that it is drawn from."""

    stream: Stream
    wave: str
    convert: Callable[[float], float] = float

    def bin(self, value: float) -> int:
        """The bin of a value of the patient's wave."""
        told = self.stream
        share = (self.convert(value) - told.minimum) / (told.maximum - told.minimum)
        return max(0, min(told.max_bin, round(share * told.max_bin)))

    def entry(self) -> bytes:
        """What 53H answers of it: code 2, interval 8, minimum 5, maximum 5, largest bin 3."""
        told = self.stream
        low = f"-{abs(told.minimum):4.0f}" if told.minimum < 0 else f"{told.minimum:5.0f}"
        text = f"{told.code.decode()}{told.interval_us:8d}{low}{told.maximum:5.0f}{told.max_bin:03X}"
        return text.encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A simulated device. `readings` by command (measured data, limits, settings)."""

    identity: tuple[str, str, str, str]
    edition: Edition
    readings: Mapping[int, tuple[Reading, ...]]
    texts: tuple[tuple[str, str], ...]
    conditions: tuple[Condition, ...]
    offers: tuple[Offer, ...]
    specific: Mapping[str, str]


def render(mask: str, value: float) -> bytes | None:
    """The value in its mask; None where it has too many digits. A minus stands in the first byte, blanks after it."""
    signed = mask.startswith("*")
    mask = mask.removeprefix("*")
    area = mask.strip("_")
    decimals = len(area.partition(".")[2])
    text = f"{abs(value):.{decimals}f}".rjust(len(area))
    if len(text) > len(area):
        return None
    out = mask.replace(area, text).replace("_", " ")
    if value < 0 and float(text):
        if not signed or out[0] != " ":
            return None
        out = "-" + out[1:]
    return out.encode()


def _if(holds: Callable[[float], bool], read: Callable[[Moment], float]) -> Read:
    def reading(moment: Moment) -> float | None:
        value = read(moment)
        return value if holds(value) else None

    return reading


def _constant(value: float) -> Read:
    return lambda _: value


_PRESSURES = (
    Reading("73", "*XXX_", lambda m: m.mean_pressure_mbar),
    Reading("74", "*XXX_", lambda m: m.vitals.plateau_pressure_cmh2o * MBAR_PER_CMH2O),
    Reading("78", "*XXX_", lambda m: m.vitals.peep_cmh2o * MBAR_PER_CMH2O),
    Reading("7D", "*XXX_", lambda m: m.vitals.peak_pressure_cmh2o * MBAR_PER_CMH2O),
)
_OXIMETRY = (
    Reading("E1", "XXX_", lambda m: m.vitals.pulse_rate_per_min),
    Reading("EB", "XXX_", lambda m: m.vitals.spo2_pct),
)
_CO2 = (
    Reading("DB", "XX.X", lambda m: m.vitals.etco2_pct),
    Reading("E3", "XX.X", lambda m: m.etco2_mmhg * KPA_PER_MMHG),
    Reading("E6", "XXX_", lambda m: m.etco2_mmhg),
)
# one of each pair is sent, by size (§5)
_PAIRS = (
    Reading("06", "XX.X", _if(lambda c: c < 100.0, lambda m: m.compliance_ml_per_mbar)),
    Reading("07", "_XXX", _if(lambda c: c >= 100.0, lambda m: m.compliance_ml_per_mbar)),
    Reading("0B", "XX.X", _if(lambda r: r < 100.0, lambda m: m.resistance_mbar_s_per_l)),
    Reading("08", "XXX_", _if(lambda r: r >= 100.0, lambda m: m.resistance_mbar_s_per_l)),
    Reading("82", "X.XX", _if(lambda v: v >= 1.0, lambda m: m.vitals.tidal_volume_ml / 1000.0)),
    Reading("88", "_XXX", _if(lambda v: v < 1000.0, lambda m: m.vitals.tidal_volume_ml)),
    Reading("B8", "X.XX", _if(lambda v: v < 1.0, lambda m: m.vitals.minute_volume_l_per_min)),
    Reading("B9", "XX.X", _if(lambda v: v >= 1.0, lambda m: m.vitals.minute_volume_l_per_min)),
)

_EVITA_CONDITIONS = (
    Condition(0x27, "07", 28, "SPO2 LOW", lambda m: m.vitals.spo2_pct < 94.0),
    Condition(0x27, "1E", 28, "SPO2 PULS HI", lambda m: m.vitals.pulse_rate_per_min > 120.0),
    Condition(0x27, "27", 28, "ET CO2 LOW", lambda m: m.etco2_mmhg < 28.0),
    Condition(0x27, "10", 30, "PAW HIGH", lambda m: m.vitals.peak_pressure_cmh2o > 40.0),
    Condition(0x2E, "98", 3, "NEBULIZER ON", lambda m: 20.0 <= m.time_s < 40.0),
)

_PAW = Offer(
    Stream(code=b"00", interval_us=INTERVAL_US, minimum=-10.0, maximum=100.0, max_bin=0x370),
    "paw",
    lambda value: value * MBAR_PER_CMH2O,
)
_FLOW = Offer(Stream(code=b"01", interval_us=INTERVAL_US, minimum=-200.0, maximum=200.0, max_bin=0xFA0), "flow")
_PLETH = Offer(
    Stream(code=b"02", interval_us=INTERVAL_US, minimum=0.0, maximum=100.0, max_bin=0x3E8),
    "pleth",
    lambda value: 50.0 + 10.0 * value,
)
_CO2_MMHG = Offer(
    Stream(code=b"06", interval_us=INTERVAL_US, minimum=0.0, maximum=100.0, max_bin=0x3E8),
    "co2",
    lambda value: value / 100.0 * DRY_MMHG,
)
_CO2_PCT = Offer(Stream(code=b"08", interval_us=INTERVAL_US, minimum=0.0, maximum=15.0, max_bin=0x5DC), "co2")
_SEVO_PCT = Offer(Stream(code=b"0F", interval_us=INTERVAL_US, minimum=0.0, maximum=10.0, max_bin=0x3E8), "agent")

EVITA_XL = Model(
    identity=("8260", "EvitaXL", "07.00", "04.03"),
    edition=Edition.MEDIBUS,
    readings={
        0x24: (
            *_PAIRS,
            Reading("09", "XXX_", lambda m: m.vitals.minute_volume_l_per_min * m.vitals.etco2_pct * 7.0),
            Reading("71", "*XXX_", lambda m: m.vitals.peep_cmh2o * MBAR_PER_CMH2O),
            *_PRESSURES,
            Reading("C1", "_XX_", _constant(36.0)),
            Reading("D6", "XXX_", lambda m: m.vitals.airway_rate_per_min),
            *_CO2,
            *_OXIMETRY,
            Reading("F0", "XXX_", lambda m: m.vitals.fio2_pct),
        ),
        0x25: (
            Reading("B9", "XX.X", _constant(3.5)),
            Reading("E6", "XXX_", _constant(28.0)),
            Reading("E1", "XXX_", _constant(50.0)),
            Reading("EB", "XXX_", _constant(94.0)),
        ),
        0x26: (
            Reading("7D", "*XXX_", _constant(40.0)),
            Reading("B9", "XX.X", _constant(9.0)),
            Reading("D6", "XXX_", _constant(30.0)),
            Reading("E6", "XXX_", _constant(50.0)),
            Reading("E1", "XXX_", _constant(120.0)),
        ),
        0x29: (
            Reading("01", "_XXX_", lambda m: m.vitals.fio2_pct),
            Reading("05", "XX.XX", lambda m: 20.0 / m.vitals.airway_rate_per_min),
            Reading("07", "XXX.X", _constant(1.0)),
            Reading("08", "XXX.X", _constant(2.0)),
            Reading("09", "XXX.X", lambda m: m.vitals.airway_rate_per_min),
            Reading("0B", "_XX.X", lambda m: m.vitals.peep_cmh2o * MBAR_PER_CMH2O),
            Reading("12", "_XX.X", _constant(8.0)),
            Reading("13", "XXX.X", _constant(40.0)),
            Reading("29", "_XX.X", _constant(3.0)),
            Reading("2E", "_X.XX", _constant(0.2)),
        ),
    },
    texts=(("0E", "BIPAP"), ("20", "ADULTS"), ("22", "mmHg"), ("48", "IV")),
    conditions=_EVITA_CONDITIONS,
    offers=(_PAW, _FLOW, _PLETH, _CO2_MMHG, _CO2_PCT),
    specific={"2": "34", "3": "02.00", "4": "Adult", "5": "0"},
)

MEDIBUS_X = Model(
    identity=("0000", "MEDIBUS.X", "01.00", "06.00"),
    edition=Edition.MEDIBUS_X,
    readings={
        0x24: (
            Reading("07", "_XXX", lambda m: m.compliance_ml_per_mbar),
            Reading("08", "XXX_", lambda m: m.resistance_mbar_s_per_l),
            *_PRESSURES,
            Reading("88", "XXXX", lambda m: m.vitals.tidal_volume_ml),
            Reading("8B", "XXXX", lambda m: m.vitals.tidal_volume_ml),
            Reading("AD", "XX.X", lambda m: m.vitals.sevo_et_pct / 2.05),
            Reading("B0", "XX.X", lambda m: m.vitals.sevo_fi_pct),
            Reading("B1", "XX.X", lambda m: m.vitals.sevo_et_pct),
            Reading("B9", "XX.X", lambda m: m.vitals.minute_volume_l_per_min),
            Reading("D5", "XX__", lambda m: m.vitals.airway_rate_per_min),
            Reading("DA", "XX.X", lambda m: m.vitals.fico2_pct),
            *_CO2,
            Reading("DE", "XXXX", _constant(1200.0)),
            Reading("E2", "XXXX", _constant(400.0)),
            *_OXIMETRY,
            Reading("EF", "XXX_", lambda m: m.vitals.eto2_pct),
            Reading("F0", "XXX_", lambda m: m.vitals.fio2_pct),
        ),
        0x25: (Reading("EB", "XXX_", _constant(92.0)), Reading("F0", "XXX_", _constant(25.0))),
        0x26: (Reading("7D", "*XXX_", _constant(40.0)), Reading("B1", "XX.X", _constant(4.0))),
        0x29: (
            Reading("01", "_XXX_", lambda m: m.vitals.fio2_pct),
            Reading("09", "XXX.X", lambda m: m.vitals.airway_rate_per_min),
            Reading("0B", "_XX.X", lambda m: m.vitals.peep_cmh2o * MBAR_PER_CMH2O),
            Reading("2F", "XXXXX", _constant(1600.0)),
            Reading("40", "XXXX_", lambda m: m.vitals.tidal_volume_ml),
            Reading("4B", "XXX.X", _constant(72.0)),
            Reading("83", "XXX.X", _constant(174.0)),
        ),
        0x2B: (
            Reading("21", "XXXX", lambda m: m.vitals.tidal_volume_ml),
            Reading("22", "XXXX", lambda m: m.vitals.tidal_volume_ml),
            Reading("23", "XX.X", lambda m: m.vitals.plateau_pressure_cmh2o * MBAR_PER_CMH2O),
            Reading("37", "XX.X", _constant(0.0)),
        ),
        0x2D: (Reading("37", "XX.X", _constant(1.5)),),
    },
    texts=(
        ("01", "Mode VC CMV"),
        ("5E", "AF"),
        ("20", "Mode Adults"),
        ("24", "%"),
        ("29", "Anesthesia gas SEVOFLURANE"),
        ("43", "male"),
    ),
    conditions=(
        Condition(0x27, "07", 31, "SPO2 LOW", lambda m: m.vitals.spo2_pct < 92.0),
        Condition(0x27, "F4", 8, "SAFETY O2 ON", lambda m: 20.0 <= m.time_s < 40.0),
    ),
    offers=(_PAW, _FLOW, _PLETH, _CO2_MMHG, _CO2_PCT, _SEVO_PCT),
    specific={},
)
