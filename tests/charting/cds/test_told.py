"""What services are told of a patient: what was measured and written, never more."""

import json
from dataclasses import replace
from statistics import median

import pytest

from charting.cds.breaker import FAILURES, Breaker
from charting.cds.config import CdsSection
from charting.cds.inputs import inputs
from charting.cds.prefetch import fill
from charting.cds.resources import Resources
from charting.cds.window import infusions, medians, phase, window
from charting.fhir.terms import Json
from charting.fhir.text import to_text
from charting.trail.contents import Bolus, Event, Infusion, Patient, Rate, Term
from charting.trail.entries import DeviceHeld
from collector.model import Quality
from tests.charting.cds.ward import FENTANYL
from tests.charting.clock import Clock
from tests.charting.web.hospital import MINUTE_US, NOW_US, Hospital
from tests.page.data import reading, series
from tests.shared import capture

HR = replace(series("MDC_ECG_HEART_RATE", "/min"), bed="OR-03")
FAHRENHEIT = replace(series("MDC_TEMP_ESOPH", "[degF]"), bed="OR-03")
PROPOFOL = Term(library="drugs", version="2026.1", code="D001", zh="丙泊酚", en="Propofol")


def told(hospital: Hospital) -> dict[str, tuple[float, int]]:
    found = medians(hospital.desk.case("c1"), hospital.store, hospital.clock.at_us)
    return {each.signal.id: (each.value, each.n) for each in found}


def test_a_median_is_of_what_was_measured_in_the_last_minutes_at_this_bed() -> None:
    hospital = Hospital()
    hospital.opened(minutes=10)
    values = [61.0, 64.0, 62.0, 90.0, 63.0, 61.0]
    for n, value in enumerate(values):
        hospital.store.readings.append(reading(HR, NOW_US - (n + 1) * MINUTE_US, value))
    doubtful = [(Quality.INVALID, 200.0), (Quality.NOT_AVAILABLE, None), (Quality.VALID, 900.0)]
    hospital.store.readings += [reading(HR, NOW_US - 30_000_000, value, quality) for quality, value in doubtful]
    hospital.store.readings.append(reading(HR, NOW_US - 30_000_001, 200.0, demo=True))
    hospital.store.readings += [reading(HR, NOW_US - 11 * MINUTE_US, 200.0)] * 9  # another patient's, before he came
    assert told(hospital) == {"hr": (median(values), 6)}


def test_a_device_that_says_another_patient_says_nothing_of_this_one() -> None:
    hospital = Hospital()
    hospital.opened()
    for n in range(5):
        hospital.store.readings.append(reading(HR, NOW_US - n * MINUTE_US - 1, 70.0 + n))
    held = DeviceHeld(device="monitor", told={"id": "9"}, from_us=NOW_US - 150_000_000, bed="OR-03")
    hospital.trail.append("vitalsd", "c1", [held])
    assert told(hospital) == {"hr": (73.5, 2)}  # of the minutes before it said so: 73 and 74


def test_a_unit_is_converted_and_a_number_has_no_noise() -> None:
    hospital = Hospital()
    hospital.opened()
    hospital.store.readings.append(reading(FAHRENHEIT, NOW_US - 1, 96.08))
    (found,) = medians(hospital.desk.case("c1"), hospital.store, NOW_US)
    assert to_text(found.json["median"]) == "35.6"  # (96.08 − 32) × 5/9
    assert to_text(window(hospital.desk.case("c1"), [found], NOW_US)).count("35.6") == 1


def test_what_runs_is_what_was_begun_and_has_not_been_stopped_or_paused() -> None:
    hospital = Hospital()
    hospital.recorded()
    anaesthetist = hospital.actor("anaesthetist")
    for item, rates, stop_us in (("i1", (4.0, 6.0), None), ("i2", (4.0, 0.0), None), ("i3", (4.0,), NOW_US)):
        said = Infusion(
            what="drug", drug=PROPOFOL, unit="mg/kg/h", stop_us=stop_us,
            rates=tuple(Rate(at_us=NOW_US - (9 - n) * MINUTE_US, rate=rate) for n, rate in enumerate(rates)),
        )  # fmt: skip
        hospital.desk.set(anaesthetist, "c1", document="d1", item=item, after=0, content=said)
    case = hospital.desk.case("c1")
    assert [running.rates[-1].rate for _, running in infusions(case)] == [6.0]
    assert json.loads(to_text(window(case, [], NOW_US)["infusions"])) == [
        {
            "library": "drugs", "code": "D001", "name": {"zh": "丙泊酚", "en": "Propofol"}, "rate": 6,
            "unit": "mg/kg/h", "since": "2026-11-24T06:10:00.000000Z",
        }
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([], ""), (["t_room_in"], "preparation"), (["t_room_in", "t_anes_start"], "induction"),
        (["t_anes_start", "t_incision"], "maintenance"), (["t_incision", "t_surg_end"], "emergence"),
        (["t_surg_end", "t_anes_end"], "recovery"),
    ],
)  # fmt: skip
def test_the_phase_is_told_by_the_last_event(events: list[str], expected: str) -> None:
    hospital = Hospital()
    hospital.opened()
    for n, key in enumerate(events):
        said = Event(key=key, at_us=NOW_US - (9 - n) * MINUTE_US)
        hospital.desk.set(hospital.actor("anaesthetist"), "c1", item=f"e{n}", after=0, content=said)
    assert phase(hospital.desk.case("c1")) == expected


