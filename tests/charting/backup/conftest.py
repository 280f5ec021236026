"""On each kind of server a database with a bed's series and some cases, a backup of it, and the server's programs."""

import asyncio
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import BigInteger, Boolean, LargeBinary, insert
from sqlalchemy.types import TypeEngine

from charting.backup.configured import job_of
from charting.backup.folder import Backup, backups
from charting.backup.run import run_backup
from charting.department.run import run_department
from charting.store.migrate import migrate as migrate_charting
from charting.store.migrate import open_database
from charting.store.tables import METADATA
from collector.cli import main
from collector.journal import Journal
from collector.migrate import migrate
from collector.progress import counter
from collector.timescale import READER
from tests.journal.entries import one_of_each, seconds
from tests.store.delivering import deliver
from tests.timescale import POSTGRES, TIMESCALE, programs
from tests.timescale import database as new_database

CASES = 5
EXCHANGED = ("message", "hospital_event", "booking", "parcel", "charge", "api_client", "subscription", "notification",
             "cursor")  # fmt: skip
SERVERS = ("timescale", "postgres15")
BUILDS = {"timescale": TIMESCALE, "postgres15": POSTGRES}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A database that nobody changes, on the server of `server`; `backup`: the one made of it, `told`: meanwhile."""

    dsn: str
    server: str
    backup: Backup
    told: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture(autouse=True)
def _tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """pg_dump and pg_restore of both servers, also where none is installed."""
    folders = [str(programs(build)) for build in BUILDS.values()]
    monkeypatch.setenv("PATH", os.pathsep.join([*folders, os.environ["PATH"]]))


@pytest.fixture(autouse=True)
def scratch(monkeypatch: pytest.MonkeyPatch) -> str:
    """How the names of this test's scratch databases begin."""
    return own_scratch(monkeypatch)


def own_scratch(patch: pytest.MonkeyPatch) -> str:
    """Others use the server, too, and a backup drops what begins like its own and is not yet, or no more, in use."""
    name = f"test_scratch_{secrets.token_hex(4)}_"
    patch.setattr("charting.backup.server.SCRATCH", name)
    return name


def exchange(dsn: str) -> None:
    """A row in each table of what is exchanged with other systems."""
    database = open_database(dsn)
    with database.write() as connection:
        for name in EXCHANGED:
            table = METADATA.tables[name]
            connection.execute(insert(table).values({column.name: _value(column.type) for column in table.columns}))
    database.close()


def _value(kind: TypeEngine[Any]) -> object:
    if isinstance(kind, BigInteger):
        return 1
    if isinstance(kind, Boolean):
        return True
    return b"\x00\xff|" if isinstance(kind, LargeBinary) else "x"


@contextmanager
def filled(server: str, server_dsn: str, folder: Path) -> Iterator[Filled]:
    """With everything that a bed can say, a few minutes of values, and cases."""
    with new_database(server_dsn) as dsn:
        migrate(dsn)
        migrate_charting(dsn)
        journal = Journal.open(":memory:", [READER])
        journal.append([*one_of_each(), *seconds(0, 120)])
        asyncio.run(deliver(dsn, journal))
        run_department(dsn, cases=CASES, seed=7, year=2026, truth_file=folder / "truth.json", counter=counter)
        exchange(dsn)
        kept, told = folder / "backups", list[str]()
        kept.mkdir()
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PATH", os.pathsep.join([str(programs(BUILDS[server])), os.environ["PATH"]]))
            own_scratch(patch)
            run_backup(job_of(dsn, kept), told.append)
        (backup,) = backups(kept)
        yield Filled(dsn=dsn, server=server, backup=backup, told=told)


@pytest.fixture(scope="session")
def on_timescale(timescale: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    with filled("timescale", timescale, tmp_path_factory.mktemp("backup")) as made:
        yield made


@pytest.fixture(scope="session")
def on_postgres15(postgres15: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    with filled("postgres15", postgres15, tmp_path_factory.mktemp("backup")) as made:
        yield made


@pytest.fixture(params=SERVERS)
def source(request: pytest.FixtureRequest) -> Filled:
    made: Filled = request.getfixturevalue(f"on_{request.param}")
    return made


@contextmanager
def bare(server_dsn: str) -> Iterator[str]:
    """A database without anything in it, not even the extension; yields its DSN, drops it afterwards."""
    with new_database(server_dsn) as dsn:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("drop extension if exists timescaledb")
        yield dsn


@pytest.fixture
def empty(source: Filled, request: pytest.FixtureRequest) -> Iterator[str]:
    """The DSN of an empty database on the server of `source`."""
    with bare(request.getfixturevalue(source.server)) as dsn:
        yield dsn


@pytest.fixture
def copy(source: Filled, tmp_path: Path) -> Path:
    """The folder of a backup that a test may damage."""
    to = tmp_path / source.backup.name
    shutil.copytree(source.backup.path, to)
    return to


def wrapped(name: str, folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that goes before the real one, which it finds as $REAL, its database's DSN as $DSN."""
    for build, number in ((TIMESCALE, 0), (POSTGRES, 1)):
        inside = folder / f"wrapped-{number}"
        inside.mkdir(exist_ok=True)
        program = inside / name
        program.write_text(
            "#!/bin/bash\n"
            f'REAL="{programs(build) / name}"\n'
            'if [ "$1" = --version ]; then exec "$REAL" --version; fi\n'
            'for each in "$@"; do case "$each" in --dbname=*) DSN="${each#--dbname=}";; esac; done\n'
            f'PSQL="{programs(build)}/psql"\n{script}\n'
        )
        program.chmod(0o755)
        monkeypatch.setenv("PATH", os.pathsep.join([str(inside), os.environ["PATH"]]))
    monkeypatch.setattr("charting.backup.tools.DEBIAN", str(folder / "none"))


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """`vitalsd` with arguments in this process: a new one takes longer than most of what is tried."""

    def run(*arguments: str | Path) -> Done:
        monkeypatch.setattr("sys.argv", ["vitalsd", *map(str, arguments)])
        capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        told = capsys.readouterr()
        return Done(returncode=code, stdout=told.out, stderr=told.err)

    return run
