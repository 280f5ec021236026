"""Keeps every sink on every journal there is: the file, and the one in memory while there is one."""

import asyncio
import threading
from collections.abc import Callable, Mapping
from typing import Protocol

from collector.errors import JournalError
from collector.journal import Journal
from collector.journal.safe import SafeJournal
from collector.status import SinkStatus


class Sink(Protocol):
    """Delivers one journal. `wake` may be called from any thread, the rest in the event loop."""

    @property
    def status(self) -> SinkStatus: ...

    def wake(self) -> None:
        """There is something new in the journal."""

    async def drain(self) -> None:
        """Return when the destination has all that the journal had at the call, or at `close`."""

    async def close(self) -> None:
        """End within a few seconds, whatever the destination does."""


Place = tuple[str, Journal]
"""A reader's name and one of the journals."""


class Delivery:
    """The sinks, each made by the factory of its reader for a journal.

    single: readers whose destination bears only one of them at a time: it is on the journal that takes entries now.
    """

    def __init__(
        self, journal: SafeJournal, factories: Mapping[str, Callable[[Journal], Sink]], single: frozenset[str]
    ) -> None:
        self._journal = journal
        self._factories = factories
        self._single = single
        self._lock = threading.Lock()
        self._settling = asyncio.Lock()
        self._sinks: dict[Place, Sink] = {}
        self._journals: list[Journal] = []
        self._gone = dict.fromkeys(factories, SinkStatus())
        self._start()

    def wake(self) -> None:
        """There is something new. Any thread may call."""
        with self._lock:
            sinks = list(self._sinks.values())
        for sink in sinks:
            sink.wake()

    async def tend(self) -> None:
        """Mend the journal, let it forget, and see that each journal there is has its sinks."""
        await asyncio.to_thread(self._journal.heal)
        await asyncio.to_thread(self._journal.tidy)
        await self._settle()

    async def drain(self) -> None:
        """Return when every destination has everything."""
        there: list[Journal] = []
        while there != self._journal.journals:  # one that went meanwhile has left what it had to another
            there = self._journal.journals
            await self._settle()
            await asyncio.gather(*(self._drain(*place) for place in list(self._sinks)))

    async def close(self) -> None:
        await asyncio.gather(*(self._stop(place) for place in list(self._sinks)))
        for journal in self._journals:
            journal.close()

    def status(self) -> dict[str, SinkStatus]:
        """Of each reader over all its journals, those that are gone included."""
        return {name: self._status(name) for name in self._factories}

    def _status(self, name: str) -> SinkStatus:
        with self._lock:
            now = [sink.status for (reader, _), sink in self._sinks.items() if reader == name]
        every = [self._gone[name], *now]
        return SinkStatus(
            connected=bool(now) and all(status.connected for status in now),
            error=next((status.error for status in now if status.error), ""),
            delivered=sum(status.delivered for status in every),
            parked=sum(status.parked for status in every),
            skipped=sum(status.skipped for status in every),
            pending=sum(status.pending for status in now),
            occupied={bed: found for status in now for bed, found in status.occupied.items()},
        )

    async def _drain(self, name: str, journal: Journal) -> None:
        sink = self._sinks.get((name, journal))
        try:
            if sink is not None:
                await sink.drain()
        except JournalError:
            if (name, journal) in self._wanted():
                raise

    async def _settle(self) -> None:
        """Close the sinks that are no longer wanted, then their journals, and make those that are."""
        async with self._settling:
            await self._settled()

    async def _settled(self) -> None:
        wanted = self._wanted()
        await asyncio.gather(*(self._stop(place) for place in list(self._sinks) if place not in wanted))
        self._start()
        there, used = self._journal.journals, {journal for _, journal in self._sinks}
        for journal in [journal for journal in self._journals if journal not in there and journal not in used]:
            journal.close()
            self._journals.remove(journal)

    def _wanted(self) -> list[Place]:
        there = self._journal.journals
        return [(name, each) for name in self._factories for each in (there[-1:] if name in self._single else there)]

    def _start(self) -> None:
        self._journals += [journal for journal in self._journal.journals if journal not in self._journals]
        for name, journal in self._wanted():
            if (name, journal) not in self._sinks:
                try:
                    sink = self._factories[name](journal)
                except JournalError:  # it cannot be read at the moment; the next look tries again
                    continue
                with self._lock:
                    self._sinks[name, journal] = sink

    async def _stop(self, place: Place) -> None:
        with self._lock:
            sink = self._sinks.pop(place, None)
        if sink is None:
            return
        await sink.close()
        before, last = self._gone[place[0]], sink.status
        self._gone[place[0]] = SinkStatus(
            delivered=before.delivered + last.delivered,
            parked=before.parked + last.parked,
            skipped=before.skipped + last.skipped,
        )
