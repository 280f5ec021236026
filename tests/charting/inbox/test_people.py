"""What people did stands above what the hospital tells of the time before."""

from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from sqlalchemy import event

from charting.accounts.actor import Actor
from charting.case.state import Case
from charting.store.database import Database
from charting.store.trail import DatabaseTrail
from charting.trail.contents import Event, Patient
from charting.trail.entries import Entry
from tests.charting.inbox.messages import EAU, M04, M05, RAT, Site, adt, at_us, seen

ZONE = "Asia/Shanghai"
WARD = "WARD^1^2"
WU = Actor(account="wu", name="吴", roles=frozenset({"anaesthetist"}))


def at(said: str) -> int:
    return at_us(f"2013-02-11 {said[:2]}:{said[2:]}", ZONE)


def site(*messages: bytes) -> Site:
    made = Site(zone=ZONE)
    made.tell(*messages)
    return made


def only(made: Site) -> Case:
    (case,) = made.cases
    return case


def stays(case: Case) -> list[tuple[str, int]]:
    return [(s.bed, s.start_us) for s in case.stays]


COME = adt("A02", 1, "1000", RAT, WARD)
TAKEN_BACK = adt("A12", 2, "1000", WARD, RAT, recorded="1030")


def test_what_a_person_has_confirmed_is_not_taken_back() -> None:
    made = site(COME)
    made.desk.confirm(WU, only(made).id, at_us=at("1010"))
    made.tell(TAKEN_BACK)
    case = only(made)
    assert stays(case) == [("RAT", at("1000") + 52_000_000)]
    assert (case.state, case.says_open) == ("open", True)
    assert case.says is not None
    assert case.says.what == "cancelled"
    made.desk.confirm(WU, case.id, at_us=at("1100"))
    last = only(made).last
    made.tell(adt("A08", 3, "1101", RAT))
    assert not only(made).says_open
    assert only(made).last == last


def test_where_somebody_has_written_a_record_it_stays_without_a_bed() -> None:
    made = site(COME)
    event = Event(key="t_pacu_in", at_us=at("1002"))
    made.desk.set(WU, only(made).id, item="e1", after=0, content=event)
    made.tell(TAKEN_BACK)
    case = only(made)
    assert (case.state, case.bed, case.says_open) == ("open", "", True)
    assert [e.key for e in case.events] == ["t_pacu_in"]


def test_a_case_that_nobody_has_touched_is_discarded_and_can_come_again() -> None:
    made = site(COME, TAKEN_BACK)
    assert made.cases == []
    made.tell(adt("A02", 3, "1100", RAT, WARD))
    assert stays(only(made)) == [("RAT", at("1100") + 52_000_000)]


def test_what_a_person_has_discarded_does_not_come_back() -> None:
    made = site(COME)
    made.desk.discard(WU, only(made).id, reason="wrong patient")
    made.tell(adt("A08", 2, "1005", RAT), adt("A02", 3, "1100", M05, RAT))
    assert made.cases == []


def test_a_move_after_the_confirmation_is_done_and_one_before_it_is_not() -> None:
    made = site(COME)
    made.desk.confirm(WU, only(made).id, at_us=at("1010"))
    made.tell(adt("A02", 2, "1005", M04, RAT, recorded="1012"))
    case = only(made)
    assert [bed for bed, _ in stays(case)] == ["RAT"]
    assert case.says is not None
    assert (case.says.what, case.says.bed) == ("elsewhere", "M04")
    made.tell(adt("A02", 3, "1100", EAU, M04))
    assert [bed for bed, _ in stays(only(made))] == ["RAT", "EAU"]
    assert not only(made).says_open


def test_a_case_that_a_person_has_opened_is_the_patients() -> None:
    made = Site(zone=ZONE)
    made.desk.open(WU, bed="RAT", area="pacu", patient=Patient(number="40800001", weight_kg=70.0), at_us=at("0955"))
    made.tell(COME, adt("A02", 2, "1100", M05, RAT))
    case = only(made)
    assert stays(case) == [("RAT", at("0955")), ("M05", at("1100") + 52_000_000)]
    assert (case.patient.name, case.patient.weight_kg, case.patient.visit) == ("ORANGE BLOOD", 70.0, "77")
    assert not case.provisional


