"""The public holidays before which the database is looked at: their first days, as a table; source holidays.csv.

Columns: year, holiday (one of HOLIDAYS), first (the first day off, ISO), source. A site's own file stands in its place.
"""

import csv
from collections.abc import Mapping
from datetime import date
from importlib.resources import files
from io import StringIO
from pathlib import Path

from collector.errors import UsageError

HOLIDAYS = ("spring_festival", "labour_day", "national_day")

Holidays = Mapping[int, Mapping[str, date]]
"""Year → holiday → its first day."""


def holidays(path: Path | None = None) -> Holidays:
    """None: as they come with the program. Raises UsageError with every mistake: file, line, what was expected."""
    if path is None:
        return _read("holidays.csv", files("charting.inspection").joinpath("holidays.csv").read_text(encoding="utf-8"))
    try:
        return _read(str(path), path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from None


def _read(file: str, text: str) -> Holidays:
    found: dict[int, dict[str, date]] = {}
    wrong = []
    rows = csv.DictReader(StringIO(text))
    if not {"year", "holiday", "first"} <= set(rows.fieldnames or ()):
        raise UsageError(f"{file}: expected the columns year, holiday, first, source")
    for row in rows:
        at = f"{file}: line {rows.line_num}"
        if row["holiday"] not in HOLIDAYS:
            wrong.append(f"{at}: holiday: expected one of {', '.join(HOLIDAYS)}")
            continue
        try:
            year, first = int(row["year"]), date.fromisoformat(row["first"])
        except (TypeError, ValueError):
            wrong.append(f"{at}: expected a year as 2026 and a day as 2026-02-15")
            continue
        if first.year != year:
            wrong.append(f"{at}: {first.isoformat()} is not in {year}")
        found.setdefault(year, {})[row["holiday"]] = first
    wrong += [
        f"{file}: {year}: {holiday} is missing" for year, told in found.items() for holiday in HOLIDAYS
        if holiday not in told
    ]  # fmt: skip
    if wrong:
        raise UsageError(*wrong)
    return found
