import struct
from dataclasses import replace

import pytest

from collector.model import (
    AlarmCondition,
    AlarmPhase,
    AlarmType,
    Channel,
    Condition,
    DeviceClock,
    DeviceIdentity,
    Event,
    Frame,
    Identity,
    Observation,
    Priority,
    Quality,
    Reading,
    Series,
    Waveform,
    WavePiece,
)
from collector.normalize import EPISODIC_FUTURE_US, WAVE_DRIFT_US, Normalizer

HR = Channel(code="MDC_ECG_HEART_RATE", source="basic.ecg.hr", unit="/min")
NIBP = Channel(code="MDC_PRESS_BLD_NONINV_SYS", source="basic.nibp.sys", unit="mm[Hg]")
ECG = Channel(code="MDC_ECG_ELEC_POTL_II", source="1", unit="uV")
OFFSET = Channel(code="VND_VITALSD_CLOCK_OFFSET", source="vitalsd", unit="s")
FRAME = Frame(offset=0, length=1, kind="x")
SECOND = 1_000_000
T0_S = 1_800_000_000


def normalizer(**more: object) -> Normalizer:
    return Normalizer(bed="OR-03", device="monitor", **more)  # type: ignore[arg-type]


def readings(n: Normalizer, event: Observation, arrival_us: int = 100 * SECOND) -> list[Reading]:
    return [e for e in n.entries([FRAME, event], arrival_us) if isinstance(e, Reading)]


def wave(n: int, gap: int | None = 0, start_us: int = 0) -> Waveform:
    return Waveform(
        channel=ECG, rate_hz=100.0, data=struct.pack(f"<{n}i", *range(n)), gap_samples=gap, start_us=start_us
    )


def piece(n: Normalizer, event: Waveform, arrival_us: int) -> WavePiece:
    (entry,) = n.entries([event], arrival_us)
    assert isinstance(entry, WavePiece)
    return entry


def test_a_value_keeps_its_number_unit_and_quality() -> None:
    (got,) = readings(normalizer(), Observation(channel=HR, value=61.0, quality=Quality.QUESTIONABLE))
    assert (got.value, got.text, got.quality, got.time_us) == (61.0, None, Quality.QUESTIONABLE, 100 * SECOND)
    assert (got.series.bed, got.series.device, got.series.channel) == ("OR-03", "monitor", HR)


def test_no_value_stays_no_value() -> None:
    (got,) = readings(normalizer(), Observation(channel=HR, value=None, quality=Quality.NOT_AVAILABLE))
    assert (got.value, got.text, got.quality) == (None, None, Quality.NOT_AVAILABLE)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_number_is_not_stored_as_one(value: float) -> None:
    (got,) = readings(normalizer(), Observation(channel=HR, value=value))
    assert (got.value, got.quality) == (None, Quality.INVALID)


def test_a_repeat_is_not_stored() -> None:
    n = normalizer()
    assert readings(n, Observation(channel=NIBP, value=120.0, repeat=True)) == []


def test_an_episodic_time_is_corrected_by_the_measured_offset() -> None:
    n = normalizer()
    (got,) = cuff(n, 120.0, 695, clock_s=703, arrival_s=103)  # the device is 600 s ahead
    assert got.time_us == (T0_S + 95) * SECOND


def test_an_episodic_time_of_the_future_or_without_a_clock_gives_way_to_arrival() -> None:
    n = normalizer()
    event = Observation(channel=NIBP, value=120.0, device_time_us=10**15)
    assert readings(n, event)[0].time_us == 100 * SECOND
    n.entries([DeviceClock(time_us=10**15 - 2 * EPISODIC_FUTURE_US)], 100 * SECOND)
    later = replace(event, device_time_us=10**15 + 1)
    assert readings(n, later, 101 * SECOND)[0].time_us == 101 * SECOND
    assert readings(n, later, 102 * SECOND) == []


