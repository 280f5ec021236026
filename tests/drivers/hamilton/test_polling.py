"""Replies against the published vectors and the sheet (hamilton §1, §3), and the dialogue."""

import json
import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from collector.model import (
    AlarmCondition,
    AlarmPhase,
    DeviceClock,
    DeviceIdentity,
    Event,
    Frame,
    Observation,
    Priority,
    Quality,
    Rejected,
    Role,
    Waveform,
)
from drivers.hamilton import SPEC
from drivers.hamilton.options import Options
from drivers.hamilton.polling import ANSWER_S, PollingSession
from drivers.patient import Patient
from tests.drivers.hamilton.link import Link
from tests.drivers.link import EPOCH_US
from tests.shared import capture

VECTORS = {one["name"]: one for one in json.loads(capture("hamilton", "vectors.json").read_text())}


def vector(name: str) -> bytes:
    return bytes.fromhex(VECTORS[name]["hex"])


def fed(data: bytes) -> list[Event]:
    one = PollingSession(Options())
    return [*one.receive(data, 0.0), *one.finish()]


def values(events: Sequence[Event]) -> list[Observation]:
    return [event for event in events if isinstance(event, Observation)]


def reply(one: int, text: bytes) -> bytes:
    return b"\x02%c%s\x03\r" % (one, text)


def asked(one: int, answer: bytes) -> tuple[PollingSession, Sequence[Event]]:
    """A session whose request for `one` is outstanding, and what it makes of the answer; others get RERROR."""
    session = PollingSession(Options())
    now = 0.0
    for _ in range(200):
        session.expire(now)
        if session.outgoing() == reply(one, b""):
            return session, list(session.receive(answer, now))
        session.receive(vector("rerror"), now)
        now = session.deadline() or now
    raise AssertionError(f"{one} was not asked for")


def test_the_published_request_is_what_is_sent() -> None:
    assert vector("poll_request_id64") == reply(64, b"")
    assert asked(64, reply(64, b"  12."))[1][1:] == [
        Observation(channel=next(c for c in SPEC.channels() if c.source == "64"), value=12.0)
    ]


@pytest.mark.parametrize("name", ["rerror", "type_a_synthetic", "type_b2", "type_b3"])
def test_vectors_that_carry_no_value_without_a_request(name: str) -> None:
    events = fed(vector(name))
    assert events
    assert all(isinstance(event, Frame | Rejected) for event in events)


def test_software_and_number_of_the_vectors() -> None:
    assert fed(vector("type_b1"))[1:] == [DeviceIdentity(manufacturer="Hamilton Medical", software="G0200")]
    for name, serial in (("type_b2", "A5342j"), ("type_b3", "C9999")):
        told = DeviceIdentity(manufacturer="Hamilton Medical", serial=serial)
        assert fed(reply(86, b"") + vector(name))[2:] == [told]
        assert asked(86, vector(name))[1][1:] == [told]


def test_a_reply_without_an_id_is_read_by_the_request() -> None:
    """41H 5… may be the ventilator's number, or id 65 (I:E)."""
    number = b"\x02A53421\x03\r"
    assert not values(fed(number))
    assert asked(86, number)[1][1:] == [DeviceIdentity(manufacturer="Hamilton Medical", serial="A53421")]
    assert [v.value for v in values(asked(65, reply(65, b"  2.0"))[1])] == [0.5]
    assert [v.value for v in values(fed(reply(65, b"  2.0")))] == [0.5]
    assert [type(event) for event in asked(60, reply(61, b" 480."))[1]] == [Rejected]
    assert [type(event) for event in asked(60, vector("type_b2"))[1]] == [Rejected]


