"""Tables as an Excel workbook. The only place that knows openpyxl. The same tables give the same bytes."""

import math
import re
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, NamedStyle, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.excel import ExcelWriter

DAY, MOMENT = "yyyy-mm-dd", "yyyy-mm-dd hh:mm"
"""Formats of a date, and of a date with its time."""

_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\]")
_LONGEST_NAME, _LONGEST_TEXT = 31, 32_767
"""Excel's own limits."""
_STRONG = Font(bold=True)
_TITLE = NamedStyle(
    "title of a column",
    font=Font(bold=True, color="FFFFFF"),
    fill=PatternFill("solid", fgColor="0F3D5C"),
    alignment=Alignment(vertical="center", wrap_text=True),
)
_BODY = NamedStyle(
    "row of a table",
    border=Border(bottom=Side(style="hair", color="B7C0C8")),
    alignment=Alignment(vertical="top", wrap_text=True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A value with a format of Excel's (`0.00`, `DAY`); "" is what its kind has by itself."""

    value: "Plain"
    format: str = ""
    strong: bool = False


Plain = str | bool | int | float | datetime | None
"""A text stays one, whatever it begins with. nan is blank, as None is. A datetime is written without its zone."""
Value = Plain | Cell


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """`width` in characters; `format`: of its numbers and dates, where a cell says no other."""

    title: str
    width: float = 14
    format: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """`above`: lines over the table. `rows` are as long as `columns`; without columns there is no table, but lines of
    `widths`.
    """

    name: str
    columns: Sequence[Column] = ()
    rows: Sequence[Sequence[Value]] = ()
    above: Sequence[Sequence[Value]] = ()
    widths: Sequence[float] = ()


def workbook(sheets: Sequence[Sheet], *, title: str, made_us: int) -> bytes:
    """`made_us`: µs since 1970 UTC. Names of sheets become such as Excel takes, and differ.

    Raises ValueError for no sheets, and for a row that is not as long as its sheet's columns.
    """
    if not sheets:
        raise ValueError("no sheets")
    made = Workbook()
    made.remove(made.worksheets[0])
    for style in (_TITLE, _BODY):
        made.add_named_style(copy(style))
    names: set[str] = set()
    for sheet in sheets:
        name = _name(sheet.name, names)
        names.add(name.casefold())
        _write(made.create_sheet(name), sheet)
    made.properties.creator, made.properties.title = "vitalsd", _clean(title)
    made.properties.created = made.properties.modified = datetime.fromtimestamp(made_us // 1_000_000, UTC).replace(
        tzinfo=None
    )
    out = BytesIO()
    ExcelWriter(made, _Archive(out, "w", ZIP_DEFLATED)).save()
    return out.getvalue()


class _Archive(ZipFile):
    """Parts without the times at which they were written."""

    def writestr(self, zinfo_or_arcname: Any, data: Any, *_: Any, **__: Any) -> None:
        part = ZipInfo(str(zinfo_or_arcname))
        part.compress_type = ZIP_DEFLATED
        super().writestr(part, data)

    def write(self, filename: Any, arcname: Any = None, *_: Any, **__: Any) -> None:
        self.writestr(arcname, Path(filename).read_bytes())


def _write(page: Worksheet, sheet: Sheet) -> None:
    page.sheet_view.showGridLines = False
    page.page_setup.orientation, page.page_setup.paperSize = "landscape", 9  # A4
    page.page_setup.fitToHeight = 0
    page.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    for y, line in enumerate(sheet.above, 1):
        for x, value in enumerate(line, 1):
            _put(page, y, x, value)
    for x, wide in enumerate([column.width for column in sheet.columns] or sheet.widths, 1):
        page.column_dimensions[get_column_letter(x)].width = wide
    if not sheet.columns:
        return
    head = len(sheet.above) + bool(sheet.above) + 1
    for x, column in enumerate(sheet.columns, 1):
        _put(page, head, x, column.title, style=_TITLE)
    for y, row in enumerate(sheet.rows, head + 1):
        for x, (value, column) in enumerate(zip(row, sheet.columns, strict=True), 1):
            _put(page, y, x, value, column.format, style=_BODY)
    page.freeze_panes = f"A{head + 1}"
    page.print_title_rows = f"{head}:{head}"
    page.auto_filter.ref = f"A{head}:{get_column_letter(len(sheet.columns))}{head + len(sheet.rows)}"


def _put(
    page: Worksheet, row: int, column: int, value: Value, usual: str = "", *, style: NamedStyle | None = None
) -> None:
    said = value if isinstance(value, Cell) else Cell(value=value)
    plain = said.value
    if isinstance(plain, float) and not math.isfinite(plain):
        plain = None
    elif isinstance(plain, datetime):
        plain = plain.replace(tzinfo=None)
    elif isinstance(plain, str):
        plain = _clean(plain)[:_LONGEST_TEXT]
    made = page.cell(row, column, plain)
    if style is not None:
        made.style = style.name
    if isinstance(plain, str):
        made.data_type = "s"  # openpyxl takes "=…" for a formula, and "#N/A" for an error
        made.quotePrefix = plain.startswith(("=", "+", "-", "@"))
    elif isinstance(plain, datetime):
        made.number_format = said.format or usual or MOMENT
    elif isinstance(plain, float | int) and not isinstance(plain, bool):
        made.number_format = said.format or usual or "General"
    if said.strong:
        made.font = _STRONG


def _clean(text: str) -> str:
    return _UNFIT.sub("\ufffd", text)


def _name(said: str, taken: set[str]) -> str:
    plain = _NOT_IN_NAMES.sub(" ", _clean(said)).strip().strip("'") or "1"
    name, n = plain[:_LONGEST_NAME], 1
    while name.casefold() in taken:
        n += 1
        name = f"{plain[: _LONGEST_NAME - len(str(n)) - 1]} {n}"
    return name
