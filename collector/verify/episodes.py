"""A device's episodic values (a cuff's pressures): each measurement is kept once, however often it is said. Pure."""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

import numpy as np

from collector.model import Channel, Observation, Reading
from collector.normalize import EPISODE_US
from collector.verify.testimony import SLACK_US, WAY_US, Life, Said, Stream, content, same_place

NEAR_US = EPISODE_US + 1_000_000
"""Equal measurements are one where their times, each moved by the measured offset of a clock of whole seconds, are so
near: only a device that was switched off and on has such."""

Key = tuple[Hashable, ...]


@dataclass(slots=True)
class _Measurement:
    """times_us: when the device says that it was, if it does; places: of its sayings; kept: how often it was."""

    times_us: set[int] = field(default_factory=set)
    places: list[int] = field(default_factory=list)
    kept: int = 0

    def is_said_by(self, event: Observation) -> bool:
        """Whether this is it once more: marked so, or with the same time of the device's own."""
        time_us = event.device_time_us
        return event.repeat or (time_us is not None and any(abs(time_us - one) <= NEAR_US for one in self.times_us))


class Episodes:
    """The episodic among one device's observations. episodic: which these are, shape (n,)."""

    def __init__(self, told: Sequence[Said]) -> None:
        self._told = told
        self._measurements: dict[Key, list[_Measurement]] = defaultdict(list)
        self.episodic = np.zeros(len(told), np.bool_)
        last: dict[Channel, tuple[Key, _Measurement]] = {}
        for n, event in enumerate(one.event for one in told):
            if not isinstance(event, Observation):
                continue
            channel = same_place(event.channel)
            key = channel, *content(event)
            before, one = last.get(channel, ((), _Measurement()))
            if before != key or not one.is_said_by(event):
                one = _Measurement()
                self._measurements[key].append(one)
                last[channel] = key, one
            one.places.append(n)
            if event.device_time_us is not None:
                one.times_us.add(event.device_time_us)
            if event.device_time_us is not None or event.repeat:
                self.episodic[one.places] = True

    def take(self, life: Life, reading: Reading) -> bool:
        """Whether it is a measurement that was not kept before."""
        for one in self._of(reading):
            if one.kept < max(1, len(one.times_us)) and self._fits(life, one, reading.time_us):
                one.kept += 1
                return True
        return False

    def knows(self, reading: Reading) -> bool:
        """Whether it was said at all."""
        return any(self.episodic[one.places].any() for one in self._of(reading))

    def stream(self) -> Stream:
        """All sayings, also those that come again; once it is kept, a measurement need not be kept when it is said."""
        mine = np.flatnonzero(self.episodic)
        may = np.array([one.may for one in self._told], np.bool_)
        which = np.arange(len(self._told))
        for found in self._measurements.values():
            for one in found:
                which[one.places] = one.places[0]
                may[one.places] |= one.kept > 0
        codes = [one.event.channel.code if isinstance(one.event, Observation) else "" for one in self._told]
        return Stream(
            names=np.array(codes, np.str_)[mine],
            said_us=np.array([one.time_us for one in self._told], np.int64)[mine],
            which=which[mine],
            may=may[mine],
            kept=np.zeros(mine.size, np.bool_),  # heard, who knows when
            waves=False,
        )

    def _of(self, reading: Reading) -> Sequence[_Measurement]:
        value = reading.value if reading.text is None else reading.text
        key = same_place(reading.series.channel), value, reading.quality, reading.demo
        return self._measurements.get(key, ())

    def _fits(self, life: Life, one: _Measurement, kept_us: int) -> bool:
        """It is episodic, and its time is the device's own, or that of its arrival."""
        if not self.episodic[one.places[0]]:
            return False
        if any(abs(kept_us - time_us) <= EPISODE_US for time_us in one.times_us):
            return True
        times_us = (self._told[n].time_us for n in one.places)
        return any(
            life.first_us < time_us <= life.seen_us + SLACK_US and -SLACK_US <= kept_us - time_us <= WAY_US
            for time_us in times_us
        )
