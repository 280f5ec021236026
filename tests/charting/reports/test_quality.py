"""The quality report on paper: what every number hangs on is there, nothing runs off a page, and it becomes a PDF."""

import re
from collections.abc import Sequence
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from charting.pdf import pdf
from charting.quality.loader import load
from charting.reports.quality import DECISIONS, pages
from charting.reports.words import said
from charting.sheet.paper import BOTTOM, LEFT, RIGHT
from charting.sheet.text import width
from tests.charting.reports.november import SITE, ZONE, november

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module", params=["zh", "en"])
def drawn(request: pytest.FixtureRequest) -> tuple[str, list[str]]:
    made = november()
    lang: str = request.param
    return lang, pages(made.report, lang=lang, site=SITE, zone=ZONE, temperature=made.temperature)


def plain(text: str) -> str:
    """Without spaces, which lines end at; the drawing has small digits in place of lowered ones."""
    return re.sub(r"[\s\u200b]", "", text).replace("₂", "2")


def texts(drawn_pages: Sequence[str]) -> list[str]:
    return ["".join(e.itertext()) for page in drawn_pages for e in ET.fromstring(page).iter(f"{SVG}text")]


def test_groups_of_techniques_are_called_as_their_indicator_calls_them() -> None:
    groups = {g.value: g.zh for i in load().indicators if i.by == "technique" for g in i.groups}
    assert len(groups) == 5
    for value, zh in groups.items():
        assert zh.startswith(said(f"technique.{value}", "zh"))


def test_every_indicator_is_there_with_its_numbers_or_with_why_there_is_none(drawn: tuple[str, list[str]]) -> None:
    lang, found = drawn
    whole = texts(found)
    for result in november().report.results:
        assert any(result.indicator.code in text for text in whole), result.key
    told = "\n".join(whole)
    assert "82.8 %" in told, "24 of 29 were visited"
    for reason in ("quality.unavailable.yearly", "quality.unavailable.figure"):
        assert said(reason, lang) in told
    assert "11.8 %" in told, "4 of 34 were anaesthetised outside"


def test_what_the_numbers_stand_on_is_on_the_first_page(drawn: tuple[str, list[str]]) -> None:
    lang, found = drawn
    first = "\n".join(texts(found[:1]))
    for part in (SITE, "2026-11", "2026-11-01 00:00", "2026-11-30 23:59", ZONE, "catalogue/1", "facts/", "hypothermia/",
                 said("report.all_departments", lang), said("report.figure_missing", lang), "36"):  # fmt: skip
        assert part in first, part
    for edition in november().report.editions:
        assert said(f"report.edition.{edition}", lang) in first


def test_decisions_definitions_and_charts_are_told(drawn: tuple[str, list[str]]) -> None:
    lang, found = drawn
    whole = plain("".join(texts(found)))
    for key in DECISIONS:
        assert plain(said(f"report.{key}", lang)) in whole, key
    for result in november().report.results:
        assert plain(result.indicator.above[lang]) in whole, result.key
    for told in ("report.months_title", "report.funnels_title", "report.distributions_title", "report.grade_read"):
        assert plain(said(told, lang)) in whole


def test_pages_are_numbered_and_each_says_of_which_period_it_is(drawn: tuple[str, list[str]]) -> None:
    lang, found = drawn
    for number, page in enumerate(found, 1):
        told = texts([page])
        assert said("report.page", lang, n=number, m=len(found)) in told
        assert any("2026-11" in text for text in told)


def test_nothing_runs_off_the_page(drawn: tuple[str, list[str]]) -> None:
    """Of texts that stand directly on a page: charts are tried by themselves."""
    for page in drawn[1]:
        for element in ET.fromstring(page).findall(f"{SVG}text"):
            if element.get("transform"):
                continue
            x, y, size = (float(element.get(name, "0")) for name in ("x", "y", "font-size"))
            wide = width("".join(element.itertext())) * size
            left = x - wide * {"end": 1.0, "middle": 0.5}.get(element.get("text-anchor", ""), 0.0)
            assert left >= LEFT - 4, element.text
            assert left + wide <= RIGHT + 8, element.text
            assert y <= BOTTOM + 4, element.text


def test_only_what_every_reader_draws_is_in_it_and_no_link(drawn: tuple[str, list[str]]) -> None:
    for page in drawn[1]:
        tags = {e.tag.removeprefix(SVG) for e in ET.fromstring(page).iter()}
        assert tags <= {"svg", "g", "rect", "path", "circle", "text", "tspan", "title", "defs", "pattern"}
        assert "style=" not in page


def test_one_edition_alone_and_no_temperatures_make_a_short_report() -> None:
    report = november().report
    own = replace(report, editions=("icu",), results=[r for r in report.results if r.indicator.edition == "icu"])
    found = pages(own, lang="zh", site=SITE, zone=ZONE)
    told = "\n".join(texts(found))
    assert "ICU-14" in told
    assert "AQI-" not in told
    assert said("report.months_title", "zh") not in told


def test_it_becomes_a_pdf() -> None:
    made = november()
    report = replace(made.report, results=made.report.results[:3])
    found = pages(report, lang="zh", site=SITE, zone=ZONE, temperature=made.temperature)
    first = pdf(found, title="质控", lang="zh", made_us=0)
    assert first.startswith(b"%PDF-")
    assert first == pdf(found, title="质控", lang="zh", made_us=0)
