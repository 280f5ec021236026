"""The department's watch over several beds, and the week that it tells of."""

import asyncio
import threading
from collections.abc import Iterable, Iterator
from dataclasses import replace

import pytest
import structlog
from structlog.testing import capture_logs

from alarms.board import Presence, Seen
from charting.trail.entries import Entry
from charting.trail.trail import MemoryTrail
from charting.watch import watch as watch_module
from charting.watch.state import Board, Doubt
from charting.watch.watch import Watch
from charting.watch.week import Week
from collector.errors import VitalsdError
from tests.charting.clock import Clock
from tests.charting.desk.scenes import ANN, PATIENT, desk_on
from tests.charting.filler.department import Beds
from tests.page.data import HR, NOW_US, Store, alarm, reading

MINUTE_US = 60_000_000


class Department:
    """Two beds whose monitors send, a trail, and the watch."""

    def __init__(self) -> None:
        self.clock = Clock(NOW_US)
        self.trail = MemoryTrail(self.clock.now_us)
        self.desk = desk_on(self.trail, self.clock)
        self.beds = Beds({"OR-03": Store(), "OR-04": Store()})
        self.watch = self.started()

    def started(self) -> Watch:
        return Watch(self.trail, self.beds, list(self.beds.stores), self.clock.now_us, structlog.get_logger())

    def tell(self, bed: str, minutes: float = 0.0, source: str = "hr", text: str = "** HR 128 > 120") -> int:
        onset_us = self.clock.at_us - round(minutes * MINUTE_US)
        said = alarm(onset_us, source=source, text=text)
        self.beds.stores[bed].changes.append(replace(said, bed=bed))
        return onset_us

    def look(self, watch: Watch | None = None) -> None:
        self.clock.go(1)
        for bed, store in self.beds.stores.items():
            store.readings.append(reading(replace(HR, bed=bed), self.clock.at_us, 70.0))
        (watch or self.watch).look()


def test_a_restart_finds_what_stands_and_who_has_seen_it() -> None:
    ward = Department()
    onset_us = ward.tell("OR-03", 500)
    ward.tell("OR-04", 2)
    ward.desk.open(ANN, bed="OR-03", area="or", patient=PATIENT, case="c1")
    ward.look()
    ward.desk.see_alarm(ANN, bed="OR-03", device="monitor", source="hr", onset_us=onset_us, told_us=onset_us)
    at_us = ward.clock.at_us
    ward.look()
    before = ward.watch.board()
    assert [a.seen for a in before.beds["OR-03"].alarms] == [Seen(by="ann", at_us=at_us, told_us=onset_us)]
    assert [row.case for row in before.cases("OR-03")] == ["c1"]
    again = ward.started()
    assert {bed: state.doubt for bed, state in again.board().beds.items()} == {
        "OR-03": Doubt.UNREAD, "OR-04": Doubt.UNREAD,
    }  # fmt: skip
    ward.look(again)
    assert {b: s.alarms for b, s in again.board().beds.items()} == {b: s.alarms for b, s in before.beds.items()}


def test_pages_hear_of_what_has_changed_and_of_nothing_else() -> None:
    ward = Department()
    ward.look()
    was = ward.watch.version()
    ward.look()
    assert ward.watch.version() == was
    onset_us = ward.tell("OR-04")
    ward.look()
    told = ward.watch.version()
    assert told != was
    ward.desk.see_alarm(ANN, bed="OR-04", device="monitor", source="hr", onset_us=onset_us, told_us=onset_us)
    ward.look()
    seen = ward.watch.version()
    assert seen != told
    ward.clock.go(11)
    assert ward.watch.version() != seen, "nobody has looked for so long"


def test_pages_hear_that_a_patient_came_to_another_bed_when_the_board_has_him_there() -> None:
    ward = Department()
    ward.desk.open(ANN, bed="OR-03", area="or", patient=PATIENT, case="c1")
    ward.look()
    was = ward.watch.version()
    heard: list[tuple[object, list[str]]] = []
    ward.watch.listen(lambda board: heard.append((ward.watch.version(), [row.bed for row in board.rows])))
    ward.desk.move(ANN, "c1", bed="OR-04", area="or", at_us=ward.clock.at_us)
    ward.look()
    ward.desk.open(ANN, bed="OR-03", area="or", patient=PATIENT, case="c2")
    ward.look()
    assert [beds for _, beds in heard] == [["OR-04"], ["OR-03", "OR-04"]]
    assert len({was, *(version for version, _ in heard)}) == 3


def test_of_a_watch_that_stands_still_nothing_is_present_or_known_whatever_the_clock_says() -> None:
    ward = Department()
    ward.tell("OR-03")
    ward.look()
    for seconds in (11, -3600):
        ward.clock.go(seconds)
        state = ward.watch.board().beds["OR-03"]
        assert (state.doubt, state.known) == (Doubt.HALTED, False)
        assert [alarm.presence for alarm in (*state.alarms, *state.told)] == [Presence.UNKNOWN, Presence.UNKNOWN]
    again = ward.started()
    ward.clock.go(11)
    assert again.board().beds["OR-03"].doubt is Doubt.HALTED, "its first look does not end"


