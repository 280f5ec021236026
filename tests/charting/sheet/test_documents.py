"""Flowsheets, forms, drafts, and records that are long, full or odd."""

import re
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest

from charting.case.state import Case, cell_item
from charting.fill.types import Cause, Cell, CellState, Excursion, Gap
from charting.library.library import Libraries
from charting.sheet.sheet import pages
from charting.sheet.symbols import mark, symbols
from charting.templates.template import Field, Grid, Section
from charting.trail.contents import (
    Answer,
    Bolus,
    Breathing,
    Charted,
    Event,
    Infusion,
    Patient,
    Rate,
    Remark,
    Score,
    Volume,
)
from charting.trail.entries import SYSTEM, Closed, Discarded, Filled, Moved, Opened, Returned, Signed, Started
from tests.charting.sheet.data import (
    DOCUMENT,
    Book,
    anaesthetic,
    at,
    cell,
    icu,
    template,
    term,
    visit,
)
from tests.charting.sheet.drawn import SVG, Scale, draw, start, texts, whole, with_data
from tests.charting.sheet.test_record import hits

SHEET = template(step_s=3600)


def numbers(page: ET.Element, label: str) -> list[str]:
    """The numbers of a row, from left to right, and its total last."""
    found = texts(page)
    left = float(page.get("data-left", ""))
    (name,) = (t for t in found if t.text == label and t.left < left)
    return [t.text for t in sorted(found, key=lambda t: t.left) if abs(t.y - name.y) < 12 and t.left > left - 5]


def test_a_flowsheet_has_a_day_a_page_and_begins_when_the_wards_day_does() -> None:
    first, second, close = draw(icu(), SHEET, now_us=at(31))
    assert [Scale(p).marks[0] for p in (first, second)] == [at(-1), at(23)]
    assert len(Scale(first).marks) == 24
    assert "15 分钟观察" in whole([close])
    assert numbers(first, "血氧饱和度")[:2] == ["99", "99"]


def test_running_totals_are_sums_of_what_stands_above_them() -> None:
    first = draw(icu(), SHEET, now_us=at(31))[0]
    into = [80] * 24
    out = [45 + hour % 5 * 10 + (60 if hour % 4 == 0 else 0) for hour in range(-1, 23)]
    assert numbers(first, "累计入量") == [*(str(sum(into[: n + 1])) for n in range(24)), str(sum(into))]
    assert numbers(first, "累计出量") == [*(str(sum(out[: n + 1])) for n in range(24)), str(sum(out))]
    assert numbers(first, "平衡")[-1] == f"{sum(into) - sum(out):+d}"
    assert f"总出量 {sum(out)} mL" in whole([first])


