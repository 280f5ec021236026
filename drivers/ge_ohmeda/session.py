"""The dialogue: the checksum is switched off, then the machine sends by itself (fact sheet ge-ohmeda-com §2)."""

import math
from collections.abc import Sequence

from collector.model import Event, Frame, Rejected
from drivers.ge_ohmeda.frames import KINDS, LAYOUT, MEASURED, NAK, STATUS, Framer, Line
from drivers.ge_ohmeda.values import Reader

NO_CHECKSUM = b"\x1bVTDw\r"
AUTOMATIC = b"\x1bVTX \r"
"""The two sequences that are known to work, byte for byte."""
ANSWER_S = 5.0
"""Where no line answers, it begins anew."""
QUIET_S = 20.0
"""Without data for so long it begins anew: the machine was switched off (§2, P)."""
FRAME_US = 1_000_000
"""Nominal period of lines; they come with each breath, and the protocol has no ticks."""


class OhmedaSession:
    """Sends the first sequence until a line comes, then the second, and listens."""

    def __init__(self) -> None:
        self._framer = Framer()
        self._reader = Reader()
        self._out = b""
        self._due: float | None = -math.inf
        self._begun = False
        self._frames = 0

    def receive(self, data: bytes, now: float) -> Sequence[Event]:
        found: list[Event] = []
        for item in self._framer.feed(data):
            found += (item,) if isinstance(item, Rejected) else self._line(item, now)
        return found

    def outgoing(self) -> bytes:
        out, self._out = self._out, b""
        return out

    def deadline(self) -> float | None:
        return self._due

    def expire(self, now: float) -> Sequence[Event]:
        if self._due is not None and now >= self._due:
            self._out = NO_CHECKSUM
            self._begun = True
            self._due = now + ANSWER_S
        return ()

    def close(self, now: float) -> None:  # noqa: ARG002  the contract's
        """The machine goes on by itself; no farewell is known."""
        self._due = None

    def finish(self) -> Sequence[Event]:
        return self._framer.finish()

    def _line(self, line: Line, now: float) -> Sequence[Event]:
        values = self._reader.read(line)
        if values is None:
            return (Rejected(offset=line.offset, length=line.length, reason=LAYOUT),)
        self._heard(line.letter, now)
        self._frames += 1
        frame = Frame(offset=line.offset, length=line.length, kind=KINDS[line.letter], tick_us=self._frames * FRAME_US)
        return frame, *values

    def _heard(self, letter: str, now: float) -> None:
        if self._due is None or math.isinf(self._due):
            return
        if self._begun and letter != NAK:
            self._begun = False
            self._out = AUTOMATIC
            self._due = now + QUIET_S
        elif letter in {MEASURED, STATUS}:
            self._due = now + QUIET_S
