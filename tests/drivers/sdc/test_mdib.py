"""Reports written by hand, and what they mean by IEEE 11073-10207."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from collector.model import (
    AlarmCondition,
    AlarmPhase,
    AlarmType,
    Channel,
    DeviceClock,
    Event,
    Frame,
    Observation,
    PatientIdentity,
    Priority,
    Quality,
    Role,
    Waveform,
)
from drivers.sdc.codes import refid, ucum
from drivers.sdc.mdib import Mdib, channel
from drivers.sdc.reports import Change, Clock, Condition, Metric, Person, Place, Presence, Report, Samples, State, Value

HR = Metric(handle="0x34F001", code=147842, name="Heart rate", unit=264864)
NIBP = Metric(handle="nibp", code=150021, unit=266016, intermittent=True)
ECG = Metric(handle="ecg", code=131330, unit=266418, period_s=0.004)
HIGH = Condition(handle="hr.high", code=None, name="HR high", kind="Phy", priority="Me", sources=("0x34F001",))
OFF = Condition(handle="spo2.off", code=None, name="sensor off", kind="Tec", priority="Lo")


def mdib(*standing: AlarmCondition, metrics: tuple[Metric, ...] = ()) -> Mdib:
    mine = Mdib(standing)
    assert not mine.changed(Change(described=(HR, NIBP, ECG, HIGH, OFF, *metrics)))
    return mine


def told(mine: Mdib, *states: State, first: bool = False) -> list[Any]:
    frame, *events = mine.told(Report(kind="metrics", states=states, first=first))
    assert isinstance(frame, Frame)
    return events


def value(number: str | None, validity: str = "Vld", **more: Any) -> Value:
    return Value(handle="0x34F001", value=None if number is None else Decimal(number), validity=validity, **more)


def test_a_numeric() -> None:
    mine = Channel(code="MDC_ECG_HEART_RATE", source="0x34F001", unit="/min")
    assert told(mdib(), value("63")) == [Observation(channel=mine, value=63.0)]


@pytest.mark.parametrize(
    ("validity", "number", "quality"),
    [
        ("Vld", 63.0, Quality.VALID),
        ("Vldated", 63.0, Quality.VALID),
        ("Qst", 63.0, Quality.QUESTIONABLE),
        ("Ong", None, Quality.NOT_AVAILABLE),
        ("Calib", None, Quality.CALIBRATING),
        ("Inv", None, Quality.INVALID),
        ("Oflw", None, Quality.OVERFLOW),
        ("Uflw", None, Quality.UNDERFLOW),
        ("NA", None, Quality.NOT_AVAILABLE),
        ("Odd", 63.0, Quality.QUESTIONABLE),
    ],
)
def test_validities(validity: str, number: float | None, quality: Quality) -> None:
    (event,) = told(mdib(), value("63", validity))
    assert (event.value, event.quality) == (number, quality)


def test_valid_without_a_value_is_not_available() -> None:
    (event,) = told(mdib(), value(None))
    assert (event.value, event.quality) == (None, Quality.NOT_AVAILABLE)


def test_a_metric_that_loses_its_value_is_told_once() -> None:
    mine, nothing = mdib(), Value(handle="0x34F001")
    assert told(mine, nothing) == []
    told(mine, value("63"))
    assert [(e.value, e.quality) for e in told(mine, nothing)] == [(None, Quality.NOT_AVAILABLE)]
    assert told(mine, nothing) == []


@pytest.mark.parametrize(("mode", "demo"), [("Real", False), ("Demo", True), ("Test", True)])
def test_what_is_not_real_is_a_demonstration(mode: str, demo: bool) -> None:
    assert told(mdib(), value("63", mode=mode))[0].demo is demo


def test_one_code_under_two_handles_in_two_units() -> None:
    kpa = Metric(handle="co2.1", code=151708, unit=265987)
    mmhg = Metric(handle="co2.2", code=151708, unit=266016)
    assert [channel(one) for one in (kpa, mmhg)] == [
        Channel(code="MDC_CONC_AWAY_CO2_ET", source="co2.1", unit="kPa"),
        Channel(code="MDC_CONC_AWAY_CO2_ET", source="co2.2", unit="mm[Hg]"),
    ]


@pytest.mark.parametrize(
    ("category", "code", "role"),
    [
        ("Msrmt", "MDC_VENT_PRESS_AWAY_END_EXP_POS", Role.MEASURED),
        ("Clc", "MDC_VENT_PRESS_AWAY_END_EXP_POS", Role.MEASURED),
        ("Set", "MDC_VENT_PRESS_AWAY_END_EXP_POS_SETTING", Role.SET),
        ("Preset", "MDC_UNMAPPED", Role.SET),
        ("Rcmm", "MDC_UNMAPPED", Role.SET),
    ],
)
def test_settings(category: str, code: str, role: Role) -> None:
    """What is not in force must not be charted as what is."""
    found = channel(Metric(handle="peep", code=151976, unit=266048, category=category))
    assert (found.code, found.role, found.unit) == (code, role, "cm[H2O]")


def test_codes_and_units() -> None:
    assert refid(None) == refid(67_108_999) == "MDC_UNMAPPED"
    assert refid(150456, setting=True) == "MDC_PULS_OXIM_SAT_O2"
    units = [265987, 266016, 262688, 266098, 265216, 264928, 268192, 262144 + 0x0880, 262656]
    assert [ucum(unit) for unit in units] == ["kPa", "mm[Hg]", "%", "mbar", "L/min", "/min", "Cel", "s", "1"]
    assert ucum(262_999) == "{262999}"
    assert ucum(None, "arb. u") == "{arb.u}"


def test_texts_have_no_unit() -> None:
    mode = Metric(handle="mode", code=184352, unit=262656, category="Set", is_text=True)
    (event,) = told(mdib(metrics=(mode,)), Value(handle="mode", value="VCV", validity="Vld"))
    assert (event.channel.code, event.channel.unit, event.value) == ("MDC_VENT_MODE", "", "VCV")


def cuff(number: str, time_us: int | None = 1_000_000) -> Value:
    return Value(handle="nibp", value=Decimal(number), validity="Vld", time_us=time_us)


def test_an_intermittent_value_has_its_time_and_is_a_repeat_when_it_comes_again() -> None:
    mine = mdib()
    events = [*told(mine, cuff("118"), first=True), *told(mine, cuff("118")), *told(mine, cuff("118", 2_000_000))]
    assert [(e.device_time_us, e.repeat, e.standing) for e in events if isinstance(e, Observation)] == [
        (1_000_000, False, False),
        (1_000_000, True, False),
        (2_000_000, False, False),
    ]


def test_an_intermittent_value_without_a_time_is_standing_at_first() -> None:
    mine = mdib()
    assert [e.standing for e in told(mine, cuff("118", None), first=True)] == [True]
    assert [e.standing for e in told(mine, cuff("120", None))] == [False]


def test_a_continuous_value_has_the_time_of_its_arrival_and_tells_the_clock() -> None:
    number, clock = told(mdib(), value("63", time_us=5_000_000))
    assert number.device_time_us is None
    assert clock == DeviceClock(time_us=5_000_000)


def test_a_clock_is_told_where_there_is_one() -> None:
    mine = mdib()
    assert told(mine, Clock(time_us=9_000_000), first=True) == [DeviceClock(time_us=9_000_000)]
    assert len(told(mine, value("63", time_us=5_000_000))) == 1


def presence(handle: str = "hr.high", *, present: bool = True, **more: Any) -> Presence:
    return Presence(handle=handle, present=present, **more)


def said(events: list[Event]) -> list[tuple[str, AlarmPhase, Priority]]:
    return [(e.source, e.phase, e.priority) for e in events if isinstance(e, AlarmCondition)]


def test_an_alarm_from_start_to_end() -> None:
    mine = mdib()
    assert told(mine, presence(time_us=7)) == [
        AlarmCondition(
            source="hr.high",
            type=AlarmType.PHYSIOLOGICAL,
            priority=Priority.MEDIUM,
            phase=AlarmPhase.START,
            text="HR high",
            device_priority="Me",
            device_time_us=7,
        )
    ]
    assert told(mine, presence()) == []
    assert said(told(mine, presence(priority="Hi"))) == [("hr.high", AlarmPhase.CONTINUE, Priority.HIGH)]
    assert said(told(mine, presence(present=False))) == [("hr.high", AlarmPhase.END, Priority.HIGH)]
    assert told(mine, presence(present=False)) == []


def test_an_alarm_that_is_switched_off_has_ended() -> None:
    mine = mdib()
    told(mine, presence())
    assert said(told(mine, presence(active=False))) == [("hr.high", AlarmPhase.END, Priority.MEDIUM)]


def test_priorities_and_types() -> None:
    unknown = Condition(handle="odd", code=None, name="", kind="Oth", priority="Zz")
    mine = mdib()
    mine.changed(Change(described=(unknown,)))
    (off,) = told(mine, presence("spo2.off"))
    (odd,) = told(mine, presence("odd"))
    (none,) = told(mine, presence(priority="None"))
    assert [off.type, odd.type, none.type] == [AlarmType.TECHNICAL, AlarmType.TECHNICAL, AlarmType.PHYSIOLOGICAL]
    assert [off.priority, odd.priority, none.priority] == [Priority.LOW, Priority.HIGH, Priority.INFORMATION]


def test_alarms_of_an_earlier_dialogue_continue_or_end() -> None:
    before = mdib()
    stood = [*told(before, presence()), *told(before, presence("spo2.off"))]
    gone = replace(stood[0], source="gone")
    after = mdib(*stood, gone)
    first = told(after, presence(), presence("spo2.off", present=False), first=True)
    assert [(source, phase) for source, phase, _ in said(first)] == [
        ("hr.high", AlarmPhase.CONTINUE),
        ("spo2.off", AlarmPhase.END),
        ("gone", AlarmPhase.END),
    ]
    assert [one.source for one in after.standing] == ["hr.high"]


def limits(low: str | None, high: str | None, monitored: str = "All") -> Presence:
    return Presence(
        handle="hr.high",
        present=False,
        low=None if low is None else Decimal(low),
        high=None if high is None else Decimal(high),
        monitored=monitored,
    )


def test_limits_are_those_of_the_metric_that_the_alarm_watches() -> None:
    mine = mdib()
    low, high = told(mine, limits("45", "110"))
    assert low.channel == Channel(code="MDC_ECG_HEART_RATE", source="hr.high", unit="/min", role=Role.LIMIT_LOW)
    assert (low.value, high.value, high.channel.role) == (45.0, 110.0, Role.LIMIT_HIGH)
    assert told(mine, limits("45", "110")) == []
    (moved,) = told(mine, limits("45", "120"))
    assert moved.value == 120.0
    (switched,) = told(mine, limits("45", "120", "LoOff"))
    assert (switched.channel.role, switched.value, switched.quality) == (Role.LIMIT_LOW, None, Quality.NOT_AVAILABLE)


def samples(*numbers: str, time_us: int | None = 1_000_000, validity: str = "Vld") -> Samples:
    return Samples(handle="ecg", samples=tuple(map(Decimal, numbers)), time_us=time_us, validity=validity)


def test_a_wave() -> None:
    (wave,) = told(mdib(), samples("0.10", "-0.02", "0"))
    assert isinstance(wave, Waveform)
    assert (wave.channel.code, wave.channel.unit, wave.rate_hz) == ("MDC_ECG_ELEC_POTL_II", "mV", 250.0)
    assert (wave.counts.tolist(), wave.scale, wave.gap_samples, wave.start_us) == ([10, -2, 0], 0.01, None, -12_000)


def test_a_wave_goes_on_by_the_clock_of_the_device() -> None:
    mine = mdib()
    times = [1_000_000, 1_008_000, 1_017_000, 1_065_000, 1_000_000, 90_000_000, None]
    gaps = [told(mine, samples("1", "2", time_us=time_us))[0].gap_samples for time_us in times]
    assert gaps == [None, 0, 0, 10, None, None, None]


def test_a_millisecond_is_no_hole() -> None:
    mine = mdib(metrics=(replace(ECG, period_s=0.001),))
    gaps = [told(mine, samples("1", "2", time_us=us))[0].gap_samples for us in (1_000_000, 1_003_000, 1_008_000)]
    assert gaps == [None, 0, 3]


def test_invalid_samples_leave_a_hole() -> None:
    mine = mdib()
    told(mine, samples("1", "2"))
    assert told(mine, samples("7", "7", time_us=1_008_000, validity="Inv")) == []
    (wave,) = told(mine, samples("3", "4", time_us=1_016_000, validity="Qst"))
    assert (wave.gap_samples, wave.quality) == (2, Quality.QUESTIONABLE)


def test_a_piece_is_no_longer_than_a_second() -> None:
    waves = told(mdib(), samples(*["1"] * 600))
    assert [(len(wave.counts), wave.gap_samples, wave.start_us) for wave in waves] == [
        (250, None, -2_400_000),
        (250, 0, -1_400_000),
        (100, 0, -400_000),
    ]


def test_samples_finer_than_32_bits_are_rounded() -> None:
    (wave,) = told(mdib(), samples("123.456789012345", "0.5"))
    assert wave.values.tolist() == pytest.approx([123.4567890, 0.5], abs=1e-7)


def test_a_wave_keeps_its_scale() -> None:
    mine = mdib()
    pieces = [told(mine, samples(one))[0] for one in ("0.123", "0", "1")]
    assert [piece.scale for piece in pieces] == [0.001] * 3
    assert pieces[2].counts.tolist() == [1000]


ADMITTED = Person(handle="p1", association="Assoc", ids={"urn:hospital": "4711"}, family="Li", given="Mei", sex="F")


def test_patients_come_and_go() -> None:
    mine = mdib()
    other = replace(ADMITTED, handle="p2", association="Pre", family="Wang")
    assert told(mine, other) == []
    assert told(mine, ADMITTED) == [
        PatientIdentity(ids={"urn:hospital": "4711"}, family="Li", given="Mei", sex="F", state="admitted")
    ]
    assert told(mine, replace(other, association="Dis")) == []
    assert told(mine, replace(ADMITTED, association="Dis")) == [PatientIdentity(state="discharged")]
    assert told(mine, replace(ADMITTED, association="Dis")) == []


def test_the_location_that_is_associated() -> None:
    mine = mdib()
    place = Place(handle="l1", association="Assoc", parts=("Hospital 1", "ICU", "Bed 7"))
    assert [e.value for e in told(mine, place)] == ["Hospital 1 / ICU / Bed 7"]
    assert told(mine, place) == []
    moved = replace(place, handle="l2", parts=("Hospital 1", "OR 3"))
    assert [e.value for e in told(mine, replace(place, association="Dis"), moved)] == [None, "Hospital 1 / OR 3"]


def test_descriptors_that_go_end_what_was_there() -> None:
    mine = mdib()
    told(mine, value("63"), presence())
    gone = list(mine.changed(Change(gone=("0x34F001", "hr.high", "never"))))
    assert [(e.value, e.quality) for e in gone if isinstance(e, Observation)] == [(None, Quality.NOT_AVAILABLE)]
    assert said(gone) == [("hr.high", AlarmPhase.END, Priority.MEDIUM)]
    assert told(mine, value("64"), presence()) == []


@pytest.mark.parametrize("gone", ["hr.high", "0x34F001"])
def test_limits_end_with_their_condition_and_with_what_they_limit(gone: str) -> None:
    mine = mdib()
    told(mine, value("63"), limits("45", "110"))
    ended = [e for e in mine.changed(Change(gone=(gone,))) if isinstance(e, Observation)]
    roles = [(e.channel.role, e.value, e.quality) for e in ended if e.channel.role is not Role.MEASURED]
    assert roles == [(role, None, Quality.NOT_AVAILABLE) for role in (Role.LIMIT_LOW, Role.LIMIT_HIGH)]


def test_a_descriptor_that_changes_makes_another_channel() -> None:
    mine = mdib()
    told(mine, value("63"))
    (ended,) = mine.changed(Change(described=(replace(HR, unit=264640),)))
    assert isinstance(ended, Observation)
    assert (ended.channel.unit, ended.value) == ("/min", None)
    assert told(mine, value("1"))[0].channel.unit == "Hz"
    assert not mine.changed(Change(described=(replace(HR, unit=264640),)))


def test_what_nobody_described_is_left_alone() -> None:
    assert told(Mdib(), value("63"), presence(), samples("1"), limits("1", "2")) == []
