"""The dialogue with pumps, what it brings, and the proof that nothing but reading ever leaves."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collector.codes import by_refid
from collector.model import (
    UNMAPPED,
    AlarmCondition,
    AlarmPhase,
    AlarmType,
    DeviceIdentity,
    Event,
    Frame,
    Observation,
    Priority,
    Quality,
    Rejected,
)
from drivers.fresenius import SPEC
from drivers.fresenius.frames import Message, encode
from drivers.fresenius.options import Options
from drivers.fresenius.requests import Address, Command, Courtesy
from drivers.fresenius.session import AGAIN_S, ANSWER_S, ATTEMPTS, FreseniusSession, Step
from drivers.fresenius.simulator import Faults
from tests.drivers.fresenius.link import Link

READS = {b"DC", b"FC", b"LE", b"LF", b"DE", b"AE", b"LP"}
"""Fact sheet small-devices §13: all that a logger may use."""
SETS = (
    "MO",
    "PO",
    "PR",
    "PB",
    "PF",
    "PV",
    "PP",
    "PS",
    "RV",
    "RZ",
    "OF",
    "SI",
    "EP",
    "AP",
    "EN",
    "LN",
    "DM",
    "AM",
    "LM",
)


def commands(sent: bytes) -> list[tuple[bytes, bytes]]:
    """(address, command) in bytes that a host sent; fails where there is anything but what the sheet allows.

    Written from the sheet alone: ACK, NAK and a digit, DC4, the seven commands, and E without variables.
    """
    found: list[tuple[bytes, bytes]] = []
    while sent:
        if sent[:1] in {b"\x06", b"\x14"}:
            sent = sent[1:]
        elif sent[:1] == b"\x15":
            assert sent[1:2] in {b"1", b"2", b"4", b"5", b"6", b"7", b"8"}
            sent = sent[2:]
        else:
            assert sent[0] == 0x02, sent
            body, sent = sent[1 : sent.index(0x03) - 2], sent[sent.index(0x03) - 2 :]
            assert int(sent[:2], 16) == 0xFF - sum(body) % 256
            sent = sent[3:]
            address, command = (body[:1], body[1:]) if body[:1].isdigit() else (b"", body)
            if command == b"E":
                found.append((address, b"E"))
                continue
            assert command[:2] in READS
            assert command[2:] == b"" or (command[2:3] == b";" and command[:2] in {b"LE", b"LF", b"DE"})
            assert all(letter in b"abdeikmrs" for letter in command[3:])
            found.append((address, command[:2]))
    return found


def heard(*bodies: str, session: FreseniusSession | None = None) -> list[Event]:
    """What a session that is only fed says of messages of these bodies."""
    return list((session or FreseniusSession(Options())).receive(b"".join(encode(b.encode()) for b in bodies), 0.0))


def observations(events: list[Event]) -> dict[str, Observation]:
    return {e.channel.source: e for e in events if isinstance(e, Observation)}


def alarms(events: list[Event]) -> list[tuple[str, AlarmPhase]]:
    return [(e.source, e.phase) for e in events if isinstance(e, AlarmCondition)]


def test_the_commands_are_these() -> None:
    assert {command.value for command in Command} == READS
    assert {courtesy.value for courtesy in Courtesy} == {b"\x06", b"\x152", b"\x14"}


def test_rates_are_tenths_and_volumes_thousandths() -> None:
    """d0064 is 100 × 0.1 mL/h, r0001F4 500 × 0.001 mL (§13)."""
    said = observations(heard("1C;d0064;r0001F4"))
    rate, volume = said["1/d"], said["1/r"]
    assert (rate.value, rate.channel.unit, rate.quality) == (10.0, "mL/h", Quality.VALID)
    assert (volume.value, volume.channel.unit) == (0.5, "mL")
    known = by_refid()
    assert known[rate.channel.code].number == 157784  # fact sheet ihe-pcd §6
    assert known[volume.channel.code].number == 157993


@pytest.mark.parametrize(
    ("body", "source", "value", "quality"),
    [
        ("1C;d0000", "1/d", 0.0, Quality.VALID),
        ("1C;d", "1/d", None, Quality.NOT_AVAILABLE),
        ("1C;dABCDEF012", "1/d", None, Quality.INVALID),
        ("1C;m1", "1/m", "manual", Quality.VALID),
        ("1C;m2", "1/m", "PC", Quality.VALID),
        ("1C;m7", "1/m", "7", Quality.VALID),
        ("1C;k1F40", "1/k", 800.0, Quality.QUESTIONABLE),  # its scale is assumed
        ("0C;b05", "0/b", "1, 3", Quality.VALID),
        ("0C;i02", "0/i", 2.0, Quality.VALID),
        ("C;d0064", "d", 10.0, Quality.VALID),
        ("1C;PROPOFOL 1%", "1/LP", "PROPOFOL 1%", Quality.VALID),
        ("2E;d0032", "2/d", 5.0, Quality.VALID),
    ],
)
def test_values(body: str, source: str, value: object, quality: Quality) -> None:
    said = observations(heard(body))[source]
    assert (said.value, said.quality) == (value, quality)


def test_what_nobody_knows_is_told_as_the_pump_tells_it() -> None:
    [said] = observations(heard("1C;x1A")).values()
    assert (said.channel.code, said.channel.source, said.value) == (UNMAPPED, "1/x", "1A")


def test_an_error_says_nothing() -> None:
    assert [type(e) for e in heard("1I;1E", "1C")] == [Frame, Frame]


def test_alarms_begin_and_end_and_never_hide_another() -> None:
    session = FreseniusSession(Options())
    assert alarms(heard("1C;a0000", session=session)) == []
    [start] = (e for e in heard("1C;a0012", "2C;a0012", session=session)[:2] if isinstance(e, AlarmCondition))
    assert (start.source, start.priority, start.type) == ("1/a:0012", Priority.HIGH, AlarmType.TECHNICAL)
    assert start.text == "alarm 0012"
    assert alarms(heard("1C;a0012", "1C;a", session=session)) == []
    assert alarms(heard("1C;a0013", session=session)) == [("1/a:0012", AlarmPhase.END), ("1/a:0013", AlarmPhase.START)]
    assert alarms(heard("1C;a0000", session=session)) == [("1/a:0013", AlarmPhase.END)]
    assert alarms(heard("2C;e01", session=session)) == [("2/e:01", AlarmPhase.START)]


def test_alarms_of_an_earlier_dialogue_continue_or_end() -> None:
    standing = [
        AlarmCondition(source=source, type=AlarmType.TECHNICAL, priority=Priority.HIGH, phase=AlarmPhase.START)
        for source in ("1/a:12", "2/a:12", "3/a:12")
    ]
    session = FreseniusSession(Options(), standing)
    events = heard("0C;b03", "1C;a12", "2C;a00", session=session)
    assert alarms(events) == [
        ("3/a:12", AlarmPhase.END), ("1/a:12", AlarmPhase.CONTINUE), ("2/a:12", AlarmPhase.END),
    ]  # fmt: skip


def test_a_module_that_is_taken_out_ends_once() -> None:
    session = FreseniusSession(Options())
    heard("0C;b03", "1C;d0064;a01", "2C;d0032;a01", session=session)
    gone = heard("0C;b02", session=session)
    assert observations(gone)["1/d"].value is None
    assert set(observations(gone)) == {"0/b", "1/d"}
    assert alarms(gone) == [("1/a:01", AlarmPhase.END)]
    again = heard("0C;b02", "2C;d0032", session=session)
    assert set(observations(again)) == {"0/b", "2/d"}


def test_the_base_is_connected_first_then_each_module() -> None:
    link = Link().run(20.0)
    asked = [one for one in commands(link.sent) if one[1] != b"E"]
    assert asked[:2] == [(b"0", b"DC"), (b"0", b"LE")]
    assert {address for address, command in asked if command == b"DC"} == {b"0", b"1", b"2", b"3"}
    assert asked.count((b"1", b"DC")) == 1  # every ENQ was answered
    assert link.sent.count(b"\x14") == 4
    assert link.values("1/LP") == ["PROPOFOL 1%"]
    assert link.values("0/b") == ["1, 2, 3"]
    assert len(link.values("2/d")) > 8
    assert DeviceIdentity(manufacturer="Fresenius", model="DPS") in link.heard
    assert link.device.controls == []


def test_all_that_was_said_is_heard() -> None:
    link = Link().run(30.0)
    said = {(e.channel, e.value, e.quality) for e in link.said if isinstance(e, Observation)}
    assert len(said) > 20
    assert said <= {(e.channel, e.value, e.quality) for e in link.heard if isinstance(e, Observation)}


def test_a_drug_is_told_each_time_that_it_is_asked_for() -> None:
    """Every 30 s: a name that is said to be a repeat grows old."""
    link = Link().run(70.0)
    told = [e for e in link.heard if isinstance(e, Observation) and e.channel.source == "1/LP"]
    assert [(e.value, e.repeat) for e in told] == [("PROPOFOL 1%", False)] * 3


def test_a_pump_that_stands_alone_is_found() -> None:
    link = Link(faults=Faults(alone=True)).run(20.0)
    assert (b"", b"DC") in commands(link.sent)
    assert len(link.values("d")) > 5
    assert link.values("LP") == ["PROPOFOL 1%"]


@pytest.mark.parametrize("spontaneous", [True, False])
def test_reports_are_asked_for_or_ended_and_acknowledged(spontaneous: bool) -> None:
    sent = commands(Link(options={"spontaneous": spontaneous}).run(20.0).sent)
    assert ((b"1", b"DE") in sent) is spontaneous
    assert ((b"1", b"AE") in sent) is not spontaneous
    assert ((b"1", b"E") in sent) is spontaneous


def test_a_reply_that_is_late_is_asked_for_once_more() -> None:
    link = Link(faults=Faults(mute=True)).run(60.0)
    assert not link.heard
    cycle_s = ATTEMPTS * ANSWER_S + AGAIN_S
    assert 60 / cycle_s * ATTEMPTS - 2 <= len(commands(link.sent)) <= 60 / cycle_s * ATTEMPTS + 2
    assert {address for address, _ in commands(link.sent)} == {b"0", b""}


def test_damaged_replies_are_asked_for_again() -> None:
    link = Link(faults=Faults(corrupt_every=4)).run(40.0)
    assert sum(isinstance(e, Rejected) and e.reason == "checksum" for e in link.heard) > 5
    assert b"\x152" in link.sent
    assert len(link.values("1/d")) > 12
    assert None not in link.values("1/d")


def test_a_message_of_another_kind_is_not_asked_for_for_ever() -> None:
    session = FreseniusSession(Options())
    session.receive(b"\x02XYZ00\x03" * 50, 0.0)
    assert session.outgoing() == b"\x152" * 3


def test_a_module_that_comes_back_is_connected_anew() -> None:
    link = Link(faults=Faults(removed={"2": 6.0}, returned={"2": 14.0})).run(30.0)
    rates = link.values("2/d")
    assert rates.count(None) == 1
    assert rates[0] == rates[-1] == 8.0
    assert commands(link.sent).count((b"2", b"DC")) >= 2
    assert None not in link.values("1/d")


def test_a_pump_that_lacks_a_variable_is_asked_for_fewer() -> None:
    link = Link(faults=Faults(unused=frozenset("k"))).run(20.0)
    assert len(link.values("1/d")) > 5
    assert len(link.values("1/r")) > 5
    assert link.values("1/k") == []


def test_one_command_is_outstanding() -> None:
    link = Link(options={"poll_s": 0.5}).run(15.0)
    for _, data in link.down:
        assert sum(command != b"E" for _, command in commands(data)) <= 1


def test_it_says_goodbye() -> None:
    link = Link().run(5.0)
    link.host.close(link.now)
    assert commands(link.host.outgoing()) == [(b"0", b"FC")]
    assert link.host.deadline() is None


def test_bytes_of_both_directions_are_read() -> None:
    link = Link().run(10.0)
    both = sorted([*link.down, *link.up], key=lambda one: one[0])
    events = FreseniusSession(Options()).receive(b"".join(data for _, data in both), 0.0)
    assert not any(isinstance(e, Rejected) for e in events)
    assert {e.kind for e in events if isinstance(e, Frame)} == {"request", "reply", "spontaneous"}


BODIES = st.sampled_from(
    [
        "0C", "1C", "C", "0C;b07", "0C;bFF", "0C;b00", "1C;bDPS", "1C;d0064;r0001F4", "1C;PROPOFOL", "1E;d0001", "8E",
        "E;d1", "1M;d0001", "0I;0D", "1I;1E", "1I;0A", "2I;0E", "I;24", "1PR;0100", "0MO;2", "1PB", "3DC", "1LE;ad",
        "1C;;", "1C;1PR",
    ]
).map(str.encode)  # fmt: skip
DATA = BODIES.map(encode) | st.binary(max_size=40).map(encode) | st.binary(max_size=40) | st.sampled_from(
    [b"\x05", b"\x06", b"\x154", b"\x152", b"\x15", b"\x14", b"\x021C;d00", b"\x03"]
)  # fmt: skip
STEPS = st.lists(st.tuples(st.sampled_from([0.0, 0.05, 0.5, 1.0, 3.0, 60.0]), DATA), max_size=60)


def fuzzed(steps: list[tuple[float, bytes]], *, spontaneous: bool) -> None:
    session = FreseniusSession(Options(spontaneous=spontaneous))
    now = 0.0
    assert SPEC.sends is not None
    for wait_s, data in steps:
        now += wait_s
        session.receive(data, now)
        due = session.deadline()
        if due is not None and due <= now:
            session.expire(now)
            due = session.deadline()
            assert due is None or due > now
        sent = session.outgoing()
        assert SPEC.sends.fullmatch(sent), sent
        commands(sent)
    session.close(now)
    sent = session.outgoing()
    assert SPEC.sends.fullmatch(sent), sent
    assert all(command == b"FC" for _, command in commands(sent))


@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS, st.booleans())
def test_nothing_but_reading_can_leave(steps: list[tuple[float, bytes]], spontaneous: bool) -> None:
    """Whatever comes in, and whenever: all that goes out is a command that reads, or a courtesy of the link."""
    fuzzed(steps, spontaneous=spontaneous)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_nothing_but_reading_can_leave_in_a_dialogue_that_is_tampered_with(draw: st.DataObject) -> None:
    """A real dialogue runs far; its replies are replaced and damaged here and there."""

    def spoil(up: bytes) -> bytes:
        match draw.draw(st.sampled_from([0, 0, 0, 1, 2])):
            case 1:
                return draw.draw(DATA)
            case 2:
                at = draw.draw(st.integers(0, len(up) - 1))
                return up[:at] + draw.draw(st.binary(max_size=4)) + up[at + 1 :]
            case _:
                return up

    link = Link(options={"poll_s": 0.5}).run(3.0, spoil)
    assert SPEC.sends is not None
    assert SPEC.sends.fullmatch(link.sent)
    commands(link.sent)
    assert link.device.controls == []


@pytest.mark.parametrize("command", SETS)
def test_the_pattern_takes_no_command_that_sets(command: str) -> None:
    assert SPEC.sends is not None
    for body in (command, f"1{command}", f"1{command};0100", f"0{command};2"):
        frame = encode(body.encode())
        assert not SPEC.sends.fullmatch(frame)
        with pytest.raises(AssertionError):
            commands(frame)


@pytest.mark.parametrize("text", ["", None])
def test_an_empty_answer_ends_the_drug_that_was_told_before(text: str | None) -> None:
    session, step = FreseniusSession(Options()), Step(Command.READ_DRUG, Address.MODULE_1)
    session._told(Message(address="1", word="C", text="Propofol"), step)
    found = session._told(Message(address="1", word="C", text=text), step) or ()
    assert [(e.value, e.quality) for e in found if isinstance(e, Observation)] == [(None, Quality.NOT_AVAILABLE)]
