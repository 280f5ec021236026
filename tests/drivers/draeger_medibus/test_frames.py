"""The wire: fact sheet draeger-medibus §2 and §6, each pitfall of §12 that lies here."""

import pytest

from collector.model import Rejected
from drivers.draeger_medibus.frames import (
    DC1,
    DC3,
    MAX_COMMAND,
    MAX_JUNK,
    MAX_RESPONSE,
    NAK,
    Control,
    Framer,
    Item,
    Message,
    Record,
    command,
    response,
)

MEASURED = bytes.fromhex("01 24 45 42 20 39 38 20 45 31 20 37 30 20 37 41 0d")  # §2: EB 98, E1 70
NOP = bytes.fromhex("1b 30 34 42 0d")


def items(*chunks: bytes) -> list[Item]:
    framer = Framer()
    return [item for chunk in chunks for item in framer.feed(chunk)] + list(framer.finish())


def messages(*chunks: bytes) -> list[tuple[bool, int, bytes]]:
    return [(m.command, m.code, m.data) for m in items(*chunks) if isinstance(m, Message)]


def rejected(*chunks: bytes) -> list[tuple[int, int, str]]:
    return [(r.offset, r.length, r.reason) for r in items(*chunks) if isinstance(r, Rejected)]


def records(*chunks: bytes) -> list[Record]:
    return [item for item in items(*chunks) if isinstance(item, Record)]


@pytest.mark.parametrize(
    ("built", "printed"),
    [
        (command(0x24), "1b 24 33 46 0d"),
        (command(0x51), "1b 51 36 43 0d"),
        (command(0x30), "1b 30 34 42 0d"),
        (command(0x55), "1b 55 37 30 0d"),
        (command(0x4A, b"$EB"), "1b 4a 24 45 42 31 30 0d"),
        (response(0x51), "01 51 35 32 0d"),
        (NAK, "01 15 31 36 0d"),
    ],
)
def test_what_is_built_is_what_is_printed(built: bytes, printed: str) -> None:
    assert built == bytes.fromhex(printed)


@pytest.mark.parametrize("at", range(1, len(MEASURED)))
def test_the_outer_response_survives_a_command_embedded_anywhere(at: int) -> None:
    assert messages(MEASURED[:at] + NOP + MEASURED[at:]) == [(True, 0x30, b""), (False, 0x24, b"EB 98 E1 70 ")]


@pytest.mark.parametrize("at", range(len(MEASURED) + 1))
def test_realtime_bytes_are_in_no_checksum(at: int) -> None:
    mixed = MEASURED[:at] + b"\xd1\x94" + MEASURED[at : at + 1] + b"\x81" + MEASURED[at + 1 :]
    assert messages(mixed) == [(False, 0x24, b"EB 98 E1 70 ")]
    assert [record.values for record in records(mixed)] == [((1, 84),)]
    assert rejected(mixed) == []


def test_the_printed_checksums_that_are_wrong_are_wrong() -> None:
    """§2: the protocol definition misprints the sums of NOP and of the EB-only response."""
    assert rejected(bytes.fromhex("1b 30 34 36 0d")) == [(0, 5, "command_checksum")]
    assert rejected(bytes.fromhex("01 24 45 42 20 39 38 20 37 41 0d")) == [(0, 11, "checksum")]


def test_dc1_and_dc3_stand_anywhere_and_are_in_no_checksum() -> None:
    mixed = MEASURED[:5] + b"\x11" + MEASURED[5:9] + b"\x13" + MEASURED[9:]
    assert [item.code for item in items(mixed) if isinstance(item, Control)] == [DC1, DC3]
    assert messages(mixed) == [(False, 0x24, b"EB 98 E1 70 ")]


def test_can_aborts_the_message_and_the_next_one_is_read() -> None:
    assert messages(MEASURED[:7] + b"\x18" + MEASURED) == [(False, 0x24, b"EB 98 E1 70 ")]
    assert rejected(MEASURED[:7] + b"\x18" + MEASURED) == [(0, 7, "aborted")]


def test_etx_is_data() -> None:
    text = response(0x2A, b"233kPa\x03")
    assert messages(text) == [(False, 0x2A, b"233kPa\x03")]


def test_a_lower_case_checksum_is_the_same_number() -> None:
    assert messages(MEASURED[:-3] + b"7a\r") == [(False, 0x24, b"EB 98 E1 70 ")]


def test_a_message_that_was_cut_off_costs_only_itself() -> None:
    assert messages(MEASURED[:9] + MEASURED) == [(False, 0x24, b"EB 98 E1 70 ")]
    assert rejected(MEASURED[:9] + MEASURED) == [(0, 9, "truncated")]
    assert rejected(NOP[:2] + NOP) == [(0, 2, "truncated")]
    assert rejected(MEASURED[:4]) == [(0, 4, "truncated")]
    assert rejected(b"\x01\r") == [(0, 2, "truncated")]


