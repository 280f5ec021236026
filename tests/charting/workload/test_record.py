"""Work as people record it at the desk: from the first entry to the signature; records of the older template."""

import pytest

from charting.accounts.actor import Actor
from charting.case.refusals import Impossible
from charting.desk import Desk
from charting.trail.contents import Answer, Attendance, Coded, Content, Event, Patient
from charting.trail.entries import Started
from charting.trail.trail import MemoryTrail
from charting.workload.ledger import Ledger
from charting.workload.scheme import scheme
from tests.charting.clock import Clock
from tests.charting.desk.scenes import desk_on
from tests.charting.workload.cases import add, at, term

ANN = Actor(account="ann", name="Ann", roles=frozenset({"anaesthetist"}))
LINES = Answer(field="procedures", value=("arterial_line", "cvc"))


@pytest.fixture
def memory(clock: Clock) -> MemoryTrail:
    clock.at_us = at("2026-11-24 12:00")
    return MemoryTrail(clock.now_us)


def begun(desk: Desk) -> None:
    """An emergency from 08:00 to 09:30, with its codes and Ann; its record is begun."""
    patient = Patient(number="7", birth_date="1940-01-01")
    desk.open(ANN, bed="OR-1", area="or", patient=patient, at_us=at("07:50"), emergency=True, case="c")
    told: dict[str, Content] = {
        "start": Event(key="t_anes_start", at_us=at("08:00")),
        "end": Event(key="t_anes_end", at_us=at("09:30")),
        "ann": Attendance(role="anaesthetist", name="Ann", account="ann", in_us=at("07:50")),
        "tom": Attendance(role="anaesthesia_trainee", name="Tom", account="tom", in_us=at("08:00")),
        "technique": Coded(use="technique", term=term("techniques", "L42")),
        "asa": Coded(use="asa", term=term("asa", "L3E")),
    }
    for item, content in told.items():
        desk.set(ANN, "c", item=item, after=0, content=content)
    desk.start(ANN, "c", template="anaesthesia_record", document="r")


def test_a_record_counts_once_it_is_signed(memory: MemoryTrail, clock: Clock) -> None:
    desk = desk_on(memory, clock)
    begun(desk)
    desk.set(ANN, "c", document="r", item="field:procedures", after=0, content=LINES)
    ledger = Ledger(desk, scheme(), dict)
    november = ledger.period("2026-11")
    assert ledger.statement(november).month.lines == ()
    assert [r.key for w in ledger.statement(november).month.waiting for r in w.reasons] == ["unsigned"]
    desk.sign(ANN, "c", document="r", slot="anaesthetist")
    month = ledger.statement(november).month
    assert month.waiting == ()
    # 1.3 x 1.5 x (1.2 + 0.2) x 1.2 = 3.276, x 0.4; two lines for the record's author
    assert {p.person: float(p.score) for p in month.people} == {"ann": 3.276 + 1.0, "tom": 1.31}


def test_an_older_record_keeps_its_template_and_has_no_extras(memory: MemoryTrail, clock: Clock) -> None:
    desk = desk_on(memory, clock)
    begun(desk)
    assert desk.case("c").documents["r"].template_version == "1.1.0"
    wrong = Answer(field="procedures", value=("appendicectomy",))
    with pytest.raises(Impossible):
        desk.set(ANN, "c", document="r", item="field:procedures", after=0, content=wrong)
    old = MemoryTrail(clock.now_us)
    desk = desk_on(old, clock)
    for entry in memory.entries("c"):
        body = entry.body
        if isinstance(body, Started):
            body = Started(document="r", template="anaesthesia_record", version="1.0.0", start_us=body.start_us)
        add(old, "c", "ann", body)
    with pytest.raises(Impossible):
        desk.set(ANN, "c", document="r", item="field:procedures", after=0, content=LINES)
    desk.sign(ANN, "c", document="r", slot="anaesthetist")
    month = Ledger(desk, scheme(), dict).statement(Ledger(desk, scheme(), dict).period("2026-11")).month
    assert {p.person: float(p.score) for p in month.people} == {"ann": 3.276, "tom": 1.31}
