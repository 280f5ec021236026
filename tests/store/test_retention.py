"""What a store keeps: everything, until a person says otherwise; then what was dropped, and when, can be read."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from structlog.testing import capture_logs

from collector.journal import Journal
from collector.migrate import migrate
from collector.model import Entry
from collector.timescale import READER
from tests.journal.entries import HEART_RATE, TEMPERATURE, one_of_each, piece, reading
from tests.store.delivering import deliver, delivering, rows, stored, until, wanted

DAY_S = 86_400
DAYS = 20


def at(day: int) -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day)


def daily(first: int, last: int) -> list[Entry]:
    """A reading and a wave at noon of each of some days; day 0 is the first of January 2026."""
    noons = [day * DAY_S + DAY_S // 2 for day in range(first, last)]
    return [entry for noon in noons for entry in (reading(HEART_RATE, noon, 60.0), piece(noon, [1, 2, 3]))]


def left(dsn: str) -> dict[str, tuple[int, datetime]]:
    """Of each table how many rows there are, and the day of the oldest."""
    tables = {"obs": "time", "minute": "minute", "wave": "time"}
    query = "select count(*), date_trunc('day', min({1}), 'UTC') from vitalsd.{0}"
    return {table: rows(dsn, query.format(table, clock))[0] for table, clock in tables.items()}


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal.open(tmp_path / "journal.db", [READER])
    yield journal
    journal.close()


async def drop(dsn: str, journal: Journal) -> list[dict[str, object]]:
    """Let a gateway drop what is too old, and return what it logged of it."""
    undone = "select count(*) from vitalsd.retention where days is not null and dropped_before is null"
    with capture_logs() as logs:
        async with delivering(make_conninfo(dsn, options="-c role=vitalsd_bed"), journal):
            until(lambda: rows(dsn, undone) == [(0,)], "everything too old is dropped")
    return [{**line} for line in logs if line["event"] == "dropped what is too old"]


async def test_nothing_is_dropped_unless_a_person_says_so(store: str, journal: Journal) -> None:
    entries = [*one_of_each(), *daily(0, DAYS)]
    journal.append(entries)
    await deliver(store, journal)
    assert rows(store, "select * from vitalsd.drop_old()") == []
    assert await drop(store, journal) == []
    assert stored(store) == wanted(entries)
    assert rows(store, "select * from vitalsd.dropped") == []


async def test_what_a_person_wants_kept_is_kept_and_the_rest_is_dropped(store: str, journal: Journal) -> None:
    journal.append([*one_of_each(), *daily(0, DAYS)])
    await deliver(store, journal)
    assert migrate(store, {"values": 5, "waves": 12})[1:] == [
        "up to date",
        "values are dropped after 5 days",
        "waves are dropped after 12 days",
    ]
    logged = await drop(store, journal)
    assert left(store) == {"obs": (6, at(14)), "minute": (6, at(14)), "wave": (13, at(7))}
    assert rows(store, "select count(*) from conditions") == [(1,)]
    assert rows(store, "select count(*) from vitalsd.identity") == [(2,)]
    recorded = rows(
        make_conninfo(store, options="-c role=vitalsd_read"),
        "select relation, cutoff, first, amount, unit, by from vitalsd.dropped order by relation",
    )
    assert [row[:2] for row in recorded] == [("minute", at(14)), ("obs", at(14)), ("wave", at(7))]
    assert {row[2] for row in recorded} == {at(0)}
    assert {row[5] for row in recorded} == {"postgres"}
    assert {(line["relation"], line["cutoff"]) for line in logged} == {(row[0], row[1].isoformat()) for row in recorded}
    for relation, _, _, amount, unit, _ in recorded:
        assert sum(int(str(line["amount"])) for line in logged if line["relation"] == relation) == amount
        assert {line["unit"] for line in logged if line["relation"] == relation} == {unit}


async def test_what_comes_late_waits_for_the_next_day(store: str, journal: Journal) -> None:
    journal.append(daily(0, DAYS))
    await deliver(store, journal)
    migrate(store, {"values": 5})
    await drop(store, journal)
    journal.append([reading(TEMPERATURE, day * DAY_S, 36.5) for day in (3, 4)])
    await deliver(store, journal)
    assert rows(store, "select * from vitalsd.drop_old()") == []
    assert left(store)["obs"] == (8, at(3))
    journal.append(daily(DAYS, DAYS + 1))
    await deliver(store, journal)
    while rows(store, "select * from vitalsd.drop_old()"):
        pass
    assert left(store)["obs"] == (6, at(15))


async def test_no_single_wrong_clock_makes_a_record_old(store: str, journal: Journal) -> None:
    journal.append([*daily(0, DAYS), reading(TEMPERATURE, 64 * 365 * DAY_S, 36.5)])
    await deliver(store, journal)
    migrate(store, {"values": (datetime.now(UTC) - at(10)).days})
    await drop(store, journal)
    ((cutoff,),) = rows(store, "select cutoff from vitalsd.dropped where relation = 'obs'")
    assert at(10) <= cutoff <= at(11), "now by the server's clock; the newest reading says 2089"
    assert left(store)["obs"][1] == cutoff


async def test_for_ever_means_that_again(store: str, journal: Journal) -> None:
    journal.append(daily(0, DAYS))
    await deliver(store, journal)
    migrate(store, {"values": 5, "waves": 5})
    assert migrate(store, {"values": None, "waves": None})[1:] == ["up to date"]
    assert await drop(store, journal) == []
    assert stored(store) == wanted(daily(0, DAYS))


async def test_one_does_it_and_the_others_go_on(store: str, journal: Journal) -> None:
    journal.append(daily(0, DAYS))
    await deliver(store, journal)
    migrate(store, {"values": 5})
    with psycopg.connect(store) as one, psycopg.connect(store, autocommit=True) as other:
        assert one.execute("select * from vitalsd.drop_old()").fetchall()
        assert other.execute("select * from vitalsd.drop_old()").fetchall() == []
        one.rollback()
        assert other.execute("select * from vitalsd.drop_old()").fetchall()


@pytest.mark.parametrize("server", ["postgres15"], indirect=True)
async def test_rows_go_in_slices(store: str, journal: Journal) -> None:
    journal.append(daily(DAYS, DAYS + 1))
    await deliver(store, journal)
    migrate(store, {"values": 5})
    rows(
        store,
        "insert into vitalsd.obs(time, channel, n, quality, demo)"
        " select time, id, 0, 'V', false from vitalsd.channel, generate_series(%s, %s, interval '1 minute') as time"
        " where code = %s returning 1",
        at(0), at(14), HEART_RATE.code,
    )  # fmt: skip
    slices = []
    while dropped := rows(store, "select amount from vitalsd.drop_old()"):
        slices += dropped
    assert slices == [(10_000,), (10_000,), (161,)]
    assert rows(store, "select relation, amount, first, cutoff from vitalsd.dropped") == [
        ("obs", 20_161, at(0), at(15))
    ]
    assert left(store)["obs"] == (1, at(DAYS))


@pytest.mark.parametrize("server", ["timescale"], indirect=True)
async def test_a_reader_of_what_is_too_old_holds_nobody_up(store: str, journal: Journal) -> None:
    journal.append(daily(0, DAYS))
    await deliver(store, journal)
    migrate(store, {"values": 5})
    with capture_logs() as logs, psycopg.connect(store) as export:
        export.execute("select count(*) from vitals")
        async with delivering(store, journal) as sink:
            until(lambda: any(line["log_level"] == "warning" for line in logs), "a reason")
            journal.append(daily(DAYS, DAYS + 1))
            sink.wake()
            await sink.drain()
            assert sink.status.connected
    assert [(line["event"], line["reason"]) for line in logs if line["log_level"] == "warning"] == [
        ("what is too old cannot be dropped", "55P03: canceling statement due to lock timeout")
    ]
    assert stored(store) == wanted(daily(0, DAYS + 1))


async def test_a_store_of_an_older_release_is_delivered_to_and_told(store: str, journal: Journal) -> None:
    with psycopg.connect(store) as connection:
        connection.execute("drop function vitalsd.drop_old")
    journal.append(daily(0, 2))
    with capture_logs() as logs:
        async with delivering(store, journal) as sink:
            told = "what is too old cannot be dropped"
            until(lambda: [line["event"] for line in logs].count(told) == 1, told)
            await sink.drain()
    assert stored(store) == wanted(daily(0, 2))
    (line,) = (line for line in logs if line["event"] == told)
    assert "run `vitalsd migrate`" in line["reason"]
