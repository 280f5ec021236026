"""What the 25 variables and the status of a packet mean (fact sheet small-devices §5)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from collector.model import UNMAPPED, Channel

NO_SPO2, NO_RATE = 127, 511


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A value at variable `place`, of a rate in two of them: two bits, then seven. `shown`: what a display shows."""

    place: int
    channel: Channel
    rate: bool = False
    shown: bool = False

    def read(self, variables: bytes) -> int | None:
        """The number; None: the device has none."""
        if not self.rate:
            return None if variables[self.place] == NO_SPO2 else variables[self.place]
        number = (variables[self.place] & 3) << 7 | variables[self.place + 1] & 0x7F
        return None if number == NO_RATE else number


def _spo2(place: int, code: str, source: str, *, shown: bool = False) -> Value:
    return Value(place=place, channel=Channel(code=code, source=source, unit="%"), shown=shown)


def _rate(place: int, code: str, source: str, *, shown: bool = False) -> Value:
    return Value(place=place, channel=Channel(code=code, source=source, unit="/min"), rate=True, shown=shown)


VALUES = (
    _spo2(8, "MDC_PULS_OXIM_SAT_O2", "SpO2-D", shown=True),
    _rate(19, "MDC_PULS_OXIM_PULS_RATE", "HR-D", shown=True),
    _spo2(2, "VND_NONIN_SPO2_4_BEAT", "SpO2"),
    _spo2(9, "VND_NONIN_SPO2_FAST", "SpO2-Fast"),
    _spo2(10, "VND_NONIN_SPO2_BEAT", "SpO2-B-B"),
    _spo2(15, "VND_NONIN_SPO2_8_BEAT", "E-SpO2"),
    _spo2(16, "VND_NONIN_SPO2_8_BEAT_DISPLAY", "E-SpO2-D"),
    _rate(0, "VND_NONIN_PULSE_4_BEAT", "HR"),
    _rate(13, "VND_NONIN_PULSE_8_BEAT", "E-HR"),
    _rate(21, "VND_NONIN_PULSE_8_BEAT_DISPLAY", "E-HR-D"),
)
"""The 4-beat averages for display have the standard codes: one series of each, that which the device shows."""
REVISION, FLAGS = 3, 7
TIMER = slice(5, 7)
RESERVED = (4, 11, 12, 17, 18, 23, 24)
SMARTPOINT, LOW_BATTERY = 0x20, 0x01

GREEN, RED, ALARM, OUT_OF_TRACK, ARTIFACT, DISCONNECTED = 0x02, 0x04, 0x08, 0x10, 0x20, 0x40
UNUSABLE = ALARM | DISCONNECTED
DOUBTFUL = UNUSABLE | OUT_OF_TRACK
COLOURS: Mapping[int, str] = {GREEN: "green", RED: "red", GREEN | RED: "yellow"}
"""Strength of the pulse: good, low or none, marginal. The bits stand for 12 frames of each pulse."""

CONDITIONS: Mapping[int, tuple[str, str]] = {
    DISCONNECTED: ("status.disconnected", "VND_NONIN_ALARM_SENSOR_DISCONNECTED"),
    ALARM: ("status.sensor", "VND_NONIN_ALARM_SENSOR"),
    OUT_OF_TRACK: ("status.out_of_track", "VND_NONIN_ALARM_OUT_OF_TRACK"),
}
"""Bit of the status → source and code."""
BATTERY = ("flags.battery", "VND_NONIN_ALARM_BATTERY_LOW")

PLETH = Channel(code="MDC_PULS_OXIM_PLETH", source="pleth", unit="1")
PERFUSION = Channel(code="VND_NONIN_PULSE_STRENGTH", source="status.perfusion", unit="")
ARTIFACTS = Channel(code="VND_NONIN_ARTIFACT", source="status.artifact", unit="")
QUALITY = Channel(code="VND_NONIN_SMARTPOINT", source="flags.smartpoint", unit="")
TIMING = Channel(code="VND_NONIN_TIMER", source="timer", unit="1")
UNREAD = Channel(code=UNMAPPED, source="reserved", unit="")


def channels() -> Iterator[Channel]:
    """All that this driver knows."""
    yield from (value.channel for value in VALUES)
    yield from (PLETH, PERFUSION, ARTIFACTS, QUALITY, TIMING)
