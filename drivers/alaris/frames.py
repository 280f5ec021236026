"""Frames: "!", the text, "|", its CRC-16/CCITT-FALSE as four hexadecimal digits, CR (fact sheet small-devices §14)."""

import re
from binascii import crc_hqx
from collections.abc import Sequence
from dataclasses import dataclass

from collector.model import Rejected

MAX_FRAME_BYTES = 256
"""The longest frame known, the answer to INF, has 90 bytes; more than twice that is noise and is not kept."""

START, ESC, END = b"!", b"\x1b", b"\r"
"""ESC takes back what has come of a frame."""
CRC_INIT = 0xFFFF
_TAIL = re.compile(rb"\|([0-9A-F]{4})")
_TAIL_BYTES = 5
_TEXT = re.compile(rb"[A-Z][A-Z0-9_]{0,31}(?:\^[^\x00-\x1f|^]*)*")
"""A name and its fields. Texts of the pump (drug names) may be of any character set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A frame whose CRC is right. `fields`: what stands between and behind the carets; none in a question."""

    offset: int
    length: int
    name: str
    fields: tuple[str, ...]


class Framer:
    """Cuts a byte stream at CR and ESC; holds at most MAX_FRAME_BYTES."""

    def __init__(self) -> None:
        self._rest = b""
        self._at = 0

    def feed(self, data: bytes) -> Sequence[Message | Rejected]:
        """The frames and the damage that `data` completes, in order."""
        found: list[Message | Rejected] = []
        *pieces, rest = re.split(b"([\r\x1b])", self._rest + data)
        for whole, end in zip(pieces[::2], pieces[1::2], strict=True):
            piece = self._shortened(whole, found)
            if end == ESC:
                if piece:
                    found.append(Rejected(offset=self._at, length=len(piece) + 1, reason="aborted"))
            elif piece.strip(b"\n"):
                found += _decode(piece, self._at)
            self._at += len(piece) + 1
        self._rest = self._shortened(rest, found)
        return found

    def finish(self) -> Sequence[Rejected]:
        """What is left when the input ends."""
        rest, self._rest = self._rest, b""
        return [Rejected(offset=self._at, length=len(rest), reason="truncated")] if rest.strip(b"\n") else []

    def _shortened(self, piece: bytes, found: list[Message | Rejected]) -> bytes:
        while len(piece) > MAX_FRAME_BYTES:
            found.append(Rejected(offset=self._at, length=MAX_FRAME_BYTES, reason="too_long"))
            self._at += MAX_FRAME_BYTES
            piece = piece[MAX_FRAME_BYTES:]
        return piece


def encode(text: str) -> bytes:
    """The frame of a text."""
    data = text.encode("latin-1")
    return b"%s%s|%04X%s" % (START, data, crc_hqx(data, CRC_INIT), END)


def _decode(piece: bytes, offset: int) -> Sequence[Message | Rejected]:
    """What stands before a CR: garbage, then at most one frame, for nothing but CR and ESC ends one."""

    def rejected(reason: str, length: int = len(piece)) -> Rejected:
        return Rejected(offset=offset, length=length, reason=reason)

    tail = _TAIL.fullmatch(piece[-_TAIL_BYTES:])
    starts = [match.start() for match in re.finditer(START, piece)]
    if tail is None or not starts:
        return [rejected("frame")]
    for start in starts:
        text = piece[start + 1 : -_TAIL_BYTES]
        if crc_hqx(text, CRC_INIT) != int(tail[1], 16):
            continue
        if not _TEXT.fullmatch(text):
            return [rejected("text")]
        name, *fields = text.decode("latin-1").split("^")
        message = Message(offset=offset + start, length=len(piece) - start + 1, name=name, fields=tuple(fields))
        return [rejected("frame", start), message] if start else [message]
    return [rejected("checksum")]
