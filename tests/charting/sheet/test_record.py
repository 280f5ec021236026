"""The drawing of an anaesthesia record says what the case says."""

import re
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest

from charting.case.state import cell_item, value_of
from charting.fill.types import Cell
from charting.sheet.symbols import symbols
from charting.trail.contents import Bolus, Charted
from tests.charting.sheet.data import (
    ABP_GAP,
    BIS_GAP,
    CUT,
    DOCUMENT,
    EDIT_US,
    MANUAL_US,
    MINUTE_US,
    RESCUE,
    anaesthetic,
    at,
    icu,
    template,
)
from tests.charting.sheet.drawn import SVG, Said, Scale, draw, start, texts, whole, with_data

STEP_US = 5 * MINUTE_US
CASE = anaesthetic()
PAGES = draw(CASE)
CHARTED = {"hr", "nibp_sys", "nibp_dia", "abp_sys", "abp_dia", "abp_mean", "rr", "temp"}


def test_each_value_stands_once_at_its_time_and_its_height() -> None:
    """On the pages without a closer stretch, against the printed scales."""
    seen = 0
    for page in (PAGES[0], PAGES[2], PAGES[3]):
        scale = Scale(page)
        for item in CASE.documents[DOCUMENT].items.values():
            value = value_of(item)
            if not isinstance(value, Cell | Charted) or value.signal not in CHARTED or value.value is None:
                continue
            if not scale.marks[0] <= value.mark_us <= scale.marks[-1] - STEP_US:
                continue
            (glyph,) = (e for e in with_data(page, "item", item.id) if e.tag == f"{SVG}path")
            x, y = start(glyph.get("d", ""))
            assert x == pytest.approx(scale.x(value.time_us, STEP_US), abs=0.1), item.id
            assert y == pytest.approx(scale.y(value.value, right=value.signal == "temp"), abs=0.2), item.id
            seen += 1
    assert seen > 600


def test_the_scales_are_those_of_the_paper_form() -> None:
    """clinical.md §3.6: left 0–240, 20 a line; right 20–40 °C."""
    scale = Scale(PAGES[0])
    assert scale.y(30, right=True) == pytest.approx(scale.y(120), abs=0.2)
    assert scale.y(40, right=True) == pytest.approx(scale.y(240), abs=0.5)
    assert [scale.y(v) - scale.y(v + 20) for v in range(0, 240, 20)] == [pytest.approx(scale.y(0) - scale.y(20))] * 12


def test_each_value_of_a_row_stands_in_its_column() -> None:
    units = {"spo2": 0, "cvp": 0, "etco2": 0, "mac": 1, "vt": 0}
    seen = 0
    for page in PAGES[:4]:
        scale = Scale(page)
        for column, mark in enumerate(scale.marks):
            for signal, decimals in units.items():
                item = CASE.documents[DOCUMENT].items.get(cell_item(signal, mark))
                value = None if item is None else value_of(item)
                found = [e for e in with_data(page, "item", cell_item(signal, mark)) if e.tag == f"{SVG}text"]
                if value is None:
                    assert all("?" in "".join(e.itertext()) for e in found)
                    continue
                (element,) = found
                assert value.value is not None
                assert "".join(element.itertext()) == f"{value.value:.{decimals}f}"
                assert _x(element) == pytest.approx(scale.left + scale.column * (column + 0.5), abs=0.1)
                seen += 1
    assert seen > 700


def test_each_number_is_whole_within_its_column_and_legible() -> None:
    """Boxes by the font's advances: 6 points are 21.4 tenths of a millimetre high."""
    seen = 0
    for page in PAGES[:4]:
        scale = Scale(page)
        for row in with_data(page, "row", "signal"):
            if row.get("data-signal") == "temp":
                continue
            for element in with_data(row, "item"):
                column = round((_x(element) - scale.left) / scale.column - 0.5)
                (box,) = texts(_alone(element))
                assert scale.left + scale.column * column < box.left
                assert box.right < scale.left + scale.column * (column + 1)
                assert box.size >= 21.4
                seen += 1
    assert seen > 1500


