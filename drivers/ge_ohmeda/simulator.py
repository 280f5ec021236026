"""The machine's side of the dialogue (fact sheet ge-ohmeda-com §6)."""

import math
import re
from collections.abc import Mapping, Sequence

from collector.driver import Simulated
from collector.model import Event, Observation, Quality
from drivers.ge_ohmeda.frames import MEASURED, STATUS
from drivers.ge_ohmeda.values import BREATH, MODE, MODES, RESERVED, Field, fields
from drivers.patient import Patient, Vitals

REPEAT_S = 2.0
"""Between breaths the last one is sent again so often."""
BAG_S = 5.0
"""Without breaths of its own, the machine sends so often."""
MAX_HEARD = 64
"""Bytes of what may still become a command."""
RESERVED_BYTES = b"000000000000"

_COMMAND = re.compile(rb"\x1bVT([A-Z$?])([\x20-\x7e]?)\r")


def _measured(vitals: Vitals) -> Mapping[str, float]:
    """By source; NaN: it shows nothing."""
    return {
        "D04": vitals.tidal_volume_ml,
        "D08": vitals.minute_volume_l_per_min,
        "D12": vitals.airway_rate_per_min,
        "D15": vitals.fio2_pct,
        "D18": vitals.peak_pressure_cmh2o,
        "D21": vitals.plateau_pressure_cmh2o,
        "D24": vitals.peep_cmh2o + (vitals.peak_pressure_cmh2o - vitals.peep_cmh2o) / 3.0,
        "D27": vitals.peep_cmh2o - 7.0,
    }


SETTINGS: Mapping[str, float] = {
    "Q04": 480.0, "Q08": 12.0, "Q11": 2.0, "Q15": 10.0, "Q17": 5.0, "Q19": 40.0, "Q22": math.nan, "Q24": 30.0,
    "Q26": 10.0, "Q29": 3.0, "Q32": 80.0, "Q35": 20.0, "Q38": 100.0, "Q41": 21.0,
}  # fmt: skip


class Simulator:
    """A machine that sends by itself once it is told to. off_s: from and until when it is off, in its seconds."""

    def __init__(self, simulated: Simulated, *, off_s: tuple[float, float] = (math.inf, math.inf)) -> None:
        patient: Patient = simulated.patient
        self._patient = patient
        self._off_s = off_s
        self._start_s: float | None = None
        self._heard = b""
        self._out = b""
        self._checksum = True
        self._breath_at = self._repeat_at = math.inf
        self._last: tuple[bytes, Sequence[Event]] = (b"", ())

    def receive(self, data: bytes, now: float) -> Sequence[Event]:
        if self._off(now):
            return ()
        self._heard += data
        end = 0
        for command in _COMMAND.finditer(self._heard):
            end = command.end()
            self._obey(command[0], command[1], now)
        self._heard = self._heard[end:][-MAX_HEARD:]
        return ()

    def outgoing(self) -> bytes:
        out, self._out = self._out, b""
        return out

    def deadline(self) -> float | None:
        due = min(self._breath_at, self._repeat_at)
        return due if due < math.inf else None

    def expire(self, now: float) -> Sequence[Event]:
        if self._off(now):
            self._breath_at = self._repeat_at = math.inf
            return ()
        if now >= self._breath_at:
            return self._breathe(now)
        if now >= self._repeat_at:
            self._repeat_at = now + REPEAT_S
            self._out += self._last[0]
        return ()

    def close(self, now: float) -> None:
        """A machine says no farewell."""

    def finish(self) -> Sequence[Event]:
        return ()

    def _time(self, now: float) -> float:
        """Seconds since the first call, when the patient's time begins."""
        if self._start_s is None:
            self._start_s = now
        return now - self._start_s

    def _off(self, now: float) -> bool:
        return self._off_s[0] <= self._time(now) < self._off_s[1]

    def _obey(self, whole: bytes, letter: bytes, now: float) -> None:
        """A command with a wrong check character is refused while there is a checksum: they sum up to 0 modulo 128."""
        if self._checksum and sum(whole[:-1]) % 128:
            self._out += b":VTN\r"
            return
        self._out += b":VTY\r"
        match letter:
            case b"D" | b"E":
                self._checksum = letter == b"E"
            case b"X":
                self._breath_at = min(self._breath_at, now)
            case b"S":
                self._breath_at = self._repeat_at = math.inf

    def _breathe(self, now: float) -> Sequence[Event]:
        vitals = self._patient.vitals(self._time(now))
        rate = vitals.airway_rate_per_min
        bag = math.isnan(rate)
        self._breath_at = now + (BAG_S if bag else 60.0 / rate)
        self._repeat_at = now + REPEAT_S
        measured, said = _line(MEASURED, _measured(vitals))
        status, told = _line(STATUS, SETTINGS)
        mode = ord("-") if bag else ord("v")
        status += bytes((mode,)) + RESERVED_BYTES + b"\r"
        told.append(Observation(channel=MODE, value=MODES[mode]))
        told.append(Observation(channel=RESERVED, value=RESERVED_BYTES.hex()))
        self._out += measured + bytes((BREATH,)) + b"\r" + status
        self._last = measured + b"\x00\r", said
        return [*said, *told]


def _line(letter: str, values: Mapping[str, float]) -> tuple[bytes, list[Event]]:
    line = b":VT" + letter.encode()
    said: list[Event] = []
    for field in fields(letter):
        value = values[field.channel.source]
        line += _text(field, value)
        shown = None if math.isnan(value) else round(round(value * field.scale) / field.scale, field.decimals)
        shown = 1.0 / shown if field.ratio and shown else shown
        quality = Quality.VALID if shown is not None else Quality.NOT_AVAILABLE
        said.append(Observation(channel=field.channel, value=shown, quality=quality))
    return line, said


def _text(field: Field, value: float) -> bytes:
    """Digits with zeros before them, a minus first; dashes where there is no value."""
    if math.isnan(value):
        return b"-" * field.length
    return f"{round(value * field.scale):0{field.length}}".encode()
