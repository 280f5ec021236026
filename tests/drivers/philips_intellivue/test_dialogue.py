"""Session and simulated monitor on one line: what is decoded is what was said."""

from dataclasses import replace
from itertools import pairwise

import pytest

from collector.model import (
    AlarmCondition,
    AlarmPhase,
    Association,
    AssociationState,
    DeviceClock,
    Event,
    Frame,
    Observation,
    PatientIdentity,
    Quality,
    Rejected,
    Waveform,
)
from drivers.philips_intellivue.bedside import SimulatedAlarm
from drivers.philips_intellivue.options import Options
from drivers.philips_intellivue.simulator import IntelliVueSimulator
from tests.drivers.philips_intellivue.link import EPOCH_US, START_S, Link, simulated
from tests.drivers.philips_intellivue.listening import only

BOTH = pytest.mark.parametrize("datagrams", [False, True], ids=["rs232", "lan"])


def without_start(events: list[Event]) -> list[Event]:
    """Without frames, and without what the monitor does not say: where in its burst a wave came, and the date of ST.

    The session dates it by the clock that it heard last, also when it is sent again.
    """
    kept = [replace(e, start_us=0) if isinstance(e, Waveform) else e for e in events if not isinstance(e, Frame)]
    kept = [replace(e, device_time_us=None) if isinstance(e, Observation) and e.repeat else e for e in kept]
    return [
        replace(e, scale=round(e.scale, 9), offset=round(e.offset, 9)) if isinstance(e, Waveform) else e for e in kept
    ]


def talk(seconds: float, device: IntelliVueSimulator, *, datagrams: bool, options: Options | None = None) -> Link:
    return Link(device, datagrams=datagrams, options=options).run(seconds)


@BOTH
def test_what_is_heard_is_what_was_said(datagrams: bool) -> None:
    link = talk(130.0, IntelliVueSimulator(simulated(datagrams=datagrams, scenario="bleeding")), datagrams=datagrams)
    assert without_start(link.heard) == without_start(link.said)
    assert len(only(link.heard, Observation)) > 4000
    assert len(only(link.heard, Waveform)) > 3000
    assert all(e.demo for e in link.heard if isinstance(e, Observation | Waveform | AlarmCondition))
    assert [a.state for a in only(link.heard, Association)] == [AssociationState.ESTABLISHED]


@BOTH
def test_waves_run_without_a_gap(datagrams: bool) -> None:
    """Renewed polls overlap the ones before (§13.18)."""
    link = talk(130.0, IntelliVueSimulator(simulated(datagrams=datagrams)), datagrams=datagrams)
    waves = only(link.heard, Waveform)
    sources = {w.channel.source for w in waves}
    assert sources == {"0102", "4BB4", "4A14", "4A44", "50AC", "5000", "50F0"}
    assert sum(w.gap_samples is None for w in waves) == len(sources)
    assert {w.gap_samples for w in waves} == {None, 0}


def test_on_lan_the_blocks_of_a_burst_lie_behind_each_other() -> None:
    link = talk(30.0, IntelliVueSimulator(simulated(datagrams=True)), datagrams=True)
    pleth = [w.start_us for w in only(link.heard, Waveform) if w.channel.source == "4BB4"][8:12]
    assert [b - a for a, b in pairwise(pleth)] == pytest.approx([256_000] * 3, abs=20_000)
    assert max(pleth) <= 0


@BOTH
def test_a_monitor_that_is_not_in_demo_mode(datagrams: bool) -> None:
    link = talk(20.0, IntelliVueSimulator(simulated(datagrams=datagrams), demo=False), datagrams=datagrams)
    assert without_start(link.heard) == without_start(link.said)
    assert not any(e.demo for e in link.heard if isinstance(e, Observation | Waveform))
    assert not only(link.heard, AlarmCondition)


def test_compound_ecg() -> None:
    options = Options(waves=("ECG", "Pleth"))
    link = talk(20.0, IntelliVueSimulator(simulated(datagrams=True)), datagrams=True, options=options)
    assert without_start(link.heard) == without_start(link.said)
    rates = {w.channel.source: w.rate_hz for w in only(link.heard, Waveform)}
    assert rates == {"0101": 250.0, "0102": 250.0, "0143": 250.0, "4BB4": 125.0}


