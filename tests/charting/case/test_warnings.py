"""What is odd about a case is told, and nothing of it is changed."""

from dataclasses import replace

import pytest

from charting.accounts.actor import Actor
from charting.desk import Desk
from charting.trail.contents import Attendance, Event, Infusion, Pace, Patient, Rate, Warming
from charting.trail.trail import MemoryTrail
from tests.charting.clock import Clock
from tests.charting.desk.scenes import ANN, MINUTE_US, RECORD, begun, bolus, desk_on, term
from tests.journal.entries import T0_US


@pytest.fixture
def desk(clock: Clock) -> Desk:
    return desk_on(MemoryTrail(clock.now_us), clock)


def told(desk: Desk, case: str) -> list[str]:
    warnings = desk.warnings(desk.case(case))
    assert all(w.text("zh") and w.text("en") for w in warnings)
    return [w.key for w in warnings]


def happen(desk: Desk, case: str, **minutes: int) -> None:
    for key, minute in minutes.items():
        desk.set(ANN, case, item=key, after=0, content=Event(key=key, at_us=T0_US + minute * MINUTE_US))


def test_events_out_of_order(desk: Desk, clock: Clock) -> None:
    case = begun(desk).id
    clock.go(7200)
    happen(desk, case, t_room_in=10, t_anes_start=20, t_incision=15)
    warning = next(w for w in desk.warnings(desk.case(case)) if w.key == "events_out_of_order")
    assert warning.item == "t_incision"
    assert (
        warning.text("zh")
        == f"时间顺序异常：“手术开始（切皮）”（{desk.clock.written(T0_US + 15 * MINUTE_US)}）早于“麻醉开始”"
    )
    assert [e.key for e in desk.case(case).events] == ["t_room_in", "t_incision", "t_anes_start"]


@pytest.mark.parametrize(
    "minutes",
    [{"t_suite_in": 30, "t_anes_start": 20}, {"t_anes_start": 20, "t_anes_end": 10}, {"t_tube_in": 9, "t_tube_out": 8}],
)
def test_pairs_out_of_order(desk: Desk, clock: Clock, minutes: dict[str, int]) -> None:
    case = begun(desk).id
    clock.go(7200)
    happen(desk, case, **minutes)
    assert told(desk, case).count("events_out_of_order") == 1


def test_equal_times_are_in_order(desk: Desk) -> None:
    case = begun(desk).id
    happen(desk, case, t_suite_in=0, t_room_in=0, t_anes_care=0)
    assert "events_out_of_order" not in told(desk, case)


def test_counterparts(desk: Desk, clock: Clock) -> None:
    case = begun(desk).id
    clock.go(7200)
    happen(desk, case, t_surg_end=10, t_room_in=5)
    assert told(desk, case) == ["event_without_begin"]
    desk.close(ANN, case, at_us=clock.at_us)
    assert sorted(told(desk, case)) == ["event_without_begin", "event_without_end", "unsigned"]
    desk.set(ANN, case, item="again", after=0, content=Event(key="t_room_in", at_us=T0_US))
    assert "event_twice" in told(desk, case)


def test_staff(desk: Desk, clock: Clock) -> None:
    case = begun(desk).id
    clock.go(7200)
    happen(desk, case, t_anes_care=0, t_anes_end=60)

    def there(name: str, begin: int, end: int | None) -> None:
        out = None if end is None else T0_US + end * MINUTE_US
        content = Attendance(role="anaesthetist", name=name, in_us=T0_US + begin * MINUTE_US, out_us=out)
        desk.set(ANN, case, item=name, after=0, content=content)

    there("A", 0, 20)
    there("B", 30, None)
    gaps = [w.text("en") for w in desk.warnings(desk.case(case)) if w.key == "no_anaesthetist"]
    start, end = (desk.clock.written(T0_US + n * MINUTE_US) for n in (20, 30))
    assert gaps == [f"No anaesthetist in charge from {start} to {end}"]
    there("C", -90, 25)
    there("D", 20, 40)
    desk.close(ANN, case, at_us=T0_US + 60 * MINUTE_US)
    keys = told(desk, case)
    assert "no_anaesthetist" not in keys
    assert (keys.count("attendance_open"), keys.count("attendance_outside")) == (1, 1)


