"""Lines of bills are posted once, corrected by reversals, and follow what was signed."""

from dataclasses import replace
from decimal import Decimal

import pytest

from charting.accounts.actor import HIS
from charting.case.refusals import Impossible, NotAllowed
from charting.charges.config import ChargesSection
from charting.trail.contents import Patient
from tests.charting.charges.scenes import ANN, HAL, NED, RECORD, Theatre


def signed_case(theatre: Theatre, case: str = "a") -> str:
    theatre.begun(case)
    theatre.lasted(case, 190)
    theatre.propofol(case, "p1", 150)
    theatre.propofol(case, "p2", 100)
    theatre.used(case, "m1", 1)
    return case


WHOLE = {"S1": 1, "S2": 2, "S3": 4, "X1": 2, "M1": 1}
"""190 min: the first two hours, 70 min more, four hours begun; 250 mg open two ampoules of 200."""


def test_nothing_is_charged_before_the_signature_and_all_of_it_once_after() -> None:
    theatre = Theatre()
    case = signed_case(theatre)
    theatre.look()
    assert theatre.charges.of_case(case) == []
    theatre.sign(case)
    theatre.look()
    assert theatre.billed(case) == WHOLE
    assert len(theatre.delivered()) == 1
    theatre.desk.sign(HAL, case, document=RECORD, slot="supervisor")
    theatre.cursors.keep("charges", 0)  # told of everything again
    theatre.look()
    assert theatre.delivered() == []
    assert {c.state for c in theatre.charges.of_case(case)} == {"accepted"}


def test_a_correction_is_a_reversal_that_names_the_line_and_a_new_line() -> None:
    theatre = Theatre()
    case = signed_case(theatre)
    theatre.sign(case)
    theatre.look()
    theatre.delivered()
    first = {c.item: c for c in theatre.charges.of_case(case)}
    theatre.desk.send_back(HAL, case, document=RECORD, reason="mend")
    theatre.propofol(case, "p3", 200)
    theatre.void(case, "m1")
    theatre.look()
    assert theatre.billed(case) == WHOLE, "an open document keeps its charges"
    theatre.sign(case)
    theatre.look()
    theatre.delivered()
    later = theatre.charges.of_case(case)[len(first) :]
    told = sorted((str(c.kind), c.item, int(c.quantity), c.reverses) for c in later)
    assert told == [
        ("CD", "M1", 1, first["M1"].id), ("CD", "X1", 2, first["X1"].id), ("CG", "X1", 3, ""),
    ]  # fmt: skip
    assert all(c.id == f"{c.reverses}R" for c in later if c.kind == "CD")
    assert theatre.billed(case) == {**{k: v for k, v in WHOLE.items() if k != "M1"}, "X1": 3}


def test_the_same_trail_makes_the_same_ids() -> None:
    ids = []
    for _ in range(2):
        theatre = Theatre()
        case = signed_case(theatre)
        theatre.sign(case)
        theatre.look()
        ids.append([(c.id, c.parcel) for c in theatre.charges.of_case(case)])
    assert ids[0] == ids[1]
    assert len({id_ for id_, _ in ids[0]}) == len(WHOLE)
    assert all(len(id_) <= 20 for id_, _ in ids[0])


def test_a_case_that_is_taken_away_is_taken_back_and_a_test_is_never_charged() -> None:
    theatre = Theatre()
    case = signed_case(theatre)
    theatre.sign(case)
    theatre.look()
    theatre.delivered()
    theatre.desk.send_back(HAL, case, document=RECORD, reason="mend")
    theatre.desk.discard(ANN, case, reason="wrong patient")
    theatre.look()
    theatre.delivered()
    assert theatre.billed(case) == {}
    theatre.begun("t", is_test=True)
    theatre.lasted("t", 60)
    theatre.sign("t")
    theatre.look()
    assert theatre.charges.of_case("t") == []
    with pytest.raises(Impossible) as refused:
        theatre.desk.decide_charges(NED, "t", confirmed=True)
    assert refused.value.key == "charges_of_test"


