"""The dialogue with a rack, and the proof that nothing but reading ever leaves."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collector.model import Frame, Observation, Rejected
from drivers.bbraun_bcc import SPEC
from drivers.bbraun_bcc.frames import encode
from drivers.bbraun_bcc.options import Options
from drivers.bbraun_bcc.requests import Reply, Request
from drivers.bbraun_bcc.session import ACK_S, ANSWER_S, NUDGE_S, PAUSE_S, BccSession
from drivers.bbraun_bcc.simulator import Faults
from tests.drivers.bbraun_bcc.link import Link

QUESTIONS = {b"ADMIN:ALIVE", b"ADMIN:VERSION", b"MEM:GET"}
"""Fact sheet small-devices §12: the requests that there are, but for MEM:GETSLOT; none of BCC sets anything."""
PLAIN = {b"EX": b"D", b"EE": b"E", b"ex": b"d", b"ee": b"e"}


def questions(sent: bytes) -> list[bytes]:
    """What is asked in bytes that a host sent, ACK and NAK left out; fails where there is anything else.

    Written from the sheet alone: length, sum, bed and destuffing are worked out here, not with the driver.
    """
    found: list[bytes] = []
    while sent:
        if sent[0] in {0x06, 0x15}:
            sent = sent[1:]
            continue
        assert sent[0] == 0x01, sent
        raw, sent = sent[: sent.index(0x04) + 1], sent[sent.index(0x04) + 1 :]
        if int(raw[1:6]) != len(raw):
            out, rest = b"", raw
            while rest:
                take = 2 if rest[:2] in PLAIN else 1
                out, rest = out + PLAIN.get(rest[:2], rest[:1]), rest[take:]
            raw = out
        assert int(raw[1:6]) == len(raw)
        assert raw[6] == 0x02
        assert raw[-7] == 0x03
        assert int(raw[-6:-1]) == sum(raw[:-6]) % 256
        bed, _, information = raw[7:-7].partition(b"/1/1>")
        assert 1 <= len(bed) <= 15
        assert all(47 <= code <= 57 or 65 <= code <= 122 for code in bed)
        assert information in QUESTIONS
        found.append(information)
    return found


def test_the_commands_are_these() -> None:
    assert {what.value for what in Request} == QUESTIONS
    assert {answer.value for answer in Reply} == {b"\x06", b"\x15"}


@pytest.mark.parametrize("stuffed", [True, False])
def test_it_says_hello_asks_the_version_and_then_for_the_values(stuffed: bool) -> None:
    link = Link(faults=Faults(stuffed=stuffed)).run(20.0)
    asked = [question for sent in link.sent for question in questions(sent)]
    hello = 1 if stuffed else 2  # the first was spelled for a rack that stuffs
    assert asked[: hello + 1] == [b"ADMIN:ALIVE"] * hello + [b"ADMIN:VERSION"]
    assert set(asked[hello + 1 :]) == {b"MEM:GET"}
    assert link.values("50111/INSOL")[0] == "丙泊酚 Propofol 10mg/ml"
    assert link.values("50112/INSOLSN")[0] == "Remi\ue004\ue000"
    assert not any(isinstance(e, Rejected) for e in link.heard)


def test_all_that_was_said_is_heard() -> None:
    link = Link().run(30.0)
    said = {(e.channel, e.value) for e in link.said if isinstance(e, Observation)}
    heard = {(e.channel, e.value) for e in link.heard if isinstance(e, Observation)}
    assert len(said) > 60
    assert said <= heard


def test_timing_is_the_vendors() -> None:
    """An ACK 0.1 s after its block, at least 0.5 s from the last block to the next request (§3.2.5.1)."""
    link = Link(options={"poll_s": 0.5}).run(10.0)
    blocks = [at for at, _ in link.up]
    for at, data in link.down[1:]:
        since = min(at - block for block in blocks if block < at)
        assert since >= (ACK_S if data == b"\x06" else PAUSE_S) - 1e-6


def test_one_request_is_outstanding() -> None:
    link = Link(options={"poll_s": 0.5}).run(20.0)
    waiting = False
    line = [(at, False, data) for at, data in link.down] + [(at, True, data) for at, data in link.up]
    for at, up, data in sorted(line, key=lambda one: one[:2]):
        if up:
            waiting = False
        elif data[-1:] == b"\x04":
            assert not waiting, at
            waiting = True


def test_a_damaged_block_is_asked_for_again() -> None:
    link = Link(faults=Faults(corrupt_every=5)).run(40.0)
    assert sum(isinstance(e, Rejected) and e.reason == "checksum" for e in link.heard) > 5
    assert b"\x15" in link.sent
    assert len(link.values("50111/INRT")) > 10
    assert None not in link.values("50121/INRT")  # nothing of it ended


def test_a_mute_rack_is_asked_in_both_spellings_for_ever() -> None:
    link = Link(faults=Faults(mute=True)).run(60.0)
    assert 60 / ANSWER_S - 1 <= len(link.sent) <= 60 / ANSWER_S + 1
    assert {data.count(b"AEX") for data in link.sent} == {0, 1}
    assert not link.heard


def test_a_rack_that_has_forgotten_the_dialogue_is_greeted_anew() -> None:
    link = Link(faults=Faults(restarts_s=12.0)).run(22.0)
    asked = [question for sent in link.sent for question in questions(sent)]
    assert asked.count(b"ADMIN:ALIVE") == 2
    ticks = [e.tick_us or 0 for e in link.heard if isinstance(e, Frame)]
    assert 0 < max(ticks[-5:]) < max(ticks)  # its clock began anew, and it is heard


def test_a_pump_that_is_taken_out_ends_once_and_one_that_comes_back_is_heard() -> None:
    link = Link(faults=Faults(removed={"50112": 8.0}, returned={"50112": 20.0})).run(40.0)
    rates = link.values("50112/INRT")
    assert rates.count(None) == 1
    assert rates[0] == rates[-1] == 8.0
    assert None not in link.values("50111/INRT")


def test_alarms_come_and_go() -> None:
    link = Link(faults=Faults(told={"50111": {"INA3": "1"}})).run(10.0)
    assert link.alarms() == [("50111/INA3", "start")]
    link.device._faults = Faults()
    assert link.run(10.0).alarms() == [("50111/INA3", "start"), ("50111/INA3", "end")]


def test_a_rack_that_sends_by_itself_is_only_acknowledged() -> None:
    session = BccSession(Options(cyclic=True))
    frame = encode(b"ComSystem", b"207,50111,INRT,5.0", last=False)
    sent = b""
    now = 0.0
    while now < 30.0:
        due = session.deadline()
        assert due is not None
        if due <= now:
            session.expire(now)
        sent += session.outgoing()
        if now in {1.0, 2.0, 3.0}:
            assert any(isinstance(e, Observation) for e in session.receive(frame, now))
        now += 0.5
    assert sent == b"\x06" * (4 + int((30.0 - 3.0) / NUDGE_S))


def test_bytes_of_both_directions_are_read() -> None:
    link = Link().run(6.0)
    both = sorted([(at, data) for at, data in link.down] + [(at, data) for at, data in link.up], key=lambda one: one[0])
    session = BccSession(Options())
    events = session.receive(b"".join(data for _, data in both), 0.0)
    assert not any(isinstance(e, Rejected) for e in events)
    assert {e.kind for e in events if isinstance(e, Frame)} == {"request", "alive", "version", "data"}


BEDS = st.binary(min_size=1, max_size=15) | st.sampled_from([b"ComSystem", b"1", b"MEM:SET", b"DdEe", b"EXEX"])
INFORMATION = st.binary(max_size=60) | st.sampled_from(
    [
        b"1,50100,GNACK,0", b"1,50100,GNERR,68", b"1,50100,V3.36", b"1,50111,INRT,5.0", b"ADMIN:ALIVE", b"MEM:SET",
        b"1,50111,GNERR,39", b"1,50100,GNERR,11",
    ]
)  # fmt: skip
FRAMES = st.builds(
    lambda bed, information, last, stuff: encode(bed, information, last=last, stuff=stuff),
    BEDS,
    INFORMATION,
    st.booleans(),
    st.booleans(),
)
STEPS = st.lists(
    st.tuples(st.sampled_from([0.0, 0.05, 0.1, 0.5, 1.0, 3.0, 60.0]), FRAMES | st.binary(max_size=40)), max_size=40
)


@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS, st.booleans(), st.data())
def test_nothing_but_reading_can_leave(steps: list[tuple[float, bytes]], cyclic: bool, draw: st.DataObject) -> None:
    """Whatever comes in, and whenever: all that goes out is a question of the sheet, an ACK or a NAK."""
    session = BccSession(Options(cyclic=cyclic))
    now = draw.draw(st.sampled_from([0.0, 1e6]))
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
        asked = questions(sent)
        assert not (cyclic and asked)
    session.close(now)
    assert session.outgoing() == b""


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(st.booleans(), st.data())
def test_nothing_but_reading_can_leave_in_a_dialogue_that_is_tampered_with(stuffed: bool, draw: st.DataObject) -> None:
    """A real dialogue runs far; its blocks are replaced and damaged here and there."""

    def spoil(up: bytes) -> bytes:
        match draw.draw(st.sampled_from([0, 0, 0, 1, 2])):
            case 1:
                return draw.draw(FRAMES)
            case 2:
                at = draw.draw(st.integers(0, len(up) - 1))
                return up[:at] + draw.draw(st.binary(max_size=4)) + up[at + 1 :]
            case _:
                return up

    link = Link(faults=Faults(stuffed=stuffed), options={"poll_s": 0.5}).run(6.0, spoil)
    assert SPEC.sends is not None
    for sent in link.sent:
        assert SPEC.sends.fullmatch(sent)
        questions(sent)


@pytest.mark.parametrize(
    "control",
    [
        encode(b"ComSystem", b"MEM:SET", stuff=False),
        encode(b"ComSystem", b"MEM:GETSLOT#11", stuff=False),
        encode(b"ComSystem", b"ADMIN:STOP", stuff=True),
        b"\x0100031\x021/1/1>ADMIN:ALIVE\x0300061\x04\x02",
        b"MEM:GET",
        b"\x05",
    ],
)
def test_the_pattern_takes_nothing_else(control: bytes) -> None:
    assert SPEC.sends is not None
    assert not SPEC.sends.fullmatch(control)
    assert isinstance(SPEC.sends, re.Pattern)
