"""The pitfalls of the fact sheet (§13 and the notes on others' mistakes), each by its name."""

from itertools import pairwise
from struct import pack

import pytest

from collector.model import Frame, Observation, Quality, Rejected, Waveform
from tests.drivers.philips_intellivue import vectors as v
from tests.drivers.philips_intellivue.listening import heard, observations, only, session, waveforms

BLOCK = [0x2000] * 128
STAMP = bytes.fromhex("2026112401021500")
STAMP_US = 1_795_482_135_000_000
MIDNIGHT = bytes.fromhex("2026112401071500")


def ecg(physio: int, block: int, *raw: int, context: bool = False) -> bytes:
    found = [*(v.lead(physio) if context else ()), v.samples(physio, *(raw or BLOCK))]
    return v.poll_result([(1, 0x2AE, found)], object_class=9, ticks=2048 * block, sequence=block)


def cuff(value: int, stamp: bytes, *, sequence: int, state: int = 0) -> bytes:
    found = [(0x0990, stamp), v.label(0x00024A04), v.compound((0x4A05, state, 0x0F20, value))]
    return v.poll_result([(1, 1, found)], sequence=sequence)


def test_13_1_ecg_leads_share_one_handle() -> None:
    """Context by handle alone would give every lead the label and scale of the last."""
    aside = [(key, value) for key, value in v.lead(0x0143) if key != 0x096F]
    aside.append((0x096F, bytes.fromhex("fefff000fd009ffb00007fff")))
    context = v.poll_result([(1, 0x2AE, v.lead(0x0102)), (1, 0x2AE, aside)], object_class=9, sequence=0)
    both = v.poll_result(
        [(1, 0x2AE, [v.samples(0x0102, *BLOCK)]), (1, 0x2AE, [v.samples(0x0143, *BLOCK)])], object_class=9
    )
    second, chest = waveforms(context, both)
    assert (second.channel.source, chest.channel.source) == ("0102", "0143")
    assert second.values[0] == pytest.approx(0.0)
    assert chest.scale == pytest.approx(second.scale / 2, rel=1e-3)


def test_13_1_a_lead_without_context_does_not_take_its_neighbours() -> None:
    context = v.poll_result([(1, 0x2AE, v.lead(0x0102))], object_class=9, sequence=0)
    (wave,) = waveforms(context, ecg(0x0143, 1))
    assert (wave.channel.source, wave.channel.unit) == ("0143", "{raw}")


def test_13_2_empty_lists_at_every_level() -> None:
    empty = [
        v.poll_result([]),
        v.poll_result([(0, 0, []), (1, 1, [v.numeric(0x4182, 60)])], sequence=2),
    ]
    contexts = pack(">HHHHHH", 0, 0, 0, 1, 0, 0)
    poll = pack(">HHI", 3, 0, 8192) + b"\xff" * 8 + pack(">HHHHH", 1, 9, 0x0803, 2, len(contexts)) + contexts
    empty.append(v.operation(2, 3, 7, pack(">HHHHH", 0x21, 0, 0, 0xF13B, len(poll)) + poll))
    events = heard(empty)
    assert len(only(events, Frame)) == 3
    assert [o.value for o in only(events, Observation)] == [60.0]


def test_13_2_the_closing_result_does_not_time_samples() -> None:
    """It carries "now"; the next block still continues the last."""
    closing = v.poll_result([], object_class=9, ticks=2048 * 2 + 777, sequence=1)
    first = v.poll_result(
        [(1, 0x2AE, [*v.lead(0x0102), v.samples(0x0102, *BLOCK)])], object_class=9, ticks=2048, link=b"\x01\x01"
    )
    last = v.poll_result([(1, 2, [v.samples(0x4BB4, 5, 6)])], object_class=9, ticks=2048, link=b"\x03\x02")
    waves = [w for w in waveforms(first, last, closing, ecg(0x0102, 2)) if w.channel.source == "0102"]
    assert [w.gap_samples for w in waves] == [None, 0]


def test_13_3_samples_before_their_scale_are_kept_raw_in_a_channel_of_their_own() -> None:
    raw, scaled = waveforms(ecg(0x0102, 1), ecg(0x0102, 2, context=True))
    assert (raw.channel.unit, raw.values[0]) == ("{raw}", 8192.0)
    assert (scaled.channel.unit, scaled.values[0]) == ("mV", pytest.approx(0.0))
    assert (raw.rate_hz, scaled.rate_hz) == (500.0, 500.0)
    assert scaled.gap_samples is None


