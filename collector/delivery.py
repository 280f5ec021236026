"""Keeps every sink on every journal there is: the file, and the one in memory while there is one."""

import asyncio
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from collector.errors import JournalError
from collector.journal import Journal
from collector.journal.safe import SafeJournal


@dataclass(frozen=True, slots=True, kw_only=True)
class SinkStatus:
    """error: why it is not connected, without secrets; delivered, parked: entries since the start; pending: entries
    that the destination does not have.
    """

    connected: bool = False
    error: str = ""
    delivered: int = 0
    parked: int = 0
    pending: int = 0


class Sink(Protocol):
    """Delivers one journal. `wake` may be called from any thread, the rest in the event loop."""

    status: SinkStatus

    def wake(self) -> None:
        """There is something new in the journal."""

    async def drain(self) -> None:
        """Return when the destination has all that the journal had at the call, or at `close`."""

    async def close(self) -> None:
        """End within a few seconds, whatever the destination does."""


class Delivery:
    """The sinks by reader, each made by its factory for each journal."""

    def __init__(self, journal: SafeJournal, factories: Mapping[str, Callable[[Journal], Sink]]) -> None:
        self._journal = journal
        self._factories = factories
        self._lock = threading.Lock()
        self._sinks: dict[Journal, dict[str, Sink]] = {}
        self._gone = dict.fromkeys(factories, SinkStatus())
        self._start()

    def wake(self) -> None:
        """There is something new. Any thread may call."""
        with self._lock:
            sinks = [sink for each in self._sinks.values() for sink in each.values()]
        for sink in sinks:
            sink.wake()

    async def tend(self) -> None:
        """Mend the journal, let it forget, and see that each journal there is has its sinks."""
        await asyncio.to_thread(self._journal.heal)
        await asyncio.to_thread(self._journal.tidy)
        self._start()
        there = self._journal.journals
        for journal in [journal for journal in self._sinks if journal not in there]:
            await self._stop(journal)

    async def drain(self) -> None:
        """Return when every destination has everything."""
        there: list[Journal] = []
        while there != self._journal.journals:  # one that went meanwhile has left what it had to another
            there = self._journal.journals
            self._start()
            await asyncio.gather(*(self._drain(journal) for journal in there))

    async def _drain(self, journal: Journal) -> None:
        try:
            await asyncio.gather(*(sink.drain() for sink in self._sinks[journal].values()))
        except JournalError:
            if journal in self._journal.journals:
                raise

    async def close(self) -> None:
        for journal in list(self._sinks):
            await self._stop(journal)

    def status(self) -> dict[str, SinkStatus]:
        """Of each reader over all its journals, those that are gone included."""
        return {name: self._status(name) for name in self._factories}

    def _status(self, name: str) -> SinkStatus:
        with self._lock:
            now = [each[name].status for each in self._sinks.values()]
        every = [self._gone[name], *now]
        return SinkStatus(
            connected=bool(now) and all(status.connected for status in now),
            error=next((status.error for status in now if status.error), ""),
            delivered=sum(status.delivered for status in every),
            parked=sum(status.parked for status in every),
            pending=sum(status.pending for status in now),
        )

    def _start(self) -> None:
        for journal in self._journal.journals:
            if journal not in self._sinks:
                sinks = {name: make(journal) for name, make in self._factories.items()}
                with self._lock:
                    self._sinks[journal] = sinks

    async def _stop(self, journal: Journal) -> None:
        with self._lock:
            sinks = self._sinks.pop(journal)
        for name, sink in sinks.items():
            await sink.close()
            before, last = self._gone[name], sink.status
            self._gone[name] = SinkStatus(
                delivered=before.delivered + last.delivered, parked=before.parked + last.parked
            )
        journal.close()
