"""A real `vitalsd bed` with simulated devices, and a witness who reads its journal beside it."""

import asyncio
import signal
import socket
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path

from collector.errors import JournalError
from collector.exposition import samples
from collector.journal import JournalReader
from collector.model import Reading
from collector.transport.net import free_port
from collector.verify.accounting import OWN, Account, account
from collector.verify.devices import Simulators, devices, toml
from collector.verify.setting import PATIENCE_S, Setting, last_line, send, waited
from collector.verify.testimony import SETTLE_US, Absence, Kept, without_steps

ENTRIES = 5_000
"""Read at once."""

_STOP_S = 15.0
_TURN_S = 0.01
_FIRST_S = 6.5
"""The slowest device is asked for its waves 5 s after it was heard first."""
_LAST_S = SETTLE_US / 1e6 + 1.0
"""So long the last life goes on, so that it is judged too."""

DAEMON = ("-c", "from collector.cli import main; main()", "bed")
"""Python's arguments before the bed's file."""


@dataclass(slots=True)
class Bed:
    """One bed's daemon and devices, and what a witness sees in its journal.

    metrics_port: of the daemon on this machine; turns_s: by how much this process got its turns too late; run: Python's
    arguments before the bed's file; kept: what the journal has got, in the order of its arrival.
    """

    id: str
    folder: Path
    dsn: str
    simulators: Simulators
    run: Sequence[str]
    broken: list[str] = field(default_factory=list)
    kills: int = 0
    turns_s: list[float] = field(default_factory=list)
    metrics_port: int = field(default_factory=lambda: free_port(socket.SOCK_STREAM))
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
            self.broken.append(f"the daemon had ended by itself: {last_line(self.folder)}")
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
        asked_us = time.time_ns() // 1_000
        send(process, signal.SIGTERM)
        try:
            async with asyncio.timeout(_STOP_S):
                await process.wait()
        except TimeoutError:
            send(process, signal.SIGKILL)
            await process.wait()
        if process.returncode:
            self.broken.append(f"the daemon ended with status {process.returncode}: {last_line(self.folder)}")
        self._process = None
        self.look()
        self.absent(asked_us)

    async def heard(self, patience_s: float = PATIENCE_S) -> bool:
        """Wait until something of every device has come since the last absence."""
        since_us = self.simulators.absences[-1].seen_us
        wanted = {device.name for device in self.simulators.devices}

        def silent() -> set[str]:
            return wanted - {
                one.series.device
                for one in self.latest()
                if one.time_us > since_us and not one.series.channel.code.startswith(OWN)
            }

        if await waited(lambda: not silent(), patience_s) is None:
            self.broken.append(f"nothing came any more from {', '.join(sorted(silent()))}: {last_line(self.folder)}")
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

    def account(self) -> Account:
        """What the devices said against what the journal has of it."""
        return account(self.simulators.said, without_steps(self.kept), self.simulators.absences)

    async def rejected(self, device: str) -> float:
        """How many runs of bytes of a device the daemon counts as no frame."""
        text = await asyncio.to_thread(self._metrics)
        return sum(
            value
            for metric, labels, value in samples(text)
            if metric == "vitalsd_rejected_total" and labels["device"] == device
        )

    def _metrics(self) -> str:
        with closing(HTTPConnection("127.0.0.1", self.metrics_port)) as connection:
            connection.request("GET", "/metrics")
            return connection.getresponse().read().decode()

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

    def absent(self, begin_us: int, device: str = "", *, killed: bool = False) -> None:
        """From then on nobody listened; a new life begins."""
        self.simulators.absences.append(
            Absence(begin_us=begin_us, seen_us=time.time_ns() // 1_000, device=device, killed=killed)
        )


@asynccontextmanager
async def at_bed(
    setting: Setting, folder: Path, dsn: str | None = None, run: Sequence[str] = DAEMON, more: str = ""
) -> AsyncIterator[Bed]:
    """A bed with a daemon that receives values and waves from every device; afterwards it has been stopped.

    dsn: by which the daemon reaches the scratch database; None: directly. run: as for Bed. more: further lines of
    the bed's file.
    """
    made = devices(setting.config, folder)
    bed = Bed(setting.scratch.new_bed(), folder, dsn or setting.dsn, Simulators(made), run=run)
    metrics = f'[metrics]\nlisten = "127.0.0.1:{bed.metrics_port}"\n'
    (folder / "bed.toml").write_text(
        toml(bed.id, made, bed.journal, bed.dsn, setting.config) + metrics + more, encoding="utf-8"
    )  # fmt: skip
    try:
        await bed.simulators.start()
        bed.absent(time.time_ns() // 1_000)  # before its first start nobody listens
        await bed.start()
        await bed.heard()
        await asyncio.sleep(_FIRST_S)
        idling = asyncio.create_task(bed.idle())
        try:
            yield bed
            await asyncio.sleep(_LAST_S)
        finally:
            idling.cancel()
        await bed.stop()
    finally:
        await bed.stop()
        await bed.simulators.close()
