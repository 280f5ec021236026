"""A run from beginning to end: each database is copied, each copy is restored for trial and compared, old ones go."""

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from charting.backup.errors import BackupError, told
from charting.backup.file import FileDatabase
from charting.backup.folder import MANIFEST, Backup, at, backups, held, keep, read, remove, scratch, tell_tested
from charting.backup.manifest import LEFT_OUT, differences
from charting.backup.places import Place
from charting.backup.retention import Keep, surplus
from charting.backup.server import ServerDatabase
from charting.store.backups import Kind, Part, Run, record
from charting.store.migrate import open_database
from collector.dsn import sqlite_file
from collector.errors import UsageError, VitalsdError
from collector.progress import counter

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """`files`: the site's, kept with the first database; `charting`: DSN of the one that remembers runs, "": none does.

    `keep` None: nothing is removed.
    """

    places: Sequence[Place]
    folder: Path
    charting: str
    files: Sequence[Path] = ()
    keep: Keep | None = None


def place(dsn: str) -> Place:
    """Raises UsageError."""
    file = sqlite_file(dsn)
    return ServerDatabase(dsn) if file is None else FileDatabase(file)


def run_backup(job: Job, tell: Tell) -> None:
    """Copy, try and tidy; `tell` gets a line for each. Raises BackupError at the end with everything that failed."""
    tried: list[Part] = []
    with ExitStack() as stack:
        with _remembered(job, "backup", tell) as made:
            with told():
                stack.enter_context(held(job.folder))
            copies = [(each, _copied(job, each, made, tell)) for each in job.places]
        there = [(each, copy) for each, copy in copies if copy is not None]
        if there:
            with _remembered(job, "restore_test", tell) as tried:
                tried += [_tried(job, each, copy, tell) for each, copy in there]
    reasons = [reason for part in (*made, *tried) for reason in part.reasons]
    if reasons:
        raise BackupError(*reasons)


def run_restore(path: Path, dsn: str, tell: Tell) -> None:
    """Into an empty database. Raises BackupError for a damaged backup, before anything is touched, and where what is
    restored differs; UsageError for a database that is not empty or not fit for it.
    """
    backup, into = at(path), place(dsn)
    with counter("bytes checked") as progress:
        manifest = read(backup.path, progress)
    found = into.restore(backup.path, manifest)
    differing = differences(manifest.tables, found)
    if differing:
        raise BackupError(*differing)
    schema = ", ".join(f"{name} {version}" for name, version in manifest.schema.items())
    tell(f"restored {len(found)} tables, {manifest.rows:,} rows of {manifest.made}, 0 differences; schema: {schema}")
    for what in LEFT_OUT:
        tell(f"not in a backup: {what}")


def _copied(job: Job, each: Place, parts: list[Part], tell: Tell) -> Backup | None:
    made, name = datetime.now(UTC).replace(microsecond=0), ""
    try:
        name = each.name
        with told():
            before = backups(job.folder, name)
            _check_room(job.folder, each.room_bytes(before[-1].size_bytes if before else 0))
        with told(), scratch(job.folder, name) as inside:
            manifest = each.dump(inside, made.isoformat())
            (inside / MANIFEST).write_text(manifest.json(), encoding="utf-8")
            for file in job.files if each is job.places[0] else ():
                to = inside / "config" / file.relative_to("/")
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, to)
            copy = keep(inside, job.folder, name, made)
    except (BackupError, UsageError) as error:
        parts.append(Part(name=name, reasons=error.reasons))
        return None
    size = copy.size_bytes
    parts.append(Part(name=copy.name, rows=manifest.rows, size_bytes=size))
    tell(f"{copy.name}: {len(manifest.tables)} tables, {manifest.rows:,} rows, {size / 1e6:,.1f} MB")
    return copy


def _tried(job: Job, each: Place, copy: Backup, tell: Tell) -> Part:
    """Restore it; read one of the earlier ones, each in its turn, so that what a disk does to them is noticed; tidy."""
    rows, reasons = 0, list[str]()
    try:
        manifest = read(copy.path)
        rows = manifest.rows
        with told(), each.scratch(job.folder) as empty:
            reasons += differences(manifest.tables, empty.restore(copy.path, manifest))
    except (BackupError, UsageError) as error:
        reasons += error.reasons
    try:
        with told():
            tell_tested(copy, datetime.now(UTC).replace(microsecond=0), reasons)
            tell(f"{copy.name}: restored for trial, " + (f"{len(reasons)} DIFFERENCES" if reasons else "0 differences"))
            earlier = [backup for backup in backups(job.folder, copy.database) if backup.name != copy.name]
            if earlier:
                read(earlier[copy.made.toordinal() % len(earlier)].path)
            if job.keep is not None and not reasons:
                for old in surplus(backups(job.folder, copy.database), job.keep):
                    remove(old)
                    tell(f"{old.name}: removed")
    except BackupError as error:
        reasons += error.reasons
    return Part(name=copy.name, rows=rows, size_bytes=copy.size_bytes, reasons=tuple(reasons))


def _check_room(folder: Path, need_bytes: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < need_bytes:
        raise BackupError(f"{folder}: needs {need_bytes / 1e6:,.0f} MB, and has {free / 1e6:,.0f} MB free")


@contextmanager
def _remembered(job: Job, kind: Kind, tell: Tell) -> Iterator[list[Part]]:
    """The parts of a run, which is remembered however it ends."""
    began_us, parts = _now_us(), list[Part]()
    try:
        yield parts
    except BaseException as error:
        parts.append(
            Part(name="", reasons=error.reasons if isinstance(error, UsageError | BackupError) else ("interrupted",))
        )
        raise
    finally:
        ended = Run(kind=kind, began_us=began_us, ended_us=_now_us(), place=str(job.folder), parts=tuple(parts))
        try:
            if job.charting:
                _remember(job.charting, ended)
        except VitalsdError as error:
            tell(f"this run will not be seen on the pages: {error}")


def _remember(dsn: str, run: Run) -> None:
    database = open_database(dsn)
    try:
        record(database, run)
    finally:
        database.close()


def _now_us() -> int:
    return time.time_ns() // 1000
