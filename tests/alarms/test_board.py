"""What a bed's alarms are after what was told, heard twice, heard late, or not heard at all (clinical.md §4.2)."""

from collections.abc import Sequence

import pytest

from alarms.board import GONE_US, KEPT, REMEMBERED, Alarm, Board, Presence, Seen
from collector.links import LATE_US
from collector.model import AlarmCondition, AlarmPhase, AlarmType, Condition, Priority
from collector.technical import GATEWAY, STEP

SECOND_US = 1_000_000
HOUR_US = 3_600 * SECOND_US
T0_US = 1_795_501_123_000_000
START, CONTINUE, END = AlarmPhase.START, AlarmPhase.CONTINUE, AlarmPhase.END


def told(
    second: float,
    phase: AlarmPhase = START,
    priority: Priority = Priority.MEDIUM,
    *,
    device: str = "monitor",
    source: str = "hr",
    text: str = "HR",
    code: str = "MDC_EVT_HI",
) -> Condition:
    alarm = AlarmCondition(
        source=source, type=AlarmType.PHYSIOLOGICAL, priority=priority, phase=phase, text=text, code=code
    )
    return Condition(bed="OR", device=device, time_us=at(second), alarm=alarm)


def at(second: float) -> int:
    return T0_US + round(second * SECOND_US)


def linked(*devices: str) -> Board:
    board = Board("OR")
    for device in devices or ("monitor",):
        board.link(device, up=True, at_us=at(0))
    return board


def shown(board: Board) -> list[tuple[str, Priority, str, Presence]]:
    return [(one.alarm.source, one.alarm.priority, one.alarm.text, one.presence) for one in board.standing()]


def only(alarms: Sequence[Alarm]) -> Alarm:
    (alarm,) = alarms
    return alarm


@pytest.mark.parametrize("priority", list(Priority))
def test_a_devices_alarm_is_there_at_once_with_the_priority_that_it_has(priority: Priority) -> None:
    board = linked()
    alarm = only(board.hear(told(5, priority=priority)))
    assert (alarm.bed, alarm.device, alarm.alarm) == ("OR", "monitor", told(5, priority=priority).alarm)
    assert (alarm.onset_us, alarm.told_us, alarm.since_us, alarm.presence) == (at(5), at(5), at(5), Presence.PRESENT)
    assert board.standing() == [alarm]


@pytest.mark.parametrize("change", [{"priority": Priority.HIGH}, {"priority": Priority.LOW}, {"text": "HR 141"}])
def test_another_priority_or_text_of_the_same_source_is_shown_and_the_onset_kept(change: dict[str, str]) -> None:
    board = linked()
    board.hear(told(5))
    alarm = only(board.hear(told(9, CONTINUE, **change)))  # type: ignore[arg-type]
    assert alarm.alarm == told(9, CONTINUE, **change).alarm  # type: ignore[arg-type]
    assert (alarm.onset_us, alarm.told_us, alarm.since_us) == (at(5), at(9), at(5))
    assert board.standing() == [alarm]
    assert alarm.highest == (Priority.HIGH if "HIGH" in str(change).upper() else Priority.MEDIUM)


def test_the_highest_priority_of_an_alarm_is_remembered_until_it_begins_anew() -> None:
    board = linked()
    changes = [told(1, START, Priority.LOW), told(2, CONTINUE, Priority.HIGH), told(3, CONTINUE, Priority.LOW)]
    assert [only(board.hear(c)).highest for c in changes] == [Priority.LOW, Priority.HIGH, Priority.HIGH]
    board.hear(told(4, END, Priority.LOW))
    assert only(board.hear(told(5, START, Priority.LOW))).highest is Priority.LOW


