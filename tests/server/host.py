"""Runs what compose.yaml starts, as it is written there, on this machine without a container engine.

A command, its environment and its health check are taken from the merged file; nothing of them is known here. What a
container has of its own is put in their place by this one table:

    in the container                           here
    a mounted file or folder, a secret         a copy under the scratch folder, with all that this table says
    a named volume                             a folder of the scratch folder
    NAME:PORT of a service, 0.0.0.0:PORT,      127.0.0.1 and a free port (in commands, files and addresses); the
    mosquitto's `listener PORT`                database's port is PGPORT
    host=NAME of a database                    the same, with hostaddr and port beside it: TLS sees the name
    the image's user                           where root runs the tests, postgres or nobody for the database and
                                               mosquitto for the broker, who do not run as root; else the caller
    the image's programs                       vitalsd of this checkout; PostgreSQL of tests.timescale; this machine's
                                               mosquitto, curl and prometheus
    the database image's entry point           initdb with POSTGRES_INITDB_ARGS, then POSTGRES_DB
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier

from tests.ports import kept_port
from tests.prometheus import programs as prometheus
from tests.timescale import TIMESCALE, cache, locked, run, unpack, unpacking
from tests.timescale import programs as postgresql

CONFIG = Path(__file__).parents[2] / "config"
WITHIN_S = 60.0
SECRETS = "/run/secrets"
DATA = "/var/lib/postgresql/data"
"""PGDATA of the image."""


def docker_compose() -> Path:
    """Debian's, which needs no engine for `config`; fetched at the first call on a machine."""
    return _program("docker-compose", "trixie", "docker-compose")


def _program(name: str, suite: str, package: str) -> Path:
    """An installed program, or that of Debian's package unpacked and not installed."""
    installed = shutil.which(name)
    if installed is not None:
        return Path(installed)
    root = cache() / f"{suite}-{package}"
    with locked(root.with_suffix(".lock")):
        if not root.exists():
            with unpacking(suite, root) as (apt, into):
                unpack(apt, [package], into)
    return next(path for path in root.rglob(name) if path.is_file() and os.access(path, os.X_OK))


def merged(folder: Path) -> Any:
    """The compose file of a folder, as Compose understands it. Raises UnavailableError with what it says is wrong."""
    text = run(docker_compose(), "--profile", "*", "config", "--format", "json", cwd=folder)
    return json.loads(text.replace("$$", "$"))  # it is written to be read by Compose again


def prepared(scratch: Path) -> Path:
    """A copy of config/ whose server/ a person has prepared as README.md says."""
    shutil.copytree(CONFIG, scratch / "config")
    server = scratch / "config/server"
    run(server / "prepare.sh", "db.example")
    shutil.copy(server / ".env.example", server / ".env")
    for file in (server / "secrets").iterdir():
        os.chown(file, os.getuid(), os.getgid())
    return server


