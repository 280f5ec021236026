"""A device's episodic values (a cuff's pressures): each measurement is kept once, however often it is said. Pure."""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

import numpy as np

from collector.model import Channel, Observation, Reading
from collector.normalize import EPISODE_US
from collector.verify.testimony import SLACK_US, WAY_US, Life, Said, Stream, content, same_place

Key = tuple[Hashable, ...]


@dataclass(slots=True)
class _Measurement:
    """device_us: when the device says that it was; None: it does not say. places: its sayings."""

    device_us: int | None
    places: list[int] = field(default_factory=list)
    kept_us: list[int] = field(default_factory=list)


class Episodes:
    """The episodic among one device's observations. episodic: which these are, shape (n,)."""

    def __init__(self, told: Sequence[Said]) -> None:
        self._told = told
        self._measurements: dict[Key, list[_Measurement]] = defaultdict(list)
        self._kept = np.zeros(len(told), np.bool_)
        self.episodic = np.zeros(len(told), np.bool_)
        last: dict[Channel, tuple[Key, _Measurement]] = {}
        for n, event in enumerate(one.event for one in told):
            if not isinstance(event, Observation):
                continue
            channel = same_place(event.channel)
            key = channel, *content(event)
            before_key, before = last.get(channel, (None, None))
            if before is None or before_key != key or not _again(event, before):
                before = _Measurement(event.device_time_us)
                self._measurements[key].append(before)
                last[channel] = key, before
            before.places.append(n)
        for key, found in self._measurements.items():
            self._measurements[key] = [one for one in found if one.device_us is not None or len(one.places) > 1]
            for one in self._measurements[key]:
                self.episodic[one.places] = True

    def take(self, life: Life, reading: Reading) -> bool:
        """Whether it is a measurement that was not kept before."""
        for one in self._of(reading):
            if one.kept_us or not self._fits(life, one, reading.time_us):
                continue
            one.kept_us.append(reading.time_us)
            return True
        return False

    def knows(self, reading: Reading) -> bool:
        """Whether it was said at all."""
        return bool(self._of(reading))

    def stream(self) -> Stream:
        """All sayings, also those that come again; once it is kept, a measurement need not be kept when it is said."""
        mine = np.flatnonzero(self.episodic)
        may = np.array([one.may for one in self._told], np.bool_)
        which = np.arange(len(self._told))
        for found in self._measurements.values():
            for one in found:
                which[one.places] = one.places[0]
                may[one.places] |= bool(one.kept_us)
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
        """Its time is the device's own, or that of its arrival."""
        if one.device_us is not None and abs(kept_us - one.device_us) <= EPISODE_US:
            return True
        times_us = (self._told[n].time_us for n in one.places)
        return any(
            life.first_us < time_us <= life.seen_us + SLACK_US and -SLACK_US <= kept_us - time_us <= WAY_US
            for time_us in times_us
        )


def _again(event: Observation, before: _Measurement) -> bool:
    """Whether it is said once more: marked so, or with the same time of the device's own."""
    if event.repeat:
        return True
    return event.device_time_us is not None and event.device_time_us == before.device_us