def test_garbage_between_messages_is_counted_once_with_its_place() -> None:
    assert rejected(MEASURED + b"what\r" + NOP) == [(len(MEASURED), 5, "garbage")]
    assert messages(MEASURED + b"what\r" + NOP) == [(False, 0x24, b"EB 98 E1 70 "), (True, 0x30, b"")]


def test_a_babbling_line_is_counted_while_it_babbles() -> None:
    framer = Framer()
    found = list(framer.feed(b"A" * (2 * MAX_JUNK + 10)))
    assert found == [
        Rejected(offset=0, length=MAX_JUNK, reason="garbage"),
        Rejected(offset=MAX_JUNK, length=MAX_JUNK, reason="garbage"),
    ]
    assert list(framer.finish()) == [Rejected(offset=2 * MAX_JUNK, length=10, reason="garbage")]


def test_no_message_grows_beyond_what_the_protocol_allows() -> None:
    longest = response(0x2A, b"A" * (MAX_RESPONSE - 5))
    assert len(longest) == MAX_RESPONSE
    assert [m.length for m in items(longest) if isinstance(m, Message)] == [MAX_RESPONSE]
    assert rejected(response(0x2A, b"A" * (MAX_RESPONSE - 4)))[0] == (0, MAX_RESPONSE, "too_long")
    longest = command(0x4A, b"A" * 251)
    assert len(longest) == MAX_COMMAND
    assert [m.length for m in items(longest) if isinstance(m, Message)] == [MAX_COMMAND]
    assert rejected(command(0x4A, b"A" * 252))[0] == (0, MAX_COMMAND, "too_long")


def test_bits_0_to_5_come_first_then_6_to_11() -> None:
    (record,) = records(bytes.fromhex("d5 b0 a3 8b bc"))
    assert record.values == ((1, 0x8F0), (3, 0xF0B))


def test_sync_commands_are_not_values_and_values_are_not_sync_bytes() -> None:
    """§6: VSCaptureDrgVent tests masks without equality and confuses them; every class at its borders."""
    (record,) = records(bytes.fromhex("d3 c6 c1 80 80 bf bf"))
    assert record.commands == ((6, 1),)
    assert record.values == ((1, 0), (2, 4095))


def test_c4_and_c5_hold_until_they_change() -> None:
    stream = bytes.fromhex("d1 c4 c3 81 80 82 80 83 80d1 84 80 85 80 86 80d1 c4 c0 87 80d1 88 80")
    assert [record.values for record in records(stream)] == [
        ((1, 1), (5, 2), (6, 3)),
        ((1, 4), (5, 5), (6, 6)),
        ((1, 7),),
        ((1, 8),),
    ]
    assert [record.values for record in records(bytes.fromhex("d0 c5 c8 81 81 d0 82 82"))] == [
        ((12, 65),),
        ((12, 130),),
    ]
    assert rejected(stream) == []


def test_an_icc_makes_c4_and_c5_forgotten() -> None:
    framer = Framer()
    list(framer.feed(bytes.fromhex("d1 c4 c1 81 80 82 80")))
    framer.forget_streams()
    (record,) = list(framer.feed(bytes.fromhex("d1 83 80")))
    assert isinstance(record, Record)
    assert record.values == ((1, 3),)


def test_c4_and_c5_tell_only_of_streams_that_are_configured() -> None:
    framer = Framer()
    framer.limit_streams(6)
    (record,) = list(framer.feed(bytes.fromhex("d1 c4 cf c5 cf 81 80 82 80 83 80")))
    assert isinstance(record, Record)
    assert record.values == ((1, 1), (5, 2), (6, 3))
    framer.forget_streams()
    (record,) = list(framer.feed(bytes.fromhex("d0 c4 cc 87 80 88 80")))
    assert isinstance(record, Record)
    assert record.values == ((7, 7), (8, 8))


def test_sync_commands_without_values_end_with_c0_c0() -> None:
    (record,) = records(bytes.fromhex("d0 c1 c3 c0 c0"))
    assert (record.commands, record.values) == (((1, 3), (0, 0)), ())


@pytest.mark.parametrize(
    "wound",
    [
        "d3 91 81 8d",  # a value is cut in two
        "d3 91 81",  # a value is missing
        "d1 c6 91 81",  # a sync command without its argument
        "d1 91 c6 c0 81",  # a sync command inside a value
        "d1 e0 91 81",  # a byte that the protocol does not have
        "91 81",  # values without a sync byte
        "d1" + " c6 c0" * 17 + " 91 81",  # more sync commands than a record may hold
    ],
)
def test_a_damaged_record_costs_only_itself(wound: str) -> None:
    data = bytes.fromhex(wound)
    assert [record.values for record in records(data + b"\xd1\x94\x81")] == [((1, 84),)]
    assert rejected(data + b"\xd1\x94\x81") == [(0, len(data), "realtime")]
