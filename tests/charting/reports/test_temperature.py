"""Numbers of temperature over cases, and the drawing of a course."""

import math
import re
from xml.etree import ElementTree as ET

import pytest

from charting.case.state import fold
from charting.quality.derive.course import course_of
from charting.quality.facts import Facts
from charting.quality.loader import load
from charting.quality.periods import period
from charting.reports.canvas import ALERT, DARK, WARN
from charting.reports.course_chart import course_chart, excluded
from charting.reports.temperature import edges, months_of, summary, temperature
from charting.reports.temperature_charts import charts
from tests.charting.quality.made import facts as made
from tests.charting.reports.november import NOVEMBER, ZONE, november

SVG = "{http://www.w3.org/2000/svg}"


def test_quartiles_are_interpolated_and_nan_is_no_value() -> None:
    told = summary([4.0, 1.0, math.nan, 2.0, 3.0])
    assert told is not None
    assert (told.n, told.low, told.q1, told.middle, told.q3, told.high) == (4, 1.0, 1.75, 2.5, 3.25, 4.0)
    assert summary([math.nan]) is None


def test_edges_are_multiples_of_the_step_and_hold_every_value() -> None:
    assert list(edges([0.3, 0.31, math.nan], 0.1)) == [0.3, 0.4]
    assert list(edges([35.9, 36.0], 0.25)) == [35.75, 36.0, 36.25]
    assert list(edges([0.0, 9.9], 0.5, most=5)) == [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]
    assert list(edges([0.0, 0.3], 0.1)) == [0.0, 0.1, 0.2, 0.3, 0.4], "0.3 / 0.1 is less than 3"
    assert edges([math.nan], 1.0) == ()


@pytest.mark.parametrize(("asked", "first", "last"), [
    ("2026-11", "2025-12", "2026-11"), ("2026", "2026-01", "2026-12"), ("2026-11-03..2027-01-02", "2026-02", "2027-01"),
])  # fmt: skip
def test_twelve_months_end_with_the_periods_last(asked: str, first: str, last: str) -> None:
    months = [p.name for p in months_of(period(asked, ZONE), ZONE)]
    assert (len(months), months[0], months[-1]) == (12, first, last)


def cases() -> list[Facts]:
    return [
        made("a", hour=24, room="OR-1", ga=True, nadir_c=36.0, below_36_min=0.0, room_c=20.5, monitoring="continuous"),
        made("b", hour=48, room="OR-1", ga=True, nadir_c=35.9, below_36_min=31.0, room_c=20.9, monitoring="spot"),
        made("c", hour=72, room="OR-2", ga=False, nadir_c=35.75, below_36_min=30.0, room_c=23.0, monitoring="spot"),
        made("d", hour=96, room="OR-2", performed=False, nadir_c=34.0, room_c=19.0, monitoring="none", ga=True),
    ]


def test_bins_are_half_open_and_count_performed_cases_only() -> None:
    found = temperature(cases(), load(), NOVEMBER, zone=ZONE, made_us=0)
    assert found.within("nadir_c", [35.75, 36.0, 36.25]) == [2, 1]
    assert found.within("below_36_min", [0.0, 30.0, 31.0, 60.0]) == [1, 1, 1]
    assert found.counted("monitoring", ["continuous", "spot", "none"], ga=True) == [
        ("continuous", 1), ("spot", 1), ("none", 0),
    ]  # fmt: skip


def test_what_was_cooled_on_purpose_is_in_no_distribution_but_that_of_rooms() -> None:
    cold = made("e", hour=120, room="OR-2", nadir_c=28.0, room_c=17.0, cooled=True)
    found = temperature([*cases(), cold], load(), NOVEMBER, zone=ZONE, made_us=0)
    assert found.cooled == 1
    assert found.measures["nadir_c"].n == 3
    assert found.measures["nadir_c"].low == 35.75
    assert found.within("nadir_c", [0.0, 35.0]) == [0]
    assert found.rooms["OR-2"].n == 2


