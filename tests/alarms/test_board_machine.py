"""Random lives of a bed against a model that reads clinical.md §4.2 off the list of what has happened.

The model keeps no state: from the whole history it asks, of each source, what was told last and what has happened to
its link since. `truth` is the order in which the devices told; the board hears it in another one, twice, or after a
restart, by times of a clock that is set.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from alarms.board import GONE_US, Alarm, Board, Presence, Seen
from collector.model import AlarmCondition, AlarmPhase, AlarmType, Condition, Priority
from collector.technical import GATEWAY, STEP

START, CONTINUE, END = AlarmPhase.START, AlarmPhase.CONTINUE, AlarmPhase.END
BED, T0_US, SECOND_US = "OR", 1_795_501_123_000_000, 1_000_000
DEVICES = ("monitor", "vent")
KEYS = [*((device, source) for device in DEVICES for source in ("a", "b")), (GATEWAY, "sink"), (GATEWAY, "advisory:T")]
LOUDEST = (Priority.HIGH, Priority.MEDIUM, Priority.LOW, Priority.INFORMATION)
Key = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Told:
    """`place`: in the order in which it happened."""

    place: int
    change: Condition
    life: int


@dataclass(frozen=True, kw_only=True)
class Linked:
    place: int
    device: str
    up: bool
    at_us: int


@dataclass(frozen=True, kw_only=True)
class Looked:
    """A person has seen the alarm that began at `onset_us`. `took`: it counted, and no change was under way meanwhile.

    Only then, and where the clock was not set back since, its time tells after a restart what was on the page.
    """

    place: int
    key: Key
    onset_us: int
    seen: Seen
    life: int
    took: bool


@dataclass(frozen=True, kw_only=True)
class GaveUp:
    """At this time of the gateway's clock what had been unknown for long was given up."""

    place: int
    now_us: int


Happened = Told | Linked | Looked | GaveUp


class Model:
    """Everything is asked of the list `history`, each time from its beginning."""

    def __init__(self, history: Iterable[Happened]) -> None:
        self.history = list(history)

    def effective(self, key: Key) -> list[Told]:
        """What was heard of a source, less what was older than what had been heard."""
        found: list[Told] = []
        for one in self.history:
            of = (one.change.device, one.change.alarm.source) if isinstance(one, Told) else None
            if isinstance(one, Told) and of == key and (not found or one.place > found[-1].place):
                found.append(one)
        return found

    def episode(self, key: Key) -> list[Told]:
        """The changes of the alarm that stands; empty where none does."""
        told = self.effective(key)
        if not told or told[-1].change.alarm.phase is END or self._given_up(key):
            return []
        first = len(told) - 1
        while first > 0 and told[first].change.alarm.phase is not START:
            before = told[first - 1]
            if before.change.alarm.phase is END or self._given_up(key, before):
                break
            first -= 1
        return told[first:]

    def presence(self, key: Key, told: Told | None = None, until: int | None = None) -> tuple[Presence, int]:
        """Of what was told last, and since when, by the gateway's clock."""
        told = told or self.effective(key)[-1]
        at_us = told.change.time_us
        if key[0] == GATEWAY:
            return Presence.PRESENT, at_us
        heard = self.history.index(told)
        links = [(n, one) for n, one in enumerate(self.history[:until]) if isinstance(one, Linked)]
        before = [one for n, one in links if n < heard and one.device == key[0]]
        after = [one for n, one in links if n > heard and one.device == key[0]]
        if before and before[-1].up and before[-1].place < told.place:
            return (Presence.UNKNOWN, max(at_us, after[0].at_us)) if after else (Presence.PRESENT, at_us)
        known = before[-1:] or after[:1]
        return Presence.UNKNOWN, max(at_us, *(one.at_us for one in known), at_us)

    def _given_up(self, key: Key, told: Told | None = None) -> bool:
        told = told or self.effective(key)[-1]
        heard = self.history.index(told)
        ticks = [(n, one) for n, one in enumerate(self.history) if isinstance(one, GaveUp) and n > heard]
        told_next = [n for n, one in enumerate(self.history) if n > heard and isinstance(one, Told)
                     and one.place > told.place and (one.change.device, one.change.alarm.source) == key]  # fmt: skip
        for n, tick in ticks:
            if told_next and n > told_next[0]:
                return False
            presence, since_us = self.presence(key, told, n)
            if presence is Presence.UNKNOWN and tick.now_us - since_us > GONE_US:
                return True
        return False

    def seen(self, key: Key) -> Seen | None:
        episode = self.episode(key)
        risen = episode[0]
        for before, one in pairwise(episode):
            rises = LOUDEST.index(one.change.alarm.priority) < LOUDEST.index(before.change.alarm.priority)
            if rises or one.change.alarm.code != before.change.alarm.code:
                risen = one
        since = self.history.index(risen)
        marks = [
            one.seen
            for one in self.history[since:]
            if isinstance(one, Looked) and one.key == key and one.onset_us == episode[0].change.time_us
            and (one.life > risen.life or one.seen.at_us >= risen.change.time_us)
        ]  # fmt: skip
        return marks[0] if marks else None


