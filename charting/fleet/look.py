"""Looks at the whole fleet, for everybody who asks: what beds tell of themselves, what the watch knows of them."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from threading import Lock

import structlog

from charting.apart import unforeseen
from charting.filler.sources import SourceError
from charting.fleet.central import Central, Operations
from charting.fleet.judge import judged
from charting.fleet.sources import FleetSources
from charting.fleet.state import HALTED_US, SECOND_US, BedState, Gateway, Heard, Level, Trouble
from charting.metrics import Metrics
from charting.watch.feed import Feed
from charting.watch.state import BedAlarms
from charting.watch.watch import Watch
from collector.errors import VitalsdError
from collector.fleet import BedTold
from collector.logs import Link

PACE_S = 5.0
CENTRAL_US = 60 * SECOND_US
"""How often the central parts are looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """The fleet at one time; `beds`: the worst first, then as they are configured. `halted`: the look stands still."""

    at_us: int
    beds: Sequence[BedState] = ()
    central: Central = field(default_factory=lambda: Central(at_us=0))
    halted: bool = False


class FleetWatch:
    """`look` may be called from any thread, one look at a time; `state` and `changes` from any."""

    def __init__(
        self,
        sources: FleetSources,
        watch: Watch,
        operations: Operations,
        beds: Sequence[str],
        version: str,
        zone: str,
        now_us: Callable[[], int],
        log: structlog.typing.FilteringBoundLogger,
        *,
        metrics: Metrics | None = None,
        file: Path | None = None,
    ) -> None:
        """`beds`: the configured ones; `version`: of this service; `zone`: the site's; `file`: the charting
        database, where it is one.
        """
        self._sources = sources
        self._watch = watch
        self._operations = operations
        self._beds = beds
        self._version = version
        self._zone = zone
        self._now_us = now_us
        self._log = log
        self._metrics = metrics or Metrics()
        self._file = file
        self._store = Link(log, "fleet")
        self._kept = Link(log, "runs and browsers")
        self._failing = Link(log, "look at the fleet")
        self._feeds: dict[str, Feed] = {}
        self._told: dict[str, BedTold] = {}
        self._lock = Lock()
        self._fleet = Fleet(at_us=now_us())
        self.changes = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Look every PACE_S until `stop`."""
        while not stop.is_set():
            await asyncio.to_thread(self.look)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), PACE_S)

    def state(self) -> Fleet:
        """What is known now."""
        fleet = self._fleet
        return replace(fleet, halted=abs(self._now_us() - fleet.at_us) > HALTED_US)

    def look(self) -> None:
        """Look at all beds and, now and then, at the central parts. What fails is told by what the state then says."""
        with self._lock, self._metrics.look.labels("fleet").time():
            now_us, before = self._now_us(), self._fleet
            try:
                unread = self._read()
                alarms, used = self._alarms(now_us)
            except Exception as error:  # noqa: BLE001  what nobody foresaw must not end the service
                self._failing.lost(unforeseen(error))
                return
            self._failing.good()
            beds = [self._judged(alarms[bed], unread=bed in unread, used=bed in used, now_us=now_us) for bed in alarms]
            beds.sort(key=lambda bed: (len(Level) if bed.level is None else bed.level.rank, not bed.configured))
            central = before.central
            if not 0 <= now_us - central.at_us < CENTRAL_US:
                central = self._central(now_us)
            self._fleet = Fleet(at_us=now_us, beds=beds, central=central)
            self.changes += (beds, central) != (before.beds, before.central)

    def _read(self) -> set[str]:
        """What beds tell of themselves; those of which what was known stands, because they cannot be read."""
        try:
            found = self._sources.told()
        except SourceError as error:
            self._store.lost(str(error))
            return {*self._beds, *self._told}
        self._store.good()
        self._told.update({bed: told for bed, told in found.items() if told is not None})
        return {bed for bed, told in found.items() if told is None}

    def _alarms(self, now_us: int) -> tuple[Mapping[str, BedAlarms], set[str]]:
        """What the watch knows of the configured beds, and the same of all others; beds with open cases."""
        board = self._watch.board()
        for bed in self._told.keys() - board.beds.keys() - self._feeds.keys():
            self._feeds[bed] = Feed(bed, partial(self._sources.series, bed), self._log)
        others = {bed: feed.look(now_us, used=False) for bed, feed in sorted(self._feeds.items())}
        return {**board.beds, **others}, {row.bed for row in board.rows}

    def _judged(self, alarms: BedAlarms, *, unread: bool, used: bool, now_us: int) -> BedState:
        bed, configured = alarms.bed, alarms.bed in self._beds
        try:
            return judged(
                self._told.get(bed, BedTold()),
                alarms,
                unread=unread,
                configured=configured,
                used=used,
                version=self._version,
                zone=self._zone,
                now_us=now_us,
            )
        except Exception as error:  # noqa: BLE001  one bed's data must not hide all others
            self._log.error("a bed cannot be judged", bed=bed, error=unforeseen(error))
            return BedState(
                bed=bed,
                configured=configured,
                used=used,
                heard=Heard.UNREAD,
                heard_us=None,
                last_us=None,
                gateway=Gateway(),
                devices=(),
                synchronised=None,
                saved=None,
                troubles=(Trouble(level=Level.BAD if used else Level.WARN, key=str(Heard.UNREAD)),),
            )

    def _central(self, now_us: int) -> Central:
        found = Central(at_us=now_us)
        if self._file is not None:
            found = replace(found, file_bytes=_size(self._file))
        try:
            found = replace(found, server=self._sources.server())
        except SourceError as error:
            found = replace(found, unreached=str(error))
        try:
            runs, reports = self._operations.runs(), self._operations.reports()
            found = replace(found, runs=runs, reports=reports, clients=self._operations.clients(), kept=True)
        except VitalsdError as error:
            self._kept.lost(str(error))
        else:
            self._kept.good()
        return found


def _size(file: Path) -> int | None:
    """With its log; None where it is not there."""
    sizes = [each.stat().st_size for each in (file, file.with_name(f"{file.name}-wal")) if each.exists()]
    return sum(sizes) if sizes else None
