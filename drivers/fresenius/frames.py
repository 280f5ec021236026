"""Frames of Orchestra and Agilia: bytes to messages and single-byte signals (small-devices §13).

`02 [address] command-or-status [;…] check 03`: check is FF − the sum of what stands between 02 and it, in two
hexadecimal digits.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from collector.model import Rejected

STX, ETX, ENQ, ACK, DC4, NAK = 0x02, 0x03, 0x05, 0x06, 0x14, 0x15
MAX_FRAME_BYTES = 256
"""A message has at most 80 characters (error 0C, other implementation); three times that is none."""
MAX_NOISE_BYTES = 4096
"""Noise is reported in pieces of this size; it is not kept."""

_LAYOUT = re.compile(rb"\x02(([0-8]?)(DC|FC|LE|LF|DE|AE|LP|[CIEM])(?:;([ -~]*))?)([0-9A-F]{2})\x03")
_SIGNALS = re.compile(rb"[\x02\x05\x06\x14\x15]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A frame whose layout and check are right. address: "" of a pump that stands alone, "0" of a base.

    word: the status of a reply (C, I, E, M), or a host's command; text: what follows its semicolon, None without one.
    """

    address: str
    word: str
    text: str | None
    offset: int = 0
    length: int = 0


@dataclass(frozen=True, slots=True)
class Signal:
    """ENQ, ACK, DC4 or NAK; `error`: the digit behind a NAK."""

    code: int
    error: str = ""


class Framer:
    """Cuts a byte stream into messages and signals; holds at most MAX_FRAME_BYTES."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._at = 0
        self._noise = 0

    def feed(self, data: bytes) -> Sequence[Message | Signal | Rejected]:
        """What `data` completes, in order."""
        found: list[Message | Signal | Rejected] = []
        self._rest += data
        while self._rest:
            match self._rest[0]:
                case 0x02:
                    self._end_noise(found)
                    if not self._message(found):
                        break
                case 0x15:
                    self._end_noise(found)
                    if len(self._rest) == 1:
                        break
                    error = bytes(self._rest[1:2])
                    found.append(Signal(NAK, error.decode() if error.isdigit() else ""))
                    self._drop(2 if error.isdigit() else 1)
                case 0x05 | 0x06 | 0x14 as code:
                    self._end_noise(found)
                    found.append(Signal(code))
                    self._drop(1)
                case _:
                    self._skip(found)
        return found

    def finish(self) -> Sequence[Rejected]:
        """What is left when the input ends."""
        found: list[Message | Signal | Rejected] = []
        self._end_noise(found)
        if self._rest:
            found.append(Rejected(offset=self._at, length=len(self._rest), reason="truncated"))
            self._drop(len(self._rest))
        return [one for one in found if isinstance(one, Rejected)]

    def _message(self, found: list[Message | Signal | Rejected]) -> bool:
        """Take the message at the beginning; False: it has not all come. An ENQ within it is none of its text."""
        end, again = self._rest.find(ETX), self._rest.find(STX, 1)
        if 0 <= end < MAX_FRAME_BYTES and (again < 0 or end < again):
            raw = bytes(self._rest[: end + 1])
            found.append(decode(raw, self._at))
            found += [Signal(ENQ)] * raw.count(ENQ)
            self._drop(len(raw))
        elif 0 < again < MAX_FRAME_BYTES:
            found.append(Rejected(offset=self._at, length=again, reason="truncated"))
            self._drop(again)
        elif len(self._rest) >= MAX_FRAME_BYTES:
            found.append(Rejected(offset=self._at, length=MAX_FRAME_BYTES, reason="too_long"))
            self._drop(MAX_FRAME_BYTES)
        else:
            return False
        return True

    def _skip(self, found: list[Message | Signal | Rejected]) -> None:
        signal = _SIGNALS.search(self._rest)
        taken = min(signal.start() if signal else len(self._rest), MAX_NOISE_BYTES - self._noise)
        self._noise += taken
        self._drop(taken)
        if self._noise == MAX_NOISE_BYTES:
            self._end_noise(found)

    def _end_noise(self, found: list[Message | Signal | Rejected]) -> None:
        if self._noise:
            found.append(Rejected(offset=self._at - self._noise, length=self._noise, reason="noise"))
            self._noise = 0

    def _drop(self, count: int) -> None:
        del self._rest[:count]
        self._at += count


def decode(raw: bytes, offset: int = 0) -> Message | Rejected:
    """A frame from STX to ETX."""
    layout = _LAYOUT.fullmatch(raw.replace(bytes((ENQ,)), b""))
    if layout is None:
        return Rejected(offset=offset, length=len(raw), reason="layout")
    body, address, word, text, told = layout.groups()
    if told != check(body):
        return Rejected(offset=offset, length=len(raw), reason="checksum")
    return Message(
        address=address.decode(),
        word=word.decode(),
        text=None if text is None else text.decode(),
        offset=offset,
        length=len(raw),
    )


def encode(body: bytes) -> bytes:
    """A whole frame."""
    return b"\x02" + body + check(body) + b"\x03"


def check(body: bytes) -> bytes:
    return b"%02X" % (0xFF - sum(body) % 256)
