"""The blocks of the stream, read from the bytes that have come so far. Source: fact sheet getinge-servo §4."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from drivers.servo.items import END, PHASE, PHASES, VALUE, checksum
from drivers.servo.tables import MISSING

MAX_VALUES = 75
"""Values of one block (§3)."""
MAX_NUMBER = 9_999
"""The largest value of breath and settings blocks besides 7EFF: in ASCII they have four digits (§2)."""
LETTERS = frozenset(b"BSAE")
_STATES: Mapping[str, frozenset[int]] = {"A": frozenset((0x00, 0xFF)), "E": frozenset((0, 1, 2))}
"""The values that an alarm has in a block (§4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """What stands where a block of values may begin. right: with its checksum; size 0: no block at all."""

    values: tuple[int, ...] = ()
    size: int = 0
    right: bool = False


_NONE = Values()


def values_at(buffer: bytearray, at: int) -> Values | None:
    """The block that begins with the letter at a place; None: more bytes are needed."""
    place = at + 1
    states = _STATES.get(chr(buffer[at]))
    values: list[int] = []
    while len(values) <= MAX_VALUES and place < len(buffer):
        byte = buffer[place]
        if byte == END:
            if place + 1 == len(buffer):
                return None
            right = bool(values) and checksum(buffer[at : place + 1]) == buffer[place + 1]
            return Values(values=tuple(values), size=place + 2 - at, right=right)
        if states is not None:
            if byte not in states:
                return _NONE
            values.append(byte)
            place += 1
            continue
        if byte > MAX_NUMBER >> 8 and byte != MISSING >> 8:
            return _NONE
        if place + 1 == len(buffer):
            return None
        value = byte << 8 | buffer[place + 1]
        if value > MAX_NUMBER and value != MISSING:
            return _NONE
        values.append(value)
        place += 2
    return None if place >= len(buffer) and len(values) <= MAX_VALUES else _NONE


class Reach(Enum):
    """How far a curve block could be read: more bytes are needed; as many samples as were wanted; to its checksum."""

    MORE = auto()
    ENOUGH = auto()
    END = auto()


class Broken(Exception):  # noqa: N818  never leaves the driver
    """These bytes are no curve block; `size` of them are done with."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


@dataclass(slots=True, kw_only=True)
class OpenCurve:
    """A curve block that is under way at the beginning of a buffer.

    channels: how many curves are interleaved. phase: as it was told last. at: how far the buffer has been read. early:
    some of its samples have been taken off already; sum: the checksum of their bytes.
    """

    channels: int
    phase: int | None
    at: int = 0
    sum: int = 0
    early: bool = False
    samples: list[tuple[int, ...]] = field(default_factory=list)
    phases: list[int | None] = field(default_factory=list)
    _row: list[int] = field(default_factory=list)
    _last: Sequence[int] = ()

    def read(self, buffer: bytearray, enough: float) -> Reach:
        """Read on. Raises Broken."""
        while self.at < len(buffer):
            byte = buffer[self.at]
            if byte == END:
                if self._row or not (self.samples or self.early):
                    raise Broken(self.at + 1)
                return Reach.END if self.at + 1 < len(buffer) else Reach.MORE
            size = 2 if byte == PHASE else 3 if byte == VALUE else 1
            if self.at + size > len(buffer):
                return Reach.MORE
            if byte == PHASE:
                if self._row or buffer[self.at + 1] not in PHASES:
                    raise Broken(self.at + size)
                self.phase = buffer[self.at + 1]
            else:
                value = self._value(buffer, byte)
                if not 0 <= value <= MISSING:
                    raise Broken(self.at + size)
                self._row.append(value)
            self.at += size
            if len(self._row) == self.channels:
                self._last = tuple(self._row)
                self.samples.append(self._last)
                self.phases.append(self.phase)
                self._row.clear()
                if len(self.samples) >= enough:
                    return Reach.ENOUGH
        return Reach.MORE

    def right(self, buffer: bytearray) -> bool:
        """Whether the checksum at its end is right."""
        return self.sum ^ checksum(buffer[: self.at + 1]) == buffer[self.at + 1]

    def take_off(self, taken: bytearray) -> None:
        """These bytes and the samples in them are handed on."""
        self.sum ^= checksum(taken)
        self.samples.clear()
        self.phases.clear()
        self.at, self.early = 0, True

    def _value(self, buffer: bytearray, byte: int) -> int:
        """The next sample: absolute, or what differs from the last of its channel; −1 where there is none yet."""
        if byte == VALUE:
            return buffer[self.at + 1] << 8 | buffer[self.at + 2]
        if not self._last:
            return -1
        return self._last[len(self._row)] + (byte - 0x100 if byte > VALUE else byte)