@pytest.mark.parametrize("end", ["now", "moved", "away", "closed"])
def test_running_totals_are_blank_while_the_patient_was_not_there(end: str) -> None:
    book = Book()
    book.add(at(2), "zhaoy", Opened(bed="OR-01", area="or", at_us=at(2), patient=Patient(name="欧阳建国")))
    book.add(at(2), "zhaoy", Started(document=DOCUMENT, template="icu_flowsheet", version="1.0.0", start_us=at(2)))
    book.add(at(5.3), "zhaoy", Moved(bed="ICU-06", area="icu", at_us=at(5.3)))
    book.put("in", Volume(way="in", group="crystalloid", what="盐水", ml=80, start_us=at(7.1)))
    if end in {"moved", "away"}:
        book.add(at(9.5), "zhaoy", Moved(bed="W-1", area="ward", at_us=at(9.5)))
    if end == "away":
        book.add(at(14.2), "zhaoy", Moved(bed="ICU-06", area="icu", at_us=at(14.2)))
    if end == "closed":
        book.add(at(9.5), "zhaoy", Closed(at_us=at(9.5)))
    now_us = at(9.5) if end == "now" else at(18)
    (first, *_) = draw(book.case(), replace(SHEET, grid=Grid(step_s=3600, areas=("icu",))), now_us=now_us)
    left, wide = float(first.get("data-left", "")), float(first.get("data-column", ""))
    found = texts(first)
    (name,) = (t for t in found if t.text == "平衡" and t.left < left)
    standing = [t for t in found if abs(t.y - name.y) < 12 and left < t.left < left + 24 * wide]
    by_column = {int((t.middle - left) / wide): t.text for t in standing}
    again = dict.fromkeys(range(15, 19), "+80") if end == "away" else {}
    assert by_column == {6: "+0", 7: "+0", 8: "+80", 9: "+80", 10: "+80", **again}  # 13 to 17, the day begins at 7


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_foot_says_how_values_of_its_grid_are_chosen(lang: str) -> None:
    hourly, record = whole(draw(icu(1, close=False), SHEET, lang=lang)), whole(draw(book_of(1).case(), lang=lang))
    window, before, hour = {
        "zh": (
            "2.5 分钟",
            "体温取标记前 5 分钟内最后有效值",
            "体温取标记前 15 分钟内最后有效值，无则取其后 15 分钟内最早值",
        ),
        "en": (
            "2.5 min",
            "temperature: last valid of 5 min before",
            "last valid of 15 min before, else first of 15 min after",
        ),
    }[lang]
    assert window in hourly
    assert hour in hourly
    assert window in record
    assert before in record
    assert before not in hourly
    assert {"zh": "缺失留空，不插补", "en": "missing stays blank"}[lang] in hourly


def test_values_between_the_hours_stand_on_a_page_of_their_own() -> None:
    with_close, without = draw(icu(), SHEET, now_us=at(31)), draw(icu(close=False), SHEET, now_us=at(31))
    assert len(with_close) == len(without) + 1
    (value,) = (e for e in with_data(with_close[2], "item", f"hr@{at(3, 15)}") if e.tag == f"{SVG}text")
    assert "".join(value.itertext()).isdigit()
    for page in with_close:
        assert not hits([t for t in texts(page) if not t.watermark])


def test_scores_and_handovers_are_shown() -> None:
    said = whole(draw(icu(), SHEET, now_us=at(31)))
    assert "RASS" in said
    assert "交班给 周敏" in said
    first = draw(icu(), SHEET, now_us=at(31))[0]
    marked = [e.get("d", "") for e in first.iter(f"{SVG}path") if e.get("stroke-dasharray") == "9 7"]
    scale = Scale(first)
    assert marked
    for drawn in marked:
        columns = [float(x) for x in re.findall(r"M([\d.]+) ", drawn)]
        assert columns == [pytest.approx(scale.left + scale.column * hours, abs=0.1) for hours in (9, 17)]
    ticks = [start(e.get("d", ""))[0] for e in first.iter(f"{SVG}path") if "l-5 -7h10z" in e.get("d", "")]
    assert ticks == [pytest.approx(scale.left + scale.column * 9, abs=0.1)] * 2


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_form_shows_questions_answers_and_what_is_required(lang: str) -> None:
    case = visit()
    case.identities[-1] = replace(case.patient, allergies="磺胺")
    (page,) = draw(case, template("form"), lang=lang)
    said = whole([page])
    assert "磺胺" in said
    assert ("禁食（固体）" if lang == "zh" else "Fasting (solids)") in said
    assert "6.5 h" in said
    assert ("优" if lang == "zh" else "good") in said
    assert said.count("氨氯地平") == 6
    assert '<无> & "过敏"。' in said
    assert ("必填" if lang == "zh" else "required") in said
    assert not hits([t for t in texts(page) if not t.watermark])


def test_a_long_answer_goes_on_over_pages_and_loses_nothing() -> None:
    book = Book()
    book.entries = []
    words = [f"第{n}句。" for n in range(1500)]
    opened = visit()
    book.add(at(-8), "wangf", Opened(bed="OR-03", area="or", at_us=at(-8), patient=opened.patient))
    book.add(at(-8), "wangf", Started(document=DOCUMENT, template="preop_visit", version="1.0.0", start_us=at(-8)))
    book.put("field:special", Answer(field="special", value="".join(words)))
    drawn = draw(book.case(), template("form"))
    assert len(drawn) > 1
    joined = whole(drawn).replace("\n", "")
    for word in (words[0], words[700], words[-1]):
        assert word in joined


