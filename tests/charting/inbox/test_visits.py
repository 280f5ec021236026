"""Whose a message is that numbers no visit, and which visits it reaches: in every order the same."""

from collections.abc import Sequence
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charting.case.refusals import Impossible
from charting.inbox.checkin import CheckIn
from tests.charting.inbox.messages import EAU, M04, M05, RAT, Site, adt, at_us
from tests.charting.inbox.test_people import WU, merge, trying

ZONE = "Asia/Shanghai"
WARD, OR5, PACU = "WARD^1^2", "OR^OR5^1", "PACU^1^4"


def at(said: str) -> int:
    return at_us(f"2013-02-11 {said[:2]}:{said[2:]}:52", ZONE)


def site(messages: Sequence[bytes]) -> Site:
    made = Site(zone=ZONE)
    made.tell(*messages)
    return made


def stood(made: Site) -> list[tuple[str, str, list[str], int | None, bool]]:
    return [(c.patient.number, c.patient.visit, [s.bed for s in c.stays], c.closed_us, c.is_test) for c in made.cases]


COME = adt("A02", 1, "1000", RAT, WARD, number="A", visit="")
MERGE = merge("B", "A").replace(b"^^^HOSP^VN", b"").replace(b"|77", b"|")


@pytest.mark.parametrize("number", ["A", "B"])
def test_a_stay_without_a_number_is_one_under_all_the_numbers_of_its_patient(number: str) -> None:
    moved = adt("A02", 2, "1100", M05, RAT, number=number, visit="")
    left = adt("A03", 3, "1200", M05, number=number, visit="")
    for order in permutations([COME, MERGE, moved, left]):
        made = site(order)
        assert stood(made) == [("B", "", ["RAT", "M05"], at("1200"), False)]
        assert set(made.states) == {"done"}


def test_a_merge_that_is_only_tried_makes_no_stays_one() -> None:
    other = adt("A02", 2, "1100", M05, number="B", visit="")
    for order in permutations([COME, other, trying(MERGE)]):
        made = site(order)
        assert stood(made) == [("A", "", ["RAT"], None, False), ("B", "", ["M05"], None, False)]
        assert not any(case.says_open for case in made.cases)


def test_what_is_told_of_a_patient_with_one_visit_reaches_the_other() -> None:
    come, update = adt("A02", 1, "1000", RAT, WARD), adt("A08", 2, "1100", "", visit="78", name="GREEN^LEAF")
    planned = adt("A08", 2, "1100", "", visit="", name="GREEN^LEAF").replace(b"ADT^A08", b"SIU^S12")
    for told in (update, planned + b"SCH|1|SS-1\r"):
        for order in permutations([come, told]):
            assert [(c.patient.name, c.patient.visit) for c in site(order).cases] == [("GREEN LEAF", "77")]


def test_a_discharge_that_numbers_no_visit_ends_the_only_stay() -> None:
    told = [
        adt("A02", 1, "1000", RAT, WARD),
        adt("A01", 2, "0900", WARD, visit="78"),
        adt("A03", 3, "1200", RAT, visit=""),
    ]
    for order in permutations(told):
        made = site(order)
        assert stood(made) == [("40800001", "77", ["RAT"], at("1200"), False)]
        assert set(made.states) == {"done"}
    back = adt("A13", 4, "1200", RAT, visit="", recorded="1230")
    for order in permutations([*told, back]):
        assert stood(site(order)) == [("40800001", "77", ["RAT"], None, False)]


def test_a_discharge_that_numbers_no_visit_ends_the_stay_of_that_time() -> None:
    told = [
        adt("A02", 1, "1000", RAT, WARD, visit=""), adt("A03", 2, "1030", RAT, visit=""),
        adt("A02", 3, "1100", M05, WARD), adt("A03", 4, "1200", M05, visit=""),
    ]  # fmt: skip
    for order in permutations(told):
        assert stood(site(order)) == [
            ("40800001", "", ["RAT"], at("1030"), False),
            ("40800001", "77", ["M05"], at("1200"), False),
        ]


def test_where_no_discharge_numbers_its_visit_each_ends_its_own() -> None:
    told = [
        adt("A02", 1, "1000", RAT, WARD), adt("A03", 2, "1030", RAT, visit=""),
        adt("A02", 3, "1100", M05, visit="78"), adt("A03", 4, "1200", M05, visit=""),
    ]  # fmt: skip
    ended = [("40800001", "77", ["RAT"], at("1030"), False), ("40800001", "78", ["M05"], at("1200"), False)]
    for order in permutations(told):
        made = site(order)
        assert stood(made) == ended
        assert set(made.states) == {"done"}
    back = adt("A13", 5, "1210", M05, visit="")
    for order in permutations([*told, back]):
        assert stood(site(order)) == [ended[0], ("40800001", "78", ["M05"], None, False)]