@dataclass(slots=True)
class Host:
    """What a merged compose file has, on this machine."""

    compose: Any
    scratch: Path
    users: Mapping[str, str]
    ports: dict[tuple[str, str], int] = field(default_factory=dict)
    running: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    def port(self, service: str, port: str) -> int:
        """The port that stands for one of a service."""
        if (service, port) not in self.ports:
            self.ports[service, port] = kept_port()
        return self.ports[service, port]

    def begin(self, service: str) -> None:
        """Start a service and wait until its health check is content."""
        argv = self._argv(service)
        self._give(service)
        if service == "timescaledb":
            self._initialise()
        with (self.scratch / f"{service}.log").open("wb") as log:
            self.running[service] = subprocess.Popen(
                argv, stdout=log, stderr=subprocess.STDOUT, user=self.users.get(service), cwd="/",
                env=self._environment(service), start_new_session=True,
            )  # fmt: skip
        if service == "timescaledb":
            self._wait(service)
            self._make_database()
        self._wait(service)

    def complete(self, service: str, *more: str, stdin: str = "") -> str:
        """Run a service that ends. more: another command than its own. Returns what it printed."""
        done = subprocess.run(
            self._argv(service, more), capture_output=True, text=True, check=False, cwd="/", input=stdin,
            env=self._environment(service),
        )  # fmt: skip
        assert done.returncode == 0, f"{service} ended with status {done.returncode}:\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def healthy(self, service: str) -> bool:
        """Whether the health check, run once as it is written, is content."""
        kind, *test = self.compose["services"][service]["healthcheck"]["test"]
        assert kind == "CMD"
        argv = self.programs([self._substituted(service, part) for part in test])
        return subprocess.run(argv, capture_output=True, check=False, env=self._environment(service)).returncode == 0

    def end(self) -> None:
        for process in reversed(self.running.values()):
            process.send_signal(signal.SIGINT)
        while self.running:
            self.running.popitem()[1].wait(WITHIN_S)

    def file(self, service: str, path: str) -> Path:
        """Where a path of a container is."""
        return Path(self._substituted(service, path))

    def _initialise(self) -> None:
        """As the image's entry point does where there are no data yet."""
        service = self.compose["services"]["timescaledb"]["environment"]
        password = self.file("timescaledb", service["POSTGRES_PASSWORD_FILE"])
        settings = service["POSTGRES_INITDB_ARGS"].split()
        run(
            postgresql(TIMESCALE) / "initdb", "-D", self.file("timescaledb", DATA), "-U", service["POSTGRES_USER"],
            f"--pwfile={password}", "--auth=scram-sha-256", "--no-sync", *settings, user=self.users.get("timescaledb"),
        )  # fmt: skip

    def _make_database(self) -> None:
        """As the same does then; over TLS, with the password of its file."""
        service = self.compose["services"]["timescaledb"]["environment"]
        owner = self._substituted("migrate", self.compose["services"]["migrate"]["command"][-1])
        with psycopg.connect(owner, dbname="postgres", autocommit=True) as connection:
            connection.execute(SQL("create database {}").format(Identifier(service["POSTGRES_DB"])))

    def _wait(self, service: str) -> None:
        deadline = monotonic() + WITHIN_S
        while not self.healthy(service):
            said = (self.scratch / f"{service}.log").read_text(errors="replace")[-3000:]
            assert self.running[service].poll() is None, f"{service} has ended:\n{said}"
            assert monotonic() < deadline, f"{service} is not healthy:\n{said}"
            sleep(0.05)

    def _argv(self, service: str, more: Sequence[str] = ()) -> list[str]:
        found = self.compose["services"][service]
        entry = found.get("entrypoint") or (["vitalsd"] if "build" in found else [])
        if service == "prometheus":
            entry = ["prometheus"]
        return self.programs([self._substituted(service, part) for part in (*entry, *(more or found["command"]))])

    def programs(self, argv: Sequence[str]) -> list[str]:
        """With the whole path of the first, where it is one of ours."""
        name, *rest = argv
        if name == "vitalsd":
            return [str(Path(sys.executable).with_name(name)), *rest]
        if name == "mosquitto":
            return ["/usr/sbin/mosquitto", *rest]
        if name == "mosquitto_sub":
            return [str(_program(name, "bookworm", "mosquitto-clients")), *rest]
        for folder in (postgresql(TIMESCALE), prometheus()):
            if (folder / name).exists():
                return [str(folder / name), *rest]
        return [name, *rest]

    def _environment(self, service: str) -> Mapping[str, str]:
        given = self.compose["services"][service].get("environment") or {}
        there = {name: self._substituted(service, value) for name, value in given.items()}
        if service == "timescaledb":
            there |= {"PGDATA": str(self.file(service, DATA)), "PGPORT": str(self.port(service, "5432"))}
        path = f"{postgresql(TIMESCALE)}:{os.environ['PATH']}"
        return {"PATH": path, "HOME": str(self.scratch), "LC_ALL": "C.UTF-8", **there}

    def _give(self, service: str) -> None:
        """What is mounted to the user of the service, as prepare.sh does for the images' users."""
        if service in self.users:
            for target in self._mounts(service):
                there = self.file(service, target).resolve()
                for path in (there, *there.rglob("*")):
                    shutil.chown(path, self.users[service])

    def _substituted(self, service: str, text: str) -> str:
        root = self._root(service)
        for target in sorted(self._mounts(service), key=len, reverse=True):
            text = re.sub(rf"(?<![\w./-]){re.escape(target)}(?![\w.-])", f"{root}{target}", text)
        return self._addressed(service, text)

    def _addressed(self, service: str, text: str) -> str:
        """With ports of this machine for the services' own."""
        for name in self.compose["services"]:
            text = re.sub(rf"\bhost={name}\b", f"host={name} hostaddr=127.0.0.1 port={self.port(name, '5432')}", text)
            text = re.sub(rf"\b{name}:(\d+)", partial(self._there, name), text)
        text = re.sub(r"\b(?:0\.0\.0\.0|localhost|127\.0\.0\.1):(\d{4})\b", partial(self._there, service), text)
        return re.sub(r"\blistener (\d+).*", lambda f: f"listener {self.port(service, f[1])} 127.0.0.1", text)

    def _there(self, service: str, found: re.Match[str]) -> str:
        return f"localhost:{self.port(service, found[1])}"

    def _mounts(self, service: str) -> Mapping[str, str]:
        """Where something is in the container → the path that is mounted there, or `volume NAME`."""
        found = self.compose["services"][service]
        mounts = {
            volume["target"]: f"volume {volume['source']}" if volume["type"] == "volume" else volume["source"]
            for volume in found.get("volumes", [])
        }
        return {SECRETS: "", **dict(sorted(mounts.items()))}

    def _root(self, service: str) -> Path:
        """What of the container's files is mounted, under the names that it has there."""
        root = self.scratch / "roots" / service
        if root.exists():
            return root
        (root / SECRETS[1:]).mkdir(parents=True)
        for secret in self.compose["services"][service].get("secrets", []):
            file = self.compose["secrets"][secret["source"]]["file"]
            shutil.copy(file, root / SECRETS[1:] / Path(secret["target"]).name)
        for target, source in self._mounts(service).items():
            place = root / target[1:]
            place.parent.mkdir(parents=True, exist_ok=True)
            if source.startswith("volume "):
                volume = self.scratch / "volumes" / source.removeprefix("volume ")
                volume.mkdir(parents=True, exist_ok=True)
                place.symlink_to(volume)
            elif source and Path(source).is_dir():
                shutil.copytree(source, place)
            elif source:
                place.write_text(self._substituted(service, Path(source).read_text("utf-8")), encoding="utf-8")
        return root
