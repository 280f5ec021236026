"""Packed runs: what goes in comes out, damage is found, and they are as small as was promised."""

import zlib
from collections.abc import Callable

import numpy as np
import pytest
import zstandard
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from collector.packing import MOST_SAMPLES, pack, unpack
from tests.unpacking import unpack_slowly
from tests.waveforms import Runs, db00, record_03700181, record_100

# By hand: version, kind, CRC-32, first values; frames by RFC 8878 §3.1.1: descriptor 0, window 0, then one last block,
# raw (its length × 8 + 1) or one byte repeated (× 8 + 3). Before several planes stand the lengths of all but the last.
# A difference d is told as 2 d, a negative one as -2 d - 1.
VECTORS: list[tuple[str, list[int]]] = [
    ("01 00 f3 58 97 d4", [0, 0, 0]),
    ("01 01 25 fe e6 42 05 00 00 00", [5, 5, 5, 5]),
    ("01 02 75 78 f6 09 0a 00 00 00 0a 00 00 00", [10, 20, 30, 40, 50]),
    ("01 03 08 7d c7 3a 01 00 00 00 fd ff ff ff 05 00 00 00", [1, -2, 0, 7]),
    ("01 ff 9d 22 b4 2f 07 00 00 00 f9 ff ff ff", [7, -7]),
    ("01 10 55 9e 5e a5 00 00 21 00 00 02 03 04 01", [1, -2, 2, -1]),
    ("01 11 55 b0 b0 0a 64 00 00 00 00 00 2b 00 00 01", [100, 99, 98, 97, 96, 95]),
    ("01 21 5d a7 75 b0 00 00 00 00 02 00 00 00 58 57 02 02", [0, 300, 0]),
    ("01 20 8b cb 3c 09 06 00 00 00 00 00 63 00 00 02 01 00 01 00 01 00 01 00 01 00 01 00", [129, 1] * 6),
    ("01 41 06 73 9a 37 ff ff ff 7f 01 00 00 00 01 00 00 00 01 00 00 00 02 00 00 00", [2**31 - 1, -(2**31)]),
]

COUNTS = st.one_of(
    st.lists(st.integers(-(2**31), 2**31 - 1), max_size=300),
    st.lists(st.integers(-130, 130), max_size=300),
    st.lists(st.integers(-40_000, 40_000), max_size=300),
    st.builds(lambda first, step, n: [first + step * k for k in range(n)], *[st.integers(-1000, 1000)] * 2,
              st.integers(0, 300)),
)  # fmt: skip


def array(counts: list[int]) -> NDArray[np.int32]:
    return np.array(counts, np.int32)


@pytest.mark.parametrize(("data", "counts"), VECTORS)
def test_a_run_reads_as_its_format_says(data: str, counts: list[int]) -> None:
    packed = bytes.fromhex(data)
    assert unpack(packed, len(counts)).tolist() == counts
    assert unpack_slowly(packed, len(counts)) == counts


@given(COUNTS)
@example([])
@example([2**31 - 1, -(2**31)] * 40)
@example([-(2**31), 0, 2**31 - 1, 0] * 40)
@example([0] * 8000)
@example([127, -128, 128, -129, 255, -256, 32_767, -32_768, 32_768, -32_769, 65_535] * 20)
def test_every_count_comes_back(counts: list[int]) -> None:
    packed = pack(array(counts))
    back = unpack(packed, len(counts))
    assert back.dtype == np.int32
    assert back.tolist() == counts
    assert unpack_slowly(packed, len(counts)) == counts
    assert len(packed) <= 6 + 4 * len(counts)


@given(st.lists(st.integers(-900, 900), min_size=1, max_size=60), st.data())
def test_damage_is_found(counts: list[int], data: st.DataObject) -> None:
    packed = bytearray(pack(array(counts)))
    at = data.draw(st.integers(0, len(packed) * 8 - 1))
    packed[at // 8] ^= 1 << at % 8
    with pytest.raises(ValueError, match="packed run"):
        unpack(bytes(packed), len(counts))


@given(st.lists(st.integers(-900, 900), max_size=60), st.data())
def test_a_run_cut_short_or_of_another_length_is_found(counts: list[int], data: st.DataObject) -> None:
    packed = pack(array(counts))
    with pytest.raises(ValueError, match="packed run"):
        unpack(packed[: data.draw(st.integers(0, len(packed) - 1))], len(counts))
    with pytest.raises(ValueError, match="packed run"):
        unpack(packed + b"\0", len(counts))
    with pytest.raises(ValueError, match="packed run"):
        unpack(packed, data.draw(st.integers(-2, 70).filter(lambda n: n != len(counts))))


@given(st.integers(0, 255), st.binary(max_size=60), st.integers(0, 200))
def test_a_run_whose_checksum_is_right_may_be_anything(kind: int, body: bytes, samples: int) -> None:
    checksum = zlib.crc32(bytes([kind]) + samples.to_bytes(4, "little") + body)
    try:
        counts = unpack(bytes([1, kind]) + checksum.to_bytes(4, "little") + body, samples)
    except ValueError:
        return
    assert counts.shape == (samples,)


# Frames that would have the reader set aside much memory: a content size of 2^60, a window of 1.75 TiB, 2 GiB of zeros.
GREEDY = ["c0 00 00 00 00 00 00 00 00 10 01 00 00", "00 f7 21 00 00 01 02 03 04", "00 58 " + "02 00 10 00" * 16_384]


@pytest.mark.parametrize("frame", GREEDY)
def test_no_frame_asks_for_more_memory_than_its_samples(frame: str) -> None:
    body = bytes.fromhex(frame)
    checksum = zlib.crc32(bytes([0x10]) + (4).to_bytes(4, "little") + body)
    with pytest.raises(ValueError, match="packed run"):
        unpack(b"\x01\x10" + checksum.to_bytes(4, "little") + body, 4)


def test_the_longest_run_has_an_end() -> None:
    longest = np.arange(MOST_SAMPLES, dtype=np.int32) ** 2
    assert (unpack(pack(longest), MOST_SAMPLES) == longest).all()
    with pytest.raises(ValueError, match="at most 1048576"):
        pack(np.zeros(MOST_SAMPLES + 1, np.int32))
    with pytest.raises(ValueError, match="0 to 1048576"):
        unpack(pack(longest), MOST_SAMPLES + 1)


@pytest.mark.parametrize(("recorded", "bytes_a_sample"), [(record_100, 0.50), (record_03700181, 0.37)])
def test_real_waves_are_as_small_as_promised(recorded: Callable[[], Runs], bytes_a_sample: float) -> None:
    runs = recorded()
    packed = [pack(run) for run in runs]
    assert sum(map(len, packed)) <= bytes_a_sample * sum(run.size for run in runs)
    for data, run in zip(packed, runs, strict=True):
        assert (unpack(data, run.size) == run).all()


@pytest.mark.parametrize("wave", range(2))
def test_a_monitors_waves_are_smaller_than_the_usual_way_makes_them(wave: int) -> None:
    runs = db00()[wave]
    usual = 0
    for run in runs:
        planes = np.diff(run, prepend=0).astype("<i2").view(np.uint8).reshape(-1, 2).T
        usual += len(zstandard.ZstdCompressor(level=3).compress(np.ascontiguousarray(planes).data))
    assert sum(len(pack(run)) for run in runs) <= 0.95 * usual


def test_a_flat_line_takes_no_room() -> None:
    assert len(pack(np.full(5000, -12_345, np.int32))) == 10
