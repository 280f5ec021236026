"""Bytes to lines, and which lines of data are believed (fact sheet small-devices §7)."""

from collections.abc import Sequence
from dataclasses import dataclass

from collector.model import Rejected

MAX_LINE_BYTES = 256
"""The longest line known, a heading, has 90 characters; more than twice that is no line and is not kept."""
SECOND_US = 1_000_000
GAP_US = 10 * SECOND_US
"""A line every 2 s: one whose clock is further from the line before is believed when the next one follows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line without its end. `offset`: of its first byte in the input."""

    offset: int
    data: bytes

    def rejected(self, reason: str) -> Rejected:
        return Rejected(offset=self.offset, length=len(self.data), reason=reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A line of data. `time_us`: the device's clock; values as sent, without their asterisks; `codes`: of the status.

    beyond_spo2, beyond_pulse: an asterisk stands behind the value, which is beyond its alarm limits.
    """

    line: Line
    time_us: int
    spo2: str
    beyond_spo2: bool
    pulse: str
    beyond_pulse: bool
    amplitude: str
    codes: tuple[str, ...]

    def follows(self, before: "Reading | None") -> bool:
        """Whether it is plausibly the next line of the same device."""
        return before is not None and 0 <= self.time_us - before.time_us <= GAP_US


class Framer:
    """Cuts a byte stream at CR and LF; holds at most MAX_LINE_BYTES."""

    def __init__(self) -> None:
        self._rest = b""
        self._at = 0

    def feed(self, data: bytes) -> Sequence[Line | Rejected]:
        """The lines that `data` completes, in order; empty ones are none."""
        found: list[Line | Rejected] = []
        *ended, rest = (self._rest + data).replace(b"\r", b"\n").split(b"\n")
        for whole in ended:
            line = self._shortened(whole, found)
            if line:
                found.append(Line(offset=self._at, data=line))
            self._at += len(line) + 1
        self._rest = self._shortened(rest, found)
        return found

    def finish(self) -> Sequence[Rejected]:
        """What is left when the input ends."""
        rest, self._rest = self._rest, b""
        return [Rejected(offset=self._at, length=len(rest), reason="truncated")] if rest else []

    def _shortened(self, line: bytes, found: list[Line | Rejected]) -> bytes:
        while len(line) > MAX_LINE_BYTES:
            found.append(Rejected(offset=self._at, length=MAX_LINE_BYTES, reason="too_long"))
            self._at += MAX_LINE_BYTES
            line = line[MAX_LINE_BYTES:]
        return line


class Gate:
    """Lets a line through when another one confirms it: there is no checksum, only that lines follow each other."""

    def __init__(self) -> None:
        self._last: Reading | None = None
        self._held: Reading | None = None

    def pass_on(self, reading: Reading) -> Sequence[Reading | Rejected]:
        """What is now believed, in order, and what is not; `reading` itself may be kept back until the next one."""
        held, self._held = self._held, None
        if held is not None and reading.follows(held):
            self._last = reading
            return (held, reading)
        refused = [held.line.rejected("unconfirmed")] if held is not None else []
        if reading.follows(self._last):
            self._last = reading
            return (*refused, reading)
        self._held = reading
        return refused

    def finish(self) -> Sequence[Rejected]:
        """What nothing has confirmed when the input ends."""
        held, self._held = self._held, None
        return [held.line.rejected("unconfirmed")] if held is not None else []
