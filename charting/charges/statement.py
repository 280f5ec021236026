"""A case's charges beside its record: what was recorded, what of it the HIS has, what is on its way, and what differs.

Pure. Amounts of money are estimates of ours, by the catalogue's price on the day of the service: the HIS prices.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from charting.case.state import Case
from charting.charges.due import Due
from charting.charges.ledger import Charge, astray
from charting.charges.lines import Bill, Line, Tariff, Unbilled
from charting.outbox.parcel import Sent
from charting.outbox.parcel import State as Became
from charting.trail.contents import Term

ZERO = Decimal(0)
MEASURES = ("recorded", "charged", "underway", "refused", "difference")
"""Of each row and sum: in the record now, at the HIS, on its way, not accepted, and recorded less charged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What is charged of one thing. `due`: what of it is signed or confirmed. `price`: None where nobody here knows it.

    `entries`: the items of the record behind it, which are those of the present record. `elsewhere`: its document was
    billed in other ways, and does not differ.
    """

    document: str
    source: str
    code: str
    term: Term | None
    unit: str
    kind: str
    day: str
    price: Decimal | None
    recorded: Decimal = ZERO
    due: Decimal = ZERO
    charged: Decimal = ZERO
    underway: Decimal = ZERO
    refused: Decimal = ZERO
    entries: tuple[str, ...] = ()
    elsewhere: bool = False

    @property
    def difference(self) -> Decimal:
        return ZERO if self.elsewhere else self.recorded - self.charged

    def money(self, measure: str) -> Decimal | None:
        """An estimate; None without a price."""
        return None if self.price is None else self.price * Decimal(getattr(self, measure))


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """A message with its lines. `state`: "" where the outbox does not have it yet; `reason`: why it was refused."""

    parcel: str
    made_us: int
    state: str
    reason: str
    charges: Sequence[Charge]


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """`anchor_us`: the case's day. `blocked`: why nothing is posted now; `unbilled`: of the present record.

    `astray`: the HIS has something on another's bill, or of another day.
    """

    case: Case
    anchor_us: int
    rows: Sequence[Row]
    unbilled: Sequence[Unbilled]
    postings: Sequence[Posting]
    blocked: str
    astray: bool

    @property
    def differs(self) -> bool:
        """The HIS has not what the record says, or has refused something of it."""
        return self.astray or self.refused or any(row.difference for row in self.rows)

    @property
    def refused(self) -> bool:
        return any(posting.state == Became.PARKED for posting in self.postings)

    @property
    def unsigned(self) -> bool:
        """Something is recorded that nobody has signed or confirmed as it is."""
        return any(row.recorded != row.due for row in self.rows if not row.elsewhere)

    @property
    def elsewhere(self) -> bool:
        """Something was signed before charging began, and billed in other ways."""
        return any(row.elsewhere for row in self.rows)

    @property
    def lines(self) -> int:
        """How many lines the HIS has, credits too: for comparing with what it has booked."""
        return sum(charge.state == "accepted" for posting in self.postings for charge in posting.charges)

    def money(self, measure: str) -> Decimal:
        """The sum of what is priced."""
        return sum((money for row in self.rows if (money := row.money(measure)) is not None), ZERO)

    @property
    def unpriced(self) -> int:
        return sum(row.price is None for row in self.rows)


def anchor(case: Case) -> int:
    """The case belongs to the day of its anaesthesia, else to that on which it was opened."""
    begun = case.event("t_anes_start")
    return case.within(begun.at_us) if begun else case.opened_us


def statement(
    case: Case, due: Due, now: Bill, charges: Sequence[Charge], sent: Mapping[str, Sent | None], tariff: Tariff
) -> Statement:
    """`sent`: the messages of the charges, of those at least that nobody has accepted."""
    postings = list(_postings(charges, sent))
    parked = {p.parcel for p in postings if p.state == Became.PARKED}
    return Statement(
        case=case,
        anchor_us=anchor(case),
        rows=list(_rows(due, now, charges, parked, tariff)),
        unbilled=now.unbilled,
        postings=postings,
        blocked=due.blocked,
        astray=astray(case, now.lines, charges, tariff),
    )


def _rows(due: Due, now: Bill, charges: Sequence[Charge], parked: Iterable[str], tariff: Tariff) -> Iterator[Row]:
    lines: dict[tuple[str, str, str], Line] = {line.key: line for line in (*due.lines, *now.lines)}
    recorded = {line.key: line for line in now.lines}
    owed = {line.key: line.quantity for line in due.lines}
    waiting = set(parked)
    for key in dict.fromkeys([*lines, *(charge.key for charge in charges)]):
        own = [charge for charge in charges if charge.key == key]
        line = lines.get(key)
        at_us = line.start_us if line else own[0].at_us
        item = line.item if line else None
        refused = sum((c.signed for c in own if c.state == "sent" and c.parcel in waiting), ZERO)
        underway = sum((c.signed for c in own if c.state == "sent"), ZERO) - refused
        document, source, code = key
        row = Row(
            document=document,
            source=source,
            code=code,
            term=item.term if item else tariff.catalogue.named(code),
            unit=item.unit if item else "",
            kind=item.kind if item else "",
            day=tariff.day(at_us),
            price=tariff.catalogue.price(code, tariff.day(at_us)),
            recorded=recorded[key].quantity if key in recorded else ZERO,
            due=owed.get(key, ZERO),
            charged=sum((c.signed for c in own if c.state == "accepted"), ZERO),
            underway=underway,
            refused=refused,
            entries=recorded[key].entries if key in recorded else (),
            elsewhere=document in due.elsewhere,
        )
        if any(getattr(row, measure) for measure in MEASURES) or row.due:
            yield row


def _postings(charges: Sequence[Charge], sent: Mapping[str, Sent | None]) -> Iterator[Posting]:
    for parcel in dict.fromkeys(charge.parcel for charge in charges):
        own = [charge for charge in charges if charge.parcel == parcel]
        there = sent.get(parcel)
        settled = {"accepted": Became.ANSWERED, "withdrawn": Became.WITHDRAWN}.get(own[0].state, "")
        yield Posting(
            parcel=parcel,
            made_us=own[0].made_us,
            state=there.state if there else settled,
            reason=there.reason if there else "",
            charges=own,
        )
