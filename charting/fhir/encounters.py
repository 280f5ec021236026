"""A case as an Encounter, and its patient as the case knows him. Pure.

Each case has a Patient of its own, so that identifying or merging changes what he is called, never who is meant; the
same person has the same identifier.
"""

from collections.abc import Iterator

from charting.case.staff import staff
from charting.case.state import PATIENT_ITEM
from charting.fhir.devices import place
from charting.fhir.source import Resource, Source
from charting.fhir.terms import HL7, Json, coding, concept, ours, period

_SEX = {"male": "male", "female": "female", "other": "other", "": "unknown"}


def patients(source: Source) -> Iterator[Resource]:
    patient = source.case.patient
    body: Json = {"active": True}
    if patient.number:
        kind = concept(coding(f"{HL7}/v2-0203", "MR"))
        body["identifier"] = [{"use": "usual", "type": kind, "system": ours("patient"), "value": patient.number}]
    names = [
        {"use": use, "text": text} for use, text in (("official", patient.name), ("temp", patient.temporary)) if text
    ]
    if names:
        body["name"] = names
    body["gender"] = _SEX[patient.sex]
    if patient.birth_date:
        body["birthDate"] = patient.birth_date
    updated_us = source.case.items[PATIENT_ITEM].versions[-1].at_us
    yield source.made("Patient", source.key, body, updated_us)


def encounters(source: Source) -> Iterator[Resource]:
    case = source.case
    emergency = coding(
        f"{HL7}/v3-ActCode", *(("EMER", "emergency") if case.emergency else ("IMP", "inpatient encounter"))
    )
    body: Json = {}
    if case.patient.visit:
        kind = concept(coding(f"{HL7}/v2-0203", "VN"))
        body["identifier"] = [{"type": kind, "system": ours("visit"), "value": case.patient.visit}]
    body |= {
        "status": _status(source),
        "class": [concept(emergency)],
        "subject": source.patient,
        "actualPeriod": period(case.opened_us, case.closed_us, source.zone),
    }
    present = [stay for stay in case.stays if stay.bed]
    if present:
        body["location"] = [
            {
                "location": place(stay.bed),
                "status": "active" if stay is case.stays[-1] and case.closed_us is None else "completed",
                "form": concept(coding(ours("area"), stay.area)),
                "period": period(stay.start_us, case.closed_us if stay.end_us is None else stay.end_us, source.zone),
            }
            for stay in present
        ]
    people = [
        {
            "type": [concept(coding(ours("role"), each.role), text=staff().get(each.role, {}).get("zh", each.role))],
            "period": period(each.in_us, each.out_us, source.zone),
            "actor": {"display": each.name},
        }
        for each in case.attendances
    ]
    if people:
        body["participant"] = people
    yield source.made("Encounter", source.key, body, case.last_us, (case.opened_us, case.closed_us))


def void(source: Source) -> Resource:
    """Of a case that was opened by mistake: that it was none."""
    body = {"status": "entered-in-error", "class": [concept(coding(f"{HL7}/v3-ActCode", "IMP"))]}
    return source.made("Encounter", source.key, body, source.case.last_us)


def _status(source: Source) -> str:
    """Unknown: only the hospital says so, nobody at the bed has confirmed it."""
    if source.case.provisional:
        return "unknown"
    if source.case.event("t_cancel") is not None:
        return "cancelled"
    return "completed" if source.case.closed_us is not None else "in-progress"
