"""The session: asks for all parameters, one request at a time, or only listens to the waveform port."""

import math
from collections.abc import Sequence

from collector.model import AlarmCondition, Event
from drivers.puritan_bennett.decoder import Decoder
from drivers.puritan_bennett.frames import BreathEnd, BreathStart, Framer, Item, Reply, Sample
from drivers.puritan_bennett.options import Options

RESET, ALL, SOME = b"RSET\r", b"SNDF\r", b"SNDA\r"
"""Clear the receive buffer; MISCF; MISCA, which older ventilators have alone (§2)."""
ANSWER_S = 3.0
"""So long without a byte after a request, or after the last byte of its reply: it does not come (§2: 1.3 s at 9600)."""
LONGEST_S = 12.0
"""A reply has come after so long, also at 1200 baud."""
RETRY_S = 600.0
"""A ventilator that answered one request and not the other is asked for the other again after so long."""


class PuritanBennettSession:
    """One port of a Puritan Bennett ventilator, from the host's side."""

    def __init__(self, options: Options, standing: Sequence[AlarmCondition] = ()) -> None:
        self._options = options
        self._framer = Framer()
        self._decoder = Decoder(options.waveform_hz, standing)
        self._out = bytearray()
        self._request = SOME
        self._answered = b""
        self._some_until = -math.inf
        self._asked_at = -math.inf
        self._heard_at = -math.inf
        self._waiting = False
        self._closed = options.port == "waveforms"

    def receive(self, data: bytes, now: float) -> Sequence[Event]:
        self._heard_at = now
        return [event for item in self._framer.feed(data) for event in self._take(item)]

    def outgoing(self) -> bytes:
        out = bytes(self._out)
        self._out.clear()
        return out

    def deadline(self) -> float | None:
        if self._closed:
            return None
        if self._waiting:
            return min(max(self._asked_at, self._heard_at) + ANSWER_S, self._asked_at + LONGEST_S)
        return self._asked_at + self._options.poll_s

    def expire(self, now: float) -> Sequence[Event]:
        due = self.deadline()
        if due is None or now < due:
            return ()
        if self._waiting or self._asked_at == -math.inf:
            self._out += RESET
        if self._waiting and self._request == ALL and self._answered == SOME:
            self._some_until = now + RETRY_S
        failed = self._waiting and self._request == ALL
        self._request = SOME if failed or now < self._some_until else ALL
        self._out += self._request
        self._waiting, self._asked_at = True, now
        return ()

    def close(self, now: float) -> None:  # noqa: ARG002  the contract's
        """Nothing to say: the ventilator only answers."""
        self._closed = True

    def finish(self) -> Sequence[Event]:
        events = [event for item in self._framer.finish() for event in self._take(item)]
        return [*events, *self._decoder.flush()]

    def _take(self, item: Item) -> Sequence[Event]:
        match item:
            case Reply():
                self._waiting = False
                self._answered = SOME if item.letter == "A" else ALL
                return self._decoder.reply(item)
            case BreathStart():
                return self._decoder.start(item)
            case Sample():
                return self._decoder.sample(item)
            case BreathEnd():
                return self._decoder.end(item)
        return [*self._decoder.broken(), item]
