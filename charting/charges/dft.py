"""A posting as DFT^P03 (HL7 chapter 6; fact sheet hl7-adt-billing §5): the lines of one case and payer. Pure.

The amounts of FT1-11 and 12 stay empty: the HIS prices.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from charting.case.state import Case
from charting.charges.ledger import Charge
from charting.charges.lines import Tariff
from charting.outbox.config import Destination
from charting.outbox.parcel import Parcel
from charting.results import message
from charting.results.message import Kind, Segment, Sender
from charting.trail.contents import Patient
from collector.hl7.message import compose, escape

_SITE = "L"
"""The coding system of the site's own items (HL7 table 0396: local general code)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Biller:
    """Who bills whom, and what people are called: account → name."""

    sender: Sender
    to: Destination
    tariff: Tariff
    names: Mapping[str, str]


def posting(case: Case, charges: Sequence[Charge], biller: Biller) -> Parcel:
    """The message of lines that have the same parcel; they are of one case and payer."""
    first = charges[0]
    kind = Kind(type="DFT^P03^DFT_P03", version=biller.tariff.config.version)
    patient = list(message.patient(biller.sender, _known(case, first.payer.number)))
    patient[3] = biller.sender.numbered(first.payer.number, biller.sender.id_type)
    visit = list(message.visit(biller.sender, case.patient, case.bed))
    visit[19] = biller.sender.numbered(first.payer.visit, "VN") if first.payer.visit else ""
    segments = [
        message.event(biller.sender, kind, first.made_us),
        patient,
        visit,
        *(_line(n, charge, case, biller) for n, charge in enumerate(charges, 1)),
    ]
    return message.parcel(
        biller.sender, biller.to, kind, segments, key=first.parcel, at_us=first.made_us, trying=False, lane=case.id,
        case=case.id,
    )  # fmt: skip


def _known(case: Case, number: str) -> Patient:
    """The patient as he was last known under a number; another's name does not go with it."""
    return next((p for p in reversed(case.identities) if p.number == number), Patient())


def written(quantity: Decimal) -> str:
    """As NM: no exponent, no zeros behind."""
    text = f"{quantity:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _line(n: int, charge: Charge, case: Case, biller: Biller) -> Segment:
    sender, config = biller.sender, biller.tariff.config
    term = biller.tariff.catalogue.named(charge.item)
    stay = next((s for s in reversed(case.stays) if s.start_us <= charge.at_us), case.stays[0])
    performer = _performer(case, charge, biller)
    operation = next((c.term for c in case.coded if c.use == "procedure"), None)
    is_service = charge.source in {"technique", "span"}
    day = biller.tariff.clock.day(charge.made_us)
    span = [sender.time(at_us) for at_us in (charge.at_us, charge.end_us)]
    return [
        "FT1",
        str(n),
        escape(charge.id),
        escape(case.id if config.batch == "case" else day),
        "^".join(span if charge.end_us > charge.at_us else span[:1]),
        sender.time(charge.made_us),
        charge.kind,
        compose(charge.item, term.zh if term else "", _SITE),
        "",
        "",
        written(charge.quantity),
        "",
        "",
        escape(config.department),
        "",
        "",
        sender.place(stay.bed) if stay.bed else "",
        "",
        "",
        "",
        performer,
        performer,
        "",
        sender.entity(case.id),
        compose(charge.by, biller.names.get(charge.by, "")),
        compose(operation.code, operation.zh, "ICD9CM") if operation and is_service and charge.kind == "CG" else "",
    ]


def _performer(case: Case, charge: Charge, biller: Biller) -> str:
    """The anaesthetist who was there; of a document without one its author."""
    there = [
        a for a in case.attendances
        if a.role == "anaesthetist" and a.in_us <= charge.at_us and (a.out_us is None or charge.at_us < a.out_us)
    ] or [a for a in case.attendances if a.role == "anaesthetist"]  # fmt: skip
    if there:
        return compose(there[0].account, there[0].name)
    author = case.documents[charge.document].author
    return compose(author, biller.names.get(author, ""))
