"""Real TimescaleDB and plain PostgreSQL servers for tests and benchmarks, provided by the project itself.

A PostgreSQL of this machine that will do is used as it is. Otherwise Debian's packages are fetched by apt, signatures
checked, unpacked into a folder of their own and run with the C library that came with them: nothing on the system
changes, and no root is needed.

    python -m tests.timescale            fetch the programs of both, once per machine
    python -m tests.timescale DIR        run a server that keeps its data in DIR, print its DSN, stop at Ctrl-C
"""

import fcntl
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier

MIRROR = "http://deb.debian.org/debian"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
# Dependencies that a server without JIT, cluster tools and dialogues never loads.
LEFT_OUT = re.compile(
    r"adduser|debconf|libllvm|libperl|libz3|locales|login|openssl$|passwd|perl|postgresql-(client-)?common|procps|ssl-cert"
)
SETTINGS = """
jit = off
listen_addresses = ''
max_connections = 200
"""
# Linux gives a socket's path 108 bytes, and PostgreSQL adds "/.s.PGSQL.5432.lock".
FOLDER_LIMIT = 107 - len("/data/.s.PGSQL.5432.lock")
# How long PID 1 may take to reap a killed postmaster, whose lock file counts as held until then.
RESTART_WITHIN_S = 60.0

# Starts an unpacked program with the loader and the libraries that were unpacked beside it.
WRAPPER = """#!/bin/sh
lib=$(echo "${0%%/usr/lib/postgresql/*}"/usr/lib/*-linux-gnu*)
exec "$lib"/ld-linux-*.so.* --library-path "$lib" --argv0 "$0" "$0.elf" "$@"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """A kind of server: Debian's suite and package; version and extension of an installed one that will do."""

    suite: str
    package: str
    version: str
    extension: bool
    settings: str = ""

    def installed(self) -> Path | None:
        """Where this machine's own PostgreSQL has its programs, if it will do."""
        for folder in sorted(Path("/usr/lib/postgresql").glob(f"{self.version}/bin"), reverse=True):
            control = Path("/usr/share/postgresql", folder.parent.name, "extension/timescaledb.control")
            if (folder / "postgres").exists() and control.exists() == self.extension:
                return folder
        return None


TIMESCALE = Build(
    suite="trixie",
    package="postgresql-17-timescaledb",
    version="*",
    extension=True,
    settings="""
shared_preload_libraries = 'timescaledb,pg_stat_statements'
timescaledb.telemetry_level = off
max_worker_processes = 64   # each database with the extension takes one for its scheduler
""",
)
POSTGRES = Build(suite="bookworm", package="postgresql-15", version="15", extension=False)
"""The oldest PostgreSQL that will do, and nothing but that."""


class UnavailableError(RuntimeError):
    """The server cannot be provided on this machine; the text says why."""


def cache() -> Path:
    """This user's folder for what outlives a test run; the server's user can enter it."""
    folder = Path(f"/var/tmp/vitalsd-{os.getuid()}")
    folder.mkdir(mode=0o755, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise UnavailableError(f"{folder} belongs to another user")
    return folder


def run(*command: str | Path, user: str | None = None, cwd: Path | None = None) -> str:
    """Run to its end and return what it printed. Raises UnavailableError with the last lines of its error output."""
    groups: Sequence[int] | None = None if user is None else []
    group = None if user is None else pwd.getpwnam(user).pw_gid
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd or "/",
        user=user,
        group=group,
        extra_groups=groups,
        env=os.environ | {"LC_ALL": "C"},
    )
    if done.returncode:
        last = "\n".join((done.stderr + done.stdout).strip().splitlines()[-8:])
        raise UnavailableError(f"{' '.join(map(str, command[:2]))} ended with status {done.returncode}:\n{last}")
    return done.stdout


