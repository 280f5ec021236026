"""Packets: the requests that another program sends, sums, damage and resynchronising."""

from collector.model import Rejected
from drivers.bis_vista import requests
from drivers.bis_vista.frames import ACK, Framer, Packet
from tests.shared import capture

# requests as the fact sheet's source VB sends them, between BA AB and the sum
PLAIN = "00 00 0D 00 01 00 04 00 00 00 73 00 00 00 00 00 01 00 00"
SPECTRAL = "00 00 0D 00 01 00 04 00 00 00 73 00 00 00 00 00 01 00 01"
RAW = "00 00 0E 00 01 00 04 00 00 00 6F 00 00 00 00 00 02 00 80 00"


def sealed(text: str) -> bytes:
    body = bytes.fromhex(text)
    return b"\xba\xab" + body + (sum(body) & 0xFFFF).to_bytes(2, "little")


def test_requests_are_those_of_another_program() -> None:
    assert requests.request(115, b"\x00") == sealed(PLAIN)
    assert requests.request(115, b"\x01") == sealed(SPECTRAL)
    assert requests.request(111, requests.RAW_DATA) == sealed(RAW)


def real() -> bytes:
    return capture("small-devices", "bis_vista_frames.bin").read_bytes()


def test_the_real_packets_follow_each_other() -> None:
    packets = Framer().feed(real())
    assert [one.sequence for one in packets if isinstance(one, Packet)] == list(range(22845, 22852))
    assert [one.number for one in packets if isinstance(one, Packet)] == list(range(28343, 28350))
    assert {one.message for one in packets if isinstance(one, Packet)} == {53}


def test_a_changed_byte_costs_one_packet() -> None:
    data = bytearray(real())
    data[400] ^= 1
    found = Framer().feed(bytes(data))
    assert [type(one) for one in found].count(Packet) == 6
    wrong = [one for one in found if isinstance(one, Rejected)]
    assert wrong == [Rejected(offset=386, length=386, reason="checksum")]


def test_a_lost_byte_costs_one_packet() -> None:
    data = real()
    found = Framer().feed(data[:500] + data[501:])
    assert [type(one) for one in found].count(Packet) == 6
    assert [one for one in found if isinstance(one, Rejected)] == [Rejected(offset=386, length=385, reason="checksum")]


def test_noise_before_a_packet_is_counted_in_pieces() -> None:
    found = Framer().feed(bytes(600) + real()[:386])
    assert [(one.offset, one.length) for one in found] == [(0, 256), (256, 256), (512, 88), (600, 386)]


def test_an_acknowledgement_has_no_message() -> None:
    (ack,) = Framer().feed(sealed("05 00 00 00 02 00"))
    assert isinstance(ack, Packet)
    assert (ack.kind, ack.sequence, ack.data) == (ACK, 5, b"")


def test_lengths_that_disagree_are_no_packet() -> None:
    bad = bytearray(real()[:386])
    bad[18] ^= 2
    found = Framer().feed(bytes(bad))
    assert found[0] == Rejected(offset=0, length=2, reason="header")
