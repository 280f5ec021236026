"""A bed's daemon and the department's service as they run on a machine: the example files, a user of their own.

They run as a user who owns nothing but his state, so that whatever he leaves elsewhere has his name on it.
"""

import os
import re
import shutil
import subprocess
import tempfile
import time
import tomllib
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL, Identifier

from charting.store.administer import add_account
from charting.store.migrate import migrate as migrate_charting
from collector.migrate import migrate
from tests.ports import kept_port
from tests.system.command import VITALSD

CONFIG = Path(__file__).parents[2] / "config"
USER = 58_000 + os.getpid() % 6_000
"""An id that nobody has."""
PASSWORD = "Lantern-4711-of-the-gateway"
"""Of the database and the broker: it comes as a credential, and nothing may tell of it."""
DOCTOR, DOCTORS = "zhang", "a long enough phrase"
BED = "OR-03"
WAIT_S = 60


@dataclass
class Program:
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def said(self) -> bytes:
        return self.log.read_bytes()

    def waits_for(self, words: bytes) -> None:
        until(lambda: words in self.said or self.process.poll() is not None)
        assert words in self.said, self.said[-2000:]


@dataclass
class Ward:
    """`dsn`: the database; `ports`: by what the examples call them."""

    folder: Path
    dsn: str
    ports: dict[str, int] = field(default_factory=dict)
    programs: dict[str, Program] = field(default_factory=dict)

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def url(self, port: str) -> str:
        return f"http://127.0.0.1:{self.ports[port]}"

    def example(self, name: str, more: str = "") -> Path:
        """An example's file: its addresses with free ports, its state and its database here."""
        text = (CONFIG / name).read_text(encoding="utf-8")
        text = text.replace("/var/lib/vitalsd", str(self.state))
        text = re.sub(r'"host=db\.example [^"]*"', f'"{self.dsn}"', text)
        text = re.sub(r"(?m)^# \[metrics\]\n# listen = ([^ \n]+).*$", r"[metrics]\nlisten = \1", text)
        for was in dict.fromkeys(re.findall(r"(?:127\.0\.0\.1|0\.0\.0\.0):(\d+)", text)):
            label = f"{name}:{was}"
            self.ports[label] = kept_port()
            text = text.replace(f":{was}", f":{self.ports[label]}")
        file = self.folder / name
        file.write_text(f"{text}\n{more}", encoding="utf-8")
        tomllib.loads(file.read_text(encoding="utf-8"))
        return file

    def start(self, name: str, *arguments: str | Path) -> Program:
        log = self.folder / f"{name}.log"
        as_user = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "--inh-caps=+dac_read_search",
                   "--ambient-caps=+dac_read_search", "--no-new-privs"]  # fmt: skip
        environment = {
            "PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "LANG": "C.UTF-8",
            "CREDENTIALS_DIRECTORY": str(self.folder / "credentials"),
        }  # fmt: skip
        with log.open("wb") as stderr:
            process = subprocess.Popen(
                [*as_user, VITALSD, *map(str, arguments)],
                stdin=subprocess.DEVNULL, stdout=stderr, stderr=stderr, env=environment, cwd="/",
            )  # fmt: skip
        self.programs[name] = Program(process, log)
        return self.programs[name]


@contextmanager
def ward(dsn: str) -> Iterator[Ward]:
    """A place with a migrated database and a doctor; what is started in it is ended."""
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="vitalsd-ward-", dir="/var/tmp"))
        stack.callback(shutil.rmtree, folder)
        folder.chmod(0o755)
        made = Ward(folder, dsn)
        for bed in (BED, "FEED-ICU"):
            (made.state / bed).mkdir(parents=True)
        for path in (made.state, *made.state.iterdir()):
            os.chown(path, USER, USER)
        credentials = folder / "credentials"
        credentials.mkdir()
        (credentials / "timescale-password").write_text(f"{PASSWORD}\n")
        (credentials / "mqtt-password").write_text(f"{PASSWORD}\n")
        migrate(dsn)
        migrate_charting(dsn)
        add_account(dsn, DOCTOR, name="张医师", roles=["anaesthetist"], password=DOCTORS)
        try:
            yield made
        finally:
            for program in made.programs.values():
                program.process.terminate()
            for program in made.programs.values():
                program.process.wait(WAIT_S)


def until(so: Callable[[], bool], within_s: float = WAIT_S) -> None:
    end = time.monotonic() + within_s
    while not so():
        assert time.monotonic() < end
        time.sleep(0.05)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except OSError:
        return False


@contextmanager
def away(dsn: str) -> Iterator[None]:
    """The database lets nobody in, and puts out who is in."""
    name = str(conninfo_to_dict(dsn)["dbname"])
    allow = SQL("alter database {} allow_connections {}")
    with psycopg.connect(dsn, dbname="postgres", autocommit=True) as admin:
        admin.execute(allow.format(Identifier(name), False))
        try:
            put_out = "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s"
            until(lambda: not admin.execute(put_out, (name,)).fetchall())  # who was coming in is not seen at once
            yield
        finally:
            admin.execute(allow.format(Identifier(name), True))
