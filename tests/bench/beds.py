"""Many beds' values into one server: their sinks over few connections of one process; whole daemons."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

import psycopg

from collector.journal import Journal
from collector.journal.reader import Batch
from collector.journal.rows import Row as Values
from collector.sql import queries
from collector.timescale_store import TimescaleStore
from tests.bench import made
from tests.bench.latency import Bedside, processor_s, side_by_side
from tests.bench.report import Row, percentile
from tests.bench.server import server, store

READER = "timescale"
CONNECTIONS = 6
ROLL_UP_EVERY = 5
"""Of a bed's transactions, as the sink does every 5 s."""
HOPELESS_S = 20.0
"""So far behind a bed is not waited for."""

SIDE_BY_SIDE = 2
FRAMES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    beds: int
    seconds: int
    chores: bool
    budget: float | None = None


CASES = (
    _Case(beds=100, seconds=20, chores=True),
    _Case(beds=1_000, seconds=60, chores=False, budget=2.0),
    _Case(beds=400, seconds=60, chores=True),
)
"""Design §8 asks for 1 000 beds' values; `chores`: with last values and minutes, as the sink of each brings them."""

_CHANNELS = """
insert into vitalsd.channel(bed, device, code, source, role, site, unit)
select 'BENCH-' || bed, 'monitor', 'VND_BENCH_' || n, n::text, 'measured', '', '1'
from generate_series(0, %s - 1) as bed, generate_series(0, %s - 1) as n
"""


@dataclass(slots=True)
class _Load:
    """What one connection has done. `late_s`: from the time of the values of a transaction to its commit."""

    late_s: list[float] = field(default_factory=list)
    transactions: int = 0
    hopeless: bool = False


class _Bed:
    """A bed that is only its sink: a batch of 60 values a second, ready as from a journal."""

    def __init__(self, number: int, connection: psycopg.Connection[object]) -> None:
        bed = f"BENCH-{number}"
        self._journal = Journal.open(":memory:", [READER])
        self._last = self._journal.append(list(made.readings(made.series(bed), time.time_ns() // 1000)))
        self._store = TimescaleStore(connection, self._journal, READER)
        self._store.contact()
        self._numbers = sorted(self._journal.channels())
        self._after = 0

    def deliver(self, time_us: int) -> None:
        rows: list[Values] = [
            (self._after + k, channel, time_us, 0, 60.0 + k, None, "V", 0) for k, channel in enumerate(self._numbers, 1)
        ]
        last = self._after + len(rows)
        self._store.deliver(Batch(after=self._after, last=last, readings=rows, pieces=[], conditions=[], identities=[]))
        self._after = last

    def bring_latest(self) -> None:
        self._store.keep_latest(0, self._last)

    def roll_up(self) -> None:
        self._store.roll_up()

    def close(self) -> None:
        self._journal.close()


def rows() -> Iterator[Row]:
    with server() as dsn:
        for case in CASES:
            with store(dsn) as database:
                yield _row(database, case)
        with store(dsn) as database:
            yield from _daemons(database)


def _row(dsn: str, case: _Case) -> Row:
    with ExitStack() as stack:
        admin = stack.enter_context(psycopg.connect(dsn, autocommit=True))
        admin.execute(_CHANNELS, (case.beds, made.CHANNELS))
        connections = [stack.enter_context(psycopg.connect(dsn, autocommit=True)) for _ in range(CONNECTIONS)]
        groups = []
        for number, connection in enumerate(connections):
            connection.execute(queries("timescale")["settings"])
            groups.append([_Bed(bed, connection) for bed in range(number, case.beds, CONNECTIONS)])
        for bed in (bed for group in groups for bed in group):
            stack.callback(bed.close)
        backends = [connection.info.backend_pid for connection in connections]
        loads = [_Load() for _ in groups]
        began, used, server_used = time.perf_counter(), time.process_time(), _sum_s(backends)
        threads = [
            threading.Thread(target=_work, args=(group, case, began + 1.0, load))
            for group, load in zip(groups, loads, strict=True)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        elapsed_s = time.perf_counter() - began
        client, served = time.process_time() - used, _sum_s(backends) - server_used
    late = [seconds for load in loads for seconds in load.late_s]
    stopped = "; given up" if any(load.hopeless for load in loads) else ""
    return Row(
        what=f"{case.beds:,} beds for {case.seconds} s, {'all' if case.chores else 'values alone'}: lag, max",
        unit="s",
        value=max(late),
        budget=case.budget,
        note=f"p50 {percentile(late, 0.5):.3f}, p99 {percentile(late, 0.99):.2f}; "
        f"{len(late) * made.CHANNELS / elapsed_s / 1e3:,.1f} k rows/s in "
        f"{sum(load.transactions for load in loads) / elapsed_s:,.0f} transactions/s; processors: "
        f"client {client / elapsed_s:.2f}, server {served / elapsed_s:.2f}{stopped}",
    )


def _work(beds: Sequence[_Bed], case: _Case, start: float, load: _Load) -> None:
    """Each bed's values when they are due, its seconds spread evenly between those of the others."""
    wall_us = time.time_ns() // 1000 - round(time.perf_counter() * 1e6)
    for second in range(case.seconds):
        for place, bed in enumerate(beds):
            due = start + second + place / len(beds)
            time.sleep(max(0.0, due - time.perf_counter()))
            bed.deliver(wall_us + round(due * 1e6))
            load.late_s.append(time.perf_counter() - due)
            load.transactions += 1
            if case.chores:
                bed.bring_latest()
                load.transactions += 1
                if second % ROLL_UP_EVERY == place % ROLL_UP_EVERY:
                    bed.roll_up()
                    load.transactions += 1
            if load.late_s[-1] > HOPELESS_S:
                load.hopeless = True
                return


def _sum_s(backends: Sequence[int]) -> float:
    return sum(map(processor_s, backends))


def _daemons(dsn: str) -> Iterator[Row]:
    """Whole daemons, each with a monitor on a pty: 60 values a second and 8 waves."""
    seen: list[Bedside] = side_by_side(dsn, SIDE_BY_SIDE, FRAMES)
    late = [seconds for bed in seen for seconds in bed.late_s]
    yield Row(
        what=f"{SIDE_BY_SIDE} daemons side by side: byte to row, p99",
        unit="ms",
        value=percentile(late, 0.99) * 1e3,
        note=f"p50 {percentile(late, 0.5) * 1e3:.1f}, n={len(late)}",
    )
    yield Row(
        what=f"{SIDE_BY_SIDE} daemons side by side: processor of each",
        unit="% of one",
        value=max(bed.processor for bed in seen) * 100,
        note=f"resident at the most {max(bed.peak_mib for bed in seen):.0f} MiB",
    )
