"""Registers to values: worked by hand from the specification and from IEEE 754, never by the code."""

from typing import Any

import pytest

from collector.model import AlarmPhase, Event, Observation, Quality
from drivers.modbus.blocks import Block, Kind, blocks
from drivers.modbus.options import Options
from drivers.modbus.readings import Readings


def options(*registers: dict[str, Any], alarms: tuple[dict[str, Any], ...] = ()) -> Options:
    return Options.model_validate({"registers": registers, "alarms": alarms})


def told(held: list[int], **register: Any) -> Observation:
    mine = options({"address": 0, "source": "x", **register})
    (block,) = blocks(mine.registers)
    (event,) = Readings(mine).answered(block, held)
    assert isinstance(event, Observation)
    return event


def test_the_worked_example_of_the_specification() -> None:
    """V1.1b3 §6.3: registers 108 to 110 hold 555, 0 and 100."""
    assert [told([word]).value for word in (0x022B, 0x0000, 0x0064)] == [555, 0, 100]


@pytest.mark.parametrize(
    ("kind", "words", "value"),
    [
        ("int16", [0xFFFF], -1),
        ("uint16", [0xFFFF], 65_535),
        ("int32", [0xFFFF, 0xFFFE], -2),
        ("uint32", [0x0001, 0x0000], 65_536),
        ("float32", [0x42F6, 0xE979], 123.45600128173828),  # IEEE 754 single of 123.456
    ],
)
def test_types(kind: str, words: list[int], value: float) -> None:
    assert told(words, type=kind).value == value


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ("ABCD", [0x1234, 0x5678]),
        ("CDAB", [0x5678, 0x1234]),
        ("BADC", [0x3412, 0x7856]),
        ("DCBA", [0x7856, 0x3412]),
    ],
)
def test_orders_of_two_registers(order: str, words: list[int]) -> None:
    assert told(words, type="uint32", order=order).value == 0x12345678


def test_order_of_one_register() -> None:
    assert told([0x3412], type="uint16", order="BADC").value == 0x1234


def test_a_scaled_number_is_what_the_device_shows() -> None:
    assert told([213], type="int16", scale=0.1).value == 21.3
    assert told([0xFFE2], type="int16", scale=0.1, offset=-40).value == -43.0


@pytest.mark.parametrize(
    ("words", "more", "quality"),
    [
        ([0x8000], {"type": "int16", "invalid": [-32_768, 32_767]}, Quality.NOT_AVAILABLE),
        ([0x7FC0, 0], {"type": "float32"}, Quality.NOT_AVAILABLE),
        ([0x7F80, 0], {"type": "float32"}, Quality.OVERFLOW),
        ([0xFF80, 0], {"type": "float32"}, Quality.UNDERFLOW),
    ],
)
def test_no_value(words: list[int], more: dict[str, Any], quality: Quality) -> None:
    event = told(words, **more)
    assert (event.value, event.quality) == (None, quality)


def test_words() -> None:
    door = {"words": {0: "closed", 1: "open"}}
    assert told([1], **door).value == "open"
    assert told([7], **door).value == "7"
    assert told([1], **door).channel.unit == ""


def test_a_bit_is_0_or_1() -> None:
    assert told([1], kind="coil").value == 1


def test_what_is_not_answered_any_more_ends_once() -> None:
    mine = options({"address": 0, "source": "x"}, {"address": 1, "source": "y"})
    readings = Readings(mine)
    (block,) = blocks(mine.registers)
    assert not readings.missed(block)
    readings.answered(block, [1, 2])
    gone = [(e.channel.source, e.value, e.quality) for e in readings.missed(block) if isinstance(e, Observation)]
    assert gone == [("x", None, Quality.NOT_AVAILABLE), ("y", None, Quality.NOT_AVAILABLE)]
    assert not readings.missed(block)


def phases(events: list[Event]) -> list[tuple[str, AlarmPhase]]:
    return [(e.source, e.phase) for e in events]  # type: ignore[union-attr]