def test_what_a_person_has_written_of_a_patient_stays() -> None:
    made = site(COME)
    case = only(made)
    mended = Patient(number="40800001", visit="77", name="BLOOD O.", sex="female", birth_date="1970-01-01")
    made.desk.merge(WU, case.id, patient=mended, reason="as on the passport")
    made.tell(adt("A08", 2, "1010", RAT, name="RED^BLOOD"))
    assert only(made).patient.name == "BLOOD O."


def test_an_update_of_who_the_patient_is_comes_through() -> None:
    made = site(COME, adt("A08", 2, "1010", M04, name="RED^BLOOD"))
    assert only(made).patient.name == "RED BLOOD"
    assert [bed for bed, _ in stays(only(made))] == ["RAT"]
    erased = adt("A08", 3, "1011", RAT).replace(b"|19700101|", b'|""|').replace(b"ORANGE^BLOOD", b"")
    made.tell(erased)
    assert (only(made).patient.name, only(made).patient.birth_date) == ("RED BLOOD", "")


def test_a_site_may_say_that_updates_move() -> None:
    made = Site(zone=ZONE, update_moves=True)
    made.tell(COME, adt("A08", 2, "1010", M04))
    assert [bed for bed, _ in stays(only(made))] == ["RAT", "M04"]


def test_while_anaesthesia_runs_nobody_leaves_unasked() -> None:
    made = site(adt("A02", 1, "1000", "OR^OR5", WARD))
    made.desk.set(WU, only(made).id, item="e1", after=0, content=Event(key="t_anes_start", at_us=at("1005")))
    made.tell(adt("A02", 2, "1100", WARD, "OR^OR5"))
    case = only(made)
    assert (case.state, case.says is not None and case.says.what) == ("open", "left")
    made.desk.set(WU, case.id, item="e2", after=0, content=Event(key="t_anes_end", at_us=at("1058")))
    made.tell(adt("A08", 3, "1110", WARD))
    assert seen(only(made))["closed_us"] == at("1100") + 52_000_000


def test_what_a_person_has_closed_stays_closed() -> None:
    made = site(COME)
    made.desk.close(WU, only(made).id, at_us=at("1030"))
    made.tell(adt("A02", 2, "1100", M05, RAT))
    case = only(made)
    assert (case.state, stays(case)) == ("closed", [("RAT", at("1000") + 52_000_000)])
    assert case.says is not None
    assert (case.says.what, case.says.bed) == ("elsewhere", "M05")


def test_a_taken_bed_is_given_to_nobody_else_until_it_is_free() -> None:
    made = site(COME)
    other = adt("A02", 2, "1100", RAT, WARD, number="2", visit="78")
    made.tell(other)
    assert [c.patient.number for c in made.cases] == ["40800001"]
    assert made.states == ["done", "waiting"]
    made.tell(adt("A02", 3, "1050", M05, RAT, recorded="1130"))
    assert [(c.patient.number, c.bed) for c in made.cases] == [("40800001", "M05"), ("2", "RAT")]
    assert made.states == ["done", "done", "done"]


@pytest.mark.parametrize("apart", [True, False])
def test_an_icu_is_a_case_of_its_own_where_the_site_says_so(apart: bool) -> None:
    made = Site(zone=ZONE, icu_apart=apart)
    made.tell(adt("A02", 1, "1000", "OR^OR5"), adt("A02", 2, "1200", "ICU^1"))
    beds = [[s.bed for s in case.stays] for case in made.cases]
    assert beds == ([["OR-05"], ["ICU-1"]] if apart else [["OR-05", "ICU-1"]])


def test_nobody_who_is_only_expected_is_a_case() -> None:
    made = site(adt("A05", 1, "1000", RAT))
    assert (made.cases, made.states) == ([], ["done"])


