"""Rows of a view: on a real PostgreSQL, and what is handed on of them when."""

import asyncio
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import psycopg
import pytest

from charting.inbox.events import HospitalEvent
from charting.inbox.http_events import HttpReading
from charting.inbox.rows import Row, View, ViewError
from charting.inbox.template import built_in
from charting.inbox.view import FIRST_US, ViewSource
from charting.metrics import Metrics
from charting.outbox.following import MemoryCursors
from collector.errors import VitalsdError
from tests.charting.inbox.rendered import as_row
from tests.contracts.inbox_adapters import DAY, SITE, STORIES, Adapted, InboxAdapters, us
from tests.timescale import database

READ = HttpReading(template=built_in("view"), zone="Asia/Shanghai", places=SITE)
NOW_US = us("2026-03-07 12:00:00")
SELECT = "select t.*, changed_at as watermark from told t where event not like '测%'"
MINUTE_US = 60_000_000
_TYPES = {int: "integer", datetime: "timestamptz", date: "date"}


def columns() -> Mapping[str, str]:
    """Every column that a story fills, with its type; create_time is without a zone."""
    rows = [as_row(event) for story in STORIES.values() for event in story]
    found = {name: _TYPES.get(type(value), "text") for row in rows for name, value in row.items() if value is not None}
    return {**dict.fromkeys((name for row in rows for name in row), "text"), **found, "create_time": "timestamp"}


@dataclass
class Hospital:
    """The hospital's database: a table of what is told, and when each row was changed."""

    dsn: str
    said: list[bytes] = field(default_factory=list)

    def tell(self, events: Sequence[HospitalEvent], changed: str = "2026-03-07 11:00:00") -> None:
        with psycopg.connect(self.dsn) as connection:
            for n, event in enumerate(events):
                row = {**as_row(event), "changed_at": datetime.fromisoformat(f"{changed}+08:00") + timedelta(seconds=n)}
                names = ", ".join(row)
                connection.execute(
                    f"insert into told ({names}) values ({', '.join('%s' for _ in row)})".encode(), [*row.values()]
                )

    def view(self, select: str = SELECT, timeout_s: float = 10.0) -> View:
        return View(dsn=self.dsn, query=select, zone="Asia/Shanghai", timeout_s=timeout_s)

    def source(
        self, view: Any = None, cursors: MemoryCursors | None = None, metrics: Metrics | None = None
    ) -> ViewSource:
        return ViewSource(
            "his", view or self.view(), cursors or MemoryCursors(), lambda _, body: self.said.append(body),
            lambda: NOW_US, interval_s=0.01, again_s=300, metrics=metrics,
        )  # fmt: skip

    def read(self) -> list[HospitalEvent]:
        return [event for body in self.said for event in READ(body).events]


@pytest.fixture(scope="module")
def server(postgres15: str) -> Iterator[str]:
    with database(postgres15) as dsn:
        with psycopg.connect(dsn) as connection:
            told = ", ".join(f"{name} {type_}" for name, type_ in columns().items())
            connection.execute(f"create table told (changed_at timestamptz, {told})".encode())
            connection.execute("create sequence counted")
        yield dsn


@pytest.fixture
def hospital(server: str) -> Hospital:
    with psycopg.connect(server) as connection:
        connection.execute("truncate told")
    return Hospital(server)


class TestView(InboxAdapters):
    @pytest.fixture
    def adapted(self, hospital: Hospital) -> Adapted:
        def read(told: Sequence[HospitalEvent]) -> Sequence[HospitalEvent]:
            with psycopg.connect(hospital.dsn) as connection:
                connection.execute("truncate told")
            hospital.said.clear()
            hospital.tell(told)
            hospital.source().look()
            return hospital.read()

        return read


def test_only_what_is_new_is_handed_on(hospital: Hospital) -> None:
    source = hospital.source()
    hospital.tell(DAY[:3])
    source.look()
    source.look()
    hospital.tell(DAY[3:5], "2026-03-07 11:01:00")
    source.look()
    assert hospital.read() == list(DAY[:5])


def test_what_a_long_transaction_wrote_is_found_when_it_comes(hospital: Hospital) -> None:
    source = hospital.source()
    hospital.tell(DAY[1:3], "2026-03-07 11:02:00")
    source.look()
    hospital.tell(DAY[:1], "2026-03-07 11:00:00")
    source.look()
    assert hospital.read() == [*DAY[1:3], DAY[0]]


def test_after_a_restart_it_goes_on_where_it_was(hospital: Hospital) -> None:
    cursors = MemoryCursors()
    hospital.tell(DAY[:2], "2026-03-07 09:00:00")
    hospital.tell(DAY[2:3], "2026-03-07 11:00:00")
    hospital.source(cursors=cursors).look()
    hospital.said.clear()
    hospital.tell(DAY[3:4], "2026-03-07 11:30:00")
    hospital.source(cursors=cursors).look()
    assert hospital.read() == list(DAY[2:4])


