"""A device's values: which were kept, once each and as they were said. Pure."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from collector.model import Channel, Observation, Reading
from collector.verify.episodes import Episodes
from collector.verify.sayings import Key, Sayings
from collector.verify.testimony import NEVER_US, SETTLE_US, Found, Life, Said, Stream, content, same_place, signal


def find_values(told: Sequence[Said], kept: Sequence[tuple[Life, Reading]]) -> Found:
    """`told`: observations of one device in order of time; `kept`: its readings, in the order of their lives."""
    out = Found()
    episodes = Episodes([one for one in told if isinstance(one.event, Observation)])
    plain = Sayings([one for n, one in enumerate(told) if not episodes.episodic[n]], _said_key)
    loose = Sayings(plain.told, _loose_key)
    loose.found = plain.found
    by_life: dict[int, tuple[Life, list[Reading]]] = {}
    for life, reading in kept:
        by_life.setdefault(life.number, (life, []))[1].append(reading)
    for life, readings in by_life.values():
        _find(out, episodes, (plain, loose), life, readings)
        if life.killed:
            plain.give_back(life)
    out.streams.append(
        Stream(
            names=np.array(
                [one.event.channel.code for one in plain.told if isinstance(one.event, Observation)], np.str_
            ),
            said_us=np.array([one.time_us for one in plain.told], np.int64),
            which=np.arange(len(plain.told)),
            may=np.array([one.may for one in plain.told], np.bool_),
            kept=plain.found,
            waves=False,
        )
    )
    out.streams.append(episodes.stream())
    return out


def _find(
    out: Found, episodes: Episodes, sayings: tuple[Sayings, Sayings], life: Life, readings: Sequence[Reading]
) -> None:
    """Sayings by exact channel, and by the device's id alone for as long as a new dialogue may not know more."""
    plain, loose = sayings
    left: dict[tuple[Channel, *Key], list[Reading]] = defaultdict(list)
    for reading in readings:
        if not episodes.take(life, reading):
            left[_kept_key(reading)].append(reading)
    arrivals_us = [reading.time_us for equal in left.values() for reading in equal]
    settled_us = min((time_us for time_us in arrivals_us if time_us > life.absent_us), default=0) + SETTLE_US
    first_us: dict[Channel, int] = {}
    for (channel, *_), equal in left.items():
        first_us[channel] = min(first_us.get(channel, NEVER_US), *(reading.time_us for reading in equal))
    strange: list[Reading] = []
    for key, equal in left.items():
        equal.sort(key=lambda reading: reading.time_us)
        places = plain.take(life, key, [reading.time_us for reading in equal])
        for reading, place in zip(equal, places, strict=True):
            if place is None:
                strange.append(reading)
            elif reading.time_us > settled_us:
                out.ways.append((reading.time_us - plain.told[place].time_us) / 1e6)
    for reading in sorted(strange, key=lambda reading: reading.time_us):
        channel = same_place(reading.series.channel)
        if reading.time_us <= settled_us:
            (place,) = loose.take(life, _loose(reading), [reading.time_us])
            if place is not None:
                out.elsewhere += 1
                continue
        if reading.time_us == first_us[channel] and _stands(plain, reading, settled_us):
            out.again += 1
            continue
        out.invented += 1
        word = "stored again" if episodes.knows(reading) else "invented"
        out.odd.add(f"{word}: {reading.series.device} {channel.code}")


def _stands(plain: Sayings, reading: Reading, settled_us: int) -> bool:
    """Whether it is a word (a mode, a label) that its channel was last said to be: a simulated device says one when it
    changes, and shows it to each new dialogue. What is said later is no news of the dialogue's beginning.
    """
    channel = same_place(reading.series.channel)
    last = None
    for one in plain.told:
        if one.time_us > min(reading.time_us, settled_us):
            break
        if isinstance(one.event, Observation) and same_place(one.event.channel) == channel:
            last = one
    return reading.text is not None and last is not None and _said_key(last) == _kept_key(reading)


def _said_key(one: Said) -> Key:
    event = one.event
    if not isinstance(event, Observation):
        raise TypeError(type(event))
    return same_place(event.channel), *content(event)


def _kept_key(reading: Reading) -> tuple[Channel, *Key]:
    value = reading.value if reading.text is None else reading.text
    return same_place(reading.series.channel), value, reading.quality, reading.demo


def _loose_key(one: Said) -> Key:
    event = one.event
    if not isinstance(event, Observation):
        raise TypeError(type(event))
    return signal(event.channel), event.channel.unit, *content(event)


def _loose(reading: Reading) -> Key:
    channel = reading.series.channel
    return signal(channel), channel.unit, *_kept_key(reading)[1:]