def test_merges_follow_each_other() -> None:
    merge = [
        adt("A40", n, at, "", number=new).replace(b"PV1|1|I|||", f"MRG|{old}^^^HOSP^MR||".encode())
        for n, at, old, new in ((2, "1100", "40800001", "B"), (3, "1200", "B", "C"))
    ]
    for order in ([COME, *merge], [*reversed(merge), COME], [merge[1], COME, merge[0]]):
        made = site(*order)
        assert seen(only(made))["number"] == "C"
        assert seen(only(made))["numbers"] == {"40800001", "B", "C"}


def test_nothing_that_a_sender_calls_a_message_hides_another() -> None:
    """Two merges in one message, and a message that is called as one of them might be."""
    merges = merge("B", "A") + b"PID|1||D^^^HOSP^MR\rMRG|C^^^HOSP^MR\r"
    come = adt("A02", 1, "1000", RAT, WARD, number="D").replace(b"|A02-1|", b"|A40-9-2|")
    for order in ([merges, come], [come, merges]):
        made = site(*order)
        assert [bed for bed, _ in stays(only(made))] == ["RAT"]
        assert seen(only(made))["numbers"] == {"C", "D"}


def test_one_that_only_tries_makes_a_case_for_trying() -> None:
    assert only(site(COME.replace(b"|P|2.4", b"|T|2.4"))).is_test


def test_a_cancelled_transfer_is_one_that_was_recorded_before() -> None:
    """The transfer is told anew, five minutes later than before: that is not what was taken back."""
    off, again = adt("A12", 2, "1030", WARD, RAT), adt("A02", 3, "1005", RAT, WARD, recorded="1040")
    for order in ([COME, off, again], [again, off, COME], [off, again, COME]):
        assert stays(only(site(*order))) == [("RAT", at("1005") + 52_000_000)]


def test_a_cancelled_admission_takes_with_it_what_was_recorded_before() -> None:
    """A11 has the time of the admission; what is recorded after it is of another stay."""
    told = [
        adt("A01", 1, "1000", RAT),
        adt("A02", 2, "1010", M05, RAT),
        adt("A11", 3, "1000", RAT, recorded="1100"),
        adt("A02", 4, "1030", M04, recorded="1110"),
    ]
    for order in (told, [*reversed(told)], [told[3], told[0], told[2], told[1]]):
        assert stays(only(site(*order))) == [("M04", at("1030") + 52_000_000)]


def test_the_transfer_that_is_named_is_taken_back_and_not_the_last() -> None:
    told = [
        adt("A02", 1, "1000", RAT, WARD), adt("A02", 2, "1100", M05, RAT), adt("A02", 3, "1130", M04, RAT),
        adt("A12", 4, "1140", M04, M05),
    ]  # fmt: skip
    for order in (told, [*reversed(told)]):
        assert [bed for bed, _ in stays(only(site(*order)))] == ["RAT", "M04"]


def merge(number: str, old: str, n: int = 9) -> bytes:
    return adt("A40", n, "1130", "", number=number).replace(b"PV1|1|I|||", f"MRG|{old}^^^HOSP^MR||".encode())


def trying(message: bytes) -> bytes:
    return message.replace(b"|P|2.4", b"|T|2.4").replace(b"|A", b"|TA", 1)


def test_two_who_change_beds_do_not_wait_for_each_other() -> None:
    other = adt("A02", 2, "1001", M05, number="B", visit="78")
    made = site(COME, other, adt("A02", 3, "1100", M05, RAT))
    assert [(c.patient.number, c.bed) for c in made.cases] == [("40800001", ""), ("B", "M05")]
    says = made.cases[0].says
    assert says is not None
    assert (says.what, says.bed, made.states[-1]) == ("elsewhere", "M05", "waiting")
    made.tell(adt("A02", 4, "1100", RAT, M05, number="B", visit="78"))
    beds = {c.patient.number: [s.bed for s in c.stays] for c in made.cases}
    assert beds == {"40800001": ["RAT", "M05"], "B": ["M05", "RAT"]}
    assert set(made.states) == {"done"}
    assert not any(c.says_open for c in made.cases)


