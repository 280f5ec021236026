"""The department's watch: the alarms of all beds, looked at each second, and who has seen them."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from threading import Lock

import structlog

from alarms.board import Alarm, Presence, Seen
from alarms.latency import Latency
from charting.apart import unforeseen
from charting.filler.sources import Sources
from charting.metrics import Metrics
from charting.trail.entries import AlarmSeen
from charting.trail.trail import CaseRow, Trail
from charting.watch.feed import SECOND_US, Feed
from charting.watch.state import BedAlarms, Board, Doubt
from collector.errors import VitalsdError
from collector.logs import Link

PACE_S = 1.0
"""Between two looks."""
HALTED_US = 10 * SECOND_US
"""A bed that was not looked at for so long is not known: the watch itself stands still (clinical.md §4.2)."""
SHOWN = 100_000
"""Alarms of which it is remembered when they were shown: more than a department has in a day."""
_CASES = 1_000

ShownKey = tuple[str, str, str, int]
"""Bed, device, source, onset."""


class Watch:
    """`look` may be called from any thread, one look at a time; `board` and `version` from any."""

    def __init__(
        self,
        trail: Trail,
        sources: Sources,
        beds: Sequence[str],
        now_us: Callable[[], int],
        log: structlog.typing.FilteringBoundLogger,
        metrics: Metrics | None = None,
    ) -> None:
        self._trail = trail
        self._now_us = now_us
        self._metrics = metrics or Metrics()
        self._feeds = {bed: Feed(bed, partial(sources.reader, bed), log) for bed in beds}
        self._link = Link(log, "charting database")
        self._entries = Link(log, "entries of the watch")
        self._listening = Link(log, "listeners of the watch")
        self._rows: Sequence[CaseRow] = ()
        self._last = 0
        self._said = self._shown_said = 0
        self._listeners: list[Callable[[Board], None]] = []
        self._lock = Lock()
        self._shown: dict[ShownKey, int] = {}
        self.latency = Latency(self._metrics.latency.observe)
        self._board = Board(at_us=0, beds={bed: BedAlarms(bed=bed, at_us=now_us()) for bed in beds})
        self._versions = dict.fromkeys(beds, 0)

    async def run(self, stop: asyncio.Event) -> None:
        """Look every PACE_S until `stop`."""
        while not stop.is_set():
            look = asyncio.ensure_future(asyncio.to_thread(self.look))
            while not (await asyncio.wait({look}, timeout=HALTED_US / SECOND_US))[0]:
                await asyncio.to_thread(self._tell)  # who listens is to know that the watch stands still
            await look
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), PACE_S)

    def look(self) -> None:
        """Look at all beds. What fails is told by what a bed's state then says."""
        with self._lock, self._metrics.look.labels("alarms").time():
            try:
                self._read_trail()
            except VitalsdError as error:
                self._link.lost(str(error))
            except Exception as error:  # noqa: BLE001  an entry that nobody foresaw must not end the watch
                self._entries.lost(unforeseen(error))
            else:
                self._link.good()
                self._entries.good()
            used = {row.bed for row in self._rows}
            beds = dict(self._board.beds)
            for bed, feed in self._feeds.items():
                before, beds[bed] = beds[bed], feed.look(self._now_us(), used=bed in used)
                self._board = Board(at_us=self._now_us(), beds=dict(beds), rows=self._rows)
                if replace(beds[bed], at_us=before.at_us) != before:
                    self._versions[bed] += 1
            self._shown_said = self._said
            self._metrics.show(beds.values())
            self._tell()

    def listen(self, tell: Callable[[Board], None]) -> None:
        """Call `tell` after each look, and while none ends."""
        self._listeners.append(tell)

    def board(self) -> Board:
        """What is known now; what was not looked at of late is not."""
        now_us, board = self._now_us(), self._board
        return replace(board, beds={bed: _halted(state, now_us) for bed, state in board.beds.items()})

    def version(self) -> tuple[int, int, bool]:
        """Another one where anything has changed that a page shows."""
        now_us = self._now_us()
        halted = any(_is_halted(state, now_us) for state in self._board.beds.values())
        return sum(self._versions.values()), self._shown_said, halted

    def shown(self, *, bed: str, device: str, source: str, onset_us: int, told_us: int) -> None:
        """A page has drawn a change of an alarm, which came to the gateway at `told_us`. What cannot be is left out.

        Until we hear of it counts: that is a little longer, and asks no page's clock.
        """
        state, key, now_us = self._board.beds.get(bed), (bed, device, source, onset_us), self._now_us()
        told = [a for a in state.told if _key(a) == key and a.told_us >= told_us >= a.onset_us] if state else []
        if not told:
            return
        self.latency.shown([self.latency.sent(told_us)], now_us)
        if key not in self._shown:
            self._shown[key] = now_us
            if len(self._shown) > SHOWN:
                del self._shown[next(iter(self._shown))]

    def first_shown_us(self, alarm: Alarm) -> int | None:
        """When a page has told that it shows an alarm; None: since this service began none has."""
        return self._shown.get(_key(alarm))

    def _tell(self) -> None:
        board, failed = self.board(), False
        for tell in self._listeners:
            try:
                tell(board)
            except VitalsdError as error:  # the advisories that stand are in the charting database
                self._link.lost(str(error))
            except Exception as error:  # noqa: BLE001  what nobody foresaw must not end the watch
                self._listening.lost(unforeseen(error))
                failed = True
        if not failed:
            self._listening.good()

    def _read_trail(self) -> None:
        """Open cases, and who has seen which alarm since the last look. What pages show of either is counted.

        Where an entry cannot be read, those before it are not read again.
        """
        last = self._trail.last()
        if last == self._last:
            return
        before, self._rows = self._rows, self._trail.rows(state="open", limit=_CASES)
        self._said += [replace(row, last=0) for row in before] != [replace(row, last=0) for row in self._rows]
        for entry in self._trail.all(self._last, kinds=["alarm_seen", "advised"]):
            said, self._said = entry.body, self._said + 1
            if isinstance(said, AlarmSeen) and said.bed in self._feeds:
                seen = Seen(by=entry.actor, at_us=entry.at_us, told_us=said.told_us)
                self._feeds[said.bed].see(said.device, said.source, said.onset_us, seen)
            self._last = entry.seq
        self._last = last


def _key(alarm: Alarm) -> ShownKey:
    return alarm.bed, alarm.device, alarm.alarm.source, alarm.onset_us


def _is_halted(state: BedAlarms, now_us: int) -> bool:
    return abs(now_us - state.at_us) > HALTED_US  # our clock may have been set back


def _halted(state: BedAlarms, now_us: int) -> BedAlarms:
    if not _is_halted(state, now_us):
        return state
    return replace(
        state,
        alarms=tuple(map(_doubted, state.alarms)),
        told=tuple(map(_doubted, state.told)),
        devices=dict.fromkeys(state.devices, False),
        doubt=Doubt.HALTED,
        doubt_us=state.at_us,
    )


def _doubted(alarm: Alarm) -> Alarm:
    return replace(alarm, presence=Presence.UNKNOWN) if alarm.presence is Presence.PRESENT else alarm
