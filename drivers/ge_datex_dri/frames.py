"""Frames and record headers (fact sheet ge-datex-dri §2, §3)."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from collector.model import Rejected

HEADER_BYTES = 40
MAX_RECORD_BYTES = HEADER_BYTES + 1450
"""The longest record that the specification allows (§2)."""
MAX_SEGMENT_BYTES = 2 * (MAX_RECORD_BYTES + 1)
"""Between two flags: the longest record and its checksum, every byte escaped. More is noise and is not kept."""

PHYSIOLOGICAL, WAVEFORM, ALARM, NETWORK, EVENT = 0, 1, 4, 5, 8
KINDS = {
    PHYSIOLOGICAL: "physiological",
    WAVEFORM: "waveform",
    ALARM: "alarm",
    NETWORK: "network",
    EVENT: "event",
}
"""The main types of §3. A frame of another type is damaged: the 8-bit sum alone does not tell."""

_HEADER = struct.Struct("<HBBHIBBHH" + "hB" * 8)
_END = 0xFF
PARTS = 8
"""Sub-records in a record, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A record whose checksum, length, main type and sub-record offsets are right.

    `data`: the record from its header on, unescaped; `parts`: (type, offset in `data`) of each sub-record;
    `offset`, `length`: where the frame stood in the input, flags and escapes included.
    """

    number: int
    level: int
    time_s: int
    main_type: int
    parts: tuple[tuple[int, int], ...]
    data: bytes
    offset: int = 0
    length: int = 0


class Framer:
    """Cuts a byte stream at its flags; holds at most MAX_SEGMENT_BYTES."""

    def __init__(self) -> None:
        self._rest = b""
        self._at = 0
        self._flagged = False

    def feed(self, data: bytes) -> Sequence[Record | Rejected]:
        """The records and the damage that `data` completes, in order."""
        found: list[Record | Rejected] = []
        *segments, self._rest = (self._rest + data).split(b"\x7e")
        for whole in segments:
            segment = self._shortened(whole, found)
            if segment:
                found.append(decode(segment, self._at, flagged=self._flagged))
            self._at += len(segment) + 1
            self._flagged = True
        self._rest = self._shortened(self._rest, found)
        return found

    def finish(self) -> Sequence[Rejected]:
        """What is left when the input ends."""
        rest, self._rest = self._rest, b""
        return [Rejected(offset=self._at, length=len(rest), reason="truncated")] if rest else []

    def _shortened(self, segment: bytes, found: list[Record | Rejected]) -> bytes:
        while len(segment) > MAX_SEGMENT_BYTES:
            found.append(Rejected(offset=self._at, length=MAX_SEGMENT_BYTES, reason="too_long"))
            self._at += MAX_SEGMENT_BYTES
            self._flagged = False
            segment = segment[MAX_SEGMENT_BYTES:]
        return segment


def decode(segment: bytes, offset: int, *, flagged: bool) -> Record | Rejected:
    """What stands between two flags, at `offset` of the input; `flagged`: a flag stands right before it."""

    def rejected(reason: str) -> Rejected:
        return Rejected(offset=offset, length=len(segment), reason=reason)

    data = segment
    if 0x7D in segment:
        first, *escaped = segment.split(b"\x7d")
        if not all(escaped):
            return rejected("escape")
        data = first + b"".join(bytes((piece[0] | 0x20,)) + piece[1:] for piece in escaped)
    size = len(data) - 1
    if size < HEADER_BYTES:
        return rejected("short")
    data, checksum = data[:size], data[size]
    if sum(data) & 0xFF != checksum:
        return rejected("checksum")
    length, number, level, _, time_s, _, _, _, main_type, *described = _HEADER.unpack_from(data)
    if length != size:
        return rejected("length")
    if main_type not in KINDS:
        return rejected("main_type")
    parts: list[tuple[int, int]] = []
    for at, kind in zip(described[::2], described[1::2], strict=True):
        if kind == _END:
            break
        if not 0 <= at < size - HEADER_BYTES:
            return rejected("sub_record")
        parts.append((kind, at + HEADER_BYTES))
    return Record(
        number=number,
        level=level,
        time_s=time_s,
        main_type=main_type,
        parts=tuple(parts),
        data=data,
        offset=offset - flagged,
        length=len(segment) + 1 + flagged,
    )


def encode(
    main_type: int, parts: Sequence[tuple[int, bytes]], *, number: int = 0, level: int = 0, time_s: int = 0
) -> bytes:
    """A whole frame of sub-records (type, bytes), flags, checksum and escapes included."""
    described: list[int] = []
    at = 0
    for kind, part in parts:
        described += [at, kind]
        at += len(part)
    if len(parts) < PARTS:
        described += [0, _END]
    described += [0] * (2 * PARTS - len(described))
    body = b"".join(part for _, part in parts)
    record = _HEADER.pack(HEADER_BYTES + at, number, level, 0, time_s, 0, 0, 0, main_type, *described) + body
    record += bytes((sum(record) & 0xFF,))
    return b"\x7e" + record.replace(b"\x7d", b"\x7d\x5d").replace(b"\x7e", b"\x7d\x5e") + b"\x7e"
