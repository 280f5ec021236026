"""What is known of a bed's alarms, read from a store in which the test plants what devices and gateway have told."""

from dataclasses import dataclass, field, replace

import pytest
import structlog
from structlog.testing import capture_logs

from alarms.board import Presence, Seen
from charting.filler.sources import SourceError
from charting.watch.feed import Feed
from charting.watch.state import BedAlarms, Doubt
from collector.links import GATEWAY_DOWN
from collector.model import AlarmPhase, AlarmType, Condition, Priority
from collector.series import SeriesReader
from collector.technical import GATEWAY
from tests.page.data import BED, HR, NOW_US, SECOND_US, Store, alarm, reading

START, CONTINUE, END = AlarmPhase.START, AlarmPhase.CONTINUE, AlarmPhase.END
PRESENT, UNKNOWN, ENDED = Presence.PRESENT, Presence.UNKNOWN, Presence.ENDED
HOUR_S = 3600
DAY_S = 24 * HOUR_S


def at(seconds: float) -> int:
    return NOW_US + round(seconds * SECOND_US)


@dataclass
class Bedside:
    """A bed whose devices send every second, but the `quiet` ones. `broken`: its store cannot be read."""

    store: Store = field(default_factory=Store)
    devices: tuple[str, ...] = ("monitor",)
    broken: bool = False
    quiet: set[str] = field(default_factory=set)
    now: float = 0.0

    def __post_init__(self) -> None:
        self.feed = self.started()

    def started(self) -> Feed:
        """As after a start of the service."""
        return Feed(BED, self.reader, structlog.get_logger())

    def reader(self) -> SeriesReader:
        if self.broken:
            raise SourceError("no store")
        return self.store

    def tell(self, seconds: float, phase: AlarmPhase = START, *, source: str = "hr", device: str = "monitor",
             priority: Priority = Priority.MEDIUM, text: str = "* HR 128 > 120") -> None:  # fmt: skip
        self.store.changes.append(alarm(at(seconds), phase, source=source, device=device, priority=priority, text=text))

    def link(self, seconds: float, phase: AlarmPhase = START, device: str = "monitor") -> None:
        self.store.changes.append(
            alarm(at(seconds), phase, source=f"link:{device}", device=GATEWAY, text="nothing is heard on its line",
                  type_=AlarmType.TECHNICAL)
        )  # fmt: skip

    def absent(self, since: float, until: float) -> None:
        for phase, seconds in ((START, since), (END, until)):
            told = alarm(at(seconds), phase, source="gateway", device=GATEWAY, type_=AlarmType.TECHNICAL)
            self.store.changes.append(replace(told, alarm=replace(told.alarm, code=GATEWAY_DOWN)))

    def go(self, seconds: float, *, used: bool = True, feed: Feed | None = None, step: float = 1.0) -> BedAlarms:
        """Until then, with a look each second."""
        feed = feed or self.feed
        while True:
            for device in self.devices:
                if device not in self.quiet:
                    self.store.readings.append(reading(replace(HR, device=device), at(self.now), 70.0))
            state = feed.look(at(self.now), used=used)
            if self.now >= seconds:
                return state
            self.now = min(self.now + step, seconds)


def told(state: BedAlarms) -> list[tuple[str, str, Presence]]:
    return [(a.device, a.alarm.source, a.presence) for a in state.alarms]


def test_a_device_alarm_is_there_at_the_next_look_and_its_end_too() -> None:
    bed = Bedside()
    assert bed.go(3).alarms == ()
    bed.tell(3, priority=Priority.HIGH)
    bed.tell(3.2, source="spo2")
    state = bed.go(4)
    assert told(state) == [("monitor", "hr", PRESENT), ("monitor", "spo2", PRESENT)]
    assert [a.alarm.priority for a in state.alarms] == [Priority.HIGH, Priority.MEDIUM]
    assert state.known
    bed.tell(5, END)
    state = bed.go(6)
    assert told(state) == [("monitor", "spo2", PRESENT)]
    assert [(a.alarm.source, a.presence) for a in state.told] == [("spo2", PRESENT), ("hr", ENDED)]


def test_a_lost_link_makes_its_alarms_unknown_until_the_device_tells_them_again() -> None:
    bed = Bedside(devices=("monitor", "vent"))
    bed.tell(-100)
    bed.tell(-90, source="spo2")
    bed.tell(-80, source="paw", device="vent")
    bed.quiet = {"monitor"}
    bed.link(-20)
    state = bed.go(2)
    assert {(d, s, p) for d, s, p in told(state) if d != GATEWAY} == {
        ("monitor", "hr", UNKNOWN), ("monitor", "spo2", UNKNOWN), ("vent", "paw", PRESENT),
    }  # fmt: skip
    assert state.devices == {"monitor": False, "vent": True}
    assert not state.known
    assert state.doubt is None
    bed.quiet = set()
    bed.tell(3, CONTINUE)
    bed.link(4, END)
    state = bed.go(5)
    assert set(told(state)) == {
        ("monitor", "hr", PRESENT), ("monitor", "spo2", UNKNOWN), ("vent", "paw", PRESENT),
    }  # fmt: skip
    assert state.known


