"""What was charged, and what therefore is to be charged or taken back. Pure.

A line is posted once, when what it is of was signed or confirmed. A correction is a reversal that names the line, and
a new line: nothing is edited (fact sheet hl7-adt-billing §5). An unlocked or returned document keeps its charges until
it is signed again: the difference to what is signed then is posted. Discarding a case takes all of it back.
"""

import hashlib
from base64 import b32encode
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from charting.accounts.actor import HIS
from charting.case.state import PATIENT_ITEM, Case
from charting.charges.due import Due, Point
from charting.charges.lines import Line, Tariff
from charting.trail.contents import Patient

State = Literal["sent", "accepted", "withdrawn"]
"""sent: it leaves or waits for a person. accepted: the HIS has it. withdrawn: it was not posted and is not to be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payer:
    """On whose bill: the patient's number and his visit's."""

    number: str
    visit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """A line as it was posted. `id`: FT1-2, never used again. `kind`: CG, or CD that takes `reverses` back (a CG that
    has one makes a surplus reversal good).

    `point`: the entry of the trail that made it due, `by`: whose that was. `at_us`, `end_us`: of the service.
    `parcel`: the message that has it.
    """

    id: str
    case: str
    document: str
    version: int
    point: int
    source: str
    kind: Literal["CG", "CD"]
    item: str
    catalogue: str
    quantity: Decimal
    at_us: int
    end_us: int
    payer: Payer
    by: str
    made_us: int
    parcel: str
    reverses: str = ""
    state: State = "sent"
    settled_us: int | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        return (self.document, self.source, self.item)

    @property
    def signed(self) -> Decimal:
        """Its quantity, of a credit below 0."""
        return self.quantity if self.kind == "CG" else -self.quantity


def payer_of(case: Case) -> Payer:
    return Payer(number=case.patient.number, visit=case.patient.visit)


def moved(case: Case, charge: Charge) -> Payer:
    """Whose bill it is on by now: where the HIS has said since that a patient is another, it has moved what he owes."""
    item, payer = case.items.get(PATIENT_ITEM), charge.payer
    before: Patient | None = None
    for version in item.versions if item else ():
        after = version.content if isinstance(version.content, Patient) else before
        since = version.at_us >= charge.made_us
        if since and before and after and payer == Payer(number=before.number, visit=before.visit):
            learned = before.number == after.number and not before.visit
            if version.author == HIS.account or learned:
                payer = Payer(number=after.number, visit=after.visit)
        before = after
    return payer


def standing(charges: Iterable[Charge]) -> Sequence[Charge]:
    """Lines that were charged and not taken back; what was withdrawn never happened."""
    posted = [charge for charge in charges if charge.state != "withdrawn"]
    taken = {charge.reverses for charge in posted if charge.kind == "CD"}
    return [charge for charge in posted if charge.kind == "CG" and not charge.reverses and charge.id not in taken]


def surplus(charges: Sequence[Charge]) -> Iterator[Charge]:
    """Reversals of what was reversed already, as where one that was withdrawn leaves after all: made good once."""
    once: set[str] = set()
    good = {charge.reverses for charge in charges if charge.kind == "CG"}
    for charge in charges:
        if charge.kind == "CD" and charge.state != "withdrawn":
            if charge.reverses in once and charge.id not in good:
                yield charge
            once.add(charge.reverses)


def postings(case: Case, due: Due, charges: Sequence[Charge], tariff: Tariff, now_us: int) -> Sequence[Charge]:
    """The lines to post now, all in order; none while one of before is not settled, or while the case is held. While
    nobody knows whose they are, only what was charged to another is taken back.

    Reversals first; each message has the lines of one payer. The same trail and the same charges make the same ids.
    What a person withdrew is posted again for the next signature or confirmation, not for the same.
    """
    if any(charge.state == "sent" for charge in charges):
        return []
    if due.blocked == "held":
        return []
    payer = payer_of(case)
    wanted = {line.key: line for line in due.lines}
    given_up = {(c.kind, c.key, c.point) for c in charges if c.state == "withdrawn"}
    used = Counter((c.version, c.key) for c in charges if c.kind == "CG")
    backs = Counter(c.reverses for c in charges)
    stays: set[tuple[str, str, str]] = set()
    made: list[Charge] = []
    for charge in standing(charges):
        point, line = due.points.get(charge.document, due.last), wanted.get(charge.key)
        right = line is not None and _same(charge, line, case, payer, tariff) and charge.key not in stays
        if right or ("CD", charge.key, point.seq) in given_up:
            stays.add(charge.key)
        else:
            made.append(_reversal(charge, backs[charge.id], moved(case, charge), point, now_us))
    for charge in surplus(charges):
        point = due.points.get(charge.document, due.last)
        made.append(_again(charge, moved(case, charge), point, now_us))
    for line in () if due.blocked else due.lines:
        point = due.points[line.document]
        if line.key not in stays and ("CG", line.key, point.seq) not in given_up:
            made.append(_charge(case, line, used[point.version, line.key], payer, point, now_us))
    return list(_addressed(case.id, made, len({c.parcel for c in charges})))


def astray(case: Case, lines: Iterable[Line], charges: Iterable[Charge], tariff: Tariff) -> bool:
    """Whether the HIS has a line on another's bill, or of another day, than it is to be by these lines."""
    wanted, payer = {line.key: line for line in lines}, payer_of(case)
    had = [charge for charge in charges if charge.state == "accepted"]
    return any(c.key in wanted and not _same(c, wanted[c.key], case, payer, tariff) for c in standing(had))


