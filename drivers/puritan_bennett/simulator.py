"""The ventilator's side: answers to SNDA and SNDF, and the waveform port. Source: puritan-bennett-840 §2-§4, §7."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from collector.clock import to_datetime
from collector.driver import Simulated
from collector.model import (
    AlarmCondition,
    AlarmPhase,
    DeviceClock,
    DeviceIdentity,
    Event,
    Observation,
    Priority,
    Quality,
)
from drivers.patient import Patient, Vitals
from drivers.puritan_bennett.decoder import MANUFACTURER
from drivers.puritan_bennett.tables import FIRST, Alarm, Kind, Value, layout

MODEL, SERIAL = "840", "3510059999"
COUNTS: Mapping[str, int] = {"A": 97, "F": 169}
"""Fields of each reply (§3)."""
WIDTHS: Mapping[str, Mapping[int, int]] = {
    "A": {6: 18, 8: 12, 62: 12, 100: 9},
    "F": {6: 18, 7: 12, 8: 9, 50: 9, 53: 18, 55: 9, 66: 9},
}
"""Fields wider than 6 characters, as they were observed (§3)."""
REPLIES = {b"SNDA": "A", b"SNDF": "F"}
MAX_COMMAND = 8
SAMPLE_S = 0.02

Text = Callable[[Vitals], str]


def _number(read: Callable[[Vitals], float], decimals: int) -> Text:
    def text(vitals: Vitals) -> str:
        value = read(vitals)
        return "" if math.isnan(value) else f"{value:.{decimals}f}"

    return text


def _fixed(text: str) -> Text:
    return lambda _: text


MEASURED: Mapping[str, Mapping[int, Text]] = {
    "A": {
        34: _number(lambda v: v.airway_rate_per_min, 0),
        35: _number(lambda v: v.tidal_volume_ml / 1000, 2),
        36: _number(lambda v: v.minute_volume_l_per_min, 2),
        37: _fixed("0.0"),
        38: _number(lambda v: v.peak_pressure_cmh2o, 1),
        39: _number(lambda v: (2 * v.peep_cmh2o + v.plateau_pressure_cmh2o) / 3, 1),
        40: _number(lambda v: v.plateau_pressure_cmh2o, 1),
        41: _fixed("2.00"),
        65: _number(lambda v: v.compliance_ml_per_cmh2o, 1),
        101: _fixed("1:2.00"),
    },
    "F": {
        69: _number(lambda v: v.plateau_pressure_cmh2o, 1),
        70: _number(lambda v: v.airway_rate_per_min, 1),
        71: _number(lambda v: v.tidal_volume_ml / 1000, 3),
        72: _number(lambda v: v.minute_volume_l_per_min, 2),
        73: _number(lambda v: v.peak_pressure_cmh2o, 1),
        74: _number(lambda v: (2 * v.peep_cmh2o + v.plateau_pressure_cmh2o) / 3, 1),
        75: _fixed("2.00"),
        76: _fixed("1:2.00"),
        77: _number(lambda v: v.fio2_pct, 0),
        78: _number(lambda v: v.tidal_volume_ml * 1.02 / 1000, 3),
        87: _number(lambda v: v.peep_cmh2o, 1),
        89: _fixed("0.00"),
        96: _number(lambda v: v.compliance_ml_per_cmh2o, 1),
    },
}
SET: Mapping[str, Mapping[int, str]] = {
    "A": {
        9: "CMV", 10: "12.0", 11: "0.48", 12: "55", 13: "40", 15: "5.0", 16: "0.0", 21: "20", 27: "RAMP", 30: "OFF",
        42: "40", 45: "0.30", 46: "3.0", 47: "30", 71: "3", 93: "OFF",
    },
    "F": {
        8: "INVASIVE", 9: "A/C", 10: "VC", 12: "V-TRIG", 13: "12", 14: "0.480", 15: "55.0", 16: "40", 18: "5.0",
        19: "0.0", 20: "20", 31: "", 32: "RAMP", 33: "OFF", 34: "40", 35: "OFF", 36: "12.0", 37: "3.0", 38: "800",
        39: "300", 40: "OFF", 41: "OFF", 42: "30", 43: "OFF", 45: "3.0", 53: "HME", 55: "ENABLED", 60: "70",
        66: "ADULT",
    },
}  # fmt: skip
ALARMING: Mapping[str, Mapping[int, tuple[str, Callable[[Vitals], bool]]]] = {
    "A": {
        48: ("ALARM", lambda v: v.peak_pressure_cmh2o > 40),
        52: ("ALARM", lambda v: v.minute_volume_l_per_min < 3),
        53: ("ALARM", lambda v: v.airway_rate_per_min > 30),
    },
    "F": {
        107: ("LOW", lambda v: v.minute_volume_l_per_min > 12),
        110: ("HIGH", lambda v: v.peak_pressure_cmh2o > 40),
        112: ("LOW", lambda v: v.airway_rate_per_min > 30),
        118: ("MEDIUM", lambda v: v.minute_volume_l_per_min < 3),
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """What may happen. only_misca: an older ventilator, which does not know SNDF. alarm: field → word it has."""

    only_misca: bool = False
    alarm: tuple[tuple[int, str], ...] = ()
    silent_until_s: float = 0.0


class PuritanBennettSimulator:
    """A simulated 840 on its DCI port; its events are what it has said."""

    def __init__(self, simulated: Simulated, faults: Faults | None = None) -> None:
        self._patient: Patient = simulated.patient
        self._faults = faults or Faults()
        self._epoch_us = simulated.epoch_us
        self._in = bytearray()
        self._out = bytearray()
        self._zero: float | None = None
        self._minute: int | None = None
        self._known = False
        self._alarms: dict[str, AlarmCondition] = {}

    def receive(self, data: bytes, now: float) -> Sequence[Event]:
        self._begin(now)
        said: list[Event] = []
        for byte in data:
            if byte != ord("\r"):
                self._in.append(byte)
                del self._in[:-MAX_COMMAND]
                continue
            letter = REPLIES.get(bytes(self._in[-4:]))
            self._in.clear()
            if (
                letter
                and self._time_s(now) >= self._faults.silent_until_s
                and (letter == "A" or not self._faults.only_misca)
            ):
                said += self._reply(letter, now)
        return said

    def outgoing(self) -> bytes:
        out = bytes(self._out)
        self._out.clear()
        return out

    def deadline(self) -> float | None:
        return -math.inf if self._zero is None else None

    def expire(self, now: float) -> Sequence[Event]:
        self._begin(now)
        return ()

    def close(self, now: float) -> None:
        """Nothing: a ventilator that is switched off says no farewell."""

    def finish(self) -> Sequence[Event]:
        return ()

    def _begin(self, now: float) -> None:
        if self._zero is None:
            self._zero = now

    def _time_s(self, now: float) -> float:
        return now - (self._zero or 0.0)

    def _reply(self, letter: str, now: float) -> list[Event]:
        vitals = self._patient.vitals(self._time_s(now))
        known = layout(letter)
        time = to_datetime(self._epoch_us + round(now * 1e6))
        texts = {number: text(vitals) for number, text in MEASURED[letter].items()} | dict(SET[letter])
        texts |= {number: "NORMAL" for number, field in known.fields.items() if isinstance(field, Alarm)}
        texts |= {number: word for number, (word, holds) in ALARMING[letter].items() if holds(vitals)}
        texts |= dict(self._faults.alarm)
        said = [*self._identify(), *self._clock(now), *self._told(letter, texts)]
        texts |= {known.time: f"{time:%H:%M}", known.id: f"{MODEL} {SERIAL}", known.date: f"{time:%b %d %Y}".upper()}
        self._out += message(letter, texts)
        return said

    def _identify(self) -> list[Event]:
        if self._known:
            return []
        self._known = True
        return [DeviceIdentity(manufacturer=MANUFACTURER, model=MODEL, serial=SERIAL)]

    def _clock(self, now: float) -> list[Event]:
        """Its clock has no seconds: it has said a time where it has just gone on by a minute."""
        minute = (self._epoch_us + round(now * 1e6)) // 60_000_000
        before, self._minute = self._minute, minute
        return [DeviceClock(time_us=minute * 60_000_000)] if before is not None and minute == before + 1 else []

    def _told(self, letter: str, texts: Mapping[int, str]) -> list[Event]:
        said: list[Event] = []
        active: dict[str, AlarmCondition] = {}
        for number, field in layout(letter).fields.items():
            text = texts.get(number, "")
            if isinstance(field, Value):
                said += _observation(field, text) if text else []
            elif text not in {"", "NORMAL"}:
                active[field.source] = AlarmCondition(
                    source=field.source,
                    type=field.type,
                    priority=Priority(text.lower()) if text != "ALARM" else Priority.HIGH,
                    phase=AlarmPhase.START,
                    code=field.code,
                    device_priority=text,
                )
        said += [one for name, one in active.items() if name not in self._alarms]
        said += [replace(one, phase=AlarmPhase.END) for name, one in self._alarms.items() if name not in active]
        self._alarms = active
        return said


class WaveformPort:
    """A simulated 840's waveform port: text lines, whoever listens. `lines` are those from one time to another."""

    def __init__(self, patient: Patient) -> None:
        self._patient = patient
        self._breath: int | None = None

    def lines(self, start_s: float, n: int) -> bytes:
        """`n` samples from `start_s` on, with the marks of breaths between them."""
        out: list[str] = []
        flows = self._patient.wave("flow", start_s, n, 1 / SAMPLE_S)
        pressures = self._patient.wave("paw", start_s, n, 1 / SAMPLE_S)
        for index, (flow, pressure) in enumerate(zip(flows, pressures, strict=True)):
            breath = int(self._patient.breaths(_at(start_s + index * SAMPLE_S))[0])
            if breath != self._breath:
                out += ["BE"] if self._breath is not None else []
                out.append(f"BS, S:{breath},")
                self._breath = breath
            out.append(f"{flow:.2f}, {pressure:.2f}")
        return "".join(f"{line}\n" for line in out).encode()


def message(letter: str, texts: Mapping[int, str]) -> bytes:
    """A reply with these fields, the others blank."""
    widths = WIDTHS[letter]
    count = COUNTS[letter]
    body = "".join(f"{texts.get(n, ''):<{widths.get(n, 6)}}," for n in range(FIRST, FIRST + count))
    return f"MISC{letter},{len(body)},{count}{' ' * (letter == 'F')},\x02{body}\x03\r".encode()


def _observation(field: Value, text: str) -> list[Event]:
    if text == "OFF" and field.kind is not Kind.TEXT:
        return [Observation(channel=field.channel, value=None, quality=Quality.NOT_AVAILABLE)]
    if field.kind is Kind.RATIO:
        inspiration, _, expiration = text.partition(":")
        return [Observation(channel=field.channel, value=float(inspiration) / float(expiration))]
    return [Observation(channel=field.channel, value=text if field.kind is Kind.TEXT else float(text))]


def _at(time_s: float) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    return np.array([time_s])
