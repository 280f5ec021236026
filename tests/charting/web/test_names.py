"""Beds, devices and people under whatever name the site gave them, and names that nobody has."""

from dataclasses import replace
from urllib.parse import quote

import pytest

from charting.trail.entries import DeviceHeld
from charting.web.department import Bed
from tests.charting.web.hospital import BEDS, MINUTE_US, Hospital

ROOM = Bed(id="三号 手术间/A?#", area="or", name="")
DEVICE = "监护仪 B650/1?"


def hospital_with_names() -> Hospital:
    return Hospital(beds=(*BEDS, ROOM))


async def test_a_bed_is_called_as_the_file_calls_it() -> None:
    hospital = hospital_with_names()
    async with hospital.client("anaesthetist") as client:
        page = (await client.get("/")).text
        assert f"/dialogs/open?bed={quote(ROOM.id)}" in page
        assert (await client.get("/dialogs/open", params={"bed": ROOM.id})).status_code == 200
        opened = await client.post("/api/cases", json={"bed": ROOM.id, "area": "or", "emergency": True})
        assert (opened.status_code, opened.json()["bed"]) == (201, ROOM.id)
        listed = await client.get("/api/cases", params={"bed": ROOM.id})
        assert [case["bed"] for case in listed.json()] == [ROOM.id]


@pytest.mark.parametrize("bed", ["OR-99", "or-03", "OR-03 "])
async def test_a_bed_that_is_none_is_refused(bed: str) -> None:
    hospital = Hospital()
    hospital.recorded()
    async with hospital.client("anaesthetist") as client:
        opened = await client.post("/api/cases", json={"bed": bed, "area": "or", "emergency": True})
        assert (opened.status_code, opened.json()["key"]) == (422, "bed_unknown")
        moved = {"bed": bed, "area": "or", "at_us": hospital.clock.at_us}
        assert (await client.post("/api/cases/c1/move", json=moved)).json()["key"] == "bed_unknown"
        assert (await client.post("/api/cases/c1/move", json={**moved, "bed": ""})).status_code == 200
    assert len(hospital.trail.rows()) == 1


async def test_a_held_device_is_told_once_and_judged_whatever_its_name() -> None:
    hospital = Hospital()
    hospital.recorded()
    held = DeviceHeld(device=DEVICE, told={"id": "7"}, from_us=hospital.clock.at_us - 5 * MINUTE_US)
    hospital.desk.hold("c1", held)
    async with hospital.client("anaesthetist") as client:
        for path in ("/cases/c1", "/records/c1/d1"):
            page = (await client.get(path)).text
            assert page.count("says that its patient is another") == 1
            assert "says another patient" not in page
            assert f"/devices/{quote(DEVICE, safe='/')}/judgement" in page
        assert [w["key"] for w in (await client.get("/api/cases/c1/warnings")).json()].count("device_held") == 1
        said = {"same": True, "reason": "wristband"}
        done = await client.post(f"/api/cases/c1/devices/{quote(DEVICE, safe='')}/judgement", json=said)
        assert (done.status_code, done.json()["held"]) == (200, [])


async def test_a_document_goes_to_somebody_who_can_write_it() -> None:
    hospital = Hospital()
    hospital.recorded()
    hospital.people.change(replace(hospital.people.accounts()[1], active=False))
    gone = hospital.people.accounts()[1].account
    assert gone == "anaesthetist"
    async with hospital.client("head") as client:
        for to in ("nobody", "surgeon", gone):
            answer = await client.post("/api/records/c1/d1/hand-over", json={"to": to})
            assert (answer.status_code, answer.json()["key"]) == (422, "no_author"), to
        assert "hand_over" in (await client.get("/records/c1/d1")).text
        done = await client.post("/api/records/c1/d1/hand-over", json={"to": "anaesthetist2"})
        assert done.json()["author"] == "anaesthetist2"


async def test_a_case_that_is_over_is_entered_late_where_another_lies_now() -> None:
    hospital = Hospital()
    hospital.recorded(minutes=60)
    now = hospital.clock.at_us
    late = {"bed": "OR-03", "area": "or", "patient": {"number": "9"}, "at_us": now - 300 * MINUTE_US, "case": "late"}
    async with hospital.client("anaesthetist") as client:
        assert (await client.post("/api/cases", json=late)).json()["key"] == "bed_taken"
        made = await client.post("/api/cases", json={**late, "until_us": now - 90 * MINUTE_US})
        assert (made.status_code, made.json()["state"]) == (201, "closed")