def test_who_listens_hears_that_a_look_does_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    ward = Department()
    ward.look()
    monkeypatch.setattr(watch_module, "HALTED_US", 1000)
    hangs, stop, heard = threading.Event(), asyncio.Event(), list[Doubt | None]()

    def last() -> int:
        hangs.wait(60)
        return 0

    def listen(board: Board) -> None:
        heard.append(board.beds["OR-03"].doubt)
        stop.set()
        hangs.set()

    monkeypatch.setattr(ward.trail, "last", last)
    ward.clock.go(1)
    ward.watch.listen(listen)
    asyncio.run(ward.watch.run(stop))
    assert heard[0] is Doubt.HALTED


def test_a_listener_that_cannot_read_the_trail_does_not_end_the_watch() -> None:
    ward = Department()

    def listen(_: Board) -> None:
        raise VitalsdError("no database")

    ward.watch.listen(listen)
    ward.tell("OR-03")
    ward.look()
    assert [a.alarm.source for a in ward.watch.board().beds["OR-03"].alarms] == ["hr"]


def test_a_listener_that_fails_as_nobody_foresaw_does_not_end_the_watch_and_is_told_once() -> None:
    ward, heard = Department(), list[Board]()
    fails = [True]

    def listen(_: Board) -> None:
        if fails[0]:
            raise ValueError(PATIENT.name)

    ward.watch.listen(listen)
    ward.watch.listen(heard.append)
    ward.tell("OR-03")
    with capture_logs() as logs:
        ward.look()
        ward.look()
        fails[0] = False
        ward.look()
    assert [[a.alarm.source for a in board.beds["OR-03"].alarms] for board in heard] == [["hr"]] * 3
    said = [log["event"] for log in logs if log["log_level"] != "debug"]
    assert said == ["listeners of the watch lost", "listeners of the watch back"]
    assert PATIENT.name not in repr(logs)


def test_an_entry_that_cannot_be_read_keeps_no_bed_unwatched(monkeypatch: pytest.MonkeyPatch) -> None:
    ward = Department()
    onset_us = ward.tell("OR-03")
    ward.look()
    ward.desk.see_alarm(ANN, bed="OR-03", device="monitor", source="hr", onset_us=onset_us, told_us=onset_us)
    ward.desk.open(ANN, bed="OR-04", area="or", patient=PATIENT, case="c2")
    every = ward.trail.all

    def unreadable(after: int = 0, kinds: Iterable[str] = ()) -> Iterator[Entry]:
        yield from every(after, kinds)
        raise ValueError(PATIENT.name)

    with capture_logs() as logs:
        with monkeypatch.context() as patch:
            patch.setattr(ward.trail, "all", unreadable)
            ward.look()
            ward.tell("OR-04", source="spo2")
            ward.look()
            board = ward.watch.board()
        ward.look()
    assert [a.alarm.source for a in board.beds["OR-04"].alarms] == ["spo2"]
    assert [(a.alarm.source, a.seen is not None) for a in board.beds["OR-03"].alarms] == [("hr", True)]
    assert [row.case for row in board.cases("OR-04")] == ["c2"]
    said = [log["event"] for log in logs if log["log_level"] != "debug"]
    assert said == ["entries of the watch lost", "entries of the watch back"]
    assert PATIENT.name not in repr(logs)


def test_a_bed_that_cannot_be_read_does_not_keep_the_others_from_being_watched() -> None:
    ward = Department()
    ward.tell("OR-03")
    ward.look()
    ward.beds.broken = "gone"
    ward.look()
    board = ward.watch.board()
    assert {bed: state.doubt for bed, state in board.beds.items()} == {"OR-03": Doubt.STORE, "OR-04": Doubt.STORE}
    ward.beds.broken = ""
    ward.tell("OR-04")
    ward.look()
    assert [a.alarm.source for a in ward.watch.board().beds["OR-04"].alarms] == ["hr"]


def test_the_week_is_told_of_once_in_five_minutes_and_says_what_it_could_not_read() -> None:
    ward = Department()
    for minutes in (5, 10, 7 * 24 * 60 - 60, 7 * 24 * 60 + 1):
        ward.tell("OR-03", minutes)
    ward.tell("OR-04", 3, source="spo2", text="** SpO2 86 < 90")
    week = Week(ward.beds, ["OR-03", "OR-04"], ward.clock.now_us)
    first = week.report()
    assert [(a.bed, a.times) for a in first.actors] == [("OR-03", 3), ("OR-04", 1)]
    assert [(load.bed, load.total) for load in first.loads] == [("OR-03", 2), ("OR-04", 1)]
    ward.tell("OR-04", source="spo2", text="** SpO2 84 < 90")
    ward.clock.go(299)
    assert week.report() is first
    ward.clock.go(2)
    assert [(a.bed, a.times) for a in week.report().actors] == [("OR-03", 3), ("OR-04", 2)]
    ward.clock.go(400)
    ward.beds.broken = "gone"
    assert (week.report().unread, week.report().actors) == (["OR-03", "OR-04"], [])
