"""Messages as they leave, for the reference of interfaces: made by the program, of a patient who does not exist."""

from collections.abc import Mapping, Sequence

from charting.case.clock import SiteClock
from charting.charges.catalogue import Catalogue
from charting.charges.config import ChargesSection
from charting.charges.dft import Biller, posting
from charting.charges.due import due
from charting.charges.ledger import Charge, postings, settled
from charting.charges.lines import Tariff
from charting.library.library import Libraries
from charting.outbox.config import Destination
from charting.results.message import Sender
from charting.templates.loader import Templates
from charting.trail.contents import Attendance, Bolus, Coded, Content, Event, Patient, Term
from charting.trail.entries import Body, Entry, Opened, Returned, Set, Signed, Started, Voided

_START_US = 1_772_673_000_000_000
"""2026-03-05 09:10 in Shanghai."""
_MINUTE_US = 60_000_000
_ZONE = "Asia/Shanghai"


def examples() -> Mapping[str, bytes]:
    """File name → a message: what a signed record is charged, and what is taken back after a correction."""
    made_us = _START_US + 140 * _MINUTE_US
    libraries = Libraries.sample()
    tariff = Tariff(
        catalogue=Catalogue(libraries),
        templates=Templates.load(),
        clock=SiteClock(now_us=lambda: made_us, zone=_ZONE),
        config=ChargesSection(department="OR1"),
    )
    sender = Sender(application="VITALSD", facility="OR", authority="HOSP", zone=_ZONE, place=lambda bed: f"OR^{bed}^1")
    to = Destination(name="his", url="mllp://his.example:2575", takes=("charges",), facility="HOSP")
    biller = Biller(sender=sender, to=to, tariff=tariff, names={"d0042": "王测试"})
    signed, corrected = _entries(libraries)
    case, owed = due(signed, tariff, 0)
    first = postings(case, owed, [], tariff, made_us)
    case, owed = due([*signed, *corrected], tariff, 0)
    taken = settled(first, {charge.parcel: ("accepted", made_us) for charge in first})
    later: Sequence[Charge] = postings(case, owed, taken, tariff, made_us + 20 * _MINUTE_US)
    return {
        "dft_P03_charge.hl7": posting(case, first, biller).body,
        "dft_P03_credit.hl7": posting(case, later, biller).body,
    }


def _entries(libraries: Libraries) -> tuple[Sequence[Entry], Sequence[Entry]]:
    def term(library: str, code: str) -> Term:
        found = libraries.named(library, code)
        assert found is not None
        return found

    def put(item: str, content: Content, document: str = "") -> Set:
        return Set(document=document, item=item, after=0, content=content)

    patient = Patient(number="0000123", visit="000456", name="张测试", sex="male", birth_date="1970-01-01")
    end_us = _START_US + 125 * _MINUTE_US
    drug = term("drugs", "D001")
    bolus = Bolus(drug=drug, dose=150, unit="mg", route="iv", at_us=_START_US + 10 * _MINUTE_US)
    bodies: Sequence[Body] = (
        Opened(bed="OR-05", area="or", at_us=_START_US, patient=patient),
        Started(document="r", template="anaesthesia_record", version="1.1.0", start_us=_START_US),
        put("t", Coded(use="technique", term=term("techniques", "41"))),
        put("o", Coded(use="procedure", term=term("procedures", "51.2300"))),
        put("a", Attendance(role="anaesthetist", name="王测试", account="d0042", in_us=_START_US)),
        put("s", Event(key="t_anes_start", at_us=_START_US)),
        put("e", Event(key="t_anes_end", at_us=end_us)),
        put("b", bolus, "r"),
        Signed(document="r", version=1, slot="anaesthetist", digest=""),
    )
    later: Sequence[Body] = (
        Returned(document="r", reason="judgement"),
        Voided(document="r", item="b", after=1, reason="judgement"),
        Signed(document="r", version=2, slot="anaesthetist", digest=""),
    )
    made = [
        Entry(seq=n, at_us=end_us, actor="d0042", case="case77", body=body)
        for n, body in enumerate((*bodies, *later), 1)
    ]
    return made[: len(bodies)], made[len(bodies) :]
