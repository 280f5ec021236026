"""Cases and records through the API: what is sent twice, by two people, or cannot be so."""

import re
from collections.abc import Sequence
from typing import Any

import pytest

from charting.case.state import Case, value_of
from charting.trail.contents import Charted
from tests.charting.web.hospital import MINUTE_US, NOW_US, STEP_US, Hospital, hr_item

C, R = "/api/cases/c1", "/api/records/c1/d1"
HOUR_US = 60 * MINUTE_US


def charted(mark_us: int, value: float) -> dict[str, Any]:
    return {"kind": "charted", "signal": "hr", "mark_us": mark_us, "time_us": mark_us, "value": value, "unit": "/min"}


def bolus(at_us: int = NOW_US, **more: Any) -> dict[str, Any]:
    drug = {"library": "drugs", "version": "2026.1", "code": "D001", "zh": "丙泊酚", "en": "Propofol"}
    return {"kind": "bolus", "drug": drug, "dose": 100.0, "unit": "mg", "route": "iv", "at_us": at_us, **more}


async def test_two_people_who_edit_one_cell_are_both_shown() -> None:
    hospital = Hospital()
    hospital.recorded()
    item = hr_item(hospital.clock)
    mark = int(item.partition("@")[2])
    async with hospital.client("anaesthetist") as one, hospital.client("anaesthetist", "zh") as two:
        first = {"after": 0, "content": charted(mark, 61.0), "reason": "diathermy"}
        second = {"after": 0, "content": charted(mark, 99.0), "reason": "judgement"}
        assert (await one.put(f"{R}/items/{item}", json=first)).status_code == 200
        answer = await two.put(f"{R}/items/{item}", json=second)
        said = answer.json()
        assert (answer.status_code, said["key"]) == (409, "conflict")
        assert (said["current"]["text"], said["current"]["author_name"], said["mine"]) == (
            "61 /min",
            "王医生",
            "99 /min",
        )
        assert "已被他人修改" in said["text"]
        again = await two.put(f"{R}/items/{item}", json={**second, "after": said["current"]["number"]})
        assert again.status_code == 200
        shown = (await one.get(f"{R}/items/{item}")).json()
    assert [v["content"]["value"] for v in shown["versions"]] == [61.0, 99.0]
    assert shown["captured"]["value"] == 70.0 + mark // STEP_US % 9
    assert shown["value"] == 99.0


