"""The log of faults and wishes: times at their borders, who may do what, what stands reports itself once."""

import asyncio
from dataclasses import replace

import pytest
import structlog

from charting.accounts.actor import Actor
from charting.case.refusals import NotAllowed
from charting.faults.config import FaultsSection
from charting.faults.log import FaultLog
from charting.faults.refusals import FaultRefusal
from charting.faults.reporting import Reporting
from charting.faults.summary import summary
from charting.faults.ticket import State, Verdict, promises
from charting.fleet.look import Fleet
from charting.fleet.state import BedState, Gateway, Heard, Level, Trouble
from charting.quality.periods import period
from charting.trail.entries import Denied
from tests.charting.web.hospital import Hospital

MINUTE_US, HOUR_US = 60_000_000, 3_600_000_000
CONTRACT = FaultsSection()


@pytest.fixture
def hospital() -> Hospital:
    return Hospital()


def log_of(hospital: Hospital) -> FaultLog:
    return hospital.department.faults


def nurse(hospital: Hospital) -> Actor:
    return hospital.actor("or_nurse")


@pytest.mark.parametrize(
    ("step", "after_us", "key", "verdict"),
    [
        ("answer", 30 * MINUTE_US, "answer", Verdict.KEPT),
        ("answer", 30 * MINUTE_US + 1, "answer", Verdict.LATE),
        ("arrive", 4 * HOUR_US, "arrive", Verdict.KEPT),
        ("arrive", 4 * HOUR_US + 1, "arrive", Verdict.LATE),
        ("resolve", 6 * HOUR_US, "resolve", Verdict.KEPT),
        ("resolve", 6 * HOUR_US + 1, "resolve", Verdict.LATE),
        ("resolve", HOUR_US, "arrive", Verdict.UNNEEDED),
        ("resolve", 4 * HOUR_US, "arrive", Verdict.UNNEEDED),
        ("resolve", 4 * HOUR_US + 1, "arrive", Verdict.LATE),
        ("resolve", HOUR_US, "answer", Verdict.LATE),
        ("note", HOUR_US, "answer", Verdict.OVERDUE),
        ("note", HOUR_US, "resolve", Verdict.RUNNING),
    ],
)
def test_a_fault_is_judged_at_the_borders_of_the_contract(
    hospital: Hospital, step: str, after_us: int, key: str, verdict: Verdict
) -> None:
    log = log_of(hospital)
    log.report(nurse(hospital), "t1", what="fault", title="Monitor off")
    hospital.clock.at_us += after_us
    done = log.step(hospital.actor("engineer"), "t1", step, text="done")  # type: ignore[arg-type]
    assert {p.key: p.verdict for p in log.promises(done)}[key] is verdict


@pytest.mark.parametrize(("hours", "verdict"), [(48, Verdict.KEPT), (49, Verdict.LATE)])
def test_a_wish_has_times_of_its_own(hospital: Hospital, hours: int, verdict: Verdict) -> None:
    log, engineer = log_of(hospital), hospital.actor("engineer")
    log.report(nurse(hospital), "w", what="wish", title="Another row")
    hospital.clock.at_us += 24 * HOUR_US
    log.step(engineer, "w", "answer")
    hospital.clock.at_us += (hours - 24) * HOUR_US
    found = log.step(engineer, "w", "resolve", text="in 0.7.1")
    assert [(p.key, p.verdict) for p in log.promises(found)] == [("answer", Verdict.KEPT), ("change", verdict)]


def test_what_came_back_is_not_resolved(hospital: Hospital) -> None:
    log, engineer = log_of(hospital), hospital.actor("engineer")
    log.report(nurse(hospital), "t", what="fault", title="Printer")
    log.step(engineer, "t", "resolve", text="paper")
    hospital.clock.at_us += 2 * HOUR_US
    back = log.step(nurse(hospital), "t", "reopen", text="again")
    assert back.state is State.ANSWERED
    hospital.clock.at_us += 7 * HOUR_US
    assert log.promises(back)[-1].verdict is Verdict.OVERDUE
    with pytest.raises(FaultRefusal, match="before"):  # it was not well before it came back
        log.step(engineer, "t", "resolve", text="paper", at_us=back.steps[-1].at_us - HOUR_US)
    log.step(engineer, "t", "arrive", at_us=back.at_us + HOUR_US)


