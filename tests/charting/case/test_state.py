"""What entries make of a case."""

from dataclasses import replace

import pytest

from charting.case.state import value_of
from charting.desk import Desk
from charting.fill.types import Cause, CellState, Excursion, Gap
from charting.trail.contents import Infusion, Rate
from charting.trail.trail import MemoryTrail
from tests.charting.clock import Clock
from tests.charting.desk.scenes import ANN, MINUTE_US, QUE, RECORD, begun, captured, cell, desk_on, filled, mark, term
from tests.journal.entries import T0_US

DRIP = Infusion(what="drug", drug=term("drugs", "D012"), unit="ug/min", rates=(Rate(at_us=T0_US, rate=1),))


@pytest.fixture
def desk(clock: Clock) -> Desk:
    return desk_on(MemoryTrail(clock.now_us), clock)


def gap(start: int, end: int) -> Gap:
    return Gap(signal="hr", start_us=mark(start), end_us=mark(end), cause=Cause.CABLE)


def test_gaps_that_only_touch_what_is_filled_anew_stay(desk: Desk) -> None:
    case = begun(desk).id
    desk.fill(case, replace(filled(), gaps=(gap(0, 1), gap(1, 2), gap(2, 3))))
    anew = replace(filled(), since_us=mark(1), until_us=mark(2))
    assert desk.fill(case, anew).documents[RECORD].gaps == [gap(0, 1), gap(2, 3)]


def test_a_cell_that_is_filled_again_has_the_excursion_that_was_told_last(desk: Desk) -> None:
    case = begun(desk).id
    first = Excursion(signal="hr", mark_us=mark(0), start_us=T0_US, end_us=T0_US + MINUTE_US, extreme=38, unit="/min")
    other = replace(first, mark_us=mark(1))
    desk.fill(case, replace(filled(captured(0, 70.0), captured(1, 70.0)), excursions=(first, other)))
    lower = replace(first, extreme=36)
    found = desk.fill(case, replace(filled(captured(0, 71.0)), excursions=(lower,))).documents[RECORD].excursions
    assert found == [other, lower]


def test_how_far_it_is_filled_never_goes_back(desk: Desk) -> None:
    case = begun(desk).id
    desk.fill(case, replace(filled(), until_us=mark(2)))
    assert desk.fill(case, replace(filled(), until_us=mark(1))).documents[RECORD].filled_us == mark(2)


def test_a_value_that_waits_for_a_person_does_not_stand_there(desk: Desk) -> None:
    case = begun(desk).id
    items = desk.fill(case, filled(captured(0, 25.0, CellState.HELD), captured(1, 70.0))).documents[RECORD].items
    assert value_of(items[cell(0)]) is None
    assert value_of(items[cell(1)]) == captured(1, 70.0)


def test_what_a_pump_tells_anew_is_no_edit_of_a_person(desk: Desk) -> None:
    case = begun(desk).id
    desk.infuse(case, document=RECORD, item="pump", infusion=DRIP)
    other = replace(DRIP, rates=(Rate(at_us=T0_US, rate=2),))
    item = desk.infuse(case, document=RECORD, item="pump", infusion=other).documents[RECORD].items["pump"]
    assert len(list(item.changes)) == 1
    assert not item.edited


def test_what_completes_for_a_reason_is_an_edit(desk: Desk, clock: Clock) -> None:
    case = begun(desk).id
    desk.set(ANN, case, document=RECORD, item="drip", after=0, content=DRIP)
    clock.go(60)
    ended = replace(DRIP, stop_us=clock.at_us)
    item = desk.set(ANN, case, document=RECORD, item="drip", after=1, content=ended, reason="typing_error")
    assert item.documents[RECORD].items["drip"].edited


def test_what_is_sent_back_waits_for_no_unlock(desk: Desk) -> None:
    case = begun(desk, emergency=True).id
    desk.sign(ANN, case, document=RECORD, slot="anaesthetist")
    assert desk.ask_unlock(ANN, case, document=RECORD, reason="a dose").documents[RECORD].unlock_asked
    assert desk.send_back(QUE, case, document=RECORD, reason="totals").documents[RECORD].unlock_asked is None


def test_a_case_that_goes_on_has_no_end(desk: Desk) -> None:
    case = begun(desk).id
    assert desk.close(ANN, case, at_us=T0_US).closed_us == T0_US
    reopened = desk.reopen(ANN, case, reason="too early")
    assert (reopened.state, reopened.closed_us) == ("open", None)