def marks_of(case: Case) -> set[str]:
    return {t.text for page in draw(case) for t in texts(page) if t.watermark}


def test_what_is_no_finished_record_says_so_across_the_page() -> None:
    assert marks_of(anaesthetic(2)) == set()
    assert marks_of(anaesthetic(2, signed=False)) == {"草稿 DRAFT"}
    assert marks_of(anaesthetic(2, signed=False, demo=True)) == {"草稿 DRAFT", "演示 DEMO"}
    case = anaesthetic(2)
    case.state = "discarded"
    assert marks_of(case) == {"作废 VOID"}


def book_of(hours: float) -> Book:
    book = Book()
    patient = visit().patient
    book.add(at(0), "wangf", Opened(bed="OR-03", area="or", at_us=at(0), patient=patient))
    book.add(at(0), "wangf", Started(document=DOCUMENT, template="anaesthesia_record", version="1.0.0", start_us=at(0)))
    cells = tuple(cell("hr", at(0, 5 * n), 70, "/min") for n in range(int(hours * 12)))
    book.add(
        at(0),
        "vitalsd",
        Filled(document=DOCUMENT, since_us=at(0), until_us=at(hours), cells=cells, gaps=(), excursions=()),
    )
    return book


@pytest.mark.parametrize(("hours", "expected"), [(0.5, 1), (4, 1), (12, 3), (30, 8)])
def test_four_hours_fill_a_page(hours: float, expected: int) -> None:
    assert len(draw(book_of(hours).case(), now_us=at(hours))) == expected


def test_more_drugs_than_a_page_holds_go_on_to_another_page_of_the_same_hours() -> None:
    book = book_of(3)
    for n in range(90):
        drug = term(f"D{n}", f"药物{n:03}号", f"Drug {n:03}")
        book.put(f"b{n}", Bolus(drug=drug, dose=n + 1, unit="mg", route="iv", at_us=at(0, n)))
    drawn = draw(book.case(), now_us=at(3))
    said = whole(drawn)
    for n in range(90):
        assert said.count(f"药物{n:03}号 静注") == 1
        assert len([e for page in drawn for e in with_data(page, "item", f"b{n}")]) == 1
    assert "同一时段续页" in said
    for page in drawn:
        assert not hits([t for t in texts(page) if not t.watermark])


def test_more_rows_than_a_flowsheets_page_holds_go_on_too() -> None:
    book = Book()
    book.add(at(-1), "zhaoy", Opened(bed="ICU-06", area="icu", at_us=at(-1), patient=visit().patient))
    book.add(at(-1), "zhaoy", Started(document=DOCUMENT, template="icu_flowsheet", version="1.0.0", start_us=at(-1)))
    for n in range(120):
        book.put(
            f"v{n}",
            Volume(way="out" if n % 2 else "in", group="drain", what=f"第{n:03}管", ml=n + 1, start_us=at(0, n)),
        )
    for n in range(40):
        book.put(
            f"b{n}", Bolus(drug=term(f"D{n}", f"药物{n:03}", ""), dose=n + 1, unit="mg", route="iv", at_us=at(0, n))
        )
    drawn = draw(book.case(), SHEET, now_us=at(5))
    grids = whole([page for page in drawn if page.get("data-marks")])
    for name in [*(f"第{n:03}管" for n in range(120)), *(f"药物{n:03} 静注" for n in range(40))]:
        assert grids.count(name) == 1, name
    for page in drawn:
        assert not hits([t for t in texts(page) if not t.watermark])


def test_scores_stand_on_a_record_of_any_grid() -> None:
    book = book_of(1)
    book.put("s1", Score(scale="Steward", at_us=at(0, 40), parts={"a": 4}, total=4))
    (page,) = (p for p in draw(book.case(), now_us=at(1)) if p.get("data-marks"))
    (score,) = with_data(page, "item", "s1")
    assert "".join(score.itertext()) == "4"


