"""Each rule of clinical.md §2.7 and §2.8 against a time line worked out by hand.

A minute is looked at when it is over: with 35.9 °C in the minutes from 40 on, minute 55 is the first at which 15 of
them are over. The newest bin is the median of itself and the two before: a step shows when two minutes of it are over,
and it is known then from where on it was.
"""

from collections.abc import Mapping

import pytest

from alarms.advisories import Level
from tests.alarms.advised import Case, ramp, streamed, values
from tests.alarms.hypothermia_beds import channel, spots

# TMP-NOSITE


def test_nosite_reminds_at_30_and_60_min_after_induction_and_then_never() -> None:
    case = Case(facts={"ga": True, "expected_min": 120})
    assert case.of("TMP-NOSITE", range(200)) == [(40, "start"), (60, "expired"), (70, "start"), (90, "expired")]
    assert case.said[0].said == {"min": "30", "since": "t_induction"}
    assert case.said[0].level is Level.REMINDER


def test_nosite_ends_when_there_is_a_temperature() -> None:
    case = Case(channels=[channel(values((45, None), (60, 36.5)))], facts={"ga": True})
    assert case.of("TMP-NOSITE", range(100)) == [(40, "start"), (49, "cleared")]


@pytest.mark.parametrize("site", ["skin", "infrared", "unknown"])
def test_nosite_is_not_satisfied_by_a_peripheral_or_unmapped_probe(site: str) -> None:
    case = Case(channels=[channel(values((120, 36.5)), site)], facts={"ga": True})
    assert case.of("TMP-NOSITE", range(50)) == [(40, "start")]


@pytest.mark.parametrize(
    ("facts", "speaks"),
    [({"ga": False}, False), ({"ga": None}, True), ({"ga": True, "expected_min": 30}, False),
     ({"ga": True, "expected_min": 31}, True), ({"ga": True, "expected_min": None}, True)],
)  # fmt: skip
def test_nosite_is_silenced_by_what_is_known_only(facts: Mapping[str, object], speaks: bool) -> None:
    assert bool(Case(facts=facts).of("TMP-NOSITE", range(50))) is speaks


def test_nosite_counts_from_coming_in_where_nobody_told_the_induction() -> None:
    case = Case(times={"t_room_in": 5})
    assert case.of("TMP-NOSITE", range(50)) == [(35, "start")]
    assert case.said[0].said["since"] == "room_in"


# TMP-PRE


def test_pre_reminds_once_before_induction() -> None:
    case = streamed((5, 35.8), (60, 35.8))
    case.times = {"t_room_in": 0, "t_induction": 20}
    assert case.of("TMP-PRE", range(90)) == [(4, "start"), (35, "cleared")]
    assert case.said[0].said == {"c": "35.8"}


def test_pre_is_over_when_he_is_warm_and_does_not_come_again() -> None:
    case = streamed((10, 35.8), (10, 36.1), (10, 35.8))
    case.times = {"t_room_in": 0, "t_induction": 30}
    assert case.of("TMP-PRE", range(40)) == [(4, "start"), (12, "cleared")]


def test_pre_also_counts_what_was_measured_by_hand() -> None:
    case = Case(channels=[spots({3: 35.9, 12: 35.0})])
    assert case.of("TMP-PRE", range(30)) == [(3, "start"), (25, "cleared")]
    warm = Case(channels=[spots({3: 36.0, 12: 35.0})])
    assert warm.of("TMP-PRE", range(30)) == []


# TMP-36


def test_36_speaks_after_the_first_hour_and_15_min_low() -> None:
    case = streamed((40, 36.2), (200, 35.9))
    assert case.of("TMP-36", range(90)) == [(70, "start")]
    assert case.said[-1].said == {"c": "35.9", "min": "30"}
    late = streamed((80, 36.2), (60, 35.9))
    assert late.of("TMP-36", range(120)) == [(95, "start")]


def test_36_0_exactly_is_nothing_to_speak_of() -> None:
    assert streamed((200, 36.0)).steps(range(0, 200, 5)) == []


def test_36_is_armed_again_by_10_min_of_36_2() -> None:
    """Low from 80 to 99; 9 min of 36.2, and low again: silent. 10 min of 36.2, and low from 149: it speaks."""
    case = streamed((80, 36.4), (20, 35.9), (9, 36.2), (30, 35.9), (10, 36.2), (60, 35.9))
    assert case.of("TMP-36", range(200)) == [(95, "start"), (102, "cleared"), (164, "start")]


def test_36_is_not_armed_again_by_36_1() -> None:
    case = streamed((80, 36.4), (20, 35.9), (60, 36.1), (60, 35.9))
    assert case.of("TMP-36", range(220)) == [(95, "start"), (102, "cleared")]


