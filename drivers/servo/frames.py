"""The Servo interface on the wire: ASCII replies and the binary blocks of RADC out of one byte stream.

Source: fact sheet getinge-servo §2, §4. Every reply and block is self-delimiting and has an XOR checksum of its own;
which of the two begins shows in its first bytes. A block's end can be told only from its beginning (7F may be data), so
after a bad byte the reader waits for something that is whole and right on its own, and the first block of a stream is
believed when a second one follows it.
"""

import math
import re
from collections.abc import Iterator, Mapping

from collector.model import Rejected
from drivers.servo.blocks import LETTERS, Broken, OpenCurve, Reach, values_at
from drivers.servo.items import (
    END,
    EOT,
    ERROR,
    PHASE,
    PHASES,
    VALUE,
    Block,
    Curves,
    Ended,
    Fault,
    Item,
    Reply,
    checksum,
)

MAX_REPLY = 20_000
"""RCCO of all 400 channel numbers: 37 characters each (manual §4.9)."""
MAX_CURVE = 16_384
"""A curve block found while searching has ended after this many bytes: over 15 s of the line."""
MAX_JUNK = 256
"""A run of bytes that belong to nothing is reported at this length: a babbling line is counted while it babbles."""
MOST_CURVES = 4
"""Of SDADC (§3)."""
HELD_S = 8.0
"""So long samples wait for their checksum, which comes with the breath's end; longer breaths are told without it."""

GARBAGE, CHECKSUM, CURVE, TRUNCATED, UNCONFIRMED = "garbage", "checksum", "curve", "truncated", "unconfirmed"


class _Wrong(Exception):  # noqa: N818  never leaves the module
    """These bytes are no block; `size` of them are done with."""

    def __init__(self, reason: str, size: int) -> None:
        super().__init__(reason)
        self.reason, self.size = reason, size


class Framer:
    """Cuts a byte stream into items."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._offset = 0
        self._junk = self._junk_at = 0
        self._text = 0
        self._curve: OpenCurve | None = None
        self._first: Block | Curves | None = None
        self._sure = False
        self._met = False
        self._phase: int | None = None
        self._joined = False
        self._channels: int | None = 1
        self._counted = 1
        self._rate_hz = 50.0
        self._counts: Mapping[str, int] = {}

    def configure(self, channels: int | None, rate_hz: float, counts: Mapping[str, int]) -> None:
        """How many curves are interleaved, their rate, and how many values each block has.

        None: nobody knows, and it is as many as a block begins with absolute values (§4).
        """
        self._channels = channels if channels is None else max(channels, 1)
        self._rate_hz, self._counts = rate_hz, counts

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
        if first in LETTERS:
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
                found = values_at(buffer, begun.start())
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
        found = values_at(self._buffer, 0)
        if found is None:
            return None
        if found.right:
            return Block(letter=letter, values=found.values, offset=self._cut(found.size), length=found.size)
        if found.size and self._sure:
            raise _Wrong(CHECKSUM, found.size)
        return self._read_text()

    def _begin_curve(self) -> Item | None:
        """A curve block; while nothing is sure only one that tells its phase first, unless one is held before it."""
        if not self._sure and self._first is None:
            head = self._buffer[:3]
            if any(byte not in allowed for byte, allowed in zip(head, _HEAD, strict=False)):
                raise _Wrong(GARBAGE, 1)
            if len(head) < len(_HEAD):
                return None
        channels = self._channels or self._count()
        if channels is None:
            return None
        self._curve = OpenCurve(channels=channels, phase=self._phase)
        return self._read_curve(self._curve)

    def _count(self) -> int | None:
        """The absolute values at the head of a curve block; those of the block before where it has none; None: more."""
        at, count = 2 if self._buffer[0] == PHASE else 0, 0
        while count < MOST_CURVES and at < len(self._buffer) and self._buffer[at] == VALUE:
            at, count = at + 3, count + 1
        if count < MOST_CURVES and at >= len(self._buffer):
            return None
        self._counted = count or self._counted
        return self._counted

    def _read_curve(self, curve: OpenCurve) -> Item | None:
        enough = self._rate_hz * (1.0 if curve.early else HELD_S) if self._sure else math.inf
        try:
            reach = curve.read(self._buffer, enough)
        except Broken as broken:
            raise self._wrong(CURVE, broken.size) from broken
        if reach is Reach.ENOUGH:
            return self._hand_on(curve, curve.at, verified=False)
        if not self._sure and curve.at > MAX_CURVE:
            raise _Wrong(GARBAGE, 1)
        if reach is Reach.END:
            if not curve.right(self._buffer):
                raise self._wrong(CHECKSUM, curve.at + 2)
            self._curve = None
            return self._hand_on(curve, curve.at + 2, verified=True)
        return None

    def _wrong(self, reason: str, size: int) -> _Wrong:
        """What is wrong with a curve block, or that what looked like one is none."""
        return _Wrong(reason, size) if self._sure else _Wrong(GARBAGE, 1)

    def _hand_on(self, curve: OpenCurve, size: int, *, verified: bool) -> Curves:
        """The samples so far, `size` bytes of the buffer."""
        samples, phases, joined = tuple(curve.samples), tuple(curve.phases), self._joined
        self._phase, self._joined = curve.phase, True
        curve.take_off(self._buffer[:size])
        return Curves(
            samples=samples, phases=phases, verified=verified, joined=joined, offset=self._cut(size), length=size
        )


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
