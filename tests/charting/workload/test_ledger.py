"""A department's October by hand: what it counts, who sees it, how it is locked, compared, carried and disputed."""

from decimal import Decimal

import pytest

from charting.accounts.actor import Actor
from charting.case.refusals import NotAllowed
from charting.desk import Desk
from charting.library.library import Coding, Libraries, Library
from charting.trail.contents import Coded, Event
from charting.trail.entries import Denied, Discarded, Frozen, Printed, Set, UnlockAnswered
from charting.trail.trail import MemoryTrail, Trail
from charting.workload.ledger import Ledger
from charting.workload.refusals import WorkloadRefusal
from charting.workload.scheme import Scheme, scheme
from tests.charting.clock import Clock
from tests.charting.workload import department
from tests.charting.workload.cases import TEMPLATES, ZONE, add, at, changed, signature, term
from tests.charting.workload.department import ANN, BEN, MONTH, NIA, PIA

NAMES = {ANN: "王医生", BEN: "李医生", NIA: "钱护士", PIA: "孙护士", "head": "主任", "head2": "副主任"}
HEAD = Actor(account="head", name="主任", roles=frozenset({"head"}))
HEAD2 = Actor(account="head2", name="副主任", roles=frozenset({"head"}))
QUALITY = Actor(account="quality", name="Q", roles=frozenset({"quality"}))
DOCTOR = Actor(account=ANN, name="王医生", roles=frozenset({"anaesthetist"}))
COLLEAGUE = Actor(account=BEN, name="李医生", roles=frozenset({"anaesthetist"}))


@pytest.fixture
def clock() -> Clock:
    return Clock(at("2026-11-24 14:00"))


@pytest.fixture
def memory(clock: Clock) -> MemoryTrail:
    made = MemoryTrail(clock.now_us)
    department.put(made)
    return made


def ledger_on(trail: Trail, clock: Clock, by: Scheme | None = None, libraries: Libraries | None = None) -> Ledger:
    desk = Desk(trail, TEMPLATES, libraries or Libraries.sample(), clock.now_us, ZONE)
    return Ledger(desk, by or scheme(), lambda: NAMES)


def scores(ledger: Ledger, month: str = MONTH) -> dict[str, float]:
    return {p.person: float(p.score) for p in ledger.statement(ledger.period(month)).month.people}


def differing(ledger: Ledger, month: str = MONTH) -> dict[str, float]:
    return {d.person: float(d.score) for d in ledger.statement(ledger.period(month)).differences}


def regrade(trail: Trail, code: str, after: int, case: str = "case-a", item: str = "asa3") -> None:
    """Somebody corrects the ASA class of a case."""
    content = Coded(use="asa", term=term("asa", code))
    add(trail, case, ANN, Set(document="", item=item, after=after, content=content, reason="typing_error"))


OCTOBER = {
    # 1.0 x 1.5 x 1.2 = 1.8, line 0.5; 1.5 x (30 x 0.5 + 40) / 70 = 1.179;
    # 3.0 x 1.7 x 1.2 x (30 x 1.2 + 60 x 1.5) / 90 x 90 / 180 = 4.284
    ANN: 7.763,
    BEN: 5.59,  # 3.0 x 1.7 x 1.2 x 1.5 x 0.5 = 4.59, resuscitation 1.0 to the author
    NIA: 2.0,  # level 3: 1.0 x 2.0
    PIA: 1.5,  # 90 min
    "name:=赵进修": 0.48,  # 0.6 x 0.8
}


def test_the_month_by_hand(memory: MemoryTrail, clock: Clock) -> None:
    ledger = ledger_on(memory, clock)
    found = ledger.statement(ledger.period(MONTH))
    assert scores(ledger) == OCTOBER
    ann = found.month.of(ANN)
    assert ann is not None
    # 08:00-10:10 and 21:30-23:00; cases of 90, 70 and 90 min
    assert (ann.minutes, ann.case_minutes, ann.parallel_min, ann.cases) == (220, 250, 30, 3)
    assert (ann.handovers, ann.evening_min, ann.night_min, ann.holiday_min) == (1, 30, 60, 0)
    assert [(w.case, [r.key for r in w.reasons], dict(w.people)) for w in found.month.waiting] == [
        ("case-d", ["unsigned"], {BEN: "李医生"})
    ]
    assert (found.month.cases, found.month.formula, found.locked) == (4, scheme().formula, None)
    assert [p.waiting for p in found.month.people] == [0, 1, 0, 0, 0]


def test_a_case_belongs_to_the_month_in_which_it_began(memory: MemoryTrail, clock: Clock) -> None:
    ledger = ledger_on(memory, clock)
    assert scores(ledger, "2026-09") == scores(ledger, "2026-11") == {}
    with pytest.raises(WorkloadRefusal):
        ledger.period("2026")
    with pytest.raises(WorkloadRefusal):
        ledger.period("2026-13")
    assert ledger.period("").name == "2026-11"