def _alone(element: ET.Element) -> ET.Element:
    group = ET.Element("g")
    group.append(element)
    return group


@pytest.mark.parametrize("of", ["or", "icu"])
def test_no_line_of_a_handover_runs_through_digits(of: str) -> None:
    pages = PAGES if of == "or" else draw(icu(), template(step_s=3600), now_us=at(31))
    (page,) = (p for p in pages if "交班给 周敏" in whole([p]))
    rows = [
        float(t.y) for row in with_data(page, "row", "signal") for e in with_data(row, "item") for t in texts(_alone(e))
    ]
    dashed = [e.get("d", "") for e in page.iter(f"{SVG}path") if e.get("stroke-dasharray") == "9 7"]
    assert dashed
    for top, bottom in (map(float, m.groups()) for d in dashed for m in re.finditer(r" ([\d.]+)L[\d.]+ ([\d.]+)", d)):
        assert not [y for y in rows if top < y < bottom]


def _x(element: ET.Element) -> float:
    found = re.match(r"translate\((\S+) ", element.get("transform", ""))
    return float(found[1]) if found else float(element.get("x", ""))


def test_every_minute_of_a_rescue_has_a_column_of_its_own() -> None:
    scale = Scale(PAGES[1])
    minutes = [m for m in scale.marks if RESCUE[0] <= m < RESCUE[1]]
    assert [b - a for a, b in pairwise(minutes)] == [MINUTE_US] * 11
    xs = [
        start(e.get("d", ""))[0]
        for m in minutes
        for e in with_data(PAGES[1], "item", cell_item("hr", m))
        if e.tag == f"{SVG}path"
    ]
    assert len(xs) == 12
    assert all(b - a == pytest.approx(scale.column, abs=0.2) for a, b in pairwise(xs))
    bands = list(with_data(PAGES[1], "pace", "rescue"))
    assert bands
    for band in bands:
        assert float(band.get("x", "")) == pytest.approx(xs[0] - scale.column / 2, abs=0.2)
        assert float(band.get("width", "")) == pytest.approx(12 * scale.column, abs=0.2)
    assert not list(with_data(PAGES[0], "pace"))


def test_gaps_are_hatched_exactly() -> None:
    page, scale = PAGES[0], Scale(PAGES[0])
    hatched = [e for e in with_data(page, "gap") if "abp_sys" in e.get("data-gap", "").split()]
    assert len(hatched) == 1
    assert float(hatched[0].get("x", "")) == pytest.approx(scale.x(ABP_GAP.start_us, STEP_US), abs=0.1)
    wide = float(hatched[0].get("width", ""))
    assert wide == pytest.approx(scale.column * (ABP_GAP.end_us - ABP_GAP.start_us) / STEP_US, abs=0.1)
    page, scale = PAGES[2], Scale(PAGES[2])
    found = {e.get("data-gap"): e for e in with_data(page, "gap")}
    for signal, (begin, end) in {"bis": BIS_GAP, "spo2": CUT, "*": CUT}.items():
        several = [
            e
            for e in with_data(page, "gap", signal)
            if float(e.get("x", "")) == pytest.approx(scale.x(begin, STEP_US), abs=0.1)
        ]
        assert len(several) == 1, signal
        assert float(several[0].get("width", "")) == pytest.approx(scale.column * (end - begin) / STEP_US, abs=0.1)
    assert "*" in found


def test_no_line_leads_across_a_gap() -> None:
    scale = Scale(PAGES[2])
    begin, end = scale.x(CUT[0], STEP_US), scale.x(CUT[1], STEP_US)
    (group,) = (e for e in with_data(PAGES[2], "signal", "hr") if e.tag == f"{SVG}g" and e.get("stroke"))
    (line,) = (e for e in group if e.get("class") == "line")
    points = [(m[1], float(m[2])) for m in re.finditer(r"([ML])([\d.]+) ", line.get("d", ""))]
    assert any(x < end for _, x in points)
    assert any(x > end for _, x in points)
    for (_, before), (move, x) in pairwise(points):
        assert move == "M" or not (before < end and x > begin)