def offsets(n: Normalizer, device_s: float, arrival_s: float) -> list[tuple[float | None, int]]:
    stored = n.entries([DeviceClock(time_us=round(device_s * SECOND))], round(arrival_s * SECOND))
    for reading in stored:
        assert isinstance(reading, Reading)
        assert (reading.series.device, reading.series.channel) == ("monitor", OFFSET)
        assert reading.time_us == round(arrival_s * SECOND)
    return [(reading.value, reading.time_us // SECOND) for reading in stored if isinstance(reading, Reading)]


def test_a_devices_clock_offset_is_stored_once_a_minute() -> None:
    n = normalizer()
    found = [each for s in range(100, 300) for each in offsets(n, 700 + s + s % 3 / 2, s)]
    assert found == [(700.5, 100), (700.5, 160), (700.5, 220), (700.5, 280)]


@pytest.mark.parametrize("moved_s", [2.1, -2.1, 3600.0])
def test_a_devices_clock_that_was_set_is_stored_at_once(moved_s: float) -> None:
    n = normalizer()
    assert len(offsets(n, 800, 100)) == 1
    assert offsets(n, 801.9, 101) == []
    assert offsets(n, 802 + moved_s, 102) == [(700 + moved_s, 102)]
    assert offsets(n, 803 + moved_s, 103) == []


def test_after_a_step_of_ours_an_offset_is_stored_anew_and_old_times_are_in_the_new_clock() -> None:
    n = normalizer()
    offsets(n, T0_S + 600, T0_S)
    n.stepped(-SECOND // 5)
    event = Observation(channel=NIBP, value=120.0, device_time_us=(T0_S + 595) * SECOND)
    assert [r.time_us for r in readings(n, event, (T0_S + 3) * SECOND)] == [(T0_S - 5) * SECOND - SECOND // 5]
    assert offsets(n, T0_S + 604, T0_S + 3.8) == [(600.2, T0_S + 3)]


@pytest.mark.parametrize("move_us", [3600 * SECOND, -3600 * SECOND, SECOND // 5, -SECOND // 5])
def test_after_a_step_of_ours_a_run_of_samples_begins_anew_at_arrival(move_us: int) -> None:
    n = normalizer()
    piece(n, wave(100, None, -SECOND), 10_000 * SECOND)
    n.stepped(move_us)
    pieces = [piece(n, wave(100, 0, -SECOND), (10_001 + s) * SECOND + move_us + s) for s in range(3)]
    assert [p.start_us for p in pieces] == [(10_000 + s) * SECOND + move_us for s in range(3)]


def test_equal_values_of_two_frames_of_one_instant_are_two_readings() -> None:
    n = normalizer()
    event = Observation(channel=HR, value=60.0)
    times = [readings(n, event)[0].time_us for _ in range(3)]
    assert times == [100 * SECOND, 100 * SECOND + 1, 100 * SECOND + 2]


def test_a_time_that_goes_back_is_kept() -> None:
    n = normalizer()
    event = Observation(channel=HR, value=60.0)
    readings(n, event, 100 * SECOND)
    assert readings(n, event, 90 * SECOND)[0].time_us == 90 * SECOND


def test_a_site_is_found_by_source_or_by_a_part_of_it() -> None:
    n = normalizer(sites={"T1": "nasopharynx"})
    t1 = Channel(code="MDC_TEMP", source="basic.t1.temp", unit="Cel")
    t11 = Channel(code="MDC_TEMP", source="basic.t11.temp", unit="Cel", site="skin")
    assert readings(n, Observation(channel=t1, value=36.0))[0].series.channel.site == "nasopharynx"
    assert readings(n, Observation(channel=t11, value=33.0))[0].series.channel.site == "skin"


def test_pieces_that_continue_touch_exactly_whatever_their_arrival() -> None:
    n = normalizer()
    first = piece(n, wave(100, None, -SECOND), 10 * SECOND)
    second = piece(n, wave(100, 0, -SECOND), 11 * SECOND + 40_000)
    assert (first.start_us, second.start_us) == (9 * SECOND, 10 * SECOND)


def test_a_gap_of_known_length_is_left_open() -> None:
    n = normalizer()
    piece(n, wave(100, None, -SECOND), 10 * SECOND)
    assert piece(n, wave(50, 30, -SECOND), 11 * SECOND).start_us == 10 * SECOND + 300_000


def test_an_unknown_gap_and_a_drifted_run_begin_anew_at_arrival() -> None:
    n = normalizer()
    piece(n, wave(100, None, -SECOND), 10 * SECOND)
    assert piece(n, wave(100, None, -SECOND), 15 * SECOND).start_us == 14 * SECOND
    late = 16 * SECOND + WAVE_DRIFT_US + 1
    assert piece(n, wave(100, 0, -SECOND), late).start_us == late - SECOND


def test_demo_of_the_bed_marks_everything() -> None:
    n = normalizer(demo=True)
    alarm = AlarmCondition(source="1", type=AlarmType.TECHNICAL, priority=Priority.LOW, phase=AlarmPhase.START)
    entries = n.entries([Observation(channel=HR, value=1.0), wave(3), alarm], 0)
    assert [e.alarm.demo if isinstance(e, Condition) else getattr(e, "demo", None) for e in entries] == [True] * 3


def test_an_identity_is_stored_when_it_changes() -> None:
    n = normalizer()
    one, two = DeviceIdentity(serial="1"), DeviceIdentity(serial="2")
    stored = [e.identity for e in n.entries([one, one, two, two, one], 0) if isinstance(e, Identity)]
    assert stored == [one, two, one]


def cuff(n: Normalizer, value: float, told_s: float, *, clock_s: float, arrival_s: float = 200.0) -> list[Reading]:
    """What a device heard anew sends: its clock, then a cuff pressure with its time; all in seconds from T0_S."""
    clock_us, told_us, arrival_us = (round((T0_S + s) * SECOND) for s in (clock_s, told_s, arrival_s))
    n.entries([DeviceClock(time_us=clock_us)], arrival_us)
    return readings(n, Observation(channel=NIBP, value=value, device_time_us=told_us), arrival_us)


def test_a_measurement_that_a_device_sends_again_when_it_is_heard_anew_is_nothing_new() -> None:
    n = normalizer()
    (first,) = cuff(n, 120.0, 90.0, clock_s=100.0, arrival_s=100.3)
    assert cuff(n, 120.0, 90.0, clock_s=200.0, arrival_s=200.9) == []
    assert n.repeats == 1
    again = normalizer()
    again.recall([first])
    assert cuff(again, 120.0, 90.0, clock_s=300.0, arrival_s=300.1) == []
    assert [r.value for r in cuff(again, 121.0, 90.0, clock_s=300.0, arrival_s=300.1)] == [121.0]
    assert [r.time_us - first.time_us for r in cuff(again, 121.0, 95.0, clock_s=300.0, arrival_s=300.3)] == [5 * SECOND]


def test_a_measurement_is_known_again_after_our_clock_was_set() -> None:
    n = normalizer()
    cuff(n, 120.0, 90.0, clock_s=100.0, arrival_s=100.3)
    n.stepped(3600 * SECOND)
    assert cuff(n, 120.0, 90.0, clock_s=200.0, arrival_s=3800.9) == []


def test_without_a_time_of_its_own_every_value_is_one() -> None:
    n = normalizer()
    event = Observation(channel=HR, value=61.0)
    assert [r.time_us for at in (100, 101) for r in readings(n, event, at * SECOND)] == [100 * SECOND, 101 * SECOND]


def test_a_measurement_that_comes_before_the_device_tells_its_clock_is_known_again_too() -> None:
    n = normalizer()
    device_us, ours_us = (T0_S + 600) * SECOND, T0_S * SECOND
    stored = [e for e in n.entries([DeviceClock(time_us=device_us)], ours_us) if isinstance(e, Reading)]
    old = Observation(channel=NIBP, value=120.0, device_time_us=device_us - 10 * SECOND)
    stored += readings(n, old, ours_us + SECOND)
    again = normalizer()
    again.recall(stored)
    assert readings(again, old, ours_us + 40 * SECOND) == []
    late = Observation(channel=NIBP, value=118.0, device_time_us=device_us + 35 * SECOND)
    assert [r.time_us for r in readings(again, late, ours_us + 40 * SECOND)] == [ours_us + 35 * SECOND]


@pytest.mark.parametrize(("ours_s", "devices_s"), [(600, 0), (0, 600), (0, -600)])
def test_a_measurement_is_known_again_though_a_clock_was_set_between_two_lives(ours_s: int, devices_s: int) -> None:
    """The device keeps the digits of its time; the clocks have gone on by 300 s, and ours or the device's was set."""
    first = normalizer()
    stored = [e for e in first.entries([DeviceClock(time_us=T0_S * SECOND)], T0_S * SECOND) if isinstance(e, Reading)]
    stored += cuff(first, 120.0, -30, clock_s=0, arrival_s=0)
    again = normalizer()
    again.recall(stored)
    assert cuff(again, 120.0, -30, clock_s=300 + devices_s, arrival_s=300 + ours_s) == []
    assert [r.value for r in cuff(again, 120.0, 330, clock_s=340 + devices_s, arrival_s=340 + ours_s)] == [120.0]


def test_a_measurement_of_days_ago_that_a_device_still_shows_keeps_its_time() -> None:
    days_ago_s = -3 * 86_400
    n = normalizer()
    (first,) = cuff(n, 120.0, days_ago_s, clock_s=0, arrival_s=0)
    assert first.time_us == (T0_S + days_ago_s) * SECOND
    again = normalizer()
    again.recall([first])
    assert cuff(again, 120.0, days_ago_s, clock_s=60, arrival_s=60.4) == []


@pytest.mark.parametrize("arrival_s", [0, 86_400])
def test_a_time_that_no_table_takes_is_a_wrong_clock(arrival_s: int) -> None:
    n, arrival_us = normalizer(), (946_684_800 + arrival_s) * SECOND  # 2000-01-01
    n.entries([DeviceClock(time_us=arrival_us)], arrival_us)
    before_us = 946_684_799 * SECOND
    (got,) = readings(n, Observation(channel=NIBP, value=120.0, device_time_us=before_us), arrival_us)
    assert got.time_us == arrival_us


CUFF = [Channel(code=f"MDC_PRESS_BLD_NONINV_{part}", source=f"nibp.{part}", unit="mm[Hg]") for part in ("SYS", "DIA")]


def shows(n: Normalizer, values: list[float], at_s: int, **more: object) -> list[float | None]:
    """What is stored of a cuff's pressures that a device shows when it is first heard."""
    told = [Observation(channel=c, value=v, **more) for c, v in zip(CUFF, values, strict=True)]  # type: ignore[arg-type]
    stored = n.entries([FRAME, *told], (T0_S + at_s) * SECOND)
    return [entry.value for entry in stored if isinstance(entry, Reading)]


@pytest.mark.parametrize("restarted", [False, True])
def test_a_measurement_that_stands_when_a_device_is_heard_anew_is_stored_once(restarted: bool) -> None:
    n = normalizer()
    first = n.entries(
        [FRAME, *(Observation(channel=c, value=v, standing=True) for c, v in zip(CUFF, (120.0, 80.0), strict=True))], 0
    )
    assert len(first) == 2
    if restarted:
        n = normalizer()
        n.recall([entry for entry in first if isinstance(entry, Reading)])
    assert shows(n, [120.0, 80.0], 60, standing=True) == []
    assert n.repeats == 2
    assert shows(n, [120.0, 80.0], 120) == [120.0, 80.0]  # measured anew, with the device heard
    assert shows(n, [120.0, 78.0], 180, standing=True) == [120.0, 78.0]  # measured while it was not
    assert shows(n, [120.0, 78.0], 240, standing=True) == []


def test_a_measurement_whose_time_cannot_be_right_is_known_again_after_a_restart() -> None:
    n = normalizer()
    lost_clock_us = 5 * SECOND  # 1970
    assert shows(n, [120.0, 80.0], 0, device_time_us=lost_clock_us) == [120.0, 80.0]
    again = normalizer()
    again.recall(
        Reading(
            series=Series(bed="OR-03", device="monitor", channel=channel),
            time_us=T0_S * SECOND,
            value=value,
            text=None,
            quality=Quality.VALID,
            demo=False,
        )
        for channel, value in zip(CUFF, (120.0, 80.0), strict=True)
    )
    assert shows(again, [120.0, 80.0], 60, device_time_us=lost_clock_us) == []
    assert shows(again, [120.0, 80.0], 61, device_time_us=lost_clock_us) == []
    assert shows(again, [120.0, 80.0], 120, device_time_us=lost_clock_us + 90 * SECOND) == [120.0, 80.0]


def test_a_measurement_that_came_while_the_device_was_heard_is_known_when_it_is_heard_anew() -> None:
    n = normalizer()
    assert shows(n, [120.0, 80.0], 60) == [120.0, 80.0]
    assert shows(n, [120.0, 80.0], 600, standing=True) == []


def test_measurements_of_another_group_do_not_make_a_cuffs_new() -> None:
    n = normalizer()
    output = Channel(code="MDC_OUTPUT_CARD", source="co.co", unit="L/min")
    for at_s, litres, new in ((0, 5.0, [120.0, 80.0, 5.0]), (60, 5.5, [5.5])):
        told = [Observation(channel=c, value=v, standing=True) for c, v in zip(CUFF, (120.0, 80.0), strict=True)]
        told.append(Observation(channel=output, value=litres, standing=True))
        stored = n.entries([FRAME, *told], (T0_S + at_s) * SECOND)
        assert [entry.value for entry in stored if isinstance(entry, Reading)] == new


def test_undatable_measurements_of_two_times_are_not_new_together() -> None:
    """IntelliVue names its sources without a group."""
    pressure, output = (Channel(code=f"MDC_{name}", source=name, unit="1") for name in ("4A05/NOM_NIBP", "4B04/CO"))

    def stored(n: Normalizer, litres: float, litres_s: int) -> list[Reading]:
        told = [
            Observation(channel=pressure, value=120.0, device_time_us=5 * SECOND),
            Observation(channel=output, value=litres, device_time_us=litres_s * SECOND),
        ]
        return [entry for entry in n.entries([FRAME, *told], T0_S * SECOND) if isinstance(entry, Reading)]

    again = normalizer()
    again.recall(stored(normalizer(), 5.0, 9))
    assert [reading.value for reading in stored(again, 5.2, 70)] == [5.2]


@pytest.mark.parametrize("polled", [False, True])
def test_a_measurement_is_known_again_after_the_devices_clock_was_set_back(polled: bool) -> None:
    n = normalizer()
    n.entries([DeviceClock(time_us=T0_S * SECOND)], T0_S * SECOND)
    told_us = (T0_S + 5) * SECOND
    assert shows(n, [120.0, 80.0], 10, device_time_us=told_us) == [120.0, 80.0]
    n.entries([DeviceClock(time_us=(T0_S - 3000) * SECOND)], (T0_S + 600) * SECOND)
    if polled:
        assert shows(n, [120.0, 80.0], 601, device_time_us=told_us, repeat=True) == []
    assert shows(n, [120.0, 80.0], 700, device_time_us=told_us) == []


def test_a_measurement_that_is_withdrawn_was_not_nothing_at_its_time() -> None:
    """Nothing was measured at the time that the device still tells, and the same again is the same."""
    n = normalizer()
    told_s = (0, 120.0), (60, None), (120, 120.0)
    found = []
    for at_s, value in told_s:
        n.entries([DeviceClock(time_us=(T0_S + at_s) * SECOND)], (T0_S + at_s) * SECOND + at_s * 5_000)
        event = Observation(channel=NIBP, value=value, device_time_us=T0_S * SECOND)
        found += readings(n, event, (T0_S + at_s) * SECOND + at_s * 5_000)
    assert [(r.value, r.time_us) for r in found] == [(120.0, T0_S * SECOND), (None, (T0_S + 60) * SECOND + 300_000)]


def test_a_measurement_is_not_the_one_that_was_stored_at_its_arrival_for_want_of_a_time() -> None:
    n = normalizer()
    n.entries([DeviceClock(time_us=T0_S * SECOND)], T0_S * SECOND)
    lost_clock = Observation(channel=NIBP, value=120.0, device_time_us=5 * SECOND)
    (first,) = readings(n, lost_clock, (T0_S + 10) * SECOND)
    assert readings(n, lost_clock, (T0_S + 11) * SECOND) == []
    (second,) = readings(n, replace(lost_clock, device_time_us=(T0_S + 11) * SECOND), (T0_S + 12) * SECOND)
    assert [first.time_us, second.time_us] == [(T0_S + 10) * SECOND, (T0_S + 11) * SECOND]


def test_the_same_pressures_measured_anew_are_stored_whatever_the_devices_clock_says() -> None:
    n = normalizer()
    n.entries([DeviceClock(time_us=T0_S * SECOND)], T0_S * SECOND)
    assert shows(n, [120.0, 80.0], 10, device_time_us=(T0_S + 5) * SECOND) == [120.0, 80.0]
    assert shows(n, [120.0, 80.0], 300, device_time_us=(T0_S + 900) * SECOND) == [120.0, 80.0]  # set, and not yet told


def test_a_clock_that_is_told_with_a_measurement_holds_for_it() -> None:
    n = normalizer()
    n.recall(cuff(normalizer(), 120.0, 5, clock_s=10, arrival_s=10))
    told = Observation(channel=NIBP, value=120.0, device_time_us=(T0_S + 4190) * SECOND)
    events: list[Event] = [FRAME, told, DeviceClock(time_us=(T0_S + 4200) * SECOND)]
    stored = [entry for entry in n.entries(events, (T0_S + 600) * SECOND) if isinstance(entry, Reading)]
    assert [(r.value, r.time_us) for r in stored if r.series.channel == NIBP] == [(120.0, (T0_S + 590) * SECOND)]