def test_a_bed_of_which_nothing_new_comes_is_unknown_after_30_s_and_says_so_by_a_high_condition() -> None:
    bed = Bedside()
    bed.tell(-100)
    bed.go(5)
    bed.quiet = {"monitor"}
    state = bed.go(33)
    assert state.known
    state = bed.go(42)
    assert told(state) == [(GATEWAY, "feed", PRESENT), ("monitor", "hr", UNKNOWN)]
    own = state.alarms[0]
    assert (own.alarm.priority, own.alarm.type, own.onset_us) == (Priority.HIGH, AlarmType.TECHNICAL, at(5))
    assert (state.doubt, state.doubt_us) == (Doubt.SILENT, at(5))
    assert state.devices == {"monitor": False}
    assert not state.known


def test_silence_that_the_gateway_has_explained_is_no_outage() -> None:
    bed = Bedside()
    bed.go(5)
    bed.quiet = {"monitor"}
    bed.link(5)
    state = bed.go(120)
    assert state.doubt is None
    assert told(state) == [(GATEWAY, "link:monitor", PRESENT)]
    assert state.devices == {"monitor": False}


def test_one_device_without_a_link_explains_no_silence_of_the_other() -> None:
    bed = Bedside(devices=("monitor", "vent"))
    bed.go(5)
    bed.quiet = {"monitor", "vent"}
    bed.link(5)
    assert bed.go(60).doubt is Doubt.SILENT


def test_a_store_that_cannot_be_read_makes_everything_unknown_at_once() -> None:
    bed = Bedside()
    bed.tell(-100, priority=Priority.HIGH)
    bed.go(3)
    bed.broken = True
    with capture_logs() as logs:
        state = bed.go(9)
    assert [entry["event"] for entry in logs] == ["alarms of the bed lost", *["alarms of the bed still lost"] * 6]
    assert set(told(state)) == {(GATEWAY, "feed", PRESENT), ("monitor", "hr", UNKNOWN)}
    assert (state.doubt, state.doubt_us) == (Doubt.STORE, at(3))
    bed.broken = False
    state = bed.go(12)
    assert told(state) == [("monitor", "hr", PRESENT)]
    assert state.known
    assert next((a.alarm.source, a.presence, a.since_us) for a in state.told) == ("feed", ENDED, at(9))


def test_after_an_outage_nothing_counts_as_known_before_what_was_told_meanwhile_is_here() -> None:
    bed = Bedside()
    bed.tell(-100)
    bed.tell(-50, source="spo2")
    bed.go(5)
    bed.quiet = {"monitor"}
    bed.go(300)
    bed.quiet = set()
    state = bed.go(306)
    assert state.doubt is Doubt.BEHIND
    assert state.alarms[0].alarm.source == "feed"
    assert not state.known
    bed.tell(310, source="paw")
    state = bed.go(320)
    assert {(s, p) for _, s, p in told(state)} == {
        ("feed", PRESENT), ("paw", PRESENT), ("hr", UNKNOWN), ("spo2", UNKNOWN),
    }  # fmt: skip
    late: list[Condition] = [alarm(at(60), END, source="hr"), alarm(at(70), START, source="etco2")]
    bed.store.changes[2:2] = late
    bed.store.readings += [reading(HR, at(second), 71.0) for second in range(6, 300)]
    state = bed.go(330)
    assert set(told(state)) == {
        ("monitor", "spo2", PRESENT), ("monitor", "paw", PRESENT), ("monitor", "etco2", PRESENT),
    }  # fmt: skip
    assert state.known
    (onset,) = (a.onset_us for a in state.alarms if a.alarm.source == "etco2")
    assert onset == at(70)


@pytest.mark.parametrize("lasted", [36, 60, 90, 150])
@pytest.mark.parametrize("began", [5, 25, 45])
def test_what_was_told_before_an_outage_does_not_stand_for_what_was_told_in_it(began: int, lasted: int) -> None:
    bed = Bedside()
    bed.go(began)
    bed.quiet = {"monitor"}
    bed.go(began + lasted)
    bed.quiet = set()
    assert bed.go(began + lasted + 3).doubt is Doubt.BEHIND
    bed.store.changes.append(alarm(at(began + 20), source="etco2"))
    bed.store.readings += [reading(HR, at(second), 71.0) for second in range(began + 1, began + lasted)]
    state = bed.go(began + lasted + 5)
    assert told(state) == [("monitor", "etco2", PRESENT)]
    assert state.known


