"""The waveform segment ZMW: eight-bit bytes sent in seven, with a checksum (mindray-and-chinese-hl7 §1.6)."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

GROUP_BYTES, DATA_BYTES = 8, 7
"""Seven bytes with bit 7 set, then one whose bits 0…6 are what their bits 7 really are."""
MAX_RATE_HZ = 2000
"""The fastest wave known has 500 samples a second."""
_HEADER = struct.Struct(">HHBHB")
_SAMPLES: Mapping[int, str] = {1: "u1", 2: ">i2"}
"""By bytes per sample. Two-byte samples are pressures in mmHg: taken as signed, which a venous one needs (assumed)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """One second of a wave: its id, and as many samples as its rate, shape (rate,)."""

    id: int
    samples: NDArray[np.integer]


def decode(body: bytes) -> Wave | str:
    """What stands after `ZMW|`; the reason where it is not whole to its last byte."""
    if not body or len(body) % GROUP_BYTES or min(body) < 0x80:
        return "wave_length"
    groups = np.frombuffer(body, dtype=np.uint8).reshape(-1, GROUP_BYTES)
    high = (groups[:, DATA_BYTES:] >> np.arange(DATA_BYTES, dtype=np.uint8) & 1) << 7
    data = (groups[:, :DATA_BYTES] & 0x7F | high).tobytes()
    if len(data) < _HEADER.size:
        return "wave_length"
    checksum, number, size, rate, zero = _HEADER.unpack_from(data)
    end = _HEADER.size + rate * size
    if size not in _SAMPLES or not 0 < rate <= MAX_RATE_HZ or zero or -(-end // DATA_BYTES) != len(groups):
        return "wave_length"
    if any(data[end:]) or checksum != _checksum(data[2:end]):
        return "wave_checksum"
    return Wave(id=number, samples=np.frombuffer(data, dtype=_SAMPLES[size], count=rate, offset=_HEADER.size))


def encode(number: int, size: int, samples: NDArray[np.integer]) -> bytes:
    """The body of a segment of one second: samples of `size` bytes, shape (rate,)."""
    data = struct.pack(">HBHB", number, size, len(samples), 0) + samples.astype(_SAMPLES[size]).tobytes()
    data = struct.pack(">H", _checksum(data)) + data
    data += bytes(-len(data) % DATA_BYTES)
    groups = np.frombuffer(data, dtype=np.uint8).reshape(-1, DATA_BYTES)
    flags = (groups >> 7 << np.arange(DATA_BYTES, dtype=np.uint8)).sum(axis=1, dtype=np.uint8)
    return (np.column_stack((groups, flags)) | 0x80).astype(np.uint8).tobytes()


def _checksum(data: bytes) -> int:
    """The internet checksum (RFC 1071)."""
    total = int(np.frombuffer(data + bytes(len(data) % 2), dtype=">u2").sum(dtype=np.uint64))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
