"""Temperatures of whole cases: clinical.md §2.1, §2.2 and the traps (AQI-07, 08, 10, 17)."""

import math
from typing import Any

import pytest

from alarms.hypothermia.types import Outcome
from charting.quality.derive.course import course_of
from charting.trail.contents import Charted, Warming
from charting.trail.entries import Thermometer
from tests.charting.quality.told import (
    DAY,
    Part,
    at,
    by_hand,
    captured,
    case,
    closed,
    derived,
    event,
    form,
    measured,
    moved,
    probe,
    record,
    technique,
    usual,
)


def course(low: int, value: float = 35.9, of: int = 110, warm: float = 36.3) -> tuple[float, ...]:
    """Minutes from settled on: warm, then so many low ones, then warm again."""
    return (warm,) * 30 + (value,) * low + (warm,) * (of - 30 - low)


def spots(*told: tuple[float, float], site: str = "infrared", code: str = "MDC_TEMP_AXIL", **more: Any) -> Thermometer:
    times, values = tuple(at(minute) for minute, _ in told), tuple(value for _, value in told)
    return Thermometer(
        bed="PACU-1", device="ear", code=code, site=site, mode="spot", times_us=times, values=values, **more
    )


@pytest.mark.parametrize(("low", "outcome"), [(29, "no_event"), (30, "event")])
def test_thirty_minutes_below_36_are_an_event(low: int, outcome: str) -> None:
    found = derived(usual(), measured(probe(15, *course(low))))
    assert (found.hypothermia, found.hypothermia_rule, found.usable) == (outcome, "continuous", True)
    assert (found.below_36_min, found.below_355_min, found.nadir_c) == (low, 0, 35.9)
    assert found.auc36 == pytest.approx(low * 0.1 / 60)
    assert (found.monitored, found.monitoring, found.site, found.core) == (True, "continuous", "nasopharynx", "core")


def test_36_0_exactly_is_normal() -> None:
    found = derived(usual(), measured(probe(15, *course(60, 36.0))))
    assert (found.hypothermia, found.below_36_min) == ("no_event", 0)


def test_unmapped_probe_counts_for_nothing_until_it_is_mapped() -> None:
    found = derived(usual(), measured(probe(15, *course(60), site="", code="MDC_TEMP")))
    assert (found.hypothermia, found.usable, math.isnan(found.nadir_c)) == ("unmapped", False, True)
    assert (found.monitored, found.core) == (True, "unknown")
    mapped = derived(usual(), measured(probe(15, *course(60), site="bladder", code="MDC_TEMP")))
    assert (mapped.hypothermia, mapped.site, mapped.core) == ("event", "bladder", "near_core")


def test_skin_probe_makes_nobody_hypothermic() -> None:
    found = derived(usual(), measured(probe(15, *[33.0] * 100, site="skin", code="MDC_TEMP_SKIN")))
    assert (found.hypothermia, found.usable, found.core) == ("unmonitored", False, "peripheral")
    assert found.monitored is True  # AQI-07 asks for no site


def test_probe_out_at_the_end_is_no_hypothermia() -> None:
    values = (*[36.4] * 80, 34.0, 31.0, 29.0, 27.0, 26.0, *[25.5] * 25)
    assert derived(usual(), measured(probe(15, *values))).hypothermia == "no_event"


def test_what_the_device_doubted_is_nothing_of_his() -> None:
    values = course(60)
    doubted = measured(probe(15, *values, doubted=tuple(range(len(values)))))
    found = derived(usual(), doubted)
    assert (found.monitored, found.monitoring, found.hypothermia) == (False, "none", "unmonitored")


def test_who_was_cooled_on_purpose_is_flagged() -> None:
    low = measured(probe(15, *course(60)))
    assert derived(usual(), low).cooled is False
    assert derived(usual(), low, event("t_cool_start", 50)).cooled is True
    assert derived(usual(), low, event("t_cpb_start", 50), event("t_cpb_end", 60)).cooled is True
    assert derived(usual(), low, event("t_cpb_start", -200), event("t_cpb_end", -100)).cooled is False
    assert derived(usual(), low, technique("44")).cooled is True
    assert derived(usual(), low, technique("41")).cooled is False


def test_the_pacu_belongs_to_the_window_and_the_ward_does_not() -> None:
    pacu = usual(t_pacu_out=None, t_suite_out=None, t_ward=300)
    late = measured(probe(150, *[36.2] * 30, *[35.8] * 60))
    assert derived(pacu, late).hypothermia == "event"
    assert derived(usual(t_ward=None), late).hypothermia == "no_event"
    assert derived(pacu, late, event("t_icu_in", 190)).hypothermia == "no_event"


NO_PACU = usual(t_pacu_in=None, t_pacu_out=None, t_room_out=None)
TO_ICU = usual(t_pacu_in=None, t_pacu_out=None, t_room_out=None, t_suite_out=None, t_ward=None)


