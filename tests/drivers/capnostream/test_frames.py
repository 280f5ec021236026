"""Frames: escapes, check byte, damage, and what noise cannot do."""

import random

from collector.model import Rejected
from drivers.capnostream.frames import Framer, Message, encode


def read(data: bytes) -> list[Message | Rejected]:
    framer = Framer()
    return [*framer.feed(data), *framer.finish()]


def messages(data: bytes) -> list[tuple[int, bytes]]:
    return [(one.code, one.payload) for one in read(data) if isinstance(one, Message)]


def test_commands_are_those_of_other_programs() -> None:
    """85, 1, code, 1 xor code (small-devices §4)."""
    assert encode(1).hex() == "85010100"
    assert encode(4).hex() == "85010405"
    assert encode(6).hex() == "85010607"
    assert encode(10, b"\x01\x01").hex() == "85030a010109"


def test_85_and_80_are_escaped_everywhere_but_at_the_start() -> None:
    """The check byte as well: 05 xor 00 xor 00 xor 85 xor 80 xor 00 = 00; 02 xor 82 xor 05 = 85."""
    assert encode(0, b"\x00\x85\x80\x00").hex() == "850500008005800000" + "00"
    assert encode(0x82, b"\x05").hex() == "85028205" + "8005"
    twice = bytes.fromhex("8505000080058000" + "0000" + "85028205" + "8005")
    assert messages(twice) == [(0, b"\x00\x85\x80\x00"), (0x82, b"\x05")]


def test_a_wrong_check_byte_costs_a_frame() -> None:
    good = encode(0, b"\x01\x02\x03\x00")
    bad = bytearray(good)
    bad[4] ^= 1
    found = read(good * 2 + bytes(bad) + good * 2)
    assert [type(one) for one in found].count(Message) == 4
    assert [one for one in found if isinstance(one, Rejected)] == [Rejected(offset=16, length=8, reason="checksum")]


def test_a_frame_that_is_cut_off_ends_at_the_next_start() -> None:
    good = encode(0, b"\x01\x02\x03\x00")
    found = read(good * 2 + good[:5] + good * 2)
    assert [type(one) for one in found].count(Message) == 4
    assert [one for one in found if isinstance(one, Rejected)] == [Rejected(offset=16, length=5, reason="truncated")]


def test_wrong_escapes_and_lengths_are_rejected() -> None:
    good = encode(9, b"C\x03")
    assert [one.reason for one in read(b"\x85\x02\x80\x07" + good * 2) if isinstance(one, Rejected)] == [
        "escape",
        "garbage",
    ]
    assert [one.reason for one in read(b"\x85\x00" + good * 2) if isinstance(one, Rejected)] == ["length"]


def test_one_frame_alone_is_not_believed_and_none_is_lost() -> None:
    good = encode(9, b"C\x03")
    assert [type(one) for one in read(b"\x00" + good + b"\x00")] == [Rejected, Rejected, Rejected]
    assert messages(b"\x00" + good + good) == [(9, b"C\x03")] * 2


def test_noise_says_nothing() -> None:
    assert messages(random.Random(5).randbytes(400_000)) == []
