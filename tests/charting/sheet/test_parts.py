"""The parts that pages are made of: time axis, text, symbols."""

from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charting.sheet.columns import MINUTE_US, Span, day_start, grid, paged
from charting.sheet.scene import Scene
from charting.sheet.signals import signal
from charting.sheet.symbols import symbols
from charting.sheet.text import short, width, wrap
from charting.trail.contents import Patient
from collector.errors import UsageError
from tests.charting.sheet.data import START_US, anaesthetic, at, template

SHANGHAI = ZoneInfo("Asia/Shanghai")
STEP_US = 5 * MINUTE_US


@settings(deadline=None)
@given(
    minutes=st.integers(0, 2000),
    start=st.integers(0, 59),
    spans=st.lists(st.tuples(st.integers(0, 2000), st.integers(1, 90)), max_size=4),
    centred=st.booleans(),
)
def test_time_goes_on_over_the_pages_and_never_back(
    minutes: int, start: int, spans: list[tuple[int, int]], centred: bool
) -> None:
    closer = [Span(start_us=at(0, a), end_us=at(0, a + long), step_us=MINUTE_US) for a, long in spans]
    marks = grid(at(0, start), at(0, start + minutes), STEP_US, SHANGHAI, closer)
    pages = paged(marks, 48, STEP_US, left=100, width=480, centred=centred, spans=closer)
    assert [m for page in pages for m in page.marks][: len(marks)] == marks
    assert {len(page.marks) for page in pages} == {48}
    for before, after in pairwise(pages):
        assert before.end_us == after.start_us
    for page in pages:
        for n, mark in enumerate(page.marks):
            assert page.x(mark) == pytest.approx(page.centre(n) if centred else 100 + 10 * n)
            assert page.column(mark) == n
        times = range(page.start_us, page.end_us, 37 * MINUTE_US)
        xs = [page.x(time) for time in times]
        assert xs == sorted(xs)
        assert min(xs) >= 100
        assert max(xs) <= 580
        assert {n for n, m in enumerate(page.marks) if any(s.start_us <= m < s.end_us for s in closer)} == page.close


def test_marks_are_whole_steps_of_local_time() -> None:
    kolkata = ZoneInfo("Asia/Kolkata")  # half an hour off
    hour_us = 60 * MINUTE_US
    assert grid(START_US + 7 * MINUTE_US, START_US + 65 * MINUTE_US, hour_us, kolkata) == [
        START_US - 30 * MINUTE_US, START_US + 30 * MINUTE_US,
    ]  # fmt: skip
    assert grid(START_US + 7 * MINUTE_US, START_US + 65 * MINUTE_US, hour_us, SHANGHAI) == [
        START_US,
        START_US + hour_us,
    ]


def test_a_ward_day_begins_at_its_hour() -> None:
    assert day_start(at(0), 7, SHANGHAI) == at(-1)
    assert day_start(at(0), 8, SHANGHAI) == at(0)
    assert day_start(at(0), 9, SHANGHAI) == at(-23)


@settings(deadline=None)
@given(text=st.text(alphabet="abc 中文，。（x1 9%", max_size=80), em=st.floats(2, 30))
def test_wrapped_lines_fit_and_say_the_same(text: str, em: float) -> None:
    lines = wrap(text, em)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    for line in lines:
        assert width(line) <= em + 1e-6 or len(line) <= 3


@settings(deadline=None)
@given(text=st.text(alphabet="abc 中文x1", max_size=40), em=st.floats(1, 30))
def test_shortened_text_fits(text: str, em: float) -> None:
    shown = short(text, em)
    assert shown == text or (shown.endswith("…") and width(shown) <= em + 1e-6)
    assert (shown == text) == (width(text) <= em)


def test_a_site_puts_its_symbols_over_ours(tmp_path: Path) -> None:
    file = tmp_path / "symbols.csv"
    file.write_text(
        "kind,key,glyph,manual,colour,axis,line,row\nsignal,hr,cross,,#000000,left,,\nbreathing,controlled,crossed_ring,,,,,\n",
        encoding="utf-8",
    )
    found = symbols(file)
    assert (found.signals["hr"].glyph, found.signals["hr"].line) == ("cross", False)
    assert found.breathing["controlled"].glyph == "crossed_ring"
    assert found.signals["nibp_sys"] == symbols().signals["nibp_sys"]


def test_each_wrong_row_of_a_table_is_told(tmp_path: Path) -> None:
    file = tmp_path / "symbols.csv"
    file.write_text(
        "kind,key,glyph,manual,colour,axis,line,row\nsignal,hr,heart,,,left,,\nsound,hr,dot,,,,,\nsignal,rr,dot,,red,up,,\n",
        encoding="utf-8",
    )
    with pytest.raises(UsageError) as caught:
        symbols(file)
    assert [reason.split(":")[0] for reason in caught.value.reasons] == [f"symbols.csv, line {n}" for n in (2, 3, 4)]
    with pytest.raises(UsageError, match="cannot be read"):
        symbols(tmp_path / "none.csv")
    file.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(UsageError, match="columns"):
        symbols(file)


@pytest.mark.parametrize(
    ("born", "expected"),
    [
        ("1958-03-14", "68 岁"), ("2023-11-25", "3 岁"), ("2023-11-27", "2 岁 11 月"), ("2026-10-26", "1 月"),
        ("2026-11-20", "6 天"), ("", "约 40 岁"), ("不详", "约 40 岁"),
    ],
)  # fmt: skip
def test_ages_are_years_months_or_days(born: str, expected: str) -> None:
    case = anaesthetic(1)
    scene = Scene(
        case=case,
        document=next(iter(case.documents.values())),
        template=template(),
        lang="zh",
        zone=SHANGHAI,
        names={},
        now_us=at(1),
        site="",
        symbols=symbols(),
    )
    assert scene.age(Patient(birth_date=born, age="约 40 岁")) == expected


def test_behind_a_closer_grid_the_page_goes_on_with_whole_steps() -> None:
    closer = [Span(start_us=4 * MINUTE_US, end_us=8 * MINUTE_US, step_us=MINUTE_US)]
    marks = grid(0, 7 * MINUTE_US, STEP_US, ZoneInfo("Asia/Shanghai"), closer)
    (page,) = paged(marks, 10, STEP_US, left=100, width=480, centred=True, spans=closer)
    assert [m // MINUTE_US for m in page.marks] == [0, 4, 5, 6, 7, 10, 15, 20, 25, 30]


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("hr", 66.5, "67"),
        ("hr", 67.5, "68"),
        ("cvp", -2.5, "-3"),
        ("cvp", -0.4, "0"),
        ("temp", 36.45, "36.5"),
        ("temp", 36.25, "36.3"),
        ("ie", 0.125, "0.13"),
        ("hr", 66.49999, "66"),
        ("vt", 1200, "1200"),
    ],
)
def test_halves_are_rounded_away_from_zero(name: str, value: float, told: str) -> None:
    assert signal(name).written(value) == told