async def test_a_form_sent_twice_is_one() -> None:
    hospital = Hospital()
    hospital.recorded()
    async with hospital.client("anaesthetist") as client:
        for _ in range(2):
            assert (await client.put(f"{R}/items/b1", json={"after": 0, "content": bolus()})).status_code == 200
            assert (await client.post("/api/records", json={"case": "c1", "template": "consent", "document": "k"})
                    ).status_code == 201  # fmt: skip
            opened = await client.post(
                "/api/cases", json={"bed": "OR-04", "area": "or", "emergency": True, "case": "c2", "at_us": NOW_US}
            )
            assert (opened.status_code, opened.json()["patient"]["temporary"]) == (201, "急诊-20261124-01")
    assert len(hospital.trail.rows()) == 2
    assert [i.number for i in hospital.desk.case("c1").documents["d1"].items.values() if i.id == "b1"] == [1]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "key"),
    [
        ("POST", "/api/cases", {"bed": "OR-03", "area": "or", "patient": {"number": "1"}}, 422, "bed_taken"),
        ("POST", "/api/cases", {"bed": "OR-04", "area": "or", "patient": {"number": "47 11"}}, 422, "patient_number"),
        ("POST", "/api/cases", {"bed": "OR-04", "area": "or"}, 422, "patient_unknown"),
        ("POST", "/api/cases", {"bed": "OR-04", "area": "roof", "emergency": True}, 422, "invalid"),
        ("POST", "/api/cases", {"bed": "OR-04", "area": "or", "patient": {"nummer": "1"}}, 422, "invalid"),
        ("POST", "/api/cases", {"bed": "OR-04", "area": "or", "emergency": True, "at_us": NOW_US + HOUR_US}, 422,
         "time_ahead"),
        ("POST", "/api/cases", {"bed": "OR-04", "area": "or", "emergency": True, "at_us": 12}, 422, "time_too_early"),
        ("POST", "/api/cases", {"bed": "OR-04", "area": "or", "emergency": True, "at_us": 10**40}, 422, "invalid"),
        ("POST", f"{C}/close", {"at_us": NOW_US - 5 * HOUR_US}, 422, "end_before_start"),
        ("POST", f"{R}/sign", {"slot": "anaesthetist"}, 422, "incomplete"),
        ("POST", f"{R}/sign", {"slot": "nobody"}, 404, "slot_unknown"),
        ("PUT", f"{R}/items/b1", {"after": 0, "content": bolus(dose=-1.0)}, 422, "amount_not_positive"),
        ("PUT", f"{R}/items/b1", {"after": 0, "content": bolus(dose=1e300)}, 422, "invalid"),
        ("PUT", f"{R}/items/b1", {"after": 0, "content": bolus(color="red")}, 422, "invalid"),
        ("PUT", f"{R}/items/b1", {"after": 0, "content": bolus(note="x" * 5000)}, 422, "invalid"),
        ("PUT", f"{R}/items/b1", {"after": 0, "content": bolus(NOW_US + HOUR_US)}, 422, "time_ahead"),
        ("PUT", f"{R}/items/b1", {"after": 0, "content": {"kind": "poem"}}, 422, "invalid"),
        ("PUT", f"{R}/items/b1", {"after": 3, "content": bolus()}, 409, "conflict"),
        ("PUT", f"{C}/items/e1", {"after": 0, "content": {"kind": "event", "key": "dance", "at_us": NOW_US}}, 422,
         "event_unknown"),
        ("PUT", f"{R}/items/field:none", {"after": 0, "content": {"kind": "answer", "field": "none", "value": "x"}},
         422, "field_unknown"),
        ("GET", "/api/records/c1/none", None, 404, "unknown"),
        ("GET", "/api/records/none/d1", None, 404, "case_unknown"),
        ("GET", f"{R}/items/none", None, 404, "unknown"),
        ("GET", f"{R}/pages/99", None, 404, "unknown"),
        ("GET", "/api/libraries/none/terms", None, 404, "unknown"),
        ("GET", "/api/templates/none", None, 404, "unknown"),
        ("DELETE", "/api/cases", None, 405, "method"),
    ],
)  # fmt: skip
async def test_what_cannot_be_is_said_in_words_and_changes_nothing(
    method: str, path: str, body: Any, status: int, key: str
) -> None:
    hospital = Hospital()
    hospital.recorded()
    async with hospital.client("anaesthetist") as english, hospital.client("anaesthetist", "zh") as chinese:
        before = len(list(hospital.trail.all()))
        answers = [await client.request(method, path, json=body) for client in (english, chinese)]
    assert [(a.status_code, a.json()["key"]) for a in answers] == [(status, key)] * 2, answers[0].text
    assert len(list(hospital.trail.all())) == before
    said, in_chinese = (a.json()["text"] for a in answers)
    assert said
    assert said != in_chinese
    assert any("一" <= c <= "鿿" for c in in_chinese)
    assert "张三" not in said + in_chinese


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
async def test_numbers_that_are_none_are_refused(number: str) -> None:
    hospital = Hospital()
    hospital.recorded()
    volume = '{"kind": "volume", "way": "out", "group": "urine", "what": "", "ml": %s, "start_us": %d}'
    text = f'{{"after": 0, "content": {volume}}}'
    async with hospital.client("anaesthetist") as client:
        answer = await client.put(
            f"{R}/items/v1", content=text % (number, NOW_US), headers={"content-type": "application/json"}
        )
    assert answer.status_code == 422
    assert "v1" not in hospital.desk.case("c1").documents["d1"].items


async def test_an_emergency_may_overlap_and_both_are_warned_of_it() -> None:
    hospital = Hospital()
    hospital.opened("c1")
    async with hospital.client("head") as client:
        answer = await client.post("/api/cases", json={"bed": "OR-03", "area": "or", "emergency": True, "case": "c2"})
        assert answer.status_code == 201
        for case in ("c1", "c2"):
            warned = (await client.get(f"/api/cases/{case}/warnings")).json()
            assert any("OR-03" in w["text"] for w in warned), warned
        page = (await client.get("/?lang=en")).text
        assert "More than one case in this bed" in page


async def test_a_case_of_thirty_hours_is_drawn_whole() -> None:
    hospital = Hospital()
    hospital.recorded(minutes=30 * 60)
    async with hospital.client("anaesthetist") as client:
        page = await client.get("/records/c1/d1")
        many = (await client.get(f"{R}/pages")).json()
    assert page.status_code == 200
    first = hospital.clock.at_us // STEP_US * STEP_US - 30 * HOUR_US
    for mark in range(first, first + 30 * HOUR_US, STEP_US):
        assert f'data-item="hr@{mark}"' in page.text
    assert page.text.count('class="sheet"') == many >= 8


