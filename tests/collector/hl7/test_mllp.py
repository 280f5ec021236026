import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.hl7.mllp import NOISE_BYTES, Block, Framer, frame
from collector.model import Rejected
from tests.shared import SHARED, capture

PARTS = [b"\x0b", b"\x1c", b"\r", b"\x1c\r", b"MSH|a\r", b"\n", b"1234"]
ONE, TWO = b"MSH|^~\\&|A\rPID|1\r", b"MSH|^~\\&|B\r"


def read(*chunks: bytes, limit_bytes: int = 1000, check_bytes: int = 0) -> list[Block | Rejected]:
    framer = Framer(limit_bytes=limit_bytes, check_bytes=check_bytes)
    return [item for chunk in chunks for item in framer.feed(chunk)] + list(framer.finish())


def test_two_frames_in_one_read_stand_at_their_offsets() -> None:
    assert read(b"\x0b" + ONE + b"\x1c\r" + b"\x0b" + TWO + b"\x1c\r") == [
        Block(offset=0, length=20, message=ONE),
        Block(offset=20, length=14, message=TWO),
    ]


def test_what_is_framed_is_read() -> None:
    assert frame(ONE) == b"\x0b" + ONE + b"\x1c\r"
    assert read(frame(ONE, b"A5f0"), check_bytes=4) == [Block(offset=0, length=24, message=ONE, check=b"A5f0")]


def test_white_space_between_frames_is_silent_and_other_bytes_are_told() -> None:
    assert read(frame(TWO) + b"\r\n" + frame(TWO) + b"20261101083000" + frame(TWO)) == [
        Block(offset=0, length=14, message=TWO),
        Block(offset=16, length=14, message=TWO),
        Rejected(offset=30, length=14, reason="noise"),
        Block(offset=44, length=14, message=TWO),
    ]


def test_a_frame_without_end_gives_way_to_the_next() -> None:
    assert read(b"\x0bMSH|" + frame(TWO)) == [
        Rejected(offset=0, length=5, reason="unterminated"),
        Block(offset=5, length=14, message=TWO),
    ]


def test_half_an_end_is_content() -> None:
    message = b"MSH|\x1cx\r"
    assert read(frame(message)) == [Block(offset=0, length=len(message) + 3, message=message)]


def test_a_frame_that_is_too_long_is_none_and_the_next_one_is_read() -> None:
    assert read(frame(b"A" * 1500) + frame(TWO)) == [
        Rejected(offset=0, length=1000, reason="too long"),
        Rejected(offset=1000, length=503, reason="noise"),
        Block(offset=1503, length=14, message=TWO),
    ]
    assert read(frame(b"A" * 997)) == [Block(offset=0, length=1000, message=b"A" * 997)]


def test_the_end_of_the_stream_tells_what_is_left() -> None:
    assert read(b"xx\x0bMSH") == [
        Rejected(offset=0, length=2, reason="noise"),
        Rejected(offset=2, length=4, reason="truncated"),
    ]


def test_endless_noise_is_told_in_pieces() -> None:
    told = read(b"\x00" * (NOISE_BYTES * 2 + 5))
    assert [(item.offset, item.length) for item in told] == [
        (0, NOISE_BYTES),
        (NOISE_BYTES, NOISE_BYTES),
        (2 * NOISE_BYTES, 5),
    ]


@pytest.mark.parametrize("check", [b"", b"A5", b"A5f", b"A5f\xff", b"\rA5f"])
def test_a_frame_without_the_characters_of_its_check_is_none(check: bytes) -> None:
    assert read(frame(ONE, check) + frame(TWO, b"0000"), check_bytes=4)[0] == Rejected(
        offset=0, length=20 + len(check), reason="no check"
    )


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(
    st.lists(st.sampled_from([b"\x0b", b"\x1c", b"\r", b"\x1c\r", b"MSH|a\r", b"\n", b"1234"]), max_size=40), st.data()
)
def test_any_cutting_gives_the_same(parts: list[bytes], draw: st.DataObject) -> None:
    data = b"".join(parts)
    cuts = sorted(draw.draw(st.lists(st.integers(0, len(data)), max_size=20)))
    chunks = [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    for check_bytes in (0, 4):
        assert read(*chunks, limit_bytes=30, check_bytes=check_bytes) == read(
            data, limit_bytes=30, check_bytes=check_bytes
        )


def test_a_captured_stream_of_seven_frames_with_binary_waves() -> None:
    data = capture("hl7", "synthetic", "pds_stream.bin").read_bytes()
    rng = random.Random(1)
    whole = read(data, limit_bytes=1 << 20)
    cuts = sorted(rng.randrange(len(data)) for _ in range(100))
    pieces = [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    assert len(whole) == 7
    assert sum(item.length for item in whole) == len(data)
    assert (
        read(*pieces, limit_bytes=1 << 20)
        == whole
        == read(*(data[i : i + 1] for i in range(len(data))), limit_bytes=1 << 20)
    )
    assert b"".join(frame(item.message) for item in whole if isinstance(item, Block)) == data


def test_every_framed_capture_is_one_frame() -> None:
    capture("hl7", "expected.json")
    for path in (SHARED / "captures" / "hl7").glob("*/*.hl7"):
        data = path.read_bytes()
        if data.startswith(b"\x0b"):
            assert [type(item) for item in read(data, limit_bytes=1 << 20)] == [Block], path.name


def test_a_message_without_a_frame_is_read_where_it_may_come() -> None:
    def bare(*chunks: bytes) -> list[Block | Rejected]:
        framer = Framer(bare=(b"MSH|",))
        return [item for chunk in chunks for item in framer.feed(chunk)] + list(framer.finish())

    stream = b"\r" + ONE + frame(TWO) + b"x" + ONE + frame(TWO) + TWO
    found = bare(stream)
    assert found == bare(*(stream[i : i + 1] for i in range(len(stream))))
    assert [(item.offset, item.message if isinstance(item, Block) else item.reason) for item in found] == [
        (0, ONE), (18, TWO), (32, "noise"), (50, TWO), (64, TWO),
    ]  # fmt: skip
    cut = ONE + b"\x1c" + b"\r" * 2
    assert bare(cut) == [Rejected(offset=0, length=20, reason="noise")]
    assert bare(ONE * NOISE_BYTES)[0] == Rejected(offset=0, length=NOISE_BYTES, reason="noise")
