"""Journals, sinks and what came of them."""

import struct
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from time import monotonic, sleep
from typing import Any

import psycopg

from collector.journal import Journal
from collector.model import Entry, Reading, WavePiece
from collector.timescale import Timescale
from tests.unpacking import unpack_slowly

PATIENCE_S = 60.0
PAUSE_S = 0.002
"""Between two questions, so that they do not take the processor from what is asked for."""

_VITALS = "select time, bed, device, code, source, role, site, value, text, unit, quality, demo from vitals"


@asynccontextmanager
async def delivering(dsn: str, journal: Journal, beds: Sequence[str] = ()) -> AsyncIterator[Timescale]:
    sink = Timescale(dsn, journal, beds)
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


Sample = tuple[float, int]
"""Time in µs and count."""

_WAVES = """
select (c.bed, c.device, c.code, c.source, w.rate_hz, w.scale, w."offset", w.quality::text, w.demo)::text,
  (extract(epoch from w.time) * 1000000)::bigint, w.rate_hz, w.samples, w.enc, w.data
from vitalsd.wave as w join vitalsd.channel as c on c.id = w.channel
"""


def samples(dsn: str) -> dict[str, list[Sample]]:
    """Every stored sample of every wave in order, read without the help of what stored them."""
    found: dict[str, list[Sample]] = defaultdict(list)
    for wave, start_us, rate_hz, n, enc, data in rows(dsn, _WAVES):
        counts = unpack_slowly(data, n) if enc == 2 else struct.unpack(f"<{n}{'hi'[enc]}", data)
        assert len(counts) == n
        found[wave] += ((start_us + k * 1e6 / rate_hz, count) for k, count in enumerate(counts))
    return {wave: sorted(found[wave]) for wave in found}


def wanted_samples(entries: Iterable[Entry]) -> dict[str, list[Sample]]:
    """The same of pieces, each different one once."""
    found: dict[str, list[Sample]] = defaultdict(list)
    for p in dict.fromkeys(entry for entry in entries if isinstance(entry, WavePiece)):
        c = p.series.channel
        letter, demo = p.quality.value[0].upper(), "ft"[p.demo]
        numbers = ",".join(f"{number:g}" for number in (p.rate_hz, p.scale, p.offset))
        wave = f"({p.series.bed},{p.series.device},{c.code},{c.source},{numbers},{letter},{demo})"
        counts = struct.unpack(f"<{p.n}i", p.data)
        found[wave] += ((p.start_us + k * 1e6 / p.rate_hz, count) for k, count in enumerate(counts))
    return {wave: sorted(found[wave]) for wave in found}


def check_samples(dsn: str, entries: Iterable[Entry]) -> None:
    """The store has every sample of the pieces once, within half a sample period of its time, and no other."""
    there, wanted = samples(dsn), wanted_samples(entries)
    assert there.keys() == wanted.keys()
    for wave, ours in wanted.items():
        theirs = there[wave]
        assert len(theirs) == len(ours), wave
        half_us = 0.5e6 / float(wave.split(",")[4])
        for (at_us, count), (wanted_us, wanted_count) in zip(theirs, ours, strict=True):
            assert count == wanted_count, (wave, wanted_us)
            assert abs(at_us - wanted_us) < half_us, wave


def until(true: Callable[[], bool], what: str) -> None:
    """Ask a server or a process again and again until it says so; fail after PATIENCE_S."""
    deadline = monotonic() + PATIENCE_S
    while not true():
        assert monotonic() < deadline, f"still not: {what}"
        sleep(PAUSE_S)