def test_only_the_wanted_numerics() -> None:
    options = Options(waves=(), numerics=("00024182", "00024BB8"))
    link = talk(30.0, IntelliVueSimulator(simulated(datagrams=True)), datagrams=True, options=options)
    late = only(link.heard, Observation)[-10:]
    assert {o.channel.source for o in late} <= {"4182", "4BB8", "D007"}
    assert not only(link.heard, Waveform)


def test_states_without_and_with_a_value() -> None:
    states = {0x4182: 0x8000, 0x500A: 0x1000, 0x4BB8: 0x2000, 0x4B60: 0x4000}
    device = IntelliVueSimulator(simulated(datagrams=True), states=states)
    link = talk(10.0, device, datagrams=True)
    found = {o.channel.source: (o.value is None, o.quality) for o in only(link.heard, Observation)}
    assert found["4182"] == (True, Quality.INVALID)
    assert found["500A"] == (True, Quality.CALIBRATING)
    assert found["4BB8"] == (True, Quality.NOT_AVAILABLE)
    assert found["4B60"] == (False, Quality.QUESTIONABLE)
    assert without_start(link.heard) == without_start(link.said)


def test_the_cuff_measures_now_and_then() -> None:
    link = talk(200.0, IntelliVueSimulator(simulated(datagrams=False)), datagrams=False)
    cuff = [o for o in only(link.heard, Observation) if o.channel.source == "4A05"]
    switched_on_us = EPOCH_US + round(START_S * 1_000_000)
    assert {o.device_time_us for o in cuff if o.value is not None} == {
        switched_on_us + 5_000_000,
        switched_on_us + 185_000_000,
    }
    assert sum(not o.repeat and o.value is not None for o in cuff) == 2
    assert all(o.value is None for o in cuff if o.device_time_us is None)


@BOTH
def test_st_is_measured_every_15_s(datagrams: bool) -> None:
    link = talk(
        100.0, IntelliVueSimulator(simulated(datagrams=datagrams), clock_step=(40.0, 3600.0)), datagrams=datagrams
    )
    st = [o for o in only(link.heard, Observation) if o.channel.source == "0302"]
    new = [o.device_time_us for o in st if not o.repeat]
    assert len(st) > 90
    assert len(new) == 7
    switched_on_us = EPOCH_US + round(START_S * 1_000_000)
    late_s = [(us - switched_on_us) / 1e6 - 15.0 * n for n, us in enumerate(new) if us is not None]
    assert late_s[:3] == pytest.approx([0.0] * 3, abs=1.0)
    assert late_s[-2:] == pytest.approx([3600.0] * 2, abs=1.0)


def test_alarms_begin_and_end() -> None:
    alarm = SimulatedAlarm(source=0x4182, event=274, al_type=0x0002, text="ECG LEADS OFF", start_s=12.0, end_s=30.0)
    device = IntelliVueSimulator(simulated(datagrams=False), extra_alarms=(alarm,))
    link = talk(50.0, device, datagrams=False)
    found = [a for a in only(link.heard, AlarmCondition) if a.text]
    assert [(a.phase, a.text) for a in found] == [
        (AlarmPhase.START, "ECG LEADS OFF"),
        (AlarmPhase.END, "ECG LEADS OFF"),
    ]


def test_a_patient_who_bleeds_raises_alarms() -> None:
    link = Link(IntelliVueSimulator(simulated(datagrams=True, scenario="bleeding")), datagrams=True)
    link.run(5.0)
    link.now += 1300.0  # the line was dead meanwhile
    link.run(40.0)
    texts = {a.text for a in only(link.heard, AlarmCondition) if a.phase is AlarmPhase.START}
    assert {"** HR HIGH", "** ABPs LOW", "** SpO₂ LOW"} <= texts


def test_a_step_of_the_monitors_clock_moves_no_data() -> None:
    device = IntelliVueSimulator(simulated(datagrams=False), clock_step=(40.0, 3600.0))
    link = talk(100.0, device, datagrams=False)
    told = [c.time_us for c in only(link.heard, DeviceClock)]
    assert max(b - a for a, b in pairwise(told)) > 3_600_000_000
    assert {w.gap_samples for w in only(link.heard, Waveform)} == {None, 0}


