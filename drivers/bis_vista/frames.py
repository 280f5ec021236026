"""Packets of the BIS binary protocol out of a byte stream (fact sheet small-devices §1); all is little endian."""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from collector.model import Rejected

SYNC = b"\xba\xab"
DATA, ACK, NAK = 1, 2, 3
MAX_PAYLOAD = 2048
"""The longest message known has 1032 bytes (history); other programs keep buffers of 2048."""
MAX_JUNK = 256
"""A run of bytes that belong to nothing is reported at this length: a babbling line is counted while it babbles."""

HEADER, CHECKSUM, GARBAGE, TRUNCATED = "header", "checksum", "garbage", "truncated"

_HEADER = struct.Struct("<2sHHH")
_ROUTING = struct.Struct("<IIHH")
_SUM = struct.Struct("<H")


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """A packet whose sum and lengths are right. `sequence` counts packets, `number` messages; an ACK carries none."""

    kind: int
    sequence: int
    message: int = 0
    number: int = 0
    data: bytes = b""
    offset: int = 0
    length: int = 0


def encode(message: int, data: bytes, *, routing: int, sequence: int, number: int) -> bytes:
    """A whole data packet."""
    payload = _ROUTING.pack(routing, message, number & 0xFFFF, len(data)) + data
    return _sealed(_HEADER.pack(SYNC, sequence & 0xFFFF, len(payload), DATA) + payload)


def acknowledge(sequence: int) -> bytes:
    """The ACK of a packet."""
    return _sealed(_HEADER.pack(SYNC, sequence & 0xFFFF, 0, ACK))


def _sealed(packet: bytes) -> bytes:
    return packet + _SUM.pack(_sum(packet))


def _sum(packet: bytes) -> int:
    return sum(packet[len(SYNC) :]) & 0xFFFF


class Framer:
    """Cuts a byte stream into packets; holds at most one packet. Resynchronises on the next BA AB."""

    def __init__(self) -> None:
        self._rest = b""
        self._at = 0
        self._junk = 0

    def feed(self, data: bytes) -> Sequence[Packet | Rejected]:
        """The packets and the damage that `data` completes, in order."""
        found: list[Packet | Rejected] = []
        stream, start = self._rest + data, self._at
        here = 0
        while True:
            sync = stream.find(SYNC, here)
            if sync < 0:
                sync = len(stream) - stream.endswith(SYNC[:1], here)
            found += self._skip(start + here, sync - here)
            here = sync
            item = _item(stream, here, start)
            if item is None:
                break
            found += self._end(start + here)
            found.append(item)
            here += item.length
        self._rest, self._at = stream[here:], start + here
        return found

    def finish(self) -> Sequence[Rejected]:
        """What is left when the input ends."""
        found = list(self._end(self._at))
        if self._rest:
            found.append(Rejected(offset=self._at, length=len(self._rest), reason=TRUNCATED))
        self._rest = b""
        return found

    def _skip(self, offset: int, length: int) -> Iterator[Rejected]:
        begin = offset - self._junk
        self._junk += length
        while self._junk >= MAX_JUNK:
            yield Rejected(offset=begin, length=MAX_JUNK, reason=GARBAGE)
            begin += MAX_JUNK
            self._junk -= MAX_JUNK

    def _end(self, offset: int) -> Iterator[Rejected]:
        length, self._junk = self._junk, 0
        if length:
            yield Rejected(offset=offset - length, length=length, reason=GARBAGE)


def _item(stream: bytes, here: int, start: int) -> Packet | Rejected | None:
    """What begins with the BA AB at `here`; None: more bytes are needed."""
    if len(stream) < here + _HEADER.size:
        return None
    _, sequence, length, kind = _HEADER.unpack_from(stream, here)
    offset = start + here
    wrong = Rejected(offset=offset, length=len(SYNC), reason=HEADER)
    routed = kind == DATA and _ROUTING.size <= length <= MAX_PAYLOAD
    if not routed and not (kind in {ACK, NAK} and length == 0):
        return wrong
    message = number = 0
    body = here + _HEADER.size
    if routed:
        body += _ROUTING.size
        if len(stream) < body:
            return None
        _, message, number, size = _ROUTING.unpack_from(stream, here + _HEADER.size)
        if size != length - _ROUTING.size:
            return wrong
    end = here + _HEADER.size + length
    if len(stream) < end + _SUM.size:
        return None
    whole = end + _SUM.size - here
    if _SUM.unpack_from(stream, end) != (_sum(stream[here:end]),):
        # a byte was lost or damaged: the next packet may already have begun inside
        following = stream.find(SYNC, here + len(SYNC), here + whole)
        if following < 0:
            following = here + whole - stream.endswith(SYNC[:1], here, here + whole)
        return Rejected(offset=offset, length=following - here, reason=CHECKSUM)
    return Packet(
        kind=kind,
        sequence=sequence,
        message=message,
        number=number,
        data=stream[body:end],
        offset=offset,
        length=whole,
    )