def test_each_transfusion_is_listed_with_the_reaction() -> None:
    book = book_of(1)
    for n, reaction in enumerate(("", "皮疹")):
        blood = Volume(
            way="in",
            group="blood",
            what="红细胞悬液",
            ml=200,
            start_us=at(0, 10 * n),
            end_us=at(0, 10 * n + 9),
            reaction=reaction,
        )
        book.put(f"v{n}", blood)
    lines = whole(draw(book.case(), now_us=at(1))).split("\n")
    first = lines.index("08:00–08:09")
    assert lines[first : first + 8] == [
        "08:00–08:09",
        "红细胞悬液",
        "200 mL",
        "未记录",
        "08:10–08:19",
        "红细胞悬液",
        "200 mL",
        "皮疹",
    ]


def test_doses_too_close_to_write_are_listed_in_full() -> None:
    book = book_of(1)
    for n in range(6):
        drug = term("EPI", "肾上腺素", "Adrenaline")
        book.put(f"b{n}", Bolus(drug=drug, dose=100.5 + n, unit="ug", route="iv", at_us=at(0, 30 + n / 4)))
    book.put("later", Bolus(drug=drug, dose=20, unit="ug", route="iv", at_us=at(0, 40)))
    drawn = draw(book.case(), now_us=at(1))
    (line,) = (t.text for t in texts(drawn[-1]) if t.text.startswith("肾上腺素"))
    assert [f"{100.5 + n:g}" in line for n in range(6)] == [True] * 6


def test_many_long_remarks_are_all_told() -> None:
    book = book_of(2)
    for n in range(60):
        note = f"记录{n:02}：" + "处理经过描述" * 12 + f"完{n:02}"
        book.put(f"n{n}", Event(key="note", at_us=at(0, n), note=note), document="", at_us=at(0, n))
    drawn = draw(book.case(), now_us=at(2))
    joined = re.sub(r"\s", "", whole(drawn))
    for n in range(60):
        assert joined.count(f"记录{n:02}：") == 1
        assert joined.count(f"完{n:02}") == 1
    for page in drawn:
        assert not hits([t for t in texts(page) if not t.watermark])


def test_more_events_than_the_axis_holds_are_in_the_list() -> None:
    book = book_of(4)
    for n in range(150):
        book.put(
            f"n{n}",
            Event(key="note", at_us=at(3, 40) + n * 1_000_000, note=f"事{n:03}。"),
            document="",
            at_us=at(3, 40),
        )
    drawn = draw(book.case(), now_us=at(4))
    said = whole(drawn)
    assert [said.count(f"事{n:03}。") for n in range(150)] == [1] * 150
    for page in drawn:
        assert not hits([t for t in texts(page) if not t.watermark])


def test_what_has_a_time_that_no_page_has_is_listed() -> None:
    book = book_of(1)
    book.put("v1", Volume(way="out", group="urine", what="", ml=77, start_us=at(24 * 900)))
    book.put("r1", Remark(at_us=at(-24 * 900), text="很早以前"))
    drawn = draw(book.case(), now_us=at(1))
    said = whole(drawn)
    assert len(drawn) == 2
    assert "不在本页时间范围内的项目" in said
    assert "尿量 77 mL" in said
    assert "很早以前" in said


