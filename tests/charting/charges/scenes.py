"""A theatre whose record is charged: people, a desk in memory, and the hospital that is billed."""

from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path

from charting.accounts.actor import Actor
from charting.case.clock import SiteClock
from charting.charges.catalogue import Catalogue
from charting.charges.config import ChargesSection
from charting.charges.dft import Biller
from charting.charges.keeping import MemoryCharges
from charting.charges.lines import Tariff
from charting.charges.poster import Poster
from charting.desk import Desk
from charting.library.library import Libraries, parse
from charting.outbox.config import Destination
from charting.outbox.following import MemoryCursors
from charting.outbox.memory import MemoryOutbox
from charting.results.message import Sender
from charting.templates.loader import Templates
from charting.trail.contents import Bolus, Coded, Consumable, Content, Event, Patient, Term
from charting.trail.trail import MemoryTrail
from tests.charting.clock import Clock
from tests.journal.entries import T0_US

ZONE = "Asia/Shanghai"
MINUTE_US = 60_000_000
ANN = Actor(account="ann", name="王医生", roles=frozenset({"anaesthetist"}))
NED = Actor(account="ned", name="李护士", roles=frozenset({"or_nurse"}))
HAL = Actor(account="hal", name="Hal", roles=frozenset({"head"}))
RECORD = "record"
TEMPLATES = Templates.load()
PRICES = Path(__file__).with_name("charges-1.csv").read_text(encoding="utf-8")


@cache
def samples() -> Libraries:
    return Libraries.sample()


def libraries(prices: str = PRICES) -> Libraries:
    made = samples()
    everything = Libraries()
    for name in made.names():
        if name != "charges":
            for library in made.versions(name):
                everything.add(library)
    everything.add(parse(prices, "charges-1.csv"))
    return everything


def term(library: str, code: str) -> Term:
    found = samples().named(library, code)
    assert found is not None
    return found


SENDER = Sender(application="VITALSD", facility="", authority="HOSP", zone=ZONE, place=lambda bed: f"OR^{bed}^1")
HOSPITAL = Destination(name="his", url="mllp://127.0.0.1:1", takes=("charges",))


@dataclass
class Theatre:
    clock: Clock = field(default_factory=lambda: Clock(T0_US))
    config: ChargesSection = field(default_factory=ChargesSection)
    prices: str = PRICES
    sender: Sender = SENDER

    def __post_init__(self) -> None:
        self.trail = MemoryTrail(self.clock.now_us)
        self.desk = Desk(self.trail, TEMPLATES, libraries(self.prices), self.clock.now_us, ZONE)
        self.charges = MemoryCharges()
        self.outbox = MemoryOutbox(self.clock.now_us)
        self.tariff = Tariff(
            catalogue=Catalogue(self.desk.libraries),
            templates=TEMPLATES,
            clock=SiteClock(now_us=self.clock.now_us, zone=ZONE),
            config=self.config,
        )
        self.begin()

    def begin(self) -> None:
        """Nothing was charged before."""
        self.cursors = MemoryCursors()
        self.poster = self.started()
        self.look()

    def started(self) -> Poster:
        """A poster as after a start: what it knows it has from what is kept."""
        names = {actor.account: actor.name for actor in (ANN, NED, HAL)}
        biller = Biller(sender=self.sender, to=HOSPITAL, tariff=self.tariff, names=names)
        return Poster(self.trail, self.charges, self.outbox, self.cursors, self.tariff, lambda: biller)

    def look(self) -> None:
        while self.poster.follower.look():
            pass
        self.poster.settle()

    # A case

    def begun(self, case: str, number: str = "20260042", hours: int = 4, **more: object) -> str:
        """An emergency, whose document can be signed as it is, that began so many hours ago."""
        at_us = self.clock.at_us - hours * 60 * MINUTE_US
        patient = Patient(number=number, name="张三", visit="7", weight_kg=70)
        bed = f"OR-{case}"
        self.desk.open(ANN, bed=bed, area="or", patient=patient, at_us=at_us, emergency=True, case=case, **more)  # type: ignore[arg-type]
        self.desk.start(ANN, case, template="anaesthesia_record", document=RECORD)
        return case

    def put(self, case: str, item: str, content: Content, *, of_case: bool = False) -> None:
        """Make an item, or its next version."""
        known = self.desk.case(case)
        items = known.items if of_case else known.documents[RECORD].items
        after = items[item].number if item in items else 0
        document = "" if of_case else RECORD
        self.desk.set(
            ANN, case, document=document, item=item, after=after, content=content, reason="judgement" if after else ""
        )

    def void(self, case: str, item: str) -> None:
        number = self.desk.case(case).documents[RECORD].items[item].number
        self.desk.void(ANN, case, document=RECORD, item=item, after=number, reason="judgement")

    def sign(self, case: str) -> None:
        self.desk.sign(ANN, case, document=RECORD, slot="anaesthetist")

    def lasted(self, case: str, minutes: int) -> None:
        """General anaesthesia of so many minutes, from when the case was opened."""
        start_us = self.desk.case(case).opened_us
        self.put(case, "t1", Coded(use="technique", term=term("techniques", "1")), of_case=True)
        self.put(case, "start", Event(key="t_anes_start", at_us=start_us), of_case=True)
        self.put(case, "end", Event(key="t_anes_end", at_us=start_us + minutes * MINUTE_US), of_case=True)

    def propofol(self, case: str, item: str, mg: float) -> None:
        self.put(case, item, Bolus(drug=term("drugs", "D001"), dose=mg, unit="mg", route="iv", at_us=self.clock.at_us))

    def used(self, case: str, item: str, n: float, code: str = "M01", udi: str = "") -> None:
        self.put(case, item, Consumable(term=term("consumables", code), n=n, at_us=self.clock.at_us, udi=udi))

    def billed(self, case: str) -> dict[str, Decimal]:
        """Item → quantity of what was posted and not withdrawn, as the ledger has it."""
        found: dict[str, Decimal] = {}
        for charge in self.charges.of_case(case):
            if charge.state != "withdrawn":
                found[charge.item] = found.get(charge.item, Decimal(0)) + charge.signed
        return {item: quantity for item, quantity in found.items() if quantity}

    def body(self, key: str) -> bytes:
        sent = self.outbox.find(key)
        assert sent is not None
        return sent.parcel.body

    def delivered(self) -> list[bytes]:
        """Everything that waits is taken and acknowledged."""
        taken = []
        while due := self.outbox.due("his", 100):
            for line in due:
                if self.outbox.begin(line.key):
                    taken.append(self.body(line.key))
                    self.outbox.answer(line.key, b"", told=True)
            self.look()
        return taken
