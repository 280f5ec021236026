"""The tables, against the fact sheet's own lists."""

import re
from decimal import Decimal

import pytest

from collector.codes import by_refid
from drivers.servo import tables
from drivers.servo.definition import MOST, assumed
from drivers.servo.options import Options
from tests.shared import capture


def sheet() -> str:
    text = capture("..", "protocols", "getinge-servo.md").read_text(encoding="utf-8")
    return text.partition("## 7.")[2].partition("## 8.")[0]


def test_every_channel_of_the_sheet_with_its_gain_and_offset() -> None:
    rows = re.findall(
        r"^\| ([123]\d\d) \| .*? \| (\S+)(?: → (\S+))? \| (\S+) \| \S* ?\| (\w\w) \|", sheet(), re.MULTILINE
    )
    assert len(rows) == 130
    for number, gain, later, offset, kind in rows:
        entry = tables.entry(int(number), 5)
        assert entry.type == kind
        if gain == "-":
            assert entry.gain is None
            continue
        assert entry.gain == Decimal(later or gain)
        assert entry.offset == Decimal(offset)
        assert tables.entry(int(number), 1).gain == Decimal(gain)
    assert set(tables.numbers()) == {int(row[0]) for row in rows}


def test_every_alarm_of_the_sheet() -> None:
    assert set(tables.alarm_numbers()) == {int(n) for n in re.findall(r"^\| (4\d\d) \|", sheet(), re.MULTILINE)}


@pytest.mark.parametrize(
    ("number", "version", "raw", "value"),
    [
        (100, 5, 12816, 143.9808),  # fact sheet §4: 143.98 mL/s
        (204, 4, 58, 5.8),
        (204, 5, 580, 5.8),
        (238, 2, 20, 0.652),
        (238, 3, 50, 0.5),
        (232, 1, 4116, 48.1216),
        (327, 1, 20, -2.0),
        (310, 1, 14, "Nasal CPAP"),
        (310, 1, 24, "24"),
        (311, 1, 5, "inspiratory hold + oxygen breaths"),
        (311, 1, 0, "none"),
        (355, 1, 200, 20.0),
        (355, 1, 460, None),
        (205, 1, 0x7EFF, None),
    ],
)
def test_values(number: int, version: int, raw: int, value: float | str | None) -> None:
    assert tables.entry(number, version).value(raw)[0] == value


def test_the_defaults_fit_what_the_device_takes() -> None:
    definition = assumed(Options())
    for letter, most in MOST.items():
        assert 0 < len(definition.numbers[letter]) <= most


def test_every_refid_is_known_and_every_own_parameter_is_used() -> None:
    own = {parameter.refid for parameter in tables.parameters()}
    codes = {channel.code for channel in tables.channels()}
    codes |= {tables.alarm(number).code for number in tables.alarm_numbers()}
    assert codes <= own | set(by_refid())
    assert own - codes == {f"VND_GETINGE_{name}" for name in ("STATE", "RESP_PHASE", "SILENCED_ALARMS")}


def test_a_configuration_that_is_none() -> None:
    for text in (b"", b"020", b"020;", b"020;100,+2713E-004", b"abc;100,-,-,-,CU,FFFF;", b"000;100,-,-,-,CU,FFFF;"):
        assert tables.parse(text) is None