def test_13_4_a_changed_label_arrives_through_context_alone() -> None:
    found = observations(
        v.poll_result([(1, 1, [v.label(0x80035402), v.numeric(0x480A, 60)])], sequence=0),
        v.poll_result([(1, 1, [v.label(0x80035403)])], sequence=1),
        v.poll_result([(1, 1, [v.numeric(0x480A, 61)])], sequence=2),
    )
    assert [o.channel.source for o in found] == ["480A/80035402", "480A/80035403"]


def test_context_that_comes_after_the_samples_is_theirs() -> None:
    context = v.poll_result([(1, 0x2AE, v.lead(0x0102))], object_class=9, sequence=0)
    assert [w.channel.unit for w in waveforms(ecg(0x0102, 1), context, ecg(0x0102, 2))] == ["{raw}", "mV"]


def test_13_5_settings_are_not_measurements() -> None:
    found = observations(
        v.poll_result(
            [
                (1, 1, [v.label(0x000251A8), v.numeric(0x51A8, 5)]),
                (1, 2, [v.label(0x040251A8), v.numeric(0x51A8, 8)]),
            ],
            sequence=0,
        ),
        v.poll_result([(1, 1, [v.numeric(0x51A8, 5)]), (1, 2, [v.numeric(0x51A8, 8)])]),
    )
    assert [(o.channel.source, o.channel.role.value, o.value) for o in found] == [
        ("51A8", "measured", 5.0),
        ("51A8/040251A8", "set", 8.0),
    ] * 2


def test_handles_are_unique_only_inside_a_context() -> None:
    found = observations(
        v.poll_result([(1, 7, [v.label(0x000251A8)]), (2, 7, [v.label(0x040251A8)])], sequence=0),
        v.poll_result([(1, 7, [v.numeric(0x51A8, 5)]), (2, 7, [v.numeric(0x51A8, 8)])]),
    )
    assert [o.channel.source for o in found] == ["51A8", "51A8/040251A8"]


def test_handles_are_unique_only_within_an_association() -> None:
    found = observations(
        v.poll_result([(1, 7, [v.label(0x040251A8), v.numeric(0x51A8, 8)])], sequence=0),
        v.mds_create([(0x091D, b"\0\2")]),
        v.poll_result([(1, 7, [v.numeric(0x51A8, 5)])]),
    )
    assert [o.channel.source for o in found] == ["51A8/040251A8", "51A8"]


def test_13_6_order_inside_a_compound_is_arbitrary() -> None:
    (mean, high, low) = observations(
        v.poll_result(
            [(1, 1, [v.compound((0x4A17, 0, 0x0F20, 91), (0x4A15, 0, 0x0F20, 120), (0x4A16, 0, 0x0F20, 70))])]
        )
    )
    assert (mean.channel.code[-4:], high.channel.code[-3:], low.channel.code[-3:]) == ("MEAN", "SYS", "DIA")
    assert (mean.value, high.value, low.value) == (91.0, 120.0, 70.0)


def test_13_7_a_cuff_value_repeats_until_its_time_changes() -> None:
    found = observations(
        cuff(120, STAMP, sequence=1),
        cuff(120, STAMP, sequence=2),
        cuff(120, MIDNIGHT, sequence=3),
        cuff(119, MIDNIGHT, sequence=4),
    )
    assert [(o.repeat, o.device_time_us) for o in found] == [
        (False, STAMP_US), (True, STAMP_US), (False, STAMP_US + 300_000_000), (False, STAMP_US + 300_000_000),
    ]  # fmt: skip


@pytest.mark.parametrize("no_time", [bytes(8), b"\xff" * 8], ids=["not set", "unsupported"])
def test_a_cuff_value_whose_time_is_not_known_is_new_once(no_time: bytes) -> None:
    assert told(
        cuff(120, no_time, sequence=1),
        cuff(120, no_time, sequence=2),
        cuff(119, no_time, sequence=3),
        cuff(119, no_time, sequence=4),
        cuff(119, STAMP, sequence=5),
    ) == [
        (False, True, None),
        (True, False, None),
        (False, False, None),
        (True, False, None),
        (False, False, STAMP_US),
    ]