def test_who_resolves_does_not_archive_what_another_reported(hospital: Hospital) -> None:
    log, engineer = log_of(hospital), hospital.actor("engineer")
    log.report(nurse(hospital), "t", what="fault", title="Printer")
    with pytest.raises(FaultRefusal, match=r"faults\.refused\.open"):
        log.step(nurse(hospital), "t", "archive")
    log.step(engineer, "t", "resolve", text="paper")
    with pytest.raises(FaultRefusal, match=r"faults\.refused\.not_yours"):
        log.step(engineer, "t", "archive")
    assert log.step(nurse(hospital), "t", "archive").state is State.ARCHIVED
    with pytest.raises(FaultRefusal, match=r"faults\.refused\.archived"):
        log.step(nurse(hospital), "t", "note", text="late")
    with pytest.raises(NotAllowed):
        log.step(hospital.actor("surgeon"), "t", "note", text="not mine")
    assert isinstance(list(hospital.trail.all())[-1].body, Denied)


def test_what_is_sent_twice_is_there_once(hospital: Hospital) -> None:
    log = log_of(hospital)
    for _ in range(2):
        log.report(nurse(hospital), "t", what="fault", title="Printer")
        log.step(hospital.actor("engineer"), "t", "answer", text="on my way")
    with pytest.raises(FaultRefusal, match=r"faults\.refused\.taken"):
        log.report(nurse(hospital), "t", what="fault", title="Another")
    again = FaultLog(hospital.desk, CONTRACT)
    assert [len(t.steps) for t in again.tickets()] == [1]
    assert again.tickets() == log.tickets()


def test_an_answer_by_telephone_is_entered_with_its_time_and_both_are_kept(hospital: Hospital) -> None:
    log = log_of(hospital)
    made = log.report(nurse(hospital), "t", what="fault", title="Printer")
    hospital.clock.at_us += 2 * HOUR_US
    done = log.step(hospital.actor("engineer"), "t", "answer", at_us=made.at_us + 10 * MINUTE_US)
    assert log.promises(done)[0].verdict is Verdict.KEPT
    assert (done.steps[0].at_us, done.steps[0].entered_us) == (made.at_us + 600_000_000, made.at_us + 2 * HOUR_US)
    with pytest.raises(FaultRefusal, match="before"):
        log.step(hospital.actor("engineer"), "t", "arrive", at_us=made.at_us - HOUR_US)
    with pytest.raises(FaultRefusal, match="answered"):  # another time is told not to be kept
        log.step(hospital.actor("engineer"), "t", "answer", at_us=made.at_us + 20 * MINUTE_US)


class Fleets:
    """A fleet of one bed with these troubles."""

    def __init__(self, hospital: Hospital) -> None:
        self.hospital = hospital
        self.troubles: list[Trouble] = []
        self.halted = False
        self.heard = Heard.HEARD

    def state(self) -> Fleet:
        bed = BedState(
            bed="OR-03", configured=True, used=True, heard=self.heard, heard_us=None, last_us=None, gateway=Gateway(),
            devices=(), synchronised=True, saved=True, troubles=self.troubles,
        )  # fmt: skip
        return Fleet(at_us=self.hospital.clock.at_us, beds=(bed,), halted=self.halted)


LOST = Trouble(level=Level.BAD, key="lost", said={"device": "monitor", "fault": "silent"})


def test_what_stands_for_five_minutes_reports_itself_once_until_it_is_over(hospital: Hospital) -> None:
    log, fleets = log_of(hospital), Fleets(hospital)
    reporting = Reporting(log, fleets.state, hospital.clock.now_us, structlog.get_logger())

    def look(minutes: int = 0) -> list[list[str]]:
        hospital.clock.at_us += minutes * MINUTE_US
        reporting.look()
        return [[done.step for done in ticket.steps] for ticket in log.tickets()]

    fleets.troubles = [LOST, replace(LOST, level=Level.WARN, key="old_report")]
    assert look() == []
    assert look(4) == []
    assert look(1) == [[]]
    assert look(60) == [[]]
    fleets.halted = True
    fleets.troubles = []
    assert look(1) == [[]], "nobody has looked"
    fleets.halted = False
    assert look() == [["clear"]]
    assert look(1) == [["clear"]]
    fleets.troubles = [LOST]
    assert look(1) == [["clear"]]
    assert look(5) == [["clear", "again"]]
    fleets.troubles = []
    assert look(1) == [["clear", "again", "clear"]]
    (ticket,) = log.tickets()
    log.step(hospital.actor("engineer"), ticket.id, "resolve", text="cable")
    fleets.troubles = [LOST]
    look(25 * 60)
    assert len(look(5)) == 2, "a day later it is another one"
    (_, second) = log.tickets()
    assert (second.opened.bed, second.opened.device, second.opened.trouble) == ("OR-03", "monitor", "lost")
    log.step(hospital.actor("engineer"), second.id, "resolve", text="cable")
    assert log.step(hospital.actor("engineer"), second.id, "archive").state is State.ARCHIVED


