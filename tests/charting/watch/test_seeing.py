"""Who has seen an alarm, and what was advised: kept in the trail once, and told of what stands."""

import pytest

from alarms.board import Seen
from charting.case.refusals import Impossible, NotAllowed
from charting.case.state import Case
from charting.desk import Desk
from charting.trail.entries import SYSTEM, Advised, AlarmSeen, Denied, Discarded
from charting.trail.trail import Trail
from charting.watch.advice import Standing, standing
from tests.charting.clock import Clock
from tests.charting.desk.scenes import ANN, HAL, PATIENT, SUE, desk_on
from tests.journal.entries import T0_US

MINUTE_US = 60_000_000
ONSET_US = T0_US - MINUTE_US

pytestmark = pytest.mark.parametrize("trail", ["sqlite"], indirect=True)


@pytest.fixture
def desk(trail: Trail, clock: Clock) -> Desk:
    return desk_on(trail, clock)


def opened(desk: Desk, case: str = "c1", bed: str = "OR-03") -> Case:
    return desk.open(ANN, bed=bed, area="or", patient=PATIENT, case=case)


def see(desk: Desk, note: str = "", actor: object = ANN, told_us: int = ONSET_US, **more: str) -> Case | None:
    assert isinstance(actor, type(ANN))
    return desk.see_alarm(
        actor, bed="OR-03", device="monitor", source="hr", onset_us=ONSET_US, told_us=told_us, note=note, **more
    )


def seen(note: str = "") -> AlarmSeen:
    return AlarmSeen(bed="OR-03", device="monitor", source="hr", onset_us=ONSET_US, told_us=ONSET_US, note=note)


def advised(rule: str, phase: str, at_us: int) -> Advised:
    return Advised(rule=rule, phase="start" if phase == "start" else "end", at_us=at_us, said={"c": "35.4"})


def test_what_is_seen_is_kept_with_the_case_at_the_bed_once(desk: Desk, clock: Clock) -> None:
    opened(desk)
    opened(desk, "c2", "OR-04")
    for _ in range(2):
        see(desk)
    assert desk.case("c1").seen == [(seen(), "ann", clock.at_us)]
    assert desk.case("c2").seen == []
    clock.go(121)
    see(desk)
    see(desk, "artefact")
    assert [said.note for said, _, _ in desk.case("c1").seen] == ["", "", "artefact"]
    see(desk, told_us=ONSET_US + 1)
    assert [said.told_us - ONSET_US for said, _, _ in desk.case("c1").seen] == [0, 0, 0, 1], "it had risen"


def test_at_a_bed_without_a_patient_it_is_kept_with_no_case_once(desk: Desk, trail: Trail) -> None:
    for _ in range(2):
        assert see(desk) is None
    assert [(e.actor, e.body) for e in trail.entries("", kinds=["alarm_seen"])] == [("ann", seen())]
    see(desk, actor=HAL)
    assert [e.actor for e in trail.entries("", kinds=["alarm_seen"])] == ["ann", "hal"]


@pytest.mark.parametrize("there", [True, False])
def test_who_may_not_is_refused_and_the_attempt_kept(desk: Desk, trail: Trail, there: bool) -> None:
    if there:
        opened(desk)
    with pytest.raises(NotAllowed):
        see(desk, actor=SUE)
    assert not list(trail.all(kinds=["alarm_seen"]))
    (denied,) = trail.all(kinds=["denied"])
    assert (denied.actor, isinstance(denied.body, Denied) and denied.body.action) == ("sue", "see_alarm")


def test_a_case_that_was_discarded_takes_nothing(desk: Desk, trail: Trail) -> None:
    opened(desk)
    trail.append("ann", "c1", [Discarded(reason="x")])
    with pytest.raises(Impossible):
        see(desk, case="c1")
    with pytest.raises(Impossible):
        desk.advise("c1", [advised("TMP-36", "start", T0_US)])


def test_what_was_advised_is_said_once_by_the_system(desk: Desk, trail: Trail) -> None:
    opened(desk)
    start, end = advised("TMP-36", "start", T0_US), advised("TMP-36", "end", T0_US + MINUTE_US)
    desk.advise("c1", [start])
    desk.advise("c1", [start, end])
    desk.advise("c1", [end])
    assert [(e.actor, e.body) for e in trail.entries("c1", kinds=["advised"])] == [(SYSTEM, start), (SYSTEM, end)]


def test_what_stands_is_what_began_last_and_has_not_ended(desk: Desk, clock: Clock) -> None:
    opened(desk)
    desk.advise("c1", [advised("TMP-36", "start", T0_US), advised("TMP-355", "start", T0_US + 1)])
    desk.advise("c1", [advised("TMP-36", "end", T0_US + 2)])
    desk.advise("c1", [advised("TMP-35", "start", T0_US + 3), advised("TMP-35", "end", T0_US + 4)])
    desk.advise("c1", [advised("TMP-35", "start", T0_US + 5)])
    found = standing(desk.case("c1"), clock.at_us)
    assert [(each.rule, each.since_us) for each in found] == [("TMP-35", T0_US + 5), ("TMP-355", T0_US + 1)]
    assert found[1] == Standing(case="c1", rule="TMP-355", level="low", since_us=T0_US + 1, said={"c": "35.4"})
    desk.close(ANN, "c1", at_us=clock.at_us)
    assert standing(desk.case("c1"), clock.at_us) == []


def test_one_that_is_put_off_comes_back_after_half_an_hour(desk: Desk, clock: Clock) -> None:
    opened(desk)
    desk.advise("c1", [advised("TMP-36", "start", T0_US)])

    def put_off(note: str) -> None:
        source = "advisory:TMP-36"
        desk.see_alarm(
            ANN, bed="OR-03", device=SYSTEM, source=source, onset_us=T0_US, told_us=T0_US, note=note, case="c1"
        )

    put_off("")
    (one,) = standing(desk.case("c1"), clock.at_us)
    assert (one.seen, one.put_off_us) == (Seen(by="ann", at_us=clock.at_us), None), "seen, without a reason"
    clock.go(60)
    put_off("probe")
    until_us = clock.at_us + 30 * MINUTE_US
    (one,) = standing(desk.case("c1"), clock.at_us)
    assert (one.put_off_us, one.why) == (until_us, "probe")
    (one,) = standing(desk.case("c1"), until_us)
    assert (one.put_off_us, one.why) == (None, "")
    desk.advise("c1", [advised("TMP-36", "end", T0_US + 1), advised("TMP-36", "start", T0_US + 2)])
    (one,) = standing(desk.case("c1"), clock.at_us)
    assert (one.seen, one.put_off_us) == (None, None), "another one"
