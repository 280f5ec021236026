"""What the verifier works on: a folder, a bed and a database of its own making, and none of the hospital's."""

import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.sql import SQL, Identifier

from collector.config import Config, TimescaleSection
from collector.dsn import secretless, server
from collector.errors import UsageError
from collector.journal.rows import identity_of
from collector.migrate import migrate
from collector.model import Channel, Entry, Quality, Reading, Role, Series
from collector.sql import queries
from collector.timescale_reader import TimescaleReader

EVER_US = (946_857_600_000_000, 4_102_358_400_000_000)
"""2000-01-03 to 2099-12-31: what the store takes, and some days for readers that look back."""

_Q = queries("verify")


class Scratch:
    """`folder`: for journals and everything else; `dsn`: of the scratch database, None where there is none and `reason`
    says why.
    """

    def __init__(self, folder: Path, word: str, dsn: str | None, reason: str) -> None:
        self.folder = folder
        self.dsn = dsn
        self.reason = reason
        self._word = word
        self._beds = 0

    def new_bed(self) -> str:
        """A bed that nobody has: each trial gets its own."""
        self._beds += 1
        return f"VERIFY-{self._word}-{self._beds}"

    def held(self, bed: str) -> list[Entry]:
        """Everything that the database holds of a bed, each row as often as it is there."""
        dsn = self.dsn or ""
        entries: list[Entry] = []
        with psycopg.connect(dsn, autocommit=True) as connection:
            entries += _readings(bed, connection.execute(_Q["readings"], (bed,)))
            for kind, time_us, device, body in connection.execute(_Q["identities"], (bed,)):
                entries.append(identity_of((bed, device, kind, time_us, 0, json.dumps(json.loads(body)))))
        with closing(TimescaleReader(dsn)) as reader:
            entries += reader.waves(bed, [], *EVER_US)
            entries += reader.conditions(bed, *EVER_US)
        return entries

    def parked(self) -> int:
        """Entries that the database refused."""
        with psycopg.connect(self.dsn or "", autocommit=True) as connection:
            return int((connection.execute(_Q["parked"]).fetchone() or (0,))[0])

    def data_folder(self) -> Path | None:
        """Where the server keeps its files; None where that is another machine or is not told."""
        with psycopg.connect(self.dsn or "", autocommit=True) as connection, suppress(psycopg.Error):
            (name,) = connection.execute(_Q["data_folder"]).fetchone() or (None,)
            if name and Path(name).is_dir():
                return Path(name)
        return None


@contextmanager
def scratch(config: Config | None) -> Iterator[Scratch]:
    """Make it, and remove it whatever happens. Raises UsageError where it would be anything of the configuration's."""
    word = secrets.token_hex(4)
    database = f"vitalsd_verify_{word}"
    folder = Path(tempfile.mkdtemp(prefix="vitalsd-verify-"))
    try:
        refuse(config, folder, f"VERIFY-{word}", database)
        admin, reason = _admin(config)
        dsn = None
        if admin is not None:
            dsn, reason = _create(admin, database)
        try:
            yield Scratch(folder, word, dsn, reason)
        finally:
            if admin is not None and dsn is not None:
                _drop(admin, database)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def refuse(config: Config | None, folder: Path, bed: str, database: str) -> None:
    """Raise UsageError where bed, journal or database are the configured ones."""
    if config is None:
        return
    reasons = []
    if config.bed.id.startswith(bed):
        reasons.append(f"bed.id: {config.bed.id!r} is the verifier's own bed")
    if config.journal.path.resolve().is_relative_to(folder.resolve()):
        reasons.append(f"journal.path: {config.journal.path} is in the verifier's own folder")
    if config.timescale is not None and conninfo_to_dict(config.timescale.dsn).get("dbname") == database:
        reasons.append(f"timescale.dsn: {database!r} is the verifier's own database")
    if reasons:
        raise UsageError(*reasons)


def _admin(config: Config | None) -> tuple[str | None, str]:
    """The DSN by which the scratch database is made, or why there is none."""
    section: TimescaleSection | None = config.timescale if config else None
    if section is not None:
        return server(section.full_dsn), ""
    if config is not None:
        return None, "the configuration has no [timescale]"
    if not any(name in os.environ for name in ("PGHOST", "PGHOSTADDR", "PGSERVICE", "PGDATABASE", "PGPORT")):
        return None, "no server: give a CONFIG with [timescale], or PGHOST and the other variables of libpq"
    return server(""), ""


def _create(admin: str, database: str) -> tuple[str | None, str]:
    dsn = make_conninfo(admin, dbname=database)
    try:
        _administer(admin, "create", database)
    except psycopg.Error as error:
        return None, f"the scratch database cannot be created: {_said(error, admin)}"
    try:
        migrate(dsn)
    except (UsageError, psycopg.Error) as error:
        _drop(admin, database)
        return None, f"the scratch database cannot be made ready: {secretless(str(error), admin)}"
    return dsn, ""


def _drop(admin: str, database: str) -> None:
    with suppress(psycopg.OperationalError):  # a server that has gone
        _administer(admin, "drop", database)


def _administer(admin: str, query: str, database: str) -> None:
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(SQL(_Q[query]).format(Identifier(database)))


def _said(error: psycopg.Error, admin: str) -> str:
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        return f"{error.diag.message_primary} (the role needs CREATEDB)"
    return secretless(str(error), admin)


def _readings(bed: str, rows: Iterable[tuple[Any, ...]]) -> Iterator[Reading]:
    """From device, code, source, role, site, unit, time (µs since 1970), value, text, quality, demo."""
    known: dict[tuple[str, ...], Series] = {}
    for device, code, source, role, site, unit, time_us, value, text, quality, demo in rows:
        key = device, code, source, role, site, unit
        series = known.get(key)
        if series is None:
            channel = Channel(code=code, source=source, unit=unit, role=Role(role), site=site)
            series = known[key] = Series(bed=bed, device=device, channel=channel)
        yield Reading(series=series, time_us=time_us, value=value, text=text, quality=Quality(quality), demo=bool(demo))