def test_everybody_sees_his_own_and_nobody_another_s(memory: MemoryTrail, clock: Clock) -> None:
    ledger = ledger_on(memory, clock)
    october = ledger.period(MONTH)
    _, own = ledger.one(DOCTOR, october, ANN)
    assert own is not None
    assert float(own.score) == OCTOBER[ANN]
    for actor in (DOCTOR, QUALITY):
        with pytest.raises(NotAllowed):
            ledger.one(actor, october, BEN)
        with pytest.raises(NotAllowed):
            ledger.everybody(actor, october)
        with pytest.raises(NotAllowed):
            ledger.lock(actor, october)
        with pytest.raises(NotAllowed):
            ledger.answer(actor, october, BEN, "x")
    assert [(e.actor, e.body.action) for e in memory.all(kinds=["denied"]) if isinstance(e.body, Denied)] == [
        (who, "workload") for who in (ANN, "quality") for _ in range(4)
    ]
    assert ledger.one(HEAD, october, BEN)[1] is not None
    assert ledger.everybody(HEAD, october).month.people


@pytest.mark.parametrize("trail", ["memory", "sqlite"], indirect=True)
def test_a_locked_month_stands_and_what_is_corrected_later_is_a_difference(trail: Trail, clock: Clock) -> None:
    department.put(trail)
    ledger = ledger_on(trail, clock)
    october = ledger.period(MONTH)
    kept = ledger.lock(HEAD, october)
    assert kept.locked is not None
    assert (kept.locked.by, kept.locked.at_us, kept.differences) == ("head", clock.at_us, ())
    ledger.lock(HEAD2, october)
    (entry,) = trail.all(kinds=["frozen"])
    assert isinstance(entry.body, Frozen)
    assert (entry.body.what, entry.body.period, entry.body.version) == ("workload", MONTH, scheme().formula)

    add(trail, "case-a", "quality", Printed(document="anaesthesia_record", version=1, edited=0))
    assert differing(ledger) == {}
    regrade(trail, "4", 1)
    # 1.5 x 1.5 for 1.5 x 1.2; the others' scores hang on nothing of it
    assert differing(ledger) == {ANN: 0.45}
    assert scores(ledger) == OCTOBER
    (difference,) = ledger.statement(october).differences
    (change,) = difference.changes
    assert (change.case, change.role, change.factors) == ("case-a", "anaesthetist", ("asa",))
    assert (change.before, change.after) == (Decimal("1.800"), Decimal("2.250"))

    again = ledger_on(trail, clock)
    assert again.statement(october).month == ledger.statement(october).month == kept.month
    assert differing(again) == {ANN: 0.45}


def test_what_is_signed_later_is_newly_counted_and_what_is_void_no_longer(memory: MemoryTrail, clock: Clock) -> None:
    ledger = ledger_on(memory, clock)
    ledger.lock(HEAD, ledger.period(MONTH))
    add(memory, "case-d", BEN, signature("anaesthesia_record"))
    assert differing(ledger) == {BEN: 2.0}  # 120 min
    add(memory, "case-e", "head", Discarded(reason="wrong"))
    assert differing(ledger) == {BEN: 2.0, "name:=赵进修": -0.48}
    add(memory, "case-a", "head", UnlockAnswered(document="anaesthesia_record", granted=True, reason="x"))
    # case-a's 2.3 are gone, and nothing is beside case-b any more: 1.5 for 1.179
    assert differing(ledger)[ANN] == pytest.approx(-2.3 + 0.321)
    kinds = {(c.before is None, c.after is None) for d in ledger.statement(ledger.period(MONTH)).differences
             for c in d.changes}  # fmt: skip
    assert kinds == {(True, False), (False, True), (False, False)}


def test_minutes_that_change_no_score_are_a_difference_too(memory: MemoryTrail, clock: Clock) -> None:
    ledger = ledger_on(memory, clock)
    ledger.lock(HEAD, ledger.period(MONTH))
    ended = Event(key="t_anes_end", at_us=at("08:25", "2026-10-21"))
    add(memory, "case-e", BEN, Set(document="", item="t_anes_end", after=1, content=ended, reason="typing_error"))
    (difference,) = ledger.statement(ledger.period(MONTH)).differences
    assert (float(difference.score), [c.minutes for c in difference.changes]) == (0.0, [5])


