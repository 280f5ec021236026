"""`vitalsd demo`: simulated devices on real ptys and sockets, and the very daemon that reads real ones."""

import asyncio
import socket
import sys
import tempfile
from pathlib import Path

from collector.config import load
from collector.daemon import run_bed
from collector.driver import DriverSpec, driver
from collector.dsn import sqlite_file
from collector.errors import UsageError
from collector.migrate import migrate
from collector.simulate import simulate
from collector.transport.net import free_port
from drivers.patient import Patient

DEMO_DRIVERS = ("ge-datex-dri", "philips-intellivue", "draeger-medibus")
_BED = "DEMO"


async def run_demo(
    stop: asyncio.Event,
    *,
    port: int,
    speed: float,
    seconds: float | None,
    names: list[str],
    scenario: str,
    dsn: str | None,
    keep: Path | None,
) -> None:
    """Run until `stop`. Raises UsageError for a driver, scenario, DSN or port that cannot be had."""
    specs = [driver(name) for name in dict.fromkeys(names)]
    if not specs:
        raise UsageError("--devices names no driver")
    patient = Patient(scenario)
    if dsn is not None:
        migrate(dsn)
    if keep is not None:
        try:
            keep.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"--keep {keep}: {error.strerror}") from error
    with tempfile.TemporaryDirectory(prefix="vitalsd-demo-") as scratch:
        folder = keep.absolute() if keep else Path(scratch)
        links = Path(scratch)
        places = {spec.name: _place(spec, links) for spec in specs}
        page = port or free_port(socket.SOCK_STREAM)
        file = folder / "bed.toml"
        file.write_text(_config(specs, places, folder, page, dsn), encoding="utf-8")
        config = load(file)
        lives = [
            asyncio.create_task(simulate(spec, places[spec.name][0], patient=patient, seed=n, speed=speed))
            for n, spec in enumerate(specs)
        ]
        if seconds is not None:
            asyncio.get_running_loop().call_later(seconds, stop.set)

        def ready() -> None:
            sys.stdout.write(
                f"The page: http://127.0.0.1:{page}/  "
                f"(simulated devices: {', '.join(places)}; files: {folder}; Ctrl-C ends it)\n"
            )
            sys.stdout.flush()

        try:
            await run_bed(config, stop, ready=ready)
        finally:
            for life in lives:
                life.cancel()
            await asyncio.gather(*lives, return_exceptions=True)


def _place(spec: DriverSpec, links: Path) -> tuple[str, str]:
    """Where the simulator speaks, and the port by which the daemon reaches it."""
    if any(line.scheme == "udp" for line in spec.lines):
        port = free_port(socket.SOCK_DGRAM)
        return f"127.0.0.1:{port}", f"udp://127.0.0.1:{port}"
    link = links / f"{spec.name}.tty"
    return f"pty:{link}", f"serial://{link}?parity=N&rtscts=0"  # a pty has neither parity nor RTS


def _config(
    specs: list[DriverSpec], places: dict[str, tuple[str, str]], folder: Path, page: int, dsn: str | None
) -> str:
    journal = folder / "journal.db"
    timescale = ""
    file = sqlite_file(dsn) if dsn else None
    if file is not None:
        journal = file.absolute()
    elif dsn:
        timescale = f"[timescale]\ndsn = {_quoted(dsn)}\n"
    devices = "".join(
        f"[[device]]\nname = {_quoted(spec.vendor)}\ndriver = {_quoted(spec.name)}\n"
        f"port = {_quoted(places[spec.name][1])}\n\n"
        for spec in specs
    )
    return (
        f'[bed]\nid = "{_BED}"\nkind = "or"\ndemo = true\n\n{devices}'
        f'[journal]\npath = {_quoted(str(journal))}\nkeep = "all"\n\n{timescale}'
        f'[page]\nlisten = "127.0.0.1:{page}"\n'
    )


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
