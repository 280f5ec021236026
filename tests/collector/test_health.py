"""What a gateway tells of itself: numbers worked out by hand, and a real daemon's against the system's own."""

import asyncio
import os
import shutil
from dataclasses import replace
from pathlib import Path

from collector import __version__
from collector.codes import by_refid
from collector.config import load
from collector.daemon import run_bed
from collector.health import UNITS, Health, Reports, State
from collector.journal import JournalReader
from collector.model import Reading
from collector.status import DeviceState, DeviceStatus
from tests.collector.test_runner import until
from tests.contracts.series import EVER

T_US = 1_767_225_600_000_000
FIRST = State(version="1.2.3", uptime_s=1.0, processor_s=0.5)
CODES = [code.value for code in Health]


def device(**counts: int) -> DeviceStatus:
    status = DeviceStatus(
        device="monitor", driver="mindray-pds", port="tcp://192.0.2.1:1", state=DeviceState.RECEIVING, since_us=T_US
    )
    return replace(status, **counts)  # type: ignore[arg-type]


def told(readings: list[Reading]) -> dict[tuple[str, str], float | str | None]:
    assert {r.series.device for r in readings} <= {"vitalsd"}
    keys = [(r.series.channel.code.removeprefix("VND_VITALSD_"), r.series.channel.source) for r in readings]
    return dict(zip(keys, (r.text or r.value for r in readings), strict=True))


def test_what_is_counted_is_what_came_since_the_last_report() -> None:
    reports = Reports("OR-1")
    first = told(list(reports.report(FIRST, [device(frames=100, rejected=3, rejected_bytes=70, failures=1)], T_US)))
    assert first == {("VERSION", "vitalsd"): "1.2.3", ("UPTIME", "vitalsd"): 1.0}
    later = replace(FIRST, uptime_s=301.0, processor_s=6.5, disk_free_bytes=5, clock_drift_ppm=-12.5)
    now = device(frames=400, rejected=3, rejected_bytes=80, failures=1)
    assert told(list(reports.report(later, [now], T_US))) == {
        ("VERSION", "vitalsd"): "1.2.3",
        ("UPTIME", "vitalsd"): 301.0,
        ("DISK_FREE", "vitalsd"): 5.0,
        ("CLOCK_DRIFT", "vitalsd"): -12.5,
        ("PROCESSOR", "vitalsd"): 2.0,
        ("FRAMES", "monitor"): 300.0,
        ("REJECTED", "monitor"): 0.0,
        ("REJECTED_BYTES", "monitor"): 10.0,
        ("RESTARTS", "monitor"): 0.0,
    }


def test_the_dictionary_has_the_codes_with_their_units() -> None:
    assert {code: by_refid()[code].unit for code in CODES} == {code.value: unit for code, unit in UNITS.items()}


async def test_a_daemon_journals_its_health_at_its_start_beside_and_not_among_the_values(tmp_path: Path) -> None:
    file = tmp_path / "bed.toml"
    file.write_text(
        '[bed]\nid = "OR-1"\n[[device]]\nname = "m"\ndriver = "mindray-pds"\nport = "tcp://127.0.0.1:1"\n'
        f'[journal]\npath = "{tmp_path}/journal.db"\n'
    )
    config, stop = load(file), asyncio.Event()
    running = asyncio.create_task(run_bed(config, stop))
    await until(config.journal.path.exists)
    reader = JournalReader.at(config.journal.path)
    await until(lambda: bool(reader.latest("OR-1", CODES)))
    found = told(list(reader.latest("OR-1", CODES)))
    assert [reader.latest("OR-1"), reader.measured("OR-1"), reader.values("OR-1", (), *EVER)] == [[], [], []]
    reader.close()
    stop.set()
    await running
    assert found["VERSION", "vitalsd"] == __version__
    assert found["DISK_SIZE", "vitalsd"] == shutil.disk_usage(tmp_path).total
    assert 0 < float(found["MEMORY", "vitalsd"] or 0) < os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert found["JOURNAL_PENDING", "vitalsd"] == 0.0
