"""Visits through the API: arriving once, both versions kept, by whom, drawn as a document, and the operation list."""

import re
from typing import Any

from charting.inbox.events import Code
from charting.inbox.operations import Operation
from charting.trail.contents import Answer
from charting.trail.entries import Denied
from tests.charting.visits.patients import HOUR_US, operated
from tests.charting.web.hospital import Hospital

AT = "2026-11-24T14:00:00+08:00"
"""18 minutes before the hospital's now, 6 h 42 min after p1's extubation."""
SAID: dict[str, Any] = {"visit_time": AT, "condition": "good", "reintubated": False}


def body(answers: dict[str, Any], *, sign: bool = False, after: int = 0, **more: Any) -> dict[str, Any]:
    said = {field: {"after": after, "value": value} for field, value in answers.items()}
    whole = answers if sign else None
    return {"author": "anaesthetist", "seen": [], "answers": said, "whole": whole, **more}


def hospital() -> Hospital:
    made = Hospital()
    operated(made, "p1", 7)
    return made


def standing(made: Hospital, document: str) -> dict[str, Any]:
    items = made.desk.case("p1").documents[document].items.values()
    return {i.content.field: i.content.value for i in items if isinstance(i.content, Answer)}


async def test_what_cannot_be_kept_is_told_and_spoils_nothing_else() -> None:
    made = hospital()
    async with made.client("anaesthetist") as client:
        wrong = {**SAID, "spo2": 300, "nonsense": "x", "visit_time": "2026-11-25T14:00:00+08:00"}
        said = (await client.put("/api/visits/p1/h6/v1", json=body(wrong, sign=True))).json()
        assert {r["key"] for r in said["refused"]} == {"spo2", "nonsense", "visit_time"}
        assert (said["signed"], standing(made, "v1")) == (False, {"condition": "good", "reintubated": False})
        lacking = (await client.put("/api/visits/p1/h6/v1", json=body({}) | {"whole": standing(made, "v1")})).json()
        assert ([each["key"] for each in lacking["lacking"]], lacking["signed"]) == (["field:visit_time"], False)


async def test_nothing_is_signed_that_its_author_has_not_seen() -> None:
    made = hospital()
    async with made.client("anaesthetist") as client:
        await client.put("/api/visits/p1/h6/v1", json=body(SAID))
        elsewhere = Answer(field="remarks", value="from the desk")
        made.desk.set(made.actor("anaesthetist"), "p1", document="v1", item="field:remarks", after=0, content=elsewhere)
        said = (await client.put("/api/visits/p1/h6/v1", json=body({}) | {"whole": SAID})).json()
        assert (said["signed"], said["differs"][0]["field"], said["differs"][0]["mine"]) == (False, "remarks", "–")
        assert said["differs"][0]["theirs"]["text"] == "from the desk"
        whole = {**SAID, "remarks": "from the desk"}
        assert (await client.put("/api/visits/p1/h6/v1", json=body({}) | {"whole": whole})).json()["signed"]


async def test_a_visit_is_its_author_s_alone() -> None:
    made = hospital()
    async with made.client("anaesthetist2") as other:
        refused = await other.put("/api/visits/p1/h6/v1", json=body(SAID))
        assert (refused.status_code, refused.json()["key"]) == (403, "visit.other_person")
        last = made.trail.entries("p1")[-1]
        assert (last.actor, type(last.body)) == ("anaesthetist2", Denied)
    async with made.client("anaesthetist") as author:
        await author.put("/api/visits/p1/h6/v1", json=body(SAID))
    async with made.client("anaesthetist2") as other:
        mine = {
            **body({"condition": "poor"}, after=1),
            "author": "anaesthetist2",
            "seen": ["v1"],
            "reason": "judgement",
        }
        stolen = await other.put("/api/visits/p1/h6/v1", json=mine)
        assert stolen.status_code in {403, 422}
        unseen = await other.put("/api/visits/p1/h6/v2", json={**mine, "seen": []})
        assert (unseen.status_code, unseen.json()["seen"]) == (409, ["v1"])
        assert unseen.json()["others"][0]["lines"] == [
            "Time of the visit: 2026-11-24 14:00", "General condition: Good",
            "Reintubated within 6 h after the extubation: No",
        ]  # fmt: skip
    assert standing(made, "v1") == SAID
    assert "v2" not in made.desk.case("p1").documents


async def test_a_visit_is_a_document_like_others_and_tells_the_indicators() -> None:
    made = hospital()
    async with made.client("anaesthetist") as client:
        await client.put("/api/visits/p1/h6/v1", json=body(SAID, sign=True))
        assert "Visit 6 h after extubation" in (await client.get("/cases/p1")).text
        drawn = (await client.get("/api/records/p1/v1/pages/1")).text
        assert "Reintubated within 6 h" in re.sub(r"<[^>]+>", " ", drawn)
        listed = (await client.get("/api/visits")).json()
        (h6,) = [v for v in listed["visits"] if (v["case"], v["kind"]) == ("p1", "h6")]
        assert (h6["state"], h6["in_time"], h6["author_name"]) == ("done", True, "王医生")
        assert next(c for c in listed["counts"] if c["kind"] == "h6") == {
            "kind": "h6", "kind_name": "6 h: reintubated?", "asked": 1, "in_time": 1, "late": 0, "missed": 0, "open": 0,
        }  # fmt: skip
        month = (await client.get("/api/quality?period=2026-11")).json()
        found = {row["code"]: row for row in month["results"]}
        voice = found["AQI-IHE-23"]  # nobody has come after 72 h: no number, and why
        assert (voice["n"], voice["unknown"], voice["unavailable"]) == (None, 1, "quality.needs.visit72")


async def test_tomorrow_s_operations_are_visited_before_they_have_a_case() -> None:
    made = Hospital()
    start_us = made.clock.at_us + 18 * HOUR_US
    plain: dict[str, Any] = {
        "state": "booked",
        "start_us": start_us,
        "patient": {"name": "钱多", "ward": "二病区", "ward_bed": "7"},
    }
    put = made.exchange.messages.put
    put(Operation(id="B1", number="2026777", procedures=(Code(code="47.0100"),), **plain))
    put(Operation(id="B2", number="2026778", **{**plain, "state": "cancelled"}))
    put(Operation(id="B3", number="2026779", urgent=True, **plain))
    put(Operation(id="B4", number="2026780", **{**plain, "start_us": start_us + 48 * HOUR_US}))
    async with made.client("anaesthetist") as client:
        (visit,) = (await client.get("/api/visits")).json()["visits"]
        assert [visit[k] for k in ("booking", "case", "kind", "state", "name", "ward", "ward_bed", "planned_us")] == [
            "B1", "", "preop", "due", "钱多", "二病区", "7", start_us,
        ]  # fmt: skip
        for _ in range(2):
            opened = await client.post("/api/visits/planned", json={"booking": "B1", "case": "new1"})
            assert (opened.status_code, opened.json()) == (201, {"case": "new1"})
        known = made.desk.case("new1")
        assert (known.area, known.bed, known.patient.name) == ("ward", "", "钱多")
        (visit,) = (await client.get("/api/visits")).json()["visits"]
        assert (visit["case"], visit["state"], visit["planned_us"]) == ("new1", "due", start_us)
        asked = (await client.get("/api/visits/new1/preop")).json()
        (technique,) = [f for s in asked["sections"] for f in s["fields"] if f["id"] == "planned_technique"]
        assert len(technique["choices"]) > 10
    async with made.client("surgeon") as client:
        assert (await client.post("/api/visits/planned", json={"booking": "B1", "case": "x"})).status_code == 403
