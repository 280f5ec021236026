"""Journals, sinks and what came of them."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from time import monotonic, sleep
from typing import Any

import psycopg

from collector.journal import Journal
from collector.model import Entry, Reading
from collector.timescale import Timescale

PATIENCE_S = 60.0
PAUSE_S = 0.002
"""Between two questions, so that they do not take the processor from what is asked for."""

_VITALS = "select time, bed, device, code, source, role, site, value, text, unit, quality, demo from vitals"


@asynccontextmanager
async def delivering(dsn: str, journal: Journal) -> AsyncIterator[Timescale]:
    sink = Timescale(dsn, journal)
    try:
        yield sink
    finally:
        await sink.close()


async def deliver(dsn: str, journal: Journal) -> Timescale:
    """Bring everything that the journal has to the store, and end."""
    async with delivering(dsn, journal) as sink:
        await sink.drain()
    return sink


def rows(dsn: str, query: str, *parameters: object) -> list[tuple[Any, ...]]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        return connection.execute(query, parameters).fetchall()


def stored(dsn: str) -> Counter[tuple[object, ...]]:
    """Every row of the view with how often it is there; times as µs since 1970."""
    query = _VITALS.replace("time,", "(extract(epoch from time) * 1000000)::bigint,", 1)
    return Counter(rows(dsn, query))


def wanted(entries: Iterable[Entry]) -> Counter[tuple[object, ...]]:
    """The same of readings, each different one once."""
    return Counter({_row(entry): 1 for entry in entries if isinstance(entry, Reading)})


def _row(r: Reading) -> tuple[object, ...]:
    c = r.series.channel
    who = r.series.bed, r.series.device, c.code, c.source, c.role.value, c.site
    return r.time_us, *who, r.value, r.text, c.unit, r.quality.value, r.demo


def until(true: Callable[[], bool], what: str) -> None:
    """Ask a server or a process again and again until it says so; fail after PATIENCE_S."""
    deadline = monotonic() + PATIENCE_S
    while not true():
        assert monotonic() < deadline, f"still not: {what}"
        sleep(PAUSE_S)
