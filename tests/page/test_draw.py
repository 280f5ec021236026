"""The chart's drawing against positions worked out from its own printed scales."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from charting.page.chart import read
from charting.page.draw import draw
from charting.page.words import Lang, Words
from collector.codes import by_refid
from collector.model import Quality, Reading, Series
from tests.page.data import (
    BED,
    HR,
    MINUTE_US,
    NIBP_DIA,
    NIBP_SYS,
    NOW_US,
    SECOND_US,
    SPO2,
    TEMP,
    ZONE,
    Store,
    Theatre,
    reading,
    series,
)

SVG = "{http://www.w3.org/2000/svg}"


class Picture:
    """A parsed chart with the scales that its labels give."""

    def __init__(self, readings: Iterable[Reading], *, hours: int = 4, zone: str = ZONE, lang: Lang = Lang.ZH) -> None:
        store = Store(readings=list(readings))
        chart = read(store, BED, zone, hours, NOW_US)
        self.zone = ZoneInfo(zone)
        self.chart = chart
        self.text = draw(chart, Words(lang), by_refid())
        self.root = ET.fromstring(self.text)

    def texts(self, under: ET.Element | None = None) -> list[tuple[str, float, float]]:
        root = self.root if under is None else under
        return [(t.text or "", float(t.get("x", "nan")), float(t.get("y", "nan"))) for t in root.iter(f"{SVG}text")]

    def x(self, time_us: int) -> float:
        """From two printed times of day of the axis."""
        labels = [(text, x) for text, x, y in self.texts() if re.fullmatch(r"\d\d:\d\d", text) and y < 60]
        (first, x1), (second, x2) = labels[0], labels[1]
        minutes = [int(t[:2]) * 60 + int(t[3:]) for t in (first, second)]
        local = datetime.fromtimestamp(time_us / 1e6, UTC).astimezone(self.zone)
        since_first = (local.hour * 60 + local.minute + local.second / 60 - minutes[0] + 120) % 1440 - 120
        return x1 + (x2 - x1) * since_first / ((minutes[1] - minutes[0]) % 1440)

    def y(self, panel: str, value: float, low: float, high: float, *, right: bool = False) -> float:
        """From the printed ends of a panel's scale."""
        group = next(g for g in self.root.iter(f"{SVG}g") if g.get("data-panel") == panel)
        labels = {text: y for text, x, y in self.texts(group) if (x > 1100) is right}
        bottom, top = labels[f"{low:g}"] - 4, labels[f"{high:g}"] - 4
        return bottom + (top - bottom) * (value - low) / (high - low)

    def trace(self, code: str) -> ET.Element:
        return next(g for g in self.root.iter(f"{SVG}g") if g.get("data-code") == code)

    def row(self, code: str) -> ET.Element:
        return next(g for g in self.root.iter(f"{SVG}g") if g.get("data-row") == code)

    def hatches(self) -> list[tuple[float, float, float]]:
        """(left, right, height) of every hatched rectangle."""
        rects = [r for r in self.root.iter(f"{SVG}rect") if r.get("fill") == "url(#hatch)"]
        return [
            (float(r.get("x", "")), float(r.get("x", "")) + float(r.get("width", "")), float(r.get("height", "")))
            for r in rects
        ]

    def spans(self, code: str) -> list[tuple[float, float]]:
        """Left and right end of each curve of a trace."""
        lines = [points(p) for p in self.trace(code).iter(f"{SVG}polyline")]
        return [(min(x for x, _ in line), max(x for x, _ in line)) for line in lines]


def points(line: ET.Element) -> list[tuple[float, float]]:
    return [(float(a), float(b)) for a, b in (p.split(",") for p in line.get("points", "").split())]


