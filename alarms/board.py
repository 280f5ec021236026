"""The state of a bed's alarms as far as we know it: what devices and the gateway have told, never more. Pure.

A device's priority stays as it gave it; nothing is delayed, silenced or cleared for it. While its link is down what it
told last is unknown, not over (clinical.md §4.2).
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, TypeVar

from collector.links import LATE_US, device_of
from collector.model import AlarmCondition, AlarmPhase, Condition, Priority
from collector.technical import GATEWAY, STEP

GONE_US = 3_600_000_000
"""What has been unknown for so long is given up: it may be another patient's."""
KEPT = 200
"""Alarms that are over and kept for the log: some hours of an unquiet bed (clinical.md §4.3: 12 an hour are many)."""
REMEMBERED = 1_024
"""Changes of which a repetition is known as one, also where the clock was set back between; else time tells it."""
SOURCES = 4_096
"""Sources of which the last change is remembered: more than any device has."""

Key = TypeVar("Key")


class Presence(StrEnum):
    """unknown: it was present when its device was last heard."""

    PRESENT = "present"
    UNKNOWN = "unknown"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A person has seen it on our page: it stays where it is, and nothing reaches the device.

    `told_us`: of the change that was on his page, by the gateway's clock; None: of all that was told until `at_us`.
    """

    by: str
    at_us: int
    told_us: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One alarm condition from its onset on. Times are µs since 1970 UTC, of the gateway's clock.

    `alarm`: as its device told it last; `highest`: the highest priority that it was told with since its onset.
    """

    bed: str
    device: str
    alarm: AlarmCondition
    onset_us: int
    told_us: int
    presence: Presence
    since_us: int
    """Since when it is in this presence."""
    highest: Priority
    seen: Seen | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Link:
    """`told`: by the caller, and not only by the gateway's conditions."""

    up: bool
    since_us: int
    told: bool = True


@dataclass(slots=True)
class _Raised:
    """An alarm that stands, in which life of our clock it was told, and when it came to the priority that it has."""

    now: Alarm
    told: tuple[int, int]
    risen: tuple[int, int]


