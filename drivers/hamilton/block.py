"""The block ("mixed mode") protocol, experimental: the ventilator sends by itself (fact sheet hamilton §2)."""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from collector.model import AlarmCondition, AlarmPhase, Event, Frame, Rejected
from drivers.hamilton import tables
from drivers.hamilton.decoder import observe

STX, ETX, CR, VT = 0x02, 0x03, 0x0D, 0x0B
DATA = b"1"
"""What the body of an activation and of data begins with."""
CLOSES = 0xFF
"""The parameter that ends a group."""
MAX_FRAME = 4096
"""A group has at most 223 parameters (20H to FEH) of some ten characters."""
TAIL_BYTES = 4
"""ETX, two hex characters, CR."""
FRAME_US = 1_000_000
"""Nominal period of frames; they come with each breath, and the protocol has no ticks."""

POLYNOMIAL = 0xD5
ACTIVATION = b"\x0210P2000p3000\x031B\r"
"""Waveforms off, measured values with each breath, settings on change: the frame of the sheet."""
REPEAT_S = 30.0
"""An activation is sent again so often, or the ventilator ceases to send."""
ANSWER_S = 5.0
"""Where nothing comes, an activation is sent again so soon."""

GARBAGE, TRUNCATED, TOO_LONG, CHECKSUM, LAYOUT = "garbage", "truncated", "too_long", "checksum", "layout"

_BEGIN, _MARK = re.compile(rb"\x02"), re.compile(rb"[\x02\x03]")


def crc(data: bytes) -> bytes:
    """CRC-8 of polynomial D5, initial 0, not reflected, as two upper-case hex characters."""
    value = 0
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value << 1 ^ POLYNOMIAL) & 0xFF if value & 0x80 else value << 1
    return b"%02X" % value


def frame(body: bytes) -> bytes:
    """STX, body, ETX, CRC, CR."""
    whole = bytes((STX,)) + body + bytes((ETX,))
    return whole + crc(whole) + bytes((CR,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What stands between STX and ETX of a frame whose CRC is right."""

    content: bytes
    offset: int
    length: int


class BlockFramer:
    """Cuts a byte stream into frames; after bad bytes it goes on at the next STX."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._offset = 0

    def feed(self, data: bytes) -> Iterator[Body | Rejected]:
        """What these bytes complete."""
        self._buffer += data
        while self._buffer:
            begun = self._buffer[0] == STX
            mark = _MARK.search(self._buffer, 1) if begun else _BEGIN.search(self._buffer)
            at = len(self._buffer) if mark is None else mark.start()
            if at >= MAX_FRAME:
                yield self._reject(MAX_FRAME, TOO_LONG if begun else GARBAGE)
            elif mark is None:
                return
            elif mark[0][0] == STX:
                yield self._reject(at, TRUNCATED if begun else GARBAGE)
            elif len(self._buffer) < at + TAIL_BYTES:
                return
            else:
                yield self._take(at)

    def finish(self) -> Sequence[Rejected]:
        """The input has ended: what is left of it."""
        if not self._buffer:
            return ()
        return (self._reject(len(self._buffer), TRUNCATED if self._buffer[0] == STX else GARBAGE),)

    def _take(self, end: int) -> Body | Rejected:
        whole = bytes(self._buffer[: end + TAIL_BYTES])
        if whole[end + 1 :] != crc(whole[: end + 1]) + bytes((CR,)):
            return self._reject(end + 1, CHECKSUM)
        body = Body(content=whole[1:end], offset=self._offset, length=len(whole))
        self._drop(len(whole))
        return body

    def _reject(self, length: int, reason: str) -> Rejected:
        rejected = Rejected(offset=self._offset, length=length, reason=reason)
        self._drop(length)
        return rejected

    def _drop(self, length: int) -> None:
        del self._buffer[:length]
        self._offset += length


class BlockSession:
    """Activates what the ventilator sends by itself, and reads it.

    Alarms (group 60) are not described and not asked for: those of an earlier dialogue end with the first frame.
    """

    def __init__(self, standing: Sequence[AlarmCondition] = ()) -> None:
        self._framer = BlockFramer()
        self._standing = standing
        self._out = b""
        self._due: float | None = -math.inf
        self._renew_at = -math.inf
        self._frames = 0

    def receive(self, data: bytes, now: float) -> Sequence[Event]:  # noqa: ARG002  the contract's
        found: list[Event] = []
        for item in self._framer.feed(data):
            found += (item,) if isinstance(item, Rejected) else self._body(item)
        return found

    def outgoing(self) -> bytes:
        out, self._out = self._out, b""
        return out

    def deadline(self) -> float | None:
        return self._due

    def expire(self, now: float) -> Sequence[Event]:
        if self._due is not None and now >= self._due:
            self._out = ACTIVATION
            self._due, self._renew_at = now + ANSWER_S, now + REPEAT_S
        return ()

    def close(self, now: float) -> None:  # noqa: ARG002  the contract's
        """The ventilator ceases by itself when it is not activated again."""
        self._due = None

    def finish(self) -> Sequence[Event]:
        return self._framer.finish()

    def _body(self, body: Body) -> Sequence[Event]:
        head, *chunks = body.content.split(bytes((VT,)))
        if not head.startswith(DATA) or not chunks or any(len(chunk) < 2 for chunk in chunks):
            return (Rejected(offset=body.offset, length=body.length, reason=LAYOUT),)
        if self._due is not None:
            self._due = self._renew_at
        self._frames += 1
        tick_us = self._frames * FRAME_US
        ended = [replace(condition, phase=AlarmPhase.END) for condition in self._standing]
        self._standing = ()
        values = [_value(chunk) for chunk in chunks if chunk[1] != CLOSES]
        return Frame(offset=body.offset, length=body.length, kind="block", tick_us=tick_us), *ended, *values


def _value(chunk: bytes) -> Event:
    group, parameter = chunk[0], chunk[1]
    item = tables.block().get((group, parameter)) or tables.unknown(f"{group:02X}:{parameter:02X}")
    text = chunk[2:].decode("latin-1")
    return observe(item, text if text.isprintable() else chunk[2:].hex())
