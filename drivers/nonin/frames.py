"""Packets of Nonin's data format 7 out of a byte stream (fact sheet small-devices §5).

A frame has 5 bytes: status, pleth high and low, variable, sum of these four modulo 256. The status has bit 7 set, the
variable has not. 25 frames are a packet; bit 0 of the status (sync) is set in the first one only.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from collector.model import Rejected

FRAME, FRAMES = 5, 25
PACKET = FRAME * FRAMES
SYNC = 0x01
ACK, NAK = 0x06, 0x15
STX, ETX = 0x02, 0x03
SERIAL_REPLY = 0xF4
_SERIAL = bytes((STX, SERIAL_REPLY, 11, 2))
_SERIAL_BYTES = 15
"""The head above (11 bytes follow, id 2), nine digits, a sum, ETX."""
MAX_JUNK = 256
"""A run of bytes that belong to nothing is reported at this length: a babbling line is counted while it babbles."""

BROKEN, GARBAGE, TRUNCATED = "broken", "garbage", "truncated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """25 good frames. `follows`: it begins where the one before ended."""

    status: bytes
    pleth: tuple[int, ...]
    variables: bytes
    follows: bool = False
    offset: int
    length: int = PACKET


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a device answers between packets: a serial number, or b"" with ACK or NAK as `code`."""

    code: int
    text: bytes
    offset: int
    length: int


Item = Packet | Reply | Rejected


def encode(status: bytes, pleth: Sequence[int], variables: bytes) -> bytes:
    """A packet; the sync bit and bit 7 are added."""
    out = bytearray()
    for n in range(FRAMES):
        frame = bytes((status[n] | 0x80 | (SYNC if n == 0 else 0), pleth[n] >> 8, pleth[n] & 0xFF, variables[n]))
        out += frame + bytes((sum(frame) & 0xFF,))
    return bytes(out)


def serial_reply(digits: bytes) -> bytes:
    """The answer to the request for the serial number; `digits` has nine."""
    return _SERIAL + digits + bytes(((2 + sum(digits)) & 0xFF, ETX))


class Framer:
    """Cuts a byte stream into whole packets; holds less than one. Looks for the next sync after a damaged frame."""

    def __init__(self) -> None:
        self._rest = b""
        self._at = 0
        self._junk = 0
        self._first = 0
        self._until = -1

    def feed(self, data: bytes) -> Sequence[Item]:
        """The packets, replies and damage that `data` completes, in order."""
        found: list[Item] = []
        stream, start = self._rest + data, self._at
        here = 0
        while True:
            begin = _BEGIN.search(stream, here)
            place = begin.start() if begin else max(here, len(stream) - FRAME + 1)
            found += self._skip(stream, here, place, start)
            here = place
            if begin is None:
                break
            if stream[here] != STX and not _good(stream, here):
                found += self._skip(stream, here, here + 1, start)
                here += 1
                continue
            item = _item(stream, here, start)
            if item is None:
                break
            found += self._end(start + here)
            found.append(self._placed(item))
            here += item.length
        self._rest, self._at = stream[here:], start + here
        return found

    def finish(self) -> Sequence[Item]:
        """What is left when the input ends."""
        found = list(self._end(self._at))
        if self._rest:
            found.append(Rejected(offset=self._at, length=len(self._rest), reason=TRUNCATED))
        self._rest = b""
        return found

    def _placed(self, item: Item) -> Item:
        """A packet follows where nothing but replies stands between it and the one before."""
        follows, end = item.offset == self._until, item.offset + item.length
        if isinstance(item, Packet):
            self._until = end
            return replace(item, follows=follows)
        if isinstance(item, Reply) and follows:
            self._until = end
        return item

    def _skip(self, stream: bytes, here: int, there: int, start: int) -> Iterator[Rejected]:
        if here == there:
            return
        if not self._junk:
            self._first = stream[here]
        begin = start + here - self._junk
        self._junk += there - here
        while self._junk >= MAX_JUNK:
            yield Rejected(offset=begin, length=MAX_JUNK, reason=GARBAGE)
            begin += MAX_JUNK
            self._junk -= MAX_JUNK
            self._first = 0

    def _end(self, offset: int) -> Iterator[Item]:
        """The run of junk ends at `offset`; a single ACK or NAK is none."""
        length, self._junk = self._junk, 0
        if length == 1 and self._first in {ACK, NAK}:
            yield self._placed(Reply(code=self._first, text=b"", offset=offset - 1, length=1))
        elif length:
            yield Rejected(offset=offset - length, length=length, reason=GARBAGE)


def _good(stream: bytes, at: int) -> bool:
    status, high, low, variable, check = stream[at : at + FRAME]
    return status >= 0x80 and variable < 0x80 and (status + high + low + variable) & 0xFF == check


def _item(stream: bytes, here: int, start: int) -> Item | None:
    """What begins with the good frame or the head of a serial number at `here`; None: more bytes are needed."""
    offset = start + here
    if stream[here] == STX:
        if len(stream) < here + _SERIAL_BYTES:
            return None
        digits = stream[here + len(_SERIAL) : here + _SERIAL_BYTES - 2]
        if stream[here + _SERIAL_BYTES - 1] != ETX or not digits.isdigit():
            return Rejected(offset=offset, length=len(_SERIAL), reason=BROKEN)
        return Reply(code=SERIAL_REPLY, text=digits, offset=offset, length=_SERIAL_BYTES)
    for at in range(here + FRAME, here + PACKET, FRAME):
        if len(stream) < at + FRAME:
            return None
        if stream[at] & SYNC or not _good(stream, at):
            return Rejected(offset=offset, length=at - here, reason=BROKEN)
    packet = stream[here : here + PACKET]
    pleth = np.frombuffer(packet, "u1").reshape(FRAMES, FRAME)[:, 1:3].copy().view(">u2").ravel()
    return Packet(status=packet[::FRAME], pleth=tuple(pleth.tolist()), variables=packet[3::FRAME], offset=offset)


_BEGIN = re.compile(
    rb"[" + re.escape(bytes(range(0x81, 0x100, 2))) + rb"].{2}[\x00-\x7f].|" + re.escape(_SERIAL) + b".", re.DOTALL
)
"""Where a first frame or a serial number may begin: five bytes that look like it."""
