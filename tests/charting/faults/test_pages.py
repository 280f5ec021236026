"""The pages and the API of faults and wishes, as people of each role have them."""

import io

import openpyxl
import pytest

from charting.trail.entries import TicketOpened
from tests.charting.web.hospital import Hospital

NEW = {"what": "fault", "title": "打印机 <b>缺纸</b>", "text": "第一行\n第二行", "bed": "OR-03"}


async def test_from_report_to_archive_by_the_api() -> None:
    hospital = Hospital()
    async with hospital.client("or_nurse") as nurse, hospital.client("engineer", "zh") as engineer:
        made = await nurse.put("/api/faults/t1", json=NEW)
        assert (made.status_code, made.json()["may"]) == (201, ["note"])
        listed = (await engineer.get("/api/faults")).json()
        assert [(t["id"], t["state"], [p["verdict"] for p in t["promises"]]) for t in listed] == [
            ("t1", "open", ["running"] * 3)
        ]
        for step, state in (("answer", "answered"), ("arrive", "answered"), ("resolve", "resolved")):
            done = await engineer.post("/api/faults/t1/steps", json={"step": step, "text": "处理"})
            assert (done.status_code, done.json()["state"]) == (200, state)
        refused = await engineer.post("/api/faults/t1/steps", json={"step": "archive"})
        assert (refused.status_code, refused.json()["text"]) == (422, "由登记人或科主任确认归档。")
        assert (await nurse.post("/api/faults/t1/steps", json={"step": "archive"})).json()["state"] == "archived"
        never = await engineer.post("/api/faults/t1/steps", json={"step": "arrive", "at_us": 10**30})
        assert (never.status_code, never.json()["key"]) == (422, "invalid")
        unknown = await engineer.get("/api/faults/t9")
        assert (unknown.status_code, unknown.json()["text"]) == (404, "没有这条报障或需求记录。")


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_pages_show_what_people_wrote_and_what_reported_itself(lang: str) -> None:
    hospital = Hospital()
    hospital.department.faults.tell(
        TicketOpened(
            ticket="auto", what="fault", bed="OR-03", device="monitor", source="s", trouble="lost",
            said={"device": "monitor", "fault": "silent"}, since_us=hospital.clock.at_us - 300_000_000,
        )
    )  # fmt: skip
    async with hospital.client("engineer", lang) as client:
        await client.put("/api/faults/t1", json=NEW)
        page = (await client.get("/faults")).text
        assert "打印机 &lt;b&gt;缺纸&lt;/b&gt;" in page
        assert ("系统自动" if lang == "zh" else "by itself") in page
        assert "monitor" in page
        one = await client.get("/faults/auto")
        assert one.status_code == 200
        assert (await client.get("/faults/none")).status_code == 404
        month = await client.get("/faults/month?month=2026-11")
        assert ("登记 2 项，其中系统自动 1 项" if lang == "zh" else "2 reported, 1 of them by itself") in month.text
        book = openpyxl.load_workbook(io.BytesIO((await client.get("/api/faults/months/2026-11/report.xlsx")).content))
        assert len(book.worksheets) == 4
        rows = [row for row in book.worksheets[1].iter_rows(values_only=True) if row[0] and row[2]]
        assert rows[-1][2] == NEW["title"]
        assert (await client.get("/api/faults/months/2026-11/report.pdf")).content.startswith(b"%PDF 1")
        assert (await client.get("/api/faults/months/2026-13")).status_code == 422