def test_a_second_cuff_pressure_within_five_minutes_is_drawn_at_its_time_and_listed() -> None:
    book = book_of(1)
    times = (at(0, 15), at(0, 16), at(0, 17), at(0, 33))
    cells = tuple(cell(s, t, 80 + n, "mm[Hg]") for n, t in enumerate(times) for s in ("nibp_sys", "nibp_mean"))
    filled = Filled(document=DOCUMENT, since_us=at(0), until_us=at(1), cells=cells, gaps=(), excursions=())
    book.add(at(1), "vitalsd", filled)
    page, last = draw(book.case(), now_us=at(1))
    scale = Scale(page)
    assert {b - a for a, b in pairwise(scale.marks)} == {300_000_000}
    for when in times:
        (glyph,) = with_data(page, "item", f"nibp_sys@{when}")
        assert start(glyph.get("d", ""))[0] == pytest.approx(scale.x(when, 300_000_000), abs=0.1)
    shown = [t.text for e in with_data(page, "signal", "nibp_mean") for t in texts(e) if t.text.isdigit()]
    assert shown == ["80", "83"]
    listed = [t.text for t in texts(last) if t.text.startswith("无创平均压")]
    assert listed == ["无创平均压 08:16  81 mmHg", "无创平均压 08:17  82 mmHg"]


def test_a_short_gap_between_two_marks_breaks_the_line() -> None:
    book = book_of(1)
    gap = Gap(signal="hr", start_us=at(0, 31), end_us=at(0, 34), cause=Cause.CABLE)
    book.add(
        at(1),
        "vitalsd",
        Filled(document=DOCUMENT, since_us=at(0, 31), until_us=at(0, 34), cells=(), gaps=(gap,), excursions=()),
    )
    (page,) = draw(book.case(), now_us=at(1))
    (line,) = (e for e in page.iter(f"{SVG}path") if e.get("class") == "line")
    scale = Scale(page)
    moves = [float(x) for x in re.findall(r"M([\d.]+) ", line.get("d", ""))]
    assert moves == [pytest.approx(scale.x(at(0, n), 300_000_000), abs=0.1) for n in (0, 35)]


def test_a_held_value_of_the_chart_is_hollow_and_joined_to_nothing() -> None:
    book = book_of(1)
    held = (cell("hr", at(0, 30), 190, "/min", state=CellState.HELD, rule="soft"),)
    book.add(
        at(1),
        "vitalsd",
        Filled(document=DOCUMENT, since_us=at(0, 30), until_us=at(0, 31), cells=held, gaps=(), excursions=()),
    )
    (page,) = draw(book.case(), now_us=at(1))
    (glyph,) = with_data(page, "item", f"hr@{at(0, 30)}")
    assert (glyph.get("data-state"), glyph.get("fill")) == ("held", "none")
    assert any(t.text == "?" for t in texts(page))
    scale = Scale(page)
    (line,) = (e for e in page.iter(f"{SVG}path") if e.get("class") == "line")
    assert f"{scale.y(190):.1f}" not in line.get("d", "")
    assert len(re.findall("M", line.get("d", ""))) == 2


def test_a_charted_value_that_a_rule_doubts_is_marked_and_told() -> None:
    """clinical.md §3.2: show it, mark it. A person's value is his own: no doubt is left."""
    book = book_of(2)
    doubted = [cell("spo2", at(0, 5 * n), 88 + n, "%", rule="spo2.low_perfusion") for n in (2, 3, 4, 8)]
    doubted += [cell("hr", at(0, 30), 91, "/min", rule="device.questionable"), cell("spo2", at(0, 45), 100, "%")]
    book.add(at(1), SYSTEM, filled_with(doubted))
    mine = Charted(signal="spo2", mark_us=at(0, 40), time_us=at(0, 40), value=95, unit="%")
    book.put(cell_item("spo2", at(0, 40)), mine, reason="probe_off")
    page, last = draw(book.case(), now_us=at(2))
    shown = {
        t: "".join(e.itertext()) for t in (10, 15, 20, 40, 45) for e in with_data(page, "item", f"spo2@{at(0, t)}")
    }
    assert {t: text.strip("\u200b") for t, text in shown.items()} == {
        10: "90?",
        15: "91?",
        20: "92?",
        40: "95",
        45: "100",
    }
    scale = Scale(page)
    (mark,) = (t for t in texts(page) if t.text == "?")
    assert 0 < mark.left - scale.x(at(0, 30), 300_000_000) < 15
    assert 0 < scale.y(91) - mark.y < 15
    lines = whole([last]).split("\n")
    first = lines.index("08:10–08:20")
    assert lines[first - 1 : first + 4] == ["血氧饱和度", "08:10–08:20", "3", "90–92 %", "低灌注，可信度低"]
    second = lines.index("08:30")
    assert lines[second - 1 : second + 4] == ["心率", "08:30", "1", "91 /min", "设备标记为可疑"]


