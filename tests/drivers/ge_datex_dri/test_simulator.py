import json
import struct

import numpy as np
import pytest

from collector.model import AlarmCondition, AlarmPhase, Event, Frame, Observation, Quality, Rejected, Waveform
from drivers.ge_datex_dri import requests
from drivers.ge_datex_dri.frames import Framer, Record
from drivers.ge_datex_dri.simulator import Simulator
from drivers.patient import Patient, Vitals
from tests.drivers.ge_datex_dri.link import Link, statements
from tests.drivers.ge_datex_dri.records import frame, observed, waves
from tests.shared import capture

EPOCH_US = 1_700_000_000_000_000
EVERY = ("basic", "ext1", "ext2", "ext3")


def monitor(scenario: str = "stable", **knobs: object) -> Simulator:
    return Simulator(patient=Patient(scenario, 1), epoch_us=EPOCH_US, **knobs)  # type: ignore[arg-type]


def answers(simulator: Simulator, wanted: bytes, start: float, until_s: float) -> list[tuple[float, Record]]:
    """Ask at `start` and collect (time, record) up to `until_s`."""
    framer = Framer()
    simulator.receive(wanted, start)
    found: list[tuple[float, Record]] = []
    now = start
    while now <= until_s:
        due = simulator.deadline()
        if due is not None and due <= now:
            simulator.expire(now)
        for one in framer.feed(simulator.outgoing()):
            assert isinstance(one, Record)
            found.append((now, one))
        now = round(now + 0.1, 1)
    return found


def vendor(name: str) -> bytes:
    loaded = json.loads(capture("datex-dri", "vendor_examples.json").read_text())
    return next(bytes.fromhex(example["wire_hex"]) for example in loaded if example["name"] == name)


class TestVendorRequests:
    """The six requests that the vendor prints, each with the answer that fact sheet §4 gives."""

    def test_displayed_values_every_10_s_in_four_classes(self) -> None:
        found = answers(monitor(), vendor("displayed_10s_all_classes"), 0.0, 30.5)
        assert [now for now, _ in found] == [0.0, 10.0, 20.0, 30.0]
        for n, (_, one) in enumerate(found):
            assert (one.main_type, one.number, len(one.data)) == (0, n, 1152)
            assert one.parts == ((1, 40), (1, 318), (1, 596), (1, 874))
            words = [struct.unpack_from("<H", one.data, at + 276)[0] for _, at in one.parts]
            assert words == [0x00A1, 0x01A1, 0x02A1, 0x03A1]
            assert struct.unpack_from("<I", one.data, 40)[0] == one.time_s == 1_700_000_000 + 10 * n

    def test_displayed_values_stop(self) -> None:
        simulator = monitor()
        answers(simulator, vendor("displayed_10s_all_classes"), 0.0, 15.0)
        assert not answers(simulator, vendor("displayed_stop"), 15.1, 60.0)
        assert simulator.deadline() is None

    def test_trends_flow_only_beside_displayed_values_and_stop(self) -> None:
        assert not answers(monitor(), vendor("trend60_start"), 0.0, 130.0)
        simulator = monitor()
        simulator.receive(vendor("displayed_10s_all_classes"), 0.0)
        found = answers(simulator, vendor("trend60_start"), 0.0, 130.0)
        assert [now for now, one in found if one.parts[0][0] == 3] == [60.0, 120.0]
        later = answers(simulator, vendor("trend60_stop"), 130.1, 250.0)
        assert {one.parts[0][0] for _, one in later} == {1}

    def test_trends_need_a_started_case(self) -> None:
        simulator = monitor(case=False)
        simulator.receive(vendor("displayed_10s_all_classes"), 0.0)
        found = answers(simulator, vendor("trend60_start"), 0.0, 130.0)
        assert {one.parts[0][0] for _, one in found} == {1}

    def test_the_ecg_wave(self) -> None:
        simulator = monitor()
        found = answers(simulator, vendor("wave_ecg1_start"), 0.0, 61.5)
        assert [now for now, _ in found][:3] == [1.0, 2.0, 3.0]
        statuses = [struct.unpack_from("<hHH", one.data, 40) for _, one in found]
        assert {n for n, _, _ in statuses} == {300}
        assert [status for _, status, _ in statuses[:2]] == [0x0403, 0x0412]
        assert [status >> 4 & 63 for _, status, _ in statuses] == [*range(60), 0]
        assert not answers(simulator, vendor("wave_stop"), 61.6, 70.0)


