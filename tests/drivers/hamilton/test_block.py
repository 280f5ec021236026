"""The block protocol (hamilton §2) against the computed vector, and its dialogue."""

import json

import pytest

from collector.model import Event, Frame, Observation, Rejected
from drivers.hamilton.block import ACTIVATION, BlockSession, crc, frame
from tests.drivers.hamilton.link import Link
from tests.shared import capture

(VECTOR,) = (
    bytes.fromhex(one["hex"])
    for one in json.loads(capture("hamilton", "vectors.json").read_text())
    if one["name"] == "block_activate_50_breath_70_change"
)
BODY = b"1\x0bP\x21  18\x0bP\x24 5.0\x0bP\x341:2.0\x0bP\x3f  77\x0bP\x37---\x0bP\xff\x0bp\x22(S)CMV\x0bp\xff"


def fed(data: bytes) -> list[Event]:
    one = BlockSession()
    return [*one.receive(data, 0.0), *one.finish()]


def told(events: list[Event]) -> list[tuple[str, str, float | str | None]]:
    return [(e.channel.source, e.channel.code, e.value) for e in events if isinstance(e, Observation)]


def test_the_checksum_and_the_activation_of_the_vector() -> None:
    assert crc(b"123456789") == b"BC"
    assert VECTOR == ACTIVATION == frame(ACTIVATION[1:-4])


def test_values() -> None:
    assert told(fed(frame(BODY))) == [
        ("50:21", "MDC_PRESS_AWAY_INSP_PEAK", 18.0),
        ("50:24", "MDC_PRESS_AWAY_END_EXP_POS", 5.0),
        ("50:34", "MDC_RATIO_IE", 0.5),
        ("50:3F", "MDC_UNMAPPED", "77"),
        ("50:37", "MDC_COMPL_LUNG", None),
        ("70:22", "MDC_VENT_MODE", "(S)CMV"),
    ]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (frame(BODY).replace(b"  18", b"  19"), "checksum"),
        (b"\x0210" + frame(BODY), "truncated"),
        (b"xx" + frame(BODY), "garbage"),
        (b"\x02" + b"x" * 5000 + b"\x03", "too_long"),
        (VECTOR, "layout"),
        (frame(BODY)[:-1], "truncated"),
    ],
)
def test_bad_bytes_are_told_and_the_next_frame_is_read(data: bytes, reason: str) -> None:
    events = fed(data)
    assert next(e.reason for e in events if isinstance(e, Rejected)) == reason
    assert sum(isinstance(e, Frame) for e in [*fed(data + frame(BODY))]) >= 1


def test_activated_every_half_minute_and_heard_each_breath() -> None:
    link = Link(options={"protocol": "block"}).run(100.0)
    assert [data for _, data in link.down] == [ACTIVATION] * 4
    frames = [event for event in link.heard if isinstance(event, Frame)]
    assert len(frames) == pytest.approx(20, abs=2)
    assert told(link.heard) == told(link.said)
    assert told(link.heard).count(("70:22", "MDC_VENT_MODE", "APVcmv")) == 1


def test_a_ventilator_that_was_off_is_activated_again() -> None:
    link = Link(options={"protocol": "block"}, off_s=(10.0, 40.0)).run(35.0)
    heard = len(link.heard)
    link.run(30.0)
    assert len(link.heard) > heard


def test_byte_by_byte_is_the_same() -> None:
    data = b"xx" + frame(BODY) + b"\x021\x0bP" + b"y" * 5000 + frame(BODY) + VECTOR + frame(BODY)[:9]
    one = BlockSession()
    events = [event for byte in data for event in one.receive(bytes((byte,)), 0.0)]
    assert [*events, *one.finish()] == fed(data)
