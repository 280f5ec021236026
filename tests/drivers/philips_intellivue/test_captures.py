"""Real device bytes against decodes made independently (captures/intellivue/SOURCES.md)."""

import csv
import re
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from collector.model import (
    Association,
    AssociationState,
    DeviceClock,
    DeviceIdentity,
    Event,
    Frame,
    Observation,
    PatientIdentity,
    Quality,
    Rejected,
    Waveform,
)
from tests.drivers.philips_intellivue.listening import heard, only
from tests.drivers.philips_intellivue.recordings import hex_lines
from tests.shared import capture

MONITORING = "rs232-jvscapture-monitoring"
DEMO = "rs232-msick2-monitor-1"


def decoded(name: str) -> list[Event]:
    return heard([capture("intellivue", name).read_bytes()], datagrams=False)


@pytest.fixture(scope="module")
def monitoring() -> list[Event]:
    return decoded(f"{MONITORING}.raw")


@pytest.fixture(scope="module")
def demo() -> list[Event]:
    return decoded(f"{DEMO}.repaired.bin")


def samples(events: list[Event]) -> dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]]:
    pieces: dict[str, list[np.ndarray[tuple[int], np.dtype[np.float64]]]] = {}
    for wave in only(events, Waveform):
        pieces.setdefault(wave.channel.source, []).append(wave.values)
    return {source: np.concatenate(found) for source, found in pieces.items()}


def expected(name: str) -> list[tuple[str, float | None, Quality, bool]]:
    """physio, value, quality and demo flag by design §4 of each row."""
    path = capture("intellivue", "expected", f"{name}.numerics.csv")
    rows = []
    with path.open(encoding="utf-8") as text:
        for row in csv.DictReader(text):
            state, missing = int(row["state"], 16), row["value"] == "NaN"
            if state & 0x8000:
                quality = Quality.INVALID
            elif missing:
                quality = Quality.CALIBRATING if state & 0x1000 else Quality.NOT_AVAILABLE
            else:
                quality = Quality.QUESTIONABLE if state & 0x4000 else Quality.VALID
            rows.append((row["physio"], None if missing else float(row["value"]), quality, bool(state & 0x0C00)))
    return rows


UNITS = {"0AA0": "/min", "0512": "mm", "0F20": "mm[Hg]", "0220": "%", "0200": "1"}


@pytest.mark.parametrize(("name", "file"), [(MONITORING, f"{MONITORING}.raw"), (DEMO, f"{DEMO}.repaired.bin")])
def test_every_numeric_as_expected(name: str, file: str) -> None:
    found = only(decoded(file), Observation)
    assert [(o.channel.source, o.value, o.quality, o.demo) for o in found] == expected(name)
    with capture("intellivue", "expected", f"{name}.numerics.csv").open(encoding="utf-8") as text:
        assert [o.channel.unit for o in found] == [UNITS[row["unit"]] for row in csv.DictReader(text)]
    assert not any(o.channel.code == "MDC_UNMAPPED" for o in found)


def test_monitoring_frames(monitoring: list[Event]) -> None:
    frames = only(monitoring, Frame)
    assert len(frames) == 2887
    assert Counter(f.kind for f in frames) == {
        "association_response": 1, "mds_create": 1, "get_result": 1, "set_result": 1, "linked_result": 1086,
        "poll_result": 1797,
    }  # fmt: skip
    assert [r.reason for r in only(monitoring, Rejected)] == ["truncated"]
    assert len(only(monitoring, Observation)) == 5776


def test_monitoring_waves(monitoring: list[Event]) -> None:
    found = samples(monitoring)
    assert {source: len(values) for source, values in found.items()} == {
        "0102": 91_840, "013E": 91_840, "0143": 91_840, "4BB4": 45_920,
    }  # fmt: skip
    assert found["0102"].min() == pytest.approx(-0.47)
    assert found["0102"].max() == pytest.approx(1.59)
    assert set(found["4BB4"]) == {2048.0}
    waves = only(monitoring, Waveform)
    assert {(w.channel.source, w.channel.unit, w.rate_hz) for w in waves} == {
        ("0102", "mV", 250.0), ("013E", "mV", 250.0), ("0143", "mV", 250.0), ("4BB4", "1", 125.0),
    }  # fmt: skip
    assert Counter(w.gap_samples for w in waves) == {0: len(waves) - 4, None: 4}


def test_monitoring_identity_and_clock(monitoring: list[Event]) -> None:
    assert only(monitoring, DeviceIdentity) == [DeviceIdentity(manufacturer="Philips", model="M8000")]
    assert only(monitoring, DeviceClock) == [DeviceClock(time_us=1_619_092_046_000_000)]
    assert [a.state for a in only(monitoring, Association)] == [AssociationState.ESTABLISHED]


def test_monitoring_ticks_are_relative_time(monitoring: list[Event]) -> None:
    ticks = [f.tick_us for f in only(monitoring, Frame) if f.tick_us is not None]
    assert ticks[0] == 1_950_208 * 125
    assert max(ticks) == 4_912_128 * 125


