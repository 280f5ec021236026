"""Charges and controlled drugs through pages and API: what a case costs, what differs, who states and who witnesses."""

import asyncio
import io
from collections.abc import Callable
from typing import Any, NoReturn

import pytest
from openpyxl import load_workbook

from charting.trail.entries import ChargesDecided, Denied, Witnessed
from tests.charting.charges.scenes import term
from tests.charting.charges.theatre import SUFENTANIL, recorded
from tests.charting.web.hospital import PASSWORD, Hospital

STATED = {"lot": "A-7", "ampoules": 2, "size": 50, "unit": "ug", "given": 60, "wasted": 40, "empties": 2}
CHARGES = "/api/charges/cases/c1"
ITEM = "/api/records/c1/d1/items/k1"
WITNESS = "/api/controlled/cases/c1/d1/k1/witness"


@pytest.fixture
def hospital() -> Hospital:
    return recorded()


def stated(number: int = 0, **more: object) -> dict[str, Any]:
    drug = term("drugs", SUFENTANIL)
    content = {"kind": "controlled", "at_us": 1_795_500_000_000_000, **STATED, **more}
    content["drug"] = {"library": "drugs", "version": drug.version, "code": drug.code, "zh": drug.zh, "en": drug.en}
    return {"after": number, "content": content, "reason": "judgement" if number else ""}


async def test_a_case_is_shown_with_what_it_costs_and_what_differs(hospital: Hospital) -> None:
    async with hospital.client("or_nurse") as client:
        told = (await client.get(CHARGES)).json()
        # 800 for the first two hours, 25 for an hour of monitoring, two ampoules of 38, two tubes of 28
        assert (told["recorded"], told["charged"], told["difference"]) == ("957.00", "0.00", "957.00")
        assert [(u["entry"], u["why"]) for u in told["not_billed"]] == [("x", "no_item")]
        assert {r["code"]: (r["recorded"], r["due"]) for r in told["rows"]} == {
            "S101": ("1", "0"), "S110": ("1", "0"), "X011": ("2", "0"), "M101": ("2", "0"),
        }  # fmt: skip
        page = (await client.get("/charges/c1")).text
        for said in ("957.00", "Sufentanil 50 ug", "Transfusion set", "the catalogue has no item for it"):
            assert said in page
        assert hospital.charging.poster is not None
        hospital.charging.poster.follower.look()
        hospital.desk.sign(hospital.actor("anaesthetist"), "c1", document="d1", slot="anaesthetist")
        hospital.charging.poster.follower.look()
        on_its_way = (await client.get(CHARGES)).json()
        assert (on_its_way["underway"], {line["state"] for line in on_its_way["posted"]}) == ("957.00", {"waiting"})
        key = on_its_way["posted"][0]["parcel"]
        hospital.exchange.outbox.park(key, "unknown item")
        refused = (await client.get(CHARGES)).json()
        assert (refused["refused"], refused["underway"]) == ("957.00", "0.00")
        assert "unknown item" in (await client.get("/charges/c1")).text
        hospital.exchange.outbox.resend(key, "or_nurse", "mended")
        hospital.exchange.outbox.answer(key, b"", told=True)
        hospital.charging.poster.settle()
        done = (await client.get(CHARGES)).json()
        assert (done["charged"], done["difference"], done["differs"], done["lines"]) == ("957.00", "0.00", False, 4)


async def test_a_month_is_reconciled_by_day_and_case_on_page_paper_and_in_a_workbook(hospital: Hospital) -> None:
    async with hospital.client("head") as client:
        told = (await client.get("/api/charges/2026-11")).json()
        assert [(d["day"], d["cases"], d["recorded"], d["differing"], d["unbilled"]) for d in told["days"]] == [
            ("2026-11-24", 1, "957.00", 1, 1)
        ]
        assert (await client.get("/api/charges/2026-11-23")).json()["cases"] == []
        assert (await client.get("/api/charges/2026-13")).status_code == 422
        page = (await client.get("/charges?month=2026-11&only=1")).text
        assert "张三" in page
        assert "957.00" in page
        pdf = await client.get("/api/charges/2026-11/report.pdf")
        assert pdf.content.startswith(b"%PDF 1 en Charges of 2026-11")
        answer = await client.get("/api/charges/2026-11/report.xlsx")
        assert 'filename="charges-2026-11.xlsx"' in answer.headers["content-disposition"]
        book = load_workbook(io.BytesIO(answer.content))
        assert book.sheetnames == ["By day", "By case", "Items", "Recorded and no item", "For the HIS"]
        rows = list(book["Items"].iter_rows(min_row=2, values_only=True))
        assert sum(float(str(row[-1])) for row in rows if row[-1] is not None) == 957


async def test_a_person_confirms_or_holds(hospital: Hospital) -> None:
    async with hospital.client("or_nurse") as client:
        held = await client.post(f"{CHARGES}/hold", json={"reason": "ask the ward"})
        assert held.json()["blocked"] == "held"
        assert "ask the ward" in (await client.get("/charges/c1")).text
        confirmed = await client.post(f"{CHARGES}/confirm")
        assert (confirmed.json()["blocked"], confirmed.json()["unsigned"]) == ("", False)
        assert (await client.post(f"{CHARGES}/hold", json={"reason": " "})).status_code == 422
    bodies = [e.body for e in hospital.trail.entries("c1", kinds=["charges_decided"])]
    assert bodies == [
        ChargesDecided(decision="held", reason="ask the ward"), ChargesDecided(decision="confirmed"),
    ]  # fmt: skip


