import json
from collections.abc import Callable, Sequence
from itertools import chain

import pytest

from collector.codes import by_refid
from drivers.ge_datex_dri import SPEC
from drivers.ge_datex_dri.classes import CLASSES
from drivers.ge_datex_dri.frames import Framer, Record
from drivers.ge_datex_dri.layout import Choice
from drivers.ge_datex_dri.requests import physiological, waves
from drivers.ge_datex_dri.session import DatexSession
from drivers.ge_datex_dri.waves import WAVES as WAVE_TYPES
from tests.drivers.ge_datex_dri.records import Part, auxiliary, basic, frame, new, record, wave
from tests.drivers.ge_datex_dri.test_alarms import status
from tests.shared import capture

VALUES, WAVES, ALARMS = 0, 1, 4

Said = tuple[int, Part]
"""Main type and sub-record of a record."""


def examples() -> dict[str, bytes]:
    loaded = json.loads(capture("datex-dri", "vendor_examples.json").read_text())
    return {example["name"]: bytes.fromhex(example["wire_hex"]) for example in loaded}


def asked(data: bytes) -> list[Record]:
    found = Framer().feed(data)
    return [one for one in found if isinstance(one, Record)]


def at(session: DatexSession, now: float) -> list[Record]:
    """What the session asks when the clock comes to `now`."""
    due = session.deadline()
    if due is not None and due <= now:
        assert session.expire(now) == ()
    return asked(session.outgoing())


def kinds(records: Sequence[Record]) -> list[tuple[int, int]]:
    """(level, main type) of each."""
    return [(one.level, one.main_type) for one in records]


def body(one: Record) -> bytes:
    return one.data[40:]


def test_requests_are_the_vendor_s_byte_for_byte() -> None:
    every = ("basic", "ext1", "ext2", "ext3")
    vendor = examples()
    assert physiological(1, 10, every) == vendor["displayed_10s_all_classes"]
    assert physiological(1, 0) == vendor["displayed_stop"]
    assert physiological(3, 60, every) == vendor["trend60_start"]
    assert physiological(3, 0) == vendor["trend60_stop"]
    assert waves([1]) == vendor["wave_ecg1_start"]
    assert waves([]) == vendor["wave_stop"]


def test_the_bit_of_class_basic_suppresses_it() -> None:
    assert body(asked(physiological(1, 5, ("ext1",)))[0]).hex() == "0105000300" + "00000000"
    assert body(asked(physiological(1, 5, ("basic",)))[0]).hex() == "0105000000" + "00000000"


def test_more_than_eight_waves_go_into_the_additional_types() -> None:
    (one,) = asked(waves(range(1, 12)))
    assert body(one).hex() == "00000000" + "0102030405060708" + "090a0bff" + "00" * 12 + "00" * 4
    (all_of_them,) = asked(waves(range(1, 25)))
    assert body(all_of_them)[4:28] == bytes(range(1, 25))
    assert body(asked(waves(range(1, 9)))[0])[4:28] == bytes(range(1, 9)) + bytes(16)


def test_it_asks_at_once_for_values_times_waves_and_alarms() -> None:
    found = at(new(trends=("10s", "60s")), 5.0)
    assert [one.main_type for one in found] == [VALUES, VALUES, VALUES, VALUES, ALARMS, WAVES]
    assert [body(one)[0] for one in found[:4]] == [4, 1, 2, 3]
    assert {one.level for one in found} == {0}
    assert body(found[4])[:2] == b"\x02\0"
    assert body(found[5])[4:12] == bytes((1, 4, 8, 9, 15, 13, 14, 255))


def test_it_asks_only_for_what_the_options_say() -> None:
    session = new(waves=(), alarms=False, auxiliary=False, classes=("basic",), interval_s=1)
    (one,) = at(session, 0.0)
    assert body(one) == bytes((1, 1, 0, 0, 0, 0, 0, 0, 0))


def test_a_monitor_that_answers_nothing_is_asked_with_other_levels() -> None:
    session = new()
    assert {level for level, _ in kinds(at(session, 0.0))} == {0}
    assert not at(session, 1.9)
    found = kinds(at(session, 2.0))
    assert {(9, VALUES), (8, VALUES), (7, VALUES), (9, WAVES), (7, ALARMS)} <= set(found)


def test_a_monitor_that_has_answered_keeps_its_level() -> None:
    session = new()
    at(session, 0.0)
    session.receive(frame(record(1, wave(8, [1] * 100))), 1.0)
    assert not at(session, 9.9)


def test_after_three_intervals_or_ten_seconds_without_values_it_asks_again() -> None:
    for interval_s, retry_s in ((1, 10.0), (5, 15.0)):
        session = new(interval_s=interval_s, waves=())
        at(session, 0.0)
        session.receive(frame(record(0, basic())), 1.0)
        assert not at(session, 0.9 + retry_s)
        found = at(session, 1.0 + retry_s)
        assert kinds(found) == [(0, VALUES), (0, VALUES), (0, ALARMS)]


def test_waves_that_stopped_are_asked_for_again_alone() -> None:
    session = new()
    at(session, 0.0)
    session.receive(frame(record(1, wave(8, [1] * 100))), 1.0)
    for now in range(1, 11):
        session.receive(frame(record(0, basic())), float(now))
        assert not at(session, float(now))
    assert kinds(at(session, 11.0)) == [(0, WAVES)]


