"""The dialogue with the simulated interface, and what its replies say."""

import re
from itertools import pairwise

from collector.model import (
    UNMAPPED,
    AlarmCondition,
    AlarmPhase,
    AlarmType,
    DeviceClock,
    DeviceIdentity,
    Event,
    Observation,
    PatientIdentity,
    Priority,
    Rejected,
    Role,
    Waveform,
)
from drivers.servo import SPEC
from drivers.servo.decoder import Decoder
from drivers.servo.definition import assumed
from drivers.servo.items import command
from drivers.servo.options import Options
from drivers.servo.session import ServoSession
from drivers.servo.ventilator import Faults
from tests.drivers.servo.link import EPOCH_US, Link

RCCO = (
    b"010;100,+2713E-004,+3333E+000,02,CU,FFFF;200,+1000E-003,+0000E+000,06,BT,FFFF;"
    b"201,+2000E-003,+0000E+000,01,BT,FFFF;203,+1000E-005,+0000E+000,01,BT,FFFF;"
    b"290,+5000E-004,+1000E-003,12,BR,FFFF;310,-,-,-,SD,FFFF;446,-,-,-,AD,FFFF;498,-,-,-,AD,FFFF;"
)


def talk(session: ServoSession, answers: dict[bytes, bytes], seconds: float = 5.0) -> list[Event]:
    """Answer each command by the beginning of its text; what is not in the answers is `*`."""
    events: list[Event] = []
    now = 0.0
    while now < seconds:
        if session.deadline() <= now:
            events += session.expire(now)
        while out := session.outgoing():
            for part in out.lstrip(b"\x1b").split(b"\x04")[:-1]:
                text = part if part == b"HO" else part[:-2]
                reply = next((answers[key] for key in answers if text.startswith(key)), b"*")
                events += session.receive(b"900PCI\x04" if text == b"HO" else command(reply), now)
        now = round(now + 0.1, 1)
    return events


def value(events: list[Event], source: str) -> Observation:
    return [e for e in events if isinstance(e, Observation) and e.channel.source == source][-1]


def test_the_order_of_a_connection() -> None:
    link = Link().run(3.0)
    assert link.down[0][1] == b"\x1bHO\x04"
    assert [text[:4] for text in link.sent] == [
        b"HO", b"RCTY", b"RHVE", b"SPVE", b"RCCO", b"RSEN", b"RSWV", b"RTIM", b"RPAI",
        b"SDAD", b"SDAD", b"SDAD", b"SDAD", b"RADC",
    ]  # fmt: skip
    assert b"SPVE005" in link.sent
    assert SPEC.sends is not None
    assert SPEC.sends.fullmatch(b"".join(data for _, data in link.down))


def test_identity_clock_and_patient() -> None:
    link = Link().run(3.0)
    identity = [e for e in link.heard if isinstance(e, DeviceIdentity)][-1]
    assert (identity.model, identity.serial, identity.software) == ("Servo-i", "51234", "001:8.00.01 006:8.00.01")
    assert [e for e in link.heard if isinstance(e, DeviceClock)] == [DeviceClock(time_us=EPOCH_US + 100_000_000)]
    assert [e.state for e in link.heard if isinstance(e, PatientIdentity)] == ["empty"]


def test_gain_offset_and_unit_are_those_that_the_device_tells() -> None:
    session = ServoSession(Options(waves=()))
    answers = {
        b"RCTY": b"Servo-u0", b"RHVE": b"005", b"RCCO": RCCO, b"RSEN": b"0", b"RSWV": b"Servo-u;",
        b"RTIM": b"260131235958", b"RPAI": b"P123                2601310000",
        b"RADAE": b"00", b"RADAS": b"0003", b"RADAB": b"0013024005809999",
    }  # fmt: skip
    events = talk(session, answers)
    assert value(events, "200").value == 13.0  # the table's gain is 0.1
    assert value(events, "201").value == 480.0
    assert value(events, "290").value is None
    odd = value(events, "203")  # the table's unit is L/min: this is another channel
    assert (odd.channel.code, odd.channel.unit, odd.value) == (UNMAPPED, "mL", 5.8)
    unknown = value(events, "290").channel
    assert (unknown.code, unknown.unit) == (UNMAPPED, "mbar")
    mode = value(events, "310")
    assert (mode.channel.code, mode.channel.role, mode.value) == ("MDC_VENT_MODE", Role.SET, "Volume Control")
    assert next(e.ids["patient_id"] for e in events if isinstance(e, PatientIdentity)) == "P123"
    assert [e.model for e in events if isinstance(e, DeviceIdentity)][-1] == "Servo-u"