@pytest.mark.parametrize(("events", "end"), [
    (usual(), 205), (usual(t_pacu_out=None), 215), (usual(t_pacu_out=None, t_ward=None), None),
    (NO_PACU, 215),
    (usual(t_pacu_in=None, t_pacu_out=None, t_room_out=None, t_ward=None), 206),
    ((*NO_PACU, *event("t_room_out", 141, to="ward")), 215),
    ((*usual(t_ward=None), *event("t_icu_in", 160)), 160), ((*usual(), *event("t_icu_in", -60)), 205),
    ((*TO_ICU, *event("t_room_out", 141, to="icu"), *event("t_icu_in", 160)), 160),
    ((*TO_ICU, *event("t_room_out", 141, to="icu"), *event("t_icu_in", -60)), 141),
    ((*TO_ICU, *event("t_room_out", 141, to="ward"), *event("t_icu_in", 3 * DAY)), 141),
    ((*TO_ICU, *event("t_room_out", 141, to="icu")), 141),
    ((*usual(t_pacu_out=None, t_ward=None), *event("t_pacu_out", 205, to="icu"), *event("t_icu_in", 220)), 220),
])  # fmt: skip
def test_the_window_ends_where_he_is_back_or_handed_over(events: Part, end: float | None) -> None:
    found = course_of(case(events))
    assert found is not None
    assert found.window.start_us == at(0)
    assert found.window.end_us == (None if end is None else at(end))


def test_a_window_that_nobody_ended_ends_with_the_case() -> None:
    found = course_of(case(usual(t_pacu_out=None, t_ward=None, t_suite_out=None), closed(400)))
    assert found is not None
    assert found.window.end_us == at(400)
    assert course_of(case(event("t_suite_in", 0))) is None
    outside = case(event("t_suite_in", 0), event("t_anes_start", 9), moved("offsite", -10), area="ward")
    unit = course_of(outside)
    assert unit is not None
    assert unit.window.start_us == at(0)


def hand(*told: tuple[float, float], site: str = "axilla") -> Part:
    return record(*(by_hand(minute, value, site) for minute, value in told))


@pytest.mark.parametrize(("told", "outcome"), [
    ([(20, 35.8), (35, 35.7), (50, 35.9), (80, 36.2)], "event"), ([(20, 35.8), (30, 35.7), (60, 36.4)], "no_event"),
    ([(20, 35.8), (50, 36.0), (80, 35.8)], "no_event"), ([(20, 35.8), (50, 35.7)], "event"),
    ([(20, 35.2)], "indeterminate"),
])  # fmt: skip
def test_what_people_measured_by_hand_is_spot(told: list[tuple[float, float]], outcome: str) -> None:
    found = derived(usual(), hand(*told))
    assert (found.hypothermia, found.hypothermia_rule, found.monitoring) == (outcome, "spot", "spot")
    assert found.usable is True


def test_by_hand_without_a_site_is_unmapped_and_by_infrared_no_core_temperature() -> None:
    low = [(20, 35.2), (60, 35.2)]
    assert derived(usual(), hand(*low, site="")).hypothermia == "unmapped"
    ear = derived(usual(), hand(*low, site="infrared"))
    assert (ear.hypothermia, ear.usable, ear.monitored, ear.core) == ("unmonitored", False, True, "peripheral")


def test_a_devices_value_that_a_person_confirmed_is_not_measured_twice() -> None:
    confirmed = Charted(signal="temp", mark_us=at(20), time_us=at(20), value=35.2, unit="Cel", accepted="held")
    assert derived(usual(), record(confirmed)).monitored is False


@pytest.mark.parametrize(("minute", "monitored"), [(-1, False), (0, True), (139, True), (140, False), (180, False)])
def test_monitored_is_who_was_measured_in_the_room(minute: int, monitored: bool) -> None:
    assert derived(usual(), hand((minute, 36.5))).monitored is monitored


def test_who_came_to_the_pacu_had_left_the_room_whoever_forgot_to_tell_it() -> None:
    untold = usual(t_room_out=None)
    warm = Warming(device="forced_air", start_us=at(150), end_us=at(170))
    found = derived(untold, record(by_hand(150, 36.5), warm))
    assert (found.monitored, found.warmed) == (False, False)
    assert derived(untold, hand((144, 36.5))).monitored is True


def test_that_nobody_measured_is_known_where_somebody_looked() -> None:
    for parts, expected in (((), None), ((record(),), False), ((measured(),), False)):
        found = derived(usual(), *parts)
        assert (found.monitored, found.usable) == (expected, expected)
        assert found.monitoring == ("" if expected is None else "none")
        assert found.hypothermia == ("" if expected is None else "unmonitored")
    nowhere = derived(event("t_suite_in", 0), measured(probe(15, *course(60))))
    assert (nowhere.monitored, nowhere.usable, nowhere.hypothermia) == (None, None, "")


