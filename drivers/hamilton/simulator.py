"""The ventilator's side of both protocols (fact sheet hamilton §3)."""

import math
import re
from collections import deque
from collections.abc import Sequence

from collector.driver import Simulated
from collector.model import Event, Frame
from drivers.hamilton import block, tables
from drivers.hamilton.block import BlockSession
from drivers.hamilton.decoder import ERROR, Decoder
from drivers.hamilton.frames import packet
from drivers.hamilton.ventilator import BLOCK, MODE, Ventilator
from drivers.patient import Patient

ANSWER_S = 0.032
"""What a ventilator needs for a reply (§1)."""
HOLD_S = 60.0
"""An activation that is not repeated ends (§3)."""
MAX_HEARD = 256
"""Bytes of what may still become a request."""
VALUE_BYTES = 5

_REQUEST = re.compile(rb"\x02([\x1e-\x7f])\x03\r|(\x021[^\x02\x03]*\x03)(..)\r", re.DOTALL)


class Simulator:
    """A ventilator that answers polls, and sends blocks while it is activated.

    lacks: ids that it does not know; off_s: from and until when it is switched off, in its seconds.
    """

    def __init__(
        self,
        simulated: Simulated,
        *,
        lacks: frozenset[int] = frozenset(),
        off_s: tuple[float, float] = (math.inf, math.inf),
    ) -> None:
        patient: Patient = simulated.patient
        self._patient = patient
        self._ventilator = Ventilator(patient, lacks)
        self._epoch_us = simulated.epoch_us
        self._off_s = off_s
        self._start_s: float | None = None
        self._heard = b""
        self._out = b""
        self._asked: deque[tuple[float, int]] = deque()
        self._speech = Decoder("mm[Hg]")
        self._block = BlockSession()
        self._until_s = -math.inf
        self._breath_at = math.inf
        self._mode_told = False

    def receive(self, data: bytes, now: float) -> Sequence[Event]:
        time_s = self._time(now)
        self._heard += data
        end = 0
        for found in _REQUEST.finditer(self._heard):
            end = found.end()
            if found[1]:
                self._asked.append((now + ANSWER_S, found[1][0]))
            elif block.crc(found[2]) == found[3]:
                self._breath_at = now if time_s >= self._until_s else self._breath_at
                self._mode_told = time_s < self._until_s
                self._until_s = time_s + HOLD_S
        self._heard = self._heard[end:][-MAX_HEARD:]
        return ()

    def outgoing(self) -> bytes:
        out, self._out = self._out, b""
        return out

    def deadline(self) -> float | None:
        due = min(self._breath_at, self._asked[0][0] if self._asked else math.inf)
        return due if due < math.inf else None

    def expire(self, now: float) -> Sequence[Event]:
        time_s = self._time(now)
        said: list[Event] = []
        while self._asked and self._asked[0][0] <= now:
            said += self._answer(self._asked.popleft()[1], now)
        if self._breath_at <= now:
            said += self._breathe(now)
        if self._off_s[0] <= time_s < self._off_s[1]:
            self._out, self._until_s, said = b"", -math.inf, []
        return said

    def close(self, now: float) -> None:
        """A ventilator says no farewell."""

    def finish(self) -> Sequence[Event]:
        return ()

    def _time(self, now: float) -> float:
        """Seconds since the first call, when the patient's time begins."""
        if self._start_s is None:
            self._start_s = now
        return now - self._start_s

    def _answer(self, one: int, now: float) -> Sequence[Event]:
        text = self._ventilator.text(one, self._time(now), self._epoch_us + round(now * 1e6))
        if text is None:
            self._out += packet(ERROR)
            return self._speech.missing(one)
        if one == tables.NUMBER:
            self._out += packet(text.encode())
        else:
            text = text.rjust(VALUE_BYTES)
            self._out += packet(bytes((one,)) + text.encode())
        return self._speech.reply(one, text, now)

    def _breathe(self, now: float) -> Sequence[Event]:
        time_s = self._time(now)
        if time_s >= self._until_s:
            self._breath_at = math.inf
            return ()
        rate = self._patient.vitals(time_s).airway_rate_per_min
        self._breath_at = now + (1.0 if math.isnan(rate) else 60.0 / rate)
        if math.isnan(rate):
            return ()
        chunks = [b"P%c%s" % (code, self._ventilator.measured(one, time_s).encode()) for code, one in BLOCK.items()]
        chunks.append(b"P\xff")
        if not self._mode_told:
            self._mode_told = True
            chunks += [b"p\x22" + tables.MODES[MODE].encode(), b"p\xff"]
        whole = block.frame(b"1\x0b" + b"\x0b".join(chunks))
        self._out += whole
        return [event for event in self._block.receive(whole, now) if not isinstance(event, Frame)]
