"""Commands, replies and blocks, against the manual's worked example and blocks written by hand."""

import json

import pytest

from collector.model import Rejected
from drivers.servo.frames import Framer
from drivers.servo.items import Block, Curves, Ended, Fault, Item, Reply, command
from tests.shared import capture

CURVES = bytes.fromhex("81 10 80 32 10 fa 7f b6")
"""12816, 12810 in inspiration."""
BREATH = bytes.fromhex("42 00 a7 00 d0 03 e8 7f a1")
"""The first breath block of the recorded stream: 167, 208, 1000."""


def items(data: bytes, *, channels: int = 1, finish: bool = False) -> list[Item]:
    framer = Framer()
    framer.configure(channels, 50.0, {"B": 3})
    return [*framer.feed(data), *(framer.finish() if finish else ())]


def test_the_vectors() -> None:
    for vector in json.loads(capture("servo", "ascii_vectors.json").read_text()):
        if "checksum" not in vector:
            continue
        wire = vector.get("tx_ascii", "").removesuffix("<EOT>").encode()
        assert command(wire[:-2]) == wire + b"\x04"
        assert wire[-2:] == vector["checksum"].encode()


@pytest.mark.parametrize(
    ("wire", "text", "checked"),
    [
        (b"900PCI\x04", b"900PCI", False),
        (b"*2A\x04", b"*", True),
        (b"ER1711\x04", b"ER17", True),
        (b"ER17\x04", b"ER17", False),
        (b"ER10\x04", b"ER10", False),
    ],
)
def test_replies_with_and_without_a_checksum(wire: bytes, text: bytes, checked: bool) -> None:
    (reply,) = items(wire)
    assert isinstance(reply, Reply)
    assert (reply.text, reply.checked, reply.length) == (text, checked, len(wire))


def test_a_wrong_checksum_and_a_reply_after_it() -> None:
    found = items(b"*2B\x04*2A\x04")
    assert [type(one) for one in found] == [Rejected, Reply]
    assert isinstance(found[0], Rejected)
    assert found[0].reason == "checksum"


def test_the_first_block_is_believed_when_another_follows() -> None:
    assert items(CURVES) == items(BREATH) == []
    found = items(CURVES + BREATH)
    assert [type(one) for one in found] == [Curves, Block]
    assert isinstance(found[0], Curves)
    assert found[0].samples == ((12816,), (12810,))
    assert found[0].phases == (0x10, 0x10)
    (alone,) = items(CURVES, finish=True)
    assert isinstance(alone, Rejected)
    assert alone.reason == "unconfirmed"


def test_the_flag_and_the_end_are_in_the_checksum() -> None:
    """Fact sheet §4: XOR from the leading flag to 7F, both included."""
    found = items(CURVES + BREATH)
    assert len(found) == 2
    without = CURVES[:-1] + bytes((CURVES[-1] ^ 0x7F,))
    assert not any(isinstance(one, Curves) for one in items(without + BREATH, finish=True))


def test_7f_inside_a_value_is_no_end() -> None:
    # 3327 = 0CFF and 0C7F: low byte 7F
    body = bytes.fromhex("81 10 80 0c 7f 80 7e ff 7f")
    checksum = 0
    for byte in body:
        checksum ^= byte
    (curves, _) = items(body + bytes((checksum,)) + BREATH)
    assert isinstance(curves, Curves)
    assert curves.samples == ((0x0C7F,), (0x7EFF,))


def test_two_curves_are_interleaved_and_begin_with_absolute_values() -> None:
    body = bytes.fromhex("81 30 80 10 00 80 20 00 01 ff 02 fe 7f")
    checksum = 0
    for byte in body:
        checksum ^= byte
    (curves, _) = items(body + bytes((checksum,)) + BREATH, channels=2)
    assert isinstance(curves, Curves)
    assert curves.samples == ((0x1000, 0x2000), (0x1001, 0x1FFF), (0x1003, 0x1FFD))


def test_the_end_of_a_stream_and_an_error() -> None:
    found = items(CURVES + BREATH + b"\x7f" + bytes.fromhex("e0 11 7f 8e"))
    assert [type(one) for one in found] == [Curves, Block, Ended, Fault]
    assert isinstance(found[3], Fault)
    assert found[3].code == 17


def test_long_breaths_are_told_before_their_checksum() -> None:
    data = b"*2A\x04" + bytes.fromhex("81 30 80 10 00") + bytes(449)
    found = [one for one in items(data) if isinstance(one, Curves)]
    assert [(len(one.samples), one.verified) for one in found] == [(400, False), (50, False)]
    checksum = 0
    for byte in (*bytes.fromhex("81 30 80 10 00"), 0x7F):
        checksum ^= byte
    found = [one for one in items(data + bytes((1, 0x7F, checksum ^ 1))) if isinstance(one, Curves)]
    assert found[-1].verified
    assert found[-1].samples == ((0x1001,),)
