"""Frames of the Capnostream protocol out of a byte stream (fact sheet small-devices §4).

85H | length | code | payload | xor; 85H and 80H after the first byte are sent as 80 05 and 80 00. Length counts code
and payload; the check byte is the exclusive or of length, code and payload before escaping.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import xor

from collector.model import Rejected

START, ESCAPE = 0x85, 0x80
MAX_JUNK = 256
"""A run of bytes that belong to nothing is reported at this length: a babbling line is counted while it babbles."""

CHECKSUM, ESCAPED, LENGTH, TRUNCATED, GARBAGE, LONE = "checksum", "escape", "length", "truncated", "garbage", "lone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A frame with a right check byte; `offset` and `length` locate it in the input, escapes included."""

    code: int
    payload: bytes
    offset: int = 0
    length: int = 0


def encode(code: int, payload: bytes = b"") -> bytes:
    """A whole frame. The payload has at most 254 bytes."""
    body = bytes((len(payload) + 1, code)) + payload
    body += bytes((reduce(xor, body),))
    return bytes((START,)) + body.replace(b"\x80", b"\x80\x00").replace(b"\x85", b"\x80\x05")


class Framer:
    """Cuts a byte stream at its 85H, which stands nowhere inside a frame; holds at most one frame.

    Noise makes a frame with a right check byte now and then. So the first one after bytes that were rejected is
    believed only when the next follows it at once; it is held back until then. `frames` counts all that were right.
    Where nobody is `wary`, every frame is believed.
    """

    def __init__(self, *, wary: bool = True) -> None:
        self.frames = 0
        self._wary = wary
        self._rest = b""
        self._at = 0
        self._junk = 0
        self._held: Message | None = None
        self._believed = False

    def feed(self, data: bytes) -> Sequence[Message | Rejected]:
        """The frames and the damage that `data` completes, in order."""
        found: list[Message | Rejected] = []
        stream, start = self._rest + data, self._at
        here = 0
        while True:
            begin = stream.find(START, here)
            begin = len(stream) if begin < 0 else begin
            found += self._skip(start + here, begin - here)
            here = begin
            item = _item(stream, here)
            if item is None:
                break
            item = replace(item, offset=start + here)
            found += self._believe(item) if isinstance(item, Message) else (*self._doubt(item.offset), item)
            here += item.length
        self._rest, self._at = stream[here:], start + here
        return found

    def finish(self) -> Sequence[Rejected]:
        """What is left when the input ends."""
        found = list(self._doubt(self._at))
        if self._rest:
            found.append(Rejected(offset=self._at, length=len(self._rest), reason=TRUNCATED))
        self._rest = b""
        return found

    def _believe(self, message: Message) -> Iterator[Message | Rejected]:
        self.frames += 1
        if self._junk:
            yield from self._doubt(message.offset)
        if self._held is not None:
            yield self._held
            self._held, self._believed = None, True
        if self._believed or not self._wary:
            yield message
        else:
            self._held = message

    def _doubt(self, offset: int) -> Iterator[Rejected]:
        """What was held is noise, and so is the run of junk that ends at `offset`."""
        self._believed = False
        if self._held is not None:
            yield Rejected(offset=self._held.offset, length=self._held.length, reason=LONE)
            self._held = None
        length, self._junk = self._junk, 0
        if length:
            yield Rejected(offset=offset - length, length=length, reason=GARBAGE)

    def _skip(self, offset: int, length: int) -> Iterator[Rejected]:
        if not length:
            return
        before, self._junk = self._junk, 0
        yield from self._doubt(offset)
        begin, self._junk = offset - before, before + length
        while self._junk >= MAX_JUNK:
            yield Rejected(offset=begin, length=MAX_JUNK, reason=GARBAGE)
            begin += MAX_JUNK
            self._junk -= MAX_JUNK


def _item(stream: bytes, here: int) -> Message | Rejected | None:
    """What begins with the 85H at `here`, its place left out; None: more bytes are needed."""
    body = bytearray()
    at = here + 1
    while not body or len(body) < body[0] + 2:
        if at >= len(stream):
            return None
        byte = stream[at]
        if byte == START:
            return Rejected(offset=0, length=at - here, reason=TRUNCATED)
        if byte == ESCAPE:
            at += 1
            if at >= len(stream):
                return None
            if stream[at] not in {0x00, 0x05}:
                return Rejected(offset=0, length=at - here, reason=ESCAPED)
            byte += stream[at]
        body.append(byte)
        at += 1
        if body[0] == 0:
            return Rejected(offset=0, length=at - here, reason=LENGTH)
    if reduce(xor, body):
        return Rejected(offset=0, length=at - here, reason=CHECKSUM)
    return Message(code=body[1], payload=bytes(body[2:-1]), length=at - here)
