"""Alarm lists (fact sheet §8)."""

from dataclasses import replace
from struct import pack

import pytest

from collector.model import AlarmCondition, AlarmPhase, AlarmType, Priority, Rejected
from drivers.philips_intellivue.options import Options
from drivers.philips_intellivue.session import IntelliVueSession
from tests.drivers.philips_intellivue import vectors as v
from tests.drivers.philips_intellivue.listening import heard, only

HR_HIGH = (0x4182, 40, 0x0200, 0x0000, "** HR 140>120")


def lists(*, physiological: bytes | None = None, technical: bytes | None = None, sequence: int = 1) -> bytes:
    found = [(0x0916, bytes(10))]
    if physiological is not None:
        found.append((0x0902, physiological))
    if technical is not None:
        found.append((0x0904, technical))
    return v.poll_result([(1, 0x90, found)], object_class=0x36, sequence=sequence, group=0x0801)


def alarms(*payloads: bytes) -> list[AlarmCondition]:
    return only(heard(payloads), AlarmCondition)


def test_an_alarm_begins_changes_and_ends_with_the_list() -> None:
    worse = (0x4182, 40, 0x0400, 0x0000, "*** HR 180>120")
    found = alarms(
        lists(physiological=v.alarm_list(HR_HIGH), sequence=1),
        lists(physiological=v.alarm_list(HR_HIGH), sequence=2),
        lists(physiological=v.alarm_list(worse), sequence=3),
        lists(physiological=v.alarm_list(), sequence=4),
    )
    assert [(a.phase, a.priority, a.text, a.device_priority) for a in found] == [
        (AlarmPhase.START, Priority.MEDIUM, "** HR 140>120", "0200"),
        (AlarmPhase.CONTINUE, Priority.HIGH, "*** HR 180>120", "0400"),
        (AlarmPhase.END, Priority.HIGH, "*** HR 180>120", "0400"),
    ]
    assert len({a.source for a in found}) == 1
    assert {a.code for a in found} == {"VND_PHILIPS_EVT_HIGH_LIMIT"}


def test_a_list_that_is_not_sent_ends_nothing() -> None:
    begun = lists(physiological=v.alarm_list(HR_HIGH), technical=v.alarm_list(), sequence=1)
    assert len(alarms(begun, lists(technical=v.alarm_list(), sequence=2))) == 1


def test_a_lost_link_ends_nothing() -> None:
    begun = lists(physiological=v.alarm_list(HR_HIGH))
    again = [lists(physiological=v.alarm_list(HR_HIGH), sequence=n) for n in (9, 10)]
    found = alarms(begun, v.ABORT, v.ACCEPT, v.mds_create(), *again)
    assert [a.phase for a in found] == [AlarmPhase.START, AlarmPhase.CONTINUE], "told again once"


def test_a_new_dialogue_goes_on_from_the_conditions_that_stood() -> None:
    leads_off = (0x1234, 275, 0x0002, 0, "ECG LEADS OFF")
    before = alarms(lists(physiological=v.alarm_list(HR_HIGH), technical=v.alarm_list(leads_off)))
    foreign = replace(before[0], source="27:10")
    one = IntelliVueSession(Options(), datagrams=True, standing=[*before, foreign])
    physiological = lists(physiological=v.alarm_list(HR_HIGH))
    found = [event for event in one.receive(physiological, 0.0) if isinstance(event, AlarmCondition)]
    assert found == [replace(before[0], phase=AlarmPhase.CONTINUE), replace(foreign, phase=AlarmPhase.END)]
    both = lists(physiological=v.alarm_list(HR_HIGH), technical=v.alarm_list(), sequence=2)
    found = [event for event in one.receive(both, 1.0) if isinstance(event, AlarmCondition)]
    assert found == [replace(before[1], phase=AlarmPhase.END)]


def test_the_lowest_bit_of_the_code_tells_a_device_from_a_parameter() -> None:
    """275 is event 274, "leads off", of a device (§8)."""
    (found,) = alarms(lists(technical=v.alarm_list((0x1234, 275, 0x0002, 0, "ECG LEADS OFF"))))
    assert (found.type, found.priority) == (AlarmType.TECHNICAL, Priority.MEDIUM)
    assert found.code == "VND_PHILIPS_EVT_LEADS_OFF"


@pytest.mark.parametrize(
    ("al_type", "priority"),
    [
        (0x0001, Priority.LOW), (0x0002, Priority.MEDIUM), (0x0004, Priority.HIGH), (0x0100, Priority.LOW),
        (0x0200, Priority.MEDIUM), (0x0400, Priority.HIGH), (0x0000, Priority.INFORMATION),
        (0x0300, Priority.MEDIUM), (0x0800, Priority.HIGH),
    ],
)  # fmt: skip
def test_priority_is_never_lowered(al_type: int, priority: Priority) -> None:
    (found,) = alarms(lists(physiological=v.alarm_list((0x4182, 40, al_type, 0, ""))))
    assert found.priority is priority


@pytest.mark.parametrize(("state", "demo"), [(0x0100, True), (0x0400, True), (0x1000, False)])
def test_demo_and_test_states(state: int, demo: bool) -> None:
    (found,) = alarms(lists(physiological=v.alarm_list((0x4182, 40, 0x0200, state, ""))))
    assert found.demo is demo


def test_an_alarm_without_text() -> None:
    general = pack(">HHHHHHHHH", 0x4182, 62, 0x0200, 0, 6, 1, 0x82CF, 0x0201, 10) + pack(">HIHH", 3, 9, 0, 0)
    (found,) = alarms(lists(physiological=pack(">HH", 1, len(general)) + general))
    assert (found.text, found.code) == ("", "VND_PHILIPS_EVT_LOW_LIMIT")
    assert found.source == "0006.0001.82CF/4182.003E.0003"


def test_a_broken_list_changes_nothing() -> None:
    begun = lists(physiological=v.alarm_list(HR_HIGH), sequence=1)
    broken = lists(physiological=v.alarm_list(HR_HIGH)[:-2], technical=v.alarm_list(), sequence=2)
    events = heard([begun, broken, lists(physiological=v.alarm_list(HR_HIGH), sequence=3)])
    assert [a.phase for a in only(events, AlarmCondition)] == [AlarmPhase.START]
    assert [r.reason for r in only(events, Rejected)] == ["malformed"]


def test_13_11_a_monitor_in_demo_mode_says_so() -> None:
    demo, monitoring = (v.mds_create([(0x0946, mode)]) for mode in (b"\x20\x00", b"\x40\x00"))
    found = alarms(demo, demo, monitoring)
    assert [(a.code, a.phase, a.priority) for a in found] == [
        ("VND_PHILIPS_MODE_DEMO", AlarmPhase.START, Priority.INFORMATION),
        ("VND_PHILIPS_MODE_DEMO", AlarmPhase.END, Priority.INFORMATION),
    ]
