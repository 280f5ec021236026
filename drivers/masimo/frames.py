"""Bytes to lines, and lines to readings (fact sheet small-devices §6)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from collector.model import Rejected
from drivers.masimo.fields import FIELDS, REQUIRED

MAX_LINE_BYTES = 512
"""The longest line known has 190 characters; more than twice that is no line and is not kept."""
SECOND_US = 1_000_000
GAP_US = 10 * SECOND_US
"""A line every second: one whose clock is further from the line before is believed when the next one follows it."""

_LINE = re.compile(
    rb"(\d\d)/(\d\d)/(\d\d) (\d\d):(\d\d):(\d\d)((?: [A-Z][A-Z0-9]{0,9}=[!-~]{0,16}){2,40}) *",
)
CENTURY = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line without its end. `offset`: of its first byte in the input."""

    offset: int
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A line that is one of this protocol. `time_us`: the device's clock; `fields`: (key, what it sent) in order."""

    offset: int
    length: int
    time_us: int
    fields: tuple[tuple[str, str], ...]

    def follows(self, before: "Reading | None") -> bool:
        """Whether it is plausibly the next line of the same device."""
        return (
            before is not None
            and 0 <= self.time_us - before.time_us <= GAP_US
            and [key for key, _ in self.fields] == [key for key, _ in before.fields]
        )

    def rejected(self) -> Rejected:
        return Rejected(offset=self.offset, length=self.length, reason="unconfirmed")


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
        refused = [held.rejected()] if held is not None else []
        if reading.follows(self._last):
            self._last = reading
            return (*refused, reading)
        self._held = reading
        return refused

    def finish(self) -> Sequence[Rejected]:
        """What nothing has confirmed when the input ends."""
        held, self._held = self._held, None
        return [held.rejected()] if held is not None else []


def read(line: Line) -> Reading | Rejected:
    """What a line says. Rejected: it is no line of this protocol, or one of its fields is not."""

    def rejected(reason: str) -> Rejected:
        return Rejected(offset=line.offset, length=len(line.data), reason=reason)

    match = _LINE.fullmatch(line.data)
    if match is None:
        return rejected("line")
    month, day, year, hour, minute, second = (int(part) for part in match.groups()[:6])
    try:
        told = datetime(CENTURY + year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return rejected("time")
    pairs = [field.partition("=") for field in match[7].decode("ascii").split()]
    fields = tuple((key, value) for key, _, value in pairs)
    keys = {key for key, _ in fields}
    if len(keys) != len(fields) or not keys >= REQUIRED:
        return rejected("keys")
    if not all(FIELDS[key].form.fullmatch(value) for key, value in fields if key in FIELDS):
        return rejected("value")
    time_us = int(told.timestamp()) * SECOND_US
    return Reading(offset=line.offset, length=len(line.data), time_us=time_us, fields=fields)
