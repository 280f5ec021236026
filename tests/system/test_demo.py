"""`vitalsd demo` as a newcomer runs it."""

import asyncio
import json
import re
import signal
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from collector.demo import DEMO_DRIVERS, PAST_S, run_demo
from collector.driver import names
from collector.transport.net import free_port
from tests.system.charting import Charting
from tests.system.command import ends, run, start

pytestmark = pytest.mark.timeout(240)

LOOK_S = 0.25
LIVE_WITHIN_S = 60
END_WITHIN_S = 3
FILLED_WITHIN_S = 110
"""The issue's own bounds: live values, and the end after Ctrl-C."""


def get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=60) as answer:
        return json.loads(answer.read())


@contextmanager
def demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *more: str) -> Iterator[tuple[Charting, str]]:
    """The department and the address of the bed's own page; Ctrl-C at the end, and what must hold then."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    process = start("demo", "--port", "0", *more)
    try:
        assert process.stdout is not None
        department = re.search(r"(http://\S+).*password (\S+)\)", process.stdout.readline())
        bedside = re.search(r"http://\S+", process.stdout.readline())
        assert department
        assert bedside
        yield Charting(department[1], "anaesthetist", department[2]), bedside[0]
        process.send_signal(signal.SIGINT)
        assert ends(process, END_WITHIN_S)
        _, errors = process.communicate()
        assert process.returncode == 0, errors
    finally:
        process.kill()
        process.communicate()
    assert list(tmp_path.iterdir()) == []


def drivers_with_values(now: Any) -> set[str]:
    driver_of = {device["device"]: device["driver"] for device in now["devices"]}
    return {driver_of[value["device"]] for value in now["values"] if value["value"] is not None}


def live(url: str, wanted: set[str]) -> Any:
    """What the bed's page has, once there are values of the wanted drivers, or when the time is up."""
    until = time.monotonic() + LIVE_WITHIN_S
    while drivers_with_values(now := get(f"{url}api/now")) != wanted and time.monotonic() < until:
        time.sleep(LOOK_S)
    return now


def test_the_page_shows_live_demo_values_of_all_three_devices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with demo(tmp_path, monkeypatch) as (_, url):
        now = live(url, {*DEMO_DRIVERS})
        assert drivers_with_values(now) == set(DEMO_DRIVERS)
        assert {device["state"] for device in now["devices"]} == {"receiving"}
        assert all(value["demo"] for value in now["values"])
        assert now["demo"] is True
        heart = [v for v in now["values"] if v["code"] == "MDC_ECG_HEART_RATE" and v["role"] == "measured"]
        assert heart
        assert all(50 < v["value"] < 90 and v["unit"] == "/min" and v["age_s"] < 15 for v in heart)
        with urllib.request.urlopen(f"{url}chart.svg", timeout=60) as answer:
            assert answer.read(4) == b"<svg"


def test_other_devices_can_be_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = {"servo", "mindray-pds", "bis-vista"}
    with demo(tmp_path, monkeypatch, "--devices", ",".join(chosen)) as (_, url):
        now = live(url, chosen)
        assert drivers_with_values(now) == chosen
        assert {device["state"] for device in now["devices"]} == {"receiving"}


async def test_every_device_works_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one process, and with a short past: each device's past is simulated second by second."""
    monkeypatch.setattr("collector.demo.PAST_S", 20)
    page = free_port(socket.SOCK_STREAM)
    bedside = f"http://127.0.0.1:{page + 1}/"
    stop = asyncio.Event()
    life = asyncio.create_task(
        run_demo(
            stop, port=page, speed=1.0, seconds=None, names=list(names()), scenario="stable", dsn=None, keep=tmp_path
        )
    )
    now: Any = None
    async with asyncio.timeout(180):
        while now is None or drivers_with_values(now) != set(names()):
            assert not life.done(), life.exception()
            await asyncio.sleep(0.5)
            with suppress(OSError):
                now = await asyncio.to_thread(get, f"{bedside}api/now")
    stop.set()
    await life


def test_the_record_of_the_demo_case_fills_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with demo(tmp_path, monkeypatch) as (charting, _):
        (row,) = charting.get("/api/cases?state=open")
        assert (row["bed"], row["is_test"]) == ("DEMO", True)
        cells = charting.cells(row["case"], within_s=FILLED_WITHIN_S, wanted={"hr", "spo2", "nibp_sys", "temp"})
        assert {"hr", "spo2", "nibp_sys", "temp"} <= cells.keys()
        marks = {cell["mark_us"] - row["opened_us"] for cell in cells["hr"]}
        assert min(marks) < 600_000_000
        assert PAST_S - 900 < max(marks) / 1e6 < PAST_S + 300
        assert (
            len({cell["time_us"] for cell in cells["nibp_sys"]}) == len(cells["nibp_sys"]) == pytest.approx(12, abs=1)
        )
        assert all(cell["demo"] for of_signal in cells.values() for cell in of_signal)
        assert 50 < cells["hr"][0]["value"] < 100
        told = {line["text"] for line in charting.get("/api/alarms/log?bed=DEMO")}
        assert {"HR high", "** HR HIGH", "ART sys low", "** ABPs LOW"} <= told


def test_nobody_sees_anything_who_has_not_signed_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with demo(tmp_path, monkeypatch, "--devices", "ge-datex-dri") as (charting, _):
        with pytest.raises(urllib.error.HTTPError) as refused:
            get(f"{charting.url}api/cases")
        with refused.value:
            assert refused.value.code == 401
        for account in (
            "anaesthetist2", "surgeon", "or_nurse", "pacu_nurse", "icu_nurse", "head", "quality", "engineer",
            "administrator",
        ):  # fmt: skip
            Charting(charting.url, account, charting.password)


def test_a_demo_ends_by_itself_and_keeps_what_it_is_told_to_keep(tmp_path: Path) -> None:
    done = run("demo", "--port", "0", "--seconds", "3", "--devices", "ge-datex-dri", "--keep", tmp_path / "kept")
    assert done.returncode == 0, done.stderr
    assert {"bed.toml", "charting.toml", "journal.db", "charting.db"} <= {
        file.name for file in (tmp_path / "kept").iterdir()
    }


def test_a_port_that_is_taken_is_the_callers_mistake() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run("demo", "--port", str(taken.getsockname()[1]), "--seconds", "20", "--devices", "ge-datex-dri")
    assert done.returncode == 2
    assert "cannot listen" in done.stderr
    assert "Traceback" not in done.stderr
