"""The releases of FHIR that are spoken, and how what R5 says is said in R4B. Pure; source: protocols, fhir §3, §5."""

from collections.abc import Callable, Mapping
from enum import StrEnum

from charting.fhir.terms import Json


class Release(StrEnum):
    """By the version of fhirVersion. R4 is R4B for what is here."""

    R4B = "4.3"
    R5 = "5.0"

    @property
    def full(self) -> str:
        return f"{self.value}.0"


def said(body: Json, release: Release) -> Json:
    """A resource of R5 in a release; the one that is given stays as it is."""
    change = _R4B.get(body["resourceType"]) if release is Release.R4B else None
    return body if change is None else change(body)


def _encounter(body: Json) -> Json:
    made = _renamed(body, {"actualPeriod": "period"})
    made["class"] = body["class"][0]["coding"][0]
    made["status"] = {"completed": "finished"}.get(body["status"], body["status"])
    if "participant" in body:
        made["participant"] = [_renamed(each, {"actor": "individual"}) for each in body["participant"]]
    if "location" in body:
        made["location"] = [_renamed(each, {"form": "physicalType"}) for each in body["location"]]
    return made


def _device(body: Json) -> Json:
    made = _renamed(body, {"name": "deviceName"})
    made["deviceName"] = [{"name": each["value"], "type": each["type"]} for each in body["name"]]
    return made


def _metric(body: Json) -> Json:
    return _renamed(body, {"device": "source"})


def _procedure(body: Json) -> Json:
    made = _renamed(body, {"occurrencePeriod": "performedPeriod"})
    made["category"] = body["category"][0]
    return made


def _administration(body: Json) -> Json:
    names = {"medication": "medicationCodeableConcept", "encounter": "context",
             "occurenceDateTime": "effectiveDateTime", "occurencePeriod": "effectivePeriod"}  # fmt: skip
    made = _renamed(body, names)
    made["medicationCodeableConcept"] = body["medication"]["concept"]
    if "performer" in body:
        made["performer"] = [{"actor": each["actor"]["reference"]} for each in body["performer"]]
    return made


def _charge(body: Json) -> Json:
    return _renamed(body, {"encounter": "context"})


def _document(body: Json) -> Json:
    made = {name: each for name, each in body.items() if name not in {"version", "attester"}}
    made["context"] = {"encounter": body["context"]}
    if "attester" in body:
        made["authenticator"] = body["attester"][0]["party"]
    return made


def _renamed(body: Json, names: Mapping[str, str]) -> Json:
    return {names.get(name, name): each for name, each in body.items()}


_R4B: Mapping[str, Callable[[Json], Json]] = {
    "Encounter": _encounter,
    "Device": _device,
    "DeviceMetric": _metric,
    "Procedure": _procedure,
    "MedicationAdministration": _administration,
    "ChargeItem": _charge,
    "DocumentReference": _document,
}
