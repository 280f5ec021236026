"""`vitalsd bed` on a disk that fills up, or turns read-only, and is mended: nothing is lost, nothing comes twice."""

import json
import os
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import psycopg
import pytest

from collector.journal import Journal
from collector.timescale import READER
from tests.ports import kept_port
from tests.shared import capture
from tests.store.delivering import rows, until
from tests.system.command import run, start
from tests.system.test_bed import holds_what_decode_prints

DRIVER = "ge-datex-dri"
SMALL, LARGE = "size=3m", "size=128m"
"""Less than the recording takes: the journal itself fills the disk, whenever that may be; and more."""
TOLD = "select source, phase from vitalsd.condition where device = 'vitalsd' order by time, n"


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
    subprocess.run(["mount", "-t", "tmpfs", "-o", LARGE, "vitalsd-test", folder], check=True)
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def mount(disk: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", disk], check=True)


class Bed:
    """A bed that replays a recording into a journal on the disk and delivers it."""

    def __init__(self, folder: Path, disk: Path, dsn: str) -> None:
        self.files = {DRIVER: capture("datex-dri", "db00.raw")}
        self.config = folder / "bed.toml"
        self._metrics, self._page = kept_port(), kept_port()
        self._dsn = dsn
        self._journal = disk / "journal.db"
        self.config.write_text(
            f'[bed]\nid = "OR-9"\n[[device]]\nname = "{DRIVER}"\ndriver = "{DRIVER}"\n'
            f'port = "replay://{self.files[DRIVER]}?speed=150"\n'
            f'[journal]\npath = "{self._journal}"\nkeep = "all"\n[timescale]\ndsn = "{dsn}"\n'
            f'[metrics]\nlisten = "127.0.0.1:{self._metrics}"\n[page]\nlisten = "127.0.0.1:{self._page}"\n',
            encoding="utf-8",
        )

    def is_unsaved(self) -> bool:
        try:
            with urlopen(f"http://127.0.0.1:{self._metrics}/metrics") as answer:
                return "vitalsd_journal_saved 0.0" in answer.read().decode().splitlines()
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

    def saved(self) -> int:
        """Readings that the file has."""
        with closing(sqlite3.connect(f"file:{self._journal}?mode=ro", uri=True)) as journal:
            return int(journal.execute("select count(*) from obs").fetchone()[0])

    def goes_on(self, saved: int) -> None:
        """Values are shown as not saved, under an alarm, and go to the store beside those that the file has."""
        until(
            lambda: (
                [(a["source"], a["priority"], a["known"]) for a in self.now()["alarms"] if a["device"] == "vitalsd"]
                == [("journal-unsaved", "high", True)]
            ),
            "a standing alarm",
        )
        assert self.now()["unsaved_since"] is not None
        until(lambda: self.stored() > saved + 1000, "sinks go on")

    def ends_well(self, daemon: subprocess.Popen[str]) -> None:
        both = [("journal-unsaved", "start"), ("journal-unsaved", "end")]
        until(lambda: rows(self._dsn, TOLD) == both, "the file takes entries again")
        daemon.terminate()
        _, errors = daemon.communicate()
        assert daemon.returncode == 0, errors
        assert "values are saved again" in errors
        done = run("bed", self.config, "--once")  # what is left of the recording
        assert done.returncode == 0, done.stderr
        holds_what_decode_prints(self._dsn, self.files)
        assert rows(self._dsn, TOLD) == both


@pytest.mark.timeout(300)
@pytest.mark.parametrize("server", ["timescale", pytest.param("postgres15", marks=pytest.mark.soak)], indirect=True)
def test_a_disk_that_fills_up_loses_nothing(tmp_path: Path, disk: Path, database: str) -> None:
    bed = Bed(tmp_path, disk, database)
    mount(disk, SMALL)
    with start("bed", bed.config) as daemon:
        try:
            until(bed.is_unsaved, "the journal in memory takes over")
            saved = bed.saved()
            assert saved > 1000
            bed.goes_on(saved)
            mount(disk, LARGE)
            bed.ends_well(daemon)
        finally:
            daemon.kill()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("server", ["timescale", pytest.param("postgres15", marks=pytest.mark.soak)], indirect=True)
def test_a_disk_that_is_read_only_loses_nothing(tmp_path: Path, disk: Path, database: str) -> None:
    Journal.open(disk / "journal.db", [READER]).close()
    mount(disk, "ro")
    bed = Bed(tmp_path, disk, database)
    with start("bed", bed.config) as daemon:
        try:
            until(bed.is_unsaved, "the journal in memory takes over")
            bed.goes_on(0)
            mount(disk, "rw")
            bed.ends_well(daemon)
        finally:
            daemon.kill()
