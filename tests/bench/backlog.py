"""Draining a backlog through the real sink, while live data come: how many times faster than it was made, and how old
the live data are that meanwhile become visible.
"""

import asyncio
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psycopg

from collector.journal import Journal, JournalReader
from collector.journal.ranges import Ranges
from collector.model import Channel, Entry, Quality, Reading, Series
from collector.timescale import BATCH, READER, Timescale
from tests.bench import made
from tests.bench.plain import Plain, as_block
from tests.bench.report import Row, percentile
from tests.bench.server import server, store

BED = "BENCH"
REPEATS = 3
TICK_S = 0.25
"""Between two live frames: 15 values, and 8 pieces where the backlog has waves."""
LOOK_S = 0.005
"""Between two questions to the store for the newest live value."""
PATIENCE_S = 300.0
PLAIN_BATCHES = 20
"""Of BATCH entries of the backlog, given to a plain COPY after each draining for comparison."""

_LIVE = Series(bed=BED, device="live", channel=Channel(code="VND_BENCH_LIVE", source="live", unit="1"))
_NEWEST = """
select o.value from vitalsd.obs as o join vitalsd.channel as c on c.id = o.channel
where c.device = 'live' and o.time > now() - interval '1 minute' order by o.time desc limit 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    what: str
    backlog_s: int
    waves: bool
    budget: float


CASES = (
    _Case(what="values", backlog_s=4 * 3600, waves=False, budget=1_000.0),
    _Case(what="values and 8 waves", backlog_s=2 * 3600, waves=True, budget=100.0),
)
"""Budgets of design §8, in times of real time."""


@dataclass(slots=True)
class _Drained:
    times: float
    entries_per_s: float
    processor: float
    plain_per_s: float | None
    ages_s: Sequence[float]


def rows() -> Iterator[Row]:
    with server() as dsn, tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        for case in CASES:
            filled = Path(folder) / f"filled-{case.waves}.db"
            with closing(Journal.open(filled, [READER])) as journal:
                first_us = _now_us() - (case.backlog_s + 60) * made.SECOND_US
                made.fill(journal, BED, first_us, case.backlog_s, with_waves=case.waves)
            drained = []
            for number in range(REPEATS):
                path = filled.with_name(f"{number}.db")
                shutil.copy(filled, path)
                with store(dsn) as database:
                    drained.append(_drain(database, path, case))
                path.unlink()
            yield from _rows(case, drained)


def _rows(case: _Case, drained: list[_Drained]) -> Iterator[Row]:
    times = [one.times for one in drained]
    ages = [age for one in drained for age in one.ages_s]
    plains = [one.plain_per_s for one in drained if one.plain_per_s is not None]
    rate_k = median(one.entries_per_s for one in drained) / 1e3
    plain = median(plains) if plains else None
    beside = f"; ×{rate_k * 1e3 / plain:.2f} plain COPY" if plain else ""
    yield Row(
        what=f"backlog of {case.what}",
        unit="× real time",
        value=median(times),
        budget=case.budget,
        at_least=True,
        note=f"{min(times):,.0f}–{max(times):,.0f}; journal to store {rate_k:,.0f} k entries/s{beside}; "
        f"client {median(one.processor for one in drained):.2f} of a processor",
    )
    yield Row(
        what=f"backlog of {case.what}: age of live data, max",
        unit="s",
        value=max(ages),
        budget=1.0,
        note=f"p50 {percentile(ages, 0.5):.3f}, n={len(ages)}",
    )


def _drain(dsn: str, path: Path, case: _Case) -> _Drained:
    with closing(Journal.open(path, [READER])) as journal, closing(journal.reader()) as reader:
        backlog = reader.tip
        blocks = [] if case.waves else _blocks(reader)
        came: list[float] = []
        stop = threading.Event()
        began, used = time.perf_counter(), time.process_time()
        sink = Timescale(dsn, journal)
        live = threading.Thread(target=_live, args=(journal, sink, came, stop), kwargs={"waves": case.waves})
        live.start()
        try:
            ages_s = _watch(dsn, backlog, came, began)
        finally:
            stop.set()
            live.join()
            elapsed_s, processor_s = time.perf_counter() - began, time.process_time() - used
            asyncio.run(sink.close())
    return _Drained(
        times=case.backlog_s / elapsed_s,
        entries_per_s=backlog / elapsed_s,
        processor=processor_s / elapsed_s,
        plain_per_s=_plain(dsn, blocks),
        ages_s=ages_s,
    )


def _blocks(reader: JournalReader) -> list[bytes]:
    """The first batches of the backlog, ready to be sent."""
    return [as_block(reader.batch(n * BATCH, (n + 1) * BATCH, BATCH)) for n in range(PLAIN_BATCHES)]


def _plain(dsn: str, blocks: Sequence[bytes]) -> float | None:
    """Rows a second of a plain COPY, which has nothing to do but send."""
    if not blocks:
        return None
    with closing(psycopg.connect(dsn, autocommit=True)) as connection:
        plain = Plain(connection)
        began = time.perf_counter()
        for block in blocks:
            plain.copy_block(block)
        return len(blocks) * BATCH / (time.perf_counter() - began)


def _watch(dsn: str, backlog: int, came: list[float], began: float) -> list[float]:
    """Until the backlog is in the store: how old each live frame was when it was first seen there, or a newer one."""
    ages: list[float] = []
    seen = 0
    wanted = Ranges.of((1, backlog))
    with psycopg.connect(dsn, autocommit=True) as connection:
        while True:
            found = connection.execute(_NEWEST).fetchone()
            now = time.perf_counter()
            newest = 0 if found is None else int(found[0])
            ages += [now - at for at in came[seen:newest]]
            seen = max(seen, newest)
            done = connection.execute("select done::text from vitalsd.position").fetchone()
            if done is not None and not (wanted - Ranges.parse(done[0])).runs:
                return ages
            if now - began > PATIENCE_S:
                raise RuntimeError(f"not drained within {PATIENCE_S} s")
            time.sleep(LOOK_S)


def _live(journal: Journal, sink: Timescale, came: list[float], stop: threading.Event, *, waves: bool) -> None:
    """A bed's frames in real time; the n-th brings the value n of the live series."""
    of = made.series(BED)[: made.CHANNELS // round(1 / TICK_S) - 1]
    pieces = made.Pieces(BED)
    while not stop.wait(TICK_S):
        now_us = _now_us()
        value = float(len(came) + 1)
        entries: list[Entry] = [
            Reading(series=_LIVE, time_us=now_us, value=value, text=None, quality=Quality.VALID, demo=False),
            *made.readings(of, now_us),
        ]
        if waves:
            entries += pieces.at(now_us, round(1 / TICK_S))
        journal.append(entries)
        came.append(time.perf_counter())
        sink.wake()


def _now_us() -> int:
    return time.time_ns() // 1000
