"""Waves in the store: raw at once, packed when their minute is over, and no sample lost or twice whatever happens."""

import asyncio
import random
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from time import monotonic

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from structlog.testing import capture_logs

from collector.journal import Journal
from collector.model import Channel, Entry, Quality, WavePiece
from collector.timescale import AGAIN_S, BATCH, READER
from collector.timescale_store import TimescaleStore
from collector.verify.proxy import Link, Proxy
from tests.journal.entries import T0_US, TEMPERATURE, piece, reading, seconds
from tests.store.delivering import check_samples, deliver, delivering, rows, stored, until, wanted

PRESSURE = Channel(code="MDC_PRESS_BLD_ART", source="4A10", unit="mm[Hg]")
ENCODINGS = "select enc, count(*) from vitalsd.wave group by 1 order by 1"


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal.open(tmp_path / "journal.db", [READER])
    yield journal
    journal.close()


def wave(first_s: int, last_s: int, seed: int = 0, *, a_second: int = 4) -> list[WavePiece]:
    """An ECG at 300 Hz in several pieces a second, always the same for the same second; starts in whole µs."""
    pieces: list[WavePiece] = []
    for second in range(first_s, last_s):
        counts = [int(count) for count in random.Random(1000 * seed + second).choices(range(-400, 400), k=300)]
        step = 300 // a_second
        pieces += [piece(second + k / 300, counts[k : k + step], 300.0) for k in range(0, 300, step)]
    return pieces


def pressure(first_s: int, last_s: int) -> list[WavePiece]:
    series = replace(piece(0, []).series, channel=PRESSURE)
    return [replace(p, series=series) for p in wave(first_s, last_s, 7, a_second=2)]


def keep(journal: Journal, entries: Sequence[Entry], at_once: int = 10_000) -> None:
    for first in range(0, len(entries), at_once):
        journal.append(entries[first : first + at_once])


async def deliver_in_steps(dsn: str, journal: Journal, entries: Sequence[Entry], at_once: int) -> None:
    """As it is live: each step in a delivery of its own, packed by no more than the time that has gone by."""
    async with delivering(dsn, journal) as sink:
        for first in range(0, len(entries), at_once):
            delivered = sink.status.delivered
            journal.append(entries[first : first + at_once])
            sink.wake()
            until(lambda n=delivered: sink.status.delivered > n, "the step delivered")  # type: ignore[misc]


async def test_pieces_are_raw_at_once_and_packed_when_their_minute_is_over(store: str, journal: Journal) -> None:
    first, late = wave(0, 58), wave(58, 60)
    async with delivering(store, journal) as sink:
        for entries in (first[:100], first[100:101], first[101:]):
            journal.append(entries)
        await sink.drain()
        assert [enc for enc, _ in rows(store, ENCODINGS)] == [2]
        for n, entry in enumerate(wave(60, 62)):
            journal.append([entry])
            sink.wake()
            until(lambda n=n: rows(store, ENCODINGS)[0] == (0, n + 1), "the piece in the store, raw")  # type: ignore[misc]
        assert rows(store, "select loose::text from vitalsd.position") == [(f"{{[{minute(1)},{minute(2)})}}",)]
        journal.append([reading(TEMPERATURE, 134.9, 36.6)])
        journal.append([reading(TEMPERATURE, 135, 36.6), *late])
        sink.wake()
        until(lambda: [enc for enc, _ in rows(store, ENCODINGS)] == [2], "the minute packed")
        until(lambda: rows(store, "select loose::text from vitalsd.position") == [("{}",)], "no minute loose")
    check_samples(store, [*first, *late, *wave(60, 62)])


def minute(number: int) -> int:
    return T0_US // 60_000_000 + number


async def test_a_packed_store_holds_exactly_the_samples_that_came(store: str, journal: Journal) -> None:
    chance = random.Random(6)
    entries: list[WavePiece] = []
    at_us = T0_US
    for n in range(700):
        rate_hz = 300.0 if n < 500 else 62.5
        counts = [chance.randint(-900, 900) for _ in range(chance.choice([1, 7, 75, 300]))]
        if chance.random() < 0.02:
            counts[-1] = chance.choice([2**31 - 1, -(2**31), 40_000])
        kind = {"quality": Quality.QUESTIONABLE} if 100 <= n < 110 else {"scale": 0.25} if 110 <= n < 120 else {}
        at = replace(piece(0, counts, rate_hz), start_us=at_us + chance.choice([-1, 0, 0, 1]), demo=n % 90 == 0)
        entries.append(replace(at, **kind))
        at_us += round(len(counts) * 1e6 / rate_hz) + (
            chance.randint(2_000, 30_000_000) if chance.random() < 0.03 else 0
        )
    keep(journal, entries[:300])
    await deliver_in_steps(store, journal, entries[300:400], 1)
    keep(journal, entries[400:])
    await deliver(store, journal)
    check_samples(store, entries)
    assert [enc for enc, _ in rows(store, ENCODINGS)] == [2]
    lengths = rows(store, "select max(samples / rate_hz), max(samples), count(*) from vitalsd.wave")
    assert 9.0 < lengths[0][0] <= 10.0
    assert lengths[0][2] < len(entries) / 3
    minutes = "select date_trunc('minute', time) + interval '61 s' >= time + samples / rate_hz * interval '1 s'"
    assert rows(store, f"select bool_and(within) from ({minutes} as within from vitalsd.wave) as run") == [(True,)]


