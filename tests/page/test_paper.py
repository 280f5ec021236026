"""What the bed prints: the last 24 hours, and a blank sheet."""

import re
from collections.abc import Sequence
from statistics import median_low

import pytest

from charting.page.blank import blank
from charting.page.form import form
from charting.page.paper import paper
from charting.page.words import Lang, Words
from collector.codes import by_refid
from collector.model import Quality
from tests.page.data import BED, HR, MINUTE_US, NIBP_DIA, NIBP_SYS, NOW_US, ZONE, Store, reading

HOUR_US = 60 * MINUTE_US


def printed(store: Store, lang: Lang = Lang.EN) -> str:
    return paper(store, BED, ZONE, NOW_US, Words(lang), by_refid())


def table(html: str) -> tuple[list[str], dict[str, list[str]]]:
    """Heads, and the cells of each hour: their text, "gap" for a hatched one."""
    found = re.search(r'<table class="hours">.*?</table>', html, re.DOTALL)
    assert found is not None
    heads = re.findall(r"<th scope=col>([^<]*)", found[0])
    rows = {}
    for hour, cells in re.findall(r"<th scope=row>([^<]*)</th>(.*?)</tr>", found[0]):
        rows[hour] = ["gap" if kind else re.sub(r"<[^>]*>", " ", text) for kind, text in cells_of(cells)]
    return heads, rows


def cells_of(row: str) -> Sequence[tuple[str, str]]:
    return re.findall(r'<td( class="gap")?>(.*?)</td>', row)


def beats(first_hour: int, last_hour: int) -> list[tuple[int, float]]:
    """A heart rate a minute from so many hours ago to so many hours ago."""
    return [
        (NOW_US - first_hour * HOUR_US + n * MINUTE_US, 60.0 + n * 7 % 23) for n in range((first_hour - last_hour) * 60)
    ]


def test_the_hours_hold_the_median_of_their_minutes_and_a_gap_is_hatched() -> None:
    told = [*beats(10, 6), *beats(3, 0)]
    heads, rows = table(printed(Store(readings=[reading(HR, at, value) for at, value in told])))
    assert heads == ["Time", "HR"]
    assert len(rows) == 24
    expected = {}
    for hour_us in range(NOW_US // HOUR_US * HOUR_US - 23 * HOUR_US, NOW_US, HOUR_US):
        values = [value for at, value in told if hour_us <= at < hour_us + HOUR_US]
        expected[hour_us] = f"{median_low(values):.0f}" if values else "gap" if hour_us > told[0][0] else ""
    assert [row[0] for row in rows.values()] == list(expected.values())
    assert list(rows)[-1] == "11-24 14:00"


def test_a_cuff_pressure_is_that_of_one_inflation_with_its_time() -> None:
    at = NOW_US - 10 * MINUTE_US
    readings = [
        reading(NIBP_SYS, at - 5 * MINUTE_US, 101.0), reading(NIBP_DIA, at - 5 * MINUTE_US, 61.0),
        reading(NIBP_SYS, at, 118.0), reading(NIBP_DIA, at, None, Quality.INVALID),
    ]  # fmt: skip
    _, rows = table(printed(Store(readings=readings)))
    assert rows["11-24 14:00"] == ["101/61 14:03 "]


@pytest.mark.parametrize("lang", list(Lang))
def test_every_page_says_whose_bed_it_is_which_page_it_is_and_that_it_is_no_record(lang: Lang) -> None:
    html = printed(Store(readings=[reading(HR, at, v) for at, v in beats(5, 0)]), lang)
    pages = html.split('<section class="page">')[1:]
    assert len(pages) == 7
    for n, page in enumerate(pages, 1):
        assert Words(lang)("print.page").format(n=n, m=7) in page
        assert Words(lang)("print.note") in page
        assert BED in page
        assert "DEMO" not in page
    spans = [re.search(r"(\d\d:\d\d) – (?:\d{4}-\d\d-\d\d )?(\d\d:\d\d)<", page) for page in pages[1:]]
    edges = [(span[1], span[2]) for span in spans if span is not None]
    assert edges[-1] == ("10:20", "14:20")
    assert [end for _, end in edges[:-1]] == [start for start, _ in edges[1:]]
    assert not re.search(r'(?:stroke|fill)="#(?:18722f|b3211b|3b3486)"', html), "black on white"


def test_a_demonstration_says_so_on_every_page() -> None:
    html = printed(Store(readings=[reading(HR, at, v, demo=True) for at, v in beats(2, 0)]))
    assert html.count('<b class="demo">') == 7


def test_an_empty_day_can_be_printed() -> None:
    assert printed(Store()).count('<section class="page">') == 7


@pytest.mark.parametrize("lang", list(Lang))
def test_the_blank_sheet_names_every_place_to_write_in(lang: Lang) -> None:
    html = blank(form("or", Words(lang)), Words(lang))
    for key in ("blank.title", "blank.clock", "blank.events", "blank.sign", "blank.after", "blank.head1"):
        assert Words(lang)(key) in html
    for line in Words(lang)("form.anaesthesia_record").split("|"):
        assert line in html


def test_a_blank_sheet_has_the_rows_of_the_beds_own_record() -> None:
    rows = {
        "or": ["SpO₂ %", "Temperature °C", "Respiration rate /min", "EtCO₂ mmHg", "FiO₂ %"],
        "pacu": ["SpO₂ %", "Respiration rate /min", "EtCO₂ mmHg", "Temperature °C"],
        "icu": [
            "Heart rate /min", "Respiration rate /min", "SpO₂ %", "Cuff pressure mmHg", "Temperature °C", "EtCO₂ mmHg",
            "FiO₂ %",
        ],
    }  # fmt: skip
    words = Words(Lang.EN)
    assert {kind: list(form(kind, words).rows) for kind in rows} == rows
    assert [form(kind, words).step_s for kind in ("or", "pacu", "icu", "feed")] == [300, 300, 3_600, 3_600]
    told = form("or", words, {"MDC_PRESS_AWAY_INSP_PEAK", "MDC_PRESS_BLD_ART_ABP_SYS"})
    assert told.rows == (*rows["or"], "Ppeak cmH₂O"), "an arterial pressure is drawn"
    assert "Arterial pressure mmHg" in form("icu", words, {"MDC_PRESS_BLD_ART_ABP_SYS"}).rows
