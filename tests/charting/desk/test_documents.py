"""Items, signatures, unlocking: who may change what, and what stays as it is."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from charting.accounts.actor import Actor
from charting.case.refusals import Conflict, Impossible, Incomplete, Locked, NotAllowed, Refusal, Unknown
from charting.case.state import value_of
from charting.desk import Desk
from charting.fill.types import CellState, Excursion
from charting.trail.contents import Answer, Attendance, Coded, Event, Infusion, Patient, Rate
from charting.trail.entries import DeviceHeld, Signed
from charting.trail.trail import MemoryTrail
from tests.charting.clock import Clock
from tests.charting.desk.scenes import (
    ANN,
    BEN,
    HAL,
    MINUTE_US,
    NED,
    QUE,
    RECORD,
    SUE,
    begun,
    bolus,
    captured,
    cell,
    charted,
    filled,
    mark,
    term,
)  # fmt: skip
from tests.journal.entries import T0_US


def refused(key: str) -> pytest.RaisesExc[Refusal]:
    return pytest.RaisesExc(Impossible, check=lambda error: error.key == key)


def test_an_edit_is_a_new_version_with_editor_time_and_reason(desk: Desk, clock: Clock) -> None:
    case = begun(desk)
    desk.set(BEN, case.id, document=RECORD, item="x", after=0, content=bolus(50))
    clock.go(60)
    with refused("reason_missing"):
        desk.set(ANN, case.id, document=RECORD, item="x", after=1, content=bolus(60))
    with refused("reason_missing"):
        desk.set(ANN, case.id, document=RECORD, item="x", after=1, content=bolus(60), reason="other")
    edited = desk.set(ANN, case.id, document=RECORD, item="x", after=1, content=bolus(60), reason="typing_error")
    versions = edited.documents[RECORD].items["x"].versions
    assert [(v.number, v.author, v.at_us, v.reason, v.content) for v in versions] == [
        (1, "ben", T0_US, "", bolus(50)),
        (2, "ann", T0_US + MINUTE_US, "typing_error", bolus(60)),
    ]
    voided = desk.void(ANN, case.id, document=RECORD, item="x", after=2, reason="other: never given")
    assert voided.documents[RECORD].items["x"].void
    assert len(voided.documents[RECORD].items["x"].versions) == 3
    assert case.documents[RECORD].items == {}, "a case that was given out does not change"


def test_two_people_edit_one_item(desk: Desk) -> None:
    case = begun(desk)
    desk.set(ANN, case.id, document=RECORD, item="x", after=0, content=bolus(50))
    desk.set(ANN, case.id, document=RECORD, item="x", after=1, content=bolus(60), reason="typing_error")
    with pytest.raises(Conflict) as conflict:
        desk.set(ANN, case.id, document=RECORD, item="x", after=1, content=bolus(70), reason="typing_error")
    assert conflict.value.current is not None
    assert (conflict.value.current.number, conflict.value.current.content) == (2, bolus(60))
    assert "ann" in conflict.value.text("en")
    with pytest.raises(Conflict):
        desk.void(ANN, case.id, document=RECORD, item="x", after=1, reason="typing_error")


def test_a_form_sent_twice_is_one_version(desk: Desk, memory: MemoryTrail) -> None:
    case = begun(desk)
    for _ in range(2):
        desk.set(ANN, case.id, document=RECORD, item="x", after=0, content=bolus(50))
    for _ in range(2):
        desk.void(ANN, case.id, document=RECORD, item="x", after=1, reason="typing_error")
    assert [e.body.kind for e in memory.entries(case.id)] == ["opened", "started", "set", "voided"]


def test_an_end_completes_and_needs_no_reason(desk: Desk, clock: Clock) -> None:
    case = begun(desk)
    drip = Infusion(what="drug", drug=term("drugs", "D012"), unit="ug/kg/min", rates=(Rate(at_us=T0_US, rate=0.1),))
    clock.go(600)
    faster = replace(drip, rates=(*drip.rates, Rate(at_us=T0_US + MINUTE_US, rate=0.2)))
    stopped = replace(faster, stop_us=T0_US + 2 * MINUTE_US)
    for after, content in enumerate((drip, faster, stopped)):
        desk.set(ANN, case.id, document=RECORD, item="drip", after=after, content=content)
    with refused("reason_missing"):
        desk.set(ANN, case.id, document=RECORD, item="drip", after=3, content=drip)
    ((printed, *_),) = desk.printed(ANN, case.id, document=RECORD).documents[RECORD].prints
    assert printed.edited == 0


def test_a_captured_value_never_overwrites_a_persons(desk: Desk) -> None:
    case = begun(desk)
    desk.fill(case.id, filled(captured(0, 190.0)))
    with refused("reason_missing"):
        desk.set(ANN, case.id, document=RECORD, item=cell(0), after=0, content=charted(0, 72))
    with pytest.raises(NotAllowed):
        desk.set(BEN, case.id, document=RECORD, item=cell(0), after=0, content=charted(0, 72), reason="diathermy")
    desk.set(ANN, case.id, document=RECORD, item=cell(0), after=0, content=charted(0, 72), reason="diathermy")
    item = desk.fill(case.id, filled(captured(0, 191.0))).documents[RECORD].items[cell(0)]
    assert value_of(item) == charted(0, 72)
    assert item.captured is not None
    assert item.captured.value == 191.0
    voided = desk.void(ANN, case.id, document=RECORD, item=cell(0), after=1, reason="judgement")
    assert value_of(voided.documents[RECORD].items[cell(0)]) is None


def test_an_empty_cell_is_filled_by_its_author_without_a_reason(desk: Desk) -> None:
    case = begun(desk)
    desk.fill(case.id, filled(captured(0, None, CellState.EMPTY)))
    desk.set(ANN, case.id, document=RECORD, item=cell(0), after=0, content=charted(0, 72))


def test_what_a_device_said_can_be_confirmed_as_it_was_said(desk: Desk, clock: Clock) -> None:
    case = begun(desk)
    clock.go(3600)
    hidden = Excursion(
        signal="hr", mark_us=mark(1), start_us=mark(1), end_us=mark(1) + MINUTE_US, extreme=38.0, unit="/min"
    )
    desk.fill(case.id, replace(filled(captured(0, 25.0, CellState.HELD), captured(1, 70.0)), excursions=(hidden,)))
    for n, wrong in (
        (0, replace(charted(0, 26), accepted="held")),
        (1, replace(charted(1, 38.5), accepted="excursion")),
    ):
        with refused("accepted_not_told"):
            desk.set(ANN, case.id, document=RECORD, item=cell(n), after=0, content=wrong)
    held = replace(charted(0, 25), accepted="held")
    low = replace(charted(1, 38), accepted="excursion")
    desk.set(ANN, case.id, document=RECORD, item=cell(0), after=0, content=held)
    items = desk.set(ANN, case.id, document=RECORD, item=cell(1), after=0, content=low).documents[RECORD].items
    assert (value_of(items[cell(0)]), value_of(items[cell(1)])) == (held, low)
    with refused("accepted_not_told"):
        desk.set(ANN, case.id, document=RECORD, item=cell(2), after=0, content=replace(charted(2, 25), accepted="held"))


def test_each_document_belongs_to_its_author(desk: Desk, memory: MemoryTrail) -> None:
    case = begun(desk)
    desk.set(BEN, case.id, document=RECORD, item="ben", after=0, content=bolus(50))
    desk.set(ANN, case.id, document=RECORD, item="ann", after=0, content=bolus(50))
    tries = ((BEN, "ann"), (NED, "ned"), (HAL, "ann"), (SUE, "sue"), (QUE, "ann"))
    for actor, item in tries:
        after = 1 if item == "ann" else 0
        with pytest.raises(NotAllowed):
            desk.set(actor, case.id, document=RECORD, item=item, after=after, content=bolus(60), reason="typing_error")
    assert [e.actor for e in memory.all(kinds=["denied"])] == [a.account for a, _ in tries]
    desk.set(BEN, case.id, document=RECORD, item="ben", after=1, content=bolus(60), reason="typing_error")
    desk.set(ANN, case.id, document=RECORD, item="ben", after=2, content=bolus(70), reason="typing_error")
    with pytest.raises(NotAllowed):
        desk.hand_over(BEN, case.id, document=RECORD, to="ben")
    desk.hand_over(ANN, case.id, document=RECORD, to="ben")
    desk.set(BEN, case.id, document=RECORD, item="ann", after=1, content=bolus(60), reason="typing_error")


def test_documents_are_begun_by_their_authors_and_once(desk: Desk) -> None:
    case = begun(desk)
    assert desk.start(ANN, case.id, template="anaesthesia_record", document=RECORD) == desk.case(case.id)
    with refused("document_begun"):
        desk.start(BEN, case.id, template="anaesthesia_record")
    with refused("id_taken"):
        desk.start(BEN, case.id, template="anaesthesia_record", document=RECORD)
    with pytest.raises(NotAllowed):
        desk.start(NED, case.id, template="consent")
    with pytest.raises(Unknown):
        desk.start(ANN, case.id, template="poem")
    for _ in range(2):
        case = desk.start(ANN, case.id, template="postop_visit")
    assert [d.template for d in case.documents.values()] == ["anaesthesia_record", "postop_visit", "postop_visit"]
    assert case.documents[RECORD].template_version == "1.1.0"


def complete(desk: Desk, case: str, clock: Clock) -> None:
    """All that an anaesthesia record must hold."""
    clock.go(7200)
    for n, key in enumerate(("t_room_in", "t_anes_start", "t_incision", "t_surg_end", "t_anes_end", "t_room_out")):
        desk.set(ANN, case, item=key, after=0, content=Event(key=key, at_us=T0_US + n * MINUTE_US))
    for use, library, code in (
        ("diagnosis_before", "diagnoses", "K80.2"),
        ("diagnosis_after", "diagnoses", "K80.2"),
        ("procedure", "procedures", "51.2300"),
        ("technique", "techniques", "41"),
        ("asa", "asa", "2"),
        ("position", "positions", "supine"),
    ):
        desk.set(ANN, case, item=use, after=0, content=Coded(use=use, term=term(library, code)))
    for role in ("anaesthetist", "surgeon"):
        there = Attendance(role=role, name=role, in_us=T0_US, out_us=T0_US + 9 * MINUTE_US)
        desk.set(ANN, case, item=role, after=0, content=there)
    answers: dict[str, str | bool | tuple[str, ...]] = {
        "premedication": "none", "tube": "oral", "monitoring": ("ecg", "spo2"), "effect": "good",
        "complication": False, "disposition": "pacu", "anaesthesia_nurse": "无",
    }  # fmt: skip
    for name, value in answers.items():
        said = Answer(field=name, value=value)
        desk.set(ANN, case, document=RECORD, item=f"field:{name}", after=0, content=said)


def test_an_incomplete_record_is_not_signed_and_says_what_it_lacks(desk: Desk, clock: Clock) -> None:
    case = begun(desk)
    with pytest.raises(Incomplete) as incomplete:
        desk.sign(ANN, case.id, document=RECORD, slot="anaesthetist")
    assert {"field:tube", "coded.technique", "event.t_anes_start", "attendance.surgeon"} <= set(
        incomplete.value.lacking
    )
    assert "麻醉方法" in incomplete.value.text("zh")
    assert "Technique" in incomplete.value.text("en")
    assert not desk.case(case.id).documents[RECORD].locked
    complete(desk, case.id, clock)
    signed = desk.sign(ANN, case.id, document=RECORD, slot="anaesthetist")
    assert signed.documents[RECORD].locked
    assert desk.warnings(signed) == []


def test_an_emergency_is_signed_with_what_it_lacks(desk: Desk) -> None:
    case = begun(desk, emergency=True)
    signed = desk.sign(ANN, case.id, document=RECORD, slot="anaesthetist").documents[RECORD].signatures[0][0]
    assert "coded.technique" in signed.lacking


def test_a_cancelled_operation_needs_no_incision(desk: Desk) -> None:
    case = begun(desk)
    desk.set(ANN, case.id, item="off", after=0, content=Event(key="t_cancel", at_us=T0_US))
    with pytest.raises(Incomplete) as incomplete:
        desk.sign(ANN, case.id, document=RECORD, slot="anaesthetist")
    assert not {"event.t_incision", "coded.procedure"} & set(incomplete.value.lacking)
    assert "event.t_anes_start" in incomplete.value.lacking


def test_signing_locks_and_unlocking_begins_the_next_version(desk: Desk) -> None:
    case = begun(desk, emergency=True)
    desk.set(ANN, case.id, document=RECORD, item="x", after=0, content=bolus(50))
    with pytest.raises(NotAllowed):
        desk.sign(NED, case.id, document=RECORD, slot="anaesthetist")
    with pytest.raises(Unknown):
        desk.sign(ANN, case.id, document=RECORD, slot="nobody")
    desk.sign(ANN, case.id, document=RECORD, slot="anaesthetist")
    desk.sign(ANN, case.id, document=RECORD, slot="anaesthetist")
    with refused("signed_already"):
        desk.sign(ANN, case.id, document=RECORD, slot="supervisor")
    with refused("slot_taken"):
        desk.sign(BEN, case.id, document=RECORD, slot="anaesthetist")
    both = desk.sign(BEN, case.id, document=RECORD, slot="supervisor")
    assert len(both.documents[RECORD].signatures) == 2
    with pytest.raises(Locked):
        desk.set(ANN, case.id, document=RECORD, item="y", after=0, content=bolus(50))
    with pytest.raises(Locked):
        desk.void(ANN, case.id, document=RECORD, item="x", after=1, reason="typing_error")
    with pytest.raises(Locked):
        desk.fill(case.id, filled(captured(0, 70)))

    with refused("no_request"):
        desk.answer_unlock(HAL, case.id, document=RECORD, granted=True, reason="yes")
    with pytest.raises(NotAllowed):
        desk.ask_unlock(BEN, case.id, document=RECORD, reason="a dose")
    with refused("reason_missing"):
        desk.ask_unlock(ANN, case.id, document=RECORD, reason=" ")
    desk.ask_unlock(ANN, case.id, document=RECORD, reason="a dose")
    with pytest.raises(NotAllowed):
        desk.answer_unlock(BEN, case.id, document=RECORD, granted=True, reason="yes")
    refusal = desk.answer_unlock(HAL, case.id, document=RECORD, granted=False, reason="no")
    assert refusal.documents[RECORD].locked
    desk.ask_unlock(ANN, case.id, document=RECORD, reason="a dose")
    open_again = desk.answer_unlock(HAL, case.id, document=RECORD, granted=True, reason="yes").documents[RECORD]
    assert (open_again.state, open_again.version) == ("draft", 2)
    desk.set(ANN, case.id, document=RECORD, item="y", after=0, content=bolus(50))
    again = desk.sign(ANN, case.id, document=RECORD, slot="anaesthetist").documents[RECORD]
    assert [(s.version, s.slot) for s, _, _ in again.signatures] == [
        (1, "anaesthetist"), (1, "supervisor"), (2, "anaesthetist"),
    ]  # fmt: skip


def test_nobody_approves_his_own_request(desk: Desk) -> None:
    both = Actor(account="both", name="Both", roles=frozenset({"anaesthetist", "head"}))
    case = desk.open(both, bed="OR-1", area="or", patient=Patient(number="1"), emergency=True)
    desk.start(both, case.id, template="anaesthesia_record", document=RECORD)
    desk.sign(both, case.id, document=RECORD, slot="anaesthetist")
    desk.ask_unlock(both, case.id, document=RECORD, reason="a dose")
    with pytest.raises(NotAllowed):
        desk.answer_unlock(both, case.id, document=RECORD, granted=True, reason="yes")
    assert not desk.answer_unlock(HAL, case.id, document=RECORD, granted=True, reason="yes").documents[RECORD].locked


def test_quality_sends_back_but_does_not_edit(desk: Desk) -> None:
    case = begun(desk, emergency=True)
    desk.sign(ANN, case.id, document=RECORD, slot="anaesthetist")
    with pytest.raises(NotAllowed):
        desk.send_back(BEN, case.id, document=RECORD, reason="totals")
    returned = desk.send_back(QUE, case.id, document=RECORD, reason="totals")
    assert desk.send_back(QUE, case.id, document=RECORD, reason="totals") == returned
    assert (returned.documents[RECORD].state, returned.documents[RECORD].version) == ("draft", 2)
    assert "sent_back" in {w.key for w in desk.warnings(returned)}
    signed = desk.sign(ANN, case.id, document=RECORD, slot="anaesthetist")
    assert "sent_back" not in {w.key for w in desk.warnings(signed)}


def test_the_digest_is_of_what_was_signed(desk: Desk) -> None:
    case = begun(desk, emergency=True)
    desk.set(ANN, case.id, document=RECORD, item="field:tube", after=0, content=Answer(field="tube", value="oral"))
    desk.fill(case.id, filled(captured(0, 70.0)))
    signed: Signed = desk.sign(ANN, case.id, document=RECORD, slot="anaesthetist").documents[RECORD].signatures[0][0]
    said = {
        "gaps": [],
        "items": {
            "field:tube": {"field": "tube", "kind": "answer", "value": "oral"},
            cell(0): {
                "filter": "f1", "mark_us": mark(0), "signal": "hr", "time_us": mark(0), "unit": "/min", "value": 70.0,
            },
        },
        "template": "anaesthesia_record",
        "template_version": "1.1.0",
        "version": 1,
    }  # fmt: skip
    text = json.dumps(said, sort_keys=True, separators=(",", ":"))
    assert signed.digest == hashlib.sha256(text.encode()).hexdigest()


def test_a_closed_case_is_completed_and_a_void_one_is_not(desk: Desk, clock: Clock) -> None:
    case = begun(desk)
    clock.go(3600)
    desk.close(ANN, case.id, at_us=clock.at_us)
    desk.set(ANN, case.id, document=RECORD, item="late", after=0, content=bolus(50))
    desk.discard(HAL, case.id, reason="wrong patient")
    with refused("case_discarded"):
        desk.set(ANN, case.id, document=RECORD, item="later", after=0, content=bolus(50))
    with refused("case_discarded"):
        desk.fill(case.id, filled(captured(0, 70)))


def test_printing_is_kept_with_the_number_of_edits(desk: Desk) -> None:
    case = begun(desk)
    desk.fill(case.id, filled(captured(0, 190)))
    desk.set(ANN, case.id, document=RECORD, item=cell(0), after=0, content=charted(0, 72), reason="diathermy")
    prints = desk.printed(SUE, case.id, document=RECORD).documents[RECORD].prints
    assert [(p.version, p.edited, who) for p, who, _ in prints] == [(1, 1, "sue")]


def test_what_belongs_to_the_case_is_written_by_right(desk: Desk) -> None:
    case = begun(desk)
    start = Event(key="t_anes_start", at_us=T0_US)
    with pytest.raises(NotAllowed):
        desk.set(SUE, case.id, item="start", after=0, content=start)
    desk.set(NED, case.id, item="start", after=0, content=start)
    desk.set(ANN, case.id, item="start", after=1, content=replace(start, at_us=T0_US - 1), reason="typing_error")
    with refused("misplaced"):
        desk.set(ANN, case.id, document=RECORD, item="start", after=0, content=start)
    with refused("misplaced"):
        desk.set(ANN, case.id, item="x", after=0, content=bolus(50))
    with refused("misplaced"):
        desk.set(ANN, case.id, item="patient2", after=0, content=Patient(number="1"))
    with refused("other_kind"):
        desk.set(ANN, case.id, item="start", after=2, content=Attendance(role="surgeon", name="S", in_us=T0_US))
    with refused("nothing_to_void"):
        desk.void(ANN, case.id, item="patient", after=1, reason="typing_error")


def test_writers_at_once_lose_nothing(desk: Desk) -> None:
    case = begun(desk)

    def give(n: int) -> None:
        desk.set(BEN if n % 2 else ANN, case.id, document=RECORD, item=f"d{n}", after=0, content=bolus(n + 1))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(give, range(60)))
    items = desk.case(case.id).documents[RECORD].items
    assert {id_: i.content for id_, i in items.items()} == {f"d{n}": bolus(n + 1) for n in range(60)}


def test_another_desk_on_the_same_trail_sees_the_same(desk: Desk, memory: MemoryTrail, clock: Clock) -> None:
    case = begun(desk)
    other = Desk(memory, desk.templates, desk.libraries, clock.now_us, "UTC")
    other.set(ANN, case.id, document=RECORD, item="x", after=0, content=bolus(50))
    desk.set(ANN, case.id, document=RECORD, item="y", after=0, content=bolus(50))
    assert set(other.case(case.id).documents[RECORD].items) == {"x", "y"}


def test_a_head_may_hand_over_anothers_document(desk: Desk) -> None:
    case = begun(desk)
    assert desk.hand_over(HAL, case.id, document=RECORD, to="ben").documents[RECORD].author == "ben"


def test_a_form_begins_now_and_a_record_when_the_patient_came(desk: Desk, clock: Clock) -> None:
    case = desk.open(ANN, bed="OR-1", area="or", patient=Patient(number="1")).id
    clock.go(600)
    desk.start(ANN, case, template="anaesthesia_record", document=RECORD)
    documents = desk.start(ANN, case, template="postop_visit", document="visit").documents
    assert (documents[RECORD].start_us, documents["visit"].start_us) == (T0_US, clock.at_us)


def test_what_a_pump_tells_twice_is_kept_once(desk: Desk, memory: MemoryTrail) -> None:
    case = begun(desk)
    drip = Infusion(what="drug", drug=term("drugs", "D012"), unit="ug/min", rates=(Rate(at_us=T0_US, rate=1),))
    for _ in range(2):
        desk.infuse(case.id, document=RECORD, item="pump", infusion=drip)
    assert [e.body.kind for e in memory.entries(case.id)] == ["opened", "started", "set"]


def test_a_judgement_is_corrected_also_when_the_device_is_held_no_more(desk: Desk) -> None:
    case = begun(desk)
    with refused("device_not_held"):
        desk.judge(ANN, case.id, device="monitor", same=True, reason="wristband")
    held = DeviceHeld(device="monitor", told={"id": "99"}, from_us=T0_US)
    desk.hold(case.id, held)
    desk.judge(ANN, case.id, device="monitor", same=False, reason="of another")
    desk.hold(case.id, replace(held, told={"id": "1"}, from_us=T0_US + MINUTE_US, own=True))
    assert not desk.case(case.id).held
    judged = desk.judge(ANN, case.id, device="monitor", same=True, reason="wristband").judged
    assert [(dict(j.told), j.same) for j in judged] == [({"id": "99"}, False), ({"id": "99"}, True)]


def test_a_device_that_a_person_has_judged_is_not_held_again(desk: Desk, memory: MemoryTrail) -> None:
    case = begun(desk)
    held = DeviceHeld(device="monitor", told={"id": "99"}, from_us=T0_US)
    desk.hold(case.id, held)
    desk.judge(ANN, case.id, device="monitor", same=True, reason="wristband")
    assert not desk.hold(case.id, replace(held, from_us=T0_US + MINUTE_US)).held
    assert [e.body.kind for e in memory.entries(case.id)] == ["opened", "started", "device_held", "device_judged"]
