import struct
from itertools import pairwise

import pytest

from collector.model import Event, Quality
from tests.drivers.ge_datex_dri.records import TIME_S, Part, fed, frame, new, only, record, waves

LEADS = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")
INVALID = -32767

Block = tuple[list[list[int]], int, int]
"""Samples of each lead, counter, pacer position."""


def block(samples: list[list[int]], counter: int, pacer: int = 0, factor: int = 1) -> bytes:
    """A 10-ms block as fact sheet §6.1 describes it, differences (later minus earlier) / factor in 8 bits."""
    words: list[int] = []
    signs = [0, 0]
    for n, lead in enumerate(samples):
        steps = [0] * 4 if lead[0] == INVALID else [(b - a) // factor for a, b in pairwise(lead)]
        words += [lead[0] & 0xFFFF, abs(steps[0]) | abs(steps[1]) << 8, abs(steps[2]) | abs(steps[3]) << 8]
        for at, step in enumerate(steps):
            signs[at // 2] |= (step < 0) << (15 - 2 * n - at % 2)
    return struct.pack(f"<{len(words) + 4}H", *words, *signs, counter | pacer << 13, 0)


def sub_record(blocks: bytes, *, words: int = 28, cable: int = 3 << 1, factor: int = 0, status: int = 0) -> Part:
    extended = struct.pack("<7H", 14, 0x8000, 0x8000, cable | words << 10, 1 << 9 | 2 << 6, factor << 12, 2)
    return 22, struct.pack("<hHH", (len(blocks) + 14) // 2, status, 0x00FF) + extended + blocks


SAMPLES = [[100 * n, 100 * n + 5, 100 * n - 7, 100 * n - 7, 100 * n + 200] for n in range(8)]
BLOCKS = block(SAMPLES, 17) + block([[s + 1 for s in lead] for lead in SAMPLES], 18)


def ecg(*parts: Part, **options: object) -> list[Event]:
    return fed(
        *(frame(record(1, part, number=n, time_s=TIME_S + n // 8)) for n, part in enumerate(parts)),
        session=new(**options),
    )


def test_ten_wires_give_eight_leads() -> None:
    found = waves(ecg(sub_record(BLOCKS)))
    assert [one.channel.code for one in found] == [f"MDC_ECG_ELEC_POTL_{lead}" for lead in LEADS]
    for lead, one in zip(SAMPLES, found, strict=True):
        assert one.counts.tolist() == lead + [sample + 1 for sample in lead]
        assert (one.rate_hz, one.start_us, one.channel.unit) == (500.0, -20_000, "uV")


def test_its_scale_is_questionable_until_it_is_verified() -> None:
    (first, *_) = waves(ecg(sub_record(BLOCKS)))
    assert first.quality is Quality.QUESTIONABLE
    (first, *_) = waves(ecg(sub_record(BLOCKS), ecg12_uv=4))
    assert (first.quality, first.scale) == (Quality.VALID, 4.0)


@pytest.mark.parametrize(("code", "factor"), [(0, 1), (1, 4), (2, 8), (3, 16)])
def test_differences_may_have_a_factor(code: int, factor: int) -> None:
    samples = [[0, factor, 3 * factor, -factor, 0]] * 8
    (first, *_) = waves(ecg(sub_record(block(samples, 0, factor=factor), factor=code)))
    assert first.counts.tolist() == samples[0]


def test_an_invalid_first_sample_is_no_block_of_samples() -> None:
    wounded = [[INVALID] * 5, *SAMPLES[1:]]
    found = waves(ecg(sub_record(block(SAMPLES, 1) + block(wounded, 2) + block(SAMPLES, 3))), "wave.ecg12.I")
    lead_i = [one for one in found if one.channel.source == "wave.ecg12.I"]
    assert [one.counts.tolist() for one in lead_i] == [SAMPLES[0], SAMPLES[0]]
    assert [one.gap_samples for one in lead_i] == [None, 5]


def test_the_block_counter_tells_whether_it_continues() -> None:
    def gaps(*counters: int) -> list[int | None]:
        events = ecg(*(sub_record(block(SAMPLES, counter)) for counter in counters))
        return [one.gap_samples for one in waves(events) if one.channel.source == "wave.ecg12.V6"]

    assert gaps(1, 2, 3) == [None, 0, 0]
    assert gaps(1, 3, 4) == [None, None, 0]
    assert gaps(7999, 8000, 0) == [None, 0, 0]
    assert gaps(7999, 0) == [None, 0]


def test_a_break_within_a_record_splits_it() -> None:
    found = waves(ecg(sub_record(block(SAMPLES, 1) + block(SAMPLES, 9))), "wave.ecg12.V6")
    assert [(one.gap_samples, one.start_us) for one in found] == [(None, -20_000), (None, -10_000)]


def test_five_wires_put_the_chest_lead_into_the_slot_of_v1() -> None:
    found = waves(ecg(sub_record(block(SAMPLES, 1), cable=1 << 1 | 4 << 4)))
    assert [one.channel.source for one in found] == ["wave.ecg12.I", "wave.ecg12.II", "wave.ecg12.V4"]
    compact = waves(ecg(sub_record(block(SAMPLES[:3], 1), words=13, cable=1 << 1 | 4 << 4)))
    assert [one.counts.tolist() for one in compact] == SAMPLES[:3]


@pytest.mark.parametrize(("lead", "name", "row"), [(1, "I", 0), (2, "II", 1), (3, "III", 1)])
def test_three_wires_give_the_one_lead_that_is_sent(lead: int, name: str, row: int) -> None:
    (one,) = waves(ecg(sub_record(block(SAMPLES, 1), cable=lead << 7)))
    assert (one.channel.source, one.counts.tolist()) == (f"wave.ecg12.{name}", SAMPLES[row])


def test_the_pacer_and_the_cable_are_told() -> None:
    events = ecg(sub_record(block(SAMPLES, 1, pacer=3)))
    assert only(events, "wave.ecg12.pacer").value == "pacer detected"
    assert only(events, "wave.ecg12.cable").value == "10-wire"
    assert only(events, "wave.ecg12.status").value == "I on, II on, V1 on, V2 on, V3 on, V4 on, V5 on, V6 on"


def test_blocks_of_an_unknown_shape_say_nothing() -> None:
    assert not waves(ecg(sub_record(BLOCKS, words=20)))
    assert not waves(fed(frame(record(1, (22, b"\0\0\0\0\0\0")))))
