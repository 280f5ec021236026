"""Workload through API and pages: everybody's own, the head's whole, locks, disputes, files; nothing of another's."""

import io
import re
from typing import Any

import pytest
from openpyxl import load_workbook

from charting.accounts.actor import ROLES
from charting.trail.contents import Coded
from charting.trail.entries import Denied, Set
from tests.charting.web.hospital import Hospital
from tests.charting.workload import department
from tests.charting.workload.cases import Plan, add, term
from tests.charting.workload.department import ANN, BEN, MONTH

API = f"/api/workload/{MONTH}"


@pytest.fixture
def hospital() -> Hospital:
    made = Hospital()
    department.put(made.trail)
    return made


async def test_the_head_sees_everybody(hospital: Hospital) -> None:
    async with hospital.client("head") as client:
        told = (await client.get(API)).json()
        assert {p["person"]: p["score"] for p in told["people"]} == {
            ANN: 7.763, BEN: 5.59, "or_nurse": 2.0, "pacu_nurse": 1.5, "name:=赵进修": 0.48,
        }  # fmt: skip
        assert [(w["case"], w["reasons"], w["text"]) for w in told["waiting"]] == [
            ("case-d", ["unsigned"], "not signed")
        ]
        assert (told["locked"], told["formula"], told["cases"]) == (
            False, (await client.get("/api/workload/scheme")).json()["formula"], 4,
        )  # fmt: skip
        page = (await client.get(f"/workload?month={MONTH}")).text
        for said in ("王医生", "7.763", "=赵进修(no account)", "not signed", "default/1"):
            assert said in page


async def test_what_is_not_counted_is_folded_by_its_reason(hospital: Hospital) -> None:
    for n in range(50):
        unsigned = Plan(id=f"u{n}", day="2026-10-22", signed=(), drafts=["anaesthesia_record"], author=BEN)
        unsigned.put(hospital.trail)
    for n in range(2):
        Plan(id=f"t{n}", day="2026-10-22", techniques=(), author=BEN).put(hospital.trail)
    async with hospital.client("head") as client:
        page = (await client.get(f"/workload?month={MONTH}")).text
    listed = page[page.index('id="waiting"') :]
    assert '<span class="tag warn">53</span>' in listed
    assert re.findall(r"<summary>(.*?) <span class=\"tag\">(\d+)<", listed) == [
        ("Anaesthesia record: not signed", "51"), ("Anaesthesia record: no technique is coded", "2"),
    ]  # fmt: skip
    assert "<details open" not in listed
    assert [len(re.findall('<td class="at">', each)) for each in listed.split("<details")[1:]] == [51, 2]


async def test_one_s_own_month_shows_every_case_and_factor(hospital: Hospital) -> None:
    async with hospital.client(ANN) as client:
        told = (await client.get(f"{API}/person")).json()
        assert told["person"]["score"] == 7.763
        assert [(e["case"], e["role"], e["score"]) for e in told["lines"]] == [
            ("case-a", "anaesthetist", 1.8), ("case-a", "arterial_line", 0.5), ("case-b", "anaesthetist", 1.179),
            ("case-c", "anaesthetist", 4.284),
        ]  # fmt: skip
        for line in told["lines"]:
            product = 1.0
            for factor in line["factors"]:
                product *= factor["value"]
            assert product == pytest.approx(line["score"], abs=0.0005)
        factors = {f["key"]: (f["value"], f["text"]) for f in told["lines"][2]["factors"]}
        assert factors["parallel"] == (0.7857, "30 of 70 min")
        page = (await client.get(f"/workload?month={MONTH}")).text
        for said in (
            "7.763",
            "0.7857",
            "30 of 70 min",
            "evening 30, night 60",
            "Exploratory laparotomy",
            "handed over",
        ):
            assert said in page
        assert "李医生" not in page
        page = (await client.get(f"/workload?month={MONTH}&lang=zh")).text
        for said in ("站台分值", "小夜 30, 夜班 60", "剖腹探查术"):
            assert said in page


@pytest.mark.parametrize("account", [*ROLES, "anaesthetist2"])
async def test_nobody_sees_another_s_by_any_way(account: str, hospital: Hospital) -> None:
    """But for the head; each attempt is kept."""
    sees = account in {"head", ANN}
    async with hospital.client("head") as head:
        await head.post(f"{API}/lock")
    async with hospital.client(ANN) as own:
        await own.post(f"{API}/disputes", json={"text": "秘密"})
    async with hospital.client(account) as client:
        before = hospital.trail.last()
        paths = [f"/workload?month={MONTH}&person={ANN}", f"{API}/person?person={ANN}",
                 f"{API}/report.xlsx?person={ANN}", f"{API}/report.pdf?person={ANN}"]  # fmt: skip
        found = [await client.get(path) for path in paths]
        assert {a.status_code for a in found} == ({200} if sees else {403})
        whole = [await client.get(path) for path in (API, f"{API}/report.xlsx", f"{API}/report.pdf")]
        assert {a.status_code for a in whole} == ({200} if account == "head" else {403})
        said = (await client.get(f"{API}/disputes")).text
        audit = await client.get("/api/audit?kind=frozen&kind=disputed")
        pages = [
            await client.get("/audit"),
            await client.get("/workload"),
            await client.get(f"/workload?month={MONTH}"),
        ]
        if not sees:
            denied = [e for e in hospital.trail.all(before, kinds=["denied"]) if isinstance(e.body, Denied)]
            assert sum(e.body.action == "workload" for e in denied) == 7
        for answer in [*found, *whole] if not sees else []:
            assert "7.763" not in answer.text
            assert "秘密" not in answer.text
        assert ("秘密" in said) == sees
        if account != "head":
            for answer in (audit, *pages) if not sees else (audit,):
                assert "7.763" not in answer.text
                assert "秘密" not in answer.text
        else:
            assert "秘密" in audit.text