def test_a_cuff_value_that_is_withdrawn_was_not_measured_at_its_time() -> None:
    _, gone, still = observations(
        cuff(120, STAMP, sequence=1), cuff(v.NAN, STAMP, sequence=2), cuff(v.NAN, STAMP, sequence=3)
    )
    assert (gone.value, gone.quality, gone.repeat, gone.device_time_us) == (None, Quality.NOT_AVAILABLE, False, None)
    assert still.repeat


def st(value: int, measured: int, ticks: int) -> bytes:
    found = [(0x0991, pack(">I", measured)), v.label(0x00020300), v.compound((0x0302, 0, 0x0512, value))]
    return v.poll_result([(1, 1, found)], ticks=ticks)


def clock(stamp: bytes, ticks: int) -> bytes:
    return v.poll_result([(0, 0, [(0x0987, stamp)])], object_class=0x21, ticks=ticks, sequence=None)


def told(*payloads: bytes) -> list[tuple[bool, bool, int | None]]:
    return [(o.repeat, o.standing, o.device_time_us) for o in observations(*payloads)]


def test_relative_times_of_measurement_are_dated_by_the_clock_that_the_monitor_told() -> None:
    create = v.mds_create([(0x0987, STAMP)], ticks=800_000)
    assert told(
        create,
        st(1, 760_000, 808_000),
        st(1, 760_000, 816_000),
        st(1, 880_000, 888_000),
        st(2, 880_000, 896_000),
    ) == [
        (False, False, STAMP_US - 5_000_000),
        (True, False, STAMP_US - 5_000_000),
        (False, False, STAMP_US + 10_000_000),
        (False, False, STAMP_US + 10_000_000),
    ]


def test_without_a_clock_a_relative_time_still_tells_measurements_apart() -> None:
    assert told(
        st(1, 0, 8000),
        st(1, 0, 16_000),
        st(1, 120_000, 128_000),
        clock(STAMP, 136_000),
        st(1, 120_000, 136_000),
        st(1, 240_000, 248_000),
    ) == [
        (False, True, None),
        (True, False, None),
        (False, False, None),
        (True, False, STAMP_US - 2_000_000),
        (False, False, STAMP_US + 13_000_000),
    ]


def test_a_clock_that_is_set_makes_no_measurement_new() -> None:
    assert told(clock(STAMP, 80_000), st(1, 72_000, 80_000), clock(MIDNIGHT, 88_000), st(1, 72_000, 96_000)) == [
        (False, False, STAMP_US - 1_000_000),
        (True, False, STAMP_US + 298_000_000),
    ]


