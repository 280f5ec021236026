"""Charts as drawings: what is where, and what it says and leads to."""

import re
from xml.etree import ElementTree as ET

import pytest

from charting.reports.canvas import MILD, Chart, nice
from charting.reports.charts import Bar, Point, Spread, bars, funnel, histogram, run_chart, spreads, written
from charting.sheet.text import width

SVG = "{http://www.w3.org/2000/svg}"
SHAPES = {"path", "rect", "circle", "g", "a", "text", "tspan", "title", "svg"}
NEVER = ("style", "onclick", "class")


def drawn(chart: Chart) -> ET.Element:
    """As XML, and only with what every reader draws and a strict page lets in."""
    root = ET.fromstring(chart.svg())
    for element in root.iter():
        assert element.tag.removeprefix(SVG) in SHAPES
        assert element is root or not set(NEVER) & set(element.attrib)
    return root


def titles(root: ET.Element) -> list[str]:
    return [element.text or "" for element in root.iter(f"{SVG}title")]


def months(*counts: tuple[int, int]) -> list[Point]:
    return [Point(name=f"{m:02d}", n=n, d=d, href=f"/q?month={m}&side=n") for m, (n, d) in enumerate(counts, 1)]


def text_of(root: ET.Element) -> str:
    return " ".join("".join(element.itertext()) for element in root.iter(f"{SVG}text"))


def test_a_month_says_its_counts_and_leads_to_its_cases() -> None:
    chart = run_chart(months((1, 4), (0, 0), (3, 6)), title="低体温", below="患者", times=100, lang="zh")
    root = drawn(chart)
    assert titles(root) == ["01: 1/4 = 25.0 %", "03: 3/6 = 50.0 %"]
    assert [a.get("href") for a in root.iter(f"{SVG}a")] == ["/q?month=1&side=n", "/q?month=3&side=n"]
    assert "中位数 37.5 %" in text_of(root)
    assert "–" in text_of(root)


def test_higher_rates_stand_higher_and_a_month_without_cases_breaks_the_line() -> None:
    root = drawn(run_chart(months((1, 4), (2, 4), (0, 0), (3, 4)), title="t", below="", times=100, lang="en"))
    heights = [float(c.get("cy", "")) for c in root.iter(f"{SVG}circle")]
    assert heights == sorted(heights, reverse=True)
    assert len(heights) == 3
    (line,) = [p.get("d", "") for p in root.iter(f"{SVG}path") if p.get("stroke") == MILD]
    assert (line.count("M"), line.count("L")) == (2, 1)


def test_what_is_not_chance_is_ringed_and_said() -> None:
    counts = [(10, 100), (11, 100), (12, 100), (10, 100), (11, 100), (12, 100),
              (30, 100), (31, 100), (32, 100), (30, 100), (31, 100), (33, 100)]  # fmt: skip
    root = drawn(run_chart(months(*counts), title="t", below="", times=100, lang="en"))
    assert len([c for c in root.iter(f"{SVG}circle") if c.get("fill") == "none"]) == 12
    assert "6 points in a row on one side of the median: a special cause is likely" in text_of(root)


def test_a_group_outside_the_limits_is_marked_by_its_shape_and_says_so() -> None:
    groups = [Point(name="A", n=100, d=1000), Point(name="B", n=50, d=500), Point(name="C", n=30, d=100)]
    root = drawn(funnel(groups, title="t", below="", times=1000, lang="en"))
    said = titles(root)
    assert "C: 30/100 = 300.0 ‰ · outside the 99.8 % limits" in said
    assert "B: 50/500 = 100.0 ‰" in said
    assert {"A", "B", "C"} <= set(text_of(root).split())
    assert "all groups 112.5 ‰" in text_of(root)
    squares = [p for p in root.iter(f"{SVG}path") if p.get("d", "").endswith("h18v18h-18z")]
    assert len(squares) == 2, "its own, and that of the legend"


