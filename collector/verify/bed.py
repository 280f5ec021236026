"""A real `vitalsd bed` with simulated devices, and a witness who reads its journal beside it."""

import asyncio
import signal
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypedDict, Unpack

from collector.errors import JournalError
from collector.journal import Journal, JournalReader
from collector.model import Entry, Reading, WavePiece
from collector.sql import queries
from collector.timescale import Timescale
from collector.verify.accounting import Account, account
from collector.verify.comparison import Comparison, compare
from collector.verify.devices import Simulators, devices, toml
from collector.verify.setting import PATIENCE_S, Setting, send, waited
from collector.verify.testimony import Absence, Kept

_Q = queries("verify")

ENTRIES = 5_000
"""Read at once."""

_STOP_S = 15.0
_TURN_S = 0.01


@dataclass(slots=True)
class Bed:
    """One bed's daemon and devices, and what a witness sees in its journal.

    turns_s: by how much this process got its turns too late; run: Python's arguments before the bed's file; true_us:
    the machine's time when the daemon had a time.
    """

    id: str
    folder: Path
    dsn: str
    simulators: Simulators
    broken: list[str] = field(default_factory=list)
    kills: int = 0
    turns_s: list[float] = field(default_factory=list)
    run: Sequence[str] = ("-c", "from collector.cli import main; main()", "bed")
    true_us: Callable[[int], int] = int
    kept: list[Kept] = field(default_factory=list)
    _seen_seq: int = 0
    _process: asyncio.subprocess.Process | None = None

    @property
    def journal(self) -> Path:
        return self.folder / "journal.db"

    async def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *(*self.run, str(self.folder / "bed.toml")),
                stdout=asyncio.subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the verifier
            )

    async def kill(self) -> None:
        """SIGKILL, now."""
        process = self._process
        if process is None or process.returncode is not None:
            self.broken.append(f"the daemon had ended by itself: {self.last_line()}")
            return
        killed_us = time.time_ns() // 1_000
        send(process, signal.SIGKILL)
        await process.wait()
        self.kills += 1
        self.look()
        self.absent(killed_us, killed=True)

    async def stop(self) -> None:
        """SIGTERM; it is to end by itself with status 0."""
        process = self._process
        if process is None:
            return
        send(process, signal.SIGTERM)
        try:
            async with asyncio.timeout(_STOP_S):
                await process.wait()
        except TimeoutError:
            send(process, signal.SIGKILL)
            await process.wait()
        if process.returncode:
            self.broken.append(f"the daemon ended with status {process.returncode}: {self.last_line()}")
        self._process = None
        self.look()
        self.absent(time.time_ns() // 1_000)  # until its end it listened

    async def heard(self, patience_s: float = PATIENCE_S) -> bool:
        """Wait until something of every device has come since the last absence."""
        since_us = self.simulators.absences[-1].begin_us
        wanted = {device.name for device in self.simulators.devices}

        def silent() -> set[str]:
            return wanted - {one.series.device for one in self.latest() if self.true_us(one.time_us) > since_us}

        if await waited(lambda: not silent(), patience_s) is None:
            self.broken.append(f"nothing came any more from {', '.join(sorted(silent()))}: {self.last_line()}")
            return False
        return True

    def look(self) -> None:
        """See what the journal has got since the last look, in the order of its arrival."""
        try:
            with closing(JournalReader.at(self.journal)) as reader:
                while rows := reader.read(self._seen_seq, ENTRIES):
                    life = len(self.simulators.absences) - 1
                    self.kept += [Kept(life=life, entry=entry) for _, entry in rows]
                    self._seen_seq = rows[-1][0]
        except (JournalError, sqlite3.Error) as error:
            self.broken.append(f"the journal cannot be read: {error}")

    def latest(self) -> Sequence[Reading]:
        with suppress(JournalError), closing(JournalReader.at(self.journal)) as reader:
            return reader.latest(self.id)
        return ()

    def last_line(self) -> str:
        lines = (self.folder / "log").read_text(encoding="utf-8", errors="replace").splitlines()
        return lines[-1] if lines else "it said nothing"

    def account(self) -> Account:
        """What the devices said against what the journal has of it."""
        kept = [replace(one, entry=self._truly(one.entry)) for one in self.kept]
        return account(self.simulators.said, kept, self.simulators.absences)

    async def idle(self) -> None:
        """Measure how late this machine gives a process its turn, until cancelled."""
        while True:
            begin_s = time.monotonic()
            await asyncio.sleep(_TURN_S)
            self.turns_s.append(time.monotonic() - begin_s - _TURN_S)

    def send(self, number: signal.Signals) -> None:
        """A signal for the daemon."""
        if self._process is not None:
            send(self._process, number)

    def _truly(self, entry: Entry) -> Entry:
        if isinstance(entry, WavePiece):
            return replace(entry, start_us=self.true_us(entry.start_us))
        return replace(entry, time_us=self.true_us(entry.time_us))

    def absent(self, begin_us: int, device: str = "", *, killed: bool = False) -> None:
        """From then on nobody listened; a new life begins."""
        self.simulators.absences.append(
            Absence(begin_us=begin_us, seen_us=time.time_ns() // 1_000, device=device, killed=killed)
        )


class How(TypedDict, total=False):
    run: Sequence[str]
    true_us: Callable[[int], int]


@asynccontextmanager
async def at_bed(setting: Setting, folder: Path, dsn: str | None = None, **how: Unpack[How]) -> AsyncIterator[Bed]:
    """A bed with a daemon that receives from every device; afterwards it has been stopped.

    dsn: by which the daemon reaches the scratch database; None: directly. how: as for Bed.
    """
    made = devices(setting.config, folder)
    bed = Bed(setting.scratch.new_bed(), folder, dsn or setting.dsn, Simulators(made), **how)
    (folder / "bed.toml").write_text(
        toml(bed.id, made, bed.journal, bed.dsn, setting.config), encoding="utf-8"
    )  # fmt: skip
    try:
        await bed.simulators.start()
        bed.absent(time.time_ns() // 1_000)  # before its first start nobody listens
        await bed.start()
        await bed.heard()
        idling = asyncio.create_task(bed.idle())
        try:
            yield bed
        finally:
            idling.cancel()
        await bed.stop()
    finally:
        await bed.stop()
        await bed.simulators.close()


async def compared(setting: Setting, bed: Bed) -> Comparison:
    """The store against everything that was seen in the journal, after the journal's rest has been delivered."""
    await deliver_rest(setting, bed)

    def found() -> Comparison:
        return compare([kept.entry for kept in bed.kept], (), setting.scratch.held(bed.id))

    return await asyncio.to_thread(found)


async def deliver_rest(setting: Setting, bed: Bed) -> None:
    """A daemon that is stopped does not wait until everything is delivered: the next one goes on."""
    journal = Journal.open(bed.journal)
    sink = Timescale(setting.dsn, journal)
    try:
        async with asyncio.timeout(PATIENCE_S):
            await sink.drain()
    except TimeoutError:
        bed.broken.append("what was left was not delivered")
    finally:
        await sink.close()
        journal.close()