def test_a_cancelled_discharge_that_numbers_no_visit_reaches_the_one_that_ended_last() -> None:
    told = [adt("A02", 1, "1000", RAT, WARD), adt("A03", 2, "1030", RAT), adt("A13", 3, "1100", RAT, visit="")]
    for order in permutations(told):
        made = site(order)
        assert stood(made) == [("40800001", "77", ["RAT"], None, False)]
        assert set(made.states) == {"done"}


def test_a_cancelled_discharge_that_numbers_no_visit_opens_no_old_stay_of_who_is_here() -> None:
    told = [adt("A02", 1, "0900", RAT, visit="70"), adt("A03", 2, "0930", RAT, visit="70"), adt("A02", 3, "1000", M05)]
    for order in permutations([*told, adt("A13", 4, "1030", M05, visit="")]):
        assert stood(site(order)) == [
            ("40800001", "70", ["RAT"], at("0930"), False), ("40800001", "77", ["M05"], None, False),
        ]  # fmt: skip


def test_where_it_is_not_clear_which_stay_has_ended_a_person_is_told() -> None:
    told = [adt("A02", 1, "1000", RAT), adt("A02", 2, "1010", M05, visit="78"), adt("A03", 3, "1200", "", visit="")]
    for order in permutations(told):
        assert [case.state for case in site(order).cases] == ["open", "open"]
    made = site(told)
    (left, *_) = made.inbox.messages.latest()
    assert (left.state, [done.key for done in left.done]) == ("waiting", ["inbox.why.which_visit"])
    made.tell(adt("A03", 4, "1100", RAT))
    assert [case.closed_us for case in made.cases] == [at("1100"), at("1200")]
    assert set(made.states) == {"done"}


def test_a_booking_of_a_merged_patient_is_his_still() -> None:
    first = adt("A08", 1, "1000", "", number="A", visit="").replace(b"ADT^A08", b"SIU^S12")
    first += b"SCH|1|SS-1\rDG1|1||K80.2^stones\r"
    then = adt("A08", 2, "1100", "", number="B", visit="").replace(b"ADT^A08", b"SIU^S14") + b"SCH|1|SS-1\r"
    allergic = adt("A08", 3, "0900", "", number="A", visit="") + b"AL1|1||^Penicillin\r"
    for order in permutations([first, then, allergic, MERGE]):
        made = site(order)
        booking = made.inbox.messages.operation("SS-1")
        assert booking is not None
        assert (booking.number, [d.code for d in booking.diagnoses]) == ("B", ["K80.2"])
        case = CheckIn(made.desk, made.inbox.messages).open(WU, "SS-1", bed="RAT", area="pacu", case="c")
        assert (case.patient.number, case.patient.allergies) == ("B", "Penicillin")


def test_who_was_brought_is_confirmed_and_not_opened_a_second_time() -> None:
    booked = adt("A08", 1, "0900", "", number="A", visit="").replace(b"ADT^A08", b"SIU^S12")
    made = site([booked + b"SCH|1|SS-1|||||||||^^^20130211103000\r", COME])
    checking = CheckIn(made.desk, made.inbox.messages)
    (brought,) = made.cases
    with pytest.raises(Impossible, match="booking_arrived"):
        checking.open(WU, "SS-1", bed="", area="ward", case="c")
    assert [case.id for case in made.cases] == [brought.id]
    checking.confirm(WU, brought.id, at_us=at("1005"))
    operation = made.inbox.messages.operation("SS-1")
    assert operation is not None
    assert operation.case == brought.id


BEDS = (RAT, M05, M04, EAU, OR5, PACU, WARD)


@st.composite
def tellings(draw: st.DrawFn) -> list[bytes]:
    """Of one or two patients, each message with a visit or without; no two of them name one bed at a time."""
    made = []
    for n, place in enumerate(draw(st.permutations(BEDS))[: draw(st.integers(2, 5))]):
        trigger = draw(st.sampled_from(["A02", "A02", "A02", "A03", "A08", "A13"]))
        number, hour = draw(st.sampled_from("AB")), draw(st.integers(10, 15))
        visit = draw(st.sampled_from(["", f"{number}7", f"{number}8"]))
        told = draw(st.sampled_from([place, place, ""]))
        made.append(adt(trigger, n, f"{hour}{n:02}", told, number=number, visit=visit))
    if draw(st.booleans()):
        made.append(MERGE)
    return made


def same_in_another_order(data: st.DataObject) -> None:
    messages = data.draw(tellings())
    assert stood(site(data.draw(st.permutations(messages)))) == stood(site(messages))


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_the_order_says_nothing(data: st.DataObject) -> None:
    same_in_another_order(data)


@pytest.mark.soak
@given(st.data())
@settings(max_examples=3_000, deadline=None)
def test_the_order_says_nothing_at_length(data: st.DataObject) -> None:
    same_in_another_order(data)
