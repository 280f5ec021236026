"""The Servo interface on the wire: ASCII replies and the binary blocks of RADC out of one byte stream.

Source: fact sheet getinge-servo §2, §4. Every reply and block is self-delimiting and has an XOR checksum of its own;
which of the two begins shows in its first bytes. A block's end can be told only from its beginning (7F may be data), so
after a bad byte the reader waits for something that is whole and right on its own, and the first block of a stream is
believed when a second one follows it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import xor

from collector.model import Rejected
from drivers.servo.tables import MISSING

EOT, ESC = 0x04, 0x1B
VALUE, PHASE, END, ERROR = 0x80, 0x81, 0x7F, 0xE0
PHASES = frozenset((0x10, 0x20, 0x30))
"""Inspiration, pause, expiration (§4)."""

MAX_REPLY = 20_000
"""RCCO of all 400 channel numbers: 37 characters each (manual §4.9)."""
MAX_VALUES = 75
"""Values of one block (§3)."""
MAX_NUMBER = 9_999
"""The largest value of breath and settings blocks besides 7EFF: in ASCII they have four digits (§2)."""
MAX_CURVE = 16_384
"""A curve block found while searching has ended after this many bytes: over 15 s of the line."""
MAX_JUNK = 256
"""A run of bytes that belong to nothing is reported from this length on: what babbles is counted while it does."""
HELD_S = 8.0
"""So long samples wait for their checksum, which comes with the breath's end; longer breaths are told without it."""

GARBAGE, CHECKSUM, CURVE, TRUNCATED, UNCONFIRMED = "garbage", "checksum", "curve", "truncated", "unconfirmed"


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


class _Wrong(Exception):  # noqa: N818  never leaves the module
    """These bytes are no block; `size` of them are done with."""

    def __init__(self, reason: str, size: int) -> None:
        super().__init__(reason)
        self.reason, self.size = reason, size


@dataclass(slots=True, kw_only=True)
class _Open:
    """A curve block that is under way: how far the buffer was read, and what has not been handed on."""

    phase: int | None
    at: int = 0
    sum: int = 0
    early: bool = False
    row: list[int] = field(default_factory=list)
    last: Sequence[int] = ()
    samples: list[tuple[int, ...]] = field(default_factory=list)
    phases: list[int | None] = field(default_factory=list)