class Board:
    """One bed's alarms. `hear`, `link`, `see` and `tick` return what has changed by them, at once.

    Changes are heard in the order in which they came to the bed; one that comes again, or that is older than what has
    been heard of its source, changes nothing. Where our clock goes back, the gateway's own condition about it comes
    first (collector.timekeeping): what follows is newer than all before, whatever its time.
    """

    def __init__(self, bed: str) -> None:
        self._bed = bed
        self._raised: dict[tuple[str, str], _Raised] = {}
        self._ended: deque[Alarm] = deque(maxlen=KEPT)
        self._links: dict[str, _Link] = {GATEWAY: _Link(up=True, since_us=0, told=False)}
        self._last: dict[tuple[str, str], tuple[int, int]] = {}
        self._heard: dict[Condition, None] = {}
        self._life = 0
        self._newest_us = 0

    def hear(self, condition: Condition) -> Sequence[Alarm]:
        """A change was told. One of the gateway about a link moves that link, where `link` never told of it."""
        if condition in self._heard:
            return []
        self._heard[condition] = None
        _forget(self._heard, REMEMBERED)
        self._follow_clock(condition)
        key, told = (condition.device, condition.alarm.source), (self._life, condition.time_us)
        raised = self._raised.get(key)
        again = raised is not None and (raised.told, raised.now.alarm) == (told, condition.alarm)
        if again or told < self._last.get(key, told):
            return []
        self._last.pop(key, None)
        self._last[key] = told
        _forget(self._last, SOURCES)
        ends = condition.alarm.phase is AlarmPhase.END
        changed = self._end(key, condition) if ends else self._raise(key, condition, told)
        device = device_of(condition.alarm.source) if condition.device == GATEWAY else ""
        return [*changed, *self._told_of_link(device, condition.time_us, up=ends)] if device else changed

    def link(self, device: str, *, up: bool, at_us: int) -> Sequence[Alarm]:
        """The link of a device is up, or down, since a time; to say so again changes nothing.

        Down: what it told is unknown. Up: so is all that it told before `at_us`, until it tells or ends it. Without the
        gateway (GATEWAY is its device) nothing of the bed is known.
        """
        before = self._links.get(device)
        if before is not None and before.told and before.up is up and (not up or before.since_us == at_us):
            return []
        return self._move(device, before, _Link(up=up, since_us=at_us))

    def is_heard(self, device: str) -> bool:
        """Whether its link is up. Of a device that is not heard, nobody may say that it has no alarm."""
        link = self._links.get(device)
        return link is not None and link.up

    def see(self, device: str, source: str, onset_us: int, seen: Seen) -> Sequence[Alarm]:
        """Mark that alarm as seen; it stands or has ended as before.

        Nothing where it has none of this onset, where it is marked, or where it has risen since what he saw. What was
        seen before the clock was set back is not to be told again.
        """
        raised = self._raised.get((device, source))
        if raised is not None and raised.now.onset_us == onset_us:
            if raised.now.seen is not None or self._known(raised.now, seen) < raised.risen:
                return []
            raised.now = replace(raised.now, seen=seen)
            return [raised.now]
        for place, alarm in enumerate(self._ended):
            if (alarm.device, alarm.alarm.source, alarm.onset_us) == (device, source, onset_us) and alarm.seen is None:
                self._ended[place] = replace(alarm, seen=seen)
                return [self._ended[place]]
        return []

    def _known(self, now: Alarm, seen: Seen) -> tuple[int, int]:
        """In which life of our clock the change was told that he saw, and when."""
        if seen.told_us is None:
            return self._life, seen.at_us
        ahead = seen.told_us > now.told_us  # of all that was told: the clock has been set back since
        return self._life - ahead, seen.told_us

    def tick(self, now_us: int) -> Sequence[Alarm]:
        """Give up what has been unknown for `GONE_US`. It goes into the log as unknown: nobody has ended it."""
        gone = [
            key
            for key, raised in self._raised.items()
            if raised.now.presence is Presence.UNKNOWN and now_us - raised.now.since_us > GONE_US
        ]
        return [self._log(self._raised.pop(key).now) for key in gone]

    def standing(self) -> Sequence[Alarm]:
        """Present and unknown ones: highest priority first, then the newest."""
        return sorted((raised.now for raised in self._raised.values()), key=_order)

    def ended(self) -> Iterable[Alarm]:
        """Those that are over, and those given up as unknown, the newest first, at most so many as are kept."""
        return tuple(self._ended)

    def _follow_clock(self, condition: Condition) -> None:
        is_step = (condition.device, condition.alarm.source) == (GATEWAY, STEP)
        if is_step and condition.alarm.phase is not AlarmPhase.END and condition.time_us < self._newest_us:
            self._life += 1
            self._newest_us = condition.time_us
        self._newest_us = max(self._newest_us, condition.time_us)

    def _raise(self, key: tuple[str, str], condition: Condition, told: tuple[int, int]) -> Sequence[Alarm]:
        alarm, at_us = condition.alarm, condition.time_us
        before = self._raised.get(key)
        changed: list[Alarm] = []
        if before is not None and alarm.phase is AlarmPhase.START:
            was_present = before.now.presence is Presence.PRESENT
            over = replace(before.now, presence=Presence.ENDED, since_us=at_us) if was_present else before.now
            changed.append(self._log(over))
            before = None
        link = self._links.get(condition.device)
        known = link is not None and link.up and at_us >= link.since_us
        presence = Presence.PRESENT if known else Presence.UNKNOWN
        since_us = at_us if known or link is None else max(at_us, link.since_us)
        if before is None:
            now = Alarm(
                bed=self._bed,
                device=condition.device,
                alarm=alarm,
                onset_us=at_us,
                told_us=at_us,
                presence=presence,
                since_us=since_us,
                highest=alarm.priority,
            )
            risen = told
        else:
            then = before.now
            rises = alarm.priority.rank < then.alarm.priority.rank or alarm.code != then.alarm.code
            now = replace(
                then,
                alarm=alarm,
                told_us=at_us,
                presence=presence,
                since_us=then.since_us if known and then.presence is presence else since_us,
                highest=min(alarm.priority, then.highest, key=lambda one: one.rank),
                seen=None if rises else then.seen,
            )
            risen = told if rises else before.risen
        self._raised[key] = _Raised(now=now, told=told, risen=risen)
        return [*changed, now]

    def _end(self, key: tuple[str, str], condition: Condition) -> Sequence[Alarm]:
        raised = self._raised.pop(key, None)
        if raised is None:
            return []
        at_us, alarm = condition.time_us, replace(raised.now.alarm, phase=AlarmPhase.END)
        return [self._log(replace(raised.now, alarm=alarm, told_us=at_us, presence=Presence.ENDED, since_us=at_us))]

    def _told_of_link(self, device: str, at_us: int, *, up: bool) -> Sequence[Alarm]:
        """It is told with the time of the loss; for `LATE_US` from then on nothing was heard, then the device again."""
        before = self._links.get(device)
        if before is not None and (before.told or before.up is up):
            return []
        since_us = before.since_us + LATE_US if up and before is not None else at_us
        return self._move(device, before, _Link(up=up, since_us=since_us, told=False))

    def _move(self, device: str, before: _Link | None, now: _Link) -> Sequence[Alarm]:
        if device == GATEWAY and not now.up:
            self._links = dict.fromkeys(self._links, now)
            return self._doubt(self._raised.values(), now.since_us)
        self._links[device] = now
        raised = [each for (of, _), each in self._raised.items() if of == device]
        if before is not None and before.told and before.up and now.up and now.since_us < before.since_us:
            return []  # it was up all the time, and only our clock went back
        since = self._life, now.since_us
        new = [each for each in raised if now.up and each.told >= since]
        old = [each for each in raised if each not in new]
        changed = [*self._doubt(old, now.since_us), *self._confirm(new)]
        if before is None or not before.told:
            for each in old:  # unknown, but not for longer than it is known of the link
                each.now = replace(each.now, since_us=max(each.now.since_us, now.since_us))
        return changed

    def _doubt(self, raised: Iterable[_Raised], at_us: int) -> Sequence[Alarm]:
        present = [each for each in raised if each.now.presence is Presence.PRESENT]
        for each in present:
            since_us = max(at_us, each.now.told_us)
            each.now = replace(each.now, presence=Presence.UNKNOWN, since_us=since_us)
        return [each.now for each in present]

    def _confirm(self, raised: Iterable[_Raised]) -> Sequence[Alarm]:
        unknown = [each for each in raised if each.now.presence is Presence.UNKNOWN]
        for each in unknown:
            each.now = replace(each.now, presence=Presence.PRESENT, since_us=each.now.told_us)
        return [each.now for each in unknown]

    def _log(self, alarm: Alarm) -> Alarm:
        self._ended.appendleft(alarm)
        return alarm


def _order(alarm: Alarm) -> tuple[int, int, str, str]:
    return alarm.alarm.priority.rank, -alarm.onset_us, alarm.device, alarm.alarm.source


def _forget(remembered: dict[Key, Any], most: int) -> None:
    if len(remembered) > most:
        del remembered[next(iter(remembered))]
