"""A small hospital under a real Prometheus: beds and charting services as processes, each fault's cause at hand."""

import json
import os
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psycopg
import pytest

from charting.outbox.parcel import Parcel
from charting.store.administer import add_account
from charting.store.backups import Kind, Part, Run, record
from charting.store.database import Database
from charting.store.migrate import migrate as migrate_charting
from charting.store.outbox import DatabaseOutbox
from collector.hl7.mllp import frame
from collector.journal import Journal
from collector.migrate import migrate
from collector.model import Channel, Entry
from collector.technical import GATEWAY
from collector.timescale import READER
from collector.verify.proxy import Proxy
from tests.journal.entries import HEART_RATE, T0_US, piece, reading
from tests.mqtt.broker import Mosquitto
from tests.ports import kept_port
from tests.prometheus import Prometheus, until
from tests.store.certificates import Authority
from tests.system.charting import Charting
from tests.system.command import VITALSD
from tests.watch.mattress import Mattress
from tests.watch.standin import StandIn

FAULTY = "faulty"
"""A driver that raises at what mattress 3 of OR-2 can say (tests/watch/faulty)."""
HOT = slice(4, 8)
"""Mattresses of OR-2 that alarm."""
_TESTS = Path(__file__).parent.parent
_DRIVERS = [_TESTS.parent, _TESTS / "drivers/toy", _TESTS / "watch/faulty"]
_PASSWORD = "a long enough phrase"
DAY_US = 86_400_000_000
_LONG_AGO_S = -1_200_000_000
"""1987, which no table of the store takes."""
_ANSWER_S = 60


class Daemon:
    """A `vitalsd` process that can be killed and started again. `log`: what it says."""

    def __init__(self, log: Path, *arguments: str | Path) -> None:
        self._log = log
        self._arguments = arguments
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, _DRIVERS))}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [VITALSD, *map(str, self._arguments)], env=environment, stdout=subprocess.DEVNULL, stderr=log
            )

    def kill(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None


@dataclass(slots=True, kw_only=True)
class Bed:
    """A bed of mattresses. `more`: sections of its file."""

    id: str
    folder: Path
    journal: Path
    more: str
    drivers: Sequence[str] = ("gekko-gx1",)
    metrics: str = field(default_factory=lambda: f"127.0.0.1:{kept_port()}")
    page: str = field(default_factory=lambda: f"127.0.0.1:{kept_port()}")

    @property
    def mattresses(self) -> list[Mattress]:
        return [Mattress(self.folder / f"{self.id}-m{n}") for n in range(len(self.drivers))]

    def file(self, mattresses: Sequence[Mattress]) -> Path:
        path = self.folder / f"{self.id}.toml"
        devices = "".join(
            f'[[device]]\nname = "m{n}"\ndriver = "{driver}"\nport = "{mattress.port}"\n'
            for n, (driver, mattress) in enumerate(zip(self.drivers, mattresses, strict=True))
        )
        path.write_text(
            f'[bed]\nid = "{self.id}"\n{devices}[journal]\npath = "{self.journal}"\nmax_bytes = "16 MiB"\n{self.more}'
            f'[metrics]\nlisten = "{self.metrics}"\n[page]\nlisten = "{self.page}"\n',
            encoding="utf-8",
        )
        return path


@dataclass(slots=True, kw_only=True)
class Hospital:
    """OR-1: nothing special; OR-2: what goes wrong with devices; OR-3: behind a proxy, with a journal of its own and a
    certificate; OR-4: on a tiny disk. Cases are open at OR-1 and OR-2. desk: the charting service that people use;
    `other`: a second one behind a proxy.
    """

    folder: Path
    dsn: str
    prometheus: Prometheus
    stand_in: StandIn
    broker: Mosquitto
    daemons: dict[str, Daemon]
    mattresses: dict[str, list[Mattress]]
    beds: dict[str, Bed]
    proxies: dict[str, Proxy]
    disk: Path
    desk: Charting
    desk_metrics: str
    other: str
    authority: Path
    inbox: int

    def certify(self, days: int) -> None:
        """The authority that OR-3 trusts, anew."""
        Authority(self.authority.parent, self.authority.stem, days=days)

    def back_up(self, kind: Kind, *, days_ago: float, reasons: tuple[str, ...] = ()) -> None:
        """A run, and why it failed."""
        ended_us = time.time_ns() // 1000 - round(days_ago * DAY_US)
        parts = (Part(name="vitals", rows=1, size_bytes=1_000, reasons=reasons),)
        run = Run(kind=kind, began_us=ended_us - 1_000_000, ended_us=ended_us, place="/backups", parts=parts)
        with closing(Database(self.dsn)) as database:
            record(database, run)

    def forget_backups(self) -> None:
        with psycopg.connect(self.dsn) as database:
            database.execute("delete from charting.backup")

    def send(self, *destinations: str) -> None:
        """A message to each."""
        with closing(Database(self.dsn)) as database:
            DatabaseOutbox(database, _now_us).put(
                [Parcel(key=f"test:{to}", to=to, kind="DFT^P03", body=b"x") for to in destinations]
            )

    def withdraw(self, *destinations: str) -> None:
        with closing(Database(self.dsn)) as database:
            for to in destinations:
                assert DatabaseOutbox(database, _now_us).withdraw(f"test:{to}", "zhang", "")

    def tell(self, message: bytes) -> None:
        """The hospital tells the desk something; it is kept when this returns."""
        with socket.create_connection(("127.0.0.1", self.inbox), timeout=_ANSWER_S) as wire:
            wire.sendall(frame(message))
            assert b"MSA|AA|" in wire.recv(1 << 16)

    def fill_journal(self) -> None:
        """OR-3's, as of a bed that has not reached its server for months: more than has room, and impossible rows.

        Those are met one after the other: of all at once, one failed scrape could be the only one to tell.
        """
        for file in self.folder.glob("OR-3.db*"):
            file.unlink()
        noise: list[Entry] = [
            piece(second, range(second, second + 5_000), 5_000.0, bed="OR-3") for second in range(1_500)
        ]
        with closing(Journal.open(self.beds["OR-3"].journal, [READER])) as journal:
            for first in range(0, len(noise), 250):
                impossible = reading(HEART_RATE, _LONG_AGO_S + first, 60.0, bed="OR-3")
                journal.append([impossible, *noise[first : first + 250]])

    def fill_disk(self) -> None:
        with (self.disk / "filler").open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(1 << 16))

    def ask_other(self) -> None:
        """Somebody who asks for a page: the answer is what it is."""
        with suppress(OSError):
            urllib.request.urlopen(f"{self.other}/health", timeout=_ANSWER_S).close()

    def standing(self) -> list[dict[str, Any]]:
        """Alarms of OR-2's mattresses that the department knows of."""
        beds = self.desk.get("/api/alarms")["beds"]
        return [alarm for bed in beds for alarm in bed["alarms"] if alarm["bed"] == "OR-2" and alarm["source"] == "HOT"]

    def show_late(self) -> None:
        """The department's page tells that it has drawn these alarms just now."""
        keys = ("bed", "device", "source", "onset_us", "told_us")
        self.desk.post("/api/alarms/shown", {"shown": [{key: one[key] for key in keys} for one in self.standing()]})


