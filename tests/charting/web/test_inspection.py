"""The pages of inspection, and what the API tells of a report that is kept."""

import json
from pathlib import Path

import pytest

from charting.inspection.report import Report, from_text
from tests.charting.web.hospital import Hospital

KEPT = Path(__file__).parents[2] / "data" / "inspection" / "report.json"
"""As `vitalsd inspect --json` wrote it of a simulated quarter with faults."""


def hospital() -> tuple[Hospital, str, Report]:
    made = Hospital()
    report = from_text(KEPT.read_text(encoding="utf-8"))
    return made, made.inspections.keep(report), report


async def test_a_report_is_told_as_it_was_kept() -> None:
    made, id_, report = hospital()
    async with made.client("engineer") as client:
        listed = (await client.get("/api/inspections")).json()
        told = (await client.get(f"/api/inspections/{id_}")).json()
    assert listed == [{"id": id_, "kind": "inspection", "period": "2026-Q3", "made_us": report.made_us}]
    assert told == json.loads(KEPT.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("lang", "title", "found"),
    [
        ("zh", "系统巡检报告 2026-Q3", "服务器中断"),
        ("en", "System inspection 2026-Q3", "the server was not reached"),
    ],
)
async def test_the_page_shows_each_finding_and_all_that_was_measured(lang: str, title: str, found: str) -> None:
    made, id_, report = hospital()
    async with made.client("engineer", lang) as client:
        assert f'href="/inspection/{id_}"' in (await client.get("/inspection")).text
        page = (await client.get(f"/inspection/{id_}")).text
        pdf = await client.get(f"/api/inspections/{id_}/report.pdf")
        missing = await client.get("/inspection/0123")
    assert title in page
    assert found in page
    assert page.count("data-rule=") == len(report.findings)
    assert page.count('class="chart"') == 2
    assert "99.999%" in page  # down for 25 s
    assert "100.00" not in page
    for bed in ("OR-01", "OR-02", "OR-03", "ICU-01", "OR-09"):
        assert bed in page
    assert pdf.headers["content-disposition"] == 'attachment; filename="inspection-2026-Q3.pdf"'
    assert pdf.content.startswith(b"%PDF")
    assert title in pdf.content.decode()
    assert missing.status_code == 404


async def test_a_person_without_the_right_sees_none() -> None:
    made, id_, _ = hospital()
    async with made.client("anaesthetist") as client:
        for path in ("/inspection", f"/inspection/{id_}", f"/api/inspections/{id_}/report.pdf"):
            assert (await client.get(path)).status_code == 403
