"""Alarm conditions in the store whose changes did not come in the order of their times."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from collector.journal import Journal
from collector.migrate import migrate
from collector.model import AlarmPhase, Condition
from collector.sql import text
from collector.timescale import READER
from collector.timescale_reader import TimescaleReader
from collector.timescale_store import TimescaleStore
from tests.contracts.series import EVER
from tests.journal.entries import BED, condition
from tests.store.delivering import deliver, rows
from tests.store.release import FOLDER

START, CONTINUE, END = AlarmPhase.START, AlarmPhase.CONTINUE, AlarmPhase.END

OLD_CALL = "select vitalsd.keep_condition(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s::bigint)"
"""What a daemon of 0.1.0 sends."""


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with closing(Journal.open(tmp_path / "journal.db", [READER])) as journal:
        yield journal


def episodes(dsn: str) -> set[tuple[int | None, int | None]]:
    """Onset and end of each, in seconds."""
    seconds = "extract(epoch from {} - timestamptz '2026-01-01Z')::int"
    return set(rows(dsn, f"select {seconds.format('onset')}, {seconds.format('ended')} from conditions"))


def keep(dsn: str, change: Condition) -> None:
    """Bring a change as a daemon of 0.1.0 does."""
    alarm = change.alarm
    words = alarm.type.value, alarm.priority.value, alarm.phase.value, alarm.code, alarm.text, alarm.device_priority
    who = change.bed, change.device, alarm.source, change.time_us
    rows(dsn, OLD_CALL, *who, *words, alarm.demo, alarm.device_time_us)


@pytest.mark.parametrize("batches", [[(0, 1), (1, 3)], [(1, 3), (0, 1)]], ids=["in order", "live first"])
def test_an_alarm_during_which_the_clock_is_set_back_is_one(
    store: str, journal: Journal, batches: list[tuple[int, int]]
) -> None:
    changes = [condition(3600, START), condition(30, END), condition(60, START)]
    journal.append(changes)
    with closing(TimescaleStore.connect(store, journal.reader(), READER)) as sink:
        sink.contact()
        for after, upto in batches:
            sink.deliver(journal.reader().batch(after, upto, 10))
    assert episodes(store) == {(3600, 30), (60, None)}
    with closing(TimescaleReader(store)) as reader:
        assert list(reader.conditions(BED, *EVER)) == changes


async def test_alarms_of_two_journals_are_in_the_order_of_the_clock(store: str, journal: Journal) -> None:
    """The disk fails for a while; what memory had is lost in a power cut, or else comes back into the file."""
    meanwhile = [condition(10, END), condition(20, START)]
    journal.append([condition(0, START)])
    await deliver(store, journal)
    with closing(Journal.open(":memory:", [READER])) as memory:
        memory.append(meanwhile)
        await deliver(store, memory)
    journal.append([condition(30, END), condition(40, START)])
    await deliver(store, journal)
    assert episodes(store) == {(0, 10), (20, 30), (40, None)}
    journal.append([*meanwhile, condition(50, END)])
    await deliver(store, journal)
    assert episodes(store) == {(0, 10), (20, 30), (40, 50)}


async def test_alarms_of_an_older_daemon_go_on_in_a_newer_one_and_back(database: str, journal: Journal) -> None:
    with psycopg.connect(database) as connection:
        connection.execute(text("timescale", "roles"))
        connection.execute("set local role vitalsd_migrate")
        connection.execute((FOLDER / "v0.1.0" / "schema.sql").read_text(encoding="utf-8"))
    changes = [condition(0, START), condition(0, CONTINUE), condition(10, END), condition(20, START)]
    for change in changes[:2]:
        keep(database, change)
    migrate(database)
    for change in changes:
        keep(database, change)
    assert episodes(database) == {(0, 10), (20, None)}
    journal.append([condition(30, END), condition(40, START)])
    await deliver(database, journal)
    keep(database, condition(50, END))
    assert episodes(database) == {(0, 10), (20, 30), (40, 50)}
