"""Values: each said once, kept once; a measurement once, however often it is said."""

from dataclasses import replace

import pytest

from collector.model import Quality, Reading, Role, Series
from collector.verify.accounting import Account
from collector.verify.testimony import Absence, Kept, Said
from collector.verify.verdict import late as told_late
from tests.verify.speaking import (
    CUFF,
    END,
    HEART_RATE,
    MODE,
    SAID,
    SECOND_US,
    START,
    T0_US,
    TEMPERATURE,
    at_s,
    changed,
    judged,
    kept,
    value,
)

RATES = [value(second + 0.5, 60.0 + second) for second in range(1, 50)]
STILL = [value(second, 5.0, TEMPERATURE) for second in range(1, 50)]


def test_what_stands_may_be_heard_once_more_in_each_life() -> None:
    kill = Absence(begin_us=T0_US + 10 * SECOND_US, seen_us=T0_US + 10 * SECOND_US, killed=True)
    mode, cuff = value(2, "SIMV", MODE), value(2, 120.0, CUFF, device_us=T0_US + SECOND_US)
    told = [value(1, 60.0), mode, cuff, *(value(n, 60.0 + n) for n in range(3, 30) if n != 10)]
    held = [kept(one, int(one.time_us > kill.begin_us)) for one in told]

    def found(*more: Said) -> Account:
        return judged(told, [*held, *(kept(one, 1) for one in more)], (START, kill, END))

    again = replace(mode, time_us=kill.begin_us + SECOND_US)
    assert (found(again).invented, found(again).again) == (0, 1)
    assert found(again, replace(again, time_us=again.time_us + SECOND_US)).invented == 1
    assert found(replace(told[-1], time_us=again.time_us)).invented == 1, "a number is said anew"
    assert found(cuff).invented == 1, "a measurement is kept once"
    assert found(replace(value(11, 120.0, CUFF))).invented == 1


def test_a_value_that_arrives_late_before_a_kill_does_not_pass_for_the_next_equal_one() -> None:
    told = sorted([*SAID, *(value(second, 5.0, TEMPERATURE) for second in range(1, 50))], key=lambda one: one.time_us)
    kill_us = T0_US + 21 * SECOND_US + 90_000
    kill = Absence(begin_us=kill_us, seen_us=kill_us + 1_000, killed=True)
    journaled = [one for one in told if one.time_us < T0_US + 21 * SECOND_US]
    held = [kept(one) for one in journaled]
    temperatures = [n for n, one in enumerate(journaled) if one.event == value(1, 5.0, TEMPERATURE).event]
    entry = held[temperatures[-1]].entry
    assert isinstance(entry, Reading)
    held[temperatures[-1]] = Kept(life=0, entry=replace(entry, time_us=kill_us - 20_000))
    found = judged([one for one in told if one.time_us < kill_us], held, (START, kill))
    assert (found.lost, found.invented) == (0, 0)
    assert found.unjournaled_values_s == pytest.approx(0.09)


def said_with(*more: Said) -> list[Said]:
    return sorted([*RATES, *more], key=lambda one: one.time_us)


@pytest.mark.parametrize("at", [None, T0_US + 19 * SECOND_US])
def test_a_measurement_is_kept_once_however_often_it_is_said(at: int | None) -> None:
    first = value(20, 120.0, CUFF, device_us=at)
    again = [
        replace(first, time_us=T0_US + n * SECOND_US, event=replace(first.event, repeat=True))  # type: ignore[arg-type]
        for n in range(21, 50)
    ]
    told = said_with(first, *again)
    others = [kept(one) for one in told if one.event.channel != CUFF]  # type: ignore[union-attr]

    def found(*held: Kept) -> tuple[int, int]:
        one = judged(told, [*others, *held])
        return one.lost, one.invented

    assert found(kept(first)) == (0, 0)
    assert found() == (1, 0)
    assert found(kept(first), kept(first)) == (0, 1)
    arrivals = [changed(kept(first), time_us=one.time_us + 8_000) for one in (first, *again)]
    assert found(*arrivals[:1]) == (0, 0)
    assert found(*arrivals) == (0, 29)
    assert found(changed(kept(first), shift_us=-10 * SECOND_US)) == (1, 1)
    assert found(changed(kept(first), value=121.0)) == (1, 1)


