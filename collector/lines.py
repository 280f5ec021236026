"""Lines of text without a checksum: cutting a byte stream into them, and which of them are believed. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, Self, TypeVar

from collector.model import Rejected

TOO_LONG, TRUNCATED, UNCONFIRMED = "too_long", "truncated", "unconfirmed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line without its end. `offset`: of its first byte in the input."""

    offset: int
    data: bytes

    def rejected(self, reason: str) -> Rejected:
        return Rejected(offset=self.offset, length=len(self.data), reason=reason)


class LineFramer:
    """Cuts a byte stream at CR and LF; a longer line than `most_bytes` is none and is not kept."""

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
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
        return [Rejected(offset=self._at, length=len(rest), reason=TRUNCATED)] if rest else []

    def _shortened(self, line: bytes, found: list[Line | Rejected]) -> bytes:
        while len(line) > self._most:
            found.append(Rejected(offset=self._at, length=self._most, reason=TOO_LONG))
            self._at += self._most
            line = line[self._most :]
        return line


class Reading(Protocol):
    """What a line says."""

    @property
    def line(self) -> Line: ...

    def follows(self, before: Self) -> bool:
        """Whether it is plausibly the next line of the same device."""


R = TypeVar("R", bound=Reading)


class Gate(Generic[R]):
    """Lets a line through when another one confirms it: there is no checksum, only that lines follow each other."""

    def __init__(self) -> None:
        self._last: R | None = None
        self._held: R | None = None

    def pass_on(self, reading: R) -> Sequence[R | Rejected]:
        """What is now believed, in order, and what is not; `reading` itself may be kept back until the next one."""
        held, self._held = self._held, None
        if held is not None and reading.follows(held):
            self._last = reading
            return (held, reading)
        refused = [held.line.rejected(UNCONFIRMED)] if held is not None else []
        if self._last is not None and reading.follows(self._last):
            self._last = reading
            return (*refused, reading)
        self._held = reading
        return refused

    def finish(self) -> Sequence[Rejected]:
        """What nothing has confirmed when the input ends."""
        held, self._held = self._held, None
        return [held.line.rejected(UNCONFIRMED)] if held is not None else []
