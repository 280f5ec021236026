"""The dialogue, alarms, texts and identity."""

import struct
from dataclasses import replace
from itertools import pairwise

from collector.model import (
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
    Waveform,
)
from drivers.bis_vista import SPEC
from drivers.bis_vista.frames import Framer, Packet, encode
from drivers.bis_vista.requests import SENDS
from drivers.bis_vista.session import BisSession
from tests.drivers.bis_vista.link import Link, monitor
from tests.shared import capture


def messages(link: Link) -> list[int]:
    framer = Framer()
    return [one.message for _, data in link.down for one in framer.feed(data) if isinstance(one, Packet)]


def answer(message: int, data: bytes) -> list[Event]:
    return list(BisSession(SPEC.options()).receive(encode(message, data, routing=255, sequence=0, number=0), 0.0))


def real(at: int, value: bytes) -> bytes:
    """The data of the first real message, with other bytes at a place."""
    data = bytearray(capture("small-devices", "bis_vista_frames.bin").read_bytes()[20:384])
    data[at : at + len(value)] = value
    return bytes(data)


def alarms(events: list[Event]) -> list[AlarmCondition]:
    return [event for event in events if isinstance(event, AlarmCondition)]


def test_everything_is_asked_for_once_and_heard() -> None:
    link = Link(monitor(marks=[(4.0, "Intubation")])).run(20.0)
    assert messages(link) == [115, 1004, 1014, 1002, 1000, 111]
    assert SENDS.fullmatch(b"".join(data for _, data in link.down))
    spoken = [event for event in link.said if isinstance(event, Observation | Waveform | DeviceIdentity)]
    heard = [replace(event, gap_samples=None) if isinstance(event, Waveform) else event for event in link.heard]
    assert [event for event in spoken if event not in heard] == []
    assert len(spoken) > 500
    assert not [event for event in link.heard if isinstance(event, Rejected)]
    waves = [event for event in link.heard if isinstance(event, Waveform) and event.channel.source == "eeg1"]
    assert {wave.gap_samples for wave in waves[1:]} == {0}


def test_requests_are_half_a_second_apart_and_repeated_while_nothing_comes() -> None:
    link = Link(monitor(silent=(0.0, 60.0)))
    link.run(30.0)
    times = [at for at, _ in link.down]
    assert min(b - a for a, b in pairwise(times)) >= 0.49
    assert messages(link).count(115) == 3
    assert link.session.deadline() > 30.0


def test_a_monitor_that_was_off_is_asked_anew() -> None:
    link = Link(monitor(silent=(8.0, 12.0))).run(30.0)
    assert messages(link)[6:].count(115) >= 1
    late = [event for event in link.heard[-200:] if isinstance(event, Waveform)]
    assert late


def test_close_ends_what_was_begun() -> None:
    link = Link(monitor()).run(6.0)
    link.session.close(6.0)
    farewell = link.session.outgoing()
    assert SENDS.fullmatch(farewell)
    assert [one.message for one in Framer().feed(farewell) if isinstance(one, Packet)] == [116, 1015, 1003, 1001, 112]
    untouched = BisSession(SPEC.options())
    untouched.close(0.0)
    assert untouched.outgoing() == b""


def test_burst_count_comes_with_the_extra_variables() -> None:
    link = Link(monitor(), extra=True, eeg=False, messages=False).run(6.0)
    assert messages(link) == [1019, 115, 1004]
    counts = [e for e in link.heard if isinstance(e, Observation) and e.channel.source == "ch12.burst_count"]
    assert counts
    assert counts[0].channel.unit == "/min"


def test_no_value_is_said_and_alternates_end_once() -> None:
    """−32768 in the capture's alternate BIS; −3277 and below is no value (small-devices §1)."""
    events = answer(53, real(48 + 48 + 6, struct.pack("<h", -32768)))
    (bis,) = [e for e in events if isinstance(e, Observation) and e.channel.code == "MDC_EEG_BISPECTRAL_INDEX"]
    assert (bis.value, bis.quality) == (None, Quality.NOT_AVAILABLE)
    session = BisSession(SPEC.options())
    told: list[Event] = []
    for number, alternate in enumerate((512, -3277, -32768)):
        data = real(48 + 48 + 8, struct.pack("<h", alternate))
        told += session.receive(encode(53, data, routing=255, sequence=number, number=number), 0.0)
    alternates = [e.value for e in told if isinstance(e, Observation) and e.channel.source == "ch12.bis_alt"]
    assert alternates == [51.2, None]