def test_what_came_live_while_a_look_was_held_up_does_not_stand_for_what_was_told_in_the_outage() -> None:
    bed = Bedside()
    bed.go(5)
    bed.quiet = {"monitor"}
    bed.go(300)
    bed.quiet = set()
    bed.store.readings += [reading(HR, at(second), 70.0) for second in range(301, 325)]
    bed.now = 325
    assert bed.go(330).doubt is Doubt.BEHIND
    bed.store.readings += [reading(HR, at(second), 71.0) for second in range(6, 300)]
    assert bed.go(332).known


def test_what_came_live_while_the_look_that_found_it_was_held_up_does_not_either() -> None:
    """The look of second 301 ends in second 325: it has found what came until then."""
    bed = Bedside()
    bed.go(5)
    bed.quiet = {"monitor"}
    bed.go(300)
    bed.store.readings += [reading(HR, at(second), 70.0) for second in range(301, 325)]
    bed.now = 301
    bed.go(301)
    bed.quiet, bed.now = set(), 325
    assert bed.go(330).doubt is Doubt.BEHIND


def test_an_outage_of_which_nothing_was_ever_told_ends_after_five_minutes() -> None:
    bed = Bedside()
    bed.go(5)
    bed.quiet = {"monitor"}
    bed.go(300)
    bed.quiet = set()
    assert bed.go(590).doubt is Doubt.BEHIND
    assert bed.go(615).doubt is None


def test_a_gateway_that_was_away_explains_what_it_did_not_hear() -> None:
    bed = Bedside()
    bed.tell(-100)
    bed.tell(-90, source="spo2")
    bed.go(5)
    bed.quiet = {"monitor"}
    bed.go(200)
    bed.absent(5, 203)
    bed.quiet = set()
    bed.tell(205, CONTINUE)
    state = bed.go(212)
    assert state.doubt is None
    assert set(told(state)) == {("monitor", "hr", PRESENT), ("monitor", "spo2", UNKNOWN)}


def test_what_comes_late_and_out_of_order_is_found() -> None:
    bed = Bedside()
    bed.tell(-60)
    bed.go(3)
    bed.store.changes.insert(0, alarm(at(-120), source="soon"))
    assert set(told(bed.go(4))) == {("monitor", "hr", PRESENT), ("monitor", "soon", PRESENT)}
    bed.store.changes.insert(0, alarm(at(-3 * HOUR_S), source="late"))
    assert len(told(bed.go(10))) == 2
    assert len(told(bed.go(610, step=5))) == 3


def test_after_a_restart_everything_stands_as_before_however_old() -> None:
    bed = Bedside()
    bed.tell(-9 * DAY_S, source="leads", priority=Priority.LOW)
    bed.tell(-9 * DAY_S + 5, source="over")
    bed.tell(-8 * DAY_S, END, source="over")
    bed.tell(-3 * DAY_S, source="unsure")
    bed.link(-2 * DAY_S)
    bed.link(-2 * DAY_S + 60, END)
    bed.tell(-2 * DAY_S + 58, CONTINUE, source="leads", priority=Priority.LOW)
    bed.tell(-60)
    before = bed.go(2)
    after = bed.go(4, feed=bed.started())
    assert told(after) == [("monitor", "hr", PRESENT), ("monitor", "leads", PRESENT)]
    assert told(before) == told(after)


def test_who_has_seen_an_alarm_stands_with_it_after_everything_was_read_anew() -> None:
    bed = Bedside()
    bed.tell(-60)
    bed.go(3)
    bed.feed.see("monitor", "hr", at(-60), Seen(by="zhang", at_us=at(3)))
    assert [a.seen for a in bed.go(4).alarms] == [Seen(by="zhang", at_us=at(3))]
    assert [a.seen for a in bed.go(700, step=5).alarms] == [Seen(by="zhang", at_us=at(3))]
    bed.tell(701, CONTINUE, priority=Priority.HIGH)
    assert [a.seen for a in bed.go(702).alarms] == [None], "it has risen"


def test_an_alarm_of_a_gateway_whose_clock_is_ahead_can_be_seen() -> None:
    bed = Bedside()
    bed.tell(8)
    bed.go(3)
    bed.feed.see("monitor", "hr", at(8), Seen(by="zhang", at_us=at(3), told_us=at(8)))
    assert [a.seen is not None for a in bed.go(4).alarms] == [True]


