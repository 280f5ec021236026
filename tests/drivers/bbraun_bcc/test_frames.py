"""Frames of BCC against the vendor's examples (fact sheet small-devices §12)."""

import pytest

from collector.model import Rejected
from drivers.bbraun_bcc.frames import MAX_FRAME_BYTES, Answer, Block, Framer, decode, destuffed, encode, stuffed
from drivers.bbraun_bcc.requests import ANY_BED, IDENTIFICATION, Request, framed
from tests.shared import capture

ALIVE = b"\x0100031\x021/1/1>ADMIN:ALIVE\x0300061\x04"
ALIVE_STUFFED = b"\x0100031\x021/1/1>AEXMIN:ALIVEE\x0300061\x04"


def block(raw: bytes) -> Block:
    found = decode(raw)
    assert isinstance(found, Block)
    return found


def test_the_worked_example_is_read_and_written() -> None:
    found = block(ALIVE)
    assert (found.bed, found.information, found.last, found.stuffed) == (b"1", b"ADMIN:ALIVE", True, False)
    assert framed(Request.ALIVE, ANY_BED, stuff=False) == ALIVE
    assert framed(Request.ALIVE, ANY_BED, stuff=True) == ALIVE_STUFFED
    assert IDENTIFICATION == (ALIVE_STUFFED, ALIVE)


@pytest.mark.parametrize(("file", "stuffed_there"), [("admin_alive.bin", False), ("admin_alive_stuffed.bin", True)])
def test_both_spellings_of_a_request_are_the_same(file: str, *, stuffed_there: bool) -> None:
    found = block(capture("bbraun-bcc", file).read_bytes())
    assert found.information == b"ADMIN:ALIVE"
    assert found.stuffed is stuffed_there


@pytest.mark.parametrize(
    ("wire", "plain"),
    [
        (b"EEX", b"EX"),  # the vendor's own: neither "ED" nor "D"
        (b"EX", b"D"),
        (b"ex", b"d"),
        (b"ee", b"e"),
        (b"EEEX", b"ED"),
        (b"AEXMIN:ALIVEE", b"ADMIN:ALIVE"),
        (b"Arteren\xee\x80\xa1", None),  # an e that stuffing would have doubled
        (b"D", None),
        (b"d", None),
        (b"E", None),
        (b"Ee", None),
    ],
)
def test_destuffing_goes_from_left_to_right(wire: bytes, plain: bytes | None) -> None:
    assert destuffed(wire) == plain
    if plain is not None:
        assert stuffed(plain) == wire


@pytest.mark.parametrize("stuff", [False, True])
def test_a_frame_without_those_letters_does_not_tell_its_spelling(stuff: bool) -> None:
    assert block(encode(b"1", b"207,50111,INM1,0", stuff=stuff)).stuffed is None


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (ALIVE[:-2] + b"2\x04", "checksum"),
        (ALIVE.replace(b"00031", b"00032"), "length"),
        (ALIVE_STUFFED.replace(b"00061", b"00062"), "checksum"),
        (ALIVE_STUFFED.replace(b"00031", b"00033"), "length"),
        (ALIVE.replace(b"\x02", b"\x05"), "layout"),
        (encode(b"b>d", b"207,50111,INM1,0", stuff=False), "layout"),  # no character of a bed's name
        (encode(b"1234567890123456", b"207,50111,INM1,0", stuff=False), "layout"),
        (b"\x01\x04", "layout"),
    ],
)
def test_what_is_wrong_is_said(raw: bytes, reason: str) -> None:
    found = decode(raw, 5)
    assert found == Rejected(offset=5, length=len(raw), reason=reason)


def test_the_vendor_example_of_a_bed_one_letter_shorter_is_rejected() -> None:
    """Printed with the bed "ComSystem", recorded with another: its length is one short (SOURCES.md)."""
    raw = b"\x0100044\x02ComSystem/1/1>206,50100,GNACK,0\x0300109\x04"
    assert isinstance(decode(raw), Rejected)


def test_a_stream_is_cut_at_frames_answers_and_noise() -> None:
    framer = Framer()
    found = framer.feed(b"xx\x06" + ALIVE + b"\x15" + ALIVE[:9] + ALIVE + b"y")
    found = [*found, *framer.finish()]
    assert [type(one) for one in found] == [Rejected, Answer, Block, Answer, Rejected, Block, Rejected]
    first, _, whole, _, cut, again, last = found
    assert isinstance(whole, Block)
    assert isinstance(again, Block)
    assert first == Rejected(offset=0, length=2, reason="noise")
    assert (whole.offset, whole.length) == (3, 31)
    assert cut == Rejected(offset=35, length=9, reason="truncated")
    assert again.offset == 44
    assert last == Rejected(offset=75, length=1, reason="noise")


def test_a_frame_without_an_end_is_given_up() -> None:
    framer = Framer()
    found = framer.feed(b"\x01" + b"a" * MAX_FRAME_BYTES + ALIVE)
    assert [getattr(one, "reason", "block") for one in found] == ["too_long", "noise", "block"]
