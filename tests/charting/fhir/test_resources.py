"""What cases are as resources: held against the models of FHIR, R4B and R5, and against what the record says."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from functools import partial
from importlib import import_module
from typing import Any

import pytest

from charting.case.rows import row_of
from charting.case.state import fold
from charting.department.year import imagine
from charting.desk import Desk
from charting.fhir.capabilities import statement
from charting.fhir.charges import charge_id
from charting.fhir.encounters import void
from charting.fhir.kinds import KINDS
from charting.fhir.release import Release, said
from charting.fhir.source import Resource, Source
from charting.fhir.text import to_text
from charting.fhir.topics import TOPICS
from charting.trail.trail import MemoryTrail
from tests.charting.fhir.rich import LONG, rich
from tests.charting.quality.hand import department
from tests.charting.web.hospital import ZONE, Hospital

_FOLDERS = {Release.R4B: "fhir.resources.R4B", Release.R5: "fhir.resources"}


def model(body: dict[str, Any], release: Release) -> Any:
    """The model of a resource, filled by it; raises ValueError where it does not fit."""
    kind = body["resourceType"]
    made: Any = getattr(import_module(f"{_FOLDERS[release]}.{kind.lower()}"), kind)
    return made.model_validate_json(to_text(body))


def resources(source: Source) -> Iterator[Resource]:
    for kind in KINDS.values():
        yield from kind.of(source)


def source_of(hospital: Hospital, case: str) -> Source:
    return hospital.fhir.records.source(case)


@pytest.mark.parametrize("release", list(Release))
def test_a_case_of_everything_is_what_the_models_take(release: Release) -> None:
    hospital = rich(demo=True)
    found = [each for row in hospital.trail.rows() for each in resources(source_of(hospital, row.case))]
    assert {each.kind for each in found} == set(KINDS)
    names = {each.name for each in found}
    assert len(names) == len(found), "a name twice"
    for each in found:
        model(said(each.body, release), release)
        assert len(each.id) <= 64
        assert set(_references(each.body)) <= names, each.name
    model(void(source_of(hospital, "c2")).body | {}, Release.R5)


@pytest.mark.parametrize("release", list(Release))
def test_cases_that_people_made_are_what_the_models_take(release: Release) -> None:
    made = department()
    desk: Desk = made.desk
    count = 0
    for row in made.trail.rows(limit=1000):
        for each in resources(Source(case=desk.case(row.case), zone=ZONE, template=desk.template)):
            model(said(each.body, release), release)
            count += 1
    assert count > 200


def test_cases_of_a_simulated_year_are_what_the_models_take() -> None:
    _year(cases=12)


@pytest.mark.soak
def test_many_cases_of_a_simulated_year_are_what_the_models_take() -> None:
    _year(cases=400)


def _year(cases: int) -> None:
    trail = MemoryTrail(lambda: 0)
    for act, ended in imagine(cases, 7, 2026).acts():
        trail.append(act.account, act.case, [act.body])
        if ended is not None:
            trail.append(act.account, act.case, [], row=row_of(ended.case))
    hospital = Hospital()
    desk = Desk(trail, hospital.templates, hospital.libraries, lambda: 0, ZONE)
    kinds = set()
    for row in trail.rows(limit=cases):
        source = Source(case=fold(trail.entries(row.case)), zone=ZONE, template=desk.template)
        for each in resources(source):
            kinds.add(each.kind)
            for release in Release:
                model(said(each.body, release), release)
    assert {"Patient", "Encounter", "Observation", "Procedure", "MedicationAdministration"} <= kinds


@pytest.mark.parametrize("release", list(Release))
def test_what_is_told_of_the_interface_is_what_the_models_take(release: Release) -> None:
    told = statement(release, base="https://h/fhir", site="医院", version="1", date="2026-11-24")
    assert model(told, release).fhirVersion == {Release.R4B: "4.3.0", Release.R5: "5.0.0"}[release]
    for topic in TOPICS.values():
        model(topic.resource_of(release), release)


def test_numbers_are_as_the_record_writes_them() -> None:
    hospital = rich()
    temps = _observations(hospital, "8310-5")
    written = [to_text(each.body["valueQuantity"]["value"]) for each in temps]
    assert written == ["36.4", "36.4", "36.0"], "the device's noise, a person's value, and a zero that was measured"
    text = to_text({"value": Decimal("36.40"), "text": "℃\n", "none": [True, None, 3]})
    assert text == '{"value":36.40,"text":"℃\\n","none":[true,null,3]}'
    assert json.loads(text, parse_float=Decimal)["value"].as_tuple() == Decimal("36.40").as_tuple()


def test_a_cuff_is_one_panel_and_an_artery_is_none() -> None:
    hospital = rich()
    panels = _observations(hospital, "85354-9")
    first = panels[0].body
    codes = [part["code"]["coding"][0]["code"] for part in first["component"]]
    assert codes == ["8480-6", "8462-4", "8478-0"]
    mean = [c["code"] for c in first["component"][2]["code"]["coding"] if c["system"].endswith("10101")]
    assert mean == ["150303"], "what the device called it"
    assert first["effectiveDateTime"].endswith("+08:00")
    lone = [each for each in panels if len(each.body["component"]) == 2]
    assert len(panels) == 12
    assert len(lone) == 11
    for each in _observations(hospital, "76215-3"):
        assert "component" not in each.body


def test_status_says_what_was_signed_and_what_was_changed_since() -> None:
    hospital = rich()
    hours = {each.span_us[0]: each.body for each in _observations(hospital, "8867-4") if each.span_us}
    told = [hours[mark]["status"] for mark in sorted(hours)]
    assert told.count("amended") == 1
    assert set(told) == {"amended", "final"}
    changed = next(body for body in hours.values() if body["status"] == "amended")
    assert changed["valueQuantity"]["value"] == 61
    assert changed["performer"] == [{"display": "王医生"}]
    assert "device" not in changed, "a person's own number is no device's"
    void_one = next(each.body for each in _observations(hospital, "59408-5") if "dataAbsentReason" in each.body)
    assert (void_one["status"], "valueQuantity" in void_one) == ("entered-in-error", False)
    empty = next(each.body for each in _observations(hospital, "19891-1") if "dataAbsentReason" in each.body)
    assert empty["dataAbsentReason"]["coding"][0]["code"] == "error"
    held = [each.body for each in _observations(hospital, "76215-3")]
    assert [body["status"] for body in held if "valueQuantity" in body] == ["final"], "the one that a person took"
    assert {body["dataAbsentReason"]["coding"][0]["code"] for body in held if "valueQuantity" not in body} == {
        "unknown"
    }


def test_a_draft_is_preliminary_and_what_waits_for_a_person_has_no_value() -> None:
    hospital = Hospital()
    hospital.recorded(minutes=15)
    found = [each.body for each in KINDS["Observation"].of(source_of(hospital, "c1"))]
    assert {(body["status"], "valueQuantity" in body or "component" in body) for body in found} == {
        ("preliminary", True), ("registered", False),
    }  # fmt: skip


def test_an_infusion_is_one_with_a_part_for_each_rate() -> None:
    hospital = rich()
    found = list(KINDS["MedicationAdministration"].of(source_of(hospital, "c1")))
    bolus, void_one = (each.body for each in found if "occurenceDateTime" in each.body)
    assert (bolus["status"], bolus["dosage"]["dose"]["value"], bolus["dosage"]["dose"]["code"]) == (
        "completed", Decimal("120.5"), "mg",
    )  # fmt: skip
    assert void_one["status"] == "entered-in-error"
    whole = next(
        each for each in found if each.body.get("dosage", {}).get("dose", {}).get("value") == Decimal("182.25")
    )
    parts = [each.body for each in found if each.body.get("partOf", [{}])[0].get("reference", "").endswith(whole.id)]
    assert [part["dosage"]["rateQuantity"]["value"] for part in parts] == [6, Decimal("4.5"), 3], "a pause is none"
    ends = [part["occurencePeriod"]["end"] for part in parts]
    assert [part["occurencePeriod"]["start"] for part in parts][1] == ends[0]
    assert ends[-1] == whole.body["occurencePeriod"]["end"]
    gas = next(each.body for each in found if each.body["medication"]["concept"]["coding"][0]["code"] == "SEVO")
    assert gas["status"] == "completed", "the anaesthesia has ended"


def test_procedures_and_charges_say_what_was_done_and_taken_back() -> None:
    hospital = rich()
    source = source_of(hospital, "c1")
    told = {each.body["code"]["coding"][0]["code"]: each.body["status"] for each in KINDS["Procedure"].of(source)}
    assert told == {"47.0900": "unknown", "47.0100": "completed", "11": "completed", "12": "entered-in-error"}
    items = [each.body for each in KINDS["ChargeItem"].of(source)]
    assert [(item["status"], [n["value"] for n in item["identifier"]]) for item in items] == [
        ("entered-in-error", ["T-1", "T-3"]), ("billable", ["T-2"]),
    ]  # fmt: skip
    assert to_text(items[1]["quantity"]["value"]) == "2.50"


def test_a_credit_that_was_withdrawn_takes_nothing_back_and_a_surplus_one_is_made_good() -> None:
    hospital = rich()
    first, other, credit = hospital.charges.of_case("c1")
    withdrawn = [first, other, replace(credit, state="withdrawn")]
    surplus = replace(credit, id="T-4", reverses="T-2"), replace(credit, id="T-5", reverses="T-2")
    good = replace(credit, id="T-6", reverses="T-5", kind="CG")
    for charges, told in (
        (withdrawn, [("billable", ["T-1", "T-3"]), ("billable", ["T-2"])]),
        ([first, other, *surplus, good], [("billable", ["T-1"]), ("entered-in-error", ["T-2", "T-4", "T-5", "T-6"])]),
    ):
        source = replace(source_of(hospital, "c1"), charges=partial(list, charges))
        items = list(KINDS["ChargeItem"].of(source))
        found = [(each.body["status"], [n["value"] for n in each.body["identifier"]]) for each in items]
        assert found == told
        assert {charge_id(source, charge) for charge in charges} == {each.id for each in items}


def test_what_is_only_for_trying_is_labelled_as_such() -> None:
    hospital = rich(demo=True)
    tests = [each.body["meta"].get("security", []) for each in resources(source_of(hospital, "c3"))]
    assert tests
    assert all(label[0]["code"] == "HTEST" for label in tests)
    bis = [each for each in resources(source_of(hospital, "c1")) if "security" in each.body["meta"]]
    assert {each.kind for each in bis} == {"Observation", "DeviceMetric", "Device"}


def test_ids_stay_and_name_no_patient() -> None:
    hospital = rich(demo=True)
    before = [each.name for each in resources(source_of(hospital, "c1"))]
    hospital.desk.merge(hospital.actor("anaesthetist"), "c1", patient=hospital.desk.case(LONG).patient, reason="same")
    after = [each.name for each in resources(source_of(hospital, "c1"))]
    assert after == before
    whole = "".join(each.name for row in hospital.trail.rows() for each in resources(source_of(hospital, row.case)))
    assert "20260042" not in whole
    assert "778" not in whole


def _observations(hospital: Hospital, loinc: str) -> list[Resource]:
    found = KINDS["Observation"].of(source_of(hospital, "c1"))
    return [each for each in found if any(c["code"] == loinc for c in each.body["code"]["coding"])]


def _references(body: object) -> Iterable[str]:
    if isinstance(body, dict):
        if isinstance(body.get("reference"), str):
            yield body["reference"]
        for each in body.values():
            yield from _references(each)
    elif isinstance(body, list):
        for each in body:
            yield from _references(each)