def test_an_end_ends_and_is_kept_for_the_log() -> None:
    board = linked()
    board.hear(told(5, text="HR 141"))
    alarm = only(board.hear(told(9, END, text="")))
    assert (alarm.presence, alarm.onset_us, alarm.since_us, alarm.told_us) == (Presence.ENDED, at(5), at(9), at(9))
    assert (alarm.alarm.text, alarm.alarm.phase) == ("HR 141", END)
    assert board.standing() == []
    assert list(board.ended()) == [alarm]
    assert board.hear(told(11, END)) == []


def test_an_alarm_that_begins_without_having_ended_is_another_one() -> None:
    board = linked()
    board.hear(told(5))
    over, now = board.hear(told(9))
    assert (over.presence, over.onset_us, over.since_us) == (Presence.ENDED, at(5), at(9))
    assert (now.presence, now.onset_us) == (Presence.PRESENT, at(9))
    assert board.standing() == [now]


def test_one_that_goes_on_though_its_beginning_was_not_heard_stands() -> None:
    assert only(linked().hear(told(5, CONTINUE))).onset_us == at(5)


def test_what_is_told_while_the_link_is_down_is_unknown_since_the_loss() -> None:
    board = linked()
    board.link("monitor", up=False, at_us=at(20))
    assert only(board.hear(told(19))).since_us == at(20)
    assert only(board.hear(told(21, CONTINUE))).since_us == at(21)


def test_sources_and_devices_are_apart() -> None:
    board = linked("monitor", "vent")
    board.hear(told(1))
    board.hear(told(2, source="spo2", priority=Priority.HIGH))
    board.hear(told(3, device="vent"))
    board.hear(told(4, END))
    assert [(one.device, one.alarm.source) for one in board.standing()] == [("monitor", "spo2"), ("vent", "hr")]


def test_the_highest_comes_first_and_then_the_newest() -> None:
    board = linked()
    order = [(Priority.LOW, 1), (Priority.HIGH, 2), (Priority.INFORMATION, 3), (Priority.HIGH, 4), (Priority.MEDIUM, 5)]
    for priority, second in order:
        board.hear(told(second, priority=priority, source=str(second)))
    assert [one.alarm.source for one in board.standing()] == ["4", "2", "5", "1", "3"]


def test_a_link_that_goes_down_makes_alarms_unknown_and_one_that_comes_back_does_not_make_them_known() -> None:
    board = linked("monitor", "vent")
    board.hear(told(5))
    board.hear(told(5, device="vent"))
    alarm = only(board.link("monitor", up=False, at_us=at(20)))
    assert (alarm.presence, alarm.since_us, alarm.onset_us) == (Presence.UNKNOWN, at(20), at(5))
    assert board.link("monitor", up=False, at_us=at(25)) == []
    assert board.link("monitor", up=True, at_us=at(30)) == []
    assert board.link("monitor", up=True, at_us=at(30)) == []
    assert [one.presence for one in board.standing()] == [Presence.UNKNOWN, Presence.PRESENT]
    again = only(board.hear(told(31, CONTINUE)))
    assert (again.presence, again.since_us, again.onset_us) == (Presence.PRESENT, at(31), at(5))


def test_an_end_ends_what_was_unknown() -> None:
    board = linked()
    board.hear(told(5))
    board.link("monitor", up=False, at_us=at(20))
    board.link("monitor", up=True, at_us=at(30))
    assert only(board.hear(told(31, END))).presence is Presence.ENDED
    assert board.standing() == []


def test_an_interruption_that_was_over_before_anybody_looked_is_one() -> None:
    board = linked()
    board.hear(told(5))
    board.hear(told(26, source="spo2"))
    assert [one.alarm.source for one in board.link("monitor", up=True, at_us=at(25))] == ["hr"]


def test_a_change_that_comes_before_it_is_known_that_the_link_is_back_is_known_then() -> None:
    board = linked()
    board.link("monitor", up=False, at_us=at(20))
    assert only(board.hear(told(31))).presence is Presence.UNKNOWN
    assert only(board.link("monitor", up=True, at_us=at(30))).presence is Presence.PRESENT


