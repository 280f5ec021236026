"""One group of a physiological sub-record → observations (fact sheet ge-datex-dri §5.1, §5.3)."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from collector.model import Channel, Observation, Quality
from drivers.ge_datex_dri.layout import DATA, NO_VALUE, Choice, Episode, Group, Named

EXISTS, ACTIVE = 1, 3
"""Status bits: the module is there; and its measurement runs. Only then a field is a value (§5.1)."""
MISSING = {-32764: Quality.UNDERFLOW, -32763: Quality.OVERFLOW, -32762: Quality.CALIBRATING}
"""Special values (§5.1); all others say "not available"."""
NO_TWITCHES = -31000
"""At or below it, as a signed word, the NMT ptc word says nothing (§5.3)."""
NO_PTC = 31
TRAIN_OF_FOUR = 0

_HEADER = struct.Struct("<IH")
_TWITCHES = struct.Struct("<h")


@dataclass(slots=True)
class Moment:
    """When the record at hand is from, and when the auxiliary record says that cuff, CO and wedge were measured."""

    time_s: int = 0
    stamps: dict[str, int] = field(default_factory=dict)


class GroupReader:
    """Reads one group of one class. The same bytes again give the same events again, without reading them.

    `prefix`: of the sources ("basic.", "trend10.basic."); `status`, `label`: the group's words as last read.
    """

    def __init__(self, group: Group, prefix: str, level: int) -> None:
        self.status = 0
        self.label = 0
        self._group = group
        self._prefix = prefix
        self._level = level
        self._place = slice(group.offset, group.offset + group.size)
        self._tail = slice(*group.tail) if group.tail else None
        self._numbers = struct.Struct(f"<{len(group.fields)}h")
        self._divisors = tuple(item.divisor for item in group.fields)
        self._idle = group.positions(group.idle)
        self._idle_absent = group.positions(group.idle_absent)
        self._states = tuple(
            (state, Channel(code=state.code, source=self._source(state.name), unit="")) for state in group.states
        )
        self._told: dict[Channel, str] = {}
        self._raw = b""
        self._header = b""
        self._names: tuple[Named, ...] = ()
        self._channels: tuple[Channel, ...] = ()
        self._values: Sequence[Observation] = ()

    def read(self, data: bytes) -> Sequence[Observation]:
        """The observations of the group in a class's data area."""
        raw = data[self._place]
        if self._tail:
            raw += data[self._tail]
        if raw == self._raw:
            return self._values
        self._raw = raw
        before = self._values
        if raw[:DATA] != self._header:
            self._relabel(raw[:DATA])
        changes = self._changes(raw)
        self._values = self._measured(raw) if self.status & ACTIVE == ACTIVE else ()
        changes += ended(before, self._values)
        return [*changes, *self._values] if changes else self._values

    def _source(self, name: str) -> str:
        return self._prefix + (name if "." in name else f"{self._group.name}.{name}")

    def _relabel(self, header: bytes) -> None:
        self._header = header
        self.status, self.label = _HEADER.unpack(header)
        self._names = tuple(
            item.code.pick(self.status, self.label, self._level) if isinstance(item.code, Choice) else item.code
            for item in self._group.fields
        )
        self._channels = tuple(
            Channel(code=name.code, source=self._source(item.name), unit=item.unit, site=name.site)
            for name, item in zip(self._names, self._group.fields, strict=True)
        )

    def _changes(self, raw: bytes) -> list[Observation]:
        """The states that are not what they were; those of an absent module are forgotten."""
        if not self.status & EXISTS:
            self._told.clear()
            return []
        found: list[Observation] = []
        for state, channel in self._states:
            text = state.text(raw)
            if self._told.get(channel) != text:
                self._told[channel] = text
                found.append(Observation(channel=channel, value=text))
        return found

    def _measured(self, raw: bytes) -> list[Observation]:
        numbers = list(self._numbers.unpack_from(raw, DATA))
        if self._idle and all(numbers[i] <= NO_VALUE for i in self._idle):
            for i in self._idle_absent:
                numbers[i] = NO_VALUE
        quality = Quality.CALIBRATING if self.status & self._group.calibrating else Quality.VALID
        return [
            observation(channel, number, divisor, quality)
            for channel, number, divisor, name in zip(self._channels, numbers, self._divisors, self._names, strict=True)
            if number > NO_VALUE or not name.quiet
        ]


class EpisodicReader(GroupReader):
    """A group with values that stay until the next measurement: each measurement is told once, then repeated."""

    def __init__(self, group: Group, prefix: str, level: int, moment: Moment) -> None:
        super().__init__(group, prefix, level)
        self._moment = moment
        self._episodes = tuple(_EpisodeMemory(episode, group.positions(episode.fields)) for episode in group.episodes)

    def read(self, data: bytes) -> Sequence[Observation]:
        self._raw = b""  # unchanged bytes are repeats, or a new measurement of the same pressure
        return super().read(data)

    def _measured(self, raw: bytes) -> list[Observation]:
        values = super()._measured(raw)
        for memory in self._episodes:
            memory.mark(values, self.label, self._moment)
        return values


