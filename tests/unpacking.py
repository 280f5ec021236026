"""Reads packed runs a second time, slowly, from the description of their format alone."""

import struct
import zlib

import zstandard


def unpack_slowly(data: bytes, samples: int) -> list[int]:
    """The counts of a packed run; an assertion fails where it does not keep to the format."""
    version, kind, checksum = data[0], data[1], int.from_bytes(data[2:6], "little")
    assert version == 1
    assert checksum == zlib.crc32(bytes([kind]) + samples.to_bytes(4, "little") + data[6:])
    if kind == 255:
        assert len(data) == 6 + 4 * samples
        return [number for (number,) in struct.iter_unpack("<i", data[6:])]
    order, planes = kind % 16, kind // 16
    firsts = [int.from_bytes(data[6 + 4 * k : 10 + 4 * k], "little", signed=True) for k in range(order)]
    n = samples - order
    body = data[6 + 4 * order :]
    unpacked = []
    for plane in range(planes):
        lengths = [int.from_bytes(body[4 * k : 4 * k + 4], "little") for k in range(planes - 1)]
        begin = 4 * (planes - 1) + sum(lengths[:plane])
        part = body[begin : begin + lengths[plane]] if plane < planes - 1 else body[begin:]
        if len(part) != n:
            part = zstandard.ZstdDecompressor().decompressobj().decompress(b"\x28\xb5\x2f\xfd" + part)
        assert len(part) == n
        unpacked.append(part)
    assert planes or not body
    told = [sum(part[i] << (8 * plane) for plane, part in enumerate(unpacked)) for i in range(n)]
    counts = [-(t + 1) // 2 if t % 2 else t // 2 for t in told]
    for first in reversed(firsts):
        summed = [first]
        for difference in counts:
            summed.append((summed[-1] + difference + 2**31) % 2**32 - 2**31)
        counts = summed
    return counts
