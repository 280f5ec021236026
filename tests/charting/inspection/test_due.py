"""When reports are due, by the calendar."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from charting.inspection.due import due, overdue, unplanned
from charting.inspection.holidays import HOLIDAYS, holidays
from charting.quality.periods import period
from collector.errors import UsageError

ZONE = "Asia/Shanghai"
SPRING_FESTIVAL = {
    2026: "02-17", 2027: "02-06", 2028: "01-26", 2029: "02-13", 2030: "02-03", 2031: "01-23", 2032: "02-11",
    2033: "01-31", 2034: "02-19", 2035: "02-08",
}  # fmt: skip
"""The first day of the lunar year: written down from general knowledge, and as the package lunardate has it."""


def us(text: str) -> int:
    at = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(ZONE))
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


SINCE = us("2026-03-10 09:00")


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-03-31 23:59", []),
        ("2026-04-01 00:00", ["inspection 2026-03", "inspection 2026-Q1", "performance 2026-Q1"]),
        ("2026-04-11 00:00", ["inspection 2026-03", "inspection 2026-Q1"]),
        ("2026-04-23 23:59", ["inspection 2026-03", "inspection 2026-Q1"]),
        (
            "2026-04-24 00:00",
            ["inspection 2026-03", "inspection 2026-Q1", "performance 2026-03-25..2026-04-23"],
        ),
        ("2026-05-01 00:00", ["inspection 2026-03", "inspection 2026-04", "inspection 2026-Q1"]),
    ],
)
def test_reports_fall_due(now: str, expected: list[str]) -> None:
    made = due(SINCE, us(now), ZONE, holidays(), set())
    assert [f"{each.kind} {each.period.name}" for each in made] == expected


def test_a_year_has_seven_looks_at_the_database_and_sixteen_inspections() -> None:
    """One by one, a day at a time, each kept as it was made."""
    kept: set[tuple[str, str]] = set()
    at = us("2027-01-01 03:00")
    while at < us("2028-01-01 03:00"):
        for each in due(us("2026-12-31 12:00"), at, ZONE, holidays(), kept):  # type: ignore[arg-type]
            kept.add((each.kind, each.period.name))
        at += 86_400_000_000
    performance = sorted(name for kind, name in kept if kind == "performance")
    assert performance == [
        "2026-12-30..2027-01-28",  # 春节: first day off 2027-02-05
        "2026-Q4", "2027-03-25..2027-04-23", "2027-08-25..2027-09-23", "2027-Q1", "2027-Q2", "2027-Q3",
    ]  # fmt: skip
    assert len(kept) == 7 + 12 + 4 + 1  # from December 2026 to November 2027; the year is 2026


def test_what_was_not_made_in_its_time_is_overdue() -> None:
    of, now = period("2026-Q2", ZONE), us("2026-07-02 00:00")
    assert overdue(of, SINCE, now, ZONE, holidays(), set()) == ["2026-Q1", "2026-03-25..2026-04-23"]
    assert overdue(of, SINCE, now, ZONE, holidays(), {("performance", "2026-Q1")}) == ["2026-03-25..2026-04-23"]
    assert overdue(of, us("2026-05-05 00:00"), now, ZONE, holidays(), set()) == []


def test_a_year_without_holidays_is_told_from_october_of_the_year_before() -> None:
    table = {year: told for year, told in holidays().items() if year != 2027}
    assert unplanned(period("2026-09", ZONE), ZONE, table) == []
    assert unplanned(period("2026-10", ZONE), ZONE, table) == [2027]
    assert unplanned(period("2027", ZONE), ZONE, table) == [2027]


def test_the_table_is_of_ten_years_and_agrees_with_the_lunar_calendar() -> None:
    table = holidays()
    assert list(table) == list(range(2026, 2036))
    for year, told in table.items():
        assert list(told) == list(HOLIDAYS)
        new_year = date.fromisoformat(f"{year}-{SPRING_FESTIVAL[year]}")
        assert new_year - timedelta(days=2) <= told["spring_festival"] < new_year
        assert (told["labour_day"].month, told["labour_day"].day) == (5, 1)
        assert (told["national_day"].month, told["national_day"].day) == (10, 1)


def test_every_mistake_in_a_table_is_told(tmp_path: Path) -> None:
    file = tmp_path / "holidays.csv"
    file.write_text(
        "year,holiday,first,source\n2028,easter,2028-04-16,\n2028,labour_day,2027-05-01,\n2029,labour_day,May,\n"
    )
    with pytest.raises(UsageError) as told:
        holidays(file)
    assert [reason.removeprefix(f"{file}: ") for reason in told.value.reasons] == [
        "line 2: holiday: expected one of spring_festival, labour_day, national_day",
        "line 3: 2027-05-01 is not in 2028",
        "line 4: expected a year as 2026 and a day as 2026-02-15",
        "2028: spring_festival is missing",
        "2028: national_day is missing",
    ]
