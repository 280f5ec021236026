"""What the fields of the processed variables mean: channels, words, bits (fact sheet small-devices §1).

Words and bits that the sheet does not print are of the vendor's C declarations as other programs carry them.
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from collector.model import Channel, Role
from drivers.bis_vista.requests import ERROR, EVENT, IMPEDANCE

HEAD = struct.Struct("<BBBBHHiiii HHHH BBBB BBBB II")
"""Converter, sensor, test, gain, offset; two impedances with results; filters, smoothing, artefact masks."""
TREND = struct.Struct("<8hiI")
EXTRA_TREND = struct.Struct("<8hiI6h")
SPECTRA = struct.Struct("<HH60h60h")
BINS = 60
"""0.5…30 Hz."""
TRENDS = ("ch1", "ch2", "ch12")
DISPLAYED = "ch12"
"""What the monitor shows: both channels together."""
NO_VALUE = -3277
"""At and below it a field has no value; the device sends −32768."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A number of a trend: value in `unit` = field / `divisor`. `code` of what is shown, `single` of one channel."""

    name: str
    index: int
    divisor: int
    unit: str
    code: str
    single: str
    rare: bool = False

    def channel(self, trend: str) -> Channel:
        code = self.code if trend == DISPLAYED else self.single
        return Channel(code=code, source=f"{trend}.{self.name}", unit=self.unit)


def _rare(name: str, index: int, divisor: int, unit: str, code: str) -> Field:
    return Field(name=name, index=index, divisor=divisor, unit=unit, code=code, single=code, rare=True)


FIELDS = (
    Field(name="bis", index=3, divisor=10, unit="1", code="MDC_EEG_BISPECTRAL_INDEX", single="VND_ASPECT_CHANNEL_BIS"),
    Field(
        name="sqi", index=8, divisor=10, unit="%", code="MDC_EEG_SIGNAL_QUALITY_INDEX", single="VND_ASPECT_CHANNEL_SQI"
    ),
    Field(name="emg", index=7, divisor=100, unit="dB", code="MDC_EMG_ELEC_POTL_MUSCL", single="VND_ASPECT_CHANNEL_EMG"),
    Field(
        name="sr", index=0, divisor=10, unit="%", code="MDC_EEG_PAROX_CRTX_BURST_SUPPRN", single="VND_ASPECT_CHANNEL_SR"
    ),
    Field(
        name="sef95",
        index=1,
        divisor=100,
        unit="Hz",
        code="MDC_EEG_FREQ_PWR_SPEC_CRTX_SPECTRAL_EDGE",
        single="VND_ASPECT_CHANNEL_SEF",
    ),
    Field(
        name="total_power",
        index=6,
        divisor=100,
        unit="dB",
        code="MDC_EEG_PWR_SPEC_TOT",
        single="VND_ASPECT_CHANNEL_TOTAL_POWER",
    ),
    _rare("bis_alt", 4, 10, "1", "VND_ASPECT_BIS_ALTERNATE"),
    _rare("bis_alt2", 5, 10, "1", "VND_ASPECT_BIS_ALTERNATE"),
    _rare("burst_count", 10, 1, "/min", "VND_ASPECT_BURST_COUNT"),
)
"""`rare`: told only while it has a value."""
BITS, ARTIFACT = 2, 9
"""Indices of the two flag words of a trend."""


def _text(code: str, source: str, role: Role = Role.MEASURED) -> Channel:
    return Channel(code=f"VND_ASPECT_{code}", source=source, unit="", role=role)


FLAGS: Mapping[str, tuple[Channel, Channel]] = {
    trend: (_text("BIS_BITS", f"{trend}.bis_bits"), _text("ARTIFACT", f"{trend}.artifact")) for trend in TRENDS
}
SPECTRUM = (_text("SPECTRUM", "ch1.spectrum"), _text("SPECTRUM", "ch2.spectrum"))
OHMS = tuple(Channel(code="VND_ASPECT_IMPEDANCE", source=f"impedance{n}", unit="Ohm") for n in (1, 2))
EEG = tuple(Channel(code="MDC_EEG_ELEC_POTL_CRTX", source=f"eeg{n}", unit="uV") for n in (1, 2, 3, 4))
SENSOR = _text("SENSOR", "sensor")
CONVERTER = _text("CONVERTER", "converter")

