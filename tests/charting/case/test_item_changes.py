"""Which change of an item is one, which is the same form sent twice, and which says what it may not."""

from dataclasses import replace

import pytest

from charting.case.refusals import Conflict, Impossible
from charting.desk import Desk
from charting.trail.contents import Event, Pace, Remark
from charting.trail.trail import MemoryTrail
from tests.charting.clock import Clock
from tests.charting.desk.scenes import ANN, BEN, RECORD, begun, bolus, captured, cell, desk_on, filled
from tests.journal.entries import T0_US

INCISION = Event(key="t_incision", at_us=T0_US)


@pytest.fixture
def desk(clock: Clock) -> Desk:
    return desk_on(MemoryTrail(clock.now_us), clock)


def test_what_another_person_has_said_already_is_a_conflict(desk: Desk) -> None:
    case = begun(desk).id
    desk.set(ANN, case, item="incision", after=0, content=INCISION)
    with pytest.raises(Conflict):
        desk.set(BEN, case, item="incision", after=0, content=INCISION)
    desk.void(ANN, case, item="incision", after=1, reason="typing_error")
    with pytest.raises(Conflict):
        desk.void(BEN, case, item="incision", after=1, reason="typing_error")


def test_who_saw_an_older_version_is_in_conflict_also_where_he_says_what_stands_there(desk: Desk) -> None:
    case = begun(desk).id
    desk.set(ANN, case, document=RECORD, item="x", after=0, content=bolus(50))
    desk.set(ANN, case, document=RECORD, item="x", after=1, content=bolus(60), reason="typing_error")
    with pytest.raises(Conflict):
        desk.set(ANN, case, document=RECORD, item="x", after=0, content=bolus(60))


def test_a_reason_that_is_none_is_refused_also_where_none_is_needed(desk: Desk) -> None:
    case = begun(desk).id
    with pytest.raises(Impossible) as refusal:
        desk.set(ANN, case, document=RECORD, item="x", after=0, content=bolus(50), reason="x")
    assert refusal.value.key == "reason_missing"


def test_what_is_void_is_not_made_void_again(desk: Desk) -> None:
    case = begun(desk).id
    desk.set(ANN, case, item="incision", after=0, content=INCISION)
    desk.void(ANN, case, item="incision", after=1, reason="typing_error")
    for actor in (ANN, BEN):
        with pytest.raises(Impossible) as refusal:
            desk.void(actor, case, item="incision", after=2, reason="typing_error")
        assert refusal.value.key == "nothing_to_void"
    assert desk.case(case).items["incision"].number == 2


def test_a_rescue_and_a_closer_grid_run_side_by_side_and_each_of_them_once(desk: Desk) -> None:
    case = begun(desk).id
    rescue = Pace(why="rescue", start_us=T0_US)
    desk.set(ANN, case, item="rescue", after=0, content=rescue)
    desk.set(ANN, case, item="close", after=0, content=replace(rescue, why="close"))
    with pytest.raises(Impossible) as refusal:
        desk.set(ANN, case, item="again", after=0, content=rescue)
    assert refusal.value.key == "pace_on"


def test_a_cell_that_a_device_filled_holds_nothing_but_a_value(desk: Desk) -> None:
    case = begun(desk).id
    desk.fill(case, filled(captured(0, 70.0)))
    with pytest.raises(Impossible) as refusal:
        desk.set(ANN, case, document=RECORD, item=cell(0), after=0, content=bolus(50), reason="typing_error")
    assert refusal.value.key == "other_kind"


def test_an_item_stays_what_it_was_also_after_it_was_void(desk: Desk) -> None:
    case = begun(desk).id
    desk.set(ANN, case, document=RECORD, item="x", after=0, content=bolus(50))
    desk.void(ANN, case, document=RECORD, item="x", after=1, reason="typing_error")
    other = Remark(at_us=T0_US, text="x")
    with pytest.raises(Impossible) as refusal:
        desk.set(ANN, case, document=RECORD, item="x", after=2, content=other, reason="typing_error")
    assert refusal.value.key == "other_kind"