def test_a_value_that_waits_for_a_person_is_not_drawn_as_charted() -> None:
    item = cell_item("spo2", at(3, 20))
    (shown,) = with_data(PAGES[0], "item", item)
    assert (shown.get("data-state"), shown.text) == ("held", "63?")
    assert shown.get("fill")
    voided = cell_item("spo2", at(3, 15))
    assert not list(with_data(PAGES[0], "item", voided))


def test_what_a_person_put_has_a_glyph_of_its_own() -> None:
    for signal in ("hr", "abp_sys"):
        shapes = []
        for when in (EDIT_US, EDIT_US - STEP_US):
            (glyph,) = (e for e in with_data(PAGES[0], "item", cell_item(signal, when)) if e.tag == f"{SVG}path")
            shapes.append(re.sub(r"^M\S+ [\d.]+", "", glyph.get("d", "")))
        assert shapes[0] != shapes[1]
    by_hand = next(e for e in with_data(PAGES[2], "item", cell_item("nibp_sys", MANUAL_US)) if e.tag == f"{SVG}path")
    assert by_hand.get("fill") == symbols().signals["nibp_sys"].colour


def test_an_excursion_is_marked_beside_its_cell() -> None:
    scale = Scale(PAGES[1])
    (whisker,) = (e for e in PAGES[1].iter(f"{SVG}path") if e.get("class") == "excursion")
    x, y = start(whisker.get("d", ""))
    found = re.search(r"V([\d.]+)", whisker.get("d", ""))
    assert found is not None
    assert float(found[1]) == pytest.approx(scale.y(168), abs=0.2)
    assert y > float(found[1])
    assert x == pytest.approx(scale.x(at(4, 20), STEP_US), abs=0.1)


def test_a_cuff_pressure_stands_at_its_own_time() -> None:
    (glyph,) = (e for e in with_data(PAGES[0], "item", cell_item("nibp_sys", at(0, 5))) if e.tag == f"{SVG}path")
    assert glyph.get("data-time-us") == str(at(0, 7))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_nothing_overlaps_and_nothing_leaves_the_page(lang: str) -> None:
    for number, page in enumerate(draw(CASE, lang=lang), 1):
        found = [t for t in texts(page) if not t.watermark]
        for said in found:
            assert said.left >= 100, (number, said)
            assert said.right <= 2048, (number, said)
            assert 80 <= said.y <= 2900, (number, said)
        assert not list(hits(found)), number


def hits(found: list[Said]) -> list[tuple[str, str]]:
    ordered = sorted(found, key=lambda said: said.y)
    hits: list[tuple[str, str]] = []
    for n, one in enumerate(ordered):
        for other in ordered[n + 1 :]:
            if other.y - one.y > 40:
                break
            if one.hits(other):
                hits.append((one.text, other.text))
    return hits


@pytest.mark.parametrize(("lang", "form"), [("zh", "第 {n} 页 共 {m} 页"), ("en", "Page {n} of {m}")])
def test_every_page_says_which_it_is(lang: str, form: str) -> None:
    found = draw(CASE, lang=lang)
    assert len(found) == 6
    for number, page in enumerate(found, 1):
        said = [t.text for t in texts(page)]
        assert form.format(n=number, m=6) in said
        assert any("20261187342" in text for text in said)
        assert any("fill/1" in text for text in said)
        assert any(CASE.last_hash in text and f"#{CASE.last} " in text for text in said)


def test_the_header_says_who_and_what() -> None:
    said = whole(PAGES[:1])
    for expected in (
        "江州市第一人民医院", "麻醉记录单", "欧阳建国", "68 岁", "肝胆外科", "172 cm", "70.5 kg", "A Rh(+)", "OR-03",
        "III 级", "青霉素（皮疹）", "咪达唑仑 2 mg 静注", "10 h", "仰卧位", "2026-11-26",
    ):  # fmt: skip
        assert expected in said, expected