@pytest.mark.parametrize("step", [5, 10_000])
async def test_another_journal_brings_the_same_and_more(
    store: str, journal: Journal, tmp_path: Path, step: int
) -> None:
    pieces = [*wave(0, 30), *pressure(0, 30)]
    keep(journal, pieces)
    await deliver(store, journal)
    await deliver_in_steps(store, journal, wave(30, 73), 4)
    assert [enc for enc, _ in rows(store, ENCODINGS)] == [0, 2]
    other = Journal.open(tmp_path / "other.db", [READER])
    different = [piece(3.25, [1, 2, 3], 300.0), piece(3.5, [4], 250.0), piece(12.001, [5, 6], 300.0)]
    finer = wave(20, 25, a_second=10)
    more = [*wave(5, 76), *different, *finer, *pressure(0, 40)]
    await deliver_in_steps(store, other, more, step)
    check_samples(store, [*wave(0, 76), *different, *pressure(0, 40)])
    await deliver(store, other)
    assert rows(store, "select time from vitalsd.wave where enc < 2 and time >= '2026-01-01 00:01:00Z'") == []
    await deliver(store, journal)
    assert [enc for enc, _ in rows(store, ENCODINGS)] == [2]
    check_samples(store, [*wave(0, 76), *different, *pressure(0, 40)])
    other.close()


async def test_two_gateways_with_the_same_pieces_at_the_same_time(store: str, journal: Journal, tmp_path: Path) -> None:
    others = [Journal.open(tmp_path / f"{n}.db", [READER]) for n in range(2)]
    pieces = [p for second in range(90) for p in (*wave(second, second + 1), *pressure(second, second + 1))]
    chance = random.Random(8)

    def gateway(which: Journal) -> None:
        async def live() -> None:
            first = 0
            async with delivering(store, which) as sink:
                while first < len(pieces):
                    some = pieces[first : first + chance.choice([6, 30, 100])]
                    which.append([*some, *seconds(first, first + 1)])
                    sink.wake()
                    if chance.random() < 0.3:
                        await sink.drain()
                    first += len(some)
                await sink.drain()

        asyncio.run(live())

    threads = [threading.Thread(target=gateway, args=(which,)) for which in (journal, *others)]
    for thread in threads:
        thread.start()
    for thread in threads:
        await asyncio.to_thread(thread.join)
    check_samples(store, pieces)
    assert [enc for enc, _ in rows(store, ENCODINGS)] == [2]
    for other in others:
        other.close()


async def test_a_delivery_waits_for_another_of_the_same_channel(store: str, journal: Journal, tmp_path: Path) -> None:
    other = Journal.open(tmp_path / "other.db", [READER])
    keep(journal, wave(0, 1))
    await deliver(store, journal)
    keep(journal, wave(1, 20))
    keep(other, wave(4, 20))
    held: list[Link] = []

    def hold_the_first(link: Link) -> bool:
        held.append(link)
        return len(held) > 1

    waiting = "select count(*) from pg_stat_activity where datname = current_database()"
    waiting += " and wait_event_type = 'Lock' and query like '%%move_tips%%'"
    with Proxy(store, hold_the_first) as proxy:
        async with delivering(proxy.dsn, journal) as first:
            await asyncio.to_thread(until, lambda: held != [], "the first delivery before its commit")
            async with delivering(store, other) as second:
                await asyncio.to_thread(until, lambda: rows(store, waiting) == [(1,)], "the second one waiting")
                held[0].commit()
                await second.drain()
            await first.drain()
    check_samples(store, wave(0, 20))
    other.close()