def test_of_a_case_that_kept_no_thermometers_the_cells_of_devices_tell() -> None:
    minutes = {15 + n: value for n, value in enumerate(course(60))}
    cells = captured("temp", "Cel", minutes, code="MDC_TEMP_NASOPH", source="4B54", site="nasopharynx")
    found = derived(usual(), record(), cells)
    assert (found.hypothermia, found.site, found.monitoring) == ("event", "nasopharynx", "continuous")
    assert derived(usual(), record(), cells, measured()).hypothermia == "unmonitored"


@pytest.mark.parametrize(("site", "first"), [
    ("infrared", 35.4), ("axilla", 35.4), ("", 35.4), ("skin", math.nan),
])  # fmt: skip
def test_the_first_temperature_of_the_pacu_may_be_an_infrared_one_but_not_the_skins(site: str, first: float) -> None:
    told = spots((140, 36.9), (147, 35.4), (160, 36.5), site=site, code="MDC_TEMP")
    found = derived(usual(), measured(told))
    assert found.pacu_first_c == pytest.approx(first, nan_ok=True)
    assert found.pacu_measured is not math.isnan(first)


def test_a_pacu_patient_whom_nobody_measured_there_is_known_to_be_so() -> None:
    theatre = probe(15, *course(60))
    found = derived(usual(), measured(theatre))
    assert (math.isnan(found.pacu_first_c), found.pacu_measured) == (True, False)
    assert derived(usual(t_pacu_out=None), measured(theatre)).pacu_measured is None
    assert derived(usual()).pacu_measured is None
    assert derived(usual(), form("pacu_record", 150, signed=210)).pacu_measured is False
    assert derived(usual(), measured(spots((205, 35.0)))).pacu_measured is False
    assert derived(usual(t_room_in=None, t_anes_start=None), measured(spots((150, 35.1)))).pacu_first_c == 35.1


def test_who_goes_back_to_the_theatre_is_not_back_on_the_ward() -> None:
    again = (*usual(t_pacu_out=None, t_ward=400), *event("t_pacu_out", 205, to="or"))
    found = course_of(case(again))
    assert found is not None
    assert found.window.end_us == at(400)
    assert derived(again, measured(spots((250, 35.1)))).pacu_measured is False


def test_of_two_thermometers_the_first_reading_counts_whoever_gave_it() -> None:
    both = measured(spots((150, 35.6)), spots((148, 36.6), site="axilla"))
    assert derived(usual(), both).pacu_first_c == 36.6


WARM: dict[str, Any] = {"start_us": at(20), "end_us": at(100)}


@pytest.mark.parametrize(("what", "warmed"), [
    (Warming(device="forced_air", **WARM), True), (Warming(device="passive", **WARM), False),
    (Warming(device="fluid", **WARM), True), (Warming(device="fluid", set_c=37.0, **WARM), True),
    (Warming(device="fluid", set_c=36.9, **WARM), False), (Warming(device="water", set_c=36.0, **WARM), True),
    (Warming(device="forced_air", start_us=at(-60), end_us=at(0)), False),
    (Warming(device="forced_air", start_us=at(-60), end_us=at(1)), True),
    (Warming(device="forced_air", start_us=at(139)), True), (Warming(device="forced_air", start_us=at(140)), False),
])  # fmt: skip
def test_warmed_is_who_was_actively_warmed_in_the_room(what: Warming, warmed: bool) -> None:
    assert derived(usual(), record(what)).warmed is warmed


def test_the_nursing_record_tells_of_warming_too() -> None:
    def nursing(*answers: str) -> Part:
        return form("or_nursing_record", 5, warming=answers)

    assert derived(usual(), nursing("air")).warmed is True
    assert derived(usual(), nursing("none")).warmed is False
    assert derived(usual()).warmed is None
    assert derived(usual(), record()).warmed is False
    assert derived(usual(), record(), nursing("fluid")).warmed is True


def test_measures_of_the_course() -> None:
    falling = [36.8 - 0.01 * n for n in range(60)]
    room = probe(0, *[21.5] * 60, *[22.5] * 79, *[30.0] * 200, code="VND_VITALSD_ROOM_TEMPERATURE", site="")
    told = measured(probe(5, *[36.8] * 10, *falling, *[36.2] * 45), rooms=[room])
    found = derived(usual(), event("t_induction", 15), told)
    assert found.first_hour_drop_c == pytest.approx(0.6, abs=0.05)
    assert found.at_incision_c == pytest.approx(36.8 - 0.25, abs=0.02)
    assert found.at_end_c == pytest.approx(36.2, abs=0.02)
    assert found.room_c == 22.5
    assert 0.4 < found.valid_share < 0.6
    assert math.isnan(derived(usual(), event("t_induction", 15)).first_hour_drop_c)


def test_the_course_holds_the_evidence_for_a_page() -> None:
    found = course_of(case(usual(), measured(probe(15, *course(60)))))
    assert found is not None
    assert found.outcome is Outcome.EVENT
    assert found.longest is not None
    assert (found.longest.start_us, found.longest.minutes) == (at(45), 60)
    assert found.channels[0].name == "OR-1/monitor/MDC_TEMP_NASOPH/nasopharynx"
