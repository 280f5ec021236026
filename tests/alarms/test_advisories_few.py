"""What keeps advisories few (clinical.md §4.3), and a restart that changes nothing."""

from alarms.advisories import Advice, Advisor, Level
from charting.trail.entries import Advised
from tests.alarms.advised import Case, pacu, streamed
from tests.alarms.hypothermia_beds import at, channel, spots


def advised(*told: tuple[str, float]) -> Advisor:
    """Each began then, and has ended."""
    return Advisor(
        [Advised(rule=rule, phase="start", at_us=at(m)) for rule, m in told]
        + [Advised(rule=rule, phase="end", at_us=at(m + 1)) for rule, m in told]
    )


BUSY = (("TMP-NOSITE", 30), ("TMP-PRE", 31), ("TMP-FALL", 45))


def test_three_an_hour_then_the_next_waits_and_is_listed() -> None:
    case = streamed((60, 36.4), (120, 35.9))
    case.facts, case.advisor = {"warming": True}, advised(*BUSY)
    assert case.steps(range(70, 80)) == []
    assert case.held() == {("TMP-36", "cap")}
    assert case.steps(range(80, 100)) == [(90, "TMP-36", "start")]
    assert case.held() == set()


def test_the_cap_holds_back_neither_medium_nor_high_and_counts_them() -> None:
    case = streamed((60, 35.2), (20, 34.9), (20, 33.9), (20, 32.9), (40, 31.9))
    case.facts, case.advisor = {"warming": True}, advised(*BUSY)
    lines = [line for line in case.steps(range(60, 140)) if line[1] != "TMP-TECH"]
    found = [(minute, rule) for minute, rule, what in lines if what == "start"]
    assert found[0] == (65, "TMP-35")
    assert {rule for _, rule in found} >= {"TMP-34", "TMP-34-32"}
    assert all(rule not in ("TMP-36", "TMP-355") for minute, rule in found if minute < 90)


def test_tasks_and_badges_are_not_counted() -> None:
    case = pacu()
    case.advisor = advised(("TMP-TECH", 70), ("TMP-TECH", 80), ("TMP-TECH", 90), *BUSY)
    assert (115, "TMP-PACU-NONE", "start") in case.steps(range(110, 120))


def test_of_several_that_begin_at_once_the_most_urgent_come_first() -> None:
    case = streamed((130, 34.8))
    case.advisor = advised(*BUSY[1:])
    lines = [(rule, what) for _, rule, what in case.steps([75])]
    assert lines == [("TMP-35", "start")]
    assert case.held() >= {("TMP-36", "cap"), ("TMP-355", "cap"), ("TMP-25", "cap")}


def test_one_bundle_the_most_urgent_first() -> None:
    case = streamed((60, 36.4), (60, 35.4), (60, 34.9))
    case.steps(range(130))
    bundle = case.advisor.standing
    assert [one.rule for one in bundle] == ["TMP-35", "TMP-355", "TMP-36"]
    assert all(one.phase == "start" for one in bundle)


def test_what_leaves_the_area_ends() -> None:
    case = Case(facts={"ga": True}, area=lambda minute: "or" if minute < 50 else "icu")
    assert case.of("TMP-NOSITE", range(60)) == [(40, "start"), (50, "moved")]


# Anew


def eventful() -> Case:
    told = [36.2] * 30 + [35.8] * 40 + [36.3] * 20 + [35.4] * 40 + [34.8] * 30 + [36.4] * 30
    case = pacu(channel(told), spots({118: 35.7, 150: 36.2}, "axilla"))
    case.times = {**case.times, "t_pacu_in": 160, "t_pacu_out": 185}
    case.area = lambda minute: "pacu" if minute >= 160 else "or"
    return case


def test_a_restart_at_any_minute_changes_nothing() -> None:
    whole, anew = eventful(), eventful()
    lines = whole.steps(range(0, 190, 2))
    again = []
    for minute in range(0, 190, 2):
        anew.advisor = Advisor(
            [Advised(rule=one.rule, phase=one.phase, at_us=one.at_us, said=one.said) for one in anew.said]
        )
        again += anew.steps([minute])
        assert anew.steps([minute]) == []
    assert again == lines
    assert anew.advisor.standing == whole.advisor.standing
    assert len(lines) >= 10


def test_what_an_older_release_advised_is_no_hindrance() -> None:
    advisor = Advisor([Advice(rule="TMP-GONE", phase="start", at_us=at(3), level=Level.LOW)])
    assert advisor.standing == []