def test_a_rescue_is_written_up_within_six_hours(desk: Desk, clock: Clock) -> None:
    case = begun(desk).id
    clock.go(3600)
    rescue = Pace(why="rescue", start_us=T0_US, end_us=T0_US + 10 * MINUTE_US)
    desk.set(ANN, case, item="rescue", after=0, content=rescue)
    clock.at_us = T0_US + (10 + 360) * MINUTE_US
    desk.set(ANN, case, document=RECORD, item="x", after=0, content=bolus(1, T0_US + MINUTE_US))
    assert told(desk, case) == []
    clock.go(1)
    desk.set(ANN, case, document=RECORD, item="y", after=0, content=bolus(1, T0_US + MINUTE_US))
    desk.set(ANN, case, document=RECORD, item="z", after=0, content=bolus(1, T0_US + 11 * MINUTE_US))
    late = desk.warnings(desk.case(case))
    assert [(w.key, w.item) for w in late] == [("rescue_entered_late", "y")]


def test_what_was_left_open_and_an_open_identity(desk: Desk, clock: Clock) -> None:
    case = desk.open(ANN, bed="OR-1", area="or", patient=Patient(), emergency=True).id
    desk.start(ANN, case, template="anaesthesia_record", document=RECORD)
    drip = Infusion(what="drug", drug=term("drugs", "D005"), unit="ug/min", rates=(Rate(at_us=T0_US, rate=1),))
    desk.set(ANN, case, document=RECORD, item="drip", after=0, content=drip)
    desk.set(ANN, case, item="pace", after=0, content=Pace(why="rescue", start_us=T0_US))
    assert told(desk, case) == ["identity_open"]
    clock.go(60)
    desk.close(ANN, case, at_us=clock.at_us)
    assert told(desk, case) == ["identity_open", "pace_open", "infusion_open", "unsigned"]


def test_what_runs_on_when_the_anaesthesia_is_over_is_told_before_the_case_is_closed(desk: Desk, clock: Clock) -> None:
    case = begun(desk).id
    icu = Actor(account="ann", name="Ann", roles=frozenset({"anaesthetist", "icu_nurse"}))
    desk.start(icu, case, template="icu_flowsheet", document="icu")
    gas = Infusion(what="gas", drug=term("gases", "O2"), unit="L/min", rates=(Rate(at_us=T0_US, rate=2),))
    desk.set(ANN, case, document=RECORD, item="gas", after=0, content=gas)
    desk.set(icu, case, document="icu", item="on", after=0, content=gas)
    clock.go(7200)
    happen(desk, case, t_anes_start=0)
    assert "infusion_open" not in told(desk, case)
    happen(desk, case, t_anes_end=60)
    found = [w for w in desk.warnings(desk.case(case)) if w.key == "infusion_open"]
    assert [(w.document, w.item) for w in found] == [(RECORD, "gas")]
    stopped = replace(gas, stop_us=T0_US + 60 * MINUTE_US)
    desk.set(ANN, case, document=RECORD, item="gas", after=1, content=stopped)
    assert "infusion_open" not in told(desk, case)


def test_what_was_changed_after_it_was_signed(desk: Desk, clock: Clock) -> None:
    case = desk.open(ANN, bed="OR-1", area="or", patient=Patient(), emergency=True).id
    desk.start(ANN, case, template="anaesthesia_record", document=RECORD)
    clock.go(1)
    desk.sign(ANN, case, document=RECORD, slot="anaesthetist")
    assert told(desk, case) == ["identity_open", "signed_lacking"]
    clock.go(1)
    desk.merge(ANN, case, patient=Patient(number="1"), reason="wristband")
    assert told(desk, case) == ["signed_lacking", "changed_since_signed"]
    desk.ask_unlock(ANN, case, document=RECORD, reason="name")
    assert "unlock_waits" in told(desk, case)


@pytest.mark.parametrize(("set_c", "warned"), [(None, False), (43.0, False), (43.5, True)])
def test_what_warms_above_43_is_warned_about(desk: Desk, set_c: float | None, warned: bool) -> None:
    case = begun(desk).id
    hot = Warming(device="forced_air", start_us=T0_US, set_c=set_c)
    desk.set(ANN, case, document=RECORD, item="w", after=0, content=hot)
    assert ("warming_hot" in told(desk, case)) is warned
