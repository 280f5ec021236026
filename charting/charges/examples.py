"""A made-up bill and its correction, for the interface reference."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from charting.case.clock import SiteClock
from charting.charges.catalogue import Catalogue
from charting.charges.config import ChargesSection
from charting.charges.dft import Biller, posting
from charting.charges.due import due
from charting.charges.ledger import Charge, postings, settled
from charting.charges.lines import Tariff
from charting.library.library import Libraries
from charting.outbox.config import Destination
from charting.results.examples import AT_US, MINUTE_US, SENDER, WHO
from charting.templates.loader import Templates
from charting.trail.contents import Attendance, Bolus, Coded, Consumable, Event, Term
from charting.trail.entries import Body, Entry, Opened, Returned, Set, Signed, Started

TO = Destination(name="his", url="mllp://his.example:2575", facility="HOSP", takes=("charges",))
_RECORD = "record-1"


def examples() -> Mapping[str, bytes]:
    """Name → message, without its frame, in UTF-8: what a signature bills, and what the next one takes back of it."""
    libraries = Libraries.sample()
    entries = [
        Entry(seq=n, at_us=AT_US + n * MINUTE_US, actor="zhang", case="case-77", body=body)
        for n, body in enumerate(_bodies(libraries), 1)
    ]
    tariff = Tariff(
        catalogue=Catalogue(libraries),
        templates=Templates.load(),
        clock=SiteClock(now_us=lambda: AT_US, zone=SENDER.zone),
        config=ChargesSection(department="0501"),
    )
    first = next(n for n, entry in enumerate(entries, 1) if entry.body.kind == "signed")
    posted = list(_posted(entries[:first], [], tariff))
    charges = [charge for _, lines in posted for charge in lines]
    taken = settled(charges, {charge.parcel: ("accepted", AT_US) for charge in charges})
    posted += _posted(entries, taken, tariff)
    return {name: body for name, (body, _) in zip(("charges", "charges_corrected"), posted, strict=True)}


def _posted(entries: Sequence[Entry], before: Sequence[Charge], tariff: Tariff) -> Iterator[tuple[bytes, list[Charge]]]:
    case, owed = due(entries, tariff)
    biller = Biller(sender=SENDER, to=TO, tariff=tariff, names={"zhang": "张医生"})
    made = postings(case, owed, before, tariff, entries[-1].at_us)
    for _, lines in groupby(made, key=lambda charge: charge.parcel):
        charges = list(lines)
        yield posting(case, charges, biller).body, charges


def _bodies(libraries: Libraries) -> Sequence[Body]:
    def term(library: str, code: str) -> Term:
        found = libraries.named(library, code)
        if found is None:
            raise LookupError(f"{library} {code}")
        return found

    def at(minutes: int) -> int:
        return AT_US + minutes * MINUTE_US

    def given(mg: float, after: int, reason: str = "") -> Set:
        dose = Bolus(drug=term("drugs", "D001"), dose=mg, unit="mg", route="iv", at_us=at(2))
        return Set(document=_RECORD, item="b1", after=after, content=dose, reason=reason)

    of_case = [
        Coded(use="procedure", term=term("procedures", "51.2300")),
        Coded(use="technique", term=term("techniques", "12")),
        Attendance(role="anaesthetist", name="张医生", account="zhang", in_us=at(0)),
        Event(key="t_anes_start", at_us=at(0)),
        Event(key="t_anes_end", at_us=at(150)),
    ]
    return [
        Opened(bed="OR-03", area="or", at_us=at(-20), patient=WHO),
        Started(document=_RECORD, template="anaesthesia_record", version="1.1.0", start_us=at(0)),
        *(Set(document="", item=f"i{n}", after=0, content=content) for n, content in enumerate(of_case)),
        given(150.0, after=0),
        Set(
            document=_RECORD, item="m1", after=0, content=Consumable(term=term("consumables", "M01"), n=1, at_us=at(4))
        ),
        Signed(document=_RECORD, version=1, slot="anaesthetist", digest=""),
        Returned(document=_RECORD, reason="剂量待核"),
        given(250.0, after=1, reason="typing_error"),
        Signed(document=_RECORD, version=2, slot="anaesthetist", digest=""),
    ]
