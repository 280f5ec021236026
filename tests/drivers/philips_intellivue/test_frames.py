"""Framing (fact sheet §1.2)."""

import pytest

from collector.model import Frame, Rejected
from drivers.philips_intellivue.frames import MAX_FRAME_BYTES, MAX_NOISE_BYTES, Datagrams, Piece, Serial, fcs
from tests.drivers.philips_intellivue import vectors as v
from tests.drivers.philips_intellivue.listening import heard, only
from tests.drivers.philips_intellivue.recordings import hex_lines

FRAME = v.serial_frame(v.ABORT)


def test_check_value_of_the_polynomial() -> None:
    assert fcs(b"123456789") == bytes.fromhex("6e90")


def test_published_check_vectors() -> None:
    plain, escaped = hex_lines("vectors-fcs.hex")
    assert fcs(plain[1:3]) == plain[3:5]
    assert fcs(escaped[1:3]) == b"\x95\xc1"
    assert escaped[3:6] == b"\x95\x7d\xe1"


def test_wrapping_is_what_the_sheet_says_bit_by_bit() -> None:
    payload = bytes(range(256))
    assert Serial().wrap(payload) == v.serial_frame(payload)


def test_every_byte_that_is_escaped_comes_back() -> None:
    payload = b"\x7d\x5d\xc0\xc1\xe0\xe1\x7d\x7d"
    assert Serial().feed(v.serial_frame(payload)) == [Piece(0, len(v.serial_frame(payload)), payload)]


@pytest.mark.parametrize(
    ("bytes_", "reason", "length"),
    [
        (b"\x55" * 9 + FRAME, "noise", 9),
        (FRAME[:20] + FRAME, "aborted", 20),
        (FRAME[:20] + b"\x7d\xc1" + FRAME, "aborted", 22),
        (b"\xc0\x3a\x71\x9b\x26\xc1" + FRAME, "short", 6),
        (FRAME[:20] + bytes((FRAME[20] ^ 1,)) + FRAME[21:] + FRAME, "checksum", len(FRAME)),
        (v.serial_frame(b"")[:1] + b"\x12\x01\0\0" + fcs(b"\x12\x01\0\0") + b"\xc1" + FRAME, "header", 8),
        (b"\xc0\x11\x01\0\x05" + fcs(b"\x11\x01\0\x05") + b"\xc1" + FRAME, "header", 8),
        (b"\xc0" + b"\x55" * (MAX_FRAME_BYTES - 1) + FRAME, "oversize", MAX_FRAME_BYTES),
    ],
)
def test_bad_bytes_are_one_rejection_and_the_next_frame_is_read(bytes_: bytes, reason: str, length: int) -> None:
    bad, good = Serial().feed(bytes_)
    assert (bad.offset, bad.length, bad.reason) == (0, length, reason)
    assert (good.offset, good.length, good.payload) == (length, len(FRAME), v.ABORT)


def test_endless_noise_is_reported_in_pieces() -> None:
    pieces = Serial().feed(b"\x55" * (2 * MAX_NOISE_BYTES + 5))
    assert [(p.offset, p.length) for p in pieces] == [(0, MAX_NOISE_BYTES), (MAX_NOISE_BYTES, MAX_NOISE_BYTES)]


def test_what_is_left_at_the_end_is_truncated() -> None:
    framing = Serial()
    assert framing.feed(FRAME + FRAME[:7])[0].payload == v.ABORT
    assert framing.finish() == [Piece(len(FRAME), 7, reason="truncated")]


def test_a_stream_that_begins_in_the_middle_of_a_frame() -> None:
    bad, good = Serial().feed(FRAME[15:] + FRAME)
    assert (bad.reason, good.payload) == ("noise", v.ABORT)


def test_a_datagram_is_a_message_and_one_of_serial_bytes_is_unwrapped() -> None:
    framing = Datagrams()
    assert framing.feed(v.ABORT) == [Piece(0, len(v.ABORT), v.ABORT)]
    assert framing.feed(FRAME) == [Piece(len(v.ABORT), len(FRAME), v.ABORT)]
    assert framing.feed(FRAME[:9]) == [Piece(len(v.ABORT) + len(FRAME), 9, reason="truncated")]


def test_frames_are_located_in_the_input() -> None:
    events = heard([b"\x00" + FRAME + FRAME], datagrams=False)
    assert only(events, Rejected) == [Rejected(offset=0, length=1, reason="noise")]
    assert [(f.offset, f.length) for f in only(events, Frame)] == [(1, len(FRAME)), (1 + len(FRAME), len(FRAME))]