class Framer:
    """Cuts a byte stream into items."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._offset = 0
        self._junk = self._junk_at = 0
        self._text = 0
        self._curve: _Open | None = None
        self._first: Block | Curves | None = None
        self._sure = False
        self._met = False
        self._phase: int | None = None
        self._joined = False
        self._channels = 1
        self._rate_hz = 50.0
        self._counts: Mapping[str, int] = {}

    def configure(self, channels: int, rate_hz: float, counts: Mapping[str, int]) -> None:
        """How many curves are interleaved, their rate, and how many values each block has."""
        self._channels, self._rate_hz, self._counts = max(channels, 1), rate_hz, counts

    def interrupt(self) -> None:
        """A new stream begins: its samples do not continue those before."""
        self._joined = False

    def feed(self, data: bytes) -> Iterator[Item]:
        """Yield what each byte completes before the next is looked at: configure() takes effect in between."""
        self._buffer += data
        while len(self._buffer) > self._text:
            try:
                item = self._next()
            except _Wrong as wrong:
                yield from self._lose(wrong)
                continue
            if item is None:
                break
            yield from self._take(item)

    def abandon(self) -> Iterator[Item]:
        """The dialogue begins anew: what is unfinished never comes to its end."""
        yield from self._doubt()
        yield from self._flush_junk()
        if self._buffer:
            yield self._reject(len(self._buffer), TRUNCATED)
        self._forget()

    def finish(self) -> Iterator[Item]:
        """The input has ended: what is left of it; samples whose checksum would have come are told without it."""
        curve = self._curve
        if self._sure and curve is not None and curve.samples:
            yield self._hand_on(curve, len(self._buffer), verified=False)
        yield from self.abandon()

    def _next(self) -> Item | None:
        """Read what begins the buffer and take it off; None: more bytes are needed. Raises _Wrong."""
        if self._curve is not None:
            return self._read_curve(self._curve)
        if self._text:
            return self._read_text()
        first = self._buffer[0]
        if first in {VALUE, PHASE}:
            return self._begin_curve()
        if first == ERROR:
            return self._read_fault()
        if first == END and self._sure:
            return Ended(offset=self._cut(1))
        if first in _LETTERS:
            return self._read_block()
        if first in _PRINTABLE:
            return self._read_text()
        other = _SOMETHING.search(self._buffer, 1)
        raise _Wrong(GARBAGE, len(self._buffer) if other is None else other.start())

    def _take(self, item: Item) -> Iterator[Item]:
        """Hand an item on, or hold it until a second one confirms it."""
        if isinstance(item, Block | Curves) and not self._sure:
            counted = isinstance(item, Block) and self._counts.get(item.letter) == len(item.values)
            if self._first is None and not (self._met and counted):
                yield from self._flush_junk()
                self._first = item
                return
        yield from self._flush_junk()
        if self._first is not None:
            yield self._first
            self._first = None
        self._sure = self._met = True
        yield item

    def _lose(self, wrong: _Wrong) -> Iterator[Item]:
        """These bytes are nothing that is known; where the next thing begins is not known either."""
        yield from self._doubt()
        self._forget()
        if wrong.reason == GARBAGE:
            start = self._cut(wrong.size)
            if not self._junk:
                self._junk_at = start
            self._junk += wrong.size
            while self._junk >= MAX_JUNK:
                yield Rejected(offset=self._junk_at, length=MAX_JUNK, reason=GARBAGE)
                self._junk_at += MAX_JUNK
                self._junk -= MAX_JUNK
            return
        yield from self._flush_junk()
        yield self._reject(wrong.size, wrong.reason)

    def _forget(self) -> None:
        self._curve, self._text = None, 0
        self._sure = self._joined = False
        self._phase = None

    def _doubt(self) -> Iterator[Item]:
        if self._first is not None:
            yield Rejected(offset=self._first.offset, length=self._first.length, reason=UNCONFIRMED)
            self._first = None

    def _flush_junk(self) -> Iterator[Item]:
        length, self._junk = self._junk, 0
        if length:
            yield Rejected(offset=self._junk_at, length=length, reason=GARBAGE)

    def _cut(self, size: int) -> int:
        """Take bytes off the buffer; return where they began."""
        start = self._offset
        del self._buffer[:size]
        self._offset += size
        return start

    def _reject(self, size: int, reason: str) -> Rejected:
        return Rejected(offset=self._cut(size), length=size, reason=reason)

    def _read_text(self) -> Item | None:
        """An ASCII reply: a run of printable characters up to EOT.

        What is left of a damaged block may be printable: while nothing is sure, a block may begin inside the run.
        """
        buffer = self._buffer
        other = _UNPRINTABLE.search(buffer, self._text, MAX_REPLY + 1)
        end = min(len(buffer), MAX_REPLY + 1) if other is None else other.start()
        if not self._sure:
            for begun in _BEGUN.finditer(buffer, max(self._text, 1)):
                if begun.start() >= end:
                    break
                found = self._block_at(begun.start())
                if found is None:
                    self._text = begun.start()
                    return None
                if found.right:
                    raise _Wrong(GARBAGE, begun.start())
        if end > MAX_REPLY:
            raise _Wrong(GARBAGE, end)
        if end == len(buffer):
            self._text = end
            return None
        if buffer[end] != EOT or not end:
            raise _Wrong(GARBAGE, end or 1)
        self._text = 0
        text, size = bytes(buffer[:end]), end + 1
        if _BASIC.fullmatch(text):
            return Reply(text=text, checked=False, offset=self._cut(size), length=size)
        if len(text) > 2 and text[-2:] == b"%02X" % checksum(text[:-2]):
            return Reply(text=text[:-2], checked=True, offset=self._cut(size), length=size)
        raise _Wrong(CHECKSUM, size)

    def _read_fault(self) -> Fault | None:
        if len(self._buffer) < _FAULT_BYTES:
            return None
        _, code, end, told = self._buffer[:_FAULT_BYTES]
        if code not in _CODES or end != END or told != checksum(self._buffer[: _FAULT_BYTES - 1]):
            raise _Wrong(GARBAGE, 1)
        return Fault(code=code, offset=self._cut(_FAULT_BYTES), length=_FAULT_BYTES)

    def _read_block(self) -> Item | None:
        letter = chr(self._buffer[0])
        found = self._block_at(0)
        if found is None:
            return None
        if found.right:
            return Block(letter=letter, values=found.values, offset=self._cut(found.size), length=found.size)
        if found.size and self._sure:
            raise _Wrong(CHECKSUM, found.size)
        return self._read_text()

    def _block_at(self, at: int) -> "_Values | None":
        """A block of values that begins at a place of the buffer; None: more bytes are needed."""
        buffer, place = self._buffer, at + 1
        states = _STATES.get(chr(buffer[at]))
        values: list[int] = []
        while len(values) <= MAX_VALUES and place < len(buffer):
            byte = buffer[place]
            if byte == END:
                if place + 1 == len(buffer):
                    return None
                right = bool(values) and checksum(buffer[at : place + 1]) == buffer[place + 1]
                return _Values(values=tuple(values), size=place + 2 - at, right=right)
            if states is not None:
                if byte not in states:
                    return _NO_VALUES
                values.append(byte)
                place += 1
                continue
            if byte > MAX_NUMBER >> 8 and byte != MISSING >> 8:
                return _NO_VALUES
            if place + 1 == len(buffer):
                return None
            value = byte << 8 | buffer[place + 1]
            if value > MAX_NUMBER and value != MISSING:
                return _NO_VALUES
            values.append(value)
            place += 2
        return None if place >= len(buffer) and len(values) <= MAX_VALUES else _NO_VALUES

    def _begin_curve(self) -> Item | None:
        """A curve block; while nothing is sure only one that tells its phase first, unless one is held before it."""
        if not self._sure and self._first is None:
            head = self._buffer[:3]
            if any(byte not in allowed for byte, allowed in zip(head, _HEAD, strict=False)):
                raise _Wrong(GARBAGE, 1)
            if len(head) < len(_HEAD):
                return None
        self._curve = _Open(phase=self._phase)
        return self._read_curve(self._curve)

    def _read_curve(self, curve: _Open) -> Item | None:
        buffer = self._buffer
        while curve.at < len(buffer):
            byte = buffer[curve.at]
            if byte == END:
                if curve.row or not (curve.samples or curve.early):
                    raise self._broken(curve, 1)
                if curve.at + 1 == len(buffer):
                    return None
                return self._end_curve(curve)
            size = 2 if byte == PHASE else 3 if byte == VALUE else 1
            if curve.at + size > len(buffer):
                return None
            if byte == PHASE:
                if curve.row or buffer[curve.at + 1] not in PHASES:
                    raise self._broken(curve, size)
                curve.phase = buffer[curve.at + 1]
            else:
                value = self._value(curve, byte)
                if not 0 <= value <= MISSING:
                    raise self._broken(curve, size)
                curve.row.append(value)
            curve.at += size
            if len(curve.row) == self._channels:
                curve.last = tuple(curve.row)
                curve.samples.append(curve.last)
                curve.phases.append(curve.phase)
                curve.row.clear()
                if self._sure and len(curve.samples) >= self._rate_hz * (1.0 if curve.early else HELD_S):
                    return self._hand_on(curve, curve.at, verified=False)
                if not self._sure and curve.at > MAX_CURVE:
                    raise _Wrong(GARBAGE, 1)
        return None

    def _value(self, curve: _Open, byte: int) -> int:
        """The next sample: absolute, or what differs from the last of its channel; −1 where there is none yet."""
        if byte == VALUE:
            return self._buffer[curve.at + 1] << 8 | self._buffer[curve.at + 2]
        if not curve.last:
            return -1
        return curve.last[len(curve.row)] + (byte - 0x100 if byte > VALUE else byte)

    def _broken(self, curve: _Open, size: int) -> _Wrong:
        return _Wrong(CURVE, curve.at + size) if self._sure else _Wrong(GARBAGE, 1)

    def _end_curve(self, curve: _Open) -> Item:
        size = curve.at + 2
        if curve.sum ^ checksum(self._buffer[: curve.at + 1]) != self._buffer[curve.at + 1]:
            raise _Wrong(CHECKSUM, size) if self._sure else _Wrong(GARBAGE, 1)
        item = self._hand_on(curve, size, verified=True)
        self._curve = None
        return item

    def _hand_on(self, curve: _Open, size: int, *, verified: bool) -> Curves:
        """The samples so far, `size` bytes of the buffer."""
        curve.sum ^= checksum(self._buffer[:size])
        item = Curves(
            samples=tuple(curve.samples),
            phases=tuple(curve.phases),
            verified=verified,
            joined=self._joined,
            offset=self._cut(size),
            length=size,
        )
        curve.samples.clear()
        curve.phases.clear()
        curve.at, curve.early = 0, True
        self._phase, self._joined = curve.phase, True
        return item


@dataclass(frozen=True, slots=True, kw_only=True)
class _Values:
    """What stands where a block may begin. right: with its checksum; size 0: no block at all."""

    values: tuple[int, ...] = ()
    size: int = 0
    right: bool = False


_NO_VALUES = _Values()
_LETTERS = frozenset(b"BSAE")
_STATES: Mapping[str, frozenset[int]] = {"A": frozenset((0x00, 0xFF)), "E": frozenset((0, 1, 2))}
"""The values that an alarm has in a block (§4)."""
_PRINTABLE = frozenset(range(0x20, 0x7F))
_UNPRINTABLE = re.compile(rb"[^\x20-\x7e]")
_SOMETHING = re.compile(rb"[\x20-\x7f\x80\x81\xe0]")
"""What a reply, a block or the end of a stream begins with."""
_BEGUN = re.compile(rb"[BS](?:[\x00-\x27\x7e]|\Z)|A(?:[\x00\xff]|\Z)|E(?:[\x00-\x02]|\Z)")
"""A block of values, as far as its first two bytes show."""
_HEAD = (frozenset((PHASE,)), PHASES, frozenset((VALUE,)))
_FAULT_BYTES = 4
_CODES = frozenset(range(0x0B, 0x14))
"""Binary errors (§2)."""
_BASIC = re.compile(rb"900PCI|ER1\d")
"""What a reply without a checksum may say: the greeting of basic mode and its errors."""
