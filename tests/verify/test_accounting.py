"""What devices said against what was kept: a loss, an invention and the cost of an end are seen."""

from dataclasses import replace

import pytest

from collector.model import Waveform
from collector.verify.testimony import Absence, Said
from tests.verify.speaking import (
    ECG,
    END,
    RATE_HZ,
    SAID,
    SECOND_US,
    START,
    T0_US,
    WAY_US,
    at_s,
    judged,
    kept,
    value,
    wave,
)


def test_everything_kept_is_good() -> None:
    found = judged(SAID, [kept(one) for one in SAID])
    assert (found.lost, found.invented, found.said) == (0, 0, 49 * 102)
    assert found.ways_s == pytest.approx((WAY_US / 1e6, WAY_US / 1e6))
    assert found.judged == 49 * 102 - 203, "all but what was said in the second after it was heard first"
    assert found.gaps_s == [1.0, 0.0]


@pytest.mark.parametrize(("number", "lost"), [(30, 1), (31, RATE_HZ), (32, 1)])
def test_what_was_not_kept_is_lost(number: int, lost: int) -> None:
    held = [kept(one) for one in SAID]
    del held[number]
    found = judged(SAID, held)
    assert (found.lost, found.invented) == (lost, 0)
    assert found.odd[0].startswith("lost: m MDC_")


def test_what_was_not_said_is_invented() -> None:
    strange = Waveform(channel=ECG, rate_hz=RATE_HZ, data=b"\1\0\0\0" * 50)
    other = [kept(value(20.0, 99.0)), kept(replace(wave(20), event=strange))]
    for more, invented in ((other[:1], 1), (other[1:], 50), ([kept(SAID[30])], 1)):
        found = judged(SAID, [*(kept(one) for one in SAID), *more])
        assert (found.lost, found.invented) == (0, invented)


def test_a_kill_costs_what_was_on_its_way() -> None:
    kill_us = T0_US + 20 * SECOND_US + 90_000
    kill = Absence(begin_us=kill_us, seen_us=kill_us + 1_000, killed=True)
    before = [one for one in SAID if one.time_us < kill_us]
    lost = [one for one in before if one.time_us >= T0_US + 20 * SECOND_US]
    after = [one for one in SAID if one.time_us > kill_us + 2 * SECOND_US]
    held = [*(kept(one, 0) for one in before if one not in lost), *(kept(one, 1) for one in after)]
    found = judged(SAID, held, (START, kill, END))
    assert (found.lost, found.invented) == (0, 0)
    assert found.unjournaled_values_s == pytest.approx(0.09)
    assert found.unjournaled_waves_s == pytest.approx(0.09)
    assert found.gaps_s[1] == pytest.approx(2.41)
    again = judged(SAID, [*held, kept(after[0], 0)], (START, kill, END))
    assert again.invented == 1, "kept before it was said"


def test_what_a_daemon_keeps_while_it_ends_is_not_heard_by_the_next_one() -> None:
    asked_us = T0_US + 20 * SECOND_US + 90_000
    end = Absence(begin_us=asked_us, seen_us=asked_us + 500_000)
    farewell = value(20.3, 61.0)
    before = [*(one for one in SAID if one.time_us < asked_us), farewell]
    after = [one for one in SAID if at_s(one) > 25]
    told = sorted([*SAID, farewell], key=lambda one: one.time_us)
    found = judged(told, [*(kept(one) for one in before), *(kept(one, 1) for one in after)], (START, end, END))
    assert (found.lost, found.invented) == (0, 0)
    assert found.gaps_s[1] > 4


def test_a_device_that_is_away_loses_nothing_for_the_others() -> None:
    away = Absence(begin_us=T0_US + 20 * SECOND_US, seen_us=T0_US + 21 * SECOND_US, device="m")
    told = [*SAID, *(replace(one, device="v") for one in SAID)]
    told.sort(key=lambda one: one.time_us)
    gone = [one for one in told if one.device == "m" and 20.2 < (one.time_us - T0_US) / SECOND_US < 23]

    def life(one: Said) -> int:
        return int(one.time_us > away.seen_us)

    held = [kept(one, life(one)) for one in told if one not in gone]
    assert judged(told, held, (START, away, END)).lost == 0
    others = [one for one in told if one not in gone and (one.device, one.time_us) != ("v", T0_US + 28 * SECOND_US)]
    found = judged(told, [kept(one, life(one)) for one in others], (START, away, END))
    assert found.lost == 1 + RATE_HZ


def test_nothing_more_until_a_daemon_is_asked_to_end_is_lost() -> None:
    held = [kept(one) for one in SAID if at_s(one) <= 20]
    found = judged(SAID, held)
    assert (found.lost, found.invented) == (29 * 102 + 1, 0)


def test_what_was_on_its_way_at_an_end_is_told_with_its_age() -> None:
    for killed in (False, True):
        end = Absence(begin_us=T0_US + 49 * SECOND_US + 700_000, seen_us=T0_US + 50 * SECOND_US, killed=killed)
        found = judged(SAID, [kept(one) for one in SAID if at_s(one) < 49], (START, end))
        assert (found.lost, found.invented) == (0, 0)
        assert found.unjournaled_values_s == pytest.approx(0.7)
        assert found.unjournaled_waves_s == pytest.approx(0.7)


def test_a_hole_before_an_end_is_lost_however_late_it_is() -> None:
    end = Absence(begin_us=T0_US + 49 * SECOND_US + 700_000, seen_us=T0_US + 50 * SECOND_US, killed=True)
    assert judged(SAID, [kept(one) for one in SAID if at_s(one) != 48], (START, end)).lost == 1 + RATE_HZ


@pytest.mark.parametrize("since_s", [0, 20])
def test_a_wave_that_is_not_kept_is_lost(since_s: int) -> None:
    held = [kept(one) for one in SAID if not (at_s(one) > since_s and isinstance(one.event, Waveform))]
    found = judged(SAID, held)
    assert (found.lost, found.invented) == ((49 - max(since_s, 2)) * RATE_HZ, 0)
    assert found.odd == [f"lost: m {ECG.code}"]


def test_a_wave_that_is_only_said_where_nothing_is_judged_is_told() -> None:
    told = [one for one in SAID if not isinstance(one.event, Waveform) or at_s(one) < 2]
    assert judged(told, [kept(one) for one in told]).odd == [f"never judged: m {ECG.code}"]


def test_a_device_that_is_not_heard_again_is_told() -> None:
    kill = Absence(begin_us=T0_US + 20 * SECOND_US, seen_us=T0_US + 20 * SECOND_US, killed=True)
    held = [kept(one) for one in SAID if at_s(one) < 20]
    assert judged(SAID, held, (START, kill, END)).odd == ["not heard again: m"]


def test_a_device_is_judged_soon_after_it_is_heard() -> None:
    held = [kept(one) for one in SAID if at_s(one) == 1 or at_s(one) > 5]
    assert judged(SAID, held).lost > 2 * 102