def test_a_room_is_told_by_the_medians_of_its_cases() -> None:
    found = temperature(cases(), load(), NOVEMBER, zone=ZONE, made_us=0)
    assert {name: (told.n, told.middle) for name, told in found.rooms.items()} == {
        "OR-1": (2, pytest.approx(20.7)), "OR-2": (1, 23.0),
    }  # fmt: skip
    drawn = charts(found, "en")["rooms"].svg()
    bold = re.findall(r'font-weight="700"[^>]*>(OR-\d)', drawn)
    assert bold == ["OR-1"]


def test_where_nobody_knows_there_is_no_point_instead_of_a_rate_of_0() -> None:
    """In OR-1 two were monitored and nobody can say whether they were cold; in OR-2 one was not, one was."""
    known = [
        made(c, room=room, ga=True, monitored=True, usable=True, hypothermia=outcome, cooled=False)
        for c, room, outcome in (
            ("a", "OR-1", "indeterminate"), ("b", "OR-1", "indeterminate"),
            ("c", "OR-2", "event"), ("d", "OR-2", "no_event"),
        )
    ]  # fmt: skip
    found = temperature(known, load(), NOVEMBER, zone=ZONE, made_us=0)
    assert found.groups["room"]["OR-1"]["AQI-IHT-10"].unavailable
    drawn = charts(found, "en")["funnel.AQI-IHT-10.room"].svg()
    assert "OR-2: 1/2" in drawn
    assert "OR-1" not in drawn


def test_charts_are_there_for_what_is_asked_in_both_languages() -> None:
    for lang in ("zh", "en"):
        drawn = charts(november().temperature, lang)
        assert {"months.AQI-TMR-07", "months.AQI-IHT-10", "months.AQI-AWR-08", "months.AQI-IHP-17",
                "funnel.AQI-IHT-10.room", "funnel.AQI-IHT-10.department", "funnel.AQI-IHT-10.technique", "drop",
                "below", "twa", "pacu", "rooms", "monitoring"} <= set(drawn)  # fmt: skip
        for chart in drawn.values():
            ET.fromstring(chart.svg())
            assert "<a " not in chart.body


def test_a_course_shows_what_was_left_out_the_run_and_the_nadir() -> None:
    """c20: 84 minutes of 36.3, 25 of 35.9, then the probe leaves; the first three minutes are warming up."""
    course = course_of(fold(november().trail.entries("c20")))
    assert course is not None
    root = ET.fromstring(course_chart(course, [(course.window.start_us, "in")], lang="en", zone=ZONE).svg())
    crosses = [p for p in root.iter(f"{SVG}path") if p.get("stroke") == WARN and "12m0" in p.get("d", "")]
    left_out = sum(each.n for each in excluded(course) if not each.flagged)
    assert left_out == 3 + 6
    assert len(crosses) == left_out + 1, "and that of the legend"
    (series,) = [p for p in root.iter(f"{SVG}path") if p.get("stroke-linejoin")]
    assert series.get("stroke") == DARK
    assert series.get("d", "").count("M") == 1
    text = " ".join("".join(e.itertext()) for e in root.iter(f"{SVG}text"))
    assert "longest run below 36.0 °C: 25 min (09:44 – 10:09)" in text
    assert "nadir 35.90 °C" in text
    assert [e.get("fill") for e in root.iter(f"{SVG}text") if "nadir" in (e.text or "")] == [ALERT]


def test_what_was_left_out_is_told_as_spans_of_time() -> None:
    course = course_of(fold(november().trail.entries("c20")))
    assert course is not None
    told = {each.rule: each for each in excluded(course)}
    (span,) = told["temp.warm_up"].spans
    assert span[1] - span[0] == 3 * 60_000_000
    assert told["temp.warm_up"].site == "nasopharynx"
    assert not any(each.flagged for each in excluded(course))