async def test_given_and_wasted_are_what_was_drawn_up(hospital: Hospital) -> None:
    async with hospital.client("anaesthetist") as client:
        wrong = await client.put(ITEM, json=stated(wasted=39))
        assert (wrong.status_code, wrong.json()["key"]) == (422, "controlled_balance")
        assert wrong.json()["text"] == "Given 60 and wasted 39 must make up what was drawn up: 100 ug"
        assert (await client.put(ITEM, json=stated(empties=3))).json()["key"] == "controlled_empties"
        tenths = stated(ampoules=3, size=0.1, given=0.1, wasted=0.2, empties=3, unit="mg")
        assert (await client.put(ITEM, json=tenths)).status_code == 200
        other = stated()
        drug = term("drugs", "D001")
        other["content"]["drug"] |= {"code": "D001", "zh": drug.zh, "en": drug.en}
        assert (await client.put(ITEM.replace("k1", "k2"), json=other)).json()["key"] == "controlled_not"


async def test_another_person_witnesses_in_his_session_or_by_his_password(hospital: Hospital) -> None:
    async with hospital.client("anaesthetist") as author, hospital.client("or_nurse") as nurse:
        listed = (await nurse.get("/api/controlled/2026-11")).json()
        assert [(e["drug"], e["item"], e["recorded"]) for e in listed] == [(SUFENTANIL, "", "60 µg")]
        assert (await author.put(ITEM, json=stated())).status_code == 200
        own = await author.post(WITNESS, json={"number": 1})
        assert (own.status_code, own.json()["key"]) == (403, "controlled_own")
        named = {"number": 1, "account": "anaesthetist", "password": PASSWORD}
        assert (await author.post(WITNESS, json=named)).status_code == 403
        named["account"] = "or_nurse"
        assert (await author.post(WITNESS, json={**named, "password": "wrong"})).json()["key"] == "wrong"
        surgeon = await author.post(WITNESS, json={**named, "account": "surgeon"})
        assert surgeon.status_code == 403
        assert (await nurse.post(WITNESS, json={"number": 2})).status_code == 409
        seen = await author.post(WITNESS, json=named)
        assert [(e["author"], e["witness"]) for e in seen.json()] == [("anaesthetist", "or_nurse")]
        changed = await author.put(ITEM, json=stated(1, given=50, wasted=50))
        assert changed.status_code == 200
        assert (await nurse.get("/api/controlled/2026-11")).json()[0]["witness"] == ""
        assert "not witnessed" in (await nurse.get("/controlled")).text
        hospital.desk.sign(hospital.actor("anaesthetist"), "c1", document="d1", slot="anaesthetist")
        assert (await nurse.post(WITNESS, json={"number": 2})).status_code == 200
        assert "Or_Nurse" in (await nurse.get("/controlled/c1")).text
    kept = hospital.trail.entries("c1", kinds=["witnessed"])
    assert [(e.actor, e.body) for e in kept] == [
        ("or_nurse", Witnessed(document="d1", item="k1", number=n)) for n in (1, 2)
    ]
    denied = [e for e in hospital.trail.all() if isinstance(e.body, Denied)]
    assert [e.actor for e in denied] == ["anaesthetist", "anaesthetist", "surgeon"]


async def test_the_case_asks_for_what_became_of_a_controlled_drug(hospital: Hospital) -> None:
    def told() -> list[str]:
        return [w.key for w in hospital.desk.warnings(hospital.desk.case("c1")) if w.key.startswith("controlled")]

    assert told() == ["controlled_missing"]
    async with hospital.client("anaesthetist") as author, hospital.client("head") as head:
        await author.put(ITEM, json=stated())
        assert told() == ["controlled_unwitnessed"]
        await head.post(WITNESS, json={"number": 1})
        assert told() == []
        billed = (await head.get(CHARGES)).json()["rows"]
        assert next(r["recorded"] for r in billed if r["code"] == "X011") == "2"
        opened = stated(1, ampoules=3, given=60, wasted=90, empties=3)
        await author.put(ITEM, json=opened)
        billed = (await head.get(CHARGES)).json()["rows"]
        assert next(r["recorded"] for r in billed if r["code"] == "X011") == "3", "what was wasted was opened"


async def test_what_nobody_foresaw_ends_no_life_of_the_service(hospital: Hospital) -> None:
    fails: list[str] = []
    both, stop = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def fail(what: str) -> Callable[..., NoReturn]:
        def do(*_: object) -> NoReturn:
            fails.append(what)
            if len(set(fails)) == 2:
                loop.call_soon_threadsafe(both.set)
            raise RuntimeError(what)

        return do

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hospital.kept.charges, "open_cases", fail("settle"))
        patch.setattr(hospital.charging.reconciling, "of_period", fail("compare"))
        lives = [asyncio.create_task(life) for life in hospital.charging.lives(stop)]
        await asyncio.wait_for(both.wait(), 60)
        stop.set()
        await asyncio.gather(*lives)
