"""Frames of the fact sheet small-devices §13; the checks are worked out by hand: FF − the sum of the characters."""

import pytest

from collector.model import Rejected
from drivers.fresenius.frames import ACK, ENQ, MAX_FRAME_BYTES, NAK, Framer, Message, Signal, decode
from drivers.fresenius.requests import Address, Command, Variable, acknowledgement, framed

# 30+44+43 = B7 → 48; 31+4C+45+3B+64+72 = 1D3 → 2C; 31+45 = 76 → 89; 44+43 = 87 → 78; 31+4C+50 = CD → 32
CONNECT_BASE = b"\x020DC48\x03"
READ_RATE_AND_VOLUME = b"\x021LE;dr2C\x03"
ACKNOWLEDGEMENT = b"\x021E89\x03"
CONNECT_ALONE = b"\x02DC78\x03"
READ_DRUG = b"\x021LP32\x03"
# 31+43+3B+64+30+30+36+34+3B+72+30+30+30+31+46+34 = 3C5 → 3A: rate 100 × 0.1, volume 500 × 0.001
REPLY = b"\x021C;d0064;r0001F43A\x03"


def test_commands_are_written_as_the_sheet_says() -> None:
    assert framed(Command.CONNECT, Address.BASE) == CONNECT_BASE
    assert framed(Command.READ, Address.MODULE_1, (Variable.RATE, Variable.VOLUME)) == READ_RATE_AND_VOLUME
    assert framed(Command.CONNECT, Address.ALONE) == CONNECT_ALONE
    assert framed(Command.READ_DRUG, Address.MODULE_1) == READ_DRUG
    assert acknowledgement(Address.MODULE_1) == ACKNOWLEDGEMENT


def test_a_command_has_the_variables_that_belong_to_it() -> None:
    with pytest.raises(ValueError, match="takes"):
        framed(Command.READ, Address.BASE)
    with pytest.raises(ValueError, match="takes no"):
        framed(Command.READ_DRUG, Address.BASE, (Variable.RATE,))


@pytest.mark.parametrize(
    ("raw", "address", "word", "text"),
    [
        (REPLY, "1", "C", "d0064;r0001F4"),
        (CONNECT_BASE, "0", "DC", None),
        (CONNECT_ALONE, "", "DC", None),
        (ACKNOWLEDGEMENT, "1", "E", None),
        (b"\x02C" + b"BC\x03", "", "C", None),  # 43 → BC: a status whose check looks like letters
    ],
)
def test_messages(raw: bytes, address: str, word: str, text: str | None) -> None:
    found = decode(raw)
    assert isinstance(found, Message)
    assert (found.address, found.word, found.text, found.length) == (address, word, text, len(raw))


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (REPLY.replace(b"3A\x03", b"3B\x03"), "checksum"),
        (REPLY.replace(b"3A\x03", b"3g\x03"), "layout"),
        (REPLY.replace(b"1C", b"1X"), "layout"),
        (REPLY.replace(b"1C", b"9C"), "layout"),
        (b"\x021PR;0100" + b"00\x03", "layout"),  # a command that sets is not even read
        (b"\x02\x03", "layout"),
        (REPLY.replace(b"d", b"\x80"), "layout"),
    ],
)
def test_what_is_wrong_is_said(raw: bytes, reason: str) -> None:
    assert decode(raw, 3) == Rejected(offset=3, length=len(raw), reason=reason)


def test_a_stream_is_cut_at_messages_and_signals() -> None:
    framer = Framer()
    found = [*framer.feed(b"\x05\x06x\x154" + REPLY[:5] + REPLY + b"\x15\x15"), *framer.finish()]
    assert [one.code if isinstance(one, Signal) else type(one) for one in found] == [
        ENQ, ACK, Rejected, NAK, Rejected, Message, NAK, Rejected,
    ]  # fmt: skip
    assert found[3] == Signal(NAK, "4")
    assert found[4] == Rejected(offset=5, length=5, reason="truncated")
    assert found[6] == Signal(NAK)


def test_an_enquiry_within_a_message_is_none_of_its_text() -> None:
    found = Framer().feed(REPLY[:7] + b"\x05" + REPLY[7:])
    assert isinstance(found[0], Message)
    assert found[1] == Signal(ENQ)


def test_a_message_without_an_end_is_given_up() -> None:
    found = Framer().feed(b"\x02" + b"a" * MAX_FRAME_BYTES + REPLY)
    assert [getattr(one, "reason", "message") for one in found] == ["too_long", "noise", "message"]
