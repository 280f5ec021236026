"""The recorded stream of a Servo-i, against its independent decoding."""

import json
from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest

from collector.model import UNMAPPED, Event, Frame, Observation, Quality, Rejected, Waveform
from drivers.servo.items import checksum
from drivers.servo.options import Options
from drivers.servo.session import ServoSession
from tests.shared import capture

DEFINED = Options(waves=(100,), breath=(200, 205, 209), settings=(), alarms=())
BAD_AFTER, BAD = 608, 329
"""The third curve block: samples before it, samples of it."""


@cache
def events() -> tuple[Event, ...]:
    session = ServoSession(DEFINED)
    found = session.receive(capture("servo", "servo_radc_stream.bin").read_bytes(), 0.0)
    return (*found, *session.finish())


def test_by_itself_the_recording_is_read_as_what_it_is_known_to_be_and_doubted() -> None:
    """Without options, as `vitalsd decode` reads it: a bare stream does not say which channels it holds (§3)."""

    def told(events: Sequence[Event]) -> object:
        waves = [(e.channel, e.values.tolist()) for e in events if isinstance(e, Waveform)]
        return waves, [(e.channel, e.value) for e in events if isinstance(e, Observation)]

    session = ServoSession(Options())
    data = capture("servo", "servo_radc_stream.bin").read_bytes()
    found = [*session.receive(data, 0.0), *session.finish()]
    assert told(found) == told(events())
    numbers = [e for e in found if isinstance(e, Observation) and e.channel.source != "state"]
    assert {e.quality for e in numbers if isinstance(e.value, float)} == {Quality.QUESTIONABLE}
    assert {e.quality for e in found if isinstance(e, Waveform)} == {Quality.QUESTIONABLE}


def test_a_bare_stream_of_another_shape_is_unmapped_and_nothing_of_it_is_left_out() -> None:
    def block(body: bytes) -> bytes:
        return body + b"\x7f" + bytes((checksum(body + b"\x7f"),))

    curves = block(bytes.fromhex("8110 803210 801234 05fb"))
    breath = block(b"B" + bytes.fromhex("0001 0002"))
    session = ServoSession(Options())
    found = [*session.receive(curves + breath + curves + breath, 0.0), *session.finish()]
    waves = {e.channel.source: e.values.tolist() for e in found if isinstance(e, Waveform)}
    assert waves["C1"] == [0x3210, 0x3215]
    assert waves["C2"] == [0x1234, 0x122F]
    values = {(e.channel.source, e.channel.code): e.value for e in found if isinstance(e, Observation)}
    assert values["B1", UNMAPPED] == 1.0
    assert values["B2", UNMAPPED] == 2.0


def expected() -> dict[str, list[float]]:
    found: dict[str, list[float]] = json.loads(capture("servo", "servo_radc_stream.expected.json").read_text())
    return found


def test_every_sample_but_those_of_the_damaged_block() -> None:
    waves = [e for e in events() if isinstance(e, Waveform) and e.channel.source == "100"]
    raws, told = expected()["curve_raw_ch100"], expected()["curve_ml_s"]
    whole = np.concatenate([wave.counts for wave in waves])
    assert list(whole) == raws[:BAD_AFTER] + raws[BAD_AFTER + BAD :]
    values = np.concatenate([wave.values for wave in waves])
    assert values == pytest.approx(told[:BAD_AFTER] + told[BAD_AFTER + BAD :], abs=0.006)
    assert {(wave.channel.code, wave.channel.unit) for wave in waves} == {("MDC_FLOW_AWAY", "mL/s")}


def test_what_its_checksum_has_not_confirmed_is_questionable() -> None:
    waves = [e for e in events() if isinstance(e, Waveform) and e.channel.source == "100"]
    by_quality = {
        quality: sum(len(wave.counts) for wave in waves if wave.quality is quality)
        for quality in (Quality.VALID, Quality.QUESTIONABLE)
    }
    assert by_quality == {Quality.VALID: 608, Quality.QUESTIONABLE: 100}


def test_waves_continue_but_for_the_damaged_block() -> None:
    waves = [e for e in events() if isinstance(e, Waveform) and e.channel.source == "100"]
    unknown = [index for index, wave in enumerate(waves) if wave.gap_samples is None]
    lengths = np.cumsum([0, *(len(wave.counts) for wave in waves)])
    assert [int(lengths[index]) for index in unknown] == [0, 608]
    assert all(wave.gap_samples == 0 for index, wave in enumerate(waves) if index not in unknown)
    assert all(len(wave.counts) <= wave.rate_hz for wave in waves)


def test_the_damaged_block_is_rejected_and_nothing_else() -> None:
    rejected = [e for e in events() if isinstance(e, Rejected)]
    assert rejected[0].reason == "curve"
    assert (rejected[0].offset, sum(one.length for one in rejected)) == (766, 397)
    frames = [e for e in events() if isinstance(e, Frame)]
    assert [one.kind for one in frames] == ["curves", "block B", "curves", "block B", "block B", "curves"]
    assert sum(one.length for one in frames) + 397 == 1274


@pytest.mark.parametrize(
    ("source", "code", "unit"),
    [
        ("200", "MDC_VENT_RESP_BTSD_PSAZC_RATE", "/min"),
        ("205", "MDC_PRESS_AWAY_INSP_PEAK", "cm[H2O]"),
        ("209", "MDC_VENT_CONC_AWAY_O2_INSP", "%"),
    ],
)
def test_breath_values(source: str, code: str, unit: str) -> None:
    found = [e for e in events() if isinstance(e, Observation) and e.channel.source == source]
    column = ("200", "205", "209").index(source)
    told = json.loads(capture("servo", "servo_radc_stream.expected.json").read_text())["breath_eng"]
    assert [e.value for e in found] == pytest.approx([row[column] for row in told])
    assert {(e.channel.code, e.channel.unit) for e in found} == {(code, unit)}


def test_phases_change_where_the_device_says_so() -> None:
    """81 30 after 249 samples and 81 10 after 280 of the first block, read by eye."""
    waves = [e for e in events() if isinstance(e, Waveform) and e.channel.code == "VND_GETINGE_RESP_PHASE"]
    phases = np.concatenate([wave.values for wave in waves])
    assert list(np.flatnonzero(np.diff(phases)) + 1)[:4] == [249, 280, 282 + 294, 282 + 325]
    assert list(phases[[0, 249, 280]]) == [1.0, 3.0, 1.0]
