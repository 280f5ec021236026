"""What the bytes and bits of a message mean (fact sheet small-devices §4)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from collector.model import UNMAPPED, AlarmType, Channel, Priority, Role

NO_VALUE = 255
NUMERICS_BYTES = 27
"""Newer models send more."""
UNITS: Mapping[int, str] = {1: "mm[Hg]", 2: "kPa", 3: "%"}
MMHG = "mm[Hg]"
SLOW, ACTIVE_CO2, ACTIVE_SPO2, UNIT, EXTENDED = 9, 13, 14, 25, 26
"""Places in the numerics."""
EVENTS = slice(10, 13)
"""Reserved, or an index of events."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A byte of the numerics. `unit`: empty where the units byte decides; low, high: what the device can say."""

    place: int
    name: str
    code: str
    unit: str
    role: Role = Role.MEASURED
    low: int = 0
    high: int = 254

    def channel(self, co2_unit: str) -> Channel:
        return Channel(code=self.code, source=self.name, unit=self.unit or co2_unit, role=self.role)

    def unscaled(self) -> Channel:
        """Of CO2 in a unit of which nobody has told the scale: no CO2 yet."""
        return Channel(code=UNMAPPED, source=self.name, unit="1", role=self.role)


_ET, _FI, _RR = "MDC_CONC_AWAY_CO2_ET", "MDC_CONC_AWAY_CO2_INSP", "MDC_CO2_RESP_RATE"
_SPO2, _PR = "MDC_PULS_OXIM_SAT_O2", "MDC_PULS_OXIM_PULS_RATE"

NUMBERS = (
    Number(place=4, name="etco2", code=_ET, unit="", high=150),
    Number(place=5, name="fico2", code=_FI, unit="", high=150),
    Number(place=6, name="rr", code=_RR, unit="/min", high=150),
    Number(place=7, name="spo2", code=_SPO2, unit="%", high=100),
    Number(place=8, name="pulse", code=_PR, unit="/min", high=250),
    Number(place=15, name="no_breath", code="MDC_TIME_PD_APNEA", unit="s"),
)
LIMITS = (
    Number(place=16, name="etco2.high", code=_ET, unit="", role=Role.LIMIT_HIGH),
    Number(place=17, name="etco2.low", code=_ET, unit="", role=Role.LIMIT_LOW),
    Number(place=18, name="rr.high", code=_RR, unit="/min", role=Role.LIMIT_HIGH),
    Number(place=19, name="rr.low", code=_RR, unit="/min", role=Role.LIMIT_LOW),
    Number(place=20, name="fico2.high", code=_FI, unit="", role=Role.LIMIT_HIGH),
    Number(place=21, name="spo2.high", code=_SPO2, unit="%", role=Role.LIMIT_HIGH, high=100),
    Number(place=22, name="spo2.low", code=_SPO2, unit="%", role=Role.LIMIT_LOW, high=100),
    Number(place=23, name="pulse.high", code=_PR, unit="/min", role=Role.LIMIT_HIGH),
    Number(place=24, name="pulse.low", code=_PR, unit="/min", role=Role.LIMIT_LOW),
)
PAIRS = ((16, 17), (18, 19), (21, 22), (23, 24))
"""Places of a high limit and its low one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bit:
    """A bit that is an alarm condition. The device gives no priority: see README."""

    mask: int
    source: str
    code: str
    type: AlarmType
    priority: Priority


def _vital(mask: int, source: str, code: str) -> Bit:
    return Bit(
        mask=mask,
        source=source,
        code=f"VND_ORIDION_ALARM_{code}",
        type=AlarmType.PHYSIOLOGICAL,
        priority=Priority.HIGH,
    )


def _technical(mask: int, source: str, code: str) -> Bit:
    return Bit(
        mask=mask,
        source=source,
        code=f"VND_ORIDION_ALARM_{code}",
        type=AlarmType.TECHNICAL,
        priority=Priority.MEDIUM,
    )


ALARMS: Mapping[int, tuple[Bit, ...]] = {
    ACTIVE_CO2: (
        _vital(0x01, "co2.no_breath", "NO_BREATH"),
        _vital(0x02, "co2.et_high", "ETCO2_HIGH"),
        _vital(0x04, "co2.et_low", "ETCO2_LOW"),
        _vital(0x08, "co2.rr_high", "RR_HIGH"),
        _vital(0x10, "co2.rr_low", "RR_LOW"),
        _vital(0x20, "co2.fi_high", "FICO2_HIGH"),
    ),
    ACTIVE_SPO2: (
        _vital(0x01, "spo2.no_pulse", "PULSE_NOT_FOUND"),
        _vital(0x02, "spo2.high", "SPO2_HIGH"),
        _vital(0x04, "spo2.low", "SPO2_LOW"),
        _vital(0x08, "spo2.pulse_high", "PULSE_HIGH"),
        _vital(0x10, "spo2.pulse_low", "PULSE_LOW"),
        _technical(0x20, "spo2.sensor_off", "SPO2_SENSOR_OFF"),
        _technical(0x40, "spo2.disconnected", "SPO2_SENSOR_DISCONNECTED"),
    ),
    EXTENDED: (
        _technical(0x01, "extended.calibration", "CHECK_CALIBRATION"),
        _technical(0x02, "extended.flow", "CHECK_FLOW"),
        _technical(0x04, "extended.pump", "PUMP_OFF"),
        _technical(0x80, "extended.battery", "BATTERY_LOW"),
    ),
}
"""By the place of the byte in the numerics."""
UNKNOWN: Mapping[int, str] = {ACTIVE_CO2: "co2", ACTIVE_SPO2: "spo2", EXTENDED: "extended"}

INITIALISING, END_OF_BREATH, SFM, PURGING = 0x02, 0x08, 0x10, 0x20
FAST_ALARMS = (
    _technical(0x04, "fast.occlusion", "OCCLUSION"),
    _technical(0x40, "fast.no_filterline", "NO_FILTERLINE"),
    _technical(0x80, "fast.malfunction", "CO2_MALFUNCTION"),
)
FAST_STATES: Mapping[int, str] = {INITIALISING: "initialising", SFM: "self maintenance", PURGING: "purging"}
UNUSABLE = 0xFF & ~END_OF_BREATH
"""With any of these bits the sample is none of the patient's gas."""


