"""Raw EEG: layout, scale, gaps."""

import struct

import pytest

from collector.model import Event, Quality, Rejected, Waveform
from drivers.bis_vista import SPEC
from drivers.bis_vista.frames import encode
from drivers.bis_vista.session import BisSession
from tests.shared import capture


def raw(samples: list[int], *, sequence: int, number: int, channels: int = 2, rate: int = 128) -> bytes:
    data = struct.pack(f"<HH{len(samples)}h", channels, rate, *samples)
    return encode(50, data, routing=255, sequence=sequence, number=number)


def waves(events: list[Event]) -> list[Waveform]:
    return [event for event in events if isinstance(event, Waveform)]


def session() -> BisSession:
    return BisSession(SPEC.options())


def test_channels_are_interleaved_and_a_packet_is_an_eighth_of_a_second() -> None:
    found = waves(list(session().receive(raw([n for k in range(16) for n in (k, -k)], sequence=1, number=1), 0.0)))
    assert [one.channel.source for one in found] == ["eeg1", "eeg2"]
    assert found[0].counts.tolist() == list(range(16))
    assert found[1].counts.tolist() == [-k for k in range(16)]
    assert (found[0].rate_hz, found[0].start_us, found[0].gap_samples) == (128.0, -125_000, None)


def test_the_scale_is_the_monitors_own() -> None:
    """Gain 50043788 / 10⁹ µV, offset −32311703 / 10⁴ counts in the capture; the count of 0 µV is the offset's."""
    one = session()
    early = waves(list(one.receive(raw([0] * 32, sequence=1, number=1), 0.0)))
    assert {wave.quality for wave in early} == {Quality.QUESTIONABLE}
    assert early[0].values[0] == pytest.approx(0.05 * 3234)
    one.receive(capture("small-devices", "bis_vista_frames.bin").read_bytes(), 0.0)
    late = waves(list(one.receive(raw([-3231] * 32, sequence=2, number=2), 0.0)))
    assert {wave.quality for wave in late} == {Quality.VALID}
    assert late[0].values[0] == pytest.approx(0.050043788 * (-3231 + 3231.1703))


@pytest.mark.parametrize(
    ("sequence", "number", "gap"), [(2, 2, 0), (2, 9, 0), (9, 2, 0), (9, 9, None)], ids=["both", "link", "own", "none"]
)
def test_samples_continue_where_either_number_does(sequence: int, number: int, gap: int | None) -> None:
    one = session()
    one.receive(raw([0] * 32, sequence=1, number=1), 0.0)
    found = waves(list(one.receive(raw([0] * 32, sequence=sequence, number=number), 0.0)))
    assert found[0].gap_samples == gap


def test_after_rejected_bytes_nobody_knows() -> None:
    one = session()
    one.receive(raw([0] * 32, sequence=1, number=1), 0.0)
    found = waves(list(one.receive(b"\x00" + raw([0] * 32, sequence=2, number=2), 0.0)))
    assert found[0].gap_samples is None


def test_what_is_no_sample_splits_the_run() -> None:
    one = session()
    one.receive(raw([0] * 16, channels=1, sequence=1, number=1), 0.0)
    samples = [1, 2, 3, -32768, -32768, *range(11)]
    found = waves(list(one.receive(raw(samples, channels=1, sequence=2, number=2), 0.0)))
    assert [(wave.counts.tolist(), wave.gap_samples) for wave in found] == [([1, 2, 3], 0), (list(range(11)), 2)]
    assert found[1].start_us == round(-11 * 1e6 / 128)


@pytest.mark.parametrize(("channels", "rate", "n"), [(5, 128, 80), (2, 100, 32), (2, 128, 30), (0, 128, 0)])
def test_a_count_that_does_not_fit_is_rejected(channels: int, rate: int, n: int) -> None:
    found = session().receive(raw([0] * n, channels=channels, rate=rate, sequence=1, number=1), 0.0)
    assert [type(event) for event in found] == [Rejected]


def test_samples_that_were_lost_before_another_message_are_missed() -> None:
    """Packet 3 was samples; what comes between does not join those around it."""
    one = session()
    one.receive(raw([0] * 32, sequence=1, number=1) + raw([0] * 32, sequence=2, number=2), 0.0)
    other = encode(1115, b"", routing=255, sequence=4, number=1)
    found = waves(list(one.receive(other + raw([0] * 32, sequence=5, number=4), 0.0)))
    assert found[0].gap_samples is None
