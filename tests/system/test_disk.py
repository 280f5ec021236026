"""`vitalsd bed` on a disk that fills up, or turns read-only, and is mended: nothing is lost, nothing comes twice."""

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import psycopg
import pytest

from collector.journal import Journal
from collector.timescale import READER
from collector.transport.net import free_port
from tests.shared import capture
from tests.store.delivering import rows, until
from tests.system.command import start
from tests.system.test_bed import holds_what_decode_prints

DRIVER = "ge-datex-dri"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small file system of its own."""
    if os.getuid() != 0:
        reason = "only root can mount a file system of the test's own"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32m", "vitalsd-test", folder], check=True)
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def fill(disk: Path) -> None:
    with (disk / "filler").open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue


def mount(disk: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", disk], check=True)


class Bed:
    """A bed that replays a recording into a journal on the disk and delivers it."""

    def __init__(self, folder: Path, disk: Path, dsn: str) -> None:
        self.files = {DRIVER: capture("datex-dri", "db00.raw")}
        self.config = folder / "bed.toml"
        self._metrics, self._page = free_port(socket.SOCK_STREAM), free_port(socket.SOCK_STREAM)
        self._dsn = dsn
        self.config.write_text(
            f'[bed]\nid = "OR-9"\n[[device]]\nname = "{DRIVER}"\ndriver = "{DRIVER}"\n'
            f'port = "replay://{self.files[DRIVER]}?speed=150"\n'
            f'[journal]\npath = "{disk}/journal.db"\nmax_bytes = "16 MiB"\n[timescale]\ndsn = "{dsn}"\n'
            f'[metrics]\nlisten = "127.0.0.1:{self._metrics}"\n[page]\nlisten = "127.0.0.1:{self._page}"\n',
            encoding="utf-8",
        )

    def is_saved(self, whether: bool) -> bool:
        try:
            with urlopen(f"http://127.0.0.1:{self._metrics}/metrics") as answer:
                return f"vitalsd_journal_saved {float(whether)}" in answer.read().decode().splitlines()
        except URLError:
            return False

    def now(self) -> dict[str, Any]:
        with urlopen(f"http://127.0.0.1:{self._page}/api/now") as answer:
            found: dict[str, Any] = json.load(answer)
            return found

    def stored(self) -> int:
        try:
            return int(rows(self._dsn, "select count(*) from vitals")[0][0])
        except psycopg.errors.UndefinedTable:
            return 0

    def goes_on(self) -> None:
        """Values are shown as not saved, under an alarm, and go to the store."""
        before = self.stored()
        assert self.now()["unsaved_since"] is not None
        until(
            lambda: (
                [(a["source"], a["priority"], a["known"]) for a in self.now()["alarms"]]
                == [("journal-unsaved", "high", True)]
            ),
            "a standing alarm",
        )
        until(lambda: self.stored() > before + 1000, "sinks go on")

    def ended_well(self, daemon: subprocess.Popen[str]) -> None:
        until(lambda: self.is_saved(True) or daemon.poll() is not None, "the file takes entries again, or all is done")
        _, errors = daemon.communicate(timeout=200)
        assert daemon.returncode == 0, errors
        assert "values are saved again" in errors
        holds_what_decode_prints(self._dsn, self.files)
        told = rows(self._dsn, "select source, phase from vitalsd.condition where device = 'vitalsd' order by time, n")
        assert told == [("journal-unsaved", "start"), ("journal-unsaved", "end")]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("server", ["timescale"], indirect=True)
def test_a_disk_that_fills_up_loses_nothing(tmp_path: Path, disk: Path, database: str) -> None:
    bed = Bed(tmp_path, disk, database)
    with start("bed", bed.config, "--once") as daemon:
        try:
            until(lambda: bed.is_saved(True) and bed.stored() > 1000, "delivering")
            fill(disk)
            until(lambda: bed.is_saved(False), "the journal in memory takes over")
            bed.goes_on()
            (disk / "filler").unlink()
            bed.ended_well(daemon)
        finally:
            daemon.kill()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("server", ["timescale"], indirect=True)
def test_a_disk_that_is_read_only_loses_nothing(tmp_path: Path, disk: Path, database: str) -> None:
    Journal.open(disk / "journal.db", [READER]).close()
    mount(disk, "ro")
    bed = Bed(tmp_path, disk, database)
    with start("bed", bed.config, "--once") as daemon:
        try:
            until(lambda: bed.is_saved(False), "the journal in memory takes over")
            bed.goes_on()
            mount(disk, "rw")
            bed.ended_well(daemon)
        finally:
            daemon.kill()
