"""The quality report as a workbook, read back with openpyxl."""

from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook

from charting.reports import spreadsheet
from charting.reports.spreadsheet import sheets
from charting.reports.words import said
from charting.reports.xlsx import workbook
from tests.charting.reports.november import MADE_US, SITE, ZONE, november
from tests.charting.web.counted import EXPECTED


def book(lang: str = "en", *, listed: bool = True) -> Any:
    made = november()
    found = sheets(
        made.report,
        lang=lang,
        site=SITE,
        zone=ZONE,
        temperature=made.temperature,
        cases={f.case: f for f in made.facts} if listed else None,
    )
    return load_workbook(BytesIO(workbook(found, title="t", made_us=MADE_US)))


def rows(page: Any) -> list[dict[str, Any]]:
    """Cells of the table by their column's title."""
    head = int(page.print_title_rows.split("$")[1].rstrip(":"))
    titles = [cell.value for cell in page[head]]
    return [dict(zip(titles, [c.value for c in row], strict=True)) for row in page.iter_rows(min_row=head + 1)]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_there_is_a_sheet_of_each_edition_with_the_reports_numbers(lang: str) -> None:
    made = book(lang)

    def word(key: str) -> str:
        return said(f"report.{key}", lang)

    for edition in november().report.editions:
        results = [r for r in november().report.results if r.indicator.edition == edition]
        told = rows(made[word(f"edition.{edition}")])
        assert [row[word("code")] for row in told] == [r.indicator.code for r in results]
        for row, result in zip(told, results, strict=True):
            assert row[word("value")] == (None if result.value is None else pytest.approx(result.value))
            assert row[word("numerator")] == (None if result.unavailable else result.n)
            assert row[word("unknown")] == len(result.unknown)
            assert row[word("happened")] == (None if result.happened is None else len(result.happened))
            assert bool(row[word("why")]) is bool(result.unavailable)


def test_a_rate_is_a_number_with_its_multipliers_sign() -> None:
    page = book()[said("report.edition.2022", "en")]
    formats = {row[1].value: row[6].number_format for row in page.iter_rows(min_row=2)}
    assert formats["AQI-IHT-10"] == '0.00" %"'
    assert formats["AQI-IDP-18"] == '0.00" ‰"'
    assert formats["AQI-TPM-25"] == '0.00" ‱"'


def test_lists_name_the_cases_worked_out_by_hand() -> None:
    told = rows(book()[said("report.lists", "en")])
    for key in ("AQI-PVR-04", "AQI-IHT-10", "T-20"):
        for side in ("numerator", "unknown"):
            word = said(f"report.side.{side}", "en")
            own = [r for r in told if (r["Code"], r["Side"]) == (key, word) and "·" not in r["Indicator"]]
            listed = sorted(r["Case"] for r in own)
            expected = sorted(c for member in EXPECTED["november"][key].get(side, []) for c in member.split("+"))
            assert listed == expected, (key, side)


def test_who_may_not_read_cases_gets_no_case() -> None:
    made = book(listed=False)
    assert said("report.lists", "en") not in made.sheetnames
    for page in made:
        for row in page.iter_rows(values_only=True):
            assert not any(isinstance(value, str) and value.startswith("c0") for value in row)


def test_lists_that_are_too_long_say_so_instead_of_ending_somewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreadsheet, "MOST", 10)
    page = book()[said("report.lists", "en")]
    assert page.max_row == 1
    assert "export the lists by month or quarter" in page["A1"].value


def test_months_and_theatres_are_there_as_numbers() -> None:
    made = book()
    months = rows(made[said("report.months_title", "en")])
    assert [row["Period"] for row in months][-1] == "2026-11"
    hypothermia = next(key for key in months[-1] if key.startswith("AQI-IHT-10") and key.endswith("Numerator"))
    assert months[-1][hypothermia] == len(EXPECTED["november"]["AQI-IHT-10"]["numerator"])


def test_every_indicator_of_the_report_is_defined_once() -> None:
    codes = [row["Code"] for row in rows(book()[said("report.definitions", "en")])]
    assert codes == list(dict.fromkeys(r.indicator.code for r in november().report.results))


def test_a_name_that_begins_like_a_formula_stays_a_text() -> None:
    made = november()
    facts = {f.case: replace(f, department="=1+1", room="@x") for f in made.facts}
    found = sheets(made.report, lang="en", site="=2+2", zone=ZONE, cases=facts)
    read = load_workbook(BytesIO(workbook(found, title="t", made_us=MADE_US)))
    cells = [c for page in read for row in page.iter_rows() for c in row if c.value in {"=1+1", "@x", "=2+2"}]
    assert len(cells) > 3
    assert {c.data_type for c in cells} == {"s"}
