"""MLLP: messages in a byte stream, 0x0B … 0x1C 0x0D.

Source: fact sheets hl7-libraries §2, mindray-and-chinese-hl7 §5.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from collector.model import Rejected

START = 0x0B
END = b"\x1c\r"

LIMIT_BYTES = 4 << 20
"""A longer message is none: an eGateway sends 37 KB a bed and second, and a message is at least to fit in 1 MiB (fact
sheet mindray-and-chinese-hl7 §2); four times that leaves room for a document in a field."""

NOISE_BYTES = 64 << 10
"""Bytes between frames are reported in pieces of at most this size, so that nothing of them need be kept."""

NOISE, TOO_LONG, UNTERMINATED, TRUNCATED, NO_CHECK = "noise", "too long", "unterminated", "truncated", "no check"

_BLANK = b" \t\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One whole frame, `offset` that of its 0x0B in the stream. `check`: the characters of its CRC as sent."""

    offset: int
    length: int
    message: bytes
    check: bytes = b""


def frame(message: bytes, check: bytes = b"") -> bytes:
    """A message, which ends with 0x0D, in its frame."""
    return b"".join((bytes((START,)), message, check, END))


class Framer:
    """Bytes in any pieces → frames, and what is none; finds the next frame after bad bytes, keeps at most one frame.

    check_bytes: characters between the last segment and 0x1C that are not of the message: the CRC of WATO and A-series
    on RS-232 has four (mindray-and-chinese-hl7 §4). How it is formed nobody has told: it is taken off, not compared.
    White space between frames is no noise.
    bare: beginnings of what is read without a frame, as datagrams and published samples have it: to the next frame or
    the end of the stream, and shorter than NOISE_BYTES.
    """

    def __init__(self, *, limit_bytes: int = LIMIT_BYTES, check_bytes: int = 0, bare: tuple[bytes, ...] = ()) -> None:
        self._limit = limit_bytes
        self._check_bytes = check_bytes
        self._bare = bare
        self._unframed = bytearray()  # the noise itself, where it may be a message
        self._buffer = bytearray()
        self._offset = 0  # of the buffer's first byte, in the stream
        self._searched = 0  # so many bytes of an open frame hold neither its end nor another start
        self._noise = 0  # bytes between frames, not yet told; they stand before the buffer
        self._blank = True

    def feed(self, data: bytes) -> Sequence[Block | Rejected]:
        self._buffer += data
        items: list[Block | Rejected] = []
        while self._buffer:
            if self._buffer[0] != START:
                self._skip(items)
            elif not self._frame(items):
                break
        return items

    def finish(self) -> Sequence[Block | Rejected]:
        """The stream has ended: what was left of it."""
        items: list[Block | Rejected] = []
        self._tell_noise(items)
        if self._buffer:
            self._reject(items, len(self._buffer), TRUNCATED)
        return items

    def _skip(self, items: list[Block | Rejected]) -> None:
        start = self._buffer.find(START)
        size = min(len(self._buffer) if start < 0 else start, NOISE_BYTES - self._noise)
        self._blank = self._blank and not self._buffer[:size].strip(_BLANK)
        self._noise += size
        if self._bare:
            self._unframed += self._buffer[:size]
        self._drop(size)
        if self._noise == NOISE_BYTES:
            self._tell_noise(items)

    def _frame(self, items: list[Block | Rejected]) -> bool:
        """Take what stands at the buffer's start; False where its end has not come."""
        self._tell_noise(items)
        end = self._buffer.find(END, self._searched, self._limit)
        again = self._buffer.find(START, max(1, self._searched), self._limit if end < 0 else end)
        if again > 0:
            self._reject(items, again, UNTERMINATED)
        elif end > 0:
            self._close(items, end)
        elif len(self._buffer) >= self._limit:
            self._reject(items, self._limit, TOO_LONG)
        else:
            self._searched = len(self._buffer) - 1  # the last byte may be the first half of the end
            return False
        return True

    def _close(self, items: list[Block | Rejected], end: int) -> None:
        length = end + len(END)
        last = end - self._check_bytes
        check = bytes(self._buffer[last:end]) if last > 0 else b""
        if self._check_bytes and not (check.isalnum() and self._buffer[last - 1] == ord("\r")):
            self._reject(items, length, NO_CHECK)
            return
        items.append(Block(offset=self._offset, length=length, message=bytes(self._buffer[1:last]), check=check))
        self._drop(length)

    def _tell_noise(self, items: list[Block | Rejected]) -> None:
        if self._noise and not self._blank:
            offset, message = self._offset - self._noise, bytes(self._unframed).lstrip(_BLANK)
            if self._noise < NOISE_BYTES and message.startswith(self._bare) and END[:1] not in message:
                items.append(Block(offset=offset, length=self._noise, message=message))
            else:
                items.append(Rejected(offset=offset, length=self._noise, reason=NOISE))
        self._noise, self._blank = 0, True
        self._unframed.clear()

    def _reject(self, items: list[Block | Rejected], length: int, reason: str) -> None:
        items.append(Rejected(offset=self._offset, length=length, reason=reason))
        self._drop(length)

    def _drop(self, size: int) -> None:
        del self._buffer[:size]
        self._offset += size
        self._searched = 0
