"""A bill agrees with its record where the HIS has it all, on the right bill: not while something of it waits."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from charting.charges.controlled import Register
from charting.charges.reconciling import Reconciling
from charting.charges.statement import Statement
from charting.quality.periods import period
from charting.trail.contents import Bolus, Controlled, Event, Patient
from charting.trail.entries import Entry
from tests.charting.charges.scenes import ANN, MINUTE_US, NED, TEMPLATES, ZONE, Theatre, term

DAY_US = 1440 * MINUTE_US
ANOTHER = Patient(number="222", visit="8", name="李四", weight_kg=70)


@pytest.fixture
def theatre() -> Theatre:
    made = Theatre()
    made.begun("a")
    made.lasted("a", 60)
    made.sign("a")
    made.look()
    made.delivered()
    made.clock.go(1)
    assert not stated(made).differs
    return made


def reconciling(theatre: Theatre) -> Reconciling:
    return Reconciling(theatre.trail, theatre.charges, theatre.outbox, theatre.tariff, theatre.poster.follower.began)


def stated(theatre: Theatre) -> Statement:
    return reconciling(theatre).of_case("a")


def test_what_is_on_anothers_bill_does_not_agree(theatre: Theatre) -> None:
    theatre.desk.decide_charges(NED, "a", confirmed=False, reason="ask the ward")
    theatre.desk.merge(ANN, "a", patient=ANOTHER, reason="wrong")
    theatre.look()
    made = stated(theatre)
    assert (made.differs, made.blocked, made.money("difference")) == (True, "held", Decimal(0))


def test_a_credit_that_is_refused_beside_its_charge_does_not_agree(theatre: Theatre) -> None:
    theatre.desk.merge(ANN, "a", patient=ANOTHER, reason="wrong")
    theatre.look()
    credit, charge = theatre.outbox.of_case("a")[-2:]
    theatre.outbox.park(credit.parcel.key, "AE 204")
    made = stated(theatre)
    assert (made.differs, made.refused, made.money("difference")) == (True, True, Decimal(0))
    theatre.outbox.answer(charge.parcel.key, b"", told=True)
    theatre.outbox.withdraw(credit.parcel.key, "hal", "no")
    theatre.look()
    assert stated(theatre).differs


def test_what_was_signed_before_charging_began_is_not_due_until_it_is_confirmed() -> None:
    theatre = Theatre()
    theatre.begun("a")
    theatre.lasted("a", 60)
    theatre.sign("a")
    theatre.begin()
    made = stated(theatre)
    assert {(row.recorded, row.due) for row in made.rows} == {(Decimal(1), Decimal(0))}
    assert (made.elsewhere, made.differs, made.unsigned) == (True, False, False)
    theatre.desk.decide_charges(NED, "a", confirmed=True)
    theatre.look()
    theatre.delivered()
    theatre.clock.go(1)
    made = stated(theatre)
    assert {(row.due, row.charged) for row in made.rows} == {(Decimal(1), Decimal(1))}
    assert (made.elsewhere, made.differs) == (False, False)


def test_another_day_does_not_agree(theatre: Theatre) -> None:
    opened_us = theatre.desk.case("a").opened_us
    for key, at_us in (("start", opened_us - DAY_US), ("end", opened_us + 60 * MINUTE_US - DAY_US)):
        theatre.put("a", key, Event(key=f"t_anes_{key}", at_us=at_us), of_case=True)
    made = stated(theatre)
    assert (made.differs, made.money("difference")) == (True, Decimal(0))


def test_a_case_is_of_a_period_and_its_drugs_of_the_register_whatever_time_was_told() -> None:
    theatre = Theatre()
    case = theatre.begun("a", hours=400)
    opened_us, drug = theatre.desk.case(case).opened_us, term("drugs", "D011")
    theatre.put(case, "b", Bolus(drug=drug, dose=10, unit="ug", route="iv", at_us=opened_us))
    theatre.put(case, "s", Event(key="t_anes_start", at_us=opened_us + 3 * DAY_US), of_case=True)
    theatre.desk.close(ANN, case, at_us=opened_us + 60 * MINUTE_US)
    told = Controlled(
        drug=drug, lot="L", ampoules=1, size=50, unit="ug", given=10, wasted=40, empties=1, at_us=theatre.clock.at_us
    )
    theatre.put(case, "k", told)
    month = period("2025-12", ZONE)
    assert [e.told for e in Register(theatre.trail, theatre.desk.libraries, TEMPLATES).of_period(month)] == [told]
    day = period("2025-12-15..2025-12-15", ZONE)
    found = reconciling(theatre).of_period(day)
    assert [made.case.id for made in found.whole.cases] == ["a"]


def test_cases_of_which_nothing_has_become_are_not_read_again(
    theatre: Theatre, monkeypatch: pytest.MonkeyPatch
) -> None:
    theatre.desk.decide_charges(NED, "a", confirmed=True)
    theatre.desk.merge(ANN, "a", patient=ANOTHER, reason="wrong")
    theatre.look()
    for sent in theatre.outbox.of_case("a")[-2:]:
        theatre.outbox.withdraw(sent.parcel.key, "hal", "by hand")
    theatre.poster.settle()
    read: list[str] = []

    def entries(case: str, **_: object) -> Iterator[Entry]:
        read.append(case)
        return iter(())

    monkeypatch.setattr(theatre.trail, "entries", entries)
    theatre.poster.settle()
    assert read == []
    assert list(theatre.charges.open_cases()) == ["a"]