@pytest.mark.parametrize(
    ("one", "text", "code", "unit", "role", "value"),
    [
        (61, b" 480.", "MDC_VOL_AWAY_TIDAL_EXP", "mL", Role.MEASURED, 480.0),
        (62, b"  5.9", "MDC_VOL_MINUTE_AWAY_EXP", "L/min", Role.MEASURED, 5.9),
        (35, b"  38.", "MDC_CONC_AWAY_CO2_ET", "mm[Hg]", Role.MEASURED, 38.0),
        (68, b"   5 ", "MDC_PRESS_AWAY_END_EXP_POS", "cm[H2O]", Role.MEASURED, 5.0),
        (47, b" -2.0", "MDC_16929644", "cm[H2O]", Role.SET, -2.0),
        (48, b"    8", "MDC_VENT_PRESS_AWAY_END_EXP_POS_SETTING", "cm[H2O]", Role.SET, 8.0),
        (53, b"  40.", "MDC_PRESS_AWAY_INSP_PEAK", "cm[H2O]", Role.LIMIT_HIGH, 40.0),
        (54, b"  3.0", "MDC_VOL_MINUTE_AWAY_EXP", "L/min", Role.LIMIT_LOW, 3.0),
        (40, b"  21.", "MDC_VENT_MODE", "", Role.SET, "APVcmv"),
        (40, b"   99", "MDC_VENT_MODE", "", Role.SET, "99"),
        (58, b"  7.1", "MDC_UNMAPPED", "", Role.MEASURED, "7.1"),
        (61, b" 9999", "MDC_VOL_AWAY_TIDAL_EXP", "mL", Role.MEASURED, None),
        (61, b"9999.", "MDC_VOL_AWAY_TIDAL_EXP", "mL", Role.MEASURED, None),
        (62, b"999.9", "MDC_VOL_MINUTE_AWAY_EXP", "L/min", Role.MEASURED, None),
        (62, b"     ", "MDC_VOL_MINUTE_AWAY_EXP", "L/min", Role.MEASURED, None),
    ],
)
def test_values(one: int, text: bytes, code: str, unit: str, role: Role, value: float | str | None) -> None:
    (told,) = values(fed(reply(one, text)))
    assert (told.channel.code, told.channel.unit, told.channel.role, told.value) == (code, unit, role, value)
    assert told.channel.source == str(one)
    assert (told.quality is Quality.NOT_AVAILABLE) == (value is None)


@pytest.mark.parametrize("text", [b" 4x0.", b"4 80.", b"48..0", b"  -- ", b"480.\x00", b"48\x02.0"])
def test_what_is_no_number_is_rejected(text: bytes) -> None:
    assert {type(event) for event in fed(reply(61, text))} == {Rejected}


def test_the_rate_of_the_mode_that_is_on() -> None:
    told = values(
        fed(
            reply(41, b"   12") + reply(40, b"   21") + reply(41, b"   12") + reply(42, b"   10")
            + reply(40, b"    2") + reply(42, b"   10") + reply(41, b"   12")
        )
    )  # fmt: skip
    rates = [(o.channel.code.removeprefix("VND_HAMILTON_"), o.value) for o in told if o.channel.source in {"41", "42"}]
    used = "MDC_VENT_RESP_RATE_SETTING"
    assert rates == [
        ("RATE_CMV", 12.0), ("RATE_CMV", None), (used, 12.0), ("RATE_SIMV", 10.0),
        ("RATE_SIMV", None), (used, 10.0), (used, None), ("RATE_CMV", 12.0),
    ]  # fmt: skip


def test_alarms_start_change_and_end() -> None:
    data = b"".join(reply(91, text) for text in (b"    0", b"    1", b"    1", b"    2", b" 9999", b"    0", b"    0"))
    told = [event for event in fed(data) if isinstance(event, AlarmCondition)]
    assert [(a.phase, a.text) for a in told] == [
        (AlarmPhase.START, "High pressure: 1"),
        (AlarmPhase.CONTINUE, "High pressure: 2"),
        (AlarmPhase.END, "High pressure: 2"),
    ]
    assert {(a.source, a.priority, a.code) for a in told} == {("91", Priority.HIGH, "VND_HAMILTON_ALARM_HIGH_PRESSURE")}


def test_alarms_that_stood_continue_or_end() -> None:
    (start,) = [event for event in fed(reply(91, b"    1")) if isinstance(event, AlarmCondition)]
    for text, phase in ((b"    1", AlarmPhase.CONTINUE), (b"    0", AlarmPhase.END)):
        told = PollingSession(Options(), (start,)).receive(reply(91, text), 0.0)
        assert told[1:] == [replace(start, phase=phase)]
    strange = replace(start, source="70:22")
    assert PollingSession(Options(), (strange,)).receive(reply(91, b"    0"), 0.0)[1:] == [
        replace(strange, phase=AlarmPhase.END)
    ]


