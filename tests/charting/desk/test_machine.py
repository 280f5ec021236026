"""Whatever people and devices do, in any order: nothing a person wrote is lost, nothing changes without a trace.

The model is a list of what the desk said it had kept; it does not look at how the desk decides.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from charting.accounts.actor import Actor
from charting.case.refusals import Refusal
from charting.case.state import Case, fold, value_of
from charting.fill.types import CellState
from charting.trail.chain import breaks, link_of, text_of
from charting.trail.contents import Answer, Content, Event, Patient
from charting.trail.entries import SYSTEM
from charting.trail.trail import MemoryTrail, Trail
from tests.charting.clock import Clock
from tests.charting.desk.scenes import (
    ANN,
    BEN,
    EVE,
    HAL,
    NED,
    PATIENT,
    QUE,
    RECORD,
    SUE,
    bolus,
    captured,
    cell,
    charted,
    desk_on,
    filled,
)  # fmt: skip
from tests.journal.entries import T0_US

PEOPLE = (ANN, BEN, NED, HAL, SUE, EVE, QUE)
MAY_CHART = {"ann", "ben"}
ITEMS = ("", RECORD)
REASONS = ("", "typing_error", "other", "other: seen by hand", "because")

actors = st.sampled_from((*([ANN] * 8), *([BEN] * 3), *([HAL] * 4), *PEOPLE))
numbers = st.integers(0, 1)
offsets = st.sampled_from((0, 0, 0, 0, 0, 0, -1, 1))
reasons = st.sampled_from((*(["typing_error"] * 2), *REASONS))
values = st.sampled_from((60.0, 72.0, 190.0))


@dataclass
class Place:
    """A trail, its clock, and how far its chain has been checked."""

    trail: Trail
    clock: Clock
    seq: int = 0
    hash: str = ""


class Records(RuleBasedStateMachine):
    """One case with one anaesthesia record."""

    place_of: Callable[[], Place]

    def __init__(self) -> None:
        super().__init__()
        self.place = type(self).place_of()
        self.trail, self.clock = self.place.trail, self.place.clock
        self.clock.at_us = T0_US
        self.case = ""
        self.told: dict[str, str] = {}
        self.desk = desk_on(self.trail, self.clock)
        self.written: dict[tuple[str, str], list[tuple[Content | None, str, str]]] = {}
        self.frozen: Any = None
        self.author = "ann"
        self.asked = ""
        self.identities: list[Patient] = []

    @initialize(emergency=st.sampled_from((True, True, True, False)))
    def open(self, emergency: bool) -> None:
        patient = Patient() if emergency else PATIENT
        bed = f"OR-{self.place.seq}"
        case = self.desk.open(ANN, bed=bed, area="or", patient=patient, emergency=emergency)
        self.case = self.desk.start(ANN, case.id, template="anaesthesia_record", document=RECORD).id
        self.identities = [self.now().patient]
        self.written["", "patient"] = [(self.now().patient, "ann", "")]
        self.number = 1

    def now(self) -> Case:
        return self.desk.case(self.case)

    @property
    def record(self) -> Any:
        return self.now().documents[RECORD]

    def wrote(self, actor: Actor, document: str, item: str, after: int, content: Content | None, reason: str) -> None:
        """The desk said it has done it: was that right?"""
        known = self.written.setdefault((document, item), [])
        if after == len(known) - 1 and known[-1][:2] == (content, actor.account):
            return  # the same form twice
        assert after == len(known), "an edit over a version that the writer has not seen"
        if known and known[-1][0] == content and content is not None:
            return  # nothing new was said
        if document:
            assert self.frozen is None, "an edit of a locked document"
            assert actor.account in MAY_CHART
            mine = self.author == actor.account
            first = self.told.get(item)
            assert mine or (known[-1][1] == actor.account if known else first is None)
            if known or first is not None or content is None:
                assert reason in {"typing_error", "other: seen by hand"} or first == "empty", "no reason"
        known.append((content, actor.account, reason))

    @rule(actor=actors, n=numbers, value=values, offset=offsets, reason=reasons)
    def chart(self, actor: Actor, n: int, value: float, offset: int, reason: str) -> None:
        self.put(actor, RECORD, cell(n), offset, charted(n, value), reason)

    @rule(actor=actors, name=st.sampled_from(("x", "y")), dose=values, offset=offsets, reason=reasons)
    def give(self, actor: Actor, name: str, dose: float, offset: int, reason: str) -> None:
        self.put(actor, RECORD, name, offset, bolus(dose), reason)

    @rule(actor=actors, text=st.sampled_from(("a", "b")), offset=offsets, reason=reasons)
    def answer(self, actor: Actor, text: str, offset: int, reason: str) -> None:
        self.put(actor, RECORD, "field:premedication", offset, Answer(field="premedication", value=text), reason)

    @rule(actor=actors, minute=numbers, offset=offsets, reason=reasons)
    def happen(self, actor: Actor, minute: int, offset: int, reason: str) -> None:
        self.put(actor, "", "start", offset, Event(key="t_anes_start", at_us=T0_US + minute), reason)

    def put(self, actor: Actor, document: str, item: str, offset: int, content: Content, reason: str) -> None:
        after = max(0, len(self.written.get((document, item), ())) + offset)
        try:
            self.desk.set(actor, self.case, document=document, item=item, after=after, content=content, reason=reason)
        except Refusal:
            return
        self.wrote(actor, document, item, after, content, reason)

    @rule(
        actor=actors,
        item=st.sampled_from((cell(0), cell(0), cell(1), cell(1), "x", "start")),
        offset=offsets,
        reason=reasons,
    )
    def void(self, actor: Actor, item: str, offset: int, reason: str) -> None:
        document = "" if item == "start" else RECORD
        after = max(0, len(self.written.get((document, item), ())) + offset)
        try:
            self.desk.void(actor, self.case, document=document, item=item, after=after, reason=reason)
        except Refusal:
            return
        self.wrote(actor, document, item, after, None, reason)

    @rule(n=numbers, value=st.one_of(st.none(), values))
    def fill(self, n: int, value: float | None) -> None:
        told = captured(n, value, CellState.EMPTY if value is None else CellState.CHARTED)
        try:
            self.desk.fill(self.case, filled(told))
        except Refusal:
            assert self.frozen is not None
            return
        assert self.frozen is None, "a locked document was filled"
        self.told[cell(n)] = "empty" if value is None else "told"

    @rule(actor=actors, slot=st.sampled_from(("anaesthetist", "anaesthetist", "supervisor", "nobody")))
    def sign(self, actor: Actor, slot: str) -> None:
        try:
            case = self.desk.sign(actor, self.case, document=RECORD, slot=slot)
        except Refusal:
            return
        assert case.emergency
        assert actor.account in {"ann", "ben", "hal"}
        if self.frozen is None:
            self.frozen = self.content()

    def content(self) -> Any:
        record = self.record
        return {id_: (i.versions, i.captured) for id_, i in record.items.items()}, list(record.gaps)

    @rule(actor=actors)
    def ask(self, actor: Actor) -> None:
        try:
            self.desk.ask_unlock(actor, self.case, document=RECORD, reason="a dose is missing")
        except Refusal:
            return
        assert self.frozen is not None
        assert actor.account == self.author
        self.asked = self.asked or actor.account

    @rule(actor=actors, granted=st.booleans())
    def answer_unlock(self, actor: Actor, granted: bool) -> None:
        try:
            self.desk.answer_unlock(actor, self.case, document=RECORD, granted=granted, reason="agreed")
        except Refusal:
            return
        assert self.asked
        assert actor.account == "hal"
        self.asked = ""
        self.unlock(granted)

    @rule(actor=st.sampled_from((ANN, HAL, QUE)), really=st.sampled_from((False, False, False, True)))
    def send_back(self, actor: Actor, really: bool) -> None:
        if not really:
            return
        before = self.record.returned
        try:
            case = self.desk.send_back(actor, self.case, document=RECORD, reason="incomplete")
        except Refusal:
            return
        assert actor.account in {"hal", "que"}
        if case.documents[RECORD].returned != before:
            self.asked = ""
            self.unlock(granted=True)

    def unlock(self, granted: bool) -> None:
        if granted and self.frozen is not None:
            self.frozen = None
            self.number += 1

    @rule(actor=actors, to=st.sampled_from(("ann", "ben", "sue")))
    def hand_over(self, actor: Actor, to: str) -> None:
        try:
            self.desk.hand_over(actor, self.case, document=RECORD, to=to)
        except Refusal:
            return
        assert actor.account in {self.author, "hal"} or to == self.author
        self.author = to

    @rule(actor=actors, n=numbers)
    def merge(self, actor: Actor, n: int) -> None:
        patient = Patient(number=str(n), name=f"P{n}")
        try:
            case = self.desk.merge(actor, self.case, patient=patient, reason="wristband")
        except Refusal:
            return
        if len(case.identities) > len(self.identities):
            self.identities.append(case.patient)
            self.written["", "patient"].append((case.patient, actor.account, "wristband"))
        assert (case.patient.number, case.patient.name) == (patient.number, patient.name)

    @rule(seconds=st.sampled_from((1, 60, 3600)))
    def wait(self, seconds: int) -> None:
        self.clock.go(seconds)

    @invariant()
    def nothing_is_lost(self) -> None:
        case = self.now()
        for (document, id_), known in self.written.items():
            if not known:
                continue
            item = case.items_of(document)[id_]
            assert [(v.content, v.author, v.reason) for v in item.versions] == known
            if document and id_.startswith("hr@"):
                assert value_of(item) == known[-1][0]
        in_all = sum(len(i.versions) for d in ITEMS for i in case.items_of(d).values())
        assert in_all == sum(len(known) for known in self.written.values())
        assert case.identities == self.identities

    @invariant()
    def locked_is_locked(self) -> None:
        record = self.record
        assert record.locked == (self.frozen is not None)
        assert record.version == self.number
        if self.frozen is not None:
            assert self.content() == self.frozen

    def teardown(self) -> None:
        if not self.case:
            return
        for entry in self.trail.all(self.place.seq):
            assert entry.seq == self.place.seq + 1
            assert entry.hash == hashlib.sha256(f"{self.place.hash}\n{text_of(entry)}".encode()).hexdigest()
            self.place.seq, self.place.hash = entry.seq, entry.hash
        own = self.trail.entries(self.case)
        for entry in own:
            assert entry.at_us >= T0_US
            assert entry.actor in {SYSTEM, *(p.account for p in PEOPLE)}
        assert fold(own) == self.now()


def run(place_of: Callable[[], Place], examples: int) -> None:
    machine = type("RecordsHere", (Records,), {"place_of": staticmethod(place_of)})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=25,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def memory() -> Place:
    clock = Clock()
    return Place(MemoryTrail(clock.now_us), clock)


@pytest.mark.timeout(300)
def test_sequences_in_memory() -> None:
    run(memory, 500)


def test_sequences_in_every_kind_of_trail(trail: Trail, clock: Clock) -> None:
    place = Place(trail, clock)
    run(lambda: place, 60)
    assert list(breaks(link_of(e) for e in trail.all())) == []


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_a_thousand_sequences_in_every_kind_of_trail(trail: Trail, clock: Clock) -> None:
    place = Place(trail, clock)
    run(lambda: place, 1000)
    assert list(breaks(link_of(e) for e in trail.all())) == []
