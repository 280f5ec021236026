"""The polling protocol on the wire: requests and replies out of a byte stream (fact sheet hamilton §1).

A reply has no checksum and no length: what holds it together is STX, its size, that it is text, and ETX CR.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from collector.model import Rejected

STX = 0x02
END = b"\x03\r"
REQUEST_BYTES = 1
"""Between STX and ETX: the id."""
TEXT_BYTES = frozenset((REQUEST_BYTES, 5, 6))
"""Of a request, of a reply of type B format 3, and of all other text replies."""
WAVE_BYTES = 10
"""Of a reply of type C."""
WAVE_IDS = bytes((34, 120))
"""Online waveforms (type C): counts whose scale nobody has told. Never asked for."""
MAX_JUNK = 256
"""A run of bytes that belong to nothing is reported at this length: a babbling line is counted while it babbles."""
GARBAGE, TRUNCATED = "garbage", "truncated"

_MORE = None
_NONE = 0
_TEXT = re.compile(rb"[\x1e-\x7f][\x20-\x7e]{0,6}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """What stands between STX and ETX: 1 byte of a request, 5 or 6 of a text reply, 10 of online waveforms."""

    content: bytes
    offset: int
    length: int


def packet(content: bytes) -> bytes:
    """STX, content, ETX, CR."""
    return bytes((STX,)) + content + END


class Framer:
    """Cuts a byte stream into packets; after bad bytes it goes on at the next STX."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._offset = 0
        self._junk_offset = 0
        self._junk = 0

    def feed(self, data: bytes) -> Sequence[Packet | Rejected]:
        """What these bytes complete."""
        self._buffer += data
        found: list[Packet | Rejected] = []
        at = 0
        while at < len(self._buffer):
            start = self._buffer.find(STX, at)
            start = len(self._buffer) if start < 0 else start
            self._skip(at, start - at, found)
            at = start
            length = _length(bytes(self._buffer[at : at + WAVE_BYTES + 3]))
            if length is _MORE:
                break
            if length == _NONE:
                self._skip(at, 1, found)
                at += 1
                continue
            self._end_junk(found)
            content = bytes(self._buffer[at + 1 : at + length - len(END)])
            found.append(Packet(content=content, offset=self._offset + at, length=length))
            at += length
        del self._buffer[:at]
        self._offset += at
        return found

    def finish(self) -> Sequence[Rejected]:
        """The input has ended: what is left of it."""
        found: list[Packet | Rejected] = []
        self._end_junk(found)
        if self._buffer:
            found.append(Rejected(offset=self._offset, length=len(self._buffer), reason=TRUNCATED))
            self._buffer.clear()
        return [item for item in found if isinstance(item, Rejected)]

    def _skip(self, at: int, length: int, found: list[Packet | Rejected]) -> None:
        if not length:
            return
        if not self._junk:
            self._junk_offset = self._offset + at
        self._junk += length
        while self._junk >= MAX_JUNK:
            found.append(Rejected(offset=self._junk_offset, length=MAX_JUNK, reason=GARBAGE))
            self._junk_offset += MAX_JUNK
            self._junk -= MAX_JUNK

    def _end_junk(self, found: list[Packet | Rejected]) -> None:
        if self._junk:
            found.append(Rejected(offset=self._junk_offset, length=self._junk, reason=GARBAGE))
            self._junk = 0


def _length(data: bytes) -> int | None:
    """Bytes of the packet that `data` begins with; 0: none does; None: more bytes have to say."""
    if len(data) < 2:
        return _MORE
    if data[1] in WAVE_IDS and data[2:4] != END[: len(data[2:4])]:
        whole = WAVE_BYTES + 1 + len(END)
        if len(data) < whole:
            return _MORE
        return whole if data.endswith(END) else _NONE
    text = _TEXT.match(data, 1)
    if text is None:
        return _NONE
    tail = data[text.end() : text.end() + len(END)]
    if tail != END[: len(tail)] or (len(tail) == len(END) and len(text[0]) not in TEXT_BYTES):
        return _NONE
    return text.end() + len(END) if len(tail) == len(END) else _MORE
