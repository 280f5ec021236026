"""Counts of alarms against lists of them written by hand."""

from dataclasses import replace

from charting.watch.load import actors, load
from collector.model import AlarmPhase, Condition, Priority
from tests.page.data import BED, NOW_US, SECOND_US, alarm

MINUTE_US = 60 * SECOND_US
HOUR_US = 60 * MINUTE_US


def began(minutes: float, text: str = "** HR 128 > 120", *, bed: str = BED, device: str = "monitor",
          priority: Priority = Priority.MEDIUM, code: str = "MDC_UNMAPPED") -> Condition:  # fmt: skip
    told = alarm(NOW_US - round(minutes * MINUTE_US), device=device, priority=priority, text=text)
    return replace(told, bed=bed, alarm=replace(told.alarm, code=code))


def test_what_comes_most_often_leads_whatever_its_numbers_are() -> None:
    changes = [
        began(50, "** HR 121 > 120"), began(40, "** HR 133 > 120"), began(30, "** HR 130.5 > 120"),
        began(29, "Leads off", priority=Priority.LOW), began(28, "Leads off", priority=Priority.LOW),
        began(27, "Leads off", bed="OR-04", priority=Priority.LOW),
        began(26, "APNOEA", code="MDC_EVT_APNEA", device="vent", priority=Priority.HIGH),
        began(25, "Apnoea!", code="MDC_EVT_APNEA", device="vent", priority=Priority.HIGH),
        alarm(NOW_US, AlarmPhase.CONTINUE), alarm(NOW_US, AlarmPhase.END),
    ]  # fmt: skip
    found = [(a.bed, a.device, a.text, a.times, a.share) for a in actors(changes, 3)]
    assert found == [
        (BED, "monitor", "** HR 130.5 > 120", 3, 3 / 8),
        (BED, "vent", "Apnoea!", 2, 2 / 8),
        (BED, "monitor", "Leads off", 2, 2 / 8),
    ]
    assert actors([], 10) == []


def test_the_load_of_a_day_by_hour_and_its_floods() -> None:
    quiet = [began(60 * n + 30) for n in range(24)]
    flood = [began(90 + n * 0.9) for n in range(11)]
    no_flood = [began(301 + n) for n in range(10)]
    found = load(BED, [*quiet, *flood, *no_flood, began(24 * 60 + 1), began(-1)], NOW_US)
    hours = [1] * 24
    hours[-2] += 11
    hours[-6] += 10
    assert list(found.hours) == hours
    assert (found.total, found.busiest, found.above(6), found.above(12), found.floods) == (45, 12, 2, 0, 1)


def test_a_flood_is_more_than_ten_in_ten_minutes_and_counts_once() -> None:
    eleven = [began(10 - n * 0.99) for n in range(11)]
    assert load(BED, eleven, NOW_US).floods == 1
    assert load(BED, eleven[:10], NOW_US).floods == 0
    apart = [began(30 - n) for n in range(11)]
    assert load(BED, apart, NOW_US).floods == 0
    assert load(BED, [began(60 - n * 0.5) for n in range(60)], NOW_US).floods == 3
