"""The sink into TimescaleDB: live data at once, the backlog behind them, for ever."""

import asyncio
import math
import random
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import replace

import psycopg

from collector.dsn import secretless, server
from collector.edition import MEANS, PLAIN
from collector.errors import DiskError
from collector.journal.journal import Journal
from collector.journal.ranges import Run
from collector.journal.reader import JournalReader
from collector.journal.rows import MINUTE_US
from collector.logs import Link, logger
from collector.occupancy import Occupancy
from collector.retention import Retention
from collector.status import SinkStatus
from collector.timescale_store import BAD_ROW, LostRowsError, LostTailError, TimescaleStore, explain

READER = "timescale"
"""The sink's name among the durable readers of a journal."""

BATCH = 10_000
"""Entries in one transaction: COPY is no faster with more, and live data wait for one at most, some 40 ms."""

FRESH = 1_000
"""Of a gap at the tip that is longer than a batch, the newest entries that go first."""

MOST_RUNS = 16
"""With more runs than that in the position the backlog goes first, so that the position stays small."""

FIRST_WAIT_S = 0.1
LONGEST_WAIT_S = 5.0
"""Back-off between attempts: a server that restarts is found soon, one that is gone for days is not pestered."""

LATEST_EVERY_S = 1.0
TELL_EVERY_S = 1.0
ROLL_UP_EVERY_S = 5.0
PACK_EVERY_S = 5.0
"""While data keep coming, how often the last readings, the journal and the minutes are brought up to date."""

AGAIN_S = 0.5
"""What somebody else is at is left to him for so long."""

LATE_US = 15_000_000
"""A minute is over when something so much later has come: pieces arrive a second late, or a few after a gap."""

_CLOSE_S = 2.0
"""A server that answers no more does not keep the daemon from ending within 3 s; its transaction is as good as lost."""


