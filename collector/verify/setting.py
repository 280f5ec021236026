"""What each fault is tried with: how often, where, and how it is told of its progress and of Ctrl-C."""

import asyncio
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from collector.config import Config
from collector.verify.scratch import Scratch
from collector.verify.script import Script

PATIENCE_S = 60.0
"""What does not come back within this time has not recovered by itself."""

POLL_S = 0.005

_DAY_US = 86_400_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """How much of each fault is tried."""

    sink_kills: int
    daemon_kills: int
    daemon_ends: int
    sink_cuts: int
    replies: int
    chaos: int
    outage_s: int
    limit_s: int
    tails: int
    bursts: int
    cables: int
    steps: int


SHORT = Extent(
    sink_kills=4,
    daemon_kills=2,
    daemon_ends=2,
    sink_cuts=2,
    replies=6,
    chaos=12,
    outage_s=600,
    limit_s=120,
    tails=8,
    bursts=3,
    cables=2,
    steps=2,
)
"""Under a minute in all: every fault, a few times."""

LONG = Extent(
    sink_kills=150,
    daemon_kills=60,
    daemon_ends=10,
    sink_cuts=24,
    replies=60,
    chaos=500,
    outage_s=72 * 3_600,
    limit_s=3_600,
    tails=200,
    bursts=24,
    cables=10,
    steps=8,
)


@dataclass(slots=True, kw_only=True)
class Setting:
    """`stop`: set at Ctrl-C; a fault then ends its trials and compares what it has so far."""

    scratch: Scratch
    config: Config | None
    extent: Extent
    stop: asyncio.Event
    progress: Callable[[str, int, int], None] = lambda *_: None
    chance: random.Random = field(default_factory=random.Random)

    @property
    def dsn(self) -> str:
        """Of the scratch database; only faults that need one ask."""
        return self.scratch.dsn or ""

    def folder(self, name: str) -> Path:
        """A new folder of the fault's own."""
        folder = self.scratch.folder / name
        folder.mkdir()
        return folder

    def new_script(self) -> Script:
        """For a bed of its own, which began a day ago."""
        return Script(self.scratch.new_bed(), time.time_ns() // 1_000 - _DAY_US)

    def times(self, name: str, n: int) -> Iterator[int]:
        """0 … n − 1, told as progress, until Ctrl-C."""
        for number in range(n):
            if self.stop.is_set():
                return
            self.progress(name, number, n)
            yield number
        self.progress(name, n, n)


async def waited(true: Callable[[], bool], patience_s: float = PATIENCE_S) -> float | None:
    """Seconds until `true`; None where it did not become so in time."""
    begin_s = time.monotonic()
    while not true():
        if time.monotonic() - begin_s > patience_s:
            return None
        await asyncio.sleep(POLL_S)
    return time.monotonic() - begin_s


def send(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    """A signal for a child, if it is still there. (Its own `send_signal` may take its status from who waits for it.)"""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.kill(process.pid, number)


def last_line(folder: Path) -> str:
    """What the process whose log is there said last."""
    lines = (folder / "log").read_text(encoding="utf-8", errors="replace").splitlines()
    return lines[-1] if lines else "it said nothing"
