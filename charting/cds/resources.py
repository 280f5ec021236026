"""What of a case is told to a service as FHIR R4 beside what charting.fhir makes: the medians of the last minutes, what
the patient weighs, what he is said not to stand, and what somebody chooses now. Pure; plain JSON values.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from charting.cds.prefetch import Resource
from charting.cds.window import WINDOW_US, Median
from charting.trail.contents import Bolus, Coded, Infusion, Patient, Term
from collector.clock import rfc3339

_VITAL = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "vital-signs"}]}
_BODY = (("29463-7", "Body weight", "weight_kg", "kg"), ("8302-2", "Body height", "height_cm", "cm"))


def observations(
    patient: Patient, found: Sequence[Median], patient_id: str, encounter_id: str, now_us: int
) -> Sequence[Resource]:
    """Preliminary: nobody has signed them. A weight has no time: nobody told when it was."""
    about = {"subject": {"reference": f"Patient/{patient_id}"}, "encounter": {"reference": f"Encounter/{encounter_id}"}}
    medians = [
        {
            "resourceType": "Observation",
            "status": "preliminary",
            "category": [_VITAL],
            "code": {"coding": each.json["coding"], "text": each.signal.en},
            **about,
            "effectivePeriod": {"start": rfc3339(now_us - WINDOW_US), "end": rfc3339(each.last_us)},
            "valueQuantity": _quantity(each.value, each.signal.unit),
        }
        for each in found
    ]
    body = [
        {
            "resourceType": "Observation",
            "status": "preliminary",
            "category": [_VITAL],
            "code": {"coding": [{"system": "http://loinc.org", "code": code, "display": text}], "text": text},
            **about,
            "valueQuantity": _quantity(value, unit),
        }
        for code, text, name, unit in _BODY
        if (value := getattr(patient, name)) is not None
    ]
    return [*medians, *body]


def allergies(patient: Patient, patient_id: str) -> Sequence[Resource] | None:
    """As it is written; None where nothing is: that is not known, and not none."""
    if not patient.allergies.strip():
        return None
    return [
        {
            "resourceType": "AllergyIntolerance",
            "patient": {"reference": f"Patient/{patient_id}"},
            "code": {"text": patient.allergies.strip()},
        }
    ]


def draft(item: str, chosen: Bolus | Coded | Infusion, patient_id: str, encounter_id: str) -> Resource:
    """What somebody chooses, as an order that is none yet: context.draftOrders of order-select."""
    made: dict[str, Any] = {
        "resourceType": "ServiceRequest" if isinstance(chosen, Coded) else "MedicationRequest",
        "id": fhir_id(item),
        "status": "draft",
        "intent": "plan",
        "subject": {"reference": f"Patient/{patient_id}"},
        "encounter": {"reference": f"Encounter/{encounter_id}"},
    }
    if isinstance(chosen, Coded):
        return {**made, "code": _concept(chosen.term)}
    instruction: dict[str, Any] = {"route": {"text": chosen.route}} if chosen.route else {}
    if isinstance(chosen, Bolus):
        instruction["doseAndRate"] = [{"doseQuantity": _quantity(chosen.dose, chosen.unit)}]
        made["authoredOn"] = rfc3339(chosen.at_us)
    elif chosen.rates:
        instruction["doseAndRate"] = [{"rateQuantity": _quantity(chosen.rates[0].rate, chosen.unit)}]
        made["authoredOn"] = rfc3339(chosen.rates[0].at_us)
    return {**made, "medicationCodeableConcept": _concept(chosen.drug), "dosageInstruction": [instruction]}


def fhir_id(text: str) -> str:
    """What of a name of ours an id can hold."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "-.") else "-" for c in text)[:64]


def _concept(term: Term) -> Mapping[str, Any]:
    coding = {"system": f"urn:vitalsd:{term.library}:{term.version}", "code": term.code, "display": term.en}
    return {"coding": [coding], "text": term.zh}


def _quantity(value: float, unit: str) -> Mapping[str, Any]:
    return {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}
