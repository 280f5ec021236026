"""MEDIBUS on the wire: slow messages, single control characters and realtime records out of one byte stream.

Source: fact sheet draeger-medibus §2 and §6. Bytes below 80H belong to slow messages, all others to realtime records;
the two interleave freely, and neither enters the other's checksum.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from collector.model import Rejected

SOH, ETX, CR, DC1, DC3, CAN, ESC = 0x01, 0x03, 0x0D, 0x11, 0x13, 0x18, 0x1B

MAX_RESPONSE = 3845
"""Whole response, SOH to CR (§2)."""
MAX_COMMAND = 256
"""Whole command: ESC, code, argument of at most 251 bytes, checksum, CR (§2)."""
MAX_JUNK = 256
"""A run of bytes that belong to nothing is reported at this length: a babbling line is counted while it babbles."""
MAX_SYNC_COMMANDS = 16
"""Sync commands in one realtime record (§6)."""

ALL_STREAMS = 0xFFF
"""Streams 1…12 as a mask: what may come where nobody has said what is configured."""

TRUNCATED, TOO_LONG, CHECKSUM, GARBAGE, ABORTED = "truncated", "too_long", "checksum", "garbage", "aborted"
COMMAND_CHECKSUM = "command_checksum"
REALTIME = "realtime"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A slow message with a right checksum: `data` is a command's argument or a response's data."""

    command: bool
    code: int
    data: bytes
    offset: int
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """DC1 (stop sending) or DC3 (continue): the reverse of XON and XOFF."""

    code: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A realtime record. `commands`: pairs of low nibbles (C6 C1 → (6, 1)); `values`: (stream 1…12, bin 0…4095).

    `length` counts its own bytes, not the slow ones between them.
    """

    commands: tuple[tuple[int, int], ...]
    values: tuple[tuple[int, int], ...]
    offset: int
    length: int


Item = Message | Control | Record | Rejected


def checksum(message: bytes) -> bytes:
    """Low 8 bits of the sum from SOH or ESC on, as two upper-case hex characters."""
    return b"%02X" % (sum(message) & 0xFF)


def command(code: int, argument: bytes = b"") -> bytes:
    """ESC, code, argument, checksum, CR."""
    body = bytes((ESC, code)) + argument
    return body + checksum(body) + b"\r"


def response(code: int, data: bytes = b"") -> bytes:
    """SOH, echo of the command's code, data, checksum, CR."""
    body = bytes((SOH, code)) + data
    return body + checksum(body) + b"\r"


NAK = response(0x15)


@dataclass(slots=True)
class _Open:
    offset: int
    buffer: bytearray


class Framer:
    """Cuts a byte stream into items; resynchronises on the next SOH, ESC or sync byte."""

    def __init__(self) -> None:
        self._offset = 0
        self._open: list[_Open] = []
        self._junk = _Run(GARBAGE)
        self._realtime = _Realtime()

    def feed(self, data: bytes) -> Iterator[Item]:
        """Yield what each byte completes before the next is looked at: forget_streams() takes effect in between."""
        start = self._offset
        self._offset += len(data)
        for match in _TOKEN.finditer(data):
            token, offset = match[0], start + match.start()
            if token[0] >= 0x80:
                yield from self._realtime.feed(token, offset)
            elif token[0] in _STRUCTURE:
                yield from self._structure(token[0], offset)
            else:
                yield from self._text(token, offset)

    def forget_streams(self) -> None:
        """The link has been initialised: no record holds streams 5-12 any more."""
        self._realtime.forget()

    def limit_streams(self, count: int) -> None:
        """54H has been answered: no record holds other streams than 1…`count`."""
        self._realtime.limit(count)

    def finish(self) -> Iterator[Item]:
        """The input has ended: what is left of it."""
        yield from self._junk.end()
        while self._open:
            yield self._reject(TRUNCATED)
        yield from self._realtime.finish()

    def _text(self, text: bytes, offset: int) -> Iterator[Item]:
        while text and self._open:
            buffer = self._open[-1].buffer
            room = (MAX_COMMAND if buffer[0] == ESC else MAX_RESPONSE) - len(buffer)
            buffer += text[:room]
            if len(text) >= room:
                yield self._reject(TOO_LONG)
            offset += room
            text = text[room:]
        yield from self._junk.add(offset, len(text))

    def _structure(self, byte: int, offset: int) -> Iterator[Item]:
        if byte in {DC1, DC3}:
            yield Control(code=byte)
        elif byte == CAN:
            while self._open:
                yield self._reject(ABORTED)
        elif byte == CR:
            yield from self._end(offset)
        else:
            # only a command may begin inside a response; anything else means that what was open has been cut off
            while self._open and (byte == SOH or self._open[-1].buffer[0] == ESC):
                yield self._reject(TRUNCATED)
            yield from self._junk.end()
            self._open.append(_Open(offset, bytearray((byte,))))

    def _end(self, offset: int) -> Iterator[Item]:
        if not self._open:
            yield from self._junk.add(offset, 1)
            return
        message = self._open.pop()
        buffer = bytes(message.buffer)
        length = offset - message.offset + 1
        if len(buffer) < 4:
            yield Rejected(offset=message.offset, length=length, reason=TRUNCATED)
        elif checksum(buffer[:-2]) != buffer[-2:].upper():
            reason = COMMAND_CHECKSUM if buffer[0] == ESC else CHECKSUM
            yield Rejected(offset=message.offset, length=length, reason=reason)
        else:
            yield Message(
                command=buffer[0] == ESC, code=buffer[1], data=buffer[2:-2], offset=message.offset, length=length
            )

    def _reject(self, reason: str) -> Rejected:
        message = self._open.pop()
        return Rejected(offset=message.offset, length=len(message.buffer), reason=reason)


