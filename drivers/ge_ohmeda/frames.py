"""Ohmeda Com on the wire: lines `:VT` letter … CR out of a byte stream (fact sheet ge-ohmeda-com §2).

A line ends at CR and nowhere else: its status byte may be NUL. There is no checksum, so what it holds has to be
characters of the protocol, at lengths that are known.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from collector.model import Rejected

START, CR = b":VT", 0x0D
MEASURED, STATUS, SETUP, NAK = "D", "Q", "M", "N"
KINDS: Mapping[str, str] = {
    MEASURED: "measured",
    STATUS: "status",
    SETUP: "set-up",
    "W": "waveform",
    "R": "alarm silence",
    "Y": "ack",
    NAK: "nak",
}
"""By letter (§2)."""
LENGTHS: Mapping[str, range] = {MEASURED: range(31, 33), STATUS: range(45, 60)}
"""Colon to the last byte before CR; one more is a check character (§2-§4). Of a status line what follows the mode at 44
is not sure."""
MAX_LINE = 1024
"""No line that is described has more than 57 characters; a set-up or waveform line may be longer."""
GARBAGE, TRUNCATED, TOO_LONG, LAYOUT = "garbage", "truncated", "too_long", "layout"

_SEVEN_BITS = re.compile(rb"[\x00-\x7f]*", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line without its CR; `letter` is one of KINDS."""

    letter: str
    data: bytes
    offset: int
    length: int


class Framer:
    """Cuts a byte stream into lines; after bad bytes it goes on at the next colon."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._offset = 0

    def feed(self, data: bytes) -> Iterator[Line | Rejected]:
        """What these bytes complete."""
        self._buffer += data
        while self._buffer:
            begun = self._buffer.startswith(START)
            again = self._buffer.find(START, 1)
            end = self._buffer.find(CR) if begun else -1
            if begun and 0 <= end < MAX_LINE and (again < 0 or end < again):
                yield self._take(end)
            elif again >= 0:
                reason = TRUNCATED if again <= MAX_LINE else TOO_LONG
                yield self._reject(min(again, MAX_LINE), reason if begun else GARBAGE)
            elif len(self._buffer) >= MAX_LINE + len(START):
                yield self._reject(MAX_LINE, TOO_LONG if begun else GARBAGE)
            else:
                return

    def finish(self) -> Sequence[Rejected]:
        """The input has ended: what is left of it."""
        if not self._buffer:
            return ()
        return (self._reject(len(self._buffer), TRUNCATED if self._buffer.startswith(START) else GARBAGE),)

    def _take(self, end: int) -> Line | Rejected:
        data = bytes(self._buffer[:end])
        letter = data[len(START) : len(START) + 1].decode("latin-1")
        known = letter in KINDS and len(data) in LENGTHS.get(letter, range(MAX_LINE))
        if not known or not _SEVEN_BITS.fullmatch(data):
            return self._reject(end + 1, LAYOUT)
        line = Line(letter=letter, data=data, offset=self._offset, length=end + 1)
        self._drop(end + 1)
        return line

    def _reject(self, length: int, reason: str) -> Rejected:
        rejected = Rejected(offset=self._offset, length=length, reason=reason)
        self._drop(length)
        return rejected

    def _drop(self, length: int) -> None:
        del self._buffer[:length]
        self._offset += length
