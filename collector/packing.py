"""Runs of waveform counts, packed without loss: differences, planes of bytes, zstd. Pure.

A packed run, little-endian:
  u8     version, 1
  u8     kind: order k of the differences, 0…3, plus 16 × number of planes p, 0, 1, 2 or 4; 255: stored as they are
  u32    CRC-32 of the kind, the number of samples as u32, and what follows
  i32    × k: the first count, its first difference, the first difference of the differences
  u32    × (p - 1): the length of each plane but the last, where p is more than 1
  bytes  stored: counts as i32. Else p planes: the lowest bytes of all differences, then the next; each as a zstd frame
         (without magic number, checksum and sizes), or as it is where that has no more bytes. A difference d is told as
         2 d, a negative one as -2 d - 1. p is 0 where every difference is 0.
"""

import struct
import threading
import zlib
from itertools import accumulate, pairwise

import numpy as np
import zstandard
from numpy.typing import NDArray

MOST_SAMPLES = 1 << 20
"""In a run: 10 s of the fastest wave ten times over; what is damaged asks for no more memory than that."""

_VERSION = 1
_STORED = 255
_LARGEST_ORDER = 3
_TRIED = 2
_HEAD = struct.Struct("<BBI")
_WINDOW = MOST_SAMPLES
_FRAME = zstandard.ZstdCompressionParameters.from_level(
    1, format=zstandard.FORMAT_ZSTD1_MAGICLESS, write_content_size=False, write_checksum=False, write_dict_id=False
)
_FRAME_DESCRIPTOR = b"\0"  # RFC 8878 §3.1.1.1.1: no content size, checksum or dictionary


class _Contexts(threading.local):
    """What zstd works with: no two threads may share it."""

    def __init__(self) -> None:
        self.compress = zstandard.ZstdCompressor(compression_params=_FRAME).compress
        self.decompress = zstandard.ZstdDecompressor(
            format=zstandard.FORMAT_ZSTD1_MAGICLESS, max_window_size=_WINDOW
        ).decompress


_zstd = _Contexts()


def pack(counts: NDArray[np.int32]) -> bytes:
    """The shortest of several forms of counts of shape (n,), n at most MOST_SAMPLES. Raises ValueError for more."""
    if counts.size > MOST_SAMPLES:
        raise ValueError(f"{counts.size} samples: at most {MOST_SAMPLES} in a run")
    counts = np.ascontiguousarray(counts, dtype="<i4")
    candidates = _candidates(counts)
    kind, body = min((_packed(*candidate) for candidate in candidates), key=lambda form: len(form[1]))
    if len(body) >= counts.nbytes:
        kind, body = _STORED, counts.tobytes()
    return _HEAD.pack(_VERSION, kind, _checksum(kind, body, counts.size)) + body


def unpack(data: bytes, samples: int) -> NDArray[np.int32]:
    """Counts of shape (samples,) of a packed run. Raises ValueError, with the reason, for anything that is none."""
    if not 0 <= samples <= MOST_SAMPLES:
        raise ValueError(f"{samples} samples: 0 to {MOST_SAMPLES} are in a packed run")
    if len(data) < _HEAD.size:
        raise ValueError("a packed run is cut short")
    version, kind, checksum = _HEAD.unpack_from(data)
    if version != _VERSION:
        raise ValueError(f"packed run of version {version}, not {_VERSION}")
    body = memoryview(data)[_HEAD.size :]
    if checksum != _checksum(kind, body, samples):
        raise ValueError("a packed run is damaged: its checksum is another")
    if kind == _STORED:
        if len(body) != samples * 4:
            raise ValueError("a stored run has another length than its samples")
        return np.frombuffer(body, "<i4").astype(np.int32)
    order, planes = kind & 15, kind >> 4
    if order > min(_LARGEST_ORDER, samples) or planes not in {0, 1, 2, 4} or len(body) < order * 4:
        raise ValueError("a packed run of an unknown kind")
    counts = np.empty(samples, np.int32)
    _differences(body[order * 4 :], planes, counts[order:])
    for k in range(order, 0, -1):
        (counts[k - 1],) = struct.unpack_from("<i", body, 4 * k - 4)
        np.add.accumulate(counts[k - 1 :], out=counts[k - 1 :])
    return counts


def _candidates(counts: NDArray[np.int32]) -> list[tuple[list[int], NDArray[np.int32]]]:
    """Differences of the orders with the least of them on average, each with the first values that it takes away."""
    firsts: list[int] = []
    found = []
    for order in range(min(_LARGEST_ORDER, counts.size) + 1):
        if order:
            firsts = [*firsts, int(counts[0])]
            counts = counts[1:] - counts[:-1]
        found.append((int(np.abs(counts).sum(dtype=np.int64)), order, firsts, counts))
    found.sort()
    return [(firsts, differences) for *_, firsts, differences in found[:_TRIED]]


def _packed(firsts: list[int], differences: NDArray[np.int32]) -> tuple[int, bytes]:
    """Kind and body."""
    order = len(firsts)
    head = struct.pack(f"<{order}i", *firsts)
    zigzag = ((differences << 1) ^ (differences >> 31)).view(np.uint32)
    largest = int(zigzag.max(initial=0))
    if not largest:
        return order, head
    planes = 1 if largest < 1 << 8 else 2 if largest < 1 << 16 else 4
    rows = zigzag.astype(f"<u{planes}").view(np.uint8).reshape(-1, planes)
    told = [_plane(np.ascontiguousarray(row)) for row in rows.T]
    lengths = struct.pack(f"<{planes - 1}I", *map(len, told[:-1]))
    return order | planes << 4, b"".join([head, lengths, *told])


def _plane(plane: NDArray[np.uint8]) -> bytes:
    frame = _zstd.compress(plane.data)
    return frame if len(frame) < plane.size else plane.tobytes()


def _differences(body: memoryview, planes: int, into: NDArray[np.int32]) -> None:
    if not planes:
        if len(body):
            raise ValueError("bytes after the end of a packed run")
        into[:] = 0
        return
    at = 4 * (planes - 1)
    if len(body) < at:
        raise ValueError("a packed run is cut short")
    ends = list(accumulate(struct.unpack_from(f"<{planes - 1}I", body), initial=at))
    if ends[-1] > len(body):
        raise ValueError("a packed run is cut short")
    lowest, *others = (_bytes(body[begin:end], into.size) for begin, end in pairwise([*ends, len(body)]))
    zigzag = lowest.astype(f"<u{planes}")
    for k, plane in enumerate(others, 1):
        zigzag |= plane.astype(zigzag.dtype) << (8 * k)
    into[:] = ((zigzag >> 1) ^ -(zigzag & 1)).view(f"<i{planes}")


def _bytes(plane: memoryview, samples: int) -> NDArray[np.uint8]:
    """A plane, shape (samples,)."""
    if len(plane) == samples:
        return np.frombuffer(plane, np.uint8)
    if plane[:1] != _FRAME_DESCRIPTOR:
        raise ValueError("a packed run is no zstd frame")
    try:
        data = _zstd.decompress(plane, max_output_size=samples, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise ValueError(f"a packed run is no zstd frame: {error}") from error
    if len(data) != samples:
        raise ValueError("a packed run has another length than its samples")
    return np.frombuffer(data, np.uint8)


def _checksum(kind: int, body: bytes | memoryview, samples: int) -> int:
    return zlib.crc32(body, zlib.crc32(struct.pack("<BI", kind, samples)))