class TwitchReader(GroupReader):
    """The NMT group, whose last word packs post-tetanic count, train-of-four count and current.

    `counts`: whether the train-of-four count is valid (in trends it is not). Without a current nothing was stimulated.
    """

    def __init__(self, group: Group, prefix: str, level: int, *, counts: bool) -> None:
        super().__init__(group, prefix, level)
        self._counts = counts
        self._count = Channel(code="MDC_TRAIN_OF_FOUR_CNT", source=self._source("count"), unit="1")
        self._ptc = Channel(code="MDC_PTC_CNT", source=self._source("ptc"), unit="1")
        self._current = Channel(code="VND_GE_NMT_CURRENT", source=self._source("current"), unit="mA")

    def _measured(self, raw: bytes) -> list[Observation]:
        (word,) = _TWITCHES.unpack_from(raw, self._group.size - _TWITCHES.size)
        ptc, count, current = word & 31, word >> 5 & 15, word >> 9 & 127
        stimulated = word > NO_TWITCHES and current > 0
        train = self.status >> 2 & 3 == TRAIN_OF_FOUR
        found = [
            *super()._measured(raw),
            self._number(self._ptc, ptc, told=stimulated and ptc != NO_PTC),
            self._number(self._current, current, told=stimulated),
        ]
        if self._counts:
            found.append(self._number(self._count, count, told=stimulated and train))
        return found

    @staticmethod
    def _number(channel: Channel, number: int, *, told: bool) -> Observation:
        return observation(channel, number if told else NO_VALUE, 1)


class _EpisodeMemory:
    """What was told of one episode.

    `_told`: the values of the measurement told last, by position; None before the first record. `_missing`: positions
    without a value in the last record. `_stamp_s`: the latest of the monitor's times that is no longer news.
    """

    def __init__(self, episode: Episode, positions: Sequence[int]) -> None:
        self._episode = episode
        self._positions = positions
        self._told: dict[int, float | str] | None = None
        self._told_s = 0
        self._held = False
        self._time_us: int | None = None
        self._missing: set[int] = set()
        self._stamp_s = 0
        self._aged = False

    def mark(self, observed: list[Observation], label: int, moment: Moment) -> None:
        """Mark the episode's observations as repeats, or as new with their time where the monitor told it."""
        episode = self._episode
        if episode.continuous and label & episode.continuous[0] == episode.continuous[1]:
            return
        shown = {i: value for i in self._positions if (value := observed[i].value) is not None}
        told = self._told or {}
        aged = bool(label & episode.aged)
        if aged and not (told or moment.stamps or self._held):
            self._held = True  # until the next record: the auxiliary one, which tells when it was, may be on its way
            for i in self._positions:
                observed[i] = replace(observed[i], repeat=True)
            return
        stamp_s = moment.stamps.get(episode.stamp, 0)
        stands = bool(label & episode.measuring) or (bool(told) and not shown)
        known = aged and 0 < stamp_s == self._stamp_s
        changed = any(told.get(i, value) != value for i, value in shown.items()) and not known
        restamped = stamp_s > max(self._told_s, self._stamp_s) and not stands
        rejuvenated = self._aged and not aged and not stands
        new = bool(shown) and (not told or changed or restamped or rejuvenated)
        standing = self._told is None or (aged and not told)
        if new:
            told, self._told_s = {}, moment.time_s
            self._time_us = stamp_s * 1_000_000 if stamp_s > self._stamp_s else None
        if new or not stands or self._told is None:
            self._stamp_s, self._aged = max(self._stamp_s, stamp_s), aged
        for i in self._positions:
            one = observed[i]
            repeat = i in (told if i in shown else self._missing)
            time_us = self._time_us if i in shown and not repeat else None
            observed[i] = Observation(
                channel=one.channel,
                value=one.value,
                quality=one.quality,
                repeat=repeat,
                standing=standing and time_us is None,
                device_time_us=time_us,
            )
        self._told = shown | told
        self._missing = set(self._positions) - shown.keys()


def observation(channel: Channel, raw: int, divisor: int, quality: Quality = Quality.VALID) -> Observation:
    """A signed 16-bit field as a value, or as none with the reason."""
    if raw > NO_VALUE:
        return Observation(channel=channel, value=raw / divisor, quality=quality)
    if quality is Quality.VALID:
        quality = MISSING.get(raw, Quality.NOT_AVAILABLE)
    return Observation(channel=channel, value=None, quality=quality)


def ended(before: Sequence[Observation], now: Sequence[Observation]) -> list[Observation]:
    """The end of each measurement that no longer runs, has another name or says nothing: once without a value."""
    here = {value.channel for value in now}
    return [
        Observation(channel=value.channel, value=None, quality=Quality.NOT_AVAILABLE)
        for value in before
        if value.channel not in here
    ]
