"""Framing of both transports: RS-232 frames and UDP datagrams (fact sheet philips-intellivue §1)."""

import re
from binascii import crc_hqx
from collections.abc import Sequence
from typing import NamedTuple, Protocol

BOF = 0xC0
EOF = 0xC1
ESCAPE = 0x7D
HEADER = b"\x11\x01"
"""Protocol id and message type (§1.2)."""

MAX_USER_BYTES = 2048
"""Monitors grant 996 on RS-232 and send up to 1456 on LAN (§1): what is longer is no message."""
MAX_FRAME_BYTES = 2 + 2 * (4 + MAX_USER_BYTES + 2)
"""The longest frame with every byte escaped."""
MAX_NOISE_BYTES = 4096
"""Bytes outside frames are reported in pieces of at most this, so that endless noise is not kept."""
SHORTEST_FRAME_BYTES = 6
"""Header and FCS (§1.2)."""

_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_RESIDUE = 0x1D0F
"""F0B8 of §1.2 with its bits reversed: CRC-16/X-25 is computed at C speed as CRC-16/CCITT of reversed bytes."""
_ESCAPED = re.compile(rb"\x7d(.)", re.DOTALL)
_TO_ESCAPE = re.compile(rb"[\x7d\xc0\xc1]")


class Piece(NamedTuple):
    """A part of the input: a message (`reason` empty), or bytes that are none and why."""

    offset: int
    length: int
    payload: bytes = b""
    reason: str = ""


class Framing(Protocol):
    """Cuts the input into messages, and wraps messages for sending."""

    def feed(self, data: bytes) -> Sequence[Piece]:
        """The pieces that `data` completes, in order."""

    def finish(self) -> Sequence[Piece]:
        """The input has ended: what is left in the buffer."""

    def wrap(self, payload: bytes) -> bytes:
        """The bytes to send for one message."""


def fcs(data: bytes) -> bytes:
    """The frame check sequence in the order sent (§1.2)."""
    crc = crc_hqx(data.translate(_REVERSED), 0xFFFF) ^ 0xFFFF
    return crc.to_bytes(2, "big").translate(_REVERSED)


class Serial:
    """RS-232 frames; holds at most MAX_FRAME_BYTES or MAX_NOISE_BYTES."""

    def __init__(self, offset: int = 0) -> None:
        self._buffer = bytearray()
        self._offset = offset

    def feed(self, data: bytes) -> Sequence[Piece]:
        buffer = self._buffer
        buffer += data
        pieces: list[Piece] = []
        at, size = 0, len(buffer)
        while at < size:
            if buffer[at] != BOF:
                limit, end = MAX_NOISE_BYTES, buffer.find(BOF, at, at + MAX_NOISE_BYTES)
                reason = "noise"
            else:
                limit, end = MAX_FRAME_BYTES, buffer.find(EOF, at + 1, at + MAX_FRAME_BYTES)
                restart = buffer.find(BOF, at + 1, at + MAX_FRAME_BYTES if end < 0 else end)
                if restart >= 0:
                    end, reason = restart, "aborted"
                elif end >= 0:
                    end += 1
                    pieces.append(_read(self._offset + at, bytes(buffer[at:end])))
                    at = end
                    continue
                else:
                    reason = "oversize"
            if end < 0:
                if size - at < limit:
                    break
                end = at + limit
            pieces.append(Piece(self._offset + at, end - at, reason=reason))
            at = end
        del buffer[:at]
        self._offset += at
        return pieces

    def finish(self) -> Sequence[Piece]:
        left = len(self._buffer)
        self._buffer.clear()
        self._offset += left
        return [Piece(self._offset - left, left, reason="truncated")] if left else []

    def wrap(self, payload: bytes) -> bytes:
        body = HEADER + len(payload).to_bytes(2, "big") + payload
        body += fcs(body)
        return b"\xc0" + _TO_ESCAPE.sub(lambda m: bytes((ESCAPE, m[0][0] ^ 0x20)), body) + b"\xc1"


class Datagrams:
    """UDP: each datagram is one message; one that starts with BOF holds recorded serial bytes."""

    def __init__(self) -> None:
        self._offset = 0

    def feed(self, data: bytes) -> Sequence[Piece]:
        offset = self._offset
        self._offset += len(data)
        if data[:1] == b"\xc0":
            recorded = Serial(offset)
            return [*recorded.feed(data), *recorded.finish()]
        if len(data) > MAX_USER_BYTES:
            return [Piece(offset, len(data), reason="oversize")]
        return [Piece(offset, len(data), data)] if data else []

    def finish(self) -> Sequence[Piece]:
        return ()

    def wrap(self, payload: bytes) -> bytes:
        return payload


def framing(*, datagrams: bool) -> Framing:
    return Datagrams() if datagrams else Serial()


def _read(offset: int, frame: bytes) -> Piece:
    """One frame from BOF to EOF, both included."""
    body, length = frame[1:-1], len(frame)
    if body.endswith(b"\x7d"):
        return Piece(offset, length, reason="aborted")
    if ESCAPE in body:
        body = _ESCAPED.sub(lambda m: bytes((m[1][0] ^ 0x20,)), body)
    if len(body) < SHORTEST_FRAME_BYTES:
        return Piece(offset, length, reason="short")
    if crc_hqx(body.translate(_REVERSED), 0xFFFF) != _RESIDUE:
        return Piece(offset, length, reason="checksum")
    if body[:2] != HEADER or int.from_bytes(body[2:4], "big") != len(body) - SHORTEST_FRAME_BYTES:
        return Piece(offset, length, reason="header")
    return Piece(offset, length, body[4:-2])
