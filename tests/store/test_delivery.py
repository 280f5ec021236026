"""Exactly once: whatever is killed, cut, delayed or restored."""

import asyncio
import json
import random
import shutil
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from structlog.testing import capture_logs

from collector.journal import Journal
from collector.migrate import migrate
from collector.model import AlarmPhase, Channel, Entry, Quality
from collector.timescale import BATCH, READER
from collector.timescale_reader import TimescaleReader
from collector.verify.proxy import Link, Proxy
from tests.contracts.series import EVER
from tests.journal.entries import (
    BED,
    HEART_RATE,
    MODE,
    T0_US,
    TEMPERATURE,
    condition,
    damaged,
    one_of_each,
    piece,
    reading,
    seconds,
)
from tests.store.delivering import check_samples, deliver, delivering, rows, stored, until, wanted
from tests.store.victim import heard
from tests.timescale import Server, cache


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal.open(tmp_path / "journal.db", [READER])
    yield journal
    journal.close()


async def test_everything_arrives_as_it_was(store: str, journal: Journal) -> None:
    entries = [*one_of_each(), *seconds(0, 50)]
    journal.append(entries)
    sink = await deliver(store, journal)
    assert stored(store) == wanted(entries)
    check_samples(store, entries)
    reader = TimescaleReader(store)
    (run,) = reader.waves(BED, [], *EVER)
    assert run == piece(0, [0, 1, -32_768, 32_767, 2_147_483_647, -2_147_483_648])
    assert [(c.time_us, c.alarm) for c in reader.conditions(BED, *EVER)] == [
        (T0_US + 1_000_000, condition(1, AlarmPhase.START).alarm)
    ]
    reader.close()
    bodies = dict(rows(store, "select kind, body from vitalsd.identity"))
    assert bodies["device"] == {"manufacturer": "Philips", "model": "MX800", "serial": "DE1", "software": "L.0"}
    assert (bodies["patient"]["family"], bodies["patient"]["ids"]) == ("王", {"patient_id": "007"})
    assert (sink.status.delivered, sink.status.parked, sink.status.pending) == (len(entries), 0, 0)
    assert journal.usage().pending == {READER: 0}


async def test_a_journal_in_memory_is_delivered_too(store: str) -> None:
    journal = Journal.open(":memory:", [READER])
    journal.append(seconds(0, 20))
    await deliver(store, journal)
    assert stored(store) == wanted(seconds(0, 20))
    journal.close()


async def test_what_is_appended_is_there_at_once(store: str, journal: Journal) -> None:
    async with delivering(store, journal) as sink:
        with psycopg.connect(store, autocommit=True) as connection:
            for second in range(20):
                journal.append(seconds(second, second + 1))
                sink.wake()
                until(
                    lambda n=second: connection.execute("select count(*) from vitals").fetchone() == (20 * n + 20,),  # type: ignore[misc]
                    f"second {second} in the store",
                )


def clock(path: Path) -> int:
    """Up to which second a killed gateway has heard."""
    with closing(Journal.open(path)) as journal:
        return journal.inputs().get("clock", 0)


def test_a_sink_killed_at_any_instant_delivers_each_row_once(store: str, tmp_path: Path) -> None:
    chance = random.Random(4)
    path = tmp_path / "journal.db"
    command = [sys.executable, "-m", "tests.store.victim", str(path), store]
    killed = 0
    while killed < 10 or clock(path) <= 100 or not stored(store):  # on a slow machine lives may be too short
        with subprocess.Popen([*command, "-1"], stdout=subprocess.PIPE, text=True) as victim:
            assert victim.stdout is not None
            assert victim.stdout.readline() == "alive\n"
            with pytest.raises(subprocess.TimeoutExpired):
                victim.wait(chance.uniform(0.0, 0.25 + 0.05 * max(0, killed - 10)))
            victim.send_signal(signal.SIGKILL)
            killed += 1
    done = clock(path) + 50
    subprocess.run([*command, str(done)], check=True, stdout=subprocess.DEVNULL)
    assert stored(store) == wanted(heard(0, done))
    check_samples(store, heard(0, done))


