"""What only the Community edition has: compressed chunks take all that a bed brings, and its jobs compress and drop."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from charting.inspection.database import of_server
from charting.quality.periods import period
from collector.journal import Journal
from collector.journal.rows import Row
from collector.migrate import migrate
from collector.model import Channel, Entry
from collector.sql import queries
from collector.timescale import READER
from collector.timescale_store import TimescaleStore
from tests.journal.entries import HEART_RATE, TEMPERATURE, one_of_each, piece, reading, seconds
from tests.store.delivering import rows, stored, wanted

DAY_0 = datetime(2026, 1, 1, tzinfo=UTC)
JOBS = "select job_id, hypertable_name from timescaledb_information.jobs where job_id >= 1000 and proc_name = %s"
COMPRESSION, RETENTION = "policy_compression", "drop_old_job"
MINUTES = "select channel, minute, last, low, high, count from vitalsd.minute order by 1, 2"
TABLES = ("vitalsd.obs", "vitalsd.minute")
COMPRESSED = "select count(*) from timescaledb_information.chunks where hypertable_name = %s and is_compressed"


INSERT = """
insert into vitalsd.wave(channel, time, n, rate_hz, scale, "offset", quality, demo, samples, enc, data)
values (%s, timestamptz '1970-01-01Z' + %s * interval '1 microsecond', %s, %s, %s, %s, %s, %s, %s, %s, %b)
"""


class MergingStore(TimescaleStore):
    """A store of which every reading meets a conflict, so that it goes by merging, as a bed that may only insert.

    Rows of waves go by INSERT: PGlite cannot COPY.
    """

    def contact(self) -> None:
        self._connection.execute("set role vitalsd_bed")
        super().contact()

    def _put_readings(self, rows: Sequence[Row]) -> None:
        if rows:
            raise psycopg.errors.UniqueViolation

    def _put_rows(self, rows: Sequence[Row]) -> None:
        for channel, time_us, *about, demo, samples, enc, data in rows:
            self._connection.execute(INSERT, (channel, time_us, *about, demo == 1, samples, enc, data))


def bring(dsn: str, entries: Sequence[Entry]) -> None:
    """What the sink of a gateway does: deliver, last readings, minutes."""
    journal = Journal.open(":memory:", [READER])
    journal.append(entries)
    reader = journal.reader()
    store = MergingStore.connect(dsn, reader, READER)
    store.contact()
    store.deliver(reader.batch(0, journal.tip, len(entries)))
    store.keep_latest(0, journal.tip)
    while store.stale.runs:
        store.roll_up()
    store.close()
    reader.close()
    journal.close()


def run(dsn: str, kind: str) -> None:
    """Run the jobs of a kind, as the scheduler would."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        for job, _ in connection.execute(JOBS, (kind,)).fetchall():
            connection.execute("call run_job(%s)", (job,))


def minutes_of_readings(dsn: str) -> list[tuple[Any, ...]]:
    return rows(
        dsn,
        "select id, date_trunc('minute', time), (array_agg(value order by time desc, n desc))[1], min(value),"
        " max(value), count(*) from vitalsd.obs join vitalsd.channel on id = channel"
        " where value is not null and quality in ('V', 'Q') group by 1, 2 order by 1, 2",
    )


def test_migrating_again_changes_nothing_and_retention_is_a_job_while_it_is_wanted(community: str) -> None:
    assert migrate(community)[0] == "TimescaleDB, Community edition: hypertables, compression and policies"
    compression = rows(community, JOBS, COMPRESSION)
    assert sorted(name for _, name in compression) == ["minute", "obs"]
    assert rows(community, JOBS, RETENTION) == []
    migrate(community, {"values": 5})
    retention = rows(community, JOBS, RETENTION)
    assert len(retention) == 1
    migrate(community, {"waves": 9})
    assert rows(community, JOBS, RETENTION) == retention
    migrate(community, {"values": None, "waves": None})
    assert rows(community, JOBS, RETENTION) == []
    assert rows(community, JOBS, COMPRESSION) == compression


def test_compressed_chunks_hold_the_same_and_take_what_comes_late(community: str) -> None:
    migrate(community)
    early = [*one_of_each(), *seconds(0, 20), *seconds(40, 70)]
    bring(community, early)
    minutes = rows(community, MINUTES)
    backed_up = [rows(community, queries("backup")["checksum"].format(table)) for table in TABLES]
    for _ in range(2):  # the second time there is nothing to do
        run(community, COMPRESSION)
        assert [rows(community, queries("backup")["checksum"].format(table)) for table in TABLES] == backed_up
        assert rows(community, COMPRESSED, "obs") == rows(community, COMPRESSED, "minute") == [(1,)]
        assert stored(community) == wanted(early)
        assert rows(community, MINUTES) == minutes == minutes_of_readings(community)
    late = [*seconds(10, 80), reading(HEART_RATE, 0, 99.0), reading(TEMPERATURE, 15.5, 36.0)]
    for _ in range(2):  # the second time everything is there
        bring(community, late)
        assert stored(community) == wanted([*early, *late])
        assert rows(community, MINUTES) == minutes_of_readings(community)
    run(community, COMPRESSION)
    assert stored(community) == wanted([*early, *late])
    assert rows(community, MINUTES) == minutes_of_readings(community)