HIGH_PASS = _text("HIGH_PASS", "filter.high_pass", Role.SET)
LOW_PASS = _text("LOW_PASS", "filter.low_pass", Role.SET)
NOTCH = _text("NOTCH", "filter.notch", Role.SET)
SPECTRAL_SMOOTHING = _text("SPECTRAL_SMOOTHING", "smoothing.spectral", Role.SET)
BIS_SMOOTHING = _text("BIS_SMOOTHING", "smoothing.bis", Role.SET)
SPECTRAL_MASK = _text("SPECTRAL_ARTIFACT_MASK", "mask.spectral", Role.SET)
BIS_MASK = _text("BIS_ARTIFACT_MASK", "mask.bis", Role.SET)

WORDS: Mapping[Channel, tuple[str, ...]] = {
    HIGH_PASS: ("0.25 Hz", "1 Hz", "2 Hz", "2.5 Hz"),
    LOW_PASS: ("none", "30 Hz", "50 Hz", "70 Hz"),
    NOTCH: ("none", "50 Hz", "60 Hz", "50 and 60 Hz"),
    SPECTRAL_SMOOTHING: ("0 s", "5 s", "10 s", "30 s", "60 s"),
    BIS_SMOOTHING: ("15 s", "30 s", "60 s", "10 s"),
}
SENSORS: Mapping[int, str] = {
    1: "Sensor Plus",
    2: "Quatro",
    3: "Pediatric",
    4: "Extend",
    5: "Demo",
    7: "Pediatric XP",
    8: "Plus simulator",
    9: "Quatro simulator",
    12: "SRS type 1",
    13: "Demo (Extend)",
    14: "Bilateral",
    16: "Bilateral",
    17: "4 channel simulator",
}
"""By the tens of the sensor's id."""
UNREAL = frozenset({5, 8, 9, 13, 17})
"""Sensors that are nobody's."""

TEXTS: Mapping[int, Channel] = {
    IMPEDANCE: _text("IMPEDANCE_MESSAGE", "message.1100"),
    ERROR: _text("ERROR_MESSAGE", "message.1101"),
    EVENT: _text("EVENT", "message.1115"),
}
REVISIONS = tuple(_text("REVISION", f"revision.{part}") for part in ("host", "engine", "protocol", "boot", "hardware"))
"""In the order of the message, after the system's, before the serial number."""

IMPEDANCE_BITS = ("high", "noise", "lead_off")
TEST_BITS = ("gain", "noise", "failed")
CONDITIONS: Mapping[str, str] = {
    **{f"impedance{n}.{bit}": f"VND_ASPECT_ALARM_{code}" for n in (1, 2) for bit, code in (
        ("high", "IMPEDANCE_HIGH"), ("noise", "IMPEDANCE_NOISE"), ("lead_off", "LEAD_OFF"))},
    **{f"selftest.{bit}": "VND_ASPECT_ALARM_SELFTEST" for bit in TEST_BITS},
}  # fmt: skip
"""Source of a condition → its code."""


def word(channel: Channel, number: int) -> str:
    """The word of a setting's number, the number itself where there is none."""
    words = WORDS[channel]
    return words[number] if number < len(words) else str(number)


def channels() -> Iterator[Channel]:
    """All that this driver knows."""
    for trend in TRENDS:
        yield from (field.channel(trend) for field in FIELDS)
        yield from FLAGS[trend]
    yield from (*SPECTRUM, *OHMS, *EEG, SENSOR, CONVERTER, SPECTRAL_MASK, BIS_MASK)
    yield from WORDS
    yield from TEXTS.values()
    yield from REVISIONS