def test_36_expires_with_a_record_and_does_not_repeat_in_its_run() -> None:
    case = streamed((80, 36.4), (200, 35.9))
    assert case.of("TMP-36", range(270)) == [(95, "start"), (155, "expired")]


def test_36_counts_from_coming_in_where_nobody_told_the_induction() -> None:
    case = streamed((30, 36.4), (200, 35.9))
    case.times = {"t_room_in": 0}
    assert case.of("TMP-36", range(100)) == [(60, "start")]


def test_36_by_hand() -> None:
    """Two lows: from the first of them on; a reading is that of now for an hour."""
    case = Case(channels=[spots({30: 36.2, 75: 35.8, 95: 35.7})])
    assert case.of("TMP-36", range(200)) == [(90, "start"), (150, "expired")]
    one = Case(channels=[spots({75: 35.8})])
    assert one.of("TMP-36", range(200)) == [(90, "start"), (135, "unknown")]


def test_36_by_hand_begins_anew_after_a_normal_course() -> None:
    case = Case(channels=[spots({30: 35.8, 110: 35.7}), channel(values((40, None), (60, 36.4)))])
    assert case.of("TMP-36", range(106, 130)) == [(125, "start")]


def test_a_reading_by_hand_from_before_ends_nothing_where_the_thermometer_falls_silent() -> None:
    case = Case(channels=[spots({70: 36.5}), channel(values((72, None), (25, 35.3)))])
    (_, began), (ended_min, ended) = case.of("TMP-355", range(130))
    assert (began, ended, ended_min) == ("start", "unknown", 97 + 16)


# TMP-25


@pytest.mark.parametrize(("warming", "speaks"), [(None, True), (False, True), (True, False)])
def test_25_speaks_once_unless_warming_is_documented_as_on(warming: bool | None, speaks: bool) -> None:
    case = streamed((20, 36.4), (40, 35.9), (30, 36.4), (60, 35.9))
    case.facts = {"warming": warming}
    found = case.of("TMP-25", range(150))
    assert found == ([(45, "start"), (62, "cleared")] if speaks else [])


def test_25_ends_when_warming_is_documented() -> None:
    case = streamed((20, 36.4), (80, 35.9))
    assert case.of("TMP-25", range(50)) == [(45, "start")]
    case.facts = {"warming": True}
    assert case.of("TMP-25", range(50, 60)) == [(50, "cleared")]


def test_25_expires() -> None:
    assert streamed((20, 36.4), (120, 35.9)).of("TMP-25", range(100)) == [(45, "start"), (75, "expired")]


# TMP-355, TMP-35, TMP-34


@pytest.mark.parametrize(
    ("rule", "low", "delay", "near", "back", "level"),
    [
        ("TMP-355", 35.4, 10, 35.6, 35.7, Level.LOW), ("TMP-35", 34.9, 5, 35.1, 35.2, Level.MEDIUM),
        ("TMP-34", 33.9, 3, 34.2, 34.3, Level.MEDIUM), ("TMP-34-32", 31.9, 3, 32.2, 32.3, Level.HIGH),
    ],
)  # fmt: skip
def test_levels_have_a_delay_and_a_hysteresis(
    rule: str, low: float, delay: int, near: float, back: float, level: Level
) -> None:
    """Near its limit from minute 0 and 80, low from 60 and 120, back from 100.

    It begins when `delay` minutes are over (of two, one more: before it the first of them is half of both), stays while
    the value is near, and ends when two are back.
    """
    case = streamed((60, near), (20, low), (20, near), (20, back), (60, low))
    assert case.of(rule, range(160)) == [(60 + delay, "start"), (102, "cleared"), (120 + delay, "start")]
    assert {one.level for one in case.said if one.rule == rule} == {level}


@pytest.mark.parametrize(("rule", "limit"), [("TMP-355", 35.5), ("TMP-35", 35.0), ("TMP-34", 34.0)])
def test_levels_are_strict(rule: str, limit: float) -> None:
    assert streamed((60, limit)).of(rule, range(60)) == []


def test_below_32_is_excluded_from_the_indicator_and_told_all_the_same() -> None:
    case = streamed((90, 31.5))
    assert ("TMP-34-32", "start") in [(rule, what) for _, rule, what in case.steps(range(30))]
    found = case.situation(80).course
    assert found is not None
    assert found.series.minute.size == 0
    lying = streamed((90, 27.0))
    assert lying.steps(range(30)) == []


