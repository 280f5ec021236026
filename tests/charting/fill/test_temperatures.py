"""Temperatures in a record: the last valid one, with its site, never the skin's (clinical.md §2.4, §3.2)."""

import pytest

from charting.fill.types import CellState
from tests.charting.fill.bed import (
    BLADDER,
    NASOPHARYNX,
    SKIN,
    START_US,
    Charted,
    at,
    but,
    mark,
    series,
    steady,
    without,
)

TEMPS = ("temp", "temp2")


def test_the_last_minute_counts_with_its_time_and_site() -> None:
    rising = series(NASOPHARYNX, [36 + 0.01 * i for i in range(30)], [60.0 * i for i in range(30)])
    cell = Charted([rising], 30, TEMPS).one("temp", 20)
    assert cell.value == pytest.approx(36.19)
    assert (cell.time_us, cell.site, cell.code) == (mark(19), "nasopharynx", NASOPHARYNX)


@pytest.mark.parametrize(("minute", "charted"), [(24, True), (25, False)])
def test_it_is_at_most_five_minutes_old(minute: int, charted: bool) -> None:
    gone = without(steady(NASOPHARYNX, 36.5, 40), 60 * 20, 60 * 40)
    cell = Charted([gone], 40, TEMPS, step_min=1).cell("temp", minute)
    assert (cell is not None) is charted


def test_an_hourly_mark_looks_a_quarter_of_an_hour_around() -> None:
    """06:20 is minute 0: the mark is at minute 40."""
    before = without(steady(NASOPHARYNX, 36.5, 90), 60 * 28, 60 * 90)
    assert Charted([before], 90, TEMPS, step_min=60).one("temp", 40).time_us == mark(27)
    after = without(steady(NASOPHARYNX, 36.5, 90), 60 * 10, 60 * 45)
    assert Charted([after], 90, TEMPS, step_min=60).one("temp", 40).time_us == mark(48)


def test_skin_is_never_a_body_s_temperature() -> None:
    assert Charted([steady(SKIN, 36, 30)], 30, TEMPS).filling.cells == ()
    mapped = steady("MDC_TEMP", 36, 30, unit="Cel", site="skin")
    assert Charted([mapped], 30, TEMPS).filling.cells == ()


def test_the_better_site_is_first_and_the_next_is_second() -> None:
    charted = Charted([steady(BLADDER, 36.2, 30), steady(NASOPHARYNX, 36.4, 30), steady(SKIN, 33, 30)], 30, TEMPS)
    assert [(charted.one(s, 20).value, charted.one(s, 20).site) for s in TEMPS] == [
        (36.4, "nasopharynx"), (36.2, "bladder"),
    ]  # fmt: skip


def test_an_unknown_site_is_shown_without_one() -> None:
    assert Charted([steady("MDC_TEMP", 36.3, 30, unit="Cel")], 30, TEMPS).one("temp", 20).site == ""


def test_two_sites_that_differ_are_marked() -> None:
    cell = Charted([steady(BLADDER, 35, 40), steady(NASOPHARYNX, 36.4, 40)], 40, TEMPS).one("temp", 30)
    assert (cell.state, cell.rule) == (CellState.CHARTED, "temp.differs")


def test_a_probe_that_falls_out_leaves_a_gap() -> None:
    fall = [36.5] * 20 + [35.9, 35.2, 34.4, 33.5, 32.5, 31.5, 30.5, 29.5, 28.5, 27.5, 26.5] + [25.5] * 9
    probe = series(NASOPHARYNX, fall, [60.0 * i for i in range(40)])
    charted = Charted([probe], 40, TEMPS)
    assert [g[:3] for g in charted.gaps("temp")] == [(20, 40, "artefact")]
    assert {g[3] for g in charted.gaps("temp")} == {"temp.probe_out"}
    assert charted.one("temp", 20).value == 36.5
    assert (charted.one("temp", 30).state, charted.one("temp", 30).rule) == (CellState.EMPTY, "temp.probe_out")


def test_fever_beyond_40_waits_for_a_person_and_is_not_lost() -> None:
    cell = Charted([steady(NASOPHARYNX, 40.6, 30)], 30, TEMPS).one("temp", 20)
    assert (cell.value, cell.state, cell.rule) == (40.6, CellState.HELD, "temp.qc_range")


def test_one_that_is_cooled_on_purpose_is_charted() -> None:
    cell = Charted([steady(NASOPHARYNX, 28, 30)], 30, TEMPS, options={"cooled": ((START_US, None),)}).one("temp", 20)
    assert (cell.value, cell.state) == (28.0, CellState.CHARTED)


def test_the_end_is_trimmed_when_the_tube_is_out() -> None:
    probe = but(but(steady(NASOPHARYNX, 36.5, 30), 60 * 27, 60 * 28, 36.2), 60 * 28, 60 * 30, 35.9)
    charted = Charted([probe], 30, TEMPS, step_min=1, options={"events": {"t_tube_out": at(60 * 30)}})
    assert charted.one("temp", 27).value == 36.5
    assert charted.one("temp", 29).time_us == mark(26)
    assert charted.one("temp", 29).value == 36.5


def test_fahrenheit_is_converted_and_marked() -> None:
    told = Charted([steady(NASOPHARYNX, 97.7, 30)], 30, TEMPS).one("temp", 20)
    assert told.value == pytest.approx(36.5)
    assert told.rule == "temp.fahrenheit"
    named = Charted([steady(NASOPHARYNX, 97.7, 30, unit="[degF]")], 30, TEMPS).one("temp", 20)
    assert named.value == pytest.approx(36.5)
    assert named.rule == ""


def test_the_first_minutes_of_a_probe_are_left_out() -> None:
    charted = Charted([steady(NASOPHARYNX, 36.5, 30)], 30, TEMPS, step_min=1)
    assert charted.one("temp", 3).rule == "temp.warm_up"
    assert charted.one("temp", 4).time_us == mark(3)


def test_a_bypass_s_cooling_and_warming_is_charted_as_it_is() -> None:
    """37 to 20 °C and back at 1 °C/min: neither a probe that is out, nor one that has not settled, nor impossible."""
    course = (
        [37.0] * 10 + [37.0 - m for m in range(1, 18)] + [20.0] * 10 + [20.0 + m for m in range(1, 18)] + [37.0] * 20
    )
    celsius = series(NASOPHARYNX, [v for v in course for _ in range(6)], [10.0 * i for i in range(6 * len(course))])
    bypass = {"cooled": ((mark(10), mark(58)),)}
    charted = Charted([celsius], 70, TEMPS, options=bypass)
    for m in range(15, 60, 5):
        assert (charted.one("temp", m).value, charted.one("temp", m).rule) == (course[m - 1], ""), m
    assert charted.gaps("temp") == []
    assert any(rule == "temp.range" for *_, rule in Charted([celsius], 70, TEMPS).gaps("temp"))