def test_the_set_rate_is_that_of_the_mode() -> None:
    """SIMV has a rate of its own; the other rate is told by another name, and what it was called before ends."""
    one = Decoder(assumed(Options(settings=(300, 303, 310))))
    rates = [
        [
            (e.channel.source, e.channel.code.removeprefix("VND_GETINGE_"), e.value)
            for e in one.listed("S", text)
            if isinstance(e, Observation) and e.channel.source != "310"
        ]
        for text in (b"015000800003", b"015000800003", b"015000800006", b"015000809999")
    ]
    rate = "MDC_VENT_RESP_RATE_SETTING"
    assert rates == [
        [("300", rate, 15.0), ("303", "SIMV_RATE", 8.0)],
        [("300", rate, 15.0), ("303", "SIMV_RATE", 8.0)],
        [("300", rate, None), ("300", "CMV_RATE", 15.0), ("303", "SIMV_RATE", None), ("303", rate, 8.0)],
        [("300", "CMV_RATE", 15.0), ("303", rate, None), ("303", "SIMV_RATE", 8.0)],
    ]


def test_a_sampling_time_of_the_device_makes_the_rate() -> None:
    session = ServoSession(Options(waves=(100,), breath=(), settings=(), alarms=()))
    events = list(session.receive(command(RCCO) + bytes.fromhex("81 10 80 32 10 fa 7f b6"), 0.0))
    (wave,) = [e for e in events if isinstance(e, Waveform) and e.channel.source == "100"]
    assert wave.rate_hz == 100.0


def test_standby_and_back() -> None:
    faults = Faults(standby_from_s=20.0, standby_until_s=30.0)
    link = Link(faults=faults).run(26.0)
    assert value(link.heard, "ER17").value == "standby"
    assert value(link.heard, "201").value is None
    link.run(14.0)
    assert value(link.heard, "ER17").value == "ventilating"
    assert value(link.heard, "201").value == 480.0
    assert link.sent.count(b"HO") == 1


def test_alarms_from_start_to_end_with_the_priority_that_498_allows() -> None:
    session = ServoSession(Options(waves=(), breath=(), settings=(), alarms=(403, 446, 498, 499)))

    def list_(states: bytes) -> list[AlarmCondition]:
        return [e for e in session.receive(command(states), 0.0) if isinstance(e, AlarmCondition)]

    assert list_(b"0000") == []
    assert [(e.source, e.phase, e.priority) for e in list_(b"1001")] == [("403", AlarmPhase.START, Priority.MEDIUM)]
    assert [(e.source, e.phase, e.priority) for e in list_(b"2111")] == [
        ("403", AlarmPhase.CONTINUE, Priority.HIGH),
        ("446", AlarmPhase.START, Priority.HIGH),
    ]
    assert [(e.source, e.phase) for e in list_(b"0111")] == [("403", AlarmPhase.END)]
    assert [(e.source, e.phase) for e in list_(b"0001")] == [("499", AlarmPhase.START), ("446", AlarmPhase.END)]
    assert [(e.source, e.phase) for e in list_(b"0000")] == [("499", AlarmPhase.END)]


def test_what_stood_before_continues_or_ends_with_the_first_list() -> None:
    before = [
        AlarmCondition(source=source, type=AlarmType.PHYSIOLOGICAL, priority=Priority.MEDIUM, phase=AlarmPhase.START)
        for source in ("403", "446")
    ]
    session = ServoSession(Options(waves=(), breath=(), settings=(), alarms=(403, 446, 498)), before)
    found = [e for e in session.receive(command(b"100"), 0.0) if isinstance(e, AlarmCondition)]
    assert [(e.source, e.phase) for e in found] == [("403", AlarmPhase.CONTINUE), ("446", AlarmPhase.END)]


