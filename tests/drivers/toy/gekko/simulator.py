"""The mattress's side: a line every 2 s, and who it is when it is asked (the sheet)."""

import math
from collections.abc import Sequence

from collector.driver import Simulated
from collector.model import DeviceIdentity, Event, Frame

from .frames import encode
from .session import NO_VALUE, WHO, Alarm, observations

PERIOD_S = 2.0
SET = 38.0
UNPLUGGED, OPEN, TOO_HOT, SILENT = range(15, 20), range(25, 30), range(35, 41), range(50, 54)
"""Seconds of each minute in which something is the matter; two lines a minute are lost."""


class GekkoSimulator:
    """A mattress that is switched on at the first call."""

    def __init__(self, simulated: Simulated) -> None:
        self._patient = simulated.patient
        self._alarm = Alarm()
        self._start_s: float | None = None
        self._due_s = -math.inf
        self._heard = self._out = b""
        self._at = 0

    def receive(self, data: bytes, now: float) -> Sequence[Event]:  # noqa: ARG002  the contract's
        asked = (self._heard + data).count(WHO)
        self._heard = data[-1:]
        said: list[Event] = []
        for _ in range(asked):
            said += [
                self._send("GX1;ID;Gekko;GX-1;SN=00417", "identity"),
                DeviceIdentity(manufacturer="Gekko", model="GX-1", serial="00417"),
            ]
        return said

    def outgoing(self) -> bytes:
        out, self._out = self._out, b""
        return out

    def deadline(self) -> float:
        return self._due_s

    def expire(self, now: float) -> Sequence[Event]:
        if self._start_s is None:
            self._start_s = self._due_s = now
        if now < self._due_s:
            return ()
        self._due_s += PERIOD_S * (1 + (now - self._due_s) // PERIOD_S)
        return self._status(now - self._start_s)

    def close(self, now: float) -> None:
        """It knows no farewell."""

    def finish(self) -> Sequence[Event]:
        return ()

    def _status(self, time_s: float) -> Sequence[Event]:
        second = int(time_s) % 60
        if second in SILENT:
            return ()
        core = self._patient.vitals(time_s).temp_core_cel
        unplugged = math.isnan(core) or second in UNPLUGGED
        hot = second in TOO_HOT
        texts = (
            NO_VALUE if unplugged else f"{core:.1f}",
            f"{SET + 1.4 if hot else SET - 0.2:.1f}",
            f"{SET:.1f}",
            "OPEN" if second in OPEN else "SHUT",
        )
        body = "GX1;{:06};T={};S={};SET={};LID={}".format(int(time_s), *texts) + ";AL=HOT" * hot
        frame = self._send(body, "status", int(time_s) * 1_000_000)
        return [frame, *observations(texts), *self._alarm.changes(hot=hot)]

    def _send(self, body: str, kind: str, tick_us: int | None = None) -> Frame:
        line = encode(body)
        self._out += line
        frame = Frame(offset=self._at, length=len(line), kind=kind, tick_us=tick_us)
        self._at += len(line)
        return frame
