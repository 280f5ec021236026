import asyncio
import socket
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from alarms.follower import Alarms, Follower
from collector.config import Config, load
from collector.daemon import run_bed
from collector.errors import JournalError, UsageError
from collector.journal import JournalReader
from collector.metrics import Metrics
from collector.model import AlarmPhase
from tests.collector.clocks import Clocks
from tests.collector.test_runner import until
from tests.contracts.series import EVER


def bed(tmp_path: Path, more: str = "") -> Config:
    recording = tmp_path / "x.raw"
    recording.write_bytes(bytes(10))
    file = tmp_path / "bed.toml"
    file.write_text(
        f'[bed]\nid = "OR-1"\n[[device]]\nname = "m"\ndriver = "ge-datex-dri"\nport = "replay://{recording}"\n'
        f'[journal]\npath = "{tmp_path}/journal.db"\n{more}',
        encoding="utf-8",
    )
    return load(file)


async def test_a_daemon_that_cannot_listen_never_says_that_it_is_ready(tmp_path: Path) -> None:
    told: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as taken:
        config = bed(tmp_path, f'[metrics]\nlisten = "127.0.0.1:{taken.getsockname()[1]}"\n')
        with pytest.raises(UsageError, match="cannot listen"):
            await run_bed(config, asyncio.Event(), ready=lambda: told.append("ready"))
    assert told == []


async def live(config: Config, until_told: list[AlarmPhase], clocks: Clocks, set_s: float = 0.0) -> None:
    """One life of a daemon, until the journal has these changes of the condition "clock-step"."""
    stop, ready = asyncio.Event(), asyncio.Event()
    running = asyncio.create_task(run_bed(config, stop, ready=ready.set))
    await ready.wait()
    clocks.set(set_s)
    reader = JournalReader.at(config.journal.path)

    def told() -> bool:
        found = reader.conditions("OR-1", *EVER)
        return [c.alarm.phase for c in found if c.alarm.source == "clock-step"] == until_told

    await until(told)
    (step,) = reader.latest("OR-1")
    assert (step.series.device, step.value, step.time_us) == ("vitalsd", -3600.0, clocks.wall_us)
    reader.close()
    stop.set()
    await running


async def test_a_daemon_whose_clock_is_set_says_so_and_its_next_life_clears_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clocks = Clocks()
    monkeypatch.setattr("collector.daemon.MachineClock", clocks.machine)
    config = bed(tmp_path)
    await live(config, [AlarmPhase.START], clocks, set_s=-3600.0)
    await live(config, [AlarmPhase.START, AlarmPhase.END], clocks)


def lived_until_us(journal: Path) -> int:
    with closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True)) as found:
        (seen_us,) = found.execute("select coalesce(max(seen), 0) from life").fetchone()
    return int(seen_us)


def last_code(reader: JournalReader) -> str:
    """Of the condition of the device's link: its reason is known once the port was tried."""
    return next((c.alarm.code for c in reversed(reader.conditions("OR-1", *EVER)) if c.alarm.source == "link:m"), "")


async def test_a_daemon_tells_how_long_it_was_not_there_and_which_device_it_does_not_hear(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clocks = Clocks()
    monkeypatch.setattr("collector.daemon.MachineClock", clocks.machine)
    config = bed(tmp_path)
    gone = config.device[0].model_copy(update={"port": f"serial://{tmp_path}/none"})
    config = config.model_copy(update={"device": [gone]})
    starts_us: list[int] = []
    for down_s in (0, 5, 7200):
        clocks.wait(down_s)
        starts_us.append(clocks.wall_us)
        stop, ready = asyncio.Event(), asyncio.Event()
        running = asyncio.create_task(run_bed(config, stop, ready=ready.set))
        await ready.wait()
        reader = JournalReader.at(config.journal.path)
        clocks.wait(30)
        await until(lambda: last_code(reader) == "VND_VITALSD_LINK_PORT_GONE")  # noqa: B023
        await until(lambda: lived_until_us(config.journal.path) == clocks.wall_us)
        reader.close()
        stop.set()
        await running
    reader = JournalReader.at(config.journal.path)
    found = reader.conditions("OR-1", *EVER)
    reader.close()
    missing = [(c.alarm.phase, c.alarm.code) for c in found if c.alarm.source == "link:m"]
    assert missing[0][0] is AlarmPhase.START
    assert missing[-1][1] == "VND_VITALSD_LINK_PORT_GONE"
    assert all(phase is AlarmPhase.CONTINUE for phase, _ in missing[1:])
    began, ended = (c for c in found if c.alarm.source == "gateway")
    assert (began.alarm.phase, ended.alarm.phase) == (AlarmPhase.START, AlarmPhase.END)
    assert {began.alarm.code, ended.alarm.code} == {"VND_VITALSD_GATEWAY_DOWN"}
    assert 0 <= starts_us[1] + 30_000_000 - began.time_us <= 30_000_000
    assert ended.time_us == starts_us[2]


async def test_while_the_journal_cannot_be_read_the_metrics_have_no_numbers_of_alarms(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    metrics, read = Metrics("OR-1", lambda: 0), [Alarms()]

    def follow(*_: object) -> Alarms:
        for found in read:
            return found
        raise JournalError("cannot be read")

    monkeypatch.setattr("collector.daemon.Metrics", lambda *_: metrics)
    monkeypatch.setattr("collector.daemon.WATCH_S", 0.01)
    monkeypatch.setattr(Follower, "follow", follow)
    stop = asyncio.Event()
    running = asyncio.create_task(run_bed(bed(tmp_path), stop))
    none = 'vitalsd_alarms{bed="OR-1",device="vitalsd",presence="present",priority="high"} 0.0'
    for known in (True, False, True):
        read[:] = [Alarms()] if known else []
        await until(lambda: (none in metrics.text().decode()) is known)  # noqa: B023
        assert ("vitalsd_alarms{" in metrics.text().decode()) is known
    stop.set()
    await running