def test_a_trouble_is_over_only_when_somebody_has_seen_that(hospital: Hospital) -> None:
    log, fleets = log_of(hospital), Fleets(hospital)
    reporting = Reporting(log, fleets.state, hospital.clock.now_us, structlog.get_logger())

    def look(minutes: int, *troubles: Trouble, heard: Heard = Heard.HEARD) -> list[str]:
        hospital.clock.at_us += minutes * MINUTE_US
        fleets.troubles, fleets.heard = list(troubles), heard
        reporting.look()
        return [done.step for ticket in log.tickets() for done in ticket.steps]

    look(0, LOST)
    assert look(5, LOST) == []
    silent = Trouble(level=Level.BAD, key="silent")
    assert look(1, silent, heard=Heard.SILENT) == [], "of a gateway that is not heard nobody knows"
    assert look(1, heard=Heard.UNKNOWN) == []
    before = Reporting(log, lambda: Fleet(at_us=hospital.clock.at_us), hospital.clock.now_us, structlog.get_logger())
    before.look()
    assert look(1, replace(LOST, level=Level.WARN)) == [], "it is less urgent while no case is open"
    assert look(1) == ["clear"]


def test_what_was_resolved_and_comes_again_within_a_day_is_an_open_fault(hospital: Hospital) -> None:
    log, fleets = log_of(hospital), Fleets(hospital)
    reporting = Reporting(log, fleets.state, hospital.clock.now_us, structlog.get_logger())

    def look(minutes: int, *troubles: Trouble) -> list[State]:
        hospital.clock.at_us += minutes * MINUTE_US
        fleets.troubles = list(troubles)
        reporting.look()
        return [ticket.state for ticket in log.tickets()]

    look(0, LOST)
    assert look(5, LOST) == [State.OPEN]
    look(1)
    (ticket,) = log.tickets()
    log.step(hospital.actor("engineer"), ticket.id, "resolve", text="cable")
    assert look(60, LOST) == [State.RESOLVED]
    assert look(5, LOST) == [State.ANSWERED]
    assert [p.verdict for p in log.promises(log.ticket(ticket.id))][2] is Verdict.RUNNING
    look(1)
    log.step(hospital.actor("engineer"), ticket.id, "decline", text="a loose plug, by design")
    look(1, LOST)
    assert look(5, LOST) == [State.DECLINED], "what is no fault stays so"


def test_a_month_counts_what_was_reported_in_it(hospital: Hospital) -> None:
    log, engineer, month = log_of(hospital), hospital.actor("engineer"), period("2026-11", "Asia/Shanghai")
    for n, (what, hours) in enumerate([("fault", 1), ("fault", 5), ("fault", 9), ("wish", 50), ("fault", None)]):
        made = log.report(nurse(hospital), f"t{n}", what=what, title=f"no. {n}", bed="OR-03")  # type: ignore[arg-type]
        log.step(engineer, f"t{n}", "answer")
        if hours is not None:
            hospital.clock.at_us += hours * HOUR_US
            log.step(engineer, f"t{n}", "resolve", text="done")
        assert month.start_us <= made.at_us < month.end_us
    told = summary(log.tickets(), "fault", month, CONTRACT, hospital.clock.at_us + HOUR_US)
    assert (len(told.tickets), told.by_itself, told.left, told.beds) == (4, 0, 0, {"OR-03": 4})
    kept = {k.key: (k.due, k.kept, k.late, k.running, k.share) for k in told.kept}
    assert kept == {
        "answer": (4, 4, 0, 0, 1.0), "arrive": (3, 0, 2, 1, 0.0), "resolve": (4, 2, 1, 1, pytest.approx(2 / 3)),
    }  # fmt: skip
    assert next(k.median_us for k in told.kept if k.key == "resolve") == 5 * HOUR_US
    wishes = summary(log.tickets(), "wish", month, CONTRACT, hospital.clock.at_us)
    assert [(k.key, k.late) for k in wishes.kept] == [("answer", 0), ("change", 1)]
    after = period("2026-12", "Asia/Shanghai")
    assert summary(log.tickets(), "fault", after, CONTRACT, after.start_us + 1).left == 1
    (open_,) = [t for t in log.tickets() if t.is_open]
    assert [p.verdict for p in promises(open_, CONTRACT, after.start_us)] == [
        Verdict.KEPT, Verdict.OVERDUE, Verdict.OVERDUE,
    ]  # fmt: skip


async def test_what_nobody_foresaw_does_not_end_the_service(hospital: Hospital) -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def broken() -> Fleet:
        loop.call_soon_threadsafe(stop.set)
        raise ZeroDivisionError

    await Reporting(log_of(hospital), broken, hospital.clock.now_us, structlog.get_logger()).run(stop)
