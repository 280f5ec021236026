"""What the journal is told of links that are down and of a gateway that was not there."""

from dataclasses import replace

import pytest

from collector.clock import Step
from collector.links import Links, absence
from collector.model import AlarmPhase, Condition, Priority
from collector.status import DeviceState, DeviceStatus, LinkFault
from collector.technical import Technical

SECOND_US = 1_000_000
T0_US = 1_795_501_123_000_000
STATUS = DeviceStatus(device="monitor", driver="toy", port="tcp://x:1", state=DeviceState.CONNECTING, since_us=T0_US)
HEARD = replace(STATUS, state=DeviceState.RECEIVING, last_frame_us=T0_US)
LOST = replace(HEARD, state=DeviceState.SILENT, fault=LinkFault.UNREACHABLE)

Told = list[tuple[AlarmPhase, str, float]]


class Bed:
    """Links that are looked at every second."""

    def __init__(self) -> None:
        self.now_us = T0_US
        self.technical = Technical("OR", lambda: self.now_us)
        self.links = Links(self.technical, T0_US)

    def during(self, status: DeviceStatus, seconds: int) -> Told:
        """Phase, code and time (s from T0_US) of what is told."""
        told: list[Condition] = []
        for _ in range(seconds):
            self.now_us += SECOND_US
            if status.state is DeviceState.RECEIVING:
                status = replace(status, last_frame_us=self.now_us)
            told += self.links.look([status], self.now_us)
        assert all((c.device, c.alarm.source, c.alarm.priority) == ("vitalsd", "link:monitor", "high") for c in told)
        return [(c.alarm.phase, c.alarm.code, (c.time_us - T0_US) / SECOND_US) for c in told]


def test_a_link_is_down_since_its_last_frame_and_told_once_after_ten_seconds() -> None:
    bed = Bed()
    assert bed.during(HEARD, 60) == []
    lost = replace(LOST, last_frame_us=T0_US + 59_500_000)
    assert bed.during(lost, 9) == []
    assert bed.during(lost, 1) == [(AlarmPhase.START, "VND_VITALSD_LINK_UNREACHABLE", 59.5)]
    assert bed.during(replace(lost, state=DeviceState.ASSOCIATING), 600) == []
    assert bed.during(HEARD, 60) == [(AlarmPhase.END, "VND_VITALSD_LINK_UNREACHABLE", 671.0)]


def test_a_short_silence_is_not_told() -> None:
    bed = Bed()
    for _ in range(5):
        assert bed.during(HEARD, 5) == []
        assert bed.during(replace(LOST, last_frame_us=bed.now_us), 9) == []


def test_another_fault_goes_on_from_the_first() -> None:
    bed = Bed()
    first, then = (replace(LOST, fault=fault) for fault in (LinkFault.SILENT, LinkFault.PORT_GONE))
    assert bed.during(first, 20) == [(AlarmPhase.START, "VND_VITALSD_LINK_SILENT", 0.0)]
    assert bed.during(then, 20) == [(AlarmPhase.CONTINUE, "VND_VITALSD_LINK_PORT_GONE", 21.0)]
    assert bed.during(HEARD, 1) == [(AlarmPhase.END, "VND_VITALSD_LINK_PORT_GONE", 41.0)]


def test_a_device_that_was_never_heard_is_missing_since_the_start() -> None:
    assert Bed().during(replace(STATUS, fault=LinkFault.SILENT), 20) == [
        (AlarmPhase.START, "VND_VITALSD_LINK_SILENT", 0.0)
    ]


def test_a_link_is_not_down_before_it_was_said_to_be_up() -> None:
    bed = Bed()
    bed.during(LOST, 20)
    assert bed.during(HEARD, 1) == [(AlarmPhase.END, "VND_VITALSD_LINK_UNREACHABLE", 21.0)]
    lost = replace(LOST, last_frame_us=T0_US + 20_500_000)
    assert bed.during(lost, 20) == [(AlarmPhase.START, "VND_VITALSD_LINK_UNREACHABLE", 21.0)]


def test_a_step_of_our_clock_makes_no_silence() -> None:
    bed = Bed()
    bed.during(HEARD, 5)
    bed.during(replace(LOST, last_frame_us=bed.now_us), 5)
    step = Step(old_offset_us=0, new_offset_us=3600 * SECOND_US, monotonic_us=bed.now_us)
    bed.links.stepped(step)
    bed.now_us = step.new_utc_us
    assert bed.during(LOST, 3) == []
    assert bed.during(LOST, 3) == [(AlarmPhase.START, "VND_VITALSD_LINK_UNREACHABLE", 3605.0)]


def test_a_recording_that_has_ended_is_no_lost_link() -> None:
    assert Bed().during(replace(LOST, state=DeviceState.ENDED), 60) == []


def test_what_a_last_life_told_is_cleared_when_the_device_is_received() -> None:
    bed = Bed()
    changes: list[Condition] = []
    for _ in range(20):
        bed.now_us += SECOND_US
        changes += bed.links.look([LOST], bed.now_us)
    again = Links(Technical("OR", lambda: bed.now_us, changes), bed.now_us)
    assert again.look([LOST], bed.now_us) == []
    assert [c.alarm.phase for c in again.look([HEARD], bed.now_us)] == [AlarmPhase.END]


def test_a_device_that_the_bed_no_longer_has_is_missed_no_more() -> None:
    bed = Bed()
    bed.during(LOST, 11)
    renamed = replace(HEARD, device="monitor-2", last_frame_us=bed.now_us)
    changes = bed.links.look([renamed], bed.now_us)
    assert [(c.alarm.source, c.alarm.phase) for c in changes] == [("link:monitor", AlarmPhase.END)]
    assert bed.links.look([renamed], bed.now_us) == []


@pytest.mark.parametrize(("ago_s", "told"), [(None, False), (10, False), (11, True), (7200, True), (-5, False)])
def test_a_gateway_tells_that_it_was_not_there(ago_s: int | None, told: bool) -> None:
    last_us = None if ago_s is None else T0_US - ago_s * SECOND_US
    changes = absence(Technical("OR", lambda: T0_US), last_us, T0_US)
    assert [(c.alarm.phase, c.time_us) for c in changes] == (
        [(AlarmPhase.START, last_us), (AlarmPhase.END, T0_US)] if told else []
    )
    assert {(c.alarm.source, c.alarm.code, c.alarm.priority) for c in changes} <= {
        ("gateway", "VND_VITALSD_GATEWAY_DOWN", Priority.HIGH)
    }
