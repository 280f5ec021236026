"""Basic types, units, qualities (fact sheet §6, §7.1, §11; design §4)."""

import pytest

from collector.model import Quality
from drivers.philips_intellivue.units import ucum
from drivers.philips_intellivue.values import absolute_time, birth_date, reading, string, to_float, variable_label
from tests.drivers.philips_intellivue.recordings import hex_lines


def test_published_floats() -> None:
    values = [reading(int.from_bytes(line, "big"), 0)[0] for line in hex_lines("vectors-float.hex")]
    assert values == [32.0, 32.0, 3200.0, 3200.0]


@pytest.mark.parametrize(
    ("raw", "value"),
    [(0xFF0003B6, 95.0), (0xFFFFFFF7, -0.9), (0xFEFFF000, -40.96), (0xFD009FFB, 40.955), (0xFF00016F, 36.7)],
)
def test_floats_of_captures_are_rounded_once(raw: int, value: float) -> None:
    assert reading(raw, 0) == (value, Quality.VALID)


@pytest.mark.parametrize(
    ("raw", "state", "value", "quality"),
    [
        (0x0000003C, 0x0000, 60.0, Quality.VALID),
        (0x0000003C, 0x0002, 60.0, Quality.VALID),
        (0x0000003C, 0x0401, 60.0, Quality.VALID),
        (0x0000003C, 0x4000, 60.0, Quality.QUESTIONABLE),
        (0x0000003C, 0x8000, 60.0, Quality.INVALID),
        (0x0000003C, 0xC000, 60.0, Quality.INVALID),
        (0x007FFFFF, 0x8001, None, Quality.INVALID),
        (0x007FFFFF, 0x2000, None, Quality.NOT_AVAILABLE),
        (0x007FFFFF, 0x1000, None, Quality.CALIBRATING),
        (0x007FFFFF, 0x9000, None, Quality.INVALID),
        (0xFF7FFFFF, 0x0000, None, Quality.NOT_AVAILABLE),
        (0x00800000, 0x0000, None, Quality.NOT_AVAILABLE),
        (0x007FFFFE, 0x0000, None, Quality.OVERFLOW),
        (0x00800002, 0x8000, None, Quality.UNDERFLOW),
    ],
)
def test_quality_of_each_state(raw: int, state: int, value: float | None, quality: Quality) -> None:
    assert reading(raw, state) == (value, quality)


def test_a_float_is_written_as_it_is_displayed() -> None:
    assert to_float(95.0, 1) == 0xFF0003B6
    assert to_float(-0.9, 1) == 0xFFFFFFF7
    assert to_float(None) == 0x007FFFFF


def test_strings_are_utf16_without_padding_and_private_characters() -> None:
    assert string(bytes.fromhex("000e00530070004f2082002000200000")) == "SpO₂"
    assert string("Li Wei 李\0".encode("utf-16-be")) == "Li Wei 李"
    assert string(b"\x00\x04\xe1\x45\x00\x41") == "A"
    assert string(b"") == ""


def test_a_variable_label_ends_at_its_first_control_character() -> None:
    assert variable_label(b"\x00\x06ab\x00\x09\x0a\x41\xff", 0) == ("ab", 8)


@pytest.mark.parametrize(
    ("digits", "time_us"),
    [
        ("2017110414450000", 1_509_806_700_000_000),
        ("2021042211472600", 1_619_092_046_000_000),
        ("0000000000000000", None),
        ("ffffffffffffffff", None),
        ("2021133011472600", None),
    ],
)
def test_times_are_digits_taken_as_utc(digits: str, time_us: int | None) -> None:
    assert absolute_time(bytes.fromhex(digits)) == time_us


def test_a_birth_date_that_is_not_set_is_none() -> None:
    assert birth_date(bytes(8)) == ""
    assert birth_date(bytes.fromhex("1958022900000000")) == "1958-02-29"


@pytest.mark.parametrize(
    ("code", "unit"),
    [
        (0x0AA0, "/min"), (0x0F20, "mm[Hg]"), (0x0F03, "kPa"), (0x1140, "[degF]"), (0x17A0, "Cel"), (0x0200, "1"),
        (0x0653, "uL"), (0x0F00, "Pa"), (0x10A0, "V"), (0x0D12, "mg/min"), (0xF004, "uV"), (0xF1A2, "{F1A2}"),
    ],
)  # fmt: skip
def test_units_by_table_and_unknown_multiples_by_their_base(code: int, unit: str) -> None:
    assert ucum(code) == unit
