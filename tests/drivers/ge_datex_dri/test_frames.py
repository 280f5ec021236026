import json

import pytest

from collector.model import DeviceIdentity, Event, Frame, Rejected
from drivers.ge_datex_dri.frames import MAX_SEGMENT_BYTES, Framer, Record, encode
from tests.drivers.ge_datex_dri.records import basic, fed, frame, group, new, only, record
from tests.shared import capture

HR = group(0, 72, *[-32767] * 4, label=0x1200)
GOOD = frame(record(0, basic(*HR)))


def reasons(events: list[Event]) -> list[str]:
    return [event.reason for event in events if isinstance(event, Rejected)]


def frames(events: list[Event]) -> list[Frame]:
    return [event for event in events if isinstance(event, Frame)]


def examples() -> dict[str, bytes]:
    loaded = json.loads(capture("datex-dri", "vendor_examples.json").read_text())
    return {example["name"]: bytes.fromhex(example["wire_hex"]) for example in loaded}


def test_the_checksum_is_unescaped_like_any_other_byte() -> None:
    wire = examples()["trend60_start"]
    assert wire[-3:] == bytes.fromhex("7d 5d 7e")
    (one,) = Framer().feed(wire)
    assert isinstance(one, Record)
    assert encode(0, [(0, one.data[40:])]) == wire


@pytest.mark.parametrize("marker", range(256))
def test_the_checksum_is_the_sum_of_the_unescaped_bytes(marker: int) -> None:
    events = fed(frame(record(0, basic(*HR, marker=marker))))
    assert not reasons(events)
    if marker:
        assert only(events, "marker").value == marker


def test_a_payload_full_of_flags_and_escapes_is_read() -> None:
    events = fed(frame(record(0, basic(*group(0, 0x7E7D, 0x7D7E, 0x7E7E, 0x7D7D, 0x5E7D, label=0x0200)))))
    assert only(events, "basic.ecg.hr").value == 0x7E7D
    assert only(events, "basic.ecg.imp_rr").value == 0x5E7D


def test_a_frame_is_located_with_its_flags_and_escapes() -> None:
    events = fed(b"\x01\x02" + GOOD + GOOD[1:])
    assert [(one.offset, one.length) for one in frames(events)] == [(2, len(GOOD)), (1 + len(GOOD), len(GOOD))]
    assert events[0] == Rejected(offset=0, length=2, reason="short")


def test_two_flags_between_frames_and_one_are_the_same() -> None:
    assert len(frames(fed(GOOD + GOOD + GOOD[1:] + b"\x7e\x7e\x7e" + GOOD))) == 4
    assert not reasons(fed(GOOD + GOOD + GOOD[1:] + b"\x7e\x7e\x7e" + GOOD))


def test_a_lost_flag_costs_only_its_frame() -> None:
    damaged = GOOD[:-1] + b"\x00" + GOOD
    assert reasons(fed(damaged + GOOD)) == ["checksum"]
    assert len(frames(fed(damaged + GOOD))) == 2


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda good: good[:100] + bytes((good[100] ^ 1,)) + good[101:], "checksum"),
        (lambda good: b"\x7e" + good[1:50] + b"\x7d\x7e", "escape"),
        (lambda good: good[:30] + b"\x7e", "short"),
        (lambda _: frame(record(0, basic(*HR))[:-2]), "length"),
        (lambda _: frame(record(7, basic(*HR))), "main_type"),
        (lambda _: frame(record(0, (1, b""), (2, b""))), "sub_record"),
        (lambda _: frame(record(0, (1, bytes(277)))), "sub_record"),
        (lambda _: frame(record(1, (8, b"\x65\0\0\0\0\0" + bytes(200)))), "sub_record"),
        (lambda _: frame(record(1, (8, b"\xff\xff\0\0\0\0"))), "sub_record"),
    ],
)
def test_damage_that_passes_the_checksum_is_found(damage: object, reason: str) -> None:
    assert callable(damage)
    wounded = damage(GOOD)
    events = fed(wounded + GOOD)
    assert reasons(events) == [reason]
    assert [one.length for one in frames(events)] == [len(GOOD)]


def test_the_input_s_end_reports_what_is_left() -> None:
    session = new()
    session.receive(GOOD + GOOD[:200], 0.0)
    assert session.finish() == [Rejected(offset=len(GOOD) + 1, length=199, reason="truncated")]
    assert session.finish() == []


def test_endless_noise_is_rejected_in_pieces_and_not_kept() -> None:
    noise = b"\x00" * (3 * MAX_SEGMENT_BYTES + 5)
    events = fed(noise + GOOD)
    assert [(e.offset, e.length, e.reason) for e in events if isinstance(e, Rejected)] == [
        *((n * MAX_SEGMENT_BYTES, MAX_SEGMENT_BYTES, "too_long") for n in range(3)),
        (3 * MAX_SEGMENT_BYTES, 5, "short"),
    ]
    assert len(frames(events)) == 1


def test_requests_on_a_tapped_line_are_frames_that_say_nothing() -> None:
    events = fed(*examples().values())
    assert [event.kind for event in events if isinstance(event, Frame)] == ["request"] * 6
    assert len(events) == 6


def test_a_frame_tells_the_monitor_s_time_and_level() -> None:
    events = fed(frame(record(0, basic(), level=7, time_s=1_600_000_000)))
    assert frames(events)[0].tick_us == 1_600_000_000_000_000
    identity = [event for event in events if isinstance(event, DeviceIdentity)]
    assert identity == [DeviceIdentity(manufacturer="GE Datex-Ohmeda", software="DRI level 7")]