def test_what_was_told_before_the_link_was_lost_is_unknown_though_it_comes_later() -> None:
    board = linked()
    board.link("monitor", up=False, at_us=at(20))
    board.link("monitor", up=True, at_us=at(30))
    assert only(board.hear(told(19))).presence is Presence.UNKNOWN


def test_of_a_device_whose_link_nobody_knows_nothing_is_known() -> None:
    board = Board("OR")
    assert not board.is_heard("monitor")
    assert only(board.hear(told(5))).presence is Presence.UNKNOWN
    assert only(board.link("monitor", up=True, at_us=at(4))).presence is Presence.PRESENT
    assert board.is_heard("monitor")
    board.link("monitor", up=False, at_us=at(9))
    assert not board.is_heard("monitor")


def test_the_gateways_own_are_known_until_it_is_gone_itself_and_with_it_all_that_it_told() -> None:
    board = linked()
    board.hear(told(5))
    assert only(board.hear(told(6, device=GATEWAY, source="sink"))).presence is Presence.PRESENT
    assert {one.presence for one in board.link(GATEWAY, up=False, at_us=at(20))} == {Presence.UNKNOWN}
    assert not board.is_heard("monitor")
    board.link(GATEWAY, up=True, at_us=at(60))
    assert [one.presence for one in board.standing()] == [Presence.UNKNOWN] * 2
    assert only(board.hear(told(61, CONTINUE, device=GATEWAY, source="sink"))).presence is Presence.PRESENT


def test_the_gateways_word_of_a_link_moves_it_where_nobody_else_tells() -> None:
    """As for who reads only conditions: the link's is told with the time of its loss, and is over when it is back."""
    board = Board("OR")
    down = told(20, device=GATEWAY, source="link:monitor", priority=Priority.HIGH)
    up = told(100, END, device=GATEWAY, source="link:monitor", priority=Priority.HIGH)
    board.hear(told(5))
    board.hear(down)
    assert not board.is_heard("monitor")
    board.hear(told(99.5, source="new"))
    board.hear(up)
    assert board.is_heard("monitor")
    assert {one.alarm.source: one.presence for one in board.standing()} == {
        "hr": Presence.UNKNOWN,
        "new": Presence.PRESENT,
    }
    spoken = linked()
    spoken.hear(told(5))
    spoken.hear(down)
    assert spoken.standing()[1].presence is Presence.PRESENT, "`link` has the say"


def test_what_was_told_in_the_last_frame_before_a_loss_is_not_known_after_it() -> None:
    board = Board("OR")
    board.hear(told(20.001))
    board.hear(told(20, device=GATEWAY, source="link:monitor"))
    board.hear(told(20 + LATE_US / SECOND_US + 1, END, device=GATEWAY, source="link:monitor"))
    assert only(board.standing()).presence is Presence.UNKNOWN


def test_the_same_again_and_an_older_one_change_nothing() -> None:
    board = linked()
    changes = [told(5), told(7, CONTINUE, Priority.HIGH), told(9, CONTINUE, Priority.LOW)]
    for change in changes:
        board.hear(change)
    before = board.standing()
    assert [board.hear(change) for change in changes] == [[], [], []]
    assert board.hear(told(8, END)) == []
    assert board.hear(told(6, START, Priority.HIGH, text="late")) == []
    assert board.standing() == before
    board.hear(told(10, END))
    assert board.hear(told(9.5, CONTINUE, Priority.HIGH)) == []
    assert board.standing() == []


def test_what_has_been_forgotten_as_a_repetition_is_still_too_old() -> None:
    board = linked()
    board.hear(told(1))
    board.hear(told(2, END))
    for n in range(REMEMBERED + 1):
        board.hear(told(3 + n, source="other", text=str(n)))
    assert board.hear(told(1)) == []


