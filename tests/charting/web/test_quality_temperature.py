"""The temperature page: its numbers are the report's, each point and bar leads to as many cases as it says."""

import math
import re
from html import unescape
from xml.etree import ElementTree as ET

import pytest

from tests.charting.web.counted import EXPECTED, MONTH, ask, counted
from tests.charting.web.hospital import Hospital

SVG = "{http://www.w3.org/2000/svg}"
CODES = ("AQI-TMR-07", "AQI-IHT-10", "AQI-AWR-08", "AQI-IHP-17")


@pytest.fixture(scope="module")
def hospital() -> Hospital:
    return counted()


async def test_the_periods_rates_are_those_worked_out_by_hand(hospital: Hospital) -> None:
    found = (await ask(hospital, f"/api/quality/temperature?period={MONTH}"))["whole"]
    for code in CODES:
        expected = EXPECTED["november"][code]
        assert found[code]["n"] == len(expected["numerator"]), code
        assert found[code]["d"] == expected["d"], code


async def test_a_rate_is_shown_with_all_that_it_stands_on(hospital: Hospital) -> None:
    html = await ask(hospital, f"/quality/temperature?period={MONTH}")
    told = re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))
    assert "2026-11-01 00:00 – 2026-11-30 23:59 Asia/Shanghai · all departments · National edition 2022" in told
    report = await ask(hospital, f"/api/quality?period={MONTH}&edition=2022")
    (cold,) = (r for r in report["results"] if r["code"] == "AQI-IHP-17")
    tile = next(part for part in html.split('class="tile"') if part.startswith(' data-code="AQI-IHP-17"'))
    tile = tile.split("</div>")[0]
    assert "hypothermic below (°C): 36" in unescape(tile)
    assert f"Coverage {math.floor(cold['coverage'] * 1000) / 10:.1f} %" in tile


async def test_each_month_is_as_its_own_report_says_and_there_are_twelve(hospital: Hospital) -> None:
    months = (await ask(hospital, "/api/quality/temperature?period=2026"))["months"]
    assert list(months) == [f"2026-{m:02}" for m in range(1, 13)]
    for name in ("2026-10", "2026-11", "2026-12"):
        report = await ask(hospital, f"/api/quality?period={name}&edition=2022")
        for result in report["results"]:
            if result["code"] in CODES and not result["unavailable"]:
                assert months[name][result["code"]]["value"] == pytest.approx(result["value"]), name
    november = (await ask(hospital, f"/api/quality/temperature?period={MONTH}"))["months"]
    assert next(iter(november)) == "2025-12"


async def test_groups_are_parts_of_the_whole(hospital: Hospital) -> None:
    found = await ask(hospital, f"/api/quality/temperature?period={MONTH}")
    for fact, groups in found["groups"].items():
        for code in ("AQI-TMR-07", "AQI-AWR-08"):  # of cases: a patient may be in two groups
            d = sum(group[code]["d"] for group in groups.values())
            assert d == found["whole"][code]["d"], (fact, code)


async def test_every_point_bar_and_box_leads_to_as_many_cases_as_it_says(hospital: Hospital) -> None:
    html = await ask(hospital, f"/quality/temperature?period={MONTH}")
    seen = 0
    async with hospital.client("head") as client:
        for svg in re.findall(r"<svg xmlns.*?</svg>", html, re.DOTALL):
            for link in ET.fromstring(svg).iter(f"{SVG}a"):
                says = link.findtext(f"{SVG}title") or ""
                n = re.search(r": (\d+)/\d+|: (\d+)(?: \(\d+ %\))?$|\((\d+)\): ", says)
                assert n is not None, says
                number = int(next(part for part in n.groups() if part is not None))
                listed = await client.get(unescape(link.get("href", "")))
                assert listed.status_code == 200, link.get("href")
                members = set(re.findall(r'data-member="(\d+)"', listed.text))
                assert len(members) == number, (says, link.get("href"))
                seen += 1
    assert seen > 60


async def test_tiles_and_theatres_lead_to_their_lists_too(hospital: Hospital) -> None:
    html = await ask(hospital, f"/quality/temperature?period={MONTH}")
    tiles = re.findall(
        r'data-code="([\w-]+)".*?<a href="([^"]+)">(\d+)</a> / <a href="([^"]+)">(\d+)</a>', html, re.DOTALL
    )
    assert [tile[0] for tile in tiles] == list(CODES)
    async with hospital.client("head") as client:
        for _, n_href, n, d_href, d in tiles:
            for href, number in ((n_href, n), (d_href, d)):
                listed = await client.get(unescape(href))
                assert len(set(re.findall(r'data-member="(\d+)"', listed.text))) == int(number), href


async def test_a_list_of_a_part_stays_with_the_part_on_its_other_sides(hospital: Hospital) -> None:
    async with hospital.client("head") as client:
        html = (await client.get(f"/quality/AQI-IHT-10?period={MONTH}&technique=neuraxial&side=denominator")).text
        tabs = re.findall(
            r'class="button[^"]*" href="([^"]+)"[^>]*>(?:numerator|denominator|indeterminate): (\d+)<', html
        )
        assert len(tabs) == 3
        for href, number in tabs:
            assert "technique=neuraxial" in href
            listed = await client.get(unescape(href))
            assert len(set(re.findall(r'data-member="(\d+)"', listed.text))) == int(number), href
    assert "neuraxial only" in html


async def test_a_room_under_21_is_named(hospital: Hospital) -> None:
    rooms = (await ask(hospital, f"/api/quality/temperature?period={MONTH}"))["rooms"]
    html = await ask(hospital, f"/quality/temperature?period={MONTH}")
    cold = sorted(name for name, told_ in rooms.items() if told_["middle"] < 21.0)
    if cold:
        assert f"Theatres whose median is below 21 °C: {', '.join(cold)}" in html
    else:
        assert "No theatre has its median below 21 °C." in html


async def test_a_fact_that_is_no_temperature_has_no_list(hospital: Hospital) -> None:
    async with hospital.client("head") as client:
        for query in ("fact=patient", "fact=died&value=yes", "fact=case"):
            answer = await client.get(f"/quality/temperature/cases?period={MONTH}&{query}")
            assert answer.status_code == 404, query
        empty = await client.get("/quality/temperature/cases?period=2026-03&fact=monitoring&value=spot")
        assert "There is nobody here" in empty.text
