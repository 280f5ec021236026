"""A board kept at what a journal has, over steps of the clock and over what is told late."""

from dataclasses import replace

from alarms.board import REMEMBERED, Presence
from alarms.follower import LATE_US, Follower
from collector.model import AlarmPhase
from collector.technical import GATEWAY, STEP
from tests.page.data import BED, NOW_US, SECOND_US, Store, alarm, status

HOUR_US = 3_600 * SECOND_US
BACK_US = LATE_US + HOUR_US


def test_after_a_clock_was_set_back_far_what_ended_stays_ended_and_what_is_told_is_heard() -> None:
    began = NOW_US - BACK_US - HOUR_US
    changes = [alarm(began, source="over"), alarm(began + SECOND_US, AlarmPhase.END, source="over")]
    changes += [alarm(began + n * SECOND_US, source="other", text=str(n)) for n in range(2, REMEMBERED + 4)]
    store = Store(changes=[*changes, alarm(NOW_US - SECOND_US, source="stands")])
    linked = replace(status(), since_us=began - HOUR_US)
    follower = Follower(BED, store)
    follower.follow((linked,), NOW_US)
    now_us = NOW_US - BACK_US
    store.changes += [alarm(now_us, device=GATEWAY, source=STEP), alarm(now_us + SECOND_US, source="new")]
    moved = replace(linked, since_us=linked.since_us - BACK_US)
    for second in range(2, 20):
        found = follower.follow((moved,), now_us + second * SECOND_US)
        known = {one.alarm.source for one in found.standing if one.presence is Presence.PRESENT}
        assert known == {"other", "stands", "new", STEP}
    store.changes.append(alarm(now_us + 20 * SECOND_US, AlarmPhase.END, source="stands"))
    assert len(follower.follow((moved,), now_us + 21 * SECOND_US).standing) == 3


def test_each_change_is_heard_once_and_at_the_next_look() -> None:
    store = Store()
    follower = Follower(BED, store)
    follower.follow((status(),), NOW_US)
    for second in range(1, 40):
        now_us = NOW_US + second * SECOND_US
        phase = AlarmPhase.START if second % 2 else AlarmPhase.END
        store.changes.append(alarm(now_us, phase))
        found = follower.follow((status(),), now_us)
        assert len(found.standing) == second % 2
        assert len(found.ended) == second // 2