def test_a_level_whose_thermometer_is_gone_ends_as_unknown() -> None:
    case = streamed((60, 34.9))
    assert case.of("TMP-35", range(100)) == [(8, "start"), (76, "unknown")]


# TMP-FALL


def fallen(per_h: float, since: int) -> Case:
    told = [37.95] * since + ramp(37.95, per_h, 200 - since).tolist()
    return Case(channels=[channel(told)], facts={"warming": True})


def test_fall_needs_two_windows_wholly_after_the_first_hour_and_rests_for_one() -> None:
    """The first hour ends at 70, the second window of 20 min at 110."""
    case = fallen(-1.06, 0)
    assert case.of("TMP-FALL", range(80, 180)) == [(110, "start"), (140, "expired"), (170, "start")]
    assert next(one for one in case.said if one.rule == "TMP-FALL").said["per_h"] == "1.1"


def test_fall_of_one_window_is_none() -> None:
    case = fallen(-1.05, 90)
    assert case.of("TMP-FALL", range(95, 118)) == []
    assert [what for _, what in case.of("TMP-FALL", range(118, 131))] == ["start"]


def test_fall_needs_the_rate() -> None:
    assert fallen(-0.95, 20).of("TMP-FALL", range(100, 180)) == []


def test_fall_is_over_when_it_is_half_as_steep() -> None:
    told = [*ramp(37.9, -1.2, 120), *([35.5] * 60)]
    case = Case(channels=[channel(told)], facts={"warming": True})
    found = case.of("TMP-FALL", range(105, 150))
    assert found[0] == (110, "start")
    assert found[1][1] == "cleared"
    assert 125 < found[1][0] < 140


def test_fall_is_none_where_another_site_tells() -> None:
    """The better probe goes, the axilla's is 0.9 °C colder."""
    case = Case(channels=[channel(values((90, 36.9))), channel(values((160, 36.0)), "axilla")])
    assert case.of("TMP-FALL", range(60, 160)) == []


# TMP-HOT


@pytest.mark.parametrize(("warming", "speaks"), [(True, True), (None, True), (False, False)])
def test_hot_asks_to_reduce_warming_unless_it_is_known_to_be_off(warming: bool | None, speaks: bool) -> None:
    case = streamed((60, 37.6), (20, 38.0), (20, 37.9), (20, 37.8))
    case.facts = {"warming": warming}
    assert case.of("TMP-HOT", range(120)) == ([(65, "start"), (102, "cleared")] if speaks else [])


def test_hot_of_39_needs_no_warming() -> None:
    case = streamed((60, 38.6), (30, 39.0))
    case.facts = {"warming": False}
    assert case.steps(range(80)) == [(62, "TMP-HOT-39", "start")]
    assert case.said[0].level is Level.MEDIUM
    high = streamed((60, 40.6))
    assert high.of("TMP-HOT-39", range(20)) == [(4, "start")]


# TMP-MH


def crisis(mmhg: float = 1.0, **more: object) -> Case:
    """From 90 to 110 up by 0.05 °C and by `mmhg` each minute: the newest bin is that of the minute before."""
    told = [36.5] * 90 + [36.5 + 0.05 * i for i in range(20)] + [37.5] * 60
    gases = {m: 38 + mmhg * min(20, max(0, m - 90)) for m in range(170)}
    return Case(channels=[channel(told)], etco2=gases, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(("trigger", "speaks"), [(True, True), (None, True), (False, False)])
def test_mh_has_no_delay_and_asks_to_consider(trigger: bool | None, speaks: bool) -> None:
    """10 steps of 0.05 °C, and of 1 mmHg, are in the newest bin when minute 101 is over."""
    case = crisis(facts={"trigger": trigger})
    assert case.of("TMP-MH", range(80, 160)) == ([(102, "start"), (132, "expired")] if speaks else [])
    if speaks:
        assert case.said[0].said["rise_c"] == "0.5"
        assert case.said[0].said["rise_mmhg"] == "10"


def test_mh_needs_both() -> None:
    assert crisis(mmhg=0.7).of("TMP-MH", range(80, 105)) == []
    flat = crisis()
    flat.channels = [channel([36.5] * 170)]
    assert flat.of("TMP-MH", range(80, 130)) == []


def test_mh_cannot_be_told_without_co2_and_says_so() -> None:
    case = crisis()
    case.etco2 = {}
    assert case.of("TMP-MH", range(80, 103)) == []
    assert ("TMP-MH", "etco2") in case.held()


def test_mh_is_none_while_he_is_warmed_again_after_a_bypass() -> None:
    assert crisis(cooled=[(60, 95)]).of("TMP-MH", range(80, 107)) == []
