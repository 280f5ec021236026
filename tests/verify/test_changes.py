"""Alarms and identities: each change once, and none that was not told."""

from dataclasses import replace

import pytest

from collector.model import AlarmCondition, AlarmPhase, AlarmType, DeviceIdentity, Priority
from collector.verify.accounting import Account
from collector.verify.testimony import Absence, Said
from tests.verify.speaking import END, SECOND_US, START, T0_US, changed, judged, kept, said, value

KILL = Absence(begin_us=T0_US + 20 * SECOND_US, seen_us=T0_US + 20 * SECOND_US, killed=True)
LOW = AlarmCondition(
    source="spo2", type=AlarmType.PHYSIOLOGICAL, priority=Priority.HIGH, phase=AlarmPhase.START, text="SPO2 LOW"
)
OVER = replace(LOW, phase=AlarmPhase.END)
VALUES = [value(second, 60.0 + second) for second in range(1, 50)]


def told(*more: Said) -> list[Said]:
    return sorted([*VALUES, *more], key=lambda one: one.time_us)


def found(said_: list[Said], missing: tuple[Said, ...] = (), more: tuple[Said, ...] = (), life: int = 0) -> Account:
    held = [kept(one) for one in said_ if one not in missing]
    return judged(said_, [*held, *(kept(one, life) for one in more)])


ALARMS = (said(10, LOW), said(13, OVER), said(30, LOW), said(33, OVER))


@pytest.mark.parametrize("alarm", ALARMS)
def test_a_change_of_an_alarm_that_is_not_kept_is_lost(alarm: Said) -> None:
    assert (found(told(*ALARMS)).lost, found(told(*ALARMS)).invented) == (0, 0)
    assert found(told(*ALARMS), missing=(alarm,)).lost == 1


@pytest.mark.parametrize("alarm", [said(11, LOW), said(20, OVER), said(20, replace(LOW, priority=Priority.LOW))])
def test_an_alarm_that_was_not_told_is_invented(alarm: Said) -> None:
    assert found(told(*ALARMS), more=(alarm,)).invented == 1


def test_an_alarm_that_is_not_as_it_was_told_is_lost_and_another_is_invented() -> None:
    held = [kept(one) for one in told(*ALARMS)]
    other = [changed(one, alarm=replace(LOW, text="X")) if one == kept(ALARMS[2]) else one for one in held]
    assert (judged(told(*ALARMS), other).lost, judged(told(*ALARMS), other).invented) == (1, 1)


def over_a_kill(alarms: tuple[Said, ...], missing: tuple[Said, ...] = (), more: tuple[Said, ...] = ()) -> Account:
    held = sorted([*(one for one in told(*alarms) if one not in missing), *more], key=lambda one: one.time_us)
    return judged(told(*alarms), [kept(one, int(one.time_us > KILL.begin_us)) for one in held], (START, KILL, END))


def test_a_new_dialogue_keeps_how_an_alarm_stands_where_that_is_news() -> None:
    begins, again = said(19.9, LOW), said(24, LOW)
    alarms = (begins, said(30, OVER))
    assert (over_a_kill(alarms).lost, over_a_kill(alarms).invented) == (0, 0)
    once = over_a_kill(alarms, missing=(begins,), more=(again,))
    assert (once.lost, once.invented, once.again) == (0, 0, 1)
    assert over_a_kill(alarms, missing=(begins,), more=(again, said(26, LOW))).invented == 1
    assert over_a_kill(alarms, more=(again,)).invented == 1
    assert over_a_kill((said(10, LOW), said(13, OVER)), more=(again,)).invented == 1


def test_a_new_dialogue_keeps_that_an_alarm_goes_on_as_it_was() -> None:
    goes_on = said(24, replace(LOW, phase=AlarmPhase.CONTINUE))
    kept_again = found(told(*ALARMS[:1]), more=(goes_on,))
    assert (kept_again.lost, kept_again.invented, kept_again.again) == (0, 0, 1)
    louder = said(24, replace(LOW, phase=AlarmPhase.CONTINUE, priority=Priority.LOW))
    assert found(told(*ALARMS[:1]), more=(louder,)).invented == 1
    assert found(told(*ALARMS[:2]), more=(goes_on,)).invented == 1


def test_an_alarm_that_ended_while_nobody_listened_is_ended_by_the_next_dialogue() -> None:
    begins, ends, late = said(10, LOW), said(20.01, OVER), said(26, OVER)
    anew = said(28, LOW)
    assert over_a_kill((begins, ends, anew), missing=(ends, anew)).lost == 0
    assert over_a_kill((begins, ends, anew), missing=(ends, anew), more=(late,)).lost == 1
    ended = over_a_kill((begins, ends), missing=(ends,), more=(late,))
    assert (ended.lost, ended.invented, ended.again) == (0, 0, 1)
    assert over_a_kill((begins, ends), missing=(ends,), more=(said(26, replace(OVER, text="X")),)).invented == 1
    assert over_a_kill((begins,), more=(late,)).invented == 1
    assert over_a_kill((begins, said(13, OVER)), more=(late,)).invented == 1


WHOLE = DeviceIdentity(manufacturer="M", model="X", serial="1")
PART = replace(WHOLE, serial="")


def test_an_identity_is_kept_once_in_a_life() -> None:
    one = said(5, WHOLE)
    assert (found(told(one)).lost, found(told(one)).invented) == (0, 0)
    assert found(told(one), missing=(one,)).lost == 1
    assert found(told(one), more=(said(6, WHOLE),)).invented == 1
    assert found(told(one), more=(said(6, replace(WHOLE, serial="2")),)).invented == 1


def test_a_new_dialogue_may_hear_an_identity_in_parts() -> None:
    one, again = said(5, WHOLE), said(23, WHOLE)
    held = [kept(each, int(each.time_us > KILL.begin_us)) for each in told(one, again)]
    assert judged(told(one, again), [*held, kept(said(21, PART), 1)], (START, KILL, END)).invented == 0