async def test_a_journal_restored_from_a_copy_doubles_no_sample(store: str, tmp_path: Path) -> None:
    path, copy = tmp_path / "journal.db", tmp_path / "copy.db"
    original = Journal.open(path, [READER])
    keep(original, wave(0, 20))
    await deliver(store, original)
    keep(original, wave(20, 40))
    for suffix in ("", "-wal"):
        shutil.copy(f"{path}{suffix}", f"{copy}{suffix}")
    keep(original, wave(40, 75))
    await deliver_in_steps(store, original, wave(75, 90), 3)
    original.close()
    restored = Journal.open(copy, [READER])
    keep(restored, wave(33, 100), 50)
    await deliver(store, restored)
    check_samples(store, wave(0, 100))
    restored.close()


async def test_a_store_restored_from_a_backup_gets_what_it_lost_and_no_more(store: str, journal: Journal) -> None:
    keep(journal, [*wave(0, 50), *seconds(0, 50)])
    await deliver(store, journal)
    await deliver_in_steps(store, journal, wave(50, 55), 4)
    tables = ("wave", "wave_tip", "obs", "minute", "latest", "position", "channel")
    with psycopg.connect(store, autocommit=True) as connection:
        connection.execute("create schema backup")
        for table in tables:
            connection.execute(f"create table backup.{table} as select * from vitalsd.{table}")
        keep(journal, [*wave(55, 130), *seconds(55, 130)])
        await deliver(store, journal)
        for table in tables:
            connection.execute(f"truncate vitalsd.{table}")
            connection.execute(f"insert into vitalsd.{table} overriding system value select * from backup.{table}")
    keep(journal, wave(130, 135))
    await deliver(store, journal)
    check_samples(store, wave(0, 135))
    assert stored(store) == wanted([*seconds(0, 50), *seconds(55, 130)])


async def test_a_release_that_knows_no_tips_may_deliver_before_and_in_between(
    store: str, journal: Journal, tmp_path: Path
) -> None:
    keep(journal, wave(0, 1))
    await deliver(store, journal)
    as_bed = make_conninfo(store, options="-c role=vitalsd_bed")
    before = wave(10, 12)
    with psycopg.connect(as_bed) as connection:  # what v0.1.0 does, in its own words
        copying = connection.cursor().copy(
            'copy vitalsd.wave(time, rate_hz, scale, "offset", channel, n, quality, demo, samples, enc, data)'
            " from stdin (format binary)"
        )
        with copying as copy:
            copy.set_types(
                ("int8", "float8", "float8", "float8", "int4", "int2", "bytea", "bool", "int4", "int2", "bytea")
            )
            for p in before:
                at = p.start_us - 946_684_800_000_000
                copy.write_row((at, 300.0, 0.005, -1.5, 1, 0, b"V", False, p.n, 1, p.data))
        merged = connection.execute(
            "select vitalsd.merge_wave(%b::bigint[], %b::float8[], %b::float8[], %b::float8[], %b::integer[],"
            ' %b::"char"[], %b::boolean[], %b::integer[], %b::smallint[], %b::bytea[])',
            ([before[0].start_us], [300.0], [0.005], [-1.5], [1], ["V"], [False], [75], [1], [before[0].data]),
        )
        assert merged.fetchone() == (0,)
    other = Journal.open(tmp_path / "other.db", [READER])
    keep(other, wave(4, 20))
    await deliver(store, other)
    check_samples(store, [*wave(0, 1), *wave(4, 20)])
    other.close()


@pytest.mark.parametrize("damage", ["data = set_byte(data, 9, get_byte(data, 9) # 1)", "quality = 'X'"])
async def test_a_damaged_run_stands_in_nobodys_way(store: str, journal: Journal, tmp_path: Path, damage: str) -> None:
    keep(journal, wave(0, 20))
    await deliver(store, journal)
    with psycopg.connect(store, autocommit=True) as connection:
        connection.execute(f"update vitalsd.wave set {damage}".encode())
    other = Journal.open(tmp_path / "other.db", [READER])
    keep(other, wave(0, 20))
    assert (await deliver(store, other)).status.parked == 0
    with psycopg.connect(store, autocommit=True) as connection:
        damaged = "delete from vitalsd.wave where n = 0 and extract(second from time) in (0, 10)"
        assert connection.execute(damaged).rowcount == 2
    check_samples(store, wave(0, 20))
    other.close()


