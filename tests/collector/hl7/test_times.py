from datetime import UTC, datetime

import pytest

from collector.hl7.times import Timestamp, parse, write


def us(*parts: int) -> int:
    year, month, day, hour, minute, second, part = parts
    return round(datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp()) * 1_000_000 + part


@pytest.mark.parametrize(
    ("text", "digits_us", "zone_min", "told"),
    [
        ("20190521153541.0000+0800", us(2019, 5, 21, 15, 35, 41, 0), 480, 14),
        ("20260124124738000+0800", us(2026, 1, 24, 12, 47, 38, 0), 480, 14),
        ("20260124124738250-0430", us(2026, 1, 24, 12, 47, 38, 250_000), -270, 14),
        ("20260726231331", us(2026, 7, 26, 23, 13, 31, 0), None, 14),
        ("20260726231332.1106+0800", us(2026, 7, 26, 23, 13, 32, 110_600), 480, 14),
        ("20210425230332.872-0400", us(2021, 4, 25, 23, 3, 32, 872_000), -240, 14),
        (" 202607262313 ", us(2026, 7, 26, 23, 13, 0, 0), None, 12),
        ("19700101", 0, None, 8),
        ("2026", us(2026, 1, 1, 0, 0, 0, 0), None, 4),
        ("20161231235960", us(2016, 12, 31, 23, 59, 59, 0), None, 14),
    ],
)
def test_spellings(text: str, digits_us: int, zone_min: int | None, told: int) -> None:
    assert parse(text) == Timestamp(digits_us=digits_us, zone_min=zone_min, told=told)


@pytest.mark.parametrize(
    "text", ["", "00000000000000", "0000", "20261301", "20260230", "2026072623133", "now", "202607.5", "20260726T2313"]
)
def test_what_is_no_time(text: str) -> None:
    assert parse(text) is None


def test_the_zone_is_that_of_the_time_else_the_one_given() -> None:
    told, untold = parse("20260305093000+0800"), parse("20260305093000")
    assert told is not None
    assert untold is not None
    assert told.utc_us() == told.utc_us(60) == us(2026, 3, 5, 1, 30, 0, 0)
    assert untold.utc_us() == us(2026, 3, 5, 9, 30, 0, 0)
    assert untold.utc_us(-240) == us(2026, 3, 5, 13, 30, 0, 0)


def test_writing() -> None:
    at_us = us(2026, 3, 5, 1, 30, 0, 123_456)
    assert write(at_us) == "20260305013000.123"
    assert write(at_us, 480) == "20260305093000.123+0800"
    assert write(at_us, -270) == "20260304210000.123-0430"