def filled_with(cells: list[Cell]) -> Filled:
    return Filled(document=DOCUMENT, since_us=at(0), until_us=at(1), cells=tuple(cells), gaps=(), excursions=())


def test_what_was_sent_back_says_so_on_each_page_and_why() -> None:
    book = book_of(5)
    book.add(at(5), "wangf", Signed(document=DOCUMENT, version=1, slot="anaesthetist", digest=""))
    book.add(at(6), "lixm", Returned(document=DOCUMENT, reason="血气结果漏填"))
    drawn = draw(book.case(), now_us=at(6))
    for page in drawn:
        assert "已退回修改 RETURNED" in [t.text for t in texts(page)]
    assert "已退回修改 RETURNED: 李晓明 2026-11-26 14:00\n血气结果漏填" in whole(drawn)
    book.add(at(7), "wangf", Signed(document=DOCUMENT, version=2, slot="anaesthetist", digest=""))
    assert "RETURNED" not in whole(draw(book.case(), now_us=at(7)))


def test_events_of_the_case_outside_of_the_pages_are_listed() -> None:
    book = book_of(1)
    book.put("e1", Event(key="t_room_in", at_us=at(-3)), document="")
    book.put("e2", Event(key="note", at_us=at(9), note="病房随访"), document="")
    book.put("e3", Event(key="note", at_us=at(0, 30), note="在页内"), document="")
    book.put("r1", Remark(at_us=at(-2), text="送达"), document="")
    drawn = draw(book.case(), now_us=at(9))
    listed = whole(drawn[-1:]).split("不在本页时间范围内的项目\n")[1].split("\n")
    assert listed[:3] == ["1  2026-11-26 05:00  入手术间", "2  2026-11-26 06:00  送达", "4  2026-11-26 17:00  病房随访"]
    assert whole(drawn).count("在页内") == 1


@pytest.mark.parametrize("value", [36.5, -12.5, 1234.5])
def test_numbers_too_wide_for_their_columns_are_whole_and_thinned_and_that_is_told(value: float) -> None:
    book = book_of(4)
    cells = [cell("temp", at(0, 5 * n), value, "Cel") for n in range(48)]
    cells[10] = cell("temp", at(0, 50), value, "Cel", state=CellState.HELD, rule="temp.qc_range")
    cells[11] = cell("temp", at(0, 55), value, "Cel", rule="temp.stuck")
    excursions = (
        Excursion(signal="temp", mark_us=at(1, 20), start_us=at(1, 19), end_us=at(1, 21), extreme=39, unit="Cel"),
    )
    book.add(at(4), SYSTEM, replace(filled_with(cells), until_us=at(4), excursions=excursions))
    mine = Charted(signal="temp", mark_us=at(2, 10), time_us=at(2, 10), value=value, unit="Cel")
    book.put(cell_item("temp", at(2, 10)), mine, reason="probe_off")
    page = draw(book.case(), now_us=at(4))[0]
    minutes = [
        n for n in range(0, 240, 5) for e in with_data(page, "item", f"temp@{at(0, n)}") if e.tag == f"{SVG}text"
    ]
    must = {0, 50, 55, 80, 130, 235}
    assert must <= set(minutes)
    assert set(minutes) - must == {n for n in range(0, 240, 15) if not {n - 5, n, n + 5} & must}
    (row,) = (e for e in with_data(page, "signal", "temp") if e.get("data-row") == "signal")
    hidden = {e.get("data-item"): "".join(e.itertext()) for e in row.iter(f"{SVG}rect") if e.get("data-item")}
    assert hidden == {f"temp@{at(0, n)}": f"{value:.1f}" for n in range(0, 240, 5) if n not in minutes}
    plot = [t for t in texts(row) if t.left > float(page.get("data-left", "")) - 1]
    assert len(plot) == len(minutes)
    for one, other in pairwise(plot):
        assert one.right < other.left
    assert all(f"{value:.1f}" in t.text for t in plot)
    assert plot[0].left > float(page.get("data-left", ""))
    assert plot[-1].right < float(page.get("data-left", "")) + 48 * float(page.get("data-column", ""))
    assert "体温：每 15 分钟印一值" in whole([page])


