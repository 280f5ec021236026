"""`vitalsd charting` as it runs in a hospital: beside a bed's daemon with a simulated monitor, each a process."""

import json
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from collector.journal import Journal
from collector.model import Channel, Quality, Reading, Series
from collector.timescale import READER
from collector.transport.net import free_port
from tests.ports import kept_port
from tests.system.charting import Charting, charted
from tests.system.command import VITALSD, ends, run, start
from tests.timescale import database as new_database

PASSWORD = "a long enough phrase"
UP_WITHIN_S = 60
FILLED_WITHIN_S = 150
"""A minute that is over is charted in the next one, and what comes late is found then."""
END_WITHIN_S = 3
BED = "OR-9"
MINUTE_US = 60_000_000
HALF_WINDOW_MIN = 2.5
BATCH = 200
HEART_RATE = Series(bed=BED, device="monitor", channel=Channel(code="MDC_ECG_HEART_RATE", source="4182", unit="/min"))
SATURATION = Series(bed=BED, device="monitor", channel=Channel(code="MDC_PULS_OXIM_SAT_O2", source="4BB8", unit="%"))


@dataclass(frozen=True)
class Place:
    """Where a service and a bed keep what they have. `database`: the charting's DSN; `dsn`: of the server, if any."""

    folder: Path
    database: str
    dsn: str

    @property
    def journal(self) -> Path:
        return self.folder / "journal.db"

    def charting(self, port: int) -> Path:
        journal = "" if self.dsn else f', journal = "{self.journal}"'
        file = self.folder / "charting.toml"
        file.write_text(
            f'[charting]\nlisten = "127.0.0.1:{port}"\ndatabase = "{self.database}"\nsite = "医院"\n'
            f'beds = [{{ id = "{BED}"{journal} }}]\n',
            encoding="utf-8",
        )
        return file

    def bed(self, device: int) -> Path:
        timescale = f'[timescale]\ndsn = "{self.dsn}"\n' if self.dsn else ""
        file = self.folder / "bed.toml"
        file.write_text(
            f'[bed]\nid = "{BED}"\n[[device]]\nname = "monitor"\ndriver = "philips-intellivue"\n'
            f'port = "udp://127.0.0.1:{device}"\n[journal]\npath = "{self.journal}"\n{timescale}',
            encoding="utf-8",
        )
        return file


@contextmanager
def running(*arguments: str | Path) -> Iterator[subprocess.Popen[str]]:
    process = start(*arguments)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@contextmanager
def service(place: Place) -> Iterator[tuple[Charting, subprocess.Popen[str]]]:
    """A running charting service, signed in to as an anaesthetist."""
    port = kept_port()
    with running("charting", place.charting(port)) as process:
        until = time.monotonic() + UP_WITHIN_S
        url = f"http://127.0.0.1:{port}/"
        while not answers(url):
            assert process.poll() is None, process.communicate()[1]
            assert time.monotonic() < until
            time.sleep(0.1)
        yield Charting(url, "zhang", PASSWORD), process


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}health", timeout=5):
            return True
    except OSError:
        return False


@contextmanager
def bedside(place: Place) -> Iterator[subprocess.Popen[str]]:
    """A bed's daemon with a simulated monitor."""
    device = free_port(socket.SOCK_DGRAM)
    listening = "--listen", f"127.0.0.1:{device}"
    with running("simulate", "philips-intellivue", *listening), running("bed", place.bed(device)) as daemon:
        yield daemon


