"""Frames of BCC: bytes to whole blocks and single-byte answers (small-devices §12; I0022_000030 §3.2.3).

`01 length 02 bedId "/1/1>" information 03|17 check 04`: the length counts all bytes, the check is the sum of those up
to 03 or 17, both of the frame before stuffing.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from collector.model import Rejected

SOH, ETX, EOT, ACK, NAK = 0x01, 0x03, 0x04, 0x06, 0x15
MAX_FRAME_BYTES = 32_768
"""A block is one pump: the vendor's examples have 1.2 KB. All 130 parameters at their longest are 8 KB, all their
letters stuffed 16; twice that is no block."""
MAX_NOISE_BYTES = 4096
"""Noise is reported in pieces of this size; it is not kept."""

BED = rb"[/-9A-z]{1,15}"
"""Codes 47-57 and 65-122 (§3.2.4): no colon, so that no bed's name can hold a command."""
_LAYOUT = re.compile(rb"\x01(\d{5})\x02(" + BED + rb")/1/1>([^\x00-\x0c\x0e-\x1d\x1f\x7f]*)([\x03\x17])(\d{5})\x04")
_STUFFED = {b"D": b"EX", b"E": b"EE", b"d": b"ex", b"e": b"ee"}
_PAIR = re.compile(rb"E[XE]|e[xe]|[DEde]")
_PLAIN = {pair: plain for plain, pair in _STUFFED.items()}
_CONTROLS = re.compile(rb"[\x01\x06\x15]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A frame whose layout, length and sum are right.

    last: no more blocks follow. stuffed: whether letters were stuffed; None where it has none of those letters.
    `offset`, `length`: where it stood in the input, stuffing included.
    """

    bed: bytes
    information: bytes
    last: bool
    stuffed: bool | None
    offset: int = 0
    length: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """A lone ACK or NAK, which a host sends."""

    code: int


class Framer:
    """Cuts a byte stream into frames; holds at most MAX_FRAME_BYTES."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._at = 0
        self._noise = 0

    def feed(self, data: bytes) -> Sequence[Block | Answer | Rejected]:
        """The blocks, answers and damage that `data` completes, in order."""
        found: list[Block | Answer | Rejected] = []
        self._rest += data
        while self._rest:
            if self._rest[0] != SOH:
                self._skip(found)
                continue
            self._end_noise(found)
            end, again = self._rest.find(EOT), self._rest.find(SOH, 1)
            if end >= 0 and (again < 0 or end < again) and end < MAX_FRAME_BYTES:
                raw = bytes(self._rest[: end + 1])
                found.append(decode(raw, self._at))
                self._drop(len(raw))
            elif 0 < again < MAX_FRAME_BYTES:
                found.append(Rejected(offset=self._at, length=again, reason="truncated"))
                self._drop(again)
            elif len(self._rest) >= MAX_FRAME_BYTES:
                found.append(Rejected(offset=self._at, length=MAX_FRAME_BYTES, reason="too_long"))
                self._drop(MAX_FRAME_BYTES)
            else:
                break
        return found

    def finish(self) -> Sequence[Rejected]:
        """What is left when the input ends."""
        found: list[Block | Answer | Rejected] = []
        self._end_noise(found)
        if self._rest:
            found.append(Rejected(offset=self._at, length=len(self._rest), reason="truncated"))
            self._drop(len(self._rest))
        return [one for one in found if isinstance(one, Rejected)]

    def _skip(self, found: list[Block | Answer | Rejected]) -> None:
        """Everything up to the next frame: single-byte answers, and noise."""
        if self._rest[0] in {ACK, NAK}:
            self._end_noise(found)
            found.append(Answer(self._rest[0]))
            self._drop(1)
            return
        control = _CONTROLS.search(self._rest)
        until = control.start() if control else len(self._rest)
        taken = min(until, MAX_NOISE_BYTES - self._noise)
        self._noise += taken
        self._drop(taken)
        if self._noise == MAX_NOISE_BYTES:
            self._end_noise(found)

    def _end_noise(self, found: list[Block | Answer | Rejected]) -> None:
        if self._noise:
            found.append(Rejected(offset=self._at - self._noise, length=self._noise, reason="noise"))
            self._noise = 0

    def _drop(self, count: int) -> None:
        del self._rest[:count]
        self._at += count


def decode(raw: bytes, offset: int = 0) -> Block | Rejected:
    """A frame from SOH to EOT, stuffed or not: which of both is told by its own length."""
    reason = "layout"
    plain = destuffed(raw)
    for data in (raw,) if plain is None or plain == raw else (raw, plain):
        layout = _LAYOUT.fullmatch(data)
        if layout is None:
            continue
        length, bed, information, end, check = layout.groups()
        if int(length) != len(data):
            reason = "length"
        elif int(check) != sum(data[: layout.end(4)]) & 0xFF:
            reason = "checksum"
        else:
            return Block(
                bed=bed,
                information=information,
                last=end[0] == ETX,
                stuffed=None if stuffed(data) == data else data is not raw,
                offset=offset,
                length=len(raw),
            )
    return Rejected(offset=offset, length=len(raw), reason=reason)


def encode(bed: bytes, information: bytes, *, last: bool = True, stuff: bool = True) -> bytes:
    """A whole frame."""
    body = b"\x02" + bed + b"/1/1>" + information + (b"\x03" if last else b"\x17")
    data = b"\x01%05d" % (len(body) + 12) + body
    data += b"%05d\x04" % (sum(data) & 0xFF)
    return stuffed(data) if stuff else data


def stuffed(data: bytes) -> bytes:
    return re.sub(rb"[DEde]", lambda letter: _STUFFED[letter[0]], data)


def destuffed(data: bytes) -> bytes | None:
    """From left to right: "EEX" is "EX". None: a letter that stuffing would have replaced."""
    if any(pair[0] not in _PLAIN for pair in _PAIR.finditer(data)):
        return None
    return _PAIR.sub(lambda pair: _PLAIN[pair[0]], data)