def test_a_days_sums_are_those_of_its_day() -> None:
    """The flowsheet's last column is headed 24 h: 20 mL/h from 06:00 to 12:00 of the second day, over its 07:00."""
    book = Book()
    book.add(at(-1), "zhaoy", Opened(bed="ICU-06", area="icu", at_us=at(-1), patient=visit().patient))
    book.add(at(-1), "zhaoy", Started(document=DOCUMENT, template="icu_flowsheet", version="1.0.0", start_us=at(-1)))
    rates = (Rate(at_us=at(22), rate=20), Rate(at_us=at(23, 30), rate=40))
    drug = term("D", "药", "drug")
    book.put(
        "i", Infusion(what="drug", drug=drug, unit="mL/h", rates=rates, stop_us=at(28), total=999, total_unit="mL")
    )
    for hours, dose in ((8, 1), (30, 2), (31, 4)):
        book.put(f"b{hours}", Bolus(drug=drug, dose=dose, unit="mg", route="iv", at_us=at(hours)))
    first, second = (p for p in draw(book.case(), SHEET, now_us=at(40)) if p.get("data-marks"))
    assert (numbers(first, "药")[-1], numbers(first, "药 静注")[-1]) == ("≈20 mL", "1 mg")
    assert (numbers(second, "药")[-1], numbers(second, "药 静注")[-1]) == ("≈190 mL", "6 mg")
    assert [t.text for t in texts(second) if t.text in {"24 h 合计", "至 00:00"}] == ["至 00:00"] * 2
    assert [t.text for t in texts(first) if t.text in {"24 h 合计", "至 00:00"}] == ["24 h 合计"] * 2


def test_nobody_breathes_in_a_way_that_was_not_recorded() -> None:
    book = book_of(1)
    book.put("br", Breathing(at_us=at(0, 30), way="controlled"))
    book.add(at(1), SYSTEM, filled_with([cell("rr", at(0, 5 * n), 14, "/min") for n in range(12)]))
    page = draw(book.case(), now_us=at(1))[0]
    for minute, way in ((0, "unknown"), (25, "unknown"), (30, "controlled")):
        (glyph,) = (e for e in with_data(page, "item", f"rr@{at(0, minute)}") if e.tag == f"{SVG}path")
        assert glyph.get("d", "").split("m", 1)[1] == mark(symbols().breathing[way].glyph, 0, 0).split("m", 1)[1]
    assert "方式未记录" in whole([page])


def test_midnight_is_named_on_the_axis() -> None:
    book = Book()
    begin = at(15, 58)  # 23:58 in Shanghai
    book.add(begin, "wangf", Opened(bed="OR-03", area="or", at_us=begin, patient=visit().patient))
    book.add(begin, "wangf", Started(document=DOCUMENT, template="anaesthesia_record", version="1.0.0", start_us=begin))
    book.put("e1", Event(key="t_room_in", at_us=begin), document="")
    book.put("e2", Event(key="t_anes_start", at_us=at(16, 3)), document="")
    said = whole(draw(book.case(), now_us=at(16, 5)))
    assert "2026-11-26 23:55 – 11-27 03:50" in said
    assert said.count("00:00") == 2
    assert "1  23:58 入手术间" in said
    assert "2  11-27 00:03 麻醉开始" in said