def test_a_measurement_that_was_made_while_nobody_listened_is_kept_when_it_is_said_again() -> None:
    kill = Absence(begin_us=T0_US + 10 * SECOND_US, seen_us=T0_US + 10 * SECOND_US, killed=True)
    first = value(10.2, 120.0, CUFF, device_us=T0_US + 10 * SECOND_US)
    again = replace(first, time_us=T0_US + 20 * SECOND_US, event=replace(first.event, repeat=True))  # type: ignore[arg-type]
    told = said_with(first, again)
    held = [kept(one, int(at_s(one) > 10)) for one in RATES if not 10 < at_s(one) < 12]
    assert judged(told, held, (START, kill, END)).lost == 1
    assert judged(told, [*held, kept(first, 1)], (START, kill, END)).lost == 0


def test_equal_measurements_so_near_that_they_cannot_be_told_apart_are_kept_once_or_twice() -> None:
    two = [value(20 + n, 76.0, CUFF, device_us=T0_US + (19 + n) * SECOND_US) for n in (0, 2)]
    told, others = said_with(*two), [kept(one) for one in RATES]
    for n, wrong in ((0, (1, 0)), (1, (0, 0)), (2, (0, 0))):
        found = judged(told, [*others, *(kept(one) for one in two[:n])])
        assert (found.lost, found.invented) == wrong
    assert judged(told, [*others, *map(kept, two), kept(two[0])]).invented == 1


@pytest.mark.parametrize("shift_s", [5, -1, 1_800, 3_600])
def test_a_value_at_another_time_is_lost_and_another_is_invented(shift_s: int) -> None:
    held = [changed(kept(one), shift_us=(n == 20) * shift_s * SECOND_US) for n, one in enumerate(RATES)]
    found = judged(RATES, held)
    assert (found.lost, found.invented) == (1, 1)


@pytest.mark.parametrize(
    "fields",
    [
        {"quality": Quality.QUESTIONABLE},
        {"demo": True},
        {"series": Series(bed="B", device="m", channel=replace(HEART_RATE, role=Role.SET, source="hr/0402"))},
        {"series": Series(bed="B", device="m", channel=replace(HEART_RATE, code="MDC_WRONG"))},
    ],
)
def test_a_value_of_another_kind_is_lost_and_another_is_invented(fields: dict[str, object]) -> None:
    found = judged(RATES, [changed(kept(one), **fields) if n == 20 else kept(one) for n, one in enumerate(RATES)])
    assert (found.lost, found.invented) == (1, 1)


def test_a_new_dialogue_may_not_know_a_channel_at_once() -> None:
    other = Series(bed="B", device="m", channel=replace(HEART_RATE, code="VND_X", source="hr/0402"))
    found = judged(RATES, [changed(kept(one), series=other) if n == 0 else kept(one) for n, one in enumerate(RATES)])
    assert (found.lost, found.invented, found.elsewhere) == (0, 0, 1)


@pytest.mark.parametrize("killed", [False, True])
def test_one_of_many_equal_values_that_is_not_kept_is_lost(killed: bool) -> None:
    end = Absence(begin_us=T0_US + 49 * SECOND_US + 150_000, seen_us=T0_US + 50 * SECOND_US, killed=killed)
    found = judged(STILL, [kept(one) for one in STILL if at_s(one) != 30], (START, end))
    assert (found.lost, found.invented) == (1, 0)


def test_a_value_twice_in_the_place_of_an_equal_one_is_told_by_the_time_that_they_took() -> None:
    held = [kept(one) for one in STILL if at_s(one) != 20]
    assert told_late(judged(STILL, [*held, kept(STILL[19])]), [0.0]) == []
    twice = judged(STILL, [*held, kept(value(22, 5.0, TEMPERATURE))])
    assert twice.lost or twice.invented or told_late(twice, [0.0])
