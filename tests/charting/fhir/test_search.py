"""Searching, through the routes: against a plain reading of FHIR's rules over all that there is."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby, product
from random import Random
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from charting.fhir import dates, records
from charting.fhir.kinds import DAY_US
from charting.trail.contents import Bolus, Charted, Patient
from charting.trail.entries import Filled
from tests.charting.fhir.rich import LONG, NUMBER, program, rich
from tests.charting.web.hospital import MINUTE_US, STEP_US, Hospital, cell

READ = "system/*.rs"
OBSERVATIONS = "/fhir/Observation?patient=c1"


async def pages(client: httpx.AsyncClient, url: str) -> list[dict[str, Any]]:
    """All resources that a search finds, page after page, in their order."""
    found: list[dict[str, Any]] = []
    while url:
        answer = await client.get(url)
        assert answer.status_code == 200, answer.text
        bundle = answer.json()
        found += [e["resource"] for e in bundle.get("entry", []) if e["search"]["mode"] == "match"]
        url = next((link["url"] for link in bundle["link"] if link["relation"] == "next"), "")
    return found


def ids(found: list[dict[str, Any]]) -> list[str]:
    return [each["id"] for each in found]


async def test_dates_with_prefixes_find_what_the_rules_say() -> None:
    hospital, rng = rich(), Random("dates")
    async with program(hospital, READ) as client:
        everything = await pages(client, f"{OBSERVATIONS}&_count=500")
        whole = await pages(client, "/fhir/r5/Encounter")
        times = [datetime.fromisoformat(each["effectiveDateTime"]) for each in everything]
        forms = (("%Y-%m-%dT%H:%M:%S%z", timedelta(seconds=1)), ("%Y-%m-%dT%H:%M%z", timedelta(minutes=1)),
                 ("%Y-%m-%d", timedelta(days=1)))  # fmt: skip
        for prefix, (form, lasts) in product(["", *dates.PREFIXES[:-1]], forms):
            moment = rng.choice(times) + timedelta(seconds=rng.choice([0, 0, 1, -1, 60, 3600]))
            text = moment.strftime(form)
            low = datetime.fromisoformat(text)
            low = low if low.tzinfo else low.replace(tzinfo=moment.tzinfo)
            if "%z" in form:
                text = f"{text[:-2]}:{text[-2:]}"
            query = urlencode({"date": f"{prefix}{text}"})
            high = low + lasts
            both = zip(everything, times, strict=True)
            wanted = [each["id"] for each, at in both if _holds(prefix, at, at, low, high)]
            assert ids(await pages(client, f"{OBSERVATIONS}&{query}&_count=500")) == wanted, query
            spans = [(e["id"], *_span(e)) for e in whole]
            named = {id_ for id_, start, end in spans if _holds(prefix, start, end, low, high)}
            found = set(ids(await pages(client, f"/fhir/r5/Encounter?{query}&_id={','.join(ids(whole))}")))
            assert found == named, query


def _holds(prefix: str, start: datetime, end: datetime, low: datetime, high: datetime) -> bool:
    """FHIR search, 3.2.1.5.9 (R5 3.2.1.5.3.1), said by hand: [start, end] against [low, high)."""
    inside = start >= low and end < high
    return {
        "": inside, "eq": inside, "ne": not inside, "gt": end >= high, "lt": start < low,
        "ge": inside or end >= high, "le": inside or start < low, "sa": start >= high, "eb": end < low,
    }[prefix]  # fmt: skip


def _span(encounter: dict[str, Any]) -> tuple[datetime, datetime]:
    told = encounter["actualPeriod"]
    return datetime.fromisoformat(told["start"]), datetime.fromisoformat(told.get("end", "9999-12-31T00:00:00+00:00"))


async def test_the_last_of_each_code_are_the_last() -> None:
    hospital, rng = rich(), Random("lastn")
    async with program(hospital, READ) as client:
        everything = await pages(client, f"{OBSERVATIONS}&_count=500")
        for _ in range(10):
            most = rng.randint(1, 5)
            category = rng.choice(["vital-signs", "procedure", ""])
            status = rng.choice(["final", "amended,final", ""])
            asked = {"patient": "c1", "max": str(most)} | ({"category": category} if category else {})
            asked |= {"status": status} if status else {}
            answer = (await client.get(f"/fhir/Observation/$lastn?{urlencode(asked)}")).json()
            told = [each["resource"]["id"] for each in answer.get("entry", [])]
            fitting = [
                each for each in everything
                if each["status"] != "entered-in-error"
                and (not status or each["status"] in status.split(","))
                and (not category or any(c["code"] == category for k in each["category"] for c in k["coding"]))
            ]  # fmt: skip
            wanted: set[str] = set()
            for _, group in groupby(sorted(fitting, key=_code), key=_code):
                newest = sorted(group, key=lambda e: (e["effectiveDateTime"], _lower(e["id"])), reverse=True)
                wanted |= {each["id"] for each in newest[:most]}
            assert set(told) == wanted
            assert len(told) == len(wanted)
        assert (await client.get("/fhir/Observation/$lastn?max=2")).status_code == 400


def _code(observation: dict[str, Any]) -> str:
    return str(observation["code"]["coding"])


def _lower(id_: str) -> str:
    """Of one time the lower id is the newer one."""
    return "".join(chr(127 - ord(c)) for c in id_)


@pytest.mark.parametrize(
    "search",
    ["Observation?patient=c1&_sort=-date", "Observation?encounter=c1&_sort=_lastUpdated", "Encounter",
     "Observation?code=8867-4"],
)  # fmt: skip
async def test_pages_hold_each_once_also_while_something_is_charted(search: str) -> None:
    hospital = rich()
    hospital.recorded("c9", "d9", bed="OR-04", minutes=40)
    mark = "&" if "?" in search else "?"
    async with program(hospital, READ) as client:
        whole = ids(await pages(client, f"/fhir/{search}{mark}_count=500"))
        assert len(whole) > 3
        url, found = f"/fhir/{search}{mark}_count=3", list[str]()
        for turn in range(500):
            bundle = (await client.get(url)).json()
            found += [e["resource"]["id"] for e in bundle["entry"] if e["search"]["mode"] == "match"]
            again = (await client.get(bundle["link"][0]["url"])).json()
            if turn < 2:
                assert again["entry"] == bundle["entry"], "a page's own link is the page"
                _chart(hospital, turn)
            url = next((link["url"] for link in bundle["link"] if link["relation"] == "next"), "")
            if not url:
                break
    assert len(found) == len(set(found))
    assert set(found) >= set(whole)
    assert [each for each in found if each in whole] == whole


def _chart(hospital: Hospital, turn: int) -> None:
    """Something new of a case that is being read."""
    hospital.clock.go(60)
    at_us = (hospital.clock.at_us // STEP_US - 1 + turn) * STEP_US
    new = (cell("hr", at_us, 80.0, "/min"), cell("rr", at_us, 12.0, "/min"))
    hospital.desk.fill("c9", Filled(document="d9", since_us=0, until_us=0, cells=new, gaps=(), excursions=()))


async def test_codes_categories_and_devices_are_found_as_written() -> None:
    hospital = rich()
    async with program(hospital, READ) as client:

        async def count(query: str, kind: str = "Observation") -> int:
            return int((await client.get(f"/fhir/{kind}?encounter=Encounter/c1&{query}")).json()["total"])

        assert await count("code=8867-4") == await count("code=http://loinc.org|8867-4") == 12
        assert await count("code=urn:iso:std:iso:11073:10101|147842") == 11, "not the one that a person wrote"
        assert await count("code=http://loinc.org|") >= 36
        assert await count("code=|8867-4") == await count("code=8867") == await count("code=other|8867-4") == 0
        assert await count("code=8867-4,85354-9") == 24
        assert await count("code=8867-4&code=85354-9") == 0, "of a heart rate and of a pressure at once"
        assert await count("code=8480-6") == 0
        assert await count("combo-code=8480-6") == await count("component-code=8480-6") == 12
        assert await count("category=procedure") == 5, "CO₂ twice, PEEP, MAC, BIS"
        assert await count("status=amended") == 1
        device = (await client.get("/fhir/DeviceMetric?type=8867-4")).json()["entry"][0]["resource"]
        assert await count(f"device=DeviceMetric/{device['id']}") == 11
        included = await client.get("/fhir/Observation?encounter=c1&code=8867-4&_include=Observation:device&_count=2")
        assert [e["resource"]["resourceType"] for e in included.json()["entry"]] == [
            "Observation", "Observation", "DeviceMetric",
        ]  # fmt: skip
        assert await count("date=2026-11-24&status=completed", "Procedure") == 2


async def test_a_patients_number_finds_his_cases_and_stays_out_of_addresses() -> None:
    hospital = rich()
    async with program(hospital, READ) as client:
        for asked in (
            await client.get(f"/fhir/Patient?identifier=urn:vitalsd:patient|{NUMBER}"),
            await client.post("/fhir/Patient/_search", data={"identifier": NUMBER}),
        ):
            told = asked.json()
            assert {e["resource"]["id"] for e in told["entry"]} == {"c1", LONG}
            assert NUMBER not in str(told["link"])
            again = (await client.get(told["link"][0]["url"])).json()
            assert again["entry"] == told["entry"]
        for name in ("patient.identifier", "patient:identifier", "subject:identifier"):
            bundle = (await client.get(f"/fhir/Encounter?{name}={NUMBER}")).json()
            assert {e["resource"]["id"] for e in bundle["entry"]} == {"c1", LONG}
        for nobody in ("2026004", "other|20260042", "|"):
            bundle = (await client.get(f"/fhir/Observation?patient.identifier={nobody}&_count=1")).json()
            assert "entry" not in bundle


async def test_who_asks_for_one_never_gets_all() -> None:
    """What names a patient in a way that is not known is an error: left out, it would find everybody."""
    hospital = rich()
    async with program(hospital, READ) as client:
        for query in ("patient=", "patient.identifier=", "encounter=", "patient.name=x", "_id=",
                      "subject:Patient.name=x", f"patient.identifier={NUMBER},777", "patient:Group=c1",
                      "encounter.class=EMER"):  # fmt: skip
            answer = await client.get(f"/fhir/Observation?{query}")
            assert (answer.status_code, answer.json()["resourceType"]) == (400, "OperationOutcome"), query
        assert (await client.get("/fhir/Encounter?identifier=")).status_code == 400, "of no visit"
        for name in ("patient:Patient.identifier", "subject.identifier", "subject:Patient.identifier"):
            assert (await client.get(f"/fhir/Encounter?{name}={NUMBER}")).json()["total"] == 2
        typed = await client.get("/fhir/Observation?patient:Patient=c1&code=8867-4")
        assert typed.json()["total"] > 0


async def test_a_number_finds_its_cases_among_any_that_are_like_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("charting.fhir.records.MOST", 3)
    hospital = Hospital()
    hospital.opened("c0", bed="ICU-01", minutes=90, patient=Patient(number="42"))
    for n in range(5):
        hospital.desk.open(
            hospital.actor("anaesthetist"), bed=f"X{n}", area="or", patient=Patient(number=f"4{n}2", name="42"),
            is_test=n < 3,
        )  # fmt: skip
    async with program(hospital, READ) as client:
        assert ids(await pages(client, "/fhir/Encounter?patient.identifier=42")) == ["c0"]
        told = (await client.get("/fhir/Encounter")).json()
        assert told["entry"][-1]["search"]["mode"] == "outcome", "that there are more is said, whatever was left out"
    async with program(hospital, "patient/*.rs", patient="42") as client:
        assert ids(await pages(client, "/fhir/Encounter")) == ["c0"]


async def test_what_was_opened_by_mistake_or_for_trying_is_not_found() -> None:
    hospital = rich()
    async with program(hospital, READ) as client:
        assert {*ids(await pages(client, "/fhir/Encounter"))} & {"c2", "c3"} == set()
        for kind in ("Encounter", "Patient"):
            assert (await client.get(f"/fhir/{kind}/c3")).status_code == 404
        told = (await client.get("/fhir/Encounter/c2")).json()
        assert (told["status"], "李四" in str(told)) == ("entered-in-error", False)
        assert (await client.get("/fhir/Patient/c2")).status_code == 404
        assert (await client.get("/fhir/Encounter?_id=c3")).json()["total"] == 0
        odd = [e for e in await pages(client, "/fhir/Patient") if "急诊" in str(e)]
        assert odd[0]["id"].startswith(".")
        assert (await client.get(f"/fhir/Encounter/{odd[0]['id']}")).json()["status"] == "in-progress"


async def test_what_is_not_understood_is_said_or_refused() -> None:
    hospital = rich()
    async with program(hospital, READ) as client:
        told = (await client.get("/fhir/Encounter?colour=red")).json()
        note = told["entry"][-1]
        assert (note["search"]["mode"], note["resource"]["issue"][0]["severity"]) == ("outcome", "warning")
        assert "colour" in note["resource"]["issue"][0]["diagnostics"]
        assert "colour" not in told["link"][0]["url"]
        for query, headers in (
            ("colour=red", {"prefer": "handling=strict"}), ("date=soon", {}), ("date=zz2026", {}), ("_count=many", {}),
            ("date=2026-02-31", {}), ("_cursor=AAAA", {}), ("status:not=x", {}), ("date=0000", {}),
            (f"status={','.join('a' * 300)}", {}),
        ):  # fmt: skip
            answer = await client.get(f"/fhir/Encounter?{query}", headers=headers)
            assert (answer.status_code, answer.json()["resourceType"]) == (400, "OperationOutcome"), query
            assert answer.headers["content-type"].startswith("application/fhir+json")


async def test_the_release_is_the_one_that_was_asked_for() -> None:
    hospital = rich()
    async with program(hospital, READ) as client:
        for accept, path, version, key in (
            ("", "/fhir", "4.3", "period"),
            ("application/fhir+json; fhirVersion=4.0", "/fhir", "4.3", "period"),
            ("text/html, application/fhir+json; fhirVersion=5.0", "/fhir", "5.0", "actualPeriod"),
            ("*/*", "/fhir/r5", "5.0", "actualPeriod"),
            ("application/json", "/fhir/r4b", "4.3", "period"),
        ):
            answer = await client.get(f"{path}/Encounter/c1", headers={"accept": accept} if accept else {})
            assert f"fhirVersion={version}" in answer.headers["content-type"]
            assert key in answer.json()
            found = await client.get(f"{path}/Encounter", headers={"accept": accept} if accept else {})
            assert all(e["fullUrl"].startswith(f"http://records.test{path}/Encounter/") for e in found.json()["entry"])
        for accept in ("application/fhir+json; fhirVersion=3.0", "application/fhir+xml", "text/html"):
            answer = await client.get("/fhir/Encounter/c1", headers={"accept": accept})
            assert (answer.status_code, answer.json()["resourceType"]) == (406, "OperationOutcome")


async def test_what_was_changed_since_is_found_without_a_patient() -> None:
    hospital = rich()
    async with program(hospital, READ) as client:
        before = await pages(client, "/fhir/Observation?_count=500")
        newest = max(each["meta"]["lastUpdated"] for each in before)
        query = urlencode({"_lastUpdated": f"gt{newest}"})
        assert await pages(client, f"/fhir/Observation?{query}") == []
        hospital.clock.go(30)
        mark = (hospital.clock.at_us // STEP_US) * STEP_US
        hospital.desk.ask_unlock(hospital.actor("anaesthetist"), "c1", document="d1", reason="a dose")
        hospital.desk.answer_unlock(hospital.actor("head"), "c1", document="d1", granted=True, reason="agreed")
        content = Charted(signal="rr", mark_us=mark, time_us=mark, value=14.0, unit="/min")
        hospital.desk.set(
            hospital.actor("anaesthetist"), "c1", document="d1", item=f"rr@{mark}", after=0, content=content
        )
        found = await pages(client, f"/fhir/Observation?{query}")
        assert [each["valueQuantity"]["value"] for each in found] == [14]
        hospital.desk.close(hospital.actor("anaesthetist"), "c1", at_us=hospital.clock.at_us)
        hospital.clock.go(20 * 86_400)
        since = urlencode({"_lastUpdated": "ge2026-12-10"})
        assert await pages(client, f"/fhir/Observation?{since}") == []
        hospital.desk.set(
            hospital.actor("anaesthetist"), "c1", document="d1", item=f"rr@{mark}", after=1, reason="typing_error",
            content=replace(content, value=15.0),
        )  # fmt: skip
        found = await pages(client, f"/fhir/Observation?{since}")
        assert [each["valueQuantity"]["value"] for each in found] == [15], "however long ago its case has ended"


async def test_what_came_after_the_end_of_its_case_is_found_by_its_time() -> None:
    hospital = rich()
    doctor = hospital.actor("anaesthetist")
    hospital.desk.close(doctor, "c1", at_us=hospital.clock.at_us)
    hospital.clock.go(20 * 86_400)
    hospital.desk.ask_unlock(doctor, "c1", document="d1", reason="a dose")
    hospital.desk.answer_unlock(hospital.actor("head"), "c1", document="d1", granted=True, reason="agreed")
    bolus = next(hospital.desk.case("c1").documents["d1"].of(Bolus))[1]
    assert isinstance(bolus, Bolus)
    late = replace(bolus, at_us=hospital.clock.at_us - 15 * DAY_US)
    hospital.desk.set(doctor, "c1", document="d1", item="late", after=0, content=late)
    hospital.desk.sign(doctor, "c1", document="d1", slot="anaesthetist")
    known = hospital.charges.of_case("c1")
    charge = replace(known[0], id="X1", made_us=hospital.clock.at_us, settled_us=None, reverses="")
    hospital.charges.keep("c1", len(known), [charge], {})
    async with program(hospital, READ) as client:
        for kind, query, n in (
            ("DocumentReference", "date=ge2026-12-10", 1), ("MedicationAdministration", "date=2026-11-29", 1),
            ("ChargeItem", "_lastUpdated=ge2026-12-10", 1), ("MedicationAdministration", "date=ge2026-12-10", 0),
        ):  # fmt: skip
            found = ids(await pages(client, f"/fhir/{kind}?{query}&_count=1"))
            assert (len(found), set(found)) == (n, set(ids(await pages(client, f"/fhir/{kind}?patient=c1&{query}"))))


async def test_a_search_by_any_date_looks_at_all_cases_not_at_the_last_hours() -> None:
    hospital = rich()
    for case in ("c1", LONG):
        hospital.desk.close(hospital.actor("anaesthetist"), case, at_us=hospital.clock.at_us)
    hospital.clock.go(20 * 86_400)
    both = f"_id=c1,{LONG}"
    async with program(hospital, READ) as client:
        for query in ("date=ap2026-11", "date=ne2026-10", "_lastUpdated=lt2026-12", "_lastUpdated=ap2026-11-24",
                      "date=lt2026-12", "_lastUpdated=ne2026-12"):  # fmt: skip
            found = set(ids(await pages(client, f"/fhir/Encounter?{query}")))
            assert found >= set(ids(await pages(client, f"/fhir/Encounter?{query}&{both}"))) == {"c1", LONG}, query
        assert {"c1", LONG}.isdisjoint(ids(await pages(client, "/fhir/Encounter?date=ap2026-12-13")))


async def test_a_status_is_found_as_its_release_calls_it() -> None:
    hospital = rich()
    hospital.desk.close(hospital.actor("anaesthetist"), "c1", at_us=hospital.clock.at_us)
    async with program(hospital, READ) as client:
        for place, status in (("r4b", "finished"), ("r5", "completed")):
            (found,) = await pages(client, f"/fhir/{place}/Encounter?_id=c1&status={status}")
            assert found["status"] == status


async def test_a_search_of_all_cases_looks_at_the_newest_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for place in ("records", "search"):
        monkeypatch.setattr(f"charting.fhir.{place}.MOST", 3)
    hospital = Hospital()
    for n in range(5):
        hospital.desk.open(
            hospital.actor("anaesthetist"), bed=f"X{n}", area="or", patient=Patient(number=str(n)), case=f"c{n}",
            at_us=hospital.clock.at_us - (500 - n) * MINUTE_US,
        )  # fmt: skip
    async with program(hospital, READ) as client:
        told = (await client.get("/fhir/Encounter")).json()
        assert [e["resource"].get("id") for e in told["entry"]] == ["c4", "c3", "c2", None]
        assert "newest 3 cases" in told["entry"][-1]["resource"]["issue"][0]["diagnostics"]
        hospital.clock.go(records.RECENT_US / 1e6)
        for n in range(5):
            hospital.desk.close(hospital.actor("anaesthetist"), f"c{n}", at_us=hospital.clock.at_us)
        hospital.clock.go(records.RECENT_US / 1e6 + 1)
        assert "entry" not in (await client.get("/fhir/Encounter")).json()
        assert len((await client.get("/fhir/Encounter?date=gt2026-11-01&_count=2")).json()["entry"]) == 3


def test_what_is_kept_of_long_cases_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    hospital = rich()
    monkeypatch.setattr(records, "_CACHED", 60)
    found = hospital.fhir.records
    for kind in ("Observation", "Encounter", "Procedure", "Device", "Observation"):
        source = found.source("c1")
        made = found.resources(source, kind)
        assert found.resources(source, kind) is made, "one at least is kept, for its next page"
        assert len(found._made) == 1 or sum(map(len, found._made.values())) <= 60