def test_a_document_with_nothing_in_it_is_a_page() -> None:
    book = Book()
    book.add(at(0), "wangf", Opened(bed="", area="or", at_us=at(0), patient=visit().patient))
    book.add(at(0), "wangf", Started(document=DOCUMENT, template="anaesthesia_record", version="1.0.0", start_us=at(0)))
    (page,) = draw(book.case(), now_us=at(0))
    assert "急诊-20261126-1" in whole([page])


def test_what_was_lacking_at_the_signature_is_told() -> None:
    book = book_of(1)
    lacking = ("field:premedication", "event.t_anes_end")
    book.add(at(1), "wangf", Signed(document=DOCUMENT, version=1, slot="anaesthetist", digest="", lacking=lacking))
    said = whole(draw(book.case(), now_us=at(1)))
    assert "签名时缺项: 王芳 2026-11-26 09:00" in said
    assert "术前用药" in said


NASTY = '<script>alert("1")</script> & \x00\x0b \ud800 ]]> "\''


def test_what_people_write_cannot_become_markup() -> None:
    book = book_of(1)
    book.put("n1", Event(key="note", at_us=at(0, 3), note=NASTY.replace("\ud800", "")), document="")
    book.put(
        'x" onload="1', Bolus(drug=term("A&B", "<药>", "<drug>"), dose=1, unit='m"g', route="<iv>", at_us=at(0, 9))
    )
    case = book.case()
    case.identities[-1] = type(case.patient)(name=NASTY)
    drawn = pages(
        case, case.documents[DOCUMENT], template(), lang="zh", zone="Asia/Shanghai", names={}, now_us=at(1), site=NASTY
    )
    for page in drawn:
        root = ET.fromstring(page.svg)
        assert {e.tag.removeprefix(SVG) for e in root.iter()} <= {
            "svg", "defs", "pattern", "g", "rect", "path", "text", "tspan", "title",
        }  # fmt: skip
        for element in root.iter():
            assert not {k for k in element.attrib if k == "style" or k.startswith("on")}
    assert "<药> <iv>" in whole([ET.fromstring(p.svg) for p in drawn])


def test_the_same_case_gives_the_same_pages() -> None:
    def once() -> list[str]:
        case = anaesthetic(2)
        drawn = pages(
            case, case.documents[DOCUMENT], template(), lang="zh", zone="Asia/Shanghai", names={}, now_us=at(3)
        )
        return [page.svg for page in drawn]

    assert once() == once()


def test_pages_stay_small() -> None:
    case = anaesthetic()
    drawn = pages(case, case.documents[DOCUMENT], template(), lang="zh", zone="Asia/Shanghai", names={}, now_us=at(13))
    assert max(len(page.svg.encode()) for page in drawn) < 150 * 1024


def test_a_discarded_case_was_opened_by_mistake() -> None:
    book = book_of(1)
    book.add(at(1), "wangf", Discarded(reason="重复开单"))
    assert {t.text for t in texts(draw(book.case(), now_us=at(1))[0]) if t.watermark} == {"作废 VOID", "草稿 DRAFT"}


def test_a_term_that_was_answered_is_named_and_units_are_read() -> None:
    fields = (
        Field(id="d", zh="诊断", en="Diagnosis", type="term", library="diagnoses"),
        Field(id="p", zh="血小板", en="Platelets", type="number", unit="10*9/L"),
    )
    form = replace(template("form"), sections=(Section(id="s", zh="节", en="Section", fields=fields),))
    libraries = Libraries.sample()
    current = libraries.current("diagnoses")
    assert current is not None
    code, coding = next(iter(current.codings.items()))
    book = book_of(0)
    book.put("field:d", Answer(field="d", value=code))
    book.put("field:p", Answer(field="p", value=76.0))
    case = book.case()
    (page,) = pages(
        case,
        case.documents[DOCUMENT],
        form,
        lang="en",
        zone="Asia/Shanghai",
        names={},
        now_us=at(1),
        libraries=libraries,
    )
    said = whole([ET.fromstring(page.svg)])
    assert f"{coding.term.en} ({code})" in said
    assert "76 109/L" in said.replace("\u200b", "")