@contextmanager
def locked(path: Path, how: int = fcntl.LOCK_EX) -> Iterator[int]:
    """Hold a file lock; yields the descriptor."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, how)
        yield handle
    finally:
        os.close(handle)


def mirror() -> str:
    """The Debian mirror of this machine's apt sources."""
    for pattern in ("sources.list", "sources.list.d/*.list", "sources.list.d/*.sources"):
        for file in sorted(Path("/etc/apt").glob(pattern)):
            found = re.search(r"^(?:URIs:|deb(?: \[.*\])?)\s+(\S+/debian)/?(?:\s|$)", file.read_text(), re.MULTILINE)
            if found:
                return found[1]
    return MIRROR


@contextmanager
def unpacking(suite: str, root: Path) -> Iterator[tuple[Sequence[str], Path]]:
    """apt-get with lists of its own of a Debian suite, and where to unpack; that becomes `root` when all went well."""
    if shutil.which("apt-get") is None or not KEYRING.exists():
        raise UnavailableError(f"{root.name} is not installed, and this is not a Debian with apt")
    work = root.with_suffix(".part")
    shutil.rmtree(work, ignore_errors=True)
    for folder in (work / "lists/partial", work / "archives/partial", work / "root"):
        folder.mkdir(parents=True)
    (work / "sources.list").write_text(f"deb [signed-by={KEYRING}] {mirror()} {suite} main\n")
    options = {
        "Dir::Etc::SourceList": work / "sources.list",
        "Dir::Etc::SourceParts": "-",
        "Dir::Etc::Preferences": "/dev/null",
        "Dir::Etc::PreferencesParts": "/dev/null",
        "Dir::State::Lists": work / "lists",
        "Dir::State::Status": "/dev/null",  # so that every dependency counts as missing
        "Dir::Cache": work,
        "APT::Sandbox::User": "root",
        "Acquire::Retries": 3,
    }
    apt = ["apt-get", "-q", *(f"-o{key}={value}" for key, value in options.items())]
    run(*apt, "update")
    yield apt, work / "root"
    (work / "root").rename(root)
    shutil.rmtree(work)


def unpack(apt: Sequence[str], names: Sequence[str], into: Path) -> None:
    """Download packages, signatures checked, and unpack them."""
    archives = into.with_name("archives")
    run(*apt, "download", *names, cwd=archives)
    for archive in archives.glob("*.deb"):
        run("dpkg-deb", "--extract", archive, into)


def fetch(build: Build, root: Path) -> None:
    """Unpack the server and everything it needs into `root`; an interrupted attempt leaves nothing behind."""
    with unpacking(build.suite, root) as (apt, unpacked):
        plan = run(*apt, "--simulate", "--no-install-recommends", "install", build.package)
        names = [name for name in re.findall(r"^Inst (\S+)", plan, re.MULTILINE) if not LEFT_OUT.match(name)]
        unpack(apt, names, unpacked)
        if (unpacked / "lib").is_dir():  # Debian 12 still has its C library outside of /usr
            shutil.copytree(unpacked / "lib", unpacked / "usr/lib", symlinks=True, dirs_exist_ok=True)
        for program in unpacked.glob("usr/lib/postgresql/*/bin/*"):
            program.rename(program.with_name(program.name + ".elf"))
            program.write_text(WRAPPER)
            program.chmod(0o755)


def programs(build: Build) -> Path:
    """The folder of `postgres`, `initdb` and `pg_ctl`; fetched at the first call on a machine."""
    installed = build.installed()
    if installed is not None:
        return installed
    root = cache() / f"{build.suite}-{build.package}"
    with locked(root.with_suffix(".lock")):
        if not root.exists():
            fetch(build, root)
    return next(root.glob("usr/lib/postgresql/*/bin"))


