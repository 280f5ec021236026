"""PostgreSQL's own programs: which one will do, and how one is run without its password for everybody to see."""

import os
import re
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from charting.backup.errors import BackupError
from collector.errors import UsageError

DEBIAN = "/usr/lib/postgresql"
TELL_EVERY_S = 0.5
_VERSION = re.compile(r"\(PostgreSQL\) (\d+)")
_ERROR = re.compile(r"^\w+: error: (.*)$", re.MULTILINE)
_ROW = re.compile(r"^(COPY failed for table \S+ ERROR: +)(.*)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    path: Path
    version: int


def tool(name: str, least: int) -> Tool:
    """Of those that this machine has the one nearest to version `least`: none older can, and a much newer pg_restore
    says what an older server does not understand. Raises UsageError where there is none.
    """
    places = [*Path(DEBIAN).glob("*/bin"), *map(Path, os.get_exec_path())]
    found = [Tool(path=path, version=_version(path)) for place in places if os.access(path := place / name, os.X_OK)]
    fitting = min((one for one in found if one.version >= least), key=lambda one: one.version, default=None)
    if fitting is None:
        newest = max(found, key=lambda one: one.version, default=None)
        what = f"{newest.path} is of PostgreSQL {newest.version}" if newest else f"there is no {name} on this machine"
        raise UsageError(f"{what}: install postgresql-client-{least} or newer")
    return fitting


class Running:
    """A program that has been started."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], errors: Path) -> None:
        self._name = name
        self._process = process
        self._errors = errors

    def finish(self, tick: Callable[[], None]) -> None:
        """Wait; `tick` is called again and again. Raises BackupError with the program's reason."""
        while True:
            try:
                status = self._process.wait(TELL_EVERY_S)
            except subprocess.TimeoutExpired:
                tick()
            else:
                break
        if status:
            raise BackupError(f"{self._name}: {reason(self._errors.read_text(errors='replace'))}")


@contextmanager
def started(program: Tool, arguments: Sequence[str | Path], address: str) -> Iterator[Running]:
    """Run it on a database; what is still running at the end is ended."""
    with TemporaryDirectory(prefix="vitalsd-backup-") as name:
        errors = Path(name, "errors")
        command = [program.path, *arguments, "--no-password", f"--dbname={_without_password(address, Path(name))}"]
        with errors.open("wb") as told:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=told, stderr=told)
        try:
            yield Running(program.path.name, process, errors)
        finally:
            if process.poll() is None:
                process.terminate()
            process.wait()


def _version(path: Path) -> int:
    done = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
    found = _VERSION.search(done.stdout)
    return int(found[1]) if found else 0


def _without_password(address: str, folder: Path) -> str:
    """The address with its password in a file that only we can read."""
    said = conninfo_to_dict(address)
    password = said.pop("password", None)
    if password is not None:
        file = folder / "passfile"
        file.touch(mode=0o600)
        escaped = re.sub(r"([\\:])", r"\\\1", str(password))
        file.write_text(f"*:*:*:*:{escaped}\n", encoding="utf-8")
        said["passfile"] = str(file)
    return make_conninfo("", **said)


def reason(text: str) -> str:
    """The program's first error on one line; what a table's rows hold is not told."""
    found = _ERROR.search(text)
    said = " ".join(found[1].split()) if found else "ended without a reason"
    return _ROW.sub(lambda row: row[1] + re.sub(r'"[^"]*"', '"…"', row[2]), said)
