"""The real monitor's bytes against an independent reading of them, value by value."""

import json

from collector.model import Event, Frame, Observation, Rejected
from drivers.bis_vista import SPEC
from drivers.bis_vista.session import BisSession
from tests.shared import capture

NAMES = {"bsr": "sr", "sef95": "sef95", "bis": "bis", "total_power": "total_power", "emg_low": "emg", "sqi": "sqi"}
SHOWN = {
    "sr": "MDC_EEG_PAROX_CRTX_BURST_SUPPRN",
    "sef95": "MDC_EEG_FREQ_PWR_SPEC_CRTX_SPECTRAL_EDGE",
    "bis": "MDC_EEG_BISPECTRAL_INDEX",
    "total_power": "MDC_EEG_PWR_SPEC_TOT",
    "emg": "MDC_EMG_ELEC_POTL_MUSCL",
    "sqi": "MDC_EEG_SIGNAL_QUALITY_INDEX",
}


def decoded() -> list[Event]:
    session = BisSession(SPEC.options())
    data = capture("small-devices", "bis_vista_frames.bin").read_bytes()
    return [*session.receive(data, 0.0), *session.finish()]


def by_frame(events: list[Event]) -> list[dict[str, Observation]]:
    found: list[dict[str, Observation]] = []
    for event in events:
        if isinstance(event, Frame):
            found.append({})
        elif isinstance(event, Observation):
            found[-1][event.channel.source] = event
    return found


def test_each_frame_of_the_capture_says_what_was_read_independently() -> None:
    events = decoded()
    assert not [event for event in events if isinstance(event, Rejected)]
    expected = json.loads(capture("small-devices", "bis_vista_frames.expected.json").read_text())
    frames = by_frame(events)
    assert len(frames) == len(expected) == 7
    told: dict[str, object] = {}
    for frame, row in zip(frames, expected, strict=True):
        told |= {source: one.value for source, one in frame.items()}
        for trend in ("ch1", "ch2", "ch12"):
            for theirs, ours in NAMES.items():
                one = frame[f"{trend}.{ours}"]
                assert one.value == row[trend][theirs]
                assert (one.channel.code == SHOWN[ours]) == (trend == "ch12")
            assert told[f"{trend}.artifact"] == f"{row[trend]['artifact']:08X}"
            assert told[f"{trend}.bis_bits"] == f"{row[trend]['bis_bits']:04X}"
            assert f"{trend}.bis_alt" not in frame, "no value in all frames"
        assert [frame[f"impedance{n}"].value for n in (1, 2)] == [100.0 * one for one in row["impedance_100ohm"]]
        assert isinstance(told["ch1.spectrum"], str)
        assert [float(one) for one in told["ch1.spectrum"].split()][:8] == row["spectra"]["ch1_dB"]
        assert len(told["ch1.spectrum"].split()) == row["spectra"]["size"]
    assert told["converter"] == "10"


def test_the_words_of_filters_and_sensor() -> None:
    """Filter word 197378 = 03 03 02H, smoothing 2, sensor id 77 (small-devices §1, the capture)."""
    told = {event.channel.source: event.value for event in decoded() if isinstance(event, Observation)}
    assert told["filter.high_pass"] == "2 Hz"
    assert told["filter.low_pass"] == "70 Hz"
    assert told["filter.notch"] == "50 and 60 Hz"
    assert told["smoothing.spectral"] == "10 s"
    assert told["smoothing.bis"] == "15 s"
    assert told["sensor"] == "Pediatric XP"


def test_the_frames_are_a_second_apart() -> None:
    ticks = [event.tick_us for event in decoded() if isinstance(event, Frame)]
    assert ticks == [1_000_000 * n for n in range(1, 8)]