def test_a_merge_by_the_his_moves_what_is_owed_and_a_persons_correction_is_charged_anew() -> None:
    theatre = Theatre()
    case = signed_case(theatre)
    theatre.sign(case)
    theatre.look()
    theatre.delivered()
    before = len(theatre.charges.of_case(case))
    theatre.desk.merge(HIS, case, patient=Patient(number="111", visit="7", name="张三", weight_kg=70), reason="A40")
    theatre.look()
    assert len(theatre.charges.of_case(case)) == before, "the HIS has moved them itself"
    theatre.desk.merge(ANN, case, patient=Patient(number="222", visit="8", name="李四", weight_kg=70), reason="wrong")
    theatre.look()
    theatre.delivered()
    later = theatre.charges.of_case(case)[before:]
    assert {(c.kind, c.payer.number, c.payer.visit) for c in later} == {("CD", "111", "7"), ("CG", "222", "8")}
    assert len({c.parcel for c in later}) == 2
    assert sum(c.kind == "CD" for c in later) == before == sum(c.kind == "CG" for c in later)


def test_what_the_his_has_moved_before_a_line_was_posted_moves_nothing_of_it() -> None:
    theatre = Theatre()
    case = signed_case(theatre)
    himself = theatre.desk.case(case).patient
    for actor, patient in ((HIS, replace(himself, number="111")), (ANN, himself)):
        theatre.clock.go(1)
        theatre.desk.merge(actor, case, patient=patient, reason="mistaken")
    theatre.clock.go(1)
    theatre.sign(case)
    for _ in range(3):
        theatre.look()
        for line in theatre.outbox.due("his", 10):
            theatre.outbox.begin(line.key)
            theatre.outbox.answer(line.key, b"", told=True)
    assert [(c.kind, c.payer.number) for c in theatre.charges.of_case(case)] == [("CG", "20260042")] * len(WHOLE)


def test_who_was_charged_by_mistake_gets_it_back_though_nobody_knows_whose_it_is() -> None:
    theatre = Theatre()
    case = signed_case(theatre)
    theatre.sign(case)
    theatre.look()
    theatre.delivered()
    theatre.clock.go(1)
    theatre.desk.merge(ANN, case, patient=Patient(number="", name="无名"), reason="another")
    theatre.look()
    theatre.delivered()
    assert theatre.billed(case) == {}
    assert {c.payer.number for c in theatre.charges.of_case(case)} == {"20260042"}
    theatre.clock.go(1)
    theatre.desk.merge(ANN, case, patient=Patient(number="5", name="李四"), reason="identified")
    theatre.look()
    theatre.delivered()
    assert theatre.billed(case) == WHOLE


def test_nobody_is_charged_whose_number_nobody_knows() -> None:
    theatre = Theatre()
    case = theatre.begun("a", number="")
    theatre.used(case, "m1", 2)
    theatre.sign(case)
    theatre.look()
    assert theatre.charges.of_case(case) == []
    theatre.desk.merge(ANN, case, patient=Patient(number="5", name="张三"), reason="identified")
    theatre.look()
    assert {(c.item, int(c.quantity), c.payer.number) for c in theatre.charges.of_case(case)} == {("M1", 2, "5")}


def test_held_charges_wait_and_a_person_confirms_what_the_record_says_now() -> None:
    theatre = Theatre()
    case = signed_case(theatre)
    theatre.desk.decide_charges(NED, case, confirmed=False, reason="ask the ward")
    theatre.sign(case)
    theatre.look()
    assert theatre.charges.of_case(case) == []
    theatre.desk.decide_charges(NED, case, confirmed=True)
    theatre.look()
    assert theatre.billed(case) == WHOLE
    assert {c.by for c in theatre.charges.of_case(case)} == {"ned"}


def test_a_site_can_ask_a_person_to_confirm_every_case() -> None:
    theatre = Theatre(config=ChargesSection(after="confirmed"))
    case = signed_case(theatre)
    theatre.sign(case)
    theatre.look()
    assert theatre.charges.of_case(case) == []
    with pytest.raises(NotAllowed):
        theatre.desk.decide_charges(HIS, case, confirmed=True)
    theatre.desk.decide_charges(HAL, case, confirmed=True)
    theatre.look()
    assert theatre.billed(case) == WHOLE


def test_what_was_withdrawn_is_not_charged_again_before_the_next_signature() -> None:
    theatre = Theatre()
    case = signed_case(theatre)
    theatre.sign(case)
    theatre.look()
    (key,) = {c.parcel for c in theatre.charges.of_case(case)}
    theatre.outbox.park(key, "unknown item")
    theatre.look()
    theatre.desk.send_back(HAL, case, document=RECORD, reason="mend")
    theatre.void(case, "m1")
    theatre.sign(case)
    theatre.look()
    assert len(theatre.charges.of_case(case)) == len(WHOLE), "nothing is taken back that may not be there"
    assert theatre.outbox.withdraw(key, "hal", "billed by hand")
    theatre.look()
    assert theatre.billed(case) == {**{k: v for k, v in WHOLE.items() if k != "M1"}}, "it is another signature"
    theatre.outbox.withdraw(next(c.parcel for c in theatre.charges.of_case(case) if c.state == "sent"), "hal", "too")
    theatre.look()
    assert theatre.billed(case) == {}
    theatre.look()
    assert theatre.billed(case) == {}, "of this signature it was given up"