class Timescale:
    """Delivers a journal into the store at `dsn` in a thread of its own. `status` may be read from any thread.

    beds: those of which it asks whether a case is open.
    """

    def __init__(self, dsn: str, journal: Journal, beds: Sequence[str] = ()) -> None:
        self._dsn = server(dsn)
        self._beds = beds
        self._journal = journal
        self._log = logger(sink=READER)
        self._reader = journal.reader()
        self._news = threading.Condition()
        self._rung = False
        self._stopping = False
        self._draining = 0
        self._settled = 0
        self._link = Link(self._log, "store")
        self._told: str | None = None
        self.status = SinkStatus()
        self._thread = threading.Thread(target=self._run, name=READER, daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """There is something new in the journal. Any thread may call."""
        with self._news:
            self._rung = True
            self._news.notify_all()

    async def drain(self) -> None:
        """Return when the store has all that the journal had at the call, rolled up and packed, or at `close`."""
        await asyncio.to_thread(self._drain)

    async def close(self) -> None:
        """End the thread after the transaction under way."""
        with self._news:
            self._stopping = True
            self._news.notify_all()
        await asyncio.to_thread(self._thread.join, _CLOSE_S)

    def _drain(self) -> None:
        tip = self._reader.tip
        with self._news:
            self._draining += 1
            self._rung = True
            self._news.notify_all()
            self._news.wait_for(lambda: self._settled >= tip or self._stopping)
            self._draining -= 1

    def _run(self) -> None:
        wait_s = FIRST_WAIT_S
        while not self._stopping:
            delivered = self.status.delivered
            try:
                self._attempt()
            except Exception as error:  # noqa: BLE001  whatever it is, the backlog waits and is tried again
                good = self.status.connected or self.status.delivered > delivered
                wait_s = FIRST_WAIT_S if good else min(wait_s * 2, LONGEST_WAIT_S)
                self._failed(error)
                self._wait(wait_s * random.uniform(0.8, 1.2), wakeable=False)  # noqa: S311  spreads retries
        self._reader.close()

    def _attempt(self) -> None:
        """One connection: find out what the store has, and deliver until stopped."""
        with closing(TimescaleStore.connect(self._dsn, self._reader, READER)) as store:
            try:
                store.contact()
            except LostTailError:
                self._log.warning("the store has more of this journal than the journal: it goes on under a new id")
                self._journal.renew()
            except LostRowsError:
                self._log.warning("the store has lost rows that it had: everything kept is delivered anew")
                self._journal.requeue()
            else:
                self._serve(store)

    def _serve(self, store: TimescaleStore) -> None:
        """Deliver until stopped: what is new, then a batch of the backlog, then what is due of the rest."""
        edition = store.edition()
        self._tell_edition(edition)
        chores = _Chores(self._journal, self._reader, store)
        retention = Retention(store, edition, self._log)
        occupancy = Occupancy(store, self._beds, self._log)
        while not self._stopping:
            self._rung = False
            draining = self._draining > 0
            tip = self._reader.tip
            busy = self._deliver_new(store, tip)
            busy |= self._deliver_old(store, tip)
            busy |= chores.work(hurry=draining and not busy)
            busy = busy or (not draining and retention.work())
            self._recovered()
            occupied = occupancy.work()
            if occupied is not None:
                self.status = replace(self.status, occupied=occupied)
            self.status = replace(self.status, pending=tip - len(store.done))
            if not busy:
                if draining and chores.due_s() is None:
                    with self._news:
                        self._settled = tip
                        self._news.notify_all()
                due_s = [s for s in (chores.due_s(), retention.due_s(), occupancy.due_s()) if s is not None]
                self._wait(min(due_s, default=None), wakeable=True)

    def _deliver_new(self, store: TimescaleStore, tip: int) -> bool:
        """Deliver the gap at the tip: all of it, or its newest entries if it is long."""
        gaps = list(store.done.gaps(1, tip))
        if not gaps or gaps[-1][1] < tip:
            return False
        first, last = gaps[-1]
        if last - first >= BATCH and len(store.done.runs) < MOST_RUNS:
            first = last - FRESH + 1
        self._deliver(store, (first, last))
        return True

    def _deliver_old(self, store: TimescaleStore, tip: int) -> bool:
        """Deliver a batch of the oldest gap."""
        gap = next(store.done.gaps(1, tip), None)
        if gap is None:
            return False
        self._deliver(store, gap)
        return True

    def _deliver(self, store: TimescaleStore, run: Run) -> int:
        """Deliver the first batch of a run and return its last number; a row that no table takes is parked alone."""
        batch = self._reader.batch(run[0] - 1, run[1], BATCH)
        try:
            store.deliver(batch)
        except BAD_ROW as error:
            if len(batch) > 1:
                middle = (batch.after + batch.last) // 2
                after = batch.after
                while after < batch.last:
                    after = self._deliver(store, (after + 1, middle if after < middle else batch.last))
                return after
            store.park(batch, error)
            self._log.warning("an entry is parked", reason=explain(error))
            self.status = replace(self.status, parked=self.status.parked + 1)
        else:
            self.status = replace(self.status, delivered=self.status.delivered + len(batch))
        return batch.last

    def _wait(self, timeout_s: float | None, *, wakeable: bool) -> None:
        with self._news:
            self._news.wait_for(lambda: self._stopping or (wakeable and self._rung), timeout_s)

    def _tell_edition(self, edition: str | None) -> None:
        """Say once what the server is, and louder if it is good for trying out only."""
        if self._told != MEANS[edition]:
            self._told = MEANS[edition]
            (self._log.warning if edition is PLAIN else self._log.info)("store found", server=self._told)

    def _failed(self, error: Exception) -> None:
        reason = self._reason(error)
        self._link.lost(reason)
        self.status = replace(self.status, connected=False, error=reason, occupied={})

    def _recovered(self) -> None:
        self._link.good()
        if not self.status.connected:
            self.status = replace(self.status, connected=True, error="")

    def _reason(self, error: Exception) -> str:
        if isinstance(error, psycopg.OperationalError):
            return secretless(str(error), self._dsn)
        return explain(error)


class _Chores:
    """What follows a delivery, not at once but soon: last readings, word to the journal, minutes, runs of waves."""

    def __init__(self, journal: Journal, reader: JournalReader, store: TimescaleStore) -> None:
        self._journal = journal
        self._reader = reader
        self._store = store
        self._latest = self._known = 0
        self._told = reader.readers().get(READER)
        self._hurry = False
        self._chores = (
            _Chore(LATEST_EVERY_S, self._lacks_latest, self._bring_latest),
            _Chore(TELL_EVERY_S, lambda: store.done != self._told, self._tell),
            _Chore(ROLL_UP_EVERY_S, lambda: bool(store.stale.runs), store.roll_up),
            _Chore(PACK_EVERY_S, self._may_pack, store.pack),
        )

    def work(self, *, hurry: bool) -> bool:
        """Do what is due, or in a hurry whatever there is; return whether there may be more."""
        self._hurry = hurry
        busy = [chore.work(hurry=hurry) for chore in self._chores]
        return any(busy)

    def due_s(self) -> float | None:
        """Seconds until something is due; None where nothing is left to do."""
        return min((chore.due_s() for chore in self._chores if chore.waits()), default=None)

    def _may_pack(self) -> bool:
        if not self._store.loose.runs:
            return False
        minute, _ = self._store.loose.runs[0]
        return self._hurry or self._store.newest_us >= (minute + 1) * MINUTE_US + LATE_US

    def _lacks_latest(self) -> bool:
        return self._store.done.last > self._latest or self._store.known > self._known

    def _bring_latest(self) -> None:
        """A channel that is new to the store may have spoken last long ago: then all are looked at again."""
        known, upto = self._store.known, self._store.done.last
        self._store.keep_latest(self._latest if known == self._known else 0, upto)
        self._known, self._latest = known, upto

    def _tell(self) -> None:
        with suppress(DiskError):  # the store knows it all the same
            self._journal.done(READER, self._store.done)
        self._told = self._store.done


class _Chore:
    """Work that may wait for `every_s` since its last end, and then goes on until nothing waits.

    Work that returns False could not be done now, and is left for AGAIN_S even in a hurry.
    """

    def __init__(self, every_s: float, waits: Callable[[], bool], work: Callable[[], bool | None]) -> None:
        self.waits = waits
        self._every_s = every_s
        self._work = work
        self._next_s = self._again_s = -math.inf

    def due_s(self) -> float:
        return max(0.0, self._next_s - time.monotonic())

    def work(self, *, hurry: bool) -> bool:
        """Do a piece if it is time, and return whether it was."""
        if not self.waits() or time.monotonic() < (self._again_s if hurry else self._next_s):
            return False
        if self._work() is False:
            self._next_s = self._again_s = time.monotonic() + AGAIN_S
        elif not self.waits():
            self._next_s = time.monotonic() + self._every_s
        return True