HOT = {"kind": "input", "address": 5, "bit": 3, "source": "hot", "text": "over temperature", "priority": "high"}
SHUT = {"kind": "discrete", "address": 0, "when": 0, "source": "shut", "text": "no flow", "priority": "low"}


def test_alarms_begin_and_end_with_their_bits() -> None:
    mine = options(alarms=(HOT, SHUT))
    readings = Readings(mine)
    bit, word = blocks(mine.alarms)
    assert phases([*readings.answered(word, [0x0007])]) == []
    assert phases([*readings.answered(word, [0x0008])]) == [("hot", AlarmPhase.START)]
    assert phases([*readings.answered(word, [0xFFFF])]) == []
    assert phases([*readings.missed(word)]) == []
    assert phases([*readings.answered(word, [0x0000])]) == [("hot", AlarmPhase.END)]
    assert phases([*readings.answered(bit, [0])]) == [("shut", AlarmPhase.START)]
    assert phases([*readings.answered(bit, [1])]) == [("shut", AlarmPhase.END)]


def test_conditions_of_an_earlier_dialogue_continue_or_end() -> None:
    gone = {**HOT, "address": 6, "source": "removed"}
    before = Readings(options(alarms=(HOT, gone)))
    stood = [*before.answered(Block(unit_id=1, kind=Kind.INPUT, address=5, count=2), [8, 8])]
    after = Readings(options(alarms=(HOT,)), stood)  # type: ignore[arg-type]
    assert phases([*after.forgotten()]) == [("removed", AlarmPhase.END)]
    (word,) = blocks(options(alarms=(HOT,)).alarms)
    assert phases([*after.answered(word, [8])]) == [("hot", AlarmPhase.CONTINUE)]
    assert phases([*after.answered(word, [8])]) == []
    assert phases([*after.answered(word, [0])]) == [("hot", AlarmPhase.END)]


def test_requests_are_runs_without_holes() -> None:
    mine = options(
        {"address": 0, "source": "a", "type": "float32"},
        {"address": 2, "source": "b"},
        {"address": 4, "source": "c"},
        {"address": 2, "source": "d", "kind": "input"},
        {"address": 3, "source": "e", "unit_id": 2},
        alarms=({**HOT, "kind": "holding", "address": 3},),
    )
    found = [(one.unit_id, one.kind.value, one.address, one.count) for one in blocks([*mine.registers, *mine.alarms])]
    assert found == [(1, "holding", 0, 5), (1, "input", 2, 1), (2, "holding", 3, 1)]


def test_a_request_is_not_longer_than_allowed_and_cuts_no_value() -> None:
    many = options(*({"address": 2 * n, "source": f"{n}", "type": "int32"} for n in range(70)))
    assert [(one.address, one.count) for one in blocks(many.registers)] == [(0, 124), (124, 16)]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({}, "no register and no alarm"),
        ({"registers": [{"address": 0, "source": "x", "kind": "coil", "type": "int16"}]}, "has no type"),
        ({"registers": [{"address": 0, "source": "x", "code": "MDC_NO_SUCH"}]}, "no refid"),
        ({"registers": [{"address": 0, "source": "x", "scale": 0}]}, "scale is 0"),
        ({"registers": [{"address": 65_535, "source": "x", "type": "int32"}]}, "no room"),
        ({"registers": [{"address": 0, "source": "x"}, {"address": 1, "source": "x"}]}, "two registers"),
        ({"alarms": [HOT, HOT]}, "two alarms"),
        ({"alarms": [{**HOT, "bit": None}]}, "bit is for"),
    ],
)
def test_mistakes_are_named(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Options.model_validate(wrong)


def test_a_number_between_two_words_is_neither() -> None:
    assert told([0x3F66, 0x6666], type="float32", words={"0": "off", "1": "on"}).value not in {"off", "on"}
