"""What is asked before a document is signed or a case closed, and what a record says that is filled no more."""

import json
import re
from html import unescape

from charting.trail.contents import Content, Event, Infusion, Rate, Term, Volume
from tests.charting.web.hospital import MINUTE_US, Hospital

SIGN = "/records/c1/d1/dialogs/sign"
CLOSE = "/cases/c1/dialogs/close"


def term(hospital: Hospital, library: str, code: str) -> Term:
    found = hospital.desk.libraries.named(library, code)
    assert found is not None
    return found


def given(hospital: Hospital) -> dict[str, Content]:
    """From 50 minutes ago on: a gas and a bag that run, urine that was measured, a drug that was stopped."""
    at_us = hospital.clock.at_us - 50 * MINUTE_US
    rates = (Rate(at_us=at_us, rate=2.0),)
    drug = Infusion(what="drug", drug=term(hospital, "drugs", "D012"), unit="ug/min", rates=rates)
    return {
        "gas": Infusion(what="gas", drug=term(hospital, "gases", "O2"), unit="L/min", rates=rates),
        "bag": Volume(way="in", group="crystalloid", what="RINGER", ml=500.0, start_us=at_us),
        "urine": Volume(way="out", group="urine", what="URINE", ml=200.0, start_us=at_us),
        "drug": Infusion(**{**{n: getattr(drug, n) for n in drug.__slots__}, "stop_us": at_us + MINUTE_US}),
    }


def hospital_with_a_record(*, emergency: bool = True, over: int | None = None) -> Hospital:
    """`over`: the anaesthesia ended so many minutes ago."""
    hospital = Hospital()
    hospital.recorded(emergency=emergency)
    doctor = hospital.actor("anaesthetist")
    for item, content in given(hospital).items():
        hospital.desk.set(doctor, "c1", document="d1", item=item, after=0, content=content)
    if over is not None:
        ended = Event(key="t_anes_end", at_us=hospital.clock.at_us - over * MINUTE_US)
        hospital.desk.set(doctor, "c1", item="end", after=0, content=ended)
    return hospital


def stops(page: str) -> dict[str, str]:
    """Item → the request that stops it, of what is offered."""
    found = re.findall(r'data-send="PUT /api/records/c1/d1/items/(\w+)" data-body=\'([^\']*)\'', page)
    return {item: unescape(body) for item, body in found}


async def test_what_still_runs_is_listed_before_signing_and_closing_and_stops_with_one_tap() -> None:
    hospital = hospital_with_a_record(over=10)
    ended_us = hospital.clock.at_us - 10 * MINUTE_US
    async with hospital.client("anaesthetist") as client:
        for path in (SIGN, CLOSE):
            page = (await client.get(path)).text
            assert "Still running" in page
            assert "RINGER" in page
            assert "URINE" not in page
            assert "Stop at the end of anaesthesia 14:08" in page
            assert stops(page).keys() == {"gas", "bag"}
        for item, body in stops(page).items():
            done = await client.put(f"/api/records/c1/d1/items/{item}", json=json.loads(body))
            assert done.status_code == 200, done.text
        for path in (SIGN, CLOSE):
            assert "Still running" not in (await client.get(path)).text
    items = hospital.desk.case("c1").documents["d1"].items
    gas, bag = items["gas"].content, items["bag"].content
    assert isinstance(gas, Infusion)
    assert isinstance(bag, Volume)
    assert (gas.stop_us, bag.end_us) == (ended_us, ended_us)


async def test_it_stops_now_while_the_anaesthesia_goes_on_or_where_it_began_later() -> None:
    for over in (None, 55):
        hospital = hospital_with_a_record(over=over)
        async with hospital.client("anaesthetist", lang="zh") as client:
            page = (await client.get(SIGN)).text
            assert "仍在运行" in page
            assert "现在停止" in page
            assert '"stop_us": "{now}"' in stops(page)["gas"]
            assert '"end_us": "{now}"' in stops(page)["bag"]


async def test_who_may_not_stop_it_is_told_of_it_and_can_go_on() -> None:
    hospital = hospital_with_a_record()
    async with hospital.client("anaesthetist2") as client:
        page = (await client.get(CLOSE)).text
        assert "RINGER" in page
        assert 'href="/records/c1/d1"' in page
        assert stops(page) == {}
        done = await client.post("/api/cases/c1/close", json={"at_us": hospital.clock.at_us})
        assert done.json()["state"] == "closed"


def buttons(page: str) -> dict[str, bool]:
    """Slot → whether its button can be pressed, of what is offered."""
    found = re.findall(
        r'<button type="button" class="main"( disabled[^>]*?)? data-send="POST [^"]*/sign" data-body=\'([^\']*)\'', page
    )
    return {json.loads(unescape(body))["slot"]: not disabled for disabled, body in found}


async def test_a_person_is_offered_what_he_may_sign_and_once() -> None:
    hospital = hospital_with_a_record()
    async with hospital.client("anaesthetist") as client:
        offered = buttons((await client.get(SIGN)).text)
        assert offered
        assert all(offered.values())
        done = await client.post("/api/records/c1/d1/sign", json={"slot": "anaesthetist"})
        assert done.status_code == 200, done.text
        page = (await client.get(SIGN)).text
        assert buttons(page) == {}
        assert "You have signed this version" in page
    async with hospital.client("anaesthetist2") as client:
        page = (await client.get(SIGN)).text
        assert buttons(page) == {"supervisor": True}
        assert "You have signed" not in page
    async with hospital.client("surgeon") as client:
        assert buttons((await client.get(SIGN)).text) == {}


async def test_no_signature_can_be_pressed_while_required_answers_lack() -> None:
    hospital = hospital_with_a_record(emergency=False)
    async with hospital.client("anaesthetist") as client:
        page = (await client.get(SIGN)).text
        assert "Nobody can sign before these are filled in" in page
        assert buttons(page)
        assert not any(buttons(page).values())


async def test_a_record_says_that_it_is_filled_no_more_since_the_patient_left() -> None:
    hospital = hospital_with_a_record()
    async with hospital.client("anaesthetist", lang="en") as client:
        page = (await client.get("/records/c1/d1")).text
        assert "No longer filled" not in page
        assert 'class="live"' in page
        moved = {"bed": "PACU-1", "area": "pacu", "at_us": hospital.clock.at_us - 3 * MINUTE_US}
        assert (await client.post("/api/cases/c1/move", json=moved)).status_code == 200
        page = (await client.get("/records/c1/d1")).text
        assert "No longer filled since the patient left OR-03 at 14:15" in page
        assert 'class="live"' not in page
        page = (await client.get("/records/c1/d1?lang=zh")).text
        assert "病人 14:15 离开 OR-03 后不再自动填充" in page
        back = {"bed": "OR-04", "area": "or", "at_us": hospital.clock.at_us - MINUTE_US}
        assert (await client.post("/api/cases/c1/move", json=back)).status_code == 200
        assert "No longer filled" not in (await client.get("/records/c1/d1?lang=en")).text
