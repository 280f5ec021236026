"""Cards on the pages and in the API: shown, answered by who may, and nothing else comes of it."""

from typing import Any

from charting.accounts.actor import ROLES
from charting.trail.contents import Patient
from charting.trail.entries import CardAnswered, Denied, Set
from tests.charting.cds.cards import told
from tests.charting.web.hospital import NOW_US, Hospital

CARDS = "/api/cases/c1/cards"
MAY = {"anaesthetist", "pacu_nurse", "icu_nurse", "head"}


def hospital_with(*numbers: int, **said: Any) -> Hospital:
    made = Hospital(idle_s=43_200)
    made.recorded()
    made.desk.tell_cards("c1", [told(number, **said) for number in numbers])
    return made


def answer(number: int = 1, **said: Any) -> dict[str, Any]:
    return {"service": "cdss", "card": told(number).card, "accepted": True, **said}


async def test_a_card_is_told_with_what_it_stands_on() -> None:
    async with hospital_with(1).client("surgeon", lang="zh") as client:
        (shown,) = (await client.get(CARDS)).json()
        page = (await client.get("/records/c1/d1")).text
    assert (shown["rule"], shown["version"]) == ("opioid-dose", "1.2")
    assert shown["links"] == [{"label": "指南", "url": "https://guide.example/opioid", "host": "guide.example"}]
    assert shown["inputs"] == [{"name": "芬太尼", "value": "0.5 mg", "at_us": 1_795_500_960_000_000}]
    wanted = ["opioid-dose", "1.2", "医院 CDSS", "考虑核对剂量 1", "0.5 mg", "<strong>8.3 µg</strong>", "改用 2 µg/kg"]
    for said in [*wanted, "不是医嘱", "数据截至"]:
        assert said in page
    assert "采纳</button>" not in page  # a surgeon only reads


async def test_who_may_answers() -> None:
    hospital = hospital_with(*range(1, len(ROLES) + 1))
    for number, role in enumerate(sorted(ROLES), 1):
        before = hospital.trail.last()
        async with hospital.client(role) as client:
            asked = answer(number, accepted=False, reason="benefit", text="痛")
            said = await client.post(f"{CARDS}/answer", json=asked)
        done = [e.body for e in hospital.trail.all(before) if not e.body.kind.startswith("session")]
        if role in MAY:
            assert (said.status_code, said.json()["answer_reason"]) == (200, "Weighed: the benefit outweighs the risk")
            card = told(number).card
            assert done == [CardAnswered(service="cdss", card=card, accepted=False, reason="benefit", text="痛")]
        else:
            assert said.status_code == 403, role
            assert [type(body) for body in done] == [Denied]


async def test_setting_aside_needs_a_reason_that_is_offered() -> None:
    async with hospital_with(1).client("anaesthetist") as client:
        for asked, status in (
            (answer(accepted=False), 422), (answer(accepted=False, reason="made-up"), 422),
            (answer(accepted=False, reason="other"), 422), (answer(accepted=False, reason="other", text="so"), 200),
            (answer(accepted=False, reason="tolerated"), 200), (answer(reason="benefit"), 422), (answer(), 200),
            (answer(service="other"), 404), (answer(2), 404), (answer(apply=True), 422),
        ):  # fmt: skip
            assert (await client.post(f"{CARDS}/answer", json=asked)).status_code == status, asked


async def test_an_accepted_card_writes_nothing_into_the_record() -> None:
    hospital = hospital_with(1, 2)
    documents, items = hospital.desk.case("c1").documents, hospital.desk.case("c1").items
    before = hospital.trail.last()
    async with hospital.client("anaesthetist") as client:
        for _ in range(2):
            assert (await client.post(f"{CARDS}/answer", json=answer())).status_code == 200
        page = (await client.get("/cases/c1")).text
    case = hospital.desk.case("c1")
    assert (case.documents, case.items) == (documents, items)
    done = [e.body for e in hospital.trail.all(before)]
    assert sum(isinstance(body, CardAnswered) for body in done) == 1
    assert not any(isinstance(body, Set) for body in done)
    assert page.index("考虑核对剂量 2") < page.index("考虑核对剂量 1")  # what waits for an answer stands first


async def test_advice_on_old_data_or_on_another_patient_says_so() -> None:
    hospital = hospital_with(1, asked_us=NOW_US)
    async with hospital.client("anaesthetist", lang="zh") as client:
        marks = []
        for minutes in (15, 1):
            hospital.clock.go(minutes * 60)
            (shown,) = (await client.get(CARDS)).json()
            marks.append((shown["old"], shown["patient_changed"]))
        found = Patient(number="20260007", name="李四")
        hospital.desk.merge(hospital.actor("anaesthetist"), "c1", patient=found, reason="identified")
        (shown,) = (await client.get(CARDS)).json()
        page = (await client.get("/cases/c1")).text
        assert (await client.post(f"{CARDS}/answer", json=answer())).json()["old"] is False
    assert marks == [(False, False), (True, False)]
    assert (shown["old"], shown["patient_changed"]) == (True, True)
    assert "数据已是 15 分钟以前的" in page
    assert "此后患者信息已更改：请核对" in page


async def test_the_same_said_for_the_same_reason_is_told_once() -> None:
    hospital = hospital_with(1, 1)
    hospital.desk.tell_cards("c1", [told(1), told(1, card=told(2).card), told(3)])
    assert [card.summary for card, _ in hospital.desk.case("c1").cards.values()] == ["考虑核对剂量 1", "考虑核对剂量 3"]


async def test_the_quality_page_counts_by_month_service_and_rule() -> None:
    hospital = hospital_with(1, 2, 3, 4)
    hospital.recorded("c2", bed="OR-04", is_test=True)
    hospital.desk.tell_cards("c2", [told(9)])
    async with hospital.client("head", lang="zh") as client:
        for number, said in ((1, {}), (2, {"reason": "other", "text": "x"}), (3, {"reason": "tolerated"})):
            asked = answer(number, **said, accepted=not said)
            assert (await client.post(f"{CARDS}/answer", json=asked)).status_code == 200
        (rate,) = (await client.get("/api/advice/rates?period=2026-Q4")).json()
        page = (await client.get("/quality/advice")).text
        assert (await client.get("/api/advice/rates?period=2026-10")).json() == []
    assert rate == {
        "month": "2026-11", "service": "cdss", "rule": "opioid-dose", "versions": ["1.2"], "told": 4, "accepted": 1,
        "set_aside": 2, "unanswered": 1, "override_rate": 2 / 3,
        "reasons": [
            {"reason": "other", "text": "其他（请说明）", "n": 1},
            {"reason": "tolerated", "text": "Tolerated before", "n": 1},
        ],
    }  # fmt: skip
    assert "67 %" in page