async def test_a_commit_whose_answer_is_lost_is_not_repeated(store: str, journal: Journal) -> None:
    chance, swallowed = random.Random(5), []

    def at_commit(link: Link) -> bool:
        if chance.random() < 0.5:
            swallowed.append(link)
            link.swallow_answer()
        return True

    with Proxy(store, at_commit) as proxy:
        async with delivering(proxy.dsn, journal) as sink:
            for second in range(20):
                journal.append(seconds(second, second + 1))
                sink.wake()
                until(lambda n=second: sum(stored(store).values()) == 20 * n + 20, "the commit")  # type: ignore[misc]
            await sink.drain()
    assert len(swallowed) > 5
    assert stored(store) == wanted(seconds(0, 20))


async def test_connections_cut_at_any_instant_do_no_harm(store: str, journal: Journal) -> None:
    with Proxy(store) as proxy:
        async with delivering(proxy.dsn, journal) as sink:
            for second in range(300):
                journal.append(seconds(second, second + 1))
                sink.wake()
                if second % 50 == 40:
                    proxy.cut()
                    until(lambda n=second: sum(stored(store).values()) == 20 * n + 20, "delivering again")  # type: ignore[misc]
            await sink.drain()
    assert stored(store) == wanted(seconds(0, 300))


async def test_a_commit_that_arrives_late_does_no_harm(store: str, journal: Journal) -> None:
    ghosts: list[Link] = []
    held = threading.Event()

    def at_commit(link: Link) -> bool:
        if ghosts:
            return True
        ghosts.append(link)
        link.cut_client()
        held.set()
        return False

    entries = seconds(0, 20)
    journal.append(entries)
    waiting = "select count(*) from pg_stat_activity where datname = current_database()"
    waiting += " and wait_event_type = 'Lock' and query like %s"
    with capture_logs() as logs, Proxy(store) as proxy:
        proxy.at_commit = at_commit
        async with delivering(proxy.dsn, journal) as sink:
            await asyncio.to_thread(held.wait)
            until(lambda: rows(store, waiting, "%position%") == [(1,)], "the next sink waits for the ghost's row")
            assert stored(store) == {}
            ghosts[0].commit()
            await sink.drain()
    assert stored(store) == wanted(entries)
    reasons = [line.get("reason", "") for line in logs if line["event"].startswith("store")]
    assert any(reason.startswith("MovedError") for reason in reasons), logs
    assert not any("23505" in reason for reason in reasons)