@pytest.mark.parametrize("behind", [0, 60])
def test_who_has_seen_an_alarm_has_not_seen_it_risen_whatever_the_gateways_clock_is(behind: int) -> None:
    bed = Bedside()
    bed.tell(-60 - behind)
    bed.go(3)
    bed.tell(4 - behind, CONTINUE, priority=Priority.HIGH)
    bed.feed.see("monitor", "hr", at(-60 - behind), Seen(by="zhang", at_us=at(4.5), told_us=at(-60 - behind)))
    assert [a.seen for a in bed.go(5).alarms] == [None]
    assert [a.seen for a in bed.go(700, step=5).alarms] == [None], "nor after everything was read anew"


def test_our_own_condition_can_be_seen_and_stays() -> None:
    bed = Bedside()
    bed.go(5)
    bed.quiet = {"monitor"}
    own = bed.go(60).alarms[0]
    bed.feed.see(GATEWAY, "feed", own.onset_us, Seen(by="li", at_us=at(60)))
    (again,) = bed.go(61).alarms
    assert again.seen == Seen(by="li", at_us=at(60))
    bed.feed = bed.started()
    bed.feed.see(GATEWAY, "feed", own.onset_us, Seen(by="li", at_us=at(60)))
    assert bed.go(62).alarms == (replace(again, told_us=at(61)),)


@pytest.mark.parametrize(("used", "sources"), [(True, ["feed"]), (False, [])])
def test_a_bed_that_nobody_uses_is_unknown_but_calls_nobody(used: bool, sources: list[str]) -> None:
    bed = Bedside(quiet={"monitor"})
    state = bed.go(40, used=used)
    assert (state.doubt, [a.alarm.source for a in state.alarms]) == (Doubt.SILENT, sources)


def test_a_device_that_was_taken_away_leaves_nothing_present_behind() -> None:
    bed = Bedside(devices=("monitor", "pump"))
    bed.tell(-60, device="pump", source="air")
    bed.go(5)
    bed.quiet = {"pump"}
    state = bed.go(HOUR_S, step=5)
    assert told(state) == [("pump", "air", PRESENT)]
    state = bed.go(HOUR_S + 10)
    assert told(state) == [("pump", "air", UNKNOWN)] or told(state) == []
    bed.quiet = set()
    bed.tell(HOUR_S + 12, device="pump", source="door")
    state = bed.go(HOUR_S + 20)
    assert ("pump", "door", PRESENT) in told(state)
    assert ("pump", "air", PRESENT) not in told(state)
    assert ("pump", "air", PRESENT) not in told(bed.go(HOUR_S + 700, step=5)), "nor after everything was read anew"


def test_a_change_that_comes_before_any_reading_does_not_end_an_outage_either() -> None:
    bed = Bedside()
    bed.tell(-100)
    bed.go(5)
    bed.quiet = {"monitor"}
    bed.go(300)
    bed.tell(300.5, source="paw")
    state = bed.go(301)
    assert state.doubt is Doubt.BEHIND
    assert {(s, p) for _, s, p in told(state)} == {("feed", PRESENT), ("paw", PRESENT), ("hr", UNKNOWN)}


def test_our_own_condition_that_is_told_with_a_time_long_ago_is_there_at_the_next_look() -> None:
    bed = Bedside()
    bed.go(3)
    bed.tell(-400, source="signal:nibp::monitor", device=GATEWAY)
    assert told(bed.go(4)) == [(GATEWAY, "signal:nibp::monitor", PRESENT)]


@pytest.mark.parametrize("behind", [3 * HOUR_S, 3 * DAY_S])
def test_an_alarm_of_a_gateway_whose_clock_is_far_behind_is_not_delayed(behind: int) -> None:
    bed = Bedside(devices=())

    def go(seconds: int) -> BedAlarms:
        bed.store.readings.append(reading(HR, at(seconds - behind), 70.0))
        return bed.feed.look(at(seconds), used=True)

    for seconds in range(10):
        go(seconds)
    bed.tell(9.5 - behind)
    assert told(go(10)) == [("monitor", "hr", PRESENT)]
    bed.tell(10.5 - behind, END)
    assert told(go(11)) == []


def test_nothing_is_heard_because_a_day_has_passed_since_the_last_change() -> None:
    bed = Bedside()
    bed.tell(0.5)
    bed.go(5)
    bed.quiet = {"monitor"}
    bed.go(DAY_S - 700, step=100)
    while bed.now < DAY_S + 700:
        assert bed.go(bed.now + 10, step=10).doubt is Doubt.SILENT


def test_silence_is_told_after_our_clock_was_set_back_too() -> None:
    bed = Bedside()
    bed.go(5)
    bed.quiet = {"monitor"}
    bed.now = -HOUR_S
    assert bed.go(-HOUR_S + 40).doubt is Doubt.SILENT
