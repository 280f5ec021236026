"""Listening, and asking where the site says so."""

from itertools import pairwise

import pytest

from collector.model import AlarmCondition, DeviceIdentity, Observation, Rejected, Waveform
from drivers.nonin import SPEC
from drivers.nonin.requests import FORMATS, SENDS, SERIAL
from drivers.nonin.session import NoninSession
from tests.drivers.nonin.link import Link, oximeter


def test_the_requests_of_another_program() -> None:
    """70H + 4 + 2 + 7 + 21H = 9EH; the same rule gives the 7EH of data format 8 without flags."""
    assert FORMATS["9560"].hex() == "0270040207219e03"
    assert sum(FORMATS["9560"][1:6]) & 0xFF == 0x9E
    assert SERIAL.hex() == "027402020203"


def test_a_module_is_asked_nothing() -> None:
    link = Link(oximeter()).run(20.0)
    assert link.down == []
    assert link.session.deadline() is None
    values = [event for event in link.said if isinstance(event, Observation | AlarmCondition)]
    assert len(values) > 500
    heard = set(link.heard)
    assert [event for event in values if event not in heard] == []
    assert not [event for event in link.heard if isinstance(event, Rejected)]
    waves = [event for event in link.heard if isinstance(event, Waveform)]
    assert {wave.gap_samples for wave in waves[1:]} == {0}
    assert len({n for wave in waves for n in wave.counts.tolist()}) > 100


@pytest.mark.parametrize("ask", ["4100", "9560"])
def test_the_format_is_asked_for_until_packets_come(ask: str) -> None:
    link = Link(oximeter(talks=False), ask=ask).run(10.0)
    assert [data for _, data in link.down] == [FORMATS[ask], SERIAL]
    assert SENDS.fullmatch(b"".join(data for _, data in link.down))
    told = [event for event in link.heard if isinstance(event, DeviceIdentity)]
    assert told[-1].serial == "501234567"


def test_a_mute_device_is_asked_every_five_seconds() -> None:
    session = NoninSession(SPEC.options(ask="9560"))
    session.expire(0.0)
    assert session.outgoing() == b""
    times = []
    now = 0.0
    for _ in range(5):
        due = session.deadline()
        assert due is not None
        now = max(now, due)
        session.expire(now)
        assert session.outgoing() == FORMATS["9560"]
        times.append(now)
    assert {b - a for a, b in pairwise(times)} == {5.0}


def test_a_device_that_falls_silent_is_asked_anew() -> None:
    link = Link(oximeter(silent=(5.0, 12.0)), ask="9560").run(20.0)
    (asked,) = [at for at, data in link.down if data == FORMATS["9560"]]
    assert 7.5 < asked < 8.5
    assert [event for event in link.heard[-100:] if isinstance(event, Waveform)]


def test_a_serial_number_that_never_comes_is_asked_for_three_times() -> None:
    talk = Link(oximeter(), ask="4100").run(2.0)
    session = NoninSession(SPEC.options(ask="4100"))
    sent = b""
    for second in range(40):
        session.receive(b"".join(talk.up[-1:]), float(second))
        session.expire(float(second))
        sent += session.outgoing()
    assert sent.count(SERIAL) == 3
    assert FORMATS["4100"] not in sent


def test_a_sensor_that_is_off_is_said() -> None:
    """In "anaesthetic" the probe is off from 2990 to 3030 s."""
    device = oximeter("anaesthetic")
    device.expire(0.0)
    device.outgoing()
    device.expire(2989.0)
    session = NoninSession(SPEC.options())
    heard = [*session.receive(device.outgoing(), 0.0)]
    for second in range(2990, 2994):
        device.expire(float(second))
        heard += session.receive(device.outgoing(), 0.0)
    alarms = [event.source for event in heard if isinstance(event, AlarmCondition)]
    assert alarms == ["status.sensor", "status.out_of_track"]
    shown = [e.value for e in heard if isinstance(e, Observation) and e.channel.source == "SpO2-D"]
    assert shown[-1] is None