async def test_a_server_killed_and_started_again_gets_everything(journal: Journal) -> None:
    with TemporaryDirectory(dir=cache(), prefix="store-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        server = Server(folder)
        server.start()
        try:
            migrate(server.dsn)
            async with delivering(server.dsn, journal) as sink:
                for second in range(0, 600, 20):
                    journal.append(seconds(second, second + 20))
                    sink.wake()
                    if second in {100, 400}:
                        until(lambda: sink.status.delivered > 0, "some of it delivered")
                        server.kill()
                        await asyncio.to_thread(server.start)
                await sink.drain()
            assert stored(server.dsn) == wanted(seconds(0, 600))
        finally:
            server.stop()


async def test_rows_that_are_there_already_are_not_doubled(store: str, journal: Journal, tmp_path: Path) -> None:
    common = [*one_of_each(), *seconds(0, 100)]
    journal.append([*common, *seconds(100, 120)])
    await deliver(store, journal)
    other = Journal.open(tmp_path / "other.db", [READER])
    another: list[Entry] = [reading(HEART_RATE, 0, 99.0), reading(HEART_RATE, 0, 98.0), piece(0, [5, 6])]
    entries: list[Entry] = [*another, *common, *seconds(200, 900)]
    other.append(entries)
    await deliver(store, other)
    everything = [*entries, *seconds(100, 120)]
    assert stored(store) == wanted(everything)
    heart = "select n, value from vitalsd.obs o join vitalsd.channel c on c.id = channel where code = %s and time = %s"
    found = rows(store, f"{heart} and role = 'measured' order by n", HEART_RATE.code, "2026-01-01Z")
    assert found == [(0, 61.0), (1, 99.0), (2, 98.0)]
    check_samples(store, everything)
    assert rows(store, "select count(*) from vitalsd.condition") == [(1,)]
    assert rows(store, "select count(*) from vitalsd.identity") == [(2,)]
    minutes = rows(store, "select minute, sum(count) from vitalsd.minute group by 1 order by 1")
    counted = rows(
        store,
        "select date_trunc('minute', time), count(*) from vitals where value is not null"
        " and quality in ('valid', 'questionable') group by 1 order by 1",
    )
    assert minutes == counted
    other.close()


async def test_two_gateways_with_the_same_rows_do_not_double_them(store: str, journal: Journal, tmp_path: Path) -> None:
    other = Journal.open(tmp_path / "other.db", [READER])
    for each in (journal, other):
        each.append([*one_of_each(), *seconds(0, 100)])
    sinks = await asyncio.gather(deliver(store, journal), deliver(store, other))
    assert stored(store) == wanted([*one_of_each(), *seconds(0, 100)])
    check_samples(store, one_of_each())
    assert rows(store, "select count(*) from vitalsd.condition") == [(1,)]
    assert [(sink.status.parked, sink.status.pending) for sink in sinks] == [(0, 0), (0, 0)]
    other.close()


BAD: list[tuple[Entry, str]] = [
    (replace(reading(HEART_RATE, 0, 60.0), time_us=520_000_000_000_000), "23514"),
    (replace(reading(HEART_RATE, 0, 60.0), time_us=-(1 << 62)), "22008"),
    (reading(HEART_RATE, 0.5, "a\0b"), "0x00"),
    (reading(Channel(code="VND_TEST", source="x\0", unit="1"), 0.5, 1.0), "0x00"),
    (replace(piece(0, [1]), start_us=520_000_000_000_000), "23514"),
    (replace(piece(0, [1]), start_us=-(1 << 62)), "22008"),
    (replace(piece(0, [1]), rate_hz=0.0), "division by zero"),
    (condition(0, AlarmPhase.START, text="a\0b"), "0x00"),
]


@pytest.mark.parametrize(("bad", "reason"), BAD)
async def test_a_row_that_no_table_takes_is_parked_alone(store: str, journal: Journal, bad: Entry, reason: str) -> None:
    good = seconds(0, 30)
    journal.append([*good[:333], bad, *good[333:]])
    sink = await deliver(store, journal)
    assert stored(store) == wanted(good)
    parked = rows(store, "select seq, reason, entry from vitalsd.parked")
    assert [row[0] for row in parked] == [334]
    assert reason in parked[0][1]
    assert '"monitor"' in parked[0][2]
    assert (sink.status.delivered, sink.status.parked, sink.status.pending) == (600, 1, 0)
    journal.append(seconds(30, 31))
    await deliver(store, journal)
    assert stored(store) == wanted(seconds(0, 31))


@pytest.mark.parametrize(
    ("damage", "seq", "reason", "kept"),
    [
        (
            "piece",
            8,
            "ValueError: a piece has another length than its samples",
            {"samples": 4, "enc": 0},
        ),
        ("piece's quality", 8, "ValueError: an unknown quality", {"quality": "X", "data": "000001000200"}),
        ("piece's encoding", 8, "ValueError: a piece of an unknown encoding", {"enc": 7, "data": "000001000200"}),
        (
            "piece's rate",
            8,
            "ValueError: a column of another type",
            {"rate_hz": "X", "scale": 0.005, "offset": -1.5},
        ),
        ("piece's data", 8, "ValueError: buffer size must be a multiple of element size", {"samples": 3, "data": "35"}),
        (
            "piece's channel",
            8,
            "ValueError: an unknown channel",
            {"channel": 99, "rate_hz": 250.0},
        ),
        ("reading", 9, "ValueError: an unknown quality", {"device": "monitor", "text": "SIMV", "quality": "X"}),
        ("reading's text", 9, "ValueError: a column of another type", {"text": b"SIMV".hex(), "quality": "V"}),
        ("condition's text", 10, "ValueError: a column of another type", {"priority": "high", "phase": "start"}),
        ("identity's body", 11, "ValueError: a column of another type", {"kind": "device"}),
        (
            "condition",
            10,
            "ValueError: 'X' is not a valid Priority",
            {"priority": "X", "phase": "start"},
        ),
        ("identity", 11, "JSONDecodeError: Extra data: line 1 column 15 (char 14)", {"kind": "device"}),
    ],
)
async def test_a_damaged_row_is_parked_as_it_is(
    store: str, journal: Journal, damage: str, seq: int, reason: str, kept: dict[str, object]
) -> None:
    damaged(journal, damage, seconds(0, 5))
    sink = await deliver(store, journal)
    parked = rows(store, "select seq, reason, entry from vitalsd.parked")
    assert [row[:2] for row in parked] == [(seq, reason)]
    ((kind, row),) = json.loads(parked[0][2]).items()
    assert (kind, row | kept) == (damage.partition("'")[0], row)
    assert (sink.status.delivered, sink.status.parked, sink.status.pending) == (103, 1, 0)
    others = [] if damage.startswith("reading") else [reading(MODE, 0, "SIMV")]
    assert stored(store) == wanted([*others, *seconds(0, 5)])
    with closing(TimescaleReader(store)) as reader:
        assert len(reader.latest(BED)) == 20 + len(others)
        assert len(reader.conditions(BED, *EVER)) == (not damage.startswith("condition"))
        assert len(reader.waves(BED, [], *EVER)) == (not damage.startswith("piece"))


@pytest.mark.parametrize("more", [10, 200])
async def test_a_journal_that_lost_its_tail_takes_a_new_id(store: str, tmp_path: Path, more: int) -> None:
    path, copy = tmp_path / "journal.db", tmp_path / "copy.db"
    original = Journal.open(path, [READER])
    original.append(seconds(0, 20))
    await deliver(store, original)
    original.append(seconds(20, 40))
    for suffix in ("", "-wal"):
        shutil.copy(f"{path}{suffix}", f"{copy}{suffix}")
    original.append(seconds(40, 140))
    await deliver(store, original)
    original.close()

    restored = Journal.open(copy, [READER])
    identity = restored.id
    restored.append(seconds(1000, 1000 + more))
    restored.append(seconds(130, 150))
    with capture_logs() as logs:
        await deliver(store, restored)
    assert stored(store) == wanted([*seconds(0, 150), *seconds(1000, 1000 + more)])
    assert restored.id != identity
    assert [line["event"] for line in logs if line["event"].startswith("the store")] == [
        "the store has more of this journal than the journal: it goes on under a new id"
    ]
    restored.close()


async def test_a_store_that_lost_rows_gets_everything_that_is_kept(store: str, journal: Journal) -> None:
    journal.append([*one_of_each(), *seconds(0, 100)])
    await deliver(store, journal)
    with psycopg.connect(store, autocommit=True) as connection:
        connection.execute("drop schema vitalsd cascade")
    migrate(store)
    journal.append(seconds(100, 110))
    with capture_logs() as logs:
        await deliver(store, journal)
    assert stored(store) == wanted([*one_of_each(), *seconds(0, 110)])
    assert rows(store, "select count(*) from vitalsd.condition") == [(1,)]
    assert any(line["event"].startswith("the store has lost rows") for line in logs)


async def test_live_data_do_not_wait_for_the_backlog(store: str, journal: Journal) -> None:
    backlog = 8 * BATCH
    for second in range(0, backlog // 20, 500):
        journal.append(seconds(second, second + 500))
    newest = journal.tip
    counting = "select count(*) filter (where device = 'live'), count(*) from vitals"
    seen: list[tuple[int, int, int]] = []

    def at_commit(_: Link) -> bool:
        live, stored = rows(store, counting)[0]
        seen.append((live, stored, journal.tip - newest))
        if stored < newest:
            journal.append([reading(TEMPERATURE, 10_000 + len(seen), 36.0, device="live")])
        return True

    with Proxy(store, at_commit) as proxy:
        await deliver(proxy.dsn, journal)
    backlog_left = [(live, appended) for live, stored, appended in seen if stored < newest]
    assert len(backlog_left) > 8
    for (live, _), (_, appended) in zip(backlog_left[3:], backlog_left, strict=False):
        assert live >= appended, "after one batch of the backlog, minutes rolled up, and live data that came before"
    assert rows(store, counting) == [(journal.tip - newest, journal.tip)]


async def test_the_newest_of_a_backlog_come_first(store: str, journal: Journal) -> None:
    for second in range(0, 2 * BATCH // 20 + 500, 500):
        journal.append(seconds(second, second + 500))
    firsts = []

    def at_commit(_: Link) -> bool:
        firsts.append(rows(store, "select done::text from vitalsd.position")[0][0])
        return True

    with Proxy(store, at_commit) as proxy:
        await deliver(proxy.dsn, journal)
    assert firsts[1] == f"{{[{journal.tip - 999},{journal.tip + 1})}}"
    assert rows(store, "select done::text from vitalsd.position") == [(f"{{[1,{journal.tip + 1})}}",)]


async def test_what_only_the_backlog_brings_is_among_the_last_readings(store: str, journal: Journal) -> None:
    rare, middle = reading(TEMPERATURE, 0, 36.6), BATCH // 20
    for entries in (seconds(0, middle), [rare], seconds(middle, 2 * middle)):
        journal.append(entries)
    await deliver(store, journal)
    with closing(TimescaleReader(store)) as reader:
        assert set(reader.latest(BED)) == {rare, *seconds(2 * middle - 1, 2 * middle)}


async def test_a_store_that_cannot_be_had_is_told_without_its_password(journal: Journal) -> None:
    with capture_logs() as logs:
        async with delivering("host=127.0.0.1 port=1 user=u password=geheim dbname=x", journal) as sink:
            until(lambda: sink.status.error != "", "a first failure")
            assert "Connection refused" in sink.status.error
            assert not sink.status.connected
    assert "geheim" not in sink.status.error + str(logs)
    assert [line["log_level"] for line in logs if line["event"] == "store lost"] == ["warning"]


async def test_the_edition_of_the_store_is_told_once(
    store: str, journal: Journal, request: pytest.FixtureRequest
) -> None:
    with capture_logs() as logs, Proxy(store) as proxy:
        async with delivering(proxy.dsn, journal) as sink:
            for second in range(3):
                journal.append(seconds(second, second + 1))
                sink.wake()
                await sink.drain()
                proxy.cut()
    plain = request.node.callspec.params["server"] == "postgres15"
    assert [(line["log_level"], line["server"]) for line in logs if line["event"] == "store found"] == [
        ("warning", "plain PostgreSQL without TimescaleDB: for evaluation only")
        if plain
        else ("info", "TimescaleDB, Apache edition: hypertables; no compression and no policies")
    ]


async def test_a_store_without_a_schema_is_told_so(database: str, journal: Journal) -> None:
    journal.append(seconds(0, 1))
    async with delivering(database, journal) as sink:
        until(lambda: "vitalsd migrate" in sink.status.error, "the reason")
        migrate(database)
        await sink.drain()
        assert sink.status.connected
    assert stored(database) == wanted(seconds(0, 1))


@pytest.fixture
def as_bed(store: str) -> Iterator[str]:
    """The DSN of a login that is a member of vitalsd_bed and of nothing else."""
    name = f"bed_{uuid.uuid4().hex}"
    with psycopg.connect(store, autocommit=True) as admin:
        admin.execute(f"create role {name} login in role vitalsd_bed".encode())
        yield make_conninfo(store, user=name)
        admin.execute(f"drop role {name}".encode())


async def test_a_gateway_may_deliver_but_not_read(store: str, as_bed: str, journal: Journal) -> None:
    journal.append([*one_of_each(), *seconds(0, 10), reading(HEART_RATE, 1, "a\0b")])
    assert (await deliver(as_bed, journal)).status.parked == 1
    journal.requeue()
    journal.append([reading(HEART_RATE, 0, 1.0, Quality.QUESTIONABLE), piece(1, range(250))])
    await deliver(as_bed, journal)
    check_samples(store, [*one_of_each(), piece(1, range(250))])
    assert stored(store) == wanted([*one_of_each(), *seconds(0, 10), reading(HEART_RATE, 0, 1.0, Quality.QUESTIONABLE)])
    for query in (
        "select * from vitals",
        "select * from vitalsd.obs",
        "select * from vitalsd.wave",
        "select * from vitalsd.wave_tip",
        "delete from vitalsd.wave",
        "select * from vitalsd.latest",
        "select * from vitalsd.identity",
        "delete from vitalsd.obs",
        "update vitalsd.obs set value = 1",
        "update vitalsd.retention set days = 1",
        "select * from vitalsd.dropped",
        "insert into vitalsd.dropped select * from vitalsd.dropped",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            rows(as_bed, query)