def test_standby_ends_what_alarms() -> None:
    session = ServoSession(Options(waves=(), breath=(), settings=(), alarms=(403, 446, 498)))
    session.receive(command(b"110"), 0.0)
    found = [e for e in session.receive(command(b"ER17"), 0.0) if isinstance(e, AlarmCondition)]
    assert [(e.source, e.phase) for e in found] == [("403", AlarmPhase.END), ("446", AlarmPhase.END)]


def test_the_simulated_patient_makes_it_alarm() -> None:
    link = Link(scenario="bleeding", options={"waves": ()}).run(4.0)
    link.device._zero = link.now - 1100.0
    link.run(10.0)
    assert {e.source for e in link.heard if isinstance(e, AlarmCondition)} == {"403"}
    assert [e for e in link.heard if isinstance(e, AlarmCondition)] == [
        e for e in link.said if isinstance(e, AlarmCondition)
    ]


def test_a_restarted_interface_is_greeted_again() -> None:
    link = Link(faults=Faults(restart_at_s=10.0)).run(40.0)
    assert link.sent.count(b"RCCO") == 2
    assert not [e for e in link.heard[-40:] if isinstance(e, Rejected)]
    assert value(link.heard, "201").value == 480.0


def test_a_mute_interface_is_asked_in_peace_and_found_later() -> None:
    link = Link().run(30.0, mute=True)
    assert len(link.down) <= 11
    link.run(10.0)
    assert value(link.heard, "310").value == "Volume Control"


def test_damaged_replies_are_asked_for_again() -> None:
    link = Link(faults=Faults(corrupt_every=4)).run(40.0)
    assert any(isinstance(e, Rejected) and e.reason == "checksum" for e in link.heard)
    assert value(link.heard, "201").value == 480.0


def test_without_waves_it_is_polled() -> None:
    link = Link(options={"waves": ()}).run(12.0)
    assert b"RADC" not in link.sent
    polls = [at for at, data in link.down if data.startswith(b"RADAB")]
    assert len(polls) >= 4
    assert min(b - a for a, b in pairwise(polls)) >= 2.0


def test_a_stream_is_renewed_so_that_settings_do_not_age() -> None:
    link = Link(options={"refresh_s": 10.0}).run(35.0)
    modes = [e for e in link.heard if isinstance(e, Observation) and e.channel.source == "310"]
    assert len(modes) == 4
    assert len([e for e in link.heard if isinstance(e, DeviceClock)]) == 4
    assert not [e for e in link.heard if isinstance(e, Rejected)]


def test_channels_that_are_refused_are_halved() -> None:
    session = ServoSession(Options(waves=(), breath=(200, 201), settings=(), alarms=()))
    answers = {
        b"RCTY": b"Servo-i0", b"RHVE": b"001", b"RCCO": RCCO, b"RSEN": b"1", b"RSWV": b"x;", b"RTIM": b"260131235958",
        b"RPAI": b"-" * 30, b"SDADB200201": b"ER12", b"RADAB": b"0013", b"RALO": b"0",
    }  # fmt: skip
    events = talk(session, answers)
    assert value(events, "200").value == 13.0


def test_what_the_simulator_said_is_heard_sample_by_sample() -> None:
    link = Link(options={"refresh_s": 20.0}).run(40.0).close()

    def samples(events: list[Event]) -> bytes:
        return b"".join(e.data for e in events if isinstance(e, Waveform) and e.channel.source == "113")

    assert samples(link.heard) == samples(link.said)
    values = [e for e in link.said if isinstance(e, Observation)]
    assert [e for e in link.heard if isinstance(e, Observation)] == values


def test_nothing_but_reading_is_in_what_may_be_sent() -> None:
    assert SPEC.sends is not None
    for text in (b"SSMP010", b"STOU001", b"STTXhello"):
        assert not SPEC.sends.fullmatch(command(text))
    assert all(SPEC.sends.fullmatch(one) for one in SPEC.identification)
    assert re.fullmatch(SPEC.sends, b"")
