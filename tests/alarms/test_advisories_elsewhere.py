"""The rules of the PACU, of probes and of the ICU against time lines worked out by hand; and when nothing is said."""

import pytest

from alarms.advisories import Advisor, Level
from tests.alarms.advised import Case, pacu, ramp, streamed, values
from tests.alarms.hypothermia_beds import channel, spots

# TMP-PACU


def test_pacu_first_value_low_is_a_task_until_one_is_normal() -> None:
    case = pacu(spots({104: 35.8, 110: 35.9, 125: 36.0}, "infrared"))
    assert case.of("TMP-PACU-LOW", range(95, 140)) == [(104, "start"), (125, "cleared")]
    assert case.said[-1].level is Level.TASK
    assert case.said[-2].said == {"c": "35.8", "site": "infrared"}


def test_pacu_only_the_first_value_asks() -> None:
    case = pacu(spots({104: 36.0, 110: 35.2}, "infrared"))
    assert case.of("TMP-PACU-LOW", range(95, 130)) == []


def test_pacu_none_after_15_min_is_a_task() -> None:
    case = pacu(spots({90: 36.5, 121: 36.2}, "axilla"), channel([33.0] * 140, "skin"))
    assert case.of("TMP-PACU-NONE", range(95, 130)) == [(115, "start"), (121, "cleared")]


def test_pacu_entry_that_nobody_told_is_said_to_be_missing() -> None:
    case = Case(area="pacu", times={})
    assert case.steps(range(3)) == []
    assert ("TMP-PACU-NONE", "pacu_in") in case.held()


@pytest.mark.parametrize(("last", "stops"), [(35.9, True), (36.0, False)])
def test_pacu_exit_below_36_is_a_soft_stop(last: float, stops: bool) -> None:
    case = pacu(spots({104: 36.5, 140: last}, "axilla"), t_pacu_out=150)
    assert case.of("TMP-PACU-EXIT", range(145, 185)) == ([(150, "start"), (180, "expired")] if stops else [])


# TMP-TECH


def test_tech_is_a_badge_while_a_probe_is_out_and_settles() -> None:
    case = streamed((60, 36.5), (1, 35.9), (1, 35.3), (1, 34.7), (11, 34.1), (30, 36.4))
    assert case.of("TMP-TECH", range(100)) == [(63, "start"), (78, "cleared")]
    badge = next(one for one in case.said if one.rule == "TMP-TECH")
    assert (badge.level, badge.said) == (Level.INFORMATION, {"site": "nasopharynx", "reason": "probe_out"})


def test_tech_says_nothing_of_a_probe_that_has_just_been_put_in() -> None:
    assert streamed((10, 36.5)).of("TMP-TECH", range(12)) == []


# Suppressed


def test_nothing_is_said_while_he_is_cooled_and_what_stood_ends() -> None:
    case = streamed((200, 34.5))
    case.cooled = [(60, 120)]
    lines = case.steps(range(140))
    assert {(rule, what) for minute, rule, what in lines if 60 <= minute < 120} == {
        ("TMP-355", "cooled"), ("TMP-35", "cooled"),
    }  # fmt: skip
    assert {rule for minute, rule, what in lines if minute == 120 and what == "start"} >= {"TMP-355", "TMP-35"}


def test_nothing_is_said_before_he_is_in_the_room_but_that_it_is_not_known() -> None:
    case = streamed((60, 34.5))
    case.times = {"t_room_in": 30}
    assert case.steps(range(30)) == []
    assert ("TMP-35", "room_in") in case.held()
    assert (30, "TMP-35", "start") in case.steps(range(30, 32))
    assert ("TMP-35", "room_in") not in case.held()


def test_he_is_in_the_room_when_something_was_done_to_him_there() -> None:
    case = streamed((60, 34.5))
    case.times = {"t_incision": 20}
    assert (20, "TMP-35", "start") in case.steps(range(30))


def test_in_the_pacu_he_has_been_in_the_room() -> None:
    case = streamed((60, 34.5))
    case.area, case.times = "pacu", {}
    assert case.of("TMP-35", range(20)) == [(8, "start")]


def test_a_peripheral_site_says_nothing() -> None:
    assert streamed((120, 33.0), site="skin").steps(range(39)) == []


# ICU


def icu(*parts: tuple[int, float | None], **facts: object) -> Case:
    case = streamed(*parts)
    case.area, case.times, case.facts = "icu", {}, facts
    return case


def test_icu_377_after_an_arrest() -> None:
    parts = (20, 37.5), (40, 37.8), (20, 37.6), (20, 37.5)
    case = icu(*parts, after_arrest=True)
    assert case.of("ICU-377", range(100)) == [(50, "start"), (82, "cleared")]
    assert icu(*parts, after_arrest=False).of("ICU-377", range(60)) == []
    unsaid = icu(*parts)
    assert unsaid.of("ICU-377", range(60)) == []
    assert unsaid.held() == {("ICU-377", "after_arrest")}
    assert icu((100, 37.7), after_arrest=True).of("ICU-377", range(100)) == []


def test_icu_off_target() -> None:
    case = icu((30, 33.0), (30, 33.5), (30, 33.6), (30, 33.4), (30, 33.3), target_c=33.0)
    assert case.of("ICU-TARGET", range(150)) == [(75, "start"), (122, "cleared")]
    assert icu((60, 35.0)).of("ICU-TARGET", range(60)) == []


def test_icu_rewarming() -> None:
    """From the third minute on half of an hour's bins are there at 33."""
    told = {m: float(v) for m, v in enumerate(ramp(34.0, 0.6, 120))}
    case = Case(channels=[channel(told)], area="icu", times={}, facts={"target_c": 33.0})
    assert case.of("ICU-REWARM", range(110)) == [(33, "start"), (93, "expired"), (94, "start")]
    case.advisor, case.facts = Advisor(), {}
    assert case.of("ICU-REWARM", range(40)) == []
    assert case.held() == {("ICU-REWARM", "after_arrest")}
    slow = {m: float(v) for m, v in enumerate(ramp(34.0, 0.4, 120))}
    assert Case(channels=[channel(slow)], area="icu", facts={"target_c": 33.0}).of("ICU-REWARM", range(110)) == []
    warm = {m: float(v) for m, v in enumerate(ramp(36.1, 0.6, 120))}
    assert Case(channels=[channel(warm)], area="icu", facts={"target_c": 36.0}).of("ICU-REWARM", range(90)) == []


def test_icu_rewarming_is_none_where_a_warmer_site_tells() -> None:
    told = channel(values((40, 34.0)), "axilla"), channel(values((40, None), (80, 35.4)))
    assert Case(channels=told, area="icu", facts={"after_arrest": True}).of("ICU-REWARM", range(110)) == []


def test_icu_fever_is_a_badge_of_a_single_value_with_its_site() -> None:
    case = Case(channels=[spots({5: 38.2, 20: 38.3, 40: 38.1, 60: 38.0}, "axilla")], area="icu", times={})
    assert case.of("ICU-FEVER", range(80)) == [(20, "start"), (60, "cleared")]
    assert (case.said[0].level, case.said[0].said) == (Level.INFORMATION, {"c": "38.3", "site": "axilla"})
    high = icu((30, 40.6))
    assert high.of("ICU-FEVER", range(10)) == [(3, "start")]
    skin = Case(channels=[channel([39.0] * 30, "skin")], area="icu", times={})
    assert skin.steps(range(30)) == []


def test_rules_of_the_theatre_are_not_those_of_the_icu() -> None:
    assert icu((120, 34.5)).steps(range(0, 120, 5)) == []