def test_bits_are_technical_alarms_from_start_to_end() -> None:
    """Impedance result 4: lead off, 2: noise (small-devices §1), at byte 26."""
    session = BisSession(SPEC.options())
    found: list[list[AlarmCondition]] = []
    for number, result in enumerate((4, 6, 0)):
        data = real(26, struct.pack("<H", result))
        found.append(alarms(list(session.receive(encode(53, data, routing=255, sequence=0, number=number), 0.0))))
    assert [{(a.source, a.phase) for a in one} for one in found] == [
        {("impedance1.lead_off", AlarmPhase.START)},
        {("impedance1.noise", AlarmPhase.START)},
        {("impedance1.lead_off", AlarmPhase.END), ("impedance1.noise", AlarmPhase.END)},
    ]
    assert found[0][0].type is AlarmType.TECHNICAL
    (unknown,) = alarms(answer(53, real(6, struct.pack("<H", 0x10))))
    assert (unknown.source, unknown.code) == ("selftest.bit4", "MDC_UNMAPPED")


def test_conditions_of_an_earlier_dialogue_go_on_or_end() -> None:
    def condition(source: str) -> AlarmCondition:
        return AlarmCondition(source=source, type=AlarmType.TECHNICAL, priority=Priority.MEDIUM, phase=AlarmPhase.START)

    session = BisSession(SPEC.options(), [condition("impedance1.lead_off"), condition("impedance2.noise")])
    events = session.receive(encode(53, real(26, b"\x04\x00"), routing=255, sequence=0, number=0), 0.0)
    assert {(a.source, a.phase) for a in alarms(list(events))} == {
        ("impedance1.lead_off", AlarmPhase.CONTINUE),
        ("impedance2.noise", AlarmPhase.END),
    }
    again = session.receive(encode(53, real(26, b"\x04\x00"), routing=255, sequence=1, number=1), 0.0)
    assert alarms(list(again)) == []


def test_a_demo_sensor_makes_everything_a_demo() -> None:
    events = answer(53, real(2, bytes((57,))))
    values = [event for event in events if isinstance(event, Observation)]
    assert values
    assert all(event.demo for event in values)


def test_a_setting_that_stays_is_told_again_before_it_looks_old() -> None:
    one = BisSession(SPEC.options())
    events = [
        event for n in range(62)
        for event in one.receive(encode(53, real(0, b""), routing=4, sequence=n, number=n), float(n))
    ]  # fmt: skip
    told = [e.value for e in events if isinstance(e, Observation) and e.channel.source == "filter.notch"]
    assert len(told) == 3
    assert len(set(told)) == 1


def test_the_revision_names_the_monitor() -> None:
    """Serial number V1234 is D2 04 00 56H."""
    events = answer(1102, bytes((3, 22, 0, 0)) + bytes(20) + bytes.fromhex("D2040056"))
    assert (
        DeviceIdentity(manufacturer="Aspect Medical Systems", model="BIS VISTA", serial="V1234", software="3.22")
        in events
    )
    assert [type(event) for event in answer(1102, bytes(27))] == [Rejected]


def test_texts_are_told_and_what_is_no_text_is_not() -> None:
    events = answer(1115, b"12:04:31 Intubation".ljust(31, b"\0"))
    assert [e.value for e in events if isinstance(e, Observation)] == ["12:04:31 Intubation"]
    assert [type(event) for event in answer(1115, b"\x80" * 31)] == [Rejected]


def test_messages_that_nobody_reads_are_frames() -> None:
    assert [type(event) for event in answer(1109, bytes(24))] == [Frame]


def test_a_message_of_another_length_is_rejected() -> None:
    assert [type(event) for event in answer(52, real(0, b""))] == [Rejected]
