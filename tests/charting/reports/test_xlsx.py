"""Workbooks, read back with openpyxl's reader and with zipfile."""

from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from openpyxl import load_workbook

from charting.reports.xlsx import DAY, Cell, Column, Sheet, Value, workbook

MADE_US = 1_795_501_080_000_000
"""2026-11-24T06:18Z."""


def read(*sheets: Sheet) -> Any:
    return load_workbook(BytesIO(workbook(sheets, title="质控", made_us=MADE_US)))


@pytest.mark.parametrize("text", ["=1+1", "+8613800000000", "-", "@SUM(A1)", '=HYPERLINK("http://x")', "#N/A", "007"])
def test_a_text_stays_a_text(text: str) -> None:
    (page,) = read(Sheet(name="a", columns=[Column(title="x")], rows=[[text]]))
    cell = page["A2"]
    assert (cell.value, cell.data_type) == (text, "s")
    assert cell.quotePrefix is text.startswith(("=", "+", "-", "@"))


def test_numbers_are_numbers_with_their_formats_and_nothing_is_blank() -> None:
    columns = [
        Column(title="n", format="0"),
        Column(title="rate"),
        Column(title="day", format=DAY),
        Column(title="none"),
    ]
    row: list[Value] = [12, Cell(value=0.25, format="0.00%"), datetime(2026, 11, 24, 8, 30, tzinfo=UTC), float("nan")]
    (page,) = read(Sheet(name="a", columns=columns, rows=[row, [1.5, None, datetime(2026, 1, 2), True]]))  # noqa: DTZ001
    assert [(c.value, c.number_format) for c in page[2]] == [
        (12, "0"), (0.25, "0.00%"), (datetime(2026, 11, 24, 8, 30), "yyyy-mm-dd"), (None, "General"),  # noqa: DTZ001
    ]  # fmt: skip
    assert [c.value for c in page[3]] == [1.5, None, datetime(2026, 1, 2), True]  # noqa: DTZ001


def test_what_stands_above_a_table_moves_it_down_and_its_titles_stay_in_view() -> None:
    above: list[list[Value]] = [["期间", "2026-11"], [Cell(value="全部", strong=True)]]
    (page,) = read(Sheet(name="a", columns=[Column(title="x"), Column(title="y")], rows=[[1, 2]], above=above))
    assert [[c.value for c in row] for row in page.iter_rows()] == [
        ["期间", "2026-11"], ["全部", None], [None, None], ["x", "y"], [1, 2],
    ]  # fmt: skip
    assert (page.freeze_panes, page.auto_filter.ref, page.print_title_rows) == ("A5", "A4:B5", "$4:$4")
    assert page["A2"].font.b


def test_names_of_sheets_are_such_as_excel_takes_and_differ() -> None:
    names = ["AQI/IHT:10", "aqi iht 10", "x" * 40, "x" * 40, "", "'"]
    found = read(*(Sheet(name=name) for name in names)).sheetnames
    assert found == ["AQI IHT 10", "aqi iht 10 2", "x" * 31, "x" * 29 + " 2", "1", "1 2"]


def test_the_same_tables_give_the_same_bytes_whenever_they_are_made() -> None:
    sheets = [Sheet(name="a", columns=[Column(title="x")], rows=[["甲\x00"], [1]])]
    made = workbook(sheets, title="t", made_us=MADE_US)
    assert made == workbook(sheets, title="t", made_us=MADE_US)
    with ZipFile(BytesIO(made)) as parts:
        assert {part.date_time for part in parts.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert b"2026-11-24T06:18:00Z" in parts.read("docProps/core.xml")
    assert load_workbook(BytesIO(made))["a"]["A2"].value == "甲\ufffd"


def test_a_row_is_as_long_as_its_titles_and_there_is_a_sheet() -> None:
    with pytest.raises(ValueError, match="zip"):
        workbook([Sheet(name="a", columns=[Column(title="x")], rows=[[1, 2]])], title="t", made_us=0)
    with pytest.raises(ValueError, match="no sheets"):
        workbook([], title="t", made_us=0)
