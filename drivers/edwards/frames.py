"""IFMout on the wire: telegrams of lettered fields without separators (fact sheet small-devices §2).

The check byte's formula is one program's, which never compared it: a telegram tells whether it agrees, and what that
means is decided by several of them (session.py).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from collector.model import Rejected

STX, ETX = 0x02, 0x03
MAX_BODY = 512
"""All letters of the table once, and six boluses, are some 280 characters."""
GARBAGE, TRUNCATED, TOO_LONG = "garbage", "truncated", "too_long"

_NO_TEXT = re.compile(rb"[^\x20-\x7e]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Telegram:
    """`body`: what stands between STX and ETX; `agrees`: the check byte is the one of the formula."""

    body: str
    agrees: bool
    offset: int
    length: int


def check(whole: bytes) -> int:
    """255 less the sum of STX to ETX, modulo 256."""
    return 0xFF - sum(whole) % 0x100


def telegram(body: str) -> bytes:
    """STX, body, ETX, check byte."""
    whole = bytes((STX,)) + body.encode("ascii") + bytes((ETX,))
    return whole + bytes((check(whole),))


class Framer:
    """Cuts a byte stream into telegrams; after bad bytes it goes on at the next STX."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._offset = 0

    def feed(self, data: bytes) -> Iterator[Telegram | Rejected]:
        """What these bytes complete."""
        self._buffer += data
        while self._buffer:
            begun = self._buffer[0] == STX
            at = self._end() if begun else self._buffer.find(STX)
            at = len(self._buffer) if at < 0 else at
            if at > MAX_BODY:
                yield self._reject(MAX_BODY, TOO_LONG if begun else GARBAGE)
            elif at == len(self._buffer):
                return
            elif not begun:
                yield self._reject(at, GARBAGE)
            elif self._buffer[at] != ETX:
                yield self._reject(at, TRUNCATED)
            elif at + 1 == len(self._buffer):
                return
            else:
                yield self._take(at)

    def finish(self) -> Sequence[Rejected]:
        """The input has ended: what is left of it."""
        if not self._buffer:
            return ()
        return (self._reject(len(self._buffer), TRUNCATED if self._buffer[0] == STX else GARBAGE),)

    def _end(self) -> int:
        found = _NO_TEXT.search(self._buffer, 1)
        return -1 if found is None else found.start()

    def _take(self, end: int) -> Telegram:
        whole = bytes(self._buffer[: end + 1])
        agrees = self._buffer[end + 1] == check(whole)
        taken = Telegram(body=whole[1:-1].decode("ascii"), agrees=agrees, offset=self._offset, length=end + 2)
        self._drop(end + 2)
        return taken

    def _reject(self, length: int, reason: str) -> Rejected:
        rejected = Rejected(offset=self._offset, length=length, reason=reason)
        self._drop(length)
        return rejected

    def _drop(self, length: int) -> None:
        del self._buffer[:length]
        self._offset += length