def said(key: Key, phase: AlarmPhase, priority: Priority, text: str, code: str, at_us: int) -> Condition:
    kind = AlarmType.TECHNICAL if key[0] == GATEWAY else AlarmType.PHYSIOLOGICAL
    alarm = AlarmCondition(source=key[1], type=kind, priority=priority, phase=phase, text=text, code=code)
    return Condition(bed=BED, device=key[0], time_us=at_us, alarm=alarm)


class Bed(RuleBasedStateMachine):
    """`now_us`: the gateway's clock, `life`: how often it was set back; `place`: counts what happens."""

    def __init__(self) -> None:
        super().__init__()
        self.board = Board(BED)
        self.history: list[Happened] = []
        self.journal: list[Condition] = []
        self.withheld: list[Told] = []
        self.now_us, self.place, self.life = T0_US, 0, 0
        self.up: dict[str, bool] = {}
        self.since_us: dict[str, int] = {}
        self.standing: dict[Key, AlarmCondition] = {}

    @initialize(up=st.booleans())
    def begin(self, up: bool) -> None:
        for device in DEVICES:
            self._link(device, up=up)

    @rule(key=st.sampled_from(KEYS), priority=st.sampled_from(LOUDEST), code=st.sampled_from("xy"),
          text=st.sampled_from(("", "t", "u")), ends=st.booleans(), anew=st.booleans(),
          late=st.sampled_from((True, *[False] * 5)))  # fmt: skip
    def tells(self, key: Key, priority: Priority, code: str, text: str, ends: bool, anew: bool, late: bool) -> None:
        """A device tells that an alarm begins, changes or ends; the board hears it at once, or later than others."""
        stands = key in self.standing
        phase = START if not stands or (anew and not ends) else END if ends else CONTINUE
        if (
            stands
            and phase is CONTINUE
            and self.standing[key] == replace(self.standing[key], priority=priority, text=text, code=code)
        ):
            text += "!"
        self._pass(1)
        told = Told(place=self._next(), change=said(key, phase, priority, text, code, self.now_us), life=self.life)
        if phase is END:
            del self.standing[key]
        else:
            self.standing[key] = told.change.alarm
        if late:
            self.withheld.append(told)
        else:
            self._hears(told)

    @precondition(lambda self: self.standing)
    @rule(data=st.data(), late=st.sampled_from((True, *[False] * 5)))
    def escalates(self, data: st.DataObject, late: bool) -> None:
        key = data.draw(st.sampled_from(sorted(self.standing)))
        before = self.standing[key]
        louder = LOUDEST[: LOUDEST.index(before.priority) or 1]
        self.tells(key, data.draw(st.sampled_from(louder)), before.code, before.text, False, False, late)

    @precondition(lambda self: self.withheld)
    @rule(data=st.data())
    def arrives_late(self, data: st.DataObject) -> None:
        self._hears(self.withheld.pop(data.draw(st.integers(0, len(self.withheld) - 1))))

    @precondition(lambda self: self.journal)
    @rule(data=st.data())
    def comes_again(self, data: st.DataObject) -> None:
        before = self.board.standing(), self.board.ended()
        assert self.board.hear(data.draw(st.sampled_from(self.journal))) == []
        assert (self.board.standing(), self.board.ended()) == before

    @rule(device=st.sampled_from(DEVICES))
    def link_changes(self, device: str) -> None:
        self._link(device, up=not self.up[device])

    @rule(device=st.sampled_from(DEVICES))
    def flickers(self, device: str) -> None:
        """It was lost and is back, before anybody looked."""
        if self.up[device]:
            self._link(device, up=True)

    @rule(device=st.sampled_from(DEVICES))
    def is_told_of_a_link_again(self, device: str) -> None:
        assert self.board.link(device, up=self.up[device], at_us=self.since_us[device]) == []

    @precondition(lambda self: self.board.standing())
    @rule(data=st.data(), ago_s=st.integers(0, 3))
    def sees(self, data: st.DataObject, ago_s: int) -> None:
        alarm: Alarm = data.draw(st.sampled_from(list(self.board.standing())))
        seen = Seen(by=f"p{self.place}", at_us=self.now_us - ago_s)
        key = alarm.device, alarm.alarm.source
        took = bool(self.board.see(*key, alarm.onset_us, seen)) and not self.withheld
        self.history.append(
            Looked(place=self._next(), key=key, onset_us=alarm.onset_us, seen=seen, life=self.life, took=took)
        )

    @rule(seconds=st.sampled_from((1, 60, 1_800, 3_601, 7_200)))
    def time_passes(self, seconds: int) -> None:
        self._pass(seconds * SECOND_US)
        self.board.tick(self.now_us)
        self.history.append(GaveUp(place=self._next(), now_us=self.now_us))

    @rule(seconds=st.integers(1, 5_000))
    def clock_is_set_back(self, seconds: int) -> None:
        """What is under way comes first: a change that crosses a step of the clock cannot be told from a new one."""
        while self.withheld:
            self._hears(self.withheld.pop(0))
        self.now_us -= seconds * SECOND_US
        self.history = [replace(one, took=False) if isinstance(one, Looked) else one for one in self.history]
        here = [one.change.time_us for one in self.history if isinstance(one, Told) and one.life == self.life]
        self.life += self.now_us < max(here, default=0)
        step = said(
            (GATEWAY, STEP), START if self.life % 2 else CONTINUE, Priority.LOW, f"{self.place}", "", self.now_us
        )
        self._hears(Told(place=self._next(), change=step, life=self.life))
        for device, up in self.up.items():
            if up:
                self.since_us[device] -= seconds * SECOND_US
                self.board.link(device, up=True, at_us=self.since_us[device])

    @rule()
    def restarts(self) -> None:
        """The journal is read anew, the links begin anew, and what people have seen by this clock is told again."""
        while self.withheld:
            self._hears(self.withheld.pop(0))
        self.board = Board(BED)
        for change in self.journal:
            self.board.hear(change)
        self.history = [one for one in self.history if isinstance(one, Told) or (isinstance(one, Looked) and one.took)]
        self._pass(1)
        for device in DEVICES:
            self._link(device, up=self.up[device])
        for one in self.history:
            if isinstance(one, Looked):
                self.board.see(*one.key, one.onset_us, one.seen)

    @invariant()
    def is_as_the_rules_say(self) -> None:
        model = Model(self.history)
        expected = {}
        for key in {(one.change.device, one.change.alarm.source) for one in self.history if isinstance(one, Told)}:
            episode = model.episode(key)
            if episode:
                last = episode[-1].change.alarm
                loudest = min((one.change.alarm.priority for one in episode), key=LOUDEST.index)
                expected[key] = (
                    last, model.presence(key)[0], episode[0].change.time_us, episode[-1].change.time_us,
                    loudest, model.seen(key),
                )  # fmt: skip
        found = {
            (one.device, one.alarm.source): (
                one.alarm, one.presence, one.onset_us, one.told_us, one.highest, one.seen
            )
            for one in self.board.standing()
        }  # fmt: skip
        assert found == expected
        order = [LOUDEST.index(one.alarm.priority) for one in self.board.standing()]
        assert order == sorted(order)

    def _hears(self, told: Told) -> None:
        key = told.change.device, told.change.alarm.source
        before = Model(self.history)
        new = all(told.place > one.place for one in before.effective(key))
        stood = new and bool(before.effective(key)) and bool(before.episode(key))
        found = self.board.hear(told.change)
        self.history.append(told)
        self.journal.append(told.change)
        if not new:
            assert found == [], "older than what is known"
        elif told.change.alarm.phase is not END:
            assert found[-1].alarm == told.change.alarm, "at once and as it is"
            assert found[-1] in self.board.standing()
        elif stood:
            assert found[-1].presence is Presence.ENDED
            assert next(iter(self.board.ended())) == found[-1]

    def _link(self, device: str, *, up: bool) -> None:
        """Its present alarms are what it moves, and it ends none."""
        self._pass(1)
        before = {(one.device, one.alarm.source) for one in self.board.standing()}
        self.up[device], self.since_us[device] = up, self.now_us
        changed = self.board.link(device, up=up, at_us=self.now_us)
        self.history.append(Linked(place=self._next(), device=device, up=up, at_us=self.now_us))
        assert {(one.device, one.alarm.source) for one in self.board.standing()} == before
        assert all(one.presence is Presence.UNKNOWN and one.device == device for one in changed)

    def _pass(self, us: int) -> None:
        self.now_us += us

    def _next(self) -> int:
        self.place += 1
        return self.place


def run(examples: int, number: int) -> None:
    machine = seed(number)(type("BedHere", (Bed,), {}))
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=30,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_five_hundred_lives_of_a_bed() -> None:
    run(500, 1)


@pytest.mark.soak
@pytest.mark.timeout(7_200)
@pytest.mark.parametrize("number", range(25))
def test_a_hundred_thousand_lives_of_a_bed(number: int) -> None:
    run(4_000, 100 + number)
