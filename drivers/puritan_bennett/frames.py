"""The two ports of a Puritan Bennett ventilator on the wire: replies MISCA and MISCF, and lines of samples.

Source: fact sheet puritan-bennett-840 §3, §4. Neither has a checksum. A reply tells the number of its bytes and of its
fields, and both must be right; a line must be one of the three that there are, in their order.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from collector.model import Rejected

STX, ETX = 0x02, 0x03

MAX_BODY = 4_096
"""Between STX and ETX: MISCF has 1225 to 1229 bytes on an 840, more on its successors (§2, §3)."""
MAX_HEADER = 24
"""`MISCF,1225,169 ,` and STX, with room for more blanks."""
MAX_LINE = 256
"""A line of the waveform port has two numbers; what babbles without a line's end is reported at this length."""

GARBAGE, HEADER, LENGTH, FIELDS, TRUNCATED = "garbage", "header", "length", "fields", "truncated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """MISCA or MISCF: `fields` as sent, padding included; the first is field 5 of the vendor's numbering."""

    letter: str
    fields: tuple[str, ...]
    offset: int
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BreathStart:
    number: int
    offset: int
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Flow and pressure in thousandths of L/min and cmH2O."""

    flow: int
    pressure: int
    offset: int
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BreathEnd:
    offset: int
    length: int


Item = Reply | BreathStart | Sample | BreathEnd | Rejected


class Framer:
    """Cuts a byte stream into items; which port it comes from shows in the bytes."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._offset = 0

    def feed(self, data: bytes) -> Iterator[Item]:
        self._buffer += data
        while self._buffer:
            item = self._next()
            if item is None:
                return
            yield item

    def finish(self) -> Iterator[Item]:
        """The input has ended: what is left of it."""
        self._skip_ends()
        if self._buffer:
            yield self._reject(len(self._buffer), TRUNCATED)

    def _next(self) -> Item | None:
        """Take the next item off the buffer; None: more bytes are needed."""
        self._skip_ends()
        buffer = self._buffer
        line = _END.search(buffer, 0, MAX_LINE + 1)
        known = _KNOWN.search(buffer, 0, MAX_LINE + len(_NAME) - 1)
        if known is not None and known.start() and (line is None or known.start() < line.start()):
            return self._reject(known.start(), GARBAGE)
        if buffer.startswith(_NAME):
            return self._reply()
        if line is not None:
            return self._line(line.start())
        if len(buffer) >= MAX_LINE + len(_NAME) - 1:
            return self._reject(MAX_LINE, GARBAGE)
        return None

    def _reply(self) -> Item | None:
        buffer = self._buffer
        header = _HEADER.match(buffer)
        if header is None:
            known = _BEGUN.fullmatch(buffer[:MAX_HEADER]) and len(buffer) < MAX_HEADER
            return None if known else self._reject(len(_NAME), HEADER)
        start = header.end()
        other = _UNPRINTABLE.search(buffer, start, start + MAX_BODY + 1)
        end = min(len(buffer), start + MAX_BODY + 1) if other is None else other.start()
        again = buffer.find(_NAME, start, end)
        if again >= 0:
            return self._reject(again, TRUNCATED)
        if end - start > MAX_BODY:
            return self._reject(end, LENGTH)
        if end == len(buffer):
            return None
        if buffer[end] != ETX:
            return self._reject(end, TRUNCATED)
        fields = buffer[start:end].decode("ascii").split(",")
        if int(header["bytes"]) != end - start:
            return self._reject(end + 1, LENGTH)
        if int(header["fields"]) != len(fields) - 1 or fields[-1]:
            return self._reject(end + 1, FIELDS)
        letter = header["letter"].decode()
        return Reply(letter=letter, fields=tuple(fields[:-1]), offset=self._cut(end + 1), length=end + 1)

    def _line(self, size: int) -> Item:
        text = bytes(self._buffer[:size]).rstrip(b" ")
        if match := _SAMPLE.fullmatch(text):
            flow, pressure = (_thousandths(match[group]) for group in (1, 2))
            return Sample(flow=flow, pressure=pressure, offset=self._cut(size), length=size)
        if match := _START.fullmatch(text):
            return BreathStart(number=int(match[1]), offset=self._cut(size), length=size)
        if text == b"BE":
            return BreathEnd(offset=self._cut(size), length=size)
        return self._reject(size, GARBAGE)

    def _skip_ends(self) -> None:
        self._cut(len(self._buffer) - len(self._buffer.lstrip(b"\r\n")))

    def _cut(self, size: int) -> int:
        """Take bytes off the buffer; return where they began."""
        start = self._offset
        del self._buffer[:size]
        self._offset += size
        return start

    def _reject(self, size: int, reason: str) -> Rejected:
        return Rejected(offset=self._cut(size), length=size, reason=reason)


def _thousandths(number: bytes) -> int:
    """Exact, as the digits say."""
    whole, _, fraction = number.lstrip(b"-").partition(b".")
    value = int(whole) * 1000 + int(fraction.ljust(3, b"0"))
    return -value if number.startswith(b"-") else value


_NAME = b"MISC"
_KNOWN = re.compile(rb"MISC|BS, ")
"""What is found behind bytes that belong to nothing: a reply, the start of a breath. Of one length."""
_HEADER = re.compile(rb"MISC(?P<letter>[AF]),(?P<bytes>\d{2,4}) {0,4},(?P<fields>\d{1,3}) {0,4},\x02")
_BEGUN = re.compile(rb"MISC(?:[AF](?:,(?:\d{0,4} {0,4}(?:,(?:\d{0,3} {0,4},?)?)?)?)?)?")
_UNPRINTABLE = re.compile(rb"[^\x20-\x7e]")
_END = re.compile(rb"[\r\n]")
_SAMPLE = re.compile(rb"(-?\d{1,4}(?:\.\d{1,3})?), *(-?\d{1,4}(?:\.\d{1,3})?)")
_START = re.compile(rb"BS, ?S: ?(\d{1,9}),")
