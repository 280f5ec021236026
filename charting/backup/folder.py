"""Backups in a folder: each a folder NAME-20261126T180000Z of its own that appears whole or not at all.

In it: the dump; manifest.json, what it was made from; config/, the site's files where they were asked for; SHA256SUMS
of all of these, which `sha256sum -c` reads, too; restore_test.json, how its trial restore ended.
"""

import fcntl
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import file_digest
from pathlib import Path
from urllib.parse import quote, unquote

from charting.backup.errors import BackupError
from charting.backup.manifest import Manifest
from collector.durable import sync
from collector.errors import UsageError

MANIFEST, SUMS, TESTED = "manifest.json", "SHA256SUMS", "restore_test.json"
_NAME = re.compile(r"(?P<database>.+)-(?P<made>\d{8}T\d{6}Z)")
_MADE = "%Y%m%dT%H%M%SZ"
_LINE = re.compile(r"(?P<sum>[0-9a-f]{64})  (?P<name>[^\n]+)")
_PART = ".part"
_MODE = 0o700


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """`tested`: it was restored, and nothing differed."""

    path: Path
    database: str
    made: datetime
    tested: bool

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def size_bytes(self) -> int:
        return sum(file.stat().st_size for file in self.path.rglob("*") if file.is_file())


def at(path: Path) -> Backup:
    """The backup that a folder is. Raises UsageError."""
    path = path.absolute()
    found = _NAME.fullmatch(path.name)
    if found is None or not path.is_dir():
        inside = [backup.name for backup in backups(path)] if path.is_dir() else []
        hint = f"; it holds {', '.join(inside[-3:])}" if inside else ""
        raise UsageError(f"{path}: not the folder of a backup (NAME-20261126T180000Z){hint}")
    made = datetime.strptime(found["made"], _MADE).replace(tzinfo=UTC)
    return Backup(path=path, database=unquote(found["database"]), made=made, tested=_tested(path))


def backups(folder: Path, database: str = "") -> Sequence[Backup]:
    """Those of a database, or all, oldest first."""
    found = [at(path) for path in folder.iterdir() if _NAME.fullmatch(path.name) and (path / SUMS).is_file()]
    wanted = [backup for backup in found if not database or backup.database == database]
    return sorted(wanted, key=lambda backup: (backup.made, backup.name))


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """The folder for one process, without what an earlier one has left half done. Raises UsageError."""
    try:
        handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise UsageError(f"{folder}: expected a folder that is there and can be written: {error.strerror}") from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(f"{folder}: another backup is being made there") from None
        for left in folder.glob(f".*{_PART}"):
            shutil.rmtree(left)
        yield
    finally:
        os.close(handle)


@contextmanager
def scratch(folder: Path, name: str) -> Iterator[Path]:
    """A folder in it that is gone at the end, at the latest when the next process holds `folder`."""
    path = folder / f".{quote(name, safe='')}{_PART}"
    path.mkdir(mode=_MODE)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def keep(made: Path, folder: Path, database: str, at: datetime) -> Backup:
    """What stands in the folder `made` becomes a backup, durably."""
    name = f"{quote(database, safe='')}-{at.strftime(_MADE)}"
    files = sorted(file for file in made.rglob("*") if file.is_file())
    _write(made / SUMS, "".join(f"{_sum(file)}  {file.relative_to(made)}\n" for file in files))
    for path in [*files, *(path for path in made.rglob("*") if path.is_dir()), made]:
        sync(path)
    backup = Backup(path=folder / name, database=database, made=at, tested=False)
    made.rename(backup.path)
    sync(folder)
    return backup


def read(path: Path, progress: Callable[[int], None] = lambda _: None) -> Manifest:
    """Check every file of a backup against its sum. `progress` is told the bytes. Raises BackupError for damage."""
    reasons, done = [], 0
    try:
        sums = _sums(path)
        for name, expected in sums.items():
            file = path / name
            if not file.is_file():
                reasons.append(f"{path.name}/{name}: is missing")
            elif _sum(file) != expected:
                reasons.append(f"{path.name}/{name}: is not what was written (SHA-256)")
            else:
                done += file.stat().st_size
                progress(done)
        if not reasons:
            manifest = Manifest.of((path / MANIFEST).read_text(encoding="utf-8"))
            if manifest.dump in sums:
                return manifest
            reasons.append(f"{path.name}/{SUMS}: does not name {manifest.dump}")
    except OSError as error:
        reasons.append(f"{path.name}: {error.strerror}")
    except BackupError as error:
        reasons += [f"{path.name}: {reason}" for reason in error.reasons]
    raise BackupError(*reasons)


def tell_tested(backup: Backup, at: datetime, differing: Sequence[str]) -> None:
    """Keep beside a backup what its trial restore has shown."""
    said = {"at": at.isoformat(), "ok": not differing, "differences": list(differing)}
    fresh = backup.path / f"{TESTED}{_PART}"
    _write(fresh, json.dumps(said, ensure_ascii=False, indent=2) + "\n")
    sync(fresh)
    fresh.replace(backup.path / TESTED)
    sync(backup.path)


def remove(backup: Backup) -> None:
    """What is half removed is no backup any more."""
    gone = backup.path.with_name(f".{backup.name}{_PART}")
    backup.path.rename(gone)
    shutil.rmtree(gone)


def _sums(path: Path) -> Mapping[str, str]:
    try:
        lines = (path / SUMS).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise BackupError(f"{SUMS} is missing") from None
    except UnicodeDecodeError:
        raise BackupError(f"{SUMS} is damaged") from None
    found = [_LINE.fullmatch(line) for line in lines]
    sums = {line["name"]: line["sum"] for line in found if line}
    if len(sums) != len(lines) or MANIFEST not in sums:
        raise BackupError(f"{SUMS} is damaged")
    return sums


def _tested(path: Path) -> bool:
    try:
        return bool(json.loads((path / TESTED).read_text(encoding="utf-8"))["ok"])
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _sum(file: Path) -> str:
    with file.open("rb") as data:
        return file_digest(data, "sha256").hexdigest()


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