def test_values_that_stopped_do_not_restart_the_waves() -> None:
    session = new()
    at(session, 0.0)
    for now in range(1, 15):
        session.receive(frame(record(1, wave(8, [1] * 100))), float(now))
        assert not at(session, float(now))
    session.receive(frame(record(1, wave(8, [1] * 100))), 15.0)
    assert [main_type for _, main_type in kinds(at(session, 15.0))] == [VALUES, VALUES, ALARMS]


def times_asked(kind: tuple[int, int], heard: Callable[[int], Sequence[Said]], until_s: int = 600) -> list[int]:
    """When (main type, first byte) is asked for by a session that hears, each second, what `heard` says."""
    session = new(trends=("60s",), waves=())
    found = []
    for now in range(until_s):
        found += [now for one in at(session, float(now)) if (one.main_type, body(one)[0]) == kind]
        for main_type, part in heard(now):
            session.receive(frame(record(main_type, part)), float(now))
    return found


class TestALostRequest:
    """Pitfall: values that flow taken for an answer to all that was asked; a request is not acknowledged (§1)."""

    def test_for_alarms_is_sent_again_each_minute_and_later_when_no_alarm_changed_for_five(self) -> None:
        def heard(now: int) -> Sequence[Said]:
            return [(VALUES, basic()), *([(ALARMS, status())] if now == 130 else [])]

        assert times_asked((ALARMS, 2), heard) == [0, 60, 120, 430, 490, 550]

    def test_for_times_is_sent_again_until_they_come(self) -> None:
        def heard(now: int) -> Sequence[Said]:
            return [(VALUES, basic()), *([(VALUES, auxiliary())] if now > 100 else [])]

        assert times_asked((VALUES, 4), heard) == [0, 60]

    def test_for_trends_is_sent_again_less_often_than_they_come(self) -> None:
        def heard(now: int) -> Sequence[Said]:
            return [(VALUES, basic()), *([(VALUES, basic(kind=3))] if now >= 400 and now % 60 == 0 else [])]

        assert times_asked((VALUES, 3), heard) == [0, 180, 360]

    def test_for_values_is_sent_again_while_times_come(self) -> None:
        assert times_asked((VALUES, 1), lambda _: [(VALUES, auxiliary())], 40) == [0, 15, 30]

    def test_is_sent_again_with_all_levels_where_the_first_was_not_answered(self) -> None:
        session = new(waves=())
        at(session, 0.0)
        at(session, 2.0)
        session.receive(frame(record(VALUES, auxiliary())), 3.0)
        asked_again = {one.level for one in at(session, 17.0) if one.main_type == VALUES and body(one)[0] == 1}
        assert asked_again == {0, 9, 8, 7}


def test_it_stops_what_it_asked_for() -> None:
    session = new(trends=("60s",))
    at(session, 0.0)
    session.close(3.0)
    out = session.outgoing()
    vendor = examples()
    for name in ("wave_stop", "trend60_stop", "displayed_stop"):
        assert vendor[name] in out
    assert [body(one)[:2] for one in asked(out) if one.main_type == ALARMS] == [b"\x03\0"]


def test_a_session_that_never_asked_has_nothing_to_stop() -> None:
    session = new()
    session.close(0.0)
    assert session.outgoing() == b""


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"waves": ["ecg1", "ecg2", "p1"]}, "700 samples/s"),
        ({"waves": ["co2", "o2", "n2o", "agent", "paw", "flow", "resp", "volume", "tono"]}, "9 asked for"),
        ({"waves": ["ecg9"]}, "no wave 'ecg9'"),
        ({"waves": ["ecg12"], "modern": False}, "CARESCAPE"),
        ({"interval_s": 6}, "less than or equal to 5"),
        ({"interval_s": 0}, "greater than or equal to 1"),
        ({"classes": []}, "at least 1"),
        ({"alarm_encoding": "klingon"}, "not a text encoding"),
        ({"ecg12_uv": 2}, "Input should be 1 or 4"),
    ],
)
def test_options_that_the_monitor_cannot_do_are_refused(options: dict[str, object], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        SPEC.options.model_validate(options)


def test_a_modern_monitor_has_no_limit() -> None:
    options = SPEC.options(
        modern=True, waves=("ecg12", "ecg1", "ecg2", "ecg3", "p1", "p2", "pleth", "co2", "resp", "paw")
    )
    assert len(options.waves) == 10


def test_the_line_has_even_parity_and_hardware_flow_control() -> None:
    (line,) = SPEC.lines
    assert line.scheme == "serial"
    assert line.settings == {"baud": "19200", "bytesize": "8", "parity": "E", "stopbits": "1", "rtscts": "1"}


def test_every_code_is_declared() -> None:
    own = {parameter.refid for parameter in SPEC.parameters}
    used = {wave.code for wave in WAVE_TYPES.values()}
    for group in chain.from_iterable(CLASSES.values()):
        used |= {state.code for state in group.states}
        for field in group.fields:
            code = field.code
            used |= (
                {one.code for one in (*code.codes.values(), code.other)} if isinstance(code, Choice) else {code.code}
            )
    assert not {code for code in used if code not in own and code not in by_refid()}
    assert own.isdisjoint(by_refid())
