import json

import numpy as np
import pytest

from collector.model import UNMAPPED, Event, Quality
from tests.drivers.ge_datex_dri.records import (
    TIME_S,
    basic,
    fed,
    frame,
    group,
    new,
    observed,
    record,
    wave,
    waves,
)
from tests.shared import capture

CONTROL = -32767


def stream(*records: tuple[int, int, int, list[int]]) -> list[Event]:
    """Pleth records: (record number, seconds after the first, status, samples)."""
    return fed(*(frame(record(1, wave(8, samples, status=status), number=number, time_s=TIME_S + second))
                 for number, second, status, samples in records))  # fmt: skip


def gaps(events: list[Event]) -> list[int | None]:
    return [one.gap_samples for one in waves(events, "wave.pleth")]


A_SECOND = list(range(100))


def test_every_sample_of_the_independently_decoded_frame() -> None:
    vector = json.loads(capture("datex-dri", "vectors_b650_level10.json").read_text())[1]
    pleth, entropy = waves(fed(bytes.fromhex(vector["wire_hex"])))
    assert pleth.counts.tolist() == vector["waves"][0]["samples"]
    assert entropy.counts.tolist() == vector["waves"][1]["samples"]
    assert (pleth.channel.code, pleth.channel.unit, pleth.rate_hz) == ("MDC_PULS_OXIM_PLETH", "%", 100.0)
    assert pleth.values[0] == pytest.approx(-1.04)
    assert entropy.values[0] == pytest.approx(-7.0)
    assert (pleth.start_us, pleth.gap_samples) == (-1_000_000, None)


def test_records_that_follow_each_other_continue() -> None:
    assert gaps(stream((7, 0, 0x0683, A_SECOND), (8, 1, 0x0692, A_SECOND), (9, 2, 0x06A2, A_SECOND[:99]))) == [
        None,
        0,
        0,
    ]


def test_only_the_gap_bit_of_the_status_is_a_gap() -> None:
    for bits in (0x0402, 0x0BF2, 0xFFF2):
        assert gaps(stream((7, 0, 0x0403, A_SECOND), (8, 1, bits & ~0b1100, A_SECOND))) == [None, 0]
    assert gaps(stream((7, 0, 0x0402, A_SECOND), (8, 1, 0x0403, A_SECOND))) == [None, None]


def test_a_lost_record_is_a_gap_of_unknown_length() -> None:
    assert gaps(stream((7, 0, 0, A_SECOND), (9, 2, 0, A_SECOND), (10, 3, 0, A_SECOND))) == [None, None, 0]


def test_256_lost_records_are_seen_by_the_clock() -> None:
    assert gaps(stream((7, 0, 0, A_SECOND), (8, 257, 0, A_SECOND))) == [None, None]


def test_record_numbers_wrap_and_are_counted_per_main_type() -> None:
    session = new()
    values = frame(record(0, basic(), number=99))
    first = frame(record(1, wave(8, A_SECOND), number=255))
    second = frame(record(1, wave(8, A_SECOND), number=0, time_s=TIME_S + 1))
    assert gaps(fed(first, values, second, session=session)) == [None, 0]


def test_control_codes_are_no_samples_and_are_counted() -> None:
    events = stream(
        (1, 0, 0, [1, 2, CONTROL, CONTROL, 3]),
        (2, 1, 0, [CONTROL] * 5),
        (3, 2, 0, [CONTROL, -32000, 4, -31999, CONTROL]),
        (4, 3, 0, [5]),
    )
    found = waves(events)
    assert [one.counts.tolist() for one in found] == [[1, 2], [3], [4, -31999], [5]]
    assert [one.gap_samples for one in found] == [None, 2, 7, 1]
    assert [one.start_us for one in found] == [-50_000, -10_000, -30_000, -10_000]


def test_control_codes_beside_a_lost_record_leave_the_gap_unknown() -> None:
    events = stream((1, 0, 0, [1]), (3, 2, 0, [CONTROL, CONTROL, 2]))
    assert gaps(events) == [None, None]


def test_a_type_that_pauses_does_not_continue() -> None:
    session = new()
    both = [wave(8, A_SECOND), wave(9, A_SECOND[:25])]
    numbered = [both, both[:1], both]
    events = fed(
        *(frame(record(1, *parts, number=n, time_s=TIME_S + n)) for n, parts in enumerate(numbered)), session=session
    )
    assert [one.gap_samples for one in waves(events, "wave.co2")] == [None, None]
    assert [one.gap_samples for one in waves(events, "wave.pleth")] == [None, 0, 0]


