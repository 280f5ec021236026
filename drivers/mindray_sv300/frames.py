"""Requests and replies of the Mindray ventilator and anaesthesia line (fact sheet mindray-and-chinese-hl7 §6).

Request: ESC, command, two hexadecimal digits of the checksum, CR. Reply: SOH, command, then code (1 byte) and value (5
characters) of each parameter, checksum, CR. The checksum is the sum of all bytes before it, modulo 256.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from collector.model import Rejected

SOH, ESC, CR = 0x01, 0x1B, 0x0D
SETTINGS, MEASURED = 0x24, 0x25
"""Commands, and those of their replies."""
VALUE_BYTES = 5
FIRST_CODE = 0x20
"""Lower bytes are no codes in either list, and two of them frame the reply."""
MAX_REPLY_BYTES = 5 + (256 - FIRST_CODE) * (1 + VALUE_BYTES)
"""Every code once."""

_KINDS = (SETTINGS, MEASURED)
_CHECKSUM = re.compile(rb"[0-9A-Fa-f]{2}")
_VALUE = re.compile(rb"[ -~]{5}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """`values`: (code, 5 characters) in the order of the reply, each code once."""

    command: int
    values: tuple[tuple[int, str], ...]
    offset: int
    length: int


def request(command: int) -> bytes:
    return _summed(bytes((ESC, command)))


def reply(command: int, values: Iterator[tuple[int, str]]) -> bytes:
    """A whole reply; values of 5 ASCII characters each."""
    return _summed(bytes((SOH, command)) + b"".join(bytes((code,)) + text.encode("ascii") for code, text in values))


def _summed(head: bytes) -> bytes:
    return head + b"%02X\r" % (sum(head) & 0xFF)


class Framer:
    """Cuts a stream into replies. A reply is believed only if it is one to its last byte."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._offset = 0

    def feed(self, data: bytes) -> Iterator[Reply | Rejected]:
        self._buffer += data
        while self._buffer:
            if self._buffer[0] != SOH:
                end = self._buffer.find(SOH)
                if end < 0 and len(self._buffer) < MAX_REPLY_BYTES:
                    return
                yield self._reject(min(end if end > 0 else MAX_REPLY_BYTES, MAX_REPLY_BYTES), "outside")
                continue
            end, again = self._buffer.find(CR, 0, MAX_REPLY_BYTES), self._buffer.find(SOH, 1, MAX_REPLY_BYTES)
            if again > 0 and not 0 < end < again:
                yield self._reject(again, "truncated")
            elif end > 0:
                yield self._parse(bytes(self._buffer[: end + 1]))
            elif len(self._buffer) >= MAX_REPLY_BYTES:
                yield self._reject(MAX_REPLY_BYTES, "length")
            else:
                return

    def finish(self) -> list[Rejected]:
        return [self._reject(len(self._buffer), "truncated")] if self._buffer else []

    def _parse(self, frame: bytes) -> Reply | Rejected:
        values = [(frame[at], frame[at + 1 : at + 1 + VALUE_BYTES]) for at in range(2, len(frame) - 3, 1 + VALUE_BYTES)]
        digits = frame[-3:-1]
        if len(frame) < len(request(MEASURED)) or len(frame) % (1 + VALUE_BYTES) != len(request(MEASURED)):
            return self._reject(len(frame), "length")
        if not _CHECKSUM.fullmatch(digits) or int(digits, 16) != sum(frame[:-3]) & 0xFF:
            return self._reject(len(frame), "checksum")
        if frame[1] not in _KINDS:
            return self._reject(len(frame), "command")
        codes = {code for code, _ in values}
        if len(codes) < len(values) or not all(code >= FIRST_CODE and _VALUE.fullmatch(text) for code, text in values):
            return self._reject(len(frame), "value")
        offset = self._take(len(frame))
        return Reply(
            command=frame[1],
            values=tuple((code, text.decode("ascii")) for code, text in values),
            offset=offset,
            length=len(frame),
        )

    def _reject(self, length: int, reason: str) -> Rejected:
        return Rejected(offset=self._take(length), length=length, reason=reason)

    def _take(self, length: int) -> int:
        offset = self._offset
        del self._buffer[:length]
        self._offset += length
        return offset