def test_a_request_with_a_bad_checksum_is_ignored() -> None:
    wounded = vendor("wave_ecg1_start").replace(b"\x48\x7e", b"\x49\x7e")
    assert not answers(monitor(), wounded, 0.0, 5.0)


def test_a_suppressed_class_and_a_single_request() -> None:
    simulator = monitor()
    only_ext2 = requests.physiological(1, requests.SINGLE, ("ext2",))
    ((_, one),) = answers(simulator, only_ext2, 0.0, 20.0)
    assert struct.unpack_from("<H", one.data, 40 + 276)[0] == 0x02A1
    assert len(one.data) == 40 + 278
    assert len(answers(simulator, only_ext2, 21.0, 22.0)) == 1
    assert not answers(simulator, only_ext2, 24.0, 25.0)
    assert len(answers(simulator, only_ext2, 26.0, 27.0)) == 1


def test_requests_of_another_level_than_it_likes_are_ignored() -> None:
    simulator = monitor(accepts=frozenset({8}))
    assert not answers(simulator, requests.waves([8]), 0.0, 3.0)
    assert answers(simulator, requests.waves([8], level=8), 3.0, 6.0)


def test_waves_over_600_samples_per_second_are_dropped_in_list_order() -> None:
    def types(simulator: Simulator, wanted: list[int]) -> list[int]:
        return [kind for kind, _ in answers(simulator, requests.waves(wanted), 0.0, 1.0)[0][1].parts]

    assert types(monitor(), [1, 2, 8]) == [1, 2]
    assert types(monitor(), [1, 8, 2, 9]) == [1, 8, 9]
    assert types(monitor(), [9, 10, 12, 13, 14, 15, 4, 5, 8]) == [9, 10, 12, 13, 14, 15, 4, 5]


def test_more_waves_than_a_record_holds_come_in_several() -> None:
    wanted = [1, 2, 4, 5, 8, 9, 10, 12, 13, 14, 15]
    found = answers(monitor(modern=True), requests.waves(wanted), 0.0, 2.0)
    assert [kind for _, one in found[:2] for kind, _ in one.parts] == wanted
    names = ("ecg1", "ecg2", "p1", "p2", "pleth", "co2", "o2", "agent", "paw", "flow", "resp")
    link = Link(monitor(modern=True), modern=True, interval_s=1, waves=names).run(10.0)
    assert statements(link.heard) == link.said
    for name in names:
        assert [e.gap_samples for e in waves(link.heard, f"wave.{name}")][2:] == [0] * (
            len(waves(link.heard, f"wave.{name}")) - 2
        )


def test_a_record_of_many_waves_comes_more_often_and_is_never_too_long() -> None:
    found = answers(monitor(modern=True), requests.waves([1, 2, 3, 4, 5, 8, 9, 13]), 0.0, 4.0)
    assert [now for now, _ in found[:4]] == [0.5, 1.0, 1.5, 2.0]
    assert max(len(one.data) for _, one in found) <= 1490
    counts = [struct.unpack_from("<h", one.data, one.parts[6][1])[0] for _, one in found[:4]]
    assert sum(counts) == 50


def test_alarms_once_on_change_and_no_more() -> None:
    sounding = {b"HR high": 2}
    simulator = monitor(alarms=lambda _: dict(sounding))
    assert len(answers(simulator, requests.alarms(requests.ALARM_ONCE), 0.0, 10.0)) == 1
    assert len(answers(simulator, requests.alarms(requests.ALARM_CHANGES), 11.0, 20.0)) == 1
    sounding[b"ART low"] = 3
    assert len(answers(simulator, b"", 20.0, 30.0)) == 1
    sounding.clear()
    assert not answers(simulator, requests.alarms(requests.ALARM_LEAVE), 31.0, 40.0)


def rising_and_falling(now: Vitals) -> dict[bytes, int]:
    """One alarm that comes and becomes worse, one that goes."""
    heart = {b"HR high": 2 + (now.heart_rate_per_min > 80)} if now.heart_rate_per_min > 75 else {}
    return heart | ({b"ART sys high": 1} if now.art_sys_mmhg > 95 else {})


def test_our_client_hears_exactly_what_the_monitor_says() -> None:
    simulator = monitor("bleeding", alarms=rising_and_falling)
    link = Link(simulator, interval_s=1, trends=("10s",), waves=("ecg1", "p1", "pleth", "co2", "resp")).run(700.0)
    assert statements(link.heard) == link.said
    assert not [event for event in link.heard if isinstance(event, Rejected)]
    assert len([e for e in link.said if isinstance(e, Observation)]) > 20_000
    assert {e.phase for e in link.said if isinstance(e, AlarmCondition)} == set(AlarmPhase)
    cuff = [e for e in observed(link.heard, "basic.nibp.sys") if not e.repeat]
    assert [e.device_time_us for e in cuff] == [EPOCH_US, EPOCH_US + 300_000_000, EPOCH_US + 600_000_000]