@pytest.mark.parametrize(
    ("kind", "name", "rate_hz", "unit", "per_count"),
    [
        (1, "ecg1", 300, "uV", 1.0),
        (4, "p1", 100, "mm[Hg]", 0.01),
        (9, "co2", 25, "%", 0.01),
        (13, "paw", 25, "cm[H2O]", 0.1),
        (14, "flow", 25, "L/min", 0.1),
        (15, "resp", 25, "Ohm", 0.01),
        (17, "p6", 100, "mm[Hg]", 0.01),
        (18, "eeg1", 100, "uV", 0.1),
        (23, "volume", 25, "mL", 1.0),
        (24, "tono", 25, "mbar", 0.1),
        (32, "entropy", 100, "uV", 0.1),
        (35, "bis", 300, "uV", 1.0),
        (37, "p8", 100, "mm[Hg]", 0.01),
        (39, "resp100", 100, "Ohm", 0.01),
        (40, "eeg1_200hz", 200, "uV", 0.1),
    ],
)
def test_the_table_of_wave_types(kind: int, name: str, rate_hz: int, unit: str, per_count: float) -> None:
    (one,) = waves(fed(frame(record(1, wave(kind, [1000])))))
    assert (one.channel.source, one.rate_hz, one.channel.unit) == (f"wave.{name}", rate_hz, unit)
    assert one.values[0] == pytest.approx(1000 * per_count)


def test_waves_take_their_labels_from_the_displayed_values() -> None:
    session = new()
    ecg = wave(1, [1] * 300), wave(2, [1] * 300)
    before = fed(frame(record(1, *ecg)), session=session)
    assert [one.channel.code for one in waves(before)] == ["MDC_ECG_ELEC_POTL"] * 2
    shown = basic(
        *group(0, 72, 0, 0, 0, 0, label=0x1270),
        *group(16, 12000, 8000, 9300, 72, label=1),
        *group(166, 190, 220, 95, label=6),
    )
    parts = *ecg, wave(4, [1] * 100), wave(12, [1] * 25)
    after = fed(frame(record(0, shown)), frame(record(1, *parts, number=1, time_s=TIME_S + 1)), session=session)
    assert [one.channel.code for one in waves(after)] == [
        "MDC_ECG_ELEC_POTL_II",
        "MDC_ECG_ELEC_POTL_V",
        "MDC_PRESS_BLD_ART",
        "MDC_CONC_AWAY_SEVOFL",
    ]
    assert waves(after)[0].gap_samples is None
    gone = fed(frame(record(0, basic())), frame(record(1, *parts, number=2, time_s=TIME_S + 2)), session=session)
    assert waves(gone)[2].channel.code == "MDC_PRESS_BLD"


def test_lead_off_and_pacer_are_told() -> None:
    session = new()
    statuses = (0x0402, 0x0406, 0x040E, 0x0402)
    events = fed(*(frame(record(1, wave(1, [1] * 300, status=status), number=n, time_s=TIME_S + n))
                   for n, status in enumerate(statuses)), session=session)  # fmt: skip
    assert [one.value for one in observed(events, "wave.ecg1.status")] == [
        "none", "pacer detected", "pacer detected, lead off", "none",
    ]  # fmt: skip
    assert [one.quality for one in waves(events)] == [Quality.VALID, Quality.VALID, Quality.INVALID, Quality.VALID]


def test_a_type_that_nobody_knows_is_kept_where_another_tells_its_rate() -> None:
    known, unknown = waves(fed(frame(record(1, wave(8, A_SECOND[:50]), wave(31, [1] * 200)))))
    assert known.rate_hz == 100.0
    assert (unknown.channel.code, unknown.channel.source, unknown.rate_hz) == (UNMAPPED, "wave.31", 400.0)
    assert not waves(fed(frame(record(1, wave(31, [1] * 200)))))


def test_the_waves_of_the_recording() -> None:
    session = new()
    events = list(session.receive(capture("datex-dri", "db00.raw").read_bytes(), 0.0))
    pleth, entropy = waves(events, "wave.pleth"), waves(events, "wave.entropy")
    assert sum(len(one.counts) for one in pleth) == 175_999
    assert {one.gap_samples for one in pleth[1:]} == {0}
    assert sum(len(one.counts) for one in entropy) == 175_999 - 2_444
    missing = [one.gap_samples for one in entropy[1:] if one.gap_samples]
    assert len(missing) == 3
    assert sum(n for n in missing if n) == 2_444
    assert min(int(np.min(one.counts)) for one in entropy) > -32000