def minutely(of: Series, values: Sequence[float | None], *, ago_min: int = 60, demo: bool = False) -> list[Reading]:
    """One reading in the middle of each minute, from so many minutes ago; None: nothing in that minute."""
    first = (NOW_US // MINUTE_US - ago_min) * MINUTE_US + 30 * SECOND_US
    return [reading(of, first + i * MINUTE_US, v, demo=demo) for i, v in enumerate(values) if v is not None]


def numbers(element: ET.Element, name: str) -> float:
    return float(element.get(name, "nan"))


def all_near(values: Iterable[float], expected: float, within: float = 0.2) -> bool:
    found = list(values)
    return bool(found) and all(abs(value - expected) <= within for value in found)


def tip(glyph: ET.Element) -> tuple[float, float]:
    """The middle point of a ∨ or ∧: the value."""
    found = re.fullmatch(r"M\S+ \S+?L(\S+) (\S+?)L\S+ \S+", glyph.get("d", ""))
    assert found
    return float(found[1]), float(found[2])


def test_heart_rate_dot_lies_at_its_time_and_value() -> None:
    picture = Picture(minutely(HR, [80.0] * 60))
    dots = list(picture.trace("MDC_ECG_HEART_RATE").iter(f"{SVG}circle"))
    assert len(dots) >= 11
    assert all_near((numbers(d, "cy") for d in dots), picture.y("circulation", 80, 0, 240))
    middle_us = NOW_US // (5 * MINUTE_US) * 5 * MINUTE_US - 5 * MINUTE_US + 150 * SECOND_US
    assert any(numbers(d, "cx") == pytest.approx(picture.x(middle_us), abs=0.2) for d in dots)


@pytest.mark.parametrize("hours", [1, 4, 12])
@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Asia/Kathmandu", "America/New_York"])
def test_cuff_pressure_points_at_its_values_at_its_own_time(hours: int, zone: str) -> None:
    at_us = NOW_US - 37 * MINUTE_US - 11 * SECOND_US
    picture = Picture([reading(NIBP_SYS, at_us, 118.0), reading(NIBP_DIA, at_us, 63.0)], hours=hours, zone=zone)
    for code, value in (("MDC_PRESS_BLD_NONINV_SYS", 118.0), ("MDC_PRESS_BLD_NONINV_DIA", 63.0)):
        (glyph,) = picture.trace(code).iter(f"{SVG}path")
        x, y = tip(glyph)
        assert x == pytest.approx(picture.x(at_us), abs=0.5)
        assert y == pytest.approx(picture.y("circulation", value, 0, 240), abs=0.11)


def test_systolic_opens_upwards_and_diastolic_downwards() -> None:
    at_us = NOW_US - 10 * MINUTE_US
    picture = Picture([reading(NIBP_SYS, at_us, 118.0), reading(NIBP_DIA, at_us, 63.0)])
    arms = {}
    for code in ("MDC_PRESS_BLD_NONINV_SYS", "MDC_PRESS_BLD_NONINV_DIA"):
        (glyph,) = picture.trace(code).iter(f"{SVG}path")
        arms[code] = float(glyph.get("d", "").split("L")[0].split()[1]) - tip(glyph)[1]
    assert arms["MDC_PRESS_BLD_NONINV_SYS"] < 0 < arms["MDC_PRESS_BLD_NONINV_DIA"]


def test_no_line_crosses_a_gap_and_the_gap_is_hatched() -> None:
    values: list[float | None] = [72.0] * 20 + [None] * 13 + [75.0] * 27
    picture = Picture(minutely(HR, values))
    gap_us = (NOW_US // MINUTE_US - 40) * MINUTE_US, (NOW_US // MINUTE_US - 27) * MINUTE_US
    left, right = picture.x(gap_us[0]), picture.x(gap_us[1])
    spans = picture.spans("MDC_ECG_HEART_RATE")
    assert len(spans) == 2
    assert all(b <= left + 0.2 or a >= right - 0.2 for a, b in spans)
    assert [a < left - 10 for a, _ in spans] == [True, False]
    hatched = [h for h in picture.hatches() if h[0] == pytest.approx(left, abs=0.1)]
    assert all_near((h[1] for h in hatched), right)
    assert len(hatched) == 2, "in its lane, and in the panel where there is no other signal"
    for mark in picture.trace("MDC_ECG_HEART_RATE").iter(f"{SVG}circle"):
        assert not left < numbers(mark, "cx") < right


def test_a_panel_is_hatched_only_where_all_its_signals_are_missing() -> None:
    readings = minutely(HR, [72.0] * 20 + [None] * 20 + [75.0] * 20) + minutely(TEMP, [36.5] * 30 + [None] * 30)
    high = [h for h in Picture(readings).hatches() if h[2] > 100]
    picture = Picture(readings)
    start_us = (NOW_US // MINUTE_US - 30) * MINUTE_US
    (left, right, _), *others = high
    assert not others
    assert (left, right) == pytest.approx((picture.x(start_us), picture.x(start_us + 10 * MINUTE_US)), abs=0.1)


def test_a_panel_is_lost_also_where_a_signal_has_not_begun_yet() -> None:
    readings = minutely(HR, [72.0] * 20 + [None] * 20 + [75.0] * 20) + minutely(TEMP, [36.5] * 25, ago_min=25)
    picture = Picture(readings)
    ((left, right),) = [(a, b) for a, b, height in picture.hatches() if height > 100]
    start_us = (NOW_US // MINUTE_US - 40) * MINUTE_US
    assert (left, right) == pytest.approx((picture.x(start_us), picture.x(start_us + 15 * MINUTE_US)), abs=0.1)


def test_a_single_missing_minute_is_a_gap() -> None:
    picture = Picture(minutely(SPO2, [97.0] * 30 + [None] + [97.0] * 29))
    assert len(picture.spans("MDC_PULS_OXIM_SAT_O2")) == 2
    width = picture.x(NOW_US) - picture.x(NOW_US - MINUTE_US)
    assert {round(b - a, 1) for a, b, _ in picture.hatches()} == {round(width, 1)}


def test_a_lone_minute_between_gaps_is_drawn() -> None:
    picture = Picture(minutely(SPO2, [97.0] * 10 + [None, 93.0, None] + [97.0] * 47))
    assert len(picture.spans("MDC_PULS_OXIM_SAT_O2")) == 3


def test_what_went_silent_is_hatched_up_to_now_and_not_beyond() -> None:
    picture = Picture(minutely(HR, [72.0] * 45))
    left = picture.x((NOW_US // MINUTE_US - 15) * MINUTE_US)
    assert all_near((a for a, _, _ in picture.hatches()), left)
    assert all_near((b for _, b, _ in picture.hatches()), picture.x(NOW_US))


def test_before_its_first_reading_nothing_is_missing() -> None:
    assert Picture(minutely(HR, [72.0] * 60)).hatches() == []


def test_a_gap_that_began_before_the_chart_is_hatched_from_its_left_edge() -> None:
    old = minutely(HR, [72.0] * 5, ago_min=100)
    picture = Picture(old + minutely(HR, [72.0] * 20, ago_min=20), hours=1)
    start = picture.x(picture.chart.start_us)
    assert {round(a) for a, _, _ in picture.hatches()} == {round(start)}


def test_cuffs_further_apart_than_six_minutes_leave_a_gap_between_them() -> None:
    times = [NOW_US - ago * MINUTE_US for ago in (23, 18, 13, 5, 1)]
    picture = Picture([reading(NIBP_SYS, t, 120.0) for t in times])
    assert [(round(a), round(b)) for a, b, _ in picture.hatches()] == [
        (round(picture.x(times[2])), round(picture.x(times[3])))
    ]


def test_temperature_lies_on_its_own_scale_in_either_unit() -> None:
    fahrenheit = series("MDC_TEMP_NASOPH", "[degF]", "other")
    for readings in (minutely(TEMP, [35.0] * 60), minutely(fahrenheit, [95.0] * 60)):
        picture = Picture(readings)
        (line,) = picture.trace("MDC_TEMP_NASOPH").iter(f"{SVG}polyline")
        assert all_near((y for _, y in points(line)), picture.y("circulation", 35.0, 20, 40, right=True))


@pytest.mark.parametrize(("unit", "value", "high"), [("mm[Hg]", 40.0, 80), ("kPa", 5.3328, 80), ("%", 6.0, 12)])
def test_end_tidal_co2_lies_on_the_scale_of_its_unit(unit: str, value: float, high: float) -> None:
    picture = Picture(minutely(series("MDC_CONC_AWAY_CO2_ET", unit), [value] * 60))
    (line,) = picture.trace("MDC_CONC_AWAY_CO2_ET").iter(f"{SVG}polyline")
    assert all_near((y for _, y in points(line)), picture.y("breathing", high / 2, 0, high, right=True))


def test_of_a_device_that_gives_several_units_one_is_drawn() -> None:
    values = {"%": 5.0, "kPa": 4.8, "mm[Hg]": 36.0}
    picture = Picture(
        [r for unit, v in values.items() for r in minutely(series("MDC_CONC_AWAY_CO2_ET", unit, source=unit), [v] * 60)]
    )
    (line,) = picture.trace("MDC_CONC_AWAY_CO2_ET").iter(f"{SVG}polyline")
    assert all_near((y for _, y in points(line)), picture.y("breathing", 36, 0, 80, right=True))


def test_beyond_the_scale_says_the_number_and_stays_in_the_panel() -> None:
    at_us = NOW_US - 10 * MINUTE_US
    picture = Picture([reading(NIBP_SYS, at_us, 262.0)])
    group = picture.trace("MDC_PRESS_BLD_NONINV_SYS")
    assert "▲262" in [text for text, _, _ in picture.texts(group)]
    (glyph,) = group.iter(f"{SVG}path")
    assert tip(glyph)[1] == pytest.approx(picture.y("circulation", 240, 0, 240), abs=0.11)


def test_questionable_is_hollow_with_a_question_mark_and_in_no_line() -> None:
    readings = minutely(HR, [72.0] * 60)
    at = 30
    readings[at] = reading(HR, readings[at].time_us, 190.0, Quality.QUESTIONABLE)
    cuff_us = NOW_US - 10 * MINUTE_US
    picture = Picture([*readings, reading(NIBP_SYS, cuff_us, 150.0, Quality.QUESTIONABLE)])
    assert len(picture.spans("MDC_ECG_HEART_RATE")) == 2
    drawn = [y for line in picture.trace("MDC_ECG_HEART_RATE").iter(f"{SVG}polyline") for _, y in points(line)]
    assert min(drawn) > picture.y("circulation", 80, 0, 240)
    group = picture.trace("MDC_PRESS_BLD_NONINV_SYS")
    assert [text for text, _, _ in picture.texts(group)] == ["?"]
    (glyph,) = group.iter(f"{SVG}path")
    assert glyph.get("stroke-dasharray")


@pytest.mark.parametrize("quality", [q for q in Quality if q not in (Quality.VALID, Quality.QUESTIONABLE)])
def test_what_is_not_valid_is_not_drawn(quality: Quality) -> None:
    assert "data-code" not in Picture([reading(NIBP_SYS, NOW_US - MINUTE_US, 150.0, quality)]).text


def test_numbers_are_real_readings_the_lower_median_of_their_cell() -> None:
    values = [90.0, 91.0, 99.0, 97.0, 96.0, 92.0, 93.0, 94.0, 95.0, 98.0]
    cell_us = NOW_US // (10 * MINUTE_US) * 10 * MINUTE_US - 20 * MINUTE_US
    picture = Picture([reading(SPO2, cell_us + i * MINUTE_US, v) for i, v in enumerate(values)])
    row = picture.row("MDC_PULS_OXIM_SAT_O2")
    written = [(text, x) for text, x, _ in picture.texts(row) if text not in {"SpO₂", "%"}]
    ((text, x),) = written
    assert text == f"{sorted(values)[4]:.0f}"
    assert x == pytest.approx(picture.x(cell_us + 5 * MINUTE_US), abs=0.2)


def test_pulse_is_drawn_only_where_there_is_no_heart_rate_from_ecg() -> None:
    pulse = series("MDC_PULS_OXIM_PULS_RATE", "/min", "a monitor")
    both = Picture(minutely(HR, [70.0] * 50, ago_min=50) + minutely(pulse, [71.0] * 60))
    assert 'data-code="MDC_PULS_OXIM_PULS_RATE"' not in both.text
    alone = Picture(minutely(pulse, [71.0] * 60))
    assert 'data-code="MDC_PULS_OXIM_PULS_RATE"' in alone.text
    assert "PR" in [text for text, _, _ in alone.texts()], "a pulse is not called a heart rate"


def test_demo_data_carry_the_watermark_and_others_do_not() -> None:
    demo = Picture(minutely(HR, [72.0] * 60, demo=True))
    marks = [t for t in demo.root.iter(f"{SVG}text") if t.text == "演示 DEMO"]
    assert {t.get("transform") is not None for t in marks} == {True, False}
    assert "DEMO" not in Picture(minutely(HR, [72.0] * 60)).text


def test_names_from_a_device_cannot_break_out() -> None:
    bad = series("MDC_PULS_OXIM_SAT_O2", "%", '"><script>alert(1)</script>', site="<b>")
    picture = Picture(minutely(bad, [97.0] * 60))
    assert not list(picture.root.iter(f"{SVG}script"))
    assert not list(picture.root.iter(f"{SVG}b"))


def test_nothing_comes_from_outside_and_no_style_sheet_is_needed() -> None:
    text = Picture(minutely(HR, [72.0] * 60)).text
    assert re.findall(r"https?://[^\"]+", text) == ["http://www.w3.org/2000/svg"]
    assert "<style" not in text
    assert "style=" not in text


def test_an_empty_chart_says_so() -> None:
    assert "该时段没有数据" in Picture([]).text
    assert "No data in this period" in Picture([], lang=Lang.EN).text


def test_a_whole_case_has_every_curve_within_its_panel() -> None:
    store = Store()
    Theatre(store, NOW_US, hours=2).history(NOW_US, step_s=60)
    picture = Picture(store.readings)
    for panel, low, high in (("circulation", 0, 240), ("breathing", 60, 100)):
        top, bottom = picture.y(panel, high, low, high), picture.y(panel, low, low, high)
        group = next(g for g in picture.root.iter(f"{SVG}g") if g.get("data-panel") == panel)
        drawn = [xy for line in group.iter(f"{SVG}polyline") for xy in points(line)]
        assert len(drawn) > 200
        assert all(top - 0.2 <= y <= bottom + 0.2 for _, y in drawn)