def test_another_scheme_or_library_changes_no_locked_month(memory: MemoryTrail, clock: Clock) -> None:
    ledger_on(memory, clock).lock(HEAD, ledger_on(memory, clock).period(MONTH))
    other = changed(scheme(), version="ours/2", asa__classes={"1": "9", "2": "9", "3": "9", "4": "9"})
    sample, libraries = Libraries.sample().current("procedures"), Libraries()
    assert sample is not None
    codings = {c: Coding(term=coding.term, attributes={"level": "4"}) for c, coding in sample.codings.items()}
    libraries.add(Library(name="procedures", version=sample.version, codings=codings))
    ledger = ledger_on(memory, clock, other, libraries)
    regrade(memory, "4", 1)
    assert differing(ledger) == {ANN: 0.45}
    found = ledger.statement(ledger.period(MONTH))
    assert (found.scheme.formula, found.month.formula) == (scheme().formula, scheme().formula)
    assert ledger.statement(ledger.period("2026-11")).month.formula == other.formula


def test_differences_are_booked_once_in_the_first_month_that_is_open(memory: MemoryTrail, clock: Clock) -> None:
    ledger = ledger_on(memory, clock)
    ledger.lock(HEAD, ledger.period(MONTH))
    regrade(memory, "4", 1)
    assert scores(ledger, "2026-11") == {ANN: 0.45}
    assert scores(ledger, "2026-12") == {}
    clock.at_us = at("2026-12-03 09:00")
    kept = ledger.lock(HEAD, ledger.period("2026-11"))
    assert [(c.period, c.person, c.name, float(c.score)) for c in kept.month.carried] == [(MONTH, ANN, "王医生", 0.45)]
    assert scores(ledger, "2026-11") == {ANN: 0.45}
    assert scores(ledger, "2026-12") == {}, "it has been booked"
    regrade(memory, "5", 2)
    assert scores(ledger, "2026-12") == {ANN: pytest.approx(1.5 * 2.0 - 2.25)}
    regrade(memory, "3", 3)
    assert scores(ledger, "2026-12") == {ANN: -0.45}, "what November has too much is taken back"
    assert differing(ledger, MONTH) == {}
    assert scores(ledger, "2026-11") == {ANN: 0.45}


def test_nothing_is_carried_over_an_open_month(memory: MemoryTrail, clock: Clock) -> None:
    ledger = ledger_on(memory, clock)
    ledger.lock(HEAD, ledger.period(MONTH))
    regrade(memory, "4", 1)
    clock.at_us = at("2027-01-05 09:00")
    ledger.lock(HEAD, ledger.period("2026-12"))
    assert scores(ledger, "2027-01") == {}
    assert scores(ledger, "2026-11") == {ANN: 0.45}


def test_a_month_is_locked_when_it_is_over(memory: MemoryTrail, clock: Clock) -> None:
    ledger = ledger_on(memory, clock)
    with pytest.raises(WorkloadRefusal) as refused:
        ledger.lock(HEAD, ledger.period("2026-11"))
    assert "2026-12-01 00:00" in refused.value.text("zh")
    clock.at_us = at("2026-12-01 00:00")
    assert ledger.lock(HEAD, ledger.period("2026-11")).locked is not None


def test_what_a_case_becomes_is_seen_at_once(memory: MemoryTrail, clock: Clock) -> None:
    ledger = ledger_on(memory, clock)
    assert scores(ledger)[ANN] == OCTOBER[ANN]
    regrade(memory, "4", 1)
    assert scores(ledger)[ANN] == pytest.approx(OCTOBER[ANN] + 0.45)


def test_a_year_without_holidays_in_the_scheme_is_said(memory: MemoryTrail, clock: Clock) -> None:
    ledger = ledger_on(memory, clock)
    assert ledger.statement(ledger.period(MONTH)).month.holidays
    assert not ledger.statement(ledger.period("2027-10")).month.holidays


def test_a_person_disputes_and_somebody_else_answers(memory: MemoryTrail, clock: Clock) -> None:
    ledger = ledger_on(memory, clock)
    october = ledger.period(MONTH)
    assert ledger.disputes(october) == {}
    ledger.dispute(DOCTOR, october, " 并行不对 ")
    ledger.dispute(DOCTOR, october, "并行不对")
    (said,) = ledger.disputes(october)[ANN].remarks
    assert (said.by, said.text, said.answer) == (ANN, "并行不对", False)
    clock.go(60)
    done = ledger.answer(HEAD, october, ANN, "按记录")
    assert [(r.by, r.text, r.answer) for r in done.remarks] == [(ANN, "并行不对", False), ("head", "按记录", True)]
    assert not done.open
    assert ledger.dispute(DOCTOR, october, "还是不对").open
    ledger.dispute(HEAD, october, "mine")
    for actor, account, text in ((HEAD, "head", "x"), (HEAD, BEN, "x"), (HEAD2, "head", " ")):
        with pytest.raises(WorkloadRefusal):
            ledger.answer(actor, october, account, text)
    assert ledger.answer(HEAD2, october, "head", "x").open is False
    assert ledger.disputes(ledger.period("2026-11")) == {}
