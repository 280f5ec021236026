"""The values, settings and limits of one bed.

Source: fact sheets ihe-pcd §2, §3, §7, mindray-and-chinese-hl7 §2, §4, §8.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from collector.model import UNMAPPED, Channel, Event, Observation, Quality, Role
from drivers.hl7_pcd01.codes import BODY, EPISODIC
from drivers.hl7_pcd01.rows import DEMO, Group, Moment, Row
from drivers.hl7_pcd01.signals import Signal, Signals, device_of
from drivers.hl7_pcd01.values import Value, limits, read

OWN_TIME_US = 2_000_000
"""A row whose time differs by more from that of its message was measured then, and is not merely sent."""
STAMPED_S = 20.0
"""A cuff that says the same within this time, and with no time but the message's, is the same measurement: no cuff
inflates twice in so short a time."""
RETELL_S = 30.0
"""A limit that stays as it is is told anew so often, else as a repeat: one that nobody tells any more looks old."""
MOST = 4_096
"""Channels of a bed of which the last is remembered."""
TEMPERATURE, SITE = "MDC_TEMP", "VND_COMEN_TEMPERATURE_SITE"
SPOT = "MON_SPOT_DATA"
"""Comen's spot checks: all rows have been measured at their own time (OBR-4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """A row on its way to an observation. group: of an episodic value, what it was measured together with."""

    row: Row
    signal: Signal
    channel: Channel
    value: Value
    time_us: int | None = None
    own: bool = False
    group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Episode:
    """What was measured together, when by the device's clock, and when it was heard last."""

    values: tuple[tuple[Channel, Value], ...]
    times_us: tuple[int | None, ...]
    heard_s: float


class Numerics:
    def __init__(self, signals: Signals) -> None:
        self._signals = signals
        self._channels: dict[tuple[str, Role], Channel] = {}
        self._limits: dict[Channel, tuple[float, float]] = {}
        self._episodes: dict[str, _Episode] = {}

    def take(self, group: Group, rows: Iterable[Row], moment: Moment, now: float, *, demo: bool) -> Sequence[Event]:
        """What these rows of a group say."""
        device = device_of(group)
        spot = group.order.component(4, 2) == SPOT
        header_us = moment.us(group.order.component(7)) or moment.sent_us
        seen: Counter[tuple[str, str, str, str]] = Counter()
        told: list[_Told] = []
        for row in rows:
            alike = (row.observation, row.path, row.site, row.time)
            seen[alike] += 1
            signal = self._signals.of(row, device, seen[alike])
            if signal.meaning.object and not row.value:
                continue
            told.append(self._told(row, signal, moment, header_us, spot=spot))
        told = _sited(told)
        again, undated = self._groups(told, now)
        events: list[Event] = []
        for one in told:
            events.append(
                Observation(
                    channel=one.channel,
                    value=one.value.value,
                    quality=one.value.quality,
                    demo=demo or not DEMO.isdisjoint(one.row.flags),
                    repeat=one.group in again,
                    standing=one.group in undated,
                    device_time_us=one.time_us,
                )
            )
            if one.row.limits and one.signal.meaning.role is Role.MEASURED:
                events += self._told_limits(one, now, demo=demo)
        return events

    def _told(self, row: Row, signal: Signal, moment: Moment, header_us: int | None, *, spot: bool) -> _Told:
        known = signal.meaning
        value = read(row, known=known.code != UNMAPPED, words=known.words)
        if known.code in BODY and value.value == 0.0:
            value = _NONE_ENTERED
        key = signal.channel.source, known.role
        if value.value is None:
            if value.words:
                channel = signal.words
            elif row.unit:
                channel = signal.channel
            else:
                channel = self._channels.get(key, signal.usual)
        else:
            channel = signal.words if isinstance(value.value, str) else signal.channel
            if len(self._channels) >= MOST:
                self._channels.clear()
            self._channels[key] = channel
        if row.time == "" and known.code not in EPISODIC:
            return _Told(row=row, signal=signal, channel=channel, value=value)
        time_us = moment.us(row.segment.component(14))
        stamps = [at for at in (header_us, moment.sent_us) if at is not None]
        own = time_us is not None and all(abs(time_us - at) > OWN_TIME_US for at in stamps)
        if not (own or spot or known.code in EPISODIC):
            return _Told(row=row, signal=signal, channel=channel, value=value)
        return _Told(
            row=row, signal=signal, channel=channel, value=value, time_us=time_us, own=own, group=signal.group or "-"
        )

    def _groups(self, told: Sequence[_Told], now: float) -> tuple[frozenset[str], frozenset[str]]:
        """Of the episodic ones, the groups that are merely sent again, and those that stand since nobody knows when."""
        groups: dict[str, list[_Told]] = {}
        for one in told:
            if one.group:
                groups.setdefault(one.group, []).append(one)
        again, undated = set(), set()
        for group, ones in groups.items():
            values = tuple((one.channel, one.value) for one in ones)
            times_us = tuple(one.time_us for one in ones)
            before = self._episodes.get(group)
            if before is not None and before.values == values:
                dated = any(one.own for one in ones)
                stamped = not dated and now - before.heard_s <= STAMPED_S
                if stamped or (before.times_us == times_us and None not in times_us):
                    again.add(group)
            elif before is None and times_us.count(None) == len(times_us):
                undated.add(group)
            if len(self._episodes) >= MOST:
                self._episodes.clear()
            self._episodes[group] = _Episode(values=values, times_us=times_us, heard_s=now)
        return frozenset(again), frozenset(undated)

    def _told_limits(self, one: _Told, now: float, *, demo: bool) -> Iterable[Observation]:
        """The alarm limits of a row; they come with each message, new where they have changed, and now and then."""
        for channel, limit in zip((one.signal.low, one.signal.high), limits(one.row.limits), strict=True):
            if limit is None:
                continue
            before = self._limits.get(channel)
            repeat = before is not None and before[0] == limit and now - before[1] < RETELL_S
            if len(self._limits) >= MOST:
                self._limits.clear()
            if not repeat:
                self._limits[channel] = limit, now
            yield Observation(channel=channel, value=limit, demo=demo, repeat=repeat)


def _sited(told: Sequence[_Told]) -> list[_Told]:
    """Temperatures without a site at that which a row beside them tells: an ear is no more the core than a skin is."""
    site = next((str(one.value.value) for one in told if one.channel.code == SITE and one.value.value is not None), "")
    return [
        replace(one, channel=replace(one.channel, site=site))
        if site and one.channel.code == TEMPERATURE and not one.channel.site
        else one
        for one in told
    ]


_NONE_ENTERED = Value(None, Quality.NOT_AVAILABLE)
