"""A device's alarms and identities: which were kept. Pure."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace

import numpy as np

from collector.model import AlarmCondition, AlarmPhase, Condition, DeviceIdentity, Identity, PatientIdentity
from collector.verify.sayings import Key, Sayings
from collector.verify.testimony import SLACK_US, Found, Life, Said, Stream

_STANDING = (AlarmPhase.START, AlarmPhase.CONTINUE)


def find_alarms(told: Sequence[Said], kept: Sequence[tuple[Life, Condition]], settled_us: Mapping[int, int]) -> Found:
    """`told`: alarm conditions of one device in order of time; `kept`: its conditions, in the order of arrival;
    settled_us: by a life's number, until when a new dialogue may not yet be told everything.

    A new dialogue is told which alarms stand: what of that is news to what was kept before is kept then, and one that
    goes on as it was is kept to continue. Of an alarm that was not told to it, it need not know the end.
    """
    out = Found()
    sayings = Sayings(told, lambda one: (one.event,))
    known_us: dict[tuple[int, str], int] = {}
    equals: dict[tuple[int, Key], list[tuple[Life, Condition]]] = defaultdict(list)
    standing: set[str] = set()
    stood: dict[tuple[int, str], bool] = {}
    last: dict[str, AlarmCondition] = {}
    unchanged: set[Condition] = set()
    for life, condition in kept:
        source = condition.alarm.source
        before = last.get(source)
        if before is not None and replace(before, phase=AlarmPhase.CONTINUE) == condition.alarm:
            unchanged.add(condition)
        last[source] = condition.alarm
        equals[life.number, (condition.alarm,)].append((life, condition))
        known_us.setdefault((life.number, source), condition.time_us)
        stood.setdefault((life.number, source), source in standing)
        (standing.discard if condition.alarm.phase is AlarmPhase.END else standing.add)(source)
    for (_, key), equal in equals.items():
        equal.sort(key=lambda one: one[1].time_us)
        places = sayings.take(equal[0][0], key, [condition.time_us for _, condition in equal])
        for (life, condition), place in zip(equal, places, strict=True):
            if place is not None:
                continue
            its = life.number, condition.alarm.source
            news = condition.time_us == known_us[its] and stood[its] is not (condition.alarm.phase is AlarmPhase.START)
            again = news and _stands(told, condition, settled_us.get(life.number, life.absent_us))
            if again or (condition in unchanged and _stands(told, condition, condition.time_us)):
                out.again += 1
            else:
                out.invented += 1
                out.odd.add(f"invented alarm: {condition.device} {condition.alarm.source} {condition.alarm.phase}")
    out.streams.append(
        Stream(
            names=np.array([f"alarm {_alarm(one).source} {_alarm(one).phase}" for one in told], np.str_),
            said_us=np.array([one.time_us for one in told], np.int64),
            which=np.arange(len(told)),
            may=np.array([one.may or _no_news(one, kept) for one in told], np.bool_),
            kept=sayings.found,
            waves=False,
        )
    )
    return out


def find_identities(told: Sequence[Said], kept: Sequence[tuple[Life, Identity]]) -> Found:
    """`told`: identities that one device said, in order of time; `kept`: those of each life of the daemon.

    Each is kept once in a life, when it changes; a new dialogue may hear it in parts. A device that says none has one
    that is read from elsewhere (the level of its protocol).
    """
    out = Found()
    last: dict[tuple[int, type], DeviceIdentity | PatientIdentity] = {}
    for life, entry in kept:
        alike = [one for one in told if type(one.event) is type(entry.identity)]
        before = [one.event for one in alike if one.time_us <= entry.time_us + SLACK_US]
        again = last.get((life.number, type(entry.identity))) == entry.identity
        last[life.number, type(entry.identity)] = entry.identity
        if again or not (not alike or (before and _part_of(entry.identity, before[-1])) or entry.identity in before):
            out.invented += 1
            out.odd.add(f"invented: {entry.device} {type(entry.identity).__name__}")
    which: list[tuple[int, str]] = []
    found = []
    for one in told:
        lives = [life for life, _ in kept if life.absent_us < one.time_us <= life.end_us]
        which.append((lives[0].number if lives else -1, repr(one.event)))
        found.append(any(life in lives and entry.identity == one.event for life, entry in kept))
    numbers = {name: number for number, name in enumerate(dict.fromkeys(which))}
    out.streams.append(
        Stream(
            names=np.array([type(one.event).__name__ for one in told], np.str_),
            said_us=np.array([one.time_us for one in told], np.int64),
            which=np.array([numbers[name] for name in which], np.int64),
            may=np.array([one.may for one in told], np.bool_),
            kept=np.array(found, np.bool_),
            waves=False,
        )
    )
    return out


def _alarm(one: Said) -> AlarmCondition:
    if not isinstance(one.event, AlarmCondition):
        raise TypeError(type(one.event))
    return one.event


def _stands(told: Sequence[Said], condition: Condition, settled_us: int) -> bool:
    """Whether it is how what was last said of its source, when the dialogue was new, stood or had ended."""
    last = None
    for one in told:
        if one.time_us <= min(condition.time_us, settled_us) and _alarm(one).source == condition.alarm.source:
            last = _alarm(one)
    if last is None or (last.phase is AlarmPhase.END) is not (condition.alarm.phase is AlarmPhase.END):
        return False
    return replace(last, phase=condition.alarm.phase) == condition.alarm


def _no_news(one: Said, kept: Sequence[tuple[Life, Condition]]) -> bool:
    """Whether it is the end of an alarm that had not been told to the dialogue, or how one stands by what was kept."""
    alarm = _alarm(one)
    before = [
        (life, condition.alarm)
        for life, condition in kept
        if condition.alarm.source == alarm.source and condition.time_us <= one.time_us
    ]
    if alarm.phase is AlarmPhase.END:
        return not any(life.absent_us < one.time_us <= life.end_us for life, _ in before)
    return bool(before) and before[-1][1] in (replace(alarm, phase=phase) for phase in _STANDING)


def _part_of(identity: object, whole: object) -> bool:
    """Whether all that it tells is told by the other."""
    if not isinstance(identity, DeviceIdentity | PatientIdentity) or type(identity) is not type(whole):
        return False
    return all(
        getattr(identity, field.name) in ("", None, {}, getattr(whole, field.name)) for field in fields(identity)
    )
