"""The dialogue with a Capnostream: enable, start, and tell that the link lives (fact sheet small-devices §4)."""

import math
from collections.abc import Sequence

from collector.model import AlarmCondition, Event, Rejected
from drivers.capnostream import messages
from drivers.capnostream.decoder import Decoder
from drivers.capnostream.frames import Framer, Message, encode
from drivers.capnostream.options import Options

PACE_S = 0.5
"""Between two commands, as others send them."""
ENABLE_S = 1.0
"""A device that does not answer is asked so often."""
ALIVE_S = 2.0
"""The device wants to hear of the host within 5 s."""
QUIET_S = 4.0
"""Numerics come every second. So long without: the device has been switched off or on, and is to be enabled again."""


class CapnostreamSession:
    """Enables the communication until something comes, then starts it and keeps it alive."""

    def __init__(self, options: Options, standing: Sequence[AlarmCondition] = ()) -> None:
        self._options = options
        self._framer = Framer()
        self._decoder = Decoder(options, standing)
        self._queue: list[bytes] = []
        self._enabled = False
        self._next = self._alive = -math.inf
        self._quiet = math.inf
        self._out = b""
        self._sent = False

    def receive(self, data: bytes, now: float) -> Sequence[Event]:
        found: list[Event] = []
        before = self._framer.frames
        for item in self._framer.feed(data):
            if isinstance(item, Rejected):
                found.append(item)
            else:
                self._heard(item, now)
                found += self._decoder.events(item)
        if self._framer.frames > before:
            self._answered(now)
        return found

    def outgoing(self) -> bytes:
        out, self._out = self._out, b""
        return out

    def deadline(self) -> float:
        return self._next if self._queue or not self._enabled else max(self._next, min(self._alive, self._quiet))

    def expire(self, now: float) -> Sequence[Event]:
        if now < self._next:
            return ()
        if now >= self._quiet:
            self._enabled, self._quiet = False, math.inf
            self._queue.clear()
        if not self._enabled:
            self._send(encode(messages.ENABLE), now, ENABLE_S)
        elif now >= self._alive:
            self._send(encode(messages.LINK_ACTIVE), now, PACE_S)
        elif self._queue:
            self._send(self._queue.pop(0), now, PACE_S)
        return ()

    def close(self, now: float) -> None:  # noqa: ARG002  the contract's
        if self._sent:
            self._out += encode(messages.STOP) + encode(messages.DISABLE)

    def finish(self) -> Sequence[Event]:
        return [*self._framer.finish(), *self._decoder.flush()]

    def _send(self, command: bytes, now: float, pace_s: float) -> None:
        self._out += command
        self._sent = True
        self._next = now + pace_s
        self._alive = now + ALIVE_S

    def _answered(self, now: float) -> None:
        if self._enabled or not self._sent:
            return
        self._enabled = True
        self._queue = self._start()
        self._quiet = now + QUIET_S + PACE_S * len(self._queue)

    def _heard(self, message: Message, now: float) -> None:
        if message.code == messages.NUMERICS and self._enabled:
            self._quiet = now + QUIET_S
        if message.code in {messages.NEW_PATIENT, messages.NEW_PATIENT_UNICODE} and self._options.patient:
            command = encode(messages.ASK_PATIENT)
            if self._enabled and command not in self._queue:
                self._queue.append(command)

    def _start(self) -> list[bytes]:
        found = [encode(messages.CONFIGURE, messages.IPI_ON)] if self._options.ipi else []
        found += [encode(messages.START), encode(messages.ASK_REVISION)]
        return found + ([encode(messages.ASK_PATIENT)] if self._options.patient else [])
