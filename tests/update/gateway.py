"""A gateway with two beds: real slots and files, and programs that only say their version.

A server of the test tells the beds' metrics. `systemctl` is a script that notes from which slot a bed was started last.
The updater's time is what it sleeps: a machine that keeps it waiting takes nothing of the gate's.
"""

import os
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from collector.update.config import UpdateSection

BEDS = ("OR-1", "OR-2")
UNITS = tuple(f"vitalsd@{bed}.service" for bed in BEDS)
OLD, NEW = "0.5.0", "0.6.0"
ALL_DAY = "00:00-23:59:59.999999"
SYSTEMCTL = """#!/bin/sh
case $1 in
  is-active) cat "{place}/$2.state" ;;
  restart)
    slot=$(readlink "{root}/current")
    echo "$2 $slot" >> "{place}/restarts"
    rm -f "{place}/$2.slot"
    [ ! -e "{root}/$slot/broken" ] || exit 1
    echo "$slot" > "{place}/$2.slot" ;;
esac
"""
METRICS = """\
vitalsd_build_info{{version="{version}",slot="{slot}"}} 1
vitalsd_device_state{{bed="{bed}",device="monitor",driver="x",state="receiving"}} {receiving}
vitalsd_device_state{{bed="{bed}",device="monitor",driver="x",state="silent"}} {silent}
vitalsd_device_state{{bed="{bed}",device="off",driver="x",state="receiving"}} 0
vitalsd_driver_errors_total{{bed="{bed}",device="monitor",driver="x"}} {errors}
vitalsd_journal_saved {saved}
vitalsd_sink_connected {connected}
"""


@dataclass
class Health:
    """What a bed tells. open: whether a case is, None: unknown."""

    receiving: bool = True
    errors: int = 0
    saved: bool = True
    connected: bool = True
    answers: bool = True
    open: bool | None = False


class Time:
    """Stands in for module time in the updater."""

    def __init__(self) -> None:
        self._now_s = 1.0

    def monotonic(self) -> float:
        return self._now_s

    def sleep(self, seconds: float) -> None:
        self._now_s += seconds


@dataclass
class Gateway:
    root: Path
    place: Path
    files: Path
    of: Callable[[str, str], Health] = lambda *_: Health()
    """Of a bed that runs a version."""
    ports: dict[str, int] = field(default_factory=dict)

    @property
    def section(self) -> UpdateSection:
        return section(self.root, self.place / "state")

    @property
    def current(self) -> str:
        return str((self.root / "current").readlink())

    def version(self, slot: str) -> str:
        return (self.root / slot / "version").read_text(encoding="utf-8").strip()

    def running(self, bed: str) -> str:
        """The version from which a bed was started last."""
        return self.version((self.place / f"vitalsd@{bed}.service.slot").read_text(encoding="utf-8").strip())

    @property
    def restarts(self) -> Sequence[str]:
        file = self.place / "restarts"
        return file.read_text(encoding="utf-8").splitlines() if file.exists() else []

    def deliver(self, version: str, *, starts: bool = True) -> None:
        """As the package's installer does."""
        (self.root / "package.ready").unlink(missing_ok=True)
        program(self.root / "package", version, starts=starts)
        (self.root / "package.ready").touch()

    def metrics(self, bed: str) -> str | None:
        file = self.place / f"vitalsd@{bed}.service.slot"
        if not file.exists():
            return None
        slot = file.read_text(encoding="utf-8").strip()
        version = self.version(slot)
        health = self.of(bed, version)
        if not health.answers:
            return None
        case = "" if health.open is None else f'vitalsd_case_open{{bed="{bed}"}} {health.open:d}\n'
        receiving, silent = int(health.receiving), int(not health.receiving)
        about = {"receiving": receiving, "silent": silent, "errors": health.errors, "saved": int(health.saved)}
        return case + METRICS.format(bed=bed, version=version, slot=slot, connected=int(health.connected), **about)


def section(slots: Path, state: Path) -> UpdateSection:
    """By which everything may be at any time, and soon."""
    return UpdateSection(window=ALL_DAY, gate_minutes=0.004, slots=slots, state=state)


def program(tree: Path, version: str, *, starts: bool = True) -> None:
    """A program that says its version, as new files."""
    (tree / "bin").mkdir(parents=True, exist_ok=True)
    for path, text in (
        (tree / "version", f"{version}\n"),
        (
            tree / "bin" / "vitalsd",
            f"#!/bin/sh\n{'' if starts else 'echo no such module >&2; exit 1'}\necho vitalsd {version}\n",
        ),
    ):
        fresh = path.with_name(f"{path.name}.dpkg-new")
        fresh.write_text(text, encoding="utf-8")
        fresh.chmod(0o755)
        fresh.replace(path)


def files(folder: Path, ports: dict[str, int]) -> None:
    for bed, port in ports.items():
        (folder / f"{bed}.toml").write_text(
            f'[bed]\nid = "{bed}"\n[[device]]\nname = "monitor"\ndriver = "ge-datex-dri"\nport = "serial:///dev/none"\n'
            f'[journal]\npath = "/nowhere/{bed}.db"\n[metrics]\nlisten = "127.0.0.1:{port}"\n',
            encoding="utf-8",
        )


@contextmanager
def made(folder: Path) -> Iterator[Gateway]:
    """Version OLD runs in slot a, and is the package."""
    gateway = Gateway(root=folder / "opt", place=folder / "place", files=folder / "etc")
    for each in (gateway.root, gateway.place, gateway.files, folder / "bin"):
        each.mkdir()
    gateway.deliver(OLD)
    shutil.copytree(gateway.root / "package", gateway.root / "a", copy_function=os.link)
    (gateway.root / "current").symlink_to("a")
    for unit in UNITS:
        (gateway.place / f"{unit}.slot").write_text("a\n", encoding="utf-8")
        (gateway.place / f"{unit}.state").write_text("active\n", encoding="utf-8")
    script = folder / "bin" / "systemctl"
    script.write_text(SYSTEMCTL.format(root=gateway.root, place=gateway.place), encoding="utf-8")
    script.chmod(0o755)
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), partial(_Bed, gateway, bed)) for bed in BEDS]
    gateway.ports |= {bed: server.server_port for bed, server in zip(BEDS, servers, strict=True)}
    files(gateway.files, gateway.ports)
    threads = [threading.Thread(target=server.serve_forever, args=(0.01,)) for server in servers]
    for thread in threads:
        thread.start()
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PATH", f"{folder}/bin:{os.environ['PATH']}")
            patch.setattr("collector.update.update.time", Time())
            yield gateway
    finally:
        for server, thread in zip(servers, threads, strict=True):
            server.shutdown()
            thread.join()
            server.server_close()


class _Bed(BaseHTTPRequestHandler):
    def __init__(self, gateway: Gateway, bed: str, *arguments: object) -> None:
        self._gateway, self._bed = gateway, bed
        super().__init__(*arguments)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        text = self._gateway.metrics(self._bed)
        if text is not None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None: ...