@BOTH
def test_over_the_wrap_of_relative_time(datagrams: bool) -> None:
    device = IntelliVueSimulator(simulated(datagrams=datagrams), first_ticks=(1 << 32) - 160_000)
    link = talk(40.0, device, datagrams=datagrams)
    assert without_start(link.heard) == without_start(link.said)
    ticks = [f.tick_us for f in only(link.heard, Frame) if f.tick_us is not None]
    assert max(abs(b - a) for a, b in pairwise(ticks)) < 2_000_000
    assert {w.gap_samples for w in only(link.heard, Waveform)} == {None, 0}


@BOTH
def test_lost_results_are_gaps_of_their_length(datagrams: bool) -> None:
    device = IntelliVueSimulator(simulated(datagrams=datagrams), lose_every=7)
    link = talk(60.0, device, datagrams=datagrams)
    waves = [w for w in only(link.heard, Waveform) if w.channel.source == "4BB4"]
    gaps = sum(w.gap_samples or 0 for w in waves)
    assert gaps > 0
    said = sum(len(w.counts) for w in only(link.said, Waveform) if w.channel.source == "4BB4")
    heard = sum(len(w.counts) for w in waves)
    assert 0 <= said - (heard + gaps) <= 8 * 32
    values = {(o.channel, o.value) for o in only(link.said, Observation)}
    assert {(o.channel, o.value) for o in only(link.heard, Observation)} <= values


@BOTH
def test_damaged_results_are_rejected_and_never_values(datagrams: bool) -> None:
    device = IntelliVueSimulator(simulated(datagrams=datagrams), damage_every=9)
    link = talk(60.0, device, datagrams=datagrams)
    assert {r.reason for r in only(link.heard, Rejected)} == {"malformed" if datagrams else "checksum"}
    values = {(o.channel, o.value) for o in only(link.said, Observation)}
    heard = {(o.channel, o.value) for o in only(link.heard, Observation)}
    assert len(heard) >= 90
    assert heard <= values


def test_duplicated_datagrams_change_nothing() -> None:
    device = IntelliVueSimulator(simulated(datagrams=True), duplicate_every=3)
    link = talk(40.0, device, datagrams=True)
    assert {r.reason for r in only(link.heard, Rejected)} == {"duplicate"}
    assert without_start([e for e in link.heard if not isinstance(e, Rejected)]) == without_start(link.said)


@BOTH
def test_refused_and_then_accepted(datagrams: bool) -> None:
    device = IntelliVueSimulator(simulated(datagrams=datagrams), refusals=2)
    link = talk(20.0, device, datagrams=datagrams)
    assert [a.state.value for a in only(link.heard, Association)] == ["refused", "refused", "established"]
    assert only(link.heard, Observation)


@BOTH
def test_a_line_that_is_cut_comes_back(datagrams: bool) -> None:
    device = IntelliVueSimulator(simulated(datagrams=datagrams))
    link = Link(device, datagrams=datagrams).run(20.0)
    link.run(30.0, cut=lambda _: True)
    before = len(only(link.heard, Observation))
    link.run(40.0)
    assert [a.state.value for a in only(link.heard, Association)] == ["established", "ended", "established"]
    assert len(only(link.heard, Observation)) > before + 300
    pleth = [w.gap_samples for w in only(link.heard, Waveform) if w.channel.source == "4BB4"]
    assert pleth.count(None) == 2


def test_a_mute_monitor_is_asked_for_ever() -> None:
    device = IntelliVueSimulator(simulated(datagrams=True), silent_after_s=10.0)
    link = talk(120.0, device, datagrams=True)
    requests = [t for t, data in link.asked if data[0] == 0x0D]
    assert len(requests) > 10
    assert requests[-1] > link.now - 20


def test_farewell_is_answered() -> None:
    link = talk(10.0, IntelliVueSimulator(simulated(datagrams=False)), datagrams=False)
    link.client.close(link.now)
    link.run(1.0)
    ended = only(link.heard, Association)[-1]
    assert (ended.state, ended.reason) == (AssociationState.ENDED, "released")
    assert len(only(link.said, Association)) == 2


def test_patient_identity_is_in_its_own_event() -> None:
    link = talk(40.0, IntelliVueSimulator(simulated(datagrams=True)), datagrams=True)
    (first, *_) = only(link.heard, PatientIdentity)
    assert (first.ids, first.family, first.height_cm) == ({"patient_id": "SIM-0001"}, "Simulated", 175.0)
    others = [e for e in link.heard if not isinstance(e, PatientIdentity)]
    assert not any("Simulated" in repr(e) or "SIM-0001" in repr(e) for e in others)