def test_events_are_numbered_at_their_times_and_listed_with_a_late_entry_time() -> None:
    said = whole(PAGES)
    assert "12:02 动脉血气" in said
    assert "6  09:05 手术开始（切皮）" in said
    assert "（补记 14:48）" in said
    assert "拔管 手术间" in said
    (marked,) = (e for e in with_data(PAGES[0], "item", "event5") if e.tag == f"{SVG}g")
    tick = next(iter(marked.iter(f"{SVG}path"))).get("d", "")
    assert start(tick)[0] == pytest.approx(Scale(PAGES[0]).x(at(1, 5), STEP_US), abs=0.1)


def test_an_infusion_leads_from_its_start_to_its_stop_with_its_rates() -> None:
    scale = Scale(PAGES[0])
    (group,) = (e for e in with_data(PAGES[0], "item", "i1") if e.tag == f"{SVG}g")
    assert ["".join(t.itertext()) for t in group.iter(f"{SVG}text")] == ["0.1", "0.2", "0.15"]
    lines = next(iter(group.iter(f"{SVG}path"))).get("d", "")
    assert start(lines)[0] == pytest.approx(scale.x(at(0, 14), STEP_US), abs=0.1)
    (last,) = (e for e in with_data(PAGES[3], "item", "i1") if e.tag == f"{SVG}g")
    end = re.findall(r"H([\d.]+)", next(iter(last.iter(f"{SVG}path"))).get("d", ""))[-1]
    assert float(end) == pytest.approx(Scale(PAGES[3]).x(at(11, 30), STEP_US), abs=0.1)


def test_totals_are_those_of_the_case() -> None:
    said = whole(PAGES[3:4])
    assert "总入量 6720 mL (晶体液 3000, 胶体液 1100, 血液制品 2000, 自体血 620)" in said
    assert "总出量 3245 mL (尿量 945, 失血量 2300)" in said
    assert "平衡 +3475 mL" in said
    assert "5.8 mg" in said


def test_drugs_are_added_up() -> None:
    given: dict[tuple[str, str], float] = {}
    for _, bolus in CASE.documents[DOCUMENT].of(Bolus):
        assert isinstance(bolus, Bolus)
        given[bolus.drug.zh, bolus.unit] = given.get((bolus.drug.zh, bolus.unit), 0) + bolus.dose
    line = re.sub(r"\s", "", whole(PAGES[4:5]).replace("μ", "µ"))
    for (drug, unit), total in given.items():
        assert f"{drug}{total:g}{unit.replace('ug', 'µg')}" in line
    assert "瑞芬太尼(泵注)5.8mg" in line


def test_the_last_pages_list_every_edit() -> None:
    last = whole(PAGES[4:5])
    assert f"修改记录（{CASE.documents[DOCUMENT].edits} 项）" in last
    lines = last.split("\n")
    first = lines.index("心率 10:30")
    assert lines[first + 1 : first + 6] == ["71 /min", "78 /min", "王芳", "2026-11-26 10:39", "伪差：电刀干扰"]
    assert "临床判断: 与触诊脉搏一致" in last
    void = lines.index("血氧饱和度 11:15")
    assert lines[void + 1 : void + 3] == ["63 %", "作废"]
    assert "病例信息的修改（1 项）" in last
    assert "08:40 摆体位" in last
    assert f"修改 {CASE.documents[DOCUMENT].edits} 项" in whole(PAGES[:1])


def test_signatures_have_name_and_time() -> None:
    for page in PAGES[:4]:
        said = [t.text for t in texts(page)]
        assert "王芳  2026-11-26 20:31" in said
        assert "李晓明  2026-11-26 20:40" in said


def test_the_certificate_is_the_last_page() -> None:
    said = whole(PAGES[5:]).split("\n")
    assert "数据完整性证明" in said
    assert any(CASE.documents[DOCUMENT].certified_hash in line for line in said)
    row = said.index("血氧饱和度")
    assert said[row + 1 : row + 5] == ["720", "699", "688", "95.6 %"]
    assert "缺失（3 处）" in said
    assert "动脉管路冲洗 (abp.flush)" in said
    gap = said.index("心率", said.index("缺失（3 处）"))
    assert said[gap + 1 : gap + 6] == ["15:10", "15:22", "12", "网络中断 (可能)", "monitor and machine unreachable"]
