"""Keeps a board of alarms at what a bed's journal has and at what is known of its links."""

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from alarms.board import Alarm, Board, Seen
from collector.clock import EVER_US
from collector.model import Condition
from collector.series import SeriesReader
from collector.status import DeviceState, DeviceStatus

PAST_US = 24 * 3_600_000_000
"""So far back the changes are read at the start; what stands for longer the caller knows of."""
RECENT_US = 300_000_000
"""What a device tells is journaled within moments of its arrival."""
LATE_US = 2 * 3_600_000_000
WHOLE_EVERY_US = 10_000_000
"""Our own conditions are told with since when they hold, which may be so long ago: so often they are looked for."""
OVERTAKEN_US = 1_000_000
"""Who was held up for less on his way here knows less of the links than who came before him."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarms:
    """standing: present and unknown ones as the board orders them; ended: those that are over, the newest first."""

    standing: tuple[Alarm, ...] = ()
    ended: tuple[Alarm, ...] = ()


class Follower:
    """One bed's. Any thread may call; calls wait for the reader, and for each other.

    standing: the last change of each condition that the journal has, for those older than `PAST_US`.
    """

    def __init__(self, bed: str, reader: SeriesReader, standing: Iterable[Condition] = ()) -> None:
        self._bed = bed
        self._reader = reader
        self._standing = tuple(standing)
        self._board = Board(bed)
        self._looked_us: int | None = None
        self._whole_us = 0
        self._known: set[Condition] = set()
        self._lock = threading.Lock()

    def follow(self, devices: Sequence[DeviceStatus], now_us: int) -> Alarms:
        """Hear what is new; `devices`: as they were at `now_us`. Raises what the reader raises."""
        with self._lock:
            for change in self._news(now_us):
                self._board.hear(change)
            overtaken = self._looked_us is not None and 0 < self._looked_us - now_us < OVERTAKEN_US
            if not overtaken:
                for device in devices:
                    self._board.link(device.device, up=device.state is DeviceState.RECEIVING, at_us=device.since_us)
                self._looked_us = now_us
            self._board.tick(now_us)
            return Alarms(standing=tuple(self._board.standing()), ended=tuple(self._board.ended()))

    def see(self, device: str, source: str, onset_us: int, seen: Seen) -> Alarm | None:
        """As Board.see: the alarm that is marked now, None where there is none to mark."""
        with self._lock:
            marked = self._board.see(device, source, onset_us, seen)
            return marked[0] if marked else None

    def _news(self, now_us: int) -> Sequence[Condition]:
        """What has come since the last look, in the order of its arrival, and perhaps some of before."""
        looked_us, known = self._looked_us, self._known
        if looked_us is None:
            start_us = now_us - PAST_US
            older = [change for change in self._standing if change.time_us < start_us]
            news = [*older, *self._read(start_us, now_us)]
            self._standing = ()  # not before the reader has answered: a look that fails is made again
            return news
        set_back = now_us < looked_us  # what was told by then may come again: before the gateway's word of the step
        if set_back or now_us - self._whole_us >= WHOLE_EVERY_US:
            return [change for change in self._read(min(looked_us, now_us) - LATE_US, now_us) if change not in known]
        changes = self._reader.conditions(self._bed, looked_us - RECENT_US, EVER_US)
        new = [change for change in changes if change not in known]
        known.update(new)
        return new

    def _read(self, start_us: int, now_us: int) -> Sequence[Condition]:
        changes = self._reader.conditions(self._bed, start_us, EVER_US)
        self._known, self._whole_us = set(changes), now_us
        return changes