def _same(charge: Charge, line: Line, case: Case, payer: Payer, tariff: Tariff) -> bool:
    """Nothing about it concerns the bill: the minute is nobody's money, the day is a price's."""
    same_day = tariff.day(charge.at_us) == tariff.day(line.start_us)
    return charge.quantity == line.quantity and same_day and moved(case, charge) == payer


def _charge(case: Case, line: Line, n: int, payer: Payer, point: Point, now_us: int) -> Charge:
    """The n-th of its kind, from 0, of this version of the document."""
    return Charge(
        id=f"C{_digest(case.id, *line.key, point.version, n)}",
        case=case.id,
        document=line.document,
        version=point.version,
        point=point.seq,
        source=line.source,
        kind="CG",
        item=line.item.term.code,
        catalogue=line.item.term.version,
        quantity=line.quantity,
        at_us=line.start_us,
        end_us=line.end_us,
        payer=payer,
        by=point.by,
        made_us=now_us,
        parcel="",
    )


def _addressed(case: str, charges: Iterable[Charge], before: int) -> Iterator[Charge]:
    """Each with the message that has it: the n-th of the case, one for each payer."""
    parcels: dict[Payer, str] = {}
    for charge in charges:
        if charge.payer not in parcels:
            parcels[charge.payer] = f"F{_digest('posting', case, before + len(parcels))}"
        yield replace(charge, parcel=parcels[charge.payer])


def _reversal(charge: Charge, before: int, payer: Payer, point: Point, now_us: int) -> Charge:
    """Its id names the line that it takes back; after reversals that were withdrawn, with its number."""
    return replace(
        charge,
        id=f"{charge.id}R{before + 1 if before else ''}",
        point=point.seq,
        kind="CD",
        reverses=charge.id,
        payer=payer,
        by=point.by,
        made_us=now_us,
        state="sent",
        settled_us=None,
    )


def _digest(*parts: object) -> str:
    """16 letters and digits, 80 bits: with R and a number it fits into 20 characters."""
    return b32encode(hashlib.sha256("\0".join(map(str, parts)).encode()).digest()[:10]).decode("ascii")


def _again(charge: Charge, payer: Payer, point: Point, now_us: int) -> Charge:
    """A charge that makes a surplus reversal good."""
    made = _reversal(charge, 0, payer, point, now_us)
    return replace(made, id=f"{charge.id}C", kind="CG")


def settled(charges: Sequence[Charge], outcomes: Mapping[str, tuple[State, int]]) -> Sequence[Charge]:
    """With what became of their messages: parcel → (state, when)."""
    found: list[Charge] = []
    for charge in charges:
        state, at_us = outcomes.get(charge.parcel, (charge.state, charge.settled_us))
        found.append(replace(charge, state=state, settled_us=at_us))
    return found


def unsettled(charges: Iterable[Charge]) -> Collection[str]:
    """Messages of which something may still become: also of those that were withdrawn, which may be sent again."""
    return {charge.parcel for charge in charges if charge.state != "accepted"}
