"""Lines of bills as ChargeItems: one for each transaction (FT1-2). Pure; source: protocols, fhir §5."""

from collections.abc import Iterator, Sequence

from charting.charges.ledger import Charge
from charting.fhir.source import Resource, Source
from charting.fhir.terms import Json, coding, concept, ours


def charge_items(source: Source) -> Iterator[Resource]:
    """A transaction that a credit has taken back is told as an error, with all numbers of its kind beside its own."""
    charges = source.charges()
    lines = {charge.id: [charge] for charge in charges if not charge.reverses}
    for charge in charges:
        if charge.reverses:
            lines[_first(charge, charges)].append(charge)
    for told in lines.values():
        yield _made(source, told)


def charge_id(source: Source, charge: Charge) -> str:
    """Of the item that a line of a bill is of, also a credit."""
    return source.id("charge", _first(charge, source.charges()))


def _first(charge: Charge, charges: Sequence[Charge]) -> str:
    """The transaction that it, or what it makes good, takes back."""
    reverses = {each.id: each.reverses for each in charges}
    id_ = charge.id
    while reverses[id_]:
        id_ = reverses[id_]
    return id_


def _made(source: Source, told: Sequence[Charge]) -> Resource:
    charge = told[0]
    stands = sum(each.signed for each in told if each.state != "withdrawn") > 0
    span_us = (charge.at_us, max(charge.at_us, charge.end_us))
    body: Json = {
        "identifier": [{"system": ours("transaction"), "value": each.id} for each in told],
        "status": ("billed" if charge.state == "accepted" else "billable") if stands else "entered-in-error",
        "code": concept({**coding(ours("library:charges"), charge.item), "version": charge.catalogue}),
        "subject": source.patient,
        "encounter": source.encounter,
        "occurrenceDateTime": source.when(charge.at_us),
        "quantity": {"value": charge.quantity},
        "enteredDate": source.when(charge.made_us),
    }
    updated_us = max(each.settled_us or each.made_us for each in told)
    return source.made("ChargeItem", source.id("charge", charge.id), body, updated_us, span_us)