def test_what_stands_does_not_begin_anew_where_it_is_told_again_much_later() -> None:
    board = linked()
    board.hear(told(1))
    board.see("monitor", "hr", at(1), Seen(by="anna", at_us=at(2)))
    for n in range(REMEMBERED + 1):
        board.hear(told(3 + n, source="other", text=str(n)))
    before, ended = board.standing(), board.ended()
    assert board.hear(told(1)) == []
    assert (board.standing(), board.ended()) == (before, ended)


def test_two_changes_of_one_instant_count_in_the_order_in_which_they_are_told() -> None:
    board = linked()
    board.hear(told(5, END))
    assert only(board.hear(told(5, text="next"))).presence is Presence.PRESENT


def step(second: float) -> Condition:
    return told(second, device=GATEWAY, source=STEP, text=f"to {second}", priority=Priority.MEDIUM)


def test_after_our_clock_was_set_back_what_is_told_is_new_and_what_was_told_before_stays() -> None:
    board = linked()
    board.hear(told(100, source="a"))
    board.hear(told(100, source="b"))
    board.hear(told(110, END, source="b"))
    board.hear(step(50))
    assert only(board.hear(told(51, CONTINUE, Priority.HIGH, source="a"))).alarm.priority is Priority.HIGH
    assert only(board.hear(told(52, source="b"))).presence is Presence.PRESENT
    assert board.hear(told(100, source="b")) == [], "told before the clock was set"
    assert only(board.hear(told(53, END, source="b"))).presence is Presence.ENDED
    assert only(board.hear(told(54, source="c"))).presence is Presence.PRESENT


def test_a_clock_that_was_set_back_interrupts_no_link() -> None:
    board = linked()
    board.hear(told(100))
    board.hear(step(50))
    assert board.link("monitor", up=True, at_us=at(-50)) == []
    assert only(board.link("monitor", up=False, at_us=at(60))).presence is Presence.UNKNOWN
    assert board.link("monitor", up=True, at_us=at(70)) == [], "told before the loss, at a later time of the old clock"
    assert only(board.hear(told(71, CONTINUE))).presence is Presence.PRESENT
    assert only(board.link("monitor", up=True, at_us=at(80))).presence is Presence.UNKNOWN


def test_a_step_forward_begins_no_new_life_of_the_clock() -> None:
    board = linked()
    board.hear(told(10))
    board.hear(step(5_000))
    board.hear(told(5_001, END))
    assert board.hear(told(9)) == []


def test_what_is_seen_is_marked_and_stays_where_it_is() -> None:
    board = linked()
    board.hear(told(5, priority=Priority.HIGH))
    seen = Seen(by="anna", at_us=at(8))
    alarm = only(board.see("monitor", "hr", at(5), seen))
    assert (alarm.seen, alarm.presence, alarm.alarm) == (seen, Presence.PRESENT, told(5, priority=Priority.HIGH).alarm)
    assert board.standing() == [alarm]
    assert board.see("monitor", "hr", at(5), Seen(by="bo", at_us=at(9))) == [], "the first one stands"
    assert only(board.hear(told(9, CONTINUE, Priority.MEDIUM))).seen == seen
    assert only(board.hear(told(10, CONTINUE, Priority.MEDIUM, text="HR 150"))).seen == seen
    assert only(board.hear(told(11, END))).seen == seen


@pytest.mark.parametrize("change", [told(9, CONTINUE, Priority.HIGH), told(9, CONTINUE, code="MDC_EVT_LO"), told(9)])
def test_an_alarm_that_rises_or_begins_anew_is_unseen_again(change: Condition) -> None:
    board = linked()
    board.hear(told(5))
    board.see("monitor", "hr", at(5), Seen(by="anna", at_us=at(8)))
    assert board.hear(change)[-1].seen is None
    onset_us = only(board.standing()).onset_us
    assert board.see("monitor", "hr", onset_us, Seen(by="anna", at_us=at(8))) == [], "seen before it rose"
    assert board.see("monitor", "hr", onset_us, Seen(by="anna", at_us=at(10)))