def test_under_anaesthesia_nobody_comes_to_a_taken_bed_unasked() -> None:
    other = adt("A02", 2, "1001", M05, number="B", visit="78")
    made = site(adt("A02", 1, "1000", "OR^OR5"), other)
    made.desk.set(WU, made.cases[0].id, item="e1", after=0, content=Event(key="t_anes_start", at_us=at("1005")))
    made.tell(adt("A02", 3, "1100", M05, "OR^OR5"))
    case = made.cases[0]
    assert (case.bed, case.says is not None and case.says.what) == ("OR-05", "elsewhere")


@pytest.mark.parametrize("merged", [False, True])
def test_a_visit_is_not_another_patients(merged: bool) -> None:
    """A number that is used again, or a patient who is told with another number: only a merge makes them one."""
    again = adt("A02", 2, "1100", M05, number="B", name="GREEN^B")
    told = [COME, again, *([merge("B", "40800001")] if merged else [])]
    for order in (told, [*reversed(told)]):
        made = site(*order)
        if merged:
            assert [s.bed for s in only(made).stays] == ["RAT", "M05"]
            assert (only(made).patient.number, only(made).says_open) == ("B", False)
            continue
        seen_ = [(c.patient.number, c.patient.name, c.bed) for c in made.cases]
        assert seen_ == [("40800001", "ORANGE BLOOD", "RAT"), ("B", "GREEN B", "M05")]
        says = made.cases[0].says
        assert says is not None
        assert (says.what, says.at_us) == ("another", at("1100") + 52_000_000)


def test_an_update_with_another_number_does_not_name_the_patient_anew() -> None:
    made = site(COME, adt("A08", 2, "1100", RAT, number="B", name="GREEN^B"))
    assert (only(made).patient.number, only(made).patient.name, only(made).says_open) == (
        "40800001",
        "ORANGE BLOOD",
        True,
    )


def test_of_whom_a_person_says_that_he_is_another_the_first_ones_data_say_nothing() -> None:
    made = site(COME)
    made.desk.merge(WU, only(made).id, patient=Patient(number="Z", sex="female"), reason="as on the bracelet")
    made.tell(adt("A08", 2, "1100", RAT).replace(b"|19700101|", b"|19710101|"))
    assert (only(made).patient.number, only(made).patient.birth_date) == ("Z", "")


@pytest.mark.parametrize(
    "message",
    [adt("A02", 2, "1100", M05), adt("A12", 2, "1000", WARD, RAT, recorded="1030"), merge("X", "40800001")],
    ids=["move", "cancel", "merge"],
)
def test_who_only_tries_does_nothing_to_a_patient(message: bytes) -> None:
    for order in ([COME, trying(message)], [trying(message), COME]):
        real = [c for c in site(*order).cases if not c.is_test]
        assert [(c.patient.number, c.bed, c.state) for c in real] == [("40800001", "RAT", "open")]


@pytest.mark.parametrize("wrong", [b"20991231120052", b"19700101120052"])
def test_a_clock_that_is_wrong_does_not_hold_up_a_visit(wrong: bytes) -> None:
    told = adt("A02", 2, "1200", M05).replace(b"||||20130211120052", b"||||" + wrong)
    made = site(COME, told, adt("A02", 3, "1300", M04))
    assert made.states == ["done", "failed", "done"]
    assert [bed for bed, _ in stays(only(made))] == ["RAT", "M04"]


def test_of_a_closed_case_with_a_record_it_is_told_that_he_never_came() -> None:
    made = site(COME)
    made.desk.set(WU, only(made).id, item="e1", after=0, content=Event(key="t_pacu_in", at_us=at("1002")))
    made.tell(adt("A03", 3, "1200", RAT), TAKEN_BACK)
    case = only(made)
    assert (case.state, case.says is not None and case.says.what, case.says_open) == ("closed", "cancelled", True)