def test_one_request_at_a_time_and_no_faster_than_the_ventilator() -> None:
    link = Link().run(20.0)
    assert all(len(data) == 4 for _, data in link.down)
    for answered, (at, _) in enumerate(link.down[1:], 1):
        assert sum(len(data) // 9 for then, data in link.up if then <= at) >= answered
    assert {event.reason for event in link.heard if isinstance(event, Rejected)} == set()
    assert len({data[1] for _, data in link.down}) == 14 + 66 + 6 + 5  # alarms, values, clock, number and software


def test_a_mute_ventilator_is_asked_twice_a_second_and_found_when_it_is_switched_on() -> None:
    link = Link(off_s=(0.0, 20.0)).run(20.0)
    assert len(link.down) == pytest.approx(20.0 / ANSWER_S, abs=2)
    assert link.heard == []
    link.run(6.0)
    assert {o.channel.source for o in values(link.heard)} >= {"61", "62", "40", "41"}
    assert any(isinstance(event, DeviceIdentity) for event in link.heard)


def test_what_a_ventilator_lacks_is_asked_for_once_a_minute() -> None:
    link = Link(lacks=frozenset((36,))).run(130.0)
    assert sum(data[1] == 36 for _, data in link.down) == 3
    assert not [o for o in values(link.heard) if o.channel.source == "36"]


def test_a_value_that_the_ventilator_ceases_to_have_ends_once() -> None:
    link = Link().run(5.0)
    link.device._ventilator._lacks = frozenset((36,))
    before = len(link.heard)
    link.run(70.0)
    ended = [o for o in values(link.heard[before:]) if o.channel.source == "36"]
    assert [o.value for o in ended].count(None) == 1
    assert ended[-1].value is None


def test_an_unanswered_id_is_left_out_while_others_are_answered() -> None:
    link = Link(spoil=lambda data: b"" if data[1] == 36 else data).run(40.0)
    assert sum(data[1] == 36 for _, data in link.down) == 2
    assert {o.channel.source for o in values(link.heard)} >= {"35", "37", "61"}


def test_the_clock() -> None:
    link = Link().run(70.0)
    clocks = [event.time_us for event in link.heard if isinstance(event, DeviceClock)]
    assert len(clocks) == 2
    assert all(0 <= (time_us - EPOCH_US) / 1e6 - 100.0 <= 70.0 for time_us in clocks)
    assert not any(isinstance(event, DeviceClock) for event in fed(b"".join(data for _, data in link.up)))


def test_no_value_and_the_patients() -> None:
    link = Link(patient=Patient("anaesthetic", 1)).run(10.0)
    told = {o.channel.source: o.value for o in values(link.heard)}
    assert (told["61"], told["62"], told["66"]) == (None, None, None)
    assert told["43"] == 480.0
    disconnected = [a for a in link.heard if isinstance(a, AlarmCondition)]
    assert {a.source for a in disconnected} == {"90", "92"}


def test_an_echo_is_no_device() -> None:
    session = PollingSession(Options())
    session.expire(0.0)
    assert [event.reason for event in session.receive(session.outgoing(), 0.0) if isinstance(event, Rejected)] == [
        "echo"
    ]


@pytest.mark.parametrize("protocol", ["polling", "block"])
def test_noise_says_nothing(protocol: str) -> None:
    session = SPEC.dialogue(Options.model_validate({"protocol": protocol}), datagrams=False)
    rng = random.Random(7)
    session.expire(0.0)
    for _ in range(16):
        events = session.receive(rng.randbytes(1 << 16), 0.0)
        assert not any(isinstance(e, Observation | Waveform | AlarmCondition | DeviceIdentity) for e in events)


def test_waves_are_never_asked_for_and_not_read() -> None:
    assert SPEC.sends is not None
    assert not SPEC.sends.fullmatch(b"\x02\x22\x03\r")
    wave = b"\x02\x22\x40" + bytes.fromhex(VECTORS["waveform_pair"]["hex"]) * 4 + b"\x03\r"
    assert [type(event) for event in fed(wave + reply(61, b" 480."))] == [Frame, Frame, Observation]


def test_a_ventilator_that_comes_back_is_asked_for_all_anew() -> None:
    link = Link(lacks=frozenset((36,)), off_s=(5.0, 9.0)).run(6.0)
    link.device._ventilator._lacks = frozenset()
    link.run(10.0)
    assert "36" in {o.channel.source for o in values(link.heard)}