async def test_three_cases_a_day_in_one_room_for_a_month_are_found() -> None:
    hospital = Hospital(idle_s=40 * 86_400)
    begin = NOW_US - 31 * 24 * HOUR_US
    for n in range(90):
        hospital.clock.at_us = begin + n // 3 * 24 * HOUR_US + n % 3 * 4 * HOUR_US
        async with hospital.client("anaesthetist") as client:
            body = {"bed": "OR-03", "area": "or", "patient": {"number": f"{1000 + n}"}, "case": f"m{n}"}
            assert (await client.post("/api/cases", json=body)).status_code == 201
            hospital.clock.at_us += 3 * HOUR_US
            assert (
                await client.post(f"/api/cases/m{n}/close", json={"at_us": hospital.clock.at_us})
            ).status_code == 200
    async with hospital.client("anaesthetist") as client:
        found = (await client.get("/api/cases", params={"bed": "OR-03", "limit": 1000})).json()
        assert [f["number"] for f in found] == [f"{1000 + n}" for n in reversed(range(90))]
        assert [f["case"] for f in (await client.get("/api/cases", params={"text": "1042"})).json()] == ["m42"]
        day = (await client.get("/", params={"since": "2026-11-10", "until": "2026-11-10", "lang": "en"})).text
    midnight = NOW_US - 14 * 24 * HOUR_US - 14 * HOUR_US - 18 * MINUTE_US
    starts = {n: begin + n // 3 * 24 * HOUR_US + n % 3 * 4 * HOUR_US for n in range(90)}
    that_day = {n for n, at in starts.items() if at < midnight + 24 * HOUR_US and at + 3 * HOUR_US > midnight}
    assert {int(n) for n in re.findall(r"/cases/m(\d+)", day)} == that_day
    assert len(that_day) == 4, "one of the day before ends after midnight"


async def test_the_readings_behind_a_cell_are_the_devices_own() -> None:
    hospital = Hospital()
    hospital.recorded()
    item = hr_item(hospital.clock, back=2)
    mark = int(item.partition("@")[2])
    hospital.readings(mark)
    async with hospital.client("surgeon") as client:
        found = (await client.get(f"{R}/items/{item}/readings")).json()
    assert [r["time_us"] for r in found] == list(range(mark, mark + MINUTE_US, 1_000_000))
    assert {r["value"] for r in found} == {60.0, 61.0, 62.0, 63.0, 64.0}


async def test_a_held_value_and_an_excursion_are_accepted_as_the_devices() -> None:
    hospital = Hospital()
    hospital.recorded()
    mark = hospital.clock.at_us // STEP_US * STEP_US - 2 * STEP_US
    held = {"kind": "charted", "signal": "abp_sys", "mark_us": mark, "time_us": mark, "value": 240.0,
            "unit": "mm[Hg]", "accepted": "held"}  # fmt: skip
    hidden = {**charted(mark, 148.0), "accepted": "excursion"}
    async with hospital.client("anaesthetist") as client:
        for item, content in ((f"abp_sys@{mark}", held), (f"hr@{mark}", hidden)):
            answer = await client.put(f"{R}/items/{item}", json={"after": 0, "content": content})
            assert answer.status_code == 200, answer.text
        told = await client.put(
            f"{R}/items/spo2@{mark}",
            json={"after": 0, "content": {**held, "signal": "spo2", "value": 12.0, "unit": "%"}},
        )
        assert (told.status_code, told.json()["key"]) == (422, "accepted_not_told")
    value = value_of(hospital.desk.case("c1").documents["d1"].items[f"hr@{mark}"])
    assert isinstance(value, Charted)
    assert (value.value, value.accepted) == (148.0, "excursion")


async def test_a_page_drawn_once_is_not_drawn_again_until_something_changes() -> None:
    hospital = Hospital()
    hospital.recorded()
    drawn: list[str] = []
    draw = hospital.department.drawings._draw

    def counted(case: Case, document: str, lang: str) -> Sequence[str]:
        drawn.append(lang)
        return draw(case, document, lang)

    hospital.department.drawings._draw = counted
    async with hospital.client("anaesthetist") as client:
        for lang in ("en", "en", "zh", "zh", "en"):
            await client.get(f"{R}/pages/1", params={"lang": lang})
        assert drawn == ["en", "zh"]
        await client.put(f"{R}/items/b1", json={"after": 0, "content": bolus()})
        page = await client.get(f"{R}/pages/1", params={"lang": "en"})
        assert drawn == ["en", "zh", "en"]
        assert "Propofol" in page.text