class Server:
    """A server with its data in `folder`/data, reached only through a socket there, as user postgres without password.

    `durable` False trades crash safety for speed (fsync off). `settings` are lines of its configuration file. `user`
    is whom the server runs as, None: the caller.
    """

    def __init__(self, folder: Path, build: Build = TIMESCALE, *, durable: bool = True, settings: str = "") -> None:
        if len(os.fsencode(folder)) > FOLDER_LIMIT:
            raise UnavailableError(f"{folder} is too long for a socket's path")
        self._data = folder / "data"
        self._log = folder / "log"
        self._fsync = "on" if durable else "off"
        self._programs = programs(build)
        self._settings = SETTINGS + build.settings + settings
        self.user: str | None = None
        if os.getuid() == 0:  # PostgreSQL refuses to run as root
            known = {entry.pw_name for entry in pwd.getpwall()}
            self.user = "postgres" if "postgres" in known else "nobody"

        self.dsn = f"host='{self._data}' port=5432 user=postgres dbname=postgres"

    def running(self) -> bool:
        try:
            psycopg.connect(self.dsn).close()
        except psycopg.OperationalError:
            return False
        return True

    def start(self) -> None:
        """Return when the server answers; the data of an earlier run are kept."""
        if not self._data.exists():
            self._initialise()
        until = time.monotonic() + RESTART_WITHIN_S
        while True:
            try:
                self._control("start", "-l", str(self._log), "-o", f"-k '{self._data}' -c fsync={self._fsync}")
            except UnavailableError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)
            else:
                return

    def stop(self) -> None:
        self._control("stop", "-m", "fast")

    def kill(self) -> None:
        """End it as a crash would: the postmaster by SIGKILL, its children by missing it."""
        os.kill(int((self._data / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)

    def forget(self) -> None:
        """Remove the data and the log of an earlier run."""
        shutil.rmtree(self._data, ignore_errors=True)
        self._log.unlink(missing_ok=True)

    def _initialise(self) -> None:
        work = self._data.with_name("data.part")
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        self._log.touch()
        if self.user is not None:
            shutil.chown(work, self.user)
            shutil.chown(self._log, self.user)
        settings = ("-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        run(self._programs / "initdb", "-D", work, *settings, user=self.user)
        with (work / "postgresql.conf").open("a") as file:
            file.write(self._settings)
        work.rename(self._data)

    def _control(self, *command: str) -> None:
        run(self._programs / "pg_ctl", "-s", "-w", "-D", self._data, *command, user=self.user)


@contextmanager
def shared(build: Build = TIMESCALE) -> Iterator[Server]:
    """The one server of all test processes of a user: the first to come starts it afresh, the last to go stops it."""
    folder = cache() / f"server-{build.package}"
    folder.mkdir(exist_ok=True)
    server = Server(folder, build, durable=False)
    with locked(folder / "users", fcntl.LOCK_UN) as users:
        with locked(folder / "lock"):
            if not server.running():
                server.forget()
                server.start()
            fcntl.flock(users, fcntl.LOCK_SH)
        try:
            yield server
        finally:
            with locked(folder / "lock"):
                try:
                    fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    pass
                else:
                    server.stop()


@contextmanager
def database(server_dsn: str) -> Iterator[str]:
    """A new database, with the extension where the server has it; yields its DSN, drops it afterwards."""
    name = f"test_{uuid.uuid4().hex}"
    dsn = make_conninfo(server_dsn, dbname=name)
    with psycopg.connect(server_dsn, autocommit=True) as admin:
        admin.execute(SQL("create database {} template template0").format(Identifier(name)))
        try:
            with psycopg.connect(dsn, autocommit=True) as fresh:
                if fresh.execute("select name from pg_available_extensions where name = 'timescaledb'").fetchone():
                    fresh.execute("create extension timescaledb")
            yield dsn
        finally:
            admin.execute(SQL("drop database {} with (force)").format(Identifier(name)))


def main(folders: list[str]) -> None:
    if not folders:
        for build in (TIMESCALE, POSTGRES):
            sys.stdout.write(f"{programs(build)}\n")
        return
    folder = Path(folders[0]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    server = Server(folder)
    server.start()
    sys.stdout.write(f"{server.dsn}\n")
    sys.stdout.flush()
    try:
        signal.sigwait({signal.SIGINT, signal.SIGTERM})
    finally:
        server.stop()


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    main(sys.argv[1:])
