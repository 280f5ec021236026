"""What the Servo interface says, as whole messages. Source: fact sheet getinge-servo §2, §4."""

from dataclasses import dataclass
from functools import reduce
from operator import xor

from collector.model import Rejected

EOT, ESC = 0x04, 0x1B
VALUE, PHASE, END, ERROR = 0x80, 0x81, 0x7F, 0xE0
PHASES = frozenset((0x10, 0x20, 0x30))
"""Inspiration, pause, expiration (§4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An ASCII reply without its checksum. `checked`: it had one, so the interface is in its extended mode."""

    text: bytes
    checked: bool
    offset: int
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Curves:
    """Samples, one row of raw values for each sampling time, and the phase of each (None: not told yet).

    verified: the checksum over them was right; otherwise it has not come. joined: nothing is missing before them.
    """

    samples: tuple[tuple[int, ...], ...]
    phases: tuple[int | None, ...]
    verified: bool
    joined: bool
    offset: int
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Values of breath (B), settings (S) or alarms (A: 00 or FF, E: 0, 1, 2)."""

    letter: str
    values: tuple[int, ...]
    offset: int
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A binary error, e.g. 17: standby."""

    code: int
    offset: int
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The stream has ended: standby, overflow of the device's buffer, or because it was told to."""

    offset: int
    length: int = 1


Item = Reply | Curves | Block | Fault | Ended | Rejected


def checksum(data: bytes | bytearray) -> int:
    """XOR of all bytes."""
    return reduce(xor, data, 0)


def command(text: bytes) -> bytes:
    """A command, or an ASCII reply, of the extended mode: with checksum and end."""
    return text + b"%02X" % checksum(text) + bytes((EOT,))