def test_at_first_the_last_week_is_read_and_nothing_older(hospital: Hospital) -> None:
    hospital.tell(DAY[:1], "2026-02-20 11:00:00")
    hospital.tell(DAY[1:2], "2026-03-01 11:00:00")
    hospital.source().look()
    assert hospital.read() == [DAY[1]]


def test_a_row_that_is_ahead_of_its_time_hides_none(hospital: Hospital) -> None:
    """A clock of the hospital's was wrong for one row."""
    source = hospital.source()
    hospital.tell(DAY[:1], "2099-01-01 00:00:00")
    source.look()
    hospital.tell(DAY[1:2], "2026-03-07 12:01:00")
    source.look()
    source.look()
    assert hospital.read() == [DAY[0], DAY[1]]


def test_a_row_without_a_watermark_is_handed_on_once(hospital: Hospital) -> None:
    hospital.tell(DAY[:2])
    with psycopg.connect(hospital.dsn) as connection:
        connection.execute("update told set changed_at = null where msg_id = 'HIS-2'")
    source = hospital.source()
    source.look()
    source.look()
    assert hospital.read() == [DAY[1], DAY[0]]


def test_a_row_that_is_not_kept_is_handed_on_again_with_those_behind_it(hospital: Hospital) -> None:
    fails = iter([False, True])

    def take(_: str, body: bytes) -> None:
        if next(fails, False):
            raise VitalsdError("no database")
        hospital.said.append(body)

    hospital.tell(DAY[:3])
    source = ViewSource(
        "his", hospital.view(), MemoryCursors(), take, lambda: NOW_US, interval_s=1, again_s=300
    )  # fmt: skip
    with pytest.raises(VitalsdError, match="no database"):
        source.look()
    source.look()
    assert list(dict.fromkeys(event.key for event in hospital.read())) == ["HIS-1", "HIS-2", "HIS-3"]


@pytest.mark.parametrize(
    ("select", "said"),
    [
        ("select nextval('counted') as n, now() as watermark", "SQLSTATE 25006 (ReadOnlySqlTransaction)"),
        ("select pg_sleep(20), now() as watermark", "SQLSTATE 57014 (QueryCanceled)"),
        ("select name::integer, now() as watermark from told", "SQLSTATE 22P02 (InvalidTextRepresentation)"),
        ("select name from told", "SQLSTATE 42703 (UndefinedColumn)"),
        ("select name, 7 as watermark from told", "SQLSTATE 42883 (UndefinedFunction)"),
        ("select current_date as watermark", "the column watermark is no time"),
        ("select point(1, 2)::text::bytea, now() as watermark", "a column is of a type that is not read: bytes"),
    ],
)
def test_a_query_that_cannot_be_answered_says_why_and_not_of_whom(hospital: Hospital, select: str, said: str) -> None:
    hospital.tell(DAY[:1])
    with pytest.raises(ViewError) as refused:
        hospital.view(select, timeout_s=0.2 if "sleep" in select else 60.0).rows(0)
    assert str(refused.value) == said


def test_a_server_that_is_away_is_told_without_its_password() -> None:
    view = View(dsn="host=127.0.0.1 port=1 password=geheim", query="select 1", zone="Asia/Shanghai", timeout_s=1)
    with pytest.raises(ViewError, match="connection") as refused:
        view.rows(0)
    assert "geheim" not in str(refused.value)


class Fails:
    """A view that is away at first."""

    def __init__(self, times: int, error: Exception) -> None:
        self.left = times
        self.error = error
        self.asked: list[int] = []

    def rows(self, after_us: int) -> Sequence[Row]:
        self.asked.append(after_us)
        if self.left:
            self.left -= 1
            raise self.error
        return [Row(at_us=NOW_US, body=b"{}")]


@pytest.mark.parametrize(
    ("error", "reason"), [(ViewError("away"), "away"), (RuntimeError("张三"), r"RuntimeError at \S+\.py:\d+")]
)
async def test_a_view_that_was_away_is_read_when_it_is_back(hospital: Hospital, error: Exception, reason: str) -> None:
    view, stop = Fails(2, error), asyncio.Event()
    metrics = Metrics()
    source = hospital.source(view, metrics=metrics)
    assert b'success_timestamp_seconds{source="his"} 0.0' in metrics.text()
    life = asyncio.create_task(source.run(stop))
    reasons = set()
    async with asyncio.timeout(20):
        while not hospital.said:
            reasons.add(source.looked.reason)
            await asyncio.sleep(0)
        while source.looked.good_us is None:
            await asyncio.sleep(0)
    stop.set()
    await life
    assert b'success_timestamp_seconds{source="his"} 1.7728' in metrics.text()
    assert (source.looked.good_us, source.looked.reason) == (NOW_US, "")
    assert len(reasons) == 2
    assert re.fullmatch(reason, max(reasons))
    assert view.asked[:3] == [NOW_US - FIRST_US - 5 * MINUTE_US] * 3
    assert [json.loads(body) for body in hospital.said] == [{}]
