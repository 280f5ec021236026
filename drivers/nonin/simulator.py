"""The oximeter's side (fact sheet small-devices §5): it talks by itself, and answers if it is asked."""

import math
from collections.abc import Sequence

import numpy as np

from collector.driver import Simulated
from collector.model import AlarmCondition, AlarmPhase, AlarmType, DeviceIdentity, Event, Observation, Priority, Quality
from drivers.nonin import meanings, requests
from drivers.nonin.decoder import RATE_HZ
from drivers.nonin.frames import ACK, FRAMES, encode, serial_reply
from drivers.patient import Patient

PERIOD_S = FRAMES / RATE_HZ
MAX_LATE_S = 5.0
"""A clock that jumps further is not followed packet by packet."""
SERIAL = b"501234567"
REVISION = 18
MIDDLE, PER_PERCENT = 32_768, 4_000
"""The pleth: count of no light absorbed, counts per percent."""
PULSE_FRAMES = 12
WEAK_PCT = 0.5


class NoninSimulator:
    """An oximeter in data format 7. silent: from when to when it says nothing; talks: whether without being asked."""

    def __init__(
        self, simulated: Simulated, *, silent: tuple[float, float] = (math.inf, math.inf), talks: bool = True
    ) -> None:
        self._patient: Patient = simulated.patient
        self._silent = silent
        self._talks = talks
        self._start_s: float | None = None
        self._due_s = 0.0
        self._heard = b""
        self._out = b""
        self._lost = False

    def receive(self, data: bytes, now: float) -> Sequence[Event]:
        self._time(now)
        self._heard = (self._heard + data)[-64:]
        said: list[Event] = []
        for request in requests.FORMATS.values():
            if request in self._heard:
                self._heard = self._heard.replace(request, b"")
                self._out += bytes((ACK,))
                self._talks = True
        if requests.SERIAL in self._heard:
            self._heard = self._heard.replace(requests.SERIAL, b"")
            self._out += serial_reply(SERIAL)
            said.append(DeviceIdentity(manufacturer="Nonin", serial=SERIAL.decode(), software=str(REVISION)))
        return said

    def outgoing(self) -> bytes:
        out, self._out = self._out, b""
        return out

    def deadline(self) -> float | None:
        return -math.inf if self._start_s is None else self._start_s + self._due_s

    def expire(self, now: float) -> Sequence[Event]:
        time_s = self._time(now)
        if time_s - self._due_s > MAX_LATE_S:
            self._due_s = time_s
        said: list[Event] = []
        while self._due_s <= time_s:
            if self._talks and not self._silent[0] <= self._due_s < self._silent[1]:
                said += self._tell(self._due_s)
            self._due_s += PERIOD_S
        return said

    def close(self, now: float) -> None:
        """An oximeter says no farewell."""

    def finish(self) -> Sequence[Event]:
        return ()

    def _time(self, now: float) -> float:
        if self._start_s is None:
            self._start_s = now
        return now - self._start_s

    def _tell(self, end_s: float) -> list[Event]:
        start_s = max(0.0, end_s - PERIOD_S)
        now = self._patient.vitals(start_s)
        measured = {"spo2_pct", "pulse_rate_per_min"} <= self._patient.measured
        lost = not measured or math.isnan(now.spo2_pct) or math.isnan(now.pulse_rate_per_min)
        spo2 = meanings.NO_SPO2 if lost else max(0, min(100, round(now.spo2_pct)))
        rate = meanings.NO_RATE if lost else max(0, min(321, round(now.pulse_rate_per_min)))
        variables = bytearray(FRAMES)
        variables[meanings.REVISION] = REVISION
        variables[meanings.FLAGS] = 0 if lost else meanings.SMARTPOINT
        for value in meanings.VALUES:
            if value.rate:
                variables[value.place : value.place + 2] = bytes((rate >> 7, rate & 0x7F))
            else:
                variables[value.place] = spo2
        self._out += encode(self._status(start_s, lost), self._pleth(start_s, lost), bytes(variables))
        said: list[Event] = []
        for value in meanings.VALUES:
            number = float(rate if value.rate else spo2)
            quality = Quality.NOT_AVAILABLE if lost else Quality.VALID
            said.append(Observation(channel=value.channel, value=None if lost else number, quality=quality))
        return said + self._changes(lost)

    def _status(self, start_s: float, lost: bool) -> bytes:
        if lost:
            return bytes((meanings.ALARM | meanings.OUT_OF_TRACK,)) * FRAMES
        weak = self._patient.vitals(start_s).perfusion_pct < WEAK_PCT
        colour = meanings.RED if weak else meanings.GREEN
        phase = self._patient.beats(start_s + np.arange(FRAMES) / RATE_HZ) % 1.0
        rate = self._patient.vitals(start_s).pulse_rate_per_min
        return bytes(colour if share * 60.0 / rate * RATE_HZ < PULSE_FRAMES else 0 for share in phase.tolist())

    def _pleth(self, start_s: float, lost: bool) -> list[int]:
        if lost or "pleth" not in self._patient.waves:
            return [MIDDLE] * FRAMES
        drawn = self._patient.wave("pleth", start_s, FRAMES, RATE_HZ)
        return [max(0, min(0xFFFF, round(MIDDLE + PER_PERCENT * float(share)))) for share in drawn]

    def _changes(self, lost: bool) -> list[AlarmCondition]:
        if lost == self._lost:
            return []
        self._lost = lost
        return [
            AlarmCondition(
                source=source,
                type=AlarmType.TECHNICAL,
                priority=Priority.MEDIUM,
                phase=AlarmPhase.START if lost else AlarmPhase.END,
                code=code,
            )
            for bit, (source, code) in meanings.CONDITIONS.items()
            if bit & (meanings.ALARM | meanings.OUT_OF_TRACK)
        ]