def _text(code: str, source: str) -> Channel:
    return Channel(code=f"VND_ORIDION_{code}", source=source, unit="")


PATIENT_TYPE = _text("PATIENT_TYPE", "slow.patient")
SILENCE = _text("ALARM_SILENCE", "slow.silence")
SOUND = _text("ALARM_SOUND", "slow.sound")
BEEPS = _text("PULSE_BEEPS", "slow.beeps")
OXIMETER = _text("OXIMETER", "slow.oximeter")
CO2_STATE = _text("CO2_STATE", "fast.state")
PROTOCOL = _text("PROTOCOL_REVISION", "revision")
BREATH = Channel(code="VND_ORIDION_END_OF_BREATH", source="fast.breath", unit="1")
STATES = (PATIENT_TYPE, SILENCE, SOUND, BEEPS, OXIMETER, CO2_STATE, PROTOCOL)


def slow(bits: int) -> Mapping[Channel, str]:
    """The words of the slow status."""
    sounds = [word for mask, word in ((0x08, "high"), (0x10, "low"), (0x20, "advisory")) if bits & mask]
    silence = "all alarms" if bits & 0x04 else "temporary" if bits & 0x02 else "none"
    return {
        PATIENT_TYPE: "neonatal" if bits & 0x01 else "adult or paediatric",
        SILENCE: silence,
        SOUND: " ".join(sounds) or "none",
        BEEPS: "off" if bits & 0x40 else "on",
        OXIMETER: "Masimo" if bits & 0x80 else "Nellcor",
    }


def wave(unit: str) -> Channel:
    return Channel(code="MDC_CONC_AWAY_CO2", source="co2", unit=unit)


def channels() -> Iterator[Channel]:
    """All that this driver knows."""
    for unit in UNITS.values():
        yield wave(unit)
        yield from {number.channel(unit) for number in (*NUMBERS, *LIMITS)}
    yield from STATES
    yield BREATH
