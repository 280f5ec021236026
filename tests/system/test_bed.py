"""`vitalsd bed` on recordings of real devices: what `decode` prints is in TimescaleDB, once, whatever kills it."""

import random
import signal
import subprocess
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.shared import capture
from tests.store.delivering import until
from tests.system.command import decoded, run, start, stored_form

KILLS = 10


def config(tmp_path: Path, dsn: str, files: dict[str, Path]) -> Path:
    devices = "".join(
        f'[[device]]\nname = "{driver}"\ndriver = "{driver}"\nport = "replay://{file}?speed=max"\n'
        for driver, file in files.items()
    )
    path = tmp_path / "bed.toml"
    path.write_text(
        f'[bed]\nid = "OR-9"\n{devices}[journal]\npath = "{tmp_path}/journal.db"\n[timescale]\ndsn = "{dsn}"\n',
        encoding="utf-8",
    )
    return path


def rows(dsn: str, device: str) -> Counter[tuple[Any, ...]]:
    with psycopg.connect(dsn) as connection:
        found = connection.execute(
            "select code, source, role, value, text, unit, quality, demo from vitals where device = %s and code <> %s",
            (device, "VND_VITALSD_CLOCK_OFFSET"),  # ours, not the device's
        ).fetchall()
    return Counter(found)


def wave_samples(dsn: str, device: str) -> int:
    with psycopg.connect(dsn) as connection:
        found = connection.execute("select coalesce(sum(n), 0) from waves where device = %s", (device,)).fetchone()
    assert found is not None
    return int(found[0])


def holds_what_decode_prints(dsn: str, files: dict[str, Path]) -> None:
    for driver, file in files.items():
        lines, summary = decoded(driver, file)
        expected, got = stored_form(lines), rows(dsn, driver)
        assert got.total() == expected.total(), driver
        assert got == expected, driver
        assert wave_samples(dsn, driver) == summary["waveform_samples"], driver


def both() -> dict[str, Path]:
    return {
        "ge-datex-dri": capture("datex-dri", "db00.raw"),
        "philips-intellivue": capture("intellivue", "rs232-jvscapture-monitoring.raw"),
    }


@pytest.mark.timeout(600)
def test_a_replay_puts_what_decode_prints_into_timescaledb_once(tmp_path: Path, database: str) -> None:
    files = both()
    file = config(tmp_path, database, files)  # the database is new: the first daemon makes it ready
    for _ in range(2):  # the second run finds everything done
        done = run("bed", file, "--once", timeout_s=300)
        assert done.returncode == 0, done.stderr
    holds_what_decode_prints(database, files)


def stored(dsn: str) -> int:
    with psycopg.connect(dsn) as connection:
        found = connection.execute("select count(*) from vitals").fetchone()
    assert found is not None
    return int(found[0])


def killed(arguments: Sequence[str | Path], dsn: str, many: int, after_s: float) -> bool:
    """Start, and SIGKILL at a time after so many rows are stored. False if it had ended before."""
    process = start(*arguments)
    try:
        until(lambda: process.poll() is not None or stored(dsn) >= many, f"{many} rows stored")
        process.communicate(timeout=after_s)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.communicate()
        return True
    return False


@pytest.mark.timeout(900)
@pytest.mark.parametrize("server", ["timescale", pytest.param("postgres15", marks=pytest.mark.soak)], indirect=True)
def test_ten_kills_at_random_instants_lose_and_repeat_nothing(tmp_path: Path, database: str) -> None:
    files = both()
    assert run("migrate", database).returncode == 0
    file = config(tmp_path, database, files)
    rng = random.Random(7)
    half = sum(stored_form(decoded(driver, path)[0]).total() for driver, path in files.items()) // 2
    kills = [killed(("bed", file, "--once"), database, half * n // KILLS, rng.uniform(0.0, 0.3)) for n in range(KILLS)]
    assert all(kills)
    done = run("bed", file, "--once", timeout_s=300)
    assert done.returncode == 0, done.stderr
    holds_what_decode_prints(database, files)