async def test_only_the_head_locks_and_answers(hospital: Hospital) -> None:
    text = {"text": "x"}
    async with hospital.client(ANN) as own:
        assert (await own.post(f"{API}/disputes", json={"text": "并行不对"})).status_code == 201
    for role in ROLES:
        async with hospital.client(role) as client:
            answered = await client.post(f"{API}/disputes/{ANN}/answer", json=text)
            locked = await client.post(f"{API}/lock")
            assert (answered.status_code, locked.status_code) == ((201, 200) if role == "head" else (403, 403)), role
    async with hospital.client("head") as client:
        assert (await client.post("/api/workload/2026-11/lock")).json()["key"] == "workload.refused.not_over"
        assert (await client.post(f"{API}/disputes/{BEN}/answer", json=text)).status_code == 422
        assert (await client.get("/api/workload/2026-13")).status_code == 422
        thread = (await client.get(f"{API}/disputes")).json()
    assert [(d["account"], d["open"], [r["text"] for r in d["remarks"]]) for d in thread] == [
        (ANN, False, ["并行不对", "x"])
    ]


async def test_a_lock_is_shown_with_what_differs_since(hospital: Hospital) -> None:
    async with hospital.client("head") as client:
        assert (await client.post(f"{API}/lock")).json()["locked_by"] == "Head"
        content = Coded(use="asa", term=term("asa", "4"))
        add(
            hospital.trail,
            "case-a",
            ANN,
            Set(document="", item="asa3", after=1, content=content, reason="typing_error"),
        )
        told = (await client.get(API)).json()
        (difference,) = told["differences"]
        assert (difference["person"], difference["score"]) == (ANN, 0.45)
        assert difference["changes"][0] == {
            "case": "case-a", "stage": "anaesthesia", "role": "anaesthetist", "before": 1.8, "after": 2.25,
            "score": 0.45, "minutes": 0, "factors": ["asa"],
        }  # fmt: skip
        assert next(p for p in told["people"] if p["person"] == ANN)["score"] == 7.763
        page = (await client.get(f"/workload?month={MONTH}")).text
        assert "+0.450" in page
        assert "Locked by Head" in page
        assert "lock-month" not in page
        carried = (await client.get("/api/workload/2026-11")).json()["carried"]
        assert [(c["person"], c["period"], c["score"]) for c in carried] == [(ANN, MONTH, 0.45)]
    async with hospital.client(ANN) as client:
        assert "1.800 → 2.250" in (await client.get(f"/workload?month={MONTH}")).text


def cells(content: bytes) -> dict[str, list[list[Any]]]:
    book = load_workbook(io.BytesIO(content))
    return {sheet.title: [list(row) for row in sheet.iter_rows()] for sheet in book}


async def test_the_workbook_holds_numbers_and_no_formulas(hospital: Hospital) -> None:
    async with hospital.client("head", lang="zh") as client:
        answer = await client.get(f"{API}/report.xlsx")
        assert answer.headers["content-disposition"] == f'attachment; filename="workload-{MONTH}.xlsx"'
        book = cells(answer.content)
    assert list(book) == ["人员", "各例明细", "未计入", "补计", "评分方案"]
    people = {row[0].value: row for row in book["人员"]}
    assert [cell.value for cell in people["王医生"][:9]] == ["王医生", ANN, 7.763, 7.763, 0, 220, 250, 3, 30]
    assert people["=赵进修"][0].data_type == "s"
    assert all(cell.data_type != "f" for rows in book.values() for row in rows for cell in row)
    titles = [cell.value for cell in book["各例明细"][0]]
    (first, *_) = [row for row in book["各例明细"] if row[0].value == "王医生"]
    found = dict(zip(titles, (cell.value for cell in first), strict=True))
    assert (found["ASA"], found["站台分值"], found["病例"]) == (1.2, 1.8, "case-a")
    assert ("stages.anaesthesia.time.step", "0.5") in {(row[0].value, row[1].value) for row in book["评分方案"]}
    assert "张三" not in str([[cell.value for cell in row] for rows in book.values() for row in rows])


async def test_one_s_own_workbook_holds_nobody_else(hospital: Hospital) -> None:
    async with hospital.client(ANN) as client:
        book = cells((await client.get(f"{API}/report.xlsx?person={ANN}")).content)
    said = str([[cell.value for cell in row] for rows in book.values() for row in rows])
    assert "王医生" in said
    assert "李医生" not in said


async def test_a_strange_name_is_text_on_the_page(hospital: Hospital) -> None:
    async with hospital.client("head") as client:
        page = (await client.get("/workload", params={"month": MONTH, "person": "name:<script>x</script>"})).text
        assert "<script>x" not in page
        assert "Nothing of this month" in page
        assert (await client.post(f"{API}/disputes", json={"text": "\u0000"})).status_code == 422
