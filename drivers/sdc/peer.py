"""The simulated device: a process with a provider of the library, and what it is told to say."""

import asyncio
import contextlib
import json
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from collector.driver import Simulated
from collector.errors import LinkError
from collector.model import Event
from collector.transport.base import Port
from drivers.sdc.simulated import TICK_S, Workstation

PATIENCE_S = 20.0
"""For the process to begin."""


class SdcPeer:
    """A workstation that speaks by the clock that it is given."""

    def __init__(self, device: Simulated, port: Port, clock: Callable[[], float], tls: Path | None = None) -> None:
        self._workstation = Workstation(device.patient, device.epoch_us)
        self._port = port
        self._clock = clock
        self._tls = tls
        self.process: asyncio.subprocess.Process | None = None

    async def open(self) -> None:
        """Return when it can be reached. Raises LinkError."""
        where = [self._port.host, str(self._port.number), self._port.path, *([str(self._tls)] if self._tls else [])]
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "drivers.sdc.provider", *where, stdin=PIPE, stdout=PIPE
        )
        assert self.process.stdout is not None
        line = b""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                line = await self.process.stdout.readline()
        if line != b"ready\n":
            raise LinkError(f"{self._port.host}:{self._port.number}: the simulated device does not begin")

    async def __aiter__(self) -> AsyncIterator[Sequence[Event]]:
        yield self._workstation.first()
        while True:
            for command, told in self._workstation.tick(self._clock()):
                yield told
                await self.say(command)
            await asyncio.sleep(TICK_S / 4)

    async def say(self, command: Mapping[str, Any]) -> None:
        """Let it say this. Raises LinkError."""
        assert self.process is not None
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps(command).encode() + b"\n")
            await self.process.stdin.drain()
        except OSError as error:
            raise LinkError("the simulated device has ended") from error

    async def close(self) -> None:
        """Be gone, without a word."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                self.process.kill()
            await self.process.wait()