@pytest.mark.parametrize("change", ["missing", "another", "fewer samples"])
async def test_raw_pieces_that_are_not_what_they_were_are_left_alone(store: str, journal: Journal, change: str) -> None:
    await deliver_in_steps(store, journal, wave(0, 3), 4)
    times = [p.start_us for p in wave(0, 3)]
    times = {"missing": [*times, T0_US + 30_000_000], "another": [*times[1:], times[-1] + 1]}.get(change, times)
    counts = [899 if change == "fewer samples" else 900]
    with psycopg.connect(store, autocommit=True) as connection, pytest.raises(psycopg.errors.SerializationFailure):
        connection.execute(
            "select vitalsd.pack_waves(1, %s, %s, %s::smallint[], %s, %s::float8[], %s::float8[], %s::float8[],"
            ' %s::smallint[], %s::"char"[], %s, %s::integer[], %s::bytea[])',
            (minute(0), times, [0] * len(times), times[:1], [300], [1], [0], [0], ["V"], [False], counts, [b"x"]),
        )
    check_samples(store, wave(0, 3))


async def test_what_another_packs_at_the_same_moment_is_tried_again_later(store: str, journal: Journal) -> None:
    fake = "create function vitalsd.pack_waves(integer, bigint, bigint[], smallint[], bigint[], float8[], float8[],"
    fake += ' float8[], smallint[], "char"[], boolean[], integer[], bytea[]) returns void language plpgsql as $$ begin'
    fake += " perform nextval('asked');"  # a sequence counts what fails, too
    fake += " if exists (select from another) then raise serialization_failure; end if;"
    fake += " perform vitalsd.true_pack_waves($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13); end $$"
    asked = "select case when is_called then last_value else 0 end from asked"
    with psycopg.connect(store, autocommit=True) as connection:
        connection.execute("create sequence asked")
        connection.execute("create table another as select 1 as packs")
        connection.execute("alter function vitalsd.pack_waves rename to true_pack_waves")
        connection.execute(fake.encode())
        began_s = monotonic()
        with capture_logs() as logs:
            async with delivering(store, journal) as sink:
                for second in range(20):
                    journal.append([*wave(second, second + 1), *pressure(second, second + 1)])
                    sink.wake()
                    until(lambda n=second: sink.status.delivered >= 6 * n + 6, "the step delivered")  # type: ignore[misc]
                journal.append([reading(TEMPERATURE, 75, 36.6)])  # which makes the minute late enough
                sink.wake()
                drained = asyncio.create_task(sink.drain())
                await asyncio.to_thread(until, lambda: rows(store, asked)[0][0] > 1, "a second try")
                assert sink.status.connected
                tries = rows(store, asked)[0][0]
                assert tries <= 2 + (monotonic() - began_s) / AGAIN_S
                assert not drained.done()
                connection.execute("delete from another")
                await drained
    assert [line["event"] for line in logs] == ["store found"]
    assert [enc for enc, _ in rows(store, ENCODINGS)] == [2]
    check_samples(store, [*wave(0, 20), *pressure(0, 20)])


class Dying:
    """A store's connection that is gone at the nth statement."""

    def __init__(self, connection: psycopg.Connection[object], statements: int) -> None:
        self._connection = connection
        self._left = statements

    def __getattr__(self, name: str) -> object:
        if name in {"execute", "cursor", "pipeline"}:
            self._left -= 1
            if self._left < 0:
                self._connection.close()
        return getattr(self._connection, name)


async def test_a_connection_that_dies_between_any_two_statements(store: str, journal: Journal, tmp_path: Path) -> None:
    reader = journal.reader()
    other = Journal.open(tmp_path / "other.db", [READER])
    journal.append(wave(0, 1))
    await deliver(store, journal)
    deaths, statements, first = 0, 0, 1
    while deaths == statements:
        journal.append([*wave(first, first + 8), *wave(first + 9, first + 12), *seconds(first, first + 2)])
        other.append([*wave(first, first + 2), *pressure(first, first + 2)])
        await deliver(store, other)  # so that some of it is there already
        first += 12
        with closing(TimescaleStore.connect(store, reader, READER)) as mine:
            mine.contact()
            mine._connection = Dying(mine._connection, statements)  # type: ignore[assignment]
            try:
                while mine.done.last < reader.tip:
                    mine.deliver(reader.batch(mine.done.last, reader.tip, BATCH))
                while mine.loose.runs:
                    mine.pack()
            except psycopg.Error:
                deaths += 1
        statements += 1
    assert deaths > 8
    await deliver(store, journal)
    seconds_of = range(1, first, 12)
    check_samples(
        store,
        [p for at in seconds_of for p in (*wave(at, at + 8), *wave(at + 9, at + 12), *pressure(at, at + 2))]
        + wave(0, 1),
    )
    assert stored(store) == wanted([entry for at in seconds_of for entry in seconds(at, at + 2)])
    reader.close()
    other.close()
