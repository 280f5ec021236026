"""Quality through pages and API, on the department of 40 cases: numbers as worked out by hand, lists as long."""

import re
from collections.abc import Mapping
from html.parser import HTMLParser
from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook

from tests.charting.web.counted import CASE, EXPECTED, MONTH, ask, counted, find, suggest
from tests.charting.web.hospital import Hospital

NOVEMBER: Mapping[str, Any] = EXPECTED["november"]


@pytest.fixture(scope="module")
def hospital() -> Hospital:
    """For tests that change nothing."""
    made = counted()
    suggest(made)
    return made


async def results(hospital: Hospital, query: str = f"period={MONTH}") -> dict[str, Any]:
    report = await ask(hospital, f"/api/quality?{query}")
    return {result["key"]: result for result in report["results"]}


class Table(HTMLParser):
    """Rows by their data-result: the texts of cells, and links by their text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.rows: dict[str, list[str]] = {}
        self.links: dict[str, list[tuple[str, str]]] = {}
        self._row: str | None = None
        self._href = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag == "tr":
            self._row = told.get("data-result")
            if self._row:
                self.rows[self._row], self.links[self._row] = [], []
        elif self._row and tag == "td":
            self.rows[self._row].append("")
        elif tag == "a":
            self._href = told.get("href") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._href = ""
        elif tag == "tr":
            self._row = None

    def handle_data(self, data: str) -> None:
        if self._row and self.rows[self._row]:
            self.rows[self._row][-1] += data.strip()
            if self._href:
                self.links[self._row].append((data.strip(), self._href))


async def test_every_number_is_the_one_worked_out_by_hand(hospital: Hospital) -> None:
    found = await results(hospital)
    assert set(found) == set(NOVEMBER)
    for key, told in NOVEMBER.items():
        result = found[key]
        if "unavailable" in told:
            assert (result["unavailable"], result["value"], result["n"]) == (told["unavailable"], None, None), key
            assert result["why"].startswith("Unavailable: ")
            continue
        if "numerator" in told:
            assert result["n"] == len(told["numerator"]), key
        if "d" in told and result["kind"] != "count":
            assert result["d"] == told["d"], key
        if "value" in told:
            assert result["value"] == pytest.approx(told["value"]), key
        assert result["unknown"] == len(told.get("unknown", [])), key
        if key in EXPECTED["happened"]:
            assert result["happened"] == len(EXPECTED["happened"][key]), key


async def test_the_page_shows_the_numbers_of_the_api_each_with_its_multiplier(hospital: Hospital) -> None:
    found = await results(hospital)
    table = Table(await ask(hospital, f"/quality?period={MONTH}&interval=true"))
    assert set(table.rows) == set(found)
    for key, cells in table.rows.items():
        result = found[key]
        if result["why"]:
            assert cells[2] == result["why"], key
            continue
        assert cells[2] == f"{result['n']:,.10g}", key
        assert cells[3] == ("–" if result["d"] is None else f"{result['d']:,.10g}"), key
        sign = {1: "", 100: " %", 1000: " ‰", 10_000: " ‱"}[result["times"]]
        shown = float(cells[4].removesuffix(sign).replace(",", ""))
        assert cells[4].endswith(sign), key
        assert shown == pytest.approx(result["value"], abs=0.051 if result["value"] >= 10 else 0.0051), key
        assert cells[6] == str(result["unknown"]), key
        assert cells[7] == str(result["pending"]) or (cells[7] == "–" and not result["pending"]), key


async def test_each_number_opens_to_as_many_rows_as_it_says(hospital: Hospital) -> None:
    rows = 0
    async with hospital.client("head") as client:
        table = Table((await client.get(f"/quality?period={MONTH}")).text)
        links = {link for found in table.links.values() for link in found}
        for text, href in links:
            answer = await client.get(href)
            assert answer.status_code == 200, href
            members = re.findall(r'data-member="(\d+)"', answer.text)
            assert members == [str(n) for n in range(1, int(text) + 1)], href
            rows += len(members)
    assert len(links) > 80
    assert rows > 500


async def test_a_list_names_the_cases_that_were_worked_out_and_a_patient_once(hospital: Hospital) -> None:
    for key, side in (("AQI-TPM-25", "numerator"), ("AQI-PVR-04", "unknown"), ("AQI-IHT-10", "numerator")):
        path = f"/api/quality/indicators/{key}/members?period={MONTH}&side={side}"
        said = await ask(hospital, path)
        cases = sorted("+".join(case["case"] for case in member["cases"]) for member in said["members"])
        assert cases == sorted(NOVEMBER[key][side]), key
        assert said["total"] == len(cases)
        assert all(case["number"] and case["name"] for member in said["members"] for case in member["cases"])
    html = await ask(hospital, f"/quality/AQI-TPM-25?period={MONTH}")
    assert re.findall(r'data-case="(\w+)" data-member="1"', html) == ["c01"]
    assert 'data-case="c02">' in html
    assert "2 cases of one patient" in html
    told = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html))
    assert "all departments · National edition 2022 (26) · patients" in told
    assert re.search(r"‱ Coverage \d+\.\d %", told)


async def test_a_long_list_is_told_page_by_page_and_none_is_lost(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("charting.web.quality_pages.PAGE", 10)
    found: list[str] = []
    async with hospital.client("head") as client:
        href: str | None = f"/quality/T-01?period={MONTH}"
        while href:
            html = (await client.get(href)).text
            found += re.findall(r'data-member="(\d+)"', html)
            later = re.search(r'href="([^"]+)">Next<', html)
            href = later[1].replace("&amp;", "&") if later else None
    assert found == [str(n) for n in range(1, 35)]


async def test_what_happened_in_the_period_is_told_by_the_events_date(hospital: Hospital) -> None:
    html = await ask(hospital, f"/quality?period={MONTH}&view=event")
    table = Table(html)
    for key, cases in EXPECTED["happened"].items():
        assert table.rows[key][2] == str(len(cases)), key
        if cases:
            (href,) = [href for text, href in table.links[key] if "side=happened" in href]
            listed = await ask(hospital, href)
            assert len(re.findall(r"data-member=", listed)) == len(cases)
    assert "no time of its own" in table.rows["AQI-PVR-04"][2]


async def test_a_department_has_its_own_cases_and_its_days_too(hospital: Hospital) -> None:
    whole = await results(hospital)
    departments = ["普外科", "骨科"]
    for name in departments:
        own = await results(hospital, f"period={MONTH}&department={name}")
        assert 0 < own["T-01"]["n"] < whole["T-01"]["n"]
        assert own["AQI-DNR-01"]["unavailable"] == "quality.unavailable.department"
    days = await results(hospital, "from=2026-11-01&to=2026-11-30&edition=tender")
    assert days["T-01"]["n"] == whole["T-01"]["n"]
    assert set(days) == {key for key in whole if key.startswith("T-")}
    one = await results(hospital, "from=2026-11-23")
    assert one["T-01"]["n"] == 1, "c21 alone was on that day"


@pytest.mark.parametrize("query", ["period=2026-13", "from=2026-11-02&to=2026-11-01", "edition=2019", "period=never"])
async def test_a_period_or_an_edition_that_is_none_is_refused_in_words(hospital: Hospital, query: str) -> None:
    async with hospital.client("head", "zh") as client:
        answer = await client.get(f"/api/quality?{query}")
        assert answer.status_code == 422
        assert re.search("[\u4e00-\u9fff]{5}", answer.json()["text"])
        assert (await client.get(f"/quality?{query}")).status_code == 422


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_pages_say_everything_in_words_of_one_language(hospital: Hospital, lang: str) -> None:
    paths = [f"/quality?period={MONTH}&interval=true", f"/quality/AQI-IHT-10?period={MONTH}&side=unknown",
             "/quality/cases/c20", f"/quality/candidates?period={MONTH}", "/quality/figures", "/quality/frozen",
             f"/quality/temperature?period={MONTH}",
             f"/quality/temperature/cases?period={MONTH}&fact=monitoring&value=spot"]  # fmt: skip
    for path in paths:
        html = await ask(hospital, path, lang=lang)
        text = re.sub(r"<(script|meta)[^>]*>", "", html)
        text = re.sub(r"<[^>]+>", " ", text)
        assert not re.findall(r"\b(?:quality|report|fact|chart|course|finding|three)\.[a-z_.]+\b", text), path
        assert "style=" not in html
        if lang == "en":
            names = re.sub(r"患者\d+|示范医院|中文|[\u4e00-\u9fff]+科", "", text)
            assert not re.findall("[\u4e00-\u9fff]+", names), path


async def test_a_number_stands_on_what_is_said_with_it(hospital: Hospital) -> None:
    html = await ask(hospital, f"/quality?period={MONTH}")
    for said in ("2026-11-01 00:00 – 2026-11-30 23:59", "Asia/Shanghai", "all departments", "36 cases in the period",
                 "catalogue/1", "facts/", "hypothermia/", "limit (h): 2"):  # fmt: skip
        assert said in html, said


async def test_a_candidate_counts_only_once_somebody_has_confirmed_it() -> None:
    hospital = counted()
    before = (await results(hospital))["AQI-IRA-12"]
    suggest(hospital)
    pending = (await results(hospital))["AQI-IRA-12"]
    assert (pending["n"], pending["pending"]) == (before["n"], 1)
    (candidate,) = await ask(hospital, f"/api/quality/candidates?period={MONTH}")
    assert (candidate["case"], candidate["key"]) == (CASE, "aspiration")
    assert "85" in candidate["text"]
    content = {"kind": "finding", "key": "aspiration", "value": "yes", "details": {"severe": "yes"}}
    async with hospital.client("anaesthetist") as client:
        path = f"/api/cases/{CASE}/items/finding:aspiration"
        answer = await client.put(path, json={"after": candidate["after"], "content": content})
        assert answer.status_code == 200, answer.text
    after = (await results(hospital))["AQI-IRA-12"]
    assert (after["n"], after["pending"]) == (before["n"] + 1, 0)
    assert await ask(hospital, f"/api/quality/candidates?period={MONTH}") == []


async def test_a_refused_candidate_waits_no_more_and_does_not_count() -> None:
    hospital = counted()
    suggest(hospital)
    html = await ask(hospital, f"/quality/candidates?period={MONTH}")
    assert "PUT " not in html.split('id="waiting"')[1].split("</section>")[0], "nothing is decided by one touch"
    assert f'data-load="/cases/{CASE}/dialogs/finding?key=aspiration&amp;value=no"' in html
    dialog = await ask(hospital, f"/cases/{CASE}/dialogs/finding?key=aspiration&value=no")
    assert f"PUT /api/cases/{CASE}/items/finding:aspiration" in dialog
    assert re.findall(r'<option value="(\w+)" selected', dialog) == ["no"]
    find(hospital, CASE, "aspiration", "no")
    after = (await results(hospital))["AQI-IRA-12"]
    assert (after["n"], after["pending"]) == (len(NOVEMBER["AQI-IRA-12"]["numerator"]), 0)
    assert CASE not in await ask(hospital, f"/quality/candidates?period={MONTH}")


async def test_a_figure_that_is_told_makes_its_indicator_and_taken_back_takes_it_away() -> None:
    hospital = counted()
    async with hospital.client("quality") as client:
        assert (await results(hospital))["AQI-DNR-01"]["value"] == pytest.approx(0.4)
        path = "/api/quality/figures/anaesthesia_nurses/2026"
        said = await client.put(path, json={"value": None})
        assert said.json()["value"] is None
        taken = (await results(hospital))["AQI-DNR-01"]
        assert (taken["value"], taken["unavailable"]) == (None, "quality.unavailable.figure")
        await client.put(path, json={"value": 30})
        assert (await results(hospital))["AQI-DNR-01"]["value"] == pytest.approx(1.5)
        told = {
            (f["key"], f["period"]): f["value"] for f in (await client.get("/api/quality/figures?year=2026")).json()
        }
        assert (told["anaesthesia_nurses", "2026"], told["vaginal_births", "2026-11"]) == (30, 25)
        assert len(told) == 2 + 12
        for wrong, value in (("anaesthesia_nurses/2026-11", 1), ("vaginal_births/2026", 1), ("beds/2026", 1),
                             ("anaesthesia_nurses/2026", -1), ("anaesthesia_nurses/2026", 1.5)):  # fmt: skip
            assert (await client.put(f"/api/quality/figures/{wrong}", json={"value": value})).status_code == 422, wrong


async def test_a_frozen_month_is_compared_with_what_is_known_later() -> None:
    hospital = counted()
    async with hospital.client("quality") as client:
        for period, status in (("2026-12", 422), ("2026", 422), ("2026-11-01", 422), (MONTH, 201)):
            answer = await client.post("/api/quality/frozen", json={"period": period})
            assert answer.status_code == status, answer.text
        seq = answer.json()["seq"]
        same = (await client.get(f"/api/quality/frozen/{seq}")).json()
        assert same["differences"] == []
        assert "It stands as it was frozen" in (await client.get(f"/quality/frozen/{seq}")).text
        again = await client.post("/api/quality/frozen", json={"period": MONTH})
        assert again.json()["seq"] == seq, "what has not changed is kept once"
        find(hospital, CASE, "tooth_injury")
        said = {d["key"]: d for d in (await client.get(f"/api/quality/frozen/{seq}")).json()["differences"]}
        assert set(said) == {"AQI-IDI-11", "T-23"}
        n = len(NOVEMBER["AQI-IDI-11"]["numerator"])
        assert (said["AQI-IDI-11"]["before"]["n"], said["AQI-IDI-11"]["after"]["n"]) == (n, n + 1)
        assert (said["AQI-IDI-11"]["came"], said["AQI-IDI-11"]["went"]) == ([CASE], [])
        html = (await client.get(f"/quality/frozen/{seq}")).text
        told = [f"{n} / 24 · indeterminate 1", f"{n + 1} / 24 · indeterminate 1"]
        assert Table(html).rows["AQI-IDI-11"][1:3] == told
        number = hospital.trail.row(CASE)
        assert number is not None
        assert re.search(rf'href="/quality/cases/{CASE}">({number.name or number.number})</a>', html), "called by name"
        await client.put("/api/quality/figures/anaesthesia_doctors/2026", json={"value": 37})
        yearly = Table((await client.get(f"/quality/frozen/{seq}")).text).rows["AQI-ACC-02"]
        assert yearly[1] != yearly[2], "what differs is seen"
        newer = await client.post("/api/quality/frozen", json={"period": MONTH})
        assert newer.json()["number"] == 2
        kept = (await client.get(f"/api/quality/frozen?period={MONTH}")).json()
        assert [k["number"] for k in kept] == [1, 2]
        assert (await client.get("/api/quality/frozen/7")).status_code == 404


async def test_a_cases_sheet_tells_its_facts_its_course_and_where_it_counts(hospital: Hospital) -> None:
    html = await ask(hospital, "/quality/cases/c20")
    text = re.sub(r"<[^>]+>", " ", html)
    for said in ("no hypothermia", "longest run below 36.0 °C: 25 min", "temp.warm_up", "nasopharynx", "35.90"):
        assert said in text, said
    assert re.search(r"temp\.(end_trim|probe_out)", text), "the probe that came out at the end is told"
    told = await ask(hospital, "/api/quality/cases/c20")
    assert told["facts"]["hypothermia"] == "no_event"
    assert {"fact": "nadir_c", "name": "Nadir", "text": "35.90 °C"} in told["told"]
    assert "AQI-IHT-10" in html
    async with hospital.client("head") as client:
        assert (await client.get("/quality/cases/nobody")).status_code == 404
        assert (await client.get("/api/quality/cases/c18")).status_code == 404, "a test counts nowhere"
        sheet = await client.get("/quality/cases/c18")
    assert "This case counts nowhere" in sheet.text


async def test_reports_are_made_anew_only_when_something_has_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    hospital = counted()
    made: list[object] = []
    counting = hospital.department.counting
    real = counting._kept

    def kept(key: Any, make: Any) -> Any:
        def make_and_tell() -> Any:
            made.append(key[0])
            return make()

        return real(key, make_and_tell)

    monkeypatch.setattr(counting, "_kept", kept)
    await results(hospital)
    await results(hospital)
    assert made.count("report") == 1
    find(hospital, CASE, "tooth_injury")
    await results(hospital)
    assert made.count("report") == 2


async def test_the_report_is_there_to_keep_as_pdf_and_as_workbook(hospital: Hospital) -> None:
    async with hospital.client("quality", "zh") as client:
        pdf = await client.get(f"/api/quality/report.pdf?period={MONTH}&edition=2022")
        assert pdf.headers["content-disposition"] == 'attachment; filename="quality-2026-11.pdf"'
        assert re.match(rb"%PDF \d+ zh \S*\xe8\xb4\xa8", pdf.content), "pages in the asker's language"
        book = await client.get(f"/api/quality/report.xlsx?period={MONTH}&edition=2022")
        assert book.headers["content-disposition"] == 'attachment; filename="quality-2026-11.xlsx"'
        found = load_workbook(BytesIO(book.content))
    assert "国家 2022 版（26 项）" in found.sheetnames
    assert "国家 2015 版（17 项）" not in found.sheetnames
    told = {row[1]: row[4] for row in found["国家 2022 版（26 项）"].iter_rows(min_row=2, values_only=True)}
    for code, expected in NOVEMBER.items():
        if code.startswith("AQI") and "numerator" in expected:
            assert told[code] == len(expected["numerator"]), code
    assert "病例明细" in found.sheetnames
