"""What a run copies: as typed, or as the charting service's file says."""

from collections.abc import Iterator
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from charting.backup.file import FileDatabase
from charting.backup.retention import Keep
from charting.backup.run import Job, place
from charting.config import ChartingConfig, load
from charting.store.database import is_charting_file
from collector.dsn import sqlite_file
from collector.errors import UsageError


def job_of(dsn: str, folder: Path) -> Job:
    """Raises UsageError."""
    file = sqlite_file(dsn)
    if file is not None and not file.is_file():
        raise UsageError(f"{file}: no such file")
    charting = file is None or is_charting_file(file)
    return Job(places=[place(dsn)], folder=folder, charting=dsn if charting else "")


def job_of_config(path: Path) -> Job:
    """The charting, and the beds' journals where it has no server; with the site's files. Raises UsageError."""
    config = load(path)
    section = config.backup
    if section is None:
        raise UsageError(f"{path}: has no [backup]")
    dsn = config.backup_database
    journals = [FileDatabase(bed.journal) for bed in config.charting.beds if bed.journal is not None]
    return Job(
        places=[place(dsn), *journals],
        folder=section.folder,
        charting=dsn,
        files=list(_files(path.absolute(), config)),
        keep=Keep(daily=section.keep_daily, weekly=section.keep_weekly, monthly=section.keep_monthly),
    )


def _files(path: Path, config: ChartingConfig) -> Iterator[Path]:
    """The file itself, unless it holds a password, and what it names: libraries, tables; no key and no certificate."""
    dsns = [dsn for dsn in (config.charting.database, config.backup and config.backup.database) if dsn]
    if not any("password" in conninfo_to_dict(dsn) for dsn in dsns if sqlite_file(dsn) is None):
        yield path
    if config.charting.libraries is not None:
        yield from sorted(config.charting.libraries.glob("*.csv"))
    named = (config.symbols and config.symbols.file, config.quality.catalogue, config.workload.scheme)
    yield from (file for file in named if file)
