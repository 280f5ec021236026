"""What a packet says."""

import pytest

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
    Waveform,
)
from drivers.nonin import SPEC
from drivers.nonin.session import NoninSession
from tests.drivers.nonin.packets import packet


def said(*packets: bytes, standing: tuple[AlarmCondition, ...] = (), **options: object) -> list[Event]:
    session = NoninSession(SPEC.options(**options), standing)
    return [event for one in packets for event in session.receive(one, 0.0)]


def values(events: list[Event]) -> dict[str, float | str | None]:
    return {event.channel.source: event.value for event in events if isinstance(event, Observation)}


def conditions(events: list[Event]) -> list[tuple[str, AlarmPhase]]:
    return [(event.source, event.phase) for event in events if isinstance(event, AlarmCondition)]


def test_each_place_has_its_value() -> None:
    told = values(
        said(
            packet(
                variables={
                    "hr": 60, "spo2": 91, "spo2_d": 92, "fast": 93, "beat": 94, "hr_8": 61, "spo2_8": 95,
                    "spo2_8_d": 96, "hr_d": 62, "hr_8_d": 63,
                }
            )
        )
    )  # fmt: skip
    assert {name: told[name] for name in told if isinstance(told[name], float)} == {
        "HR": 60.0, "SpO2": 91.0, "SpO2-D": 92.0, "SpO2-Fast": 93.0, "SpO2-B-B": 94.0, "E-HR": 61.0,
        "E-SpO2": 95.0, "E-SpO2-D": 96.0, "HR-D": 62.0, "E-HR-D": 63.0,
    }  # fmt: skip


def test_only_what_is_shown_has_the_standard_codes() -> None:
    codes = {e.channel.source: e.channel.code for e in said(packet()) if isinstance(e, Observation)}
    assert {source: code for source, code in codes.items() if code.startswith("MDC_")} == {
        "SpO2-D": "MDC_PULS_OXIM_SAT_O2",
        "HR-D": "MDC_PULS_OXIM_PULS_RATE",
    }


@pytest.mark.parametrize(("rate", "value"), [(72, 72.0), (127, 127.0), (128, 128.0), (300, 300.0), (511, None)])
def test_a_rate_has_two_bits_and_seven(rate: int, value: float | None) -> None:
    assert values(said(packet(rate=rate)))["HR-D"] == value


def test_127_is_no_saturation() -> None:
    events = said(packet(spo2=127, rate=511))
    none = [e for e in events if isinstance(e, Observation) and e.value is None]
    assert len(none) == 10
    assert {e.quality for e in none} == {Quality.NOT_AVAILABLE}


@pytest.mark.parametrize(("bits", "quality"), [(0x08, "questionable"), (0x10, "questionable"), (0x20, "valid")])
def test_a_value_out_of_track_is_questionable(bits: int, quality: str) -> None:
    (shown,) = [e for e in said(packet(status=bits)) if isinstance(e, Observation) and e.channel.source == "SpO2-D"]
    assert (shown.value, shown.quality) == (97.0, quality)


def test_values_are_told_once_a_second_and_when_they_change() -> None:
    events = said(packet(), packet(), packet(spo2=96), packet(spo2=96))
    assert [e.value for e in events if isinstance(e, Observation) and e.channel.source == "SpO2-D"] == [
        97.0,
        96.0,
        96.0,
    ]
    assert [e.value for e in events if isinstance(e, Observation) and e.channel.source == "HR-D"] == [72.0, 72.0]


def test_without_averages_and_waves_only_what_is_shown() -> None:
    events = said(packet(), averages=False, waves=False)
    assert not [event for event in events if isinstance(event, Waveform)]
    told = values(events)
    assert {name for name in told if isinstance(told[name], float)} == {"SpO2-D", "HR-D"}


def test_the_pleth_goes_on_from_packet_to_packet() -> None:
    events = said(packet(pleth=100), packet(pleth=125) + b"\x00", packet(pleth=200, status=0x40))
    waves = [event for event in events if isinstance(event, Waveform)]
    assert waves[0].counts.tolist() == list(range(100, 125))
    assert [(wave.gap_samples, wave.quality) for wave in waves] == [(None, "valid"), (0, "valid"), (None, "invalid")]
    assert (waves[0].rate_hz, waves[0].start_us, waves[0].channel.unit) == (75.0, -333_333, "1")


def test_the_status_is_technical_alarms() -> None:
    events = said(packet(status=0x48), packet(status=0x10, flags=0x01), packet())
    assert conditions(events) == [
        ("status.disconnected", AlarmPhase.START),
        ("status.sensor", AlarmPhase.START),
        ("status.disconnected", AlarmPhase.END),
        ("status.sensor", AlarmPhase.END),
        ("status.out_of_track", AlarmPhase.START),
        ("flags.battery", AlarmPhase.START),
        ("status.out_of_track", AlarmPhase.END),
        ("flags.battery", AlarmPhase.END),
    ]


def test_what_stood_before_goes_on_or_ends() -> None:
    standing = tuple(
        AlarmCondition(source=source, type=AlarmType.TECHNICAL, priority=Priority.MEDIUM, phase=AlarmPhase.START)
        for source in ("status.sensor", "flags.battery")
    )
    events = said(packet(status=0x08), packet(status=0x08), standing=standing)
    assert conditions(events) == [("flags.battery", AlarmPhase.END), ("status.sensor", AlarmPhase.CONTINUE)]


@pytest.mark.parametrize(("bits", "colour"), [(0x02, "green"), (0x04, "red"), (0x06, "yellow")])
def test_the_pulse_has_a_colour(bits: int, colour: str) -> None:
    assert values(said(packet(status=0, statuses={3: bits})))["status.perfusion"] == colour
    assert "status.perfusion" not in values(said(packet(status=0)))


def test_states_are_told_when_they_change() -> None:
    events = said(packet(), packet(), packet(flags=0, statuses={4: 0x22}))
    told = [(e.channel.source, e.value) for e in events if isinstance(e, Observation) and isinstance(e.value, str)]
    assert told == [
        ("status.perfusion", "green"),
        ("status.artifact", "no"),
        ("flags.smartpoint", "yes"),
        ("status.artifact", "yes"),
        ("flags.smartpoint", "no"),
    ]


def test_a_state_that_stays_is_told_again_before_it_looks_old() -> None:
    events = said(*[packet()] * 181)
    told = [e.value for e in events if isinstance(e, Observation) and e.channel.source == "status.artifact"]
    assert told == ["no"] * 3


def test_what_nobody_knows_is_kept() -> None:
    told = values(said(packet(timer=(1, 2), reserved=5)))
    assert told["timer"] == 130.0
    assert told["reserved"] == "00050000000000"


def test_firmware_and_serial_number() -> None:
    serial = bytes.fromhex("02F40B02") + b"501234567" + b"\x99\x03"
    events = said(packet(), packet() + serial)
    assert [event for event in events if isinstance(event, DeviceIdentity)] == [
        DeviceIdentity(manufacturer="Nonin", software="18"),
        DeviceIdentity(manufacturer="Nonin", software="18", serial="501234567"),
    ]
    assert [event.tick_us for event in events if isinstance(event, Frame)] == [333_333, 666_666, 666_666]
