"""A case as FHIR R4 resources, as services ask for them: what charting.fhir makes, and of our own the medians of the
last minutes, what the patient weighs, what he is said not to stand, and what somebody chooses now. Pure.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from charting.case.state import Case, Document
from charting.cds.window import Median
from charting.fhir.encounters import encounters, patients
from charting.fhir.given import administrations
from charting.fhir.ids import part_id
from charting.fhir.release import Release, said
from charting.fhir.source import Resource, Source
from charting.fhir.terms import HL7, LOINC, Json, coding, concept, decimal, quantity, term
from charting.templates.template import Template
from charting.trail.contents import Bolus, Coded, Infusion
from collector.clock import rfc3339

_VITAL = concept(coding(f"{HL7}/observation-category", "vital-signs"))
_BODY = (("29463-7", "Body weight", "weight_kg", "kg"), ("8302-2", "Body height", "height_cm", "cm"))
_MADE: Mapping[str, Callable[[Source], Iterator[Resource]]] = {
    "Patient": patients,
    "Encounter": encounters,
    "MedicationAdministration": administrations,
}


class Resources:
    """Of one case. `zone`: the site's, IANA."""

    def __init__(self, case: Case, zone: str, template: Callable[[Document], Template]) -> None:
        self._case = case
        self._source = Source(case=case, zone=zone, template=template)

    @property
    def key(self) -> str:
        """The id of the case's Patient and of its Encounter."""
        return self._source.key

    def of(self, type_: str, medians: Callable[[], Sequence[Median]]) -> Sequence[Json] | None:
        """All of a type; None: of that we know nothing."""
        if type_ == "Observation":
            return [*self._medians(medians()), *self._body()]
        if type_ == "AllergyIntolerance":
            return self._allergies()
        made = _MADE.get(type_)
        return None if made is None else [said(each.body, Release.R4B) for each in made(self._source)]

    def draft(self, item: str, chosen: Bolus | Coded | Infusion) -> Json:
        """What somebody chooses, as an order that is none yet: context.draftOrders of order-select."""
        made: Json = {
            "resourceType": "ServiceRequest" if isinstance(chosen, Coded) else "MedicationRequest",
            "id": part_id(self.key, "draft", item),
            "status": "draft",
            "intent": "plan",
            "subject": self._source.patient,
            "encounter": self._source.encounter,
        }
        if isinstance(chosen, Coded):
            return {**made, "code": term(chosen.term)}
        instruction: Json = {"route": {"text": chosen.route}} if chosen.route else {}
        if isinstance(chosen, Bolus):
            instruction["doseAndRate"] = [{"doseQuantity": quantity(decimal(chosen.dose), chosen.unit)}]
            made["authoredOn"] = rfc3339(chosen.at_us)
        elif chosen.rates:
            instruction["doseAndRate"] = [{"rateQuantity": quantity(decimal(chosen.rates[0].rate), chosen.unit)}]
            made["authoredOn"] = rfc3339(chosen.rates[0].at_us)
        return {**made, "medicationCodeableConcept": term(chosen.drug), "dosageInstruction": [instruction]}

    def _medians(self, found: Sequence[Median]) -> Iterator[Json]:
        """Preliminary: nobody has signed them."""
        for each in found:
            yield {
                **self._observation(each.concept),
                "effectivePeriod": {"start": rfc3339(each.since_us), "end": rfc3339(each.last_us)},
                "valueQuantity": quantity(decimal(each.value), each.signal.unit),
            }

    def _body(self) -> Iterator[Json]:
        """Without a time: nobody has told when it was."""
        for code, text, name, unit in _BODY:
            value = getattr(self._case.patient, name)
            if value is not None:
                found = self._observation(concept(coding(LOINC, code, text), text=text))
                yield {**found, "valueQuantity": quantity(decimal(value), unit)}

    def _observation(self, code: Json) -> Json:
        return {
            "resourceType": "Observation",
            "status": "preliminary",
            "category": [_VITAL],
            "code": code,
            "subject": self._source.patient,
            "encounter": self._source.encounter,
        }

    def _allergies(self) -> Sequence[Json] | None:
        """As it is written; where nothing is that is not known, and not none."""
        text = self._case.patient.allergies.strip()
        if not text:
            return None
        return [{"resourceType": "AllergyIntolerance", "patient": self._source.patient, "code": {"text": text}}]
