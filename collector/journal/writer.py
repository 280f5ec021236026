"""The journal's face in asyncio: one thread commits, and what comes meanwhile goes into the next commit."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from collector.model import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    entries: Sequence[Entry]
    inputs: Mapping[str, int]
    finished: "asyncio.Future[int]"


class Appendable(Protocol):
    def append(self, entries: Sequence[Entry], inputs: Mapping[str, int]) -> int: ...


class Writer:
    """Appends to a journal without holding the event loop. `ring` is called in its thread after each commit."""

    def __init__(self, journal: Appendable, *ring: Callable[[], None]) -> None:
        self._journal = journal
        self._ring = ring
        self._loop = asyncio.get_running_loop()
        self._jobs: deque[_Job] = deque()
        self._news = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def append(self, entries: Sequence[Entry], inputs: Mapping[str, int]) -> "asyncio.Future[int]":
        """As Journal.append, in the order of the calls. What is not waited for, or cancelled, is kept all the same."""
        job = _Job(entries=entries, inputs=inputs, finished=self._loop.create_future())
        with self._news:
            if self._closing:
                raise RuntimeError("the writer is closed")
            self._jobs.append(job)
            self._news.notify()
        return job.finished

    async def close(self) -> None:
        """Commit what is waiting and end the thread; the journal stays open."""
        with self._news:
            self._closing = True
            self._news.notify()
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        while True:
            with self._news:
                self._news.wait_for(lambda: self._jobs or self._closing)
                jobs = list(self._jobs)
                self._jobs.clear()
            if not jobs:
                return
            self._commit(jobs)

    def _commit(self, jobs: Sequence[_Job]) -> None:
        entries = [entry for job in jobs for entry in job.entries]
        inputs = {name: frames for job in jobs for name, frames in job.inputs.items()}
        try:
            seq = self._journal.append(entries, inputs)
        except Exception as error:  # noqa: BLE001  it belongs to whoever appended
            if len(jobs) > 1:
                for job in jobs:
                    self._commit([job])
            else:
                self._loop.call_soon_threadsafe(_fail, jobs[0].finished, error)
            return
        for ring in self._ring:
            ring()
        self._loop.call_soon_threadsafe(_finish, jobs, seq)


def _finish(jobs: Sequence[_Job], seq: int) -> None:
    for job in jobs:
        if not job.finished.done():
            job.finished.set_result(seq)


def _fail(finished: "asyncio.Future[int]", error: Exception) -> None:
    if not finished.done():
        finished.set_exception(error)