@pytest.mark.parametrize(("message", "bed"), [(TAKEN_BACK, "RAT"), (adt("A02", 2, "1020", M05, RAT), "M04")])
def test_a_person_who_acts_meanwhile_is_before_the_hospital(message: bytes, bed: str) -> None:
    """He acts after the message was looked at, and before anything was done about it."""
    made = site(COME)
    id_ = only(made).id
    entries = made.desk.trail.entries
    acts: list[str] = []

    def meanwhile(case: str, after: int = 0, kinds: Iterable[str] = ()) -> Sequence[Entry]:
        found = entries(case, after, kinds)
        if case == id_ and not acts:
            acts.append(bed)
            if bed == "RAT":
                made.desk.confirm(WU, id_, at_us=at("1025"))
            else:
                made.desk.move(WU, id_, bed=bed, area="pacu", at_us=at("1025"))
        return found

    made.desk.trail.entries = meanwhile  # type: ignore[method-assign]
    made.tell(message)
    assert acts
    case = only(made)
    assert (case.state, case.bed, case.provisional) == ("open", bed, bed == "M04")


def test_a_case_of_a_person_is_found_among_many_whose_number_holds_his() -> None:
    made = Site(zone=ZONE)
    made.desk.open(WU, bed="RAT", area="pacu", patient=Patient(number="7"), at_us=at("0955"))
    for n in range(201):
        patient, started = Patient(number=f"7{n}"), at("0956") + n * 1_000_000
        made.desk.open(WU, bed="EAU", area="pacu", patient=patient, at_us=started, until_us=started + 1)
    made.tell(adt("A02", 1, "1100", M05, number="7"))
    assert [[s.bed for s in c.stays] for c in made.cases if c.patient.number == "7"] == [["RAT", "M05"]]


def test_a_patient_s_cases_are_found_without_looking_through_all(charting: Database) -> None:
    said: list[tuple[str, Any]] = []

    def hear(*told: Any) -> None:
        said.append(told[2:4])

    with charting.read() as connection:
        engine = connection.engine
    event.listen(engine, "before_cursor_execute", hear)
    DatabaseTrail(charting, lambda: 0).rows(number="7", limit=10_000)
    event.remove(engine, "before_cursor_execute", hear)
    (asked,) = [each for each in said if "case_row" in each[0]]
    with charting.read() as connection:
        if charting.postgresql:
            connection.exec_driver_sql("set local enable_seqscan = off")
        explain = "explain " if charting.postgresql else "explain query plan "
        assert "case_row_number" in str(connection.exec_driver_sql(f"{explain}{asked[0]}", asked[1]).all())


def test_who_only_tries_does_nothing_to_a_case_that_a_person_has_opened() -> None:
    made = Site(zone=ZONE)
    opened = made.desk.open(WU, bed="RAT", area="pacu", patient=Patient(number="40800001"), at_us=at("0955"))
    made.tell(trying(COME), trying(adt("A02", 2, "1100", M05, RAT)), trying(merge("X", "40800001")))
    assert made.desk.case(opened.id).last == opened.last


def test_of_whom_a_person_says_that_his_number_is_not_known_no_message_numbers_him() -> None:
    made = site(COME)
    made.desk.merge(WU, only(made).id, patient=Patient(name="GREEN"), reason="not him")
    made.tell(adt("A08", 2, "1100", RAT))
    assert only(made).patient == Patient(name="GREEN")


@pytest.mark.parametrize("closed", [False, True])
def test_a_merge_is_of_a_person_s_case_too(closed: bool) -> None:
    made = Site(zone=ZONE)
    patient = Patient(number="40800001", name="GREEN")
    until_us = at("1000") if closed else None
    made.desk.open(WU, bed="RAT", area="pacu", patient=patient, at_us=at("0955"), until_us=until_us)
    made.tell(merge("B", "40800001"))
    assert [(p.number, p.name) for p in only(made).identities] == [("40800001", "GREEN"), ("B", "GREEN")]
    assert made.states == ["done"]


def test_a_merge_the_wrong_way_round_is_taken_back_by_the_opposite_one() -> None:
    wrong, right = merge("B", "40800001", 8), merge("40800001", "B", 9).replace(b"1130", b"1140")
    for come in (COME, adt("A02", 1, "1000", RAT, WARD, number="B")):
        for order in ([come, wrong, right], [right, wrong, come], [wrong, right, come]):
            made = site(*order)
            assert seen(only(made))["number"] == "40800001"
            assert set(made.states) == {"done"}