def test_a_cuff_value_that_is_sent_again_is_a_repeat(monitoring: list[Event]) -> None:
    cuff = [o for o in only(monitoring, Observation) if o.channel.source == "4A05"]
    assert [o.repeat for o in cuff] == [False] + [True] * 360
    assert {o.device_time_us for o in cuff} == {1_617_021_978_000_000}
    continuous = [o for o in only(monitoring, Observation) if o.channel.source[:2] not in ("4A", "03")]
    assert len(continuous) == 5 * 361
    assert not any(o.repeat for o in continuous)


@pytest.mark.parametrize(
    ("file", "results", "measured", "told_at", "told_us"),
    [
        (f"{MONITORING}.raw", 361, 26, 1_950_208, 1_619_092_046_000_000),
        (f"{DEMO}.repaired.bin", 91, 7, 4_283_137_280, 854_248_236_000_000),
    ],
)
def test_st_is_new_when_it_was_measured_anew(
    file: str, results: int, measured: int, told_at: int, told_us: int
) -> None:
    """Every second it is sent with the relative time (0991) of its last measurement, some 15 s apart."""
    raw = re.sub(
        rb"\x7d(.)", lambda m: bytes((m[1][0] ^ 0x20,)), capture("intellivue", file).read_bytes(), flags=re.DOTALL
    )
    ticks = [int.from_bytes(value, "big") for value in re.findall(rb"\x09\x91\x00\x04(.{4})", raw, re.DOTALL)]
    assert (len(ticks), len(set(ticks))) == (results, measured)
    found: dict[str, list[Observation]] = {}
    for one in only(decoded(file), Observation):
        if one.channel.source.startswith("03"):
            found.setdefault(one.channel.source, []).append(one)
    assert len(found) == 8
    for told in found.values():
        assert [o.repeat for o in told] == [False, *(a == b for a, b in pairwise(ticks))]
        assert [o.device_time_us for o in told] == [told_us + (t - told_at) * 125 for t in ticks]


def test_as_published_loses_exactly_its_bad_frames() -> None:
    events = decoded(f"{DEMO}.as-published.bin")
    assert len(only(events, Frame)) == 430
    assert Counter(r.reason for r in only(events, Rejected)) == {"checksum": 70}
    assert len(only(events, Observation)) == 1869
    assert {source: len(values) for source, values in samples(events).items()} == {
        "0102": 37_376, "4A14": 8_864, "4BB4": 9_344,
    }  # fmt: skip


def test_gaps_of_as_published_are_what_the_repaired_file_has() -> None:
    """Samples and gaps together give the length of the whole, lost frames at both ends aside."""
    whole = only(decoded(f"{DEMO}.repaired.bin"), Waveform)
    for source in ("0102", "4A14", "4BB4"):
        pieces = [w for w in only(decoded(f"{DEMO}.as-published.bin"), Waveform) if w.channel.source == source]
        covered = sum(len(w.counts) + (w.gap_samples or 0) for w in pieces)
        total = sum(len(w.counts) for w in whole if w.channel.source == source)
        assert total - 2 * len(pieces[0].counts) <= covered <= total


def test_demo_frames_and_waves(demo: list[Event]) -> None:
    assert len(only(demo, Frame)) == 500
    assert not only(demo, Rejected)
    found = samples(demo)
    assert {source: len(values) for source, values in found.items()} == {
        "0102": 45_952, "4A14": 10_976, "4BB4": 11_488,
    }  # fmt: skip
    assert all(w.demo for w in only(demo, Waveform))
    assert {w.gap_samples for w in only(demo, Waveform)} == {None, 0}


def test_pacer_marks_are_taken_off_the_samples(demo: list[Event]) -> None:
    ecg = samples(demo)["0102"]
    assert ecg.max() <= 0x3FFF
    spikes = np.flatnonzero(ecg == 0x2194)
    assert len(spikes) >= 90
    assert set(np.diff(spikes)) == {500}


def test_demographics() -> None:
    (who,) = only(heard(hex_lines("rs232-pt-demog-anonymised.hex")), PatientIdentity)
    assert who == PatientIdentity(
        ids={"patient_id": "123"}, family="Sample", sex="female", category="neonatal", state="admitted"
    )


def test_connect_indication_of_a_newer_monitor() -> None:
    events = heard(hex_lines("lan-connect-indication-multicast.hex"))
    assert [r.reason for r in only(events, Rejected)] == ["unknown"]
    assert [(f.kind, f.tick_us) for f in only(events, Frame)] == [("connect_indication", 0x09457F00 * 125)]
    assert only(events, DeviceIdentity) == [
        DeviceIdentity(manufacturer="Philips", model="866062", serial="DE351A4061", software="L.01.18")
    ]


def test_end_of_an_association_of_an_mx800() -> None:
    events = heard(hex_lines("lan-mx800-session.hex"))
    assert [f.kind for f in only(events, Frame)] == ["abort", "release_response", "release_request"]
    assert {a.state for a in only(events, Association)} == {AssociationState.ENDED}
