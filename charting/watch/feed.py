"""One bed's alarms from what is stored of it: read at once as a whole, then what has come since; late things, too.

What cannot be known is said to be unknown, by a condition of our own.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from zlib import crc32

import structlog

from alarms.board import Alarm, Board, Presence, Seen
from alarms.follower import LATE_US as LATE_CHANGE_US
from charting.watch.state import FEED, BedAlarms, Doubt
from collector.clock import EVER_US
from collector.errors import VitalsdError
from collector.links import GATEWAY_SOURCE, LATE_US, device_of
from collector.logs import Link
from collector.model import AlarmCondition, AlarmPhase, AlarmType, Condition, Priority, Reading, Series
from collector.series import SeriesReader
from collector.technical import GATEWAY

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US

SILENT_US = 30 * SECOND_US
"""Nothing new for so long, and nothing explains it: the bed is not heard (clinical.md §4.2)."""
ASK_US = 5 * SECOND_US
"""How often the newest readings are asked for: conditions are at each look."""
WHOLE_US = 5 * MINUTE_US
"""After so long the last day is read as a whole, for what came later still; of each bed at another time, so that no
look is held up by all of them.
"""
BEHIND_US = 5 * MINUTE_US
"""After an outage three days of backlog are here in four minutes (design §8). What is not here then was never told."""
LIVE_US = 10 * SECOND_US
"""Live data are of so long before the last look that found none, at most: what is older was told in the outage."""
IDLE_US = 12 * HOUR_US
"""A bed without a patient that has been silent for so long is not in use: unknown, but nothing to be called for."""
RECENT_US = HOUR_US
"""A device that tells nothing for longer, while others do and nothing is told of its link, is there no more."""
BACK_US = 5 * SECOND_US
"""Where only the end of a lost link is known: by how much at most it is told after the device was heard again."""

_TEXTS = {
    Doubt.STORE: "What the bed's devices tell cannot be read: their alarms are unknown",
    Doubt.SILENT: "Nothing is heard of the bed: its alarms are unknown",
    Doubt.BEHIND: "The bed is heard again, what it told meanwhile is on its way: some alarms are unknown",
}

Key = tuple[str, str, int]
"""Device, source, onset."""


@dataclass(slots=True)
class _Outage:
    """`heard_us`: when the bed was last heard; `from_us`, `to_us`: times of the readings before and after it.

    `quiet_us`, `back_us`: the last look that found nothing, and the first one that found live data.
    """

    doubt: Doubt
    heard_us: int
    from_us: int
    back_us: int | None = None
    quiet_us: int = 0
    live_us: int | None = None
    """So long before `to_us` live data may have begun: known at the next look, for the first may have taken long."""
    to_us: int = 0


class Feed:
    """Looks at one bed. Calls block on the reader and must not overlap."""

    def __init__(
        self, bed: str, reader: Callable[[], SeriesReader | None], log: structlog.typing.FilteringBoundLogger
    ) -> None:
        self._bed = bed
        self._reader = reader
        self._log = log.bind(bed=bed)
        self._link = Link(self._log, "alarms of the bed")
        self._board = Board(bed)
        self._changes: list[Condition] = []
        self._whole_us: int | None = None
        self._floor_us = 0
        self._behind_us = 0
        self._every_us = WHOLE_US + crc32(bed.encode()) % WHOLE_US
        self._devices: dict[str, None] = {}
        self._down: dict[str, int] = {}
        self._gateway_us: int | None = None
        self._told: dict[Key, Alarm] = {}
        self._own: Alarm | None = None
        self._seen: dict[Key, list[Seen]] = {}
        self._newest: dict[str, tuple[tuple[Series, int], ...]] = {}
        self._newest_us = 0
        self._spoke: dict[str, int] = {}
        self._gone: dict[str, int] = {}
        self._back: dict[str, int] = {}
        self._asked_us: int | None = None
        self._heard_us: int | None = None
        self._outage: _Outage | None = None
        self._looked_us = 0

    def look(self, now_us: int, *, used: bool) -> BedAlarms:
        """What is known at `now_us`. `used`: a patient is there. Raises nothing that a store raises."""
        if self._heard_us is not None:
            self._heard_us = min(self._heard_us, now_us)  # our clock may have been set back
        try:
            self._read(now_us)
            self._judge(now_us)
        except VitalsdError as error:
            self._link.lost(str(error))
            self._lose(Doubt.STORE, now_us)
        except Exception:  # noqa: BLE001  one bed's data that nobody foresaw must not stop the watch of all others
            if self._outage is None:
                self._log.exception("the watch failed")
            self._lose(Doubt.STORE, now_us)
        else:
            self._link.good()
        self._looked_us = now_us
        self._keep(self._board.tick(now_us))
        self._tell(now_us, used=used)
        return self._state(now_us)

    def see(self, device: str, source: str, onset_us: int, seen: Seen) -> None:
        """A person has seen an alarm."""
        key = device, source, onset_us
        self._seen.setdefault(key, []).append(seen)
        self._mark(key, seen)

    # Reading

    def _read(self, now_us: int) -> None:
        reader = self._reader()
        if reader is None:
            return
        since_us = now_us - self._behind_us - LATE_CHANGE_US
        due = self._whole_us is None or not 0 <= now_us - self._whole_us < self._every_us
        if due or since_us < self._floor_us:
            self._read_whole(reader, now_us)
        else:
            fresh = list(reader.conditions(self._bed, since_us, EVER_US))
            known = [change for change in self._changes if change.time_us >= since_us]
            if fresh[: len(known)] == known:
                self._hear(fresh[len(known) :], now_us)
            else:
                self._read_whole(reader, now_us)
        if self._outage is not None or self._asked_us is None or not 0 <= now_us - self._asked_us < ASK_US:
            self._asked_us = now_us
            self._ask(reader.latest(self._bed), now_us)
        self._know_devices()

    def _read_whole(self, reader: SeriesReader, now_us: int) -> None:
        """Everything anew: what stood a day ago, and what has been told since, in order."""
        since_us = now_us - self._behind_us - DAY_US
        before, changes = reader.last_changes(self._bed, since_us), reader.conditions(self._bed, since_us, EVER_US)
        known = {*self._changes, *(change for change in changes if change.time_us < self._floor_us)}
        news = self._whole_us is not None and not known.issuperset(changes)
        self._floor_us = since_us
        self._board, self._devices, self._down, self._gateway_us = Board(self._bed), {}, {}, None
        self._told = {key: alarm for key, alarm in self._told.items() if key[:2] == (GATEWAY, FEED)}
        for change in (*before, *changes):
            self._keep(self._take(change))
            self._speak(change.device, min(change.time_us, now_us))
        self._changes = list(changes)
        for key, seen in self._seen.items():
            for each in seen:
                self._mark(key, each)
        standing = {_key(alarm) for alarm in self._board.standing()}
        self._told = {k: a for k, a in self._told.items() if k in standing or a.since_us >= since_us}
        self._seen = {k: s for k, s in self._seen.items() if k in self._told or k[2] >= since_us}
        self._whole_us = now_us
        self._know_devices()
        if self._outage is not None:
            self._doubt_all(self._outage)
        if news:
            self._heard_us = now_us

    def _hear(self, changes: Iterable[Condition], now_us: int) -> None:
        for change in changes:
            self._changes.append(change)
            self._keep(self._take(change))
            self._speak(change.device, now_us)
            self._heard_us = now_us

    def _take(self, change: Condition) -> Sequence[Alarm]:
        """A change, and what it says of links: the gateway tells of its devices', and of its own absence afterwards."""
        board, source, time_us = self._board, change.alarm.source, change.time_us
        ends = change.alarm.phase is AlarmPhase.END
        link = device_of(source) if change.device == GATEWAY else ""
        for device in filter(None, (link, change.device if change.device != GATEWAY else "")):
            self._meet(device)
        changed = [*board.hear(change)]
        if link and ends:
            lost_us = self._down.pop(link, None)
            changed += board.link(link, up=True, at_us=time_us - BACK_US if lost_us is None else lost_us + LATE_US)
        elif link and link not in self._down:
            self._down[link] = time_us
            changed += board.link(link, up=False, at_us=time_us)
        elif change.device == GATEWAY and source == GATEWAY_SOURCE and not ends:
            changed += board.link(GATEWAY, up=False, at_us=time_us)
        elif change.device == GATEWAY and source == GATEWAY_SOURCE:
            self._gateway_us = time_us
            changed += self._heard_again(time_us, own_us=0)
        return changed

    def _meet(self, device: str) -> None:
        """Of a device that is there nothing has been told of its link: it is up."""
        if device not in self._devices:
            self._devices[device] = None
            self._board.link(device, up=True, at_us=self._back.get(device, 0))

    def _speak(self, device: str, at_us: int) -> None:
        if device != GATEWAY:
            self._spoke[device] = max(at_us, self._spoke.get(device, 0))

    def _is_there(self, device: str) -> bool:
        """It has told something of late, or as late as any other."""
        return device in self._down or self._spoke.get(device, 0) >= max(self._spoke.values(), default=0) - RECENT_US

    def _know_devices(self) -> None:
        """What one has told last that is there no more, nobody will end; back again, it tells anew what stands."""
        for device in {**self._devices, **self._newest}:
            there, gone = self._is_there(device), device in self._gone
            if there and not gone:
                self._meet(device)
            elif there and self._outage is None:
                self._back[device] = self._gone.pop(device)
                self._keep(self._board.link(device, up=True, at_us=self._back[device]))
            elif not there and device in self._devices:
                self._gone[device] = self._spoke.get(device, 0) + 1
                self._keep(self._board.link(device, up=False, at_us=self._gone[device]))

    def _heard_again(self, at_us: int, own_us: int) -> Sequence[Alarm]:
        """The gateway is there since a time, and its devices but those whose link is down.

        What it says of itself it knows since `own_us`.
        """
        changed = [*self._board.link(GATEWAY, up=True, at_us=own_us)]
        for device in self._devices:
            if device not in self._down:
                changed += self._board.link(device, up=True, at_us=at_us)
        return changed

    def _ask(self, latest: Sequence[Reading], now_us: int) -> None:
        """Whether readings have come since they were last asked for, by device; by our clock, whatever theirs says.

        By how much theirs is behind ours, the newest of what has come tells.
        """
        found: dict[str, list[tuple[Series, int]]] = {}
        fresh_us: list[int] = []
        for reading in latest:
            found.setdefault(reading.series.device, []).append((reading.series, reading.time_us))
        changed_us = [change.time_us for change in self._changes[-1:]]
        self._newest_us = max(changed_us + [time_us for told in found.values() for _, time_us in told], default=0)
        for device, told in found.items():
            if device not in self._newest and self._heard_us is None:
                self._speak(device, min(max(time_us for _, time_us in told), now_us))
            elif self._newest.get(device) != tuple(told):
                self._speak(device, now_us)
                self._heard_us = now_us
                fresh_us += [time_us for _, time_us in set(told).difference(self._newest.get(device, ()))]
        if fresh_us:
            self._behind_us = max(0, now_us - max(fresh_us))
        self._newest = {device: tuple(told) for device, told in found.items()}
        if self._heard_us is None:
            self._heard_us = min(self._newest_us, now_us) or None

    # What cannot be known

    def _judge(self, now_us: int) -> None:
        """Whether the bed is heard."""
        outage = self._outage
        if not self._is_heard(now_us):
            self._lose(Doubt.SILENT, now_us)
        elif outage is not None and self._is_behind(outage, now_us):
            outage.doubt = Doubt.BEHIND
        elif outage is not None:
            reader = self._reader()
            self._outage = None
            try:
                if reader is not None:
                    self._read_whole(reader, now_us)
            except BaseException:
                self._outage = outage
                raise

    def _is_heard(self, now_us: int) -> bool:
        if self._heard_us is not None and now_us - self._heard_us <= SILENT_US:
            return True
        there = {device for device in self._spoke if self._is_there(device)}
        return bool(self._down) and there <= self._down.keys()  # silence that the gateway has told of

    def _lose(self, doubt: Doubt, now_us: int) -> None:
        if self._outage is None:
            silent = doubt is Doubt.SILENT and self._newest_us
            heard_us = min(self._newest_us, now_us) if silent else now_us
            self._outage = _Outage(doubt=doubt, heard_us=heard_us, from_us=self._newest_us)
            self._doubt_all(self._outage)
        elif self._outage.doubt is not doubt:
            self._outage.doubt, self._outage.back_us, self._outage.live_us = doubt, None, None
            self._doubt_all(self._outage)

    def _doubt_all(self, outage: _Outage) -> None:
        self._keep(self._board.link(GATEWAY, up=False, at_us=outage.heard_us))
        if outage.back_us is not None:
            self._keep(self._heard_again(outage.to_us, own_us=outage.to_us))

    def _is_behind(self, outage: _Outage, now_us: int) -> bool:
        """Whether what was told in an outage is still on its way. Raises what the reader raises.

        Live data come first, of the others the oldest first (design §6): all is here when what was measured just before
        the first live data is.
        """
        reader = self._reader()
        if outage.back_us is None:
            outage.quiet_us, outage.back_us, outage.to_us = self._looked_us, now_us, self._newest_us
            self._doubt_all(outage)
        elif outage.live_us is None:
            outage.live_us = LIVE_US + max(0, now_us - outage.quiet_us)
        explained = self._gateway_us is not None and outage.from_us <= self._gateway_us
        short = outage.to_us - outage.from_us <= SILENT_US
        if reader is None or short or explained or now_us - outage.back_us > BEHIND_US:
            return False
        if outage.live_us is None:
            return True
        end_us = outage.to_us - outage.live_us
        return not reader.points(self._bed, (), max(outage.from_us + 1, end_us - SILENT_US), end_us)

    def _tell(self, now_us: int, *, used: bool) -> None:
        """Our own condition, high: while the bed is not known, everybody is to see it (clinical.md §4.2)."""
        outage = self._outage
        idle = not used and now_us - (self._heard_us or 0) > IDLE_US
        if outage is None or idle:
            if self._own is not None:
                ended = replace(self._own.alarm, phase=AlarmPhase.END)
                self._keep([replace(self._own, alarm=ended, presence=Presence.ENDED, since_us=now_us, told_us=now_us)])
                self._own = None
            return
        alarm = AlarmCondition(
            source=FEED,
            type=AlarmType.TECHNICAL,
            priority=Priority.HIGH,
            phase=AlarmPhase.START if self._own is None else AlarmPhase.CONTINUE,
            text=_TEXTS[outage.doubt],
        )
        if self._own is None:
            self._own = Alarm(
                bed=self._bed,
                device=GATEWAY,
                alarm=alarm,
                onset_us=outage.heard_us,
                told_us=now_us,
                presence=Presence.PRESENT,
                since_us=outage.heard_us,
                highest=Priority.HIGH,
            )
            seen = self._seen.get((GATEWAY, FEED, outage.heard_us), [None])[-1]
            self._own = replace(self._own, seen=seen)
        elif self._own.alarm.text != alarm.text:
            self._own = replace(self._own, alarm=alarm)
        self._keep([self._own])

    # What is known

    def _mark(self, key: Key, seen: Seen) -> None:
        own = self._own
        if own is not None and key == (GATEWAY, FEED, own.onset_us):
            self._own = replace(own, seen=seen)
            self._keep([self._own])
        self._keep(self._board.see(*key, seen))

    def _keep(self, changed: Iterable[Alarm]) -> None:
        for alarm in changed:
            self._told[_key(alarm)] = alarm

    def _state(self, now_us: int) -> BedAlarms:
        own = [] if self._own is None else [self._own]
        outage, since_us = self._outage, now_us - DAY_US
        standing = self._board.standing()
        present = {_key(alarm) for alarm in standing}
        told = [a for key, a in self._told.items() if key in present or a.since_us >= since_us]
        telling = {alarm.device for alarm in standing}
        devices = [device for device in self._devices if device in telling or self._is_there(device)]
        return BedAlarms(
            bed=self._bed,
            at_us=now_us,
            alarms=tuple(sorted([*own, *standing], key=_order)),
            told=tuple(sorted(told, key=lambda a: -a.onset_us)),
            devices={device: outage is None and self._board.is_heard(device) for device in sorted(devices)},
            doubt=None if outage is None else outage.doubt,
            doubt_us=None if outage is None else outage.heard_us,
        )


def _order(alarm: Alarm) -> tuple[int, int]:
    return alarm.alarm.priority.rank, -alarm.onset_us


def _key(alarm: Alarm) -> Key:
    return alarm.device, alarm.alarm.source, alarm.onset_us