def account(database: str) -> None:
    done = subprocess.run(
        [VITALSD, "account", database, "add", "zhang", "--name", "张医师", "--role", "anaesthetist"],
        input=f"{PASSWORD}\n{PASSWORD}\n", capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    with ExitStack() as stack:
        found = Place(folder=tmp_path, database=f"sqlite:///{tmp_path}/charting.db", dsn="")
        if request.param == "postgresql":
            dsn = stack.enter_context(new_database(request.getfixturevalue("timescale")))
            assert run("migrate", dsn).returncode == 0
            found = Place(folder=tmp_path, database=dsn, dsn=dsn)
        account(found.database)
        yield found


def history(place: Place, start: float, end: float, rate: float = 72.0) -> int:
    """Plant in the bed's journal what a monitor told from so many minutes ago until so many minutes ago.

    Returns the latest time, µs since 1970, at which it fills the whole window of a mark.
    """
    now_us = time.time_ns() // 1000
    told = [
        Reading(series=of, time_us=now_us - round(start * MINUTE_US) + second * 1_000_000, value=value, text=None,
                quality=Quality.VALID, demo=False)
        for second in range(round((start - end) * 60))
        for of, value in ((HEART_RATE, rate), (SATURATION, 98.0))
    ]  # fmt: skip
    with closing(Journal.open(place.journal, [READER] if place.dsn else [])) as journal:
        for first in range(0, len(told), BATCH):
            journal.append(told[first : first + BATCH])
    return now_us - round((end + HALF_WINDOW_MIN) * MINUTE_US)


def open_case(charting: Charting, minutes_ago: float) -> str:
    at_us = time.time_ns() // 1000 - round(minutes_ago * MINUTE_US)
    patient = {"kind": "patient", "name": "王小明", "sex": "male"}
    case = charting.post("/api/cases", {"bed": BED, "area": "or", "patient": patient, "at_us": at_us})
    charting.post("/api/records", {"case": case["case"], "template": "anaesthesia_record"})
    found: str = case["case"]
    return found


def rates(record: Any) -> Mapping[int, float]:
    """Mark → charted heart rate."""
    return {cell["mark_us"]: cell["value"] for cell in charted(record).get("hr", ())}


def long_gaps(record: Any) -> Sequence[Any]:
    """Of the heart rate."""
    return [g for g in record["gaps"] if g["signal"] == "hr" and g["end_us"] - g["start_us"] > 10 * MINUTE_US]


def filled(charting: Charting, case: str, enough: Callable[[Any], bool]) -> Any:
    """The record as soon as it is so: what a bed brings may come in several parts."""
    until = time.monotonic() + FILLED_WITHIN_S
    while not enough(record := charting.record(case)):
        assert time.monotonic() < until, (rates(record), long_gaps(record))
        time.sleep(0.25)
    return record


@pytest.mark.timeout(480)
def test_a_record_fills_itself_and_all_of_it_is_there_after_a_restart(place: Place) -> None:
    last = history(place, 32, 1)

    def of_history(record: Any) -> Mapping[int, float]:
        return {mark: value for mark, value in rates(record).items() if mark <= last}

    with bedside(place):
        with service(place) as (charting, process):
            case = open_case(charting, 30)
            before = of_history(filled(charting, case, lambda record: len(of_history(record)) >= 3))
            assert set(before.values()) == {72.0}
            process.send_signal(signal.SIGTERM)
            assert ends(process, END_WITHIN_S)
            _, errors = process.communicate()
            assert process.returncode == 0, errors
            assert {json.loads(line)["level"] for line in errors.splitlines()} == {"info"}
            assert "王" not in errors
        with service(place) as (charting, _):
            assert before.items() <= rates(charting.record(case)).items()
    done = run("audit", place.database, "verify")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.timeout(480)
@pytest.mark.parametrize("place", ["postgresql"], indirect=True)
def test_what_came_while_the_server_was_cut_off_is_filled_late(place: Place) -> None:
    """The bed goes on without its server; what it kept is charted when it comes."""
    history(place, 40, 25)
    with service(place) as (charting, _):
        with bedside(place):
            case = open_case(charting, 38)
            filled(charting, case, lambda record: 72.0 in rates(record).values() and bool(long_gaps(record)))
        history(place, 25, 2, 88.0)
        with bedside(place):
            filled(charting, case, lambda record: {72.0, 88.0} <= {*rates(record).values()} and not long_gaps(record))


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_open_pages_do_not_hold_up_the_end(place: Place) -> None:
    with service(place) as (charting, process):
        with charting.opener.open(f"{charting.url}api/events", timeout=20) as stream:
            assert stream.readline()
            process.send_signal(signal.SIGTERM)
            assert ends(process, END_WITHIN_S)
            _, errors = process.communicate()
        assert process.returncode == 0, errors


def test_a_database_that_was_not_migrated_is_the_callers_mistake(tmp_path: Path, timescale: str) -> None:
    with new_database(timescale) as dsn:
        assert run("migrate", dsn).returncode == 0
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("drop schema charting cascade")
        done = run("charting", Place(folder=tmp_path, database=dsn, dsn=dsn).charting(kept_port()))
    assert done.returncode == 2
    assert "vitalsd migrate" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_address_that_is_taken_is_the_callers_mistake(tmp_path: Path) -> None:
    place = Place(folder=tmp_path, database=f"sqlite:///{tmp_path}/charting.db", dsn="")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run("charting", place.charting(taken.getsockname()[1]))
    assert done.returncode == 2
    assert "cannot listen" in done.stderr
    assert "Traceback" not in done.stderr


def test_check_knows_both_kinds_of_file(tmp_path: Path) -> None:
    place = Place(folder=tmp_path, database=f"sqlite:///{tmp_path}/charting.db", dsn="")
    for file, said in ((place.charting(8443), "charting, 1 bed"), (place.bed(24_105), f"bed {BED}, 1 device")):
        done = run("check", file)
        assert (done.returncode, done.stdout) == (0, f"{file}: good: {said}\n")
