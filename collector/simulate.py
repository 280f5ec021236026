"""Plays a simulated device on a real port: the device's side of the dialogue."""

import asyncio
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TextIO

from collector.clock import MachineClock
from collector.decode import line
from collector.driver import DriverSpec, Simulated
from collector.errors import LinkError, UsageError
from collector.model import Event
from collector.session import Session
from collector.transport.base import Port, Transport, parse_port
from collector.transport.net import open_tcp_listen, open_udp
from collector.transport.pty import open_pty
from collector.transport.serial import open_serial

REOPEN_S = 0.2
"""Pause before a simulated device listens again after its client has gone."""

Said = Callable[[Sequence[Event]], None]


class Log:
    """What a simulator said, one JSON line per value, in decode's form."""

    def __init__(self, path: Path) -> None:
        try:
            self._file: TextIO = path.open("w", encoding="utf-8")
        except OSError as error:
            raise UsageError(f"{path}: {error.strerror}") from error

    def __call__(self, events: Sequence[Event]) -> None:
        for event in events:
            text = line(event)
            if text is not None:
                self._file.write(text + "\n")
        self._file.flush()


async def play(simulator: Session, transport: Transport, clock: Callable[[], float], said: Said) -> None:
    """Answer a client until it has gone. `clock` is in the simulated device's seconds."""
    while True:
        due_s = simulator.deadline()
        wait_s = math.inf if due_s is None else max(0.0, due_s - clock())
        data = None
        try:
            async with asyncio.timeout(None if math.isinf(wait_s) else wait_s):
                data = await transport.read()
        except TimeoutError:
            pass
        if data == b"":
            return
        if data is not None:
            said(simulator.receive(data, clock()))
        due_s = simulator.deadline()
        if due_s is not None and due_s <= clock():
            said(simulator.expire(clock()))
        while out := simulator.outgoing():
            await transport.write(out)


async def simulate(
    spec: DriverSpec,
    where: str,
    *,
    patient: object,
    seed: int = 0,
    speed: float = 1.0,
    said: Said = lambda _: None,
    ready: Callable[[], None] = lambda: None,
    through: Callable[[Transport], Transport] = lambda transport: transport,
) -> None:
    """Be the device at `where` (serial:PATH, pty:LINK or HOST:PORT) until cancelled. Raises LinkError, UsageError.

    through: what each connection is seen through, such as a line with noise on it.
    """
    machine = MachineClock()

    def clock() -> float:
        return machine.monotonic() * speed

    epoch_us = machine.utc_us() - round(clock() * 1e6)
    kind, port = _place(spec, where)
    while True:
        transport = through(await _open(kind, port, where))
        ready()
        simulated = Simulated(patient=patient, seed=seed, datagrams=transport.datagrams, epoch_us=epoch_us)
        try:
            await play(spec.simulator(simulated), transport, clock, said)
        except LinkError:
            pass
        finally:
            await transport.close()
        await asyncio.sleep(REOPEN_S)


def _place(spec: DriverSpec, where: str) -> tuple[str, Port | None]:
    schemes = {line.scheme: line for line in spec.lines}
    kind, _, rest = where.partition(":")
    if kind in {"serial", "pty"}:
        if "serial" not in schemes:
            raise UsageError(f"{spec.name} has no serial line: use --listen HOST:PORT")
        if kind == "pty":
            return "pty", None
        settings = "&".join(f"{k}={v}" for k, v in schemes["serial"].settings.items())
        return "serial", parse_port(f"serial://{Path(rest).absolute()}?{settings}")
    for scheme, kind in (("udp", "udp"), ("tcp", "tcp-listen"), ("tcp-listen", "tcp-listen")):
        if scheme in schemes:
            try:
                return kind, parse_port(f"{kind}://{where}", schemes[scheme].port)
            except ValueError as error:
                raise UsageError(str(error)) from None
    raise UsageError(f"{spec.name} has no network line: use --pty LINK or --serial PATH")


async def _open(kind: str, port: Port | None, where: str) -> Transport:
    if port is None:
        return open_pty(Path(where.partition(":")[2]))
    if kind == "serial":
        return await open_serial(port)
    if kind == "udp":
        return await open_udp(port, listening=True)
    return await open_tcp_listen(port)