def test_relative_times_of_measurement_go_on_over_the_wrap_and_over_many() -> None:
    """The clock was told, for the last time, more than half a wrap ago."""
    wrap = 1 << 32
    later = [v.poll_result([], ticks=t * (wrap // 4), sequence=t) for t in range(1, 5)]
    assert told(clock(STAMP, 0), *later, st(1, wrap - 8000, wrap + 8000)) == [
        (False, False, STAMP_US + (wrap - 8000) * 125)
    ]


def test_after_a_restart_the_old_clock_dates_nothing() -> None:
    assert told(
        v.mds_create([(0x0987, STAMP)], ticks=0x80000000),
        v.mds_create(ticks=8000),
        st(1, 80_000, 88_000),
    ) == [(False, True, None)]


def test_13_8_one_second_is_1024_ms() -> None:
    frames = only(heard([v.poll_result([], ticks=8192 * n, sequence=n) for n in range(3)]), Frame)
    assert [f.tick_us for f in frames] == [0, 1_024_000, 2_048_000]


def test_13_10_a_monitor_in_standby_sends_empty_results_and_that_ends_nothing() -> None:
    events = heard([v.ACCEPT, v.mds_create(), v.poll_result([])])
    assert [f.kind for f in only(events, Frame)] == ["association_response", "mds_create", "poll_result"]
    assert not only(events, Rejected)


def test_13_14_two_association_responses_are_one_association() -> None:
    events = heard([v.ACCEPT, v.ACCEPT])
    assert [type(e).__name__ for e in events] == ["Frame", "Association", "Frame"]


def test_13_18_the_same_block_of_overlapping_polls_comes_once() -> None:
    again = v.poll_result(
        [(1, 0x2AE, [v.samples(0x0102, *BLOCK)])], object_class=9, ticks=2048, sequence=1, invoke_id=9
    )
    waves = waveforms(ecg(0x0102, 1, context=True), again, ecg(0x0102, 2))
    assert [w.gap_samples for w in waves] == [None, 0]


def test_a_datagram_that_comes_twice_is_counted_and_not_used() -> None:
    once = v.poll_result([(1, 1, [v.numeric(0x4182, 60)])])
    events = heard([once, once])
    assert len(only(events, Observation)) == 1
    assert [r.reason for r in only(events, Rejected)] == ["duplicate"]


def test_a_late_block_does_not_claim_to_continue() -> None:
    waves = waveforms(ecg(0x0102, 1, context=True), ecg(0x0102, 3), ecg(0x0102, 2), ecg(0x0102, 4))
    assert [w.gap_samples for w in waves] == [None, 128, None, 128]


def test_a_lost_block_is_a_gap_of_its_length() -> None:
    waves = waveforms(ecg(0x0102, 1, context=True), ecg(0x0102, 2), ecg(0x0102, 5))
    assert [w.gap_samples for w in waves] == [None, 0, 256]


def test_relative_time_goes_on_over_its_wrap() -> None:
    one = session()
    ticks = [0xFFFFF000, 0xFFFFF800, 0x00000000, 0x00000800]
    events = [
        e
        for n, t in enumerate(ticks)
        for e in one.receive(
            v.poll_result([(1, 1, [*v.lead(0x0102), v.samples(0x0102, *BLOCK)])], object_class=9, ticks=t, sequence=n),
            0.0,
        )
    ]
    found = [f.tick_us for f in only(events, Frame) if f.tick_us is not None]
    assert [b - a for a, b in pairwise(found)] == [256_000] * 3
    assert [w.gap_samples for w in only(events, Waveform)] == [None, 0, 0, 0]


def test_a_restarted_monitor_is_not_a_wrap() -> None:
    """Uptime of six days, then an association with a monitor that has just been switched on."""
    frames = only(heard([v.poll_result([], ticks=0xF0000000), v.mds_create(ticks=8192)]), Frame)
    assert [f.tick_us for f in frames] == [0xF0000000 * 125, 8192 * 125]


def test_scale_is_096f_and_never_the_calibration_mark() -> None:
    """0964 says that 0 mV is at 8092: off by half a millivolt (§7.2)."""
    calibration = (0x0964, bytes.fromhex("00000000000000011f9c206400000000"))
    found = [*v.lead(0x0102), calibration, v.samples(0x0102, *BLOCK)]
    (wave,) = waveforms(v.poll_result([(1, 1, found)], object_class=9))
    assert wave.values[0] == pytest.approx(0.0)


def test_samples_are_masked_to_their_significant_bits_only_where_the_flag_says() -> None:
    specification = (0x096D, bytes.fromhex("0020100c8000"))
    found = [specification, (0x0996, b"\x02\x00"), v.samples(0x4BB4, 0x1ABC)]
    (wave,) = waveforms(v.poll_result([(1, 1, found)], object_class=9))
    assert wave.values.tolist() == [0x1ABC]
    specification = (0x096D, bytes.fromhex("0020100c9000"))
    found = [specification, (0x0996, b"\x02\x00"), v.samples(0x4BB4, 0x1ABC)]
    (wave,) = waveforms(v.poll_result([(1, 1, found)], object_class=9))
    assert wave.values.tolist() == [0x0ABC]


def test_a_wave_without_absolute_values_is_raw_and_dimensionless() -> None:
    scale = (0x096F, bytes.fromhex("007fffff007fffff00000fff"))
    found = [(0x096D, bytes.fromhex("0020100c8000")), (0x0996, b"\x02\x00"), scale, v.samples(0x4BB4, 0, 2048, 4095)]
    (wave,) = waveforms(v.poll_result([(1, 1, found)], object_class=9))
    assert (wave.channel.unit, wave.values.tolist()) == ("1", [0.0, 2048.0, 4095.0])


def test_samples_of_eight_bits() -> None:
    found = [(0x096D, bytes.fromhex("000408080000")), (0x096E, pack(">HHH", 0x4BB4, 0, 4) + b"\x01\x80\xff\x00")]
    (wave,) = waveforms(v.poll_result([(1, 1, found)], object_class=9))
    assert wave.values.tolist() == [1.0, 128.0, 255.0, 0.0]


def test_a_pacer_mark_is_taken_off_and_splits_nothing() -> None:
    raw = [0x1FFF, 0xA194, 0x1FFF]
    (wave,) = waveforms(ecg(0x0102, 1, *raw, context=True))
    assert wave.counts.tolist() == [0x1FFF, 0x2194, 0x1FFF]
    assert wave.quality is Quality.VALID


def test_saturated_and_defibrillator_samples_are_questionable() -> None:
    raw = [0x2000, 0x8008, 0x8008, 0x4001, 0x2000]
    waves = waveforms(ecg(0x0102, 1, *raw, context=True))
    assert [(len(w.counts), w.quality, w.gap_samples, w.start_us) for w in waves] == [
        (1, Quality.VALID, None, 0),
        (3, Quality.QUESTIONABLE, 0, 2000),
        (1, Quality.VALID, 0, 8000),
    ]


def test_invalid_samples_are_a_gap() -> None:
    found = [
        *(a for a in v.lead(0x0102) if a[0] != 0x0A16),
        (0x0A16, pack(">HHHH", 1, 4, 1, 0x8000)),
        v.samples(0x0102, 0x2000, 0x8000, 0x8000, 0x2001),
    ]
    waves = waveforms(v.poll_result([(1, 1, found)], object_class=9))
    assert [(w.counts.tolist(), w.gap_samples) for w in waves] == [([0x2000], None), ([0x2001], 2)]


def test_state_of_an_array_is_that_of_its_samples() -> None:
    states = (0x0400, 0x4000, 0x8000, 0x0800)
    waves = [
        waveforms(v.poll_result([(1, 1, [v.samples(0x0102, *BLOCK, state=state)])], object_class=9))[0]
        for state in states
    ]
    assert [(w.quality.value, w.demo) for w in waves] == [
        ("valid", True), ("questionable", False), ("invalid", False), ("valid", True),
    ]  # fmt: skip


def test_the_unit_is_the_one_sent() -> None:
    found = observations(
        v.poll_result([(1, 1, [v.numeric(0x4A15, 0xFF0000A0, unit=0x0F03)])], sequence=1),
        v.poll_result([(1, 1, [v.numeric(0x4B60, 0xFF0003DA, unit=0x1140)])], sequence=2),
    )
    assert [(o.value, o.channel.unit) for o in found] == [(16.0, "kPa"), (98.6, "[degF]")]


def test_unknown_attributes_and_their_order_do_not_matter() -> None:
    found = [(0xF998, b"\xff" * 4), v.numeric(0x4182, 60), (0xF237, b""), v.label(0x00024182)]
    (value,) = observations(v.poll_result([(1, 1, found)]))
    assert (value.channel.source, value.value) == ("4182", 60.0)


def test_the_error_of_a_ward_monitor_with_two_trailing_bytes() -> None:
    """§10: the body ends with two bytes that no length of its list counts."""
    error = "e1000002 00030016 0001 0007 0010 0021 0000 0000 0001 0004 0005 f12a 0000"
    events = heard([bytes.fromhex(error), bytes.fromhex(error) + b"\x00\x00"])
    assert [getattr(e, "kind", e) for e in events] == ["error", "error"]


@pytest.mark.parametrize("cut", range(1, 60))
def test_a_truncated_message_is_malformed_and_teaches_nothing(cut: int) -> None:
    whole = v.poll_result([(1, 1, [v.label(0x040251A8), v.numeric(0x51A8, 8)])], sequence=0)
    events = heard([whole[:-cut], v.poll_result([(1, 1, [v.numeric(0x51A8, 5)])])])
    assert [r.reason for r in only(events, Rejected)] == ["malformed"]
    assert [(o.channel.source, o.value) for o in only(events, Observation)] == [("51A8", 5.0)]


def test_an_enumeration_says_the_object_id_that_was_chosen() -> None:
    chosen = (0x099E, pack(">HHHHH", 0xD007, 0x0400, 1, 2, 0x0BB8))
    with_value = (0x099E, pack(">HHHHHIH", 0xD006, 0, 4, 8, 0x0BBA, 0xFF00000F, 0x0512))
    found = observations(v.poll_result([(1, 1, [chosen]), (1, 2, [with_value])], object_class=5))
    assert [(o.channel.source, o.channel.unit, o.value, o.demo) for o in found] == [
        ("D007", "", "0BB8", True), ("D006", "", "0BBA", False), ("D006", "mm", 1.5, False),
    ]  # fmt: skip
    assert found[0].channel.code == "MDC_ECG_STAT_RHY"
