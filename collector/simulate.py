"""Plays a simulated device on a real port: the device's side of the dialogue."""

import asyncio
import math
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from collector.clock import MachineClock
from collector.decode import line
from collector.driver import DriverSpec, Simulated
from collector.errors import LinkError, UsageError
from collector.model import Event
from collector.session import Session
from collector.transport.base import URL_SCHEMES, Port, Transport, parse_port
from collector.transport.net import free_port, open_tcp, open_tcp_listen, open_udp
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
    """Be the device at `where` until cancelled: serial:PATH, pty:LINK, HOST:PORT (the gateway calls it there) or
    connect:HOST:PORT (it calls the gateway). Raises LinkError, UsageError.

    through: what each connection is seen through, such as a line with noise on it.
    """
    machine = MachineClock()

    def clock() -> float:
        return machine.monotonic() * speed

    epoch_us = machine.utc_us() - round(clock() * 1e6)
    place = _place(spec, where)
    while True:
        if spec.peer is not None:
            assert place.port is not None
            device = spec.peer(Simulated(patient=patient, seed=seed, epoch_us=epoch_us), place.port, clock)
            try:
                await device.open()
                ready()
                async for events in device:
                    said(events)
            finally:
                await device.close()
        else:
            assert spec.simulator is not None
            transport = through(await _open(place))
            ready()
            simulated = Simulated(patient=patient, seed=seed, datagrams=transport.datagrams, epoch_us=epoch_us)
            try:
                await play(spec.simulator(simulated), transport, clock, said)
            except LinkError:
                pass
            finally:
                await transport.close()
        await asyncio.sleep(REOPEN_S)


def nearby(spec: DriverSpec, link: Path, scheme: str = "") -> tuple[str, str]:
    """Where on this machine the device's simulator speaks, and the port by which a daemon reaches it.

    On its line of that scheme; else on its UDP line, else its first. link: of a pty. A peer has a socket: no library
    opens a pty.
    """
    lines = {line.scheme: line for line in spec.lines if spec.peer is None or line.scheme != "serial"}
    line = lines.get(scheme) or lines.get("udp") or next(iter(lines.values()))
    if line.scheme == "serial":
        settings = "&".join(f"{key}={value}" for key, value in _PTY.items() if line.settings.get(key, value) != value)
        return f"pty:{link}", f"serial://{link}" + (f"?{settings}" if settings else "")
    port = free_port(socket.SOCK_DGRAM if line.scheme == "udp" else socket.SOCK_STREAM)
    called = "connect:" if line.scheme == "tcp-listen" else ""
    return f"{called}127.0.0.1:{port}", f"{line.scheme}://127.0.0.1:{port}{line.path}"


_PTY = {"parity": "N", "rtscts": "0", "bytesize": "8", "stopbits": "1"}
"""What a pty has instead of a line's settings: neither parity nor RTS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a device speaks. kind: pty, serial, udp, tcp-listen, tcp (it calls the gateway) or a peer's own."""

    kind: str
    link: Path = Path()
    port: Port | None = None


def _place(spec: DriverSpec, where: str) -> _Place:
    lines = {line.scheme: line for line in spec.lines}
    kind, _, rest = where.partition(":")
    try:
        if kind == "pty" and spec.peer is None and "serial" in lines:
            return _Place(kind=kind, link=Path(rest))
        if kind == "serial" and "serial" in lines:
            settings = "&".join(f"{k}={v}" for k, v in lines["serial"].settings.items())
            return _Place(kind=kind, port=parse_port(f"serial://{Path(rest).absolute()}?{settings}"))
        if kind == "connect" and "tcp-listen" in lines:
            return _Place(kind="tcp", port=parse_port(f"tcp://{rest}", lines["tcp-listen"].port))
        if kind not in {"pty", "serial", "connect"}:
            for scheme in ("udp", "tcp", *URL_SCHEMES):
                if scheme in lines:
                    kind = "tcp-listen" if scheme == "tcp" and spec.peer is None else scheme
                    return _Place(
                        kind=kind, port=parse_port(f"{kind}://{where}{lines[scheme].path}", lines[scheme].port)
                    )
    except ValueError as error:
        raise UsageError(str(error)) from None
    raise UsageError(f"{spec.name} has no such line: use {', '.join(_ways(spec))}")


def _ways(spec: DriverSpec) -> Sequence[str]:
    """The options by which `vitalsd simulate` can place it."""
    schemes = {line.scheme for line in spec.lines}
    ways = ["--pty LINK"] if "serial" in schemes and spec.peer is None else []
    ways += ["--serial PATH"] if "serial" in schemes else []
    ways += ["--listen HOST:PORT"] if schemes & {"udp", "tcp", *URL_SCHEMES} else []
    return [*ways, "--connect HOST:PORT"] if "tcp-listen" in schemes else ways


async def _open(place: _Place) -> Transport:
    """Raises LinkError where a port cannot be had; a gateway that does not listen yet is called again."""
    if place.port is None:
        return open_pty(place.link)
    if place.kind == "serial":
        return await open_serial(place.port)
    if place.kind == "udp":
        return await open_udp(place.port, listening=True)
    if place.kind == "tcp-listen":
        return await open_tcp_listen(place.port)
    while True:
        try:
            return await open_tcp(place.port)
        except LinkError:
            await asyncio.sleep(REOPEN_S)
