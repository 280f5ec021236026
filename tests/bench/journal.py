"""Time of a commit of the journal that a bed's frame waits for, while a page reads and delivered entries are pruned."""

import multiprocessing
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from multiprocessing.sharedctypes import Synchronized
from multiprocessing.synchronize import Event
from pathlib import Path

from collector.journal import Journal, JournalReader
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
PRUNES = 6
"""Slices of the queue forgotten after a batch, as the sink does."""
PAUSE_S = 0.1


def rows() -> Iterator[Row]:
    now_us = time.time_ns() // 1_000_000_000 * made.SECOND_US
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        path = Path(folder) / "journal.db"
        with closing(Journal.open(path, [READER])) as journal:
            first_us = now_us - HOURS * 3600 * made.SECOND_US
            began = time.perf_counter()
            tip = made.fill(journal, BED, first_us, HOURS * 3600)
            filled_s = time.perf_counter() - began
            alone, _ = _commits(journal, now_us, COMMITS // 4)
            with _page(path, first_us, now_us) as loads, _pruning(journal) as pruned:
                busy, processor_s = _commits(journal, now_us + COMMITS * made.SECOND_US, COMMITS)
            yield Row(
                what="journal commit, page reading and pruning, p99",
                unit="ms",
                value=percentile(busy, 0.99) * 1e3,
                budget=20.0,
                reference=percentile(alone, 0.99) * 1e3,
                against="alone",
                note=f"n={len(busy)}; {loads.value} pages of {HOURS} h × {made.CHANNELS}; {pruned[0]:,} entries pruned",
            )
            yield Row(
                what="journal commit, page reading and pruning, p50",
                unit="ms",
                value=percentile(busy, 0.50) * 1e3,
                reference=percentile(alone, 0.50) * 1e3,
                against="alone",
                note=f"max {max(busy) * 1e3:.1f}; processor {processor_s / len(busy) * 1e3:.2f} ms a commit",
            )
            yield Row(what="journal, appended in bulk", unit="k entries/s", value=tip / filled_s / 1e3)


def _commits(journal: Journal, first_us: int, count: int) -> tuple[list[float], float]:
    """Seconds that each append took, PERIOD_S from one to the next, and the processor time of all of them."""
    of, pieces = made.series(BED), made.Pieces(BED)
    share = made.CHANNELS // PARTS
    took = []
    processor_s = 0.0
    for number in range(count):
        time_us = first_us + number * made.SECOND_US // PARTS
        part = number % PARTS * share
        entries: list[Entry] = [*made.readings(of[part : part + share], time_us), *pieces.at(time_us, PARTS)]
        began, used = time.perf_counter(), time.thread_time()
        journal.append(entries)
        took.append(time.perf_counter() - began)
        processor_s += time.thread_time() - used
        time.sleep(max(0.0, PERIOD_S - took[-1]))
    return took, processor_s


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
def _pruning(journal: Journal) -> Iterator[list[int]]:
    """A thread in place of the sink: it reads batches, tells that they are delivered, and prunes; yields how many."""
    stop, pruned = threading.Event(), [0]

    def deliver() -> None:
        with closing(journal.reader()) as reader:
            done = Ranges()
            while not stop.wait(PAUSE_S) and done.last < reader.tip:
                batch = reader.batch(done.last, reader.tip, BATCH)
                done |= Ranges.of((batch.after + 1, batch.last))
                journal.done(READER, done)
                for _ in range(PRUNES):
                    journal.prune()
                pruned[0] = done.last

    thread = threading.Thread(target=deliver)
    thread.start()
    try:
        yield pruned
    finally:
        stop.set()
        thread.join()