def test_a_bed_inserts_into_a_compressed_chunk_and_is_told_of_a_conflict(community: str) -> None:
    migrate(community)
    bring(community, seconds(0, 10))
    run(community, COMPRESSION)
    ((channel,),) = rows(community, "select id from vitalsd.channel where source = '3'")
    insert = "insert into vitalsd.obs(time, value, channel, n, quality, demo) values (%s, 1.0, %s, 0, 'V', false)"
    with psycopg.connect(community, autocommit=True) as connection:
        connection.execute("set role vitalsd_bed")
        connection.execute(insert, (DAY_0 + timedelta(seconds=20), channel))
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute(insert, (DAY_0 + timedelta(seconds=2, milliseconds=3), channel))
    assert stored(community).total() == 201


def test_a_late_minute_of_many_channels_is_rolled_up(community: str) -> None:
    """A late minute opens up to 1000 compressed ones of its channel; a server allows 100 000 in one transaction."""
    migrate(community)
    channels = [Channel(code="VND_TEST", source=str(number), unit="1") for number in range(101)]
    bring(community, [reading(channel, 0, 1.0) for channel in channels])
    with psycopg.connect(community, autocommit=True) as connection:
        connection.execute(
            "insert into vitalsd.minute select minute + n * interval '1 minute', last, low, high, channel, count,"
            " questionable, demo from vitalsd.minute, generate_series(1, 999) as n"
        )
    run(community, COMPRESSION)
    assert rows(community, COMPRESSED, "minute") == [(1,)]
    bring(community, [reading(channel, 30_000, 2.0) for channel in channels])
    assert rows(community, "select last, count(*) from vitalsd.minute group by 1 order by 1") == [
        (1.0, 101 * 999),
        (2.0, 101),
    ]


def test_the_job_drops_what_is_older_than_a_person_wants_kept(community: str) -> None:
    migrate(community)
    bring(community, [entry for day in range(20) for entry in noon(day)])
    run(community, COMPRESSION)
    assert rows(community, COMPRESSED, "obs") == [(20,)]
    migrate(community, {"values": 5, "waves": 12})
    run(community, RETENTION)
    assert rows(community, "select count(*), min(time) from vitals") == [(6, DAY_0 + timedelta(days=14.5))]
    assert rows(community, "select count(*), min(time) from waves") == [(13, DAY_0 + timedelta(days=7.5))]
    assert rows(community, "select relation, amount, unit, cutoff from vitalsd.dropped order by 1") == [
        ("minute", 2, "chunks", DAY_0 + timedelta(days=14)),
        ("obs", 14, "chunks", DAY_0 + timedelta(days=14)),
        ("wave", 7, "chunks", DAY_0 + timedelta(days=7)),
    ]


def test_an_inspection_is_told_which_chunks_are_compressed(community: str) -> None:
    """Six hours a chunk of readings, of which one a day has any."""
    migrate(community)
    bring(community, [entry for day in range(20) for entry in noon(day)])
    january = period("2026-01", "UTC")
    with psycopg.connect(community, autocommit=True) as connection:
        before = {table.name: table for table in of_server(connection, january).hypertables}
    run(community, COMPRESSION)
    with psycopg.connect(community, autocommit=True) as connection:
        told = of_server(connection, january)
    after = {table.name: table for table in told.hypertables}
    assert told.edition == "timescale"
    assert (before["obs"].chunks, before["obs"].compressed, after["obs"].compressed) == (20, 0, 20)
    first_chunk = DAY_0 + timedelta(hours=18)
    assert before["obs"].uncompressed_us == first_chunk.timestamp() * 1e6
    assert after["obs"].uncompressed_us is None
    assert (after["wave"].chunks, after["wave"].compressed, after["wave"].compresses) == (20, 0, False)
    assert told.grown_per_day is not None
    assert told.grown_per_day > 0


def noon(day: int) -> list[Entry]:
    """A reading and a wave."""
    at_s = 86_400 * (day + 0.5)
    return [reading(HEART_RATE, at_s, 60.0), piece(at_s, [1, 2, 3])]