class Page:
    """An open page at OR-2, which draws alarms when it is told to. `knows`: it has been told what stands."""

    def __init__(self, address: str) -> None:
        self._address = address
        self.knows = False
        self.numbers: list[int] = []
        self._answer = urllib.request.urlopen(f"http://{address}/events", timeout=60)
        threading.Thread(target=self._read, daemon=True).start()

    def draw(self) -> None:
        headers = {"content-type": "application/json", "origin": f"http://{self._address}"}
        body = json.dumps({"numbers": self.numbers}).encode()
        urllib.request.urlopen(urllib.request.Request(f"http://{self._address}/shown", body, headers)).close()

    def _read(self) -> None:
        with suppress(OSError, ValueError):
            for line in self._answer:
                if line.startswith(b"data: {") and b'"shown"' in line:
                    self.numbers += json.loads(line[6:])["shown"]
                    self.knows = True


def _now_us() -> int:
    return time.time_ns() // 1000


class _Refuses(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_error(422)

    def log_message(self, *_: object) -> None: ...


@contextmanager
def _refusing() -> Iterator[int]:
    """The port of another system that takes nothing."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Refuses) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@contextmanager
def hospital(folder: Path, dsn: str, spoken: Mapping[str, Callable[[], float]]) -> Iterator[Hospital]:
    """`dsn`: an empty database of a TimescaleDB. `spoken`: what the stand-in says at first."""
    with ExitStack() as stack:
        disk = stack.enter_context(_tiny_disk(folder))
        migrate(dsn)
        migrate_charting(dsn)
        add_account(dsn, "zhang", name="张医师", roles=["anaesthetist"], password=_PASSWORD)
        proxies = {name: stack.enter_context(Proxy(dsn)) for name in ("OR-3", "other")}
        broker = stack.enter_context(Mosquitto(folder))
        authority = folder / "authority.crt"
        Authority(folder, "authority", days=90)
        mqtt = f'[mqtt]\nurl = "mqtt://127.0.0.1:{broker.port}"\n'
        store, cut = (
            f'[timescale]\ndsn = "{one}"\n' for one in (dsn, f"{proxies['OR-3'].dsn} sslrootcert={authority}")
        )
        drivers = ["gekko-gx1"] * 3 + [FAULTY] + ["gekko-gx1"] * 4
        beds = {
            bed.id: bed
            for bed in (
                Bed(id="OR-1", folder=folder, journal=folder / "OR-1.db", more=store),
                Bed(id="OR-2", folder=folder, journal=folder / "OR-2.db", more=store + mqtt, drivers=drivers),
                Bed(id="OR-3", folder=folder, journal=folder / "OR-3.db", more=cut),
                Bed(id="OR-4", folder=folder, journal=disk / "OR-4.db", more=store),
            )
        }
        told = [
            Channel(code=code, source="m0", unit="1") for code in ("VND_VITALSD_FRAMES", "VND_VITALSD_REJECTED_BYTES")
        ]
        with closing(Journal.open(beds["OR-3"].journal, [READER])) as journal:
            journal.append([reading(one, time.time() - T0_US / 1e6, 7.0, bed="OR-3", device=GATEWAY) for one in told])
        mattresses = {id_: [stack.enter_context(one) for one in bed.mattresses] for id_, bed in beds.items()}
        daemons = {id_: Daemon(folder / f"{id_}.log", "bed", bed.file(mattresses[id_])) for id_, bed in beds.items()}
        urls = {}
        services = {"desk": dsn, "other": proxies["other"].dsn}
        metrics = {name: f"127.0.0.1:{kept_port()}" for name in services}
        ports = {"refuses": stack.enter_context(_refusing()), "away": kept_port()}
        destinations = "".join(
            f'[[destination]]\nname = "{name}"\nurl = "http://127.0.0.1:{port}"\ntakes = []\n'
            for name, port in ports.items()
        )
        inbox = kept_port()
        told_to = f'[[inbox.listener]]\nname = "his"\nlisten = "127.0.0.1:{inbox}"\n'
        for name, database in services.items():
            listen = f"127.0.0.1:{kept_port()}"
            file = folder / f"{name}.toml"
            kinds = ", ".join(f'{{ id = "{bed}" }}' for bed in beds)
            file.write_text(
                f'[charting]\nlisten = "{listen}"\nsite = "医院"\ndatabase = "{database}"\nbeds = [{kinds}]\n'
                f'[metrics]\nlisten = "{metrics[name]}"\n{destinations + told_to if name == "desk" else ""}',
                encoding="utf-8",
            )
            urls[name], daemons[name] = f"http://{listen}", Daemon(folder / f"{name}.log", "charting", file)
        for daemon in daemons.values():
            stack.callback(daemon.kill)
            daemon.start()
        stand_in = stack.enter_context(StandIn(dict(spoken)))
        addresses = {bed.metrics: bed.id for bed in beds.values()} | {stand_in.address: "OR-9"}
        prometheus = stack.enter_context(Prometheus(folder, addresses, list(metrics.values())))
        until(lambda: _answers(urls["desk"]) and _answers(urls["other"]), "the charting services answer")
        desk = Charting(f"{urls['desk']}/", "zhang", _PASSWORD)
        for bed in ("OR-1", "OR-2"):
            patient = {"kind": "patient", "name": "王小明", "sex": "male"}
            at_us = time.time_ns() // 1000
            desk.post("/api/cases", {"bed": bed, "area": "or", "patient": patient, "at_us": at_us})
        with psycopg.connect(dsn) as database_:
            seen = ("b1", "zhang", "0.0.0", "test", "board", time.time_ns() // 1000)
            database_.execute("insert into charting.client values (%s, %s, %s, %s, %s, %s)", seen)
        ward = Hospital(
            folder=folder, dsn=dsn, prometheus=prometheus, stand_in=stand_in, broker=broker, daemons=daemons,
            mattresses=mattresses, beds=beds, proxies=proxies, disk=disk, desk=desk,
            desk_metrics=metrics["desk"], other=urls["other"],
            authority=authority, inbox=inbox,
        )  # fmt: skip
        ward.back_up("backup", days_ago=0)
        ward.back_up("restore_test", days_ago=0)
        yield ward


@contextmanager
def _tiny_disk(folder: Path) -> Iterator[Path]:
    if os.getuid() != 0:
        reason = "only root can mount a file system of the test's own"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    disk = folder / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32m", "vitalsd-test", disk], check=True)
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=5):
            return True
    except OSError:
        return False
