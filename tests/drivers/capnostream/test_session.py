"""The dialogue: enable, start, keep alive, begin anew."""

from itertools import pairwise

from collector.model import DeviceClock, DeviceIdentity, Event, Observation, PatientIdentity, Rejected, Waveform
from drivers.capnostream import SPEC
from drivers.capnostream.frames import Framer, Message
from drivers.capnostream.messages import SENDS
from drivers.capnostream.session import CapnostreamSession
from tests.drivers.capnostream.link import Link, device


def commands(sent: bytes) -> list[int]:
    return [one.code for one in Framer().feed(sent * 2) if isinstance(one, Message)][: sent.count(b"\x85")]


def codes(link: Link) -> list[int]:
    return commands(b"".join(data for _, data in link.down))


def test_a_session_from_enable_to_disable() -> None:
    link = Link(device()).run(20.0)
    sent = codes(link)
    assert sent[:5] == [1, 10, 4, 9, 11]
    assert set(sent[5:]) == {6}
    alive = [at for at, data in link.down if commands(data) == [6]]
    assert max(b - a for a, b in pairwise(alive)) < 5.0
    link.session.close(20.0)
    farewell = link.session.outgoing()
    assert commands(farewell) == [5, 2]
    assert SENDS.fullmatch(b"".join(data for _, data in link.down) + farewell)


def test_what_the_device_said_is_heard() -> None:
    link = Link(device()).run(30.0)
    kinds = (Observation, DeviceClock, DeviceIdentity, PatientIdentity)
    said: list[Event] = [event for event in link.said if isinstance(event, kinds)]
    heard = [event for event in link.heard if isinstance(event, kinds)]
    assert len(said) > 300
    repeated = [e for e in said if e not in heard]
    assert repeated == []
    told = [n for event in link.said if isinstance(event, Waveform) for n in event.counts.tolist()]
    got = [event for event in link.heard if isinstance(event, Waveform)]
    assert [n for event in got for n in event.counts.tolist()] == told[: sum(len(event.counts) for event in got)]
    assert len(told) > 500
    assert {event.gap_samples for event in got[1:]} == {0}
    assert not [event for event in link.heard if isinstance(event, Rejected)]


def test_a_device_that_is_off_is_asked_every_second_and_found() -> None:
    link = Link(device(silent=(0.0, 10.0)))
    link.run(9.9)
    assert set(codes(link)) == {1}
    assert len(codes(link)) == 10
    link.run(20.0)
    assert [event for event in link.heard if isinstance(event, Waveform)]


def test_a_device_that_was_switched_off_is_enabled_anew() -> None:
    link = Link(device(silent=(10.0, 16.0))).run(30.0)
    late = codes(link)[10:]
    assert late.count(1) >= 1
    assert late.count(4) == 1
    before = [event for event in link.heard if isinstance(event, DeviceIdentity)]
    assert len(before) == 2


def test_nothing_is_sent_before_it_is_due_nor_a_farewell_without_a_greeting() -> None:
    session = CapnostreamSession(SPEC.options())
    session.close(0.0)
    assert session.outgoing() == b""
    assert session.deadline() == float("-inf")
    session.expire(5.0)
    assert session.deadline() == 6.0
    session.expire(5.5)
    assert commands(session.outgoing()) == [1]


def test_without_waves_only_the_states_stay() -> None:
    link = Link(device(), waves=False, ipi=False, patient=False).run(5.0)
    assert not [event for event in link.heard if isinstance(event, Waveform)]
    assert codes(link)[:3] == [1, 4, 9]
    assert [event for event in link.heard if isinstance(event, Observation)]


def test_sensors_that_come_off_are_said() -> None:
    """In "anaesthetic" nobody is at the airway until 900 s: 255, and no sampling line."""
    link = Link(device("anaesthetic")).run(4.0)
    et = [e.value for e in link.heard if isinstance(e, Observation) and e.channel.source == "etco2"]
    assert et
    assert set(et) == {None}
    assert not [e for e in link.heard if isinstance(e, Waveform)]
