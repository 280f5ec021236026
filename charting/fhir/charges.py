"""Lines of bills as ChargeItems: one for each transaction (FT1-2). Pure; source: protocols, fhir §5."""

from collections.abc import Iterator

from charting.charges.ledger import Charge
from charting.fhir.source import Resource, Source
from charting.fhir.terms import Json, coding, concept, ours


def charge_items(source: Source) -> Iterator[Resource]:
    """A transaction that a credit has taken back is told as an error, with the credit's number beside its own."""
    charges = source.charges()
    taken_back = {each.reverses: each for each in charges if each.reverses}
    for charge in charges:
        if not charge.reverses:
            yield _made(source, charge, taken_back.get(charge.id))


def charge_id(source: Source, charge: Charge) -> str:
    """Of the item that a line of a bill is of, also a credit."""
    return source.id("charge", charge.reverses or charge.id)


def _made(source: Source, charge: Charge, credit: Charge | None) -> Resource:
    wrong = credit is not None or charge.state == "withdrawn"
    told = [charge, *([credit] if credit else [])]
    span_us = (charge.at_us, max(charge.at_us, charge.end_us))
    body: Json = {
        "identifier": [{"system": ours("transaction"), "value": each.id} for each in told],
        "status": "entered-in-error" if wrong else "billed" if charge.state == "accepted" else "billable",
        "code": concept({**coding(ours("library:charges"), charge.item), "version": charge.catalogue}),
        "subject": source.patient,
        "encounter": source.encounter,
        "occurrenceDateTime": source.when(charge.at_us),
        "quantity": {"value": charge.quantity},
        "enteredDate": source.when(charge.made_us),
    }
    updated_us = max(each.settled_us or each.made_us for each in told)
    return source.made("ChargeItem", charge_id(source, charge), body, updated_us, span_us)
