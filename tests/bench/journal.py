"""Time of a commit of the journal that a frame waits for, while a page reads and delivered entries are forgotten."""

import multiprocessing
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from multiprocessing.sharedctypes import Synchronized
from multiprocessing.synchronize import Event
from pathlib import Path

from collector.journal import Journal, JournalReader, Limits
from collector.journal.ranges import Ranges
from collector.model import Entry
from tests.bench import made
from tests.bench.report import Row, percentile

BED = "BENCH"
READER = "timescale"
HOURS = 24
COMMITS = 1_200
PERIOD_S = 0.05
PARTS = 5
"""Commits that hold a second of the bed: 12 values and 8 pieces each; they come at four times real time."""
BATCH = 10_000
KEEP_HOURS = 6
"""What is delivered and older goes, as in a bed that was long without its server."""
PAUSE_S = 0.1
SLICES = 20
"""Slices forgotten in the same time: a hundred thousand entries a second, as the daemon does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Commit:
    """took_s: as the caller sees it; ran_s: on a processor; queued_s: ready, but other programs had the processors."""

    took_s: float
    ran_s: float
    queued_s: float


def rows() -> Iterator[Row]:
    now_us = time.time_ns() // 1_000_000_000 * made.SECOND_US
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        path = Path(folder) / "journal.db"
        with closing(Journal.open(path, [READER], Limits(keep_us=KEEP_HOURS * 3600 * made.SECOND_US))) as journal:
            first_us = now_us - HOURS * 3600 * made.SECOND_US
            began = time.perf_counter()
            tip = made.fill(journal, BED, first_us, HOURS * 3600)
            filled_s = time.perf_counter() - began
            alone = _commits(journal, now_us, COMMITS // 4)
            with _page(path, first_us, now_us) as loads, _tidying(journal, now_us) as forgotten:
                busy = _commits(journal, now_us + COMMITS * made.SECOND_US, COMMITS)
            said = f"{loads.value} pages of {HOURS} h × {made.CHANNELS}; {forgotten[0]:,} slices forgotten"
            yield from _rows(busy, alone, said)
            yield Row(what="journal, appended in bulk", unit="k entries/s", value=tip / filled_s / 1e3)


def _rows(busy: Sequence[_Commit], alone: Sequence[_Commit], said: str) -> Iterator[Row]:
    for share, budget in ((0.99, 20.0), (0.50, None)):
        yield Row(
            what=f"journal commit, page reading and tidying, p{share * 100:.0f}",
            unit="ms",
            value=percentile([one.took_s for one in busy], share) * 1e3,
            budget=budget,
            reference=percentile([one.took_s for one in alone], share) * 1e3,
            against="alone",
            note=f"n={len(busy)}; {said}" if budget else f"max {max(one.took_s for one in busy) * 1e3:.1f}",
        )
    yield Row(
        what="journal commit, less its wait for a processor, p99",
        unit="ms",
        value=percentile([one.took_s - one.queued_s for one in busy], 0.99) * 1e3,
        reference=percentile([one.took_s - one.queued_s for one in alone], 0.99) * 1e3,
        against="alone",
        note=f"processor {sum(one.ran_s for one in busy) / len(busy) * 1e3:.2f} ms a commit",
    )


def _commits(journal: Journal, first_us: int, count: int) -> list[_Commit]:
    """Appends, PERIOD_S from one to the next."""
    of, pieces = made.series(BED), made.Pieces(BED)
    share = made.CHANNELS // PARTS
    done = []
    for number in range(count):
        time_us = first_us + number * made.SECOND_US // PARTS
        part = number % PARTS * share
        entries: list[Entry] = [*made.readings(of[part : part + share], time_us), *pieces.at(time_us, PARTS)]
        began, (ran, queued) = time.perf_counter(), _scheduled_s()
        journal.append(entries)
        took_s, (ran_s, queued_s) = time.perf_counter() - began, _scheduled_s()
        done.append(_Commit(took_s=took_s, ran_s=ran_s - ran, queued_s=queued_s - queued))
        time.sleep(max(0.0, PERIOD_S - took_s))
    return done


def _scheduled_s() -> tuple[float, float]:
    """How long this thread has run, and how long it could have run but had no processor (Linux, schedstat)."""
    ran_ns, queued_ns, _ = Path("/proc/thread-self/schedstat").read_text(encoding="ascii").split()
    return int(ran_ns) / 1e9, int(queued_ns) / 1e9


@contextmanager
def _page(path: Path, first_us: int, end_us: int) -> "Iterator[Synchronized[int]]":
    """Another process that reads what a page shows, over and over; yields how often it has."""
    fresh = multiprocessing.get_context("spawn")
    stop, loads = fresh.Event(), fresh.Value("i", 0)
    process = fresh.Process(target=_load, args=(path, first_us, end_us, stop, loads))
    process.start()
    try:
        yield loads
    finally:
        stop.set()
        process.join()


def _load(path: Path, first_us: int, end_us: int, stop: Event, loads: "Synchronized[int]") -> None:
    with closing(JournalReader.at(path)) as reader:
        while not stop.is_set():
            reader.latest(BED)
            reader.minutes(BED, (), first_us, end_us)
            loads.value += 1


@contextmanager
def _tidying(journal: Journal, now_us: int) -> Iterator[list[int]]:
    """Threads in place of the sink and the daemon: one reads batches and tells that they are delivered, the other lets
    the journal forget what is old; yields how many slices that were.
    """
    stop, forgotten = threading.Event(), [0]

    def deliver() -> None:
        with closing(journal.reader()) as reader:
            done = Ranges()
            while not stop.wait(PAUSE_S) and done.last < reader.tip:
                batch = reader.batch(done.last, reader.tip, BATCH)
                done |= Ranges.of((batch.after + 1, batch.last))
                journal.done(READER, done)

    def tidy() -> None:
        while not stop.wait(PAUSE_S / SLICES):
            forgotten[0] += journal.tidy(now_us)

    threads = [threading.Thread(target=deliver), threading.Thread(target=tidy)]
    for thread in threads:
        thread.start()
    try:
        yield forgotten
    finally:
        stop.set()
        for thread in threads:
            thread.join()