def test_numbers_and_waves_are_of_one_patient() -> None:
    link = Link(monitor(), interval_s=1, waves=("ecg1", "p1", "pleth")).run(60.0)
    ecg = np.concatenate([one.values for one in waves(link.heard, "wave.ecg1")])
    peaks = np.flatnonzero((ecg[1:-1] > 700) & (ecg[1:-1] >= ecg[:-2]) & (ecg[1:-1] > ecg[2:]))
    rate = 60.0 * (len(peaks) - 1) * 300 / (peaks[-1] - peaks[0])
    said = [e.value for e in observed(link.heard, "basic.ecg.hr") if isinstance(e.value, float)]
    assert rate == pytest.approx(np.mean(said), abs=0.7)
    art = np.concatenate([one.values for one in waves(link.heard, "wave.p1") if one.channel.code.endswith("ART")])
    means = [e.value for e in observed(link.heard, "basic.p1.mean") if isinstance(e.value, float)]
    assert art.mean() == pytest.approx(np.mean(means), abs=1.0)


@pytest.mark.parametrize("empty", [0, -32767])
def test_absent_modules_special_values_flags_and_noise(empty: int) -> None:
    simulator = monitor(
        absent=frozenset({"basic.p1", "basic.co2"}),
        empty=empty,
        overrides={"basic.spo2.pr": -32764, "basic.ecg.hr": 0x7E7D},
        fill=0x7E,
        noise=b"\x00\x55\x7e\x7d",
    )
    link = Link(simulator, interval_s=1).run(20.0)
    assert statements(link.heard) == link.said
    assert not observed(link.heard, "basic.p1.sys")
    assert not observed(link.heard, "basic.co2.et")
    assert {e.quality for e in observed(link.heard, "basic.spo2.pr")} == {Quality.UNDERFLOW}
    assert {e.value for e in observed(link.heard, "basic.ecg.hr")} == {float(0x7E7D)}
    assert [event for event in link.heard if isinstance(event, Rejected)]


@pytest.mark.parametrize("level", [5, 7, 10, 11])
def test_other_levels(level: int) -> None:
    link = Link(monitor(level=level), interval_s=1).run(10.0)
    assert statements(link.heard) == link.said


def test_lost_records_leave_gaps_of_unknown_length() -> None:
    link = Link(monitor(lost=frozenset({9, 10, 14})), interval_s=1, waves=("pleth",)).run(20.0)
    assert statements(link.heard) == link.said
    gaps = [e.gap_samples for e in waves(link.heard, "wave.pleth")]
    assert gaps.count(None) >= 2
    assert set(gaps) == {None, 0}


def frames_between(events: list[Event]) -> int:
    return sum(isinstance(event, Frame) for event in events)


def test_a_monitor_that_was_switched_off_is_asked_again() -> None:
    link = Link(monitor(power_cycles_s=(20.0,)), interval_s=1).run(29.0)
    before = frames_between(link.heard)
    link.run(60.0)
    assert frames_between(link.heard) > before + 40
    assert any(isinstance(event, Waveform) for event in link.heard[-30:])


def test_waves_that_stopped_for_good_come_back() -> None:
    link = Link(monitor(waves_stop_s=(20.0,)), interval_s=1).run(60.0)
    asked = [now for now, data in link.down if b"\x48\x00" in data]
    assert len(asked) == 2
    assert 29.0 < asked[1] < 31.0
    assert statements(link.heard) == link.said


def test_a_monitor_that_likes_only_level_8_is_reached() -> None:
    link = Link(monitor(accepts=frozenset({8})), interval_s=1).run(10.0)
    assert observed(link.heard, "basic.ecg.hr")
    assert waves(link.heard)


def test_the_farewell_leaves_a_silent_monitor() -> None:
    link = Link(monitor()).run(5.0).close()
    assert link.monitor.deadline() is None


def test_a_foreign_client_s_longer_wave_request_is_served() -> None:
    padded = bytearray(40 + 48)
    padded[0] = len(padded)
    padded[14] = 1
    padded[16:19] = b"\0\0\0"
    padded[21] = 0xFF
    padded[44:47] = b"\x08\x09\xff"
    found = answers(monitor(), frame(bytes(padded)), 0.0, 2.0)
    assert [kind for kind, _ in found[0][1].parts] == [8, 9]