def test_what_was_withdrawn_and_leaves_all_the_same_is_charged_once() -> None:
    theatre = Theatre()
    case = signed_case(theatre)
    theatre.sign(case)
    theatre.look()
    (key,) = {c.parcel for c in theatre.charges.of_case(case)}
    theatre.outbox.withdraw(key, "hal", "wait")
    theatre.look()
    theatre.desk.decide_charges(NED, case, confirmed=True)
    theatre.look()
    theatre.delivered()
    assert theatre.billed(case) == WHOLE
    theatre.outbox.resend(key, "hal", "by mistake")
    theatre.delivered()
    theatre.look()
    theatre.delivered()
    assert theatre.billed(case) == WHOLE
    found = theatre.charges.of_case(case)
    assert sum(c.kind == "CD" for c in found) == len(WHOLE)
    assert {c.state for c in found} == {"accepted"}
    assert sum((c.signed for c in found), Decimal(0)) == sum(WHOLE.values())


def test_a_reversal_that_leaves_after_all_though_it_was_done_again_is_made_good() -> None:
    theatre = Theatre()
    case = signed_case(theatre)
    theatre.sign(case)
    theatre.look()
    theatre.delivered()
    theatre.desk.send_back(HAL, case, document=RECORD, reason="mend")
    theatre.void(case, "m1")
    theatre.sign(case)
    theatre.look()
    key = next(c.parcel for c in theatre.charges.of_case(case) if c.kind == "CD")
    theatre.outbox.withdraw(key, "hal", "wait")
    theatre.look()
    theatre.desk.decide_charges(NED, case, confirmed=True)
    theatre.look()
    theatre.delivered()
    theatre.outbox.resend(key, "hal", "by mistake")
    theatre.delivered()
    theatre.look()
    theatre.delivered()
    assert theatre.billed(case) == {k: v for k, v in WHOLE.items() if k != "M1"}
    tubes = [(str(c.kind), c.id[17:], str(c.state)) for c in theatre.charges.of_case(case) if c.item == "M1"]
    assert tubes == [
        ("CG", "", "accepted"),
        ("CD", "R", "accepted"),
        ("CD", "R2", "accepted"),
        ("CG", "R2C", "accepted"),
    ]


def test_how_often_the_outbox_is_asked_of_what_waits_goes_by_messages_not_by_lines(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []
    for lines in (1, 20):
        theatre, keys = Theatre(), list[str]()
        case, find = theatre.begun("a"), theatre.outbox.find
        for n in range(lines):
            theatre.used(case, f"m{n}", 1)
        theatre.sign(case)
        theatre.look()
        assert len(theatre.charges.of_case(case)) == lines
        monkeypatch.setattr(theatre.outbox, "find", lambda key, find=find, keys=keys: keys.append(key) or find(key))
        theatre.poster.settle()
        asked.append(len(keys))
    assert asked[0] == asked[1] > 0


def test_what_was_signed_before_anything_was_charged_is_charged_only_when_a_person_confirms_it() -> None:
    """It was billed by hand: neither a merge, nor a second signature, nor a correction bills it once more."""
    theatre = Theatre()
    case = signed_case(theatre)
    theatre.sign(case)
    theatre.begin()
    theatre.clock.go(1)
    himself = theatre.desk.case(case).patient
    theatre.desk.merge(HIS, case, patient=replace(himself, number="111"), reason="A40")
    theatre.desk.sign(HAL, case, document=RECORD, slot="supervisor")
    theatre.desk.send_back(HAL, case, document=RECORD, reason="mend")
    theatre.void(case, "m1")
    theatre.sign(case)
    theatre.look()
    assert theatre.charges.of_case(case) == []
    other = signed_case(theatre, "b")
    theatre.sign(other)
    theatre.desk.decide_charges(NED, case, confirmed=True)
    theatre.look()
    assert theatre.billed(other) == WHOLE
    assert theatre.billed(case) == {k: v for k, v in WHOLE.items() if k != "M1"}
    theatre.delivered()
    theatre.desk.send_back(HAL, case, document=RECORD, reason="mend")
    theatre.used(case, "m1", 1)
    theatre.sign(case)
    theatre.look()
    assert theatre.billed(case) == WHOLE
