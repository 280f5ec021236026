"""Cutting packets out of a stream: sync, sums, damage, replies."""

import random

from collector.model import Rejected
from drivers.nonin.frames import Framer, Item, Packet, Reply
from tests.drivers.nonin.packets import packet


def read(data: bytes) -> list[Item]:
    framer = Framer()
    return [*framer.feed(data), *framer.finish()]


def kinds(data: bytes) -> list[str]:
    return [one.reason if isinstance(one, Rejected) else type(one).__name__ for one in read(data)]


def test_packets_follow_each_other() -> None:
    found = [one for one in read(packet(pleth=0x1234) * 3) if isinstance(one, Packet)]
    assert [(one.offset, one.length, one.follows) for one in found] == [
        (0, 125, False),
        (125, 125, True),
        (250, 125, True),
    ]
    assert found[0].pleth == tuple(range(0x1234, 0x1234 + 25))
    assert found[0].status == b"\x83" + b"\x82" * 24


def test_a_wrong_sum_costs_its_packet() -> None:
    data = bytearray(packet() * 3)
    data[125 + 32] ^= 1
    found = read(bytes(data))
    packets = [one for one in found if isinstance(one, Packet)]
    assert [(one.offset, one.follows) for one in packets] == [(0, False), (250, False)]
    assert [(one.offset, one.length, one.reason) for one in found if isinstance(one, Rejected)] == [
        (125, 30, "broken"),
        (155, 95, "garbage"),
    ]


def test_a_lost_frame_costs_its_packet() -> None:
    data = packet()[:60] + packet()[65:] + packet()
    assert kinds(data) == ["broken", "Packet"]


def test_sync_where_none_may_be_is_no_packet() -> None:
    assert "Packet" not in kinds(packet(statuses={7: 0x03}))
    assert "Packet" not in kinds(packet(variables={"beat": 0x80}))


def test_an_answer_between_packets_takes_no_time() -> None:
    serial = bytes.fromhex("02F40B02") + b"501234567" + b"\x99\x03"
    found = read(packet() + serial + packet() + b"\x06" + packet())
    assert [one.follows for one in found if isinstance(one, Packet)] == [False, True, True]
    assert [(one.code, one.text) for one in found if isinstance(one, Reply)] == [(0xF4, b"501234567"), (6, b"")]


def test_an_answer_that_is_none_is_rejected() -> None:
    assert kinds(bytes.fromhex("02F40B02") + b"50123456x" + b"\x99\x03" + packet()) == ["broken", "garbage", "Packet"]


def test_noise_is_no_packet() -> None:
    assert not [one for one in read(random.Random(7).randbytes(300_000)) if isinstance(one, Packet)]
