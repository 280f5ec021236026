"""Bytes to lines: `$`, a body, `*`, the XOR of the body's bytes as two upper-case hex digits, CR LF (the sheet)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from operator import xor

from collector.model import Rejected

LONGEST = 128
"""The longest line of the sheet has 55 bytes: two that ran together still fit, and more is no line."""
_PIECE = re.compile(rb"[^\n]{0,%d}\n|[^\n]{%d}" % (LONGEST - 1, LONGEST))
_LINE = re.compile(rb"\$([ -~]+)\*([0-9A-F]{2})\r\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line whose checksum is right. `offset`, `length`: its place in the input, from `$` to LF."""

    offset: int
    length: int
    body: str

    def rejected(self, reason: str) -> Rejected:
        return Rejected(offset=self.offset, length=self.length, reason=reason)


class Framer:
    """Cuts a stream at LF; a line begins at the last `$` before it. Holds less than LONGEST bytes."""

    def __init__(self) -> None:
        self._held = b""
        self._at = 0

    def feed(self, data: bytes) -> Iterator[Line | Rejected]:
        """What `data` completes, in order."""
        self._held += data
        end = 0
        for piece in _PIECE.finditer(self._held):
            start, end = piece.start() + max(0, piece[0].rfind(b"$")), piece.end()
            if start > piece.start():
                yield Rejected(offset=self._at + piece.start(), length=start - piece.start(), reason="form")
            yield _line(self._held[start:end], self._at + start)
        self._held = self._held[end:]
        self._at += end

    def finish(self) -> list[Rejected]:
        """What is left when the input ends."""
        rest, self._held = self._held, b""
        return [Rejected(offset=self._at, length=len(rest), reason="truncated")] if rest else []


def encode(body: str) -> bytes:
    """The line with this body."""
    return f"${body}*{_checksum(body.encode('ascii')):02X}\r\n".encode("ascii")


def _line(data: bytes, offset: int) -> Line | Rejected:
    match = _LINE.fullmatch(data)
    if match is None:
        return Rejected(offset=offset, length=len(data), reason="form")
    if int(match[2], 16) != _checksum(match[1]):
        return Rejected(offset=offset, length=len(data), reason="checksum")
    return Line(offset=offset, length=len(data), body=match[1].decode("ascii"))


def _checksum(body: bytes) -> int:
    return reduce(xor, body, 0)