PERSON: Json = {"resourceType": "Patient", "id": "p1"}
CONTEXT = {"patientId": "p1", "encounterId": "e1"}
WEIGHT = {"resourceType": "Observation", "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]}}
PULSE = {"resourceType": "Observation", "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]}}
KNOWN: dict[str, list[Json] | None] = {"Patient": [PERSON], "Observation": [WEIGHT, PULSE], "Procedure": None,
         "MedicationAdministration": []}  # fmt: skip


@pytest.mark.parametrize(
    ("template", "found"),
    [
        ("Patient/{{context.patientId}}", PERSON),
        ("Patient/{{ context.patientId }}", PERSON),
        ("Patient/other", None), ("Patient/{{context.made}}", None), ("Observation", None), ("", None),
        ("Observation?patient={{context.patientId}}", [WEIGHT, PULSE]),
        ("Observation?subject=Patient/{{context.patientId}}&code=http://loinc.org|29463-7", [WEIGHT]),
        ("Observation?patient={{context.patientId}}&code=8867-4,29463-7", [WEIGHT, PULSE]),
        ("Observation?patient={{context.patientId}}&code=http://loinc.org|", [WEIGHT, PULSE]),
        ("Observation?patient={{context.patientId}}&code=urn:x|8867-4", None),
        ("Observation?patient={{context.patientId}}&code=2160-0", None),  # a laboratory knows it, we do not
        ("Observation?patient={{context.patientId}}&date=gt2026", None),  # not what we can answer exactly
        ("Observation?patient=p2", None), ("Procedure?patient={{context.patientId}}", None),
        ("MedicationAdministration?encounter=Encounter/{{context.encounterId}}", None),
        ("MedicationAdministration?encounter=e2", None), ("Condition?patient={{context.patientId}}", None),
        ("Observation?patient={{context.patientId}}&_include=*", None), ("today()", None),
    ],
)  # fmt: skip
def test_a_query_is_answered_exactly_or_not_at_all(template: str, found: object) -> None:
    """Left out: null would tell the service that there is none (CDS Hooks 2.0, Prefetch Template)."""
    told = fill({"x": template}, CONTEXT, KNOWN)
    if isinstance(found, list):
        assert [entry["resource"] for entry in told["x"]["entry"]] == found
        assert told["x"]["total"] == len(found)
    else:
        assert told == ({} if found is None else {"x": found})


def test_what_nobody_has_written_of_allergies_is_not_none() -> None:
    hospital = Hospital()
    hospital.opened(patient=Patient(number="1", name="甲"))
    hospital.opened("c2", bed="OR-04", patient=Patient(number="2", name="乙", allergies="青霉素", weight_kg=61.5))
    made = [Resources(hospital.desk.case(case), "Asia/Shanghai", hospital.desk.template) for case in ("c1", "c2")]
    unknown, known = (each.of("AllergyIntolerance", list) for each in made)
    assert unknown is None
    assert [each["code"]["text"] for each in known or ()] == ["青霉素"]
    assert made[0].of("Observation", list) == []
    weight = (made[1].of("Observation", list) or [{}])[0]
    assert to_text(weight["valueQuantity"]["value"]) == "61.5"


def test_inputs_are_what_was_in_the_question() -> None:
    asked = json.loads(capture("fhir", "cdshooks_request.json").read_bytes(), parse_float=str, parse_int=str)
    assert [(each.name, each.value) for each in inputs(asked)] == [("Patient", "1970-01-01")]
    hospital = Hospital()
    hospital.recorded()
    case = hospital.desk.case("c1")
    chosen = Bolus(drug=FENTANYL, dose=0.1, unit="mg", route="iv", at_us=NOW_US)
    draft = Resources(case, "Asia/Shanghai", hospital.desk.template).draft("b1", chosen)
    asked = {"context": {"draftOrders": {"resourceType": "Bundle", "entry": [{"resource": draft}]}}}
    (said,) = inputs(json.loads(to_text(asked), parse_float=str, parse_int=str))
    assert (said.name, said.value, said.at_us) == ("芬太尼", "0.1 mg", NOW_US)


def test_a_breaker_pauses_after_failures_in_a_row_and_no_longer() -> None:
    clock = Clock()
    breaker = Breaker(clock.now_us)
    for _ in range(FAILURES - 1):
        breaker.bad()
    assert not breaker.pauses
    breaker.good()
    for _ in range(FAILURES):
        assert not breaker.pauses
        breaker.bad()
    assert breaker.pauses
    clock.go(59.9)
    assert breaker.pauses
    clock.go(0.2)
    assert not breaker.pauses
    breaker.bad()
    assert breaker.pauses
    clock.go(-86_400)  # the clock was set back
    assert not breaker.pauses


def test_a_configuration_says_what_is_wrong_with_it() -> None:
    service = {"name": "cdss", "url": "https://cdss.example/r4"}
    made = CdsSection.model_validate({"service": [service]})
    assert (made.service[0].limit_s, made.service[0].choosing_limit_s) == (2.0, 0.5)
    for wrong in (
        {"service": [service, service]}, {"service": [{**service, "url": "ftp://x"}]}, {"domain": "vitalsd"},
        {"service": [{**service, "url": "https://user:pw@x.example"}]}, {"service": [{**service, "hooks": ["x"]}]},
        {"service": [{**service, "limit_s": 60}]}, {"window_s": 1}, {"service": [{**service, "name": "a:b"}]},
    ):  # fmt: skip
        with pytest.raises(ValueError):
            CdsSection.model_validate(wrong)