_STRUCTURE = frozenset((SOH, CR, DC1, DC3, CAN, ESC))
_TOKEN = re.compile(rb"[\x80-\xff]+|[\x01\x0d\x11\x13\x18\x1b]|[^\x01\x0d\x11\x13\x18\x1b\x80-\xff]+")


class _Run:
    """Bytes that belong to nothing, reported as one."""

    def __init__(self, reason: str) -> None:
        self._reason = reason
        self._offset = 0
        self._length = 0

    def add(self, offset: int, length: int) -> Sequence[Rejected]:
        if not length:
            return ()
        if not self._length:
            self._offset = offset
        self._length += length
        found: list[Rejected] = []
        while self._length >= MAX_JUNK:
            rest = self._length - MAX_JUNK
            found.append(Rejected(offset=self._offset, length=MAX_JUNK, reason=self._reason))
            self._offset, self._length = offset + length - rest, rest
        return found

    def end(self) -> Sequence[Rejected]:
        length, self._length = self._length, 0
        return (Rejected(offset=self._offset, length=length, reason=self._reason),) if length else ()


class _Realtime:
    """Realtime bytes → records (§6). C4 and C5 say which of streams 5-12 follow, from now on until they change.

    Nothing corrects a damaged one: what it says of streams that are not configured is not believed.
    """

    def __init__(self) -> None:
        self._junk = _Run(REALTIME)
        self._masks = [0, 0]
        self._configured = ALL_STREAMS
        self._begun = False
        self._offset = 0
        self._length = 0
        self._sync = 0
        self._commands: list[tuple[int, int]] = []
        self._pending: int | None = None
        self._streams: list[int] = []
        self._bins: list[int] = []
        self._low: int | None = None

    def forget(self) -> None:
        self._masks = [0, 0]
        self._configured = ALL_STREAMS

    def limit(self, count: int) -> None:
        self._configured = (1 << count) - 1

    def feed(self, data: bytes, offset: int) -> Iterator[Item]:
        for at, byte in enumerate(data, offset):
            if byte & 0xF0 == 0xD0:
                yield from self._end()
                yield from self._junk.end()
                self._begin(byte & 0x0F, at)
                continue
            if not self._begun:
                yield from self._junk.add(at, 1)
                continue
            self._length += 1
            if byte < 0xC0:
                right = self._value(byte & 0x3F)
            elif byte < 0xD0:
                right = self._sync_command(byte & 0x0F)
            else:
                right = False  # E0-FF: not of the protocol
            if not right:
                self._begun = False
                yield from self._junk.add(self._offset, self._length)
            elif self._whole():
                yield from self._end()

    def finish(self) -> Iterator[Item]:
        yield from self._end()
        yield from self._junk.end()

    def _begin(self, sync: int, offset: int) -> None:
        self._begun = True
        self._offset, self._length, self._sync = offset, 1, sync
        self._commands, self._pending = [], None
        self._bins, self._low = [], None
        self._streams = self._expected()

    def _expected(self) -> list[int]:
        return _MEMBERS[self._sync | (self._masks[0] << 4 | self._masks[1] << 8) & self._configured]

    def _sync_command(self, nibble: int) -> bool:
        if self._bins or self._low is not None or len(self._commands) == MAX_SYNC_COMMANDS:
            return False
        if self._pending is None:
            self._pending = nibble
            return True
        self._commands.append((self._pending, nibble))
        if self._pending in {4, 5}:
            self._masks[self._pending - 4] = nibble
            self._streams = self._expected()
        elif self._pending == 0 and self._sync == 0:
            self._streams = []  # C0 C0 after D0: no values follow
        self._pending = None
        return True

    def _value(self, six_bits: int) -> bool:
        if self._pending is not None or len(self._bins) == len(self._streams):
            return False
        if self._low is None:
            self._low = six_bits
        else:
            self._bins.append(self._low | six_bits << 6)
            self._low = None
        return True

    def _whole(self) -> bool:
        if self._bins:
            return len(self._bins) == len(self._streams)
        return not self._streams and bool(self._commands) and self._commands[-1][0] == 0 and self._pending is None

    def _end(self) -> Iterator[Item]:
        if not self._begun:
            return
        self._begun = False
        if self._pending is None and self._low is None and len(self._bins) == len(self._streams):
            yield Record(
                commands=tuple(self._commands),
                values=tuple(zip(self._streams, self._bins, strict=True)),
                offset=self._offset,
                length=self._length,
            )
        else:
            yield from self._junk.add(self._offset, self._length)


_MEMBERS = [[stream + 1 for stream in range(12) if bits >> stream & 1] for bits in range(1 << 12)]
"""Streams by mask."""