def test_a_bar_of_a_histogram_stands_between_its_edges() -> None:
    found = [Bar(name="0–1", value=3, href="/a"), Bar(name="1–2", value=6), Bar(name="2–3", value=0)]
    root = drawn(histogram(found, [0, 1, 2, 3], title="t", below="", unit="°C", lang="en", lines=[(1, "1.0")]))
    columns = [r for r in root.iter(f"{SVG}rect") if r.get("fill") != "none"]
    lefts = [float(r.get("x", "")) for r in columns]
    heights = [float(r.get("height", "")) for r in columns]
    assert heights[0] * 2 == pytest.approx(heights[1], abs=0.2)
    assert heights[2] == 0
    (line,) = [p.get("d", "") for p in root.iter(f"{SVG}path") if p.get("stroke-dasharray")]
    at = float(re.findall(r"M([\d.]+)", line)[0])
    assert lefts[0] < at < lefts[1] + 2
    assert titles(root) == ["0–1: 3", "1–2: 6", "2–3: 0"]


def test_a_histogram_holds_its_last_edge_whole_and_its_highest_number_clear_of_the_lines_name() -> None:
    found = [Bar(name=f"{n}", value=value) for n, value in enumerate((2, 8, 1))]
    chart = histogram(
        found, [36.5, 36.75, 37, 37.25], title="t", below="b", unit="°C", lang="en", lines=[(36.75, "36.0 °C")]
    )
    said = {"".join(e.itertext()): e for e in drawn(chart).iter(f"{SVG}text")}
    last, highest, name = said["37.25"], said["8"], said["36.0 °C"]
    assert float(last.get("x", "")) + width("37.25") * float(last.get("font-size", "")) / 2 <= chart.wide
    assert float(name.get("y", "")) <= float(highest.get("y", "")) - float(highest.get("font-size", ""))


def test_bars_are_as_long_as_what_they_say() -> None:
    root = drawn(bars([Bar(name="a", value=1, text="1 (20 %)"), Bar(name="b", value=4, text="4 (80 %)")], title="t",
                      below="", lang="zh"))  # fmt: skip
    wide = [float(r.get("width", "")) for r in root.iter(f"{SVG}rect")]
    assert wide[0] * 4 == pytest.approx(wide[1], abs=0.5)


def test_a_room_whose_median_is_under_the_line_stands_out() -> None:
    rooms = [Spread(name="OR-1", low=18, q1=19, middle=20.9, q3=21.5, high=22, n=4),
             Spread(name="OR-2", low=20, q1=20.5, middle=21.0, q3=22, high=23, n=5)]  # fmt: skip
    root = drawn(spreads(rooms, title="t", below="", unit="°C", lang="en", lines=[(21.0, "21 °C")]))
    bold = [e.text for e in root.iter(f"{SVG}text") if e.get("font-weight")]
    assert "OR-1 (4)" in bold
    assert "OR-2 (5)" not in bold


@pytest.mark.parametrize(("lang", "word"), [("zh", "无数据"), ("en", "no data")])
def test_nothing_is_said_to_be_nothing(lang: str, word: str) -> None:
    for chart in (
        run_chart(months((0, 0)), title="t", below="", times=1, lang=lang),
        funnel([Point(name="a", n=0, d=0)], title="t", below="", times=1, lang=lang),
        histogram([], [0, 1], title="t", below="", unit="", lang=lang),
        bars([], title="t", below="", lang=lang),
        spreads([], title="t", below="", unit="", lang=lang),
    ):
        assert word in text_of(drawn(chart))


def test_names_from_outside_cannot_break_the_drawing() -> None:
    point = Point(name='<b>"&', n=1, d=2, href='/q?a="&b=<')
    root = drawn(funnel([point], title='<"&', below="<", times=100, lang="en"))
    (link,) = root.iter(f"{SVG}a")
    assert link.get("href") == '/q?a="&b=<'
    assert root.get("aria-label") == '<"&'


def test_ticks_are_round_and_reach_the_largest() -> None:
    assert list(nice(23)) == [0, 5, 10, 15, 20, 25]
    assert list(nice(1)) == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1.0])
    assert list(nice(0)) == [0, 1]


def test_a_rate_is_written_with_the_sign_of_its_multiplier() -> None:
    assert [written(v, t) for v, t in ((12.345, 100.0), (0.456, 1000.0), (3.0, 10_000.0), (1.5, 1.0))] == [
        "12.3 %", "0.46 ‰", "3.00 ‱", "1.50",
    ]  # fmt: skip
