"""Lines of bills as ChargeItems: one for each transaction (FT1-2). Pure; source: protocols, fhir §5."""

from collections.abc import Iterator
from decimal import Decimal

from charting.fhir.source import Charge, Resource, Source
from charting.fhir.terms import Json, concept, ours


def charge_items(source: Source) -> Iterator[Resource]:
    """A transaction that a credit has taken back is told as an error, with the credit's number beside its own."""
    credits = {each.reverses: each for each in source.charges if each.reverses}
    for charge in source.charges:
        if not charge.reverses:
            yield _made(source, charge, credits.get(charge.id))


def charge_id(source: Source, transaction: str) -> str:
    return source.id("charge", transaction)


def _made(source: Source, charge: Charge, credit: Charge | None) -> Resource:
    numbers = [charge.id, *([credit.id] if credit else [])]
    body: Json = {
        "identifier": [{"system": ours("transaction"), "value": number} for number in numbers],
        "status": "entered-in-error" if credit else "billable",
        "code": concept(charge.code),
        "subject": source.patient,
        "encounter": source.encounter,
        "occurrenceDateTime": source.when(charge.at_us),
        "quantity": {"value": Decimal(charge.quantity)},
        "enteredDate": source.when(charge.made_us),
    }
    updated_us = credit.made_us if credit else charge.made_us
    id_ = charge_id(source, charge.id)
    return source.made("ChargeItem", id_, body, updated_us, (charge.at_us, charge.at_us))
