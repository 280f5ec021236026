"""Drugs, gases and vapours as MedicationAdministrations. Pure; source: protocols, fhir §5.

A bolus is one. An infusion is one that lasts from start to stop, with a part for each rate: a pause is none.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from charting.case.running import due_us, last_us
from charting.case.state import Document, Item
from charting.fhir.source import Resource, Source
from charting.fhir.terms import Json, coding, concept, decimal, ours, period, quantity, reference, term
from charting.sheet.words import table
from charting.trail.contents import Bolus, Infusion

KIND = "MedicationAdministration"
ERROR = "entered-in-error"


def administrations(source: Source) -> Iterator[Resource]:
    """In the order of their making; a whole infusion before its parts."""
    for document in source.case.documents.values():
        for item in document.items.values():
            match _said(item):
                case Bolus() as bolus:
                    yield _bolus(source, document, item, bolus)
                case Infusion() as infusion:
                    yield from _infusion(source, document, item, infusion)


def _bolus(source: Source, document: Document, item: Item, bolus: Bolus) -> Resource:
    body = {
        "status": ERROR if item.void else "completed",
        "medication": {"concept": term(bolus.drug)},
        **_whose(source, item),
        "occurenceDateTime": source.when(bolus.at_us),
        "dosage": {**_route(bolus.route), "dose": quantity(decimal(bolus.dose), bolus.unit)},
    }
    if bolus.note:
        body["note"] = [{"text": bolus.note}]
    id_ = source.id("item", document.id, item.id)
    return source.made(KIND, id_, body, item.versions[-1].at_us, (bolus.at_us, bolus.at_us))


def _infusion(source: Source, document: Document, item: Item, infusion: Infusion) -> Iterator[Resource]:
    id_, start_us = source.id("item", document.id, item.id), infusion.rates[0].at_us
    stop_us, updated_us = _stop(source, document, infusion), item.versions[-1].at_us
    if infusion.stop_us is None and stop_us is not None:
        updated_us = max(updated_us, _events_us(source))
    status = ERROR if item.void else "in-progress" if stop_us is None else "completed"
    said: Json = {"medication": {"concept": term(infusion.drug)}, **_whose(source, item)}
    dosage = _route(infusion.route)
    if infusion.total is not None and infusion.total_unit:
        dosage["dose"] = quantity(decimal(infusion.total), infusion.total_unit)
    whole = {"status": status, **said, "occurencePeriod": period(start_us, stop_us, source.zone)}
    if dosage:
        whole["dosage"] = dosage
    if infusion.concentration:
        whole["note"] = [{"text": infusion.concentration}]
    yield source.made(KIND, id_, whole, updated_us, (start_us, stop_us))
    for part in _parts(item, infusion, stop_us):
        wrong = item.void or not part.runs
        body: Json = {
            "partOf": [reference(KIND, id_)],
            "status": ERROR if wrong else "completed" if part.end_us is not None else "in-progress",
            **said,
            "occurencePeriod": period(part.start_us, part.end_us, source.zone),
        }
        if part.runs:
            rate = quantity(decimal(part.rate), infusion.unit)
            body["dosage"] = {**_route(infusion.route), "rateQuantity": rate}
        part_id = source.id("rate", document.id, item.id, str(part.number))
        yield source.made(KIND, part_id, body, updated_us, (part.start_us, part.end_us))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """`runs`: it did; else it was told before, and is a pause now or was taken away."""

    number: int
    rate: float
    start_us: int
    end_us: int | None
    runs: bool


def _parts(item: Item, infusion: Infusion, stop_us: int | None) -> Iterator[_Part]:
    """A part for each rate, also for one that stood in an earlier version only."""
    told = [v.content.rates for v in item.versions if isinstance(v.content, Infusion)]
    rates = infusion.rates
    for n in range(max(map(len, told))):
        if any(n < len(before) and before[n].rate for before in told):
            rate = rates[min(n, len(rates) - 1)]
            end_us = rates[n + 1].at_us if n + 1 < len(rates) else stop_us
            yield _Part(
                number=n,
                rate=rate.rate,
                start_us=rate.at_us,
                end_us=None if end_us is None else max(end_us, rate.at_us),
                runs=n < len(rates) and rate.rate > 0,
            )


def _stop(source: Source, document: Document, infusion: Infusion) -> int | None:
    """What still runs in an anaesthetic's document ended with the anaesthesia."""
    if infusion.stop_us is not None:
        return infusion.stop_us
    end_us = due_us(source.case, source.template(document))
    return None if end_us is None else max(end_us, last_us(infusion))


def _events_us(source: Source) -> int:
    return max(version.at_us for item in source.case.items.values() for version in item.versions)


def _said(item: Item) -> object:
    """What it says, or said before somebody took it away."""
    return next((v.content for v in reversed(item.versions) if isinstance(v.content, Bolus | Infusion)), None)


def _whose(source: Source, item: Item) -> Json:
    who = source.person(item.versions[-1].author)
    return {
        "subject": source.patient,
        "encounter": source.encounter,
        **({"performer": [{"actor": {"reference": {"display": who["display"]}}}]} if who else {}),
    }


def _route(route: str) -> Json:
    if not route:
        return {}
    named = table().get(f"route.{route}")
    said = concept(coding(ours("route"), route, named["en"] if named else ""), text=named["zh"] if named else route)
    return {"route": said}