def test_an_alarm_that_goes_on_has_not_risen_by_that() -> None:
    board = linked()
    board.hear(told(5))
    board.hear(told(9, CONTINUE))
    assert only(board.see("monitor", "hr", at(5), Seen(by="anna", at_us=at(8)))).seen


@pytest.mark.parametrize(("device", "source", "second"), [("vent", "hr", 5), ("monitor", "x", 5), ("monitor", "hr", 4)])
def test_what_is_not_there_is_not_seen(device: str, source: str, second: int) -> None:
    board = linked()
    board.hear(told(5))
    assert board.see(device, source, at(second), Seen(by="anna", at_us=at(8))) == []
    assert only(board.standing()).seen is None


def test_an_alarm_that_is_over_may_be_seen_in_the_log() -> None:
    board = linked()
    board.hear(told(5))
    board.hear(told(6, END))
    board.see("monitor", "hr", at(5), Seen(by="anna", at_us=at(8)))
    (alarm,) = board.ended()
    assert (alarm.presence, alarm.seen) == (Presence.ENDED, Seen(by="anna", at_us=at(8)))


def test_an_alarm_seen_before_the_clock_was_set_back_and_one_seen_after_it() -> None:
    board = linked()
    board.hear(told(100))
    board.hear(step(50))
    assert board.see("monitor", "hr", at(100), Seen(by="anna", at_us=at(51)))


def test_who_saw_a_page_of_before_the_clock_was_set_back_has_not_seen_what_rose_after_it() -> None:
    board = linked()
    board.hear(told(100))
    board.hear(step(50))
    board.hear(told(52, CONTINUE, Priority.HIGH))
    assert board.see("monitor", "hr", at(100), Seen(by="anna", at_us=at(53), told_us=at(100))) == []
    assert board.see("monitor", "hr", at(100), Seen(by="anna", at_us=at(54), told_us=at(52)))


def test_who_saw_a_page_of_before_the_clock_was_set_back_has_seen_what_has_only_gone_on_since() -> None:
    board = linked()
    board.hear(told(100))
    board.hear(step(50))
    board.hear(told(52, CONTINUE))
    assert board.see("monitor", "hr", at(100), Seen(by="anna", at_us=at(53), told_us=at(100)))


def test_what_has_been_unknown_for_an_hour_is_given_up_and_nobody_says_that_it_ended() -> None:
    board = linked()
    board.hear(told(0))
    assert board.tick(at(2 * 3_600)) == [], "present for hours"
    board.link("monitor", up=False, at_us=at(2 * 3_600))
    assert board.tick(at(2 * 3_600) + GONE_US) == []
    gone = only(board.tick(at(2 * 3_600) + GONE_US + 1))
    assert gone.presence is Presence.UNKNOWN
    assert list(board.ended()) == [gone]
    assert board.standing() == []
    assert only(board.hear(told(3 * 3_600 + 10, CONTINUE))).alarm.phase is CONTINUE, "told again it is there again"


@pytest.mark.parametrize("up", [True, False])
def test_after_a_restart_an_old_alarm_is_unknown_for_an_hour_and_not_gone(up: bool) -> None:
    board = Board("OR")
    board.hear(told(0))
    board.link("monitor", up=up, at_us=at(2 * 3_600))
    assert board.tick(at(2 * 3_600 + 1)) == []
    assert only(board.standing()).presence is Presence.UNKNOWN


def test_the_log_is_bounded_and_the_newest_is_first() -> None:
    board = linked()
    for n in range(KEPT + 5):
        board.hear(told(10 * n, text=str(n)))
        board.hear(told(10 * n + 5, END))
    assert [one.alarm.text for one in board.ended()] == [str(n) for n in range(KEPT + 4, 4, -1)]
